//! This file says what a token answered to a PIN: wrong, locked, refused, and how many tries are left as far as it tells.

use std::sync::Arc;

use ingam::keystore::{Keystore, SlotId};
use ingam::medium::{Medium, PinState, TokenState};
use ingam::pin::{LastTry, Role};
use ingam::{Error, ErrorKind};

use crate::cli::failure::Failure;
use crate::cli::language::Words;
use crate::cli::report::{Exit, Report, chain};
use crate::cli::session::Session;

/// An error of a token that was sent a PIN, with the token as it is now. What has nothing to do with the PIN, and what a
/// medium of files answers, stays what it is.
pub(crate) fn after(keystore: &Keystore, slot: SlotId, role: Role, error: Error) -> Failure {
    keystore.refresh();
    let medium = keystore.slot(slot).map(|slot| slot.medium);
    match (medium, error.kind()) {
        (
            Ok(medium),
            ErrorKind::PinIncorrect { .. }
            | ErrorKind::PinLocked
            | ErrorKind::LastTryRefused
            | ErrorKind::PinRejected
            | ErrorKind::NotPermitted,
        ) if medium.token.is_some() => Failure::Pin { error, role, medium },
        _ => Failure::Library(error),
    }
}

/// Refuses before a PIN is asked for what the token would refuse after it, or what must not be sent to it.
pub(crate) fn check(session: &Session, medium: &Medium, role: Role) -> Result<(), Failure> {
    let Some(state) = &medium.token else { return Ok(()) };
    let kind = match pin_state(state, role) {
        PinState::Locked => ErrorKind::PinLocked,
        PinState::FinalTry if session.last_try() == LastTry::Refused => ErrorKind::LastTryRefused,
        _ => return Ok(()),
    };
    let error = Error::new(kind, "asking for a PIN");
    Err(Failure::Pin { error, role, medium: Arc::new(medium.clone()) })
}

const fn pin_state(state: &TokenState, role: Role) -> PinState {
    match role {
        Role::User => state.user_pin,
        Role::SecurityOfficer => state.so_pin,
    }
}

/// What to tell; `None` where the library's own words do.
pub(crate) fn describe(error: &Error, role: Role, medium: &Arc<Medium>, words: &Words) -> Option<Report> {
    let state = medium.token.as_ref()?;
    let now = pin_state(state, role);
    let (code, exit, user, officer) = match error.kind() {
        ErrorKind::PinIncorrect { .. } => {
            ("pin_incorrect", Exit::WrongPassword, "error-token-pin-incorrect", "error-token-so-pin-incorrect")
        }
        ErrorKind::PinLocked => ("pin_locked", Exit::Locked, "error-token-pin-locked", "error-token-so-pin-locked"),
        ErrorKind::LastTryRefused => {
            ("last_try_refused", Exit::Locked, "error-token-last-try", "error-token-so-last-try")
        }
        ErrorKind::PinRejected => {
            ("pin_rejected", Exit::WrongPassword, "error-token-pin-rejected", "error-token-pin-rejected")
        }
        ErrorKind::NotPermitted if now == PinState::NotSet => {
            ("pin_not_set", Exit::WrongPassword, "error-token-pin-not-set", "error-token-pin-not-set")
        }
        _ => return None,
    };
    let message = match role {
        Role::User => user,
        Role::SecurityOfficer => officer,
    };
    let tries_left = match error.kind() {
        ErrorKind::PinIncorrect { tries_left: Some(tries) } => Some(tries),
        ErrorKind::PinIncorrect { .. } | ErrorKind::PinLocked | ErrorKind::LastTryRefused => known_tries(now, error),
        _ => None,
    };
    let kind = match error.kind() {
        ErrorKind::PinIncorrect { .. } => ErrorKind::PinIncorrect { tries_left },
        other => other,
    };
    Some(Report {
        code,
        exit,
        message: words.tell(message, &[("token", (&medium.label).into())]),
        hint: hint(kind, role, state, words),
        detail: Some(chain(error)),
        tries_left,
    })
}

/// What PKCS#11's steps say as a number.
fn known_tries(now: PinState, error: &Error) -> Option<u8> {
    match (now, error.kind()) {
        (PinState::Locked, _) | (_, ErrorKind::PinLocked) => Some(0),
        (PinState::FinalTry, _) | (_, ErrorKind::LastTryRefused) => Some(1),
        _ => None,
    }
}

fn hint(kind: ErrorKind, role: Role, state: &TokenState, words: &Words) -> Option<String> {
    let locked = words.say(match role {
        Role::User => "error-token-locked-hint",
        Role::SecurityOfficer => "error-token-so-locked-hint",
    });
    Some(match kind {
        ErrorKind::PinIncorrect { tries_left: Some(0) } => format!("{}\n{locked}", words.say("error-token-now-locked")),
        ErrorKind::PinIncorrect { tries_left: Some(1) } => words.say("error-token-one-try-left"),
        ErrorKind::PinIncorrect { .. } if !state.lockout => words.say("error-token-never-locks"),
        ErrorKind::PinIncorrect { .. } => words.say("error-token-tries-unknown"),
        ErrorKind::PinLocked => locked,
        ErrorKind::LastTryRefused => words.say("error-token-last-try-hint"),
        ErrorKind::PinRejected => {
            let (shortest, longest) = state.pin_bytes;
            words.tell("error-token-pin-length-hint", &[("shortest", shortest.into()), ("longest", longest.into())])
        }
        _ => words.say("error-token-pin-not-set-hint"),
    })
}
