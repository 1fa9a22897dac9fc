//! This file lists every function of PKCS#11 2.40 and 3.0: its C parameters, their shapes, and the safe code that answers.
//!
//! One macro makes the C functions and both function tables from the list, so that there is no entry without panic guard,
//! process check, null rules, trace and result, and no table with a hole. The shapes are those of [`argument`](super::argument).

#![allow(non_snake_case, reason = "the names are PKCS#11's")]
#![allow(unreachable_pub, reason = "three of them leave the library, and one macro makes all")]
#![allow(clippy::missing_safety_doc, clippy::too_many_arguments, reason = "contract and parameters are PKCS#11's")]
#![allow(clippy::double_parens, reason = "most shapes have one parameter, some more")]

use std::ffi::c_void;

use cryptoki_sys::*;

use super::argument::{
    Batch, Bytes, Fetch, Fill, Given, Ignored, Initialization, Label, Pointer, Secret, Set, Text, Value,
};
use super::carry::{Arguments, Carry};
use super::entry::{admitted, carry_over, entry, other, own};
use super::parameter::Mechanism;
use super::template::{Attributes, Template};
use super::{boundary, foreign, tables};
use crate::functions::{
    decrypt, digest, encrypt, general, keys, objects, parallel, random, session, sign, slots, unsupported, verify,
};

