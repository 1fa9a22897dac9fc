//! This file reads which of the project's own commands is meant: `cargo xtask VERB`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]
#![allow(clippy::disallowed_methods, reason = "not shipped: it sets the stage for the tests, the environment included")]

mod bench;
mod debian;
mod demo;
mod ecosystems;
mod fuzz;
mod ignored;
mod long;
mod ship;
mod stage;
mod test;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const USAGE: &str = "\
cargo xtask demo                      make a TEST certificate, sign with it through the module, verify with OpenSSL
cargo xtask test [--stage NAME]       every test; installs what is missing; `--stage list` names the stages
cargo xtask check                     format, lints, licences, tests, documentation
cargo xtask bench [--gate] [NAME...]  ratios of one interleaved run; --gate fails below the promised ones
cargo xtask fuzz TARGET [--seconds N] one fuzz target
cargo xtask clients                   install the clients from PyPI, npm and crates.io that the tests drive
cargo xtask long [--stage NAME]       what takes longer than a change should wait for";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    std::env::set_current_dir(root()).expect("the project's folder is there");
    let done = match arguments.as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(test::Extent::Tests, None),
        ["test", "--stage", name] => test::run(test::Extent::Everything, Some(name)),
        ["check"] => test::run(test::Extent::Everything, None),
        ["bench", options @ ..] => bench::run(options),
        ["fuzz", target] => fuzz::run(target, 60),
        ["fuzz", target, "--seconds", seconds] => match seconds.parse() {
            Ok(seconds) => fuzz::run(target, seconds),
            Err(_) => Err(format!("{seconds:?} is no number of seconds")),
        },
        ["clients"] => ecosystems::install(),
        ["long"] => long::run(None),
        ["long", "--stage", name] => long::run(Some(name)),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// What a verb answers: nothing, or what to tell the user before leaving with 1.
pub(crate) type Done = Result<(), String>;

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the project's folder").to_path_buf()
}

/// The cargo that runs us.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end; its output is ours.
pub(crate) fn must(command: &mut Command) -> Done {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?}: {status}")),
        Err(error) => Err(format!("{command:?}: {error}")),
    }
}

/// Whether nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}
