//! This file answers the legacy functions of parallel sessions (PKCS#11 3.0 5.20).

use cryptoki_sys::*;

use crate::library::Library;
use crate::rv::Answer;

/// C_GetFunctionStatus and C_CancelFunction.
pub(crate) fn not_parallel(library: &Library, session: CK_SESSION_HANDLE) -> Answer {
    library.session(session)?;
    Err(CKR_FUNCTION_NOT_PARALLEL.into())
}
