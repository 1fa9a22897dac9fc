//! This file proves that key files round-trip under every scheme, and that wrong, damaged and unknown are told apart.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

#[path = "support/asn1.rs"]
mod asn1;

use asn1::{Part, algorithm, key_file, octets, oid, sequence};
use der::asn1::{Any, AnyRef, Int};
use der::{Decode, Encode};
use ingam::ErrorKind;
use ingam::credential::VidRandom;
use ingam::crypto::rsa::PrivateKey;
use ingam::crypto::{Cipher, Limits, Pbe, Scheme};
use ingam::mechanism::Hash;
use ingam::npki::key_file::{KeyFileError, SealedKey};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;
use proptest::prelude::*;
use spki::AlgorithmIdentifierOwned;

const SEED_CBC_WITH_SHA1: &str = "1.2.410.200004.1.15";
const SEED_CBC: &str = "1.2.410.200004.1.4";
const PBKDF2: &str = "1.2.840.113549.1.5.12";

fn schemes() -> Vec<Scheme> {
    let pbes2 = Cipher::ALL.into_iter().flat_map(|cipher| Hash::ALL.map(|prf| Scheme::Pbes2 { cipher, prf }));
    [Scheme::SeedCbcWithSha1, Scheme::SeedCbc].into_iter().chain(pbes2).collect()
}

fn pin(password: impl AsRef<[u8]>) -> Pin {
    Pin::copy_of(password.as_ref())
}

fn read(file: &[u8]) -> Result<SealedKey, KeyFileError> {
    SealedKey::from_der(file, Limits::default())
}

/// seedCBCWithSHA1 with these parameters and a ciphertext of one block.
fn korean(salt: &[u8], iterations: &dyn Part) -> Vec<u8> {
    key_file(&algorithm(SEED_CBC_WITH_SHA1, sequence(&[&octets(salt), iterations])), &[0; 16])
}

/// PBES2 with these parameters of PBKDF2 behind salt and iterations, this cipher and IV, and a ciphertext of one block.
fn pbes2(kdf: &str, more: &[&dyn Part], cipher: &str, iv: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&dyn Part> = Vec::from(more);
    let salt = octets(&[7; 8]);
    parts.splice(0..0, [&salt as &dyn Part, &2048_u32]);
    let encryption = algorithm(cipher, Any::encode_from(&octets(iv)).unwrap());
    let parameters = sequence(&[&algorithm(kdf, sequence(&parts)), &encryption]);
    key_file(&algorithm("1.2.840.113549.1.5.13", parameters), &[0; 16])
}

