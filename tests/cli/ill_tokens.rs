//! This file plays tokens behind a module that misbehaves (`tests/ill-module`, a fake): what is said, with which exit code, how many
//! PINs were sent, and that the NPKI folders of the same run go on working.

use super::ill::{IllModule, LABEL, PIN};
use super::*;

const WRONG: &str = "not-the-pin";

/// A module whose token holds the set of folder `a`, for tests to copy.
static FULL: LazyLock<IllModule> = LazyLock::new(|| {
    let ill = IllModule::new();
    let folder = SAMPLES.path("a/NPKI").display().to_string();
    let run = at(&ill, &["import", &folder, "--to", "token", "--password-file", "pw"], "en_US.UTF-8", PIN);
    assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
    ill
});

/// Runs `ingam` with this module, and folder `c` beside it.
fn at(ill: &IllModule, arguments: &[&str], locale: &str, pin: &str) -> Run {
    SAMPLES.secret("token-pin", PIN.as_bytes());
    SAMPLES.secret("token-wrong", WRONG.as_bytes());
    let pin_file = if pin == PIN { "token-pin" } else { "token-wrong" };
    let mut arguments = arguments.to_vec();
    if ["sign", "import"].contains(&arguments[0]) {
        arguments.extend(["--pin-file", pin_file]);
    }
    let mut command = SAMPLES.command(&arguments, &[("LC_ALL", locale)]);
    command.env("INGAM_PKCS11_MODULES", ill.module()).env("SOFTHSM2_CONF", ill.conf());
    let run = Run::of(command.env("INGAM_NPKI_PATH", SAMPLES.path("c/NPKI")).output().unwrap());
    assert!(!run.stdout.contains(pin) && !run.stderr.contains(pin), "a PIN is printed");
    run
}

const SIGN: &[&str] = &["sign", "홍길동", "--medium", "token", "--in", "a.txt", "--out", "token.sig", "--force"];

/// One situation: what is done, its exit code, what is said in Korean and English.
struct Case<'a> {
    arguments: &'a [&'a str],
    pin: &'a str,
    exit: i32,
    ko: &'a str,
    en: &'a str,
}

/// Plays it in both languages; `prepare` comes before each.
fn play(ill: &IllModule, case: &Case<'_>, prepare: impl Fn()) {
    for (locale, expected) in [("ko_KR.UTF-8", case.ko), ("en_US.UTF-8", case.en)] {
        prepare();
        let run = at(ill, case.arguments, locale, case.pin);
        let module = ill.module().display().to_string();
        assert_eq!((run.exit, run.stderr.replace(&module, "<module>").as_str()), (case.exit, expected), "{locale}");
        assert!(!run.stdout.contains("ill-module"), "{}", run.stdout);
        others_work(ill);
    }
}

