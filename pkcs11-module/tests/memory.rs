//! After logout, C_Finalize, the medium's removal and the first call in a forked child, no password, key or R is left in the process.
//!
//! This holds for what AWS-LC computes. Crate `rsa`, which makes SHA-1 signatures and those with unusual salts, frees a
//! copy of the primes without wiping it.
//!
//! A process that never held these secrets otherwise uses the module; the test searches its memory from outside.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _};
use std::ptr::null_mut;

use cryptoki_sys::*;
use ingam::crypto::Limits;
use ingam::npki::key_file::SealedKey;
use ingam::pin::Pin;
use ingam::storage::SetFile;
use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};
use support::search::found_in;
use support::{Mechanism, Session};
use zeroize::Zeroize as _;

/// A stage of the other process: which process to search, and whether the secrets must be there.
const STAGES: [(&str, bool); 11] = [
    ("logged in", true),
    ("logged out", false),
    ("child before", true),
    ("child after", false),
    ("medium there", true),
    ("medium gone", false),
    ("medium back", false),
    ("logged in again", true),
    ("last session closed", false),
    ("logged in once more", true),
    ("finalised", false),
];

#[test]
fn secrets_are_gone_when_their_login_is() {
    let (mut orders, to_victim) = std::io::pipe().unwrap();
    let (from_victim, mut reports) = std::io::pipe().unwrap();
    // SAFETY: before any secret exists here. The child leaves without unwinding or exit handlers.
    let victim = unsafe { libc::fork() };
    if victim == 0 {
        // With the searching side gone, reading orders must end.
        drop((to_victim, from_victim));
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| be_used(&mut orders, &mut reports)));
        // SAFETY: ends the child alone.
        unsafe { libc::_exit(i32::from(outcome.is_err())) }
    }
    drop((orders, reports));
    search(&to_victim, from_victim);
    drop(to_victim);
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(victim, &raw mut status, 0) }, victim);
    assert_eq!(status, 0);
}

/// The searching side: makes the set, then searches the process that each report names.
fn search(mut to_victim: &PipeWriter, from_victim: PipeReader) {
    let password: String = (0..20).map(|_| char::from(b'a' + random() % 26)).collect();
    let mut npki = support::Npki::empty();
    npki.add("홍길동", &password);
    let set = &npki.sets[0];
    let sealed = &set.files.0.iter().find(|(file, _)| *file == SetFile::SignKey).unwrap().1;
    let sealed = SealedKey::from_der(sealed, Limits::default()).unwrap();
    let opened = sealed.open(&Pin::copy_of(password.as_bytes())).unwrap();
    let key = rsa::RsaPrivateKey::from_pkcs1_der(opened.rsa_private_key()).unwrap();
    assert_eq!(key.size(), 256);
    let middle = |bytes: Box<[u8]>| bytes[40..72].to_vec();
    let reversed = |mut bytes: Vec<u8>| {
        bytes.reverse();
        bytes
    };
    let numbers = [key.d().to_be_bytes(), key.primes()[0].to_be_bytes(), key.primes()[1].to_be_bytes()].map(middle);
    let mut secrets = vec![("password", password.clone().into_bytes()), ("R", set.random.expose().to_vec())];
    for number in numbers {
        secrets.push(("key, as in files", number.clone()));
        secrets.push(("key, as in memory", reversed(number)));
    }
    writeln!(to_victim, "{}\n{password}", npki.root().display()).unwrap();
    let mut reports = BufReader::new(from_victim).lines();
    for (stage, there) in STAGES {
        let report = reports.next().unwrap().unwrap();
        let found: Vec<&str> = found_in(&report, &secrets);
        if there {
            assert!(found.contains(&"password") && found.contains(&"key, as in memory"), "{stage}: {found:?}");
        } else {
            assert_eq!(found, [""; 0], "{stage}");
        }
        writeln!(to_victim, "go on").unwrap();
    }
}

fn random() -> u8 {
    let mut byte = [0];
    File::open("/dev/urandom").unwrap().read_exact(&mut byte).unwrap();
    byte[0]
}

