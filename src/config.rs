//! This file reads the configuration: `config.toml` and the environment. Nothing else in the library reads either.

use std::path::PathBuf;

use crate::crypto::Limits;
use crate::error::Result;

/// The effective configuration.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// NPKI folders to look at, in order.
    pub npki_roots: Vec<PathBuf>,
    /// What opening a key file may cost.
    pub limits: Limits,
}

impl Config {
    /// From the file (`INGAM_CONF`, else the user's, else the system's `config.toml`) and the environment
    /// (`INGAM_NPKI_PATH` replaces the roots). Ignores the environment when running setuid.
    ///
    /// # Errors
    /// `Damaged` for a file that does not parse or has unknown fields.
    pub fn load() -> Result<Self> {
        todo!()
    }
}
