//! What the library's thread, which watches for media, may do to its host, and what it must hear.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};

use cryptoki_sys::*;

use crate::host::{self, Host, start};
use crate::support::{Npki, until};

/// The next slot event without waiting in the module; the first question begins the watch.
fn event() -> Option<CK_SLOT_ID> {
    let mut slot = 0;
    c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())).ok().map(|()| slot)
}

/// Waits until the library's thread watches.
pub fn watched() {
    assert_eq!(event(), None);
    until(|| {
        let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
        let mut targets = descriptors.filter_map(|one| std::fs::read_link(one.unwrap().path()).ok());
        targets.any(|target| target == Path::new("anon_inode:inotify")).then_some(())
    });
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_signal_that_the_host_holds_back_is_not_taken_by_the_librarys_thread() {
    Host::new(awaits_signals, &Npki::one()).run();
}

static TAKEN: AtomicBool = AtomicBool::new(false);

extern "C" fn take(_: libc::c_int) {
    TAKEN.store(true, Ordering::Relaxed);
}

/// As servers do that block a signal while they work and look for it with sigsuspend(2) or ppoll(2) afterwards.
pub fn awaits_signals() {
    start();
    let _session = host::login();
    watched();
    // SAFETY: zeros are a value of both; the handler sets an atomic; the sets are filled by the C library.
    unsafe {
        let (mut action, mut usr1): (libc::sigaction, libc::sigset_t) = std::mem::zeroed();
        action.sa_sigaction = take as *const () as usize;
        libc::sigaction(libc::SIGUSR1, &raw const action, null_mut());
        libc::sigaddset(&raw mut usr1, libc::SIGUSR1);
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const usr1, null_mut());
        libc::kill(libc::getpid(), libc::SIGUSR1);
        // It stays with this thread, which is the only one that can have it.
        let mut taken = 0;
        assert_eq!((libc::sigwait(&raw const usr1, &raw mut taken), taken), (0, libc::SIGUSR1));
    }
    assert!(!TAKEN.load(Ordering::Relaxed));
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_file_system_that_is_mounted_or_unmounted_on_the_way_to_a_root_is_an_event() {
    let npki = Npki::one();
    let place = npki.home.path().join("stick");
    std::fs::create_dir(&place).unwrap();
    Host::new(mounts, &npki).env("INGAM_NPKI_PATH", place.join("NPKI")).run();
}

pub fn mounts() {
    let npki = std::env::var_os("INGAM_NPKI_PATH").unwrap();
    let place = Path::new(&npki).parent().unwrap();
    let path = |path: &Path| CString::new(path.as_os_str().as_bytes()).unwrap();
    let (source, target) = (path(place.parent().unwrap()), path(place));
    let mount = |source: *const libc::c_char, target: *const libc::c_char, flags| {
        // SAFETY: texts that end in zero; neither kind of mount has a type or data.
        assert_eq!(unsafe { libc::mount(source, target, null(), flags, null()) }, 0);
    };
    // SAFETY: asks for mounts of its own; what is mounted from here on ends with this process.
    assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNS) }, 0);
    mount(null(), c"/".as_ptr(), libc::MS_REC | libc::MS_PRIVATE);
    start();
    assert_eq!(host::slots(), []);
    watched();
    for _ in 0..20 {
        mount(source.as_ptr(), target.as_ptr(), libc::MS_BIND);
        let slot = until(event);
        assert_eq!(host::slots(), [slot]);
        // SAFETY: a text that ends in zero.
        assert_eq!(unsafe { libc::umount2(target.as_ptr(), 0) }, 0);
        assert_eq!((until(event), host::slots()), (slot, vec![]));
    }
    c!(C_Finalize(null_mut())).unwrap();
}
