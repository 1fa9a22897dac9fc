//! This file is what every verb works with: the language, how to print, and whether anybody may be asked.

use std::io::{IsTerminal as _, Write as _};

use ingam::pin::LastTry;

use crate::cli::failure::Failure;
use crate::cli::grammar::Global;
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::printable::printable_json;
use crate::cli::report::{Exit, Report};
use crate::cli::stdout;

/// One run of the program.
pub(crate) struct Session {
    words: Words,
    json: bool,
    quiet: bool,
    verbose: bool,
    no_input: bool,
    yes: bool,
    last_try: LastTry,
    given_a_password: bool,
}

impl Session {
    pub(crate) fn new(words: Words, json: bool) -> Self {
        let last_try = LastTry::Refused;
        Self {
            words,
            json,
            quiet: false,
            verbose: false,
            no_input: false,
            yes: false,
            last_try,
            given_a_password: false,
        }
    }

    /// Takes over the global options. The language stays: it was chosen before the arguments were parsed.
    pub(crate) fn set(&mut self, global: &Global) {
        self.json = global.json;
        self.quiet = global.quiet;
        self.verbose = global.verbose;
        self.no_input = global.no_input;
        self.yes = global.yes;
        self.last_try = if global.allow_last_try { LastTry::Allowed } else { LastTry::Refused };
    }

    /// Keeps in mind whether `--password-…` was typed.
    pub(crate) fn give_a_password(&mut self, given: bool) {
        self.given_a_password = given;
    }

    /// Whether the secret is called a password (인증서 암호), that of a file, and no PIN.
    pub(crate) fn is_given_a_password(&self) -> bool {
        self.given_a_password
    }

    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether only results and errors are printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether technical causes are printed too.
    pub(crate) fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Whether a person may be asked for something.
    pub(crate) fn may_ask(&self) -> bool {
        !self.no_input
    }

    /// Whether what destroys something was agreed to beforehand.
    pub(crate) fn is_agreed(&self) -> bool {
        self.yes
    }

    /// Whether a PIN may be sent to a token that it would lock by being wrong. `--yes` does not say so.
    pub(crate) fn last_try(&self) -> LastTry {
        self.last_try
    }

    /// Whether a person sits on both sides: only then may a row number of a list stand for a certificate.
    pub(crate) fn is_interactive(&self) -> bool {
        !self.json && std::io::stdin().is_terminal() && stdout::is_terminal()
    }

    /// Prints one view to stdout, as text or as the one JSON document.
    pub(crate) fn show(&self, view: &dyn View) -> Result<(), Failure> {
        let text = if self.json {
            let mut document = view.json();
            document["schema"] = 1.into();
            let text = serde_json::to_string_pretty(&document).unwrap_or_default();
            format!("{}\n", printable_json(&text))
        } else {
            view.text(&self.words)
        };
        self.write(text.as_bytes())
    }

    /// Writes bytes to stdout as they are.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        stdout::write(bytes).map_err(Failure::stdout)
    }

    /// Says something beside the result, on stderr. With `--quiet` or `--json` it is not said.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet && !self.json {
            self.complain(text);
        }
    }

    /// Reports a failure on stderr and says with which code to end.
    pub(crate) fn report(&self, failure: &Failure) -> Exit {
        let Some(report) = Report::of(failure, &self.words) else { return Exit::Other };
        let text = if self.json { printable_json(&report.json()).into_owned() } else { report.text(self.verbose) };
        self.complain(&text);
        report.exit
    }

    fn complain(&self, text: &str) {
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}
