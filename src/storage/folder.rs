//! This file reads and writes an NPKI folder: `<root>/<CA>/USER/<DN>/…`, or `<root>/USER/<DN>/…` without a CA level.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::folder_writer::{ASIDE, UNFINISHED, Writer};
use super::{FILE_SIZE_LIMIT, FileSet, Listing, SetFile, SetView, Storage};
use crate::credential::EntryName;
use crate::error::{Error, ErrorKind, Result};

/// An NPKI folder on a file system.
///
/// Names of folders and files match in any case. A folder name that is not UTF-8 (an old archive unpacked on Linux) is
/// shown with `\xNN` for the bytes that are not, and read all the same.
#[derive(Debug)]
pub struct NpkiFolder {
    root: PathBuf,
    limit: usize,
    /// Where the entries are whose name is not their path.
    paths: HashMap<EntryName, PathBuf>,
}

impl NpkiFolder {
    /// The folder `root`, the one that is called `NPKI`; the first publish makes it. At most `limit` sets are listed.
    #[must_use]
    pub fn new(root: PathBuf, limit: usize) -> Self {
        Self { root, limit, paths: HashMap::new() }
    }

    /// The folder of a set.
    #[must_use]
    pub fn path(&self, entry: &EntryName) -> PathBuf {
        self.paths.get(entry).cloned().unwrap_or_else(|| self.root.join(entry.as_str()))
    }

    /// Remembers a path under the name that shows it.
    fn name(&mut self, path: &Path) -> EntryName {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        // A set that was taken aside keeps the name of its place.
        let shown: PathBuf = relative.components().filter(|part| part.as_os_str() != ASIDE).collect();
        let name = EntryName::new(&escaped(shown.as_os_str()));
        if shown != relative || shown.to_str().is_none() {
            self.paths.insert(name.clone(), path.to_owned());
        }
        name
    }

    /// The sub-folders of `path`, sorted; a failure is noted in `listing`.
    fn folders(&mut self, path: &Path, listing: &mut Listing) -> Vec<PathBuf> {
        let mut found = match sub_folders(path) {
            Ok(found) => found,
            Err(error) => {
                listing.unreadable.push((self.name(path), error));
                return Vec::new();
            }
        };
        found.sort_unstable();
        found
    }

    /// Where a set is or will be, for writing.
    fn target(&self, entry: &EntryName) -> Result<PathBuf> {
        let mut parts = Path::new(entry.as_str()).components();
        if entry.as_str().is_empty() || !parts.all(|part| matches!(part, std::path::Component::Normal(_))) {
            return Err(Error::new(ErrorKind::InvalidInput, "naming a certificate folder").about(entry.as_str()));
        }
        Ok(self.path(entry))
    }

    /// The sets in a `USER` folder.
    fn list_user_folder(&mut self, user: &Path, listing: &mut Listing) {
        let mut sets = self.folders(user, listing);
        // A writer was killed between taking the old set aside and putting the new one in its place.
        let aside: Vec<PathBuf> = sub_folders(&user.join(ASIDE)).unwrap_or_default();
        sets.extend(aside.into_iter().filter(|old| !old.file_name().is_some_and(|name| user.join(name).exists())));
        for path in sets {
            if listing.sets.len() == self.limit {
                let error = Error::new(ErrorKind::Unsupported, "listing more folders than limits.folders allows");
                listing.unreadable.push((self.name(user), error.about(format!("limits.folders = {}", self.limit))));
                return;
            }
            let name = self.name(&path);
            listing.sets.push(name);
        }
    }
}

impl Storage for NpkiFolder {
    fn list(&mut self) -> Result<Listing> {
        self.paths.clear();
        let mut listing = Listing::default();
        let mut level = sub_folders(&self.root).map_err(|error| match error.kind() {
            ErrorKind::NotFound => Error::new(ErrorKind::Removed, "listing the NPKI folder").caused_by(error),
            _ => error,
        })?;
        level.sort_unstable();
        for path in level {
            if is_user_folder(&path) {
                self.list_user_folder(&path, &mut listing);
                continue;
            }
            for user in self.folders(&path, &mut listing) {
                if is_user_folder(&user) {
                    self.list_user_folder(&user, &mut listing);
                }
            }
        }
        Ok(listing)
    }

