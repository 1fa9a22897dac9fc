//! This file names an option in an error as it was typed: where a certificate may be on a token, `--pin-…` is another
//! name of `--password-…`.

use std::ffi::OsString;

use crate::cli::failure::Failure;

/// What `--password-…` is called too.
const NAMES: [(&str, &str); 3] =
    [("--password-fd", "--pin-fd"), ("--password-file", "--pin-file"), ("--password-env", "--pin-env")];

/// Which names stand on the command line; no values, which may be secrets.
pub(crate) struct Typed {
    /// Of [`NAMES`]: whether the second was typed and the first was not.
    second: [bool; NAMES.len()],
    /// Whether one of the first was.
    first: bool,
    pin: bool,
    password: bool,
}

impl Typed {
    pub(crate) fn scan(arguments: &[OsString]) -> Self {
        let is_there = |name: &str| {
            arguments
                .iter()
                .map(|word| word.to_string_lossy())
                .any(|word| word.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
        };
        Self {
            second: NAMES.map(|(first, second)| is_there(second) && !is_there(first)),
            first: NAMES.iter().any(|(first, _)| is_there(first)),
            pin: is_there("--pin"),
            password: is_there("--password"),
        }
    }

    /// Whether a secret was called a password.
    pub(crate) const fn is_password(&self) -> bool {
        self.first
    }

    /// The failure with the names that were typed.
    pub(crate) fn name(&self, failure: Failure) -> Failure {
        match failure {
            Failure::SecretOnCommandLine { option: "--password, --pin" } if self.pin != self.password => {
                Failure::SecretOnCommandLine { option: if self.pin { "--pin" } else { "--password" } }
            }
            Failure::SecretFileOpen { origin } => Failure::SecretFileOpen { origin: self.option(origin) },
            Failure::SecretEmpty { origin: Some(origin) } => Failure::SecretEmpty { origin: Some(self.option(origin)) },
            Failure::SecretVariableMissing { option } => Failure::SecretVariableMissing { option: self.option(option) },
            Failure::BadDescriptor { option } => Failure::BadDescriptor { option: self.option(option) },
            Failure::Library(error) => match error.subject().and_then(|subject| self.second_name(subject)) {
                Some(second) => Failure::Library(error.about(second)),
                None => Failure::Library(error),
            },
            other => other,
        }
    }

    fn option(&self, option: &'static str) -> &'static str {
        self.second_name(option).unwrap_or(option)
    }

    fn second_name(&self, option: &str) -> Option<&'static str> {
        let typed = NAMES.iter().zip(self.second).find(|((first, _), typed)| *first == option && *typed);
        typed.map(|((_, second), _)| *second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(line: &str, failure: Failure) -> Failure {
        Typed::scan(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).name(failure)
    }

    #[test]
    fn an_option_is_named_as_it_was_typed() {
        let open = || Failure::SecretFileOpen { origin: "--password-file" };
        let origin = |line| match named(line, open()) {
            Failure::SecretFileOpen { origin } => origin,
            _ => "",
        };
        assert_eq!(origin("ingam show 1 --pin-file f"), "--pin-file");
        assert_eq!(origin("ingam show 1 --pin-file=f"), "--pin-file");
        assert_eq!(origin("ingam show 1 --password-file f"), "--password-file");
        assert_eq!(origin("ingam copy 1 --password-file f --pin-file g"), "--password-file");
        let both = Failure::SecretOnCommandLine { option: "--password, --pin" };
        assert!(matches!(named("ingam show 1 --pin 1", both), Failure::SecretOnCommandLine { option: "--pin" }));
    }
}
