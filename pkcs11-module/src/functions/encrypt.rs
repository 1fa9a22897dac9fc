//! This file answers the encryption functions (PKCS#11 3.0 5.8): to a public key, no login needed.

use cryptoki_sys::*;
use ingam::{Error, ErrorKind};

use crate::abi::argument::Input;
use crate::abi::buffer::{Buffer, Wish};
use crate::abi::parameter::GivenMechanism;
use crate::library::Library;
use crate::mechanism;
use crate::message::Bounded;
use crate::operation::{self, Encrypting};
use crate::rv::{Answer, Rv};

/// C_EncryptInit.
pub(crate) fn init(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let session = library.session(session)?;
    let mut operations = session.operations();
    let Some(mechanism) = operation::begin(&mut operations.encrypt, mechanism)? else { return Ok(()) };
    mechanism::can(mechanism.kind, CKF_ENCRYPT)?;
    let key = session.slot().key(key)?;
    key.permits(CKO_PUBLIC_KEY, CKA_ENCRYPT, mechanism.kind)?;
    let mechanism = mechanism::encryption(mechanism)?;
    let bits = key.bits()?;
    let key = key.public_key()?;
    operations.encrypt = Some(Encrypting { key, mechanism, length: bits.div_ceil(8), gathered: None });
    Ok(())
}

/// C_Encrypt.
pub(crate) fn encrypt(
    library: &Library,
    session: CK_SESSION_HANDLE,
    data: Input<'_>,
    mut encrypted: Buffer<'_, u8>,
) -> Answer {
    let session = library.session(session)?;
    let operation = {
        let active = &mut session.operations().encrypt;
        operation::whole(active, |encrypting| encrypting.gathered.is_some())?;
        operation::take(active, &mut encrypted, |encrypting| encrypting.length)?
    };
    let Some(Encrypting { key, mechanism, .. }) = operation else { return Ok(()) };
    encrypted.answer(&data.with(|data| key.encrypt(&mechanism, data)).map_err(refused)?)
}

/// C_EncryptUpdate. RSA takes one block: parts are gathered and the result comes at the end.
pub(crate) fn update(
    library: &Library,
    session: CK_SESSION_HANDLE,
    part: Input<'_>,
    mut encrypted: Buffer<'_, u8>,
) -> Answer {
    let session = library.session(session)?;
    operation::step(&mut session.operations().encrypt, |encrypting| {
        if encrypted.offer(0)? == Wish::Length {
            return Ok(());
        }
        let length = encrypting.length;
        let gathered = encrypting.gathered.get_or_insert_with(|| Bounded::new(length));
        part.with(|part| gathered.extend(part, CKR_DATA_LEN_RANGE))?;
        encrypted.answer(&[])
    })
}

/// C_EncryptFinal.
pub(crate) fn finish(library: &Library, session: CK_SESSION_HANDLE, mut encrypted: Buffer<'_, u8>) -> Answer {
    let session = library.session(session)?;
    let operation = operation::take(&mut session.operations().encrypt, &mut encrypted, |encrypting| encrypting.length)?;
    let Some(Encrypting { key, mechanism, gathered, .. }) = operation else { return Ok(()) };
    let data = gathered.as_ref().map_or(&[][..], Bounded::bytes);
    encrypted.answer(&key.encrypt(&mechanism, data).map_err(refused)?)
}

fn refused(error: Error) -> Rv {
    match error.kind() {
        ErrorKind::InvalidInput => Rv::caused(CKR_DATA_LEN_RANGE, error),
        ErrorKind::Unsupported => Rv::caused(CKR_KEY_SIZE_RANGE, error),
        _ => error.into(),
    }
}
