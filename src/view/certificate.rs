//! This file shows each certificate as a slot of its own: for many people's certificates, each with its own password.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::credential::{Credential, Entry, EntryName, KeyId, VidRandom};
use crate::driver::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::keystore::{Keystore, SharedToken, Slot, lock};
use crate::medium::{Accessibility, Medium, MediumId};
use crate::pin::{Pin, Role};
use crate::token::{Admin, Decrypter, Scope, Signer, Token};

const NAME: &str = "certificate";

/// Every certificate of every medium as a medium.
pub(super) struct Certificates {
    media: Arc<Keystore>,
    /// Where each certificate of the last scan is.
    places: Mutex<HashMap<MediumId, (SharedToken, EntryName)>>,
}

impl Certificates {
    pub(super) fn new(media: Arc<Keystore>) -> Self {
        Self { media, places: Mutex::default() }
    }

    /// The certificates of the media that are there, with the token that each is on.
    fn certificates(&self) -> Vec<(Medium, SharedToken, EntryName)> {
        let mut found = Vec::new();
        for slot in self.media.slots().into_iter().filter(is_shown_by_certificate) {
            let Ok(token) = self.media.token(slot.id) else { continue };
            let Ok(entries) = lock(&token).entries() else { continue };
            for entry in entries.iter() {
                if let Ok(set) = &entry.content {
                    found.push((medium(&slot.medium, entry, set), Arc::clone(&token), entry.name.clone()));
                }
            }
        }
        found
    }
}

impl Driver for Certificates {
    fn name(&self) -> &'static str {
        NAME
    }

    fn scan(&self) -> Result<Vec<Medium>> {
        self.media.refresh();
        let unusable = self.media.slots().into_iter().filter(is_shown_by_certificate);
        let unusable = unusable.filter(|slot| !slot.medium.is_usable());
        let unusable = unusable
            .map(|slot| Medium { id: MediumId::new(NAME, &slot.medium.id.to_string()), ..(*slot.medium).clone() });
        let found = self.certificates();
        *lock(&self.places) = found
            .iter()
            .map(|(medium, token, entry)| (medium.id.clone(), (Arc::clone(token), entry.clone())))
            .collect();
        Ok(found.into_iter().map(|(medium, ..)| medium).chain(unusable).collect())
    }

    fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
        let place = lock(&self.places).get(id).cloned();
        let (token, entry) = place.ok_or(Error::new(ErrorKind::Removed, "opening a certificate").on(id))?;
        Ok(Box::new(CertificateToken { token, entry }))
    }
}

/// A token with a PIN of its own has one for all of its certificates: it stays one slot.
fn is_shown_by_certificate(slot: &Slot) -> bool {
    slot.present && slot.medium.id.driver() != super::tokens::NAME
}

fn medium(on: &Medium, entry: &Entry, set: &Credential) -> Medium {
    Medium {
        id: MediumId::new(NAME, &format!("{}/{}", on.id, entry.name)),
        label: set.sign.certificate.common_name(),
        place: format!("{}/{}", on.place, entry.name),
        accessibility: Accessibility::Usable,
        // A pair is stored on a medium, not on a certificate; its password can be changed all the same.
        write_protected: true,
        ..on.clone()
    }
}

/// One certificate of a token. Several share the token, each logged in with its own password.
struct CertificateToken {
    token: SharedToken,
    entry: EntryName,
}

impl Token for CertificateToken {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        let entries = lock(&self.token).entries()?;
        Ok(entries.iter().filter(|entry| entry.name == self.entry).cloned().collect())
    }

    fn login(&mut self, role: Role, _scope: &Scope, pin: &Pin) -> Result<()> {
        lock(&self.token).login(role, &Scope::Entry(self.entry.clone()), pin)
    }

    fn logout(&mut self, _scope: &Scope) {
        lock(&self.token).logout(&Scope::Entry(self.entry.clone()));
    }

    fn usable(&mut self, keys: &[KeyId]) -> Result<Vec<KeyId>> {
        lock(&self.token).usable(keys)
    }

    fn signer(&mut self, key: &KeyId) -> Result<Arc<dyn Signer>> {
        lock(&self.token).signer(key)
    }

    fn decrypter(&mut self, key: &KeyId) -> Result<Option<Arc<dyn Decrypter>>> {
        lock(&self.token).decrypter(key)
    }

    fn vid_random(&mut self, key: &KeyId) -> Result<Option<VidRandom>> {
        lock(&self.token).vid_random(key)
    }

    fn is_logged_in(&self) -> bool {
        lock(&self.token).is_logged_in()
    }

    fn admin(&mut self) -> Option<&mut dyn Admin> {
        let changes_pins = lock(&self.token).admin().is_some();
        changes_pins.then_some(self)
    }
}

impl Admin for CertificateToken {
    fn change_pin(&mut self, role: Role, _scope: &Scope, old: &Pin, new: &Pin) -> Result<()> {
        let mut token = lock(&self.token);
        let admin = token.admin().ok_or(Error::new(ErrorKind::Unsupported, "changing a certificate's PIN"))?;
        admin.change_pin(role, &Scope::Entry(self.entry.clone()), old, new)
    }
}
