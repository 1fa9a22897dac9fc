//! This file is the entrance of a FAKE: a PKCS#11 module that hands every call on to a real SoftHSM 2 and, where it is told to,
//! hangs, prints, answers wrongly, or plays a token that is locked, full or pulled out. It is a test's stand-in for a bad
//! vendor module, never shipped, and keeps nobody's keys.
//!
//! A test copies `libill_module.so` from beside its own binary into a folder of its own. The files of that folder steer the copy,
//! and may change while a program has it loaded:
//!
//! | file | content |
//! |---|---|
//! | `ills` | one ill a line, see the file `ills.rs` |
//! | `user-tries`, `so-tries` | how many wrong PINs are left: a wrong one counts it down, a right one sets it to 3. Without the file there is no lockout |
//! | `keypad` | the PIN that is typed on the token's own keypad: a PIN that comes by a call is refused |
//! | `calls` | written here: the name of every function that was called, a line each; behind `C_Login` another line says who logs in |
//! | `initialised-with` | written here: the flags of the last C_Initialize |
//! | `load-answers` | written here: what the module answered that `load` made this one use |
//!
//! Which SoftHSM tokens stand behind it says `SOFTHSM2_CONF`, as ever.
#![cfg(unix)]
#![allow(missing_docs, reason = "a C interface that the standard describes")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a fake without what it needs ends its test")]

mod changed;
mod ills;
mod table;

use std::sync::OnceLock;

use cryptoki_sys::*;

/// Where distributions put SoftHSM.
const REAL: [&str; 4] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
];

/// The functions of the SoftHSM behind this module.
fn real() -> &'static CK_FUNCTION_LIST {
    static LIST: OnceLock<&'static CK_FUNCTION_LIST> = OnceLock::new();
    LIST.get_or_init(|| {
        let file = REAL.iter().find(|file| std::path::Path::new(file).exists());
        functions_of(std::path::Path::new(file.expect("this fake needs SoftHSM 2")))
    })
}

/// Loads a module, for as long as this process lives.
fn functions_of(file: &std::path::Path) -> &'static CK_FUNCTION_LIST {
    // SAFETY: the initialisers of a PKCS#11 module do nothing that a host must prepare.
    let library = std::mem::ManuallyDrop::new(unsafe { libloading::Library::new(file) }.unwrap());
    // SAFETY: the symbol has this type in every PKCS#11 module.
    let get = unsafe { library.get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(b"C_GetFunctionList") };
    let mut list = std::ptr::null_mut();
    // SAFETY: a place for the table.
    assert_eq!(unsafe { get.unwrap()(&raw mut list) }, CKR_OK);
    // SAFETY: a module's table is there for as long as the module, which is never unloaded.
    unsafe { &*list }
}

/// # Safety
/// `list` has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    if list.is_null() {
        return CKR_ARGUMENTS_BAD;
    }
    // SAFETY: said by the caller; nobody writes through the table.
    unsafe { *list = (&raw const table::TABLE).cast_mut() };
    CKR_OK
}
