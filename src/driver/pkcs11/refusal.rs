//! This file refuses modules that must not be loaded: those that others may change, and ourselves in any disguise.

use std::path::{Path, PathBuf};

use cryptoki::context::Pkcs11 as Context;

use crate::error::{Error, ErrorKind, Result};

/// CK_INFO.manufacturerID of our own module, and that of its slots and tokens.
pub(super) const OURSELVES: &str = "ingam";

/// Stands in every file that this code is linked into, and nowhere else: whatever the file is called, it is us.
#[used]
pub(super) static MARK: &[u8] = b"\x1f ingam is never loaded by ingam \x1f f4b19e0c73d25a86";

/// Bytes of a module in which the mark is looked for at most.
const MODULE_LIMIT: u64 = 1 << 27;

/// p11-kit's proxy shows every module that p11-kit knows, ours too.
const PROXY: &str = "PKCS#11 Proxy Module";

/// The file that a module's path leads to, if it may be loaded at all. It is this that is to be loaded: a link on the way may
/// be somebody else's.
///
/// # Errors
/// `InvalidInput` for a relative path; `NotFound`; `NotPermitted` for a file that somebody else may change.
pub(super) fn check_file(path: &Path) -> Result<PathBuf> {
    let refused = |kind, doing| Err(Error::new(kind, doing).about(path.to_string_lossy()));
    if !path.is_absolute() {
        return refused(ErrorKind::InvalidInput, "loading a PKCS#11 module, whose path must be absolute");
    }
    let file = path
        .canonicalize()
        .map_err(|error| Error::io("loading a PKCS#11 module", error).about(path.to_string_lossy()))?;
    if !file.is_file() {
        return refused(ErrorKind::InvalidInput, "loading a PKCS#11 module, which is no file");
    }
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with("libp11-kit.") || name.starts_with("p11-kit-proxy.") {
        return refused(ErrorKind::Unsupported, VIA_PROXY);
    }
    if is_ourselves(&file) {
        return refused(ErrorKind::Unsupported, OURS);
    }
    if file.ancestors().chain(path.ancestors().skip(1)).any(|part| !trusted(part)) {
        return refused(ErrorKind::NotPermitted, "loading a PKCS#11 module that other users may change");
    }
    Ok(file)
}

const OURS: &str = "loading this very PKCS#11 module as another";
const VIA_PROXY: &str = "loading p11-kit's proxy, which shows this module again";

/// Whether a file is this library as a module, by whatever name.
pub(super) fn is_ourselves(file: &Path) -> bool {
    let small = std::fs::metadata(file).is_ok_and(|file| file.len() <= MODULE_LIMIT);
    let Some(bytes) = small.then(|| std::fs::read(file).ok()).flatten() else { return false };
    let first = MARK[0];
    let mut rest = bytes.as_slice();
    while let Some(place) = rest.iter().position(|byte| *byte == first) {
        rest = &rest[place..];
        if rest.starts_with(MARK) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// Whether only the superuser and this user may change a file or folder. In a folder with the sticky bit (`/tmp`) what
/// belongs to one user cannot be replaced by another.
#[cfg(unix)]
fn trusted(part: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(metadata) = std::fs::metadata(part) else { return false };
    let own = metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw();
    let writable = metadata.mode() & 0o022 != 0;
    let sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
    own && (!writable || sticky)
}

#[cfg(not(unix))]
fn trusted(_: &Path) -> bool {
    true
}

/// Whether a module that was loaded is another one than ours.
///
/// # Errors
/// `Unsupported`.
pub(super) fn check_library(context: &Context) -> Result<()> {
    // One that tells nothing of itself is not ours.
    let Ok(info) = context.get_library_info() else { return Ok(()) };
    if info.manufacturer_id() == OURSELVES {
        return Err(Error::new(ErrorKind::Unsupported, OURS));
    }
    if info.library_description() == PROXY {
        return Err(Error::new(ErrorKind::Unsupported, VIA_PROXY));
    }
    Ok(())
}
