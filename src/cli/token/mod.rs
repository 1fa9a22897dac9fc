//! This file is `ingam token` (토큰): 보안토큰 are listed, initialised, unlocked, and given other PINs. One verb, one file.

mod describe;
mod failure;
mod found;
mod info;
mod init;
mod list;
mod pin;
mod relabel;
mod reset;
mod softhsm;
mod unlock;

use clap::{Args, Subcommand};
use ingam::medium::Medium;
use ingam::pin::{Pin, Role};
use ingam::selector::{MediumSelector, Pkcs11Uri};

pub(crate) use failure::TokenFailure;

use crate::cli::failure::{Failure, Secret};
use crate::cli::report::Exit;
use crate::cli::session::Session;
use crate::cli::{pin_failure, secret};

/// The verbs of `token`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(alias = "목록")]
    List,
    #[command(alias = "정보")]
    Info(info::Arguments),
    #[command(alias = "초기화")]
    Init(init::Arguments),
    #[command(alias = "비밀번호")]
    Pin(pin::Arguments),
    #[command(alias = "잠금해제")]
    Unlock(unlock::Arguments),
    #[command(alias = "재초기화")]
    Reset(reset::Arguments),
    #[command(alias = "이름변경")]
    Relabel(relabel::Arguments),
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.verb {
        Verb::List => list::run(session),
        Verb::Info(arguments) => info::run(session, arguments),
        Verb::Init(arguments) => init::run(session, arguments),
        Verb::Pin(arguments) => pin::run(session, arguments),
        Verb::Unlock(arguments) => unlock::run(session, arguments),
        Verb::Reset(arguments) => reset::run(session, arguments),
        Verb::Relabel(arguments) => relabel::run(session, arguments),
    }
}

/// The PIN that a token has now: the one that was given, or typed here, or typed on the token's own keypad.
fn current_pin(session: &Session, medium: &Medium, role: Role, given: Option<Pin>) -> Result<Pin, Failure> {
    pin_failure::check(session, medium, role)?;
    if let Some(pin) = given {
        return Ok(pin);
    }
    if let Some(pin) = on_own_keypad(session, medium) {
        return Ok(pin);
    }
    let (secret, key) = match role {
        Role::User => (Secret::Pin, "prompt-pin"),
        Role::SecurityOfficer => (Secret::SoPin, "prompt-so-pin"),
    };
    secret::typed(session, secret, &session.words().tell(key, &[("token", (&medium.label).into())]))
}

/// The PIN that a token is to have, typed twice.
fn new_pin(session: &Session, medium: &Medium, role: Role, secret: Secret, given: Option<Pin>) -> Result<Pin, Failure> {
    let pin = match given.or_else(|| on_own_keypad(session, medium)) {
        Some(pin) => pin,
        None => {
            let words = session.words();
            let (key, again) = match role {
                Role::User => ("prompt-new-pin", "prompt-new-pin-again"),
                Role::SecurityOfficer => ("prompt-new-so-pin", "prompt-new-so-pin-again"),
            };
            let question = words.tell(key, &[("token", (&medium.label).into())]);
            secret::typed_twice(session, secret, &question, &words.say(again))?
        }
    };
    check_length(medium, &pin)?;
    Ok(pin)
}

/// The URI that a token was named by, for its `pin-source`.
fn pin_source(selector: &str) -> Option<Pkcs11Uri> {
    match selector.parse() {
        Ok(MediumSelector::Uri(uri)) => Some(uri),
        _ => None,
    }
}

/// A token with a keypad of its own takes no PIN from a program.
fn on_own_keypad(session: &Session, medium: &Medium) -> Option<Pin> {
    medium.token.as_ref().filter(|state| state.own_keypad)?;
    session.note(&session.words().tell("token-own-keypad", &[("token", (&medium.label).into())]));
    Some(Pin::copy_of(&[]).with_last_try(session.last_try()))
}

/// Refuses a new PIN that the token would refuse, before anything is done: an initialisation would stop half-way.
fn check_length(medium: &Medium, pin: &Pin) -> Result<(), Failure> {
    let Some(state) = &medium.token else { return Ok(()) };
    let (shortest, longest) = state.pin_bytes;
    let length = secret::length(pin);
    // Some modules leave these at 0.
    if length == 0 || longest == 0 || (shortest..=longest).contains(&length) {
        return Ok(());
    }
    Err(TokenFailure::PinLength { shortest, longest }.into())
}
