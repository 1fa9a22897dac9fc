//! This file checks how tokens with a PIN of their own join the two other views. The tokens are made of key files and count
//! every PIN that they are sent.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails")]

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use ingam::config::{Config, Foreign, PinSource, Slots};
use ingam::credential::{Credential, Entry, KeyId, Pair, VidRandom};
use ingam::driver::Driver;
use ingam::driver::disk::Disk;
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::medium::{Accessibility, Medium, MediumId, MediumKind, PinState, TokenState};
use ingam::npki::authority::Authority;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::{NpkiFolder, SoftToken};
use ingam::token::{Decrypter, ForeignSlot, Scope, Signer, Token};
use ingam::{Error, ErrorKind, Result, view};

const NOW: i64 = 1_795_000_000;
const PIN: &[u8] = b"12345678";

fn issue(owner: &str, password: &[u8]) -> SampleSet {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    let authority = AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, NOW).unwrap());
    let request = SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) };
    authority.issue(&request, &Pin::copy_of(password)).unwrap()
}

/// What a token was sent, and what it answers.
#[derive(Default)]
struct Chip {
    sent: Vec<Vec<u8>>,
    last_try: bool,
}

/// A token whose keys are seen after a login alone.
struct Hardware {
    inner: SoftToken<NpkiFolder>,
    chip: Arc<Mutex<Chip>>,
}

impl Token for Hardware {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        let hidden = !self.inner.is_logged_in();
        let pair = |pair: Pair| Pair { key: pair.key.filter(|_| !hidden), ..pair };
        let seen = |entry: &Arc<Entry>| {
            let content =
                entry.content.clone().map(|set| Credential { sign: pair(set.sign), km: set.km.map(pair), ..set });
            Arc::new(Entry { content, ..(**entry).clone() })
        };
        Ok(self.inner.entries()?.iter().map(seen).collect())
    }
    fn login(&mut self, role: Role, scope: &Scope, pin: &Pin) -> Result<()> {
        let mut chip = lock(&self.chip);
        if chip.last_try {
            return Err(ErrorKind::LastTryRefused.into());
        }
        chip.sent.push(pin.expose().to_vec());
        self.inner.login(role, scope, pin)
    }
    fn logout(&mut self, scope: &Scope) {
        self.inner.logout(scope);
    }
    fn is_logged_in(&self) -> bool {
        self.inner.is_logged_in()
    }
    fn usable(&mut self, keys: &[KeyId]) -> Result<Vec<KeyId>> {
        self.inner.usable(keys)
    }
    fn signer(&mut self, key: &KeyId) -> Result<Arc<dyn Signer>> {
        self.inner.signer(key)
    }
    fn decrypter(&mut self, key: &KeyId) -> Result<Option<Arc<dyn Decrypter>>> {
        self.inner.decrypter(key)
    }
    fn vid_random(&mut self, key: &KeyId) -> Result<Option<VidRandom>> {
        self.inner.vid_random(key)
    }
    fn foreign(&mut self) -> Option<Arc<dyn ForeignSlot>> {
        Some(Arc::new(Slot))
    }
}

/// A slot that is only there to be found.
struct Slot;

impl ForeignSlot for Slot {
    fn library(&self) -> &Path {
        Path::new("/nowhere")
    }
    fn number(&self) -> u64 {
        7
    }
    fn run(&self, _limit: std::time::Duration, job: Box<dyn FnOnce() + Send>) -> Result<()> {
        job();
        Ok(())
    }
    fn post(&self, _limit: std::time::Duration, job: Box<dyn FnOnce() + Send>) {
        job();
    }
}

/// One token: its label, its serial number, its keys.
#[derive(Clone)]
struct Plugged {
    label: &'static str,
    serial: String,
    root: PathBuf,
    chip: Arc<Mutex<Chip>>,
}

struct Fakes(Arc<Mutex<Vec<Plugged>>>);

impl Driver for Fakes {
    fn name(&self) -> &'static str {
        "pkcs11"
    }
    fn scan(&self) -> Result<Vec<Medium>> {
        Ok(lock(&self.0).iter().map(medium).collect())
    }
    fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
        let fakes = lock(&self.0);
        let fake = fakes.iter().find(|fake| fake.serial == id.identity());
        let fake = fake.ok_or(Error::new(ErrorKind::Removed, "opening a fake").on(id))?;
        let inner = SoftToken::new(NpkiFolder::new(fake.root.clone(), 100), &Config::default());
        Ok(Box::new(Hardware { inner, chip: Arc::clone(&fake.chip) }))
    }
}

