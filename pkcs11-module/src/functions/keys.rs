//! This file answers the functions that make keys (PKCS#11 3.0 5.18): there is no mechanism for it yet.

use cryptoki_sys::*;

use crate::abi::buffer::Out;
use crate::abi::parameter::GivenMechanism;
use crate::abi::template::Criterion;
use crate::library::Library;
use crate::mechanism;
use crate::rv::Answer;

/// C_GenerateKey.
pub(crate) fn generate(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    _: Vec<Criterion<'_>>,
    _: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    library.session(session)?;
    mechanism::can(mechanism.ok_or(CKR_ARGUMENTS_BAD)?.kind, CKF_GENERATE)
}

/// C_GenerateKeyPair.
pub(crate) fn generate_pair(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    _: Vec<Criterion<'_>>,
    _: Vec<Criterion<'_>>,
    _: Out<'_, CK_OBJECT_HANDLE>,
    _: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    library.session(session)?;
    mechanism::can(mechanism.ok_or(CKR_ARGUMENTS_BAD)?.kind, CKF_GENERATE_KEY_PAIR)
}
