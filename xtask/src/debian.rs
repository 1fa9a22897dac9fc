//! This file knows which Debian package brings which tool, and installs what is missing.

use std::path::Path;
use std::process::Command;

use crate::{Done, in_ci, must};

/// A tool, as tests name it in `#[ignore = "needs …"]`, how to see that it is there, and who brings it. One that several
/// packages bring stands here several times.
struct Tool {
    name: &'static str,
    /// A command, or a path in which `*` stands for one folder.
    probe: &'static str,
    package: &'static str,
}

const fn tool(name: &'static str, probe: &'static str, package: &'static str) -> Tool {
    Tool { name, probe, package }
}

static TOOLS: &[Tool] = &[
    tool("pkcs11-tool", "pkcs11-tool", "opensc"),
    tool("openssl", "openssl", "openssl"),
    tool("pkcs11-engine", "/usr/lib/*/engines-3/pkcs11.so", "libengine-pkcs11-openssl"),
    tool("p11tool", "p11tool", "gnutls-bin"),
    tool("softhsm2", "/usr/lib/softhsm/libsofthsm2.so", "softhsm2"),
    tool("java", "javac", "openjdk-17-jdk-headless"),
    tool("readelf", "readelf", "binutils"),
    tool("curl", "curl", "curl"),
    tool("git", "git", "git"),
    tool("python3", "python3", "python3"),
    tool("ssh", "ssh", "openssh-client"),
    tool("sshd", "/usr/sbin/sshd", "openssh-server"),
    tool("xxd", "xxd", "xxd"),
    tool("python3-venv", "/usr/lib/*/ensurepip", "python3-venv"),
    tool("node", "node", "nodejs"),
    tool("node-headers", "/usr/include/node/node_api.h", "libnode-dev"),
    tool("npm", "npm", "npm"),
    tool("make", "make", "make"),
    tool("jarsigner", "jarsigner", "openjdk-17-jdk-headless"),
    tool("xmlsec1", "xmlsec1", "xmlsec1"),
    tool("pdfsig", "pdfsig", "poppler-utils"),
    tool("nss-tools", "tstclnt", "libnss3-tools"),
    tool("p11-kit", "p11-kit", "p11-kit"),
    tool("p11-kit", "/usr/lib/*/p11-kit-proxy.so", "p11-kit-modules"),
    tool("osslsigncode", "osslsigncode", "osslsigncode"),
    tool("nginx", "/usr/sbin/nginx", "nginx"),
    tool("strace", "strace", "strace"),
    tool("valgrind", "valgrind", "valgrind"),
    tool("g++", "g++", "g++"),
];

/// For the demonstration.
pub(crate) const DEMO: &[&str] = &["pkcs11-tool", "openssl"];
/// For the tests that stand in this repository.
pub(crate) const TESTS: &[&str] = &[
    "pkcs11-tool",
    "openssl",
    "pkcs11-engine",
    "p11tool",
    "softhsm2",
    "java",
    "readelf",
    "python3",
    "xmlsec1",
    "pdfsig",
    "curl",
    "ssh",
    "nss-tools",
    "p11-kit",
    "osslsigncode",
    "strace",
];
/// Servers that those tests start on loopback. Apart, because Debian may start a listener of its own when it installs one.
pub(crate) const SERVERS: &[&str] = &["sshd", "nginx"];
/// For the scenarios of `INGAM_CLIENTS`.
pub(crate) const SCENARIOS: &[&str] = &["git", "sshd", "xxd"];

/// Whether the tool is there; `None` if the word names no tool.
pub(crate) fn has(name: &str) -> Option<bool> {
    let mut parts = TOOLS.iter().filter(|tool| tool.name == name).peekable();
    parts.peek()?;
    Some(parts.all(|tool| present(tool.probe)))
}

/// Installs what is missing of these tools. Where that is impossible, says the command to type and goes on: the tests in
/// question are then reported as skipped. In CI it fails.
pub(crate) fn install(names: &[&str]) -> Done {
    let mut packages: Vec<&str> = TOOLS
        .iter()
        .filter(|tool| names.contains(&tool.name) && !present(tool.probe))
        .map(|tool| tool.package)
        .collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    println!("Installing from Debian: {}", packages.join(" "));
    let done = apt(&packages);
    match done {
        Err(reason) if !in_ci() => {
            println!("Could not install ({reason}). To do it yourself: apt-get install {}", packages.join(" "));
            Ok(())
        }
        done => done,
    }
}

fn apt(packages: &[&str]) -> Done {
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err("this system has no apt-get".into());
    }
    let lists_are_there = std::fs::read_dir("/var/lib/apt/lists")
        .is_ok_and(|lists| lists.flatten().any(|list| list.file_name().to_string_lossy().contains("_Packages")));
    let install = || {
        let mut install = apt_get();
        install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
        must(&mut install)
    };
    if lists_are_there && install().is_ok() {
        return Ok(());
    }
    must(apt_get().args(["update", "-q"]))?;
    install()
}

/// Where this system gets Debian from.
pub(crate) fn mirror() -> Result<String, String> {
    let known = || {
        let filter = ["--format", "$(SITE)", "Origin: Debian", "Label: Debian", "Created-By: Packages"];
        let sites = Command::new("apt-get").arg("indextargets").args(filter).output().ok()?.stdout;
        String::from_utf8(sites).ok()?.lines().next().map(str::to_owned)
    };
    if let Some(site) = known() {
        return Ok(site);
    }
    must(apt_get().args(["update", "-q"]))?;
    known().ok_or_else(|| "apt-get knows no source of Debian".into())
}

fn apt_get() -> Command {
    let is_root =
        Command::new("id").arg("-u").output().is_ok_and(|answer| answer.stdout.trim_ascii() == b"0".as_slice());
    let mut command = if is_root {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("env");
        sudo
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=600"]);
    command
}

fn present(probe: &str) -> bool {
    if let Some((folder, rest)) = probe.split_once("/*/") {
        let Ok(entries) = std::fs::read_dir(folder) else { return false };
        return entries.flatten().any(|entry| entry.path().join(rest).exists());
    }
    if probe.starts_with('/') {
        return Path::new(probe).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(probe).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_that_a_list_names_is_known() {
        for name in [DEMO, TESTS, SERVERS, SCENARIOS].concat() {
            assert!(has(name).is_some(), "{name}");
        }
        assert_eq!(has("no-such-tool"), None);
    }

    #[test]
    fn a_probe_finds_commands_files_and_patterns() {
        assert!(present("sh"));
        assert!(present("/bin/sh"));
        assert!(!present("/bin/no-such-file"));
        assert!(present("/usr/*/sh"));
    }
}
