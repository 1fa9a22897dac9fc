//! This file checks what a token of files writes: pairs that come and go, and passwords that change, never a lost key.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

mod kill;
mod pairs;
mod pin;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use ingam::certificate::Certificate;
use ingam::config::Config;
use ingam::credential::{KeyId, Purpose};
use ingam::crypto::Limits;
use ingam::crypto::rsa::PublicKey;
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::authority::Authority;
use ingam::npki::ca_pubs;
use ingam::npki::key_file::SealedKey;
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::secret::SecretBytes;
use ingam::storage::{FileSet, NpkiFolder, SetFile, Storage as _};
use ingam::token::{NewPair, Scope, Signer};
use ingam::{ErrorKind, Result};

const PASSWORD: &[u8] = b"Test-1234!";
const OTHER: &[u8] = b"Other-5678!";
const NEW: &[u8] = b"New-9012!";
const NOW: i64 = 1_795_000_000;

fn request(owner: &str) -> SampleRequest {
    SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) }
}

fn issue_as(request: &SampleRequest, password: &[u8]) -> SampleSet {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    let authority = AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, NOW).unwrap());
    authority.issue(request, &pin(password)).unwrap()
}

/// Two keys take a while to make, so the sets of one owner and password are made once.
fn made_once(owner: &str, password: &[u8], km: bool) -> &'static SampleSet {
    type Name = (String, Vec<u8>, bool);
    static MADE: Mutex<Vec<(Name, &SampleSet)>> = Mutex::new(Vec::new());
    let name = (owner.to_owned(), password.to_vec(), km);
    let mut made = lock(&MADE);
    if let Some((_, set)) = made.iter().find(|(known, _)| *known == name) {
        return set;
    }
    let set: &'static SampleSet = Box::leak(Box::new(issue_as(&SampleRequest { km, ..request(owner) }, password)));
    made.push((name, set));
    set
}

fn issue(owner: &str, password: &[u8]) -> &'static SampleSet {
    made_once(owner, password, true)
}

fn issue_without_km(owner: &str, password: &[u8]) -> &'static SampleSet {
    made_once(owner, password, false)
}

fn pin(password: &[u8]) -> Pin {
    Pin::copy_of(password)
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
        sets.iter().for_each(|set| set.publish(&mut NpkiFolder::new(root.clone(), 10_000)).unwrap());
        Self { token: token_of(&root), root, _home: home }
    }

    /// Publishes a set without its encryption pair.
    fn publish_without_km(&self, set: &SampleSet) {
        let files = set.files.0.iter().filter(|(file, _)| !matches!(file, SetFile::KmCert | SetFile::KmKey));
        let bare = FileSet(files.cloned().collect());
        NpkiFolder::new(self.root.clone(), 10_000).publish(&set.entry, &bare, None).unwrap();
    }

    fn file(&self, set: &SampleSet, name: &str) -> PathBuf {
        self.root.join(set.entry.as_str()).join(name)
    }

    /// Another program's view of the same folder.
    fn other_process(&self) -> SharedToken {
        token_of(&self.root)
    }

    fn login(&self, password: &[u8]) {
        login(&self.token, &Scope::All, password).unwrap();
    }

    fn store(&self, pair: NewPair) -> Result<KeyId> {
        lock(&self.token).writer().unwrap().store(pair)
    }

    fn remove(&self, key: &KeyId) -> Result<()> {
        lock(&self.token).writer().unwrap().remove(key)
    }

    fn change_pin(&self, old: &[u8], new: &[u8]) -> Result<()> {
        lock(&self.token).admin().unwrap().change_pin(Role::User, &Scope::All, &pin(old), &pin(new))
    }

    fn signs(&self, key: &KeyId, certificate: &Certificate) -> bool {
        lock(&self.token).signer(key).is_ok_and(|signer| signs(&*signer, certificate))
    }

    /// Every file with its bytes.
    fn tree(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.root.clone()];
        while let Some(folder) = folders.pop() {
            for item in fs::read_dir(folder).unwrap() {
                let path = item.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    /// The names of the sets as the token shows them.
    fn names(&self) -> Vec<String> {
        lock(&self.token).entries().unwrap().iter().map(|entry| entry.name.as_str().to_owned()).collect()
    }
}

fn token_of(root: &Path) -> SharedToken {
    let keystore = Keystore::new(&Config { npki_roots: vec![root.to_owned()], ..Config::default() });
    keystore.token(keystore.slots()[0].id).unwrap()
}

fn login(token: &SharedToken, scope: &Scope, password: &[u8]) -> Result<()> {
    lock(token).login(Role::User, scope, &pin(password))
}

fn sign(signer: &dyn Signer) -> Result<Vec<u8>> {
    signer.sign(&invoice())
}

fn invoice() -> SignRequest<'static> {
    SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"invoice") }
}

fn signs(signer: &dyn Signer, certificate: &Certificate) -> bool {
    let (modulus, exponent) = certificate.rsa_public().unwrap();
    sign(signer).is_ok_and(|made| PublicKey::new(modulus, exponent).unwrap().verify(&invoice(), &made).is_ok())
}

fn key(set: &SampleSet, purpose: Purpose) -> KeyId {
    KeyId::new(&set.entry, purpose, if purpose == Purpose::Sign { &set.sign } else { set.km.as_ref().unwrap() })
}

fn opened(file: &[u8], password: &[u8]) -> Option<PrivateKeyInfo> {
    SealedKey::from_der(file, Limits::default()).unwrap().open(&pin(password)).ok()
}

fn content(set: &SampleSet, file: SetFile) -> &[u8] {
    &set.files.0.iter().find(|(there, _)| *there == file).unwrap().1
}

/// A pair of a set that was issued under [`PASSWORD`], as somebody brings it.
fn pair(set: &SampleSet, purpose: Purpose) -> NewPair {
    let key = opened(content(set, SetFile::key(purpose)), PASSWORD).unwrap();
    NewPair {
        certificate: Certificate::from_der(content(set, SetFile::certificate(purpose))).unwrap(),
        private_key_info: SecretBytes::copy_of(key.der()),
        ca_certificates: ca_pubs::from_der(content(set, SetFile::CaPubs)).unwrap(),
    }
}

/// Another certificate for the same subject and key: only its serial number differs.
fn renewed(certificate: &Certificate) -> Certificate {
    let serial = certificate.serial_der();
    let mut der = certificate.der().to_vec();
    let at = der.windows(serial.len()).position(|window| window == serial).unwrap();
    der[at + serial.len() - 1] ^= 1;
    Certificate::from_der(&der).unwrap()
}

/// The certificate with a validity that begins half an hour later.
fn valid_later(certificate: &Certificate) -> Certificate {
    let mut der = certificate.der().to_vec();
    // UTCTime, YYMMDDhhmmssZ, of which the first is notBefore.
    let at = der.windows(2).position(|window| window == [0x17, 13]).unwrap();
    assert_eq!(der[at + 10..at + 12], *b"00");
    der[at + 10] = b'3';
    Certificate::from_der(&der).unwrap()
}

fn wrong_pin() -> ErrorKind {
    ErrorKind::PinIncorrect { tries_left: None }
}
