//! This file is what exists between C_Initialize and C_Finalize: keystore, slots, sessions, events, trace.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use cryptoki_sys::*;
use ingam::ErrorKind;
use ingam::config::Config;
use ingam::keystore::{Keystore, Slot, SlotId, lock};
use ingam::view;

use crate::abi::{pages, process, signals};
use crate::events::Events;
use crate::foreign::{ForeignSessions, Place};
use crate::handle::Handles;
use crate::monitor::{Monitor, Scan};
use crate::rv::{Answer, Rv};
use crate::session::{Access, Session};
use crate::sessions::Sessions;
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
    /// For its thread.
    own: Weak<Self>,
    keystore: Keystore,
    slots: Mutex<HashMap<SlotId, Arc<SlotState>>>,
    sessions: Sessions,
    foreign: ForeignSessions,
    session_handles: Handles,
    object_handles: Handles,
    events: Arc<Events>,
    /// Where media come and go.
    folders: Vec<PathBuf>,
    monitor: Monitor,
    /// The slots as C_GetSlotList last counted them.
    counted: Mutex<Option<Vec<Slot>>>,
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
    pub(crate) fn new(threads: Threads) -> Answer<Arc<Self>> {
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
            config.foreign.own_threads = false;
        }
        config.foreign.under_p11_kit = process::has_p11_kit();
        let trace = Config::trace_file().as_deref().and_then(Trace::open).map(Arc::new);
        if let (Some(trace), Some(reason)) = (&trace, reason) {
            trace.note(&reason);
        }
        pages::install();
        ingam::driver::pkcs11::start_threads_within(|start| signals::without(start));
        Ok(Arc::new_cyclic(|own| Self {
            own: own.clone(),
            keystore: view::keystore(&config),
            slots: Mutex::default(),
            sessions: Sessions::default(),
            foreign: ForeignSessions::default(),
            session_handles: Handles::new(),
            object_handles: Handles::new(),
            events: Arc::default(),
            folders: config.npki_roots,
            monitor: Monitor::new(threads),
            counted: Mutex::default(),
            closed: AtomicBool::new(false),
            trace,
        }))
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

    /// The folders to be watched.
    pub(crate) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Has media watched by the library's thread from now on; whether there is one.
    pub(crate) fn watch_now(&self) -> bool {
        self.monitor.start_now(&self.own)
    }

    /// Looks for media. The sessions of one that went end, and then slots that changed become events.
    pub(crate) fn refresh(&self) -> Scan {
        let mut changed = self.keystore.refresh();
        let errors = self.keystore.driver_errors();
        for (_, error) in &errors {
            self.note(error);
        }
        for id in &changed {
            let state = lock(&self.slots).get(id).cloned();
            if let Some(state) = state {
                state.forget_gone(&self.keystore);
                self.sessions.orphan(*id);
            }
            self.foreign.orphan(*id, self.keystore.open_token(*id).as_ref());
        }
        // Nobody is told of a number that no function takes.
        changed.retain(|id| self.keystore.slot(*id).is_ok_and(|slot| is_place_for_tokens(&slot)));
        self.events.post(&changed);
        if errors.is_empty() { Scan::Complete } else { Scan::Incomplete }
    }

    /// Looks for media because something happened: in a slot that holds several, objects may have changed and no event
    /// tells of it.
    pub(crate) fn look_again(&self) -> Scan {
        let scan = self.refresh();
        let states: Vec<_> = lock(&self.slots).values().cloned().collect();
        states.iter().for_each(|state| state.outdate());
        scan
    }

    /// The next slot event, if there is one. Without a thread that watches, this call looks.
    pub(crate) fn event(&self) -> Option<SlotId> {
        if !self.watch_now() {
            self.refresh();
        }
        self.events.next()
    }

    /// Every slot; the first call looks for media.
    pub(crate) fn slots(&self) -> Vec<Slot> {
        let mut slots = self.keystore.slots();
        slots.retain(is_place_for_tokens);
        slots
    }

    /// Looks for media, and the slots that there are then.
    pub(crate) fn count_slots(&self) -> Vec<Slot> {
        self.refresh();
        let slots = self.slots();
        *lock(&self.counted) = Some(slots.clone());
        slots
    }

    /// The slots as last counted: media come and go at any time, and a list must be as long as was said.
    pub(crate) fn counted_slots(&self) -> Vec<Slot> {
        let counted = lock(&self.counted).clone();
        counted.unwrap_or_else(|| {
            let slots = self.slots();
            lock(&self.counted).get_or_insert(slots).clone()
        })
    }

    /// The slot of this number; the first call looks for media.
    ///
    /// # Errors
    /// `CKR_SLOT_ID_INVALID`.
    #[allow(clippy::useless_conversion, reason = "CK_SLOT_ID has 32 bits elsewhere")]
    pub(crate) fn slot(&self, number: CK_SLOT_ID) -> Answer<Slot> {
        let id = SlotId::from_number(number.into()).ok_or(CKR_SLOT_ID_INVALID)?;
        let slot = self.keystore.slot(id).map_err(|error| Rv::caused(CKR_SLOT_ID_INVALID, error))?;
        if is_place_for_tokens(&slot) { Ok(slot) } else { Err(CKR_SLOT_ID_INVALID.into()) }
    }

    /// Sessions with other modules' tokens.
    pub(crate) const fn foreign(&self) -> &ForeignSessions {
        &self.foreign
    }

    /// The slot of this number if it is another module's and its token is there.
    ///
    /// # Errors
    /// `CKR_TOKEN_NOT_PRESENT` if the token went just now, or its module; why it cannot be opened.
    pub(crate) fn foreign_slot(&self, number: CK_SLOT_ID) -> Answer<Option<Place>> {
        // Any other slot has its answers elsewhere, one that does not exist too.
        let Ok(slot) = self.token_slot(number) else { return Ok(None) };
        if slot.medium.token.is_none() {
            return Ok(None);
        }
        let token = self.keystore.token(slot.id).map_err(|error| {
            self.refresh();
            Rv::from(error).renamed(CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT)
        })?;
        let foreign = lock(&token).foreign();
        foreign.map(|foreign| Place::new(slot.id, token, foreign)).transpose()
    }

    /// Opens a session with another module's token.
    ///
    /// # Errors
    /// Those of the module.
    pub(crate) fn open_foreign_session(&self, at: Place, flags: CK_FLAGS) -> Answer<CK_SESSION_HANDLE> {
        self.monitor.start(&self.own);
        let handle = self.session_handles.take(1)?;
        self.foreign.open(self, at, handle, flags)?;
        Ok(handle)
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

    /// Opens the slot's token and a session with it. Soon after the first one media are watched: keys must not outlive them.
    ///
    /// # Errors
    /// Those of [`token_slot`](Self::token_slot); why the token cannot be opened; `CKR_SESSION_READ_WRITE_SO_EXISTS`.
    pub(crate) fn open_session(&self, slot: &Slot, access: Access) -> Answer<CK_SESSION_HANDLE> {
        self.monitor.start(&self.own);
        let state = self.state(slot.id);
        let token = state.token(&self.keystore).map_err(|rv| match rv.code() {
            CKR_DEVICE_REMOVED => CKR_TOKEN_NOT_PRESENT.into(),
            _ => rv,
        })?;
        let presence = state.enter(access, &token)?;
        let handle = self.session_handles.take(1)?;
        self.sessions.insert(Session::new(handle, state, access, presence));
        Ok(handle)
    }

    /// The session of this handle.
    ///
    /// # Errors
    /// `CKR_SESSION_HANDLE_INVALID`; `CKR_DEVICE_REMOVED` if its medium went, also when it is back.
    pub(crate) fn session(&self, handle: CK_SESSION_HANDLE) -> Answer<Arc<Session>> {
        self.sessions.get(handle)
    }

    /// What an operation of a session answers whose key does not work any more: the medium went, or somebody logged out.
    pub(crate) fn without_key(&self, session: &Session, rv: Rv) -> Rv {
        let gone = || !session.is_current() || session.slot().is_gone(&self.keystore);
        if rv.code() == CKR_USER_NOT_LOGGED_IN && gone() { CKR_DEVICE_REMOVED.into() } else { rv }
    }

    /// Closes a session; with the last one of a slot its login ends.
    ///
    /// # Errors
    /// As [`session`](Self::session).
    pub(crate) fn close_session(&self, handle: CK_SESSION_HANDLE) -> Answer {
        if let Some(closed) = self.foreign.close(self, handle) {
            return closed;
        }
        self.sessions.remove(handle)?.leave(self);
        Ok(())
    }

    /// Closes the sessions of one slot.
    ///
    /// # Errors
    /// Those of another module.
    pub(crate) fn close_sessions(&self, id: SlotId) -> Answer {
        for session in self.sessions.remove_of(id) {
            session.leave(self);
        }
        self.foreign.close_slot(self, id)
    }

    /// Ends the operations of a slot that use private keys by this login.
    pub(crate) fn cancel_private_operations(&self, id: SlotId, login: u64) {
        self.sessions.each_of(id, |session| session.operations().cancel_private(login));
    }

    /// The keystore, for what a [`SlotState`] asks of it.
    pub(crate) const fn keystore(&self) -> &Keystore {
        &self.keystore
    }

    /// Ends waits, the library's thread, sessions and logins. What another thread is in the middle of ends with its call.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.events.close();
        self.monitor.stop();
        self.sessions.clear();
        self.foreign.close_all();
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

/// Whether this is a slot. A module that cannot be used is none, nor a token of it: applications choke on a slot that never
/// has a token.
fn is_place_for_tokens(slot: &Slot) -> bool {
    slot.medium.id.driver() != "pkcs11" || slot.medium.is_usable()
}
