//! This file writes a certificate request (인증서 발급 요청, PKCS#10, RFC 2986) for a key that only signs: the key need not
//! leave its token.

mod subject;

use const_oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION;
use der::asn1::{AnyRef, BitString, SetOfVec};
use der::{Decode as _, Encode as _};
use rsa::pkcs1::RsaPublicKeyRef;
use spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::request::{CertReq, CertReqInfo, Version};

use crate::certificate::Name;
use crate::crypto::rsa::PublicKey;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use crate::token::Signer;

/// DER of a request for `subject` and this public key (DER of a SubjectPublicKeyInfo), signed with SHA-256 and RSA
/// PKCS#1 v1.5. It asks for no extensions: the CA decides them.
///
/// `subject` is the text of a distinguished name (RFC 4514), leaf first, in UTF-8: `cn=홍길동,ou=personal,o=yessign,c=kr`.
/// The signature is checked before this returns.
///
/// # Errors
/// `InvalidInput` for a subject that cannot be read or is empty; `Unsupported` for a key that is not RSA; `Mismatch` if the
/// signer is another key's; those of the signer.
pub fn request(subject: &str, public_key_info: &[u8], signer: &dyn Signer) -> Result<Vec<u8>> {
    let info = CertReqInfo {
        version: Version::V1,
        subject: subject::parse(subject)?,
        public_key: SubjectPublicKeyInfoOwned::from_der(public_key_info).map_err(unwritable)?,
        attributes: SetOfVec::new(),
    };
    let public = public_key(&info.public_key)?;
    let signed = info.to_der().map_err(unwritable)?;
    let what = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(&signed) };
    let signature = signer.sign(&what)?;
    public.verify(&what, &signature)?;
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned { oid: SHA_256_WITH_RSA_ENCRYPTION, parameters: Some(AnyRef::NULL.into()) },
        signature: BitString::from_bytes(&signature).map_err(unwritable)?,
    };
    request.to_der().map_err(unwritable)
}

/// The CN of a subject as [`request`] reads it, if it has one: to find out before a key is made that the text is a name.
///
/// # Errors
/// `InvalidInput` for a subject that [`request`] does not take.
pub fn common_name(subject: &str) -> Result<Option<String>> {
    let der = subject::parse(subject)?.to_der().map_err(unwritable)?;
    Ok(Name::of_der(&der).common_name())
}

fn public_key(info: &SubjectPublicKeyInfoOwned) -> Result<PublicKey> {
    const DOING: &str = "reading the public key of a certificate request";
    let not_rsa = || Error::new(ErrorKind::Unsupported, DOING);
    if info.algorithm.oid != const_oid::db::rfc5912::RSA_ENCRYPTION {
        return Err(not_rsa());
    }
    let key = RsaPublicKeyRef::from_der(info.subject_public_key.raw_bytes()).map_err(|_| not_rsa())?;
    PublicKey::new(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}

fn unwritable(error: der::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "writing a certificate request").caused_by(error)
}
