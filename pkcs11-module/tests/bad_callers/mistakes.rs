//! What can be wrong with one argument, and what PKCS#11 says to that.

use cryptoki_sys::*;

use super::table::Arg;

/// What a mistake is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Is(CK_RV),
    /// It is none: the answer is that of a good call.
    Good,
}

use Answer::{Good, Is};

/// A name, what it does to the words of the argument, and what it is answered.
pub type Mistake = (&'static str, fn(&mut [usize]), Answer);

/// CK_UNAVAILABLE_INFORMATION as a length.
const UNAVAILABLE: usize = usize::MAX;
/// The first number of bytes that no memory can hold.
const TOO_MANY: usize = isize::MAX as usize + 1;
/// A bit that is lost when a handle is taken for 32 bits.
const BEYOND: usize = 1 << 32;

fn attribute(word: usize) -> &'static mut CK_ATTRIBUTE {
    // SAFETY: the word leads to an attribute of the call's own.
    unsafe { &mut *std::ptr::with_exposed_provenance_mut(word) }
}

fn mechanism(word: usize) -> &'static mut CK_MECHANISM {
    // SAFETY: the word leads to a mechanism of the call's own.
    unsafe { &mut *std::ptr::with_exposed_provenance_mut(word) }
}

fn initialization(word: usize) -> &'static mut CK_C_INITIALIZE_ARGS {
    // SAFETY: the word leads to the arguments of the call's own.
    unsafe { &mut *std::ptr::with_exposed_provenance_mut(word) }
}

fn set_room(word: usize, room: usize) {
    // SAFETY: the word leads to a number of the call's own.
    unsafe { std::ptr::with_exposed_provenance_mut::<usize>(word).write(room) };
}

unsafe extern "C" fn lock(_: *mut std::ffi::c_void) -> CK_RV {
    CKR_OK
}

const NULL: Mistake = ("null", |w| w[0] = 0, Is(CKR_ARGUMENTS_BAD));

const HANDLES: [fn(&mut [usize]); 3] = [|w| w[0] = 0, |w| w[0] = UNAVAILABLE, |w| w[0] |= BEYOND];

const fn handles(answer: CK_RV) -> [Mistake; 3] {
    let answer = Is(answer);
    [("zero", HANDLES[0], answer), ("no handle", HANDLES[1], answer), ("one of 64 bits", HANDLES[2], answer)]
}

const SLOT: [Mistake; 3] = handles(CKR_SLOT_ID_INVALID);
const SESSION: [Mistake; 3] = handles(CKR_SESSION_HANDLE_INVALID);
const KEY: [Mistake; 3] = handles(CKR_KEY_HANDLE_INVALID);
const OBJECT: [Mistake; 3] = handles(CKR_OBJECT_HANDLE_INVALID);

