//! This file turns what went wrong into the `CK_RV` that a PKCS#11 application understands.

use std::fmt;

use cryptoki_sys::*;
use ingam::{Error, ErrorKind};

/// What a function of the module answers.
pub(crate) type Answer<T = ()> = Result<T, Rv>;

/// A return value other than `CKR_OK`, with the library's own reason for the trace.
#[derive(Debug)]
pub(crate) struct Rv {
    code: CK_RV,
    cause: Option<Box<Error>>,
}

impl Rv {
    /// This code, because of this error.
    pub(crate) fn caused(code: CK_RV, error: Error) -> Self {
        Self { code, cause: Some(Box::new(error)) }
    }

    /// This code instead of that one, for the same reason.
    pub(crate) fn renamed(self, from: CK_RV, to: CK_RV) -> Self {
        if self.code == from { Self { code: to, ..self } } else { self }
    }

    /// What the application gets.
    pub(crate) const fn code(&self) -> CK_RV {
        self.code
    }
}

impl From<CK_RV> for Rv {
    fn from(code: CK_RV) -> Self {
        Self { code, cause: None }
    }
}

impl From<Error> for Rv {
    fn from(error: Error) -> Self {
        Self::caused(code(error.kind()), error)
    }
}

impl fmt::Display for Rv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match name(self.code) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "0x{:x}", self.code)?,
        }
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

/// The code of an error for which a function has no better one of its own.
const fn code(kind: ErrorKind) -> CK_RV {
    match kind {
        ErrorKind::AlreadyExists | ErrorKind::Ambiguous => CKR_FUNCTION_FAILED,
        // The standard's word for "it may work when tried again".
        ErrorKind::Busy => CKR_FUNCTION_FAILED,
        ErrorKind::Cancelled => CKR_FUNCTION_CANCELED,
        ErrorKind::CertificateExpired => CKR_KEY_FUNCTION_NOT_PERMITTED,
        ErrorKind::Damaged | ErrorKind::Device | ErrorKind::Mismatch => CKR_DEVICE_ERROR,
        ErrorKind::InvalidInput => CKR_ARGUMENTS_BAD,
        ErrorKind::LastTryRefused => CKR_FUNCTION_REJECTED,
        ErrorKind::NoSpace => CKR_DEVICE_MEMORY,
        ErrorKind::NotFound => CKR_OBJECT_HANDLE_INVALID,
        ErrorKind::NotLoggedIn => CKR_USER_NOT_LOGGED_IN,
        ErrorKind::NotPermitted => CKR_ACTION_PROHIBITED,
        ErrorKind::PinIncorrect { .. } => CKR_PIN_INCORRECT,
        ErrorKind::PinLocked => CKR_PIN_LOCKED,
        ErrorKind::PinRejected => CKR_PIN_INVALID,
        ErrorKind::Removed => CKR_DEVICE_REMOVED,
        ErrorKind::ServiceMissing | ErrorKind::TimedOut => CKR_DEVICE_ERROR,
        ErrorKind::Unsupported => CKR_FUNCTION_NOT_SUPPORTED,
        ErrorKind::WriteProtected => CKR_TOKEN_WRITE_PROTECTED,
    }
}

macro_rules! names {
    ($($code:ident)*) => {
        /// The standard's name of a code.
        const fn name(code: CK_RV) -> Option<&'static str> {
            match code {
                $($code => Some(stringify!($code)),)*
                _ => None,
            }
        }
    };
}

names! {
    CKR_ACTION_PROHIBITED CKR_ARGUMENTS_BAD CKR_ATTRIBUTE_READ_ONLY CKR_ATTRIBUTE_SENSITIVE CKR_ATTRIBUTE_TYPE_INVALID
    CKR_ATTRIBUTE_VALUE_INVALID CKR_BUFFER_TOO_SMALL CKR_CANT_LOCK CKR_CRYPTOKI_ALREADY_INITIALIZED
    CKR_CRYPTOKI_NOT_INITIALIZED CKR_DATA_INVALID CKR_DATA_LEN_RANGE CKR_DEVICE_ERROR CKR_DEVICE_MEMORY
    CKR_DEVICE_REMOVED CKR_ENCRYPTED_DATA_INVALID CKR_ENCRYPTED_DATA_LEN_RANGE CKR_FUNCTION_CANCELED
    CKR_FUNCTION_FAILED CKR_FUNCTION_NOT_PARALLEL CKR_FUNCTION_NOT_SUPPORTED CKR_FUNCTION_REJECTED CKR_GENERAL_ERROR
    CKR_HOST_MEMORY CKR_KEY_FUNCTION_NOT_PERMITTED CKR_KEY_HANDLE_INVALID CKR_KEY_INDIGESTIBLE CKR_KEY_SIZE_RANGE
    CKR_KEY_TYPE_INCONSISTENT CKR_MECHANISM_INVALID CKR_MECHANISM_PARAM_INVALID CKR_NO_EVENT CKR_OBJECT_HANDLE_INVALID
    CKR_OPERATION_ACTIVE CKR_OPERATION_NOT_INITIALIZED CKR_PIN_INCORRECT CKR_PIN_INVALID CKR_PIN_LEN_RANGE
    CKR_PIN_LOCKED CKR_RANDOM_SEED_NOT_SUPPORTED CKR_SAVED_STATE_INVALID CKR_SESSION_CLOSED CKR_SESSION_EXISTS
    CKR_SESSION_HANDLE_INVALID CKR_SESSION_PARALLEL_NOT_SUPPORTED CKR_SESSION_READ_ONLY CKR_SESSION_READ_ONLY_EXISTS
    CKR_SIGNATURE_INVALID CKR_SIGNATURE_LEN_RANGE CKR_SLOT_ID_INVALID CKR_STATE_UNSAVEABLE CKR_TEMPLATE_INCOMPLETE
    CKR_TEMPLATE_INCONSISTENT CKR_TOKEN_NOT_PRESENT CKR_TOKEN_WRITE_PROTECTED CKR_USER_ALREADY_LOGGED_IN
    CKR_USER_ANOTHER_ALREADY_LOGGED_IN CKR_USER_NOT_LOGGED_IN CKR_USER_PIN_NOT_INITIALIZED CKR_USER_TYPE_INVALID
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_return_value_names_itself_and_its_reason() {
        let rv = Rv::from(Error::new(ErrorKind::Removed, "reading the folder"));
        assert_eq!(rv.code(), CKR_DEVICE_REMOVED);
        assert_eq!(rv.to_string(), "CKR_DEVICE_REMOVED (medium removed while reading the folder)");
        assert_eq!(Rv::from(0x8000_0001).to_string(), "0x80000001");
    }
}
