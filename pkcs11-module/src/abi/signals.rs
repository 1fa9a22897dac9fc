//! This file keeps a host's signals from the library's thread: one that the host awaits in its own threads would be lost there.

#[cfg(unix)]
pub(crate) use unix::without;

/// There are no signals.
#[cfg(not(unix))]
pub(crate) fn without<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[cfg(unix)]
mod unix {
    use std::mem::MaybeUninit;
    use std::ptr::null_mut;

    use libc::{SIG_SETMASK, pthread_sigmask, sigfillset, sigset_t};

    /// Does this with every signal blocked; a thread that it makes never takes one.
    pub(crate) fn without<T>(work: impl FnOnce() -> T) -> T {
        let _before = block();
        work()
    }

    /// The signals that were blocked before. The C library keeps those out that it needs itself, as setuid(2) does.
    struct Before(sigset_t);

    fn block() -> Option<Before> {
        let (mut all, mut before) = (MaybeUninit::uninit(), MaybeUninit::uninit());
        // SAFETY: the first call fills the set that the second one reads, which fills the other one; their owner outlives both.
        let done = unsafe {
            sigfillset(all.as_mut_ptr()) == 0 && pthread_sigmask(SIG_SETMASK, all.as_ptr(), before.as_mut_ptr()) == 0
        };
        // SAFETY: filled by the call that succeeded.
        done.then(|| Before(unsafe { before.assume_init() }))
    }

    impl Drop for Before {
        fn drop(&mut self) {
            // SAFETY: a set that the C library filled; nothing is asked for in return.
            unsafe { pthread_sigmask(SIG_SETMASK, &raw const self.0, null_mut()) };
        }
    }
}