fn any_key() -> impl Strategy<Value = PrivateKeyInfo> {
    let parts = (prop::collection::vec(any::<u8>(), 0..1500), prop::option::of(any::<[u8; 20]>()));
    parts.prop_map(|(key, random)| {
        PrivateKeyInfo::new_rsa(&key, random.map(|random| VidRandom::copy_of(&random)).as_ref()).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_scheme_gives_the_same_bytes_back(key in any_key(), password: String, iterations in 1_u32..4) {
        for scheme in schemes() {
            let pbe = Pbe::new(scheme, iterations).unwrap();
            let sealed = SealedKey::seal(&key, &pin(&password), &pbe).unwrap();
            prop_assert_eq!(sealed.scheme(), &pbe);

            let read = read(sealed.der()).unwrap();
            prop_assert_eq!(read.der(), sealed.der());
            prop_assert_eq!(read.scheme(), &pbe);
            let opened = read.open(&pin(&password)).unwrap();
            prop_assert_eq!(opened.der(), key.der());
            prop_assert_eq!(opened.rsa_private_key(), key.rsa_private_key());
            let random = |key: &PrivateKeyInfo| key.vid_random().map(|random| random.expose().to_vec());
            prop_assert_eq!(random(&opened), random(&key));
        }
    }

    #[test]
    fn a_wrong_password_never_opens(key in any_key(), password: String, other: String) {
        prop_assume!(password != other);
        for scheme in schemes() {
            let sealed = SealedKey::seal(&key, &pin(&password), &Pbe::new(scheme, 1).unwrap()).unwrap();
            prop_assert_eq!(sealed.open(&pin(&other)).unwrap_err(), KeyFileError::WrongPassword);
        }
    }

    #[test]
    fn stale_bytes_behind_the_file_are_cut(key in any_key(), stale: Vec<u8>) {
        let pbe = Pbe::new(Scheme::SeedCbcWithSha1, 1).unwrap();
        let sealed = SealedKey::seal(&key, &pin("password"), &pbe).unwrap();
        let read = read(&[sealed.der(), &stale].concat()).unwrap();
        prop_assert_eq!(read.der(), sealed.der());
        let opened = read.open(&pin("password")).unwrap();
        prop_assert_eq!(opened.der(), key.der());
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = read(&bytes);
        let _ = PrivateKeyInfo::from_der(bytes.into());
    }
}

#[test]
fn two_files_of_one_key_and_password_share_no_salt() {
    let key = PrivateKeyInfo::new_rsa(b"key", None).unwrap();
    let seal = || SealedKey::seal(&key, &pin("password"), &Pbe::korean_default().unwrap()).unwrap();
    assert_ne!(seal().der(), seal().der());
}

#[test]
fn the_default_is_byte_for_byte_what_korean_software_writes() {
    let key = PrivateKeyInfo::new_rsa(&[0; 1190], None).unwrap();
    let sealed = SealedKey::seal(&key, &pin("password"), &Pbe::korean_default().unwrap()).unwrap();
    let header = sealed.der();
    assert_eq!(header[..2], *b"\x30\x82");
    assert_eq!(header[4..20], *b"\x30\x1a\x06\x08\x2a\x83\x1a\x8c\x9a\x44\x01\x0f\x30\x0e\x04\x08");
    assert_eq!(header[28..34], *b"\x02\x02\x08\x00\x04\x82");
    assert_eq!(sealed.scheme().to_string(), "seedCBCWithSHA1, 2048 iterations");
}

#[test]
fn pbes2_with_seed_leaves_out_key_length_and_prf() {
    let key = PrivateKeyInfo::new_rsa(&[0; 1190], None).unwrap();
    let pbe = Pbe::new(Scheme::Pbes2 { cipher: Cipher::Seed, prf: Hash::Sha1 }, 1024).unwrap();
    let sealed = SealedKey::seal(&key, &pin("password"), &pbe).unwrap();
    let header = sealed.der();
    assert_eq!(header[4..19], *b"\x30\x48\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d\x30\x3b");
    assert_eq!(header[19..36], *b"\x30\x1b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c\x30\x0e\x04\x08");
    assert_eq!(header[44..62], *b"\x02\x02\x04\x00\x30\x1c\x06\x08\x2a\x83\x1a\x8c\x9a\x44\x01\x04\x04\x10");
    assert_eq!(sealed.scheme().to_string(), "PBES2, SEED-128, HMAC-SHA-1, 1024 iterations");
}

#[test]
fn key_files_of_openssl_open_under_every_cipher_and_prf() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openssl-keys");
    let plain = std::fs::read(folder.join("plain.p8")).unwrap();
    let mut seen = Vec::new();
    for file in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_none_or(|extension| extension != "key") {
            continue;
        }
        let sealed = read(&std::fs::read(&file).unwrap()).unwrap();
        let opened = sealed.open(&pin("password")).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        assert_eq!(opened.der(), plain, "{}", file.display());
        PrivateKey::from_pkcs1_der(opened.rsa_private_key()).unwrap();
        seen.push(sealed.scheme().scheme());
    }
    let seen = |wanted: &dyn Fn(Cipher, Hash) -> bool| {
        seen.iter().any(|scheme| matches!(*scheme, Scheme::Pbes2 { cipher, prf } if wanted(cipher, prf)))
    };
    assert!(Cipher::ALL.into_iter().all(|wanted| seen(&|cipher, _| cipher == wanted)));
    assert!(Hash::ALL.into_iter().all(|wanted| seen(&|_, prf| prf == wanted)));
}

#[test]
fn a_password_in_hangul_opens_in_every_encoding_that_software_uses() {
    let key = PrivateKeyInfo::new_rsa(b"key", None).unwrap();
    let utf16_low_bytes: Vec<u8> = "비밀번호1!".encode_utf16().map(|unit| unit.to_le_bytes()[0]).collect();
    for (typed, sealed_with) in [
        ("비밀번호1!", "비밀번호1!".as_bytes()),
        ("비밀번호1!", b"\xba\xf1\xb9\xd0\xb9\xf8\xc8\xa31!"),
        ("비밀번호1!", &utf16_low_bytes),
        // In CP949, but not in the KS X 1001 that EUC-KR proper encodes.
        ("뷁똠", b"\x94\xee\x8c\x63"),
    ] {
        for scheme in schemes() {
            let sealed = SealedKey::seal(&key, &pin(sealed_with), &Pbe::new(scheme, 1).unwrap()).unwrap();
            assert_eq!(sealed.open(&pin(typed)).unwrap().der(), key.der(), "{typed} {scheme:?}");
            assert_eq!(sealed.open(&pin("비밀번호2!")).unwrap_err(), KeyFileError::WrongPassword);
        }
    }
    // What CP949 cannot write, and what is no text, is tried in the other ways only.
    let sealed = SealedKey::seal(&key, &pin("🔑"), &Pbe::korean_default().unwrap()).unwrap();
    assert!(sealed.open(&pin("🔑")).is_ok());
    assert!(sealed.open(&pin("🗝")).is_err());
    assert!(sealed.open(&pin(b"\xff\xfe")).is_err());
}

