//! This file joins the certificates of all media in a single slot, for clients that see one slot only (Java).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::credential::{Credential, Entry, EntryName, KeyId, Pair, VidRandom};
use crate::driver::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::keystore::{Keystore, SharedToken, Slot, SlotId, lock};
use crate::medium::{Accessibility, Medium, MediumId, MediumKind};
use crate::pin::{Pin, Role};
use crate::token::{Decrypter, Scope, Signer, Token};

/// The slot that is always there.
pub(super) struct One {
    media: Arc<Keystore>,
}

impl One {
    pub(super) fn new(media: Keystore) -> Self {
        Self { media: Arc::new(media) }
    }
}

impl Driver for One {
    fn name(&self) -> &'static str {
        "one"
    }

    fn scan(&self) -> Result<Vec<Medium>> {
        // What went is logged out, also if nobody asks for the objects again.
        self.media.refresh();
        Ok(vec![Medium {
            id: MediumId::new("one", "ingam"),
            kind: MediumKind::HardDisk,
            label: "ingam".to_owned(),
            place: String::new(),
            incarnation: 0,
            accessibility: Accessibility::Usable,
            write_protected: true,
            token: None,
        }])
    }

    fn open(&self, _id: &MediumId) -> Result<Box<dyn Token>> {
        Ok(Box::new(OneToken {
            media: Arc::clone(&self.media),
            places: HashMap::new(),
            pin: None,
            refused: HashSet::new(),
        }))
    }
}

/// The sets of all media. Its password opens files only: it is never sent to hardware, which would count it as a try.
struct OneToken {
    media: Arc<Keystore>,
    /// Where each set of the last listing is.
    places: HashMap<EntryName, (SlotId, EntryName)>,
    pin: Option<Pin>,
    /// Media of which the password opened nothing.
    refused: HashSet<SlotId>,
}

impl OneToken {
    /// The media that are there, safest kind first (보안토큰, 저장토큰, 이동식디스크, 하드디스크), then as first seen.
    fn present(&self) -> Vec<Slot> {
        let mut slots = self.media.slots();
        slots.retain(|slot| slot.present && slot.medium.is_usable());
        slots.sort_by_key(|slot| slot.medium.kind);
        slots
    }

    /// Does something with a key on the medium that it is on, logged in there if files are on it.
    fn on_medium<T>(&mut self, key: &KeyId, act: impl Fn(&mut dyn Token, &KeyId) -> Result<T>) -> Result<T> {
        let place = self.places.get(&key.entry).cloned();
        let (slot, entry) = place.ok_or(Error::new(ErrorKind::NotFound, "looking for a private key"))?;
        let token = self.media.token(slot).map_err(|error| match error.kind() {
            // One of the media: the slot itself is still there.
            ErrorKind::Removed => Error::new(ErrorKind::NotFound, "looking for a private key").caused_by(error),
            _ => error,
        })?;
        self.login_late(slot, &token);
        act(&mut **lock(&token), &key.in_entry(&entry))
    }

    /// Logs in to a medium that came after the login.
    fn login_late(&mut self, slot: SlotId, token: &SharedToken) {
        let Some(pin) = &self.pin else { return };
        let keeps_files = self.media.slot(slot).is_ok_and(|slot| keeps_files(slot.medium.kind));
        let mut token = lock(token);
        if keeps_files
            && !token.is_logged_in()
            && !self.refused.contains(&slot)
            && token.login(Role::User, &Scope::All, pin).is_err()
        {
            self.refused.insert(slot);
        }
    }
}

