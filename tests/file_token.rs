//! This file checks an NPKI folder as a token: what it lists, which password opens what, and what is forgotten when.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ingam::config::Config;
use ingam::credential::{Entry, KeyId, Purpose};
use ingam::crypto::rsa::PublicKey;
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::authority::Authority;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::NpkiFolder;
use ingam::token::{Scope, Signer};
use ingam::{ErrorKind, Result};

const PASSWORD: &[u8] = b"Test-1234!";
const OTHER: &[u8] = b"Other-5678!";
const NOW: i64 = 1_795_000_000;

fn authority() -> &'static TestAuthority {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, NOW).unwrap())
}

fn request(owner: &str) -> SampleRequest {
    SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) }
}

fn issue(owner: &str, password: &[u8]) -> SampleSet {
    authority().issue(&request(owner), &Pin::copy_of(password)).unwrap()
}

/// An NPKI folder with these sets.
struct Folder {
    _home: tempfile::TempDir,
    root: PathBuf,
}

impl Folder {
    fn with(sets: &[&SampleSet]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = Self { root: home.path().join("NPKI"), _home: home };
        fs::create_dir(&folder.root).unwrap();
        sets.iter().for_each(|set| folder.add(set));
        folder
    }

    fn add(&self, set: &SampleSet) {
        set.publish(&mut NpkiFolder::new(self.root.clone(), 10_000)).unwrap();
    }

    fn file(&self, set: &SampleSet, name: &str) -> PathBuf {
        self.root.join(set.entry.as_str()).join(name)
    }

    fn config(&self) -> Config {
        Config { npki_roots: vec![self.root.clone()], ..Config::default() }
    }

    fn token(&self) -> SharedToken {
        let keystore = Keystore::new(&self.config());
        keystore.token(keystore.slots()[0].id).unwrap()
    }
}

fn entries(token: &SharedToken) -> Arc<[Arc<Entry>]> {
    lock(token).entries().unwrap()
}

fn login(token: &SharedToken, password: &[u8]) -> Result<()> {
    lock(token).login(Role::User, &Scope::All, &Pin::copy_of(password))
}

fn key(set: &SampleSet, purpose: Purpose) -> KeyId {
    let certificate = match purpose {
        Purpose::Sign => &set.sign,
        Purpose::KeyManagement => set.km.as_ref().unwrap(),
    };
    KeyId::new(&set.entry, purpose, certificate)
}

fn request_to_sign(message: &[u8]) -> SignRequest<'_> {
    SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(message) }
}

fn public(set: &SampleSet) -> PublicKey {
    let (modulus, exponent) = set.sign.rsa_public().unwrap();
    PublicKey::new(modulus, exponent).unwrap()
}

fn signs(signer: &Arc<dyn Signer>, set: &SampleSet) -> bool {
    let signature = signer.sign(&request_to_sign(b"invoice")).unwrap();
    public(set).verify(&request_to_sign(b"invoice"), &signature).is_ok()
}

#[test]
fn a_set_is_listed_without_login_with_both_pairs_and_its_cas() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let entries = entries(&folder.token());
    let credential = entries[0].content.as_ref().unwrap();
    assert_eq!(credential.sign.certificate.der(), set.sign.der());
    assert_eq!(credential.km.as_ref().unwrap().certificate.der(), set.km.as_ref().unwrap().der());
    assert_eq!(credential.ca_certificates.len(), 2);
    assert!(entries[0].problems.is_empty());
}

#[test]
fn a_login_opens_keys_that_sign_decrypt_and_give_r() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    let signer = lock(&token).signer(&key(&set, Purpose::Sign)).unwrap();
    assert!(signs(&signer, &set));
    let (modulus, exponent) = set.km.as_ref().unwrap().rsa_public().unwrap();
    let ciphertext =
        PublicKey::new(modulus, exponent).unwrap().encrypt(&DecryptMechanism::Pkcs1, b"session key").unwrap();
    let decrypter = lock(&token).decrypter(&key(&set, Purpose::KeyManagement)).unwrap().unwrap();
    assert_eq!(decrypter.decrypt(&DecryptMechanism::Pkcs1, &ciphertext).unwrap().expose(), b"session key");
    let random = lock(&token).vid_random(&key(&set, Purpose::Sign)).unwrap().unwrap();
    assert_eq!(random.expose(), set.random.expose());
    assert!(lock(&token).vid_random(&key(&set, Purpose::KeyManagement)).unwrap().is_none());
}

