//! This file is `ingam token init`: a token that is not initialised gets its label, its 관리자 비밀번호 (SO PIN) and the first
//! PIN. With `--softhsm` the token is SoftHSM's, in a folder of its own.

use std::path::PathBuf;

use clap::Args;
use ingam::pin::Role;
use serde_json::{Value, json};

use super::TokenFailure;
use super::found::{Found, Tokens, unsupported};
use super::softhsm::{self, Environment};
use super::{describe, new_pin};
use crate::cli::failure::{Failure, Secret};
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::report::Exit;
use crate::cli::secret::{PinArguments, SoPinArguments, check_descriptors};
use crate::cli::session::Session;

/// Which token, what it is called, and where its PINs come from.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    token: Option<String>,
    #[arg(long)]
    label: String,
    #[arg(long)]
    if_absent: bool,
    #[arg(long, conflicts_with = "token", num_args = 0..=1)]
    softhsm: Option<Option<PathBuf>>,
    #[command(flatten)]
    so_pin: SoPinArguments,
    #[command(flatten)]
    pin: PinArguments,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.so_pin.check()?;
    arguments.pin.check()?;
    check_descriptors(&[("--so-pin-fd", arguments.so_pin.descriptor()), ("--pin-fd", arguments.pin.descriptor())])?;
    check_label(&arguments.label)?;
    let environment = arguments.softhsm.as_ref().map(|folder| softhsm::prepare(folder.as_deref())).transpose()?;
    let tokens = Tokens::take()?;
    if let Some(found) = tokens.labelled(&arguments.label) {
        if !arguments.if_absent {
            return Err(TokenFailure::Initialised { label: arguments.label.clone() }.into());
        }
        if !found.has_pin() {
            session.note(&session.words().tell("token-has-no-pin", &[("token", (&found.medium.label).into())]));
        }
        session.show(&Initialised { found, key: "token-there-already", environment })?;
        return Ok(Exit::Done);
    }
    let found = match &arguments.token {
        Some(selector) => tokens.find(selector)?,
        None => tokens.find_uninitialised()?,
    };
    if found.is_initialised() {
        return Err(TokenFailure::Initialised { label: found.medium.label.clone() }.into());
    }
    let given = arguments.so_pin.given(session, None)?;
    let so_pin = new_pin(session, &found.medium, Role::SecurityOfficer, Secret::SoPin, given)?;
    let pin = new_pin(session, &found.medium, Role::User, Secret::Pin, arguments.pin.given(session, None)?)?;
    tokens.act(&found, Role::SecurityOfficer, |token| {
        let officer = token.officer().ok_or_else(|| unsupported("initialising a token"))?;
        officer.initialise(&so_pin, &arguments.label)?;
        officer.unlock(&so_pin, &pin)
    })?;
    session.show(&Initialised { found: &tokens.again(&found), key: "token-initialised", environment })?;
    Ok(Exit::Done)
}

/// A label that every program can show and name: PKCS#11 has 32 bytes for it, and NSS takes `:` for a separator.
pub(super) fn check_label(label: &str) -> Result<(), Failure> {
    let fits = (1..=32).contains(&label.len()) && !label.contains(|c: char| c.is_control() || c == ':');
    if fits && label.trim() == label {
        return Ok(());
    }
    Err(Failure::BadValue { option: "--label", value: label.to_owned() })
}

/// A token that was initialised, or is there already.
pub(super) struct Initialised<'a> {
    pub(super) found: &'a Found,
    pub(super) key: &'static str,
    pub(super) environment: Option<Environment>,
}

impl View for Initialised<'_> {
    fn json(&self) -> Value {
        let mut document = json!({
            "token": describe::json(self.found),
            "initialised": self.key != "token-there-already",
        });
        if let Some(environment) = &self.environment {
            document["environment"] = environment.json();
        }
        document
    }

    fn text(&self, words: &Words) -> String {
        let medium = &self.found.medium;
        let (serial, uri) = (medium.serial(), describe::uri(medium).to_string());
        let values = [("token", (&medium.label).into()), ("serial", (&serial).into()), ("uri", (&uri).into())];
        let said = words.tell(self.key, &values);
        match &self.environment {
            // A shell can read it: eval "$(ingam token init --softhsm …)".
            Some(environment) => format!("# {said}\n{}", environment.shell()),
            None => format!("{said}\n"),
        }
    }
}
