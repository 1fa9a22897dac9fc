//! This file turns any place that keeps key files into a token: trait [`Storage`] keeps bytes, [`SoftToken`] acts on them.

use crate::credential::EntryName;
use crate::error::Result;

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

/// The bytes of one certificate set, to be published whole. Key files are sealed already.
#[derive(Clone, Debug, Default)]
pub struct FileSet(pub Vec<(SetFile, Vec<u8>)>);

/// A medium that keeps bytes: 하드디스크, 이동식디스크, 저장토큰.
pub trait Storage: Send {
    /// The sets that are there now.
    ///
    /// # Errors
    /// Only if the medium as a whole cannot be read.
    fn list(&mut self) -> Result<Vec<EntryName>>;

    /// One file of a set; `None` if the set has no such file. Reads at most 1 MiB.
    ///
    /// # Errors
    /// `NotPermitted`, `Device`, `Damaged` if larger than the limit.
    fn read(&mut self, entry: &EntryName, file: SetFile) -> Result<Option<Vec<u8>>>;

    /// Something that changes whenever a file of the set changes, without reading any.
    fn stamp(&mut self, entry: &EntryName) -> u64;

    /// Writes a whole set under a new name: afterwards it is there complete, or not at all.
    ///
    /// # Errors
    /// `AlreadyExists`, `NoSpace`, `WriteProtected`, `NotPermitted`, `Device`.
    fn publish(&mut self, entry: &EntryName, set: &FileSet) -> Result<()>;
}
