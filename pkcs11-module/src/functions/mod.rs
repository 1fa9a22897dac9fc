//! The functions of PKCS#11, a file per chapter of the specification. Safe code: arguments come as references and values.

pub(crate) mod decrypt;
pub(crate) mod digest;
pub(crate) mod encrypt;
pub(crate) mod general;
pub(crate) mod keys;
pub(crate) mod objects;
pub(crate) mod parallel;
pub(crate) mod random;
pub(crate) mod session;
pub(crate) mod sign;
pub(crate) mod slots;
pub(crate) mod verify;

use cryptoki_sys::{CK_SESSION_HANDLE, CKR_FUNCTION_NOT_SUPPORTED};

use crate::library::Library;
use crate::rv::Answer;

/// A function that no token of ours has, and of another module's none that is not in the table of 2.40. The session is looked at first, as everywhere.
pub(crate) fn unsupported(library: &Library, session: CK_SESSION_HANDLE) -> Answer {
    if library.foreign().get(session)?.is_none() {
        library.session(session)?;
    }
    Err(CKR_FUNCTION_NOT_SUPPORTED.into())
}
