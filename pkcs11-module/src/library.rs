//! This file is what exists between C_Initialize and C_Finalize: keystore, slots, sessions, events, trace.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cryptoki_sys::*;
use ingam::ErrorKind;
use ingam::config::Config;
use ingam::keystore::{Keystore, Slot, SlotId, lock};
use ingam::view;

use crate::abi::{pages, process};
use crate::events::Events;
use crate::handle::Handles;
use crate::rv::{Answer, Rv};
use crate::session::{Access, Session};
use crate::slot::SlotState;
use crate::trace::Trace;

/// Whether the host lets us make threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Threads {
    Allowed,
    /// CKF_LIBRARY_CANT_CREATE_OS_THREADS.
    Forbidden,
}

/// An initialised library.
pub(crate) struct Library {
    keystore: Keystore,
    slots: Mutex<HashMap<SlotId, Arc<SlotState>>>,
    sessions: RwLock<HashMap<CK_SESSION_HANDLE, Arc<Session>>>,
    session_handles: Handles,
    object_handles: Handles,
    events: Arc<Events>,
    /// Whether slots were looked for: what is found then is no event.
    listed: AtomicBool,
    closed: AtomicBool,
    trace: Option<Arc<Trace>>,
}

impl Library {
    /// Reads the configuration and nothing else. One that cannot be read leaves its media out; an application must not
    /// fail to start because of it.
    ///
    /// # Errors
    /// `CKR_HOST_MEMORY` where it could not be read for a reason of the moment, as when no descriptor is left: it would be
    /// left out for as long as the library lives.
    pub(crate) fn new(threads: Threads) -> Answer<Self> {
        if process::is_secure() {
            ingam::config::distrust_environment();
        }
        let loaded = Config::load();
        if let Err(error) = &loaded
            && error.kind() == ErrorKind::Device
        {
            return Err(Rv::caused(CKR_HOST_MEMORY, error.clone()));
        }
        let reason = loaded.as_ref().err().cloned();
        let mut config = loaded.unwrap_or_default();
        if threads == Threads::Forbidden {
            config.threads = NonZeroUsize::MIN;
        }
        let trace = Config::trace_file().as_deref().and_then(Trace::open).map(Arc::new);
        if let (Some(trace), Some(reason)) = (&trace, reason) {
            trace.note(&reason);
        }
        pages::install();
        Ok(Self {
            keystore: view::keystore(&config),
            slots: Mutex::default(),
            sessions: RwLock::default(),
            session_handles: Handles::new(),
            object_handles: Handles::new(),
            events: Arc::default(),
            listed: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            trace,
        })
    }

    pub(crate) const fn trace(&self) -> Option<&Arc<Trace>> {
        self.trace.as_ref()
    }

    pub(crate) const fn events(&self) -> &Arc<Events> {
        &self.events
    }

    pub(crate) const fn object_handles(&self) -> &Handles {
        &self.object_handles
    }

    /// Says in the trace why something is missing; nothing is silently absent.
    pub(crate) fn note(&self, error: &ingam::Error) {
        if let Some(trace) = &self.trace {
            trace.note(error);
        }
    }

    /// Whether C_Finalize was called while this call was under way: long work stops.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Looks for media. The sessions of one that went are closed, and slots that changed become events.
    pub(crate) fn refresh(&self) {
        let changed = self.keystore.refresh();
        for (_, error) in self.keystore.driver_errors() {
            self.note(&error);
        }
        for id in &changed {
            if self.keystore.slot(*id).is_ok_and(|slot| !slot.present) {
                self.forget_slot(*id);
            }
        }
        if self.listed.swap(true, Ordering::Relaxed) {
            self.events.post(&changed);
        }
    }

