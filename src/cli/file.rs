//! This file reads inputs and writes outputs: whole or not at all, and never over a file that was there before.

use std::fs::{File, Metadata};
use std::io::{self, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::session::Session;
use crate::cli::stdout;

/// What `--in` names: a file, or standard input as `-`.
pub(crate) fn input(path: &Path) -> Result<Box<dyn Read>, Failure> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    // A folder can be opened, and fails at the first read.
    if path.is_dir() {
        return Err(Failure::IsFolder { path: path.to_string_lossy().into_owned() });
    }
    Ok(Box::new(File::open(path).map_err(|error| Failure::file("opening the input", path, error))?))
}

/// All of a file that is short by its nature; `limit` in bytes.
pub(crate) fn short(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = input(path)?.take(limit + 1).read_to_end(&mut bytes);
    let read =
        read.and_then(|length| if length as u64 > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(()) });
    read.map_err(|error| Failure::file("reading a file", path, error))?;
    Ok(bytes)
}

/// What `--out` names.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
    /// Where that is to be opened.
    place: PathBuf,
    replace: bool,
}

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secrecy {
    Public,
    /// Mode 0600 from the first moment on.
    Secret,
}

impl Output {
    /// Refuses at once what would be refused later, after a password was typed: a file that exists, a folder that does
    /// not or that cannot be written, and a terminal.
    pub(crate) fn new(path: &Path, replace: bool) -> Result<Self, Failure> {
        let place = stdout::place_of(path);
        let output = Self { path: path.to_owned(), place, replace };
        if output.is_stdout() {
            if stdout::is_terminal() {
                return Err(Failure::OutputIsTerminal);
            }
        } else if !replace && output.existing_file().is_some() {
            return Err(output.exists());
        } else if path.is_dir() {
            return Err(Failure::IsFolder { path: path.to_string_lossy().into_owned() });
        } else if !folder_of(path).is_dir() {
            return Err(Failure::FolderMissing { path: folder_of(path).to_string_lossy().into_owned() });
        } else {
            output.check_target()?;
        }
        Ok(output)
    }

    fn check_target(&self) -> Result<(), Failure> {
        let failed = |error| Failure::file("looking for the output", &self.path, error);
        match std::fs::metadata(&self.place) {
            // A pipe would wait for its reader.
            Ok(metadata) if is_character_device(&metadata) => {
                let device = File::options().write(true).open(&self.place).map_err(failed)?;
                if device.is_terminal() { Err(Failure::OutputIsTerminal) } else { Ok(()) }
            }
            Ok(metadata) if !metadata.is_file() => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => check_writable(folder_of(&self.path)).map_err(failed),
        }
    }

    /// Whether it is the very file that this is, or the input `-` is.
    pub(crate) fn is_input(&self, input: &Path) -> bool {
        let Some(own) = self.existing_file() else { return false };
        let input = if input == Path::new("-") { standard_input() } else { std::fs::metadata(input) };
        input.is_ok_and(|input| std::fs::metadata(own).is_ok_and(|own| is_same_file(&own, &input)))
    }

    /// Whether what was written is a file, and not a device or a pipe.
    pub(crate) fn is_file(&self) -> bool {
        !self.is_stdout() && self.existing_file().is_some()
    }

    /// Whether it is standard output, written as `-`.
    pub(crate) fn is_stdout(&self) -> bool {
        self.path == Path::new("-")
    }

    /// As typed.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes everything: to a file beside the target that is synced and then renamed, so that the target is never seen
    /// half written. Devices and pipes are written to as they are.
    pub(crate) fn write(&self, session: &Session, bytes: &[u8], secrecy: Secrecy) -> Result<(), Failure> {
        if self.is_stdout() {
            return session.write(bytes);
        }
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => self.exists(),
            _ => Failure::file("writing the output", &self.path, error),
        };
        if self.place.try_exists().map_err(failed)? && self.existing_file().is_none() {
            let mut device = File::options().write(true).open(&self.place).map_err(failed)?;
            if device.is_terminal() {
                return Err(Failure::OutputIsTerminal);
            }
            return device.write_all(bytes).map_err(failed);
        }
        // A symbolic link stays one.
        let target = self.place.canonicalize().unwrap_or_else(|_| self.place.clone());
        write_whole(&target, bytes, self.replace, secrecy).map_err(failed)
    }

    fn existing_file(&self) -> Option<&Path> {
        std::fs::metadata(&self.place).is_ok_and(|metadata| metadata.is_file()).then_some(self.place.as_path())
    }

    fn exists(&self) -> Failure {
        Failure::OutputExists { path: self.path.to_string_lossy().into_owned() }
    }
}

fn write_whole(target: &Path, bytes: &[u8], replace: bool, secrecy: Secrecy) -> io::Result<()> {
    // Short, whatever the target's name: with a suffix, the longest name would be too long.
    let moment = std::time::UNIX_EPOCH.elapsed().map(|elapsed| elapsed.subsec_nanos()).unwrap_or_default();
    let beside = target.with_file_name(format!(".ingam-{:x}-{moment:x}.tmp", std::process::id()));
    let result = fill(&beside, bytes, secrecy)
        .and_then(|()| if replace { std::fs::rename(&beside, target) } else { rename_to_new(&beside, target) });
    if result.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    result?;
    // The file is there and whole. That its name survives a power failure is asked for where the system knows how.
    let _ = sync_folder(target);
    Ok(())
}

fn fill(path: &Path, bytes: &[u8], secrecy: Secrecy) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secrecy == Secrecy::Secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secrecy;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Renames without replacing, in one step where the system can.
fn rename_to_new(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // File systems that do not know the flag.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {}
            done => return Ok(done?),
        }
    }
    if to.try_exists()? {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}

#[cfg(unix)]
fn is_character_device(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn is_character_device(_: &Metadata) -> bool {
    false
}

#[cfg(unix)]
fn check_writable(folder: &Path) -> io::Result<()> {
    use rustix::fs::{Access, access};
    Ok(access(folder, Access::WRITE_OK | Access::EXEC_OK)?)
}

#[cfg(not(unix))]
fn check_writable(_: &Path) -> io::Result<()> {
    Ok(())
}

fn standard_input() -> io::Result<Metadata> {
    crate::cli::descriptor::reading(0)?.metadata()
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Windows does not tell; without `--force` nothing is replaced there either.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync_folder(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        File::open(folder_of(of))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = of;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_replaced_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("서명.sig");
        write_whole(&target, b"one", false, Secrecy::Public).unwrap();
        let refused = write_whole(&target, b"two", false, Secrecy::Public).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&target).unwrap(), b"one");
        write_whole(&target, b"two", true, Secrecy::Public).unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("r");
        write_whole(&target, b"r", false, Secrecy::Secret).unwrap();
        assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
