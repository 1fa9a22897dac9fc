//! A forked child has nothing of its parent's library, may have its own, and harms neither.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

use cryptoki_sys::*;
use support::{Mechanism, Module, Npki, PASSWORD, Session};

/// Runs `child` in a forked process; its answer is the exit status, and 14 seconds are its life.
fn fork(child: impl FnOnce() -> Result<(), CK_RV>) -> i32 {
    // SAFETY: the child calls the module, which is what is tested here, and leaves without unwinding or exit handlers.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: kills a child that waits for a lock of a thread that it does not have.
            unsafe { libc::alarm(14) };
            let status = match std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)) {
                Ok(Ok(())) => 0,
                Ok(Err(_)) => 1,
                Err(_) => 2,
            };
            // SAFETY: ends the child alone.
            unsafe { libc::_exit(status) }
        }
        process => {
            assert!(process > 0);
            let mut status = 0;
            // SAFETY: waits for the child made above.
            assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
            status
        }
    }
}

fn expect(condition: bool) -> Result<(), CK_RV> {
    if condition { Ok(()) } else { Err(CKR_GENERAL_ERROR) }
}

fn sign(session: Session, key: CK_OBJECT_HANDLE) -> Result<Vec<u8>, CK_RV> {
    session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key, b"message")
}

#[test]
fn a_child_has_no_library_until_it_initialises_its_own() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let (slot, key) = (module.slot(), session.one(CKO_PRIVATE_KEY, &npki.sign_id()));
    let before = sign(session, key).unwrap();
    let status = fork(|| {
        let mut info = CK_INFO::default();
        expect(c!(C_GetInfo(&raw mut info)) == Err(CKR_CRYPTOKI_NOT_INITIALIZED))?;
        expect(sign(session, key) == Err(CKR_CRYPTOKI_NOT_INITIALIZED))?;
        expect(c!(C_Finalize(null_mut())) == Err(CKR_CRYPTOKI_NOT_INITIALIZED))?;
        c!(C_Initialize(null_mut()))?;
        let mut unknown = CK_SESSION_INFO::default();
        expect(c!(C_GetSessionInfo(session.0, &raw mut unknown)) == Err(CKR_SESSION_HANDLE_INVALID))?;
        let own = Session::open(slot, CKF_SERIAL_SESSION)?;
        expect(own.state() == CKS_RO_PUBLIC_SESSION)?;
        own.login(PASSWORD)?;
        expect(sign(own, own.one(CKO_PRIVATE_KEY, &npki.sign_id()))? == before)?;
        c!(C_Finalize(null_mut()))
    });
    assert_eq!(status, 0);
    assert_eq!(sign(session, key).unwrap(), before, "the parent's login lives on");
}

#[test]
fn a_child_of_a_parent_that_watches_watches_for_itself() {
    let npki = Npki::one();
    let away = npki.home.path().join("away");
    let module = Module::start(&npki);
    let (slot, _keeps_the_login) = (module.slot(), module.logged_in());
    let next = || {
        let mut slot = 0;
        c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())).map(|()| slot)
    };
    let wait = || {
        let mut slot = 0;
        c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut())).map(|()| slot)
    };
    assert_eq!(next(), Err(CKR_NO_EVENT));
    let status = fork(|| {
        expect(next() == Err(CKR_CRYPTOKI_NOT_INITIALIZED) && wait() == Err(CKR_CRYPTOKI_NOT_INITIALIZED))?;
        c!(C_Initialize(null_mut()))?;
        let own = Session::open(slot, CKF_SERIAL_SESSION)?;
        own.login(PASSWORD)?;
        expect(next() == Err(CKR_NO_EVENT))?;
        std::fs::rename(npki.root(), &away).map_err(|_| CKR_GENERAL_ERROR)?;
        expect(wait()? == slot)?;
        expect(own.login(PASSWORD) == Err(CKR_DEVICE_REMOVED))?;
        std::fs::rename(&away, npki.root()).map_err(|_| CKR_GENERAL_ERROR)?;
        expect(wait()? == slot)?;
        c!(C_Finalize(null_mut()))?;
        expect(next() == Err(CKR_CRYPTOKI_NOT_INITIALIZED))
    });
    assert_eq!(status, 0);
    // The parent's thread lives on. It saw the same, unless it was too slow to see anything.
    let parents = std::iter::from_fn(|| next().ok()).count();
    assert!(parents <= 2);
    std::fs::rename(npki.root(), &away).unwrap();
    assert_eq!(wait(), Ok(slot));
    std::fs::rename(&away, npki.root()).unwrap();
    assert_eq!(wait(), Ok(slot));
}

#[test]
fn a_child_of_a_busy_parent_waits_for_nobody() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let slot = module.slot();
    let stop = AtomicBool::new(false);
    let _keeps_the_login = module.logged_in();
    let works = || {
        while !stop.load(Ordering::Relaxed) {
            let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
            sign(session, session.one(CKO_PRIVATE_KEY, &npki.sign_id())).unwrap();
            c!(C_CloseSession(session.0)).unwrap();
        }
    };
    let child = || {
        c!(C_Initialize(null_mut()))?;
        let own = Session::open(slot, CKF_SERIAL_SESSION)?;
        own.login(PASSWORD)?;
        sign(own, own.one(CKO_PRIVATE_KEY, &npki.sign_id()))?;
        c!(C_Finalize(null_mut()))
    };
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut slot = 0;
            c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut()))
        });
        let workers = [scope.spawn(works), scope.spawn(works), scope.spawn(works)];
        let statuses: Vec<i32> = (0..40).map(|_| fork(child)).collect();
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.join().unwrap();
        }
        assert_eq!(statuses, [0; 40]);
        assert!(!waiting.is_finished());
        c!(C_Finalize(null_mut())).unwrap();
        assert_eq!(waiting.join().unwrap(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    });
}
