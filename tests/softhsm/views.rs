//! A token in the two other views: joined in the single slot, and a slot of its own beside the certificates.

use std::os::unix::fs::PermissionsExt as _;

use ingam::config::{Config, Foreign, PinSource, Slots};
use ingam::crypto::rsa::PublicKey;
use ingam::keystore::{SharedToken, lock};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::medium::MediumKind;
use ingam::pin::{Pin, Role};
use ingam::sample::SampleSet;
use ingam::token::Scope;
use ingam::view;

use crate::reading::log_in;
use crate::softhsm::{self, PIN, SoftHsm};

/// The token, and the folder that has the same set under a password.
fn with_folder(hsm: &SoftHsm, owner: &str, slots: Slots) -> Config {
    Config { npki_roots: vec![hsm.folder().join(owner).join("NPKI")], slots, ..hsm.config() }
}

/// Signs with this set, which must be shown once; the name that its set has there.
fn signs(token: &SharedToken, set: &SampleSet) -> String {
    let entries = lock(token).entries().unwrap();
    let mut shown = entries
        .iter()
        .filter(|entry| entry.content.as_ref().is_ok_and(|found| found.sign.certificate.der() == set.sign.der()));
    let entry = shown.next().unwrap();
    assert!(shown.next().is_none(), "shown once");
    let key = entry.content.as_ref().unwrap().sign.key.clone().unwrap();
    assert_eq!(lock(token).usable(std::slice::from_ref(&key)).unwrap(), std::slice::from_ref(&key));
    let signer = lock(token).signer(&key).unwrap();
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"contract") };
    let (modulus, exponent) = set.sign.rsa_public().unwrap();
    PublicKey::new(modulus, exponent).unwrap().verify(&request, &signer.sign(&request).unwrap()).unwrap();
    let random = lock(token).vid_random(&key).unwrap().unwrap();
    assert_eq!(random.expose(), set.random.expose(), "R is the same on every medium");
    entry.name.to_string()
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn the_single_slot_signs_with_a_tokens_key_if_its_pin_is_kept_and_with_the_copy_in_a_folder_if_not() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample("seal", "seal");
        let config = with_folder(hsm, "seal", Slots::One);
        let used = |config: &Config| {
            let keystore = view::keystore(config);
            let token = keystore.token(keystore.slots()[0].id).unwrap();
            lock(&token).login(Role::User, &Scope::All, &Pin::copy_of(b"password")).unwrap();
            signs(&token, &sample)
        };
        let copy = used(&config);

        let file = hsm.folder().join("pin");
        std::fs::write(&file, format!("{PIN}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let pin_sources = vec![PinSource { token: "seal".to_owned(), file }];
        let kept = Config { foreign: Foreign { pin_sources, ..hsm.config().foreign }, ..config };
        let original = used(&kept);
        assert_ne!(original, copy, "the token is the safer medium");
        let alone = Config { npki_roots: Vec::new(), ..kept };
        assert_eq!(used(&alone), original);
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_token_is_a_slot_of_its_own_beside_the_certificates() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample("seal", "seal");
        let keystore = view::keystore(&with_folder(hsm, "seal", Slots::Certificate));
        let mut slots = keystore.slots();
        slots.sort_by_key(|slot| slot.medium.kind);
        let kinds: Vec<MediumKind> = slots.iter().map(|slot| slot.medium.kind).collect();
        assert_eq!(kinds, [MediumKind::SecurityToken, MediumKind::HardDisk]);
        let token = keystore.token(slots[0].id).unwrap();
        assert!(lock(&token).foreign().is_some() && lock(&token).officer().is_some());
        log_in(&token);
        signs(&token, &sample);
    });
}
