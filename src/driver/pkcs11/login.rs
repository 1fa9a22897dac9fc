//! This file logs in to a token: a PIN is sent once, and never where being wrong would lock the token unasked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki::context::Pkcs11 as Context;
use cryptoki::error::{Error as Foreign, RvError};
use cryptoki::object::{Attribute, ObjectClass};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use super::failure::failed;
use super::module::LIMIT;
use super::scan::state_of;
use super::session::{LONG, Login, Open, TokenSession};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::{PinState, TokenState};
use crate::pin::{LastTry, Pin};

const LOGGING_IN: &str = "logging in to a token";

impl TokenSession {
    /// Logs in as the user. A login of ours that holds ends first: a PIN is proven, never assumed.
    ///
    /// # Errors
    /// `PinIncorrect`, `PinLocked`, `LastTryRefused`; `NotPermitted` if no PIN is set or it must be changed first; `InvalidInput`
    /// for one that is not UTF-8; `Busy` if the application itself is logged in, whose PIN proves nothing.
    pub(super) fn log_in(self: &Arc<Self>, pin: &Pin) -> Result<()> {
        let pin = Pin::copy_of(pin.expose()).with_last_try(pin.last_try());
        // Nobody types on a keypad within seconds.
        let limit = if pin.is_empty() { LONG } else { LIMIT };
        let slot = self.slot.number;
        self.in_open(limit, move |context, open| {
            if open.login.take().is_some() {
                drop(open.session.logout());
            }
            let state = state_of(context, slot)?;
            let typed = typed(&pin, &state)?;
            allow(state.user_pin, pin.last_try())?;
            match open.session.login(UserType::User, typed.as_ref()) {
                Ok(()) => logged_in(open, pin),
                Err(error) => Err(refused(error, context, slot)),
            }
        })
    }
}

/// What is sent; `None` is a PIN that is typed on the token's own keypad.
pub(super) fn typed(pin: &Pin, state: &TokenState) -> Result<Option<AuthPin>> {
    if pin.is_empty() {
        // No token has an empty PIN; a try is not wasted on it.
        return if state.own_keypad { Ok(None) } else { Err(wrong(None)) };
    }
    let text = std::str::from_utf8(pin.expose());
    let text = text.map_err(|_| Error::new(ErrorKind::InvalidInput, "reading a PIN, which must be UTF-8"))?;
    Ok(Some(AuthPin::from(text.to_owned())))
}

/// Whether a PIN that stands like this may be tried.
pub(super) fn allow(state: PinState, last_try: LastTry) -> Result<()> {
    match state {
        PinState::Locked => Err(ErrorKind::PinLocked),
        PinState::FinalTry if last_try == LastTry::Refused => Err(ErrorKind::LastTryRefused),
        _ => Ok(()),
    }
    .map_err(|kind| Error::new(kind, LOGGING_IN))
}

/// Why a PIN was refused, with what the token says of the tries that are left.
fn refused(error: Foreign, context: &Context, slot: u64) -> Error {
    let Foreign::Pkcs11(answer, _) = &error else { return failed(LOGGING_IN)(error) };
    match answer {
        RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange => {
            let tries_left = match state_of(context, slot).map(|state| state.user_pin) {
                Ok(PinState::FinalTry) => Some(1),
                Ok(PinState::Locked) => Some(0),
                _ => None,
            };
            wrong(tries_left).caused_by(error)
        }
        RvError::UserAlreadyLoggedIn | RvError::UserAnotherAlreadyLoggedIn => {
            Error::new(ErrorKind::Busy, "logging in to a token that this program is logged in to itself")
                .caused_by(error)
        }
        // Some tokens do not tell in their flags that a PIN is set: their answer counts.
        RvError::UserPinNotInitialized => {
            Error::new(ErrorKind::NotPermitted, "logging in to a token whose PIN is not set yet").caused_by(error)
        }
        RvError::PinExpired => {
            Error::new(ErrorKind::NotPermitted, "logging in with a PIN that must be changed first").caused_by(error)
        }
        _ => failed(LOGGING_IN)(error),
    }
}

const fn wrong(tries_left: Option<u8>) -> Error {
    Error::new(ErrorKind::PinIncorrect { tries_left }, LOGGING_IN)
}

/// Remembers the login, and its PIN if a key will ask for it.
fn logged_in(open: &mut Open, pin: Pin) -> Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    open.login = Some(Login { number, pin: None });
    if asks_each_time(&open.session)
        && let Some(login) = &mut open.login
    {
        login.pin = Some(pin);
    }
    Ok(())
}

/// Whether a private key wants the PIN with each use.
fn asks_each_time(session: &Session) -> bool {
    let template = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::AlwaysAuthenticate(true)];
    // A token that does not know the attribute has no such key.
    session.iter_objects(&template).is_ok_and(|mut found| matches!(found.next(), Some(Ok(_))))
}
