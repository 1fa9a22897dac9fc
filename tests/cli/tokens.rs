//! This file runs `ingam` on tokens of SoftHSM: what is said, and what happens to them.

use super::ill::{self, IllModule};
use super::screens::play_in;
use super::softhsm::{PIN, SO_PIN, SoftHsm};
use super::*;

/// The environment of a SoftHSM, as text.
fn environment(hsm: &SoftHsm) -> Vec<(&'static str, String)> {
    hsm.environment().into_iter().map(|(name, value)| (name, value.display().to_string())).collect()
}

fn borrowed<'a>(environment: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    environment.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// Serial numbers of tokens are new in every run.
fn without_serials(text: &str) -> String {
    replace_runs(text, 16, |c| c.is_ascii_hexdigit(), "<serial>")
}

/// PINs in files of the samples' folder.
fn pins() {
    for (name, pin) in [("pin", PIN), ("so-pin", SO_PIN), ("new-pin", "87654321"), ("short-pin", "1")] {
        SAMPLES.secret(name, pin.as_bytes());
    }
}

fn run(hsm: &SoftHsm, line: &str) -> Run {
    let environment = environment(hsm);
    let arguments: Vec<&str> = line.split(' ').collect();
    SAMPLES.run(&arguments, &borrowed(&environment))
}

fn done(hsm: &SoftHsm, line: &str) -> Run {
    let run = run(hsm, line);
    assert_eq!(run.exit, 0, "{line}: {}{}", run.stdout, run.stderr);
    run
}

