//! This file feeds the readers valid files that were cut, changed and lengthened everywhere, and counts how many of them
//! came past the outer layer: a proof that never gets inside proves nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

#[path = "support/asn1.rs"]
mod asn1;

use std::sync::LazyLock;

use asn1::key_file;
use ingam::credential::VidRandom;
use ingam::crypto::rsa;
use ingam::crypto::{Cipher, Limits, Pbe, Scheme};
use ingam::mechanism::Hash;
use ingam::npki::key_file::{KeyFileError, SealedKey};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;
use ingam::secret::SecretBytes;

/// A change of the iterations must not make the test wait.
const LIMITS: Limits = Limits { iterations: 300 };

static KEY: LazyLock<PrivateKeyInfo> = LazyLock::new(|| {
    let random = VidRandom::copy_of(&[0x5a; 20]);
    PrivateKeyInfo::new_rsa(rsa::generate(2048).unwrap().expose(), Some(&random)).unwrap()
});

static PASSWORD: LazyLock<Pin> = LazyLock::new(|| Pin::copy_of(b"password"));

fn schemes() -> Vec<Scheme> {
    let pbes2 = |(cipher, prf)| Scheme::Pbes2 { cipher, prf };
    let pbes2 = Cipher::ALL.into_iter().zip(Hash::ALL.into_iter().cycle()).map(pbes2);
    [Scheme::SeedCbcWithSha1, Scheme::SeedCbc].into_iter().chain(pbes2).collect()
}

/// Every byte changed in several ways; a byte put in and taken out everywhere; bytes behind the end.
fn mutations(valid: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let flipped = (0..valid.len()).flat_map(move |at| {
        [0x01, 0x02, 0x20, 0x80, 0xff].map(|pattern| {
            let mut changed = valid.to_vec();
            changed[at] ^= pattern;
            changed
        })
    });
    let grown = (0..valid.len()).flat_map(move |at| {
        [0x00, 0x30, 0xff].map(|byte| [&valid[..at], &[byte], &valid[at..]].concat()) //
    });
    let shrunk = (0..valid.len()).map(move |at| [&valid[..at], &valid[at + 1..]].concat());
    let lengthened =
        [1, 46, 5000].into_iter().flat_map(move |more| [0x00, 0xff].map(|byte| [valid, &vec![byte; more]].concat()));
    flipped.chain(grown).chain(shrunk).chain(lengthened)
}

/// How far a changed file came.
#[derive(Default)]
struct Reached {
    tried: usize,
    decryption: usize,
    key: usize,
}

fn read_whole(info: &PrivateKeyInfo) {
    let _ = (info.rsa_private_key().len(), info.rsa_public(), info.vid_random(), format!("{info:?}"));
}

#[test]
fn a_key_file_that_was_changed_anywhere_never_panics() {
    for scheme in schemes() {
        let sealed = SealedKey::seal(&KEY, &PASSWORD, &Pbe::new(scheme, 2).unwrap()).unwrap();
        let mut reached = Reached::default();
        for changed in mutations(sealed.der()) {
            reached.tried += 1;
            let Ok(read) = SealedKey::from_der(&changed, LIMITS) else { continue };
            assert_eq!(read.der(), &changed[..read.der().len()]);
            reached.decryption += 1;
            match read.open(&PASSWORD) {
                Ok(info) => {
                    read_whole(&info);
                    reached.key += 1;
                }
                // In CBC a change of a ciphertext block or the IV flips the same bits of the next plaintext block, where the
                // OBJECT IDENTIFIER of the algorithm may be.
                Err(KeyFileError::UnknownAlgorithm(_)) => {}
                Err(error) => assert_eq!(error, KeyFileError::WrongPassword),
            }
        }
        // Each change inside the ciphertext is only seen after decryption; in CBC it garbles the key but not its frame.
        let ciphertext = 5 * KEY.der().len();
        assert!(reached.tried > 9 * sealed.der().len());
        assert!(reached.decryption > ciphertext, "{scheme:?}: {}", reached.decryption);
        assert!(reached.key > ciphertext / 2, "{scheme:?}: {}", reached.key);
    }
}

#[test]
fn a_key_file_cut_anywhere_is_damaged() {
    for scheme in schemes() {
        let sealed = SealedKey::seal(&KEY, &PASSWORD, &Pbe::new(scheme, 2).unwrap()).unwrap();
        for end in 0..sealed.der().len() {
            let error = SealedKey::from_der(&sealed.der()[..end], LIMITS).unwrap_err();
            assert!(matches!(error, KeyFileError::Damaged(_)), "{end}: {error:?}");
        }
    }
}

#[test]
fn a_private_key_info_that_was_changed_anywhere_never_panics() {
    let (mut tried, mut read, mut kept_random) = (0, 0, 0);
    for changed in mutations(KEY.der()) {
        tried += 1;
        let Ok(info) = PrivateKeyInfo::from_der(SecretBytes::copy_of(&changed)) else { continue };
        assert_eq!(info.der(), changed);
        read_whole(&info);
        read += 1;
        kept_random += usize::from(info.vid_random().is_some());
    }
    assert!(read > tried / 3, "{read} of {tried}");
    assert!(kept_random > read * 9 / 10 && kept_random < read, "{kept_random} of {read}");
    for end in 0..KEY.der().len() {
        assert!(PrivateKeyInfo::from_der(SecretBytes::copy_of(&KEY.der()[..end])).is_err());
    }
}

#[test]
fn what_is_damaged_under_the_right_password_is_a_wrong_password_and_never_panics() {
    let pbe = Pbe::new(Scheme::SeedCbcWithSha1, 1).unwrap();
    let algorithm = pbe.algorithm().unwrap();
    let (mut opened, mut wrong) = (0, 0);
    let cut = (0..KEY.der().len()).map(|end| KEY.der()[..end].to_vec());
    for changed in mutations(KEY.der()).chain(cut) {
        let file = key_file(&algorithm, &pbe.encrypt(PASSWORD.expose(), &changed));
        match SealedKey::from_der(&file, LIMITS).unwrap().open(&PASSWORD) {
            Ok(info) => {
                assert_eq!(info.der(), changed);
                opened += 1;
            }
            // A changed OBJECT IDENTIFIER of the algorithm.
            Err(KeyFileError::UnknownAlgorithm(_)) => {}
            Err(error) => {
                assert_eq!(error, KeyFileError::WrongPassword);
                wrong += 1;
            }
        }
    }
    assert!(opened > 4 * KEY.der().len(), "{opened}");
    assert!(wrong > 4 * KEY.der().len(), "{wrong}");
}
