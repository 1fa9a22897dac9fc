//! Where a host runs: streams, folder, environment, configuration, signals, and other users of the module in it.

use std::ptr::null_mut;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki_sys::*;

use crate::host::{self, Host, report, sign, signing_key, slots, start};
use crate::support::{self, Npki, PASSWORD, Session};
use crate::watching::watched;

#[test]
#[ignore = "needs INGAM_MODULE"]
fn without_standard_streams_nothing_of_ours_takes_their_place() {
    let npki = Npki::one();
    let log = npki.home.path().join("trace.log");
    Host::new(closed_streams, &npki).env("INGAM_PKCS11_LOG", &log).run();
    assert!(std::fs::read_to_string(log).unwrap().contains("C_Finalize(null) = CKR_OK"));
}

pub fn closed_streams() {
    for stream in 0..3 {
        // SAFETY: closes a descriptor that this process does not use.
        unsafe { libc::close(stream) };
    }
    let is_open = |stream| {
        // SAFETY: asks for a number.
        unsafe { libc::fcntl(stream, libc::F_GETFD) != -1 }
    };
    start();
    let session = host::login();
    sign(session, signing_key(session)).unwrap();
    watched();
    // What the host prints now must not end in a file of ours.
    assert!(!(0..3).any(is_open));
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn in_the_root_folder_with_an_empty_environment_the_library_starts() {
    let npki = Npki::one();
    let mut host = Host::new(nothing_known, &npki);
    host.command.env_remove("HOME").env_remove("INGAM_NPKI_PATH").current_dir("/");
    host.run();
    let mut host = Host::new(host::use_once, &npki);
    host.command.env_remove("HOME").current_dir("/");
    host.run();
}

pub fn nothing_known() {
    start();
    slots();
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_configuration_that_cannot_be_read_leaves_the_media_out_and_says_why_in_the_trace() {
    let npki = Npki::one();
    let (garbage, log) = (npki.home.path().join("c.toml"), npki.home.path().join("trace.log"));
    std::fs::write(&garbage, b"npki = [\xff\xfe").unwrap();
    let folder = npki.home.path().to_str().unwrap();
    for file in ["/nonexistent/config.toml", folder, garbage.to_str().unwrap(), "/dev/zero"] {
        let _ = std::fs::remove_file(&log);
        Host::new(bad_configuration, &npki).env("INGAM_CONF", file).env("INGAM_PKCS11_LOG", &log).run();
        let trace = std::fs::read_to_string(&log).unwrap();
        assert!(trace.contains("left out") && trace.contains(file), "{file}: {trace}");
    }
    Host::new(bad_configuration, &npki).env("INGAM_SLOTS", "many").run();
    for no_place in ["/nonexistent", "/dev/null", "relative/NPKI", "\u{1}:\u{7f}"] {
        Host::new(bad_configuration, &npki).env("INGAM_NPKI_PATH", no_place).run();
    }
}

pub fn bad_configuration() {
    start();
    assert_eq!(slots(), []);
    let mut info = CK_INFO::default();
    c!(C_GetInfo(&raw mut info)).unwrap();
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_trace_that_cannot_be_written_disturbs_nobody() {
    for file in ["/dev/full", "/", "/nonexistent/trace.log"] {
        Host::new(host::use_once, &Npki::one()).env("INGAM_PKCS11_LOG", file).run();
    }
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn signals_during_calls_change_no_answer() {
    let signals: u64 = Host::new(interrupted, &Npki::one()).run().parse().unwrap();
    assert!(signals > 100, "{signals} signals");
}

static SIGNALS: AtomicU64 = AtomicU64::new(0);

extern "C" fn count_signal(_: libc::c_int) {
    SIGNALS.fetch_add(1, Ordering::Relaxed);
}

pub fn interrupted() {
    // SAFETY: zeros are a value: no flags, so that system calls end with EINTR.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count_signal as *const () as usize;
    let often = libc::timeval { tv_sec: 0, tv_usec: 400 };
    let timer = libc::itimerval { it_interval: often, it_value: often };
    // SAFETY: the handler adds to an atomic; both structures are filled in.
    unsafe {
        libc::sigaction(libc::SIGALRM, &raw const action, null_mut());
        libc::setitimer(libc::ITIMER_REAL, &raw const timer, null_mut());
    }
    start();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut slot = 0;
            c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut()))
        });
        for _ in 0..60 {
            let session = host::login();
            assert_eq!(session.find(&[]).unwrap().len(), 9);
            sign(session, signing_key(session)).unwrap();
            c!(C_Logout(session.0)).unwrap();
            assert_eq!(session.login("wrong"), Err(CKR_PIN_INCORRECT));
            c!(C_CloseSession(session.0)).unwrap();
        }
        assert!(!waiting.is_finished(), "a signal is no slot event");
        c!(C_Finalize(null_mut())).unwrap();
        assert_eq!(waiting.join().unwrap(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    });
    report(&SIGNALS.load(Ordering::Relaxed).to_string());
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_second_user_in_the_process_is_told_and_shares_the_login() {
    Host::new(two_users, &Npki::one()).run();
}

pub fn two_users() {
    start();
    let first = host::login();
    assert_eq!(c!(C_Initialize(null_mut())), Err(0x191));
    let second = Session::open(slots()[0], CKF_SERIAL_SESSION).unwrap();
    assert_eq!(second.login(PASSWORD), Err(CKR_USER_ALREADY_LOGGED_IN));
    sign(second, signing_key(second)).unwrap();
    c!(C_CloseSession(second.0)).unwrap();
    sign(first, signing_key(first)).unwrap();
    // One that was told ALREADY_INITIALIZED must not finalise. If it does, the other is told and can begin anew.
    c!(C_Finalize(null_mut())).unwrap();
    assert_eq!(sign(first, 1), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
    c!(C_Initialize(null_mut())).unwrap();
    let again = host::login();
    assert_ne!(again.0, 0);
    sign(again, signing_key(again)).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn of_sixteen_threads_one_initialises_in_each_of_a_thousand_rounds() {
    Host::new(race, &Npki::one()).run();
}

pub fn race() {
    const THREADS: usize = 16;
    const ROUNDS: usize = 1000;
    host::load();
    let (begin, end) = (Barrier::new(THREADS), Barrier::new(THREADS));
    let won = AtomicU64::new(0);
    let racer = || {
        for _ in 0..ROUNDS {
            begin.wait();
            match c!(C_Initialize(null_mut())) {
                Ok(()) => drop(won.fetch_add(1, Ordering::Relaxed)),
                Err(rv) => assert_eq!(rv, CKR_CRYPTOKI_ALREADY_INITIALIZED),
            }
            let mut info = CK_INFO::default();
            c!(C_GetInfo(&raw mut info)).unwrap();
            if end.wait().is_leader() {
                c!(C_Finalize(null_mut())).unwrap();
            }
        }
    };
    std::thread::scope(|scope| {
        let racers: Vec<_> = (0..THREADS).map(|_| scope.spawn(racer)).collect();
        racers.into_iter().for_each(|racer| racer.join().unwrap());
    });
    assert_eq!(won.load(Ordering::Relaxed), ROUNDS as u64);
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn two_copies_of_the_module_in_one_process_are_two_libraries() {
    Host::new(loaded_twice, &Npki::one()).run();
}

pub fn loaded_twice() {
    start();
    let session = host::login();
    let copy = tempfile::TempDir::new().unwrap();
    std::fs::copy(host::module(), copy.path().join("other.so")).unwrap();
    let other = support::load(&copy.path().join("other.so"));
    let (begin, end) = (other.C_Initialize.unwrap(), other.C_Finalize.unwrap());
    for _ in 0..10 {
        // SAFETY: null is what both ask for.
        assert_eq!(unsafe { (begin(null_mut()), end(null_mut())) }, (CKR_OK, CKR_OK));
        sign(session, signing_key(session)).unwrap();
    }
    // SAFETY: as above.
    assert_eq!(unsafe { (begin(null_mut()), begin(null_mut())) }, (CKR_OK, CKR_CRYPTOKI_ALREADY_INITIALIZED));
    c!(C_Finalize(null_mut())).unwrap();
    // SAFETY: as above.
    assert_eq!(unsafe { end(null_mut()) }, CKR_OK, "the other is its own");
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn mutex_callbacks_are_never_called_so_none_can_come_back_in() {
    Host::new(callbacks, &Npki::one()).run();
}

static CALLBACKS: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" fn comes_back_with_a_place(_: *mut *mut std::ffi::c_void) -> CK_RV {
    CALLBACKS.fetch_add(1, Ordering::Relaxed);
    c!(C_Initialize(null_mut())).map_or_else(|rv| rv, |()| CKR_OK)
}

unsafe extern "C" fn comes_back(_: *mut std::ffi::c_void) -> CK_RV {
    CALLBACKS.fetch_add(1, Ordering::Relaxed);
    c!(C_Initialize(null_mut())).map_or_else(|rv| rv, |()| CKR_OK)
}

pub fn callbacks() {
    host::load();
    let mut arguments = CK_C_INITIALIZE_ARGS {
        CreateMutex: Some(comes_back_with_a_place),
        DestroyMutex: Some(comes_back),
        LockMutex: Some(comes_back),
        UnlockMutex: Some(comes_back),
        flags: CKF_OS_LOCKING_OK,
        pReserved: null_mut(),
    };
    c!(C_Initialize((&raw mut arguments).cast())).unwrap();
    let session = host::login();
    sign(session, signing_key(session)).unwrap();
    c!(C_Finalize(null_mut())).unwrap();
    assert_eq!(CALLBACKS.load(Ordering::Relaxed), 0);
}
