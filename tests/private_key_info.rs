//! This file proves that PrivateKeyInfo is read in every form that is found, and R in exactly one.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

#[path = "support/asn1.rs"]
mod asn1;

use asn1::{Part, octets, oid, sequence};
use der::Decode;
use der::asn1::Any;
use ingam::credential::VidRandom;
use ingam::crypto::rsa::{self, PrivateKey};
use ingam::crypto::{Limits, Pbe, Scheme};
use ingam::npki::key_file::{KeyFileError, SealedKey};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;
use spki::AlgorithmIdentifierOwned;

const R: [u8; 20] = [0, 0, 0x79, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 0];
/// 1.2.410.200004.10.1.1.3
const RANDOM_NUM: &[u8] = b"\x2a\x83\x1a\x8c\x9a\x44\x0a\x01\x01\x03";

fn rsa(parameters: Option<Any>) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: oid("1.2.840.113549.1.1.1"), parameters }
}

fn read(parts: &[&dyn Part]) -> Result<PrivateKeyInfo, KeyFileError> {
    PrivateKeyInfo::from_der(sequence(parts).der().into())
}

fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    [&[tag, u8::try_from(content.len()).unwrap()], &content[..]].concat()
}

fn tagged(tag: u8, parts: &[&[u8]]) -> Any {
    Any::from_der(&tlv(tag, parts)).unwrap()
}

fn attribute(name: &[u8], values: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &[&tlv(0x06, &[name]), &tlv(0x31, values)])
}

fn bits(unused: u8, bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &[&[unused], bytes])
}

#[test]
fn a_new_one_is_byte_for_byte_what_korean_software_writes() {
    let info = PrivateKeyInfo::new_rsa(b"RSAPrivateKey", Some(&VidRandom::copy_of(&R))).unwrap();
    let expected: [&[u8]; 3] = [
        b"\x30\x4a\x02\x01\x00\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04\x0dRSAPrivateKey",
        b"\xa0\x27\x30\x25\x06\x0a\x2a\x83\x1a\x8c\x9a\x44\x0a\x01\x01\x03\x31\x17\x03\x15\x00",
        &R,
    ];
    assert_eq!(info.der(), expected.concat());
    assert_eq!(info.rsa_private_key(), b"RSAPrivateKey");
    assert_eq!(info.vid_random().unwrap().expose(), R);
}

#[test]
fn the_public_numbers_are_those_of_the_key() {
    let info = PrivateKeyInfo::new_rsa(rsa::generate(2048).unwrap().expose(), None).unwrap();
    let prepared = PrivateKey::from_pkcs1_der(info.rsa_private_key()).unwrap();
    assert_eq!(info.rsa_public().unwrap(), prepared.public());
    let none = PrivateKeyInfo::new_rsa(b"no key", None).unwrap();
    assert_eq!(none.rsa_public().unwrap_err(), KeyFileError::Damaged("RSAPrivateKey"));
}

#[test]
fn null_parameters_may_be_missing() {
    for parameters in [None, Some(Any::null())] {
        let info = read(&[&0_u8, &rsa(parameters), &octets(b"key")]).unwrap();
        assert_eq!(info.rsa_private_key(), b"key");
        assert!(info.vid_random().is_none());
    }
}

#[test]
fn r_is_found_among_other_attributes() {
    let other = attribute(b"\x2a\x03", &[&bits(0, b"other")]);
    let r = attribute(RANDOM_NUM, &[&bits(0, &R)]);
    for attributes in [[&r[..], &other], [&other, &r], [&r, &r]] {
        let info = read(&[&0_u8, &rsa(None), &octets(b"key"), &tagged(0xa0, &attributes)]).unwrap();
        assert_eq!(info.vid_random().unwrap().expose(), R);
    }
    // With the public key that RFC 5958 puts behind the attributes.
    let public = tagged(0x81, &[b"\0public"]);
    let info = read(&[&1_u8, &rsa(None), &octets(b"key"), &tagged(0xa0, &[&r]), &public]).unwrap();
    assert_eq!(info.vid_random().unwrap().expose(), R);
}

#[test]
fn an_attribute_of_another_form_is_not_r_and_stays() {
    let forms = [
        attribute(b"\x2a\x83\x1a\x8c\x9a\x44\x0a\x01\x01\x02", &[&bits(0, &R)]),
        attribute(RANDOM_NUM, &[&bits(0, &R[1..])]),
        attribute(RANDOM_NUM, &[&bits(0, &[&R[..], &[1]].concat())]),
        attribute(RANDOM_NUM, &[&bits(1, &R)]),
        attribute(RANDOM_NUM, &[&bits(0, &R), &bits(0, &R)]),
        attribute(RANDOM_NUM, &[&octets(&R).der()]),
        attribute(RANDOM_NUM, &[]),
        vec![],
        vec![0xff, 0xff, 0xff],
        vec![0x30],
    ];
    let password = Pin::copy_of(b"password");
    for form in forms {
        let info = read(&[&0_u8, &rsa(None), &octets(b"key"), &tagged(0xa0, &[&form])]).unwrap();
        assert!(info.vid_random().is_none(), "{form:x?}");
        assert!(info.der().ends_with(&form));
        let sealed = SealedKey::seal(&info, &password, &Pbe::new(Scheme::SeedCbcWithSha1, 1).unwrap()).unwrap();
        let read = SealedKey::from_der(sealed.der(), Limits::default()).unwrap();
        assert_eq!(read.open(&password).unwrap().der(), info.der());
    }
}

#[test]
fn any_other_structure_is_damage() {
    let damaged = |info: Result<PrivateKeyInfo, KeyFileError>| {
        assert_eq!(info.unwrap_err(), KeyFileError::Damaged("PrivateKeyInfo"));
    };
    damaged(read(&[]));
    damaged(read(&[&0_u8, &rsa(None)]));
    damaged(read(&[&2_u8, &rsa(None), &octets(b"key")]));
    damaged(read(&[&rsa(None), &octets(b"key")]));
    damaged(read(&[&0_u8, &rsa(None), &octets(b"key"), &octets(b"more")]));
    damaged(read(&[&0_u8, &rsa(None), &Any::null()]));
    let good = sequence(&[&0_u8, &rsa(None), &octets(b"key")]).der();
    damaged(PrivateKeyInfo::from_der([&good[..], &[0]].concat().into()));
}

#[test]
fn it_does_not_print_itself() {
    let info = PrivateKeyInfo::new_rsa(b"hunter2", Some(&VidRandom::copy_of(&R))).unwrap();
    assert_eq!(format!("{info:?}"), "PrivateKeyInfo(70 bytes, with R)");
}
