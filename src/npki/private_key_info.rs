//! This file reads PrivateKeyInfo (PKCS#8, RFC 5208) and R in its attributes, and keeps every byte as it was.

use crate::credential::VidRandom;
use crate::npki::key_file::KeyFileError;
use crate::secret::SecretBytes;

/// A decrypted PrivateKeyInfo: its exact DER, wiped on drop. Conversions carry these bytes, never a re-encoding.
pub struct PrivateKeyInfo {}

impl PrivateKeyInfo {
    /// Reads it. RSA, with or without NULL parameters; attributes may be missing.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn from_der(_der: SecretBytes) -> Result<Self, KeyFileError> {
        todo!()
    }
    /// The exact DER.
    pub fn der(&self) -> &[u8] {
        todo!()
    }
    /// DER of the RSAPrivateKey inside.
    pub fn rsa_private_key(&self) -> &[u8] {
        todo!()
    }
    /// Modulus and public exponent of the key, big-endian without leading zeros.
    pub fn rsa_public(&self) -> Result<(&[u8], &[u8]), KeyFileError> {
        todo!()
    }
    /// R; `None` if the key has none.
    pub fn vid_random(&self) -> Option<VidRandom> {
        todo!()
    }
}
