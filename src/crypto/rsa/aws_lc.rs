//! This file is the fast engine: AWS-LC, which blinds, checks the result of the CRT and wipes its keys.

use std::sync::OnceLock;

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey, RsaPssSaltLength,
};
use aws_lc_rs::signature::{
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512,
    RsaSignatureEncoding,
};
use der::asn1::OctetStringRef;
use der::{Decode, Encode};
use pkcs8::PrivateKeyInfoRef;
use zeroize::Zeroizing;

use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::Hash;
use crate::secret::SecretBytes;

/// A key of 2048 to 8192 bits.
pub(super) struct AwsLcKey {
    signing: KeyPair,
    /// AWS-LC wants a second copy of the key for decryption; most keys never decrypt.
    decrypting: OnceLock<Option<Decrypting>>,
    modulus_len: usize,
}

struct Decrypting {
    pkcs1: Pkcs1PrivateDecryptingKey,
    oaep: OaepPrivateDecryptingKey,
}

impl AwsLcKey {
    /// The shortest modulus that AWS-LC's safe interface signs with.
    pub(super) const MIN_BITS: usize = 2048;

    /// Loads and checks an RSAPrivateKey; `None` if its numbers do not fit each other.
    pub(super) fn new(pkcs1_der: &[u8], modulus_len: usize) -> Option<Self> {
        let signing = KeyPair::from_der(pkcs1_der).ok()?;
        let key = Self { signing, decrypting: OnceLock::new(), modulus_len };
        // The first private operation sets up Montgomery and blinding values, as long as a whole signature takes. Done
        // here, so that the user's first signature is as quick as the others.
        key.sign_pkcs1(Hash::Sha256, &[0; 32])?.ok()?;
        Some(key)
    }

    /// PKCS#1 v1.5 around the DigestInfo of this digest; `None` if AWS-LC does not sign with this hash.
    pub(super) fn sign_pkcs1(&self, hash: Hash, digest: &[u8]) -> Option<Result<Vec<u8>>> {
        let encoding: &'static RsaSignatureEncoding = match hash {
            Hash::Sha1 => return None,
            Hash::Sha256 => &RSA_PKCS1_SHA256,
            Hash::Sha384 => &RSA_PKCS1_SHA384,
            Hash::Sha512 => &RSA_PKCS1_SHA512,
        };
        Some(self.sign(encoding, hash, digest))
    }

    /// PSS with the hash in MGF1 too; `None` if AWS-LC does not sign with this hash and salt length.
    pub(super) fn sign_pss(
        &self,
        hash: Hash,
        salt_len: usize,
        longest_salt: usize,
        digest: &[u8],
    ) -> Option<Result<Vec<u8>>> {
        // Its interface takes statics only, so there is one for each length that is in use.
        macro_rules! encoding {
            ($pss:ident) => {
                match salt_len {
                    0 => &const { $pss.with_pss_salt_length(RsaPssSaltLength::Custom(0)) },
                    20 => &const { $pss.with_pss_salt_length(RsaPssSaltLength::Custom(20)) },
                    32 => &const { $pss.with_pss_salt_length(RsaPssSaltLength::Custom(32)) },
                    48 => &const { $pss.with_pss_salt_length(RsaPssSaltLength::Custom(48)) },
                    64 => &const { $pss.with_pss_salt_length(RsaPssSaltLength::Custom(64)) },
                    _ if salt_len == longest_salt => &const { $pss.with_pss_salt_length(RsaPssSaltLength::Max) },
                    _ => return None,
                }
            };
        }
        let encoding: &'static RsaSignatureEncoding = match hash {
            Hash::Sha1 => return None,
            Hash::Sha256 => encoding!(RSA_PSS_SHA256),
            Hash::Sha384 => encoding!(RSA_PSS_SHA384),
            Hash::Sha512 => encoding!(RSA_PSS_SHA512),
        };
        Some(self.sign(encoding, hash, digest))
    }

    fn sign(&self, encoding: &'static RsaSignatureEncoding, hash: Hash, digest: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.modulus_len];
        Digest::import_less_safe(digest, algorithm(hash))
            .and_then(|digest| self.signing.sign_digest(encoding, &digest, &mut signature))
            .map_err(|_| Error::new(ErrorKind::Device, "signing"))?;
        Ok(signature)
    }

    /// RSAES-PKCS1-v1_5; `None` for whatever is wrong.
    pub(super) fn decrypt_pkcs1(&self, pkcs1_der: &SecretBytes, ciphertext: &[u8]) -> Option<SecretBytes> {
        let mut buffer = Zeroizing::new(vec![0; self.modulus_len]);
        let plaintext = self.decrypting(pkcs1_der)?.pkcs1.decrypt(ciphertext, &mut buffer).ok()?;
        Some(SecretBytes::copy_of(plaintext))
    }

    /// RSAES-OAEP with the hash in MGF1 too; `None` for whatever is wrong.
    pub(super) fn decrypt_oaep(
        &self,
        pkcs1_der: &SecretBytes,
        hash: Hash,
        label: &[u8],
        ciphertext: &[u8],
    ) -> Option<SecretBytes> {
        let algorithm = match hash {
            Hash::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Hash::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Hash::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Hash::Sha512 => &OAEP_SHA512_MGF1SHA512,
        };
        let mut buffer = Zeroizing::new(vec![0; self.modulus_len]);
        let key = &self.decrypting(pkcs1_der)?.oaep;
        let plaintext = key.decrypt(algorithm, ciphertext, &mut buffer, Some(label)).ok()?;
        Some(SecretBytes::copy_of(plaintext))
    }

    fn decrypting(&self, pkcs1_der: &SecretBytes) -> Option<&Decrypting> {
        self.decrypting.get_or_init(|| Decrypting::new(pkcs1_der.expose())).as_ref()
    }
}

impl Decrypting {
    fn new(pkcs1_der: &[u8]) -> Option<Self> {
        let info = PrivateKeyInfoRef::new(::rsa::pkcs1::ALGORITHM_ID, OctetStringRef::new(pkcs1_der).ok()?);
        let pkcs8 = Zeroizing::new(info.to_der().ok()?);
        let key = PrivateDecryptingKey::from_pkcs8(&pkcs8).ok()?;
        Some(Self {
            pkcs1: Pkcs1PrivateDecryptingKey::new(key.clone()).ok()?,
            oaep: OaepPrivateDecryptingKey::new(key).ok()?,
        })
    }
}

const fn algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha384 => &digest::SHA384,
        Hash::Sha512 => &digest::SHA512,
    }
}

/// Makes a new key of 2048, 3072 or 4096 bits: the DER of its RSAPrivateKey.
///
/// # Errors
/// `Unsupported` for another size; `Device` if the engine fails.
pub fn generate(bits: usize) -> Result<SecretBytes> {
    let size = match bits {
        2048 => KeySize::Rsa2048,
        3072 => KeySize::Rsa3072,
        4096 => KeySize::Rsa4096,
        _ => return Err(Error::new(ErrorKind::Unsupported, "making an RSA key")),
    };
    let pkcs8: Option<Pkcs8V1Der<'_>> = KeyPair::generate(size).ok().and_then(|key| key.as_der().ok());
    let pkcs8 = pkcs8.ok_or(Error::new(ErrorKind::Device, "making an RSA key"))?;
    let info = PrivateKeyInfoRef::from_der(pkcs8.as_ref());
    let info = info.map_err(|error| Error::new(ErrorKind::Device, "making an RSA key").caused_by(error))?;
    Ok(SecretBytes::copy_of(info.private_key.as_bytes()))
}
