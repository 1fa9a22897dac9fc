//! This file keeps the sessions with slots of other PKCS#11 modules, which are passed through: our handles stand for theirs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use cryptoki_sys::{
    CK_FUNCTION_LIST, CK_SESSION_HANDLE, CK_SLOT_ID, CKR_CRYPTOKI_NOT_INITIALIZED, CKR_DEVICE_REMOVED,
    CKR_TOKEN_NOT_PRESENT,
};
use ingam::keystore::{SharedToken, SlotId};
use ingam::token::ForeignSlot;

use crate::abi::foreign;
use crate::library::Library;
use crate::rv::Answer;

/// Handles of gone tokens that are remembered.
const ORPHANS: usize = 4096;

/// A slot of another module, as long as its token is there.
pub(crate) struct Place {
    id: SlotId,
    token: SharedToken,
    slot: Arc<dyn ForeignSlot>,
    functions: &'static CK_FUNCTION_LIST,
}

impl Place {
    /// The slot behind a token of another module.
    ///
    /// # Errors
    /// Those of [`foreign::functions`].
    pub(crate) fn new(id: SlotId, token: SharedToken, slot: Arc<dyn ForeignSlot>) -> Answer<Self> {
        let functions =
            foreign::functions(&*slot).map_err(|rv| rv.renamed(CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT))?;
        Ok(Self { id, token, slot, functions })
    }

    /// Itself, as a session's place is asked for.
    pub(crate) const fn at(&self) -> &Self {
        self
    }

    pub(crate) const fn id(&self) -> SlotId {
        self.id
    }

    pub(crate) fn slot(&self) -> &dyn ForeignSlot {
        &*self.slot
    }

    pub(crate) const fn functions(&self) -> &'static CK_FUNCTION_LIST {
        self.functions
    }

    /// The slot's number in its module.
    #[allow(
        clippy::useless_conversion,
        clippy::unnecessary_fallible_conversions,
        reason = "CK_SLOT_ID has 32 bits elsewhere"
    )]
    pub(crate) fn number(&self) -> CK_SLOT_ID {
        self.slot.number().try_into().unwrap_or(CK_SLOT_ID::MAX)
    }
}

/// A session with another module's token.
pub(crate) struct ForeignSession {
    at: Arc<Place>,
    number: CK_SESSION_HANDLE,
}

impl ForeignSession {
    pub(crate) fn at(&self) -> &Place {
        &self.at
    }

    /// The module's own handle.
    pub(crate) const fn number(&self) -> CK_SESSION_HANDLE {
        self.number
    }
}

/// The sessions with other modules' tokens. One whose token went answers `CKR_DEVICE_REMOVED` until it is closed.
#[derive(Default)]
pub(crate) struct ForeignSessions {
    /// Whether there ever was one: calls for our own tokens look no further.
    any: AtomicBool,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    open: HashMap<CK_SESSION_HANDLE, Arc<ForeignSession>>,
    orphans: BTreeSet<CK_SESSION_HANDLE>,
    /// Slots with a login that was made through us.
    logins: HashSet<SlotId>,
    closed: bool,
}

impl ForeignSessions {
    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session of this handle; `None` if the handle is not of such a session.
    ///
    /// # Errors
    /// `CKR_DEVICE_REMOVED`.
    pub(crate) fn get(&self, handle: CK_SESSION_HANDLE) -> Answer<Option<Arc<ForeignSession>>> {
        if !self.any.load(Ordering::Acquire) {
            return Ok(None);
        }
        let table = self.read();
        match table.open.get(&handle) {
            None if table.orphans.contains(&handle) => Err(CKR_DEVICE_REMOVED.into()),
            found => Ok(found.cloned()),
        }
    }

    /// Keeps in mind whether the login of a slot was made through us.
    pub(crate) fn logged_in(&self, slot: SlotId, is_in: bool) {
        let mut table = self.write();
        if is_in {
            table.logins.insert(slot)
        } else {
            table.logins.remove(&slot)
        };
    }