#[test]
fn without_login_no_key_is_given() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let token = folder.token();
    entries(&token);
    let refused = lock(&token).signer(&key(&set, Purpose::Sign)).map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotLoggedIn);
}

#[test]
fn a_wrong_password_opens_nothing_and_the_right_one_still_works_after_it() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let token = folder.token();
    assert_eq!(login(&token, b"wrong").unwrap_err().kind(), ErrorKind::PinIncorrect { tries_left: None });
    let refused = lock(&token).signer(&key(&set, Purpose::Sign)).map(drop).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotLoggedIn);
    login(&token, PASSWORD).unwrap();
}

#[test]
fn a_password_opens_the_sets_that_it_fits_and_no_other() {
    let (ours, others) = (issue("홍길동", PASSWORD), issue("김철수", OTHER));
    let folder = Folder::with(&[&ours, &others]);
    for (password, fits, misses) in [(PASSWORD, &ours, &others), (OTHER, &others, &ours)] {
        let token = folder.token();
        login(&token, password).unwrap();
        let all = [key(fits, Purpose::Sign), key(misses, Purpose::Sign), key(fits, Purpose::KeyManagement)];
        let usable = lock(&token).usable(&all).unwrap();
        assert_eq!(usable, [key(fits, Purpose::Sign), key(fits, Purpose::KeyManagement)]);
        let refused = lock(&token).signer(&key(misses, Purpose::Sign)).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::PinIncorrect { tries_left: None });
    }
}

#[test]
fn many_sets_open_the_same_on_one_thread_as_on_several() {
    let sets: Vec<SampleSet> = authority().issue_many(&request("많은이"), &Pin::copy_of(PASSWORD), 40).unwrap();
    let stranger = issue("김철수", OTHER);
    let folder = Folder::with(&sets.iter().chain([&stranger]).collect::<Vec<_>>());
    let keys: Vec<KeyId> = sets.iter().chain([&stranger]).map(|set| key(set, Purpose::Sign)).collect();
    for threads in [1, 4] {
        let config = Config { threads: NonZeroUsize::new(threads).unwrap(), ..folder.config() };
        let keystore = Keystore::new(&config);
        let token = keystore.token(keystore.slots()[0].id).unwrap();
        login(&token, PASSWORD).unwrap();
        assert_eq!(lock(&token).usable(&keys).unwrap(), keys[..40]);
    }
}

#[test]
fn after_logout_a_signer_that_was_lent_out_refuses() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    let signer = lock(&token).signer(&key(&set, Purpose::Sign)).unwrap();
    lock(&token).logout(&Scope::All);
    assert_eq!(signer.sign(&request_to_sign(b"late")).unwrap_err().kind(), ErrorKind::NotLoggedIn);
}

#[test]
fn a_medium_that_goes_is_logged_out_and_comes_back_without_login() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let keystore = Keystore::new(&folder.config());
    let slot = keystore.slots()[0].id;
    let token = keystore.token(slot).unwrap();
    login(&token, PASSWORD).unwrap();
    let signer = lock(&token).signer(&key(&set, Purpose::Sign)).unwrap();
    let away = folder.root.with_file_name("away");
    fs::rename(&folder.root, &away).unwrap();
    assert_eq!(keystore.refresh(), [slot]);
    assert_eq!(signer.sign(&request_to_sign(b"late")).unwrap_err().kind(), ErrorKind::NotLoggedIn);
    assert_eq!(keystore.token(slot).map(drop).unwrap_err().kind(), ErrorKind::Removed);
    fs::rename(&away, &folder.root).unwrap();
    assert_eq!(keystore.refresh(), [slot]);
    let token = keystore.token(slot).unwrap();
    entries(&token);
    assert_eq!(lock(&token).signer(&key(&set, Purpose::Sign)).map(drop).unwrap_err().kind(), ErrorKind::NotLoggedIn);
}

#[test]
fn a_damaged_set_does_not_make_another_one_fail() {
    let (good, bad) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let folder = Folder::with(&[&good, &bad]);
    fs::write(folder.file(&bad, "signCert.der"), b"not a certificate").unwrap();
    let token = folder.token();
    let listed = entries(&token);
    let of = |set: &SampleSet| listed.iter().find(|entry| entry.name == set.entry).unwrap().clone();
    assert_eq!(of(&bad).content.as_ref().unwrap_err().kind(), ErrorKind::Damaged);
    assert!(of(&good).content.is_ok());
    login(&token, PASSWORD).unwrap();
    assert!(signs(&lock(&token).signer(&key(&good, Purpose::Sign)).unwrap(), &good));
}

