//! Scenarios of real clients that others wrote for any module: the folder `INGAM_CLIENTS`. Those that only read are run
//! each against a fresh TEST certificate, one that writes against a token of SoftHSM's behind our module; a scenario that this file does not name fails until it is named here.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::place::{Place, module, said, succeeded};

const NAMED: &[&str] = &[
    "10-pkcs11-tool",
    "11-pkcs11-tool-test",
    "12-gnutls-p11tool",
    "21-openssl-engine",
    "22-curl-mtls",
    "30-openssh",
    "50-java",
];

/// Those that write to a token, which is another module's then: our own take no keys but those of certificates.
const WRITING: &[&str] = &["82-full-pkcs11-tool"];

/// Runs a scenario. All its checks pass but the named ones, which fail (one that passes by now must leave the list), and
/// there are at least that many.
fn passes(name: &str, at_least: usize, place: &Place, failing: &[&str]) {
    assert!(NAMED.contains(&name));
    judge(name, at_least, &mut place.client("bash"), failing);
}

fn judge(name: &str, at_least: usize, bash: &mut Command, failing: &[&str]) {
    let script = folder().join(format!("{name}.sh"));
    let output = bash.arg(script).arg(module()).output().unwrap();
    let said = said(&output);
    println!("{said}");
    let checks = |word: &str| said.lines().filter_map(|line| line.strip_prefix(word)).collect::<Vec<_>>();
    let failed: Vec<&str> =
        checks("FAIL ").into_iter().map(|line| line.split(" (rc=").next().unwrap_or(line)).collect();
    assert_eq!(failed, failing, "the checks that fail");
    let passed = checks("ok   ").len();
    assert!(passed >= at_least, "{passed} checks passed, {at_least} passed before");
    let last = said.lines().rev().find(|line| line.contains(" passed")).expect("a last line `P/T passed`");
    assert!(last.starts_with(&format!("{passed}/{} passed", passed + failed.len())), "{last}");
    assert_eq!(output.status.success(), failing.is_empty(), "{}", output.status);
}

/// A scenario that writes, on a token of SoftHSM's behind our module.
fn passes_on_softhsm(name: &str, at_least: usize) {
    assert!(WRITING.contains(&name));
    let place = Place::new();
    let (configuration, tokens) = (place.path("softhsm2.conf"), place.path("tokens"));
    std::fs::create_dir(&tokens).unwrap();
    std::fs::write(&configuration, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
    let mut init = place.client("softhsm2-util");
    init.args(["--init-token", "--free", "--label", "testtoken", "--pin", "12345678", "--so-pin", "87654321"]);
    succeeded(&init.env("SOFTHSM2_CONF", &configuration).output().unwrap());
    let mut bash = place.client("bash");
    bash.env("SOFTHSM2_CONF", &configuration).env("INGAM_NPKI_PATH", place.path("none"));
    bash.env("INGAM_PKCS11_MODULES", "/usr/lib/softhsm/libsofthsm2.so");
    bash.env("TOKEN_LABEL", "testtoken").env("USER_PIN", "12345678").env("SO_PIN", "87654321");
    judge(name, at_least, &mut bash, &[]);
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os("INGAM_CLIENTS").expect("INGAM_CLIENTS names the folder of scenarios"))
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, pkcs11-tool, openssl, python3 and xxd"]
fn every_check_of_the_scenario_of_opensc_pkcs11_tool_passes() {
    passes("10-pkcs11-tool", 30, &Place::new(), &[]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, pkcs11-tool"]
fn every_check_of_the_scenario_of_opensc_self_test_passes() {
    passes("11-pkcs11-tool-test", 7, &Place::new(), &[]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, p11tool, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_gnutls_passes() {
    // It looks for the id as pkcs11-tool prints it; p11tool puts colons between the bytes of an id that has several.
    passes("12-gnutls-p11tool", 17, &Place::new(), &["list-all-certs (no login)"]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, pkcs11-engine, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_the_openssl_engine_passes() {
    passes("21-openssl-engine", 10, &Place::new(), &[]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, curl, pkcs11-engine, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_curl_passes() {
    passes("22-curl-mtls", 4, &Place::new(), &[]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, ssh, sshd, git, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_of_openssh_passes() {
    passes("30-openssh", 14, &Place::new(), &[]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, java, pkcs11-tool and openssl"]
fn every_check_of_the_scenario_of_java_passes() {
    // It looks for the label as it stands; SunPKCS11 reads labels byte by byte, so an alias in Hangul never equals it.
    passes("50-java", 20, &Place::of("Hong Gildong"), &[]);
}

#[test]
#[ignore = "needs INGAM_MODULE, INGAM_CLIENTS, softhsm2, pkcs11-tool, openssl and python3"]
fn every_check_of_the_scenario_that_writes_passes_on_a_token_that_is_passed_through() {
    passes_on_softhsm("82-full-pkcs11-tool", 22);
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
