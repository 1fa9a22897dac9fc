//! This file holds the functions that answer otherwise than the SoftHSM behind them, even where nothing ails them.

use std::ffi::c_void;
use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::{functions_of, ills, real};

/// Who is behind the tokens; SoftHSM's own name must not stand there, whose tokens differ.
const MANUFACTURER: &[u8; 32] = b"ill-module (a fake for tests)   ";

/// How many wrong PINs lock a token that locks at all.
const TRIES: u32 = 3;

pub(crate) unsafe fn initialize(arguments: *mut c_void) -> CK_RV {
    static LOADING: std::sync::Once = std::sync::Once::new();
    if let Some(module) = ills::to_load() {
        LOADING.call_once(|| load(&module));
    }
    // SAFETY: the caller's arguments: null or a CK_C_INITIALIZE_ARGS.
    let flags = unsafe { arguments.cast::<CK_C_INITIALIZE_ARGS>().as_ref() }.map_or(0, |arguments| arguments.flags);
    ills::write("initialised-with", &flags.to_string());
    // SAFETY: the caller's arguments.
    unsafe { real().C_Initialize.unwrap()(arguments) }
}

/// What some vendors' modules do with every module that they find.
fn load(module: &std::path::Path) {
    let list = functions_of(module);
    // SAFETY: C_Initialize takes null.
    let initialised = unsafe { list.C_Initialize.unwrap()(null_mut()) };
    let mut count = 0;
    // SAFETY: asks for the number alone.
    let listed = unsafe { list.C_GetSlotList.unwrap()(CK_FALSE, null_mut(), &raw mut count) };
    ills::write("load-answers", &format!("C_Initialize {initialised:#x}\nC_GetSlotList {listed:#x}\n"));
}

pub(crate) unsafe fn get_info(info: *mut CK_INFO) -> CK_RV {
    // SAFETY: the caller's arguments.
    let rv = unsafe { real().C_GetInfo.unwrap()(info) };
    if rv == CKR_OK {
        // SAFETY: it was filled in just now.
        unsafe { (*info).manufacturerID = *MANUFACTURER };
    }
    rv
}

pub(crate) unsafe fn get_slot_list(present: CK_BBOOL, slots: *mut CK_SLOT_ID, count: *mut CK_ULONG) -> CK_RV {
    if present == CK_TRUE && !count.is_null() && ills::now().is_some_and(|ills| ills.pulled) {
        // SAFETY: the caller's place for a number.
        unsafe { *count = 0 };
        return CKR_OK;
    }
    // SAFETY: the caller's arguments.
    unsafe { real().C_GetSlotList.unwrap()(present, slots, count) }
}

pub(crate) unsafe fn get_slot_info(slot: CK_SLOT_ID, info: *mut CK_SLOT_INFO) -> CK_RV {
    // SAFETY: the caller's arguments.
    let rv = unsafe { real().C_GetSlotInfo.unwrap()(slot, info) };
    if rv == CKR_OK && ills::now().is_some_and(|ills| ills.pulled) {
        // SAFETY: it was filled in just now.
        unsafe { (*info).flags = ((*info).flags & !CKF_TOKEN_PRESENT) | CKF_REMOVABLE_DEVICE };
    }
    rv
}

pub(crate) unsafe fn get_token_info(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO) -> CK_RV {
    // SAFETY: the caller's arguments.
    let rv = unsafe { real().C_GetTokenInfo.unwrap()(slot, info) };
    if rv != CKR_OK {
        return rv;
    }
    // SAFETY: it was filled in just now, and the caller's call is all that uses it.
    let info = unsafe { &mut *info };
    info.manufacturerID = *MANUFACTURER;
    let user = [CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED];
    let officer = [CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED];
    for (who, [low, last, locked]) in [(Who::User, user), (Who::Officer, officer)] {
        info.flags &= !(low | last | locked);
        info.flags |= match who.tries() {
            None => 0,
            Some(0) => locked,
            Some(1) => low | last,
            Some(tries) if tries < TRIES => low,
            Some(_) => 0,
        };
    }
    if ills::read("keypad").is_some() {
        info.flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    }
    CKR_OK
}

