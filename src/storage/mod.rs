//! This file says what a place that keeps key files must offer: trait [`Storage`]. [`SoftToken`] makes it a token.

mod folder;
mod folder_writer;
mod incarnation;
mod lone_folder;
mod open_folder;
mod soft_admin;
mod soft_import;
mod soft_key;
mod soft_token;
mod soft_writer;
mod spread;

pub use folder::NpkiFolder;
pub(crate) use folder::escaped;
pub use incarnation::incarnation;
pub use lone_folder::LoneFolder;
pub use soft_token::SoftToken;

use crate::credential::{EntryName, Purpose};
use crate::error::{Error, Result};

/// A file of a set that is larger is refused unread: real ones have one to three KiB.
pub const FILE_SIZE_LIMIT: u64 = 1 << 20;

/// A medium that keeps bytes: 하드디스크, 이동식디스크, 저장토큰.
pub trait Storage: Send + Sync {
    /// The sets that are there now.
    ///
    /// # Errors
    /// Only if the medium as a whole cannot be read; `Removed` if it is gone.
    fn list(&mut self) -> Result<Listing>;

    /// Looks at one set and reads the wanted ones of its files. Writes nothing. Several sets may be read at the same time.
    ///
    /// # Errors
    /// If the set as a whole cannot be looked at; a file that cannot be read carries its own error.
    fn read(&self, entry: &EntryName, wanted: &[SetFile]) -> Result<SetView>;

    /// Writes a set: afterwards the new one is there whole, or what was there before.
    ///
    /// `replaces` is the [stamp](SetView::stamp) of the set that it takes the place of; `None` makes a new one. What lies
    /// with a set and is no file of it stays with it.
    ///
    /// # Errors
    /// `AlreadyExists`; `Busy` if the set that it replaces changed meanwhile; `NoSpace`, `WriteProtected`,
    /// `NotPermitted`, `Device`.
    fn publish(&mut self, entry: &EntryName, set: &FileSet, replaces: Option<u64>) -> Result<()>;

    /// Removes a set: afterwards it is gone whole, or still there.
    ///
    /// `seen` is the [stamp](SetView::stamp) of the set that is meant; `None` removes what there is.
    ///
    /// # Errors
    /// `NotFound`; `Busy` if the set changed since it was seen; `WriteProtected`, `NotPermitted`, `Device`.
    fn remove(&mut self, entry: &EntryName, seen: Option<u64>) -> Result<()>;
}

/// The files of one certificate set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetFile {
    /// `signCert.der`
    SignCert,
    /// `signPri.key`
    SignKey,
    /// `kmCert.der`
    KmCert,
    /// `kmPri.key`
    KmKey,
    /// `CaPubs`
    CaPubs,
}

impl SetFile {
    /// Every file of a set.
    pub const ALL: [Self; 5] = [Self::SignCert, Self::SignKey, Self::KmCert, Self::KmKey, Self::CaPubs];

    /// The name that Korean software writes; it reads any case.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::SignCert => "signCert.der",
            Self::SignKey => "signPri.key",
            Self::KmCert => "kmCert.der",
            Self::KmKey => "kmPri.key",
            Self::CaPubs => "CaPubs",
        }
    }

    /// The file of this name, in any case.
    #[must_use]
    pub fn from_file_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.file_name().eq_ignore_ascii_case(name))
    }

    /// The certificate file of a pair.
    #[must_use]
    pub const fn certificate(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Sign => Self::SignCert,
            Purpose::KeyManagement => Self::KmCert,
        }
    }

    /// The key file of a pair.
    #[must_use]
    pub const fn key(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Sign => Self::SignKey,
            Purpose::KeyManagement => Self::KmKey,
        }
    }
}

/// The bytes of one certificate set, to be published whole. Key files are sealed already.
#[derive(Clone, Debug, Default)]
pub struct FileSet(pub Vec<(SetFile, Vec<u8>)>);

/// What a storage holds.
#[derive(Debug, Default)]
pub struct Listing {
    /// The sets, in a stable order.
    pub sets: Vec<EntryName>,
    /// Folders that could not be read, each with its reason.
    pub unreadable: Vec<(EntryName, Error)>,
}

/// One look at one set.
#[derive(Debug, Default)]
pub struct SetView {
    /// Changes whenever a file of the set does.
    pub stamp: u64,
    /// The files that are there.
    pub present: Vec<SetFile>,
    /// The wanted files that are there: their bytes, or why they cannot be read.
    pub contents: Vec<(SetFile, Result<Vec<u8>>)>,
}

impl SetView {
    /// Takes the bytes of one file out; `None` if it is not there or was not wanted.
    ///
    /// # Errors
    /// Why the file cannot be read.
    pub fn take(&mut self, file: SetFile) -> Result<Option<Vec<u8>>> {
        match self.contents.iter().position(|(there, _)| *there == file) {
            Some(index) => self.contents.swap_remove(index).1.map(Some),
            None => Ok(None),
        }
    }
}