    fn read(&self, entry: &EntryName, wanted: &[SetFile]) -> Result<SetView> {
        let folder = self.path(entry);
        let io = |error| Error::io("reading the folder", error).about(folder.to_string_lossy());
        let mut view = SetView::default();
        let mut stamp = DefaultHasher::new();
        for item in fs::read_dir(&folder).map_err(io)? {
            let name = item.map_err(io)?.file_name();
            let Some(file) = name.to_str().and_then(SetFile::from_file_name) else { continue };
            // Two files whose names differ in case only: the one that Korean software writes counts.
            if view.present.contains(&file) && name.to_str() != Some(file.file_name()) {
                continue;
            }
            let path = folder.join(&name);
            let metadata = match fs::metadata(&path) {
                Ok(metadata) => metadata,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    view.present.push(file);
                    view.contents.push((file, Err(Error::io("reading a file", error).about(path.to_string_lossy()))));
                    continue;
                }
            };
            file.hash(&mut stamp);
            hash_version(&metadata, &mut stamp);
            view.contents.retain(|(other, _)| *other != file);
            if !view.present.contains(&file) {
                view.present.push(file);
            }
            if wanted.contains(&file) {
                view.contents.push((file, read_file(&path, &metadata)));
            }
        }
        view.stamp = stamp.finish();
        Ok(view)
    }

    fn publish(&mut self, entry: &EntryName, set: &FileSet, replaces: Option<u64>) -> Result<()> {
        let target = self.target(entry)?;
        let writer = Writer::enter(&target)?;
        if let Some(stamp) = replaces
            && self.read(entry, &[])?.stamp != stamp
        {
            return Err(Error::new(ErrorKind::Busy, "replacing a set that changed meanwhile").about(entry.as_str()));
        }
        writer.publish(set, replaces.is_some())
    }

    fn remove(&mut self, entry: &EntryName) -> Result<()> {
        Writer::enter(&self.target(entry)?)?.remove()
    }
}

/// The readable text of a path, with `\xNN` for bytes that are not UTF-8, so that different paths stay different.
pub(crate) fn escaped(path: &OsStr) -> String {
    let mut text = String::new();
    for chunk in path.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02X}")));
    }
    text
}

fn sub_folders(path: &Path) -> Result<Vec<PathBuf>> {
    let io = |error| Error::io("reading the folder", error).about(path.to_string_lossy());
    let mut found = Vec::new();
    for item in fs::read_dir(path).map_err(io)? {
        let item = item.map_err(io)?;
        let Ok(kind) = item.file_type() else { continue };
        let of_a_writer = [UNFINISHED, ASIDE].iter().any(|name| item.file_name() == *name);
        if !of_a_writer && (kind.is_dir() || kind.is_symlink() && item.path().is_dir()) {
            found.push(item.path());
        }
    }
    Ok(found)
}

fn is_user_folder(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("USER"))
}

/// Reads a regular file of at most [`FILE_SIZE_LIMIT`] bytes; anything else could block or fill the memory.
fn read_file(path: &Path, metadata: &Metadata) -> Result<Vec<u8>> {
    let refused = |why| Err(Error::new(ErrorKind::Damaged, why).about(path.to_string_lossy()));
    if !metadata.is_file() {
        return refused("reading what is not a regular file");
    }
    if metadata.len() > FILE_SIZE_LIMIT {
        return refused("reading a file of more than 1 MiB");
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or_default() + 1);
    open_regular(path)
        .and_then(|file| file.take(FILE_SIZE_LIMIT).read_to_end(&mut bytes))
        .map_err(|error| Error::io("reading a file", error).about(path.to_string_lossy()))?;
    Ok(bytes)
}

/// Opens a file that was a regular one a moment ago; should a FIFO have taken its place, this does not wait for a writer.
fn open_regular(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let flags = rustix::fs::OFlags::NONBLOCK.union(rustix::fs::OFlags::NOCTTY);
        options.custom_flags(flags.bits().cast_signed());
    }
    options.open(path)
}

/// What changes when a file is rewritten or replaced. FAT keeps times in steps of two seconds, so the size counts too.
fn hash_version(metadata: &Metadata, state: &mut DefaultHasher) {
    metadata.len().hash(state);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        (metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()).hash(state);
    }
    #[cfg(not(unix))]
    metadata.modified().ok().hash(state);
}
