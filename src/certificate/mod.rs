//! This file shows an X.509 certificate (RFC 5280) as its owner sees it: name, issuer, validity, key, key usage.
//!
//! Which CA issued it and what it is for are NPKI's words: [`npki::authority`](crate::npki::authority) and
//! [`npki::policy`](crate::npki::policy).

mod extension;
mod layout;
mod name;
mod validity;

use std::fmt;

use const_oid::ObjectIdentifier;
use der::asn1::UintRef;
use der::{Decode as _, Reader as _, SliceReader};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use spki::AlgorithmIdentifierRef;

pub use extension::{BasicConstraints, Extension, Extensions, KeyUsage};
pub use name::{Attribute, Name, attribute_type, decode_string, printable};
pub use validity::{RENEWAL_PERIOD_DAYS, Standing, days_between, seoul_date, seoul_day_end};

use crate::error::{Error, ErrorKind, Result};
use layout::{Layout, Span};

/// A certificate: its DER and where in it the parts are. Cheap to make (about a microsecond); names and extensions are
/// decoded when asked for.
#[derive(Clone)]
pub struct Certificate {
    der: Box<[u8]>,
    layout: Layout,
}

impl Certificate {
    /// The longest certificate that is read, in bytes.
    pub const MAX_LEN: usize = 1 << 20;

