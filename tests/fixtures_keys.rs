//! This file opens key files that other software made, and repeats a signature and vectors that others published.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

use std::path::PathBuf;

use cbc::cipher::block_padding::{NoPadding, Pkcs7};
use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
use cbc::{Decryptor, Encryptor};
use ingam::certificate::Certificate;
use ingam::crypto::rsa::{PrivateKey, PublicKey};
use ingam::crypto::seed::Seed;
use ingam::crypto::{Cipher, Limits, Scheme};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::key_file::{KeyFileError, SealedKey};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;

const SYNTHETIC_R: &str = "000102030405060708090a0b0c0d0e0f10111213";

#[allow(clippy::disallowed_methods, reason = "tests find the outside fixtures by this variable")]
fn path(path: &str) -> PathBuf {
    let root = std::env::var_os("INGAM_FIXTURES").expect("INGAM_FIXTURES names the folder of outside fixtures");
    PathBuf::from(root).join(path)
}

fn fixture(name: &str) -> Vec<u8> {
    let path = path(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).unwrap()
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex = hex.trim().as_bytes();
    hex.chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn sealed(name: &str) -> SealedKey {
    SealedKey::from_der(&fixture(name), Limits::default()).unwrap()
}

fn open(name: &str, password: &str) -> PrivateKeyInfo {
    let password = Pin::copy_of(text(password).trim_end_matches('\n').as_bytes());
    sealed(name).open(&password).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn random(info: &PrivateKeyInfo) -> Option<Vec<u8>> {
    info.vid_random().map(|random| random.expose().to_vec())
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn every_variant_of_the_synthetic_key_opens_to_its_plain_file() {
    let seed = |prf| Scheme::Pbes2 { cipher: Cipher::Seed, prf };
    for (variant, scheme, iterations) in [
        ("seedCBCWithSHA1.1024", Scheme::SeedCbcWithSha1, 1024),
        ("seedCBCWithSHA1.2048", Scheme::SeedCbcWithSha1, 2048),
        ("seedCBCWithSHA1.1024.trailing46", Scheme::SeedCbcWithSha1, 1024),
        ("seedCBC.2048", Scheme::SeedCbc, 2048),
        ("pbes2-sha1.1024", seed(Hash::Sha1), 1024),
        ("pbes2-sha1.2048", seed(Hash::Sha1), 2048),
        ("pbes2-sha256.2048", seed(Hash::Sha256), 2048),
        ("seedCBCWithSHA1.2048.noNULL", Scheme::SeedCbcWithSha1, 2048),
    ] {
        let file = format!("synthetic/variants/signPri.{variant}.key");
        assert_eq!(sealed(&file).scheme().scheme(), scheme, "{variant}");
        assert_eq!(sealed(&file).scheme().iterations(), iterations, "{variant}");
        let info = open(&file, "synthetic/password.txt");
        let plain = if variant.ends_with("noNULL") { "plain.noNULL" } else { "plain" };
        assert_eq!(info.der(), fixture(&format!("synthetic/variants/signPri.{plain}.p8")), "{variant}");
        assert_eq!(random(&info), Some(bytes(SYNTHETIC_R)), "{variant}");
    }
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn no_variant_is_forgotten() {
    let files = std::fs::read_dir(path("synthetic/variants")).unwrap().map(|file| file.unwrap().file_name());
    let keys = files.filter(|name| name.to_string_lossy().ends_with(".key")).count();
    // The eight above and the one without R.
    assert_eq!(keys, 9);
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_key_without_r_opens_to_the_same_key() {
    let without = open("synthetic/variants/signPri.seedCBCWithSHA1.2048.noR.key", "synthetic/password.txt");
    assert_eq!(random(&without), None);
    let plain = PrivateKeyInfo::from_der(fixture("synthetic/variants/signPri.plain.p8").into()).unwrap();
    assert_eq!(without.rsa_private_key(), plain.rsa_private_key());
    assert!(without.der().len() < plain.der().len());

    let banks = PrivateKeyInfo::from_der(fixture("pypinksign/plain_without_attr.p8").into()).unwrap();
    assert_eq!(random(&banks), None);
    let with = PrivateKeyInfo::from_der(fixture("pypinksign/plain_with_R.p8").into()).unwrap();
    assert_eq!(banks.rsa_private_key(), with.rsa_private_key());
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn both_keys_of_the_synthetic_folder_open_and_fit_their_certificates() {
    let set = "synthetic/NPKI/yessign/USER/cn=홍길동()0099049202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr";
    for (key, certificate, plain, r) in [
        ("signPri.key", "signCert.der", "signPri.plain.p8", Some(bytes(SYNTHETIC_R))),
        ("kmPri.key", "kmCert.der", "kmPri.plain.p8", None),
    ] {
        let info = open(&format!("{set}/{key}"), "synthetic/password.txt");
        assert_eq!(info.der(), fixture(&format!("synthetic/variants/{plain}")));
        assert_eq!(random(&info), r);
        let certificate = Certificate::from_der(&fixture(&format!("{set}/{certificate}"))).unwrap();
        assert_eq!(certificate.rsa_public(), Some(info.rsa_public().unwrap()));
    }
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_banks_key_opens_to_its_plain_file_with_r() {
    let info = open("pypinksign/signPri.key", "pypinksign/password.txt");
    assert_eq!(info.der(), fixture("pypinksign/plain_with_R.p8"));
    assert_eq!(random(&info), Some(bytes(&text("pypinksign/R.hex"))));
    let wrong = sealed("pypinksign/signPri.key").open(&Pin::copy_of(b"WTuA8Ev0lWXVFSiI")).unwrap_err();
    assert_eq!(wrong, KeyFileError::WrongPassword);
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_signature_of_other_software_is_repeated_byte_for_byte() {
    let info = open("pypinksign/signPri.key", "pypinksign/password.txt");
    let key = PrivateKey::from_pkcs1_der(info.rsa_private_key()).unwrap();
    let message = fixture("pypinksign/testmsg.bin");
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(&message) };
    assert_eq!(key.sign(&request).unwrap(), fixture("pypinksign/testmsg.sig"));
    let (modulus, exponent) = key.public();
    PublicKey::new(modulus, exponent).unwrap().verify(&request, &fixture("pypinksign/testmsg.sig")).unwrap();
}

/// The `NAME = hex` groups of a vector file, each ended by an empty line.
fn vectors(name: &str) -> Vec<impl Fn(&str) -> Vec<u8>> {
    let text = text(name);
    let groups = text.split("COUNT = ").skip(1);
    let groups = groups.map(|group| {
        let group = group.to_owned();
        move |field: &str| {
            let line = group.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(" = "));
            bytes(line.unwrap_or_else(|| panic!("no {field} in {group}")))
        }
    });
    groups.collect()
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn seed_agrees_with_the_published_vectors() {
    let blocks = vectors("vectors/rfc-4269.txt");
    assert_eq!(blocks.len(), 4);
    for vector in blocks {
        let seed = Seed::new_from_slice(&vector("KEY")).unwrap();
        let mut block = <[u8; 16]>::try_from(vector("PLAINTEXT")).unwrap().into();
        seed.encrypt_block(&mut block);
        assert_eq!(block[..], vector("CIPHERTEXT"));
        seed.decrypt_block(&mut block);
        assert_eq!(block[..], vector("PLAINTEXT"));
    }
    let chains = vectors("vectors/rfc-4196.txt");
    assert_eq!(chains.len(), 2);
    for vector in chains {
        let encryptor = Encryptor::<Seed>::new_from_slices(&vector("KEY"), &vector("IV")).unwrap();
        assert_eq!(encryptor.encrypt_padded_vec::<NoPadding>(&vector("PLAINTEXT")), vector("CIPHERTEXT"));
        let decryptor = Decryptor::<Seed>::new_from_slices(&vector("KEY"), &vector("IV")).unwrap();
        assert_eq!(decryptor.decrypt_padded_vec::<NoPadding>(&vector("CIPHERTEXT")).unwrap(), vector("PLAINTEXT"));
    }
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn seed_agrees_with_other_software() {
    let vector: serde_json::Value = serde_json::from_slice(&fixture("pypinksign/seed_cbc_vector.json")).unwrap();
    let field = |name: &str| bytes(vector[name].as_str().unwrap());
    let encryptor = Encryptor::<Seed>::new_from_slices(&field("key"), &field("iv")).unwrap();
    assert_eq!(encryptor.encrypt_padded_vec::<Pkcs7>(&field("plaintext")), field("seedCiphertext"));

    let mut block = <[u8; 16]>::try_from(field("seed_block_plain")).unwrap().into();
    Seed::new_from_slice(&field("seed_block_key")).unwrap().encrypt_block(&mut block);
    assert_eq!(block[..], field("seed_block_cipher"));
}
