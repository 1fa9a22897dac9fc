//! This file shows all media as one keystore: stable slot numbers, open tokens, and what came or went.

use std::sync::{Arc, Mutex};

use crate::config::Config;
use crate::driver::Driver;
use crate::error::Result;
use crate::medium::Medium;
use crate::token::Token;

/// A slot number: positive, below 2³¹, derived from the medium's identity; the same across restarts and plug order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(u32);

impl SlotId {
    /// The number.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
    /// The slot of this number, if it can be one.
    #[must_use]
    pub fn from_number(_number: u64) -> Option<Self> {
        todo!()
    }
}

/// A slot: a medium that was seen in this process, present or gone.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its number.
    pub id: SlotId,
    /// The medium, as last seen.
    pub medium: Arc<Medium>,
    /// Whether the medium is there now.
    pub present: bool,
}

/// A token, shared; the mutex is held during its I/O and nothing else is.
pub type SharedToken = Arc<Mutex<Box<dyn Token>>>;

/// All media.
pub struct Keystore {}

impl Keystore {
    /// With the drivers of [`DRIVERS`](crate::driver::DRIVERS). Touches no medium.
    #[must_use]
    pub fn new(_config: &Config) -> Self {
        todo!()
    }
    /// With these drivers (tests give fakes).
    #[must_use]
    pub fn with_drivers(_drivers: Vec<Box<dyn Driver>>) -> Self {
        todo!()
    }
    /// Asks every driver what is there, outside all locks. A driver that fails leaves the other media as they are.
    /// Returns the slots whose medium came or went.
    pub fn refresh(&self) -> Vec<SlotId> {
        todo!()
    }
    /// Every slot, in a stable order; the first call scans.
    pub fn slots(&self) -> Vec<Slot> {
        todo!()
    }
    /// One slot; the first call scans.
    ///
    /// # Errors
    /// `NotFound` if there never was such a slot.
    pub fn slot(&self, _id: SlotId) -> Result<Slot> {
        todo!()
    }
    /// The slot's token, opened on first use and shared.
    ///
    /// # Errors
    /// `NotFound`; `Removed` if the medium is gone; the medium's own reason if it is unusable.
    pub fn token(&self, _id: SlotId) -> Result<SharedToken> {
        todo!()
    }
    /// Drivers that failed at the last scan, with the reason.
    pub fn driver_errors(&self) -> Vec<(&'static str, crate::error::Error)> {
        todo!()
    }
}
