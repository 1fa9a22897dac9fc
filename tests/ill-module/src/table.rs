//! This file is the function table: each function lets its call ail first, then asks the SoftHSM behind.

use std::ffi::c_void;

use cryptoki_sys::*;

use crate::{C_GetFunctionList, changed, ills, real};

type Slot = CK_SLOT_ID;
type Session = CK_SESSION_HANDLE;
type Object = CK_OBJECT_HANDLE;
type Objects = *mut CK_OBJECT_HANDLE;
type Mechanism = *mut CK_MECHANISM;
type Template = *mut CK_ATTRIBUTE;
type Bytes = *mut CK_BYTE;
type Length = CK_ULONG;
type Lengths = *mut CK_ULONG;

/// Each line is a function with its arguments; what it answers when the token is pulled out; behind `by` what does its work if
/// SoftHSM does not.
macro_rules! table {
    ($($name:ident($($argument:ident: $kind:ty),*) $gone:expr $(, by $by:path)?;)*) => {
        $(
            #[allow(non_snake_case, clippy::too_many_arguments, reason = "the standard's")]
            unsafe extern "C" fn $name($($argument: $kind),*) -> CK_RV {
                if let Some(answer) = ills::before(stringify!($name), $gone) {
                    return answer;
                }
                // SAFETY: the caller's arguments, as they came.
                unsafe { table!(@work $name($($argument),*) $(, $by)?) }
            }
        )*

        pub(crate) static TABLE: CK_FUNCTION_LIST = CK_FUNCTION_LIST {
            version: CK_VERSION { major: 2, minor: 40 },
            C_GetFunctionList: Some(C_GetFunctionList),
            $($name: Some($name),)*
        };
    };
    (@work $name:ident($($argument:ident),*)) => { real().$name.unwrap()($($argument),*) };
    (@work $name:ident($($argument:ident),*), $by:path) => { $by($($argument),*) };
}

/// Works without a token.
const STAYS: Option<CK_RV> = None;
const NO_TOKEN: Option<CK_RV> = Some(CKR_TOKEN_NOT_PRESENT);
const REMOVED: Option<CK_RV> = Some(CKR_DEVICE_REMOVED);

