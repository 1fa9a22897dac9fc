//! Scenarios of real clients that others wrote for any module: the folder `INGAM_CLIENTS`. Those that only read are run,
//! each against a fresh TEST certificate; a scenario that this file does not name fails until it is named here.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::place::{Place, module, said};

const NAMED: &[&str] = &[
    "10-pkcs11-tool",
    "11-pkcs11-tool-test",
    "12-gnutls-p11tool",
    "21-openssl-engine",
    "22-curl-mtls",
    "30-openssh",
    "50-java",
];

/// The scenario ends well, every check of it passed, and there were at least that many.
fn passes(name: &str, at_least: u32) {
    assert!(NAMED.contains(&name));
    let place = Place::new();
    let script = folder().join(format!("{name}.sh"));
    let output = place.client("bash").arg(script).arg(module()).output().unwrap();
    let said = said(&output);
    println!("{said}");
    let figure = said.lines().rev().find_map(|line| line.split_once(" passed")).expect("a last line `P/T passed`").0;
    let (passed, of) = figure.split_once('/').expect("P/T");
    let (passed, of): (u32, u32) = (passed.parse().unwrap(), of.parse().unwrap());
    assert!(output.status.success() && passed == of, "{figure}");
    assert!(passed >= at_least, "{passed} checks were made, {at_least} were made before");
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("INGAM_CLIENTS").expect("INGAM_CLIENTS names the folder of scenarios"))
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, pkcs11-tool, openssl, python3 and xxd"]
fn every_check_of_the_scenario_of_opensc_pkcs11_tool_passes() {
    passes("10-pkcs11-tool", 30);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, pkcs11-tool"]
fn every_check_of_the_scenario_of_opensc_self_test_passes() {
    passes("11-pkcs11-tool-test", 7);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, p11tool, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_gnutls_passes() {
    passes("12-gnutls-p11tool", 18);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, pkcs11-engine, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_the_openssl_engine_passes() {
    passes("21-openssl-engine", 10);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, curl, pkcs11-engine, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_curl_passes() {
    passes("22-curl-mtls", 4);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, ssh, sshd, git, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_openssh_passes() {
    passes("30-openssh", 14);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, java, pkcs11-tool and openssl"]
fn every_check_of_the_scenario_of_java_passes() {
    passes("50-java", 20);
}

#[test]
#[ignore = "needs INGAM_CLIENTS"]
fn every_scenario_that_only_reads_is_named_here() {
    let scripts = std::fs::read_dir(folder()).unwrap().flatten().map(|entry| entry.path());
    let reading = scripts.filter(|path| {
        let script = std::fs::read_to_string(path).unwrap_or_default();
        path.extension().is_some_and(|ending| ending == "sh") && script.contains("\n# class: ro ")
    });
    let reading: BTreeSet<String> =
        reading.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(reading, NAMED.iter().map(|name| (*name).to_owned()).collect());
}
