//! This file holds the rules of attributes (PKCS#11 3.0 4): which ones an object of each class has, in what form, who gives
//! them a value, and what may change later.

use cryptoki_sys::*;

/// The classes of objects that an application can make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Data,
    Certificate,
    PublicKey,
    PrivateKey,
    SecretKey,
}

impl Class {
    const ALL: [Self; 5] = [Self::Data, Self::Certificate, Self::PublicKey, Self::PrivateKey, Self::SecretKey];

    /// The class of a CKA_CLASS.
    pub(crate) fn of_number(number: CK_OBJECT_CLASS) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.number() == number)
    }

    /// CKA_CLASS.
    pub(crate) const fn number(self) -> CK_OBJECT_CLASS {
        match self {
            Self::Data => CKO_DATA,
            Self::Certificate => CKO_CERTIFICATE,
            Self::PublicKey => CKO_PUBLIC_KEY,
            Self::PrivateKey => CKO_PRIVATE_KEY,
            Self::SecretKey => CKO_SECRET_KEY,
        }
    }

    pub(crate) const fn is_key(self) -> bool {
        matches!(self, Self::PublicKey | Self::PrivateKey | Self::SecretKey)
    }

    /// Whether keys of this CKA_KEY_TYPE can be made.
    pub(crate) const fn has_key_type(self, kind: CK_KEY_TYPE) -> bool {
        match self {
            Self::PublicKey | Self::PrivateKey => kind == CKK_RSA,
            Self::SecretKey => matches!(kind, CKK_GENERIC_SECRET | CKK_AES),
            Self::Data | Self::Certificate => false,
        }
    }

    /// Every attribute that objects of this class can have.
    pub(crate) fn rules(self) -> impl Iterator<Item = &'static Rule> {
        let lists: &'static [&'static [Rule]] = match self {
            Self::Data => &[COMMON, PUBLIC, DATA],
            Self::Certificate => &[COMMON, PUBLIC, CERTIFICATE],
            Self::PublicKey => &[COMMON, PUBLIC, KEY, PUBLIC_KEY],
            Self::PrivateKey => &[COMMON, PRIVATE, KEY, SECRET, PRIVATE_KEY],
            Self::SecretKey => &[COMMON, PRIVATE, KEY, SECRET, SECRET_KEY],
        };
        lists.iter().copied().flatten()
    }

    /// The rule of an attribute; `None` if objects of this class do not have it.
    pub(crate) fn rule(self, kind: CK_ATTRIBUTE_TYPE) -> Option<&'static Rule> {
        self.rules().find(|rule| rule.kind == kind)
    }
}

/// What is to be known of one attribute.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: CK_ATTRIBUTE_TYPE,
    pub(crate) form: Form,
    /// In the template of C_CreateObject.
    pub(crate) create: Need,
    /// In the template of C_GenerateKey and C_GenerateKeyPair.
    pub(crate) generate: Need,
    pub(crate) change: Change,
    pub(crate) preset: Preset,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// CK_BBOOL.
    Flag,
    /// CK_ULONG.
    Number,
    /// Any number of CK_ULONGs.
    Numbers,
    /// CK_DATE, or empty.
    Date,
    /// Big integer.
    Integer,
    Bytes,
    /// Bytes that are kept apart and wiped.
    Secret,
}

/// Whether a template has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Must,
    May,
    /// The token alone says it.
    MustNot,
}

/// What may change its value in an object that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Never,
    /// C_CopyObject alone.
    InCopy,
    /// C_SetAttributeValue and C_CopyObject, to this value and not back.
    OnlyTo(bool),
    Always,
}

/// Its value where the template has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    /// It is absent, or follows from others.
    Nothing,
    Empty,
    Flag(bool),
    Number(CK_ULONG),
}

const fn may(kind: CK_ATTRIBUTE_TYPE, form: Form, change: Change, preset: Preset) -> Rule {
    Rule { kind, form, create: Need::May, generate: Need::May, change, preset }
}

