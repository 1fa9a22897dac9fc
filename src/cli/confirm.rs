//! This file has a person confirm what destroys something, by typing a word that says what it is.

use ingam::{Error, ErrorKind};

use crate::cli::failure::Failure;
use crate::cli::prompt::{self, NoAnswer};
use crate::cli::session::Session;

/// Shows `question` and goes on if exactly `word` is typed, or if `--yes` said so beforehand. Where nobody can be asked
/// nothing is confirmed.
pub(crate) fn confirm(session: &Session, question: &str, word: &str) -> Result<(), Failure> {
    if session.is_agreed() {
        return Ok(());
    }
    if !session.may_ask() {
        return Err(Failure::ConfirmationNeeded);
    }
    match prompt::shown(question) {
        Ok(typed) if typed == word => Ok(()),
        Ok(_) => Err(Failure::NotConfirmed),
        Err(NoAnswer::NoTerminal) => Err(Failure::ConfirmationNeeded),
        Err(NoAnswer::Cancelled) => Err(Error::from(ErrorKind::Cancelled).into()),
        Err(NoAnswer::Terminal(error)) => Err(Error::io("asking on the terminal", error).into()),
    }
}
