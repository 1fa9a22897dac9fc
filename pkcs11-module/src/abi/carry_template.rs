//! This file copies attribute templates, and brings answers to attributes back (PKCS#11 5.7.5).

use cryptoki_sys::*;

use super::argument::array_length;
use super::carry::{Block, Carry, ROOM, ill, number};
use super::template::{Attributes, Template, attributes};
use crate::rv::Answer;

/// The attributes whose values are templates themselves. `CKA_ALLOWED_MECHANISMS` has the same bit and holds numbers.
const fn is_template(kind: CK_ATTRIBUTE_TYPE) -> bool {
    kind & CKF_ARRAY_ATTRIBUTE != 0 && kind != CKA_ALLOWED_MECHANISMS
}

/// Templates within templates within templates.
const DEPTH: usize = 3;

/// A copy of a template, with its values.
pub(crate) struct CarriedTemplate {
    attributes: Vec<CK_ATTRIBUTE>,
    values: Vec<Block>,
    nested: Vec<Self>,
    /// Whether the caller passed null, or room for one.
    null: bool,
}

// SAFETY: its pointers lead into the values and templates beside them, or are null.
unsafe impl Send for CarriedTemplate {}

impl CarriedTemplate {
    fn with_capacity(count: usize, null: bool) -> Self {
        Self { attributes: Vec::with_capacity(count), values: Vec::with_capacity(count), nested: Vec::new(), null }
    }

    /// # Safety
    /// As [`Template`], values that are templates too.
    unsafe fn copy_of(data: *mut CK_ATTRIBUTE, count: CK_ULONG, depth: usize) -> Answer<Self> {
        let count = attributes(data, count)?;
        let mut copy = Self::with_capacity(count, data.is_null());
        for index in 0..count {
            // SAFETY: the caller's promise: `count` attributes are there.
            let attribute = unsafe { data.add(index).read_unaligned() };
            let length = array_length::<u8>(attribute.pValue.cast(), attribute.ulValueLen)?;
            let value = if length > 0 && is_template(attribute.type_) {
                if depth == 0 || length % size_of::<CK_ATTRIBUTE>() != 0 {
                    return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
                }
                let inner = number(length / size_of::<CK_ATTRIBUTE>());
                // SAFETY: the standard's promise: the value of such an attribute is an array of attributes.
                let mut nested = unsafe { Self::copy_of(attribute.pValue.cast(), inner, depth - 1) }?;
                let value = nested.attributes.as_mut_ptr().cast();
                copy.nested.push(nested);
                value
            } else if attribute.pValue.is_null() {
                attribute.pValue
            } else {
                // SAFETY: the caller's promise: the value is as long as it says.
                let mut value = unsafe { Block::copy_of(attribute.pValue.cast(), length) }?;
                let place = value.pointer().cast();
                copy.values.push(value);
                place
            };
            copy.attributes.push(CK_ATTRIBUTE { pValue: value, ..attribute });
        }
        Ok(copy)
    }

    fn lend(&mut self) -> (*mut CK_ATTRIBUTE, CK_ULONG) {
        let data = if self.null { std::ptr::null_mut() } else { self.attributes.as_mut_ptr() };
        (data, number(self.attributes.len()))
    }
}

impl Carry for Template {
    type Carried = CarriedTemplate;

    unsafe fn carry((data, count): Self::Raw) -> Answer<CarriedTemplate> {
        // SAFETY: the caller's promise.
        unsafe { CarriedTemplate::copy_of(data, count, DEPTH) }
    }

    fn lend(carried: &mut CarriedTemplate) -> Self::Raw {
        carried.lend()
    }
}

/// Attributes to be answered, with room of our own for each.
pub(crate) struct CarriedAttributes {
    template: CarriedTemplate,
    /// The room that each was given, in order; `None` where only the length is asked.
    rooms: Vec<Option<usize>>,
}

impl Carry for Attributes {
    type Carried = CarriedAttributes;

    unsafe fn carry((data, count): Self::Raw) -> Answer<CarriedAttributes> {
        let count = attributes(data, count)?;
        let mut carried = CarriedAttributes {
            template: CarriedTemplate::with_capacity(count, data.is_null()),
            rooms: Vec::with_capacity(count),
        };
        let mut left = ROOM;
        for index in 0..count {
            // SAFETY: the caller's promise: `count` attributes are there.
            let attribute = unsafe { data.add(index).read_unaligned() };
            let mut own = CK_ATTRIBUTE { pValue: std::ptr::null_mut(), ulValueLen: 0, ..attribute };
            let mut room = None;
            // Of a value that is a template only the length is told: it would be written through pointers of the caller's.
            if !attribute.pValue.is_null() && !is_template(attribute.type_) {
                let claimed = usize::try_from(attribute.ulValueLen).unwrap_or(usize::MAX).min(left);
                left -= claimed;
                let mut value = Block::zeroed(claimed)?;
                own.pValue = value.pointer().cast();
                own.ulValueLen = number(claimed);
                carried.template.values.push(value);
                room = Some(claimed);
            }
            carried.template.attributes.push(own);
            carried.rooms.push(room);
        }
        Ok(carried)
    }

    fn lend(carried: &mut CarriedAttributes) -> Self::Raw {
        carried.template.lend()
    }

    unsafe fn deliver(carried: &CarriedAttributes, (data, _): Self::Raw, rv: CK_RV) -> Answer {
        if !matches!(rv, CKR_OK | CKR_ATTRIBUTE_SENSITIVE | CKR_ATTRIBUTE_TYPE_INVALID | CKR_BUFFER_TOO_SMALL) {
            return Ok(());
        }
        let mut outcome = Ok(());
        let mut values = carried.template.values.iter();
        for (index, (answered, room)) in carried.template.attributes.iter().zip(&carried.rooms).enumerate() {
            // SAFETY: the caller's promise, and `carry` read as many attributes.
            let place = unsafe { data.add(index) };
            // SAFETY: as above.
            let attribute = unsafe { place.read_unaligned() };
            let mut length = answered.ulValueLen;
            let block = room.and_then(|_| values.next());
            if let (Some(room), Some(block)) = (room, block) {
                match usize::try_from(length) {
                    Ok(length) if length <= *room => {
                        // SAFETY: the caller's promise; the room is not more than it claimed.
                        unsafe { block.copy_to(attribute.pValue.cast(), length) };
                    }
                    // Unavailable, or the length that would have been needed.
                    _ if rv != CKR_OK => {}
                    _ => return ill(),
                }
            } else if !attribute.pValue.is_null() {
                length = CK_UNAVAILABLE_INFORMATION;
                outcome = Err(CKR_ATTRIBUTE_TYPE_INVALID.into());
            }
            // SAFETY: as above; the field is written alone because the rest may be read-only.
            unsafe { (&raw mut (*place).ulValueLen).write_unaligned(length) };
        }
        outcome
    }
}