pub(crate) unsafe fn get_mechanism_list(slot: CK_SLOT_ID, list: *mut CK_MECHANISM_TYPE, count: *mut CK_ULONG) -> CK_RV {
    let few = [CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN];
    if !ills::now().is_some_and(|ills| ills.only_rsa_pkcs) {
        // SAFETY: the caller's arguments.
        return unsafe { real().C_GetMechanismList.unwrap()(slot, list, count) };
    }
    // SAFETY: the caller's place for a number.
    let room = unsafe { count.replace(few.len() as CK_ULONG) };
    if list.is_null() {
        return CKR_OK;
    }
    if room < few.len() as CK_ULONG {
        return CKR_BUFFER_TOO_SMALL;
    }
    // SAFETY: the caller has room for that many.
    unsafe { few.as_ptr().copy_to(list, few.len()) };
    CKR_OK
}

/// Whether a mechanism is kept back.
pub(crate) unsafe fn is_missing(mechanism: *mut CK_MECHANISM) -> bool {
    let few = [CKM_RSA_PKCS, CKM_RSA_PKCS_KEY_PAIR_GEN];
    // SAFETY: the caller's mechanism.
    let kind = unsafe { mechanism.as_ref() }.map(|mechanism| mechanism.mechanism);
    kind.is_some_and(|kind| !few.contains(&kind)) && ills::now().is_some_and(|ills| ills.only_rsa_pkcs)
}

/// Whose PIN it is.
#[derive(Clone, Copy)]
enum Who {
    User,
    Officer,
}

impl Who {
    const fn file(self) -> &'static str {
        match self {
            Self::User => "user-tries",
            Self::Officer => "so-tries",
        }
    }

    /// Wrong PINs that are left; `None` without lockout.
    fn tries(self) -> Option<u32> {
        ills::read(self.file())?.trim().parse().ok()
    }

    /// Lets `call` try a PIN, and counts.
    fn attempt(self, call: impl FnOnce() -> CK_RV) -> CK_RV {
        let Some(tries) = self.tries() else { return call() };
        if tries == 0 {
            return CKR_PIN_LOCKED;
        }
        match call() {
            CKR_OK => self.reset(),
            CKR_PIN_INCORRECT => {
                ills::write(self.file(), &(tries - 1).to_string());
                return if tries == 1 { CKR_PIN_LOCKED } else { CKR_PIN_INCORRECT };
            }
            other => return other,
        }
        CKR_OK
    }

    fn reset(self) {
        if self.tries().is_some() {
            ills::write(self.file(), &TRIES.to_string());
        }
    }
}

/// The PIN of a call, or the one that is typed on the keypad.
fn typed(pin: *mut CK_UTF8CHAR, length: CK_ULONG, call: impl FnOnce(*mut CK_UTF8CHAR, CK_ULONG) -> CK_RV) -> CK_RV {
    match ills::read("keypad") {
        None => call(pin, length),
        Some(_) if !pin.is_null() => {
            ills::note("calls", "a PIN that should have been typed on the keypad");
            CKR_ARGUMENTS_BAD
        }
        Some(keys) => {
            let mut keys = keys.trim().as_bytes().to_vec();
            call(keys.as_mut_ptr(), keys.len() as CK_ULONG)
        }
    }
}

pub(crate) unsafe fn login(
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
) -> CK_RV {
    let (who, name) = match user {
        CKU_SO => (Who::Officer, "C_Login SO"),
        CKU_CONTEXT_SPECIFIC => (Who::User, "C_Login context"),
        _ => (Who::User, "C_Login user"),
    };
    ills::note("calls", name);
    // SAFETY: the caller's arguments, or a PIN of our own.
    who.attempt(|| typed(pin, length, |pin, length| unsafe { real().C_Login.unwrap()(session, user, pin, length) }))
}

pub(crate) unsafe fn set_pin(
    session: CK_SESSION_HANDLE,
    old: *mut CK_UTF8CHAR,
    old_length: CK_ULONG,
    new: *mut CK_UTF8CHAR,
    new_length: CK_ULONG,
) -> CK_RV {
    let mut info = CK_SESSION_INFO::default();
    // SAFETY: a place for the information.
    let rv = unsafe { real().C_GetSessionInfo.unwrap()(session, &raw mut info) };
    if rv != CKR_OK {
        return rv;
    }
    let who = if info.state == CKS_RW_SO_FUNCTIONS { Who::Officer } else { Who::User };
    who.attempt(|| {
        typed(old, old_length, |old, old_length| {
            // SAFETY: the caller's arguments, or PINs of our own.
            typed(new, new_length, |new, new_length| unsafe {
                real().C_SetPIN.unwrap()(session, old, old_length, new, new_length)
            })
        })
    })
}

