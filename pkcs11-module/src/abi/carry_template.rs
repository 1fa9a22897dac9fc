//! This file copies attribute templates, and brings answers to attributes back (PKCS#11 5.7.5).

use cryptoki_sys::*;

use super::argument::array_length;
use super::carry::{Block, Carry, ROOM, ill, number};
use super::template::{Attributes, Template, attributes};
use crate::rv::Answer;

/// Whether a value of this attribute is a template itself. A vendor's own attribute with this bit that could be one is not
/// known to be: `None`. NSS numbers its attributes without a thought of the bit, and `CKA_ALLOWED_MECHANISMS` holds numbers.
fn is_template(kind: CK_ATTRIBUTE_TYPE, length: usize) -> Option<bool> {
    const NSS: CK_ATTRIBUTE_TYPE = 0xce53_4300;
    match kind {
        CKA_WRAP_TEMPLATE | CKA_UNWRAP_TEMPLATE | CKA_DERIVE_TEMPLATE => Some(true),
        CKA_ALLOWED_MECHANISMS => Some(false),
        _ if kind & CKF_ARRAY_ATTRIBUTE == 0 || kind & !0xff == NSS => Some(false),
        _ => (length == 0 || !length.is_multiple_of(size_of::<CK_ATTRIBUTE>())).then_some(false),
    }
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
            let nested = is_template(attribute.type_, length).ok_or(CKR_ATTRIBUTE_TYPE_INVALID)?;
            let value = if nested && length > 0 {
                if depth == 0 || !length.is_multiple_of(size_of::<CK_ATTRIBUTE>()) {
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
    /// What each was given, in order.
    rooms: Vec<Room>,
}

enum Room {
    /// None: the length is asked.
    None,
    /// So many bytes of the next block.
    Bytes(usize, Block),
    /// Attributes, which the value is made of.
    Attributes(CarriedAttributes),
}

impl CarriedAttributes {
    /// # Safety
    /// As [`Attributes`], values that are templates too.
    unsafe fn copy_of(data: *mut CK_ATTRIBUTE, count: usize, left: &mut usize, depth: usize) -> Answer<Self> {
        let template = CarriedTemplate::with_capacity(count, data.is_null());
        let mut carried = Self { template, rooms: Vec::with_capacity(count) };
        for index in 0..count {
            // SAFETY: the caller's promise: `count` attributes are there.
            let attribute = unsafe { data.add(index).read_unaligned() };
            let claimed = usize::try_from(attribute.ulValueLen).unwrap_or(usize::MAX);
            let (mut room, mut value, mut length) = (Room::None, std::ptr::null_mut(), 0);
            if attribute.pValue.is_null() {
                // Nothing is written but the length.
            } else if is_template(attribute.type_, 0) == Some(true) {
                let count = (claimed / size_of::<CK_ATTRIBUTE>()).min(if depth > 0 { INNER } else { 0 });
                // SAFETY: the standard's promise: the place of such a value is an array of attributes.
                let mut inner =
                    unsafe { Self::copy_of(attribute.pValue.cast(), count, left, depth.saturating_sub(1)) }?;
                (value, length) = (inner.template.attributes.as_mut_ptr().cast(), count * size_of::<CK_ATTRIBUTE>());
                room = Room::Attributes(inner);
            } else {
                length = claimed.min(*left);
                *left -= length;
                let mut block = Block::zeroed(length)?;
                value = block.pointer().cast();
                room = Room::Bytes(length, block);
            }
            carried.template.attributes.push(CK_ATTRIBUTE { pValue: value, ulValueLen: number(length), ..attribute });
            carried.rooms.push(room);
        }
        Ok(carried)
    }

    /// Brings the first `count` answers to the caller; `inner` are those within an attribute.
    ///
    /// # Safety
    /// As [`copy_of`](Self::copy_of), with the same attributes.
    unsafe fn bring(&self, data: *mut CK_ATTRIBUTE, count: usize, inner: bool, rv: CK_RV) -> Answer {
        for (index, (answered, room)) in self.template.attributes.iter().zip(&self.rooms).take(count).enumerate() {
            // SAFETY: the caller's promise, and `copy_of` read as many attributes.
            let place = unsafe { data.add(index) };
            // SAFETY: as above.
            let value = unsafe { (&raw const (*place).pValue).read_unaligned() };
            let length = usize::try_from(answered.ulValueLen).unwrap_or(usize::MAX);
            match room {
                Room::None => {}
                Room::Bytes(room, block) if length <= *room => {
                    // SAFETY: the caller's promise; the room is not more than it claimed.
                    unsafe { block.copy_to(value.cast(), length) };
                }
                Room::Attributes(parts) if length <= parts.rooms.len() * size_of::<CK_ATTRIBUTE>() => {
                    // SAFETY: the caller's promise, for the array that the value is.
                    unsafe { parts.bring(value.cast(), length / size_of::<CK_ATTRIBUTE>(), true, rv) }?;
                }
                // Unavailable, or the length that would have been needed.
                _ if rv != CKR_OK => {}
                _ => return ill(),
            }
            if inner {
                // SAFETY: as above. Which attributes a value is made of, the module says.
                unsafe { (&raw mut (*place).type_).write_unaligned(answered.type_) };
            }
            // SAFETY: as above; the field is written alone because the rest may be read-only.
            unsafe { (&raw mut (*place).ulValueLen).write_unaligned(answered.ulValueLen) };
        }
        Ok(())
    }
}

/// Attributes within an attribute at most.
const INNER: usize = 256;

impl Carry for Attributes {
    type Carried = CarriedAttributes;

    unsafe fn carry((data, count): Self::Raw) -> Answer<CarriedAttributes> {
        let count = attributes(data, count)?;
        // SAFETY: the caller's promise.
        unsafe { CarriedAttributes::copy_of(data, count, &mut { ROOM }, DEPTH) }
    }

    fn lend(carried: &mut CarriedAttributes) -> Self::Raw {
        carried.template.lend()
    }

    unsafe fn deliver(carried: &CarriedAttributes, (data, _): Self::Raw, rv: CK_RV) -> Answer {
        if !matches!(rv, CKR_OK | CKR_ATTRIBUTE_SENSITIVE | CKR_ATTRIBUTE_TYPE_INVALID | CKR_BUFFER_TOO_SMALL) {
            return Ok(());
        }
        // SAFETY: the caller's promise.
        unsafe { carried.bring(data, carried.rooms.len(), false, rv) }
    }
}