/// Makes the functions, the tables' contents and, for a test, the list of all.
macro_rules! entries {
    (
        2.40: { $($(#[$old_meta:meta])* $old:ident $old_parameters:tt = $old_gate:ident $($old_function:path)?;)* }
        3.0: { $($(#[$new_meta:meta])* $new:ident $new_parameters:tt = $new_gate:ident $($new_function:path)?;)* }
    ) => {
        $(entry!($(#[$old_meta])* $old $old_parameters = $old_gate $($old_function)?);)*
        $(entry!($(#[$new_meta])* $new $new_parameters = $new_gate $($new_function)?);)*

        /// The table of PKCS#11 2.40.
        pub(super) const fn table_2_40(version: CK_VERSION) -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST { version, $($old: Some($old),)* }
        }

        /// The table of PKCS#11 3.0.
        pub(super) const fn table_3_0(version: CK_VERSION) -> CK_FUNCTION_LIST_3_0 {
            CK_FUNCTION_LIST_3_0 { version, $($old: Some($old),)* $($new: Some($new),)* }
        }

        /// Every entry in the order of the tables, so that a test can call each field of a table with its real type.
        #[cfg(feature = "fault-injection")]
        pub static ENTRIES: &[Entry] = &[
            $(Entry { name: stringify!($old), call: call_with_zeros!($old_parameters) },)*
            $(Entry { name: stringify!($new), call: call_with_zeros!($new_parameters) },)*
        ];
    };
}

/// A function of the tables.
#[cfg(feature = "fault-injection")]
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: &'static str,
    /// Calls the table's field with zeros for all arguments.
    ///
    /// # Safety
    /// The pointer must be the field of this entry.
    pub call: unsafe fn(*const c_void) -> CK_RV,
}

#[cfg(feature = "fault-injection")]
macro_rules! call_with_zeros {
    (($($shape:ty [$($a:ident: $t:ty),+]),*)) => {
        |field| {
            // SAFETY: the caller's promise that the field is of this entry.
            let function = unsafe {
                std::mem::transmute::<*const c_void, unsafe extern "C" fn($($($t),+),*) -> CK_RV>(field)
            };
            // SAFETY: zeros are numbers, null pointers and absent callbacks, all of which every entry must bear.
            unsafe { function($($(std::mem::zeroed::<$t>()),+),*) }
        }
    };
}

type Session = Value<CK_SESSION_HANDLE>;
type Object = Value<CK_OBJECT_HANDLE>;
type Slot = Value<CK_SLOT_ID>;
type Number = Value<CK_ULONG>;
type Anything = Pointer<c_void>;

entries! {
    2.40: {
        C_Initialize(Initialization[arguments: *mut c_void]) = free general::initialize;
        C_Finalize(Anything[reserved: *mut c_void]) = free general::finalize;
        C_GetInfo(Set<CK_INFO>[info: *mut CK_INFO]) = initialized general::info;
        /// `C_GetFunctionList`, one of the three functions that a host finds by name.
        #[unsafe(no_mangle)]
        C_GetFunctionList(Set<*mut CK_FUNCTION_LIST>[list: *mut *mut CK_FUNCTION_LIST]) = table tables::function_list;
        C_GetSlotList(
            Value<CK_BBOOL>[token_present: CK_BBOOL],
            Fetch<CK_SLOT_ID>[slots: *mut CK_SLOT_ID, slots_len: *mut CK_ULONG]
        ) = initialized slots::list;
        C_GetSlotInfo(
            Slot[slot: CK_SLOT_ID], Set<CK_SLOT_INFO>[info: *mut CK_SLOT_INFO]
        ) = slot slots::slot_info;
        C_GetTokenInfo(
            Slot[slot: CK_SLOT_ID], Set<CK_TOKEN_INFO>[info: *mut CK_TOKEN_INFO]
        ) = slot slots::token_info;
        C_GetMechanismList(
            Slot[slot: CK_SLOT_ID], Fetch<CK_MECHANISM_TYPE>[list: *mut CK_MECHANISM_TYPE, list_len: *mut CK_ULONG]
        ) = slot slots::mechanism_list;
        C_GetMechanismInfo(
            Slot[slot: CK_SLOT_ID], Number[mechanism: CK_MECHANISM_TYPE],
            Set<CK_MECHANISM_INFO>[info: *mut CK_MECHANISM_INFO]
        ) = slot slots::mechanism_info;
        C_InitToken(
            Slot[slot: CK_SLOT_ID], Secret[pin: *mut CK_UTF8CHAR, pin_len: CK_ULONG],
            Label[label: *mut CK_UTF8CHAR]
        ) = slot slots::init_token;
        C_InitPIN(
            Session[session: CK_SESSION_HANDLE], Secret[pin: *mut CK_UTF8CHAR, pin_len: CK_ULONG]
        ) = session slots::init_pin;
        C_SetPIN(
            Session[session: CK_SESSION_HANDLE], Secret[old_pin: *mut CK_UTF8CHAR, old_pin_len: CK_ULONG],
            Secret[new_pin: *mut CK_UTF8CHAR, new_pin_len: CK_ULONG]
        ) = session slots::set_pin;
        C_OpenSession(
            Slot[slot: CK_SLOT_ID], Number[flags: CK_FLAGS], Anything[application: *mut c_void],
            Ignored<CK_NOTIFY>[notify: CK_NOTIFY], Set<CK_SESSION_HANDLE>[session: *mut CK_SESSION_HANDLE]
        ) = initialized session::open;
        C_CloseSession(Session[session: CK_SESSION_HANDLE]) = initialized session::close;
        C_CloseAllSessions(Slot[slot: CK_SLOT_ID]) = initialized session::close_all;
        C_GetSessionInfo(
            Session[session: CK_SESSION_HANDLE], Set<CK_SESSION_INFO>[info: *mut CK_SESSION_INFO]
        ) = initialized session::info;
        C_GetOperationState(
            Session[session: CK_SESSION_HANDLE], Fetch<CK_BYTE>[state: *mut CK_BYTE, state_len: *mut CK_ULONG]
        ) = session session::operation_state;
        C_SetOperationState(
            Session[session: CK_SESSION_HANDLE], Bytes[state: *mut CK_BYTE, state_len: CK_ULONG],
            Object[encryption_key: CK_OBJECT_HANDLE], Object[authentication_key: CK_OBJECT_HANDLE]
        ) = session session::set_operation_state;
        C_Login(
            Session[session: CK_SESSION_HANDLE], Number[user: CK_USER_TYPE],
            Secret[pin: *mut CK_UTF8CHAR, pin_len: CK_ULONG]
        ) = session session::login;
        C_Logout(Session[session: CK_SESSION_HANDLE]) = session session::logout;
        C_CreateObject(
            Session[session: CK_SESSION_HANDLE], Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG],
            Set<CK_OBJECT_HANDLE>[object: *mut CK_OBJECT_HANDLE]
        ) = session objects::create;
        C_CopyObject(
            Session[session: CK_SESSION_HANDLE], Object[object: CK_OBJECT_HANDLE],
            Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG],
            Set<CK_OBJECT_HANDLE>[copy: *mut CK_OBJECT_HANDLE]
        ) = session objects::copy;
        C_DestroyObject(
            Session[session: CK_SESSION_HANDLE], Object[object: CK_OBJECT_HANDLE]
        ) = session objects::destroy;
        C_GetObjectSize(
            Session[session: CK_SESSION_HANDLE], Object[object: CK_OBJECT_HANDLE], Set<CK_ULONG>[size: *mut CK_ULONG]
        ) = session objects::size;
        C_GetAttributeValue(
            Session[session: CK_SESSION_HANDLE], Object[object: CK_OBJECT_HANDLE],
            Attributes[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG]
        ) = session objects::attributes;
        C_SetAttributeValue(
            Session[session: CK_SESSION_HANDLE], Object[object: CK_OBJECT_HANDLE],
            Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG]
        ) = session objects::set_attributes;
        C_FindObjectsInit(
            Session[session: CK_SESSION_HANDLE], Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG]
        ) = session objects::find_init;
        C_FindObjects(
            Session[session: CK_SESSION_HANDLE],
            Batch<CK_OBJECT_HANDLE>[objects: *mut CK_OBJECT_HANDLE, room: CK_ULONG, found: *mut CK_ULONG]
        ) = session objects::find;
        C_FindObjectsFinal(Session[session: CK_SESSION_HANDLE]) = session objects::find_final;
        C_EncryptInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = session encrypt::init;
        C_Encrypt(
            Session[session: CK_SESSION_HANDLE], Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Fetch<CK_BYTE>[encrypted: *mut CK_BYTE, encrypted_len: *mut CK_ULONG]
        ) = session encrypt::encrypt;
        C_EncryptUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[part: *mut CK_BYTE, part_len: CK_ULONG],
            Fetch<CK_BYTE>[encrypted: *mut CK_BYTE, encrypted_len: *mut CK_ULONG]
        ) = session encrypt::update;
        C_EncryptFinal(
            Session[session: CK_SESSION_HANDLE], Fetch<CK_BYTE>[encrypted: *mut CK_BYTE, encrypted_len: *mut CK_ULONG]
        ) = session encrypt::finish;
        C_DecryptInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = session decrypt::init;
        C_Decrypt(
            Session[session: CK_SESSION_HANDLE], Bytes[encrypted: *mut CK_BYTE, encrypted_len: CK_ULONG],
            Fetch<CK_BYTE>[data: *mut CK_BYTE, data_len: *mut CK_ULONG]
        ) = session decrypt::decrypt;
        C_DecryptUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[encrypted: *mut CK_BYTE, encrypted_len: CK_ULONG],
            Fetch<CK_BYTE>[part: *mut CK_BYTE, part_len: *mut CK_ULONG]
        ) = session decrypt::update;
        C_DecryptFinal(
            Session[session: CK_SESSION_HANDLE], Fetch<CK_BYTE>[part: *mut CK_BYTE, part_len: *mut CK_ULONG]
        ) = session decrypt::finish;
        C_DigestInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM]
        ) = session digest::init;
        C_Digest(
            Session[session: CK_SESSION_HANDLE], Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Fetch<CK_BYTE>[digest: *mut CK_BYTE, digest_len: *mut CK_ULONG]
        ) = session digest::digest;
        C_DigestUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[part: *mut CK_BYTE, part_len: CK_ULONG]
        ) = session digest::update;
        C_DigestKey(Session[session: CK_SESSION_HANDLE], Object[key: CK_OBJECT_HANDLE]) = session digest::key;
        C_DigestFinal(
            Session[session: CK_SESSION_HANDLE], Fetch<CK_BYTE>[digest: *mut CK_BYTE, digest_len: *mut CK_ULONG]
        ) = session digest::finish;
        C_SignInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = session sign::init;
        C_Sign(
            Session[session: CK_SESSION_HANDLE], Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Fetch<CK_BYTE>[signature: *mut CK_BYTE, signature_len: *mut CK_ULONG]
        ) = session sign::sign;
        C_SignUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[part: *mut CK_BYTE, part_len: CK_ULONG]
        ) = session sign::update;
        C_SignFinal(
            Session[session: CK_SESSION_HANDLE], Fetch<CK_BYTE>[signature: *mut CK_BYTE, signature_len: *mut CK_ULONG]
        ) = session sign::finish;
        C_SignRecoverInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = session;
        C_SignRecover(
            Session[session: CK_SESSION_HANDLE], Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Fetch<CK_BYTE>[signature: *mut CK_BYTE, signature_len: *mut CK_ULONG]
        ) = session;
        C_VerifyInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = session verify::init;
        C_Verify(
            Session[session: CK_SESSION_HANDLE], Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Bytes[signature: *mut CK_BYTE, signature_len: CK_ULONG]
        ) = session verify::verify;
        C_VerifyUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[part: *mut CK_BYTE, part_len: CK_ULONG]
        ) = session verify::update;
        C_VerifyFinal(
            Session[session: CK_SESSION_HANDLE], Bytes[signature: *mut CK_BYTE, signature_len: CK_ULONG]
        ) = session verify::finish;
        C_VerifyRecoverInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = session;
        C_VerifyRecover(
            Session[session: CK_SESSION_HANDLE], Bytes[signature: *mut CK_BYTE, signature_len: CK_ULONG],
            Fetch<CK_BYTE>[data: *mut CK_BYTE, data_len: *mut CK_ULONG]
        ) = session;
        C_DigestEncryptUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[part: *mut CK_BYTE, part_len: CK_ULONG],
            Fetch<CK_BYTE>[encrypted: *mut CK_BYTE, encrypted_len: *mut CK_ULONG]
        ) = session;
        C_DecryptDigestUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[encrypted: *mut CK_BYTE, encrypted_len: CK_ULONG],
            Fetch<CK_BYTE>[part: *mut CK_BYTE, part_len: *mut CK_ULONG]
        ) = session;
        C_SignEncryptUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[part: *mut CK_BYTE, part_len: CK_ULONG],
            Fetch<CK_BYTE>[encrypted: *mut CK_BYTE, encrypted_len: *mut CK_ULONG]
        ) = session;
        C_DecryptVerifyUpdate(
            Session[session: CK_SESSION_HANDLE], Bytes[encrypted: *mut CK_BYTE, encrypted_len: CK_ULONG],
            Fetch<CK_BYTE>[part: *mut CK_BYTE, part_len: *mut CK_ULONG]
        ) = session;
        C_GenerateKey(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG],
            Set<CK_OBJECT_HANDLE>[key: *mut CK_OBJECT_HANDLE]
        ) = session keys::generate;
        C_GenerateKeyPair(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Template[public: *mut CK_ATTRIBUTE, public_len: CK_ULONG],
            Template[private: *mut CK_ATTRIBUTE, private_len: CK_ULONG],
            Set<CK_OBJECT_HANDLE>[public_key: *mut CK_OBJECT_HANDLE],
            Set<CK_OBJECT_HANDLE>[private_key: *mut CK_OBJECT_HANDLE]
        ) = session keys::generate_pair;
        C_WrapKey(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[wrapping: CK_OBJECT_HANDLE], Object[key: CK_OBJECT_HANDLE],
            Fetch<CK_BYTE>[wrapped: *mut CK_BYTE, wrapped_len: *mut CK_ULONG]
        ) = session;
        C_UnwrapKey(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[unwrapping: CK_OBJECT_HANDLE], Bytes[wrapped: *mut CK_BYTE, wrapped_len: CK_ULONG],
            Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG],
            Set<CK_OBJECT_HANDLE>[key: *mut CK_OBJECT_HANDLE]
        ) = session;
        C_DeriveKey(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[base: CK_OBJECT_HANDLE], Template[template: *mut CK_ATTRIBUTE, template_len: CK_ULONG],
            Set<CK_OBJECT_HANDLE>[key: *mut CK_OBJECT_HANDLE]
        ) = session;
        C_SeedRandom(
            Session[session: CK_SESSION_HANDLE], Bytes[seed: *mut CK_BYTE, seed_len: CK_ULONG]
        ) = session random::seed;
        C_GenerateRandom(
            Session[session: CK_SESSION_HANDLE], Fill[random: *mut CK_BYTE, random_len: CK_ULONG]
        ) = session random::generate;
        C_GetFunctionStatus(Session[session: CK_SESSION_HANDLE]) = session parallel::not_parallel;
        C_CancelFunction(Session[session: CK_SESSION_HANDLE]) = session parallel::not_parallel;
        C_WaitForSlotEvent(
            Number[flags: CK_FLAGS], Set<CK_SLOT_ID>[slot: *mut CK_SLOT_ID], Anything[reserved: *mut c_void]
        ) = free slots::wait_for_event;
    }
    3.0: {
        /// `C_GetInterfaceList`, one of the three functions that a host finds by name.
        #[unsafe(no_mangle)]
        C_GetInterfaceList(
            Fetch<CK_INTERFACE>[list: *mut CK_INTERFACE, list_len: *mut CK_ULONG]
        ) = table tables::interface_list;
        /// `C_GetInterface`, one of the three functions that a host finds by name.
        #[unsafe(no_mangle)]
        C_GetInterface(
            Text[name: *mut CK_UTF8CHAR], Given<CK_VERSION>[version: *mut CK_VERSION],
            Set<*mut CK_INTERFACE>[interface: *mut *mut CK_INTERFACE], Number[flags: CK_FLAGS]
        ) = table tables::interface;
        C_LoginUser(
            Session[session: CK_SESSION_HANDLE], Number[user: CK_USER_TYPE],
            Secret[pin: *mut CK_UTF8CHAR, pin_len: CK_ULONG], Bytes[name: *mut CK_BYTE, name_len: CK_ULONG]
        ) = initialized session::login_user;
        C_SessionCancel(Session[session: CK_SESSION_HANDLE], Number[flags: CK_FLAGS]) = initialized session::cancel;
        C_MessageEncryptInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = cannot;
        C_EncryptMessage(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[associated: *mut CK_BYTE, associated_len: CK_ULONG],
            Bytes[plaintext: *mut CK_BYTE, plaintext_len: CK_ULONG],
            Fetch<CK_BYTE>[ciphertext: *mut CK_BYTE, ciphertext_len: *mut CK_ULONG]
        ) = cannot;
        C_EncryptMessageBegin(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[associated: *mut CK_BYTE, associated_len: CK_ULONG]
        ) = cannot;
        C_EncryptMessageNext(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[plaintext: *mut CK_BYTE, plaintext_len: CK_ULONG],
            Fetch<CK_BYTE>[ciphertext: *mut CK_BYTE, ciphertext_len: *mut CK_ULONG], Number[flags: CK_FLAGS]
        ) = cannot;
        C_MessageEncryptFinal(Session[session: CK_SESSION_HANDLE]) = cannot;
        C_MessageDecryptInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = cannot;
        C_DecryptMessage(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[associated: *mut CK_BYTE, associated_len: CK_ULONG],
            Bytes[ciphertext: *mut CK_BYTE, ciphertext_len: CK_ULONG],
            Fetch<CK_BYTE>[plaintext: *mut CK_BYTE, plaintext_len: *mut CK_ULONG]
        ) = cannot;
        C_DecryptMessageBegin(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[associated: *mut CK_BYTE, associated_len: CK_ULONG]
        ) = cannot;
        C_DecryptMessageNext(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[ciphertext: *mut CK_BYTE, ciphertext_len: CK_ULONG],
            Fetch<CK_BYTE>[plaintext: *mut CK_BYTE, plaintext_len: *mut CK_ULONG], Number[flags: CK_FLAGS]
        ) = cannot;
        C_MessageDecryptFinal(Session[session: CK_SESSION_HANDLE]) = cannot;
        C_MessageSignInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = cannot;
        C_SignMessage(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Fetch<CK_BYTE>[signature: *mut CK_BYTE, signature_len: *mut CK_ULONG]
        ) = cannot;
        C_SignMessageBegin(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG]
        ) = cannot;
        C_SignMessageNext(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[data: *mut CK_BYTE, data_len: CK_ULONG],
            Fetch<CK_BYTE>[signature: *mut CK_BYTE, signature_len: *mut CK_ULONG]
        ) = cannot;
        C_MessageSignFinal(Session[session: CK_SESSION_HANDLE]) = cannot;
        C_MessageVerifyInit(
            Session[session: CK_SESSION_HANDLE], Mechanism[mechanism: *mut CK_MECHANISM],
            Object[key: CK_OBJECT_HANDLE]
        ) = cannot;
        C_VerifyMessage(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[data: *mut CK_BYTE, data_len: CK_ULONG], Bytes[signature: *mut CK_BYTE, signature_len: CK_ULONG]
        ) = cannot;
        C_VerifyMessageBegin(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG]
        ) = cannot;
        C_VerifyMessageNext(
            Session[session: CK_SESSION_HANDLE], Anything[parameter: *mut c_void], Number[parameter_len: CK_ULONG],
            Bytes[data: *mut CK_BYTE, data_len: CK_ULONG], Bytes[signature: *mut CK_BYTE, signature_len: CK_ULONG]
        ) = cannot;
        C_MessageVerifyFinal(Session[session: CK_SESSION_HANDLE]) = cannot;
    }
}