    /// Opens a session under a handle of ours.
    ///
    /// # Errors
    /// Those of the module; `CKR_CRYPTOKI_NOT_INITIALIZED` if the library was finalised meanwhile.
    pub(crate) fn open(
        &self,
        library: &Library,
        at: Place,
        handle: CK_SESSION_HANDLE,
        flags: cryptoki_sys::CK_FLAGS,
    ) -> Answer {
        let number =
            foreign::open(library, &at, flags).map_err(|rv| rv.renamed(CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT))?;
        self.any.store(true, Ordering::Release);
        let session = ForeignSession { at: Arc::new(at), number };
        let mut table = self.write();
        if table.closed {
            drop(table);
            let _ = foreign::close(library, session.at(), vec![number], false);
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED.into());
        }
        table.open.insert(handle, Arc::new(session));
        Ok(())
    }

    /// Closes a session; with the last one of a slot the login ends that was made through us, whoever else has sessions
    /// there. `None` if the handle is not of such a session.
    pub(crate) fn close(&self, library: &Library, handle: CK_SESSION_HANDLE) -> Option<Answer> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let (session, logout) = {
            let mut table = self.write();
            if table.orphans.remove(&handle) {
                return Some(Err(CKR_DEVICE_REMOVED.into()));
            }
            let session = table.open.remove(&handle)?;
            let logout = table.ends_login(session.at.id);
            (session, logout)
        };
        Some(foreign::close(library, session.at(), vec![session.number], logout))
    }

    /// Closes the sessions with one slot.
    ///
    /// # Errors
    /// Those of the module.
    pub(crate) fn close_slot(&self, library: &Library, slot: SlotId) -> Answer {
        let (taken, logout) = {
            let mut table = self.write();
            let taken = table.take(slot);
            let logout = table.ends_login(slot);
            (taken, logout)
        };
        let Some((_, first)) = taken.first() else { return Ok(()) };
        foreign::close(library, first.at(), taken.iter().map(|(_, session)| session.number).collect(), logout)
    }

    /// Ends the sessions with a slot whose token went; `token` is the one that is there now.
    pub(crate) fn orphan(&self, slot: SlotId, token: Option<&SharedToken>) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let mut table = self.write();
        let is_gone = |session: &ForeignSession| !token.is_some_and(|token| Arc::ptr_eq(token, &session.at.token));
        if !table.open.values().any(|session| session.at.id == slot && is_gone(session)) {
            return;
        }
        let gone = table.take(slot);
        table.logins.remove(&slot);
        table.orphans.extend(gone.iter().map(|(handle, _)| *handle));
        while table.orphans.len() > ORPHANS {
            table.orphans.pop_first();
        }
        drop(table);
        // What leads to the token goes outside the lock.
        drop(gone);
    }

    /// Closes every session, for ever. Waits for none of their modules.
    pub(crate) fn close_all(&self) {
        let mut table = self.write();
        table.closed = true;
        let slots: HashSet<SlotId> = table.open.values().map(|session| session.at.id).collect();
        let taken: Vec<_> = slots.iter().map(|slot| (table.take(*slot), table.ends_login(*slot))).collect();
        drop(table);
        for (sessions, logout) in taken {
            let numbers = sessions.iter().map(|(_, session)| session.number).collect();
            if let Some((_, first)) = sessions.first() {
                foreign::close_later(first.at(), numbers, logout);
            }
        }
    }
}

impl Table {
    fn take(&mut self, slot: SlotId) -> Vec<(CK_SESSION_HANDLE, Arc<ForeignSession>)> {
        self.open.extract_if(|_, session| session.at.id == slot).collect()
    }

    /// Whether a login of ours ends because no session with this slot is left.
    fn ends_login(&mut self, slot: SlotId) -> bool {
        self.open.values().all(|session| session.at.id != slot) && self.logins.remove(&slot)
    }
}
