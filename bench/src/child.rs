//! This file runs one measurement in a process of its own: a module reads its configuration once in a process's life, and
//! start-up is only felt in a fresh one.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::{many, sign, token};

/// What a child is asked to do.
pub(crate) fn run(work: &str, arguments: &[&str]) {
    let figures = match (work, arguments) {
        ("sign", []) => sign::rounds(),
        ("threads", []) => sign::thread_rounds(),
        ("token", []) => token::rounds(),
        ("provision", [count, content]) => many::provision(count.parse().unwrap(), *content == "WithKeys"),
        ("list", [module]) => many::list_once(Path::new(module)),
        ("find", []) => many::find_rounds(),
        ("once", []) => many::once(),
        ("login", [pin]) => many::login_once(pin),
        _ => panic!("no such work: {work} {arguments:?}"),
    };
    for figure in figures {
        println!("{figure}");
    }
}

/// Runs this program again with these variables and nothing else of the user's configuration; returns its figures.
pub(crate) fn figures(work: &str, arguments: &[&str], variables: &[(&str, &Path)]) -> Vec<f64> {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.arg("child").arg(work).args(arguments);
    child.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path()).env_remove("INGAM_CONF");
    child.env("INGAM_PKCS11_MODULES", "none");
    for (name, value) in variables {
        child.env(name, value);
    }
    let output = child.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{work} {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}
