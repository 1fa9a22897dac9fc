//! This file answers attributes (PKCS#11 2.40 4 and 3.0 4): what an object says of itself, computed from its certificate
//! when it is asked.

use std::ops::Deref;

use cryptoki_sys::*;
use ingam::credential::{Purpose, VidRandom};
use ingam::crypto::Hasher;
use ingam::mechanism::Hash;
use ingam::secret::SecretBytes;

use crate::object::{Part, View};
use crate::objects::Holder;
use crate::rv::Answer;
use crate::text::{date, hex};

/// DER of the OID 1.2.410.200004.10.1.1.3, randomNum: what the data object of R holds.
pub(crate) const RANDOM_NUM: &[u8] = &[0x06, 0x0a, 0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x44, 0x0a, 0x01, 0x01, 0x03];

/// CKA_APPLICATION of R.
const APPLICATION: &[u8] = b"ingam";

/// The bytes of an attribute's value.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Borrowed(&'a [u8]),
    Owned(Vec<u8>),
    Number([u8; size_of::<CK_ULONG>()]),
    Date([u8; 8]),
    Secret(SecretBytes),
}

impl Deref for Value<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Number(bytes) => bytes,
            Self::Date(bytes) => bytes,
            Self::Secret(bytes) => bytes.expose(),
        }
    }
}

impl AsRef<[u8]> for Value<'_> {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

fn number<'a>(value: CK_ULONG) -> Answer<Value<'a>> {
    Ok(Value::Number(value.to_ne_bytes()))
}

fn flag<'a>(value: bool) -> Answer<Value<'a>> {
    Ok(Value::Borrowed(if value { &[CK_TRUE] } else { &[CK_FALSE] }))
}

fn bytes(value: &[u8]) -> Answer<Value<'_>> {
    Ok(Value::Borrowed(value))
}

/// What the attribute has in all objects of this part, if it is one of the sort.
pub(crate) fn of_part<'a>(part: Part, kind: CK_ATTRIBUTE_TYPE) -> Option<Value<'a>> {
    match kind {
        CKA_CLASS => number(part.class()).ok(),
        CKA_TOKEN => flag(true).ok(),
        CKA_PRIVATE => flag(part.is_private()).ok(),
        // What a file holds is not changed in place.
        CKA_MODIFIABLE => flag(false).ok(),
        CKA_COPYABLE => flag(!part.is_private()).ok(),
        _ => None,
    }
}

/// The value of an attribute; that of R itself is `random`, which only who opened the key can give.
///
/// # Errors
/// `CKR_ATTRIBUTE_TYPE_INVALID` for one that the object does not have, `CKR_ATTRIBUTE_SENSITIVE` for a secret.
pub(crate) fn value<'a>(object: View<'a>, kind: CK_ATTRIBUTE_TYPE, random: Option<&'a VidRandom>) -> Answer<Value<'a>> {
    if let Some(value) = of_part(object.part, kind) {
        return Ok(value);
    }
    match (kind, object.part) {
        (CKA_DESTROYABLE, _) => flag(object.is_destroyable()),
        (CKA_ID, _) => bytes(object.objects.id(object.index)),
        (CKA_UNIQUE_ID, _) => Ok(Value::Owned(unique_id(object).into_bytes())),
        (CKA_LABEL, Part::Random) => {
            Ok(Value::Owned(format!("{RANDOM_LABEL}{}", hex(object.objects.id(object.index))).into_bytes()))
        }
        (CKA_LABEL, _) => bytes(object.objects.label(object.index).as_bytes()),
        (_, Part::Certificate) => of_certificate(object, kind),
        (_, Part::PublicKey) => of_public_key(object, kind),
        (_, Part::PrivateKey) => of_private_key(object, kind),
        (CKA_APPLICATION, Part::Random) => bytes(APPLICATION),
        (CKA_OBJECT_ID, Part::Random) => bytes(RANDOM_NUM),
        (CKA_VALUE, Part::Random) => bytes(random.ok_or(CKR_ATTRIBUTE_SENSITIVE)?.expose()),
        _ => Err(CKR_ATTRIBUTE_TYPE_INVALID.into()),
    }
}

/// The label of R's object, before the hexadecimal CKA_ID.
pub(crate) const RANDOM_LABEL: &str = "R4VID=";

