//! This file answers a command line that does not parse, and one that asks for help, in the user's language.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::failure::Failure;
use crate::cli::language::Words;
use crate::cli::report::Exit;
use crate::cli::session::Session;

/// Prints help or version to stdout; everything else is a failure with the words of the catalogues.
pub(crate) fn answer(
    session: &Session,
    grammar: Command,
    arguments: &[OsString],
    error: &clap::Error,
) -> Result<Exit, Failure> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            session.write(error.to_string().as_bytes())?;
            Ok(Exit::Done)
        }
        // `ingam`, `ingam vid`: the short help, and not a success.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if !session.is_json() => {
            session.write(error.to_string().as_bytes())?;
            Ok(Exit::Usage)
        }
        _ => {
            let words = session.words();
            let verb = format!("{} --help", path(grammar, arguments));
            Err(Failure::Grammar { message: message(words, error), hint: hint(words, error, &verb) })
        }
    }
}

/// The options that are there to be refused, and how the names of those begin that take a secret.
const SECRETS: [&str; 6] = ["--password", "--pin", "--so-pin", "--new-pin", "--new-password", "--idn"];

fn message(words: &Words, error: &clap::Error) -> String {
    let argument = text(error, ContextKind::InvalidArg);
    let told = |key: &str| words.tell(key, &[("argument", (&argument).into())]);
    match error.kind() {
        ErrorKind::UnknownArgument if argument.starts_with('-') => told("error-unknown-option"),
        // Not repeated: it may be a password or a resident number.
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues => words.say("error-word-too-many"),
        ErrorKind::InvalidSubcommand => {
            words.tell("error-unknown-verb", &[("verb", (&text(error, ContextKind::InvalidSubcommand)).into())])
        }
        ErrorKind::InvalidValue if text(error, ContextKind::InvalidValue).is_empty() => told("error-value-missing"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let value = text(error, ContextKind::InvalidValue);
            // The secret itself may stand where its descriptor belongs.
            let secret = SECRETS.iter().any(|option| argument.starts_with(option));
            let value = if secret { "" } else { &value };
            words.tell("error-bad-value", &[("option", (&argument).into()), ("value", value.into())])
        }
        ErrorKind::MissingRequiredArgument => told("error-argument-missing"),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            words.say("error-verb-missing")
        }
        ErrorKind::ArgumentConflict => {
            let other = text(error, ContextKind::PriorArg);
            if other == argument || other.is_empty() {
                told("error-option-twice")
            } else {
                words.tell("error-options-conflict", &[("argument", (&argument).into()), ("other", (&other).into())])
            }
        }
        ErrorKind::InvalidUtf8 => words.say("error-not-utf8"),
        _ => words.say("error-usage"),
    }
}

fn hint(words: &Words, error: &clap::Error, help: &str) -> String {
    let mut lines = Vec::new();
    let valid = text(error, ContextKind::ValidValue);
    if !valid.is_empty() {
        lines.push(words.tell("error-valid-values", &[("values", (&valid).into())]));
    }
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
        // Those are there to be refused.
        let refused = |word: &&str| SECRETS.contains(word);
        let suggestion = text(error, kind);
        let suggestion = suggestion.split(", ").filter(|word| !refused(word)).collect::<Vec<_>>().join(", ");
        if !suggestion.is_empty() {
            lines.push(words.tell("error-did-you-mean", &[("suggestion", (&suggestion).into())]));
        }
    }
    lines.push(words.tell("error-see-help", &[("help", help.into())]));
    lines.join("\n")
}

/// A context of clap's error as text, several separated by commas; of `--option=value` the option only.
fn text(error: &clap::Error, kind: ContextKind) -> String {
    let without_value = |text: &str| match (kind, text.split_once('=')) {
        (ContextKind::InvalidArg, Some((option, _))) => option.to_owned(),
        _ => text.to_owned(),
    };
    match error.get(kind) {
        Some(ContextValue::String(text)) => without_value(text),
        Some(ContextValue::Strings(texts)) => {
            texts.iter().map(|text| without_value(text)).collect::<Vec<_>>().join(", ")
        }
        _ => String::new(),
    }
}

/// `ingam`, `ingam sign`, `ingam vid r`: as far as the words name verbs.
fn path(mut command: Command, arguments: &[OsString]) -> String {
    let mut path = command.get_name().to_owned();
    for word in arguments.iter().skip(1).filter_map(|word| word.to_str()) {
        if let Some(verb) = command.find_subcommand(word).cloned() {
            path = format!("{path} {}", verb.get_name());
            command = verb;
        }
    }
    path
}
