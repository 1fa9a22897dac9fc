//! This file plays the cases of `tests/cli/*.toml`.

use super::*;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
}

/// One command line, what it does in either language, and what it says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What is made ready before each run, by a shell in the folder of the samples.
    #[serde(default)]
    before: String,
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
    play_in(file, &[], str::to_owned);
}

/// With more in the environment, where more differs from run to run.
pub(super) fn play_in(file: &str, environment: &[(&str, &str)], normal: fn(&str) -> String) {
    let more = environment;
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
            environment.extend(more);
            if !case.before.is_empty() {
                let ready = samples.shell(&case.before);
                assert_eq!(ready.exit, 0, "{}: {}", case.before, ready.stderr);
            }
            let arguments: Vec<_> = case.args.iter().map(String::as_str).collect();
            let run = samples.run(&arguments, &environment);
            // Lines are compared without the blanks that fill up a table; a test of its own looks at those.
            let lines = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
            let got =
                (run.exit, lines(&normal(&samples.normal(&run.stdout))), lines(&normal(&samples.normal(&run.stderr))));
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
fn copy_and_move_say_this() {
    play("transfer.toml");
}

#[test]
fn import_says_this() {
    play("import.toml");
}

#[test]
fn delete_and_csr_say_this() {
    play("delete.toml");
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
