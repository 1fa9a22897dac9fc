//! Keys and secrets of session objects are in the process as long as their object is, and not a moment longer.
//!
//! A process of its own uses the module; the test searches its memory from outside.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::io::{PipeReader, PipeWriter, Read as _, Write as _};
use std::ptr::null_mut;

use cryptoki_sys::*;
use support::search::found_in;
use support::template::{DATA, NO, YES, raw};
use support::{Mechanism, Npki, PASSWORD, Session, number};
use zeroize::Zeroize as _;

/// What ends the objects.
const ENDS: [&str; 5] = ["destroyed", "session closed", "logged out", "child after", "finalised"];

/// Bytes of a secret that is looked for, and how many there are: a prime, and data.
const LENGTH: usize = 64;
const SECRETS: usize = 2;

#[test]
fn secrets_of_session_objects_are_gone_when_their_object_is() {
    let npki = Npki::one();
    let (mut orders, mut to_victim) = std::io::pipe().unwrap();
    let (mut from_victim, mut reports) = std::io::pipe().unwrap();
    // SAFETY: no other test runs in this process. The child leaves without unwinding or exit handlers.
    let victim = unsafe { libc::fork() };
    if victim == 0 {
        // With the searching side gone, reading orders must end.
        drop((to_victim, from_victim));
        support::point_at(&npki);
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| be_used(&mut orders, &mut reports)));
        // SAFETY: ends the child alone.
        unsafe { libc::_exit(i32::from(outcome.is_err())) }
    }
    drop((orders, reports));
    for end in ENDS {
        let secrets: Vec<(&str, Vec<u8>)> = (0..SECRETS)
            .flat_map(|_| {
                let mut secret = vec![0; LENGTH];
                from_victim.read_exact(&mut secret).unwrap();
                let reversed = secret.iter().rev().copied().collect();
                [("as in files", secret), ("as in memory", reversed)]
            })
            .collect();
        let mut process = [0; 4];
        for there in [true, false] {
            from_victim.read_exact(&mut process).unwrap();
            let found = found_in(&u32::from_ne_bytes(process).to_string(), &secrets);
            assert_eq!(found.is_empty(), !there, "{end}: {found:?}");
            to_victim.write_all(b"x").unwrap();
        }
    }
    drop(to_victim);
    let mut status = 0;
    // SAFETY: waits for the child made above.
    assert_eq!(unsafe { libc::waitpid(victim, &raw mut status, 0) }, victim);
    assert_eq!(status, 0);
}

fn be_used(orders: &mut PipeReader, reports: &mut PipeWriter) {
    let report = |reports: &mut PipeWriter, orders: &mut PipeReader| {
        reports.write_all(&std::process::id().to_ne_bytes()).unwrap();
        orders.read_exact(&mut [0]).unwrap();
    };
    c!(C_Initialize(null_mut())).unwrap();
    let (mut slot, mut count) = (0, 1);
    c!(C_GetSlotList(CK_TRUE, &raw mut slot, &raw mut count)).unwrap();
    let main = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    for end in ENDS {
        let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
        if main.state() == CKS_RO_PUBLIC_SESSION {
            main.login(PASSWORD).unwrap();
        }
        let objects = make(session, reports);
        report(reports, orders);
        match end {
            "destroyed" => objects.into_iter().for_each(|object| session.destroy(object).unwrap()),
            "session closed" => session.close(),
            "logged out" => main.logout(),
            "finalised" => c!(C_Finalize(null_mut())).unwrap(),
            _ => {
                // SAFETY: nothing else runs in this process; the child leaves without unwinding or exit handlers.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    let mut info = CK_INFO::default();
                    let answer = c!(C_GetInfo(&raw mut info));
                    report(reports, orders);
                    // SAFETY: ends the child alone.
                    unsafe { libc::_exit(i32::from(answer != Err(CKR_CRYPTOKI_NOT_INITIALIZED))) }
                }
                let mut status = 0;
                // SAFETY: waits for the child made above.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(status, 0);
                session.close();
                continue;
            }
        }
        report(reports, orders);
    }
}

/// A key pair and private data, used and read once; the secrets go to the searching side and nowhere else.
fn make(session: Session, reports: &mut PipeWriter) -> [CK_OBJECT_HANDLE; 3] {
    let bits = (2048 as CK_ULONG).to_ne_bytes();
    let (public, private) =
        session.generate_pair(&[(CKA_MODULUS_BITS, &bits)], &[(CKA_SENSITIVE, NO), (CKA_EXTRACTABLE, YES)]).unwrap();
    session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), private, b"message").unwrap();
    let mut raw_mechanism = Mechanism::new(CKM_RSA_PKCS);
    let ciphertext = session.encrypt(&mut raw_mechanism, public, b"secret").unwrap();
    session.decrypt(&mut raw_mechanism, private, &ciphertext).unwrap();
    let mut prime = session.attribute(private, CKA_PRIME_1).unwrap();
    reports.write_all(&prime[..LENGTH]).unwrap();
    prime.zeroize();
    let mut value = [0; LENGTH];
    c!(C_GenerateRandom(session.0, value.as_mut_ptr(), number(LENGTH))).unwrap();
    reports.write_all(&value).unwrap();
    let mut data = 0;
    let mut template = raw(&[(CKA_CLASS, DATA), (CKA_PRIVATE, YES), (CKA_VALUE, &value)]);
    c!(C_CreateObject(session.0, template.as_mut_ptr(), number(template.len()), &raw mut data)).unwrap();
    value.zeroize();
    [public, private, data]
}
