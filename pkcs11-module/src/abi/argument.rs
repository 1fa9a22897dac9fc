//! This file says in what shapes C hands arguments over and what safe code gets in their place. A null that PKCS#11 does
//! not allow ends here, as `CKR_ARGUMENTS_BAD`.

use std::ffi::{CStr, c_char, c_void};
use std::fmt::Write as _;
use std::marker::PhantomData;

use cryptoki_sys::*;

use super::boundary::Call;
use super::buffer::{Buffer, Out};
use crate::rv::Answer;

/// One shape of argument.
pub(crate) trait Shape {
    /// The C parameters.
    type Raw;
    /// What safe code gets.
    type Safe<'call>;

    /// # Safety
    /// Pointers are null or valid for what PKCS#11 says of the parameter (reading or writing, with the length beside it)
    /// until the call returns, which the lifetime of `call` stands for.
    unsafe fn admit(raw: Self::Raw, call: &Call) -> Answer<Self::Safe<'_>>;

    /// Adds the argument to a trace line: numbers and lengths, no content.
    fn describe(safe: &Self::Safe<'_>, line: &mut String);
}

/// A number: `CK_ULONG` and its many names.
pub(crate) struct Value<T>(PhantomData<T>);

/// A callback or other value that is not used.
pub(crate) struct Ignored<T>(PhantomData<T>);

/// A pointer of which only counts whether it is null.
pub(crate) struct Pointer<T>(PhantomData<T>);

/// Bytes to read.
pub(crate) struct Bytes;

/// Bytes to read that may be absent: a PIN.
pub(crate) struct Secret;

/// The label of a token: a fixed number of bytes, or null.
pub(crate) struct Label;

/// Bytes to fill, as many as there are.
pub(crate) struct Fill;

/// A place for one value.
pub(crate) struct Set<T>(PhantomData<T>);

/// A place for values, with the two-call length rule.
pub(crate) struct Fetch<T>(PhantomData<T>);

/// A place for at most so many values, and one for their number.
pub(crate) struct Batch<T>(PhantomData<T>);

/// One value to read, or null.
pub(crate) struct Given<T>(PhantomData<T>);

/// Text that ends in a zero byte, or null.
pub(crate) struct Text;

impl<T: Copy + std::fmt::Display> Shape for Value<T> {
    type Raw = T;
    type Safe<'call> = T;

    unsafe fn admit(raw: T, _: &Call) -> Answer<T> {
        Ok(raw)
    }

    fn describe(safe: &T, line: &mut String) {
        let _ = write!(line, "{safe}");
    }
}

impl<T> Shape for Ignored<T> {
    type Raw = T;
    type Safe<'call> = ();

    unsafe fn admit(_: T, _: &Call) -> Answer<()> {
        Ok(())
    }

    fn describe((): &(), line: &mut String) {
        line.push('-');
    }
}

/// Whether a pointer is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    Null,
    Something,
}

impl<T> Shape for Pointer<T> {
    type Raw = *mut T;
    type Safe<'call> = Presence;

    unsafe fn admit(raw: *mut T, _: &Call) -> Answer<Presence> {
        Ok(if raw.is_null() { Presence::Null } else { Presence::Something })
    }

    fn describe(safe: &Presence, line: &mut String) {
        line.push_str(if *safe == Presence::Null { "null" } else { "pointer" });
    }
}

/// Bytes of the caller that may lie where the result goes: PKCS#11 lets a host encrypt, decrypt and digest in place. So no
/// reference to them lasts longer than the work on them, which must not write a result.
#[derive(Clone, Copy)]
pub(crate) struct Input<'call> {
    data: *const u8,
    length: usize,
    call: PhantomData<&'call u8>,
}

impl Input<'_> {
    pub(crate) const fn len(self) -> usize {
        self.length
    }

    /// What `work` makes of the bytes; it cannot keep them.
    pub(crate) fn with<R>(self, work: impl FnOnce(&[u8]) -> R) -> R {
        if self.length == 0 {
            return work(&[]);
        }
        // SAFETY: `admit`'s promise. Results are written after their computation, by `Buffer`, so nothing writes meanwhile.
        work(unsafe { std::slice::from_raw_parts(self.data, self.length) })
    }
}

