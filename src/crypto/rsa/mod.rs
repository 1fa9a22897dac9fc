//! This file makes and checks RSA signatures and opens RSA ciphertexts: AWS-LC for the private operation of every common
//! request, crate `rsa` (blinded) for the rest.

/// Runs an expression with `$D` standing for the type of a hash.
macro_rules! with_hash {
    ($hash:expr, $D:ident => $run:expr) => {
        match $hash {
            $crate::mechanism::Hash::Sha1 => {
                type $D = ::sha1::Sha1;
                $run
            }
            $crate::mechanism::Hash::Sha256 => {
                type $D = ::sha2::Sha256;
                $run
            }
            $crate::mechanism::Hash::Sha384 => {
                type $D = ::sha2::Sha384;
                $run
            }
            $crate::mechanism::Hash::Sha512 => {
                type $D = ::sha2::Sha512;
                $run
            }
        }
    };
}

mod aws_lc;
mod blinded;
mod digest_info;
mod numbers;
mod pss;
mod public;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::OnceLock;

use ::rsa::pkcs1::RsaPrivateKeyRef;
use der::Decode;

use self::aws_lc::AwsLcKey;
use self::blinded::BlindedKey;
use crate::crypto::Hasher;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};
use crate::secret::SecretBytes;

pub use aws_lc::generate;
pub use numbers::{PrivateNumbers, public_key_info};
pub use public::PublicKey;

/// Sizes of modulus that can be used, in bits.
const BITS: std::ops::RangeInclusive<usize> = 1024..=8192;

/// An RSA private key, prepared once: the first-use set-up of its engine is done when it is made. Wiped on drop.
///
/// AWS-LC signs and decrypts with keys of 2048 bits and more. What it does not offer runs some six times slower on crate
/// `rsa`: shorter keys, SHA-1, a caller's own PKCS#1 v1.5 content that is no DigestInfo of SHA-2, a hash that is not
/// MGF1's, and PSS salts other than 0, 20, 32, 48, 64 bytes or the longest.
pub struct PrivateKey {
    der: SecretBytes,
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
    aws_lc: Option<AwsLcKey>,
    /// Made when first needed, which for most keys is never; `None` if crate `rsa` does not take the key.
    blinded: OnceLock<Option<BlindedKey>>,
}