table! {
    C_Initialize(arguments: *mut c_void) STAYS, by changed::initialize;
    C_Finalize(reserved: *mut c_void) STAYS;
    C_GetInfo(info: *mut CK_INFO) STAYS, by changed::get_info;
    C_GetSlotList(present: CK_BBOOL, slots: *mut CK_SLOT_ID, count: Lengths) STAYS, by changed::get_slot_list;
    C_GetSlotInfo(slot: Slot, info: *mut CK_SLOT_INFO) STAYS, by changed::get_slot_info;
    C_GetTokenInfo(slot: Slot, info: *mut CK_TOKEN_INFO) NO_TOKEN, by changed::get_token_info;
    C_GetMechanismList(slot: Slot, list: *mut CK_MECHANISM_TYPE, count: Lengths) NO_TOKEN, by changed::get_mechanism_list;
    C_GetMechanismInfo(slot: Slot, kind: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO) NO_TOKEN;
    C_InitToken(slot: Slot, pin: Bytes, length: Length, label: Bytes) NO_TOKEN, by changed::init_token;
    C_InitPIN(session: Session, pin: Bytes, length: Length) REMOVED, by changed::init_pin;
    C_SetPIN(session: Session, old: Bytes, old_length: Length, new: Bytes, new_length: Length) REMOVED, by changed::set_pin;
    C_OpenSession(slot: Slot, flags: CK_FLAGS, host: *mut c_void, notify: CK_NOTIFY, session: *mut Session) NO_TOKEN;
    C_CloseSession(session: Session) REMOVED;
    C_CloseAllSessions(slot: Slot) NO_TOKEN;
    C_GetSessionInfo(session: Session, info: *mut CK_SESSION_INFO) REMOVED;
    C_GetOperationState(session: Session, state: Bytes, length: Lengths) REMOVED;
    C_SetOperationState(session: Session, state: Bytes, length: Length, one: Object, other: Object) REMOVED;
    C_Login(session: Session, user: CK_USER_TYPE, pin: Bytes, length: Length) REMOVED, by changed::login;
    C_Logout(session: Session) REMOVED;
    C_CreateObject(session: Session, template: Template, count: Length, object: Objects) REMOVED, by changed::create_object;
    C_CopyObject(session: Session, object: Object, template: Template, count: Length, copy: Objects) REMOVED;
    C_DestroyObject(session: Session, object: Object) REMOVED;
    C_GetObjectSize(session: Session, object: Object, size: Lengths) REMOVED;
    C_GetAttributeValue(session: Session, object: Object, template: Template, count: Length) REMOVED;
    C_SetAttributeValue(session: Session, object: Object, template: Template, count: Length) REMOVED;
    C_FindObjectsInit(session: Session, template: Template, count: Length) REMOVED;
    C_FindObjects(session: Session, objects: Objects, room: Length, count: Lengths) REMOVED;
    C_FindObjectsFinal(session: Session) REMOVED;
    C_EncryptInit(session: Session, mechanism: Mechanism, key: Object) REMOVED;
    C_Encrypt(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_EncryptUpdate(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_EncryptFinal(session: Session, out: Bytes, out_length: Lengths) REMOVED;
    C_DecryptInit(session: Session, mechanism: Mechanism, key: Object) REMOVED;
    C_Decrypt(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_DecryptUpdate(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_DecryptFinal(session: Session, out: Bytes, out_length: Lengths) REMOVED;
    C_DigestInit(session: Session, mechanism: Mechanism) REMOVED;
    C_Digest(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_DigestUpdate(session: Session, data: Bytes, length: Length) REMOVED;
    C_DigestKey(session: Session, key: Object) REMOVED;
    C_DigestFinal(session: Session, out: Bytes, out_length: Lengths) REMOVED;
    C_SignInit(session: Session, mechanism: Mechanism, key: Object) REMOVED, by changed::sign_init;
    C_Sign(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_SignUpdate(session: Session, data: Bytes, length: Length) REMOVED;
    C_SignFinal(session: Session, out: Bytes, out_length: Lengths) REMOVED;
    C_SignRecoverInit(session: Session, mechanism: Mechanism, key: Object) REMOVED;
    C_SignRecover(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_VerifyInit(session: Session, mechanism: Mechanism, key: Object) REMOVED;
    C_Verify(session: Session, data: Bytes, length: Length, signature: Bytes, signature_length: Length) REMOVED;
    C_VerifyUpdate(session: Session, data: Bytes, length: Length) REMOVED;
    C_VerifyFinal(session: Session, signature: Bytes, length: Length) REMOVED;
    C_VerifyRecoverInit(session: Session, mechanism: Mechanism, key: Object) REMOVED;
    C_VerifyRecover(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_DigestEncryptUpdate(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_DecryptDigestUpdate(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_SignEncryptUpdate(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_DecryptVerifyUpdate(session: Session, data: Bytes, length: Length, out: Bytes, out_length: Lengths) REMOVED;
    C_GenerateKey(session: Session, mechanism: Mechanism, template: Template, count: Length, key: Objects) REMOVED;
    C_GenerateKeyPair(
        session: Session, mechanism: Mechanism, public: Template, public_count: Length, private: Template,
        private_count: Length, public_key: Objects, private_key: Objects
    ) REMOVED, by changed::generate_key_pair;
    C_WrapKey(session: Session, mechanism: Mechanism, by: Object, key: Object, out: Bytes, length: Lengths) REMOVED;
    C_UnwrapKey(
        session: Session, mechanism: Mechanism, by: Object, wrapped: Bytes, length: Length, template: Template,
        count: Length, key: Objects
    ) REMOVED;
    C_DeriveKey(session: Session, mechanism: Mechanism, from: Object, template: Template, count: Length, key: Objects) REMOVED;
    C_SeedRandom(session: Session, seed: Bytes, length: Length) REMOVED;
    C_GenerateRandom(session: Session, random: Bytes, length: Length) REMOVED;
    C_GetFunctionStatus(session: Session) REMOVED;
    C_CancelFunction(session: Session) REMOVED;
    C_WaitForSlotEvent(flags: CK_FLAGS, slot: *mut CK_SLOT_ID, reserved: *mut c_void) STAYS;
}