#[test]
fn a_damaged_km_pair_or_ca_pubs_is_a_problem_of_a_set_that_still_signs() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    fs::write(folder.file(&set, "kmCert.der"), b"broken").unwrap();
    fs::write(folder.file(&set, "CaPubs"), b"broken").unwrap();
    let token = folder.token();
    let listed = entries(&token);
    let subjects: Vec<_> = listed[0].problems.iter().map(|problem| problem.subject().unwrap().to_owned()).collect();
    assert_eq!(subjects, ["kmCert.der", "CaPubs"]);
    login(&token, PASSWORD).unwrap();
    assert!(signs(&lock(&token).signer(&key(&set, Purpose::Sign)).unwrap(), &set));
}

#[test]
fn a_key_of_another_certificate_is_a_mismatch_not_a_wrong_password() {
    let (set, other) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let folder = Folder::with(&[&set, &other]);
    fs::copy(folder.file(&other, "signPri.key"), folder.file(&set, "signPri.key")).unwrap();
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    assert_eq!(lock(&token).signer(&key(&set, Purpose::Sign)).map(drop).unwrap_err().kind(), ErrorKind::Mismatch);
}

#[test]
fn a_damaged_key_file_is_not_called_a_wrong_password() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    fs::remove_file(folder.file(&set, "kmPri.key")).unwrap();
    fs::write(folder.file(&set, "signPri.key"), b"0\x82\x01").unwrap();
    assert_eq!(login(&folder.token(), PASSWORD).unwrap_err().kind(), ErrorKind::Damaged);
}

#[test]
fn a_set_without_key_files_is_listed_and_cannot_sign() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    fs::remove_file(folder.file(&set, "signPri.key")).unwrap();
    fs::remove_file(folder.file(&set, "kmPri.key")).unwrap();
    let token = folder.token();
    assert!(entries(&token)[0].content.as_ref().unwrap().sign.key.is_none());
    assert_eq!(login(&token, PASSWORD).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_changed_set_is_read_again_and_its_opened_key_is_dropped() {
    let (old, new) = (issue("홍길동", PASSWORD), issue("홍길동", OTHER));
    let folder = Folder::with(&[&old]);
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    let signer = lock(&token).signer(&key(&old, Purpose::Sign)).unwrap();
    for (file, bytes) in &new.files.0 {
        fs::write(folder.file(&old, file.file_name()), bytes).unwrap();
    }
    let listed = entries(&token);
    assert_eq!(listed[0].content.as_ref().unwrap().sign.certificate.der(), new.sign.der());
    assert_eq!(signer.sign(&request_to_sign(b"late")).unwrap_err().kind(), ErrorKind::NotLoggedIn);
    let renewed = KeyId::new(&old.entry, Purpose::Sign, &new.sign);
    let refused = |key| lock(&token).signer(key).map(drop).unwrap_err().kind();
    assert_eq!(refused(&renewed), ErrorKind::PinIncorrect { tries_left: None });
    assert_eq!(refused(&key(&old, Purpose::Sign)), ErrorKind::NotFound, "the old key is not another one's name");
}

#[test]
fn a_set_renewed_in_its_place_is_not_signed_with_under_its_old_name() {
    let (old, new) = (issue("홍길동", PASSWORD), issue("홍길동", PASSWORD));
    let folder = Folder::with(&[&old]);
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    for (file, bytes) in &new.files.0 {
        fs::write(folder.file(&old, file.file_name()), bytes).unwrap();
    }
    entries(&token);
    assert_eq!(lock(&token).signer(&key(&old, Purpose::Sign)).map(drop).unwrap_err().kind(), ErrorKind::NotFound);
    let signer = lock(&token).signer(&KeyId::new(&old.entry, Purpose::Sign, &new.sign)).unwrap();
    assert!(signs(&signer, &new));
}

#[test]
fn a_login_finds_sets_that_came_or_changed_since_the_last_listing() {
    let (first, renewed, later) = (issue("홍길동", PASSWORD), issue("홍길동", OTHER), issue("김철수", b"Third-9!"));
    let folder = Folder::with(&[&first]);
    let token = folder.token();
    entries(&token);
    for (file, bytes) in &renewed.files.0 {
        fs::write(folder.file(&first, file.file_name()), bytes).unwrap();
    }
    login(&token, OTHER).unwrap();
    folder.add(&later);
    login(&token, b"Third-9!").unwrap();
    assert_eq!(login(&token, b"none").unwrap_err().kind(), ErrorKind::PinIncorrect { tries_left: None });
    assert!(!lock(&token).is_logged_in());
}

#[test]
fn a_medium_that_becomes_unusable_is_a_change_and_is_logged_out() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let keystore = Keystore::new(&folder.config());
    let slot = keystore.slots()[0].id;
    let token = keystore.token(slot).unwrap();
    login(&token, PASSWORD).unwrap();
    let away = folder.root.with_file_name("away");
    fs::rename(&folder.root, &away).unwrap();
    fs::write(&folder.root, b"a file where the folder was").unwrap();
    assert_eq!(keystore.refresh(), [slot]);
    assert!(!keystore.slot(slot).unwrap().medium.is_usable());
    assert!(!lock(&token).is_logged_in());
}

