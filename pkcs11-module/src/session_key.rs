//! This file holds an RSA private key that an application brought or had made, until its object is destroyed.

use std::sync::{Arc, PoisonError, RwLock};

use ingam::crypto::rsa::PrivateKey;
use ingam::mechanism::{DecryptMechanism, SignRequest};
use ingam::secret::SecretBytes;
use ingam::token::{Decrypter, Signer};
use ingam::{Error, ErrorKind, Result};

/// A private key that can be taken back from the operations that use it.
pub(crate) struct SessionKey(RwLock<Option<Arc<PrivateKey>>>);

impl SessionKey {
    /// Prepares the key of an RSAPrivateKey.
    ///
    /// # Errors
    /// As [`PrivateKey::from_pkcs1_der`].
    pub(crate) fn new(rsa_private_key: &[u8]) -> Result<Self> {
        Ok(Self(RwLock::new(Some(Arc::new(PrivateKey::from_pkcs1_der(rsa_private_key)?)))))
    }

    /// The key.
    ///
    /// # Errors
    /// `NotFound` after [`wipe`](Self::wipe).
    pub(crate) fn key(&self) -> Result<Arc<PrivateKey>> {
        let key = self.0.read().unwrap_or_else(PoisonError::into_inner);
        key.clone().ok_or(Error::new(ErrorKind::NotFound, "using a key that was destroyed"))
    }

    /// Wipes the key; an operation that is under way ends first, every later one fails.
    pub(crate) fn wipe(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Wipes the key unless another thread is using it just now.
    pub(crate) fn try_wipe(&self) {
        if let Ok(mut key) = self.0.try_write() {
            key.take();
        }
    }
}

impl Signer for SessionKey {
    fn sign(&self, request: &SignRequest<'_>) -> Result<Vec<u8>> {
        self.key()?.sign(request)
    }
}

impl Decrypter for SessionKey {
    fn decrypt(&self, mechanism: &DecryptMechanism, ciphertext: &[u8]) -> Result<SecretBytes> {
        self.key()?.decrypt(mechanism, ciphertext)
    }
}