fn medium(fake: &Plugged) -> Medium {
    Medium {
        id: MediumId::new("pkcs11", &fake.serial),
        kind: MediumKind::SecurityToken,
        label: fake.label.to_owned(),
        place: String::new(),
        incarnation: 0,
        accessibility: Accessibility::Usable,
        write_protected: false,
        token: Some(Arc::new(TokenState {
            manufacturer: "fake".to_owned(),
            model: "fake".to_owned(),
            serial: fake.serial.clone(),
            firmware: String::new(),
            initialised: true,
            login_required: true,
            own_keypad: false,
            user_pin: PinState::Good,
            so_pin: PinState::Good,
            lockout: true,
            pin_bytes: (4, 64),
            free_memory: (None, None),
        })),
    }
}

/// Folders, tokens and PIN files of one test.
struct Desk {
    home: tempfile::TempDir,
    plugged: Arc<Mutex<Vec<Plugged>>>,
    pin_sources: Vec<PinSource>,
}

impl Desk {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), plugged: Arc::default(), pin_sources: Vec::new() }
    }

    fn put(&self, folder: &str, set: &SampleSet) {
        set.publish(&mut NpkiFolder::new(self.root(folder), 100)).unwrap();
    }

    fn root(&self, name: &str) -> PathBuf {
        self.home.path().join(name).join("NPKI")
    }

    /// Plugs a token in; what it was sent is read from the chip.
    fn plug(&self, label: &'static str, set: &SampleSet) -> Arc<Mutex<Chip>> {
        // Wrong PINs are remembered for the process, which other tests share.
        static SERIAL: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let serial = format!("{label}-{}", SERIAL.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        self.put(&serial, set);
        let chip = Arc::default();
        let plugged = Plugged { label, root: self.root(&serial), serial, chip: Arc::clone(&chip) };
        lock(&self.plugged).push(plugged);
        chip
    }

    /// Plugs a token in with a copy of a set under the token's own PIN.
    fn plug_copy(&self, label: &'static str, set: &SampleSet, password: &[u8]) -> Arc<Mutex<Chip>> {
        let chip = self.plug(label, set);
        let root = lock(&self.plugged).last().unwrap().root.clone();
        let mut copy = SoftToken::new(NpkiFolder::new(root, 100), &Config::default());
        let [old, new] = [password, PIN].map(Pin::copy_of);
        copy.admin().unwrap().change_pin(Role::User, &Scope::All, &old, &new).unwrap();
        chip
    }

    fn pin_file(&mut self, token: &str, content: &[u8]) -> PathBuf {
        let file = self.home.path().join(format!("pin-{}", self.pin_sources.len()));
        write_pin(&file, content);
        self.pin_sources.push(PinSource { token: token.to_owned(), file: file.clone() });
        file
    }

    fn keystore(&self, slots: Slots) -> Keystore {
        let foreign = Foreign { pin_sources: self.pin_sources.clone(), ..Foreign::default() };
        let config = Config { npki_roots: vec![self.root("a")], slots, foreign, ..Config::default() };
        let fakes = Fakes(Arc::clone(&self.plugged));
        let media = Keystore::with_drivers(vec![Box::new(Disk::new(&config)), Box::new(fakes)]);
        view::view(&config, media)
    }

    fn one(&self) -> SharedToken {
        let keystore = self.keystore(Slots::One);
        keystore.token(keystore.slots()[0].id).unwrap()
    }
}

fn write_pin(file: &Path, content: &[u8]) {
    fs::write(file, content).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
}

fn login(token: &SharedToken, password: &[u8]) -> Result<()> {
    lock(token).login(Role::User, &Scope::All, &Pin::copy_of(password))
}

fn sets_of(token: &SharedToken, set: &SampleSet) -> Vec<Credential> {
    let entries = lock(token).entries().unwrap();
    let sets = entries.iter().filter_map(|entry| entry.content.clone().ok());
    sets.filter(|found| found.sign.certificate.der() == set.sign.der()).collect()
}

