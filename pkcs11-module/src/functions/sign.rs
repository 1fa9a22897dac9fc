//! This file answers the signing functions (PKCS#11 3.0 5.13). The key works outside every lock.

use cryptoki_sys::*;
use ingam::mechanism::SignRequest;
use ingam::{Error, ErrorKind};

use crate::abi::argument::Input;
use crate::abi::buffer::Buffer;
use crate::abi::parameter::GivenMechanism;
use crate::library::Library;
use crate::mechanism;
use crate::message::Message;
use crate::operation::{self, Signing};
use crate::rv::{Answer, Rv};

/// C_SignInit.
pub(crate) fn init(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let session = library.session(session)?;
    let Some(mechanism) = operation::begin(&mut session.operations().sign, mechanism)? else { return Ok(()) };
    mechanism::can(mechanism.kind, CKF_SIGN)?;
    let key = session.slot().key(key)?;
    key.permits(CKO_PRIVATE_KEY, CKA_SIGN, mechanism.kind)?;
    let bits = key.bits()?;
    let (mechanism, form) = mechanism::signature(&mechanism, bits)?;
    let (signer, login) = key.signer(library, session.slot())?;
    let signing = Signing { login, signer, mechanism, message: Message::new(form), length: bits.div_ceil(8) };
    session.operations().sign = Some(signing);
    Ok(())
}

/// C_Sign.
pub(crate) fn sign(
    library: &Library,
    session: CK_SESSION_HANDLE,
    data: Input<'_>,
    mut signature: Buffer<'_, u8>,
) -> Answer {
    let session = library.session(session)?;
    let operation = {
        let active = &mut session.operations().sign;
        operation::whole(active, |signing| signing.message.has_begun())?;
        operation::take(active, &mut signature, |signing| signing.length)?
    };
    let Some(Signing { signer, mechanism, message, .. }) = operation else { return Ok(()) };
    let made = data.with(|data| {
        let request = SignRequest { mechanism, input: message.form().input(data)? };
        signer.sign(&request).map_err(|error| library.without_key(&session, refused(error)))
    })?;
    signature.answer(&made)
}

/// C_SignUpdate.
pub(crate) fn update(library: &Library, session: CK_SESSION_HANDLE, part: Input<'_>) -> Answer {
    let session = library.session(session)?;
    operation::step(&mut session.operations().sign, |signing| part.with(|part| signing.message.update(part)))
}

/// C_SignFinal.
pub(crate) fn finish(library: &Library, session: CK_SESSION_HANDLE, mut signature: Buffer<'_, u8>) -> Answer {
    let session = library.session(session)?;
    let operation = operation::take(&mut session.operations().sign, &mut signature, |signing| signing.length)?;
    let Some(Signing { signer, mechanism, mut message, .. }) = operation else { return Ok(()) };
    let whole = message.end()?;
    let made = signer.sign(&SignRequest { mechanism, input: whole.input() });
    signature.answer(&made.map_err(|error| library.without_key(&session, refused(error)))?)
}

fn refused(error: Error) -> Rv {
    match error.kind() {
        ErrorKind::InvalidInput => Rv::caused(CKR_DATA_LEN_RANGE, error),
        ErrorKind::Unsupported => Rv::caused(CKR_KEY_SIZE_RANGE, error),
        // An object of a session that was destroyed meanwhile.
        ErrorKind::NotFound => Rv::caused(CKR_KEY_HANDLE_INVALID, error),
        _ => error.into(),
    }
}
