//! This file keeps standard output for this program's own words: what another PKCS#11 module prints that it has loaded goes to
//! standard error, and never between the lines of a result or into a JSON document.

use std::fs::File;
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Where standard output led when the program began; `None` where it could not be taken aside.
static OWN: LazyLock<Option<File>> = LazyLock::new(|| take_aside().ok());

/// Takes standard output aside, before anything is loaded that might print.
pub(crate) fn keep() {
    LazyLock::force(&OWN);
}

#[cfg(unix)]
fn take_aside() -> io::Result<File> {
    // A high number: a low one might be taken for a descriptor that the user names.
    let own = rustix::io::fcntl_dupfd_cloexec(io::stdout(), 200)?;
    rustix::stdio::dup2_stdout(io::stderr())?;
    Ok(File::from(own))
}

#[cfg(not(unix))]
fn take_aside() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Puts it back in its place, for the program that is about to take over this process.
#[cfg(unix)]
pub(crate) fn give_back() -> io::Result<()> {
    OWN.as_ref().map_or(Ok(()), |own| Ok(rustix::stdio::dup2_stdout(own)?))
}

/// Writes to it.
pub(crate) fn write(bytes: &[u8]) -> io::Result<()> {
    if let Some(mut own) = OWN.as_ref() {
        return own.write_all(bytes);
    }
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush())
}

/// Whether a person sees it.
pub(crate) fn is_terminal() -> bool {
    OWN.as_ref().map_or_else(|| io::stdout().is_terminal(), File::is_terminal)
}

/// It, as a descriptor of its own.
#[cfg(unix)]
pub(crate) fn descriptor() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    match &*OWN {
        Some(own) => own.try_clone(),
        None => io::stdout().as_fd().try_clone_to_owned().map(File::from),
    }
}

/// Where to open what a user calls by this path: standard output has names of its own there.
pub(crate) fn place_of(path: &Path) -> PathBuf {
    #[cfg(unix)]
    if let Some(own) = &*OWN
        && ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
    {
        use std::os::fd::AsRawFd as _;
        return format!("/dev/fd/{}", own.as_raw_fd()).into();
    }
    path.to_owned()
}
