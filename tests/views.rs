//! This file checks the two other views of the keystore: a slot for each certificate, and one slot for everything.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use ingam::config::{Config, Slots};
use ingam::credential::{KeyId, Purpose};
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::authority::Authority;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::NpkiFolder;
use ingam::token::{Scope, Signer};
use ingam::{ErrorKind, Result, view};

const NOW: i64 = 1_795_000_000;

fn issue(owner: &str, password: &[u8]) -> SampleSet {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    let authority = AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, NOW).unwrap());
    let request = SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) };
    authority.issue(&request, &Pin::copy_of(password)).unwrap()
}

/// Several NPKI folders in one temporary home.
struct Folders {
    home: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    fn root(&self, name: &str) -> PathBuf {
        self.home.path().join(name).join("NPKI")
    }

    fn put(&self, folder: &str, set: &SampleSet) {
        set.publish(&mut NpkiFolder::new(self.root(folder), 100)).unwrap();
    }

    fn keystore(&self, slots: Slots) -> Keystore {
        let npki_roots = ["a", "b", "c"].map(|name| self.root(name)).to_vec();
        view::keystore(&Config { npki_roots, slots, ..Config::default() })
    }
}

fn login(token: &SharedToken, password: &[u8]) -> Result<()> {
    lock(token).login(Role::User, &Scope::All, &Pin::copy_of(password))
}

/// The signing key of this set as the token names it.
fn key(token: &SharedToken, set: &SampleSet) -> Option<KeyId> {
    let entries = lock(token).entries().unwrap();
    let mut sets = entries.iter().filter_map(|entry| entry.content.as_ref().ok());
    sets.find(|found| found.sign.certificate.der() == set.sign.der())?.sign.key.clone()
}

fn sign(signer: &dyn Signer) -> Result<Vec<u8>> {
    signer.sign(&SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"x") })
}

fn can_sign(token: &SharedToken, set: &SampleSet) -> bool {
    let Some(key) = key(token, set) else { return false };
    let signer = lock(token).signer(&key);
    signer.and_then(|signer| sign(&*signer)).is_ok()
}

#[test]
fn one_slot_is_always_there_even_without_any_medium() {
    let keystore = Folders::new().keystore(Slots::One);
    let slots = keystore.slots();
    assert_eq!(slots.len(), 1);
    assert_eq!(slots[0].medium.label, "ingam");
    assert!(lock(&keystore.token(slots[0].id).unwrap()).entries().unwrap().is_empty());
}

#[test]
fn one_slot_signs_with_the_certificates_of_several_folders_and_later_ones_join() {
    let folders = Folders::new();
    let [first, second, third] = ["홍길동", "김철수", "이영희"].map(|owner| issue(owner, b"same"));
    folders.put("a", &first);
    folders.put("b", &second);
    let keystore = folders.keystore(Slots::One);
    let token = keystore.token(keystore.slots()[0].id).unwrap();
    login(&token, b"same").unwrap();
    assert!(can_sign(&token, &first) && can_sign(&token, &second));
    folders.put("c", &third);
    assert!(can_sign(&token, &third), "a folder that came after the login joins it");
}

#[test]
fn one_slot_shows_the_same_certificate_of_two_folders_once() {
    let folders = Folders::new();
    let set = issue("홍길동", b"same");
    folders.put("a", &set);
    folders.put("b", &set);
    let keystore = folders.keystore(Slots::One);
    let token = keystore.token(keystore.slots()[0].id).unwrap();
    assert_eq!(lock(&token).entries().unwrap().len(), 1);
    login(&token, b"same").unwrap();
    assert!(can_sign(&token, &set));
}

#[test]
fn one_slot_opens_what_the_password_fits_and_refuses_when_it_fits_nothing() {
    let folders = Folders::new();
    let (ours, other) = (issue("홍길동", b"ours"), issue("김철수", b"other"));
    folders.put("a", &ours);
    folders.put("b", &other);
    let keystore = folders.keystore(Slots::One);
    let token = keystore.token(keystore.slots()[0].id).unwrap();
    assert_eq!(login(&token, b"none").unwrap_err().kind(), ErrorKind::PinIncorrect { tries_left: None });
    assert!(!lock(&token).is_logged_in());
    login(&token, b"ours").unwrap();
    let keys = [key(&token, &ours).unwrap(), key(&token, &other).unwrap()];
    assert_eq!(lock(&token).usable(&keys).unwrap(), keys[..1]);
    assert!(!can_sign(&token, &other));
    let signer = lock(&token).signer(&keys[0]).unwrap();
    lock(&token).logout(&Scope::All);
    assert_eq!(sign(&*signer).unwrap_err().kind(), ErrorKind::NotLoggedIn);
}

#[test]
fn each_certificate_is_a_slot_with_its_own_password() {
    let folders = Folders::new();
    let (hong, kim) = (issue("홍길동", b"hong"), issue("김철수", b"kim"));
    folders.put("a", &hong);
    folders.put("a", &kim);
    let keystore = folders.keystore(Slots::Certificate);
    let tokens: Vec<SharedToken> = keystore.slots().iter().map(|slot| keystore.token(slot.id).unwrap()).collect();
    assert_eq!(tokens.len(), 2);
    let of = |set: &SampleSet| tokens.iter().find(|token| key(token, set).is_some()).unwrap();
    login(of(&hong), b"hong").unwrap();
    assert_eq!(login(of(&kim), b"hong").unwrap_err().kind(), ErrorKind::PinIncorrect { tries_left: None });
    login(of(&kim), b"kim").unwrap();
    assert!(can_sign(of(&hong), &hong) && can_sign(of(&kim), &kim));
    lock(of(&hong)).logout(&Scope::All);
    assert!(!can_sign(of(&hong), &hong), "its own logout");
    assert!(can_sign(of(&kim), &kim), "does not touch another slot");
}

#[test]
fn a_certificate_that_comes_or_goes_is_a_slot_that_does() {
    let folders = Folders::new();
    let (hong, kim) = (issue("홍길동", b"hong"), issue("김철수", b"kim"));
    folders.put("a", &hong);
    let keystore = folders.keystore(Slots::Certificate);
    let first = keystore.slots()[0].id;
    folders.put("a", &kim);
    let came = keystore.refresh();
    assert_eq!(came.len(), 1);
    fs::remove_dir_all(folders.root("a").join(hong.entry.as_str())).unwrap();
    assert_eq!(keystore.refresh(), [first]);
    assert!(!keystore.slot(first).unwrap().present);
}

#[test]
fn a_key_names_its_set_in_every_view() {
    let folders = Folders::new();
    let set = issue("홍길동", b"same");
    folders.put("a", &set);
    for slots in [Slots::Medium, Slots::Certificate, Slots::One] {
        let keystore = folders.keystore(slots);
        let token = keystore.token(keystore.slots()[0].id).unwrap();
        assert_eq!(key(&token, &set).unwrap().purpose, Purpose::Sign, "{slots:?}");
    }
}
