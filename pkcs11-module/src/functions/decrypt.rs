//! This file answers the decryption functions (PKCS#11 3.0 5.10). The key works outside every lock, and whatever is wrong
//! with a ciphertext gets one answer: more would tell its reader about the plaintext.

use cryptoki_sys::*;
use ingam::{Error, ErrorKind};

use crate::abi::argument::Input;
use crate::abi::buffer::{Buffer, Wish};
use crate::abi::parameter::GivenMechanism;
use crate::library::Library;
use crate::mechanism;
use crate::message::Bounded;
use crate::operation::{self, Decrypting};
use crate::rv::{Answer, Rv};
use crate::session::Session;

/// C_DecryptInit.
pub(crate) fn init(
    library: &Library,
    session: CK_SESSION_HANDLE,
    mechanism: Option<GivenMechanism>,
    key: CK_OBJECT_HANDLE,
) -> Answer {
    let session = library.session(session)?;
    let Some(mechanism) = operation::begin(&mut session.operations().decrypt, mechanism)? else { return Ok(()) };
    mechanism::can(mechanism.kind, CKF_DECRYPT)?;
    let key = session.slot().key(key)?;
    key.permits(CKO_PRIVATE_KEY, CKA_DECRYPT, mechanism.kind)?;
    let mechanism = mechanism::encryption(mechanism)?;
    let bits = key.bits()?;
    let (decrypter, login) = key.decrypter(library, session.slot())?;
    let decrypting = Decrypting { login, decrypter, mechanism, length: bits.div_ceil(8), gathered: None };
    session.operations().decrypt = Some(decrypting);
    Ok(())
}

/// C_Decrypt.
pub(crate) fn decrypt(
    library: &Library,
    session: CK_SESSION_HANDLE,
    encrypted: Input<'_>,
    mut data: Buffer<'_, u8>,
) -> Answer {
    let session = library.session(session)?;
    let operation = {
        let active = &mut session.operations().decrypt;
        operation::whole(active, |decrypting| decrypting.gathered.is_some())?;
        take(active, &mut data)?
    };
    let answer = operation.map_or(Ok(()), |operation| run(&session, operation, Some(encrypted), &mut data));
    answer.map_err(|rv| library.without_key(&session, rv))
}

/// C_DecryptUpdate. RSA takes one block: parts are gathered and the result comes at the end.
pub(crate) fn update(
    library: &Library,
    session: CK_SESSION_HANDLE,
    encrypted: Input<'_>,
    mut part: Buffer<'_, u8>,
) -> Answer {
    let session = library.session(session)?;
    operation::step(&mut session.operations().decrypt, |decrypting| {
        if part.offer(0)? == Wish::Length {
            return Ok(());
        }
        let length = decrypting.length;
        let gathered = decrypting.gathered.get_or_insert_with(|| Bounded::new(length));
        encrypted.with(|encrypted| gathered.extend(encrypted, CKR_ENCRYPTED_DATA_LEN_RANGE))?;
        part.answer(&[])
    })
}

/// C_DecryptFinal.
pub(crate) fn finish(library: &Library, session: CK_SESSION_HANDLE, mut part: Buffer<'_, u8>) -> Answer {
    let session = library.session(session)?;
    let operation = take(&mut session.operations().decrypt, &mut part)?;
    let answer = operation.map_or(Ok(()), |operation| run(&session, operation, None, &mut part));
    answer.map_err(|rv| library.without_key(&session, rv))
}

/// Takes the operation, unless only the length is asked for. That is the modulus' then: the plaintext's is a secret of the
/// ciphertext, and opening it to answer would not be worth it.
fn take(active: &mut Option<Decrypting>, output: &mut Buffer<'_, u8>) -> Answer<Option<Decrypting>> {
    let operation = active.as_ref().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    if output.room().is_none() {
        output.offer(operation.length)?;
        return Ok(None);
    }
    Ok(active.take())
}

/// Decrypts the ciphertext, or what was gathered of it. With too little room for the result the operation goes back.
fn run(session: &Session, operation: Decrypting, whole: Option<Input<'_>>, output: &mut Buffer<'_, u8>) -> Answer {
    let decrypt = |ciphertext: &[u8]| {
        if ciphertext.len() != operation.length {
            return Err(CKR_ENCRYPTED_DATA_LEN_RANGE.into());
        }
        operation.decrypter.decrypt(&operation.mechanism, ciphertext).map_err(refused)
    };
    let plaintext = match whole {
        Some(whole) => whole.with(decrypt)?,
        None => decrypt(operation.gathered.as_ref().map_or(&[], Bounded::bytes))?,
    };
    let answer = output.answer(plaintext.expose());
    let too_small = answer.as_ref().is_err_and(|rv| rv.code() == CKR_BUFFER_TOO_SMALL);
    if too_small && operation.login.is_none_or(|login| session.slot().login_number() == Some(login)) {
        session.operations().decrypt = Some(operation);
    }
    answer
}

fn refused(error: Error) -> Rv {
    match error.kind() {
        ErrorKind::InvalidInput => Rv::caused(CKR_ENCRYPTED_DATA_INVALID, error),
        ErrorKind::Unsupported => Rv::caused(CKR_KEY_SIZE_RANGE, error),
        // An object of a session that was destroyed meanwhile.
        ErrorKind::NotFound => Rv::caused(CKR_KEY_HANDLE_INVALID, error),
        _ => error.into(),
    }
}
