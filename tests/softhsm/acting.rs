//! Logging in to a token, and its keys at work.

use ingam::ErrorKind;
use ingam::certificate::Certificate;
use ingam::crypto::Hasher;
use ingam::crypto::rsa::PublicKey;
use ingam::keystore::lock;
use ingam::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};
use ingam::medium::PinState;
use ingam::pin::{Pin, Role};
use ingam::token::Scope;

use crate::reading::{log_in, open};
use crate::softhsm;

fn public(certificate: &Certificate) -> PublicKey {
    let (modulus, exponent) = certificate.rsa_public().unwrap();
    PublicKey::new(modulus, exponent).unwrap()
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn signatures_of_every_hash_and_padding_are_verified_by_the_certificate() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample("seal", "seal");
        let (_keystore, token) = open(hsm);
        log_in(&token);
        let key = lock(&token).entries().unwrap()[0].content.as_ref().unwrap().sign.key.clone().unwrap();
        let signer = lock(&token).signer(&key).unwrap();
        let public = public(&sample.sign);
        let (short, long) = (b"contract".to_vec(), vec![7; 1 << 20]);
        for message in [&short, &long] {
            for hash in Hash::ALL {
                for mechanism in
                    [SignMechanism::Pkcs1(hash), SignMechanism::Pss { hash, mgf: hash, salt_len: hash.len() }]
                {
                    let digest = Hasher::digest(hash, message);
                    for input in [SignInput::Message(message), SignInput::Digest(&digest)] {
                        let request = SignRequest { mechanism, input };
                        public.verify(&request, &signer.sign(&request).unwrap()).unwrap();
                    }
                }
            }
        }
        let wrong = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Digest(b"short") };
        assert_eq!(signer.sign(&wrong).unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_signer_ends_with_its_login_also_if_somebody_logs_in_again() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        hsm.put_sample("seal", "seal");
        let (_keystore, token) = open(hsm);
        let key = lock(&token).entries().unwrap()[0].content.as_ref().unwrap().sign.key.clone().unwrap();
        let signer = || lock(&token).signer(&key);
        assert_eq!(signer().err().unwrap().kind(), ErrorKind::NotLoggedIn);
        log_in(&token);
        assert!(lock(&token).is_logged_in());
        let first = signer().unwrap();
        let request =
            SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"contract") };
        first.sign(&request).unwrap();
        lock(&token).logout(&Scope::All);
        assert!(!lock(&token).is_logged_in());
        assert_eq!(first.sign(&request).unwrap_err().kind(), ErrorKind::NotLoggedIn);
        log_in(&token);
        assert_eq!(first.sign(&request).unwrap_err().kind(), ErrorKind::NotLoggedIn);
        signer().unwrap().sign(&request).unwrap();
        assert_eq!(lock(&token).usable(std::slice::from_ref(&key)).unwrap(), std::slice::from_ref(&key));
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn whatever_is_wrong_with_a_ciphertext_is_the_same_error() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample("seal", "seal");
        let (_keystore, token) = open(hsm);
        log_in(&token);
        let set = lock(&token).entries().unwrap()[0].content.clone().unwrap();
        let decrypter = lock(&token).decrypter(&set.km.unwrap().key.unwrap()).unwrap().unwrap();
        let public = public(sample.km.as_ref().unwrap());
        for mechanism in
            [DecryptMechanism::Pkcs1, DecryptMechanism::Oaep { hash: Hash::Sha1, mgf: Hash::Sha1, label: Vec::new() }]
        {
            let mut ciphertext = public.encrypt(&mechanism, b"seed key").unwrap();
            assert_eq!(decrypter.decrypt(&mechanism, &ciphertext).unwrap().expose(), b"seed key");
            ciphertext[100] ^= 1;
            for damaged in [&ciphertext[..], &ciphertext[1..]] {
                let error = decrypter.decrypt(&mechanism, damaged).unwrap_err();
                assert_eq!(
                    (error.kind(), error.to_string()),
                    (ErrorKind::InvalidInput, "invalid input while decrypting".into())
                );
            }
        }
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_wrong_pin_is_sent_once_and_an_empty_one_never() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let (keystore, token) = open(hsm);
        let state = || {
            keystore.refresh();
            keystore.slots()[0].medium.token.as_ref().unwrap().user_pin
        };
        let login =
            |pin: &[u8]| lock(&token).login(Role::User, &Scope::All, &Pin::copy_of(pin)).map_err(|error| error.kind());
        let wrong = Err(ErrorKind::PinIncorrect { tries_left: None });
        assert_eq!(login(b""), wrong);
        assert_eq!(state(), PinState::Good, "nothing was sent");
        assert_eq!(login(b"\xff\xff"), Err(ErrorKind::InvalidInput));
        assert_eq!(state(), PinState::Good, "nothing was sent");
        assert_eq!(login(b"4321"), wrong);
        assert_eq!(state(), PinState::CountLow);
        assert_eq!(login(softhsm::PIN.as_bytes()), Ok(()));
        assert_eq!(state(), PinState::Good);
        assert_eq!(login(b"4321"), wrong, "a PIN is proven, never assumed");
        assert!(!lock(&token).is_logged_in());
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_key_that_asks_for_the_pin_with_each_use_gets_it_until_logout() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample_with("seal", "seal", &["--always-auth"]);
        assert!(hsm.tool("seal", &["--list-objects", "--type", "privkey"]).contains("always authenticate"));
        let (_keystore, token) = open(hsm);
        log_in(&token);
        let key = lock(&token).entries().unwrap()[0].content.as_ref().unwrap().sign.key.clone().unwrap();
        let signer = lock(&token).signer(&key).unwrap();
        let request =
            SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"contract") };
        for _ in 0..2 {
            public(&sample.sign).verify(&request, &signer.sign(&request).unwrap()).unwrap();
        }
        lock(&token).logout(&Scope::All);
        assert_eq!(signer.sign(&request).unwrap_err().kind(), ErrorKind::NotLoggedIn);
    });
}
