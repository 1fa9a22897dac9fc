//! This file opens a file descriptor that the user names by its number (`--password-fd 3`, `--out-fd 4`), so that reading
//! and writing go on where the descriptor stands.

use std::fs::File;
use std::io;

/// To read from.
pub(crate) fn reading(number: u32) -> io::Result<File> {
    open(number, Direction::Reading)
}

/// To write to.
pub(crate) fn writing(number: u32) -> io::Result<File> {
    open(number, Direction::Writing)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Reading,
    Writing,
}

#[cfg(unix)]
fn open(number: u32, direction: Direction) -> io::Result<File> {
    use std::os::fd::AsFd as _;
    match number {
        0 => return io::stdin().as_fd().try_clone_to_owned().map(File::from),
        1 => return crate::cli::stdout::descriptor(),
        2 => return io::stderr().as_fd().try_clone_to_owned().map(File::from),
        _ => {}
    }
    // Any other number by its name: to take it over would need unsafe code.
    let path = format!("/dev/fd/{number}");
    #[cfg(any(target_os = "linux", target_os = "android"))]
    return reopened(number, &path, direction);
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    File::options().read(direction == Direction::Reading).write(direction == Direction::Writing).open(path)
}

/// The descriptor itself where the kernel hands it out; else its file opened anew, which would begin at the first byte
/// and not append: how it was opened and where it stands is taken from `/proc`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn reopened(number: u32, path: &str, direction: Direction) -> io::Result<File> {
    use std::io::{Seek as _, SeekFrom};

    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{number}"))?;
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let flags = field("flags:").and_then(|flags| u32::from_str_radix(flags, 8).ok()).unwrap_or_default();
    let refused = match direction {
        Direction::Reading => WRITE_ONLY,
        Direction::Writing => READ_ONLY,
    };
    if flags & ACCESS_MODE == refused {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    if let Ok(same) = handed_out(number) {
        return Ok(same);
    }
    let mut options = File::options();
    options.read(direction == Direction::Reading).write(direction == Direction::Writing);
    let mut file = options.append(direction == Direction::Writing && flags & APPEND != 0).open(path)?;
    if file.metadata()?.is_file() {
        let position = field("pos:").and_then(|position| position.parse().ok()).unwrap_or_default();
        file.seek(SeekFrom::Start(position))?;
    }
    Ok(file)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn handed_out(number: u32) -> io::Result<File> {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let number = i32::try_from(number).map_err(|_| io::ErrorKind::InvalidInput)?;
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    Ok(File::from(pidfd_getfd(own, number, PidfdGetfdFlags::empty())?))
}

/// The bits of `open(2)`, as `/proc` writes them.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ACCESS_MODE: u32 = 3;
#[cfg(any(target_os = "linux", target_os = "android"))]
const READ_ONLY: u32 = 0;
#[cfg(any(target_os = "linux", target_os = "android"))]
const WRITE_ONLY: u32 = 1;
#[cfg(any(target_os = "linux", target_os = "android"))]
const APPEND: u32 = 0o2000;

#[cfg(not(unix))]
fn open(number: u32, _: Direction) -> io::Result<File> {
    let _ = number;
    Err(io::ErrorKind::Unsupported.into())
}
