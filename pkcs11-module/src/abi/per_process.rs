//! This file keeps a value that belongs to one process: a forked child starts with a fresh one.

use std::sync::atomic::{AtomicPtr, Ordering};

use super::process;

/// A value that is made on first use in each process and never freed, so that nothing runs at exit and no thread can be
/// left with a dangling reference.
pub(crate) struct PerProcess<T: 'static> {
    current: AtomicPtr<Owned<T>>,
}

struct Owned<T> {
    process: u32,
    value: T,
}

impl<T: Default + Send + Sync> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self { current: AtomicPtr::new(std::ptr::null_mut()) }
    }

    /// This process's value. The first call in a forked child hands the parent's value to `abandon`, which must not wait
    /// for any lock: the thread that held it does not exist here.
    pub(crate) fn get(&self, abandon: fn(&T)) -> &'static T {
        let process = process::id();
        let seen = self.current.load(Ordering::Acquire);
        // SAFETY: the pointer is null or comes from `Box::into_raw` below and is never freed once it is published.
        let found = unsafe { seen.as_ref() };
        match found {
            Some(owned) if owned.process == process => &owned.value,
            _ => self.replace(seen, process, abandon),
        }
    }

    #[cold]
    fn replace(&self, seen: *mut Owned<T>, process: u32, abandon: fn(&T)) -> &'static T {
        let fresh = Box::into_raw(Box::new(Owned { process, value: T::default() }));
        match self.current.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                // SAFETY: as in `get`; only the thread whose exchange succeeded comes here, so it is abandoned once.
                if let Some(parents) = unsafe { seen.as_ref() } {
                    abandon(&parents.value);
                }
                // SAFETY: published just now, hence never freed.
                &unsafe { &*fresh }.value
            }
            Err(winner) => {
                // SAFETY: `fresh` comes from `Box::into_raw` and was not published.
                drop(unsafe { Box::from_raw(fresh) });
                // SAFETY: another thread of this process published it; it is not null and never freed.
                &unsafe { &*winner }.value
            }
        }
    }
}
