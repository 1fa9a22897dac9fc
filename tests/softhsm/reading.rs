//! What of a token's objects becomes a certificate set.

use ingam::ErrorKind;
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::pin::{Pin, Role};
use ingam::token::Scope;

use crate::softhsm::{self, PIN, SoftHsm};

pub(crate) fn open(hsm: &SoftHsm) -> (Keystore, SharedToken) {
    let keystore = Keystore::new(&hsm.config());
    let token = keystore.token(keystore.slots()[0].id).unwrap();
    (keystore, token)
}

pub(crate) fn log_in(token: &SharedToken) {
    lock(token).login(Role::User, &Scope::All, &Pin::copy_of(PIN.as_bytes())).unwrap();
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn certificates_keys_and_ca_certificates_become_one_set() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample("seal", "홍길동");
        let (_keystore, token) = open(hsm);
        for logged_in in [false, true] {
            if logged_in {
                log_in(&token);
            }
            let entries = lock(&token).entries().unwrap();
            let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
            assert_eq!(names, ["홍길동"], "logged in: {logged_in}");
            let set = entries[0].content.as_ref().unwrap();
            assert_eq!(*set.sign.certificate, sample.sign);
            assert_eq!(Some(&*set.km.as_ref().unwrap().certificate), sample.km.as_ref());
            assert_eq!(set.ca_certificates.len(), 2);
            assert!(set.ca_certificates[0].is_self_issued(), "the root comes first");
            assert!(set.pairs().all(|pair| pair.key.is_some()));
            let again = lock(&token).entries().unwrap();
            assert!(std::sync::Arc::ptr_eq(&entries, &again), "what did not change is not read again");
        }
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn what_lacks_its_other_half_is_shown_as_such_after_login() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        hsm.tool("seal", &["--keypairgen", "--key-type", "rsa:2048", "--id", "0abc", "--label", "made here"]);
        let (_, new) = hsm.sample("pair");
        let file = hsm.folder().join("certificate");
        std::fs::write(&file, new.sign.certificate.der()).unwrap();
        let certificate = ["--type", "cert", "--id", "77", "--label", "alone"];
        hsm.tool("seal", &[&["--write-object", file.to_str().unwrap()], &certificate[..]].concat());
        let (_keystore, token) = open(hsm);
        log_in(&token);
        let entries = lock(&token).entries().unwrap();
        let entry = |name: &str| entries.iter().find(|entry| entry.name.as_str() == name).unwrap();
        assert!(entry("alone").content.as_ref().unwrap().sign.key.is_none());
        let error = entry("key-0abc").content.as_ref().unwrap_err();
        assert_eq!((error.kind(), error.subject()), (ErrorKind::NotFound, Some("made here")));
        assert_eq!(entries.len(), 2);
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn r_is_read_by_its_label_after_login_only() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let sample = hsm.put_sample("seal", "seal");
        let (_keystore, token) = open(hsm);
        let set = lock(&token).entries().unwrap()[0].content.clone().unwrap();
        let key = set.sign.key.unwrap();
        assert_eq!(lock(&token).vid_random(&key).unwrap_err().kind(), ErrorKind::NotLoggedIn);
        log_in(&token);
        assert_eq!(lock(&token).vid_random(&key).unwrap().unwrap().expose(), sample.random.expose());
        assert!(lock(&token).vid_random(&set.km.unwrap().key.unwrap()).unwrap().is_none());
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn what_an_import_that_was_cut_off_left_behind_is_listed_as_such() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        for (id, label) in [("0a", "made here"), ("0b", "cut off"), ("0c", "cut off km")] {
            hsm.tool("seal", &["--keypairgen", "--key-type", "rsa:2048", "--id", id, "--label", label]);
        }
        let file = hsm.folder().join("journal");
        for (id, lines) in [("0b", "0b\n0c\n"), ("77", "")] {
            std::fs::write(&file, lines).unwrap();
            let label = format!("ingam-import={id}");
            let data = ["--type", "data", "--private", "--label", &label];
            hsm.tool("seal", &[&["--write-object", file.to_str().unwrap()], &data[..]].concat());
        }
        let (_keystore, token) = open(hsm);
        log_in(&token);
        let entries = lock(&token).entries().unwrap();
        let mut found: Vec<(&str, bool)> = entries
            .iter()
            .map(|entry| (entry.name.as_str(), entry.content.as_ref().unwrap_err().doing().contains("cut off")))
            .collect();
        found.sort_unstable();
        assert_eq!(found, [("key-0a", false), ("key-0b", true), ("key-0c", true), ("key-77", true)]);
    });
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn several_sets_of_one_owner_keep_their_own_halves_and_names() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let (old, new) = (hsm.put_sample("seal", "홍길동"), hsm.put_sample("seal", "홍길동"));
        let (_keystore, token) = open(hsm);
        log_in(&token);
        let entries = lock(&token).entries().unwrap();
        assert_eq!(entries.len(), 2);
        for sample in [&old, &new] {
            let set = entries.iter().map(|entry| entry.content.as_ref().unwrap());
            let set = set.into_iter().find(|set| *set.sign.certificate == sample.sign).unwrap();
            assert_eq!(*set.km.as_ref().unwrap().certificate, *sample.km.as_ref().unwrap());
        }
        assert!(entries.iter().all(|entry| entry.name.as_str().starts_with("홍길동 ")), "labels alone are not unique");
        assert_ne!(entries[0].name, entries[1].name);
    });
}
