//! This file lists modules at the paths where packages of this platform put them.

use std::path::PathBuf;

use crate::config::ForeignModule;

/// Path and name. Several paths of one product: whichever exists, once by its canonical path.
#[cfg(target_os = "linux")]
const WELL_KNOWN: &[(&str, &str)] = &[
    ("/usr/lib/softhsm/libsofthsm2.so", "SoftHSM"),
    ("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so", "SoftHSM"),
    ("/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so", "SoftHSM"),
    ("/usr/lib64/pkcs11/libsofthsm2.so", "SoftHSM"),
    ("/usr/local/lib/softhsm/libsofthsm2.so", "SoftHSM"),
];

#[cfg(target_os = "macos")]
const WELL_KNOWN: &[(&str, &str)] =
    &[("/opt/homebrew/lib/softhsm/libsofthsm2.so", "SoftHSM"), ("/usr/local/lib/softhsm/libsofthsm2.so", "SoftHSM")];

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
const WELL_KNOWN: &[(&str, &str)] = &[("C:\\SoftHSM2\\lib\\softhsm2-x64.dll", "SoftHSM")];

/// Those that exist.
pub(super) fn well_known() -> Vec<ForeignModule> {
    let mut found: Vec<ForeignModule> = Vec::new();
    for (path, name) in WELL_KNOWN {
        let path = PathBuf::from(path);
        if path.exists() {
            found.push(ForeignModule { path, name: (*name).to_owned(), tokens: Vec::new() });
        }
    }
    found
}
