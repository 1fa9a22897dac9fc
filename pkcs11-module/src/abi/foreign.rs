//! This file calls the functions of another PKCS#11 module: on that module's thread, with copies alone, for a limited time.

use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cryptoki_sys::*;
use ingam::keystore::lock;
use ingam::token::ForeignSlot;

use super::carry::{Arguments, Block, number};
use super::per_process::PerProcess;
use crate::foreign::{ForeignSession, Place};
use crate::library::Library;
use crate::rv::Answer;

/// What a call may take.
const CALL: Duration = Duration::from_secs(5);

/// What a call may take that makes a key, or that waits for a person at a keypad.
const LONG_CALL: Duration = Duration::from_secs(120);

/// What a call may take that writes: cards write slowly, and who gives one up does not know what is on it.
const WRITING_CALL: Duration = Duration::from_secs(30);

/// How long a function of this name may take.
fn patience(name: &str, keypad: bool) -> Duration {
    match name {
        "C_GenerateKey" | "C_GenerateKeyPair" | "C_DeriveKey" | "C_UnwrapKey" | "C_InitToken" => LONG_CALL,
        _ if keypad => LONG_CALL,
        "C_CreateObject" | "C_CopyObject" | "C_DestroyObject" | "C_SetAttributeValue" | "C_InitPIN" | "C_SetPIN" => {
            WRITING_CALL
        }
        _ => CALL,
    }
}

/// Function tables of other modules, by file. Their code is never unloaded, so that they hold for as long as the process.
#[derive(Default)]
struct Tables(Mutex<HashMap<PathBuf, &'static CK_FUNCTION_LIST>>);

static TABLES: PerProcess<Tables> = PerProcess::new();

/// The functions of a slot's module, which the library has loaded already.
///
/// # Errors
/// `CKR_DEVICE_ERROR` for a module without a table; those of [`ForeignSlot::run`].
pub(crate) fn functions(slot: &dyn ForeignSlot) -> Answer<&'static CK_FUNCTION_LIST> {
    let tables = &TABLES.get(|_| ()).0;
    if let Some(known) = lock(tables).get(slot.library()) {
        return Ok(known);
    }
    let path = slot.library().to_owned();
    let table = run(slot, CALL, move || table(&path))?.ok_or(CKR_DEVICE_ERROR)?;
    Ok(lock(tables).entry(slot.library().to_owned()).or_insert(table))
}

fn table(path: &Path) -> Option<&'static CK_FUNCTION_LIST> {
    // SAFETY: the module is loaded already and this finds it again; it is never let go.
    let module = ManuallyDrop::new(unsafe { Pkcs11::new(path) }.ok()?);
    let get = module.C_GetFunctionList.as_ref().ok()?;
    let mut list: *mut CK_FUNCTION_LIST = std::ptr::null_mut();
    // SAFETY: the function has this type in every PKCS#11 module; the place is ours.
    let rv = unsafe { get(&raw mut list) };
    // A copy: nobody promises that theirs stays as it is.
    // SAFETY: PKCS#11 5.4: the pointer leads to the module's table, whose beginning is the same in every version.
    (rv == CKR_OK && !list.is_null()).then(|| &*Box::leak(Box::new(unsafe { list.read_unaligned() })))
}

/// What `work` gives that runs on the module's thread.
fn run<T: Send + 'static>(
    slot: &dyn ForeignSlot,
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Answer<T> {
    let result = Arc::new(Mutex::new(None));
    let place = Arc::clone(&result);
    slot.run(
        limit,
        Box::new(move || {
            let done = work();
            *lock(&place) = Some(done);
        }),
    )?;
    let done = lock(&result).take();
    done.ok_or_else(|| CKR_DEVICE_ERROR.into())
}

/// As [`run`], with the functions of the module. A module that is gone, or that took too long, loses its slots now.
fn call<T: Send + 'static>(
    library: &Library,
    at: &Place,
    limit: Duration,
    work: impl FnOnce(&'static CK_FUNCTION_LIST) -> T + Send + 'static,
) -> Answer<T> {
    let functions = at.functions();
    let outcome = run(at.slot(), limit, move || work(functions));
    if outcome.is_err() {
        library.refresh();
    }
    outcome
}

/// Carries a call over to another module: `function` gets the copies of the arguments beside the slot's or session's number.
///
/// # Safety
/// As [`Arguments::carry`].
///
/// # Errors
/// What the module answers; `CKR_ARGUMENTS_BAD`, `CKR_HOST_MEMORY`, `CKR_MECHANISM_PARAM_INVALID` for what cannot be copied;
/// `CKR_DEVICE_ERROR` for a module that takes too long; `CKR_DEVICE_REMOVED` for one that is gone.
pub(super) unsafe fn pass<A: Arguments<Carried: Send>>(
    library: &Library,
    name: &'static str,
    at: &Place,
    number: CK_ULONG,
    raw: A::Raw,
    function: fn(&CK_FUNCTION_LIST, CK_ULONG, &mut A::Carried) -> CK_RV,
) -> Answer {
    // SAFETY: the caller's promise.
    let mut carried = unsafe { A::carry(raw) }?;
    let limit = patience(name, A::is_for_keypad(&carried));
    let (rv, carried) = call(library, at, limit, move |functions| {
        let rv = function(functions, number, &mut carried);
        (rv, carried)
    })?;
    // SAFETY: the caller's promise; these are the arguments that were carried.
    let delivered = unsafe { A::deliver(&carried, raw, rv) };
    let answer = noticed(library, rv);
    if answer.is_ok() {
        match name {
            "C_Login" => library.foreign().logged_in(at.id(), true),
            "C_Logout" => library.foreign().logged_in(at.id(), false),
            "C_InitToken" => drop(library.refresh()),
            _ => {}
        }
    }
    answer.and(delivered)
}

