//! This file holds what a session is in the middle of: at most one operation of each sort.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::crypto::Hasher;
use ingam::crypto::rsa::PublicKey;
use ingam::mechanism::{DecryptMechanism, Hash, SignMechanism};
use ingam::token::{Decrypter, Signer};

use crate::abi::buffer::{Buffer, Wish};
use crate::abi::parameter::GivenMechanism;
use crate::message::{Bounded, Message};
use crate::rv::Answer;

/// The operations of a session.
#[derive(Default)]
pub(crate) struct Operations {
    pub(crate) find: Option<std::vec::IntoIter<CK_OBJECT_HANDLE>>,
    pub(crate) digest: Option<Digesting>,
    pub(crate) sign: Option<Signing>,
    pub(crate) verify: Option<Verifying>,
    pub(crate) encrypt: Option<Encrypting>,
    pub(crate) decrypt: Option<Decrypting>,
}

pub(crate) struct Digesting {
    pub(crate) hash: Hash,
    pub(crate) hasher: Hasher,
    /// Whether parts came in already.
    pub(crate) begun: bool,
}

pub(crate) struct Signing {
    /// The login that lends the key, if one does.
    pub(crate) login: Option<u64>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) mechanism: SignMechanism,
    pub(crate) message: Message,
    /// Length of the modulus, and so of the signature, in bytes.
    pub(crate) length: usize,
}

pub(crate) struct Verifying {
    pub(crate) key: PublicKey,
    pub(crate) mechanism: SignMechanism,
    pub(crate) message: Message,
    pub(crate) length: usize,
}

pub(crate) struct Encrypting {
    pub(crate) key: PublicKey,
    pub(crate) mechanism: DecryptMechanism,
    pub(crate) length: usize,
    pub(crate) gathered: Option<Bounded>,
}

pub(crate) struct Decrypting {
    /// The login that lends the key, if one does.
    pub(crate) login: Option<u64>,
    pub(crate) decrypter: Arc<dyn Decrypter>,
    pub(crate) mechanism: DecryptMechanism,
    pub(crate) length: usize,
    pub(crate) gathered: Option<Bounded>,
}

impl Operations {
    /// Ends the operations that use a private key by this login, which is over.
    pub(crate) fn cancel_private(&mut self, login: u64) {
        self.sign.take_if(|signing| signing.login == Some(login));
        self.decrypt.take_if(|decrypting| decrypting.login == Some(login));
    }
}

/// The mechanism to begin with; `None` if the caller ended the active operation instead, by giving no mechanism
/// (PKCS#11 3.0 5.8 and others).
///
/// # Errors
/// `CKR_OPERATION_ACTIVE`; `CKR_ARGUMENTS_BAD` if there was nothing to end.
pub(crate) fn begin<T>(active: &mut Option<T>, mechanism: Option<GivenMechanism>) -> Answer<Option<GivenMechanism>> {
    match (mechanism, active.is_some()) {
        (Some(mechanism), false) => Ok(Some(mechanism)),
        (Some(_), true) => Err(CKR_OPERATION_ACTIVE.into()),
        (None, true) => {
            *active = None;
            Ok(None)
        }
        (None, false) => Err(CKR_ARGUMENTS_BAD.into()),
    }
}

/// Ends an operation to give its result of known length. It stays if only the length was asked for (`None`) or the buffer is
/// too small; the next call starts from the same state.
///
/// # Errors
/// `CKR_OPERATION_NOT_INITIALIZED`, `CKR_BUFFER_TOO_SMALL`.
pub(crate) fn take<T>(
    active: &mut Option<T>,
    output: &mut Buffer<'_, u8>,
    length: impl FnOnce(&T) -> usize,
) -> Answer<Option<T>> {
    let operation = active.as_ref().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    match output.offer(length(operation))? {
        Wish::Length => Ok(None),
        Wish::Result => Ok(active.take()),
    }
}

/// Ends an operation on parts that is asked for a whole instead.
///
/// # Errors
/// `CKR_OPERATION_NOT_INITIALIZED` if there is none, or one that has begun with parts.
pub(crate) fn whole<T>(active: &mut Option<T>, has_begun: impl FnOnce(&T) -> bool) -> Answer {
    if active.as_ref().is_some_and(has_begun) {
        *active = None;
    }
    if active.is_some() { Ok(()) } else { Err(CKR_OPERATION_NOT_INITIALIZED.into()) }
}

/// Does the next step of an operation; one that fails ends it.
///
/// # Errors
/// `CKR_OPERATION_NOT_INITIALIZED`, or that of the step.
pub(crate) fn step<T>(active: &mut Option<T>, step: impl FnOnce(&mut T) -> Answer) -> Answer {
    let answer = step(active.as_mut().ok_or(CKR_OPERATION_NOT_INITIALIZED)?);
    if answer.is_err() {
        *active = None;
    }
    answer
}