/// One line of the orders, without a buffer that would keep it.
fn line(orders: &mut PipeReader) -> Vec<u8> {
    let mut line = Vec::with_capacity(4096);
    let mut byte = [0];
    while orders.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.push(byte[0]);
    }
    line
}

/// The other side: uses the module, and at each stage reports a process and waits.
fn be_used(orders: &mut PipeReader, reports: &mut PipeWriter) {
    let root = String::from_utf8(line(orders)).unwrap();
    let mut password = line(orders);
    // SAFETY: nothing else runs in this process.
    unsafe {
        std::env::set_var("INGAM_NPKI_PATH", &root);
        std::env::set_var("INGAM_PKCS11_MODULES", "none");
    }
    let report = |reports: &mut PipeWriter, orders: &mut PipeReader, process: u32| {
        writeln!(reports, "{process}").unwrap();
        line(orders);
    };
    c!(C_Initialize(null_mut())).unwrap();
    let mut slot = [0];
    let mut count = 1;
    c!(C_GetSlotList(CK_TRUE, slot.as_mut_ptr(), &raw mut count)).unwrap();
    let session = Session::open(slot[0], CKF_SERIAL_SESSION).unwrap();
    let log_in = |session: Session, password: &[u8]| {
        let (pin, length) = (password.as_ptr().cast_mut(), support::number(password.len()));
        c!(C_Login(session.0, CKU_USER, pin, length)).unwrap();
        let private = |class: CK_OBJECT_CLASS| session.find(&[(CKA_CLASS, &class.to_ne_bytes())]).unwrap();
        let keys = private(CKO_PRIVATE_KEY);
        let signer = keys.iter().find(|key| session.flag(**key, CKA_SIGN)).unwrap();
        session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), *signer, b"message").unwrap();
        session.attribute(private(CKO_DATA)[0], CKA_VALUE).unwrap().zeroize();
    };
    let own = std::process::id();
    log_in(session, &password);
    report(reports, orders, own);
    c!(C_Logout(session.0)).unwrap();
    let secret_again = std::mem::take(&mut password);
    // The caller's own copy waits where the search does not look: in a pipe.
    let (mut kept, mut keeper) = std::io::pipe().unwrap();
    for _ in 0..3 {
        keeper.write_all(&secret_again).unwrap();
    }
    let length = secret_again.len();
    { secret_again }.zeroize();
    report(reports, orders, own);

    let mut log_in_again = |session: Session| {
        let mut password = vec![0; length];
        kept.read_exact(&mut password).unwrap();
        log_in(session, &password);
        password.zeroize();
    };
    log_in_again(session);
    // SAFETY: nothing else runs in this process; the child leaves without unwinding or exit handlers.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let own = std::process::id();
        report(reports, orders, own);
        let mut info = CK_INFO::default();
        let answer = c!(C_GetInfo(&raw mut info));
        report(reports, orders, own);
        // SAFETY: ends the child alone.
        unsafe { libc::_exit(i32::from(answer != Err(CKR_CRYPTOKI_NOT_INITIALIZED))) }
    }
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!(status, 0);
    report(reports, orders, own);

    let away = format!("{root} away");
    let event = || {
        let mut slot = 0;
        c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut())).map(|()| slot)
    };
    std::fs::rename(&root, &away).unwrap();
    assert_eq!(event(), Ok(slot[0]));
    // The application has not even noticed.
    report(reports, orders, own);
    std::fs::rename(&away, &root).unwrap();
    assert_eq!(event(), Ok(slot[0]));
    report(reports, orders, own);
    let mut log_in_anew = || {
        let session = Session::open(slot[0], CKF_SERIAL_SESSION).unwrap();
        log_in_again(session);
        session
    };
    let session = log_in_anew();
    report(reports, orders, own);
    c!(C_CloseSession(session.0)).unwrap();
    report(reports, orders, own);
    log_in_anew();
    report(reports, orders, own);
    c!(C_Finalize(null_mut())).unwrap();
    report(reports, orders, own);
}
