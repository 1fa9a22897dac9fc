//! This file reads what ails the module: the lines of the file `ills` beside it.
//!
//! | line | what happens |
//! |---|---|
//! | `hang C_Sign` | the function never returns |
//! | `print C_GetSlotList` | it writes to standard output and standard error, and does its work |
//! | `answer C_CreateObject 0x31` | it answers this and does nothing |
//! | `… after 3` | (behind any of these) only the calls behind the third |
//! | `pulled` | the token is gone: no slot has one, sessions answer CKR_DEVICE_REMOVED, slots CKR_TOKEN_NOT_PRESENT |
//! | `pulled by C_CreateObject 3` | from behind the third call of this function |
//! | `only-rsa-pkcs` | CKM_RSA_PKCS and the generation of RSA keys are all that it can do |
//! | `always-authenticate` | private keys that are made now want the PIN before each use |
//! | `load /path/module.so` | C_Initialize loads this module and calls its C_Initialize and C_GetSlotList |
//!
//! A line that is none of these makes every function answer CKR_ARGUMENTS_BAD.

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use cryptoki_sys::*;

/// What is wrong at this moment.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ills {
    pub(crate) pulled: bool,
    pub(crate) only_rsa_pkcs: bool,
    pub(crate) always_authenticate: bool,
}

/// Calls of each function so far, this one not among them.
static CALLS: Mutex<BTreeMap<&'static str, u32>> = Mutex::new(BTreeMap::new());

/// Notes the call and lets it ail. `Some` is the answer in place of the function's own.
pub(crate) fn before(function: &'static str, gone: Option<CK_RV>) -> Option<CK_RV> {
    let earlier = {
        let mut calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        let count = calls.entry(function).or_default();
        *count += 1;
        *count - 1
    };
    note("calls", function);
    let text = read("ills").unwrap_or_default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (words, after) = match *words.as_slice() {
            [.., "after", number] => (&words[..words.len() - 2], number.parse().unwrap_or(0)),
            _ => (&words[..], 0),
        };
        if words.get(1) != Some(&function) || earlier < after {
            continue;
        }
        match *words {
            ["hang", _] => loop {
                std::thread::park();
            },
            ["print", _] => say(function),
            ["answer", _, rv] => {
                return Some(CK_RV::from_str_radix(rv.trim_start_matches("0x"), 16).unwrap_or(CKR_ARGUMENTS_BAD));
            }
            _ => {}
        }
    }
    match now() {
        None => Some(CKR_ARGUMENTS_BAD),
        Some(ills) if ills.pulled => {
            if !GONE.swap(true, Ordering::Relaxed) {
                close_sessions();
            }
            gone
        }
        Some(_) => {
            GONE.store(false, Ordering::Relaxed);
            None
        }
    }
}

/// Whether a call has seen already that the token is gone.
static GONE: AtomicBool = AtomicBool::new(false);

/// With a token its sessions go and its login (PKCS#11 3.0 2.6.2).
fn close_sessions() {
    let mut slots = [0; 16];
    let mut count = 16;
    // SAFETY: room for as many numbers as it is told.
    let rv = unsafe { crate::real().C_GetSlotList.unwrap()(CK_TRUE, slots.as_mut_ptr(), &raw mut count) };
    if rv != CKR_OK {
        return;
    }
    for slot in slots.iter().take(usize::try_from(count).unwrap_or(0)) {
        // SAFETY: a slot of the module behind this one.
        let _ = unsafe { crate::real().C_CloseAllSessions.unwrap()(*slot) };
    }
}

/// What ails the module beside single functions; `None` if a line means nothing.
pub(crate) fn now() -> Option<Ills> {
    let mut ills = Ills::default();
    for line in read("ills").unwrap_or_default().lines() {
        match *line.split_whitespace().collect::<Vec<_>>().as_slice() {
            [] | ["hang" | "print", _] | ["answer", _, _] | ["load", _] => {}
            ["hang" | "print", _, "after", number] | ["answer", _, _, "after", number] => {
                number.parse::<u32>().ok()?;
            }
            ["pulled"] => ills.pulled = true,
            ["pulled", "by", function, number] => {
                let calls = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
                ills.pulled = calls.get(function).copied().unwrap_or(0) > number.parse().ok()?;
            }
            ["only-rsa-pkcs"] => ills.only_rsa_pkcs = true,
            ["always-authenticate"] => ills.always_authenticate = true,
            _ => return None,
        }
    }
    Some(ills)
}

/// The module that C_Initialize is to load.
pub(crate) fn to_load() -> Option<PathBuf> {
    read("ills")?.lines().find_map(|line| line.strip_prefix("load ")).map(|path| path.trim().into())
}

/// As vendors' modules do that were left in a state for debugging.
#[allow(clippy::print_stdout, clippy::print_stderr, reason = "the ill itself")]
fn say(function: &str) {
    println!("ill-module: {function} on standard output");
    eprintln!("ill-module: {function} on standard error");
}

/// The content of a file beside the module.
pub(crate) fn read(name: &str) -> Option<String> {
    std::fs::read_to_string(home().join(name)).ok()
}

/// Writes a file beside the module.
pub(crate) fn write(name: &str, text: &str) {
    std::fs::write(home().join(name), text).unwrap();
}

/// Adds a line to a file beside the module.
pub(crate) fn note(name: &str, line: &str) {
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(home().join(name)).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// The folder of this copy of the module.
fn home() -> &'static Path {
    static HOME: OnceLock<PathBuf> = OnceLock::new();
    HOME.get_or_init(|| {
        let mut info = std::mem::MaybeUninit::<libc::Dl_info>::uninit();
        let own = (&raw const CALLS).cast();
        // SAFETY: an address of this module, and a place for what is known of it.
        let known = unsafe { libc::dladdr(own, info.as_mut_ptr()) };
        assert_ne!(known, 0);
        // SAFETY: filled in, as the answer said; the name is the loader's and stays as long as the module.
        let file = unsafe { CStr::from_ptr(info.assume_init().dli_fname) };
        Path::new(std::ffi::OsStr::from_bytes(file.to_bytes())).parent().unwrap().to_owned()
    })
}
