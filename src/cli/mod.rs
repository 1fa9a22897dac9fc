//! The command line. This file takes the arguments, chooses the language and the verb, and ends with an exit code.
//!
//! One verb, one file. A verb reads its arguments, asks the library, and hands one view to [`Session::show`], which
//! prints it as text or as JSON. What goes wrong is a [`Failure`]; [`report`] turns it into words and an exit code.

mod access;
mod certificate;
mod confirm;
mod copy;
mod csr;
mod date;
mod delete;
mod descriptor;
mod environment;
mod exact;
mod failure;
mod file;
mod grammar;
mod import;
mod import_source;
mod inventory;
mod language;
mod list;
mod module;
mod module_failure;
mod new_password;
mod output;
mod pin_failure;
mod printable;
mod progress;
mod prompt;
mod refusal;
mod report;
mod sample;
mod secret;
mod session;
mod show;
mod sign;
mod stdout;
mod target;
mod token;
mod transferred;
mod typed;
mod usage;
mod verify;
mod vid;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::cli::failure::Failure;
use crate::cli::grammar::{Arguments, Verb};
use crate::cli::language::{Language, Words};
use crate::cli::report::Exit;
use crate::cli::session::Session;
use crate::cli::typed::Typed;

/// Runs `ingam` with these arguments, program name first; returns the exit code.
pub(crate) fn run(arguments: Vec<OsString>) -> u8 {
    protect_memory();
    stdout::keep();
    let early = grammar::Early::scan(&arguments);
    let typed = Typed::scan(&arguments);
    let language = early.language.unwrap_or_else(|| Language::from_locale(&environment::locale()));
    let words = Words::new(language);
    let mut session = Session::new(words, early.json);
    session.give_a_password(typed.is_password());
    let exit = match perform(&mut session, arguments) {
        Ok(exit) => exit,
        Err(failure) => session.report(&typed.name(failure)),
    };
    exit.code()
}

fn perform(session: &mut Session, arguments: Vec<OsString>) -> Result<Exit, Failure> {
    let grammar = grammar::localised(Arguments::command(), session.words());
    let verbs = grammar.clone();
    let parsed = grammar.try_get_matches_from(&arguments).and_then(|matches| Arguments::from_arg_matches(&matches));
    let Arguments { global, verb } = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return usage::answer(session, verbs, &arguments, &error),
    };
    session.set(&global);
    match verb {
        Verb::List(arguments) => list::run(session, &arguments),
        Verb::Show(arguments) => show::run(session, &arguments),
        Verb::Sign(arguments) => sign::run(session, &arguments),
        Verb::Verify(arguments) => verify::run(session, &arguments),
        Verb::Import(arguments) => import::run(session, &arguments),
        Verb::Copy(arguments) => copy::copy(session, &arguments),
        Verb::Move(arguments) => copy::move_(session, &arguments),
        Verb::Delete(arguments) => delete::run(session, &arguments),
        Verb::Csr(arguments) => csr::run(session, &arguments),
        Verb::Vid(arguments) => vid::run(session, &arguments),
        Verb::Token(arguments) => token::run(session, &arguments),
        Verb::Module(arguments) => module::run(session, &arguments),
        Verb::Sample(arguments) => sample::run(session, &arguments),
    }
}

/// Passwords pass through this process: no core dump of it, and no other process of the same user reads its memory.
fn protect_memory() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Refused only by kernels that do not know it; then nothing else would help either.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
