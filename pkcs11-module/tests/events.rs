//! Media that come and go: each change is one event, and nothing of a medium outlives it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use cryptoki_sys::*;
use support::template::{DATA, NO};
use support::{Mechanism, Module, Npki, PASSWORD, Session, until};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(10);

const CYCLES: usize = 1000;

fn next_event() -> Result<CK_SLOT_ID, CK_RV> {
    let mut slot = 0;
    c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())).map(|()| slot)
}

fn wait_for_event() -> Result<CK_SLOT_ID, CK_RV> {
    let mut slot = 0;
    c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut())).map(|()| slot)
}

/// The next event without waiting in the module.
fn event() -> CK_SLOT_ID {
    until(|| next_event().ok())
}

fn is_present(slot: CK_SLOT_ID) -> bool {
    let mut info = CK_SLOT_INFO::default();
    c!(C_GetSlotInfo(slot, &raw mut info)).unwrap();
    info.flags & CKF_TOKEN_PRESENT != 0
}

fn away(npki: &Npki) -> PathBuf {
    npki.home.path().join("away")
}

fn take_away(npki: &Npki) {
    std::fs::rename(npki.root(), away(npki)).unwrap();
}

fn bring_back(npki: &Npki) {
    std::fs::rename(away(npki), npki.root()).unwrap();
}

/// Names of this process's threads that are the library's.
fn library_threads() -> usize {
    let names = std::fs::read_dir("/proc/self/task").unwrap().filter_map(|task| {
        // It may end while this looks.
        std::fs::read_to_string(task.unwrap().path().join("comm")).ok()
    });
    names.filter(|name| name.trim_end() == "ingam-watch").count()
}

/// Descriptors of the kinds that a watch has.
fn watch_descriptors() -> usize {
    let targets = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = targets.filter_map(|descriptor| std::fs::read_link(descriptor.unwrap().path()).ok());
    targets
        .filter(|target| ["anon_inode:inotify", "anon_inode:[eventfd]"].iter().any(|kind| target == Path::new(kind)))
        .count()
}

/// Initialised by a host that allows no threads.
struct Alone {
    _turn: std::sync::MutexGuard<'static, ()>,
}

impl Alone {
    fn start(npki: &Npki) -> Self {
        let turn = support::turn();
        support::point_at(npki);
        let arguments = CK_C_INITIALIZE_ARGS {
            flags: CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK,
            ..Default::default()
        };
        c!(C_Initialize(std::ptr::from_ref(&arguments).cast_mut().cast())).unwrap();
        Self { _turn: turn }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let _ = c!(C_Finalize(null_mut()));
    }
}

fn first_slot() -> CK_SLOT_ID {
    let mut slots = [0; 1];
    let mut length = 1;
    c!(C_GetSlotList(CK_FALSE, slots.as_mut_ptr(), &raw mut length)).unwrap();
    slots[0]
}

/// Goes through removals and insertions, each told once by `next`, with `quiet` saying that there is no more.
fn cycle(rounds: usize, npki: &Npki, slot: CK_SLOT_ID, next: impl Fn() -> CK_SLOT_ID, quiet: impl Fn() -> bool) {
    for round in 0..rounds {
        take_away(npki);
        assert_eq!(next(), slot, "removal {round}");
        assert!(!is_present(slot) && quiet());
        bring_back(npki);
        assert_eq!(next(), slot, "insertion {round}");
        assert!(is_present(slot) && quiet());
    }
}

/// Passes on the slots that events name, until a wait fails: why it did.
fn tell_events(tell: &mpsc::Sender<CK_SLOT_ID>) -> CK_RV {
    loop {
        match wait_for_event() {
            Ok(slot) => tell.send(slot).unwrap(),
            Err(rv) => return rv,
        }
    }
}

#[test]
fn a_thousand_removals_and_insertions_are_an_event_each_for_one_who_waits() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let slot = module.slot();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || tell_events(&tell));
        // It watches from now on.
        until(|| (library_threads() == 1).then_some(()));
        cycle(CYCLES, &npki, slot, || told.recv_timeout(PATIENCE).unwrap(), || told.try_recv().is_err());
        let started = Instant::now();
        c!(C_Finalize(null_mut())).unwrap();
        assert_eq!(waiting.join().unwrap(), CKR_CRYPTOKI_NOT_INITIALIZED);
        assert!(started.elapsed() < Duration::from_secs(1));
        assert_eq!(told.try_iter().count(), 0, "nothing is left over");
    });
    until(|| (watch_descriptors() == 0).then_some(()));
    drop(module);
}