pub fn of(argument: Arg) -> &'static [Mistake] {
    match argument {
        Arg::Slot => &SLOT,
        Arg::Session => &SESSION,
        Arg::Handle(_) => &KEY,
        Arg::Object => &OBJECT,
        Arg::Number(_) | Arg::Optional => &[],
        Arg::Reserved => &[("not null", |w| w[0] = TOO_MANY, Is(CKR_ARGUMENTS_BAD))],
        Arg::Initialization => &[
            ("pReserved", |w| initialization(w[0]).pReserved = std::ptr::dangling_mut(), Is(CKR_ARGUMENTS_BAD)),
            ("one callback", |w| initialization(w[0]).LockMutex = Some(lock), Is(CKR_ARGUMENTS_BAD)),
            ("null", |w| w[0] = 0, Good),
        ],
        Arg::Out(_) => &[NULL],
        Arg::Place(_) => &[
            ("a null length", |w| w[1] = 0, Is(CKR_ARGUMENTS_BAD)),
            ("null twice", |w| w[..2].fill(0), Is(CKR_ARGUMENTS_BAD)),
            ("null data", |w| w[0] = 0, Good),
            ("null data and an absurd length", |w| (w[0], ()) = (0, set_room(w[1], UNAVAILABLE)), Good),
            ("absurd room", |w| set_room(w[1], UNAVAILABLE), Good),
            ("too much room", |w| set_room(w[1], TOO_MANY), Good),
        ],
        Arg::Batch => &[
            NULL,
            ("a null number", |w| w[2] = 0, Is(CKR_ARGUMENTS_BAD)),
            ("no room", |w| w[1] = 0, Good),
            ("absurd room", |w| w[1] = UNAVAILABLE, Good),
        ],
        Arg::Input(_) => &[
            NULL,
            ("an absurd length", |w| w[1] = UNAVAILABLE, Is(CKR_ARGUMENTS_BAD)),
            ("too long", |w| w[1] = TOO_MANY, Is(CKR_ARGUMENTS_BAD)),
            ("null and too long", |w| w[..2].copy_from_slice(&[0, TOO_MANY]), Is(CKR_ARGUMENTS_BAD)),
        ],
        Arg::Pin => &[
            NULL,
            ("an empty PIN", |w| w[1] = 0, Is(CKR_PIN_LEN_RANGE)),
            ("null and empty", |w| w[..2].fill(0), Is(CKR_ARGUMENTS_BAD)),
            ("an absurd length", |w| w[1] = UNAVAILABLE, Is(CKR_ARGUMENTS_BAD)),
            ("too long", |w| w[1] = TOO_MANY, Is(CKR_ARGUMENTS_BAD)),
        ],
        Arg::Secret => &[
            ("an absurd length", |w| w[1] = UNAVAILABLE, Is(CKR_ARGUMENTS_BAD)),
            ("too long", |w| w[1] = TOO_MANY, Is(CKR_ARGUMENTS_BAD)),
        ],
        Arg::Template => &[
            NULL,
            ("absurdly many", |w| w[1] = UNAVAILABLE, Is(CKR_ARGUMENTS_BAD)),
            ("too many", |w| w[1] = TOO_MANY / size_of::<CK_ATTRIBUTE>() + 1, Is(CKR_ARGUMENTS_BAD)),
            ("a null value", |w| attribute(w[0]).pValue = std::ptr::null_mut(), Is(CKR_ARGUMENTS_BAD)),
            ("a value too long", |w| attribute(w[0]).ulValueLen = TOO_MANY as CK_ULONG, Is(CKR_ARGUMENTS_BAD)),
            ("a value without length", |w| attribute(w[0]).ulValueLen = CK_ULONG::MAX, Is(CKR_ARGUMENTS_BAD)),
        ],
        Arg::Attributes => &[
            NULL,
            ("absurdly many", |w| w[1] = UNAVAILABLE, Is(CKR_ARGUMENTS_BAD)),
            ("too many", |w| w[1] = TOO_MANY / size_of::<CK_ATTRIBUTE>() + 1, Is(CKR_ARGUMENTS_BAD)),
            ("none", |w| w[1] = 0, Good),
            ("null values", |w| attribute(w[0]).pValue = std::ptr::null_mut(), Good),
            ("absurd room", |w| attribute(w[0]).ulValueLen = CK_ULONG::MAX, Good),
            ("too little room", |w| attribute(w[0]).ulValueLen = 19, Is(CKR_BUFFER_TOO_SMALL)),
            ("no room", |w| attribute(w[0]).ulValueLen = 0, Is(CKR_BUFFER_TOO_SMALL)),
            ("no attribute", |w| attribute(w[0]).type_ = CK_ULONG::MAX, Is(CKR_ATTRIBUTE_TYPE_INVALID)),
        ],
        Arg::Mechanism(_) => &[
            NULL,
            ("an unknown one", |w| mechanism(w[0]).mechanism = CK_ULONG::MAX, Is(CKR_MECHANISM_INVALID)),
            ("one for something else", |w| mechanism(w[0]).mechanism = CKM_AES_CBC, Is(CKR_MECHANISM_INVALID)),
            (
                "a parameter",
                |w| {
                    mechanism(w[0]).pParameter = std::ptr::with_exposed_provenance_mut(w[0]);
                    mechanism(w[0]).ulParameterLen = 8;
                },
                Is(CKR_MECHANISM_PARAM_INVALID),
            ),
            (
                "an absurd parameter",
                |w| {
                    mechanism(w[0]).pParameter = std::ptr::with_exposed_provenance_mut(w[0]);
                    mechanism(w[0]).ulParameterLen = CK_ULONG::MAX;
                },
                Is(CKR_MECHANISM_PARAM_INVALID),
            ),
            ("a null parameter", |w| mechanism(w[0]).ulParameterLen = 16, Is(CKR_MECHANISM_PARAM_INVALID)),
        ],
    }
}
