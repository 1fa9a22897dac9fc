//! This file is `ingam token pin`: the 비밀번호 (PIN) of a token, or its 관리자 비밀번호 (SO PIN), is changed.

use clap::Args;
use ingam::pin::Role;
use ingam::token::Scope;
use serde_json::{Value, json};

use super::TokenFailure;
use super::found::{Found, Tokens, unsupported};
use super::{current_pin, describe, new_pin};
use crate::cli::failure::{Failure, Secret};
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::report::Exit;
use crate::cli::secret::{NewPinArguments, PinArguments, SoPinArguments, check_descriptors};
use crate::cli::session::Session;

/// Which token, whose PIN, and where both PINs come from.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    token: String,
    #[arg(long)]
    so: bool,
    #[command(flatten)]
    pin: PinArguments,
    #[command(flatten)]
    so_pin: SoPinArguments,
    #[command(flatten)]
    new_pin: NewPinArguments,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.pin.check()?;
    arguments.so_pin.check()?;
    arguments.new_pin.check()?;
    check_descriptors(&[
        ("--pin-fd", arguments.pin.descriptor()),
        ("--so-pin-fd", arguments.so_pin.descriptor()),
        ("--new-pin-fd", arguments.new_pin.descriptor()),
    ])?;
    let role = if arguments.so { Role::SecurityOfficer } else { Role::User };
    // The wrong one of two PINs would cost a try.
    match role {
        Role::User if arguments.so_pin.is_given() => return Err(Failure::Usage("error-so-pin-without-so")),
        Role::SecurityOfficer if arguments.pin.is_given() => return Err(Failure::Usage("error-pin-with-so")),
        _ => {}
    }
    let tokens = Tokens::take()?;
    let found = tokens.find(&arguments.token)?;
    if !found.is_initialised() {
        return Err(TokenFailure::NotInitialised { label: found.medium.label.clone() }.into());
    }
    let given = match role {
        Role::User => arguments.pin.given(session, super::pin_source(&arguments.token).as_ref())?,
        Role::SecurityOfficer => arguments.so_pin.given(session, None)?,
    };
    let old = current_pin(session, &found.medium, role, given)?;
    let new = new_pin(session, &found.medium, role, Secret::NewPin, arguments.new_pin.given(session, None)?)?;
    tokens.act(&found, role, |token| {
        let admin = token.admin().ok_or_else(|| unsupported("changing a PIN"))?;
        admin.change_pin(role, &Scope::All, &old, &new)
    })?;
    session.show(&Changed { found: &tokens.again(&found), key: "token-pin-changed", so: arguments.so })?;
    Ok(Exit::Done)
}

/// A PIN that was changed, or set anew.
pub(super) struct Changed<'a> {
    pub(super) found: &'a Found,
    pub(super) key: &'static str,
    pub(super) so: bool,
}

impl View for Changed<'_> {
    fn json(&self) -> Value {
        json!({ "token": describe::json(self.found), "changed": if self.so { "so_pin" } else { "pin" } })
    }

    fn text(&self, words: &Words) -> String {
        let key = if self.so { "token-so-pin-changed" } else { self.key };
        format!("{}\n", words.tell(key, &[("token", (&self.found.medium.label).into())]))
    }
}
