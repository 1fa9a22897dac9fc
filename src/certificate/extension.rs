//! This file reads a certificate's extensions (RFC 5280 section 4.2) when they are asked for.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_KEY_IDENTIFIER,
};
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Decode as _, Reader as _, SliceReader};
use x509_cert::ext::pkix;

use super::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// One extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Its type.
    pub oid: ObjectIdentifier,
    /// Whether whoever does not know it must refuse the certificate.
    pub critical: bool,
    /// DER of its content.
    pub value: &'a [u8],
}

/// The extensions in their order; after one that cannot be read comes none.
#[derive(Clone, Debug)]
pub struct Extensions<'a>(Option<SliceReader<'a>>);

impl<'a> Iterator for Extensions<'a> {
    /// `Damaged` for what cannot be read.
    type Item = Result<Extension<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        let reader = self.0.as_mut().filter(|reader| !reader.is_finished())?;
        let extension = reader.sequence(|fields| {
            Ok::<_, der::Error>(Extension {
                oid: fields.decode()?,
                critical: Option::<bool>::decode(fields)?.unwrap_or(false),
                value: <&OctetStringRef>::decode(fields)?.as_bytes(),
            })
        });
        if extension.is_err() {
            self.0 = None;
        }
        Some(extension.map_err(|error| Error::new(ErrorKind::Damaged, "reading an extension").caused_by(error)))
    }
}

impl Certificate {
    /// Every extension.
    #[must_use]
    pub fn extensions(&self) -> Extensions<'_> {
        Extensions(SliceReader::new(self.part(self.layout.extensions)).ok())
    }

    /// The content of the first extension of this type.
    #[must_use]
    pub fn extension(&self, oid: ObjectIdentifier) -> Option<&[u8]> {
        self.extensions().map_while(Result::ok).find(|extension| extension.oid == oid).map(|extension| extension.value)
    }

    /// Whether the list of extensions cannot be read to its end; then what is asked of it may be missing.
    #[must_use]
    pub fn has_damaged_extension(&self) -> bool {
        self.extensions().any(|extension| extension.is_err())
    }

    /// keyUsage; `None` if the certificate has none and so restricts nothing. One that cannot be read allows nothing.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        let value = self.extension(ID_CE_KEY_USAGE)?;
        Some(BitStringRef::from_der(value).map_or(KeyUsage(0), KeyUsage::of_bits))
    }

    /// basicConstraints; not a CA if it has none or one that cannot be read.
    #[must_use]
    pub fn basic_constraints(&self) -> BasicConstraints {
        self.extension(ID_CE_BASIC_CONSTRAINTS)
            .and_then(|value| pkix::BasicConstraints::from_der(value).ok())
            .map(|read| BasicConstraints { ca: read.ca, path_len: read.path_len_constraint })
            .unwrap_or_default()
    }

    /// Whether it is a CA's.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().ca
    }

    /// Every policy OID of certificatePolicies, in its order; empty if it has none or cannot be read.
    #[must_use]
    pub fn policies(&self) -> Vec<ObjectIdentifier> {
        let policies = self.extension(ID_CE_CERTIFICATE_POLICIES).map(read_policies);
        policies.and_then(der::Result::ok).unwrap_or_default()
    }

    /// The first policy OID, which says what an NPKI certificate is for; dotted.
    #[must_use]
    pub fn policy_oid(&self) -> Option<String> {
        self.policies().first().map(ObjectIdentifier::to_string)
    }

    /// subjectKeyIdentifier.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        let value = self.extension(ID_CE_SUBJECT_KEY_IDENTIFIER)?;
        <&OctetStringRef>::from_der(value).ok().map(OctetStringRef::as_bytes)
    }

    /// The key identifier of authorityKeyIdentifier.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<Vec<u8>> {
        let value = self.extension(ID_CE_AUTHORITY_KEY_IDENTIFIER)?;
        let id = pkix::AuthorityKeyIdentifier::from_der(value).ok()?.key_identifier?;
        Some(id.as_bytes().to_vec())
    }
}

/// What a CA may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// Whether it may issue certificates at all.
    pub ca: bool,
    /// How many CA certificates may stand between it and a person's; `None` is any number.
    pub path_len: Option<u8>,
}

/// What a key may be used for (RFC 5280 section 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Signatures other than on certificates and CRLs.
    pub const DIGITAL_SIGNATURE: Self = Self(1);
    /// Signatures that bind their maker; also called contentCommitment.
    pub const NON_REPUDIATION: Self = Self(1 << 1);
    /// Encryption of keys: 키분배용, 암호화용.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 2);
    /// Encryption of data itself.
    pub const DATA_ENCIPHERMENT: Self = Self(1 << 3);
    /// Key agreement.
    pub const KEY_AGREEMENT: Self = Self(1 << 4);
    /// Signatures on certificates.
    pub const KEY_CERT_SIGN: Self = Self(1 << 5);
    /// Signatures on CRLs.
    pub const CRL_SIGN: Self = Self(1 << 6);

    /// The standard's names of the nine bits.
    const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// Whether all of these uses are allowed.
    #[must_use]
    pub const fn allows(self, uses: Self) -> bool {
        self.0 & uses.0 == uses.0
    }

    /// The standard's names of the uses that are allowed.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 & (1 << bit) != 0).map(|(_, name)| name)
    }

    fn of_bits(bits: BitStringRef<'_>) -> Self {
        let used = bits.bits().take(Self::NAMES.len()).enumerate();
        Self(used.fold(0, |usage, (bit, set)| usage | u16::from(set) << bit))
    }
}

impl std::ops::BitOr for KeyUsage {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The OIDs alone: the notices behind them are BMPString with the Korean CAs, which stricter types refuse.
fn read_policies(value: &[u8]) -> der::Result<Vec<ObjectIdentifier>> {
    let mut policies = Vec::new();
    let mut reader = SliceReader::new(value)?;
    reader.sequence(|list| {
        while !list.is_finished() {
            policies.push(list.sequence(|policy| {
                let oid = ObjectIdentifier::decode(policy)?;
                while !policy.is_finished() {
                    AnyRef::decode(policy)?;
                }
                Ok::<_, der::Error>(oid)
            })?);
        }
        Ok::<_, der::Error>(())
    })?;
    Ok(policies)
}
