//! Every function of both tables: what a good call of it is, what must have happened before, and what it answers.

use std::mem::offset_of;

use cryptoki_sys::*;

/// One argument of a function, or a pointer with its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    Slot,
    Session,
    /// A handle where a key is asked for.
    Handle(Key),
    /// A handle where any object is.
    Object,
    Number(CK_ULONG),
    /// A pointer that must be null.
    Reserved,
    /// A pointer that may be null, and is.
    Optional,
    /// CK_C_INITIALIZE_ARGS.
    Initialization,
    /// A place for one value of so many bytes.
    Out(usize),
    /// A place for values of so many bytes each, with the place of their number: the two-call rule.
    Place(usize),
    /// A place for object handles, their number at most, and the place of their number.
    Batch,
    Input(Bytes),
    /// A PIN that is tried.
    Pin,
    /// A PIN that is not looked at.
    Secret,
    /// Attributes to read.
    Template,
    /// Attributes to answer.
    Attributes,
    Mechanism(CK_MECHANISM_TYPE),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Signs,
    Verifies,
    Encrypts,
    Decrypts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bytes {
    Message,
    Signature,
    Ciphertext,
    /// Bytes to fill.
    Fill,
}

/// What the session is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    Find,
    Digest,
    DigestParts,
    Sign,
    SignParts,
    Verify,
    VerifyParts,
    Encrypt,
    EncryptParts,
    Decrypt,
    DecryptParts,
}

pub struct Function {
    pub name: &'static str,
    /// Where the tables have it.
    pub offset: usize,
    /// What a good call needs.
    pub before: State,
    /// What it begins: again is once too often.
    pub begins: Option<State>,
    pub arguments: &'static [Arg],
    /// What a good call is answered.
    pub answer: CK_RV,
    pub support: Support,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Works before C_Initialize.
    Always,
    Yes,
    /// Looks at the session alone before it says that no token of ours can do this.
    No,
}

use Arg::*;
use Bytes::{Ciphertext, Fill, Message, Signature};
use Key::{Decrypts, Encrypts, Signs, Verifies};
use State::*;

const WORD: usize = size_of::<CK_ULONG>();

macro_rules! functions {
    ($($name:ident: $support:ident, $before:ident -> $after:ident, [$($argument:expr),*] = $answer:ident;)*) => {
        pub const FUNCTIONS: &[Function] = &[$(Function {
            name: stringify!($name),
            offset: offset_of!(CK_FUNCTION_LIST_3_0, $name),
            before: $before,
            begins: match $after { Idle => None, state => Some(state) },
            arguments: &[$($argument),*],
            answer: $answer,
            support: Support::$support,
        }),*];
    };
}

