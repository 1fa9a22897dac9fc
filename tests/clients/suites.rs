//! The test-suites that other bindings publish, against the module: that of crate cryptoki and that of python-pkcs11.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::expected::{Outcome, judge};
use crate::place::{Place, module, said, succeeded};

/// What `cargo xtask test` installs from PyPI, npm and crates.io.
pub(crate) fn tools(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools").join(name);
    assert!(path.exists(), "{} is missing: `cargo xtask test` installs it", path.display());
    path
}

/// Not run: it wants C_WaitForSlotEvent to be unsupported and would wait for an event until the end of time.
const WAITING: &[&str] = &["wait_for_slot_event"];

/// Every test is a process of its own on a fresh copy of the token: some change the password.
#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and cryptoki-suite"]
fn the_suite_of_crate_cryptoki_differs_only_where_it_is_expected_to() {
    let place = Place::new();
    let program = std::fs::read_dir(tools("cryptoki-suite/target/debug/deps")).unwrap().flatten();
    let program = program.map(|entry| entry.path()).find(|path| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("basic-")) && path.extension().is_none()
    });
    let program = program.unwrap().display().to_string();
    let names = place.run(&program, &["--list"]);
    let names: Vec<&str> = names.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let mut outcomes = BTreeMap::new();
    for name in names.into_iter().filter(|name| !WAITING.contains(name)) {
        place.run("rm", &["-rf", "copy"]);
        place.run("cp", &["-a", "NPKI", "copy"]);
        let mut test = place.client(&program);
        test.args(["--exact", name, "--nocapture"]).env("TEST_PKCS11_MODULE", module());
        let output = test.env("INGAM_NPKI_PATH", place.path("copy")).output().unwrap();
        let outcome = match output.status.code() {
            Some(0) => Outcome::Passed,
            Some(101) => Outcome::Differs,
            _ => Outcome::Died,
        };
        outcomes.insert(format!("{name} | {}", cause(&said(&output))), outcome);
    }
    judge("cryptoki", &outcomes);
}

/// What a Rust test says of its failure: the lines below "panicked at", up to the first that explains at length.
fn cause(said: &str) -> String {
    let lines = said.lines().skip_while(|line| !line.contains("panicked at")).skip(1);
    let lines = lines.take_while(|line| !line.starts_with("note: ")).collect::<Vec<_>>().join(" ");
    lines.split(['.', '\u{1b}']).next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// One process: a test that dies takes the others' verdicts with it, and so fails.
#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and python-pkcs11"]
fn the_suite_of_python_pkcs11_differs_only_where_it_is_expected_to() {
    let place = Place::new();
    std::os::unix::fs::symlink(tools("python/python-pkcs11-tests"), place.path("tests")).unwrap();
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/python/suite.py");
    let mut suite = place.client(&tools("python/bin/python").display().to_string());
    suite.args(["-B", program]).env("PKCS11_MODULE", module());
    suite.env("PKCS11_TOKEN_LABEL", place.variable("TOKEN_LABEL"));
    suite.env("PKCS11_TOKEN_PIN", place.variable("USER_PIN"));
    let output = suite.output().unwrap();
    let said = said(succeeded(&output));
    println!("{said}");
    let outcomes: BTreeMap<String, Outcome> = said
        .lines()
        .filter_map(|line| {
            let (word, name) = line.strip_prefix("= ")?.split_once(' ')?;
            let outcome = match word {
                "passed" => Outcome::Passed,
                "skipped" => Outcome::Skipped,
                "differs" => Outcome::Differs,
                _ => Outcome::Died,
            };
            Some((name.to_owned(), outcome))
        })
        .collect();
    judge("python-pkcs11", &outcomes);
}
