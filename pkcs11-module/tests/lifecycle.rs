//! From C_Initialize to C_Finalize: arguments, order, threads, and nothing left behind.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use cryptoki_sys::*;
use support::{Module, Npki, functions, point_at, turn};

fn initialize(arguments: &CK_C_INITIALIZE_ARGS) -> Result<(), CK_RV> {
    let answer = c!(C_Initialize(std::ptr::from_ref(arguments).cast_mut().cast()));
    if answer.is_ok() {
        c!(C_Finalize(null_mut())).unwrap();
    }
    answer
}

unsafe extern "C" fn create_mutex(_: *mut *mut std::ffi::c_void) -> CK_RV {
    CKR_GENERAL_ERROR
}

unsafe extern "C" fn use_mutex(_: *mut std::ffi::c_void) -> CK_RV {
    CKR_GENERAL_ERROR
}

const ALL_CALLBACKS: CK_C_INITIALIZE_ARGS = CK_C_INITIALIZE_ARGS {
    CreateMutex: Some(create_mutex),
    DestroyMutex: Some(use_mutex),
    LockMutex: Some(use_mutex),
    UnlockMutex: Some(use_mutex),
    flags: 0,
    pReserved: null_mut(),
};

#[test]
fn arguments_that_contradict_themselves_are_refused() {
    let _turn = turn();
    point_at(&Npki::empty());
    let reserved = CK_C_INITIALIZE_ARGS { pReserved: std::ptr::dangling_mut(), ..Default::default() };
    assert_eq!(initialize(&reserved), Err(CKR_ARGUMENTS_BAD));
    let half = CK_C_INITIALIZE_ARGS { UnlockMutex: None, flags: CKF_OS_LOCKING_OK, ..ALL_CALLBACKS };
    assert_eq!(initialize(&half), Err(CKR_ARGUMENTS_BAD));
    assert_eq!(initialize(&ALL_CALLBACKS), Err(CKR_CANT_LOCK));
    assert_eq!(initialize(&CK_C_INITIALIZE_ARGS { flags: CKF_OS_LOCKING_OK, ..ALL_CALLBACKS }), Ok(()));
    assert_eq!(initialize(&CK_C_INITIALIZE_ARGS::default()), Ok(()));
    let alone = CK_C_INITIALIZE_ARGS { flags: CKF_LIBRARY_CANT_CREATE_OS_THREADS, ..Default::default() };
    assert_eq!(initialize(&alone), Ok(()));
}

