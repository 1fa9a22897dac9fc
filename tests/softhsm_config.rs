//! This file runs what `softhsm-config/` offers: its script, and its job for GitHub Actions, step by step.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-config").join(name)
}

/// The blocks of a job: (name, commands). A block is what is indented below `run: |`.
fn steps(job: &str) -> Vec<(String, String)> {
    let mut steps: Vec<(String, String)> = Vec::new();
    let mut name = "";
    let mut inside = None;
    for line in job.lines() {
        let depth = line.len() - line.trim_start().len();
        if let Some(block) = inside {
            if line.trim().is_empty() || depth > block {
                let (_, commands) = steps.last_mut().unwrap();
                commands.push_str(line.get(block + 2..).unwrap_or_default());
                commands.push('\n');
                continue;
            }
            inside = None;
        }
        if let Some(said) = line.trim_start().strip_prefix("- name: ") {
            name = said;
        } else if line.trim() == "run: |" {
            steps.push((name.to_owned(), String::new()));
            inside = Some(depth);
        }
    }
    steps
}

#[test]
fn the_steps_of_a_job_are_found_with_their_lines() {
    let job = "steps:\n  - run: no block\n  - name: one\n    run: |\n      a \\\n        b\n\n      c\n  - name: two\n    run: |\n      d\n";
    assert_eq!(steps(job), [("one".into(), "a \\\n  b\n\nc\n".into()), ("two".into(), "d\n".into())]);
}

#[test]
#[ignore = "needs softhsm2-util and openssl"]
fn every_step_of_the_ready_job_succeeds() {
    let home = tempfile::tempdir().unwrap();
    let job = fs::read_to_string(file("github-actions.yml")).unwrap();
    let steps = steps(&job);
    assert!(steps.len() >= 6, "the job was read");
    assert_eq!(steps.len(), job.matches("run: |").count() - 1, "each but the one in a comment");
    let variables = home.path().join("variables");
    fs::write(&variables, "").unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_ingam")).parent().unwrap();
    let mut said = String::new();
    for (name, commands) in &steps {
        let mut shell = Command::new("bash");
        // As the runner does: each block in a shell of its own, which a failing command ends.
        shell.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", commands]).current_dir(home.path());
        shell.env_clear().env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
        shell.env("HOME", home.path()).env("RUNNER_TEMP", home.path()).env("GITHUB_ENV", &variables);
        let later = fs::read_to_string(&variables).unwrap();
        shell.envs(later.lines().filter_map(|line| line.split_once('=')).collect::<BTreeMap<_, _>>());
        said = text(&succeed(name, &mut shell));
    }
    assert!(said.contains("Verified OK"), "{said}");
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_script_makes_a_token_once_with_a_so_pin_of_its_own() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("a folder");
    let make = |label: &str| {
        let mut script = Command::new(file("private-token.sh"));
        script.arg(&folder).args([label, "user-1234", "so-5678"]).env_clear().env("PATH", "/usr/bin:/bin");
        text(&succeed("private-token.sh", &mut script))
    };
    let selected = format!("SOFTHSM2_CONF={}/softhsm2.conf\n", folder.display());
    for label in ["회사토큰", "회사토큰", "토큰"] {
        assert_eq!(make(label), selected);
    }
    let tokens = || fs::read_dir(folder.join("tokens")).unwrap().count();
    assert_eq!(tokens(), 2, "one for each label");
    let again = |so_pin: &str| {
        let mut tool = Command::new("softhsm2-util");
        tool.env("SOFTHSM2_CONF", folder.join("softhsm2.conf"));
        tool.args(["--init-token", "--token", "토큰", "--label", "토큰", "--so-pin", so_pin, "--pin", "other"]);
        tool.output().unwrap().status.success()
    };
    assert!(!again("user-1234"), "the PIN is not the SO PIN");
    assert!(again("so-5678"));
    assert_eq!(tokens(), 2);
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o077, 0, "its user's alone");
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_template_is_a_configuration_that_softhsm_takes() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("tokens")).unwrap();
    let template = fs::read_to_string(file("softhsm2.conf")).unwrap();
    let own = template.replace("/path/to/a/private/folder", home.path().to_str().unwrap());
    assert_ne!(own, template);
    fs::write(home.path().join("softhsm2.conf"), own).unwrap();
    let mut tool = Command::new("softhsm2-util");
    tool.arg("--show-slots").env("SOFTHSM2_CONF", home.path().join("softhsm2.conf"));
    let output = succeed("softhsm2-util", &mut tool);
    assert!(text(&output).contains("Initialized:      no"), "{output:?}");
    assert_eq!(output.stderr, b"");
}

fn succeed(what: &str, command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{what}: {}{}", text(&output), String::from_utf8_lossy(&output.stderr));
    output
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
