//! C_SetPIN: the password of one set becomes another one, and the login goes on.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use cryptoki_sys::*;
use support::{Mechanism, Module, Npki, PASSWORD, Session, number};

const NEW: &str = "새 비밀번호 2027!";

fn set_pin(session: Session, old: &str, new: &str) -> Result<(), CK_RV> {
    let (mut old, mut new) = (old.as_bytes().to_vec(), new.as_bytes().to_vec());
    c!(C_SetPIN(session.0, old.as_mut_ptr(), number(old.len()), new.as_mut_ptr(), number(new.len())))
}

fn writer(module: &Module) -> Session {
    Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap()
}

#[test]
fn a_password_is_changed_without_a_login_and_with_one_that_goes_on() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = writer(&module);
    set_pin(session, PASSWORD, NEW).unwrap();
    assert_eq!(session.state(), CKS_RW_PUBLIC_SESSION);
    assert_eq!(session.login(PASSWORD), Err(CKR_PIN_INCORRECT));
    session.login(NEW).unwrap();
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    set_pin(session, NEW, PASSWORD).unwrap();
    assert_eq!(session.state(), CKS_RW_USER_FUNCTIONS);
    let mut mechanism = Mechanism::new(CKM_SHA256_RSA_PKCS);
    session.sign(&mut mechanism, key, b"message").unwrap();
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap().len(), 2);
    c!(C_Logout(session.0)).unwrap();
    assert_eq!(session.login(NEW), Err(CKR_PIN_INCORRECT));
    session.login(PASSWORD).unwrap();
    assert_eq!(session.find(&[]).unwrap().len(), 9, "both keys and R are as they were");
}

#[test]
fn a_password_that_cannot_be_changed_is_refused_by_the_reason() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = writer(&module);
    assert_eq!(set_pin(module.open(), PASSWORD, NEW), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(set_pin(session, "wrong", NEW), Err(CKR_PIN_INCORRECT));
    let long = "x".repeat(256);
    for (old, new) in [(PASSWORD, ""), ("", NEW), (PASSWORD, &*long)] {
        assert_eq!(set_pin(session, old, new), Err(CKR_PIN_LEN_RANGE));
    }
    assert_eq!(set_pin(session, PASSWORD, "with its zero\0"), Err(CKR_PIN_INVALID));
    let mut pin = *b"\xff\xfe";
    let place = pin.as_mut_ptr();
    assert_eq!(c!(C_SetPIN(session.0, place, 2, place, 2)), Err(CKR_ARGUMENTS_BAD));
    assert_eq!(c!(C_SetPIN(session.0, std::ptr::null_mut(), 0, place, 2)), Err(CKR_ARGUMENTS_BAD));
    session.login(PASSWORD).unwrap();
}

#[test]
fn a_password_that_opens_several_sets_is_left_as_it_is_and_the_trace_names_them() {
    let mut npki = Npki::one();
    npki.add("성춘향", PASSWORD);
    npki.add("이몽룡", "another password");
    let trace = npki.home.path().join("trace");
    let turn = support::turn();
    // SAFETY: only Rust reads the environment here, under the standard library's lock.
    unsafe { std::env::set_var("INGAM_PKCS11_LOG", &trace) };
    drop(turn);
    let module = Module::start(&npki);
    let session = writer(&module);
    let refused = set_pin(session, PASSWORD, NEW);
    // SAFETY: as above.
    unsafe { std::env::remove_var("INGAM_PKCS11_LOG") };
    assert_eq!(refused, Err(CKR_FUNCTION_FAILED));
    let trace = std::fs::read_to_string(trace).unwrap();
    let line = trace.lines().find(|line| line.contains("C_SetPIN")).unwrap();
    assert!(npki.sets[..2].iter().all(|set| line.contains(set.entry.as_str())), "{line}");
    assert!(!line.contains(npki.sets[2].entry.as_str()) && !line.contains(PASSWORD) && !line.contains(NEW));
    session.login(PASSWORD).unwrap();
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap().len(), 4);
    c!(C_Logout(session.0)).unwrap();
    set_pin(session, "another password", NEW).unwrap();
    session.login(NEW).unwrap();
    session.one(CKO_PRIVATE_KEY, &npki.sets[2].sign.key_id());
}

#[test]
fn a_login_to_one_certificate_changes_its_password_alone() {
    let mut npki = Npki::one();
    npki.add("성춘향", PASSWORD);
    let module = Module::start(&npki);
    let session = writer(&module);
    let (mut pin, mut name) = (PASSWORD.as_bytes().to_vec(), "성춘향".as_bytes().to_vec());
    let place = (pin.as_mut_ptr(), number(pin.len()));
    c!(C_LoginUser(session.0, CKU_USER, place.0, place.1, name.as_mut_ptr(), number(name.len()))).unwrap();
    set_pin(session, PASSWORD, NEW).unwrap();
    c!(C_Logout(session.0)).unwrap();
    session.login(PASSWORD).unwrap();
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap().len(), 2);
    session.one(CKO_PRIVATE_KEY, &npki.sign_id());
}
