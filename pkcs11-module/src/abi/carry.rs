//! This file makes copies of a caller's arguments that a module of somebody else works on instead of them. Such a module may
//! be left behind in the middle of a call, and then the caller's memory is long gone: it only ever sees these copies.

use std::marker::PhantomData;

use cryptoki_sys::*;
use zeroize::Zeroizing;

use super::argument::{Batch, Bytes, Fetch, Fill, Label, Secret, Set, Shape, Value, array_length};
use crate::rv::Answer;

/// Bytes for one result at most. What a caller says of its room is taken for what it is, a claim, and no result is longer.
pub(super) const ROOM: usize = 16 << 20;

/// Bytes of one argument at most.
const INPUT: usize = 1 << 30;

/// A shape of which copies can be made.
pub(super) trait Carry: Shape {
    /// A copy, which a thread can outlive the call with.
    type Carried: 'static;

    /// Copies the argument.
    ///
    /// # Safety
    /// As [`Shape::admit`].
    ///
    /// # Errors
    /// `CKR_ARGUMENTS_BAD`; `CKR_HOST_MEMORY`; `CKR_MECHANISM_PARAM_INVALID` for a parameter that cannot be copied.
    unsafe fn carry(raw: Self::Raw) -> Answer<Self::Carried>;

    /// The copy as C arguments, good for as long as the copy stays where it is.
    fn lend(carried: &mut Self::Carried) -> Self::Raw;

    /// Brings what the call wrote into the copy to the caller, by the rules for an answer of `rv`.
    ///
    /// # Safety
    /// As [`Shape::admit`], with the same argument that was carried.
    ///
    /// # Errors
    /// `CKR_DEVICE_ERROR` for results that break the rules.
    unsafe fn deliver(_: &Self::Carried, _: Self::Raw, _rv: CK_RV) -> Answer {
        Ok(())
    }

    /// Whether this is a PIN that is to be typed on the token itself.
    fn is_for_keypad(_: &Self::Carried) -> bool {
        false
    }
}

/// Memory of ours, wiped when it goes and aligned for every PKCS#11 structure.
pub(super) struct Block {
    words: Zeroizing<Vec<u64>>,
    length: usize,
}

impl Block {
    /// # Errors
    /// `CKR_HOST_MEMORY`.
    pub(super) fn zeroed(length: usize) -> Answer<Self> {
        let mut words = Vec::new();
        let count = length.div_ceil(size_of::<u64>()).max(1);
        words.try_reserve_exact(count).map_err(|_| CKR_HOST_MEMORY)?;
        words.resize(count, 0);
        Ok(Self { words: Zeroizing::new(words), length })
    }

    /// # Safety
    /// `length` bytes can be read at `data`; it may be null if there are none.
    ///
    /// # Errors
    /// `CKR_HOST_MEMORY`.
    pub(super) unsafe fn copy_of(data: *const u8, length: usize) -> Answer<Self> {
        if length > INPUT {
            return Err(CKR_HOST_MEMORY.into());
        }
        let mut block = Self::zeroed(length)?;
        if length > 0 {
            // SAFETY: the caller's promise; the block is as long, and nobody else knows it.
            unsafe { std::ptr::copy_nonoverlapping(data, block.pointer(), length) };
        }
        Ok(block)
    }

    pub(super) const fn len(&self) -> usize {
        self.length
    }

    /// Never null. Stays good when the block is moved.
    pub(super) fn pointer(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    /// # Safety
    /// `length` bytes can be written at `place`.
    pub(super) unsafe fn copy_to(&self, place: *mut u8, length: usize) {
        debug_assert!(length <= self.length);
        // SAFETY: the caller's promise; the block has as many bytes and is ours alone.
        unsafe { std::ptr::copy_nonoverlapping(self.words.as_ptr().cast(), place, length.min(self.length)) };
    }
}

/// The number of a C array's values.
pub(super) fn number(count: usize) -> CK_ULONG {
    CK_ULONG::try_from(count).unwrap_or(CK_ULONG::MAX)
}

fn count(number: CK_ULONG) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// What a module that breaks the rules of results is taken for.
pub(super) fn ill() -> Answer {
    Err(CKR_DEVICE_ERROR.into())
}

impl<T: Copy + std::fmt::Display + 'static> Carry for Value<T> {
    type Carried = T;

    unsafe fn carry(raw: T) -> Answer<T> {
        Ok(raw)
    }

