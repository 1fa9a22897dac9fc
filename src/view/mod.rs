//! This file chooses what a slot is: a medium, one certificate of a medium, or everything.
//!
//! A view is a driver over the media's keystore, so that slot numbers, events and open tokens work the same in each.

mod certificate;
mod one;
mod pin_source;
mod tokens;

use std::sync::Arc;

use crate::config::{Config, Slots};
use crate::keystore::Keystore;

/// The keystore as this configuration wants to see it (`slots`, `INGAM_SLOTS`). Touches no medium.
#[must_use]
pub fn keystore(config: &Config) -> Keystore {
    view(config, Keystore::new(config))
}

/// Shows the media of a keystore as this configuration wants to see them.
#[must_use]
pub fn view(config: &Config, media: Keystore) -> Keystore {
    match config.slots {
        Slots::Medium => media,
        Slots::Certificate => {
            let media = Arc::new(media);
            let certificates = certificate::Certificates::new(Arc::clone(&media));
            Keystore::with_drivers(vec![Box::new(certificates), Box::new(tokens::Tokens::new(media))])
        }
        Slots::One => Keystore::with_drivers(vec![Box::new(one::One::new(media, &config.foreign.pin_sources))]),
    }
}
