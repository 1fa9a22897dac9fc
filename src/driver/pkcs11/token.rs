//! This file is a token behind another PKCS#11 module: it lists, logs in and lends out keys.

use std::sync::Arc;

use super::module::Slot;
use crate::credential::{Entry, KeyId, VidRandom};
use crate::error::{Error, ErrorKind, Result};
use crate::pin::{Pin, Role};
use crate::token::{Decrypter, ForeignSlot, Scope, Signer, Token};

/// A token of a module.
pub(super) struct Pkcs11Token {
    slot: Arc<Slot>,
}

impl Pkcs11Token {
    pub(super) fn new(slot: Slot) -> Self {
        Self { slot: Arc::new(slot) }
    }
}

impl Token for Pkcs11Token {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        Err(Error::new(ErrorKind::Unsupported, "listing the objects of a token"))
    }

    fn login(&mut self, _: Role, _: &Scope, _: &Pin) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "logging in to a token"))
    }

    fn logout(&mut self, _: &Scope) {}

    fn is_logged_in(&self) -> bool {
        false
    }

    fn usable(&mut self, _: &[KeyId]) -> Result<Vec<KeyId>> {
        Err(ErrorKind::NotLoggedIn.into())
    }

    fn signer(&mut self, _: &KeyId) -> Result<Arc<dyn Signer>> {
        Err(ErrorKind::NotLoggedIn.into())
    }

    fn decrypter(&mut self, _: &KeyId) -> Result<Option<Arc<dyn Decrypter>>> {
        Err(ErrorKind::NotLoggedIn.into())
    }

    fn vid_random(&mut self, _: &KeyId) -> Result<Option<VidRandom>> {
        Err(ErrorKind::NotLoggedIn.into())
    }

    fn foreign(&mut self) -> Option<Arc<dyn ForeignSlot>> {
        Some(Arc::clone(&self.slot) as Arc<dyn ForeignSlot>)
    }
}