impl Token for OneToken {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        self.media.refresh();
        self.places.clear();
        let mut seen = HashSet::new();
        let mut joined = Vec::new();
        let present = self.present();
        // Who comes back may hold something else.
        self.refused.retain(|refused| present.iter().any(|slot| slot.id == *refused));
        for slot in present {
            // A medium that is ill never makes another one fail.
            let Ok(token) = self.media.token(slot.id) else { continue };
            let Ok(entries) = lock(&token).entries() else { continue };
            for entry in entries.iter() {
                let name = EntryName::new(&format!("{}/{}", slot.medium.id.serial(), entry.name));
                // The same certificate on several media appears once: with its key, from the safest medium.
                if let Ok(set) = &entry.content
                    && set.sign.key.is_some()
                    && !seen.insert(set.sign.certificate.sha256())
                {
                    continue;
                }
                self.places.insert(name.clone(), (slot.id, entry.name.clone()));
                joined.push(Arc::new(renamed(entry, name)));
            }
        }
        Ok(joined.into())
    }

    fn login(&mut self, role: Role, scope: &Scope, pin: &Pin) -> Result<()> {
        if role == Role::SecurityOfficer {
            return Err(Error::new(ErrorKind::Unsupported, "logging in as security officer to all media at once"));
        }
        // What is there now: a set may have come since the last listing.
        self.entries()?;
        self.logout(&Scope::All);
        let mut failure: Option<Error> = None;
        let mut opened = false;
        for slot in self.present().into_iter().filter(|slot| keeps_files(slot.medium.kind)) {
            let scope = match scope {
                Scope::All => Scope::All,
                Scope::Entry(name) => match self.places.get(name) {
                    Some((on, entry)) if *on == slot.id => Scope::Entry(entry.clone()),
                    _ => continue,
                },
            };
            match self.media.token(slot.id).and_then(|token| lock(&token).login(role, &scope, pin)) {
                Ok(()) => opened = true,
                Err(error) => {
                    self.refused.insert(slot.id);
                    // A wrong password is what the caller can do something about; else the first failure.
                    if is_wrong_pin(&error) || failure.is_none() {
                        failure = Some(error);
                    }
                }
            }
        }
        if !opened {
            self.refused.clear();
            return Err(failure.unwrap_or(NO_KEY));
        }
        if *scope == Scope::All {
            self.pin = Some(Pin::copy_of(pin.expose()));
        }
        Ok(())
    }

    fn logout(&mut self, _scope: &Scope) {
        self.pin = None;
        self.refused.clear();
        for slot in self.present() {
            if let Ok(token) = self.media.token(slot.id) {
                lock(&token).logout(&Scope::All);
            }
        }
    }

    fn usable(&mut self, keys: &[KeyId]) -> Result<Vec<KeyId>> {
        let mut by_slot: Vec<(SlotId, Vec<(KeyId, KeyId)>)> = Vec::new();
        for key in keys {
            let Some((slot, entry)) = self.places.get(&key.entry) else { continue };
            let there = key.in_entry(entry);
            match by_slot.iter_mut().find(|(known, _)| known == slot) {
                Some((_, keys)) => keys.push((key.clone(), there)),
                None => by_slot.push((*slot, vec![(key.clone(), there)])),
            }
        }
        let mut usable = Vec::new();
        for (slot, keys) in by_slot {
            let Ok(token) = self.media.token(slot) else { continue };
            self.login_late(slot, &token);
            let there: Vec<KeyId> = keys.iter().map(|(_, there)| there.clone()).collect();
            let opened: HashSet<KeyId> = lock(&token).usable(&there).unwrap_or_default().into_iter().collect();
            usable.extend(keys.into_iter().filter(|(_, there)| opened.contains(there)).map(|(key, _)| key));
        }
        Ok(usable)
    }

    fn signer(&mut self, key: &KeyId) -> Result<Arc<dyn Signer>> {
        self.on_medium(key, |token, key| token.signer(key))
    }

    fn decrypter(&mut self, key: &KeyId) -> Result<Option<Arc<dyn Decrypter>>> {
        self.on_medium(key, |token, key| token.decrypter(key))
    }

    fn vid_random(&mut self, key: &KeyId) -> Result<Option<VidRandom>> {
        self.on_medium(key, |token, key| token.vid_random(key))
    }

    fn is_logged_in(&self) -> bool {
        self.pin.is_some()
    }
}

/// The entry under a name that is unique among all media.
fn renamed(entry: &Entry, name: EntryName) -> Entry {
    let pair = |pair: &Pair| Pair { key: pair.key.as_ref().map(|key| key.in_entry(&name)), ..pair.clone() };
    let content = entry.content.as_ref().map_err(Clone::clone).map(|set| Credential {
        sign: pair(&set.sign),
        km: set.km.as_ref().map(pair),
        ca_certificates: set.ca_certificates.clone(),
    });
    Entry { content, name, problems: entry.problems.clone() }
}

const NO_KEY: Error = Error::new(ErrorKind::NotFound, "looking for a private key that a password could open");

fn is_wrong_pin(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PinIncorrect { .. })
}

fn keeps_files(kind: MediumKind) -> bool {
    matches!(kind, MediumKind::HardDisk | MediumKind::RemovableDisk)
}
