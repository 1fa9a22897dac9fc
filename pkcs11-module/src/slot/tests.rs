//! This file tests what the end of one login does to another.

use std::sync::atomic::{AtomicUsize, Ordering};

use ingam::ErrorKind;
use ingam::credential::{Entry, KeyId, VidRandom};
use ingam::driver::Driver;
use ingam::medium::{Accessibility, Medium, MediumId};
use ingam::pin::Pin;
use ingam::token::{Decrypter, Scope, Signer, Token};

use super::*;

/// Counts its logouts; not a real token.
struct Fake(Arc<AtomicUsize>);

impl Token for Fake {
    fn entries(&mut self) -> ingam::Result<Arc<[Arc<Entry>]>> {
        Ok(Arc::default())
    }
    fn login(&mut self, _: Role, _: &Scope, _: &Pin) -> ingam::Result<()> {
        Ok(())
    }
    fn logout(&mut self, _: &Scope) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn is_logged_in(&self) -> bool {
        true
    }
    fn usable(&mut self, _: &[KeyId]) -> ingam::Result<Vec<KeyId>> {
        Ok(Vec::new())
    }
    fn signer(&mut self, _: &KeyId) -> ingam::Result<Arc<dyn Signer>> {
        Err(ErrorKind::NotFound.into())
    }
    fn decrypter(&mut self, _: &KeyId) -> ingam::Result<Option<Arc<dyn Decrypter>>> {
        Ok(None)
    }
    fn vid_random(&mut self, _: &KeyId) -> ingam::Result<Option<VidRandom>> {
        Ok(None)
    }
}

impl Driver for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }
    fn scan(&self) -> ingam::Result<Vec<Medium>> {
        Ok(vec![Medium {
            id: MediumId::new("fake", "one"),
            kind: MediumKind::HardDisk,
            label: String::new(),
            place: String::new(),
            incarnation: 1,
            accessibility: Accessibility::Usable,
            write_protected: false,
            token: None,
        }])
    }
    fn open(&self, _: &MediumId) -> ingam::Result<Box<dyn Token>> {
        Ok(Box::new(Self(Arc::clone(&self.0))))
    }
}

#[test]
fn a_login_whose_last_session_was_closed_meanwhile_is_none() {
    let logouts = Arc::new(AtomicUsize::new(0));
    let keystore = Keystore::with_drivers(vec![Box::new(Fake(Arc::clone(&logouts)))]);
    let slot = SlotState::new(keystore.slots()[0].id);
    let login = || slot.try_login(&keystore, Role::User, &Scope::All, &Pin::copy_of(b"pin")).map_err(|rv| rv.code());
    let token = slot.token(&keystore).unwrap();
    assert_eq!(login(), Err(CKR_SESSION_CLOSED));
    assert_eq!((slot.login_number(), logouts.load(Ordering::Relaxed)), (None, 1));
    slot.enter(Access::ReadOnly, &token).unwrap();
    assert_eq!(login(), Ok(()));
}

#[test]
fn what_ends_one_login_leaves_the_next_one_alone() {
    let logouts = Arc::new(AtomicUsize::new(0));
    let slot = SlotState::new(SlotId::from_number(1).unwrap());
    {
        let mut kept = lock(&slot.kept);
        kept.token = Some(Arc::new(Mutex::new(Box::new(Fake(Arc::clone(&logouts))))));
        kept.login = Some(Login::new(Role::User, 2, Scope::All));
        kept.sessions = 1;
    }
    assert!(!slot.end_login(1, |_| true), "its own login ended already");
    assert!(!slot.end_login(2, |kept| kept.sessions == 0), "a session was opened meanwhile");
    assert_eq!((slot.login_number(), logouts.load(Ordering::Relaxed)), (Some(2), 0));
    assert_eq!(slot.logout().unwrap(), 2);
    assert_eq!((slot.login_number(), logouts.load(Ordering::Relaxed)), (None, 1));
    assert_eq!(slot.logout().unwrap_err().code(), CKR_USER_NOT_LOGGED_IN);
}
