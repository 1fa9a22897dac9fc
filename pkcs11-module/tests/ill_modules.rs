//! Hosts of the module as it ships, beside another PKCS#11 module that misbehaves (`tests/ill-module`, a fake): each in a process
//! of its own, with an NPKI folder that must go on working.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "a test has no public")]
#![allow(clippy::disallowed_methods, reason = "the environment names the module")]

#[macro_use]
mod support;
#[path = "hosts/host.rs"]
mod host;
#[path = "../../tests/support/ill.rs"]
mod ill;

use std::path::PathBuf;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use cryptoki_sys::*;
use host::{Host, Scenario, login, sign, signing_key, slots, start};
use ill::{IllModule, LABEL, PIN};
use support::{Npki, PASSWORD, Session, until};

const SCENARIOS: &[Scenario] = &[
    ("hangs_at_the_start", hangs_at_the_start),
    ("hangs_while_it_signs", hangs_while_it_signs),
    ("signs_on_both", signs_on_both),
    ("is_pulled", is_pulled),
    ("is_full", is_full),
    ("tries_pins", tries_pins),
    ("calls_back", calls_back),
    ("forks", forks),
    ("without_threads", without_threads),
];

/// What a call into a module may take, and some patience for a busy machine.
const LIMIT: Duration = Duration::from_secs(8);
/// What a call takes that waits for no module.
const SOON: Duration = Duration::from_secs(2);

fn host(scenario: fn(), ill: &IllModule, npki: &Npki) -> Host {
    let host = Host::new(scenario, npki);
    host.env("INGAM_PKCS11_MODULES", ill.module()).env("SOFTHSM2_CONF", ill.conf())
}

/// In a host: changes what ails the module.
fn ails(lines: &str) {
    let module = PathBuf::from(std::env::var_os("INGAM_PKCS11_MODULES").unwrap());
    std::fs::write(module.with_file_name("ills.new"), lines).unwrap();
    std::fs::rename(module.with_file_name("ills.new"), module.with_file_name("ills")).unwrap();
}

/// What the call answered; it must not take longer.
fn within<T>(limit: Duration, call: impl FnOnce() -> T) -> T {
    let begin = Instant::now();
    let answer = call();
    assert!(begin.elapsed() < limit, "{:?}", begin.elapsed());
    answer
}

fn label(slot: CK_SLOT_ID) -> Result<String, CK_RV> {
    let mut info = CK_TOKEN_INFO::default();
    c!(C_GetTokenInfo(slot, &raw mut info))?;
    Ok(String::from_utf8_lossy(&info.label).trim_end().to_owned())
}

fn token_flags(slot: CK_SLOT_ID) -> CK_FLAGS {
    let mut info = CK_TOKEN_INFO::default();
    c!(C_GetTokenInfo(slot, &raw mut info)).unwrap();
    info.flags
}

/// The slot of the token behind the ill module.
fn token() -> CK_SLOT_ID {
    slots().into_iter().find(|slot| label(*slot).unwrap() == LABEL).unwrap()
}

/// The slot of the NPKI folder.
fn folder() -> CK_SLOT_ID {
    slots().into_iter().find(|slot| label(*slot).unwrap() != LABEL).unwrap()
}

