//! The drivers: each finds one sort of medium and opens it. Registration is one line in [`DRIVERS`].

pub mod disk;
pub mod pkcs11;

use crate::config::Config;
use crate::error::Result;
use crate::medium::{Medium, MediumId};
use crate::token::Token;

/// Finds media of one sort.
pub trait Driver: Send + Sync {
    /// The driver's name: the first part of its media's ids.
    fn name(&self) -> &'static str;

    /// The media that are there now. No login, no side effect, quick.
    ///
    /// # Errors
    /// Only if the driver cannot work at all; one bad medium is listed with its reason.
    fn scan(&self) -> Result<Vec<Medium>>;

    /// Opens a medium of an earlier scan.
    ///
    /// # Errors
    /// `Removed` if it is gone.
    fn open(&self, id: &MediumId) -> Result<Box<dyn Token>>;
}

/// Makes a driver from the configuration.
pub type MakeDriver = fn(&Config) -> Box<dyn Driver>;

/// Every driver, in the order in which their media are listed.
pub static DRIVERS: &[(&str, MakeDriver)] =
    &[("disk", |config| Box::new(disk::Disk::new(config))), ("pkcs11", |config| Box::new(pkcs11::Pkcs11::new(config)))];