    /// Reads a DER certificate; bytes behind it are ignored.
    ///
    /// # Errors
    /// `Damaged` if it is not a certificate, or longer than [`MAX_LEN`](Self::MAX_LEN).
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let bounded = &der[..der.len().min(Self::MAX_LEN)];
        let (layout, len) = Layout::read(bounded)
            .map_err(|error| Error::new(ErrorKind::Damaged, "reading a certificate").caused_by(error))?;
        Ok(Self { der: bounded[..len].into(), layout })
    }

    /// The certificate's DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// DER of the subject Name.
    #[must_use]
    pub fn subject_der(&self) -> &[u8] {
        self.part(self.layout.subject)
    }

    /// DER of the issuer Name.
    #[must_use]
    pub fn issuer_der(&self) -> &[u8] {
        self.part(self.layout.issuer)
    }

    /// DER of the serial number INTEGER, tag and length included.
    #[must_use]
    pub fn serial_der(&self) -> &[u8] {
        self.part(self.layout.serial)
    }

    /// DER of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_info(&self) -> &[u8] {
        self.part(self.layout.public_key_info)
    }

    /// RSA modulus and public exponent, big-endian without leading zeros; `None` if the key is not RSA.
    #[must_use]
    pub fn rsa_public(&self) -> Option<(&[u8], &[u8])> {
        let algorithm = self.public_key_algorithm()?;
        if algorithm != const_oid::db::rfc5912::RSA_ENCRYPTION {
            return None;
        }
        let mut reader = SliceReader::new(self.public_key_bits()?).ok()?;
        let (modulus, exponent) = reader
            .sequence(|key| Ok::<_, der::Error>((UintRef::decode(key)?.as_bytes(), UintRef::decode(key)?.as_bytes())))
            .ok()?;
        Some((modulus, exponent))
    }

    /// 20 bytes: the subjectKeyIdentifier if it has 20, else SHA-1 of the public key's bits (RFC 5280 section 4.2.1.2,
    /// method 1). This is CKA_ID.
    #[must_use]
    pub fn key_id(&self) -> [u8; 20] {
        if let Some(id) = self.subject_key_id().and_then(|id| id.try_into().ok()) {
            return id;
        }
        Sha1::digest(self.public_key_bits().unwrap_or_else(|| self.public_key_info())).into()
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn not_before(&self) -> i64 {
        self.layout.not_before
    }

    /// Seconds since 1970; the certificate is still valid in this second.
    #[must_use]
    pub const fn not_after(&self) -> i64 {
        self.layout.not_after
    }

    /// Days from today to the last day of validity, both as dates in Korea: 0 is 오늘 만료, negative is past.
    #[must_use]
    pub fn days_left(&self, now: i64) -> i64 {
        days_between(now, self.not_after())
    }

    /// Where `now` (seconds since 1970) stands within the validity.
    #[must_use]
    pub fn standing(&self, now: i64) -> Standing {
        Standing::at(now, self.not_before(), self.not_after())
    }

    /// Owner's display name: CN up to the first `(` or digit; a leading part in parentheses, as of `(주)가나다`, belongs
    /// to it. As it stands in the certificate: show it through [`printable`].
    #[must_use]
    pub fn owner(&self) -> String {
        name::owner(&self.common_name()).to_owned()
    }

    /// The subject's CN as it stands; empty if it has none.
    #[must_use]
    pub fn common_name(&self) -> String {
        self.subject().common_name().unwrap_or_default()
    }

    /// The subject's names.
    #[must_use]
    pub fn subject(&self) -> Name<'_> {
        Name::of_der(self.subject_der())
    }

    /// The issuer's names.
    #[must_use]
    pub fn issuer(&self) -> Name<'_> {
        Name::of_der(self.issuer_der())
    }

    /// The subject like RFC 4514, leaf first: `CN=…,OU=…,O=…,C=KR`.
    #[must_use]
    pub fn subject_display(&self) -> String {
        self.subject().to_string()
    }

    /// The issuer's CN; empty if it has none.
    #[must_use]
    pub fn issuer_common_name(&self) -> String {
        self.issuer().common_name().unwrap_or_default()
    }

    /// The issuer's O; empty if it has none.
    #[must_use]
    pub fn issuer_organization(&self) -> String {
        self.issuer().organization().unwrap_or_default()
    }

    /// The serial number in lower-case hexadecimal, two digits a byte, without a leading zero byte.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        let content = tlv_value(self.serial_der()).unwrap_or_default();
        let content = if content.len() > 1 { content.strip_prefix(&[0]).unwrap_or(content) } else { content };
        hex(content)
    }

    /// SHA-256 of the DER: the certificate's fingerprint.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// SHA-1 of the DER, for the few places that still compare it.
    #[must_use]
    pub fn sha1(&self) -> [u8; 20] {
        Sha1::digest(&self.der).into()
    }

    /// Size of the RSA modulus in bits; `None` if the key is not RSA.
    #[must_use]
    pub fn key_bits(&self) -> Option<usize> {
        let (modulus, _) = self.rsa_public()?;
        Some(modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize))
    }

    /// `RSA`, `EC`, or the dotted OID of another key algorithm.
    #[must_use]
    pub fn key_algorithm(&self) -> String {
        match self.public_key_algorithm() {
            Some(const_oid::db::rfc5912::RSA_ENCRYPTION) => "RSA".to_owned(),
            Some(const_oid::db::rfc5912::ID_EC_PUBLIC_KEY) => "EC".to_owned(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// The public key's bits: the BIT STRING's content of the SubjectPublicKeyInfo.
    #[must_use]
    pub fn public_key_bits(&self) -> Option<&[u8]> {
        let mut reader = SliceReader::new(self.public_key_info()).ok()?;
        reader
            .sequence(|info| {
                info.tlv_bytes()?;
                der::asn1::BitStringRef::decode(info)
            })
            .ok()?
            .as_bytes()
    }

    /// DER of the TBSCertificate: what the issuer signed.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        self.part(self.layout.tbs)
    }

    /// The issuer's signature.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.part(self.layout.signature)
    }

    /// The signature algorithm's OID; `None` if the two places that name it disagree or cannot be read.
    #[must_use]
    pub fn signature_algorithm(&self) -> Option<ObjectIdentifier> {
        let outer = self.part(self.layout.signature_algorithm);
        if outer != self.part(self.layout.tbs_signature_algorithm) {
            return None;
        }
        AlgorithmIdentifierRef::from_der(outer).ok().map(|algorithm| algorithm.oid)
    }

    /// Whether subject and issuer are the same Name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.subject_der() == self.issuer_der()
    }

    fn public_key_algorithm(&self) -> Option<ObjectIdentifier> {
        let mut reader = SliceReader::new(self.public_key_info()).ok()?;
        let algorithm = reader.sequence(|info| {
            let algorithm = AlgorithmIdentifierRef::decode(info)?.oid;
            info.tlv_bytes()?;
            Ok::<_, der::Error>(algorithm)
        });
        algorithm.ok()
    }

    fn part(&self, span: Span) -> &[u8] {
        // `Layout::read` made every span of this very DER; an empty slice stands for the impossible.
        self.der.get(span.range()).unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({}, serial {})", printable(&self.common_name()), self.serial_hex())
    }
}

/// The content of one TLV.
fn tlv_value(tlv: &[u8]) -> Option<&[u8]> {
    der::asn1::AnyRef::from_der(tlv).ok().map(der::asn1::AnyRef::value)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