impl Shape for Bytes {
    type Raw = (*mut CK_BYTE, CK_ULONG);
    type Safe<'call> = Input<'call>;

    unsafe fn admit((data, length): Self::Raw, _: &Call) -> Answer<Input<'_>> {
        let length = array_length::<u8>(data, length)?;
        Ok(Input { data, length, call: PhantomData })
    }

    fn describe(safe: &Input<'_>, line: &mut String) {
        let _ = write!(line, "[{}]", safe.len());
    }
}

impl Shape for Secret {
    type Raw = (*mut CK_BYTE, CK_ULONG);
    type Safe<'call> = Option<&'call [u8]>;

    unsafe fn admit((data, length): Self::Raw, _: &Call) -> Answer<Option<&[u8]>> {
        if data.is_null() {
            return Ok(None);
        }
        let length = array_length::<u8>(data, length)?;
        // SAFETY: the caller's promise, and it is not null. No function that takes a PIN has a result of bytes.
        Ok(Some(unsafe { std::slice::from_raw_parts(data, length) }))
    }

    fn describe(safe: &Option<&[u8]>, line: &mut String) {
        line.push_str(if safe.is_some() { "secret" } else { "null" });
    }
}

impl Label {
    /// Length of `CK_TOKEN_INFO.label`.
    pub(super) const LENGTH: CK_ULONG = 32;
}

impl Shape for Label {
    type Raw = *mut CK_UTF8CHAR;
    type Safe<'call> = Presence;

    unsafe fn admit(raw: *mut CK_UTF8CHAR, _: &Call) -> Answer<Presence> {
        Ok(if raw.is_null() { Presence::Null } else { Presence::Something })
    }

    fn describe(safe: &Presence, line: &mut String) {
        Pointer::<CK_UTF8CHAR>::describe(safe, line);
    }
}

impl Shape for Fill {
    type Raw = (*mut CK_BYTE, CK_ULONG);
    type Safe<'call> = &'call mut [u8];

    unsafe fn admit((data, length): Self::Raw, _: &Call) -> Answer<&mut [u8]> {
        let length = array_length::<u8>(data, length)?;
        // SAFETY: the caller's promise; `array_length` refuses null unless it is empty. What is there already is only
        // overwritten.
        Ok(if length == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, length) } })
    }

    fn describe(safe: &&mut [u8], line: &mut String) {
        let _ = write!(line, "[{}]", safe.len());
    }
}

impl<T: 'static> Shape for Set<T> {
    type Raw = *mut T;
    type Safe<'call> = Out<'call, T>;

    unsafe fn admit(raw: *mut T, _: &Call) -> Answer<Out<'_, T>> {
        not_null(raw)?;
        // SAFETY: the caller's promise, and it is not null.
        Ok(unsafe { Out::new(raw) })
    }

    fn describe(_: &Out<'_, T>, line: &mut String) {
        line.push_str("out");
    }
}

impl<T: Copy + 'static> Shape for Fetch<T> {
    type Raw = (*mut T, *mut CK_ULONG);
    type Safe<'call> = Buffer<'call, T>;

    unsafe fn admit((data, length): Self::Raw, call: &Call) -> Answer<Buffer<'_, T>> {
        // SAFETY: the caller's promise.
        let place = unsafe { Set::admit(length, call) }?;
        // SAFETY: the caller's promise. Without a place for the data the length is a result alone and may hold anything.
        let room = if data.is_null() { 0 } else { unsafe { length.read_unaligned() } };
        // A length that no memory can have is as good as enough room.
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        // SAFETY: the caller's promise.
        Ok(unsafe { Buffer::new(data, room, place) })
    }

    fn describe(safe: &Buffer<'_, T>, line: &mut String) {
        let _ = match safe.room() {
            Some(room) => write!(line, "room {room}"),
            None => write!(line, "length?"),
        };
    }
}

