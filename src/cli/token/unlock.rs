//! This file is `ingam token unlock`: a PIN that is locked, forgotten or not set yet is set by the 관리자 비밀번호 (SO PIN).

use clap::Args;
use ingam::pin::Role;

use super::TokenFailure;
use super::found::{Tokens, unsupported};
use super::pin::Changed;
use super::{current_pin, new_pin};
use crate::cli::failure::{Failure, Secret};
use crate::cli::report::Exit;
use crate::cli::secret::{NewPinArguments, SoPinArguments, check_descriptors};
use crate::cli::session::Session;

/// Which token, and where the PINs come from.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    token: String,
    #[command(flatten)]
    so_pin: SoPinArguments,
    #[command(flatten)]
    new_pin: NewPinArguments,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.so_pin.check()?;
    arguments.new_pin.check()?;
    check_descriptors(&[
        ("--so-pin-fd", arguments.so_pin.descriptor()),
        ("--new-pin-fd", arguments.new_pin.descriptor()),
    ])?;
    let tokens = Tokens::take()?;
    let found = tokens.find(&arguments.token)?;
    if !found.is_initialised() {
        return Err(TokenFailure::NotInitialised { label: found.medium.label.clone() }.into());
    }
    let role = Role::SecurityOfficer;
    let so_pin = current_pin(session, &found.medium, role, arguments.so_pin.given(session, None)?)?;
    let given = arguments.new_pin.given(session, None)?;
    let new = new_pin(session, &found.medium, Role::User, Secret::NewPin, given)?;
    tokens.act(&found, role, |token| {
        let officer = token.officer().ok_or_else(|| unsupported("unlocking a token"))?;
        officer.unlock(&so_pin, &new)
    })?;
    session.show(&Changed { found: &tokens.again(&found), key: "token-unlocked", so: false })?;
    Ok(Exit::Done)
}