const fn flag(kind: CK_ATTRIBUTE_TYPE, preset: bool) -> Rule {
    may(kind, Form::Flag, Change::Always, Preset::Flag(preset))
}

const fn bytes(kind: CK_ATTRIBUTE_TYPE) -> Rule {
    may(kind, Form::Bytes, Change::Always, Preset::Empty)
}

const fn date(kind: CK_ATTRIBUTE_TYPE) -> Rule {
    may(kind, Form::Date, Change::Always, Preset::Empty)
}

/// An attribute that the application gives to C_CreateObject and that generating makes.
const fn made(kind: CK_ATTRIBUTE_TYPE, form: Form) -> Rule {
    Rule { kind, form, create: Need::Must, generate: Need::MustNot, change: Change::Never, preset: Preset::Nothing }
}

/// An attribute that the token alone says.
const fn said(kind: CK_ATTRIBUTE_TYPE, form: Form) -> Rule {
    Rule { create: Need::MustNot, ..made(kind, form) }
}

/// An attribute that generating needs and that otherwise follows from others.
const fn sized(kind: CK_ATTRIBUTE_TYPE) -> Rule {
    Rule { generate: Need::Must, ..said(kind, Form::Number) }
}

/// An attribute that C_CreateObject needs and that need not be said to generate.
const fn kind_of(kind: CK_ATTRIBUTE_TYPE) -> Rule {
    Rule { generate: Need::May, ..made(kind, Form::Number) }
}

const fn private(preset: bool) -> Rule {
    may(CKA_PRIVATE, Form::Flag, Change::InCopy, Preset::Flag(preset))
}

const PUBLIC: &[Rule] = &[private(false)];
const PRIVATE: &[Rule] = &[private(true)];

const COMMON: &[Rule] = &[
    kind_of(CKA_CLASS),
    may(CKA_TOKEN, Form::Flag, Change::InCopy, Preset::Flag(false)),
    may(CKA_MODIFIABLE, Form::Flag, Change::InCopy, Preset::Flag(true)),
    may(CKA_COPYABLE, Form::Flag, Change::OnlyTo(false), Preset::Flag(true)),
    may(CKA_DESTROYABLE, Form::Flag, Change::InCopy, Preset::Flag(true)),
    bytes(CKA_LABEL),
    said(CKA_UNIQUE_ID, Form::Bytes),
];

const DATA: &[Rule] = &[
    bytes(CKA_APPLICATION),
    bytes(CKA_OBJECT_ID),
    // Not the standard's: by it R is found beside its key.
    bytes(CKA_ID),
    may(CKA_VALUE, Form::Secret, Change::Always, Preset::Empty),
];

const CERTIFICATE: &[Rule] = &[
    kind_of(CKA_CERTIFICATE_TYPE),
    // Only the security officer says whom to trust, and there is none.
    Rule { preset: Preset::Flag(false), ..may(CKA_TRUSTED, Form::Flag, Change::Never, Preset::Nothing) },
    may(CKA_CERTIFICATE_CATEGORY, Form::Number, Change::Never, Preset::Number(CK_CERTIFICATE_CATEGORY_UNSPECIFIED)),
    may(CKA_JAVA_MIDP_SECURITY_DOMAIN, Form::Number, Change::Never, Preset::Number(0)),
    may(CKA_CHECK_VALUE, Form::Bytes, Change::Never, Preset::Nothing),
    may(CKA_START_DATE, Form::Date, Change::Never, Preset::Empty),
    may(CKA_END_DATE, Form::Date, Change::Never, Preset::Empty),
    may(CKA_PUBLIC_KEY_INFO, Form::Bytes, Change::Never, Preset::Nothing),
    made(CKA_SUBJECT, Form::Bytes),
    bytes(CKA_ID),
    may(CKA_ISSUER, Form::Bytes, Change::Always, Preset::Nothing),
    may(CKA_SERIAL_NUMBER, Form::Bytes, Change::Always, Preset::Nothing),
    made(CKA_VALUE, Form::Bytes),
    may(CKA_URL, Form::Bytes, Change::Never, Preset::Empty),
    may(CKA_HASH_OF_SUBJECT_PUBLIC_KEY, Form::Bytes, Change::Never, Preset::Empty),
    may(CKA_HASH_OF_ISSUER_PUBLIC_KEY, Form::Bytes, Change::Never, Preset::Empty),
];

