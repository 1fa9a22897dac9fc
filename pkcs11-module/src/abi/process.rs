//! This file tells which process this is. Every call asks, and asking the kernel would be the dearest part of most calls.

#[cfg(target_os = "linux")]
pub(super) use linux::id;

#[cfg(not(target_os = "linux"))]
pub(super) use std::process::id;

/// Whether the kernel says that this program has rights that its caller lacks: by setuid, setgid or file capabilities.
/// User and group numbers do not show the last.
#[cfg(target_os = "linux")]
pub(crate) fn is_secure() -> bool {
    use std::ffi::c_ulong;

    unsafe extern "C" {
        // SAFETY: getauxval(3) of the C library; any number will do.
        safe fn getauxval(kind: c_ulong) -> c_ulong;
    }
    const AT_SECURE: c_ulong = 23;
    getauxval(AT_SECURE) != 0
}

/// Whether p11-kit is in this process: it may show the application other modules beside this one.
#[cfg(target_os = "linux")]
pub(crate) fn has_p11_kit() -> bool {
    // SAFETY: with RTLD_NOLOAD nothing is loaded, so no code of it runs.
    let found = unsafe { libc::dlopen(c"libp11-kit.so.0".as_ptr(), libc::RTLD_NOLOAD | libc::RTLD_LAZY) };
    if !found.is_null() {
        // SAFETY: found just now; whoever loaded it holds it still.
        unsafe { libc::dlclose(found) };
    }
    !found.is_null()
}

/// Elsewhere nobody knows of it.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn has_p11_kit() -> bool {
    false
}

/// Elsewhere user and group numbers tell.
#[cfg(not(target_os = "linux"))]
pub(crate) const fn is_secure() -> bool {
    false
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ptr::{NonNull, null_mut};
    use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

    /// A page that holds the number of its process and that the kernel empties in every child, however it is forked.
    static REMEMBERED: AtomicPtr<AtomicU32> = AtomicPtr::new(null_mut());

    /// The number of this process; never zero.
    pub(crate) fn id() -> u32 {
        // SAFETY: null, or a page of `remember` that is never unmapped once it is published.
        match unsafe { REMEMBERED.load(Ordering::Acquire).as_ref() } {
            Some(page) => match page.load(Ordering::Relaxed) {
                0 => {
                    let id = std::process::id();
                    page.store(id, Ordering::Relaxed);
                    id
                }
                id => id,
            },
            None => remember(),
        }
    }

    /// Makes the page, so that the next call finds it. Where the kernel cannot (before Linux 4.14), every call asks it.
    #[cold]
    fn remember() -> u32 {
        let id = std::process::id();
        let Some(page) = page() else { return id };
        // SAFETY: a page of its own, aligned, zeroed and mapped for reading and writing.
        unsafe { page.as_ref() }.store(id, Ordering::Relaxed);
        if REMEMBERED.compare_exchange(null_mut(), page.as_ptr(), Ordering::AcqRel, Ordering::Acquire).is_err() {
            // Another thread was faster.
            unmap(page);
        }
        id
    }

    fn page() -> Option<NonNull<AtomicU32>> {
        let (size, access) = (rustix::param::page_size(), ProtFlags::READ | ProtFlags::WRITE);
        // SAFETY: a new mapping, at a place that the kernel chooses.
        let page = unsafe { mmap_anonymous(null_mut(), size, access, MapFlags::PRIVATE) }.ok()?;
        // SAFETY: the mapping made just now; the advice is about children alone.
        let wiped = unsafe { madvise(page, size, Advice::LinuxWipeOnFork) };
        let page = NonNull::new(page.cast())?;
        if wiped.is_err() {
            unmap(page);
            return None;
        }
        Some(page)
    }

    fn unmap(page: NonNull<AtomicU32>) {
        // SAFETY: a mapping of `page` that nobody else knows of.
        let _ = unsafe { munmap(page.as_ptr().cast(), rustix::param::page_size()) };
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_test_has_borrowed_no_rights() {
            assert!(!super::super::is_secure());
        }

        #[test]
        fn the_number_is_the_kernels_and_is_remembered() {
            assert_eq!(id(), std::process::id());
            assert_eq!(id(), std::process::id());
            assert!(!REMEMBERED.load(Ordering::Relaxed).is_null(), "this kernel empties pages on fork");
        }
    }
}
