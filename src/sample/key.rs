//! This file makes the RSA keys of test certificates and lends them to the certificate builder.

use std::sync::Arc;

use const_oid::db::rfc5912::{RSA_ENCRYPTION, SHA_256_WITH_RSA_ENCRYPTION};
use der::asn1::{BitString, UintRef};
use der::{Any, Document, Encode as _};
use rsa::signature::Keypair;
use sha1::{Digest as _, Sha1};
use spki::{AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey, SubjectPublicKeyInfoOwned};

use crate::credential::VidRandom;
use crate::crypto::rsa::{self as crypto_rsa, PrivateKey};
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::secret::SecretBytes;

/// An RSA key pair; clones share it.
#[derive(Clone)]
pub(super) struct KeyPair {
    private: Arc<PrivateKey>,
    /// RSAPrivateKey.
    der: Arc<SecretBytes>,
    public: SubjectPublicKeyInfoOwned,
}

impl KeyPair {
    pub(super) fn generate(bits: usize) -> Result<Self> {
        let der = crypto_rsa::generate(bits)?;
        let private = PrivateKey::from_pkcs1_der(der.expose())?;
        let public = public_key_info(private.public()).map_err(failed)?;
        Ok(Self { private: Arc::new(private), der: Arc::new(der), public })
    }

    pub(super) const fn public_key_info(&self) -> &SubjectPublicKeyInfoOwned {
        &self.public
    }

    pub(super) fn public_bits(&self) -> &[u8] {
        self.public.subject_public_key.raw_bytes()
    }

    /// The subjectKeyIdentifier of RFC 5280 section 4.2.1.2, method 1.
    pub(super) fn id(&self) -> [u8; 20] {
        Sha1::digest(self.public_bits()).into()
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256, as the BIT STRING of a certificate.
    pub(super) fn sign(&self, message: &[u8]) -> Result<BitString> {
        let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(message) };
        BitString::from_bytes(&self.private.sign(&request)?).map_err(failed)
    }

    /// The PrivateKeyInfo (RFC 5208), with R among its attributes if there is one.
    pub(super) fn private_key_info(&self, random: Option<&VidRandom>) -> Result<PrivateKeyInfo> {
        Ok(PrivateKeyInfo::new_rsa(self.der.expose(), random)?)
    }
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyPair")
    }
}

/// What the certificate builder asks of a signer; the signature itself is made by [`KeyPair::sign`].
impl Keypair for KeyPair {
    type VerifyingKey = PublicInfo;

    fn verifying_key(&self) -> PublicInfo {
        PublicInfo(self.public.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for KeyPair {
    fn signature_algorithm_identifier(&self) -> spki::Result<AlgorithmIdentifierOwned> {
        Ok(AlgorithmIdentifierOwned { oid: SHA_256_WITH_RSA_ENCRYPTION, parameters: Some(Any::null()) })
    }
}

/// A public key as its SubjectPublicKeyInfo.
#[derive(Clone)]
pub(super) struct PublicInfo(SubjectPublicKeyInfoOwned);

impl EncodePublicKey for PublicInfo {
    fn to_public_key_der(&self) -> spki::Result<Document> {
        Ok(Document::encode_msg(&self.0)?)
    }
}

#[derive(der::Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

fn public_key_info((modulus, exponent): (&[u8], &[u8])) -> der::Result<SubjectPublicKeyInfoOwned> {
    let key = RsaPublicKey { modulus: UintRef::new(modulus)?, exponent: UintRef::new(exponent)? }.to_der()?;
    Ok(SubjectPublicKeyInfoOwned {
        algorithm: AlgorithmIdentifierOwned { oid: RSA_ENCRYPTION, parameters: Some(Any::null()) },
        subject_public_key: BitString::from_bytes(&key)?,
    })
}

fn failed(error: der::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "making a test key").caused_by(error)
}
