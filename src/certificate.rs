//! This file shows an X.509 certificate as its owner sees it: name, issuing CA, kind and 용도, validity, key.

use std::ops::Range;

use crate::error::Result;

/// A certificate: its DER and where in it the parts are. Cheap to make (about a microsecond); extensions are decoded when
/// asked for.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Box<[u8]>,
    _parts: Range<u32>,
}

impl Certificate {
    /// Reads a DER certificate; bytes behind it are ignored.
    ///
    /// # Errors
    /// `Damaged` if it is not a certificate.
    pub fn from_der(_der: &[u8]) -> Result<Self> {
        todo!()
    }
    /// The certificate's DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
    /// DER of the subject Name.
    pub fn subject_der(&self) -> &[u8] {
        todo!()
    }
    /// DER of the issuer Name.
    pub fn issuer_der(&self) -> &[u8] {
        todo!()
    }
    /// DER of the serial number INTEGER, tag and length included.
    pub fn serial_der(&self) -> &[u8] {
        todo!()
    }
    /// DER of the SubjectPublicKeyInfo.
    pub fn public_key_info(&self) -> &[u8] {
        todo!()
    }
    /// RSA modulus and public exponent, big-endian without leading zeros; `None` if the key is not RSA.
    pub fn rsa_public(&self) -> Option<(&[u8], &[u8])> {
        todo!()
    }
    /// 20 bytes: the subjectKeyIdentifier if it has 20, else SHA-1 of the public key's bits. This is CKA_ID.
    pub fn key_id(&self) -> [u8; 20] {
        todo!()
    }
    /// Seconds since 1970.
    pub fn not_before(&self) -> i64 {
        todo!()
    }
    /// Seconds since 1970.
    pub fn not_after(&self) -> i64 {
        todo!()
    }
    /// Owner's display name: CN up to the first `(` or digit.
    pub fn owner(&self) -> String {
        todo!()
    }
    /// The subject's CN as it stands.
    pub fn common_name(&self) -> String {
        todo!()
    }
}