    /// Every slot; the first call looks for media.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        self.listed.store(true, Ordering::Relaxed);
        self.keystore.slots()
    }

    /// The slot of this number; the first call looks for media.
    ///
    /// # Errors
    /// `CKR_SLOT_ID_INVALID`.
    #[allow(clippy::useless_conversion, reason = "CK_SLOT_ID has 32 bits elsewhere")]
    pub(crate) fn slot(&self, number: CK_SLOT_ID) -> Answer<Slot> {
        self.listed.store(true, Ordering::Relaxed);
        let id = SlotId::from_number(number.into()).ok_or(CKR_SLOT_ID_INVALID)?;
        self.keystore.slot(id).map_err(|error| Rv::caused(CKR_SLOT_ID_INVALID, error))
    }

    /// A slot whose medium is there and can be used.
    ///
    /// # Errors
    /// `CKR_SLOT_ID_INVALID`; `CKR_TOKEN_NOT_PRESENT`, also for a medium that cannot be used: the slot says that it has no
    /// token, and the trace says why.
    pub(crate) fn token_slot(&self, number: CK_SLOT_ID) -> Answer<Slot> {
        let slot = self.slot(number)?;
        if !slot.present {
            return Err(CKR_TOKEN_NOT_PRESENT.into());
        }
        match &slot.medium.accessibility {
            ingam::medium::Accessibility::Usable => Ok(slot),
            ingam::medium::Accessibility::Unusable(error) => Err(Rv::caused(CKR_TOKEN_NOT_PRESENT, error.clone())),
        }
    }

    /// What this process has of a slot.
    pub(crate) fn state(&self, id: SlotId) -> Arc<SlotState> {
        Arc::clone(lock(&self.slots).entry(id).or_insert_with(|| Arc::new(SlotState::new(id))))
    }

    /// Opens the slot's token and a session with it.
    ///
    /// # Errors
    /// Those of [`token_slot`](Self::token_slot); why the token cannot be opened; `CKR_SESSION_READ_WRITE_SO_EXISTS`.
    pub(crate) fn open_session(&self, slot: &Slot, access: Access) -> Answer<CK_SESSION_HANDLE> {
        let state = self.state(slot.id);
        state.token(&self.keystore).map_err(|rv| match rv.code() {
            CKR_DEVICE_REMOVED => CKR_TOKEN_NOT_PRESENT.into(),
            _ => rv,
        })?;
        state.enter(access)?;
        let handle = self.session_handles.take(1)?;
        let session = Arc::new(Session::new(handle, state, access));
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(handle, session);
        Ok(handle)
    }

    /// The session of this handle.
    ///
    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`.
    pub(crate) fn session(&self, handle: CK_SESSION_HANDLE) -> Answer<Arc<Session>> {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&handle).cloned().ok_or_else(|| CKR_SESSION_HANDLE_INVALID.into())
    }

    /// Closes a session; with the last one of a slot its login ends.
    ///
    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`.
    pub(crate) fn close_session(&self, handle: CK_SESSION_HANDLE) -> Answer {
        let session = self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&handle);
        let session = session.ok_or(CKR_SESSION_HANDLE_INVALID)?;
        session.slot().leave(session.access());
        Ok(())
    }

    /// Closes the sessions of one slot.
    pub(crate) fn close_sessions(&self, id: SlotId) {
        for session in self.remove_sessions(id) {
            session.slot().leave(session.access());
        }
    }

    /// Ends the operations of a slot that use private keys by this login.
    pub(crate) fn cancel_private_operations(&self, id: SlotId, login: u64) {
        for session in self.sessions.read().unwrap_or_else(PoisonError::into_inner).values() {
            if session.slot().id() == id {
                session.operations().cancel_private(login);
            }
        }
    }

    /// The keystore, for what a [`SlotState`] asks of it.
    pub(crate) const fn keystore(&self) -> &Keystore {
        &self.keystore
    }

    fn remove_sessions(&self, id: SlotId) -> Vec<Arc<Session>> {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        let of_slot = sessions.values().filter(|session| session.slot().id() == id);
        let handles: Vec<CK_SESSION_HANDLE> = of_slot.map(|session| session.handle()).collect();
        handles.iter().filter_map(|handle| sessions.remove(handle)).collect()
    }

    /// The medium of a slot went: nothing of it is valid any more.
    fn forget_slot(&self, id: SlotId) {
        self.remove_sessions(id);
        self.state(id).forget();
    }

    /// Ends waits, sessions and logins. What another thread is in the middle of ends with its call.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.events.close();
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).clear();
        for state in lock(&self.slots).values() {
            state.try_logout();
        }
    }

    /// In a forked child: wipes the keys of file media. A token with a device of its own is the parent's still.
    pub(crate) fn wipe_in_child(&self) {
        let Ok(slots) = self.slots.try_lock() else { return };
        for state in slots.values() {
            state.wipe_in_child();
        }
    }
}
