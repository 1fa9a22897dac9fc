//! This file is one object that an application brought or had made: its attributes, and its secret apart from them.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::certificate::Certificate;
use ingam::crypto::random;
use ingam::crypto::rsa::{self, PrivateNumbers, PublicKey};
use ingam::secret::SecretBytes;
use ingam::{Error, ErrorKind};

use crate::abi::template::Criterion;
use crate::attribute::{self, Value};
use crate::object::{Object, Part};
use crate::rv::{Answer, Rv};
use crate::session_key::SessionKey;
use crate::template_rules::{Class, Form};
use crate::values::{By, Origin, Values, class_of};

/// Sizes of generated RSA keys, in bits.
pub(crate) const GENERATED_BITS: (CK_ULONG, CK_ULONG) = (2048, 4096);

/// Length of generated secrets, in bytes.
pub(crate) const GENERATED_BYTES: (CK_ULONG, CK_ULONG) = (1, 512);

/// An object that lives as long as the session that made it. Never changed: a changed one takes its place.
pub(crate) struct SessionObject {
    /// The session that made it.
    owner: CK_SESSION_HANDLE,
    values: Values,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    None,
    /// CKA_VALUE of data and secret keys.
    Value(Arc<SecretBytes>),
    Rsa(Arc<SessionKey>),
}

