//! This file checks templates against the rules and keeps the attribute values that come of them.

use std::collections::{BTreeMap, BTreeSet};

use cryptoki_sys::*;

use crate::abi::template::Criterion;
use crate::rv::Answer;
use crate::template_rules::{Change, Class, Form, Need, Preset, Rule};

/// The longest value that is kept, in bytes: as long as the longest certificate.
const MAX_LEN: usize = 1 << 20;

/// What makes an object of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// C_CreateObject.
    Created,
    /// C_GenerateKey or C_GenerateKeyPair, by this mechanism.
    Generated(CK_MECHANISM_TYPE),
}

/// What changes the attributes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    SetAttributeValue,
    CopyObject,
}

/// The attributes of one object, without those that are secret.
#[derive(Clone)]
pub(crate) struct Values {
    class: Class,
    values: BTreeMap<CK_ATTRIBUTE_TYPE, Box<[u8]>>,
}

/// The class that a template names.
///
/// # Errors
/// `CKR_TEMPLATE_INCOMPLETE`; `CKR_ATTRIBUTE_VALUE_INVALID` for a class that no session has.
pub(crate) fn class_of(template: &[Criterion<'_>]) -> Answer<Class> {
    let class = template.iter().find(|criterion| criterion.kind == CKA_CLASS).ok_or(CKR_TEMPLATE_INCOMPLETE)?;
    let class = number(class.value).and_then(Class::of_number);
    class.ok_or_else(|| CKR_ATTRIBUTE_VALUE_INVALID.into())
}

/// The key type that a template names; `None` if it does not say.
///
/// # Errors
/// `CKR_ATTRIBUTE_VALUE_INVALID`.
pub(crate) fn key_type(template: &[Criterion<'_>]) -> Answer<Option<CK_KEY_TYPE>> {
    let Some(kind) = template.iter().find(|criterion| criterion.kind == CKA_KEY_TYPE) else { return Ok(None) };
    number(kind.value).map(Some).ok_or_else(|| CKR_ATTRIBUTE_VALUE_INVALID.into())
}

/// Whether a template asks for an object of the token; `None` if it does not say.
///
/// # Errors
/// `CKR_ATTRIBUTE_VALUE_INVALID`.
pub(crate) fn on_token(template: &[Criterion<'_>]) -> Answer<Option<bool>> {
    let Some(token) = template.iter().find(|criterion| criterion.kind == CKA_TOKEN) else { return Ok(None) };
    match *token.value {
        [CK_FALSE] => Ok(Some(false)),
        [CK_TRUE] => Ok(Some(true)),
        _ => Err(CKR_ATTRIBUTE_VALUE_INVALID.into()),
    }
}

impl Values {
    /// No values yet.
    pub(crate) const fn new(class: Class) -> Self {
        Self { class, values: BTreeMap::new() }
    }

    /// The values that a template gives a new object, and those that it leaves to the standard.
    ///
    /// # Errors
    /// `CKR_ATTRIBUTE_TYPE_INVALID`, `CKR_ATTRIBUTE_VALUE_INVALID`, `CKR_ATTRIBUTE_READ_ONLY` for what the token alone says,
    /// `CKR_TEMPLATE_INCOMPLETE`, and `CKR_TEMPLATE_INCONSISTENT` for an attribute twice or another class.
    pub(crate) fn read(class: Class, template: &[Criterion<'_>], origin: Origin) -> Answer<Self> {
        let need = |rule: &Rule| if origin == Origin::Created { rule.create } else { rule.generate };
        let mut values = Self::new(class);
        let mut given = BTreeSet::new();
        for criterion in template {
            let rule = class.rule(criterion.kind).ok_or(CKR_ATTRIBUTE_TYPE_INVALID)?;
            let value = read(rule.form, criterion.value)?;
            if need(rule) == Need::MustNot || rule.kind == CKA_TRUSTED && *value == [CK_TRUE] {
                return Err(CKR_ATTRIBUTE_READ_ONLY.into());
            }
            if !given.insert(rule.kind) {
                return Err(CKR_TEMPLATE_INCONSISTENT.into());
            }
            if rule.form != Form::Secret {
                values.set(rule.kind, value);
            }
        }
        if class.rules().any(|rule| need(rule) == Need::Must && !given.contains(&rule.kind)) {
            return Err(CKR_TEMPLATE_INCOMPLETE.into());
        }
        if values.number(CKA_CLASS).is_some_and(|number| number != class.number()) {
            return Err(CKR_TEMPLATE_INCONSISTENT.into());
        }
        values.set_number(CKA_CLASS, class.number());
        for rule in class.rules().filter(|rule| rule.form != Form::Secret && !given.contains(&rule.kind)) {
            match rule.preset {
                Preset::Nothing => {}
                Preset::Empty => values.set(rule.kind, &[]),
                Preset::Flag(flag) => values.set_flag(rule.kind, flag),
                Preset::Number(number) => values.set_number(rule.kind, number),
            }
        }
        Ok(values)
    }

    /// Takes the changes of a template; secret values are the caller's to change.
    ///
    /// # Errors
    /// `CKR_ATTRIBUTE_TYPE_INVALID`, `CKR_ATTRIBUTE_VALUE_INVALID`, `CKR_ATTRIBUTE_READ_ONLY`.
    pub(crate) fn change(&mut self, template: &[Criterion<'_>], by: By) -> Answer {
        for criterion in template {
            let rule = self.class.rule(criterion.kind).ok_or(CKR_ATTRIBUTE_TYPE_INVALID)?;
            let value = read(rule.form, criterion.value)?;
            let may = match rule.change {
                Change::Never => false,
                Change::InCopy => by == By::CopyObject,
                Change::OnlyTo(last) => self.get(rule.kind) == Some(value) || *value == [CK_BBOOL::from(last)],
                Change::Always => true,
            };
            if !may {
                return Err(CKR_ATTRIBUTE_READ_ONLY.into());
            }
            if rule.form != Form::Secret {
                self.set(rule.kind, value);
            }
        }
        Ok(())
    }

    pub(crate) const fn class(&self) -> Class {
        self.class
    }

    pub(crate) fn get(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<&[u8]> {
        self.values.get(&kind).map(|value| &**value)
    }

    /// A flag; one that the object does not have is false.
    pub(crate) fn flag(&self, kind: CK_ATTRIBUTE_TYPE) -> bool {
        self.get(kind) == Some(&[CK_TRUE])
    }

    pub(crate) fn number(&self, kind: CK_ATTRIBUTE_TYPE) -> Option<CK_ULONG> {
        self.get(kind).and_then(number)
    }

    pub(crate) fn set(&mut self, kind: CK_ATTRIBUTE_TYPE, value: &[u8]) {
        self.values.insert(kind, value.into());
    }

    pub(crate) fn set_flag(&mut self, kind: CK_ATTRIBUTE_TYPE, flag: bool) {
        self.set(kind, &[CK_BBOOL::from(flag)]);
    }

    pub(crate) fn set_number(&mut self, kind: CK_ATTRIBUTE_TYPE, number: CK_ULONG) {
        self.set(kind, &number.to_ne_bytes());
    }

    /// Sets it, or checks that the application gave the same.
    ///
    /// # Errors
    /// `CKR_TEMPLATE_INCONSISTENT`.
    pub(crate) fn agree(&mut self, kind: CK_ATTRIBUTE_TYPE, value: &[u8]) -> Answer {
        match self.get(kind) {
            Some(given) if !given.is_empty() && given != value => Err(CKR_TEMPLATE_INCONSISTENT.into()),
            _ => {
                self.set(kind, value);
                Ok(())
            }
        }
    }

    /// Whether a key with CKA_ALLOWED_MECHANISMS allows this one.
    pub(crate) fn allows(&self, mechanism: CK_MECHANISM_TYPE) -> bool {
        let allowed = self.get(CKA_ALLOWED_MECHANISMS);
        allowed.is_none_or(|allowed| allowed.chunks(size_of::<CK_ULONG>()).any(|one| number(one) == Some(mechanism)))
    }

    /// Bytes of all values.
    pub(crate) fn len(&self) -> usize {
        self.values.values().map(|value| value.len()).sum()
    }
}

/// A value in its form: big integers lose their leading zeros.
fn read(form: Form, value: &[u8]) -> Answer<&[u8]> {
    let good = match form {
        Form::Flag => matches!(*value, [CK_FALSE | CK_TRUE]),
        Form::Number => number(value).is_some(),
        Form::Numbers => value.len() <= MAX_LEN && value.len().is_multiple_of(size_of::<CK_ULONG>()),
        Form::Date => value.is_empty() || value.len() == size_of::<CK_DATE>() && is_date(value),
        Form::Bytes | Form::Secret => value.len() <= MAX_LEN,
        Form::Integer => {
            let zeros = value.iter().take(MAX_LEN).take_while(|byte| **byte == 0).count();
            return match &value[zeros..] {
                digits if digits.is_empty() || digits.len() > MAX_LEN => Err(CKR_ATTRIBUTE_VALUE_INVALID.into()),
                digits => Ok(digits),
            };
        }
    };
    if good { Ok(value) } else { Err(CKR_ATTRIBUTE_VALUE_INVALID.into()) }
}

fn number(value: &[u8]) -> Option<CK_ULONG> {
    value.try_into().ok().map(CK_ULONG::from_ne_bytes)
}

/// Eight digits that can be year, month and day.
fn is_date(value: &[u8]) -> bool {
    let two = |at: usize| value[at..at + 2].iter().fold(0, |sum: u8, digit| sum * 10 + (digit - b'0'));
    value.iter().all(u8::is_ascii_digit) && (1..=12).contains(&two(4)) && (1..=31).contains(&two(6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_in_their_form_only() {
        let good = |form, value: &[u8]| read(form, value).is_ok();
        assert!(good(Form::Flag, &[1]) && !good(Form::Flag, &[2]) && !good(Form::Flag, &[]));
        assert!(good(Form::Number, &CK_ULONG::MAX.to_ne_bytes()) && !good(Form::Number, &[1]));
        assert!(good(Form::Date, b"20260228") && good(Form::Date, b"") && !good(Form::Date, b"20261301"));
        assert!(!good(Form::Date, b"2026022x") && !good(Form::Date, b"20260200"));
        assert_eq!(read(Form::Integer, &[0, 0, 7, 0]).unwrap(), [7, 0]);
        assert!(!good(Form::Integer, &[0]) && !good(Form::Integer, &[]));
        assert!(good(Form::Numbers, &[]) && !good(Form::Numbers, &[0; 7]));
    }
}