/// Passes an answer on. If it says that the token went, its sessions are closed now. That is so too where somebody else in
/// this process has finalised the module; for our caller it is us who are initialised.
fn noticed(library: &Library, rv: CK_RV) -> Answer {
    match rv {
        CKR_OK => Ok(()),
        CKR_DEVICE_REMOVED | CKR_TOKEN_NOT_PRESENT | CKR_CRYPTOKI_NOT_INITIALIZED => {
            library.refresh();
            Err(if rv == CKR_CRYPTOKI_NOT_INITIALIZED { CKR_DEVICE_REMOVED } else { rv }.into())
        }
        rv => Err(rv.into()),
    }
}

/// Opens a session. The module gets no callback: nothing of the caller's is called from its thread.
///
/// # Errors
/// Those of [`pass`].
pub(crate) fn open(library: &Library, at: &Place, flags: CK_FLAGS) -> Answer<CK_SESSION_HANDLE> {
    let slot = at.number();
    let (rv, session) = call(library, at, CALL, move |functions| {
        let mut session = 0;
        let rv = functions.C_OpenSession.map_or(CKR_FUNCTION_NOT_SUPPORTED, |open| {
            // SAFETY: the module's own slot number, no application data, no callback, a place of ours.
            unsafe { open(slot, flags, std::ptr::null_mut(), None, &raw mut session) }
        });
        (rv, session)
    })?;
    noticed(library, rv)?;
    Ok(session)
}

/// Closes sessions with one token, in one go; before that, if it is said so, logs out.
///
/// # Errors
/// Those of [`pass`], of the last session.
pub(crate) fn close(library: &Library, at: &Place, sessions: Vec<CK_SESSION_HANDLE>, logout: bool) -> Answer {
    let rv = call(library, at, CALL, move |functions| close_now(functions, &sessions, logout))?;
    noticed(library, rv)
}

/// As [`close`], without waiting for a call that another thread is in: it may be making a key pair. The module's thread does
/// it before the module is finalised.
pub(crate) fn close_later(at: &Place, sessions: Vec<CK_SESSION_HANDLE>, logout: bool) {
    let functions = at.functions();
    at.slot().post(
        CALL,
        Box::new(move || {
            // Nobody is there any more to be told.
            let _ = close_now(functions, &sessions, logout);
        }),
    );
}

fn close_now(functions: &CK_FUNCTION_LIST, sessions: &[CK_SESSION_HANDLE], logout: bool) -> CK_RV {
    if let (true, Some(logout), Some(session)) = (logout, functions.C_Logout, sessions.first()) {
        // SAFETY: a session that this process opened with the module.
        let _ = unsafe { logout(*session) };
    }
    let Some(close) = functions.C_CloseSession else { return CKR_FUNCTION_NOT_SUPPORTED };
    // SAFETY: as above.
    sessions.iter().fold(CKR_OK, |_, session| unsafe { close(*session) })
}

/// C_GetSessionInfo, with the module's own slot number.
///
/// # Errors
/// Those of [`pass`].
pub(crate) fn session_info(library: &Library, session: &ForeignSession) -> Answer<CK_SESSION_INFO> {
    let handle = session.number();
    let (rv, info) = call(library, session.at(), CALL, move |functions| {
        let mut info = CK_SESSION_INFO { slotID: 0, state: 0, flags: 0, ulDeviceError: 0 };
        let rv = functions.C_GetSessionInfo.map_or(CKR_FUNCTION_NOT_SUPPORTED, |get| {
            // SAFETY: a session of the module, and a place of ours.
            unsafe { get(handle, &raw mut info) }
        });
        (rv, info)
    })?;
    noticed(library, rv)?;
    Ok(info)
}

/// C_Login.
///
/// # Errors
/// Those of [`pass`].
pub(crate) fn login(library: &Library, session: &ForeignSession, user: CK_USER_TYPE, pin: Option<&[u8]>) -> Answer {
    let handle = session.number();
    // SAFETY: a slice can be read.
    let mut pin = pin.map(|pin| unsafe { Block::copy_of(pin.as_ptr(), pin.len()) }).transpose()?;
    let limit = patience("C_Login", pin.is_none());
    let rv = call(library, session.at(), limit, move |functions| {
        let (data, length) = pin.as_mut().map_or((std::ptr::null_mut(), 0), |pin| (pin.pointer(), number(pin.len())));
        functions.C_Login.map_or(CKR_FUNCTION_NOT_SUPPORTED, |login| {
            // SAFETY: a session of the module, and a PIN of ours or none.
            unsafe { login(handle, user, data, length) }
        })
    })?;
    noticed(library, rv)?;
    library.foreign().logged_in(session.at().id(), true);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_writes_or_makes_a_key_or_waits_for_a_person_may_take_longer() {
        assert_eq!(patience("C_Sign", false), CALL);
        assert_eq!(patience("C_Login", true), LONG_CALL);
        assert_eq!(patience("C_CreateObject", false), WRITING_CALL);
        assert_eq!(patience("C_SetPIN", false), WRITING_CALL);
        assert_eq!(patience("C_SetPIN", true), LONG_CALL);
        assert_eq!(patience("C_GenerateKeyPair", false), LONG_CALL);
    }
}
