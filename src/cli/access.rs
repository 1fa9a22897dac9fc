//! This file logs in to a token that is written to, by its PIN.

use ingam::keystore::{Keystore, SharedToken, SlotId, lock};
use ingam::medium::Medium;
use ingam::pin::{Pin, Role};
use ingam::selector::Pkcs11Uri;
use ingam::token::Scope;

use crate::cli::failure::{Failure, Secret};
use crate::cli::pin_failure;
use crate::cli::secret::{PinArguments, typed};
use crate::cli::session::Session;

/// The token's PIN from wherever it comes. For a token with a keypad of its own it is empty: it is typed there.
pub(crate) fn pin(
    session: &Session,
    medium: &Medium,
    arguments: &PinArguments,
    uri: Option<&Pkcs11Uri>,
) -> Result<Pin, Failure> {
    if let Some(given) = arguments.given(session, uri)? {
        return Ok(given);
    }
    let question = session.words().tell("prompt-pin", &[("token", (&medium.label).into())]);
    if medium.token.as_ref().is_some_and(|token| token.own_keypad) {
        session.note(&session.words().tell("transfer-own-keypad", &[("token", (&medium.label).into())]));
        return Ok(Pin::copy_of(b"").with_last_try(session.last_try()));
    }
    typed(session, Secret::Pin, &question)
}

/// The slot's token, logged in as its owner.
pub(crate) fn log_in(
    session: &Session,
    keystore: &Keystore,
    slot: SlotId,
    arguments: &PinArguments,
    uri: Option<&Pkcs11Uri>,
) -> Result<SharedToken, Failure> {
    let medium = keystore.slot(slot)?.medium;
    pin_failure::check(session, &medium, Role::User)?;
    let token = keystore.token(slot)?;
    let pin = pin(session, &medium, arguments, uri)?;
    let result = lock(&token).login(Role::User, &Scope::All, &pin);
    result.map_err(|error| pin_failure::after(keystore, slot, Role::User, error))?;
    Ok(token)
}
