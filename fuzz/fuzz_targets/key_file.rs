//! This file reads the input as a key file and opens it; and seals the input, so that what is behind the encryption is
//! reached too.
#![no_main]

use std::sync::LazyLock;

use ingam::crypto::{Limits, Pbe, Scheme};
use ingam::npki::key_file::{KeyFileError, SealedKey};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;
use ingam::secret::SecretBytes;
use libfuzzer_sys::fuzz_target;

static PASSWORD: LazyLock<Pin> = LazyLock::new(|| Pin::copy_of(b"password"));
static HANGUL: LazyLock<Pin> = LazyLock::new(|| Pin::copy_of("비밀번호".as_bytes()));
static PBE: LazyLock<Pbe> = LazyLock::new(|| Pbe::new(Scheme::SeedCbcWithSha1, 1).expect("random bytes"));

fuzz_target!(|data: &[u8]| {
    if let Ok(sealed) = SealedKey::from_der(data, Limits { iterations: 10 }) {
        assert_eq!(sealed.der(), &data[..sealed.der().len()]);
        let _ = sealed.scheme().to_string();
        let _ = sealed.open(&PASSWORD);
        let _ = sealed.open(&HANGUL);
    }
    // What any password opens comes to the same reader.
    let ciphertext = PBE.encrypt(PASSWORD.expose(), data);
    let plaintext = PBE.decrypt(PASSWORD.expose(), &ciphertext).expect("our own padding");
    assert_eq!(plaintext.expose(), data);
    match PrivateKeyInfo::from_der(plaintext) {
        Ok(info) => {
            let sealed = SealedKey::seal(&info, &PASSWORD, &PBE).expect("no longer than a key file");
            assert_eq!(sealed.open(&PASSWORD).expect("the same password").der(), data);
        }
        Err(error) => assert_ne!(error, KeyFileError::WrongPassword),
    }
    let _ = PBE.decrypt(PASSWORD.expose(), data);
    drop(SecretBytes::copy_of(data));
});