impl SessionObject {
    /// The object of a template of C_CreateObject.
    ///
    /// # Errors
    /// Those of a template; see [`Values::read`].
    pub(crate) fn create(owner: CK_SESSION_HANDLE, template: &[Criterion<'_>]) -> Answer<Self> {
        let mut values = Values::read(class_of(template)?, template, Origin::Created)?;
        let given = |kind| template.iter().find(|one| one.kind == kind).map_or(&[][..], |one| one.value);
        let secret = match values.class() {
            Class::Data => Secret::Value(Arc::new(SecretBytes::copy_of(given(CKA_VALUE)))),
            Class::Certificate => {
                settle_certificate(&mut values)?;
                Secret::None
            }
            Class::PublicKey => {
                is_rsa(&values)?;
                Secret::None
            }
            Class::PrivateKey => {
                is_rsa(&values)?;
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

    /// A copy with these changes. A key is prepared anew, so that the end of one is not the end of the other.
    ///
    /// # Errors
    /// `CKR_ACTION_PROHIBITED` if it is not copyable; those of a template; `CKR_TEMPLATE_INCONSISTENT` for a public copy of
    /// a private object.
    pub(crate) fn copied(&self, owner: CK_SESSION_HANDLE, template: &[Criterion<'_>]) -> Answer<Self> {
        if !self.values.flag(CKA_COPYABLE) {
            return Err(CKR_ACTION_PROHIBITED.into());
        }
        let copy = self.with(owner, template, By::CopyObject)?;
        if self.is_private() && !copy.is_private() {
            return Err(CKR_TEMPLATE_INCONSISTENT.into());
        }
        let secret = match &copy.secret {
            Secret::Rsa(key) => Secret::Rsa(Arc::new(SessionKey::new(key.key()?.der().expose())?)),
            other => other.clone(),
        };
        Ok(Self { secret, ..copy })
    }

    /// The same object with these changes.
    ///
    /// # Errors
    /// `CKR_ACTION_PROHIBITED` if it is not modifiable; those of a template.
    pub(crate) fn changed(&self, template: &[Criterion<'_>]) -> Answer<Self> {
        if !self.values.flag(CKA_MODIFIABLE) {
            return Err(CKR_ACTION_PROHIBITED.into());
        }
        self.with(self.owner, template, By::SetAttributeValue)
    }

    fn with(&self, owner: CK_SESSION_HANDLE, template: &[Criterion<'_>], by: By) -> Answer<Self> {
        let mut values = self.values.clone();
        values.change(template, by)?;
        if values.class() == Class::Certificate {
            settle_certificate(&mut values)?;
        }
        // Of secrets only that of data can be in such a template.
        let value = template.iter().rfind(|one| self.is_secret(one.kind)).map(|one| SecretBytes::copy_of(one.value));
        let secret = value.map_or_else(|| self.secret.clone(), |value| Secret::Value(Arc::new(value)));
        Ok(Self { owner, values, secret })
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

    pub(crate) const fn owner(&self) -> CK_SESSION_HANDLE {
        self.owner
    }

    pub(crate) const fn values(&self) -> &Values {
        &self.values
    }

    pub(crate) const fn class(&self) -> Class {
        self.values.class()
    }

    pub(crate) fn is_private(&self) -> bool {
        self.values.flag(CKA_PRIVATE)
    }

    /// Whether it is to become an object of the token.
    pub(crate) fn is_pending(&self) -> bool {
        self.values.flag(CKA_TOKEN)
    }

    /// Gives it its CKA_UNIQUE_ID.
    pub(crate) fn identify(&mut self, handle: CK_OBJECT_HANDLE) {
        self.values.set(CKA_UNIQUE_ID, format!("session-{handle}").as_bytes());
    }

    /// Shows it after login only.
    pub(crate) fn make_private(&mut self) {
        self.values.set_flag(CKA_PRIVATE, true);
    }

    /// Modulus and public exponent of an RSA key.
    pub(crate) fn rsa(&self) -> Option<(&[u8], &[u8])> {
        self.values.get(CKA_MODULUS).zip(self.values.get(CKA_PUBLIC_EXPONENT)).filter(|_| self.class().is_key())
    }

    /// The certificate of a certificate.
    pub(crate) fn certificate(&self) -> Option<Certificate> {
        let der = self.values.get(CKA_VALUE).filter(|_| self.class() == Class::Certificate)?;
        Certificate::from_der(der).ok()
    }

    /// The private key of a private key.
    pub(crate) const fn key(&self) -> Option<&Arc<SessionKey>> {
        match &self.secret {
            Secret::Rsa(key) => Some(key),
            _ => None,
        }
    }

    /// CKA_VALUE of data and secret keys.
    pub(crate) const fn secret(&self) -> Option<&Arc<SecretBytes>> {
        match &self.secret {
            Secret::Value(value) => Some(value),
            _ => None,
        }
    }

    /// The value of an attribute.
    ///
    /// # Errors
    /// `CKR_ATTRIBUTE_TYPE_INVALID` for one that the object does not have, `CKR_ATTRIBUTE_SENSITIVE` for a secret.
    pub(crate) fn value(&self, kind: CK_ATTRIBUTE_TYPE) -> Answer<Value<'_>> {
        if let Some(value) = self.values.get(kind) {
            return Ok(Value::Borrowed(value));
        }
        if !self.is_secret(kind) {
            return Err(CKR_ATTRIBUTE_TYPE_INVALID.into());
        }
        let may_leave = !self.values.flag(CKA_SENSITIVE) && self.values.flag(CKA_EXTRACTABLE);
        match &self.secret {
            Secret::Value(value) if self.class() == Class::Data || may_leave => Ok(Value::Borrowed(value.expose())),
            Secret::Rsa(key) if may_leave => {
                let key = key.key()?;
                let numbers = PrivateNumbers::of_der(key.der().expose())?;
                Ok(Value::Secret(SecretBytes::copy_of(match kind {
                    CKA_PRIVATE_EXPONENT => numbers.private_exponent,
                    CKA_PRIME_1 => numbers.prime_1,
                    CKA_PRIME_2 => numbers.prime_2,
                    CKA_EXPONENT_1 => numbers.exponent_1,
                    CKA_EXPONENT_2 => numbers.exponent_2,
                    _ => numbers.coefficient,
                })))
            }
            _ => Err(CKR_ATTRIBUTE_SENSITIVE.into()),
        }
    }

    /// Whether it has all these attributes. A secret matches nothing: a search must not be a way to guess it.
    pub(crate) fn has(&self, template: &[Criterion<'_>]) -> bool {
        let open = |kind| self.class() == Class::Data && !self.is_private() || !self.is_secret(kind);
        let has = |one: &Criterion<'_>| open(one.kind) && self.value(one.kind).is_ok_and(|value| *value == *one.value);
        template.iter().all(has)
    }

    fn is_secret(&self, kind: CK_ATTRIBUTE_TYPE) -> bool {
        self.class().rule(kind).is_some_and(|rule| rule.form == Form::Secret)
    }

    /// Bytes that it takes.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
            + match &self.secret {
                Secret::None => 0,
                Secret::Value(value) => value.len(),
                Secret::Rsa(key) => key.key().map_or(0, |key| key.der().len()),
            }
    }
}

fn is_rsa(values: &Values) -> Answer {
    match values.number(CKA_KEY_TYPE) {
        Some(CKK_RSA) => Ok(()),
        _ => Err(CKR_ATTRIBUTE_VALUE_INVALID.into()),
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
fn settle_certificate(values: &mut Values) -> Answer {
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
