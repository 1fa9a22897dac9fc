//! This file answers the digest functions (PKCS#11 3.0 5.12).

use cryptoki_sys::*;
use ingam::crypto::Hasher;

use crate::abi::argument::Input;
use crate::abi::buffer::Buffer;
use crate::abi::parameter::GivenMechanism;
use crate::library::Library;
use crate::mechanism;
use crate::object::Found;
use crate::operation::{self, Digesting};
use crate::rv::Answer;

/// C_DigestInit.
pub(crate) fn init(library: &Library, session: CK_SESSION_HANDLE, mechanism: Option<GivenMechanism>) -> Answer {
    let session = library.session(session)?;
    let mut operations = session.operations();
    let Some(mechanism) = operation::begin(&mut operations.digest, mechanism)? else { return Ok(()) };
    let hash = mechanism::digest(&mechanism)?;
    operations.digest = Some(Digesting { hash, hasher: Hasher::new(hash), begun: false });
    Ok(())
}

/// C_Digest.
pub(crate) fn digest(
    library: &Library,
    session: CK_SESSION_HANDLE,
    data: Input<'_>,
    mut digest: Buffer<'_, u8>,
) -> Answer {
    let session = library.session(session)?;
    let operation = {
        let active = &mut session.operations().digest;
        operation::whole(active, |digesting| digesting.begun)?;
        operation::take(active, &mut digest, |digesting| digesting.hash.len())?
    };
    let Some(Digesting { mut hasher, .. }) = operation else { return Ok(()) };
    data.with(|data| hasher.update(data));
    digest.answer(&hasher.finish())
}

/// C_DigestUpdate.
pub(crate) fn update(library: &Library, session: CK_SESSION_HANDLE, part: Input<'_>) -> Answer {
    let session = library.session(session)?;
    operation::step(&mut session.operations().digest, |digesting| {
        digesting.begun = true;
        part.with(|part| digesting.hasher.update(part));
        Ok(())
    })
}

/// C_DigestKey: of secret keys that may leave or not, since a digest does not tell them.
pub(crate) fn key(library: &Library, session: CK_SESSION_HANDLE, key: CK_OBJECT_HANDLE) -> Answer {
    let session = library.session(session)?;
    operation::step(&mut session.operations().digest, |digesting| {
        let Found::Session(key) = session.slot().key(key)? else { return Err(CKR_KEY_INDIGESTIBLE.into()) };
        digesting.begun = true;
        digesting.hasher.update(key.secret().ok_or(CKR_KEY_INDIGESTIBLE)?.expose());
        Ok(())
    })
}

/// C_DigestFinal.
pub(crate) fn finish(library: &Library, session: CK_SESSION_HANDLE, mut digest: Buffer<'_, u8>) -> Answer {
    let session = library.session(session)?;
    let operation = operation::take(&mut session.operations().digest, &mut digest, |digesting| digesting.hash.len())?;
    let Some(Digesting { hasher, .. }) = operation else { return Ok(()) };
    digest.answer(&hasher.finish())
}