const KEY: &[Rule] = &[
    kind_of(CKA_KEY_TYPE),
    bytes(CKA_ID),
    date(CKA_START_DATE),
    date(CKA_END_DATE),
    flag(CKA_DERIVE, false),
    said(CKA_LOCAL, Form::Flag),
    said(CKA_KEY_GEN_MECHANISM, Form::Number),
    may(CKA_ALLOWED_MECHANISMS, Form::Numbers, Change::Never, Preset::Nothing),
];

const PUBLIC_KEY: &[Rule] = &[
    bytes(CKA_SUBJECT),
    flag(CKA_ENCRYPT, true),
    flag(CKA_VERIFY, true),
    flag(CKA_VERIFY_RECOVER, false),
    flag(CKA_WRAP, false),
    may(CKA_TRUSTED, Form::Flag, Change::Never, Preset::Flag(false)),
    said(CKA_PUBLIC_KEY_INFO, Form::Bytes),
    made(CKA_MODULUS, Form::Integer),
    sized(CKA_MODULUS_BITS),
    Rule { generate: Need::May, ..made(CKA_PUBLIC_EXPONENT, Form::Integer) },
];

/// What private and secret keys have.
const SECRET: &[Rule] = &[
    // Preset by the class: see `SessionObject::settled`.
    may(CKA_SENSITIVE, Form::Flag, Change::OnlyTo(true), Preset::Nothing),
    may(CKA_EXTRACTABLE, Form::Flag, Change::OnlyTo(false), Preset::Nothing),
    said(CKA_ALWAYS_SENSITIVE, Form::Flag),
    said(CKA_NEVER_EXTRACTABLE, Form::Flag),
    may(CKA_WRAP_WITH_TRUSTED, Form::Flag, Change::OnlyTo(true), Preset::Flag(false)),
];

const PRIVATE_KEY: &[Rule] = &[
    bytes(CKA_SUBJECT),
    flag(CKA_DECRYPT, true),
    flag(CKA_SIGN, true),
    flag(CKA_SIGN_RECOVER, false),
    flag(CKA_UNWRAP, false),
    may(CKA_ALWAYS_AUTHENTICATE, Form::Flag, Change::Never, Preset::Flag(false)),
    said(CKA_PUBLIC_KEY_INFO, Form::Bytes),
    made(CKA_MODULUS, Form::Integer),
    made(CKA_PUBLIC_EXPONENT, Form::Integer),
    made(CKA_PRIVATE_EXPONENT, Form::Secret),
    made(CKA_PRIME_1, Form::Secret),
    made(CKA_PRIME_2, Form::Secret),
    made(CKA_EXPONENT_1, Form::Secret),
    made(CKA_EXPONENT_2, Form::Secret),
    made(CKA_COEFFICIENT, Form::Secret),
];

const SECRET_KEY: &[Rule] = &[
    // No mechanism uses secret keys but C_DigestKey.
    flag(CKA_ENCRYPT, false),
    flag(CKA_DECRYPT, false),
    flag(CKA_SIGN, false),
    flag(CKA_VERIFY, false),
    flag(CKA_WRAP, false),
    flag(CKA_UNWRAP, false),
    may(CKA_TRUSTED, Form::Flag, Change::Never, Preset::Flag(false)),
    made(CKA_VALUE, Form::Secret),
    sized(CKA_VALUE_LEN),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_attribute_of_a_class_has_one_rule() {
        for class in Class::ALL {
            let mut kinds: Vec<_> = class.rules().map(|rule| rule.kind).collect();
            let count = kinds.len();
            kinds.sort_unstable();
            kinds.dedup();
            assert_eq!(kinds.len(), count, "{class:?}");
        }
    }
}
