//! Hosts that may make no thread, open no file, or have no memory.

use std::os::unix::process::ExitStatusExt as _;
use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::host::{self, Host, report, sign, signing_key, slots};
use crate::support::{Npki, PASSWORD, Session};

/// More than one thread would be used for.
const SETS: usize = 100;

/// Makes the kernel answer every attempt to make a thread or process from now on with this.
fn threads_are(answer: u32) {
    let number = |call: libc::c_long| u32::try_from(call).unwrap();
    let step = |code: u32, k: u32, jt: u8, jf: u8| libc::sock_filter { code: u16::try_from(code).unwrap(), jt, jf, k };
    let mut steps = [
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number(libc::SYS_clone), 1, 0),
        step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number(libc::SYS_clone3), 0, 1),
        step(libc::BPF_RET | libc::BPF_K, answer, 0, 0),
        step(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0),
    ];
    let program = libc::sock_fprog { len: 5, filter: steps.as_mut_ptr() };
    // SAFETY: the program is complete; it jumps forward only.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
}

/// Opens every key, with the right password and after a wrong one.
fn use_many(flags: CK_FLAGS) {
    let mut arguments = CK_C_INITIALIZE_ARGS { flags, ..Default::default() };
    c!(C_Initialize((&raw mut arguments).cast())).unwrap();
    let session = Session::open(slots()[0], CKF_SERIAL_SESSION).unwrap();
    assert_eq!(session.login("wrong"), Err(CKR_PIN_INCORRECT));
    session.login(PASSWORD).unwrap();
    let class: [u8; size_of::<CK_ULONG>()] = CKO_PRIVATE_KEY.to_ne_bytes();
    assert_eq!(session.find(&[(CKA_CLASS, &class)]).unwrap().len(), 2 * SETS);
    sign(session, signing_key(session)).unwrap();
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_host_that_forbids_threads_gets_none_and_one_that_cannot_have_them_is_served() {
    let npki = Npki::many(SETS);
    Host::new(no_threads_by_request, &npki).run();
    Host::new(no_threads_by_force, &npki).run();
    // The proof that the first of these would see a thread: on a machine with several processors, there are some.
    let unasked = Host::new(no_threads_unasked, &npki).end();
    let killed = std::thread::available_parallelism().unwrap().get() > 1;
    assert_eq!(unasked.status.signal(), killed.then_some(libc::SIGSYS), "{unasked:?}");
}

pub fn no_threads_by_request() {
    host::load();
    threads_are(libc::SECCOMP_RET_KILL_PROCESS);
    use_many(CKF_LIBRARY_CANT_CREATE_OS_THREADS | CKF_OS_LOCKING_OK);
}

pub fn no_threads_unasked() {
    host::load();
    threads_are(libc::SECCOMP_RET_KILL_PROCESS);
    use_many(CKF_OS_LOCKING_OK);
}

/// As a limit on processes (RLIMIT_NPROC, a cgroup's pids.max) answers.
pub fn no_threads_by_force() {
    host::load();
    threads_are(libc::SECCOMP_RET_ERRNO | u32::try_from(libc::EAGAIN).unwrap());
    use_many(CKF_OS_LOCKING_OK);
}

fn limit(resource: u32, soft: libc::rlim_t) {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: a place for the limits, then new ones.
    unsafe {
        assert_eq!(libc::getrlimit(resource, &raw mut limit), 0);
        limit.rlim_cur = soft.min(limit.rlim_max);
        assert_eq!(libc::setrlimit(resource, &raw const limit), 0);
    }
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_host_without_descriptors_keeps_what_it_has_and_gets_the_rest_when_it_can() {
    let npki = Npki::one();
    let folder = npki.home.path().join(".config/ingam");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.toml"), "slots = 'medium'").unwrap();
    Host::new(few_descriptors, &npki).run();
}

pub fn few_descriptors() {
    host::start();
    let session = host::login();
    let key = signing_key(session);
    let before = slots();
    limit(libc::RLIMIT_NOFILE, 3);
    sign(session, key).unwrap();
    // Media are looked for, and cannot be; what was there is not forgotten for it.
    let meanwhile = slots();
    let _ = session.find(&[]);
    sign(session, key).unwrap();
    c!(C_Logout(session.0)).unwrap();
    // A password is not called wrong because no file could be opened.
    let without_files = session.login(PASSWORD);
    limit(libc::RLIMIT_NOFILE, 1024);
    assert_ne!(without_files, Err(CKR_PIN_INCORRECT));
    assert_eq!(meanwhile, before);
    if without_files.is_err() {
        session.login(PASSWORD).unwrap();
    }
    sign(session, signing_key(session)).unwrap();
    c!(C_Finalize(null_mut())).unwrap();

    limit(libc::RLIMIT_NOFILE, 3);
    // A library that does not know its media for as long as it lives would be worse than none.
    assert_eq!(c!(C_Initialize(null_mut())), Err(CKR_HOST_MEMORY));
    limit(libc::RLIMIT_NOFILE, 1024);
    c!(C_Initialize(null_mut())).unwrap();
    limit(libc::RLIMIT_NOFILE, 3);
    slots();
    limit(libc::RLIMIT_NOFILE, 1024);
    assert_eq!(slots(), before);
    c!(C_Finalize(null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_host_without_memory_gets_an_answer_or_ends_as_any_rust_program_does() {
    let npki = Npki::many(SETS);
    let (mut served, mut aborted) = (0, 0);
    for kibibytes in [0, 16, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384, 65_536, 262_144] {
        let host = Host::new(little_memory, &npki).env("TEST_MEMORY", kibibytes.to_string());
        let report = host.report.clone();
        let end = host.end();
        match (end.status.code(), end.status.signal()) {
            (Some(0), None) => {
                assert_eq!((end.out.as_str(), end.err.as_str()), ("", ""));
                println!("{kibibytes} KiB: {}", std::fs::read_to_string(report).unwrap());
                served += 1;
            }
            (None, Some(libc::SIGABRT)) => {
                println!("{kibibytes} KiB: aborted: {}", end.err.trim_end());
                // The standard library of Rust says this itself, and no stable way leads around it. AWS-LC, which aborts
                // when its random number generator has no memory, says nothing.
                assert!(end.err.is_empty() || end.err.starts_with("memory allocation of "), "{kibibytes}: {end:?}");
                aborted += 1;
            }
            _ => panic!("{kibibytes} KiB: {end:?}"),
        }
    }
    println!("{served} hosts were answered, {aborted} aborted");
    assert!(served >= 3, "a few MiB are enough");
}

/// Uses the module with so many KiB more than it has. Every answer but a crash will do; what was answered must be whole.
pub fn little_memory() {
    let more: libc::rlim_t = std::env::var("TEST_MEMORY").unwrap().parse().unwrap();
    host::load();
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: libc::rlim_t = statm.split(' ').next().unwrap().parse().unwrap();
    let mut answers = String::with_capacity(4096);
    limit(libc::RLIMIT_AS, pages * 4096 + more * 1024);
    let outcome = attempt();
    limit(libc::RLIMIT_AS, libc::RLIM_INFINITY);
    answers.push_str(&format!("{outcome:?}"));
    report(&answers);
}

fn attempt() -> Result<(), CK_RV> {
    c!(C_Initialize(null_mut()))?;
    let (mut slot, mut count) = ([0; 4], 4);
    c!(C_GetSlotList(CK_TRUE, slot.as_mut_ptr(), &raw mut count))?;
    let session = Session::open(slot[0], CKF_SERIAL_SESSION)?;
    session.login(PASSWORD)?;
    let mut class: [u8; size_of::<CK_ULONG>()] = CKO_PRIVATE_KEY.to_ne_bytes();
    let mut template =
        [CK_ATTRIBUTE { type_: CKA_CLASS, pValue: class.as_mut_ptr().cast(), ulValueLen: class.len() as CK_ULONG }];
    c!(C_FindObjectsInit(session.0, template.as_mut_ptr(), 1))?;
    let (mut key, mut found) = (0, 0);
    c!(C_FindObjects(session.0, &raw mut key, 1, &raw mut found))?;
    c!(C_FindObjectsFinal(session.0))?;
    if found == 1 {
        let mut mechanism = CK_MECHANISM { mechanism: CKM_SHA256_RSA_PKCS, pParameter: null_mut(), ulParameterLen: 0 };
        let (mut signature, mut length) = ([0u8; 512], 512);
        let mut data = *b"message";
        c!(C_SignInit(session.0, &raw mut mechanism, key))?;
        c!(C_Sign(session.0, data.as_mut_ptr(), 7, signature.as_mut_ptr(), &raw mut length))?;
    }
    c!(C_Finalize(null_mut()))
}
