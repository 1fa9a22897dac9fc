//! This file answers the general purpose functions (PKCS#11 3.0 5.4).

use cryptoki_sys::*;

use crate::abi::argument::{InitializeArgs, Presence};
use crate::abi::buffer::Out;
use crate::abi::tables;
use crate::library::{Library, Threads};
use crate::rv::Answer;
use crate::state::Process;
use crate::text::padded;

/// CK_INFO.manufacturerID and those of slots and tokens.
pub(super) const MANUFACTURER: &str = "ingam";

/// C_Initialize. Reads the configuration; no medium is touched.
///
/// Locks are the operating system's. A caller without threads may say so or not; one that insists on locks of its own is
/// refused.
pub(crate) fn initialize(process: &Process, arguments: InitializeArgs) -> Answer {
    if arguments.reserved || !matches!(arguments.callbacks, 0 | 4) {
        return Err(CKR_ARGUMENTS_BAD.into());
    }
    if arguments.callbacks == 4 && arguments.flags & CKF_OS_LOCKING_OK == 0 {
        return Err(CKR_CANT_LOCK.into());
    }
    let forbidden = arguments.flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS != 0;
    process.initialize(if forbidden { Threads::Forbidden } else { Threads::Allowed })
}

/// C_Finalize.
pub(crate) fn finalize(process: &Process, reserved: Presence) -> Answer {
    if reserved == Presence::Something {
        // A library that is not there is the nearer reason.
        process.library()?;
        return Err(CKR_ARGUMENTS_BAD.into());
    }
    process.finalize()
}

/// C_GetInfo.
pub(crate) fn info(_: &Library, mut info: Out<'_, CK_INFO>) -> Answer {
    info.set(CK_INFO {
        cryptokiVersion: tables::NEWEST,
        manufacturerID: padded(MANUFACTURER),
        flags: 0,
        libraryDescription: padded("Korean joint certificates (NPKI)"),
        libraryVersion: version(),
    });
    Ok(())
}

/// The version of this library, and of the software that makes its tokens.
pub(super) fn version() -> CK_VERSION {
    let part = |text: &str| text.parse().unwrap_or(0);
    CK_VERSION { major: part(env!("CARGO_PKG_VERSION_MAJOR")), minor: part(env!("CARGO_PKG_VERSION_MINOR")) }
}