/// The set of a folder is listed and signs in the same circumstances.
fn others_work(ill: &IllModule) {
    let list = at(ill, &["list", "--json"], "C.UTF-8", PIN).json();
    let on_disk = |set: &Value| set["medium"]["kind"] == "hdd" && set["sign"]["name"] == "성춘향";
    assert!(list["certs"].as_array().unwrap().iter().any(on_disk), "{list}");
    let password = ["--medium", "hdd", "--in", "a.txt", "--out", "disk.sig", "--force", "--password-file", "pw"];
    let arguments = [&["sign", "성춘향"][..], &password].concat();
    let run = SAMPLES.command(&arguments, &[("SOFTHSM2_CONF", ill.conf().to_str().unwrap())]);
    let run = { run }.env("INGAM_PKCS11_MODULES", ill.module()).output().unwrap();
    assert!(run.status.success(), "{run:?}");
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_wrong_pin_is_sent_once_and_what_is_left_is_said() {
    let ill = IllModule::like(&FULL);
    let case = Case {
        arguments: SIGN,
        pin: WRONG,
        exit: 4,
        ko: "✗ 비밀번호(PIN)가 맞지 않습니다. (보안토큰: 회사토큰)\n  남은 기회: 1회. 한 번 더 틀리면 잠깁니다.\n",
        en: "✗ Wrong PIN. (token: 회사토큰)\n  One try is left. One more wrong one locks it.\n",
    };
    play(&ill, &case, || ill.tries(2));
    assert_eq!((ill.calls("C_Login user"), ill.tries_left()), (2, 1), "once for each run");
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_last_try_is_not_sent_unless_the_user_says_so() {
    let ill = IllModule::like(&FULL);
    let case = Case {
        arguments: SIGN,
        pin: PIN,
        exit: 5,
        ko: "✗ 비밀번호(PIN) 입력 기회가 1회 남아 실행하지 않았습니다. (보안토큰: 회사토큰)\n  한 번 더 틀리면 보안토큰이 잠깁니다. 비밀번호를 확인한 뒤\n  --allow-last-try를 붙여 다시 실행하십시오.\n",
        en: "✗ Only one try of the PIN is left, so nothing was sent. (token: 회사토큰)\n  One more wrong one locks it. Make sure of the PIN, then run it again with --allow-last-try.\n",
    };
    play(&ill, &case, || ill.tries(1));
    assert_eq!((ill.calls("C_Login"), ill.tries_left()), (0, 1), "--yes or not: nothing was sent");
    let agreed = at(&ill, &[SIGN, &["--yes"]].concat(), "C.UTF-8", PIN);
    assert_eq!((agreed.exit, ill.calls("C_Login")), (5, 0));
    let allowed = at(&ill, &[SIGN, &["--allow-last-try"]].concat(), "C.UTF-8", PIN);
    assert_eq!((allowed.exit, ill.calls("C_Login user"), ill.tries_left()), (0, 1, 3), "{}", allowed.stderr);
    ill.tries(1);
    let wrong = at(&ill, &[SIGN, &["--allow-last-try"]].concat(), "C.UTF-8", WRONG);
    assert_eq!((wrong.exit, ill.calls("C_Login user"), ill.tries_left()), (5, 2, 0), "{}", wrong.stderr);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_locked_pin_is_not_sent() {
    let ill = IllModule::like(&FULL);
    let case = Case {
        arguments: SIGN,
        pin: PIN,
        exit: 5,
        ko: "✗ 비밀번호(PIN)가 잠겼습니다. (보안토큰: 회사토큰)\n  관리자 비밀번호(SO PIN)를 아는 사람이 새로 설정할 수 있습니다: ingam token unlock\n",
        en: "✗ The PIN is locked. (token: 회사토큰)\n  Whoever has the SO PIN sets a new one: ingam token unlock\n",
    };
    play(&ill, &case, || ill.tries(0));
    assert_eq!(ill.calls("C_Login"), 0);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_hangs_while_it_signs_is_given_up() {
    let ill = IllModule::like(&FULL);
    ill.ails("hang C_Sign");
    let case = Case {
        arguments: SIGN,
        pin: PIN,
        exit: 8,
        ko: "✗ PKCS#11 모듈이 응답하지 않아 그만두었습니다.\n  나머지는 그대로 쓸 수 있습니다. 토큰을 다시 꽂거나 제조사에서 새 모듈을 받으십시오.\n",
        en: "✗ The PKCS#11 module did not answer in time and is left alone.\n  Everything else works on. Plug the token in again, or ask its maker for a newer module.\n",
    };
    play(&ill, &case, || {});
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_that_is_pulled_out_while_it_signs_is_gone() {
    let ill = IllModule::like(&FULL);
    ill.ails("pulled by C_SignInit 0");
    let case = Case {
        arguments: SIGN,
        pin: PIN,
        exit: 6,
        ko: "✗ 저장매체가 없습니다.\n  연결되어 있는지, 경로가 맞는지 확인하십시오.\n",
        en: "✗ The medium is not there.\n  Check that it is plugged in and that the path is right.\n",
    };
    play(&ill, &case, || {});
}

/// A module that gives no token at all: the reason stands in the list, and whoever names the token is told that it is not there.
fn no_token_because(ill: &IllModule, ko: &str, en: &str) {
    for (locale, reason) in [("ko_KR.UTF-8", ko), ("en_US.UTF-8", en)] {
        let list = at(ill, &["token", "list"], locale, PIN);
        assert!(list.exit == 0 && list.stdout.contains(reason), "{locale}: {}", list.stdout);
        let info = at(ill, &["token", "info", &format!("token:{LABEL}")], locale, PIN);
        assert_eq!(info.exit, 6, "{}", info.stderr);
    }
    others_work(ill);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_hangs_when_it_starts_is_a_row_with_its_reason() {
    let ill = IllModule::new();
    ill.ails("hang C_Initialize");
    no_token_because(&ill, "PKCS#11 모듈이 응답하지 않아 그만두었습니다.", "did not answer in time");
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_others_may_write_is_not_loaded() {
    let ill = IllModule::new();
    for mode in [0o757, 0o775] {
        set_mode(&ill.module(), mode);
        no_token_because(&ill, "다른 사용자가", "Other users may change the PKCS#11 module");
    }
    assert_eq!(ill.calls("C_Initialize"), 0);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_is_not_there_is_a_row_with_its_reason() {
    let ill = IllModule::new();
    fs::remove_file(ill.module()).unwrap();
    no_token_because(&ill, "PKCS#11 모듈이 없습니다.", "The PKCS#11 module is not there.");
}

#[test]
#[ignore = "needs softhsm2-util"]
fn what_a_module_prints_never_stands_in_a_result() {
    let ill = IllModule::like(&FULL);
    ill.ails("print C_GetSlotList\nprint C_OpenSession");
    let list = at(&ill, &["list", "--json"], "C.UTF-8", PIN);
    assert!(list.stderr.contains("ill-module: C_GetSlotList on standard output"), "{}", list.stderr);
    assert_eq!(list.json()["certs"].as_array().unwrap().len(), 2);
    let pem = at(&ill, &["show", "홍길동", "--medium", "token", "--pem"], "C.UTF-8", PIN);
    assert!(pem.stdout.starts_with("-----BEGIN CERTIFICATE-----\n"), "{}", pem.stdout);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn an_import_into_a_full_token_leaves_nothing_behind() {
    let folder = SAMPLES.path("b/NPKI").display().to_string();
    let arguments = ["import", &folder, "--to", "token", "--password-file", "pw"];
    for room in [0, 2, 4] {
        let ill = IllModule::like(&FULL);
        ill.ails(&format!("answer C_CreateObject 0x31 after {room}"));
        let before = objects(&ill);
        let case = Case {
            arguments: &arguments,
            pin: PIN,
            exit: 8,
            ko: "✗ 저장 공간이 부족합니다.\n",
            en: "✗ There is no space left.\n",
        };
        play(&ill, &case, || {});
        assert_eq!(objects(&ill), before, "room for {room}");
        ill.ails("");
        let run = at(&ill, &arguments, "C.UTF-8", PIN);
        assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
    }
}

#[test]
#[ignore = "needs softhsm2-util"]
fn an_import_that_was_cut_off_is_tidied_up_by_the_next_one() {
    let folder = SAMPLES.path("b/NPKI").display().to_string();
    let arguments = ["import", &folder, "--to", "token", "--password-file", "pw"];
    for made in [1, 3, 5] {
        let ill = IllModule::like(&FULL);
        ill.ails(&format!("pulled by C_CreateObject {made}"));
        let case = Case {
            arguments: &arguments,
            pin: PIN,
            exit: 6,
            ko: "✗ 저장매체가 없습니다.\n  연결되어 있는지, 경로가 맞는지 확인하십시오.\n",
            en: "✗ The medium is not there.\n  Check that it is plugged in and that the path is right.\n",
        };
        play(&ill, &case, || {});
        ill.ails("");
        let run = at(&ill, &arguments, "C.UTF-8", PIN);
        assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
        let whole = objects(&ill);
        let clean = IllModule::like(&FULL);
        assert_eq!(at(&clean, &arguments, "C.UTF-8", PIN).exit, 0);
        assert_eq!(whole, objects(&clean), "as if nothing had happened before, after {made} objects");
    }
}

/// How many objects the token has: SoftHSM keeps each in a file.
fn objects(ill: &IllModule) -> usize {
    let tokens = fs::read_dir(ill.path("softhsm/tokens")).unwrap();
    let files = tokens.flat_map(|token| fs::read_dir(token.unwrap().path()).unwrap());
    files.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "object")).count()
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_that_can_only_do_the_bare_operation_signs_what_was_hashed_here() {
    let ill = IllModule::like(&FULL);
    ill.ails("only-rsa-pkcs");
    let run = at(&ill, SIGN, "C.UTF-8", PIN);
    assert_eq!(run.exit, 0, "{}", run.stderr);
    let arguments = ["verify", "홍길동", "--in", "a.txt", "--signature", "token.sig"];
    let verdict = SAMPLES.run(&arguments, &[]);
    assert!(verdict.stdout.contains("✓") || verdict.exit == 0, "{}{}", verdict.stdout, verdict.stderr);
}

#[test]
#[ignore = "needs softhsm2-util and pkcs11-tool"]
fn a_key_that_asks_each_time_is_given_the_pin_each_time() {
    let ill = IllModule::new();
    ill.ails("always-authenticate");
    ill.key_through();
    ill.forget_calls();
    let folder = SAMPLES.path("b/NPKI").display().to_string();
    let run = at(&ill, &["import", &folder, "--to", "token", "--password-file", "pw"], "C.UTF-8", PIN);
    assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
    // The test signature of the import is the one use of the key.
    assert_eq!(ill.calls("C_Login context"), 1);
    let sign = ["sign", "(주)가나다", "--medium", "token", "--in", "a.txt", "--out", "each.sig", "--force"];
    let run = at(&ill, &sign, "C.UTF-8", PIN);
    assert_eq!(run.exit, 0, "{}{}", run.stdout, run.stderr);
    assert_eq!(ill.calls("C_Login context"), 2);
}
