//! This file finds NPKI folders on the hard disk (하드디스크).
use crate::{
    config::Config,
    driver::Driver,
    error::Result,
    medium::{Medium, MediumId},
    token::Token,
};
/// The hard disk driver.
#[derive(Debug)]
pub struct Disk {}
impl Disk {
    /// With the roots of this configuration.
    pub fn new(_config: &Config) -> Self {
        todo!()
    }
}
impl Driver for Disk {
    fn name(&self) -> &'static str {
        "disk"
    }
    fn scan(&self) -> Result<Vec<Medium>> {
        todo!()
    }
    fn open(&self, _id: &MediumId) -> Result<Box<dyn Token>> {
        todo!()
    }
}

/// One NPKI folder as a [`Storage`](crate::storage::Storage): `<root>/<CA>/USER/<DN>/…` or `<root>/USER/<DN>/…`.
#[derive(Debug)]
pub struct NpkiFolder {}
impl NpkiFolder {
    /// The folder `root` (the one that is called `NPKI`); made on the first publish if it does not exist.
    pub fn new(_root: std::path::PathBuf) -> Self {
        todo!()
    }
}
impl crate::storage::Storage for NpkiFolder {
    fn list(&mut self) -> Result<Vec<crate::credential::EntryName>> {
        todo!()
    }
    fn read(&mut self, _: &crate::credential::EntryName, _: crate::storage::SetFile) -> Result<Option<Vec<u8>>> {
        todo!()
    }
    fn stamp(&mut self, _: &crate::credential::EntryName) -> u64 {
        todo!()
    }
    fn publish(&mut self, _: &crate::credential::EntryName, _: &crate::storage::FileSet) -> Result<()> {
        todo!()
    }
}
