//! This file holds a session: its slot, whether it may write, and what it is in the middle of.

use std::sync::{Arc, Mutex, MutexGuard};

use cryptoki_sys::*;
use ingam::keystore::lock;
use ingam::pin::Role;

use crate::library::Library;
use crate::operation::Operations;
use crate::slot::SlotState;

/// What a session may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

/// A session between the application and one token.
pub(crate) struct Session {
    handle: CK_SESSION_HANDLE,
    slot: Arc<SlotState>,
    access: Access,
    /// Which presence of the medium it is with.
    presence: u64,
    operations: Mutex<Operations>,
}

impl Session {
    pub(crate) fn new(handle: CK_SESSION_HANDLE, slot: Arc<SlotState>, access: Access, presence: u64) -> Self {
        Self { handle, slot, access, presence, operations: Mutex::default() }
    }

    /// Whether its medium was there all the time.
    pub(crate) fn is_current(&self) -> bool {
        self.slot.presence() == self.presence
    }

    /// Counts it out of its slot.
    pub(crate) fn leave(&self, library: &Library) {
        self.slot.leave(library, self.handle, self.access, self.presence);
    }

    pub(crate) const fn handle(&self) -> CK_SESSION_HANDLE {
        self.handle
    }

    pub(crate) const fn slot(&self) -> &Arc<SlotState> {
        &self.slot
    }

    pub(crate) const fn access(&self) -> Access {
        self.access
    }

    /// What the session is in the middle of. Not to be held while a key works.
    pub(crate) fn operations(&self) -> MutexGuard<'_, Operations> {
        lock(&self.operations)
    }

    /// The session's state (PKCS#11 usage guide 2.6). Never touches the medium: clients poll it.
    pub(crate) fn state(&self) -> CK_STATE {
        match (self.slot.role(), self.access) {
            (None, Access::ReadOnly) => CKS_RO_PUBLIC_SESSION,
            (None, Access::ReadWrite) => CKS_RW_PUBLIC_SESSION,
            (Some(Role::User), Access::ReadOnly) => CKS_RO_USER_FUNCTIONS,
            (Some(Role::User), Access::ReadWrite) => CKS_RW_USER_FUNCTIONS,
            (Some(Role::SecurityOfficer), _) => CKS_RW_SO_FUNCTIONS,
        }
    }
}
