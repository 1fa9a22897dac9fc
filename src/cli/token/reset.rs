//! This file is `ingam token reset`: an initialised token is emptied and gets a new PIN. What was on it is gone.

use clap::Args;
use ingam::pin::Role;

use super::TokenFailure;
use super::found::{Found, Tokens, unsupported};
use super::info::Contents;
use super::init::{self, Initialised};
use super::{current_pin, new_pin};
use crate::cli::confirm::confirm;
use crate::cli::failure::{Failure, Secret};
use crate::cli::report::Exit;
use crate::cli::secret::{NewPinArguments, SoPinArguments, check_descriptors};
use crate::cli::session::Session;

/// Which token, what it is called afterwards, and where the PINs come from.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    token: String,
    #[arg(long)]
    label: Option<String>,
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
    if let Some(label) = &arguments.label {
        init::check_label(label)?;
    }
    let tokens = Tokens::take()?;
    let found = tokens.find(&arguments.token)?;
    if !found.is_initialised() {
        return Err(TokenFailure::NotInitialised { label: found.medium.label.clone() }.into());
    }
    agree(session, &tokens, &found)?;
    let role = Role::SecurityOfficer;
    let so_pin = current_pin(session, &found.medium, role, arguments.so_pin.given(session, None)?)?;
    let given = arguments.new_pin.given(session, None)?;
    let new = new_pin(session, &found.medium, Role::User, Secret::NewPin, given)?;
    let label = arguments.label.as_deref().unwrap_or(&found.medium.label);
    tokens.act(&found, role, |token| {
        let officer = token.officer().ok_or_else(|| unsupported("initialising a token"))?;
        officer.initialise(&so_pin, label)?;
        officer.unlock(&so_pin, &new)
    })?;
    session.show(&Initialised { found: &tokens.again(&found), key: "token-reset", environment: None })?;
    Ok(Exit::Done)
}

/// Says what is lost, and has the token's label typed.
fn agree(session: &Session, tokens: &Tokens, found: &Found) -> Result<(), Failure> {
    let words = session.words();
    let label = &found.medium.label;
    let loss = match Contents::of(tokens, found).map(|contents| contents.counts()) {
        Ok((certificates, others)) => {
            words.tell("token-reset-loss", &[("certificates", certificates.into()), ("others", others.into())])
        }
        // What cannot be listed is lost as well.
        Err(_) => words.say("token-reset-loss-unknown"),
    };
    session.note(&format!("{loss}\n{}", words.say("token-reset-loss-private")));
    confirm(session, &words.tell("token-reset-confirm", &[("label", label.into())]), label)
}