fn can_sign(token: &SharedToken, set: &SampleSet) -> bool {
    let found = sets_of(token, set);
    assert_eq!(found.len(), 1, "shown once");
    let found = &found[0];
    let Some(key) = &found.sign.key else { return false };
    if lock(token).usable(std::slice::from_ref(key)).unwrap_or_default().is_empty() {
        return false;
    }
    let signer = lock(token).signer(key);
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"x") };
    signer.and_then(|signer| signer.sign(&request)).is_ok()
}

fn sent(chip: &Arc<Mutex<Chip>>) -> Vec<Vec<u8>> {
    lock(chip).sent.clone()
}

#[test]
fn one_slot_signs_with_a_token_whose_pin_is_kept_and_with_a_folder() {
    let mut desk = Desk::new();
    let (on_token, on_folder) = (issue("홍길동", PIN), issue("김철수", b"file"));
    desk.put("a", &on_folder);
    let chip = desk.plug("tok", &on_token);
    desk.pin_file("tok", b"12345678\n");
    let one = desk.one();
    assert!(sets_of(&one, &on_token)[0].sign.key.is_some(), "a key, so that somebody logs in");
    assert!(!can_sign(&one, &on_token) && sent(&chip).is_empty(), "nothing is sent before the login");
    login(&one, b"file").unwrap();
    assert!(can_sign(&one, &on_token) && can_sign(&one, &on_folder));
    assert_eq!(sent(&chip), [PIN], "its own PIN, once, and never the one that was typed");
    lock(&one).logout(&Scope::All);
    assert!(!can_sign(&one, &on_token));
}

#[test]
fn one_slot_shows_the_certificate_of_a_token_without_a_kept_pin_and_sends_it_nothing() {
    let desk = Desk::new();
    let (on_token, on_folder) = (issue("홍길동", PIN), issue("김철수", PIN));
    desk.put("a", &on_folder);
    let chip = desk.plug("tok", &on_token);
    let one = desk.one();
    login(&one, PIN).unwrap();
    assert!(sets_of(&one, &on_token)[0].sign.key.is_none());
    assert!(!can_sign(&one, &on_token) && can_sign(&one, &on_folder));
    assert!(sent(&chip).is_empty());
}

#[test]
fn a_wrong_kept_pin_is_sent_once_in_a_process_until_its_file_changes() {
    let mut desk = Desk::new();
    let (on_token, on_folder) = (issue("홍길동", PIN), issue("김철수", b"file"));
    desk.put("a", &on_folder);
    let chip = desk.plug("tok", &on_token);
    let file = desk.pin_file("tok", b"wrong");
    for _ in 0..2 {
        // As after C_Finalize and C_Initialize.
        let one = desk.one();
        for _ in 0..2 {
            login(&one, b"file").unwrap();
            assert!(!can_sign(&one, &on_token) && can_sign(&one, &on_folder));
            lock(&one).logout(&Scope::All);
        }
    }
    assert_eq!(sent(&chip), [b"wrong"]);
    write_pin(&file, PIN);
    let one = desk.one();
    login(&one, b"file").unwrap();
    assert!(can_sign(&one, &on_token));
    assert_eq!(sent(&chip), [&b"wrong"[..], PIN]);
}

#[test]
fn a_wrong_password_opens_no_token() {
    let mut desk = Desk::new();
    desk.put("a", &issue("김철수", b"file"));
    let on_token = issue("홍길동", PIN);
    let chip = desk.plug("tok", &on_token);
    desk.pin_file("tok", PIN);
    let one = desk.one();
    assert_eq!(login(&one, PIN).unwrap_err().kind(), ErrorKind::PinIncorrect { tries_left: None });
    assert!(sent(&chip).is_empty() && !can_sign(&one, &on_token));
}

#[test]
fn with_tokens_alone_a_login_opens_those_whose_pin_is_kept() {
    let mut desk = Desk::new();
    let set = issue("홍길동", PIN);
    let chip = desk.plug("tok", &set);
    assert_eq!(login(&desk.one(), b"any").unwrap_err().kind(), ErrorKind::NotFound, "no PIN is kept");
    desk.pin_file("tok", PIN);
    let one = desk.one();
    login(&one, b"any").unwrap();
    assert!(can_sign(&one, &set));
    assert_eq!(sent(&chip), [PIN]);
}

