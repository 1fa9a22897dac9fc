//! This file looks at the files of one folder through its open handle: the long path of a certificate's folder is walked
//! once, not once for each of its files.

use std::ffi::OsString;
use std::fs::File;
use std::hash::Hash;
use std::io;
use std::path::Path;

/// What is known of a file without reading it.
pub(super) struct Look<V> {
    pub(super) is_file: bool,
    pub(super) len: u64,
    /// Changes when the file is rewritten or replaced. FAT keeps times in steps of two seconds, so the size counts too.
    pub(super) version: V,
}

#[cfg(unix)]
pub(super) use unix::OpenFolder;

#[cfg(not(unix))]
pub(super) use other::OpenFolder;

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};

    use super::{File, Hash, Look, OsString, Path, io};

    pub(in super::super) struct OpenFolder(Dir);

    impl OpenFolder {
        pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok(Self(Dir::new(rustix::fs::open(path, flags, Mode::empty())?)?))
        }

        /// The names in the folder.
        pub(in super::super) fn names(&mut self) -> io::Result<Vec<OsString>> {
            self.0.by_ref().map(|item| Ok(OsStr::from_bytes(item?.file_name().to_bytes()).to_owned())).collect()
        }

        /// Looks at a file; a symbolic link is followed.
        pub(in super::super) fn look(&self, name: &OsString) -> io::Result<Look<impl Hash + use<>>> {
            let found = rustix::fs::statat(self.0.fd()?, name, AtFlags::empty())?;
            Ok(Look {
                is_file: FileType::from_raw_mode(found.st_mode).is_file(),
                len: u64::try_from(found.st_size).unwrap_or_default(),
                version: (
                    found.st_size,
                    found.st_ino,
                    (found.st_mtime, found.st_mtime_nsec),
                    (found.st_ctime, found.st_ctime_nsec),
                ),
            })
        }

        /// Opens a file for reading; should a FIFO have taken its place, this does not wait for a writer.
        pub(in super::super) fn file(&self, name: &OsString) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            Ok(rustix::fs::openat(self.0.fd()?, name, flags, Mode::empty())?.into())
        }
    }
}

#[cfg(not(unix))]
mod other {
    use std::path::PathBuf;

    use super::{File, Hash, Look, OsString, Path, io};

    pub(in super::super) struct OpenFolder(PathBuf);

    impl OpenFolder {
        pub(in super::super) fn open(path: &Path) -> io::Result<Self> {
            Ok(Self(path.to_owned()))
        }

        pub(in super::super) fn names(&mut self) -> io::Result<Vec<OsString>> {
            std::fs::read_dir(&self.0)?.map(|item| Ok(item?.file_name())).collect()
        }

        pub(in super::super) fn look(&self, name: &OsString) -> io::Result<Look<impl Hash + use<>>> {
            let found = std::fs::metadata(self.0.join(name))?;
            let version = (found.len(), found.modified().ok());
            Ok(Look { is_file: found.is_file(), len: found.len(), version })
        }

        pub(in super::super) fn file(&self, name: &OsString) -> io::Result<File> {
            File::open(self.0.join(name))
        }
    }
}