impl<T: Copy + 'static> Shape for Batch<T> {
    type Raw = (*mut T, CK_ULONG, *mut CK_ULONG);
    type Safe<'call> = Buffer<'call, T>;

    unsafe fn admit((data, room, length): Self::Raw, call: &Call) -> Answer<Buffer<'_, T>> {
        not_null(data)?;
        // SAFETY: the caller's promise.
        let place = unsafe { Set::admit(length, call) }?;
        // SAFETY: the caller's promise.
        Ok(unsafe { Buffer::new(data, usize::try_from(room).unwrap_or(usize::MAX), place) })
    }

    fn describe(safe: &Buffer<'_, T>, line: &mut String) {
        Fetch::<T>::describe(safe, line);
    }
}

impl<T: Copy + 'static> Shape for Given<T> {
    type Raw = *mut T;
    type Safe<'call> = Option<T>;

    unsafe fn admit(raw: *mut T, _: &Call) -> Answer<Option<T>> {
        // SAFETY: the caller's promise; all our uses are plain C structures, for which any bits are a value.
        Ok((!raw.is_null()).then(|| unsafe { raw.read_unaligned() }))
    }

    fn describe(safe: &Option<T>, line: &mut String) {
        line.push_str(if safe.is_some() { "given" } else { "null" });
    }
}

impl Shape for Text {
    type Raw = *mut CK_UTF8CHAR;
    type Safe<'call> = Option<&'call CStr>;

    unsafe fn admit(raw: *mut CK_UTF8CHAR, _: &Call) -> Answer<Option<&CStr>> {
        // SAFETY: the caller's promise: it ends in a zero byte.
        Ok((!raw.is_null()).then(|| unsafe { CStr::from_ptr(raw.cast::<c_char>()) }))
    }

    fn describe(safe: &Option<&CStr>, line: &mut String) {
        let _ = write!(line, "{safe:?}");
    }
}

/// The arguments of C_Initialize.
pub(crate) struct Initialization;

/// What C_Initialize is told.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct InitializeArgs {
    pub(crate) reserved: bool,
    /// How many of the four mutex callbacks are given.
    pub(crate) callbacks: usize,
    pub(crate) flags: CK_FLAGS,
}

impl Shape for Initialization {
    type Raw = *mut c_void;
    type Safe<'call> = InitializeArgs;

    unsafe fn admit(raw: *mut c_void, _: &Call) -> Answer<InitializeArgs> {
        if raw.is_null() {
            return Ok(InitializeArgs::default());
        }
        // SAFETY: the caller's promise: not null, so it is a CK_C_INITIALIZE_ARGS.
        let args = unsafe { raw.cast::<CK_C_INITIALIZE_ARGS>().read_unaligned() };
        let given = [
            { args.CreateMutex }.is_some(),
            { args.DestroyMutex }.is_some(),
            { args.LockMutex }.is_some(),
            { args.UnlockMutex }.is_some(),
        ];
        Ok(InitializeArgs {
            reserved: !{ args.pReserved }.is_null(),
            callbacks: given.into_iter().filter(|given| *given).count(),
            flags: args.flags,
        })
    }

    fn describe(safe: &InitializeArgs, line: &mut String) {
        let _ = write!(line, "flags {:#x}, {} callbacks", safe.flags, safe.callbacks);
    }
}

/// The length of an array that C describes by pointer and count.
///
/// # Errors
/// `CKR_ARGUMENTS_BAD` for null with a count, and for a count that no memory can hold.
pub(super) fn array_length<T>(data: *const T, count: CK_ULONG) -> Answer<usize> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let bytes = count.saturating_mul(size_of::<T>());
    if bytes > isize::MAX as usize || data.is_null() && count > 0 {
        return Err(CKR_ARGUMENTS_BAD.into());
    }
    Ok(count)
}

fn not_null<T>(pointer: *const T) -> Answer {
    if pointer.is_null() { Err(CKR_ARGUMENTS_BAD.into()) } else { Ok(()) }
}