#[test]
fn a_thousand_removals_and_insertions_are_an_event_each_for_one_who_asks() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let slot = module.slot();
    cycle(CYCLES, &npki, slot, event, || next_event() == Err(CKR_NO_EVENT));
    assert_eq!(module.slot(), slot);
    assert_eq!(next_event(), Err(CKR_NO_EVENT));
}

#[test]
fn without_threads_the_one_who_asks_looks() {
    let npki = Npki::one();
    let alone = Alone::start(&npki);
    let slot = first_slot();
    // No waiting: each question is answered with what is there.
    cycle(CYCLES, &npki, slot, || next_event().unwrap(), || next_event() == Err(CKR_NO_EVENT));
    let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    session.login(PASSWORD).unwrap();
    assert_eq!((library_threads(), watch_descriptors()), (0, 0));
    take_away(&npki);
    assert_eq!(next_event(), Ok(slot));
    assert_eq!(session.login(PASSWORD), Err(CKR_DEVICE_REMOVED));
    drop(alone);
}

#[test]
fn without_threads_the_one_who_waits_watches() {
    let npki = Npki::one();
    let alone = Alone::start(&npki);
    let slot = first_slot();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || tell_events(&tell));
        // Each wait makes its own watch, which the kernel takes down slowly.
        cycle(CYCLES / 10, &npki, slot, || told.recv_timeout(PATIENCE).unwrap(), || told.try_recv().is_err());
        assert_eq!(library_threads(), 0);
        // Another call that finds it out tells the one who waits.
        take_away(&npki);
        let mut count = 0;
        c!(C_GetSlotList(CK_TRUE, null_mut(), &raw mut count)).unwrap();
        assert_eq!((count, told.recv_timeout(PATIENCE)), (0, Ok(slot)));
        c!(C_Finalize(null_mut())).unwrap();
        assert_eq!(waiting.join().unwrap(), CKR_CRYPTOKI_NOT_INITIALIZED);
    });
    assert_eq!((library_threads(), watch_descriptors()), (0, 0));
    drop(alone);
}

#[test]
fn a_medium_that_was_never_seen_is_an_event_when_it_comes() {
    let npki = Npki::one();
    take_away(&npki);
    let module = Module::start(&npki);
    assert_eq!(module.slots(), []);
    let come = std::thread::scope(|scope| {
        let waiting = scope.spawn(wait_for_event);
        until(|| (library_threads() == 1).then_some(()));
        bring_back(&npki);
        waiting.join().unwrap()
    });
    let slot = come.unwrap();
    assert!(is_present(slot), "its number is valid before the list is asked for again");
    let mut count = 1;
    c!(C_GetSlotList(CK_FALSE, [0].as_mut_ptr(), &raw mut count)).unwrap();
    assert_eq!(count, 0, "the list is as long as was said");
    assert_eq!(module.slots(), [slot]);
    module.logged_in();
}

#[test]
fn nothing_of_a_medium_outlives_it() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let slot = module.slot();
    let session = module.logged_in();
    let idle = module.open();
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key).unwrap();
    let made = session.create(&[(CKA_CLASS, DATA), (CKA_PRIVATE, NO)]).unwrap();
    take_away(&npki);
    assert_eq!(event(), slot);

    let refused = |session: Session| {
        let mut info = CK_SESSION_INFO::default();
        let (mut bytes, mut length) = ([0; 256], 256);
        assert_eq!(
            c!(C_Sign(session.0, [0; 3].as_mut_ptr(), 3, bytes.as_mut_ptr(), &raw mut length)),
            Err(CKR_DEVICE_REMOVED)
        );
        assert_eq!(c!(C_GetSessionInfo(session.0, &raw mut info)), Err(CKR_DEVICE_REMOVED));
        assert_eq!(session.find(&[]), Err(CKR_DEVICE_REMOVED));
        assert_eq!(session.attribute(key, CKA_LABEL), Err(CKR_DEVICE_REMOVED));
        assert_eq!(session.login(PASSWORD), Err(CKR_DEVICE_REMOVED));
    };
    refused(session);
    assert_eq!(Session::open(slot, CKF_SERIAL_SESSION), Err(CKR_TOKEN_NOT_PRESENT));

    bring_back(&npki);
    assert_eq!(event(), slot);
    refused(session);
    refused(idle);
    assert_eq!(c!(C_CloseSession(session.0)), Err(CKR_DEVICE_REMOVED));
    assert_eq!(c!(C_CloseSession(session.0)), Err(CKR_SESSION_HANDLE_INVALID), "closed and forgotten");
    let again = module.open();
    assert_eq!(again.state(), CKS_RO_PUBLIC_SESSION, "the login went with the medium");
    assert_eq!(again.find(&[(CKA_PRIVATE, &[CK_TRUE])]), Ok(vec![]));
    for object in [key, made] {
        assert_eq!(again.attribute(object, CKA_LABEL), Err(CKR_OBJECT_HANDLE_INVALID));
    }
    again.login(PASSWORD).unwrap();
    let key = again.one(CKO_PRIVATE_KEY, &npki.sign_id());
    again.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key, b"message").unwrap();
    let mut info = CK_TOKEN_INFO::default();
    c!(C_GetTokenInfo(slot, &raw mut info)).unwrap();
    assert_eq!(info.ulSessionCount, 1);
}

