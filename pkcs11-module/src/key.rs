//! This file says what a key that a handle names may be used for, be it the token's or an application's own.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::crypto::rsa::PublicKey;
use ingam::token::{Decrypter, Signer};

use crate::library::Library;
use crate::object::{Found, Part};
use crate::rv::{Answer, Rv};
use crate::slot::SlotState;

impl Found {
    /// CKA_CLASS.
    pub(crate) fn class(&self) -> CK_OBJECT_CLASS {
        match self {
            Self::Token(object) => object.part().class(),
            Self::Session(object) => object.class().number(),
        }
    }

    pub(crate) fn is_key(&self) -> bool {
        match self {
            Self::Token(object) => matches!(object.part(), Part::PublicKey | Part::PrivateKey),
            Self::Session(object) => object.class().is_key(),
        }
    }

    /// Whether the key is of this class and may be used for this (`CKA_SIGN` and its like) with this mechanism.
    ///
    /// # Errors
    /// `CKR_KEY_TYPE_INCONSISTENT`, `CKR_KEY_FUNCTION_NOT_PERMITTED`; `CKR_MECHANISM_INVALID` for one that the key's
    /// CKA_ALLOWED_MECHANISMS do not have.
    pub(crate) fn permits(
        &self,
        class: CK_OBJECT_CLASS,
        usage: CK_ATTRIBUTE_TYPE,
        mechanism: CK_MECHANISM_TYPE,
    ) -> Answer {
        if self.class() != class {
            return Err(CKR_KEY_TYPE_INCONSISTENT.into());
        }
        let (permitted, allowed) = match self {
            Self::Token(object) if matches!(usage, CKA_SIGN | CKA_VERIFY) => (object.view().may_sign(), true),
            Self::Token(object) => (object.view().may_decrypt(), true),
            Self::Session(object) => (object.values().flag(usage), object.values().allows(mechanism)),
        };
        match (permitted, allowed) {
            (false, _) => Err(CKR_KEY_FUNCTION_NOT_PERMITTED.into()),
            (true, false) => Err(CKR_MECHANISM_INVALID.into()),
            (true, true) => Ok(()),
        }
    }

    /// Length of the modulus in bits.
    ///
    /// # Errors
    /// `CKR_KEY_TYPE_INCONSISTENT` for a key that is not RSA.
    pub(crate) fn bits(&self) -> Answer<usize> {
        let bits = match self {
            Self::Token(object) => object.view().certificate().key_bits(),
            Self::Session(object) => object.rsa().and_then(|(modulus, _)| {
                modulus.first().map(|first| modulus.len() * 8 - first.leading_zeros() as usize)
            }),
        };
        bits.ok_or_else(|| CKR_KEY_TYPE_INCONSISTENT.into())
    }

    /// The key that verifies and encrypts.
    ///
    /// # Errors
    /// `CKR_KEY_SIZE_RANGE`, `CKR_KEY_TYPE_INCONSISTENT` if it is not RSA.
    pub(crate) fn public_key(&self) -> Answer<PublicKey> {
        match self {
            Self::Token(object) => object.view().public_key(),
            Self::Session(object) => {
                let (modulus, exponent) = object.rsa().ok_or(CKR_KEY_TYPE_INCONSISTENT)?;
                PublicKey::new(modulus, exponent).map_err(|error| Rv::caused(CKR_KEY_SIZE_RANGE, error))
            }
        }
    }

    /// The private key as a signer, and the number of the login that lends it, if one does.
    ///
    /// # Errors
    /// As [`SlotState::signer`].
    pub(crate) fn signer(&self, library: &Library, slot: &SlotState) -> Answer<(Arc<dyn Signer>, Option<u64>)> {
        match self {
            Self::Token(object) => slot.signer(library, object).map(|(signer, login)| (signer, Some(login))),
            Self::Session(object) => {
                let key = object.key().ok_or(CKR_KEY_TYPE_INCONSISTENT)?;
                Ok((Arc::clone(key) as _, slot.login_number().filter(|_| object.is_private())))
            }
        }
    }

    /// The private key as a decrypter, and the number of the login that lends it, if one does.
    ///
    /// # Errors
    /// As [`SlotState::decrypter`].
    pub(crate) fn decrypter(&self, library: &Library, slot: &SlotState) -> Answer<(Arc<dyn Decrypter>, Option<u64>)> {
        match self {
            Self::Token(object) => slot.decrypter(library, object).map(|(decrypter, login)| (decrypter, Some(login))),
            Self::Session(object) => {
                let key = object.key().ok_or(CKR_KEY_TYPE_INCONSISTENT)?;
                Ok((Arc::clone(key) as _, slot.login_number().filter(|_| object.is_private())))
            }
        }
    }
}
