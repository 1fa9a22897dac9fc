//! Many processes and threads at once, and many signatures: no unexpected answer, and no growth.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "figures of a run")]
#![allow(unreachable_pub, reason = "a test has no public")]
#![allow(clippy::disallowed_methods, reason = "the environment names the module")]

#[macro_use]
mod support;
#[allow(dead_code, reason = "each test uses its part")]
#[path = "hosts/host.rs"]
mod host;

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cryptoki_sys::*;
use host::{Host, report, signing_key, slots, start};
use support::footprint::Footprint;
use support::{Mechanism, Npki, PASSWORD, Session, turn};

const SCENARIOS: &[host::Scenario] = &[("crowd", crowd), ("workload", workload)];

const PROCESSES: usize = 8;
const THREADS: usize = 8;
const OPERATIONS: usize = 1000;

#[test]
#[ignore = "needs INGAM_MODULE"]
fn eight_processes_of_eight_threads_get_no_unexpected_answer_in_64_000_operations() {
    let _turn = turn();
    let npki = Npki::one();
    let done: usize = std::thread::scope(|scope| {
        let one = || Host::new(crowd, &npki).run().parse::<usize>().unwrap();
        let processes: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(one)).collect();
        processes.into_iter().map(|process| process.join().unwrap()).sum()
    });
    assert_eq!(done, PROCESSES * THREADS * OPERATIONS);
}

/// Eight threads that do everything, each in a session of its own, under one login.
fn crowd() {
    start();
    let slot = slots()[0];
    let keeper = host::login();
    let key = signing_key(keeper);
    let id = keeper.attribute(key, CKA_ID).unwrap();
    let public = keeper.one(CKO_PUBLIC_KEY, &id);
    let certificate = keeper.one(CKO_CERTIFICATE, &id);
    let value = keeper.attribute(certificate, CKA_VALUE).unwrap();
    let done = AtomicUsize::new(0);
    let work = |thread: usize| {
        let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
        let sha256 = &mut Mechanism::new(CKM_SHA256_RSA_PKCS);
        let (mut message, mut signature) = (Vec::new(), Vec::new());
        // Threads begin with different operations; each does all of them.
        for operation in 0..OPERATIONS {
            match (operation + thread) % 8 {
                0 => {
                    let other = Session::open(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
                    assert_eq!(other.state(), CKS_RW_USER_FUNCTIONS);
                    c!(C_CloseSession(other.0)).unwrap();
                }
                1 => assert_eq!(session.one(CKO_PRIVATE_KEY, &id), key),
                2 => {
                    message = format!("message {operation} of thread {thread}").into_bytes();
                    signature = session.sign(sha256, key, &message).unwrap();
                }
                3 if signature.is_empty() => {
                    let wrong = session.verify(sha256, public, b"message", &[1; 256]);
                    assert_eq!(wrong, Err(CKR_SIGNATURE_INVALID));
                }
                3 => session.verify(sha256, public, &message, &signature).unwrap(),
                4 => {
                    c!(C_DigestInit(session.0, Mechanism::new(CKM_SHA256).raw())).unwrap();
                    let digest =
                        support::output(|out, len| c!(C_Digest(session.0, value.as_ptr().cast_mut(), 100, out, len)));
                    assert_eq!(digest.unwrap().len(), 32);
                }
                5 => assert_eq!(session.login(PASSWORD), Err(CKR_USER_ALREADY_LOGGED_IN)),
                6 => assert_eq!(session.attribute(certificate, CKA_VALUE).unwrap(), value),
                _ => {
                    assert_eq!(slots(), [slot]);
                    assert_eq!(session.find(&[]).unwrap().len(), 9);
                }
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
        c!(C_CloseSession(session.0)).unwrap();
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(move || work(thread))).collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
    c!(C_Finalize(null_mut())).unwrap();
    report(&done.load(Ordering::Relaxed).to_string());
}

const SIGNATURES: usize = 100_000;
/// As many threads sign as a small machine has processors.
const SIGNERS: usize = 2;
/// Pages of 4 KiB by which the process may have grown: 1 MiB.
const GROWTH: u64 = 256;

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_hundred_thousand_documents_are_signed_without_growth() {
    let _turn = turn();
    let npki = Npki::one();
    let mut host = Host::new(workload, &npki);
    host.limit = Duration::from_secs(600);
    let report = host.run();
    println!("{report}");
}

/// Signs documents of 2 KiB, each another one. Every thousandth signature is verified.
fn workload() {
    start();
    let session = host::login();
    let key = signing_key(session);
    let public = session.one(CKO_PUBLIC_KEY, &session.attribute(key, CKA_ID).unwrap());
    let sign_some = |first: usize, count: usize| {
        let session = Session::open(slots()[0], CKF_SERIAL_SESSION).unwrap();
        let sha256 = &mut Mechanism::new(CKM_SHA256_RSA_PKCS);
        let mut document = vec![0; 2048];
        for number in first..first + count {
            document[..8].copy_from_slice(&number.to_ne_bytes());
            let signature = session.sign(sha256, key, &document).unwrap();
            if number % 1000 == 0 {
                session.verify(sha256, public, &document, &signature).unwrap();
            }
        }
        c!(C_CloseSession(session.0)).unwrap();
        count
    };
    let sign_all = |count: usize| -> usize {
        let share = count / SIGNERS;
        std::thread::scope(|scope| {
            let signers: Vec<_> =
                (0..SIGNERS).map(|signer| scope.spawn(move || sign_some(signer * share, share))).collect();
            signers.into_iter().map(|signer| signer.join().unwrap()).sum()
        })
    };
    // The library's thread watches from now on, and not first in the middle of the measurement.
    let mut slot = 0;
    assert_eq!(c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())), Err(CKR_NO_EVENT));
    sign_all(4000);
    let (before, began) = (Footprint::now(), Instant::now());
    assert_eq!(sign_all(SIGNATURES), SIGNATURES);
    let (after, took) = (Footprint::now(), began.elapsed());
    assert!(after.pages <= before.pages + GROWTH, "{before:?} {after:?}");
    assert_eq!((after.descriptors, after.threads), (before.descriptors, before.threads));
    c!(C_Finalize(null_mut())).unwrap();
    report(&format!("{SIGNATURES} signatures in {took:.1?}, {} → {} pages", before.pages, after.pages));
}
