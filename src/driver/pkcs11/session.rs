//! This file lends out the one session that this library has with a token, on the thread of its module.
//!
//! - [`in_session`](TokenSession::in_session) runs a job with the session, logged in or not;
//! - [`logged_in`](TokenSession::logged_in) does, and answers `NotLoggedIn` unless the login of this library holds;
//! - [`without_session`](TokenSession::without_session) closes it first, for C_InitToken.
//!
//! A job is one closure on the module's thread: what must not be interrupted (C_SignInit and C_Sign, a find with its end) is
//! one job. What takes long is several, so that each keeps the limit. The session is opened by the first job that needs it and
//! not before: in a process where the application itself uses the module, a session of ours would keep a login alive that
//! the application ended by closing its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cryptoki::context::Pkcs11 as Context;
use cryptoki::error::{Error as Foreign, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot as Number;

use super::failure::failed;
use super::module::{Inside, LIMIT, Slot};
use crate::error::{Error, ErrorKind, Result};
use crate::pin::Pin;

/// How long a call may take in which the token makes a key pair or its owner types.
pub(super) const LONG: Duration = Duration::from_secs(120);

/// Our session with one token.
pub(super) struct TokenSession {
    pub(super) slot: Slot,
    own: Arc<Own>,
}

/// What a job takes with it to the module's thread. Not the module: its last owner waits for that thread, which therefore must
/// never be the last owner.
struct Own {
    /// Tells the session from every other of this process.
    key: u64,
    /// The slot's number in its module.
    slot: u64,
    /// The number of the login that holds; 0 is none. Written on the module's thread.
    login: AtomicU64,
}

/// A session that is open, on the module's thread.
pub(super) struct Open {
    pub(super) session: Session,
    pub(super) login: Option<Login>,
}

/// The login of this library to a token.
pub(super) struct Login {
    pub(super) number: u64,
    /// Kept only if a key asks for it with each use (CKA_ALWAYS_AUTHENTICATE).
    pub(super) pin: Option<Pin>,
}

impl TokenSession {
    pub(super) fn new(slot: Slot) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let key = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = Arc::new(Own { key, slot: slot.number, login: AtomicU64::new(0) });
        Self { slot, own }
    }

    /// The number of the login that holds. Each login has another one, so that a signer knows whether it is still his.
    pub(super) fn login(&self) -> Option<u64> {
        Some(self.own.login.load(Ordering::Acquire)).filter(|number| *number != 0)
    }

    /// Runs a job with the session, which is opened if there is none.
    ///
    /// # Errors
    /// The job's own; `TimedOut`, `Removed`, `Device` as [`ForeignSlot::run`](crate::token::ForeignSlot::run).
    pub(super) fn in_session<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        job: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.in_open(limit, |_, open| job(&open.session))
    }

    /// Runs a job with the session while the login of this number holds.
    ///
    /// # Errors
    /// As [`in_session`](Self::in_session); `NotLoggedIn`.
    pub(super) fn logged_in<T: Send + 'static>(
        self: &Arc<Self>,
        number: u64,
        limit: Duration,
        job: impl FnOnce(&mut Open) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.in_open(limit, move |_, open| {
            if open.login.as_ref().is_none_or(|login| login.number != number) {
                return Err(Error::new(ErrorKind::NotLoggedIn, "using a token"));
            }
            job(open)
        })
    }

    /// Runs a job for the slot after our session with it is closed; a login ends with it.
    ///
    /// # Errors
    /// As [`in_session`](Self::in_session).
    #[allow(dead_code, reason = "initialising a token uses it")]
    pub(super) fn without_session<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        job: impl FnOnce(&Context, Number) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let own = Arc::clone(&self.own);
        self.slot.module.call(limit, move |inside, context| {
            own.close(inside);
            job(context, own.number()?)
        })
    }

    /// Closes the session, if there is one, without waiting for it.
    pub(super) fn close_later(self: &Arc<Self>) {
        let own = Arc::clone(&self.own);
        drop(self.slot.module.thread().post(LIMIT, move |inside| own.close(inside)));
    }

    /// Ends our login and closes our session; waits for it.
    pub(super) fn close_now(self: &Arc<Self>) {
        let own = Arc::clone(&self.own);
        // Whatever comes of it, the session counts for nothing from now on.
        drop(self.slot.module.thread().call(LIMIT, move |inside| own.close(inside)));
        self.own.login.store(0, Ordering::Release);
    }

    /// As [`in_session`](Self::in_session), for who changes the login.
    pub(super) fn in_open<T: Send + 'static>(
        self: &Arc<Self>,
        limit: Duration,
        job: impl FnOnce(&Context, &mut Open) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let own = Arc::clone(&self.own);
        self.slot.module.call(limit, move |inside, context| {
            let done = own.open(inside, context).and_then(|open| job(context, open));
            let login = inside.sessions.get(&own.key).and_then(|open| open.login.as_ref());
            own.login.store(login.map_or(0, |login| login.number), Ordering::Release);
            let nobody = login.is_none();
            match &done {
                Err(error) if error.kind() == ErrorKind::Removed => own.forget(inside, context),
                // With a login it stays; else a fresh one has no operation that a failure left half done.
                Err(_) if nobody => drop(inside.sessions.remove(&own.key)),
                _ => {}
            }
            done
        })
    }

    pub(super) fn number(&self) -> Result<Number> {
        self.own.number()
    }
}

impl Own {
    fn number(&self) -> Result<Number> {
        self.slot.try_into().map_err(failed("opening a session with a token"))
    }

    fn open<'a>(&self, inside: &'a mut Inside, context: &Context) -> Result<&'a mut Open> {
        use std::collections::btree_map::Entry::{Occupied, Vacant};
        match inside.sessions.entry(self.key) {
            Occupied(mut known) => {
                // Whoever else uses the module in this process may have closed all sessions.
                let stale = known.get().login.is_none() && known.get().session.get_session_info().is_err();
                if stale {
                    known.insert(Open { session: self.new_session(context)?, login: None });
                }
                Ok(known.into_mut())
            }
            Vacant(place) => Ok(place.insert(Open { session: self.new_session(context)?, login: None })),
        }
    }

    fn new_session(&self, context: &Context) -> Result<Session> {
        let number = self.number()?;
        match context.open_rw_session(number) {
            Err(Foreign::Pkcs11(RvError::TokenWriteProtected, _)) => context.open_ro_session(number),
            opened => opened,
        }
        .map_err(failed("opening a session with a token"))
    }

    /// Ends what is ours: a login that the application made itself is left alone.
    fn close(&self, inside: &mut Inside) {
        self.login.store(0, Ordering::Release);
        if let Some(open) = inside.sessions.remove(&self.key)
            && open.login.is_some()
        {
            // If the token is gone, so is the login.
            drop(open.session.logout());
        }
    }

    /// The token went, or the application ended the module: nothing of ours is there any more.
    fn forget(&self, inside: &mut Inside, context: &Context) {
        self.login.store(0, Ordering::Release);
        inside.sessions.remove(&self.key);
        inside.was_ended(context);
    }
}