#[test]
fn a_kept_pin_is_no_last_try() {
    let mut desk = Desk::new();
    let set = issue("홍길동", PIN);
    let chip = desk.plug("tok", &set);
    desk.pin_file("tok", PIN);
    lock(&chip).last_try = true;
    let one = desk.one();
    assert_eq!(login(&one, b"any").unwrap_err().kind(), ErrorKind::LastTryRefused);
    lock(&chip).last_try = false;
    login(&one, b"any").unwrap();
    assert!(can_sign(&one, &set), "it was not sent, so it was not wrong");
}

#[test]
fn a_token_that_cannot_be_used_does_not_hide_the_copy_in_a_folder() {
    let mut desk = Desk::new();
    let file = issue("홍길동", b"file");
    desk.put("a", &file);
    let chip = desk.plug_copy("tok", &file, b"file");
    let one = desk.one();
    login(&one, b"file").unwrap();
    assert!(can_sign(&one, &file) && sent(&chip).is_empty());

    let kept = desk.pin_file("tok", b"wrong");
    let one = desk.one();
    login(&one, b"file").unwrap();
    assert!(can_sign(&one, &file), "its kept PIN is wrong");

    write_pin(&kept, PIN);
    fs::remove_dir_all(desk.root("a")).unwrap();
    let one = desk.one();
    login(&one, b"file").unwrap();
    assert!(can_sign(&one, &file), "the token's own");
    desk.put("a", &file);
    assert!(can_sign(&one, &file), "and once, from the safest medium");
}

#[test]
fn a_pin_kept_under_a_name_that_two_tokens_bear_is_sent_to_neither() {
    let mut desk = Desk::new();
    let sets = ["홍길동", "김철수"].map(|owner| issue(owner, PIN));
    let chips = sets.each_ref().map(|set| desk.plug("twin", set));
    desk.pin_file("twin", PIN);
    assert_eq!(login(&desk.one(), b"any").unwrap_err().kind(), ErrorKind::NotFound);
    assert!(chips.iter().all(|chip| sent(chip).is_empty()));
    let serial = lock(&desk.plugged)[1].serial.clone();
    desk.pin_file(&serial, PIN);
    let one = desk.one();
    login(&one, b"any").unwrap();
    assert!(can_sign(&one, &sets[1]) && !can_sign(&one, &sets[0]));
}

#[test]
fn a_token_that_comes_after_the_login_joins_with_its_kept_pin() {
    let mut desk = Desk::new();
    let (on_token, on_folder) = (issue("홍길동", PIN), issue("김철수", b"file"));
    desk.put("a", &on_folder);
    desk.pin_file("late", PIN);
    let one = desk.one();
    login(&one, b"file").unwrap();
    let chip = desk.plug("late", &on_token);
    assert!(can_sign(&one, &on_token));
    lock(&desk.plugged).clear();
    assert!(sets_of(&one, &on_token).is_empty());
    assert_eq!(sent(&chip), [PIN]);
}

#[test]
fn a_token_is_one_slot_beside_those_of_the_certificates() {
    let desk = Desk::new();
    let (on_token, on_folder) = (issue("홍길동", PIN), issue("김철수", b"file"));
    desk.put("a", &on_folder);
    desk.plug("tok", &on_token);
    let numbers = |slots| {
        let keystore = desk.keystore(slots);
        let slots = keystore.slots();
        let token = slots.iter().find(|slot| slot.medium.token.is_some()).unwrap().clone();
        (slots.iter().map(|slot| slot.id).collect::<HashSet<_>>().len(), token, keystore)
    };
    let (count, slot, keystore) = numbers(Slots::Certificate);
    assert_eq!((count, slot.id), (2, numbers(Slots::Medium).1.id), "the same number as in the view of the media");
    let token = keystore.token(slot.id).unwrap();
    assert_eq!(lock(&token).foreign().unwrap().number(), 7);
    login(&token, PIN).unwrap();
    assert!(can_sign(&token, &on_token));
    lock(&desk.plugged).clear();
    assert_eq!(keystore.refresh(), [slot.id]);
    assert!(!lock(&token).is_logged_in());
}