fn open(slot: CK_SLOT_ID, pin: &str) -> Session {
    let session = Session::open(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
    session.login(pin).unwrap();
    session
}

fn finalize() {
    within(SOON, || c!(C_Finalize(null_mut()))).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE and softhsm2-util"]
fn a_module_that_hangs_when_it_starts_costs_one_wait_and_no_other_slot() {
    let ill = IllModule::new();
    ill.ails("hang C_Initialize");
    within(2 * LIMIT, || host(hangs_at_the_start, &ill, &Npki::one()).run());
    assert_eq!(ill.calls("C_Initialize"), 1, "it is not asked a second time");
}

fn hangs_at_the_start() {
    start();
    assert_eq!(within(LIMIT, slots).len(), 1);
    let session = login();
    within(SOON, || sign(session, signing_key(session))).unwrap();
    finalize();
    c!(C_Initialize(null_mut())).unwrap();
    assert_eq!(within(SOON, slots).len(), 1);
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE, softhsm2-util and pkcs11-tool"]
fn a_module_that_hangs_while_it_signs_is_gone_and_nobody_else_waits() {
    let ill = IllModule::new();
    ill.key();
    ill.ails("hang C_Sign");
    within(2 * LIMIT, || host(hangs_while_it_signs, &ill, &Npki::one()).run());
}

fn hangs_while_it_signs() {
    start();
    let (token, folder) = (token(), folder());
    let hanging = open(token, PIN);
    let key = signing_key(hanging);
    let answer = std::thread::spawn(move || within(LIMIT, || sign(hanging, key)));
    let other = open(folder, PASSWORD);
    let other_key = signing_key(other);
    while !answer.is_finished() {
        within(SOON, || sign(other, other_key)).unwrap();
    }
    let answer = answer.join().unwrap().unwrap_err();
    assert!([CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR].contains(&answer), "{answer:#x}");
    assert_eq!(within(SOON, slots), [folder], "the token is gone");
    assert_eq!(within(SOON, || label(token)), Err(CKR_TOKEN_NOT_PRESENT));
    assert_eq!(within(SOON, || sign(hanging, key)).unwrap_err(), CKR_DEVICE_REMOVED);
    sign(other, other_key).unwrap();
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE, softhsm2-util and pkcs11-tool"]
fn what_a_module_prints_is_its_own_and_nothing_of_ours_stands_beside_it() {
    let ill = IllModule::new();
    ill.key();
    ill.ails("print C_GetSlotList\nprint C_Sign");
    let end = host(signs_on_both, &ill, &Npki::one()).end();
    assert!(end.status.success(), "{end:?}");
    for text in [&end.out, &end.err] {
        assert!(text.contains("C_Sign") && text.lines().all(|line| line.starts_with("ill-module: ")), "{end:?}");
    }
}

fn signs_on_both() {
    start();
    for (slot, pin) in [(token(), PIN), (folder(), PASSWORD)] {
        let session = open(slot, pin);
        sign(session, signing_key(session)).unwrap();
    }
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE, softhsm2-util and pkcs11-tool"]
fn a_token_that_is_pulled_out_ends_its_sessions_and_comes_back_to_its_slot() {
    let ill = IllModule::new();
    ill.key();
    host(is_pulled, &ill, &Npki::one()).run();
}

fn is_pulled() {
    start();
    let (token, folder) = (token(), folder());
    let session = open(token, PIN);
    let key = signing_key(session);
    sign(session, key).unwrap();
    ails("pulled");
    assert_eq!(sign(session, key), Err(CKR_DEVICE_REMOVED));
    until(|| (slots() == [folder]).then_some(()));
    assert_eq!(label(token), Err(CKR_TOKEN_NOT_PRESENT));
    let other = open(folder, PASSWORD);
    sign(other, signing_key(other)).unwrap();
    ails("");
    until(|| slots().contains(&token).then_some(()));
    assert_eq!(label(token).unwrap(), LABEL, "the same slot number");
    assert_eq!(sign(session, key), Err(CKR_DEVICE_REMOVED), "the old session stays dead");
    let session = open(token, PIN);
    sign(session, signing_key(session)).unwrap();
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE and softhsm2-util"]
fn a_full_token_says_so() {
    let ill = IllModule::new();
    ill.ails("answer C_CreateObject 0x31 after 1");
    host(is_full, &ill, &Npki::one()).run();
}

fn is_full() {
    start();
    let session = open(token(), PIN);
    let class: [u8; size_of::<CK_ULONG>()] = CKO_DATA.to_ne_bytes();
    let create = || {
        let mut template = support::template::raw(&[(CKA_CLASS, &class), (CKA_TOKEN, &[CK_TRUE]), (CKA_VALUE, b"x")]);
        let mut object = 0;
        c!(C_CreateObject(session.0, template.as_mut_ptr(), support::number(template.len()), &raw mut object))
    };
    assert_eq!((create(), create()), (Ok(()), Err(CKR_DEVICE_MEMORY)));
    assert_eq!(session.find(&[(CKA_CLASS, &class)]).unwrap().len(), 1);
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE and softhsm2-util"]
fn a_pin_is_sent_once_for_each_login_and_the_flags_are_the_tokens_own() {
    let ill = IllModule::new();
    ill.tries(3);
    host(tries_pins, &ill, &Npki::one()).run();
    assert_eq!((ill.calls("C_Login user"), ill.tries_left()), (4, 3));
}

fn tries_pins() {
    start();
    let token = token();
    let session = Session::open(token, CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
    let all = CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY | CKF_USER_PIN_LOCKED;
    assert_eq!(token_flags(token) & all, 0);
    assert_eq!(session.login("wrong one"), Err(CKR_PIN_INCORRECT));
    assert_eq!(token_flags(token) & all, CKF_USER_PIN_COUNT_LOW);
    session.login(PIN).unwrap();
    assert_eq!(token_flags(token) & all, 0);
    c!(C_Logout(session.0)).unwrap();
    assert_eq!(session.login("wrong one"), Err(CKR_PIN_INCORRECT));
    session.login(PIN).unwrap();
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE and softhsm2-util"]
fn a_module_that_loads_ours_from_within_is_refused_and_nobody_waits_for_himself() {
    let ill = IllModule::new();
    ill.ails(&format!("load {}", host::shipped_module().display()));
    within(LIMIT, || host(calls_back, &ill, &Npki::one()).run());
    let answers = std::fs::read_to_string(ill.path("load-answers")).unwrap();
    assert!(answers.lines().all(|line| !line.ends_with(" 0x0")), "{answers}");
}

fn calls_back() {
    start();
    assert_eq!(within(SOON, slots).len(), 2);
    login();
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE, softhsm2-util and pkcs11-tool"]
fn a_child_begins_anew_and_its_parents_token_signs_on() {
    let ill = IllModule::new();
    ill.key();
    host(forks, &ill, &Npki::one()).run();
}

fn forks() {
    start();
    let session = open(token(), PIN);
    let key = signing_key(session);
    sign(session, key).unwrap();
    // SAFETY: the child calls the module and leaves, without anything of its parent's threads.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let begun = std::panic::catch_unwind(|| {
            assert_eq!(sign(session, key), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
            c!(C_Initialize(null_mut())).unwrap();
            let own = open(folder(), PASSWORD);
            sign(own, signing_key(own)).unwrap();
            finalize();
        });
        // SAFETY: leaves without the parent's exit handlers.
        unsafe { libc::_exit(i32::from(begun.is_err())) };
    }
    let mut status = 0;
    // SAFETY: a place for the status.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    sign(session, key).unwrap();
    finalize();
}

#[test]
#[ignore = "needs INGAM_MODULE, softhsm2-util and pkcs11-tool"]
fn a_host_that_forbids_threads_has_its_tokens_all_the_same() {
    let ill = IllModule::new();
    ill.key();
    host(without_threads, &ill, &Npki::one()).run();
}

fn without_threads() {
    host::load();
    let mut arguments =
        CK_C_INITIALIZE_ARGS { flags: CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK, ..Default::default() };
    c!(C_Initialize((&raw mut arguments).cast())).unwrap();
    let session = open(token(), PIN);
    sign(session, signing_key(session)).unwrap();
    let names = std::fs::read_dir("/proc/self/task").unwrap();
    let names = names.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).ok());
    assert!(names.into_iter().all(|name| !name.starts_with("ingam")), "no thread of ours");
    finalize();
}
