//! This file runs what the README tells its reader to paste, after the README's first command has made the TEST certificate.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "a test runs in the environment that it is given")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The fenced blocks of this language.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(readme)).unwrap();
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn both_languages_give_the_same_commands() {
    for language in ["sh", "rust"] {
        let english = blocks("README.md", language);
        assert!(!english.is_empty());
        assert_eq!(english, blocks("README.ko.md", language));
    }
}

#[test]
fn the_first_two_commands_are_the_two_that_ci_runs() {
    assert_eq!(blocks("README.md", "sh")[0], "./run demo\n./run test");
    assert!(std::fs::read_to_string(root().join(".ci/run")).unwrap().contains("./run test"));
}

#[test]
fn the_readmes_program_is_the_example() {
    let example = std::fs::read_to_string(root().join("examples/sign.rs")).unwrap();
    let (_about, program) = example.split_once("\n\n").unwrap();
    assert_eq!(blocks("README.md", "rust"), [program.trim_end()]);
}

#[test]
#[ignore = "needs INGAM_DEMO, pkcs11-tool, pkcs11-engine and java"]
fn every_command_of_the_readme_runs_as_it_stands() {
    let commands = &blocks("README.md", "sh")[1..];
    assert!(commands.len() >= 4);
    let home = tempfile::tempdir().unwrap();
    let mut shell = Command::new("timeout");
    shell.args(["300", "bash", "-euc"]).arg(commands.join("\n")).current_dir(root());
    shell.env("HOME", home.path()).env("INGAM_PKCS11_MODULES", "none");
    let output = shell.env_remove("INGAM_NPKI_PATH").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("PrivateKeyEntry"), "{said}");
}

#[test]
#[ignore = "needs INGAM_DEMO"]
fn the_readmes_program_signs() {
    let deps = PathBuf::from(std::env::current_exe().unwrap().parent().unwrap());
    let mut example = Command::new(deps.with_file_name("examples").join("sign"));
    example.env("INGAM_NPKI_PATH", root().join("target/demo/NPKI")).env("INGAM_PKCS11_MODULES", "none");
    let output = example.current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8(output.stdout).unwrap().ends_with("256 bytes\n"));
}
