//! `pkcs11-check` of PyPI: some three thousand tests of its own against the module, and against SoftHSM with and without it. The
//! part that needs no downloads and nothing slow; what it marks as a finding (xfail) differs as much as what fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::expected::{Outcome, judge};
use crate::place::{Place, module, succeeded};
use crate::suites::tools;

/// Halves of the suite that run at the same time, each against a token of its own.
const SHARDS: usize = 2;

#[test]
#[ignore = "needs INGAM_MODULE, pkcs11-tool, openssl and pkcs11-check"]
fn pkcs11_check_differs_only_where_it_is_expected_to() {
    let place = Place::of("Hong Gildong");
    let outcomes = run(&place, "ingam", &test_files(), |folder| {
        place.run("cp", &["-a", "NPKI", folder]);
        Token {
            module: module(),
            password: place.variable("USER_PIN").into(),
            variables: vec![("INGAM_NPKI_PATH", format!("{folder}/NPKI"))],
        }
    });
    judge("pkcs11-check", &outcomes);
}

/// A token of another module, passed through, is that token: whatever a test finds without us it finds with us, or something
/// better, unless the list says why.
#[test]
#[ignore = "needs softhsm2, pkcs11-tool, openssl, INGAM_MODULE and pkcs11-check"]
fn pkcs11_check_finds_nothing_worse_on_softhsm_behind_our_module_than_without_it() {
    let place = Place::of("Hong Gildong");
    let mut files = test_files();
    files.retain(|file| !TOO_MUCH_FOR_SOFTHSM.iter().any(|name| file.ends_with(name)));
    let softhsm = "/usr/lib/softhsm/libsofthsm2.so";
    let [without, through] = [softhsm, &module()].map(|used| {
        let name = if used == softhsm { "softhsm" } else { "through" };
        let outcomes = run(&place, name, &files, |folder| {
            std::fs::create_dir(format!("{folder}/tokens")).unwrap();
            let configuration = format!("{folder}/softhsm2.conf");
            std::fs::write(&configuration, format!("directories.tokendir = {folder}/tokens\n")).unwrap();
            let mut init = place.client("softhsm2-util");
            init.args(["--init-token", "--free", "--label", "demo", "--pin", "123456", "--so-pin", "567890"]);
            succeeded(&init.env("SOFTHSM2_CONF", &configuration).output().unwrap());
            Token {
                module: used.into(),
                password: "123456".into(),
                variables: vec![
                    ("SOFTHSM2_CONF", configuration),
                    ("INGAM_PKCS11_MODULES", softhsm.into()),
                    ("INGAM_NPKI_PATH", format!("{folder}/NPKI")),
                ],
            }
        });
        let count = |wanted| outcomes.values().filter(|outcome| **outcome == wanted).count();
        let figures = [Outcome::Passed, Outcome::Differs, Outcome::Skipped, Outcome::Died].map(count);
        println!("{name}: {figures:?} passed, differ, skipped, died");
        assert!(figures[0] > 1800, "{figures:?}");
        outcomes
    });
    let name = |test: &str| test.split(" | ").next().unwrap_or(test).to_owned();
    let before: BTreeMap<String, Outcome> = without.iter().map(|(test, outcome)| (name(test), *outcome)).collect();
    assert_eq!(before.len(), through.len(), "both runs have the same tests");
    // How evenly SoftHSM works says more of the load of the machine than of who calls it.
    let judged = through.into_iter().filter(|(test, _)| !test.contains("Timing")).map(|(test, outcome)| {
        let is_worse = severity(outcome) > severity(before[&name(&test)]);
        (test, if is_worse { outcome } else { Outcome::Passed })
    });
    judge("pkcs11-check-softhsm", &judged.collect());
}

/// Files of the suite that end SoftHSM 2.6.1 by a signal, and the rest of the run with it, or in which it hangs.
const TOO_MUCH_FOR_SOFTHSM: &[&str] =
    &["/test_scalar_attr_length_extended.py", "/test_arithmetic_overflow.py", "/test_ffi_length_boundary.py"];