#[test]
fn iterations_above_the_limit_are_refused_before_any_work() {
    let refused = |iterations: &dyn Part| read(&korean(&[7; 8], iterations)).unwrap_err();
    assert_eq!(refused(&1_000_001_u32), KeyFileError::TooManyIterations(1_000_001));
    assert_eq!(refused(&i32::MAX), KeyFileError::TooManyIterations(0x7fff_ffff));
    assert_eq!(refused(&u64::MAX), KeyFileError::TooManyIterations(u64::MAX));
    assert_eq!(refused(&u128::MAX), KeyFileError::TooManyIterations(u64::MAX));
    assert_eq!(refused(&Int::new(&[0x7f; 1000]).unwrap()), KeyFileError::TooManyIterations(u64::MAX));
    assert!(read(&korean(&[7; 8], &1_000_000_u32)).is_ok());

    let read =
        |limit, iterations: u32| SealedKey::from_der(&korean(&[7; 8], &iterations), Limits { iterations: limit });
    assert!(read(2048, 2048).is_ok());
    assert_eq!(read(2048, 2049).unwrap_err(), KeyFileError::TooManyIterations(2049));
    assert!(read(u32::MAX, Limits::CEILING).is_ok());
    assert!(read(u32::MAX, Limits::CEILING + 1).is_err());

    assert_eq!(Pbe::new(Scheme::SeedCbc, 0).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(Pbe::new(Scheme::SeedCbc, Limits::CEILING + 1).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn parameters_that_make_no_sense_are_damage() {
    let damaged = |file: Vec<u8>| {
        let error = read(&file).unwrap_err();
        assert!(matches!(error, KeyFileError::Damaged(_)), "{error:?}");
    };
    damaged(korean(&[7; 8], &0_u8));
    damaged(korean(&[7; 8], &-1_i8));
    damaged(korean(&[], &2048_u32));
    damaged(korean(&[7; 129], &2048_u32));
    damaged(korean(&[7; 8], &octets(&[8, 0])));
    let more = sequence(&[&octets(&[7; 8]), &2048_u32, &AnyRef::NULL]);
    damaged(key_file(&algorithm(SEED_CBC_WITH_SHA1, more), &[0; 16]));
    damaged(key_file(&algorithm(SEED_CBC_WITH_SHA1, Any::null()), &[0; 16]));
    damaged(key_file(&AlgorithmIdentifierOwned { oid: oid(SEED_CBC_WITH_SHA1), parameters: None }, &[0; 16]));
    damaged(pbes2(PBKDF2, &[], SEED_CBC, &[7; 8]));
    damaged(pbes2(PBKDF2, &[&24_u8], SEED_CBC, &[7; 16]));
    damaged(pbes2(PBKDF2, &[&u128::MAX], SEED_CBC, &[7; 16]));
    let prf = algorithm("1.2.840.113549.2.9", Any::encode_from(&1_u8).unwrap());
    damaged(pbes2(PBKDF2, &[&prf], SEED_CBC, &[7; 16]));
    damaged(pbes2(PBKDF2, &[&AnyRef::NULL], SEED_CBC, &[7; 16]));
}

#[test]
fn the_optional_parameters_of_pbkdf2_are_read() {
    for prf in ["1.2.840.113549.2.7", "1.2.840.113549.2.9", "1.2.840.113549.2.10", "1.2.840.113549.2.11"] {
        let prf = algorithm(prf, Any::null());
        let without_null = AlgorithmIdentifierOwned { parameters: None, ..prf.clone() };
        let files = [
            pbes2(PBKDF2, &[&prf], SEED_CBC, &[7; 16]),
            pbes2(PBKDF2, &[&without_null], SEED_CBC, &[7; 16]),
            pbes2(PBKDF2, &[&16_u8, &prf], SEED_CBC, &[7; 16]),
        ];
        let [with, without, with_length] = files.map(|file| read(&file).unwrap().scheme().clone());
        assert_eq!(with, without);
        assert_eq!(with, with_length);
    }
    let file = pbes2(PBKDF2, &[&16_u8], SEED_CBC, &[7; 16]);
    let scheme = Scheme::Pbes2 { cipher: Cipher::Seed, prf: Hash::Sha1 };
    assert_eq!(read(&file).unwrap().scheme().scheme(), scheme);
}

#[test]
fn algorithms_that_are_not_known_are_named() {
    let unknown = |file: Vec<u8>, name: &str| {
        assert_eq!(read(&file).unwrap_err(), KeyFileError::UnknownAlgorithm(oid(name)));
    };
    // pbeWithSHAAnd3-KeyTripleDES-CBC, scrypt, RC2-CBC, HMAC-SHA-224.
    let pkcs12 = "1.2.840.113549.1.12.1.3";
    unknown(key_file(&algorithm(pkcs12, Any::null()), &[0; 16]), pkcs12);
    let scrypt = "1.3.6.1.4.1.11591.4.11";
    unknown(pbes2(scrypt, &[], SEED_CBC, &[7; 16]), scrypt);
    let rc2 = "1.2.840.113549.3.2";
    unknown(pbes2(PBKDF2, &[], rc2, &[7; 8]), rc2);
    let hmac_sha224 = "1.2.840.113549.2.8";
    unknown(pbes2(PBKDF2, &[&algorithm(hmac_sha224, Any::null())], SEED_CBC, &[7; 16]), hmac_sha224);
}

#[test]
fn a_ciphertext_that_no_password_made_is_damage() {
    for scheme in schemes() {
        let algorithm = Pbe::new(scheme, 1).unwrap().algorithm().unwrap();
        let block = if matches!(scheme, Scheme::Pbes2 { cipher: Cipher::TripleDes, .. }) { 8 } else { 16 };
        for len in [0, 1, block - 1, block + 1, 4 * block - 1] {
            let error = read(&key_file(&algorithm, &vec![0; len])).unwrap_err();
            assert_eq!(error, KeyFileError::Damaged("length of the ciphertext"), "{len} {scheme:?}");
        }
        assert!(read(&key_file(&algorithm, &vec![0; 3 * block])).is_ok());
    }
}

#[test]
fn a_file_above_one_mebibyte_is_not_read() {
    let mut file = korean(&[7; 8], &2048_u32);
    file.resize(SealedKey::MAX_LEN, 0);
    assert!(read(&file).is_ok());
    file.push(0);
    assert_eq!(read(&file).unwrap_err(), KeyFileError::Damaged("longer than 1 MiB"));
}

#[test]
fn nesting_costs_no_stack() {
    let unending = [0x30, 0x80].repeat(300_000);
    assert!(matches!(read(&unending), Err(KeyFileError::Damaged(_))));
    let deep = (0..5000).fold(vec![0x05, 0x00], |inner, _| Any::new(der::Tag::Sequence, inner).unwrap().der());
    let file = key_file(&algorithm(SEED_CBC_WITH_SHA1, Any::from_der(&deep).unwrap()), &[0; 16]);
    assert!(matches!(read(&file), Err(KeyFileError::Damaged(_))));
    assert!(PrivateKeyInfo::from_der(deep.into()).is_err());
}

#[test]
fn what_opens_but_holds_no_rsa_key_is_unknown_and_not_a_wrong_password() {
    let ec = algorithm("1.2.840.10045.2.1", Any::encode_from(&oid("1.2.840.10045.3.1.7")).unwrap());
    let info = sequence(&[&0_u8, &ec, &octets(b"key")]).to_der().unwrap();
    let pbe = Pbe::new(Scheme::SeedCbcWithSha1, 1).unwrap();
    let file = key_file(&pbe.algorithm().unwrap(), &pbe.encrypt(b"password", &info));
    let error = read(&file).unwrap().open(&pin("password")).unwrap_err();
    assert_eq!(error, KeyFileError::UnknownAlgorithm(ec.oid));
}

#[test]
fn each_error_says_what_its_reader_can_do() {
    let kind = |error: KeyFileError| ingam::Error::from(error).kind();
    assert_eq!(kind(KeyFileError::Damaged("x")), ErrorKind::Damaged);
    assert_eq!(kind(KeyFileError::WrongPassword), ErrorKind::PinIncorrect { tries_left: None });
    assert_eq!(kind(KeyFileError::TooManyIterations(5)), ErrorKind::Unsupported);
    let unknown = KeyFileError::UnknownAlgorithm(oid("1.2.3"));
    assert_eq!(kind(unknown), ErrorKind::Unsupported);
    assert_eq!(unknown.to_string(), "unknown algorithm 1.2.3");
}
