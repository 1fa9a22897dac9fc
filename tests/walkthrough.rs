//! This file runs the walk-through of `docs/media/security-token.md` as it stands, with SoftHSM.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::Command;

#[test]
#[ignore = "needs softhsm2-util and openssl"]
fn an_administrators_walk_through_runs_as_it_stands() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/media/security-token.md");
    let page = std::fs::read_to_string(page).unwrap();
    let blocks: Vec<&str> = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 6, "the commands were found");
    let home = tempfile::tempdir().unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_ingam")).parent().unwrap();
    let mut shell = Command::new("timeout");
    shell.args(["120", "bash", "-euo", "pipefail", "-c"]).arg(blocks.concat()).current_dir(home.path()).env_clear();
    shell.env("PATH", format!("{}:/usr/bin:/bin", programs.display())).env("LC_ALL", "C.UTF-8");
    shell.env("HOME", home.path()).env("INGAM_NPKI_PATH", home.path().join("none"));
    let output = shell.output().unwrap();
    let (said, errors) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}{errors}");
    for (what, there) in [
        ("the token is listed", "회사토큰"),
        ("SoftHSM never locks, and is said not to", "never locks"),
        ("the import is proven", "verified by a test signature"),
        ("openssl verifies", "Verified OK"),
    ] {
        assert!(said.contains(there), "{what}: {said}");
    }
    for secret in ["officer-2026", "first-2026", "second-2026", "Sample-2026!"] {
        assert!(!said.contains(secret) && !errors.contains(secret), "a secret is printed");
    }
    let last = said.rsplit("NAME ").next().unwrap();
    assert!(last.contains("회사토큰") && !last.contains("홍길동"), "{last}");
}
