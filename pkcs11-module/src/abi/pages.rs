//! This file keeps pages with secrets out of swap and core dumps.

#[cfg(unix)]
pub(crate) use unix::install;

/// Nothing yet where there is no `mlock`.
#[cfg(not(unix))]
pub(crate) fn install() {}

#[cfg(unix)]
mod unix {
    use std::collections::{HashMap, HashSet};
    use std::ffi::c_void;
    use std::sync::Mutex;

    use ingam::keystore::lock;
    use ingam::secret::{PageProtection, protect_with};
    use rustix::mm;

    use crate::abi::per_process::PerProcess;

    /// Locked pages of one process at most. Each can split a mapping in three, and a process that has no mappings left
    /// (65,530 on Linux) cannot allocate: a login that opens 10,000 keys must not do that to its host.
    const LIMIT: usize = 1024;

    static PAGES: PerProcess<Pages> = PerProcess::new();

    /// Makes every secret of the library live in protected pages from now on.
    pub(crate) fn install() {
        protect_with(&Protection);
    }

    struct Protection;

    /// A child inherits no lock and starts with none counted.
    #[derive(Default)]
    struct Pages(Mutex<Protected>);

    #[derive(Default)]
    struct Protected {
        /// How many secrets are in each page: heap pages are shared, so the last one to leave unlocks it.
        pages: HashMap<usize, usize>,
        /// The secrets that were counted, by address and length: one that came while the limit was full was not, and must
        /// not count another out when it goes.
        secrets: HashSet<(usize, usize)>,
    }

    impl PageProtection for Protection {
        fn protect(&self, bytes: &[u8]) {
            let mut protected = lock(&PAGES.get(|_| ()).0);
            let fresh = pages(bytes).filter(|page| !protected.pages.contains_key(page)).count();
            if bytes.is_empty() || protected.pages.len() + fresh > LIMIT {
                return;
            }
            protected.secrets.insert((bytes.as_ptr().addr(), bytes.len()));
            for page in pages(bytes) {
                let count = protected.pages.entry(page).or_default();
                *count += 1;
                if *count == 1 {
                    lock_page(page);
                }
            }
        }

        fn release(&self, bytes: &[u8]) {
            let mut protected = lock(&PAGES.get(|_| ()).0);
            if !protected.secrets.remove(&(bytes.as_ptr().addr(), bytes.len())) {
                return;
            }
            for page in pages(bytes) {
                let Some(count) = protected.pages.get_mut(&page) else { continue };
                *count -= 1;
                if *count == 0 {
                    protected.pages.remove(&page);
                    unlock_page(page);
                }
            }
        }
    }

    /// The addresses of the pages on which these bytes lie.
    fn pages(bytes: &[u8]) -> impl Iterator<Item = usize> + use<> {
        let size = rustix::param::page_size();
        let start = bytes.as_ptr().addr();
        let first = start - start % size;
        // An empty slice points nowhere.
        let end = if bytes.is_empty() { first } else { start + bytes.len() };
        (first..end).step_by(size)
    }

    /// Failure is borne: the limit on locked memory may be low, and a login must work all the same.
    fn lock_page(page: usize) {
        let (start, size) = (page as *mut c_void, rustix::param::page_size());
        // SAFETY: locking changes no content; the page is mapped, a live secret lies on it.
        let _ = unsafe { mm::mlock(start, size) };
        #[cfg(target_os = "linux")]
        // SAFETY: as above; the advice is about core dumps alone.
        let _ = unsafe { mm::madvise(start, size, mm::Advice::LinuxDontDump) };
    }

    fn unlock_page(page: usize) {
        let (start, size) = (page as *mut c_void, rustix::param::page_size());
        #[cfg(target_os = "linux")]
        // SAFETY: as in `lock_page`; the secret is wiped and its memory not yet freed, so the page is still mapped.
        let _ = unsafe { mm::madvise(start, size, mm::Advice::LinuxDoDump) };
        // SAFETY: as above.
        let _ = unsafe { mm::munlock(start, size) };
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_page_stays_protected_until_its_last_secret_is_gone() {
            let size = rustix::param::page_size();
            let memory = vec![0; 3 * size];
            let offset = memory.as_ptr().align_offset(size);
            let (a, b) = (&memory[offset..offset + 10], &memory[offset + 20..offset + 30]);
            let page = a.as_ptr().addr();
            let count = || lock(&PAGES.get(|_| ()).0).pages.get(&page).copied();
            Protection.protect(a);
            Protection.protect(b);
            assert_eq!(count(), Some(2));
            Protection.release(&memory[offset + 40..offset + 50]);
            assert_eq!(count(), Some(2), "a secret that was never counted counts no other out");
            Protection.release(a);
            assert_eq!(count(), Some(1));
            Protection.release(b);
            assert_eq!(count(), None);
        }

        #[test]
        fn a_secret_across_a_border_is_on_two_pages() {
            let size = rustix::param::page_size();
            let memory = vec![0; 3 * size];
            let offset = memory.as_ptr().align_offset(size) + size;
            assert_eq!(pages(&memory[offset - 1..offset + 1]).count(), 2);
            assert_eq!(pages(&memory[offset..offset + size]).count(), 1);
            assert_eq!(pages(&[]).count(), 0);
        }
    }
}