pub(crate) unsafe fn init_token(
    slot: CK_SLOT_ID,
    pin: *mut CK_UTF8CHAR,
    length: CK_ULONG,
    label: *mut CK_UTF8CHAR,
) -> CK_RV {
    Who::Officer.attempt(|| {
        // SAFETY: the caller's arguments, or a PIN of our own.
        typed(pin, length, |pin, length| unsafe { real().C_InitToken.unwrap()(slot, pin, length, label) })
    })
}

pub(crate) unsafe fn init_pin(session: CK_SESSION_HANDLE, pin: *mut CK_UTF8CHAR, length: CK_ULONG) -> CK_RV {
    // SAFETY: the caller's arguments, or a PIN of our own.
    let rv = typed(pin, length, |pin, length| unsafe { real().C_InitPIN.unwrap()(session, pin, length) });
    if rv == CKR_OK {
        Who::User.reset();
    }
    rv
}

pub(crate) unsafe fn sign_init(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    key: CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: the caller's mechanism.
    if unsafe { is_missing(mechanism) } {
        return CKR_MECHANISM_INVALID;
    }
    // SAFETY: the caller's arguments.
    unsafe { real().C_SignInit.unwrap()(session, mechanism, key) }
}

pub(crate) unsafe fn create_object(
    session: CK_SESSION_HANDLE,
    template: *mut CK_ATTRIBUTE,
    count: CK_ULONG,
    object: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: the caller's template.
    let mut template = unsafe { Template::of(template, count) };
    if template.is_private_key() {
        template.ask_each_time();
    }
    // SAFETY: the caller's arguments; what was added to the template lives as long.
    unsafe { real().C_CreateObject.unwrap()(session, template.0.as_mut_ptr(), template.count(), object) }
}

#[allow(clippy::too_many_arguments, reason = "the standard's")]
pub(crate) unsafe fn generate_key_pair(
    session: CK_SESSION_HANDLE,
    mechanism: *mut CK_MECHANISM,
    public: *mut CK_ATTRIBUTE,
    public_count: CK_ULONG,
    private: *mut CK_ATTRIBUTE,
    private_count: CK_ULONG,
    public_key: *mut CK_OBJECT_HANDLE,
    private_key: *mut CK_OBJECT_HANDLE,
) -> CK_RV {
    // SAFETY: the caller's template.
    let mut private = unsafe { Template::of(private, private_count) };
    private.ask_each_time();
    let (list, count) = (private.0.as_mut_ptr(), private.count());
    let generate = real().C_GenerateKeyPair.unwrap();
    // SAFETY: the caller's arguments; what was added to the template lives as long.
    unsafe { generate(session, mechanism, public, public_count, list, count, public_key, private_key) }
}

/// A caller's template, to be lengthened.
struct Template(Vec<CK_ATTRIBUTE>);

impl Template {
    /// # Safety
    /// That many attributes stand there.
    unsafe fn of(template: *mut CK_ATTRIBUTE, count: CK_ULONG) -> Self {
        if template.is_null() {
            return Self(Vec::new());
        }
        // SAFETY: said by the caller.
        Self(unsafe { std::slice::from_raw_parts(template, usize::try_from(count).unwrap()) }.to_vec())
    }

    fn is_private_key(&self) -> bool {
        let class = self.0.iter().find(|attribute| attribute.type_ == CKA_CLASS && !attribute.pValue.is_null());
        // SAFETY: the value of CKA_CLASS is a CK_OBJECT_CLASS.
        class.is_some_and(|class| unsafe { class.pValue.cast::<CK_OBJECT_CLASS>().read_unaligned() } == CKO_PRIVATE_KEY)
    }

    /// Adds CKA_ALWAYS_AUTHENTICATE, if that ails the module now.
    fn ask_each_time(&mut self) {
        static YES: CK_BBOOL = CK_TRUE;
        if ills::now().is_some_and(|ills| ills.always_authenticate) {
            self.0.retain(|attribute| attribute.type_ != CKA_ALWAYS_AUTHENTICATE);
            let value = (&raw const YES).cast_mut().cast();
            self.0.push(CK_ATTRIBUTE { type_: CKA_ALWAYS_AUTHENTICATE, pValue: value, ulValueLen: 1 });
        }
    }

    fn count(&self) -> CK_ULONG {
        self.0.len() as CK_ULONG
    }
}