/// What the suite is let loose on.
struct Token {
    module: String,
    password: String,
    variables: Vec<(&'static str, String)>,
}

/// Each half of the suite in a process and a folder of its own, with its own token.
fn run(place: &Place, name: &str, files: &[String], token: impl Fn(&str) -> Token) -> BTreeMap<String, Outcome> {
    let start = |shard: usize| {
        let folder = place.path(&format!("{name}-{shard}")).display().to_string();
        std::fs::create_dir(&folder).unwrap();
        let token = token(&folder);
        start(place, &folder, &token, files.iter().skip(shard).step_by(SHARDS))
    };
    let shards: Vec<Child> = (0..SHARDS).map(start).collect();
    let mut outcomes = BTreeMap::new();
    for (shard, mut running) in shards.into_iter().enumerate() {
        let status = running.wait().unwrap();
        let folder = place.path(&format!("{name}-{shard}"));
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        // 1: some tests failed. Anything else is a crash, a hang or a suite that does not run.
        assert!(matches!(status.code(), Some(0 | 1)), "{name} {shard}: {status}\n{log}");
        read(&std::fs::read_to_string(folder.join("report.jsonl")).unwrap(), &mut outcomes);
    }
    outcomes
}

/// In one process, which is quick: a crash takes all verdicts with it, and so fails.
fn start<'a>(place: &Place, folder: &str, token: &Token, files: impl Iterator<Item = &'a String>) -> Child {
    let mut suite = place.client(&tools("pkcs11-check/debian13/usr/bin/python3").display().to_string());
    suite.args(["-B", "-m", "pkcs11_check", "test", "--module", &token.module, "--slot", "0", "--skip-slow"]);
    suite.args(["--isolation", "none", "--no-collection-cache"]).args(files).current_dir(folder);
    suite.env("PYTHONPATH", tools("pkcs11-check/site")).env("P11TEST_PIN", &token.password);
    // Its own report of such a run is empty; pytest's is not.
    suite.env("PYTEST_ADDOPTS", format!("--report-log={folder}/report.jsonl"));
    let log = std::fs::File::create(format!("{folder}/log")).unwrap();
    suite.envs(token.variables.iter().map(|(name, value)| (name, value)));
    suite.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    suite.spawn().unwrap()
}

fn test_files() -> Vec<String> {
    let mut files = Vec::new();
    collect(&tools("pkcs11-check/site/pkcs11_check/testcases"), &mut files);
    files.sort();
    assert!(files.len() > 200, "{} files", files.len());
    files
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            collect(&path, files);
        } else if name.starts_with("test_") && name.ends_with(".py") {
            files.push(path.display().to_string());
        }
    }
}

/// One line for each phase of each test; the worst of its phases is the test's outcome.
fn read(report: &str, outcomes: &mut BTreeMap<String, Outcome>) {
    let mut tests: BTreeMap<String, (Outcome, String)> = BTreeMap::new();
    for line in report.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if line["$report_type"] != "TestReport" {
            continue;
        }
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        let name = text(&line["nodeid"]);
        let name = name.split_once("/testcases/").map_or(name.as_str(), |(_, name)| name).to_owned();
        let said = text(&line["longrepr"]["reprcrash"]["message"]);
        let (outcome, cause) = match (line["outcome"].as_str(), line["wasxfail"].as_str()) {
            (_, Some(why)) => (Outcome::Differs, format!("finding: {why}")),
            (Some("failed"), _) if said.contains("module hung") || said.contains("module crashed") => {
                (Outcome::Died, said)
            }
            (Some("failed"), _) => (Outcome::Differs, said),
            (Some("skipped"), _) => (Outcome::Skipped, String::new()),
            _ => (Outcome::Passed, String::new()),
        };
        let cause = cause.split_whitespace().collect::<Vec<_>>().join(" ");
        let seen = tests.entry(name).or_insert((Outcome::Passed, String::new()));
        if severity(outcome) > severity(seen.0) {
            *seen = (outcome, cause);
        }
    }
    for (name, (outcome, cause)) in tests {
        let name = if cause.is_empty() { name } else { format!("{name} | {cause}") };
        outcomes.insert(name, outcome);
    }
}

const fn severity(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Passed => 0,
        Outcome::Skipped => 1,
        Outcome::Differs => 2,
        Outcome::Died => 3,
    }
}
