//! This file says why another PKCS#11 module cannot be used, and what to do about it.

use ingam::{Error, ErrorKind};

/// The keys of message and hint; `None` for an error that has nothing to do with a module as a whole.
pub(crate) fn keys(error: &Error) -> Option<(&'static str, &'static str)> {
    Some(match (error.doing(), error.kind()) {
        ("loading a PKCS#11 module", ErrorKind::NotFound) => ("error-module-absent", "error-module-absent-hint"),
        ("loading a PKCS#11 module", ErrorKind::Unsupported) => {
            ("error-module-not-loadable", "error-module-not-loadable-hint")
        }
        ("loading a PKCS#11 module, whose path must be absolute", _) => {
            ("error-module-relative", "error-module-absent-hint")
        }
        ("loading a PKCS#11 module, which is no file", _) => ("error-module-no-file", "error-module-absent-hint"),
        ("loading a PKCS#11 module that other users may change", _) => ("error-module-open", "error-module-open-hint"),
        ("loading this very PKCS#11 module as another", _) => ("error-module-ourselves", "error-module-ourselves-hint"),
        ("loading p11-kit's proxy, which shows this module again", _) => {
            ("error-module-proxy", "error-module-ourselves-hint")
        }
        ("initialising a PKCS#11 module", _) => ("error-module-not-starting", "error-module-not-starting-hint"),
        ("waiting for a PKCS#11 module that did not answer" | "calling a PKCS#11 module", ErrorKind::TimedOut) => {
            ("error-module-silent", "error-module-silent-hint")
        }
        _ => return None,
    })
}
