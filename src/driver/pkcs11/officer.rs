//! This file does what only the security officer (관리자) of a token may: initialise it, and set the user's PIN anew. It
//! changes PINs too.

use cryptoki::context::Pkcs11 as Context;
use cryptoki::error::{Error as Foreign, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot as Number;
use cryptoki::types::AuthPin;

use super::failure::failed;
use super::login::{allow, typed};
use super::scan::state_of;
use super::session::LONG;
use super::token::Pkcs11Token;
use crate::error::{Error, ErrorKind, Result};
use crate::medium::{PinState, TokenState};
use crate::pin::{Pin, Role};
use crate::token::{Admin, Officer, Scope};

/// Length of `CK_TOKEN_INFO.label`.
const LABEL_BYTES: usize = 32;

const INITIALISING: &str = "initialising a token";
const UNLOCKING: &str = "setting the PIN of a token anew";
const CHANGING: &str = "changing the PIN of a token";

impl Officer for Pkcs11Token {
    fn initialise(&mut self, so_pin: &Pin, label: &str) -> Result<()> {
        if label.trim().is_empty() || label.len() > LABEL_BYTES || label.chars().any(|c| c.is_control() || c == ':') {
            return Err(Error::new(ErrorKind::InvalidInput, "reading the label of a token"));
        }
        let (so_pin, label) = (copy(so_pin), label.to_owned());
        let done = self.session.without_session(LONG, move |context, slot| {
            let state = state_of(context, slot.id())?;
            let sent = sent(&so_pin, &state, INITIALISING)?;
            if state.initialised {
                allow(state.so_pin, so_pin.last_try())?;
            } else {
                check_length(&so_pin, &state, INITIALISING)?;
            }
            let initialised = context.init_token(slot, &sent, &label);
            initialised.map_err(|error| refused(error, Role::SecurityOfficer, context, slot, INITIALISING))
        });
        self.forget();
        done
    }

    fn unlock(&mut self, so_pin: &Pin, new: &Pin) -> Result<()> {
        let (so_pin, new) = (copy(so_pin), copy(new));
        let done = self.session.without_session(LONG, move |context, slot| {
            let state = state_of(context, slot.id())?;
            let officer = typed(&so_pin, &state)?;
            let sent = sent(&new, &state, UNLOCKING)?;
            check_length(&new, &state, UNLOCKING)?;
            allow(state.so_pin, so_pin.last_try())?;
            let session = context.open_rw_session(slot).map_err(failed(UNLOCKING))?;
            let login = session.login(UserType::So, officer.as_ref());
            login.map_err(|error| refused(error, Role::SecurityOfficer, context, slot, UNLOCKING))?;
            let set = session.init_pin(&sent).map_err(|error| rejected(error, UNLOCKING));
            // An officer's login is left to nobody, whatever came of it.
            drop(session.logout());
            set
        });
        self.forget();
        done
    }
}

impl Admin for Pkcs11Token {
    fn change_pin(&mut self, role: Role, _: &Scope, old: &Pin, new: &Pin) -> Result<()> {
        let (old, new) = (copy(old), copy(new));
        let done = self.session.without_session(LONG, move |context, slot| {
            let state = state_of(context, slot.id())?;
            let before = sent(&old, &state, CHANGING)?;
            let after = sent(&new, &state, CHANGING)?;
            check_length(&new, &state, CHANGING)?;
            allow(if role == Role::User { state.user_pin } else { state.so_pin }, old.last_try())?;
            let session = context.open_rw_session(slot).map_err(failed(CHANGING))?;
            match role {
                Role::User => set_pin(&session, &before, &after, context, slot, role),
                Role::SecurityOfficer => {
                    let login = session.login(UserType::So, Some(&before));
                    login.map_err(|error| refused(error, role, context, slot, CHANGING))?;
                    let set = set_pin(&session, &before, &after, context, slot, role);
                    drop(session.logout());
                    set
                }
            }
        });
        self.forget();
        done
    }
}

/// Without a login this changes the user's PIN, in a login of the officer the officer's.
fn set_pin(session: &Session, old: &AuthPin, new: &AuthPin, context: &Context, slot: Number, role: Role) -> Result<()> {
    session.set_pin(old, new).map_err(|error| match error {
        Foreign::Pkcs11(RvError::PinIncorrect | RvError::PinLocked, _) => refused(error, role, context, slot, CHANGING),
        _ => rejected(error, CHANGING),
    })
}

fn copy(pin: &Pin) -> Pin {
    Pin::copy_of(pin.expose()).with_last_try(pin.last_try())
}

/// The PIN as it is sent.
///
/// # Errors
/// `Unsupported` for one that is to be typed on the token, which crate `cryptoki` cannot ask for here; as [`typed`].
fn sent(pin: &Pin, state: &TokenState, doing: &'static str) -> Result<AuthPin> {
    if pin.is_empty() && !state.own_keypad {
        return Err(Error::new(ErrorKind::PinRejected, doing));
    }
    typed(pin, state)?.ok_or(Error::new(ErrorKind::Unsupported, doing))
}

fn check_length(pin: &Pin, state: &TokenState, doing: &'static str) -> Result<()> {
    let (shortest, longest) = state.pin_bytes;
    let length = pin.expose().len();
    if length < shortest || longest >= shortest && longest > 0 && length > longest {
        return Err(Error::new(ErrorKind::PinRejected, doing));
    }
    Ok(())
}

/// Why a new PIN was not taken: the old one was right.
fn rejected(error: Foreign, doing: &'static str) -> Error {
    match error {
        Foreign::Pkcs11(
            RvError::PinInvalid | RvError::PinLenRange | RvError::PinTooWeak | RvError::ArgumentsBad,
            _,
        ) => Error::new(ErrorKind::PinRejected, doing).caused_by(error),
        _ => failed(doing)(error),
    }
}

/// Why a PIN was refused, with what the token says of the tries that are left.
fn refused(error: Foreign, role: Role, context: &Context, slot: Number, doing: &'static str) -> Error {
    if !matches!(error, Foreign::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _)) {
        return failed(doing)(error);
    }
    let state = state_of(context, slot.id());
    let tries_left = match state.map(|state| if role == Role::User { state.user_pin } else { state.so_pin }) {
        Ok(PinState::FinalTry) => Some(1),
        Ok(PinState::Locked) => Some(0),
        _ => None,
    };
    Error::new(ErrorKind::PinIncorrect { tries_left }, doing).caused_by(error)
}