#[test]
fn an_unchanged_set_is_not_read_again() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let token = folder.token();
    assert!(Arc::ptr_eq(&entries(&token)[0], &entries(&token)[0]));
}

#[test]
fn file_names_of_any_case_and_stale_bytes_behind_the_key_open() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let mut stale = fs::read(folder.file(&set, "signPri.key")).unwrap();
    stale.extend([0x5a; 46]);
    fs::write(folder.file(&set, "signPri.key"), stale).unwrap();
    for (from, to) in [("signCert.der", "SignCert.der"), ("signPri.key", "SIGNPRI.KEY"), ("kmCert.der", "KMCERT.DER")] {
        fs::rename(folder.file(&set, from), folder.file(&set, to)).unwrap();
    }
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    assert!(signs(&lock(&token).signer(&key(&set, Purpose::Sign)).unwrap(), &set));
    assert!(entries(&token)[0].content.as_ref().unwrap().km.is_some());
}

#[test]
fn too_many_iterations_are_refused_and_configuration_raises_the_limit() {
    let dear = SampleRequest { iterations: 3_000, ..request("홍길동") };
    let set = authority().issue(&dear, &Pin::copy_of(PASSWORD)).unwrap();
    let folder = Folder::with(&[&set]);
    let with_limit = |kdf_iterations| {
        let keystore = Keystore::new(&Config { kdf_iterations, ..folder.config() });
        login(&keystore.token(keystore.slots()[0].id).unwrap(), PASSWORD)
    };
    assert_eq!(with_limit(2_999).unwrap_err().kind(), ErrorKind::Unsupported);
    with_limit(3_000).unwrap();
}

#[test]
fn a_file_medium_has_no_security_officer() {
    let folder = Folder::with(&[&issue("홍길동", PASSWORD)]);
    let refused = lock(&folder.token()).login(Role::SecurityOfficer, &Scope::All, &Pin::copy_of(PASSWORD)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
}

#[test]
fn reading_and_signing_write_nothing() {
    let set = issue("홍길동", PASSWORD);
    let folder = Folder::with(&[&set]);
    let files = |root: &Path| {
        let mut found = Vec::new();
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            found.push((folder.clone(), fs::metadata(&folder).unwrap().modified().unwrap(), Vec::new()));
            for item in fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let metadata = fs::metadata(&path).unwrap();
                    found.push((path.clone(), metadata.modified().unwrap(), fs::read(&path).unwrap()));
                }
            }
        }
        found
    };
    let before = files(&folder.root);
    let token = folder.token();
    login(&token, PASSWORD).unwrap();
    lock(&token).signer(&key(&set, Purpose::Sign)).unwrap().sign(&request_to_sign(b"x")).unwrap();
    lock(&token).logout(&Scope::All);
    assert_eq!(files(&folder.root), before);
}

#[test]
fn the_same_folder_by_two_names_is_one_medium_and_a_missing_one_is_none() {
    let folder = Folder::with(&[]);
    let twice = folder.root.join("../NPKI");
    let roots = vec![folder.root.clone(), twice, folder.root.join("missing")];
    let keystore = Keystore::new(&Config { npki_roots: roots, ..Config::default() });
    assert_eq!(keystore.slots().len(), 1);
}
