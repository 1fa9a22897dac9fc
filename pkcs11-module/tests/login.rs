//! Login and sessions: who may see what, and what ends it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;

use cryptoki_sys::*;
use support::{Mechanism, Module, Npki, PASSWORD, Session, number};

#[test]
fn the_password_logs_in_and_anything_else_is_refused_by_name() {
    let module = Module::owning(Npki::one());
    let session = module.open();
    assert_eq!(session.login("wrong"), Err(CKR_PIN_INCORRECT));
    assert_eq!(session.login("x"), Err(CKR_PIN_INCORRECT));
    assert_eq!(session.login(""), Err(CKR_PIN_LEN_RANGE));
    assert_eq!(session.login(&"x".repeat(256)), Err(CKR_PIN_LEN_RANGE));
    assert_eq!(c!(C_Login(session.0, CKU_USER, null_mut(), 0)), Err(CKR_ARGUMENTS_BAD));
    let mut latin = *b"\xffpassword";
    assert_eq!(c!(C_Login(session.0, CKU_USER, latin.as_mut_ptr(), 9)), Err(CKR_ARGUMENTS_BAD));
    assert_eq!(session.state(), CKS_RO_PUBLIC_SESSION);
    assert_eq!(session.login(PASSWORD), Ok(()));
    assert_eq!(session.state(), CKS_RO_USER_FUNCTIONS);
    assert_eq!(session.login(PASSWORD), Err(CKR_USER_ALREADY_LOGGED_IN));
    assert_eq!(Session(session.0 + 1000).login(PASSWORD), Err(CKR_SESSION_HANDLE_INVALID));
}

#[test]
fn a_file_token_has_one_user_and_no_other() {
    let module = Module::owning(Npki::one());
    let writer = Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
    let mut pin = PASSWORD.as_bytes().to_vec();
    let mut login = |user| c!(C_Login(writer.0, user, pin.as_mut_ptr(), number(PASSWORD.len())));
    assert_eq!(login(CKU_SO), Err(CKR_USER_TYPE_INVALID));
    assert_eq!(login(CKU_CONTEXT_SPECIFIC), Err(CKR_OPERATION_NOT_INITIALIZED));
    assert_eq!(login(99), Err(CKR_USER_TYPE_INVALID));
    assert_eq!(login(CKU_USER), Ok(()));
    assert_eq!(writer.state(), CKS_RW_USER_FUNCTIONS);
    assert_eq!(login(CKU_SO), Err(CKR_USER_ANOTHER_ALREADY_LOGGED_IN));
}

#[test]
fn logout_hides_private_objects_and_ends_their_handles_for_ever() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    let random = session.one(CKO_DATA, &npki.sign_id());
    let certificate = session.one(CKO_CERTIFICATE, &npki.sign_id());
    let other = module.open();
    other.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key).unwrap();

    assert_eq!(c!(C_Logout(session.0)), Ok(()));
    assert_eq!(c!(C_Logout(session.0)), Err(CKR_USER_NOT_LOGGED_IN));
    assert_eq!(other.state(), CKS_RO_PUBLIC_SESSION);
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]), Ok(vec![]));
    assert_eq!(session.find(&[(CKA_PRIVATE, &[CK_TRUE])]), Ok(vec![]));
    for object in [key, random] {
        assert_eq!(session.attribute(object, CKA_LABEL), Err(CKR_OBJECT_HANDLE_INVALID));
        assert_eq!(session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), object), Err(CKR_KEY_HANDLE_INVALID));
    }
    let mut signature = [0; 256];
    let mut length = 256;
    let mut sign =
        |session: Session| c!(C_Sign(session.0, signature.as_mut_ptr(), 3, signature.as_mut_ptr(), &raw mut length));
    assert_eq!(sign(other), Err(CKR_OPERATION_NOT_INITIALIZED), "logout ends operations with private keys");
    session.attribute(certificate, CKA_VALUE).unwrap();

    session.login(PASSWORD).unwrap();
    assert_eq!(session.attribute(key, CKA_LABEL), Err(CKR_OBJECT_HANDLE_INVALID), "not even after another login");
    assert_ne!(session.one(CKO_PRIVATE_KEY, &npki.sign_id()), key);
    assert_eq!(session.one(CKO_CERTIFICATE, &npki.sign_id()), certificate);
}