// Name: support, state before -> state that it begins, arguments = answer.
functions! {
    C_Initialize: Always, Idle -> Idle, [Initialization] = CKR_CRYPTOKI_ALREADY_INITIALIZED;
    C_Finalize: Yes, Idle -> Idle, [Reserved] = CKR_OK;
    C_GetInfo: Yes, Idle -> Idle, [Out(size_of::<CK_INFO>())] = CKR_OK;
    C_GetFunctionList: Always, Idle -> Idle, [Out(8)] = CKR_OK;
    C_GetSlotList: Yes, Idle -> Idle, [Number(1), Place(size_of::<CK_SLOT_ID>())] = CKR_OK;
    C_GetSlotInfo: Yes, Idle -> Idle, [Slot, Out(size_of::<CK_SLOT_INFO>())] = CKR_OK;
    C_GetTokenInfo: Yes, Idle -> Idle, [Slot, Out(size_of::<CK_TOKEN_INFO>())] = CKR_OK;
    C_GetMechanismList: Yes, Idle -> Idle, [Slot, Place(size_of::<CK_MECHANISM_TYPE>())] = CKR_OK;
    C_GetMechanismInfo: Yes, Idle -> Idle, [Slot, Number(CKM_RSA_PKCS), Out(size_of::<CK_MECHANISM_INFO>())] = CKR_OK;
    C_InitToken: Yes, Idle -> Idle, [Slot, Secret, Out(32)] = CKR_SESSION_EXISTS;
    C_InitPIN: Yes, Idle -> Idle, [Session, Secret] = CKR_USER_NOT_LOGGED_IN;
    C_SetPIN: Yes, Idle -> Idle, [Session, Secret, Secret] = CKR_SESSION_READ_ONLY;
    C_OpenSession: Yes, Idle -> Idle, [Slot, Number(CKF_SERIAL_SESSION), Optional, Optional, Out(WORD)] = CKR_OK;
    C_CloseSession: Yes, Idle -> Idle, [Session] = CKR_OK;
    C_CloseAllSessions: Yes, Idle -> Idle, [Slot] = CKR_OK;
    C_GetSessionInfo: Yes, Idle -> Idle, [Session, Out(size_of::<CK_SESSION_INFO>())] = CKR_OK;
    C_GetOperationState: Yes, Digest -> Idle, [Session, Place(1)] = CKR_STATE_UNSAVEABLE;
    C_SetOperationState: Yes, Idle -> Idle, [Session, Input(Message), Number(0), Number(0)] = CKR_SAVED_STATE_INVALID;
    C_Login: Yes, Idle -> Idle, [Session, Number(CKU_USER), Pin] = CKR_USER_ALREADY_LOGGED_IN;
    C_Logout: Yes, Idle -> Idle, [Session] = CKR_OK;
    C_CreateObject: Yes, Idle -> Idle, [Session, Template, Out(WORD)] = CKR_TEMPLATE_INCOMPLETE;
    C_CopyObject: Yes, Idle -> Idle, [Session, Object, Template, Out(WORD)] = CKR_SESSION_READ_ONLY;
    C_DestroyObject: Yes, Idle -> Idle, [Session, Object] = CKR_SESSION_READ_ONLY;
    C_GetObjectSize: Yes, Idle -> Idle, [Session, Object, Out(WORD)] = CKR_OK;
    C_GetAttributeValue: Yes, Idle -> Idle, [Session, Object, Attributes] = CKR_OK;
    C_SetAttributeValue: Yes, Idle -> Idle, [Session, Object, Template] = CKR_SESSION_READ_ONLY;
    C_FindObjectsInit: Yes, Idle -> Find, [Session, Template] = CKR_OK;
    C_FindObjects: Yes, Find -> Idle, [Session, Batch] = CKR_OK;
    C_FindObjectsFinal: Yes, Find -> Idle, [Session] = CKR_OK;
    C_EncryptInit: Yes, Idle -> Encrypt, [Session, Mechanism(CKM_RSA_PKCS), Handle(Encrypts)] = CKR_OK;
    C_Encrypt: Yes, Encrypt -> Idle, [Session, Input(Message), Place(1)] = CKR_OK;
    C_EncryptUpdate: Yes, Encrypt -> Idle, [Session, Input(Message), Place(1)] = CKR_OK;
    C_EncryptFinal: Yes, EncryptParts -> Idle, [Session, Place(1)] = CKR_OK;
    C_DecryptInit: Yes, Idle -> Decrypt, [Session, Mechanism(CKM_RSA_PKCS), Handle(Decrypts)] = CKR_OK;
    C_Decrypt: Yes, Decrypt -> Idle, [Session, Input(Ciphertext), Place(1)] = CKR_OK;
    C_DecryptUpdate: Yes, Decrypt -> Idle, [Session, Input(Ciphertext), Place(1)] = CKR_OK;
    C_DecryptFinal: Yes, DecryptParts -> Idle, [Session, Place(1)] = CKR_OK;
    C_DigestInit: Yes, Idle -> Digest, [Session, Mechanism(CKM_SHA256)] = CKR_OK;
    C_Digest: Yes, Digest -> Idle, [Session, Input(Message), Place(1)] = CKR_OK;
    C_DigestUpdate: Yes, Digest -> Idle, [Session, Input(Message)] = CKR_OK;
    C_DigestKey: Yes, Digest -> Idle, [Session, Handle(Encrypts)] = CKR_KEY_INDIGESTIBLE;
    C_DigestFinal: Yes, DigestParts -> Idle, [Session, Place(1)] = CKR_OK;
    C_SignInit: Yes, Idle -> Sign, [Session, Mechanism(CKM_SHA256_RSA_PKCS), Handle(Signs)] = CKR_OK;
    C_Sign: Yes, Sign -> Idle, [Session, Input(Message), Place(1)] = CKR_OK;
    C_SignUpdate: Yes, Sign -> Idle, [Session, Input(Message)] = CKR_OK;
    C_SignFinal: Yes, SignParts -> Idle, [Session, Place(1)] = CKR_OK;
    C_SignRecoverInit: No, Idle -> Idle, [Session, Mechanism(CKM_RSA_PKCS), Handle(Signs)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_SignRecover: No, Idle -> Idle, [Session, Input(Message), Place(1)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_VerifyInit: Yes, Idle -> Verify, [Session, Mechanism(CKM_SHA256_RSA_PKCS), Handle(Verifies)] = CKR_OK;
    C_Verify: Yes, Verify -> Idle, [Session, Input(Message), Input(Signature)] = CKR_OK;
    C_VerifyUpdate: Yes, Verify -> Idle, [Session, Input(Message)] = CKR_OK;
    C_VerifyFinal: Yes, VerifyParts -> Idle, [Session, Input(Signature)] = CKR_OK;
    C_VerifyRecoverInit: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Verifies)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_VerifyRecover: No, Idle -> Idle, [Session, Input(Signature), Place(1)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_DigestEncryptUpdate: No, Idle -> Idle, [Session, Input(Message), Place(1)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_DecryptDigestUpdate: No, Idle -> Idle, [Session, Input(Message), Place(1)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_SignEncryptUpdate: No, Idle -> Idle, [Session, Input(Message), Place(1)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_DecryptVerifyUpdate: No, Idle -> Idle, [Session, Input(Message), Place(1)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_GenerateKey: Yes, Idle -> Idle,
        [Session, Mechanism(CKM_AES_KEY_GEN), Template, Out(WORD)]
        = CKR_MECHANISM_INVALID;
    C_GenerateKeyPair: Yes, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN), Template, Template, Out(WORD), Out(WORD)]
        = CKR_TEMPLATE_INCOMPLETE;
    C_WrapKey: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Encrypts), Handle(Signs), Place(1)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_UnwrapKey: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Decrypts), Input(Ciphertext), Template, Out(WORD)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_DeriveKey: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Decrypts), Template, Out(WORD)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_SeedRandom: Yes, Idle -> Idle, [Session, Input(Message)] = CKR_RANDOM_SEED_NOT_SUPPORTED;
    C_GenerateRandom: Yes, Idle -> Idle, [Session, Input(Fill)] = CKR_OK;
    C_GetFunctionStatus: Yes, Idle -> Idle, [Session] = CKR_FUNCTION_NOT_PARALLEL;
    C_CancelFunction: Yes, Idle -> Idle, [Session] = CKR_FUNCTION_NOT_PARALLEL;
    C_WaitForSlotEvent: Yes, Idle -> Idle, [Number(CKF_DONT_BLOCK), Out(WORD), Reserved] = CKR_NO_EVENT;
    C_GetInterfaceList: Always, Idle -> Idle, [Place(size_of::<CK_INTERFACE>())] = CKR_OK;
    C_GetInterface: Always, Idle -> Idle, [Optional, Optional, Out(8), Number(0)] = CKR_OK;
    // No certificate has this owner.
    C_LoginUser: Yes, Idle -> Idle, [Session, Number(CKU_USER), Pin, Input(Message)] = CKR_ARGUMENTS_BAD;
    C_SessionCancel: Yes, Idle -> Idle, [Session, Number(CKF_SIGN)] = CKR_OK;
    C_MessageEncryptInit: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Encrypts)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_EncryptMessage: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Input(Message), Place(1)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_EncryptMessageBegin: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_EncryptMessageNext: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Place(1), Number(0)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageEncryptFinal: No, Idle -> Idle, [Session] = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageDecryptInit: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Decrypts)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_DecryptMessage: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Input(Ciphertext), Place(1)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_DecryptMessageBegin: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_DecryptMessageNext: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Ciphertext), Place(1), Number(0)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageDecryptFinal: No, Idle -> Idle, [Session] = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageSignInit: No, Idle -> Idle, [Session, Mechanism(CKM_RSA_PKCS), Handle(Signs)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_SignMessage: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Place(1)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_SignMessageBegin: No, Idle -> Idle, [Session, Optional, Number(0)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_SignMessageNext: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Place(1)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageSignFinal: No, Idle -> Idle, [Session] = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageVerifyInit: No, Idle -> Idle,
        [Session, Mechanism(CKM_RSA_PKCS), Handle(Verifies)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_VerifyMessage: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Input(Signature)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_VerifyMessageBegin: No, Idle -> Idle, [Session, Optional, Number(0)] = CKR_FUNCTION_NOT_SUPPORTED;
    C_VerifyMessageNext: No, Idle -> Idle,
        [Session, Optional, Number(0), Input(Message), Input(Signature)]
        = CKR_FUNCTION_NOT_SUPPORTED;
    C_MessageVerifyFinal: No, Idle -> Idle, [Session] = CKR_FUNCTION_NOT_SUPPORTED;
}
