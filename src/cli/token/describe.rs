//! This file describes a token in words and in JSON, the same way in every verb.

use ingam::medium::{Medium, PinState, TokenState};
use ingam::selector::Pkcs11Uri;
use serde_json::{Value, json};

use super::found::Found;
use crate::cli::language::Words;

/// The `pkcs11:` URI of a token, by label and serial number: both survive another slot number, and of two tokens with the same
/// label it names one.
pub(super) fn uri(medium: &Medium) -> Pkcs11Uri {
    Pkcs11Uri { token: Some(medium.label.clone()), serial: Some(medium.serial()), ..Pkcs11Uri::default() }
}

/// Maker and model.
pub(super) fn model(state: &TokenState) -> String {
    format!("{} {}", state.manufacturer, state.model).trim().to_owned()
}

/// How the owner's PIN stands, as far as the token tells: steps, not a number.
pub(super) fn pin(words: &Words, state: &TokenState) -> String {
    if !state.initialised {
        return words.say("token-not-initialised");
    }
    standing(words, state.user_pin, state.lockout)
}

/// How the security officer's PIN stands.
pub(super) fn so_pin(words: &Words, state: &TokenState) -> String {
    if !state.initialised {
        return words.say("token-not-initialised");
    }
    standing(words, state.so_pin, state.lockout)
}

fn standing(words: &Words, pin: PinState, lockout: bool) -> String {
    let text = words.say(match pin {
        PinState::NotSet => return words.say("token-pin-not-set"),
        PinState::Locked => return words.say("token-pin-locked"),
        PinState::ToBeChanged => return words.say("token-pin-to-be-changed"),
        PinState::FinalTry => "token-pin-final-try",
        PinState::CountLow => "token-pin-count-low",
        PinState::Good => "token-pin-good",
    });
    if lockout { text } else { words.tell("token-pin-never-locks", &[("state", (&text).into())]) }
}

fn key(pin: PinState) -> &'static str {
    match pin {
        PinState::NotSet => "not-set",
        PinState::Good => "good",
        PinState::CountLow => "count-low",
        PinState::FinalTry => "final-try",
        PinState::Locked => "locked",
        PinState::ToBeChanged => "to-be-changed",
    }
}

/// A token as JSON.
pub(super) fn json(found: &Found) -> Value {
    let medium = &found.medium;
    let mut token = json!({
        "label": medium.label,
        "serial": medium.serial(),
        "module": medium.place,
        "uri": uri(medium).to_string(),
        "write_protected": medium.write_protected,
    });
    if let Some(state) = &medium.token {
        token["manufacturer"] = state.manufacturer.as_str().into();
        token["model"] = state.model.as_str().into();
        token["firmware"] = state.firmware.as_str().into();
        token["initialised"] = state.initialised.into();
        token["pin"] = key(state.user_pin).into();
        token["so_pin"] = key(state.so_pin).into();
        token["lockout"] = state.lockout.into();
        token["login_required"] = state.login_required.into();
        token["own_keypad"] = state.own_keypad.into();
        token["pin_bytes"] = json!({ "shortest": state.pin_bytes.0, "longest": state.pin_bytes.1 });
        token["free_memory"] = json!({ "public": state.free_memory.0, "private": state.free_memory.1 });
    }
    token
}
