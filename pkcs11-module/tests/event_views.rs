//! Media that come and go where a slot is a certificate, or everything.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::path::Path;
use std::ptr::null_mut;
use std::sync::MutexGuard;

use cryptoki_sys::*;
use ingam::pin::Pin;
use ingam::sample::SampleSet;
use ingam::storage::NpkiFolder;
use support::{Mechanism, Npki, PASSWORD, Session, until};

/// The module in a view, over these folders.
struct View {
    _turn: MutexGuard<'static, ()>,
}

impl View {
    fn start(slots: &str, npki: &Npki, folders: &[&Path]) -> Self {
        let turn = support::turn();
        support::point_at(npki);
        // SAFETY: only Rust reads the environment here.
        unsafe {
            std::env::set_var("INGAM_NPKI_PATH", std::env::join_paths(folders).unwrap());
            std::env::set_var("INGAM_SLOTS", slots);
        }
        let initialized = c!(C_Initialize(null_mut()));
        // SAFETY: as above.
        unsafe { std::env::remove_var("INGAM_SLOTS") };
        initialized.unwrap();
        Self { _turn: turn }
    }
}

impl Drop for View {
    fn drop(&mut self) {
        let _ = c!(C_Finalize(null_mut()));
    }
}

fn slots() -> Vec<CK_SLOT_ID> {
    let mut count = 0;
    c!(C_GetSlotList(CK_TRUE, null_mut(), &raw mut count)).unwrap();
    let mut slots = vec![0; usize::try_from(count).unwrap()];
    c!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)).unwrap();
    slots
}

fn next_event() -> Result<CK_SLOT_ID, CK_RV> {
    let mut slot = 0;
    c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())).map(|()| slot)
}

fn another_set() -> SampleSet {
    support::authority().issue(&support::request("이몽룡"), &Pin::copy_of(PASSWORD.as_bytes())).unwrap()
}

fn put(set: &SampleSet, root: &Path) {
    set.publish(&mut NpkiFolder::new(root.to_owned(), 10)).unwrap();
}

#[test]
fn one_slot_has_no_events_and_its_objects_come_and_go() {
    let npki = Npki::one();
    let [root, later, waiting, away] = ["NPKI", "later", "waiting", "away"].map(|name| npki.home.path().join(name));
    let _view = View::start("one", &npki, &[&root, &later]);
    let slot = slots()[0];
    let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    session.login(PASSWORD).unwrap();
    let keys = || session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap().len();
    assert_eq!(keys(), 2);

    let other = another_set();
    put(&other, &waiting);
    std::fs::rename(&waiting, &later).unwrap();
    until(|| (keys() == 4).then_some(()));
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key).unwrap();

    std::fs::rename(&root, &away).unwrap();
    until(|| (keys() == 2).then_some(()));
    let (mut bytes, mut length) = ([0; 256], 256);
    let place = bytes.as_mut_ptr();
    let answer = c!(C_Sign(session.0, place, 3, place, &raw mut length));
    assert_eq!(answer, Err(CKR_USER_NOT_LOGGED_IN), "its key went with its medium, the slot did not");
    let theirs = session.one(CKO_PRIVATE_KEY, &other.sign.key_id());
    session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), theirs, b"message").unwrap();
    assert_eq!(next_event(), Err(CKR_NO_EVENT));
    assert_eq!(slots(), [slot]);
}

#[test]
fn a_certificate_is_a_slot_from_the_next_list_on_and_goes_with_its_folder_or_its_medium() {
    let npki = Npki::one();
    let [root, away] = ["NPKI", "away"].map(|name| npki.home.path().join(name));
    let _view = View::start("certificate", &npki, &[&root]);
    let first = slots();
    assert_eq!(first.len(), 1);
    let other = another_set();
    put(&other, &root);
    let both = slots();
    assert_eq!(both.len(), 2);
    assert_eq!(next_event(), Ok(both[1]));
    let sessions = [both[0], both[1]].map(|slot| Session::open(slot, CKF_SERIAL_SESSION).unwrap());
    for session in sessions {
        session.login(PASSWORD).unwrap();
    }

    std::fs::remove_dir_all(root.join(other.entry.as_str())).unwrap();
    assert_eq!(slots(), first);
    assert_eq!(next_event(), Ok(both[1]));
    assert_eq!(sessions[1].find(&[]), Err(CKR_DEVICE_REMOVED));
    assert_eq!(sessions[0].state(), CKS_RO_USER_FUNCTIONS, "another certificate of the medium stays");

    std::fs::rename(&root, &away).unwrap();
    assert_eq!(until(|| next_event().ok()), first[0], "the medium is watched");
    assert_eq!(sessions[0].find(&[]), Err(CKR_DEVICE_REMOVED));
    assert_eq!(next_event(), Err(CKR_NO_EVENT));
}
