//! The trace says what was called and what came of it, and never a password, a key or an attribute's value.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;

use cryptoki_sys::*;
use support::{Mechanism, Npki, PASSWORD, Session, point_at, turn};

#[test]
fn the_trace_tells_calls_and_keeps_secrets() {
    let _turn = turn();
    let npki = Npki::one();
    std::fs::create_dir_all(npki.root().join("yessign/USER/broken")).unwrap();
    let log = npki.home.path().join("trace.log");
    point_at(&npki);
    // SAFETY: only Rust reads the environment here.
    unsafe { std::env::set_var("INGAM_PKCS11_LOG", &log) };
    c!(C_Initialize(null_mut())).unwrap();
    let mut slot = 0;
    let mut count = 1;
    c!(C_GetSlotList(CK_TRUE, &raw mut slot, &raw mut count)).unwrap();
    let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    session.login("a planted wrong password").unwrap_err();
    session.login(PASSWORD).unwrap();
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    let signature = session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key, b"a planted message").unwrap();
    let random = session.attribute(session.one(CKO_DATA, &npki.sign_id()), CKA_VALUE).unwrap();
    session.find(&[(CKA_LABEL, b"a planted label")]).unwrap();
    c!(C_Finalize(null_mut())).unwrap();

    let trace = std::fs::read(&log).unwrap();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into_bytes();
    for secret in [
        PASSWORD.as_bytes(),
        b"planted",
        &signature,
        &random,
        &hex(&random),
        &hex(&signature),
        &hex(PASSWORD.as_bytes()),
    ] {
        assert!(!trace.windows(secret.len()).any(|window| window == secret));
    }
    let trace = String::from_utf8(trace).unwrap();
    for told in [
        "C_Initialize(",
        "C_Login(1, 1, secret) = CKR_PIN_INCORRECT (wrong password",
        "C_Login(1, 1, secret) = CKR_OK",
        "C_Sign(1, [17], length?) = CKR_OK",
        "C_Sign(1, [17], room 256) = CKR_OK",
        "C_FindObjectsInit(1, { 0x3[15] }) = CKR_OK",
        "left out: not found while looking for signCert.der",
        "C_Finalize(null) = CKR_OK",
    ] {
        assert!(trace.contains(told), "{told}\n{trace}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&log).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
