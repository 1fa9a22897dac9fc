//! This file makes objects of a session: of what the application gives, of nothing but a size, and of what the token shows.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::certificate::Certificate;
use ingam::crypto::random;
use ingam::crypto::rsa::{self, PrivateNumbers, PublicKey};
use ingam::secret::SecretBytes;
use ingam::{Error, ErrorKind};

use super::{Secret, SessionObject};
use crate::abi::template::Criterion;
use crate::attribute;
use crate::object::{Object, Part};
use crate::rv::{Answer, Rv};
use crate::session_key::SessionKey;
use crate::template_rules::Class;
use crate::values::{Origin, Values, class_of, key_type};

/// Sizes of generated RSA keys, in bits.
pub(crate) const GENERATED_BITS: (CK_ULONG, CK_ULONG) = (2048, 4096);

/// Length of generated secrets, in bytes.
pub(crate) const GENERATED_BYTES: (CK_ULONG, CK_ULONG) = (1, 512);

impl SessionObject {
    /// The object of a template of C_CreateObject.
    ///
    /// # Errors
    /// Those of a template; see [`Values::read`].
    pub(crate) fn create(owner: CK_SESSION_HANDLE, template: &[Criterion<'_>]) -> Answer<Self> {
        let class = class_of(template)?;
        // First of all: a key of another type has other attributes.
        if class.is_key() && key_type(template)?.is_some_and(|kind| !class.has_key_type(kind)) {
            return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
        }
        let mut values = Values::read(class, template, Origin::Created)?;
        let given = |kind| template.iter().find(|one| one.kind == kind).map_or(&[][..], |one| one.value);
        let secret = match class {
            Class::Data => Secret::Value(Arc::new(SecretBytes::copy_of(given(CKA_VALUE)))),
            Class::Certificate => {
                settle_certificate(&mut values)?;
                Secret::None
            }
            Class::PublicKey => Secret::None,
            Class::PrivateKey => {
                let numbers = PrivateNumbers {
                    modulus: given(CKA_MODULUS),
                    public_exponent: given(CKA_PUBLIC_EXPONENT),
                    private_exponent: given(CKA_PRIVATE_EXPONENT),
                    prime_1: given(CKA_PRIME_1),
                    prime_2: given(CKA_PRIME_2),
                    exponent_1: given(CKA_EXPONENT_1),
                    exponent_2: given(CKA_EXPONENT_2),
                    coefficient: given(CKA_COEFFICIENT),
                };
                let der = numbers.to_der().map_err(|error| Rv::caused(CKR_ATTRIBUTE_VALUE_INVALID, error))?;
                Secret::Rsa(Arc::new(SessionKey::new(der.expose()).map_err(unfit)?))
            }
            Class::SecretKey => {
                let value = given(CKA_VALUE);
                match values.number(CKA_KEY_TYPE) {
                    Some(CKK_GENERIC_SECRET) if !value.is_empty() => {}
                    Some(CKK_AES) if matches!(value.len(), 16 | 24 | 32) => {}
                    _ => return Err(CKR_ATTRIBUTE_VALUE_INVALID.into()),
                }
                Secret::Value(Arc::new(SecretBytes::copy_of(value)))
            }
        };
        Self { owner, values, secret }.settled(Origin::Created)
    }

    /// A new RSA key pair of the templates of C_GenerateKeyPair. Takes up to some seconds for the longest keys.
    ///
    /// # Errors
    /// Those of a template; `CKR_KEY_SIZE_RANGE`; why the engine fails.
    pub(crate) fn generate_pair(
        owner: CK_SESSION_HANDLE,
        public: &[Criterion<'_>],
        private: &[Criterion<'_>],
    ) -> Answer<(Self, Self)> {
        let origin = Origin::Generated(CKM_RSA_PKCS_KEY_PAIR_GEN);
        let [mut public, mut private] = [(Class::PublicKey, public), (Class::PrivateKey, private)]
            .map(|(class, template)| Values::read(class, template, origin));
        for values in [&mut public, &mut private] {
            let Ok(values) = values else { continue };
            if values.number(CKA_KEY_TYPE).is_some_and(|kind| kind != CKK_RSA) {
                return Err(CKR_TEMPLATE_INCONSISTENT.into());
            }
            values.set_number(CKA_KEY_TYPE, CKK_RSA);
        }
        let (mut public, mut private) = (public?, private?);
        let bits = public.number(CKA_MODULUS_BITS).ok_or(CKR_TEMPLATE_INCOMPLETE)?;
        let bits = Some(bits).filter(|bits| (GENERATED_BITS.0..=GENERATED_BITS.1).contains(bits));
        let bits = bits.and_then(|bits| usize::try_from(bits).ok()).ok_or(CKR_KEY_SIZE_RANGE)?;
        if public.get(CKA_PUBLIC_EXPONENT).is_some_and(|exponent| exponent != [1, 0, 1]) {
            return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
        }
        let der = rsa::generate(bits).map_err(|error| match error.kind() {
            // Not every size between the smallest and the largest.
            ErrorKind::Unsupported => Rv::caused(CKR_ATTRIBUTE_VALUE_INVALID, error),
            _ => error.into(),
        })?;
        let numbers = PrivateNumbers::of_der(der.expose())?;
        for values in [&mut public, &mut private] {
            values.set(CKA_MODULUS, numbers.modulus);
            values.set(CKA_PUBLIC_EXPONENT, numbers.public_exponent);
        }
        let secret = Secret::Rsa(Arc::new(SessionKey::new(der.expose())?));
        let public = Self { owner, values: public, secret: Secret::None }.settled(origin)?;
        Ok((public, Self { owner, values: private, secret }.settled(origin)?))
    }

    /// A new secret of a template of C_GenerateKey.
    ///
    /// # Errors
    /// Those of a template.
    pub(crate) fn generate_secret(owner: CK_SESSION_HANDLE, template: &[Criterion<'_>]) -> Answer<Self> {
        let origin = Origin::Generated(CKM_GENERIC_SECRET_KEY_GEN);
        let mut values = Values::read(Class::SecretKey, template, origin)?;
        if values.number(CKA_KEY_TYPE).is_some_and(|kind| kind != CKK_GENERIC_SECRET) {
            return Err(CKR_TEMPLATE_INCONSISTENT.into());
        }
        values.set_number(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
        let length = values.number(CKA_VALUE_LEN).ok_or(CKR_TEMPLATE_INCOMPLETE)?;
        if !(GENERATED_BYTES.0..=GENERATED_BYTES.1).contains(&length) {
            return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
        }
        let mut value = vec![0; usize::try_from(length).map_err(|_| CKR_ATTRIBUTE_VALUE_INVALID)?].into_boxed_slice();
        random::fill(&mut value)?;
        Self { owner, values, secret: Secret::Value(Arc::new(SecretBytes::adopt(value))) }.settled(origin)
    }

    /// The public object of a token as an object of a session.
    ///
    /// # Errors
    /// `CKR_ACTION_PROHIBITED` for a private one.
    pub(crate) fn of_token(owner: CK_SESSION_HANDLE, object: &Object) -> Answer<Self> {
        let class = match object.part() {
            Part::Certificate => Class::Certificate,
            Part::PublicKey => Class::PublicKey,
            Part::PrivateKey | Part::Random => return Err(CKR_ACTION_PROHIBITED.into()),
        };
        let mut values = Values::new(class);
        for rule in class.rules() {
            if let Ok(value) = attribute::value(object.view(), rule.kind, None) {
                values.set(rule.kind, &value);
            }
        }
        for open in [CKA_MODIFIABLE, CKA_COPYABLE, CKA_DESTROYABLE] {
            values.set_flag(open, true);
        }
        Ok(Self { owner, values, secret: Secret::None })
    }

    /// Adds what follows from the attributes.
    fn settled(mut self, origin: Origin) -> Answer<Self> {
        let values = &mut self.values;
        let class = values.class();
        if matches!(class, Class::PrivateKey | Class::SecretKey) {
            // The standard's presets: only private keys are sensitive by themselves; what is not may leave.
            if values.get(CKA_SENSITIVE).is_none() {
                values.set_flag(CKA_SENSITIVE, class == Class::PrivateKey);
            }
            if values.get(CKA_EXTRACTABLE).is_none() {
                values.set_flag(CKA_EXTRACTABLE, !values.flag(CKA_SENSITIVE));
            }
            let generated = origin != Origin::Created;
            values.set_flag(CKA_ALWAYS_SENSITIVE, generated && values.flag(CKA_SENSITIVE));
            values.set_flag(CKA_NEVER_EXTRACTABLE, generated && !values.flag(CKA_EXTRACTABLE));
            if values.flag(CKA_ALWAYS_AUTHENTICATE) {
                // There is no PIN that the key could ask for.
                return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
            }
        }
        if class.is_key() {
            values.set_flag(CKA_LOCAL, origin != Origin::Created);
            values.set_number(
                CKA_KEY_GEN_MECHANISM,
                match origin {
                    Origin::Created => CK_UNAVAILABLE_INFORMATION,
                    Origin::Generated(mechanism) => mechanism,
                },
            );
            let (start, end) = (values.get(CKA_START_DATE), values.get(CKA_END_DATE));
            if start.zip(end).is_some_and(|(start, end)| !end.is_empty() && start > end) {
                return Err(CKR_TEMPLATE_INCONSISTENT.into());
            }
        }
        if let Some((modulus, exponent)) = self.rsa() {
            PublicKey::new(modulus, exponent).map_err(unfit)?;
            let info = rsa::public_key_info(modulus, exponent)?;
            let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
            self.values.set(CKA_PUBLIC_KEY_INFO, &info);
            if class == Class::PublicKey {
                self.values.set_number(CKA_MODULUS_BITS, CK_ULONG::try_from(bits).map_err(|_| CKR_HOST_MEMORY)?);
            }
        }
        if let (Class::SecretKey, Secret::Value(value)) = (class, &self.secret) {
            let length = CK_ULONG::try_from(value.len()).map_err(|_| CKR_HOST_MEMORY)?;
            self.values.set_number(CKA_VALUE_LEN, length);
        }
        Ok(self)
    }
}

/// What is wrong with the numbers of a key.
fn unfit(error: Error) -> Rv {
    match error.kind() {
        ErrorKind::Damaged => Rv::caused(CKR_TEMPLATE_INCONSISTENT, error),
        _ => Rv::caused(CKR_ATTRIBUTE_VALUE_INVALID, error),
    }
}

/// Checks that what is said of a certificate is in it.
pub(super) fn settle_certificate(values: &mut Values) -> Answer {
    let known = [CKC_X_509];
    if !values.number(CKA_CERTIFICATE_TYPE).is_some_and(|kind| known.contains(&kind)) {
        return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
    }
    let category = values.number(CKA_CERTIFICATE_CATEGORY);
    if category.is_some_and(|category| category > CK_CERTIFICATE_CATEGORY_OTHER_ENTITY)
        || values.number(CKA_JAVA_MIDP_SECURITY_DOMAIN).is_some_and(|domain| domain > CK_SECURITY_DOMAIN_THIRD_PARTY)
        // What is to be fetched is not the application's certificate but somebody's promise of one.
        || values.get(CKA_URL).is_some_and(|url| !url.is_empty())
    {
        return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
    }
    let der = values.get(CKA_VALUE).unwrap_or_default();
    let certificate = Certificate::from_der(der).map_err(|error| Rv::caused(CKR_ATTRIBUTE_VALUE_INVALID, error))?;
    if certificate.der().len() != der.len() {
        return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
    }
    values.agree(CKA_SUBJECT, certificate.subject_der())?;
    values.agree(CKA_ISSUER, certificate.issuer_der())?;
    values.agree(CKA_SERIAL_NUMBER, certificate.serial_der())?;
    values.agree(CKA_PUBLIC_KEY_INFO, certificate.public_key_info())?;
    values.agree(CKA_CHECK_VALUE, &certificate.sha1()[..3])
}