impl PrivateKey {
    /// Prepares the key from the DER of an RSAPrivateKey (RFC 8017 A.1.2); checks its consistency. Takes about half a
    /// millisecond for 2048 bits.
    ///
    /// # Errors
    /// `Damaged` if it is no RSA key, `Unsupported` if its size is not 1024 to 8192 bits.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self> {
        const DAMAGED: Error = Error::new(ErrorKind::Damaged, "reading an RSA private key");
        let parts = RsaPrivateKeyRef::from_der(der).map_err(|error| DAMAGED.caused_by(error))?;
        let (modulus, exponent) = (parts.modulus.as_bytes(), parts.public_exponent.as_bytes());
        if parts.other_prime_infos.is_some() || !BITS.contains(&bits(modulus)) {
            return Err(Error::new(ErrorKind::Unsupported, "reading an RSA private key"));
        }
        // No engine is to see numbers that are longer than their key: it would compute with them before it refuses them.
        let secrets =
            [parts.private_exponent, parts.prime1, parts.prime2, parts.exponent1, parts.exponent2, parts.coefficient];
        if exponent.len() > 5 || secrets.iter().any(|secret| secret.as_bytes().len() > modulus.len()) {
            return Err(DAMAGED);
        }
        let mut key = Self {
            der: SecretBytes::copy_of(der),
            modulus: modulus.into(),
            exponent: exponent.into(),
            aws_lc: None,
            blinded: OnceLock::new(),
        };
        if bits(modulus) >= AwsLcKey::MIN_BITS {
            key.aws_lc = Some(AwsLcKey::new(der, modulus.len()).ok_or(DAMAGED)?);
        } else if key.blinded().is_none() {
            return Err(DAMAGED);
        }
        Ok(key)
    }

    /// Modulus and public exponent, big-endian without leading zeros.
    #[must_use]
    pub fn public(&self) -> (&[u8], &[u8]) {
        (&self.modulus, &self.exponent)
    }

    /// DER of its RSAPrivateKey, which [`PrivateNumbers`] takes apart.
    #[must_use]
    pub const fn der(&self) -> &SecretBytes {
        &self.der
    }

    /// Makes one signature.
    ///
    /// # Errors
    /// As [`Signer::sign`](crate::token::Signer::sign).
    pub fn sign(&self, request: &SignRequest<'_>) -> Result<Vec<u8>> {
        match request.mechanism {
            SignMechanism::Pkcs1(hash) => {
                let digest = digest(hash, request.input)?;
                self.sign_digest_info(hash, &digest)
            }
            SignMechanism::Pkcs1Raw => {
                let content = raw_content(request.input, self.modulus.len())?;
                match digest_info::parse(content) {
                    Some((hash, digest)) => self.sign_digest_info(hash, digest),
                    None => self.usable_blinded()?.sign_pkcs1(content),
                }
            }
            SignMechanism::Pss { hash, mgf, salt_len } => {
                let digest = digest(hash, request.input)?;
                let longest = pss::longest_salt(bits(&self.modulus), hash).filter(|&longest| salt_len <= longest);
                let longest = longest.ok_or(Error::new(ErrorKind::InvalidInput, "choosing the salt of a signature"))?;
                let aws_lc = self.aws_lc.as_ref().filter(|_| hash == mgf);
                match aws_lc.and_then(|key| key.sign_pss(hash, salt_len, longest, &digest)) {
                    Some(signature) => signature,
                    None => {
                        let encoded = pss::encode(bits(&self.modulus), hash, mgf, salt_len, &digest)?;
                        self.usable_blinded()?.private_operation(&encoded)
                    }
                }
            }
        }
    }

    /// Opens one ciphertext.
    ///
    /// With PKCS#1 v1.5 a key of less than 2048 bits answers bad padding with random bytes instead of an error
    /// (implicit rejection).
    ///
    /// # Errors
    /// As [`Decrypter::decrypt`](crate::token::Decrypter::decrypt).
    pub fn decrypt(&self, mechanism: &DecryptMechanism, ciphertext: &[u8]) -> Result<SecretBytes> {
        // One error for whatever is wrong: a caller who can tell padding from length can decrypt without the key.
        let failed = Error::new(ErrorKind::InvalidInput, "decrypting");
        if ciphertext.len() != self.modulus.len() {
            return Err(failed);
        }
        let aws_lc = self.aws_lc.as_ref();
        let plaintext = match mechanism {
            DecryptMechanism::Pkcs1 => aws_lc.map(|key| key.decrypt_pkcs1(&self.der, ciphertext)),
            DecryptMechanism::Oaep { hash, mgf, label } if hash == mgf => {
                aws_lc.map(|key| key.decrypt_oaep(&self.der, *hash, label, ciphertext))
            }
            DecryptMechanism::Oaep { .. } => None,
        };
        let plaintext = match plaintext {
            Some(plaintext) => plaintext,
            None => self.usable_blinded()?.decrypt(mechanism, ciphertext),
        };
        plaintext.ok_or(failed)
    }

    fn sign_digest_info(&self, hash: Hash, digest: &[u8]) -> Result<Vec<u8>> {
        match self.aws_lc.as_ref().and_then(|key| key.sign_pkcs1(hash, digest)) {
            Some(signature) => signature,
            None => self.usable_blinded()?.sign_pkcs1(&digest_info::write(hash, digest)),
        }
    }

    fn blinded(&self) -> Option<&BlindedKey> {
        self.blinded.get_or_init(|| BlindedKey::new(self.der.expose())).as_ref()
    }

    fn usable_blinded(&self) -> Result<&BlindedKey> {
        self.blinded().ok_or(Error::new(ErrorKind::Unsupported, "using an RSA key with a rare mechanism"))
    }
}

impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PrivateKey({} bits)", bits(&self.modulus))
    }
}

/// DER of the DigestInfo that PKCS#1 v1.5 pads (RFC 8017 section 9.2), for keys in a token that does not hash.
#[must_use]
pub fn digest_info(hash: Hash, digest: &[u8]) -> Vec<u8> {
    digest_info::write(hash, digest)
}

/// Length in bits of a big-endian integer without leading zeros.
fn bits(integer: &[u8]) -> usize {
    integer.first().map_or(0, |first| integer.len() * 8 - first.leading_zeros() as usize)
}

/// The digest that a request is about.
fn digest<'a>(hash: Hash, input: SignInput<'a>) -> Result<Cow<'a, [u8]>> {
    match input {
        SignInput::Message(message) => Ok(Hasher::digest(hash, message).into()),
        SignInput::Digest(digest) if digest.len() == hash.len() => Ok(digest.into()),
        SignInput::Digest(_) => Err(Error::new(ErrorKind::InvalidInput, "reading a digest")),
    }
}

/// The content that PKCS#1 v1.5 pads as it stands; the padding takes 11 bytes at least.
fn raw_content(input: SignInput<'_>, modulus_len: usize) -> Result<&[u8]> {
    match input {
        SignInput::Message(content) if content.len() + 11 <= modulus_len => Ok(content),
        _ => Err(Error::new(ErrorKind::InvalidInput, "padding the content of a signature")),
    }
}
