//! Objects that a test makes: templates, and the parts of a pair as an application has them that stores it.

use std::ptr::null_mut;

use cryptoki_sys::*;
use ingam::certificate::Certificate;
use ingam::crypto::Limits;
use ingam::crypto::rsa::PrivateNumbers;
use ingam::npki::key_file::SealedKey;
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::pin::Pin;
use ingam::sample::SampleSet;
use ingam::storage::SetFile;

use super::{Session, number};

pub type Template<'a> = Vec<(CK_ATTRIBUTE_TYPE, &'a [u8])>;

pub const YES: &[u8] = &[CK_TRUE];
pub const NO: &[u8] = &[CK_FALSE];

const WORD: usize = size_of::<CK_ULONG>();
pub const DATA: &[u8] = &CKO_DATA.to_ne_bytes();
pub const CERTIFICATE: &[u8] = &CKO_CERTIFICATE.to_ne_bytes();
pub const PUBLIC_KEY: &[u8] = &CKO_PUBLIC_KEY.to_ne_bytes();
pub const PRIVATE_KEY: &[u8] = &CKO_PRIVATE_KEY.to_ne_bytes();
pub const SECRET_KEY: &[u8] = &CKO_SECRET_KEY.to_ne_bytes();
pub const RSA: &[u8] = &CKK_RSA.to_ne_bytes();
pub const GENERIC: &[u8] = &CKK_GENERIC_SECRET.to_ne_bytes();
pub const X_509: &[u8] = &CKC_X_509.to_ne_bytes();
pub const LENGTH_16: [u8; WORD] = (16 as CK_ULONG).to_ne_bytes();

/// A template as C has it; its values must outlive its use.
pub fn raw(template: &[(CK_ATTRIBUTE_TYPE, &[u8])]) -> Vec<CK_ATTRIBUTE> {
    let attribute = |(kind, value): &(CK_ATTRIBUTE_TYPE, &[u8])| CK_ATTRIBUTE {
        type_: *kind,
        pValue: value.as_ptr().cast_mut().cast(),
        ulValueLen: number(value.len()),
    };
    template.iter().map(attribute).collect()
}

impl Session {
    pub fn create(self, template: &[(CK_ATTRIBUTE_TYPE, &[u8])]) -> Result<CK_OBJECT_HANDLE, CK_RV> {
        let mut object = 0;
        let mut template = raw(template);
        c!(C_CreateObject(self.0, template.as_mut_ptr(), number(template.len()), &raw mut object))?;
        Ok(object)
    }

    pub fn copy(
        self,
        object: CK_OBJECT_HANDLE,
        template: &[(CK_ATTRIBUTE_TYPE, &[u8])],
    ) -> Result<CK_OBJECT_HANDLE, CK_RV> {
        let mut copy = 0;
        let mut template = raw(template);
        c!(C_CopyObject(self.0, object, template.as_mut_ptr(), number(template.len()), &raw mut copy))?;
        Ok(copy)
    }

    pub fn set(self, object: CK_OBJECT_HANDLE, template: &[(CK_ATTRIBUTE_TYPE, &[u8])]) -> Result<(), CK_RV> {
        let mut template = raw(template);
        c!(C_SetAttributeValue(self.0, object, template.as_mut_ptr(), number(template.len())))
    }

    pub fn destroy(self, object: CK_OBJECT_HANDLE) -> Result<(), CK_RV> {
        c!(C_DestroyObject(self.0, object))
    }

    pub fn close(self) {
        c!(C_CloseSession(self.0)).unwrap();
    }

    pub fn logout(self) {
        c!(C_Logout(self.0)).unwrap();
    }

