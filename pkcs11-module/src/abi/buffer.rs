//! This file holds the places that C lends for results, and the rule for results of unknown length: ask, then fetch
//! (PKCS#11 5.2).

use std::marker::PhantomData;

use cryptoki_sys::{CK_ULONG, CKR_BUFFER_TOO_SMALL};

use crate::rv::Answer;

/// A place for one value.
pub(crate) struct Out<'call, T> {
    place: *mut T,
    call: PhantomData<&'call mut T>,
}

impl<T> Out<'_, T> {
    /// # Safety
    /// `place` must be valid for writing one `T` while the call lasts.
    pub(super) const unsafe fn new(place: *mut T) -> Self {
        Self { place, call: PhantomData }
    }

    /// Writes the value.
    pub(crate) fn set(&mut self, value: T) {
        // SAFETY: `new`'s promise. Hosts with packed structures pass unaligned places.
        unsafe { self.place.write_unaligned(value) };
    }
}

/// A place for values of a number that the caller may ask first.
pub(crate) struct Buffer<'call, T> {
    data: *mut T,
    room: usize,
    length: Out<'call, CK_ULONG>,
}

/// What a caller wants who lends a [`Buffer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Only to know the length; it has been told.
    Length,
    /// The result, and there is room for it.
    Result,
}

impl<'call, T: Copy> Buffer<'call, T> {
    /// # Safety
    /// `data` must be null or valid for writing `room` values while the call lasts.
    pub(super) const unsafe fn new(data: *mut T, room: usize, length: Out<'call, CK_ULONG>) -> Self {
        Self { data, room, length }
    }

    /// Values that fit; `None` if the caller only asks for the length.
    pub(crate) fn room(&self) -> Option<usize> {
        (!self.data.is_null()).then_some(self.room)
    }

    /// Whether the caller asks for the length, which is answered, or can take a result of up to `length` values.
    ///
    /// # Errors
    /// `CKR_BUFFER_TOO_SMALL`, with the length told.
    pub(crate) fn offer(&mut self, length: usize) -> Answer<Wish> {
        match self.room() {
            Some(room) if room >= length => Ok(Wish::Result),
            Some(_) => {
                self.tell(length);
                Err(CKR_BUFFER_TOO_SMALL.into())
            }
            None => {
                self.tell(length);
                Ok(Wish::Length)
            }
        }
    }

    /// Answers with these values, or with their number if that was asked.
    ///
    /// # Errors
    /// `CKR_BUFFER_TOO_SMALL`, with the length told.
    pub(crate) fn answer(&mut self, values: &[T]) -> Answer {
        if self.offer(values.len())? == Wish::Result {
            // SAFETY: `new`'s promise, and `offer` says that they fit. The values are ours, so the ranges are apart.
            unsafe {
                std::ptr::copy_nonoverlapping(values.as_ptr().cast::<u8>(), self.data.cast::<u8>(), size_of_val(values))
            };
            self.tell(values.len());
        }
        Ok(())
    }

    fn tell(&mut self, length: usize) {
        self.length.set(CK_ULONG::try_from(length).unwrap_or(CK_ULONG::MAX));
    }
}
