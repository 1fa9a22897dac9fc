//! This file reads and writes an NPKI folder: `<root>/<CA>/USER/<DN>/…`, or `<root>/USER/<DN>/…` without a CA level.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use super::folder_writer::{ASIDE, UNFINISHED, Writer};
use super::open_folder::OpenFolder;
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
    pub(super) fn name(&mut self, path: &Path) -> EntryName {
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
        // As bytes: comparing paths part by part takes as long as reading the folder.
        found.sort_unstable_by(|one, other| one.as_os_str().cmp(other.as_os_str()));
        found
    }

    /// Becomes the only writer of the folder that a set is in or will be in; the set must be as it was `seen`.
    fn enter(&mut self, entry: &EntryName, seen: Option<u64>) -> Result<Writer> {
        let mut parts = Path::new(entry.as_str()).components();
        if entry.as_str().is_empty() || !parts.all(|part| matches!(part, Component::Normal(_))) {
            return Err(Error::new(ErrorKind::InvalidInput, "naming a certificate folder").about(entry.as_str()));
        }
        // A set that was taken aside goes back to its place before anything is written.
        let target: PathBuf = self.path(entry).components().filter(|part| part.as_os_str() != ASIDE).collect();
        let writer = Writer::enter(&target)?;
        if self.paths.contains_key(entry) {
            self.paths.insert(entry.clone(), target);
        }
        match seen {
            Some(stamp) if self.read(entry, &[])?.stamp != stamp => {
                Err(Error::new(ErrorKind::Busy, "writing a set that changed meanwhile").about(entry.as_str()))
            }
            _ => Ok(writer),
        }
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
        let mut open = OpenFolder::open(&folder).map_err(io)?;
        let mut view = SetView::default();
        let mut stamp = DefaultHasher::new();
        for name in open.names().map_err(io)? {
            let Some(file) = name.to_str().and_then(SetFile::from_file_name) else { continue };
            // Two files whose names differ in case only: the one that Korean software writes counts.
            if view.present.contains(&file) && name.to_str() != Some(file.file_name()) {
                continue;
            }
            let failed = |error| Error::io("reading a file", error).about(folder.join(&name).to_string_lossy());
            let look = match open.look(&name) {
                Ok(look) => look,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    view.present.push(file);
                    view.contents.push((file, Err(failed(error))));
                    continue;
                }
            };
            file.hash(&mut stamp);
            look.version.hash(&mut stamp);
            view.contents.retain(|(other, _)| *other != file);
            if !view.present.contains(&file) {
                view.present.push(file);
            }
            if wanted.contains(&file) {
                let refused = |why| Error::new(ErrorKind::Damaged, why).about(folder.join(&name).to_string_lossy());
                let content = match &look {
                    look if !look.is_file => Err(refused("reading what is not a regular file")),
                    look if look.len > FILE_SIZE_LIMIT => Err(refused("reading a file of more than 1 MiB")),
                    look => open.file(&name).and_then(|file| content(file, look.len)).map_err(failed),
                };
                view.contents.push((file, content));
            }
        }
        view.stamp = stamp.finish();
        Ok(view)
    }

    fn publish(&mut self, entry: &EntryName, set: &FileSet, replaces: Option<u64>) -> Result<()> {
        self.enter(entry, replaces)?.publish(set, replaces.is_some())
    }

    fn remove(&mut self, entry: &EntryName, seen: Option<u64>) -> Result<()> {
        self.enter(entry, seen)?.remove()
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

/// All bytes of a regular file that had this length a moment ago. Should it have grown, at most [`FILE_SIZE_LIMIT`] more.
fn content(mut file: File, len: u64) -> std::io::Result<Vec<u8>> {
    let len = usize::try_from(len).unwrap_or_default();
    // Room for one byte more: where it stays empty, this was all, and nobody need ask again.
    let mut bytes = vec![0; len + 1];
    let read = file.read(&mut bytes)?;
    bytes.truncate(read);
    if read != len {
        file.take(FILE_SIZE_LIMIT).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}