    pub fn generate_pair(
        self,
        public: &[(CK_ATTRIBUTE_TYPE, &[u8])],
        private: &[(CK_ATTRIBUTE_TYPE, &[u8])],
    ) -> Result<(CK_OBJECT_HANDLE, CK_OBJECT_HANDLE), CK_RV> {
        let mut mechanism =
            CK_MECHANISM { mechanism: CKM_RSA_PKCS_KEY_PAIR_GEN, pParameter: null_mut(), ulParameterLen: 0 };
        let (mut public, mut private) = (raw(public), raw(private));
        let (mut public_key, mut private_key) = (0, 0);
        c!(C_GenerateKeyPair(
            self.0,
            &raw mut mechanism,
            public.as_mut_ptr(),
            number(public.len()),
            private.as_mut_ptr(),
            number(private.len()),
            &raw mut public_key,
            &raw mut private_key
        ))?;
        Ok((public_key, private_key))
    }
}

/// A certificate and its key.
pub struct Pair {
    pub certificate: Certificate,
    pub key: PrivateKeyInfo,
}

impl Pair {
    /// The signing pair of a set.
    pub fn sign(set: &SampleSet, password: &str) -> Self {
        Self::read(set, password, [SetFile::SignCert, SetFile::SignKey])
    }

    /// The encryption pair of a set.
    pub fn km(set: &SampleSet, password: &str) -> Self {
        Self::read(set, password, [SetFile::KmCert, SetFile::KmKey])
    }

    fn read(set: &SampleSet, password: &str, files: [SetFile; 2]) -> Self {
        let [certificate, key] = files.map(|wanted| &set.files.0.iter().find(|(file, _)| *file == wanted).unwrap().1);
        let key = SealedKey::from_der(key, Limits::default()).unwrap();
        Self {
            certificate: Certificate::from_der(certificate).unwrap(),
            key: key.open(&Pin::copy_of(password.as_bytes())).unwrap(),
        }
    }

    pub fn numbers(&self) -> PrivateNumbers<'_> {
        PrivateNumbers::of_der(self.key.rsa_private_key()).unwrap()
    }

    pub fn certificate_template(&self) -> Template<'_> {
        certificate_template(&self.certificate)
    }

    pub fn public_template(&self) -> Template<'_> {
        let numbers = self.numbers();
        vec![
            (CKA_CLASS, PUBLIC_KEY),
            (CKA_KEY_TYPE, RSA),
            (CKA_MODULUS, numbers.modulus),
            (CKA_PUBLIC_EXPONENT, numbers.public_exponent),
        ]
    }

    pub fn private_template(&self) -> Template<'_> {
        let numbers = self.numbers();
        vec![
            (CKA_CLASS, PRIVATE_KEY),
            (CKA_KEY_TYPE, RSA),
            (CKA_MODULUS, numbers.modulus),
            (CKA_PUBLIC_EXPONENT, numbers.public_exponent),
            (CKA_PRIVATE_EXPONENT, numbers.private_exponent),
            (CKA_PRIME_1, numbers.prime_1),
            (CKA_PRIME_2, numbers.prime_2),
            (CKA_EXPONENT_1, numbers.exponent_1),
            (CKA_EXPONENT_2, numbers.exponent_2),
            (CKA_COEFFICIENT, numbers.coefficient),
        ]
    }
}

pub fn certificate_template(certificate: &Certificate) -> Template<'_> {
    vec![
        (CKA_CLASS, CERTIFICATE),
        (CKA_CERTIFICATE_TYPE, X_509),
        (CKA_SUBJECT, certificate.subject_der()),
        (CKA_ISSUER, certificate.issuer_der()),
        (CKA_SERIAL_NUMBER, certificate.serial_der()),
        (CKA_VALUE, certificate.der()),
    ]
}

/// A template with this more in it.
pub fn with<'a>(template: &[(CK_ATTRIBUTE_TYPE, &'a [u8])], more: &[(CK_ATTRIBUTE_TYPE, &'a [u8])]) -> Template<'a> {
    [template, more].concat()
}

/// A template without an attribute.
pub fn without<'a>(template: &[(CK_ATTRIBUTE_TYPE, &'a [u8])], kind: CK_ATTRIBUTE_TYPE) -> Template<'a> {
    template.iter().copied().filter(|(known, _)| *known != kind).collect()
}
