//! This file is one object that an application brought or had made: its attributes, and its secret apart from them.

mod making;

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::certificate::Certificate;
use ingam::crypto::rsa::PrivateNumbers;
use ingam::secret::SecretBytes;

use self::making::settle_certificate;
use crate::abi::template::Criterion;
use crate::attribute::Value;
use crate::rv::Answer;
use crate::session_key::SessionKey;
use crate::template_rules::{Class, Form};
use crate::values::{By, Values};

pub(crate) use making::{GENERATED_BITS, GENERATED_BYTES};

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
