//! This file chooses what a slot is: a medium, one certificate of a medium, or everything.
//!
//! A view is a driver over the media's keystore, so that slot numbers, events and open tokens work the same in each.

mod certificate;
mod one;

use crate::config::{Config, Slots};
use crate::keystore::Keystore;

/// The keystore as this configuration wants to see it (`slots`, `INGAM_SLOTS`). Touches no medium.
#[must_use]
pub fn keystore(config: &Config) -> Keystore {
    view(config.slots, Keystore::new(config))
}

/// Shows the media of a keystore in this way.
#[must_use]
pub fn view(slots: Slots, media: Keystore) -> Keystore {
    match slots {
        Slots::Medium => media,
        Slots::Certificate => Keystore::with_drivers(vec![Box::new(certificate::Certificates::new(media))]),
        Slots::One => Keystore::with_drivers(vec![Box::new(one::One::new(media))]),
    }
}
