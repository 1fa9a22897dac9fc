//! This file takes an RSAPrivateKey (RFC 8017 A.1.2) apart into its numbers and puts one together from them.

use ::rsa::pkcs1::{RsaPrivateKeyRef, RsaPublicKeyRef};
use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::{Decode, Encode};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::error::{Error, ErrorKind, Result};
use crate::secret::SecretBytes;

/// The numbers of a private key with two primes, big-endian. All but the first two are secret.
#[allow(missing_debug_implementations, reason = "holds a key")]
pub struct PrivateNumbers<'a> {
    /// n
    pub modulus: &'a [u8],
    /// e
    pub public_exponent: &'a [u8],
    /// d
    pub private_exponent: &'a [u8],
    /// p
    pub prime_1: &'a [u8],
    /// q
    pub prime_2: &'a [u8],
    /// d mod (p − 1)
    pub exponent_1: &'a [u8],
    /// d mod (q − 1)
    pub exponent_2: &'a [u8],
    /// The inverse of q, mod p
    pub coefficient: &'a [u8],
}

impl<'a> PrivateNumbers<'a> {
    /// Reads them, without leading zeros. Whether they fit each other is not checked.
    ///
    /// # Errors
    /// `Damaged` if it is no RSAPrivateKey.
    pub fn of_der(rsa_private_key: &'a [u8]) -> Result<Self> {
        let key = RsaPrivateKeyRef::from_der(rsa_private_key)
            .map_err(|error| Error::new(ErrorKind::Damaged, "reading an RSA private key").caused_by(error))?;
        Ok(Self {
            modulus: key.modulus.as_bytes(),
            public_exponent: key.public_exponent.as_bytes(),
            private_exponent: key.private_exponent.as_bytes(),
            prime_1: key.prime1.as_bytes(),
            prime_2: key.prime2.as_bytes(),
            exponent_1: key.exponent1.as_bytes(),
            exponent_2: key.exponent2.as_bytes(),
            coefficient: key.coefficient.as_bytes(),
        })
    }

    /// DER of the RSAPrivateKey of these numbers; leading zeros do not count.
    ///
    /// # Errors
    /// `InvalidInput` for a number without digits or of a length that no key has.
    pub fn to_der(&self) -> Result<SecretBytes> {
        let write = || {
            let key = RsaPrivateKeyRef {
                modulus: UintRef::new(self.modulus)?,
                public_exponent: UintRef::new(self.public_exponent)?,
                private_exponent: UintRef::new(self.private_exponent)?,
                prime1: UintRef::new(self.prime_1)?,
                prime2: UintRef::new(self.prime_2)?,
                exponent1: UintRef::new(self.exponent_1)?,
                exponent2: UintRef::new(self.exponent_2)?,
                coefficient: UintRef::new(self.coefficient)?,
                other_prime_infos: None,
            };
            key.to_der()
        };
        write().map(SecretBytes::from).map_err(invalid)
    }
}

/// DER of the SubjectPublicKeyInfo (RFC 5280 section 4.1) of an RSA public key, from big-endian modulus and exponent.
///
/// # Errors
/// `InvalidInput` for a number without digits or of a length that no key has.
pub fn public_key_info(modulus: &[u8], exponent: &[u8]) -> Result<Vec<u8>> {
    let write = || {
        let key =
            RsaPublicKeyRef { modulus: UintRef::new(modulus)?, public_exponent: UintRef::new(exponent)? }.to_der()?;
        let algorithm = AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) };
        SubjectPublicKeyInfoRef { algorithm, subject_public_key: BitStringRef::from_bytes(&key)? }.to_der()
    };
    write().map_err(invalid)
}

fn invalid(error: der::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "putting an RSA key together").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_taken_apart_is_put_together_again() {
        let der = crate::crypto::rsa::generate(2048).unwrap();
        let numbers = PrivateNumbers::of_der(der.expose()).unwrap();
        assert_eq!(numbers.to_der().unwrap().expose(), der.expose());
        let padded = [&[0, 0], numbers.prime_1].concat();
        let again = PrivateNumbers { prime_1: &padded, ..PrivateNumbers::of_der(der.expose()).unwrap() };
        assert_eq!(again.to_der().unwrap().expose(), der.expose(), "leading zeros do not count");
        assert_eq!(PrivateNumbers::of_der(b"\x30\x00").err().map(|error| error.kind()), Some(ErrorKind::Damaged));
    }

    #[test]
    fn a_public_key_is_written_as_certificates_have_it() {
        use ::rsa::pkcs8::DecodePublicKey;
        use ::rsa::traits::PublicKeyParts;
        let der = crate::crypto::rsa::generate(2048).unwrap();
        let numbers = PrivateNumbers::of_der(der.expose()).unwrap();
        let info = public_key_info(numbers.modulus, numbers.public_exponent).unwrap();
        let key = ::rsa::RsaPublicKey::from_public_key_der(&info).unwrap();
        assert_eq!(*key.n_bytes(), *numbers.modulus);
    }
}
