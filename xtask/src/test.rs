//! This file lists the stages of `test` and `check`.

use std::process::Command;

use crate::stage::{Stage, Tally, libtest, run_all};
use crate::{Done, cargo, debian, demo, ecosystems, fuzz, ignored, in_ci, must, root, ship};

/// How much to run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The tests: what a newcomer wants to see pass.
    Tests,
    /// The habits of the house as well: format, lints, licences, documentation.
    Everything,
}

const LINTS: &[Stage] = &[
    Stage { name: "format", about: "rustfmt leaves the sources as they are", run: format },
    Stage { name: "lint", about: "clippy has nothing to say", run: lint },
    Stage { name: "licences", about: "licences, sources and duplicates as deny.toml allows", run: licences },
];

const TESTS: &[Stage] = &[
    Stage { name: "build", about: "the command line and the module, as they ship", run: build },
    Stage { name: "demo", about: "the first command of the README", run: demonstration },
    Stage { name: "test", about: "every test of the workspace, real PKCS#11 clients among them", run: tests },
    Stage { name: "panics", about: "a panic in every field of the function tables", run: panics },
    Stage { name: "fuzz", about: "every fuzz target, some seconds each", run: fuzzing },
];

const DOCS: &[Stage] = &[Stage { name: "doc", about: "rustdoc has nothing to say", run: doc }];

/// Runs the stages, or the one that is named.
pub(crate) fn run(extent: Extent, only: Option<&str>) -> Done {
    let everything = extent == Extent::Everything || in_ci();
    let stages: Vec<&Stage> = match everything {
        true => LINTS.iter().chain(TESTS).chain(DOCS).collect(),
        false => TESTS.iter().filter(|stage| stage.name != "fuzz").collect(),
    };
    let Some(only) = only else {
        prepare()?;
        return run_all(&stages);
    };
    let chosen: Vec<&Stage> = stages.iter().copied().filter(|stage| stage.name == only).collect();
    if chosen.is_empty() {
        let names: Vec<String> = stages.iter().map(|stage| format!("{:<10} {}", stage.name, stage.about)).collect();
        return Err(format!("stages:\n{}", names.join("\n")));
    }
    prepare()?;
    run_all(&chosen)
}

/// Installs the clients and looks at the variables that name what others made.
fn prepare() -> Done {
    debian::install(debian::TESTS)?;
    if in_ci() {
        debian::install(debian::SERVERS)?;
    }
    ecosystems::install()?;
    let scenarios = std::env::var_os("INGAM_CLIENTS").is_some();
    if scenarios {
        debian::install(debian::SCENARIOS)?;
    }
    for name in ["INGAM_FIXTURES", "INGAM_CLIENTS"] {
        match std::env::var_os(name) {
            Some(folder) if !std::path::Path::new(&folder).is_dir() => {
                return Err(format!("{name} names {}, which is no folder", folder.display()));
            }
            None if in_ci() => return Err(format!("{name} is not set; in CI nothing may be skipped")),
            Some(_) => {}
            None => println!("{name} is not set: its tests are reported as skipped"),
        }
    }
    Ok(())
}

fn format() -> Tally {
    Tally::of(&must(cargo().args(["fmt", "--all", "--check"])))
}

fn lint() -> Tally {
    Tally::of(&must(cargo().args([
        "clippy",
        "--release",
        "--locked",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])))
}

/// `cargo deny`, which is built into `target/tools` where it is not installed. Advisories live on a host of their own:
/// `cargo deny check advisories` is for a machine with a network.
fn licences() -> Tally {
    let tools = root().join("target/tools");
    let installed = || Command::new("cargo-deny").arg("--version").output().is_ok();
    let own = tools.join("bin/cargo-deny");
    let program = if installed() {
        "cargo-deny".into()
    } else {
        if !own.exists() {
            let mut install = cargo();
            install.args(["install", "--quiet", "--locked", "cargo-deny@0.20.2", "--root"]).arg(&tools);
            install.arg("--target-dir").arg(tools.join("target"));
            if let Err(reason) = must(&mut install) {
                return Tally::of(&Err(reason));
            }
        }
        own
    };
    Tally::of(&must(Command::new(program).args(["--locked", "check", "bans", "licenses", "sources"])))
}

fn build() -> Tally {
    Tally::of(&ship::build())
}

fn demonstration() -> Tally {
    Tally::of(&demo::run())
}

fn tests() -> Tally {
    if let Err(reason) = ship::build() {
        return Tally::of(&Err(reason));
    }
    let mut test = cargo();
    test.args(["test", "--release", "--locked", "--workspace", "--no-fail-fast", "--", "--include-ignored"]);
    for name in ignored::left_out(&root()) {
        test.args(["--skip", &name]);
    }
    libtest(test.env("INGAM_MODULE", ship::module()).env("INGAM_CLI", ship::ingam()))
}

/// The hook that makes a call panic is a feature that the shipped module lacks, so these tests are built apart.
fn panics() -> Tally {
    let arguments = ["--package", "ingam-pkcs11", "--features", "fault-injection", "--test", "panics"];
    libtest(cargo().args(["test", "--release", "--locked"]).args(arguments))
}

fn fuzzing() -> Tally {
    fuzz::all(10)
}

fn doc() -> Tally {
    let mut doc = cargo();
    doc.args(["doc", "--release", "--locked", "--workspace", "--no-deps", "--document-private-items"]);
    Tally::of(&must(doc.env("RUSTDOCFLAGS", "-D warnings")))
}
