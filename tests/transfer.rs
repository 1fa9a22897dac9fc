//! This file checks what copies and moves sets between folders of key files: whole, tried out, and never a lost key.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use ingam::certificate::Certificate;
use ingam::config::Config;
use ingam::credential::{EntryName, VidRandom};
use ingam::crypto::Limits;
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::npki::authority::Authority;
use ingam::npki::key_file::SealedKey;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::secret::SecretBytes;
use ingam::storage::{FileSet, NpkiFolder, SetFile, Storage as _};
use ingam::token::{NewPair, NewSet, Scope};
use ingam::transfer::{copy, copy_without_vid_random, move_};
use ingam::{ErrorKind, Result};

const PASSWORD: &[u8] = b"Test-1234!";
const OTHER: &[u8] = b"Other-5678!";
const NOW: i64 = 1_795_000_000;

fn pin(password: &[u8]) -> Pin {
    Pin::copy_of(password)
}

fn authority() -> &'static TestAuthority {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, NOW).unwrap())
}

fn issue(request: &SampleRequest) -> SampleSet {
    authority().issue(request, &pin(PASSWORD)).unwrap()
}

fn request(owner: &str) -> SampleRequest {
    SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) }
}

/// A set that every test may read.
fn set() -> &'static SampleSet {
    static SET: OnceLock<SampleSet> = OnceLock::new();
    SET.get_or_init(|| issue(&request("홍길동")))
}

/// An NPKI folder and the token over it.
struct Medium {
    _home: tempfile::TempDir,
    root: PathBuf,
    token: SharedToken,
}

impl Medium {
    fn with(sets: &[&SampleSet]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("NPKI");
        fs::create_dir(&root).unwrap();
        sets.iter().for_each(|set| set.publish(&mut NpkiFolder::new(root.clone(), 100)).unwrap());
        let keystore = Keystore::new(&Config { npki_roots: vec![root.clone()], ..Config::default() });
        let token = keystore.token(keystore.slots()[0].id).unwrap();
        Self { token, root, _home: home }
    }

    fn logged_in(sets: &[&SampleSet]) -> Self {
        let medium = Self::with(sets);
        lock(&medium.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
        medium
    }

    fn file(&self, entry: &EntryName, file: SetFile) -> PathBuf {
        self.root.join(entry.as_str()).join(file.file_name())
    }

    /// The PrivateKeyInfo of a key file, opened outside the library's token.
    fn key(&self, entry: &EntryName, file: SetFile, password: &[u8]) -> Option<Vec<u8>> {
        let sealed = SealedKey::from_der(&fs::read(self.file(entry, file)).unwrap(), Limits::default()).unwrap();
        sealed.open(&pin(password)).ok().map(|key| key.der().to_vec())
    }

    fn names(&self) -> Vec<EntryName> {
        lock(&self.token).entries().unwrap().iter().map(|entry| entry.name.clone()).collect()
    }

    fn import(&self, set: NewSet, password: Option<&Pin>) -> Result<EntryName> {
        lock(&self.token).writer().unwrap().import(set, password)
    }

    fn export(&self, set: &SampleSet) -> NewSet {
        lock(&self.token).exporter().unwrap().export(&set.entry).unwrap()
    }
}

#[test]
fn a_copy_has_both_pairs_their_cas_and_r_byte_for_byte_under_its_new_password() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    let copied = copy(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap();
    assert_eq!((copied.km, copied.authorities, copied.vid_random), (true, 2, true));
    assert!(copied.problems.is_empty());
    for file in [SetFile::SignCert, SetFile::KmCert, SetFile::CaPubs] {
        let bytes = |medium: &Medium, entry| fs::read(medium.file(entry, file)).unwrap();
        assert_eq!(bytes(&to, &copied.entry), bytes(&from, &set().entry));
    }
    for file in [SetFile::SignKey, SetFile::KmKey] {
        let before = from.key(&set().entry, file, PASSWORD).unwrap();
        assert_eq!(to.key(&copied.entry, file, OTHER).unwrap(), before, "R and every other attribute included");
        assert!(to.key(&copied.entry, file, PASSWORD).is_none());
    }
    lock(&to.token).login(Role::User, &Scope::All, &pin(OTHER)).unwrap();
    let key = ingam::credential::KeyId::new(&copied.entry, ingam::credential::Purpose::Sign, &set().sign);
    let random = lock(&to.token).vid_random(&key).unwrap().unwrap();
    assert_eq!(random.expose(), set().random.expose());
    assert_eq!(from.names(), [set().entry.clone()]);
}

#[test]
fn a_copy_leaves_no_login_behind() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    copy(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap();
    assert!(!lock(&to.token).is_logged_in());
    assert!(lock(&from.token).is_logged_in());
}

#[test]
fn a_set_without_encryption_pair_and_without_r_is_copied_as_it_is() {
    let bare = issue(&SampleRequest { km: false, keeps_random: false, ..request("김철수") });
    let (from, to) = (Medium::logged_in(&[&bare]), Medium::with(&[]));
    let copied = copy(&from.token, &bare.entry, &to.token, Some(&pin(OTHER))).unwrap();
    assert_eq!((copied.km, copied.vid_random), (false, false));
    assert!(!to.file(&copied.entry, SetFile::KmCert).exists());
}

#[test]
fn r_is_left_behind_only_if_it_was_said() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    let copied = copy_without_vid_random(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap();
    assert!(!copied.vid_random && copied.km);
    let key = to.key(&copied.entry, SetFile::SignKey, OTHER).unwrap();
    let random: &[u8] = set().random.expose();
    assert_eq!(random.len(), VidRandom::LEN);
    assert!(!key.windows(VidRandom::LEN).any(|window| window == random));
}

#[test]
fn a_copy_needs_a_password_and_a_login() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    let refused = |password: Option<&Pin>| copy(&from.token, &set().entry, &to.token, password).unwrap_err().kind();
    assert_eq!(refused(None), ErrorKind::PinRejected);
    assert_eq!(refused(Some(&pin(b""))), ErrorKind::PinRejected);
    let locked = Medium::with(&[set()]);
    let refused = copy(&locked.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotLoggedIn);
    let missing = copy(&from.token, &EntryName::new("no/such/set"), &to.token, Some(&pin(OTHER))).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert!(to.names().is_empty());
}

