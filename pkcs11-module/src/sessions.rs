//! This file keeps the open sessions, and the handles of those whose medium went.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cryptoki_sys::{CK_SESSION_HANDLE, CKR_DEVICE_REMOVED, CKR_SESSION_HANDLE_INVALID};
use ingam::keystore::SlotId;

use crate::rv::{Answer, Rv};
use crate::session::Session;

/// Handles of gone media that are remembered: an application that never closes them must not fill the memory.
const ORPHANS: usize = 4096;

/// The sessions of an initialised library.
///
/// A session whose medium went answers `CKR_DEVICE_REMOVED` until it is closed, also when the medium is back: its login, its
/// operations and its objects are gone. The oldest of very many are forgotten and answer `CKR_SESSION_HANDLE_INVALID`.
#[derive(Default)]
pub(crate) struct Sessions(RwLock<Table>);

#[derive(Default)]
struct Table {
    open: HashMap<CK_SESSION_HANDLE, Arc<Session>>,
    orphans: BTreeSet<CK_SESSION_HANDLE>,
}

impl Sessions {
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, session: Session) {
        self.write().open.insert(session.handle(), Arc::new(session));
    }

    /// The session of this handle.
    ///
    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`, `CKR_DEVICE_REMOVED`.
    pub(crate) fn get(&self, handle: CK_SESSION_HANDLE) -> Answer<Arc<Session>> {
        let table = self.read();
        match table.open.get(&handle) {
            Some(session) if session.is_current() => Ok(Arc::clone(session)),
            found => Err(table.no_session(handle, found.is_some())),
        }
    }

    /// Takes a session out.
    ///
    /// # Errors
    /// As [`get`](Self::get); the handle of a medium that went is forgotten.
    pub(crate) fn remove(&self, handle: CK_SESSION_HANDLE) -> Answer<Arc<Session>> {
        let mut table = self.write();
        match table.open.remove(&handle) {
            Some(session) if session.is_current() => Ok(session),
            found => {
                let error = table.no_session(handle, found.is_some());
                table.orphans.remove(&handle);
                Err(error)
            }
        }
    }

    /// Takes the sessions of one slot out.
    pub(crate) fn remove_of(&self, slot: SlotId) -> Vec<Arc<Session>> {
        self.take(|session| session.slot().id() == slot).0
    }

    /// Ends the sessions of a slot whose medium went.
    pub(crate) fn orphan(&self, slot: SlotId) {
        let (sessions, mut table) = self.take(|session| session.slot().id() == slot && !session.is_current());
        table.orphans.extend(sessions.iter().map(|session| session.handle()));
        while table.orphans.len() > ORPHANS {
            table.orphans.pop_first();
        }
        drop(table);
        // Their operations go here, outside the lock.
        drop(sessions);
    }

    fn take(&self, which: impl Fn(&Session) -> bool) -> (Vec<Arc<Session>>, RwLockWriteGuard<'_, Table>) {
        let mut table = self.write();
        let taken = table.open.extract_if(|_, session| which(session)).map(|(_, session)| session).collect();
        (taken, table)
    }

    /// Does this with each session of a slot.
    pub(crate) fn each_of(&self, slot: SlotId, work: impl Fn(&Session)) {
        self.read().open.values().filter(|session| session.slot().id() == slot).for_each(|session| work(session));
    }

    pub(crate) fn clear(&self) {
        *self.write() = Table::default();
    }
}

impl Table {
    fn no_session(&self, handle: CK_SESSION_HANDLE, was_open: bool) -> Rv {
        let gone = was_open || self.orphans.contains(&handle);
        if gone { CKR_DEVICE_REMOVED } else { CKR_SESSION_HANDLE_INVALID }.into()
    }
}