    fn lend(carried: &mut T) -> T {
        *carried
    }
}

/// A copy of bytes, or null.
pub(super) type CarriedBytes = Option<Block>;

/// # Safety
/// As [`Bytes`].
unsafe fn carry_bytes((data, length): (*mut CK_BYTE, CK_ULONG)) -> Answer<CarriedBytes> {
    if data.is_null() {
        return Ok(None);
    }
    let length = array_length::<u8>(data, length)?;
    // SAFETY: the caller's promise.
    Ok(Some(unsafe { Block::copy_of(data, length) }?))
}

fn lend_bytes(carried: &mut CarriedBytes) -> (*mut CK_BYTE, CK_ULONG) {
    carried.as_mut().map_or((std::ptr::null_mut(), 0), |block| (block.pointer(), number(block.len())))
}

impl Carry for Bytes {
    type Carried = CarriedBytes;

    unsafe fn carry(raw: Self::Raw) -> Answer<CarriedBytes> {
        // SAFETY: the caller's promise.
        unsafe { carry_bytes(raw) }
    }

    fn lend(carried: &mut CarriedBytes) -> Self::Raw {
        lend_bytes(carried)
    }
}

impl Carry for Secret {
    type Carried = CarriedBytes;

    unsafe fn carry(raw: Self::Raw) -> Answer<CarriedBytes> {
        // SAFETY: the caller's promise.
        unsafe { carry_bytes(raw) }
    }

    fn lend(carried: &mut CarriedBytes) -> Self::Raw {
        lend_bytes(carried)
    }

    fn is_for_keypad(carried: &CarriedBytes) -> bool {
        carried.is_none()
    }
}

impl Carry for Label {
    type Carried = CarriedBytes;

    unsafe fn carry(raw: *mut CK_UTF8CHAR) -> Answer<CarriedBytes> {
        // SAFETY: the caller's promise: null or 32 bytes.
        unsafe { carry_bytes((raw, Self::LENGTH)) }
    }

    fn lend(carried: &mut CarriedBytes) -> *mut CK_UTF8CHAR {
        lend_bytes(carried).0
    }
}

impl Carry for Fill {
    type Carried = CarriedBytes;

    unsafe fn carry((data, length): Self::Raw) -> Answer<CarriedBytes> {
        let length = array_length::<u8>(data, length)?;
        if length > INPUT {
            return Err(CKR_HOST_MEMORY.into());
        }
        if data.is_null() { Ok(None) } else { Block::zeroed(length).map(Some) }
    }

    fn lend(carried: &mut CarriedBytes) -> Self::Raw {
        lend_bytes(carried)
    }

    unsafe fn deliver(carried: &CarriedBytes, (data, _): Self::Raw, rv: CK_RV) -> Answer {
        if let (Some(block), CKR_OK) = (carried, rv) {
            // SAFETY: the caller's promise: as many bytes as it said, which the block was made for.
            unsafe { block.copy_to(data, block.len()) };
        }
        Ok(())
    }
}

impl<T: Copy + 'static> Carry for Set<T> {
    type Carried = Block;

    unsafe fn carry(_: *mut T) -> Answer<Block> {
        Block::zeroed(size_of::<T>())
    }

    fn lend(carried: &mut Block) -> *mut T {
        carried.pointer().cast()
    }

    unsafe fn deliver(carried: &Block, raw: *mut T, rv: CK_RV) -> Answer {
        if rv == CKR_OK {
            // SAFETY: the caller's promise: a place for one value.
            unsafe { carried.copy_to(raw.cast(), size_of::<T>()) };
        }
        Ok(())
    }
}

/// Room for results of unknown number.
pub(super) struct Room<T> {
    block: Option<Block>,
    room: usize,
    /// Room before the call, and the number of values after it.
    length: CK_ULONG,
    values: PhantomData<fn() -> T>,
}

impl<T: Copy> Room<T> {
    fn new(data: *const T, claimed: usize) -> Answer<Self> {
        let room = if data.is_null() { 0 } else { claimed.min(ROOM / size_of::<T>()) };
        let block = if data.is_null() { None } else { Some(Block::zeroed(room * size_of::<T>())?) };
        Ok(Self { block, room, length: number(room), values: PhantomData })
    }

    fn data(&mut self) -> *mut T {
        self.block.as_mut().map_or(std::ptr::null_mut(), |block| block.pointer().cast())
    }

