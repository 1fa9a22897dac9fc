//! This file says which PKCS#11 objects a certificate of the medium stands for.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::certificate::{Certificate, KeyUsage};
use ingam::credential::{KeyId, Purpose};
use ingam::crypto::rsa::PublicKey;

use crate::objects::{Holder, Objects};
use crate::rv::{Answer, Rv};
use crate::session_object::SessionObject;

/// One of the objects that belong to one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    Certificate,
    PublicKey,
    PrivateKey,
    /// R (randomNum, 본인확인 정보) as a data object.
    Random,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Certificate, Self::PublicKey, Self::PrivateKey, Self::Random];

    /// CKA_CLASS.
    pub(crate) const fn class(self) -> CK_OBJECT_CLASS {
        match self {
            Self::Certificate => CKO_CERTIFICATE,
            Self::PublicKey => CKO_PUBLIC_KEY,
            Self::PrivateKey => CKO_PRIVATE_KEY,
            Self::Random => CKO_DATA,
        }
    }

    /// CKA_PRIVATE: whether it shows only after login.
    pub(crate) const fn is_private(self) -> bool {
        matches!(self, Self::PrivateKey | Self::Random)
    }
}

/// What a handle names.
#[derive(Clone)]
pub(crate) enum Found {
    /// An object of the token.
    Token(Object),
    /// An object that an application made.
    Session(Arc<SessionObject>),
}

/// An object, with the listing that it is of.
#[derive(Clone)]
pub(crate) struct Object {
    objects: Arc<Objects>,
    index: usize,
    part: Part,
}

impl Object {
    pub(crate) const fn new(objects: Arc<Objects>, index: usize, part: Part) -> Self {
        Self { objects, index, part }
    }

    /// Whether the certificate has this part.
    pub(crate) fn exists(&self) -> bool {
        self.objects.has(self.index, self.part)
    }

    pub(crate) const fn part(&self) -> Part {
        self.part
    }

    /// The object as attributes are asked of it.
    pub(crate) fn view(&self) -> View<'_> {
        self.objects.view(self.index, self.part)
    }

    /// The name of the private key of a private object.
    pub(crate) fn private_key(&self) -> Option<&KeyId> {
        self.objects.private_key(self.index).filter(|_| self.part.is_private())
    }
}

/// An object within its listing.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) objects: &'a Objects,
    pub(crate) index: usize,
    pub(crate) part: Part,
}

impl<'a> View<'a> {
    pub(crate) fn certificate(self) -> &'a Certificate {
        self.objects.certificate(self.index)
    }

    /// RSA modulus and exponent.
    pub(crate) fn rsa(self) -> Option<(&'a [u8], &'a [u8])> {
        self.certificate().rsa_public()
    }

    /// The key that verifies and encrypts.
    ///
    /// # Errors
    /// `CKR_KEY_SIZE_RANGE`, `CKR_KEY_TYPE_INCONSISTENT` if it is not RSA.
    pub(crate) fn public_key(self) -> Answer<PublicKey> {
        let (modulus, exponent) = self.rsa().ok_or(CKR_KEY_TYPE_INCONSISTENT)?;
        PublicKey::new(modulus, exponent).map_err(|error| Rv::caused(CKR_KEY_SIZE_RANGE, error))
    }

    /// Whether the key may sign, and its public key verify (keyUsage; without one, it may).
    pub(crate) fn may_sign(self) -> bool {
        let usage = self.certificate().key_usage();
        usage.is_none_or(|usage| usage.allows(KeyUsage::DIGITAL_SIGNATURE) || usage.allows(KeyUsage::NON_REPUDIATION))
    }

    /// Whether the object can be destroyed: a private key can, and its certificate goes with it; the signing key of a set
    /// after the encryption pair.
    pub(crate) fn is_destroyable(self) -> bool {
        let Holder::Owner { entry, purpose } = self.objects.holder(self.index) else { return false };
        let last = *purpose == Purpose::KeyManagement || entry.content.as_ref().is_ok_and(|set| set.km.is_none());
        self.part == Part::PrivateKey && last
    }

    /// Whether the key may decrypt, and its public key encrypt.
    pub(crate) fn may_decrypt(self) -> bool {
        let usage = self.certificate().key_usage();
        usage.is_none_or(|usage| usage.allows(KeyUsage::KEY_ENCIPHERMENT) || usage.allows(KeyUsage::DATA_ENCIPHERMENT))
    }
}