fn of_certificate(object: View<'_>, kind: CK_ATTRIBUTE_TYPE) -> Answer<Value<'_>> {
    let certificate = object.certificate();
    match kind {
        CKA_VALUE => bytes(certificate.der()),
        CKA_SUBJECT => bytes(certificate.subject_der()),
        CKA_ISSUER => bytes(certificate.issuer_der()),
        CKA_SERIAL_NUMBER => bytes(certificate.serial_der()),
        CKA_PUBLIC_KEY_INFO => bytes(certificate.public_key_info()),
        CKA_START_DATE => Ok(Value::Date(date(certificate.not_before()))),
        CKA_END_DATE => Ok(Value::Date(date(certificate.not_after()))),
        CKA_CERTIFICATE_TYPE => number(CKC_X_509),
        CKA_CERTIFICATE_CATEGORY => number(match object.objects.holder(object.index) {
            Holder::Owner { .. } => CK_CERTIFICATE_CATEGORY_TOKEN_USER,
            Holder::Authority => CK_CERTIFICATE_CATEGORY_AUTHORITY,
        }),
        // Finding it here proves nothing: whoever could write to the medium put it there.
        CKA_TRUSTED => flag(false),
        CKA_CHECK_VALUE => Ok(Value::Owned(certificate.sha1()[..3].to_vec())),
        CKA_JAVA_MIDP_SECURITY_DOMAIN => number(0),
        CKA_URL | CKA_HASH_OF_SUBJECT_PUBLIC_KEY | CKA_HASH_OF_ISSUER_PUBLIC_KEY => bytes(&[]),
        _ => Err(CKR_ATTRIBUTE_TYPE_INVALID.into()),
    }
}

/// What both keys of a pair say.
fn of_key(object: View<'_>, kind: CK_ATTRIBUTE_TYPE) -> Answer<Value<'_>> {
    let certificate = object.certificate();
    let (modulus, exponent) = object.rsa().ok_or(CKR_ATTRIBUTE_TYPE_INVALID)?;
    match kind {
        CKA_KEY_TYPE => number(CKK_RSA),
        CKA_SUBJECT => bytes(certificate.subject_der()),
        CKA_PUBLIC_KEY_INFO => bytes(certificate.public_key_info()),
        CKA_MODULUS => bytes(modulus),
        CKA_PUBLIC_EXPONENT => bytes(exponent),
        CKA_START_DATE => Ok(Value::Date(date(certificate.not_before()))),
        CKA_END_DATE => Ok(Value::Date(date(certificate.not_after()))),
        // It was made elsewhere, and nobody says how.
        CKA_LOCAL | CKA_DERIVE => flag(false),
        CKA_KEY_GEN_MECHANISM => number(CK_UNAVAILABLE_INFORMATION),
        _ => Err(CKR_ATTRIBUTE_TYPE_INVALID.into()),
    }
}

fn of_public_key(object: View<'_>, kind: CK_ATTRIBUTE_TYPE) -> Answer<Value<'_>> {
    match kind {
        CKA_VERIFY => flag(object.may_sign()),
        CKA_ENCRYPT => flag(object.may_decrypt()),
        CKA_VERIFY_RECOVER | CKA_WRAP | CKA_TRUSTED => flag(false),
        CKA_MODULUS_BITS => number(CK_ULONG::try_from(object.certificate().key_bits().unwrap_or(0)).unwrap_or(0)),
        _ => of_key(object, kind),
    }
}

fn of_private_key(object: View<'_>, kind: CK_ATTRIBUTE_TYPE) -> Answer<Value<'_>> {
    match kind {
        CKA_SIGN => flag(object.may_sign()),
        CKA_DECRYPT => flag(object.may_decrypt()),
        // It does not leave through this interface, but its file can be copied, and always could.
        CKA_SENSITIVE => flag(true),
        CKA_EXTRACTABLE | CKA_ALWAYS_SENSITIVE | CKA_NEVER_EXTRACTABLE => flag(false),
        CKA_SIGN_RECOVER | CKA_UNWRAP | CKA_WRAP_WITH_TRUSTED | CKA_ALWAYS_AUTHENTICATE => flag(false),
        CKA_PRIVATE_EXPONENT | CKA_PRIME_1 | CKA_PRIME_2 | CKA_EXPONENT_1 | CKA_EXPONENT_2 | CKA_COEFFICIENT => {
            Err(CKR_ATTRIBUTE_SENSITIVE.into())
        }
        _ => of_key(object, kind),
    }
}

/// CKA_UNIQUE_ID: the same in every process and for ever, for this part of this set of this medium.
fn unique_id(object: View<'_>) -> String {
    let mut hasher = Hasher::new(Hash::Sha256);
    match object.objects.holder(object.index) {
        Holder::Owner { entry, purpose } => {
            hasher.update(entry.name.as_str().as_bytes());
            hasher.update(match purpose {
                Purpose::Sign => b"\0sign",
                Purpose::KeyManagement => b"\0km",
            });
        }
        Holder::Authority => hasher.update(b"\0ca"),
    }
    hasher.update(object.certificate().der());
    let part = match object.part {
        Part::Certificate => "cert",
        Part::PublicKey => "public",
        Part::PrivateKey => "private",
        Part::Random => "vid",
    };
    format!("{part}-{}", hex(&hasher.finish()[..16]))
}
