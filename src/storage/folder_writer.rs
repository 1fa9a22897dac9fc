//! This file writes into an NPKI folder so that a kill at any moment leaves the old set or the new one, never neither.
//!
//! A set is built beside its place and synced. Then the two folders change places in one step where the file system can
//! (`RENAME_EXCHANGE`), else the old one is taken aside and the new one put in its place. Readers pass over what is being
//! built, and take a set that was taken aside for present while its place is empty.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{FileSet, SetFile};
use crate::error::{Error, Result};

/// The folder that a writer is filling or emptying; readers pass over it. Only one writer is in a parent folder at a
/// time, so one that is there already was left by a writer that was killed.
pub(super) const UNFINISHED: &str = ".ingam-new";

/// Holds the set that was taken aside, under its own name.
pub(super) const ASIDE: &str = ".ingam-old";

/// The only writer of a parent folder, for one set.
pub(super) struct Writer {
    parent: PathBuf,
    target: PathBuf,
    /// Held open because it carries the lock.
    lock: Option<File>,
}

impl Writer {
    /// Waits until no other writer is in the folder that holds `target`, then tidies up after one that was killed.
    pub(super) fn enter(target: &Path) -> Result<Self> {
        let parent = target.parent().unwrap_or(target).to_owned();
        let entered = create_private_folders(&parent).and_then(|()| lock_folder(&parent));
        let lock = entered.map_err(|error| about(target, error))?;
        let writer = Self { parent, target: target.to_owned(), lock };
        writer.tidy().map_err(|error| about(target, error))?;
        Ok(writer)
    }

    /// Puts this set in its place.
    pub(super) fn publish(&self, set: &FileSet, replace: bool) -> Result<()> {
        let place = || if replace { self.replace() } else { self.place() };
        let published = self.build(set, replace).and_then(|()| place());
        if published.is_err() {
            // Best effort: the next writer tries again.
            let _ = self.tidy();
        }
        published.map_err(|error| about(&self.target, error))
    }

    /// Takes the set away in one step, then deletes it. What is not of it stays in its folder.
    pub(super) fn remove(&self) -> Result<()> {
        let others = self.others().map_err(|error| about(&self.target, error))?;
        if !others.is_empty() {
            return self.publish(&FileSet::default(), true);
        }
        fs::rename(&self.target, self.unfinished())
            .and_then(|()| self.sync())
            .and_then(|()| fs::remove_dir_all(self.unfinished()))
            .map_err(|error| about(&self.target, error))
    }

    fn unfinished(&self) -> PathBuf {
        self.parent.join(UNFINISHED)
    }

    fn sync(&self) -> io::Result<()> {
        self.lock.as_ref().map_or(Ok(()), File::sync_all)
    }

    /// Ends what a killed writer began: a set taken aside goes back if its place is empty, the rest is deleted.
    fn tidy(&self) -> io::Result<()> {
        let aside = self.parent.join(ASIDE);
        if let Ok(sets) = fs::read_dir(&aside) {
            for old in sets {
                let old = old?;
                let place = self.parent.join(old.file_name());
                if !place.exists() {
                    fs::rename(old.path(), place)?;
                }
            }
            self.sync()?;
            fs::remove_dir_all(&aside)?;
        }
        match fs::remove_dir_all(self.unfinished()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Builds the new folder, all of it on the disk when this returns.
    fn build(&self, set: &FileSet, replace: bool) -> io::Result<()> {
        let folder = self.unfinished();
        create_private_folders(&folder)?;
        for (file, bytes) in &set.0 {
            let mut out = create_private_file(&folder.join(file.file_name()))?;
            out.write_all(bytes)?;
            out.sync_all()?;
        }
        if replace {
            self.carry(&folder)?;
        }
        open_folder(&folder)?.as_ref().map_or(Ok(()), File::sync_all)
    }

    /// What lies in the old folder and is no file of the set.
    fn others(&self) -> io::Result<Vec<OsString>> {
        let names: Vec<_> = fs::read_dir(&self.target)?.map(|item| Ok(item?.file_name())).collect::<io::Result<_>>()?;
        let is_other = |name: &&OsString| match name.to_str().and_then(SetFile::from_file_name) {
            // Of two files whose names differ in case only, the one that Korean software writes is the set's.
            Some(file) => *name != file.file_name() && names.iter().any(|name| name == file.file_name()),
            None => true,
        };
        Ok(names.iter().filter(is_other).cloned().collect())
    }

    /// Copies what is not of the set: it may be somebody's only copy of a key.
    fn carry(&self, folder: &Path) -> io::Result<()> {
        for name in self.others()? {
            let old = self.target.join(&name);
            if !fs::symlink_metadata(&old)?.is_file() {
                return Err(io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "the certificate folder holds more than files",
                ));
            }
            let mut copy = create_private_file(&folder.join(&name))?;
            io::copy(&mut File::open(&old)?, &mut copy)?;
            copy.sync_all()?;
        }
        Ok(())
    }

    /// Puts the new folder where none is: the rename replaces an empty folder at most.
    fn place(&self) -> io::Result<()> {
        fs::rename(self.unfinished(), &self.target)?;
        self.sync()
    }

    /// Puts the new folder where the old one is, and deletes the old one.
    fn replace(&self) -> io::Result<()> {
        if self.exchange()? {
            self.sync()?;
            // The new set is there. What stays of the old one the next writer deletes.
            let _ = fs::remove_dir_all(self.unfinished());
            return Ok(());
        }
        let aside = self.parent.join(ASIDE);
        create_private_folders(&aside)?;
        fs::rename(&self.target, aside.join(self.target.file_name().unwrap_or_default()))?;
        self.sync()?;
        self.place()?;
        let _ = fs::remove_dir_all(aside);
        Ok(())
    }

    /// Exchanges the two folders in one step; `false` where the file system cannot.
    #[cfg(target_os = "linux")]
    fn exchange(&self) -> io::Result<bool> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, self.unfinished(), CWD, &self.target, RenameFlags::EXCHANGE) {
            Ok(()) => Ok(true),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn exchange(&self) -> io::Result<bool> {
        Ok(false)
    }
}

fn about(target: &Path, error: io::Error) -> Error {
    Error::io("writing the certificate folder", error).about(target.to_string_lossy())
}

fn create_private_folders(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn create_private_file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    above_streams(options.open(path)?)
}

/// In a program that has closed its standard streams a new file takes the place of one, and what is printed would end in it:
/// it is moved out of the way.
#[cfg(unix)]
fn above_streams(file: File) -> io::Result<File> {
    Ok(rustix::io::fcntl_dupfd_cloexec(&file, 3)?.into())
}

#[cfg(not(unix))]
fn above_streams(file: File) -> io::Result<File> {
    Ok(file)
}

/// Keeps other writers out of a folder until the returned handle is dropped. Needs no file of its own, so it works the
/// same on a USB drive.
fn lock_folder(path: &Path) -> io::Result<Option<File>> {
    let folder = open_folder(path)?;
    if let Some(folder) = &folder {
        folder.lock()?;
    }
    Ok(folder)
}

/// A folder as a file, for locking and syncing; `None` where the platform has no such thing.
fn open_folder(path: &Path) -> io::Result<Option<File>> {
    if cfg!(unix) { File::open(path).map(Some) } else { Ok(None) }
}
