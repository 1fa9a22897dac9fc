//! This file answers the functions that verify signatures (PKCS#11 3.0 5.15). They need a public key and no login.

use cryptoki_sys::*;
use ingam::mechanism::{SignInput, SignRequest};
use ingam::{Error, ErrorKind};

use crate::abi::argument::Input;
use crate::abi::parameter::GivenMechanism;
use crate::library::Library;
use crate::mechanism;
use crate::message::Message;
use crate::operation::{self, Verifying};
use crate::rv::{Answer, Rv};

/// C_VerifyInit.
pub(crate) fn init(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let session = library.session(session)?;
    let mut operations = session.operations();
    let Some(mechanism) = operation::begin(&mut operations.verify, mechanism)? else { return Ok(()) };
    mechanism::can(mechanism.kind, CKF_VERIFY)?;
    let key = session.slot().key(key)?;
    key.permits(CKO_PUBLIC_KEY, CKA_VERIFY, mechanism.kind)?;
    let bits = key.bits()?;
    let (mechanism, form) = mechanism::signature(&mechanism, bits)?;
    let key = key.public_key()?;
    operations.verify = Some(Verifying { key, mechanism, message: Message::new(form), length: bits.div_ceil(8) });
    Ok(())
}

/// C_Verify.
pub(crate) fn verify(library: &Library, session: CK_SESSION_HANDLE, data: Input<'_>, signature: Input<'_>) -> Answer {
    let session = library.session(session)?;
    let operation = session.operations().verify.take().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if operation.message.has_begun() {
        return Err(CKR_OPERATION_NOT_INITIALIZED.into());
    }
    data.with(|data| operation.check(operation.message.form().input(data)?, signature))
}

/// C_VerifyUpdate.
pub(crate) fn update(library: &Library, session: CK_SESSION_HANDLE, part: Input<'_>) -> Answer {
    let session = library.session(session)?;
    operation::step(&mut session.operations().verify, |verifying| part.with(|part| verifying.message.update(part)))
}

/// C_VerifyFinal.
pub(crate) fn finish(library: &Library, session: CK_SESSION_HANDLE, signature: Input<'_>) -> Answer {
    let session = library.session(session)?;
    let mut operation = session.operations().verify.take().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    let whole = operation.message.end()?;
    operation.check(whole.input(), signature)
}

impl Verifying {
    fn check(&self, input: SignInput<'_>, signature: Input<'_>) -> Answer {
        if signature.len() != self.length {
            return Err(CKR_SIGNATURE_LEN_RANGE.into());
        }
        let request = SignRequest { mechanism: self.mechanism, input };
        signature.with(|signature| self.key.verify(&request, signature)).map_err(refused)
    }
}

fn refused(error: Error) -> Rv {
    match error.kind() {
        ErrorKind::Mismatch => Rv::caused(CKR_SIGNATURE_INVALID, error),
        ErrorKind::InvalidInput => Rv::caused(CKR_DATA_LEN_RANGE, error),
        ErrorKind::Unsupported => Rv::caused(CKR_KEY_SIZE_RANGE, error),
        _ => error.into(),
    }
}