    /// # Safety
    /// `data` and `length` are the caller's own, valid for writing what was claimed and one number.
    unsafe fn deliver(&self, data: *mut T, length: *mut CK_ULONG, rv: CK_RV) -> Answer {
        if rv != CKR_OK && rv != CKR_BUFFER_TOO_SMALL {
            return Ok(());
        }
        if let (Some(block), CKR_OK) = (&self.block, rv) {
            let values = count(self.length);
            if values > self.room {
                return ill();
            }
            // SAFETY: the caller's promise; `room` is not more than it claimed.
            unsafe { block.copy_to(data.cast(), values * size_of::<T>()) };
        }
        // SAFETY: the caller's promise. Hosts with packed structures pass unaligned places.
        unsafe { length.write_unaligned(self.length) };
        Ok(())
    }
}

impl<T: Copy + 'static> Carry for Fetch<T> {
    type Carried = Room<T>;

    unsafe fn carry((data, length): Self::Raw) -> Answer<Room<T>> {
        if length.is_null() {
            return Err(CKR_ARGUMENTS_BAD.into());
        }
        // SAFETY: the caller's promise. Without a place for the data the length may hold anything and is not read.
        let claimed = if data.is_null() { 0 } else { unsafe { length.read_unaligned() } };
        Room::new(data, count(claimed))
    }

    fn lend(carried: &mut Room<T>) -> Self::Raw {
        (carried.data(), &raw mut carried.length)
    }

    unsafe fn deliver(carried: &Room<T>, (data, length): Self::Raw, rv: CK_RV) -> Answer {
        // SAFETY: the caller's promise.
        unsafe { carried.deliver(data, length, rv) }
    }
}

impl<T: Copy + 'static> Carry for Batch<T> {
    type Carried = Room<T>;

    unsafe fn carry((data, room, _): Self::Raw) -> Answer<Room<T>> {
        let room = Room::new(data, count(room))?;
        Ok(Room { length: 0, ..room })
    }

    fn lend(carried: &mut Room<T>) -> Self::Raw {
        (carried.data(), number(carried.room), &raw mut carried.length)
    }

    unsafe fn deliver(carried: &Room<T>, (data, _, found): Self::Raw, rv: CK_RV) -> Answer {
        // SAFETY: the caller's promise.
        unsafe { carried.deliver(data, found, rv) }
    }
}

/// The arguments of one function.
pub(super) trait Arguments {
    /// The C parameters, in groups.
    type Raw: Copy;
    /// Copies of them.
    type Carried: 'static;

    /// # Safety
    /// As [`Shape::admit`], for each.
    ///
    /// # Errors
    /// Those of [`Carry::carry`].
    unsafe fn carry(raw: Self::Raw) -> Answer<Self::Carried>;

    /// # Safety
    /// As [`Carry::deliver`], for each.
    ///
    /// # Errors
    /// Those of [`Carry::deliver`].
    unsafe fn deliver(carried: &Self::Carried, raw: Self::Raw, rv: CK_RV) -> Answer;

    /// Whether a PIN is to be typed on the token itself.
    fn is_for_keypad(carried: &Self::Carried) -> bool;
}

macro_rules! arguments {
    ($($shape:ident $raw:ident)*) => {
        #[allow(unused_variables, clippy::unused_unit, reason = "some functions have no arguments beside the session")]
        impl<$($shape: Carry<Raw: Copy>),*> Arguments for ($($shape,)*) {
            type Raw = ($($shape::Raw,)*);
            type Carried = ($($shape::Carried,)*);

            unsafe fn carry(($($raw,)*): Self::Raw) -> Answer<Self::Carried> {
                // SAFETY: the caller's promise.
                Ok(($(unsafe { $shape::carry($raw) }?,)*))
            }

            #[allow(non_snake_case, reason = "the copy of an argument is called as its shape")]
            unsafe fn deliver(($($shape,)*): &Self::Carried, ($($raw,)*): Self::Raw, rv: CK_RV) -> Answer {
                // SAFETY: the caller's promise.
                $(unsafe { $shape::deliver($shape, $raw, rv) }?;)*
                Ok(())
            }

            #[allow(non_snake_case, reason = "as above")]
            fn is_for_keypad(($($shape,)*): &Self::Carried) -> bool {
                $($shape::is_for_keypad($shape) ||)* false
            }
        }
    };
}

arguments!();
arguments!(A a);
arguments!(A a B b);
arguments!(A a B b C c);
arguments!(A a B b C c D d);
arguments!(A a B b C c D d E e);
