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
