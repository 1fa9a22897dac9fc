//! This file is the engine for rare requests: crate `rsa`, every private operation blinded and its result checked.

use ::rsa::pkcs1::DecodeRsaPrivateKey;
use ::rsa::traits::{PaddingScheme, PublicKeyParts, SignatureScheme};
use ::rsa::{BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPrivateKey, hazmat};

use crate::crypto::random::Generator;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::DecryptMechanism;
use crate::secret::SecretBytes;

/// A key of 1024 to 8192 bits.
pub(super) struct BlindedKey(RsaPrivateKey);

impl BlindedKey {
    /// Loads and checks an RSAPrivateKey; `None` if its numbers do not fit each other.
    pub(super) fn new(pkcs1_der: &[u8]) -> Option<Self> {
        RsaPrivateKey::from_pkcs1_der(pkcs1_der).ok().map(Self)
    }

    /// PKCS#1 v1.5 around this content.
    pub(super) fn sign_pkcs1(&self, content: &[u8]) -> Result<Vec<u8>> {
        Pkcs1v15Sign::new_unprefixed().sign(Some(&mut Generator), &self.0, content).map_err(failed)
    }

    /// RSASP1 (RFC 8017 section 5.2.1) on an encoded message, which must be less than the modulus.
    pub(super) fn private_operation(&self, encoded: &[u8]) -> Result<Vec<u8>> {
        let message = BoxedUint::from_be_slice(encoded, self.0.n_bits_precision())
            .map_err(|_| Error::new(ErrorKind::InvalidInput, "signing"))?;
        let signature = hazmat::rsa_decrypt_and_check(&self.0, Some(&mut Generator), &message).map_err(failed)?;
        Ok(to_bytes(&signature, self.0.size()))
    }

    /// Opens one ciphertext; `None` for whatever is wrong.
    pub(super) fn decrypt(&self, mechanism: &DecryptMechanism, ciphertext: &[u8]) -> Option<SecretBytes> {
        let rng = Some(&mut Generator);
        let plaintext = match mechanism {
            DecryptMechanism::Pkcs1 => Pkcs1v15Encrypt.decrypt(rng, &self.0, ciphertext),
            DecryptMechanism::Oaep { hash, mgf, label } => with_hash!(hash, D => with_hash!(mgf, M => {
                let padding = Oaep::<D, M>::new_with_mgf_hash_and_label(label.as_slice());
                padding.decrypt(rng, &self.0, ciphertext)
            })),
        };
        plaintext.ok().map(SecretBytes::from)
    }
}

fn failed(error: ::rsa::Error) -> Error {
    Error::new(ErrorKind::Device, "signing").caused_by(error)
}

/// I2OSP (RFC 8017 section 4.1): exactly `len` bytes.
pub(super) fn to_bytes(integer: &BoxedUint, len: usize) -> Vec<u8> {
    let integer = integer.to_be_bytes();
    let significant = &integer[integer.len().saturating_sub(len)..];
    let mut bytes = vec![0; len - significant.len()];
    bytes.extend_from_slice(significant);
    bytes
}