#[test]
fn the_last_session_to_close_ends_the_login() {
    let module = Module::owning(Npki::one());
    let first = module.logged_in();
    let second = module.open();
    assert_eq!(second.state(), CKS_RO_USER_FUNCTIONS);
    c!(C_CloseSession(first.0)).unwrap();
    assert_eq!(second.state(), CKS_RO_USER_FUNCTIONS);
    c!(C_CloseSession(second.0)).unwrap();
    assert_eq!(c!(C_CloseSession(second.0)), Err(CKR_SESSION_HANDLE_INVALID));
    assert_eq!(module.open().state(), CKS_RO_PUBLIC_SESSION);
}

#[test]
fn closing_all_sessions_closes_those_of_one_slot() {
    let (one, two) = (Npki::one(), Npki::one());
    let turn = support::turn();
    support::point_at(&one);
    // SAFETY: only Rust reads the environment here.
    unsafe { std::env::set_var("INGAM_NPKI_PATH", std::env::join_paths([one.root(), two.root()]).unwrap()) };
    c!(C_Initialize(null_mut())).unwrap();
    let mut slots = [0; 2];
    let mut length = 2;
    c!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut length)).unwrap();
    let sessions = slots.map(|slot| Session::open(slot, CKF_SERIAL_SESSION).unwrap());
    for session in sessions {
        session.login(PASSWORD).unwrap();
    }
    let foreign = sessions[1].one(CKO_CERTIFICATE, &two.sign_id());
    assert_eq!(sessions[0].attribute(foreign, CKA_VALUE), Err(CKR_OBJECT_HANDLE_INVALID), "a handle is of one token");
    c!(C_CloseAllSessions(slots[0])).unwrap();
    let mut info = CK_SESSION_INFO::default();
    assert_eq!(c!(C_GetSessionInfo(sessions[0].0, &raw mut info)), Err(CKR_SESSION_HANDLE_INVALID));
    assert_eq!(sessions[1].state(), CKS_RO_USER_FUNCTIONS);
    c!(C_Finalize(null_mut())).unwrap();
    drop(turn);
}

#[test]
fn a_session_must_be_serial() {
    let module = Module::owning(Npki::one());
    assert_eq!(Session::open(module.slot(), CKF_RW_SESSION), Err(CKR_SESSION_PARALLEL_NOT_SUPPORTED));
}

#[test]
fn a_password_shows_the_keys_that_it_opens_and_no_others() {
    let mut npki = Npki::one();
    let stranger = npki.add("이몽룡", "another password").sign.key_id();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let all = session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap();
    assert_eq!(all.len(), 2, "sign and km of one set");
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes()), (CKA_ID, &stranger)]), Ok(vec![]));
    session.one(CKO_CERTIFICATE, &stranger);
    c!(C_Logout(session.0)).unwrap();
    session.login("another password").unwrap();
    session.one(CKO_PRIVATE_KEY, &stranger);
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes()), (CKA_ID, &npki.sign_id())]), Ok(vec![]));
}

#[test]
fn a_user_name_logs_in_to_one_certificate() {
    let mut npki = Npki::one();
    npki.add("이몽룡", PASSWORD);
    let module = Module::start(&npki);
    let session = module.open();
    let login = |name: &str, password: &str| {
        let (mut name, mut pin) = (name.as_bytes().to_vec(), password.as_bytes().to_vec());
        let (pin_len, name_len) = (number(pin.len()), number(name.len()));
        c!(C_LoginUser(session.0, CKU_USER, pin.as_mut_ptr(), pin_len, name.as_mut_ptr(), name_len))
    };
    let keys = || session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap().len();
    assert_eq!(login("성춘향", PASSWORD), Err(CKR_ARGUMENTS_BAD));
    assert_eq!(login("이몽룡", "wrong"), Err(CKR_PIN_INCORRECT));
    assert_eq!(login("이몽룡", ""), Err(CKR_PIN_LEN_RANGE));
    let id: String = npki.sets[1].sign.key_id().iter().map(|byte| format!("{byte:02X}")).collect();
    let serial = npki.sets[1].km.as_ref().unwrap().serial_hex();
    for name in ["이몽룡", &npki.sets[1].sign.common_name(), &id, &serial] {
        assert_eq!(login(name, PASSWORD), Ok(()), "{name}");
        assert_eq!(login(name, PASSWORD), Err(CKR_USER_ALREADY_LOGGED_IN));
        assert_eq!(keys(), 2, "those of one set, although the other has the same password");
        session.one(CKO_PRIVATE_KEY, &npki.sets[1].sign.key_id());
        c!(C_Logout(session.0)).unwrap();
    }
    assert_eq!(login("", PASSWORD), Ok(()));
    assert_eq!(keys(), 4);
}