/// Whether the token's owner gets in with the PIN of this file.
fn opens(hsm: &SoftHsm, pin: &str) -> bool {
    let run = run(hsm, &format!("sign 홍길동 --in a.txt --out {pin}.sig --force --pin-file {pin}"));
    assert!([0, 4].contains(&run.exit), "{}", run.stderr);
    run.exit == 0
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn tokens_say_this() {
    let hsm = SoftHsm::new();
    hsm.token("회사토큰");
    hsm.put_sample("회사토큰", "홍길동");
    pins();
    let mut environment = environment(&hsm);
    environment.retain(|(name, _)| *name != "INGAM_NPKI_PATH");
    environment.push(("INGAM_NPKI_PATH", "/nonexistent/NPKI".to_owned()));
    play_in("token.toml", &borrowed(&environment), without_serials);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_is_initialised_once_and_told_the_same_way_again() {
    let hsm = SoftHsm::new();
    pins();
    let init = "token init --label ci --so-pin-file so-pin --pin-file pin --json";
    let made = done(&hsm, init).json();
    assert_eq!(made["initialised"], true);
    assert_eq!((made["token"]["label"].as_str(), made["token"]["pin"].as_str()), (Some("ci"), Some("good")));
    let serial = made["token"]["serial"].as_str().unwrap();
    assert_eq!(made["token"]["uri"], format!("pkcs11:token=ci;serial={serial}"));
    // The same one, untouched; no PIN is even read.
    let again = done(&hsm, "token init --label ci --if-absent --json").json();
    assert_eq!((&again["initialised"], &again["token"]["serial"]), (&false.into(), &made["token"]["serial"]));
    let refused = run(&hsm, init);
    assert_eq!((refused.exit, refused.error()["code"].as_str()), (8, Some("already_exists")));
    let named = run(&hsm, &format!("token init token:{serial} --label other --so-pin-file so-pin --pin-file pin"));
    assert_eq!(named.exit, 8, "{}", named.stderr);
    let listed = done(&hsm, "token list --json").json();
    let states: Vec<_> =
        listed["tokens"].as_array().unwrap().iter().map(|token| token["initialised"].clone()).collect();
    assert_eq!(states, [true, false]);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_pin_that_the_token_would_refuse_is_refused_before_anything_is_done() {
    let hsm = SoftHsm::new();
    pins();
    let run = run(&hsm, "token init --label ci --so-pin-file so-pin --pin-file short-pin --json");
    assert_eq!((run.exit, run.error()["code"].as_str()), (4, Some("pin_rejected")));
    assert_eq!(done(&hsm, "token list --json").json()["tokens"][0]["initialised"], false);
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn pins_are_changed_unlocked_and_go_with_a_reset() {
    let hsm = SoftHsm::new();
    hsm.token("seal");
    hsm.put_sample("seal", "홍길동");
    pins();
    assert!(opens(&hsm, "pin"));
    let wrong = run(&hsm, "token pin token --pin-file wrong --new-pin-file new-pin --json");
    assert_eq!((wrong.exit, wrong.error()["code"].as_str()), (4, Some("pin_incorrect")));
    let changed = done(&hsm, "token pin token:seal --pin-file pin --new-pin-file new-pin --json").json();
    assert_eq!((changed["changed"].as_str(), changed["token"]["pin"].as_str()), (Some("pin"), Some("good")));
    assert!(opens(&hsm, "new-pin") && !opens(&hsm, "pin"));

    let wrong = run(&hsm, "token unlock token --so-pin-file wrong --new-pin-file pin --json");
    assert_eq!((wrong.exit, wrong.error()["code"].as_str()), (4, Some("pin_incorrect")));
    done(&hsm, "token unlock token --so-pin-file so-pin --new-pin-file pin");
    assert!(opens(&hsm, "pin") && !opens(&hsm, "new-pin"));

    done(&hsm, "token pin token --so --so-pin-file so-pin --new-pin-file new-pin");
    let old = run(&hsm, "token unlock token --so-pin-file so-pin --new-pin-file pin");
    assert_eq!(old.exit, 4, "{}", old.stderr);

    // Without a terminal nothing is erased unless it was agreed to.
    let reset = "token reset token:seal --so-pin-file new-pin --new-pin-file pin";
    let asked = run(&hsm, &format!("{reset} --no-input --json"));
    assert_eq!((asked.exit, asked.error()["code"].as_str()), (2, Some("confirmation_needed")));
    assert!(opens(&hsm, "pin"));
    let emptied = done(&hsm, &format!("{reset} --yes --label 새토큰 --json")).json();
    assert_eq!(emptied["token"]["label"], "새토큰");
    assert_eq!(done(&hsm, "list --json").json()["certs"], Value::Array(Vec::new()));
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_pin_is_neither_printed_nor_taken_from_the_command_line() {
    let hsm = SoftHsm::new();
    for option in ["--pin", "--so-pin"] {
        let run = run(&hsm, &format!("token init --label ci {option} {PASSWORD}"));
        assert_eq!(run.exit, 2, "{}", run.stderr);
    }
    let run = run(&hsm, &format!("token unlock token --new-pin={PASSWORD}"));
    assert_eq!(run.exit, 2, "{}", run.stderr);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_private_softhsm_is_made_and_a_shell_reads_where_it_is() {
    pins();
    let init =
        "\"$INGAM\" token init --softhsm 'own hsm' --label ci --so-pin-fd 3 --pin-fd 4 --if-absent 3<so-pin 4<pin";
    let line = format!("eval \"$({init})\" && \"$INGAM\" token info token:ci --json");
    for round in 0..2 {
        let run = SAMPLES.shell(&line);
        assert_eq!(run.exit, 0, "round {round}: {}", run.stderr);
        assert_eq!(run.json()["token"]["pin"], "good");
    }
    let folder = SAMPLES.path("own hsm");
    assert_eq!(
        (mode(&folder), mode(&folder.join("tokens")), mode(&folder.join("softhsm2.conf"))),
        (0o700, 0o700, 0o600)
    );
    let made = SAMPLES.shell(&init.replace("token init", "token init --json")).json();
    assert_eq!(made["initialised"], false);
    assert_eq!(made["environment"]["SOFTHSM2_CONF"], folder.join("softhsm2.conf").to_str().unwrap());

    set_mode(&folder.join("tokens"), 0o755);
    let open = SAMPLES.shell(init);
    assert_eq!(open.exit, 7, "{}", open.stderr);
}

/// Runs `ingam` on a token that locks after three wrong PINs (a FAKE before SoftHSM).
fn on_locking_token(ill: &IllModule, line: &str) -> Run {
    let (module, conf) = (ill.module().display().to_string(), ill.conf().display().to_string());
    let environment = [("INGAM_PKCS11_MODULES", module.as_str()), ("SOFTHSM2_CONF", conf.as_str())];
    let arguments: Vec<&str> = line.split(' ').collect();
    SAMPLES.run(&arguments, &environment)
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_last_try_is_kept_for_who_asks_for_it_and_a_locked_token_is_unlocked() {
    let ill = IllModule::new();
    ill.tries(3);
    for (name, pin) in [("ill-pin", ill::PIN), ("ill-so-pin", ill::SO_PIN), ("ill-new-pin", "87654321")] {
        SAMPLES.secret(name, pin.as_bytes());
    }
    let standing = || {
        let listed = on_locking_token(&ill, "token list --json").json();
        listed["tokens"][0]["pin"].as_str().unwrap().to_owned()
    };
    let wrong = "token pin token:회사토큰 --pin-file wrong --new-pin-file ill-new-pin --yes --json";
    let change = |line: &str| {
        let run = on_locking_token(&ill, line);
        let error = run.error();
        (run.exit, error["code"].as_str().unwrap().to_owned(), error["tries_left"].clone())
    };
    assert_eq!(standing(), "good");
    assert_eq!(change(wrong), (4, "pin_incorrect".into(), Value::Null));
    assert_eq!(standing(), "count-low");
    assert_eq!(change(wrong), (4, "pin_incorrect".into(), 1.into()));
    assert_eq!(standing(), "final-try");
    assert_eq!(change(wrong), (5, "last_try_refused".into(), 1.into()));
    assert_eq!(ill.tries_left(), 1, "nothing was sent, whatever --yes says");
    let korean = on_locking_token(&ill, "token pin token --pin-file wrong --new-pin-file ill-new-pin --lang ko");
    assert!(
        korean.stderr.starts_with("✗ 비밀번호(PIN) 입력 기회가 1회 남아 실행하지 않았습니다."),
        "{}",
        korean.stderr
    );
    assert!(korean.stderr.contains("--allow-last-try"), "{}", korean.stderr);

    let (exit, code, tries_left) = change(&format!("{wrong} --allow-last-try"));
    assert!(
        tries_left == 0 && [(4, "pin_incorrect"), (5, "pin_locked")].contains(&(exit, code.as_str())),
        "{exit} {code}"
    );
    assert_eq!(standing(), "locked");
    assert_eq!(change(wrong), (5, "pin_locked".into(), 0.into()));
    let unlock = "token unlock token --so-pin-file ill-so-pin --new-pin-file ill-new-pin --json";
    let unlocked = on_locking_token(&ill, unlock);
    assert_eq!(unlocked.exit, 0, "{}", unlocked.stderr);
    assert_eq!(standing(), "good");
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_certificate_is_relabelled_with_its_keys() {
    let hsm = SoftHsm::new();
    hsm.token("seal");
    hsm.put_sample("seal", "홍길동");
    pins();
    let named = done(&hsm, "token relabel 홍길동 --label 새이름 --pin-file pin --json").json();
    assert_eq!(named["relabelled"]["label"], "새이름");
    assert!(hsm.tool("seal", &["--list-objects"]).matches("새이름").count() >= 2);
    assert!(opens(&hsm, "pin"));
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_a_package_brought_is_no_trouble_to_who_never_asked_for_it() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir_all(home.path().join(".config/softhsm2")).unwrap();
    fs::write(home.path().join(".config/softhsm2/softhsm2.conf"), "directories.tokendir = /nonexistent/tokens\n")
        .unwrap();
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = SAMPLES.command(arguments, environment);
        Run::of(command.env("HOME", home.path()).env_remove("INGAM_PKCS11_MODULES").output().unwrap())
    };
    let is_told = |run: Run| run.stdout.contains("The PKCS#11 module does not start.");
    assert!(!is_told(run(&["list"], &[])));
    for asked in [&["list", "--verbose"][..], &["list", "--json"], &["list", "--medium", "token"], &["token", "list"]] {
        assert!(is_told(run(asked, &[])), "{asked:?}");
    }
    assert!(is_told(run(&["list"], &[("SOFTHSM2_CONF", "/nonexistent/softhsm2.conf")])));
}
