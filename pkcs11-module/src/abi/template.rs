//! This file reads attribute templates and writes attribute values back, by the rules of C_GetAttributeValue
//! (PKCS#11 5.7.5).

use std::fmt::Write as _;
use std::marker::PhantomData;

use cryptoki_sys::*;

use super::argument::{Shape, array_length};
use super::boundary::Call;
use crate::rv::Answer;

/// Attributes to read: a template.
pub(crate) struct Template;

/// Attributes to answer.
pub(crate) struct Attributes;

/// One attribute of a template.
#[derive(Clone, Copy)]
pub(crate) struct Criterion<'call> {
    pub(crate) kind: CK_ATTRIBUTE_TYPE,
    pub(crate) value: &'call [u8],
}

impl Shape for Template {
    type Raw = (*mut CK_ATTRIBUTE, CK_ULONG);
    type Safe<'call> = Vec<Criterion<'call>>;

    unsafe fn admit((data, count): Self::Raw, _: &Call) -> Answer<Vec<Criterion<'_>>> {
        let count = attributes(data, count)?;
        let read = |index| {
            // SAFETY: the caller's promise: `count` attributes are there.
            let attribute = unsafe { data.add(index).read_unaligned() };
            let (value, length) = (attribute.pValue.cast::<u8>(), attribute.ulValueLen);
            let length = array_length(value.cast_const(), length)?;
            // SAFETY: the caller's promise; `array_length` refuses null unless it is empty.
            let value = if length == 0 { &[][..] } else { unsafe { std::slice::from_raw_parts(value, length) } };
            Ok(Criterion { kind: attribute.type_, value })
        };
        (0..count).map(read).collect()
    }

    fn describe(safe: &Vec<Criterion<'_>>, line: &mut String) {
        line.push('{');
        for criterion in safe {
            let _ = write!(line, " {:#x}[{}]", criterion.kind, criterion.value.len());
        }
        line.push_str(" }");
    }
}

impl Shape for Attributes {
    type Raw = (*mut CK_ATTRIBUTE, CK_ULONG);
    type Safe<'call> = Wanted<'call>;

    unsafe fn admit((data, count): Self::Raw, _: &Call) -> Answer<Wanted<'_>> {
        let count = attributes(data, count)?;
        Ok(Wanted { data, count, call: PhantomData })
    }

    fn describe(safe: &Wanted<'_>, line: &mut String) {
        line.push('{');
        for index in 0..safe.count {
            let _ = write!(line, " {:#x}", safe.kind(index));
        }
        line.push_str(" }");
    }
}

/// The standard knows some hundred attributes. A caller that counts more than this has a number that is none, and its
/// template is not walked through.
const ATTRIBUTES: usize = 4096;

/// The number of a template's attributes.
pub(super) fn attributes(data: *const CK_ATTRIBUTE, count: CK_ULONG) -> Answer<usize> {
    array_length(data, count)
        .and_then(|count| if count > ATTRIBUTES { Err(CKR_ARGUMENTS_BAD.into()) } else { Ok(count) })
}

/// The attributes that a caller wants answered.
pub(crate) struct Wanted<'call> {
    data: *mut CK_ATTRIBUTE,
    count: usize,
    call: PhantomData<&'call mut CK_ATTRIBUTE>,
}

impl Wanted<'_> {
    /// The types of the attributes, in order.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = CK_ATTRIBUTE_TYPE> + '_ {
        (0..self.count).map(|index| self.kind(index))
    }

    /// Answers every attribute, also after one that fails.
    ///
    /// # Errors
    /// That of the first that fails; `CKR_BUFFER_TOO_SMALL` for a value without room.
    pub(crate) fn answer<V: AsRef<[u8]>>(&mut self, value: impl Fn(CK_ATTRIBUTE_TYPE) -> Answer<V>) -> Answer {
        let mut outcome = Ok(());
        for index in 0..self.count {
            let answered = value(self.kind(index)).and_then(|value| self.write(index, value.as_ref()));
            if answered.is_err() {
                self.set_length(index, CK_UNAVAILABLE_INFORMATION);
            }
            outcome = outcome.and(answered);
        }
        outcome
    }

    fn kind(&self, index: usize) -> CK_ATTRIBUTE_TYPE {
        self.read(index).type_
    }

    fn read(&self, index: usize) -> CK_ATTRIBUTE {
        debug_assert!(index < self.count);
        // SAFETY: `admit`'s promise: `count` attributes are there.
        unsafe { self.data.add(index).read_unaligned() }
    }

    fn set_length(&mut self, index: usize, length: CK_ULONG) {
        debug_assert!(index < self.count);
        // SAFETY: as in `read`; the field is written alone because the caller may have passed memory that is read-only
        // apart from it.
        unsafe { (&raw mut (*self.data.add(index)).ulValueLen).write_unaligned(length) };
    }

    fn write(&mut self, index: usize, value: &[u8]) -> Answer {
        let attribute = self.read(index);
        let place = attribute.pValue.cast::<u8>();
        let length = CK_ULONG::try_from(value.len()).map_err(|_| CKR_HOST_MEMORY)?;
        if !place.is_null() {
            if attribute.ulValueLen < length {
                return Err(CKR_BUFFER_TOO_SMALL.into());
            }
            // SAFETY: `admit`'s promise: the place has room for `ulValueLen` bytes, checked just now; the value is ours.
            unsafe { std::ptr::copy_nonoverlapping(value.as_ptr(), place, value.len()) };
        }
        self.set_length(index, length);
        Ok(())
    }
}
