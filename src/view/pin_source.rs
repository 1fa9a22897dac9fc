//! This file reads the PINs that the configuration keeps for tokens, and never sends a wrong one a second time.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex;

use zeroize::Zeroizing;

use crate::config::PinSource;
use crate::error::{Error, ErrorKind, Result};
use crate::keystore::{SharedToken, lock};
use crate::medium::{Medium, MediumId};
use crate::pin::{Pin, Role};
use crate::token::Scope;

/// The PIN files of one configuration.
pub(super) struct PinSources(Vec<PinSource>);

impl PinSources {
    pub(super) fn new(sources: &[PinSource]) -> Self {
        Self(sources.to_vec())
    }

    /// The file with this token's PIN, unless its PIN was wrong and stands there unchanged. A name that fits several of the
    /// tokens is nobody's: a PIN for another token would count as a try. A token with a keypad is never sent one.
    pub(super) fn of(&self, medium: &Medium, seen: &[&Medium]) -> Option<&Path> {
        if medium.token.as_ref().is_none_or(|token| token.own_keypad) {
            return None;
        }
        let names_this_alone = |name: &str| {
            medium.is_token_called(name) && seen.iter().filter(|token| token.is_token_called(name)).count() == 1
        };
        let source = self.0.iter().find(|source| names_this_alone(&source.token))?;
        let wrong = lock(&WRONG).as_ref().and_then(|wrong| wrong.get(&medium.id).copied());
        let is_wrong = wrong.is_some() && open(&source.file).ok().map(|(_, stamp)| stamp) == wrong;
        (!is_wrong).then_some(&source.file)
    }
}

/// Files whose PIN was wrong, for as long as this process lives: a host may finalise and initialise any number of times,
/// and each would be a try.
static WRONG: Mutex<Option<HashMap<MediumId, Stamp>>> = Mutex::new(None);

/// Tells a file's content from a later one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    file: (u64, u64),
    changed: (i64, i64),
    length: u64,
}

/// Logs in to a token with the PIN of its file, which is sent once.
pub(super) fn login(token: &SharedToken, medium: &MediumId, source: &Path) -> Result<()> {
    let about = |error: Error| error.about(source.to_string_lossy()).on(medium);
    let (file, stamp) = open(source).map_err(about)?;
    let pin = read(file).map_err(about)?;
    let mut token = lock(token);
    // It counts as wrong until the token has said that it is not, whatever happens on the way.
    if lock(&WRONG).get_or_insert_default().insert(medium.clone(), stamp) == Some(stamp) {
        return Err(about(Error::new(ErrorKind::PinIncorrect { tries_left: None }, "not sending a wrong PIN again")));
    }
    let answer = token.login(Role::User, &Scope::All, &pin);
    let refused = answer.as_ref().is_err_and(|error| {
        matches!(error.kind(), ErrorKind::PinIncorrect { .. } | ErrorKind::PinLocked | ErrorKind::PinRejected)
    });
    if !refused {
        lock(&WRONG).get_or_insert_default().remove(medium);
    }
    answer.map_err(about)
}

const READING: &str = "reading the PIN of a token";

/// Bytes of a PIN file at most.
const LONGEST: usize = 4096;

/// The file, if it is one that only its owner reads, with its stamp.
fn open(path: &Path) -> Result<(File, Stamp)> {
    if !path.is_absolute() {
        return Err(Error::new(ErrorKind::InvalidInput, "reading the PIN of a token, whose path must be absolute"));
    }
    let mut options = File::options();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe without a writer would be waited for.
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.read(true).open(path).map_err(|error| Error::io(READING, error))?;
    let metadata = file.metadata().map_err(|error| Error::io(READING, error))?;
    if !metadata.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "reading the PIN of a token, which is in no file"));
    }
    if !is_private(&metadata) {
        return Err(Error::new(ErrorKind::NotPermitted, "reading the PIN of a token, which others can read too"));
    }
    Ok((file, stamp(&metadata)))
}

/// What systemd hands to a service is root's, and shows the service's right to read it as its group's.
#[cfg(unix)]
fn is_private(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let others = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    let owner = [0, rustix::process::geteuid().as_raw()].contains(&metadata.uid());
    owner && metadata.mode() & others == 0
}

/// Windows has no such bits; a user's files are the user's by default.
#[cfg(not(unix))]
fn is_private(_: &std::fs::Metadata) -> bool {
    true
}

#[cfg(unix)]
fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt as _;
    Stamp {
        file: (metadata.dev(), metadata.ino()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        length: metadata.len(),
    }
}

#[cfg(not(unix))]
fn stamp(metadata: &std::fs::Metadata) -> Stamp {
    let since = |time: std::time::SystemTime| time.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let changed = metadata.modified().map(since).unwrap_or_default();
    let seconds = i64::try_from(changed.as_secs()).unwrap_or_default();
    Stamp { file: (0, 0), changed: (seconds, i64::from(changed.subsec_nanos())), length: metadata.len() }
}

/// All there is, without the one line break that editors and `echo` put at the end.
fn read(mut file: File) -> Result<Pin> {
    // Never grows, so leaves no copy behind.
    let mut bytes = Zeroizing::new(vec![0; LONGEST + 1]);
    let mut length = 0;
    loop {
        match file.read(&mut bytes[length..]).map_err(|error| Error::io(READING, error))? {
            0 => break,
            more => length += more,
        }
    }
    let line = bytes[..length].strip_suffix(b"\n").unwrap_or(&bytes[..length]);
    let pin = line.strip_suffix(b"\r").unwrap_or(line);
    if length > LONGEST || pin.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "reading the PIN of a token: 1 to 4,096 bytes"));
    }
    Ok(Pin::copy_of(pin))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(path: &Path) -> ErrorKind {
        open(path).and_then(|(file, _)| read(file)).unwrap_err().kind()
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_pin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for (content, pin) in [("1234", "1234"), ("1234\n", "1234"), ("1234\r\n", "1234"), (" 1\n\n", " 1\n")] {
            write(&path, content.as_bytes(), 0o600);
            assert_eq!(read(open(&path).unwrap().0).unwrap().expose(), pin.as_bytes());
        }
        for content in [&b""[..], b"\n", &[b'1'; LONGEST + 1]] {
            write(&path, content, 0o600);
            assert_eq!(kind(&path), ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn what_others_can_read_or_what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pin");
        for mode in [0o604, 0o620, 0o602, 0o610] {
            write(&path, b"1234", mode);
            assert_eq!(kind(&path), ErrorKind::NotPermitted, "{mode:o}");
        }
        assert_eq!(kind(folder.path()), ErrorKind::InvalidInput);
        assert_eq!(kind(Path::new("pin")), ErrorKind::InvalidInput);
        assert_eq!(kind(&folder.path().join("absent")), ErrorKind::NotFound);
        let pipe = folder.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(kind(&pipe), ErrorKind::InvalidInput, "and it is not waited for");
    }

    fn write(path: &Path, content: &[u8], mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(path, content).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}
