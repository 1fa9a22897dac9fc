//! This file says what can go wrong with naming and preparing a token.

use crate::cli::failure::{Failure, without_query};
use crate::cli::language::Words;
use crate::cli::report::{Exit, Report};

/// Why a verb of `token` did not do what it was asked.
#[derive(Debug)]
pub(crate) enum TokenFailure {
    /// Text that cannot name a token.
    BadSelector { selector: String },
    /// No token fits the selector; these are there, and so many modules and tokens cannot be used.
    NotFound { selector: String, there: Vec<String>, unusable: usize },
    /// More than one token fits it: these.
    Ambiguous { selector: String, candidates: Vec<String> },
    /// The token has to be initialised first.
    NotInitialised { label: String },
    /// The token is initialised already, or another one has this label.
    Initialised { label: String },
    /// A new PIN is shorter or longer than the token takes, in bytes.
    PinLength { shortest: usize, longest: usize },
    /// SoftHSM is not at any of the usual paths.
    SoftHsmMissing,
    /// The user has no folder for data.
    NoDataFolder,
    /// Others may read the folder of SoftHSM's tokens.
    FolderOpen { path: String },
}

impl From<TokenFailure> for Failure {
    fn from(failure: TokenFailure) -> Self {
        Self::Token(failure)
    }
}

impl TokenFailure {
    pub(crate) fn describe(&self, words: &Words) -> Report {
        let (code, exit, message, hint) = match self {
            Self::BadSelector { selector } => (
                "usage",
                Exit::Usage,
                words.tell("error-token-bad-selector", &[("token", without_query(selector).into())]),
                Some(words.say("error-token-bad-selector-hint")),
            ),
            Self::NotFound { selector, there, unusable } => (
                "token_not_found",
                Exit::Removed,
                words.tell("error-token-not-found", &[("token", without_query(selector).into())]),
                Some(what_is_there(words, there, *unusable)),
            ),
            Self::Ambiguous { selector, candidates } => (
                "token_ambiguous",
                Exit::NotFound,
                words.tell("error-token-ambiguous", &[("token", without_query(selector).into())]),
                Some(format!("{}\n{}", words.say("error-certificate-ambiguous-hint"), candidates.join("\n"))),
            ),
            Self::NotInitialised { label } => (
                "token_not_initialised",
                Exit::Usage,
                words.tell("error-token-not-initialised", &[("token", label.into())]),
                Some(words.say("error-token-not-initialised-hint")),
            ),
            Self::Initialised { label } => (
                "already_exists",
                Exit::Unavailable,
                words.tell("error-token-initialised", &[("token", label.into())]),
                Some(words.say("error-token-initialised-hint")),
            ),
            Self::PinLength { shortest, longest } => {
                let bytes = [("shortest", (*shortest).into()), ("longest", (*longest).into())];
                let hint = words.tell("error-token-pin-length-hint", &bytes);
                ("pin_rejected", Exit::WrongPassword, words.say("error-token-pin-length"), Some(hint))
            }
            Self::SoftHsmMissing => (
                "module_not_found",
                Exit::NotFound,
                words.say("error-softhsm-missing"),
                Some(words.say("error-softhsm-missing-hint")),
            ),
            Self::NoDataFolder => ("usage", Exit::Usage, words.say("error-no-data-folder"), None),
            Self::FolderOpen { path } => (
                "not_permitted",
                Exit::Permission,
                words.tell("error-token-folder-open", &[("path", path.into())]),
                Some(words.tell("error-token-folder-open-hint", &[("path", path.into())])),
            ),
        };
        Report { code, exit, message, hint, detail: None, tries_left: None }
    }
}

fn what_is_there(words: &Words, there: &[String], unusable: usize) -> String {
    let mut lines = Vec::new();
    if there.is_empty() {
        lines.push(words.say("error-token-none-there"));
    } else {
        lines.push(words.say("error-token-there"));
        lines.extend(there.iter().cloned());
    }
    if unusable > 0 {
        lines.push(words.tell("error-token-unusable", &[("unusable", unusable.into())]));
    }
    lines.join("\n")
}
