//! This file lets tokens behind other PKCS#11 modules be slots beside the certificates, as they are: each has a PIN of its own.

use std::sync::Arc;

use crate::driver::Driver;
use crate::error::Result;
use crate::keystore::Keystore;
use crate::medium::{Medium, MediumId};
use crate::token::Token;

/// The driver whose media these are: they keep their identities, and so their slot numbers.
pub(super) const NAME: &str = "pkcs11";

/// The tokens among the media. Stands behind the driver of the certificates, which scans.
pub(super) struct Tokens {
    media: Arc<Keystore>,
}

impl Tokens {
    pub(super) fn new(media: Arc<Keystore>) -> Self {
        Self { media }
    }
}

impl Driver for Tokens {
    fn name(&self) -> &'static str {
        NAME
    }

    fn scan(&self) -> Result<Vec<Medium>> {
        let slots = self.media.slots().into_iter();
        let tokens = slots.filter(|slot| slot.present && slot.medium.id.driver() == NAME);
        Ok(tokens.map(|slot| (*slot.medium).clone()).collect())
    }

    fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
        self.media.open(id)
    }
}
