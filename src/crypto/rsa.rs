//! This file makes and checks RSA signatures and opens RSA ciphertexts: AWS-LC for the private operation of every common
//! request, crate `rsa` (blinded) for the rest.

use crate::error::Result;
use crate::mechanism::{DecryptMechanism, SignRequest};
use crate::secret::SecretBytes;

/// An RSA private key, prepared once: the first-use set-up of its engine is done when it is made. Wiped on drop.
pub struct PrivateKey {}

impl PrivateKey {
    /// Prepares the key from the DER of an RSAPrivateKey (RFC 8017 A.1.2); checks its consistency.
    ///
    /// # Errors
    /// `Damaged` if it is no RSA key, `Unsupported` if its size is not 1024 to 8192 bits.
    pub fn from_pkcs1_der(_der: &[u8]) -> Result<Self> {
        todo!()
    }
    /// Modulus and public exponent, big-endian without leading zeros.
    pub fn public(&self) -> (&[u8], &[u8]) {
        todo!()
    }
    /// Makes one signature.
    ///
    /// # Errors
    /// As [`Signer::sign`](crate::token::Signer::sign).
    pub fn sign(&self, _request: &SignRequest<'_>) -> Result<Vec<u8>> {
        todo!()
    }
    /// Opens one ciphertext.
    ///
    /// # Errors
    /// As [`Decrypter::decrypt`](crate::token::Decrypter::decrypt).
    pub fn decrypt(&self, _mechanism: &DecryptMechanism, _ciphertext: &[u8]) -> Result<SecretBytes> {
        todo!()
    }
}

/// An RSA public key that verifies and encrypts.
#[derive(Clone, Debug)]
pub struct PublicKey {}

impl PublicKey {
    /// From big-endian modulus and exponent.
    ///
    /// # Errors
    /// `Unsupported` if the size is not 1024 to 8192 bits.
    pub fn new(_modulus: &[u8], _exponent: &[u8]) -> Result<Self> {
        todo!()
    }
    /// Checks one signature (`Pkcs1Raw`: the padded content equals the input message).
    ///
    /// # Errors
    /// `Mismatch` if it does not fit; `InvalidInput` if its length or the input's is wrong.
    pub fn verify(&self, _request: &SignRequest<'_>, _signature: &[u8]) -> Result<()> {
        todo!()
    }
    /// Encrypts to this key.
    ///
    /// # Errors
    /// `InvalidInput` if the plaintext is too long.
    pub fn encrypt(&self, _mechanism: &DecryptMechanism, _plaintext: &[u8]) -> Result<Vec<u8>> {
        todo!()
    }
}