#[test]
fn before_and_after_its_life_the_library_says_so() {
    let _turn = turn();
    point_at(&Npki::empty());
    let mut info = CK_INFO::default();
    let mut get_info = || c!(C_GetInfo(&raw mut info));
    assert_eq!(get_info(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    assert_eq!(c!(C_Finalize(null_mut())), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    c!(C_Initialize(null_mut())).unwrap();
    assert_eq!(c!(C_Initialize(null_mut())), Err(CKR_CRYPTOKI_ALREADY_INITIALIZED));
    assert_eq!(get_info(), Ok(()));
    assert_eq!(c!(C_Finalize((&raw mut info).cast())), Err(CKR_ARGUMENTS_BAD));
    assert_eq!(c!(C_Finalize(null_mut())), Ok(()));
    let mut info = CK_INFO::default();
    assert_eq!(c!(C_GetInfo(&raw mut info)), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    assert_eq!(c!(C_CloseSession(1)), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
}

#[test]
fn the_library_introduces_itself() {
    let _module = Module::owning(Npki::empty());
    let mut info = CK_INFO::default();
    c!(C_GetInfo(&raw mut info)).unwrap();
    assert_eq!((info.cryptokiVersion.major, info.cryptokiVersion.minor), (3, 0));
    assert_eq!(&info.manufacturerID, b"ingam                           ");
    assert_eq!(info.flags, 0);
}

#[test]
fn of_threads_that_initialise_together_one_does_and_the_others_are_told() {
    let _turn = turn();
    let npki = Npki::one();
    point_at(&npki);
    for _ in 0..50 {
        let start = Barrier::new(8);
        let answers: Vec<Result<(), CK_RV>> = std::thread::scope(|scope| {
            let race = || {
                start.wait();
                let answer = c!(C_Initialize(null_mut()));
                // Whoever is told that it is initialised can use it at once.
                let mut count = 0;
                c!(C_GetSlotList(CK_TRUE, null_mut(), &raw mut count)).unwrap();
                assert_eq!(count, 1);
                answer
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(race)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
        assert_eq!(answers.iter().filter(|answer| **answer == Err(CKR_CRYPTOKI_ALREADY_INITIALIZED)).count(), 7);
        c!(C_Finalize(null_mut())).unwrap();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_that_waits_for_a_slot_event_is_woken_by_finalize() {
    let module = Module::owning(Npki::empty());
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(move || {
            // SAFETY: asks for a number.
            tell.send(unsafe { libc::gettid() }).unwrap();
            let mut slot = 0;
            c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut()))
        });
        let thread = format!("/proc/self/task/{}/stat", told.recv().unwrap());
        while !std::fs::read_to_string(&thread).unwrap().contains(") S ") {
            std::thread::yield_now();
        }
        let mut slot = 0;
        assert_eq!(c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())), Err(CKR_NO_EVENT));
        let started = Instant::now();
        c!(C_Finalize(null_mut())).unwrap();
        assert_eq!(waiting.join().unwrap(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
        assert!(started.elapsed() < Duration::from_secs(1));
    });
    drop(module);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_lives_leave_no_memory_descriptor_or_thread() {
    fn count(folder: &str) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }
    fn resident_pages() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    }
    let npki = Npki::one();
    let live = || {
        let module = Module::start(&npki);
        let session = module.logged_in();
        assert_eq!(session.find(&[]).unwrap().len(), 9);
        session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    };
    (0..100).for_each(|_| live());
    let before = (count("/proc/self/fd"), count("/proc/self/task"), resident_pages());
    (0..1000).for_each(|_| live());
    let after = (count("/proc/self/fd"), count("/proc/self/task"), resident_pages());
    // Other tests of this binary wait for their turn and hold what they hold.
    assert!(after.0 <= before.0 && after.1 <= before.1, "{before:?} {after:?}");
    assert!(after.2 <= before.2 + 256, "{before:?} {after:?}");
}

#[test]
fn both_tables_are_full_and_say_what_they_are() {
    let mut legacy = null_mut();
    // SAFETY: a place for the table.
    assert_eq!(unsafe { ingam_pkcs11::C_GetFunctionList(&raw mut legacy) }, CKR_OK);
    // SAFETY: the call answered with a table.
    let version = unsafe { (*legacy).version };
    assert_eq!((version.major, version.minor), (2, 40));
    assert_eq!((functions().version.major, functions().version.minor), (3, 0));
    assert_full(legacy.cast_const().cast(), size_of::<CK_FUNCTION_LIST>(), 68);
    assert_full(std::ptr::from_ref(functions()).cast(), size_of::<CK_FUNCTION_LIST_3_0>(), 92);
}

fn assert_full(table: *const usize, size: usize, entries: usize) {
    let words = size / size_of::<usize>();
    assert_eq!(words, entries + 1, "version and entries");
    // SAFETY: a table is its version, padded to a word, and pointers.
    assert!((1..words).all(|word| unsafe { *table.add(word) } != 0));
}

#[test]
fn interfaces_are_found_by_name_version_and_flags() {
    let find = |name: Option<&std::ffi::CStr>, version: Option<(u8, u8)>, flags| {
        let name = name.map_or(null_mut(), |name| name.as_ptr().cast_mut().cast());
        let mut version = version.map(|(major, minor)| CK_VERSION { major, minor });
        let version = version.as_mut().map_or(null_mut(), std::ptr::from_mut);
        let mut interface: *mut CK_INTERFACE = null_mut();
        // SAFETY: null or what the function asks for.
        match unsafe { ingam_pkcs11::C_GetInterface(name, version, &raw mut interface, flags) } {
            // SAFETY: the interface leads to a table, which begins with its version.
            CKR_OK => Ok(unsafe { *(*interface).pFunctionList.cast::<CK_VERSION>() }).map(|at| (at.major, at.minor)),
            rv => Err(rv),
        }
    };
    assert_eq!(find(None, None, 0), Ok((3, 0)));
    assert_eq!(find(Some(c"PKCS 11"), None, 0), Ok((3, 0)));
    assert_eq!(find(Some(c"PKCS 11"), Some((2, 40)), 0), Ok((2, 40)));
    assert_eq!(find(Some(c"PKCS 11"), Some((3, 2)), 0), Err(CKR_FUNCTION_FAILED));
    assert_eq!(find(Some(c"Vendor"), None, 0), Err(CKR_FUNCTION_FAILED));
    assert_eq!(find(None, None, CKF_INTERFACE_FORK_SAFE), Err(CKR_FUNCTION_FAILED));

    let mut count = 0;
    // SAFETY: a null list asks for the length.
    assert_eq!(unsafe { ingam_pkcs11::C_GetInterfaceList(null_mut(), &raw mut count) }, CKR_OK);
    assert_eq!(count, 2);
    count = 1;
    let mut list = [CK_INTERFACE::default(); 2];
    // SAFETY: the list has at least the room that it is said to have.
    assert_eq!(unsafe { ingam_pkcs11::C_GetInterfaceList(list.as_mut_ptr(), &raw mut count) }, CKR_BUFFER_TOO_SMALL);
    assert_eq!(count, 2);
    // SAFETY: as above.
    assert_eq!(unsafe { ingam_pkcs11::C_GetInterfaceList(list.as_mut_ptr(), &raw mut count) }, CKR_OK);
}
