//! This file counts out handles: never zero, never reused, so that a stale one is an error and never another thing.

use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki_sys::{CK_ULONG, CKR_HOST_MEMORY};

use crate::rv::Answer;

/// Counts out handles of one sort, for the whole life of an initialised library.
#[derive(Debug)]
pub(crate) struct Handles(AtomicU64);

impl Handles {
    /// The first handle is 1: zero is `CK_INVALID_HANDLE`.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(1))
    }

    /// The first of `count` handles in a row.
    ///
    /// # Errors
    /// `CKR_HOST_MEMORY` when a 32-bit `CK_ULONG` is used up; wrapping would bring stale handles back to life.
    pub(crate) fn take(&self, count: u32) -> Answer<CK_ULONG> {
        let first = self.0.fetch_add(u64::from(count), Ordering::Relaxed);
        let beyond = first.saturating_add(u64::from(count));
        if beyond > u64::from(u32::MAX) && size_of::<CK_ULONG>() < 8 {
            return Err(CKR_HOST_MEMORY.into());
        }
        #[allow(clippy::cast_possible_truncation, reason = "checked above where it is narrower")]
        Ok(first as CK_ULONG)
    }
}
