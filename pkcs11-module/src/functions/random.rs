//! This file answers the random number functions (PKCS#11 3.0 5.19).

use cryptoki_sys::*;

use crate::abi::argument::Input;
use crate::library::Library;
use crate::rv::Answer;

/// C_SeedRandom: the generator of the operating system seeds itself.
pub(crate) fn seed(library: &Library, session: CK_SESSION_HANDLE, _: Input<'_>) -> Answer {
    library.session(session)?;
    Err(CKR_RANDOM_SEED_NOT_SUPPORTED.into())
}

/// C_GenerateRandom.
pub(crate) fn generate(library: &Library, session: CK_SESSION_HANDLE, random: &mut [u8]) -> Answer {
    library.session(session)?;
    Ok(ingam::crypto::random::fill(random)?)
}
