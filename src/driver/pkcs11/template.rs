//! This file writes the objects that a certificate set is made of on a token, as PKCS#11 attributes.

use cryptoki::error::{Error as Foreign, RvError};
use cryptoki::object::{Attribute, AttributeType, CertificateType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use cryptoki::types::Date;
use zeroize::Zeroize as _;

use super::failure::failed;
use super::sets::{VID_RANDOM, hex};
use crate::certificate::{Certificate, KeyUsage, seoul_date};
use crate::credential::{Purpose, VidRandom};
use crate::crypto::rsa::PrivateNumbers;
use crate::error::{Error, ErrorKind, Result};

/// DER of 1.2.410.200004.10.1.1.3, randomNum.
const RANDOM_NUM: &[u8] = &[0x06, 0x0a, 0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x44, 0x0a, 0x01, 0x01, 0x03];

/// CKA_APPLICATION of R's object and of the journal.
const APPLICATION: &[u8] = b"ingam";

/// CKA_CERTIFICATE_CATEGORY, which crate `cryptoki` has no name for.
const CERTIFICATE_CATEGORY: AttributeType = AttributeType::VendorDefined(0x87);
const TOKEN_USER: u64 = 1;
const AUTHORITY: u64 = 2;

/// An object to be made. Wiped on drop.
pub(super) struct Template {
    attributes: Vec<Attribute>,
    /// How many attributes there are without the groups that a token may do without: the last group is left out first.
    cuts: Vec<usize>,
}

/// What a pair of keys and its certificate have in common.
pub(super) struct Naming<'a> {
    pub(super) id: &'a [u8],
    pub(super) label: &'a str,
    pub(super) certificate: &'a Certificate,
}

impl Template {
    fn new(required: Vec<Attribute>) -> Self {
        Self { attributes: required, cuts: Vec::new() }
    }

    /// Adds attributes that the object is as good without, where the token refuses them.
    fn or_without(mut self, group: impl IntoIterator<Item = Attribute>) -> Self {
        self.cuts.push(self.attributes.len());
        self.attributes.extend(group);
        self
    }

    /// Makes the object.
    pub(super) fn create(&self, session: &Session, doing: &'static str) -> Result<ObjectHandle> {
        let mut made = session.create_object(&self.attributes);
        for cut in self.cuts.iter().rev() {
            match &made {
                Err(Foreign::Pkcs11(answer, _)) if dislikes_an_attribute(answer) => {
                    made = session.create_object(&self.attributes[..*cut]);
                }
                _ => break,
            }
        }
        made.map_err(failed(doing))
    }

    /// A private key that never leaves the token again.
    pub(super) fn private_key(naming: &Naming<'_>, key: &PrivateNumbers<'_>) -> Self {
        let usage = Usage::of(naming.certificate);
        let required = vec![
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Id(naming.id.to_vec()),
            Attribute::Label(naming.label.into()),
            Attribute::Sign(usage.signs),
            Attribute::Decrypt(usage.encrypts),
            Attribute::Modulus(key.modulus.to_vec()),
            Attribute::PublicExponent(key.public_exponent.to_vec()),
            Attribute::PrivateExponent(key.private_exponent.to_vec()),
            Attribute::Prime1(key.prime_1.to_vec()),
            Attribute::Prime2(key.prime_2.to_vec()),
            Attribute::Exponent1(key.exponent_1.to_vec()),
            Attribute::Exponent2(key.exponent_2.to_vec()),
            Attribute::Coefficient(key.coefficient.to_vec()),
        ];
        Self::new(required)
            .or_without([Attribute::Unwrap(false), Attribute::SignRecover(false)])
            .or_without([Attribute::Subject(naming.certificate.subject_der().to_vec())])
            .or_without(dates(naming.certificate))
    }

