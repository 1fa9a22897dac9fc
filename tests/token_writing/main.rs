//! This file checks what is written to a token, on SoftHSM: sets that come whole and go whole, and keys that never leave.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that unwraps what is not there fails")]

#[path = "../support/softhsm.rs"]
mod softhsm;

mod generating;
mod importing;
mod kill;
mod officer;
mod removing;
mod together;

use std::fs;
use std::path::PathBuf;

use ingam::certificate::Certificate;
use ingam::config::Config;
use ingam::credential::{Entry, EntryName};
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::npki::authority::Authority;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::NpkiFolder;
use ingam::token::{NewSet, Scope};
use ingam::{ErrorKind, Result};
use softhsm::{PIN, SoftHsm, alone};

const PASSWORD: &[u8] = b"Test-1234!";
const NOW: i64 = 1_795_000_000;

fn pin(pin: &[u8]) -> Pin {
    Pin::copy_of(pin)
}

fn issue(owner: &str) -> SampleSet {
    let request = SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) };
    TestAuthority::new(&Authority::YesSign, NOW).unwrap().issue(&request, &pin(PASSWORD)).unwrap()
}

/// An NPKI folder with this set, logged in.
struct Disk {
    set: SampleSet,
    token: SharedToken,
    root: PathBuf,
}

impl Disk {
    fn with(hsm: &SoftHsm, owner: &str) -> Self {
        let set = issue(owner);
        let disk = Self::at(hsm.folder().join(owner), set);
        disk.set.publish(&mut NpkiFolder::new(disk.root.clone(), 10)).unwrap();
        lock(&disk.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
        disk
    }

    fn at(folder: PathBuf, set: SampleSet) -> Self {
        let root = folder.join("NPKI");
        fs::create_dir_all(&root).unwrap();
        let keystore = Keystore::new(&Config { npki_roots: vec![root.clone()], ..Config::default() });
        Self { set, token: keystore.token(keystore.slots()[0].id).unwrap(), root }
    }

    fn export(&self) -> NewSet {
        lock(&self.token).exporter().unwrap().export(&self.set.entry).unwrap()
    }

    fn has_its_set(&self) -> bool {
        self.root.join(self.set.entry.as_str()).join("signPri.key").exists()
    }
}

/// The only token, logged in.
fn token(hsm: &SoftHsm) -> SharedToken {
    let token = locked_token(hsm);
    lock(&token).login(Role::User, &Scope::All, &pin(PIN.as_bytes())).unwrap();
    token
}

fn locked_token(hsm: &SoftHsm) -> SharedToken {
    let keystore = Keystore::new(&Config { npki_roots: Vec::new(), ..hsm.config() });
    let slot = keystore.slots().into_iter().find(|slot| slot.medium.token.is_some()).unwrap();
    keystore.token(slot.id).unwrap()
}

fn import(token: &SharedToken, set: NewSet) -> Result<EntryName> {
    lock(token).writer().unwrap().import(set, None)
}

fn entries(token: &SharedToken) -> Vec<Entry> {
    lock(token).entries().unwrap().iter().map(|entry| Entry::clone(entry)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The public key of a certificate in a file, for OpenSSL.
fn public_key_file(hsm: &SoftHsm, certificate: &Certificate) -> String {
    let file = hsm.folder().join("public.der");
    fs::write(&file, certificate.public_key_info()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The objects that `pkcs11-tool` shows to the user, one block each.
fn objects(hsm: &SoftHsm) -> Vec<String> {
    let listing = hsm.tool("seal", &["--list-objects"]);
    let mut blocks: Vec<String> = Vec::new();
    for line in listing.lines() {
        match blocks.last_mut() {
            Some(block) if line.starts_with(' ') => {
                block.push('\n');
                block.push_str(line);
            }
            _ => blocks.push(line.to_owned()),
        }
    }
    blocks.retain(|block| block.contains("bject"));
    blocks
}

/// One object of this sort with this CKA_ID.
fn object(hsm: &SoftHsm, sort: &str, id: &[u8]) -> String {
    let found: Vec<String> =
        objects(hsm).into_iter().filter(|block| block.starts_with(sort) && block.contains(&hex(id))).collect();
    assert_eq!(found.len(), 1, "{sort} {}: {:?}", hex(id), objects(hsm));
    found.into_iter().next().unwrap()
}
