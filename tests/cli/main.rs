//! This file runs `ingam` and compares what it prints, in Korean and English, with the cases of `tests/cli/`.
//!
//! A case is data: arguments, exit code, and the screens. `<+18d>` stands for the date 18 days from now, `<dir>` for the
//! folder of the samples; serial numbers, fingerprints and ids of certificates, which are new in every run, are told as
//! `<hex>` and `<number>`.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/ill.rs"]
mod ill;
mod ill_tokens;
mod screens;
mod terminal;
mod token_leaves;
mod token_sets;
mod tokens;
mod transfer;
mod verbs;

#[path = "../support/ill.rs"]
mod ill;
#[path = "../support/softhsm.rs"]
mod softhsm;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use ingam::certificate::seoul_date;
use serde::Deserialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

/// Planted as a password; no output may ever hold it.
const PASSWORD: &str = "Pl4nted-S3cret!";
/// Planted as a number for identification; the TEST number is another one.
const IDN: &str = "9912319999999";

const DAY: i64 = 86_400;

/// The samples that every case looks at: three media of one set each, a file that is no folder, secrets in files.
struct Samples {
    folder: tempfile::TempDir,
    made: i64,
}

static SAMPLES: LazyLock<Samples> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let samples = Samples { folder, made: now() };
    samples.secret("pw", PASSWORD.as_bytes());
    samples.secret("wrong", b"not the password\n");
    samples.secret("idn", b"000000-0000000\n");
    samples.secret("other-idn", IDN.as_bytes());
    samples.secret("empty", b"\n");
    fs::write(samples.path("open"), PASSWORD).unwrap();
    set_mode(&samples.path("open"), 0o644);
    fs::write(samples.path("a.txt"), "hello\n").unwrap();
    for (name, options) in [
        ("a", "--kind personal-bank --expires-in 100d --km"),
        ("b", "--kind tax-invoice --expires-in 18d"),
        ("c", "--kind personal-universal --expires-in -3d --name 성춘향"),
    ] {
        let folder = samples.path(name).display().to_string();
        let mut arguments = vec!["sample", "--out", &folder, "--password-file", "pw"];
        arguments.extend(options.split(' '));
        let run = samples.run(&arguments, &[]);
        assert_eq!(run.exit, 0, "{}", run.stderr);
    }
    samples
});

impl Samples {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn secret(&self, name: &str, content: &[u8]) {
        fs::write(self.path(name), content).unwrap();
        set_mode(&self.path(name), 0o600);
    }

    /// In the folder of the samples, with nothing of the environment but what is given here.
    fn command(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ingam"));
        let roots = std::env::join_paths(["a", "b", "c"].map(|name| self.path(name).join("NPKI"))).unwrap();
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.path("home")).env("PATH", "/usr/bin:/bin").env("INGAM_NPKI_PATH", roots);
        command.env("INGAM_PKCS11_MODULES", "none");
        command.env("LC_ALL", "C.UTF-8").envs(environment.iter().copied()).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Run {
        Run::of(self.command(arguments, environment).output().unwrap())
    }

    /// Through a shell, for descriptors.
    fn shell(&self, line: &str) -> Run {
        let plain = self.command(&[], &[]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(line).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap());
        }
        Run::of(command.env("INGAM", plain.get_program()).output().unwrap())
    }

    /// What differs from run to run, told by what it is.
    fn normal(&self, text: &str) -> String {
        let text = text.replace(self.folder.path().to_str().unwrap(), "<dir>");
        let text = replace_runs(&text, 22, |c| c.is_ascii_digit(), "<number>");
        let text = replace_runs(&text, 60, |c| c.is_ascii_hexdigit() || c == '%', "<hex>");
        let text = replace_behind(&text, "sha256:", "<hex>");
        text.lines().map(|line| normal_fact(line) + "\n").collect()
    }

    /// A text of a case with its dates and folder.
    fn expected(&self, text: &str) -> String {
        let mut text = text.to_owned();
        while let Some(start) = text.find("<+").or_else(|| text.find("<-")) {
            let end = start + text[start..].find("d>").expect("a date ends with d>");
            let days: i64 = text[start + 1..end].parse().unwrap();
            text.replace_range(start..end + 2, &seoul_date(self.made + days * DAY));
        }
        text
    }
}

/// Facts of `show` that are new in every run.
fn normal_fact(line: &str) -> String {
    let hex = ["Serial ", "일련번호 ", "Key id ", "키 식별자 ", "SHA-1 "].map(|label| (label, "<hex>"));
    let moments = ["Begins (UTC) ", "Ends (UTC) ", "시작 (UTC) ", "끝 (UTC) "].map(|label| (label, "<moment>"));
    for (label, told) in hex.into_iter().chain(moments) {
        if let Some(value) = line.strip_prefix(label) {
            let blanks = value.len() - value.trim_start().len();
            return format!("{label}{}{told}", &value[..blanks]);
        }
    }
    line.to_owned()
}

/// Replaces every run of at least `length` characters of a sort.
fn replace_runs(text: &str, length: usize, sort: fn(char) -> bool, by: &str) -> String {
    let mut result = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if sort(c) {
            run.push(c);
            continue;
        }
        result.push_str(if run.len() >= length { by } else { &run });
        run.clear();
        result.push(c);
    }
    result.trim_end_matches('\0').to_owned()
}

/// Replaces the hexadecimal digits behind every `mark`.
fn replace_behind(text: &str, mark: &str, by: &str) -> String {
    let mut parts = text.split(mark);
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_hexdigit());
        result.push_str(mark);
        result.push_str(if rest.len() < part.len() { by } else { "" });
        result.push_str(rest);
    }
    result
}

struct Run {
    exit: i32,
    stdout: String,
    stderr: String,
}

impl Run {
    /// Checks what holds for every run: no secret, nothing that a terminal acts upon, no missing word.
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        for secret in [PASSWORD, IDN] {
            assert!(!stdout.contains(secret) && !stderr.contains(secret), "a secret is printed: {stdout}{stderr}");
        }
        for text in [&stdout, &stderr] {
            assert!(!text.contains(['\u{1b}', '⟨']), "{text}");
        }
        Self { exit: output.status.code().unwrap_or(-1), stdout, stderr }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }

    fn error(&self) -> Value {
        let document: Value = serde_json::from_str(&self.stderr).expect("the error is one JSON document");
        assert_eq!(document["error"]["exit"], self.exit);
        document["error"].clone()
    }
}

fn now() -> i64 {
    i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()
}

fn only_set(npki: &Path) -> PathBuf {
    let mut folder = npki.to_owned();
    while !folder.join("signCert.der").exists() {
        folder = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    }
    folder
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let (from, to) = (item.as_ref().unwrap().path(), to.join(item.unwrap().file_name()));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
