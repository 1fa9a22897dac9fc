//! This file checks signatures and encrypts with an RSA public key, on crate `rsa`.

use ::rsa::traits::{PaddingScheme, PublicKeyParts, SignatureScheme};
use ::rsa::{BoxedUint, Oaep, Pkcs1v15Encrypt, Pkcs1v15Sign, RsaPublicKey, hazmat};

use super::blinded::to_bytes;
use super::{BITS, bits, digest, digest_info, pss, raw_content};
use crate::crypto::random::Generator;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{DecryptMechanism, SignMechanism, SignRequest};

/// An RSA public key that verifies and encrypts.
#[derive(Clone, Debug)]
pub struct PublicKey(pub(super) RsaPublicKey);

impl PublicKey {
    /// From big-endian modulus and exponent.
    ///
    /// # Errors
    /// `Unsupported` if the size is not 1024 to 8192 bits; `Damaged` if these numbers are no RSA key.
    pub fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self> {
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        if !BITS.contains(&bits(modulus)) {
            return Err(Error::new(ErrorKind::Unsupported, "reading an RSA public key"));
        }
        let damaged = Error::new(ErrorKind::Damaged, "reading an RSA public key");
        let (Some(modulus), Some(exponent)) = (integer(modulus), integer(exponent)) else { return Err(damaged) };
        RsaPublicKey::new(modulus, exponent).map(Self).map_err(|error| damaged.caused_by(error))
    }

    /// Checks one signature (`Pkcs1Raw`: the padded content equals the input message).
    ///
    /// # Errors
    /// `Mismatch` if it does not fit; `InvalidInput` if its length or the input's is wrong.
    pub fn verify(&self, request: &SignRequest<'_>, signature: &[u8]) -> Result<()> {
        if signature.len() != self.0.size() {
            return Err(Error::new(ErrorKind::InvalidInput, "reading a signature"));
        }
        let fits = match request.mechanism {
            SignMechanism::Pkcs1(hash) => {
                self.verify_pkcs1(&digest_info::write(hash, &digest(hash, request.input)?), signature)
            }
            SignMechanism::Pkcs1Raw => self.verify_pkcs1(raw_content(request.input, self.0.size())?, signature),
            SignMechanism::Pss { hash, mgf, salt_len } => {
                let bits = bits(&self.0.n_bytes());
                let digest = digest(hash, request.input)?;
                let encoded = self.public_operation(signature);
                encoded.is_some_and(|encoded| pss::fits(bits, hash, mgf, salt_len, &digest, &encoded))
            }
        };
        if fits { Ok(()) } else { Err(Error::new(ErrorKind::Mismatch, "checking a signature")) }
    }

    /// Encrypts to this key.
    ///
    /// # Errors
    /// `InvalidInput` if the plaintext is too long.
    pub fn encrypt(&self, mechanism: &DecryptMechanism, plaintext: &[u8]) -> Result<Vec<u8>> {
        let rng = &mut Generator;
        let ciphertext = match mechanism {
            DecryptMechanism::Pkcs1 => Pkcs1v15Encrypt.encrypt(rng, &self.0, plaintext),
            DecryptMechanism::Oaep { hash, mgf, label } => with_hash!(hash, D => with_hash!(mgf, M => {
                let padding = Oaep::<D, M>::new_with_mgf_hash_and_label(label.as_slice());
                padding.encrypt(rng, &self.0, plaintext)
            })),
        };
        ciphertext.map_err(|error| Error::new(ErrorKind::InvalidInput, "encrypting").caused_by(error))
    }

    fn verify_pkcs1(&self, content: &[u8], signature: &[u8]) -> bool {
        Pkcs1v15Sign::new_unprefixed().verify(&self.0, content, signature).is_ok()
    }

    /// RSAVP1 (RFC 8017 section 5.2.2); `None` if the signature is no number below the modulus.
    fn public_operation(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let signature = BoxedUint::from_be_slice(signature, self.0.n_bits_precision()).ok()?;
        if signature >= *self.0.n().as_ref() {
            return None;
        }
        let message = hazmat::rsa_encrypt(&self.0, &signature).ok()?;
        Some(to_bytes(&message, self.0.size()))
    }
}

fn without_zeros(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|&&byte| byte == 0).count();
    &integer[zeros..]
}

fn integer(bytes: &[u8]) -> Option<BoxedUint> {
    BoxedUint::from_be_slice(bytes, u32::try_from(bytes.len() * 8).ok()?).ok()
}
