//! Hosts that fork, execute another program, or leave in the middle of things.

use std::os::unix::process::CommandExt as _;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use cryptoki_sys::*;

use crate::host::{self, Host, report, sign, signing_key, slots, start};
use crate::support::footprint::Footprint;
use crate::support::{Npki, PASSWORD, Session, until};

/// Runs `child` in a forked process that then leaves by the C library's exit or without it; its status.
fn fork(orderly: bool, child: impl FnOnce()) -> i32 {
    // SAFETY: the child calls the module, which is what is tested here.
    let process = unsafe { libc::fork() };
    as_process(process, orderly, child)
}

fn as_process(process: i32, orderly: bool, child: impl FnOnce()) -> i32 {
    if process == 0 {
        // SAFETY: kills a child that waits for a lock of a thread that it does not have.
        unsafe { libc::alarm(14) };
        let status = i32::from(std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).is_err());
        // SAFETY: ends the child alone.
        unsafe { if orderly { libc::exit(status) } else { libc::_exit(status) } }
    }
    assert!(process > 0);
    let mut status = 0;
    // SAFETY: waits for the child made by the caller.
    assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
    status
}

fn get_info() -> Result<(), CK_RV> {
    let mut info = CK_INFO::default();
    c!(C_GetInfo(&raw mut info))
}

