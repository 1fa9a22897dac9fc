//! This file reads one certificate folder wherever it lies: a storage of a single set, to which nothing is written.

use std::path::Path;

use super::{FileSet, Listing, NpkiFolder, SetFile, SetView, Storage};
use crate::credential::EntryName;
use crate::error::{Error, ErrorKind, Result};

/// A folder with `signCert.der` and its companions, not necessarily below an NPKI folder: one that was sent, unpacked or
/// saved by itself.
#[derive(Debug)]
pub struct LoneFolder {
    beside: NpkiFolder,
    entry: EntryName,
}

impl LoneFolder {
    /// The folder at this path.
    ///
    /// # Errors
    /// Those of finding it; `InvalidInput` for the root of the file system.
    pub fn new(path: &Path) -> Result<Self> {
        const DOING: &str = "looking for a certificate folder";
        let about = |error: Error| error.about(path.to_string_lossy());
        let folder = path.canonicalize().map_err(|error| about(Error::io(DOING, error)))?;
        let parent = folder.parent().ok_or_else(|| about(Error::new(ErrorKind::InvalidInput, DOING)))?;
        let mut beside = NpkiFolder::new(parent.to_owned(), 1);
        let entry = beside.name(&folder);
        Ok(Self { beside, entry })
    }
}

impl Storage for LoneFolder {
    fn list(&mut self) -> Result<Listing> {
        Ok(Listing { sets: vec![self.entry.clone()], unreadable: Vec::new() })
    }

    fn read(&self, entry: &EntryName, wanted: &[SetFile]) -> Result<SetView> {
        self.beside.read(entry, wanted)
    }

    fn publish(&mut self, _: &EntryName, _: &FileSet, _: Option<u64>) -> Result<()> {
        Err(Error::new(ErrorKind::WriteProtected, "writing a certificate folder that is only read"))
    }

    fn remove(&mut self, _: &EntryName, _: Option<u64>) -> Result<()> {
        Err(Error::new(ErrorKind::WriteProtected, "removing a certificate folder that is only read"))
    }
}
