//! This file runs `ingam` and compares what it prints, in Korean and English, with the cases of `tests/cli/`.
//!
//! A case is data: arguments, exit code, and the screens. `<+18d>` stands for the date 18 days from now, `<dir>` for the
//! folder of the samples; serial numbers, fingerprints and ids of certificates, which are new in every run, are told as
//! `<hex>` and `<number>`.
#![cfg(all(unix, feature = "cli"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// One command line, what it does in either language, and what it says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    exit: i32,
    ko: Screen,
    en: Screen,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Screen {
    #[serde(default)]
    stdout: String,
    #[serde(default)]
    stderr: String,
}

fn play(file: &str) {
    let samples = &*SAMPLES;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(file);
    let cases: Cases = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(!cases.case.is_empty());
    let mut wrong = String::new();
    for case in &cases.case {
        for (locale, screen) in [("ko_KR.UTF-8", &case.ko), ("en_US.UTF-8", &case.en)] {
            let mut environment: Vec<_> =
                case.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            environment.push(("LC_ALL", locale));
            let arguments: Vec<_> = case.args.iter().map(String::as_str).collect();
            let run = samples.run(&arguments, &environment);
            // Lines are compared without the blanks that fill up a table; a test of its own looks at those.
            let lines = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            let got = (run.exit, lines(&samples.normal(&run.stdout)), lines(&samples.normal(&run.stderr)));
            let expected =
                (case.exit, lines(&samples.expected(&screen.stdout)), lines(&samples.expected(&screen.stderr)));
            if got != expected {
                wrong.push_str(&format!(
                    "\n== {file} {locale} {arguments:?}\nexpected exit {}\n{}\n--\n{}\ngot exit {}\n{}\n--\n{}\n",
                    expected.0, expected.1, expected.2, got.0, got.1, got.2
                ));
            }
        }
    }
    if !wrong.is_empty() && seoul_date(now()) != seoul_date(samples.made) {
        panic!("the day changed in Korea during this test; run it again");
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn list_says_this() {
    play("list.toml");
}

#[test]
fn show_says_this() {
    play("show.toml");
}

#[test]
fn sign_says_this() {
    play("sign.toml");
}

#[test]
fn verify_says_this() {
    play("verify.toml");
}

#[test]
fn vid_says_this() {
    play("vid.toml");
}

#[test]
fn a_wrong_command_line_is_answered_like_this() {
    play("usage.toml");
}

#[test]
fn secrets_are_taken_and_refused_like_this() {
    play("secret.toml");
}

#[test]
fn every_row_of_a_table_has_the_same_width() {
    for locale in ["ko_KR.UTF-8", "en_US.UTF-8"] {
        let run = SAMPLES.run(&["list", "--quiet"], &[("LC_ALL", locale)]);
        let widths: Vec<_> = run.stdout.lines().map(|line| line.width()).collect();
        assert_eq!(widths.len(), 4, "{}", run.stdout);
        assert!(widths.iter().all(|width| *width == widths[0]), "{widths:?}\n{}", run.stdout);
    }
}

#[test]
fn colour_is_not_forced_on_anybody() {
    for variable in ["NO_COLOR", "CLICOLOR_FORCE"] {
        // `Run::of` looks for escape characters.
        assert_eq!(SAMPLES.run(&["list"], &[(variable, "1")]).exit, 0);
        assert_eq!(SAMPLES.run(&["list", "--wrong"], &[(variable, "1")]).exit, 2);
    }
}

#[test]
fn the_language_is_the_options_or_the_locales() {
    let header = |arguments: &[&str], environment: &[(&str, &str)]| {
        let run = SAMPLES.run(arguments, environment);
        run.stdout.starts_with("번호")
    };
    assert!(header(&["list"], &[("LC_ALL", "ko_KR.UTF-8")]));
    assert!(header(&["list"], &[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR.UTF-8"), ("LANG", "en_US.UTF-8")]));
    assert!(header(&["list"], &[("LC_ALL", ""), ("LANG", "ko_KR.UTF-8")]));
    assert!(!header(&["list"], &[("LC_ALL", "C"), ("LANG", "ko_KR.UTF-8")]));
    for arguments in [["list", "--lang", "ko"].as_slice(), &["list", "--lang=ko"], &["--lang", "ko", "목록"]] {
        assert!(header(arguments, &[]), "{arguments:?}");
    }
    assert!(!header(&["목록", "--lang", "en"], &[("LC_ALL", "ko_KR.UTF-8")]));
}

#[test]
fn a_list_in_json_has_every_copy_and_every_reason() {
    let samples = &*SAMPLES;
    let twice = samples.path("twice");
    copy_folder(&samples.path("a"), &twice.join("1"));
    copy_folder(&samples.path("a"), &twice.join("2"));
    copy_folder(&samples.path("b"), &twice.join("3"));
    let damaged = only_set(&twice.join("3/NPKI"));
    fs::write(damaged.join("signCert.der"), "junk").unwrap();
    let roots = std::env::join_paths(["1", "2", "3"].map(|name| twice.join(name).join("NPKI"))).unwrap();
    let environment = [("INGAM_NPKI_PATH", roots.to_str().unwrap())];

    let document = samples.run(&["list", "--json"], &environment).json();
    assert_eq!(document["schema"], 1);
    let certs = document["certs"].as_array().unwrap();
    assert_eq!(certs.len(), 2);
    assert_eq!(certs[0]["sign"]["sha256"], certs[1]["sign"]["sha256"]);
    assert_ne!(certs[0]["medium"]["serial"], certs[1]["medium"]["serial"]);
    let cert = &certs[0];
    assert_eq!(cert["medium"]["kind"], "hdd");
    assert_eq!(cert["sign"]["name"], "홍길동");
    assert_eq!(cert["sign"]["issuer"]["key"], "yessign");
    assert_eq!(cert["sign"]["policy"]["usage"], "bank-card-insurance");
    assert_eq!(cert["sign"]["policy"]["holder"], "individual");
    assert_eq!(cert["sign"]["standing"], "in-period");
    assert_eq!(cert["sign"]["days_left"], 100);
    assert_eq!(cert["sign"]["has_private_key"], true);
    assert_eq!(cert["km"]["has_private_key"], true);
    assert_eq!(cert["ca_certificates"].as_array().unwrap().len(), 2);
    assert!(cert["uri"].as_str().unwrap().starts_with("pkcs11:token=NPKI%20"));
    let unusable = document["unusable"].as_array().unwrap();
    assert_eq!(unusable.len(), 1);
    assert_eq!(unusable[0]["code"], "damaged");
    assert!(unusable[0]["place"].as_str().unwrap().contains("가나다"));

    // For people copies are one row, unless all are asked for; the reason is there in any case.
    let rows = |arguments: &[&str]| {
        let run = samples.run(arguments, &environment);
        assert!(run.stdout.contains("signCert.der"), "{}", run.stdout);
        run.stdout.lines().filter(|line| line.contains("hdd")).count()
    };
    assert_eq!(rows(&["list"]), 1);
    assert_eq!(rows(&["list", "--all"]), 2);
}

#[test]
fn every_error_code_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let documented = read("docs/json.md");
    let mut codes = 0;
    for source in ["src/cli/report.rs", "src/cli/failure.rs"] {
        // A code is the literal before the exit code.
        let source = read(source);
        let source = source.split("#[cfg(test)]").next().unwrap();
        for (at, _) in source.match_indices("Exit::") {
            let before = source[..at].trim_end();
            let Some(before) = before.strip_suffix("\",") else { continue };
            let code = &before[before.rfind('"').unwrap() + 1..];
            assert!(documented.contains(&format!("`{code}`")), "docs/json.md says nothing of {code}");
            codes += 1;
        }
    }
    assert!(codes > 40, "{codes}");
}

#[test]
fn the_uri_names_no_token_where_tokens_are_no_media() {
    let uri =
        |slots| SAMPLES.run(&["show", "홍길동", "--json"], &[("INGAM_SLOTS", slots)]).json()["cert"]["uri"].clone();
    assert!(uri("medium").as_str().unwrap().starts_with("pkcs11:token="));
    for slots in ["one", "certificate"] {
        assert!(uri(slots).as_str().unwrap().starts_with("pkcs11:id="));
    }
}

#[test]
fn no_certificate_is_an_empty_list_and_no_error() {
    let nothing = [("INGAM_NPKI_PATH", "/nonexistent/NPKI")];
    let run = SAMPLES.run(&["list", "--json"], &nothing);
    assert_eq!((run.exit, run.json()["certs"].clone()), (0, Value::Array(Vec::new())));
    assert_eq!(run.json()["searched"][0], "/nonexistent/NPKI");
}

#[test]
fn a_certificate_is_named_by_serial_number_fingerprint_and_uri() {
    let document = SAMPLES.run(&["show", "홍길동", "--json"], &[]).json();
    let cert = &document["cert"];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let sha256 = text(&cert["sign"]["sha256"]);
    let serial = text(&cert["medium"]["serial"]);
    for selector in [
        format!("serial:{}", text(&cert["sign"]["serial"]).to_uppercase()),
        format!("sha256:{}", &sha256[..12]),
        format!("sha256:{}", text(&cert["km"]["sha256"])),
        text(&cert["uri"]),
        format!("pkcs11:serial={serial};object=%ED%99%8D%EA%B8%B8%EB%8F%99;type=cert"),
    ] {
        let found = SAMPLES.run(&["show", &selector, "--json"], &[]);
        assert_eq!(found.json()["cert"]["sign"]["sha256"], sha256.as_str(), "{selector}");
    }
    let wrong = SAMPLES.run(&["show", "pkcs11:token=other", "--json"], &[]);
    assert_eq!(wrong.error()["code"], "certificate_not_found");
}

#[test]
fn what_show_prints_as_pem_and_der_is_the_certificate() {
    let set = only_set(&SAMPLES.path("a/NPKI"));
    let der = fs::read(set.join("signCert.der")).unwrap();
    let output = SAMPLES.command(&["show", "홍길동", "--der"], &[]).output().unwrap();
    assert_eq!(output.stdout, der);
    let pem = SAMPLES.run(&["show", "홍길동", "--pem"], &[]).stdout;
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && pem.ends_with("-----END CERTIFICATE-----\n"));
    assert!(pem.lines().all(|line| line.len() <= 64));
}

#[test]
fn r_is_known_once_the_password_is_given() {
    let show = |arguments: &[&str]| {
        let run = SAMPLES.run(&[&["show", "홍길동", "--json"], arguments].concat(), &[]);
        run.json()["cert"]["has_vid_random"].clone()
    };
    assert_eq!(show(&[]), Value::Null);
    assert_eq!(show(&["--password-file", "pw"]), true);
}

#[test]
fn a_signature_is_made_once_and_verifies() {
    let out = SAMPLES.path("once.sig");
    let out = out.to_str().unwrap();
    let schemes =
        [("sha256", false), ("sha384", false), ("sha512", false), ("sha1", false), ("sha256", true), ("sha512", true)];
    for (index, (hash, pss)) in schemes.into_iter().enumerate() {
        let scheme = |hash| if pss { vec!["--hash", hash, "--pss"] } else { vec!["--hash", hash] };
        let force = if index == 0 { vec![] } else { vec!["--force"] };
        let sign = ["sign", "홍길동", "--in", "a.txt", "--out", out, "--password-file", "pw", "--json"];
        let signed = SAMPLES.run(&[&sign[..], &scheme(hash), &force].concat(), &[]);
        assert_eq!(signed.json()["signature"]["bytes"], 256, "{}", signed.stderr);
        let verify = ["verify", "홍길동", "--in", "a.txt", "--signature", out, "--json"];
        let verified = SAMPLES.run(&[&verify[..], &scheme(hash)].concat(), &[]);
        assert_eq!((verified.exit, verified.json()["signature"]["verdict"].clone()), (0, "ok".into()), "{hash} {pss}");
        let other = if hash == "sha384" { "sha256" } else { "sha384" };
        let wrong = SAMPLES.run(&[&verify[..], &scheme(other)].concat(), &[]);
        assert_eq!((wrong.exit, wrong.json()["signature"]["verdict"].clone()), (9, "failed".into()), "{hash} {pss}");
    }
    let again = SAMPLES.run(&["sign", "홍길동", "--in", "a.txt", "--out", out, "--password-file", "pw", "--json"], &[]);
    assert_eq!((again.exit, again.error()["code"].clone()), (8, "already_exists".into()));
    let left = fs::read_dir(SAMPLES.folder.path()).unwrap().filter_map(Result::ok);
    assert!(left.into_iter().all(|file| !file.file_name().to_string_lossy().ends_with(".tmp")));
}

#[test]
fn a_signature_passes_through_a_pipe() {
    let run = SAMPLES.shell(
        "$INGAM sign 홍길동 --in - --out - --password-fd 3 3< pw < a.txt > piped.sig && \
         $INGAM verify 홍길동 --in - --signature piped.sig < a.txt",
    );
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(fs::read(SAMPLES.path("piped.sig")).unwrap().len(), 256);
}

#[test]
fn a_password_comes_from_each_source_and_the_first_one_counts() {
    let samples = &*SAMPLES;
    let credentials = samples.path("credentials");
    fs::create_dir_all(&credentials).unwrap();
    fs::write(credentials.join("ingam.pin"), PASSWORD).unwrap();
    let credentials = credentials.to_str().unwrap();
    let exit = |arguments: &[&str], environment: &[(&str, &str)]| {
        samples.run(&[&["show", "홍길동", "--no-input"], arguments].concat(), environment).exit
    };
    let wrong = ("PW", "wrong");
    assert_eq!(exit(&["--password-file", "pw", "--password-env", "PW"], &[wrong]), 0);
    assert_eq!(exit(&["--password-env", "PW"], &[("PW", PASSWORD)]), 0);
    assert_eq!(exit(&["--pin-env", "PW"], &[("PW", PASSWORD)]), 0);
    assert_eq!(exit(&["--password-env", "PW"], &[wrong]), 4);
    assert_eq!(exit(&["--password-env", "PW"], &[wrong, ("CREDENTIALS_DIRECTORY", credentials)]), 0);
    assert_eq!(exit(&["--password-file", "wrong"], &[("CREDENTIALS_DIRECTORY", credentials)]), 4);
    let by_fd = samples.shell("$INGAM show 홍길동 --password-fd 3 --password-file wrong 3< pw");
    assert_eq!(by_fd.exit, 0, "{}", by_fd.stderr);
    let by_stdin = samples.shell("cat pw | $INGAM show 홍길동 --pin-fd 0");
    assert_eq!(by_stdin.exit, 0, "{}", by_stdin.stderr);
    let uri = samples.run(&["show", "홍길동", "--json"], &[]).json()["cert"]["uri"].as_str().unwrap().to_owned();
    let source = format!("{uri}?pin-source=file:{}", samples.path("pw").display());
    assert_eq!(samples.run(&["show", &source], &[]).exit, 0);
}

#[test]
fn r_goes_where_it_was_sent_and_to_its_owner_alone() {
    let samples = &*SAMPLES;
    let mut values = Vec::new();
    for form in ["base64", "hex", "raw"] {
        let out = samples.path(&format!("r.{form}"));
        let arguments = ["vid", "r", "홍길동", "--out", out.to_str().unwrap(), "--form", form, "--password-file", "pw"];
        let run = samples.run(&[&arguments[..], &["--json"]].concat(), &[]);
        assert_eq!(run.json()["vid_random"]["form"], form, "{}", run.stderr);
        assert_eq!(mode(&out), 0o600);
        let value = fs::read(&out).unwrap();
        assert!(!run.stdout.contains(String::from_utf8_lossy(&value).trim_end()));
        values.push(value);
    }
    assert_eq!(values[2].len(), 20);
    let hex: String = values[2].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(values[1], format!("{hex}\n").into_bytes());
    assert_eq!(values[0].len(), 29);
    let run = samples.shell("$INGAM vid r 홍길동 --out-fd 4 --form hex --password-file pw 4> r.fd");
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert_eq!(fs::read(samples.path("r.fd")).unwrap(), values[1]);
    let piped = samples.shell("$INGAM vid r 홍길동 --out - --form hex --password-file pw | cat");
    assert_eq!(piped.stdout.as_bytes(), values[1]);
}

#[test]
fn a_key_without_r_is_said_to_have_none() {
    use ingam::npki::authority::Authority;
    use ingam::pin::Pin;
    use ingam::sample::{SampleKind, SampleRequest, TestAuthority};
    let folder = SAMPLES.path("without-r/NPKI");
    fs::create_dir_all(&folder).unwrap();
    let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", now());
    request.keeps_random = false;
    let set = TestAuthority::new(&Authority::YesSign, now()).unwrap();
    let set = set.issue(&request, &Pin::copy_of(PASSWORD.as_bytes())).unwrap();
    set.publish(&mut ingam::storage::NpkiFolder::new(folder.clone(), 100)).unwrap();
    let environment = [("INGAM_NPKI_PATH", folder.to_str().unwrap())];
    let run = SAMPLES.run(&["vid", "r", "홍길동", "--out", "none", "--password-file", "pw", "--json"], &environment);
    assert_eq!((run.exit, run.error()["code"].clone()), (3, "no_vid_random".into()));
    assert!(!SAMPLES.path("none").exists());
    let run = SAMPLES.run(&["show", "홍길동", "--password-file", "pw", "--json"], &environment);
    assert_eq!(run.json()["cert"]["has_vid_random"], false);
}

#[test]
fn a_sample_tells_everything_that_a_build_needs() {
    let samples = &*SAMPLES;
    let run =
        samples.run(&["sample", "--out", "ci", "--json", "--kind", "personal-bank", "--kind", "tax-invoice"], &[]);
    let document = run.json();
    let sample = &document["sample"];
    assert_eq!(sample["password_source"], "built-in");
    assert_eq!(document["certs"].as_array().unwrap().len(), 2);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    samples.secret("ci-pw", text(&sample["password"]).as_bytes());
    let npki = text(&sample["npki"]);
    for cert in document["certs"].as_array().unwrap() {
        let verify = ["verify", &text(&cert["uri"]), "--ca", &text(&sample["root"]), "--json"];
        let verified = samples.run(&verify, &[("INGAM_NPKI_PATH", &npki)]);
        assert_eq!(verified.exit, 0, "{}", verified.stdout);
        let items = &verified.json()["items"];
        assert_eq!(
            (items["chain"]["verdict"].clone(), items["revocation"]["verdict"].clone()),
            ("ok".into(), "not-checked".into())
        );
        let show = ["show", &text(&cert["uri"]), "--password-file", "ci-pw", "--medium", "dir:ci", "--json"];
        assert_eq!(samples.run(&show, &[]).json()["cert"]["has_vid_random"], true);
    }
    let again = samples.run(&["sample", "--out", "ci", "--json"], &[]);
    assert_eq!((again.exit, again.error()["code"].clone()), (8, "already_exists".into()));
    assert!(run.stdout.contains("TEST"), "clearly marked");
}

#[test]
fn the_module_is_looked_for_beside_the_program_and_nowhere_else() {
    let folder = tempfile::tempdir().unwrap();
    let (bin, lib) = (folder.path().join("bin"), folder.path().join("lib/pkcs11"));
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir_all(&lib).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_ingam"), bin.join("ingam")).unwrap();
    let run = || Run::of(Command::new(bin.join("ingam")).args(["module", "path", "--json"]).output().unwrap());
    let missing = run();
    assert_eq!((missing.exit, missing.error()["code"].clone()), (3, "module_not_found".into()));
    let file = format!("{}ingam_pkcs11{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    fs::write(lib.join(&file), "").unwrap();
    let found = run().json()["module"]["path"].as_str().unwrap().to_owned();
    assert_eq!(Path::new(&found), lib.canonicalize().unwrap().join(&file));
}

#[test]
fn names_in_certificates_and_folders_cannot_write_to_the_terminal() {
    let samples = &*SAMPLES;
    let evil = "eve\u{1b}[2J\u{202e}\n";
    let run = samples.run(&["sample", "--out", "evil\u{1b}[31m", "--name", evil, "--json"], &[]);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    assert!(
        run.json()["certs"][0]["sign"]["common_name"].as_str().unwrap().contains('\u{202e}'),
        "JSON keeps the value"
    );
    let npki = run.json()["sample"]["npki"].as_str().unwrap().to_owned();
    for arguments in
        [["list", "--all"].as_slice(), &["show", "eve", "--text"], &["verify", "eve"], &["show", "\u{1b}[1m"]]
    {
        // `Run::of` looks for escape characters.
        let run = samples.run(arguments, &[("INGAM_NPKI_PATH", &npki)]);
        assert!(!run.stdout.contains('\u{202e}') && !run.stderr.contains('\u{202e}'));
    }
}

#[test]
fn a_reader_that_has_gone_is_no_error_message() {
    for arguments in [["list"].as_slice(), &["show", "홍길동", "--json"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = SAMPLES.command(arguments, &[]).stdout(writer).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(1), b"".as_slice()), "{arguments:?}");
    }
}

/// `ingam` on a terminal of its own, by script(1); `answers` are typed when a question has come.
#[cfg(target_os = "linux")]
fn on_a_terminal(arguments: &str, answers: &[&[u8]]) -> (String, i32) {
    let samples = &*SAMPLES;
    let plain = samples.command(&[], &[("LC_ALL", "ko_KR.UTF-8")]);
    let mut command = Command::new("script");
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_ingam"));
    command.args(["--quiet", "--return", "--echo", "never", "--command", &line, "/dev/null"]);
    command.current_dir(samples.folder.path()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("script(1) is there");
    let mut typed = child.stdin.take().unwrap();
    let mut screen = child.stdout.take().unwrap();
    let mut shown = Vec::new();
    let mut answers = answers.iter();
    let mut piece = [0; 1024];
    loop {
        let length = screen.read(&mut piece).unwrap();
        if length == 0 {
            break;
        }
        shown.extend_from_slice(&piece[..length]);
        if shown.ends_with(b": ")
            && let Some(answer) = answers.next()
        {
            typed.write_all(answer).unwrap();
            typed.flush().unwrap();
        }
    }
    let status = child.wait().unwrap();
    let shown = String::from_utf8_lossy(&shown).replace('\r', "");
    assert!(!shown.contains(PASSWORD), "{shown}");
    (shown, status.code().unwrap_or(-1))
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_may_use_the_number_of_the_list_and_is_asked_for_the_password() {
    let (shown, exit) = on_a_terminal("sign 1 --in a.txt --out asked.sig", &[format!("{PASSWORD}\n").as_bytes()]);
    assert_eq!(exit, 0, "{shown}");
    assert!(shown.starts_with("인증서 암호 (홍길동): "), "{shown}");
    assert!(shown.contains("서명했습니다: asked.sig"), "{shown}");
    let (shown, exit) = on_a_terminal("show 9", &[]);
    assert_eq!(exit, 3, "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_person_may_give_up_at_the_prompt() {
    for key in [b"abc\x03".as_slice(), b"\x04"] {
        let (shown, exit) = on_a_terminal("sign 1 --in a.txt --out never.sig", &[key]);
        assert_eq!(exit, 130, "{shown}");
        assert!(shown.contains("취소했습니다."), "{shown}");
    }
    assert!(!SAMPLES.path("never.sig").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn bytes_are_not_written_to_a_terminal() {
    for arguments in ["show 1 --der", "sign 1 --in a.txt --out -", "vid r 1 --out -"] {
        let (shown, exit) = on_a_terminal(arguments, &[]);
        assert_eq!(exit, 2, "{shown}");
    }
    let (shown, exit) = on_a_terminal("vid r 1 --out-fd 1", &[format!("{PASSWORD}\n").as_bytes()]);
    assert_eq!(exit, 2, "{shown}");
}

#[cfg(target_os = "linux")]
#[test]
fn hangul_in_a_password_is_pointed_out() {
    let (shown, exit) = on_a_terminal("sign 1 --in a.txt --out never.sig", &["비밀\n".as_bytes()]);
    assert_eq!(exit, 4, "{shown}");
    assert!(shown.contains("한/영 키") && !shown.contains("비밀\n"), "{shown}");
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