#[test]
fn a_set_of_which_one_key_has_another_password_is_not_half_copied() {
    let (from, to) = (Medium::with(&[set()]), Medium::with(&[]));
    let key = SealedKey::from_der(&fs::read(from.file(&set().entry, SetFile::KmKey)).unwrap(), Limits::default());
    let key = key.unwrap().open(&pin(PASSWORD)).unwrap();
    let sealed = SealedKey::seal(&key, &pin(OTHER), &ingam::crypto::Pbe::korean_default().unwrap()).unwrap();
    fs::write(from.file(&set().entry, SetFile::KmKey), sealed.der()).unwrap();
    lock(&from.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
    let refused = copy(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::PinIncorrect { tries_left: None });
    assert!(to.names().is_empty());
}

#[test]
fn what_is_there_already_is_not_copied_over_and_not_moved() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[set()]));
    for attempt in [copy, move_] {
        let refused = attempt(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists);
        let refused = attempt(&from.token, &set().entry, &from.token, Some(&pin(OTHER))).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "onto itself");
    }
    assert!(to.key(&set().entry, SetFile::SignKey, PASSWORD).is_some());
    assert_eq!(from.names(), [set().entry.clone()]);
}

#[test]
fn a_renewed_set_is_copied_beside_the_one_that_it_renews() {
    let set = set();
    let mut der = set.sign.der().to_vec();
    let at = der.windows(set.sign.serial_der().len()).position(|window| window == set.sign.serial_der()).unwrap();
    der[at + set.sign.serial_der().len() - 1] ^= 1;
    let renewed = FileSet(
        set.files
            .0
            .iter()
            .map(|(file, bytes)| (*file, if *file == SetFile::SignCert { der.clone() } else { bytes.clone() }))
            .collect(),
    );
    let (from, to) = (Medium::with(&[]), Medium::with(&[set]));
    NpkiFolder::new(from.root.clone(), 10).publish(&set.entry, &renewed, None).unwrap();
    lock(&from.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
    let copied = copy(&from.token, &set.entry, &to.token, Some(&pin(OTHER))).unwrap();
    assert_ne!(copied.entry, set.entry);
    assert_eq!(to.names().len(), 2);
    assert!(to.key(&set.entry, SetFile::SignKey, PASSWORD).is_some(), "the old one stays as it is");
    assert_eq!(fs::read(to.file(&copied.entry, SetFile::SignCert)).unwrap(), der);
}

#[test]
fn a_move_takes_the_original_away_last() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    let moved = move_(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap();
    assert!(from.names().is_empty());
    assert_eq!(to.names(), [moved.entry]);
}

#[test]
fn a_move_that_cannot_be_written_leaves_the_original() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    fs::write(to.root.join("yessign"), b"no folder").unwrap();
    move_(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap_err();
    assert!(from.key(&set().entry, SetFile::SignKey, PASSWORD).is_some());
    assert!(to.names().is_empty());
}

#[test]
fn a_set_with_a_part_that_cannot_be_read_is_copied_with_the_reason_and_not_moved() {
    for (file, damage) in [(SetFile::KmCert, true), (SetFile::KmCert, false), (SetFile::CaPubs, true)] {
        let (from, to) = (Medium::with(&[set()]), Medium::with(&[]));
        let path = from.file(&set().entry, file);
        if damage {
            fs::write(&path, b"\x30\x03abc").unwrap()
        } else {
            fs::remove_file(&path).unwrap()
        }
        lock(&from.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
        let refused = move_(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Damaged, "{file:?}");
        assert!(from.file(&set().entry, SetFile::KmKey).exists() && to.names().is_empty());
        let copied = copy(&from.token, &set().entry, &to.token, Some(&pin(OTHER))).unwrap();
        assert_eq!((copied.km, copied.problems.len()), (file == SetFile::CaPubs, 1));
    }
}

#[test]
fn an_import_takes_only_keys_that_fit_and_pairs_in_their_place() {
    let (from, to) = (Medium::logged_in(&[set()]), Medium::with(&[]));
    let export = || from.export(set());
    let refused = |set: NewSet| to.import(set, Some(&pin(OTHER))).unwrap_err().kind();
    let other = |pair: NewPair, key: &NewPair| NewPair {
        private_key_info: SecretBytes::copy_of(key.private_key_info.expose()),
        ..pair
    };
    let swapped = other(export().sign, &export().km.unwrap());
    assert_eq!(refused(NewSet { sign: swapped, km: None }), ErrorKind::Mismatch);
    assert_eq!(refused(NewSet { sign: export().km.unwrap(), km: None }), ErrorKind::InvalidInput);
    assert_eq!(refused(NewSet { sign: export().sign, km: Some(export().sign) }), ErrorKind::InvalidInput);
    let damaged = NewPair { private_key_info: SecretBytes::copy_of(b"\x30\x00"), ..export().sign };
    assert_eq!(refused(NewSet { sign: damaged, km: None }), ErrorKind::Damaged);
    assert!(to.names().is_empty(), "nothing was written");
}

#[test]
fn what_is_taken_off_a_medium_is_what_was_put_there() {
    let from = Medium::logged_in(&[set()]);
    let taken = from.export(set());
    assert_eq!(taken.sign.certificate, set().sign);
    assert_eq!(taken.km.as_ref().unwrap().certificate, *set().km.as_ref().unwrap());
    assert_eq!(taken.sign.ca_certificates.len(), 2);
    assert_eq!(taken.sign.ca_certificates[1], *authority().certificate());
    let file = from.key(&set().entry, SetFile::SignKey, PASSWORD).unwrap();
    assert_eq!(taken.sign.private_key_info.expose(), file);
}

#[test]
fn a_set_is_removed_whole_and_only_as_it_was_seen() {
    let medium = Medium::with(&[set()]);
    let remove = || lock(&medium.token).writer().unwrap().remove_set(&set().entry);
    assert_eq!(medium.names().len(), 1);
    let path = medium.file(&set().entry, SetFile::SignCert);
    let certificate: Certificate = authority().certificate().clone();
    fs::write(&path, certificate.der()).unwrap();
    assert_eq!(remove().unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(medium.names().len(), 1);
    remove().unwrap();
    assert!(medium.names().is_empty());
    assert_eq!(remove().unwrap_err().kind(), ErrorKind::NotFound);
}
