//! This file lends out an opened key file as signer and decrypter until its token takes it back.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use crate::certificate::Certificate;
use crate::credential::VidRandom;
use crate::crypto::rsa::PrivateKey;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{DecryptMechanism, SignRequest};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::secret::SecretBytes;
use crate::token::{Decrypter, Signer};

/// A key file that the password opened and that fits its certificate.
///
/// Preparing the key for its engine takes longer than opening the file, so it waits for the first use; what is prepared
/// stays until [`revoke`](Self::revoke).
pub(super) struct SoftKey {
    opened: RwLock<Option<Arc<Opened>>>,
}

struct Opened {
    info: PrivateKeyInfo,
    key: OnceLock<Result<PrivateKey>>,
}

impl SoftKey {
    /// Takes a decrypted key.
    ///
    /// # Errors
    /// `Mismatch` if it is not the key of this certificate; `Damaged` if its key structure cannot be read.
    pub(super) fn new(info: PrivateKeyInfo, certificate: &Certificate) -> Result<Self> {
        let fits = certificate.rsa_public() == Some(info.rsa_public()?);
        if !fits {
            return Err(Error::new(ErrorKind::Mismatch, "comparing the private key with its certificate"));
        }
        let opened = Opened { info, key: OnceLock::new() };
        Ok(Self { opened: RwLock::new(Some(Arc::new(opened))) })
    }

    /// Prepares the key now instead of at its first use.
    ///
    /// # Errors
    /// `Damaged`, `Unsupported`; `NotLoggedIn` after [`revoke`](Self::revoke).
    pub(super) fn prepare(&self) -> Result<()> {
        self.opened()?.key().map(|_| ())
    }

    /// R of this key.
    ///
    /// # Errors
    /// `NotLoggedIn` after [`revoke`](Self::revoke).
    pub(super) fn vid_random(&self) -> Result<Option<VidRandom>> {
        Ok(self.opened()?.info.vid_random())
    }

    /// A copy of the decrypted PrivateKeyInfo, with R and every other attribute.
    ///
    /// # Errors
    /// `NotLoggedIn` after [`revoke`](Self::revoke).
    pub(super) fn info(&self) -> Result<SecretBytes> {
        Ok(SecretBytes::copy_of(self.opened()?.info.der()))
    }

    /// Wipes the key; an operation that is under way ends first, every later one answers `NotLoggedIn`.
    pub(super) fn revoke(&self) {
        self.opened.write().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The opened key, so that the work itself is done outside the lock.
    fn opened(&self) -> Result<Arc<Opened>> {
        let opened = self.opened.read().unwrap_or_else(PoisonError::into_inner);
        opened.clone().ok_or(Error::new(ErrorKind::NotLoggedIn, "using a private key"))
    }
}

impl Opened {
    fn key(&self) -> Result<&PrivateKey> {
        self.key.get_or_init(|| PrivateKey::from_pkcs1_der(self.info.rsa_private_key())).as_ref().map_err(Clone::clone)
    }
}

impl Signer for SoftKey {
    fn sign(&self, request: &SignRequest<'_>) -> Result<Vec<u8>> {
        self.opened()?.key()?.sign(request)
    }
}

impl Decrypter for SoftKey {
    fn decrypt(&self, mechanism: &DecryptMechanism, ciphertext: &[u8]) -> Result<SecretBytes> {
        self.opened()?.key()?.decrypt(mechanism, ciphertext)
    }
}