#[test]
fn another_folder_in_the_place_of_one_is_one_event_and_ends_the_login() {
    let npki = Npki::one();
    let alone = Alone::start(&npki);
    let slot = first_slot();
    let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    session.login(PASSWORD).unwrap();
    assert_eq!(next_event(), Err(CKR_NO_EVENT));
    take_away(&npki);
    npki.sets[0].publish(&mut npki.folder()).unwrap();
    assert_eq!(next_event(), Ok(slot));
    assert_eq!(next_event(), Err(CKR_NO_EVENT), "one change was seen");
    assert_eq!(session.find(&[]), Err(CKR_DEVICE_REMOVED));
    let again = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    assert_eq!(again.state(), CKS_RO_PUBLIC_SESSION);
    again.login(PASSWORD).unwrap();
    drop(alone);
}

#[test]
fn writing_into_a_folder_is_no_event_and_leaves_the_login() {
    let mut npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    npki.add("이몽룡", PASSWORD);
    assert_eq!(next_event(), Err(CKR_NO_EVENT));
    take_away(&npki);
    assert_eq!(event(), module.slot(), "the first event is the removal");
    assert_eq!(session.find(&[]), Err(CKR_DEVICE_REMOVED));
}

#[test]
fn every_event_comes_when_threads_use_the_medium_meanwhile() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let slot = module.slot();
    let stop = std::sync::atomic::AtomicBool::new(false);
    // A key that was found may be gone with its login when it is used.
    let expected = [CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_USER_NOT_LOGGED_IN, CKR_KEY_HANDLE_INVALID];
    let use_it = || {
        let session = Session::open(slot, CKF_SERIAL_SESSION)?;
        let outcome = (|| {
            match session.login(PASSWORD) {
                Ok(()) | Err(CKR_USER_ALREADY_LOGGED_IN) => {}
                refused => refused?,
            }
            for key in session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes()), (CKA_ID, &npki.sign_id())])? {
                session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key, b"message")?;
            }
            Ok(())
        })();
        let _ = c!(C_CloseSession(session.0));
        outcome
    };
    std::thread::scope(|scope| {
        let work = || {
            let mut unexpected = Vec::new();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                match use_it() {
                    Err(rv) if !expected.contains(&rv) => unexpected.push(rv),
                    _ => {}
                }
            }
            unexpected
        };
        let workers = [scope.spawn(work), scope.spawn(work)];
        for _ in 0..100 {
            take_away(&npki);
            assert_eq!(event(), slot);
            assert!(!is_present(slot));
            bring_back(&npki);
            assert_eq!(event(), slot);
            assert!(is_present(slot));
        }
        // Undisturbed, they get their work done.
        until(|| use_it().ok());
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        for worker in workers {
            assert_eq!(worker.join().unwrap(), []);
        }
    });
    assert_eq!(next_event(), Err(CKR_NO_EVENT));
}

#[test]
fn a_thousand_lives_with_a_watching_thread_leave_no_thread_and_no_descriptor() {
    let npki = Npki::one();
    let _turn = support::turn();
    support::point_at(&npki);
    for round in 0..CYCLES {
        c!(C_Initialize(null_mut())).unwrap();
        Session::open(first_slot(), CKF_SERIAL_SESSION).unwrap();
        if round % 4 == 0 {
            // Else it does not watch yet.
            assert_eq!(next_event(), Err(CKR_NO_EVENT));
        }
        // A thread gives itself its name, and stays listed for a moment after it was joined. A kernel that is very busy takes
        // its watches down later than C_Finalize waits.
        until(|| (library_threads() == 1).then_some(()));
        let started = Instant::now();
        c!(C_Finalize(null_mut())).unwrap();
        assert!(started.elapsed() < Duration::from_secs(1));
        until(|| (watch_descriptors() == 0).then_some(()));
        until(|| (library_threads() == 0).then_some(()));
    }
}