    pub(super) fn public_key(naming: &Naming<'_>, modulus: &[u8], exponent: &[u8]) -> Self {
        let usage = Usage::of(naming.certificate);
        let required = vec![
            Attribute::Class(ObjectClass::PUBLIC_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Id(naming.id.to_vec()),
            Attribute::Label(naming.label.into()),
            Attribute::Verify(usage.signs),
            Attribute::Encrypt(usage.encrypts),
            Attribute::Modulus(modulus.to_vec()),
            Attribute::PublicExponent(exponent.to_vec()),
        ];
        Self::new(required)
            .or_without([Attribute::Wrap(false), Attribute::VerifyRecover(false)])
            .or_without([Attribute::Subject(naming.certificate.subject_der().to_vec())])
    }

    /// The owner's certificate.
    pub(super) fn certificate(naming: &Naming<'_>) -> Self {
        Self::any_certificate(naming, TOKEN_USER)
    }

    /// A CA certificate.
    pub(super) fn authority(certificate: &Certificate) -> Self {
        let naming = Naming { id: &certificate.key_id(), label: &certificate.common_name(), certificate };
        Self::any_certificate(&naming, AUTHORITY)
    }

    fn any_certificate(naming: &Naming<'_>, category: u64) -> Self {
        let certificate = naming.certificate;
        let required = vec![
            Attribute::Class(ObjectClass::CERTIFICATE),
            Attribute::CertificateType(CertificateType::X_509),
            Attribute::Token(true),
            Attribute::Private(false),
            Attribute::Id(naming.id.to_vec()),
            Attribute::Label(naming.label.into()),
            Attribute::Subject(certificate.subject_der().to_vec()),
            Attribute::Issuer(certificate.issuer_der().to_vec()),
            Attribute::SerialNumber(certificate.serial_der().to_vec()),
            Attribute::Value(certificate.der().to_vec()),
        ];
        // A CK_ULONG, which is as long as a pointer wherever PKCS#11 modules are loaded.
        let category = usize::try_from(category).unwrap_or_default().to_ne_bytes().to_vec();
        Self::new(required)
            .or_without([Attribute::VendorDefined((CERTIFICATE_CATEGORY, category))])
            .or_without(dates(certificate))
    }

    /// R of the key with this CKA_ID, which only a logged-in user reads.
    pub(super) fn vid_random(id: &[u8], random: &VidRandom) -> Self {
        let label = format!("{VID_RANDOM}{}", hex(id));
        Self::data(&label, true, random.expose()).or_without([Attribute::ObjectId(RANDOM_NUM.to_vec())])
    }

    pub(super) fn data(label: &str, private: bool, value: &[u8]) -> Self {
        let required = vec![
            Attribute::Class(ObjectClass::DATA),
            Attribute::Token(true),
            Attribute::Private(private),
            Attribute::Label(label.into()),
            Attribute::Value(value.to_vec()),
        ];
        Self::new(required).or_without([Attribute::Application(APPLICATION.to_vec())])
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        wipe(&mut self.attributes);
    }
}

/// Overwrites what may be secret of these attributes.
pub(super) fn wipe(attributes: &mut [Attribute]) {
    for attribute in attributes {
        match attribute {
            Attribute::PrivateExponent(bytes)
            | Attribute::Prime1(bytes)
            | Attribute::Prime2(bytes)
            | Attribute::Exponent1(bytes)
            | Attribute::Exponent2(bytes)
            | Attribute::Coefficient(bytes)
            | Attribute::Value(bytes) => bytes.zeroize(),
            _ => {}
        }
    }
}

/// What keyUsage makes of a pair; without one any use is allowed (RFC 5280 section 4.2.1.3).
pub(super) struct Usage {
    signs: bool,
    encrypts: bool,
}

impl Usage {
    pub(super) fn of(certificate: &Certificate) -> Self {
        let allows = |uses: [KeyUsage; 2]| {
            certificate.key_usage().is_none_or(|usage| uses.into_iter().any(|one| usage.allows(one)))
        };
        Self {
            signs: allows([KeyUsage::DIGITAL_SIGNATURE, KeyUsage::NON_REPUDIATION]),
            encrypts: allows([KeyUsage::KEY_ENCIPHERMENT, KeyUsage::DATA_ENCIPHERMENT]),
        }
    }

    /// # Errors
    /// `InvalidInput` for a certificate that neither signs nor encrypts.
    pub(super) fn purpose(&self) -> Result<Purpose> {
        match self {
            Self { signs: true, .. } => Ok(Purpose::Sign),
            Self { encrypts: true, .. } => Ok(Purpose::KeyManagement),
            _ => Err(Error::new(ErrorKind::InvalidInput, "storing a certificate that neither signs nor encrypts")),
        }
    }
}

fn dates(certificate: &Certificate) -> Vec<Attribute> {
    let start = date(certificate.not_before()).map(Attribute::StartDate);
    let end = date(certificate.not_after()).map(Attribute::EndDate);
    start.into_iter().chain(end).collect()
}

/// The date in Korea.
fn date(moment: i64) -> Option<Date> {
    let text = seoul_date(moment);
    let mut parts = text.split('-');
    Date::new_from_str_slice(parts.next()?, parts.next()?, parts.next()?).ok()
}

fn dislikes_an_attribute(answer: &RvError) -> bool {
    matches!(
        answer,
        RvError::AttributeTypeInvalid
            | RvError::AttributeValueInvalid
            | RvError::AttributeReadOnly
            | RvError::TemplateInconsistent
    )
}