/// What a child does that wants to sign itself.
fn begin_anew() {
    assert_eq!(get_info(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    c!(C_Initialize(null_mut())).unwrap();
    let session = host::login();
    sign(session, signing_key(session)).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn children_of_a_busy_parent_sign_and_the_parent_goes_on() {
    let report = Host::new(busy_forks, &Npki::one()).run();
    let [before, after] = report.split(' ').map(|count| count.parse().unwrap()).collect::<Vec<u64>>()[..] else {
        panic!("{report}")
    };
    assert!(before > 0 && after > before, "{report}");
}

pub fn busy_forks() {
    start();
    let slot = slots()[0];
    let _keeps_the_login = host::login();
    let (stop, signatures) = (AtomicBool::new(false), AtomicU64::new(0));
    let signs = || {
        let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
        let key = signing_key(session);
        while !stop.load(Ordering::Relaxed) {
            sign(session, key).unwrap();
            signatures.fetch_add(1, Ordering::Relaxed);
        }
    };
    let lists = || {
        while !stop.load(Ordering::Relaxed) {
            assert_eq!(slots(), [slot]);
            let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
            assert_eq!(session.find(&[]).unwrap().len(), 9);
            assert_eq!(session.login(PASSWORD), Err(CKR_USER_ALREADY_LOGGED_IN));
            c!(C_CloseSession(session.0)).unwrap();
        }
    };
    std::thread::scope(|scope| {
        let workers = [scope.spawn(signs), scope.spawn(signs), scope.spawn(lists)];
        let signed = |more: u64| until(|| Some(signatures.load(Ordering::Relaxed)).filter(|count| *count > more));
        let before = signed(0);
        let child = |finalizes: bool| {
            move || {
                begin_anew();
                if finalizes {
                    c!(C_Finalize(null_mut())).unwrap();
                }
            }
        };
        // Children that are orderly and others, each with and without C_Finalize.
        let statuses: Vec<i32> = (0..32).map(|round| fork(round % 4 < 2, child(round % 2 == 0))).collect();
        assert_eq!(statuses, [0; 32]);
        let after = signed(signatures.load(Ordering::Relaxed));
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        report(&format!("{before} {after}"));
    });
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn what_a_child_does_or_leaves_undone_the_parents_login_lives_on() {
    Host::new(harmless_children, &Npki::one()).run();
}

pub fn harmless_children() {
    start();
    let session = host::login();
    let key = signing_key(session);
    let expected = sign(session, key).unwrap();
    let before = Footprint::now();
    for orderly in [true, false] {
        assert_eq!(fork(orderly, || ()), 0);
        let finalizes = || assert_eq!(c!(C_Finalize(null_mut())), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
        assert_eq!(fork(orderly, finalizes), 0);
        assert_eq!(fork(orderly, begin_anew), 0);
        let both = || {
            begin_anew();
            c!(C_Finalize(null_mut())).unwrap();
        };
        assert_eq!(fork(orderly, both), 0);
        // A grandchild begins anew once more.
        let grandchild = || {
            begin_anew();
            assert_eq!(fork(orderly, begin_anew), 0);
            assert_eq!(get_info(), Ok(()));
        };
        assert_eq!(fork(orderly, grandchild), 0);
        assert_eq!(sign(session, key).unwrap(), expected);
    }
    let after = Footprint::now();
    // What watches the media opens what it keeps when it comes to it, and may be reading a folder at this moment; a
    // descriptor for each of the dozen children would be more.
    assert!(after.descriptors <= before.descriptors + 3, "{before:?} {after:?}");
    assert!(after.threads <= before.threads + 1, "{before:?} {after:?}");
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_child_that_the_c_library_knows_nothing_of_is_recognised_too() {
    Host::new(raw_fork, &Npki::one()).run();
}

pub fn raw_fork() {
    start();
    let session = host::login();
    // SAFETY: a copy of this process, made without the C library's handlers; there is one thread.
    let process = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    assert_eq!(as_process(i32::try_from(process).unwrap(), false, begin_anew), 0);
    sign(session, signing_key(session)).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_host_may_leave_at_any_moment() {
    let npki = Npki::one();
    for _ in 0..10 {
        Host::new(leaves_while_others_sign, &npki).run();
    }
    Host::new(leaves_while_one_waits, &npki).run();
}

/// Leaves without C_Finalize, while threads sign, list and log in.
pub fn leaves_while_others_sign() {
    start();
    let slot = slots()[0];
    host::login();
    static SIGNED: AtomicU64 = AtomicU64::new(0);
    for _ in 0..2 {
        std::thread::spawn(move || {
            let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
            let key = signing_key(session);
            loop {
                // The module may answer anything while the process goes down, but it must not take longer or crash.
                let _ = sign(session, key);
                SIGNED.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    std::thread::spawn(move || {
        loop {
            let _ = Session::open(slot, CKF_SERIAL_SESSION).and_then(|session| session.find(&[]));
        }
    });
    until(|| (SIGNED.load(Ordering::Relaxed) > 20).then_some(()));
}

/// Leaves while a thread waits for a slot event.
pub fn leaves_while_one_waits() {
    start();
    let waits = || {
        let mut slot = 0;
        c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut()))
    };
    let waiting = std::thread::spawn(waits);
    host::login();
    assert!(!waiting.is_finished());
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_program_that_is_executed_inherits_nothing() {
    let npki = Npki::one();
    let log = npki.home.path().join("trace.log");
    let report = Host::new(executes, &npki).env("INGAM_PKCS11_LOG", log).run();
    assert_eq!(report, "executed");
}

/// Starts a program, then becomes it, while threads sign.
pub fn executes() {
    let inherited = std::fs::read_dir("/proc/self/fd").unwrap().count();
    start();
    let session = host::login();
    let key = signing_key(session);
    let slot = slots()[0];
    std::thread::spawn(move || {
        let own = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
        loop {
            sign(own, key).unwrap();
        }
    });
    let program = || {
        let mut program = std::process::Command::new(std::env::current_exe().unwrap());
        program.env("TEST_HOST_SCENARIO", "executed").env("TEST_INHERITED", inherited.to_string());
        program
    };
    // The C library's posix_spawn, which shares memory until the program runs; then fork and exec.
    assert!(program().status().unwrap().success());
    let mut forked = program();
    // SAFETY: the closure does nothing; it makes the standard library fork.
    unsafe { forked.pre_exec(|| Ok(())) };
    assert!(forked.status().unwrap().success());
    sign(session, key).unwrap();
    panic!("{}", program().exec());
}

pub fn executed() {
    let open = std::fs::read_dir("/proc/self/fd").unwrap().count().to_string();
    assert_eq!(open, std::env::var("TEST_INHERITED").unwrap(), "no more than before the module came");
    host::use_once();
    report("executed");
}
