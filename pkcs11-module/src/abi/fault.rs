//! This file lets a test make the next call panic. It is compiled only with the feature `fault-injection`.

use std::sync::atomic::{AtomicBool, Ordering};

static NEXT: AtomicBool = AtomicBool::new(false);

/// Makes the next call of any entry point panic inside its guard.
#[unsafe(no_mangle)]
pub extern "C" fn ingam_test_panic_next() {
    NEXT.store(true, Ordering::SeqCst);
}

/// Panics if that was asked for.
#[allow(clippy::panic, reason = "its purpose")]
pub(crate) fn panic_if_asked() {
    if NEXT.swap(false, Ordering::SeqCst) {
        panic!("a panic that a test asked for");
    }
}
