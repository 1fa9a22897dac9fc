//! This file joins the certificates of all media in a single slot, for clients that see one slot only (Java).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::pin_source::{self, PinSources};
use crate::config::PinSource;
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
    pin_sources: Arc<PinSources>,
}

impl One {
    pub(super) fn new(media: Keystore, pin_sources: &[PinSource]) -> Self {
        Self { media: Arc::new(media), pin_sources: Arc::new(PinSources::new(pin_sources)) }
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
            pin_sources: Arc::clone(&self.pin_sources),
            places: HashMap::new(),
            pin: None,
            refused: HashSet::new(),
        }))
    }
}

/// The sets of all media. Its password opens files only: it is never sent to hardware, which would count it as a try. A
/// token takes the PIN that the configuration keeps for it, when the password has opened what there is of files.
struct OneToken {
    media: Arc<Keystore>,
    pin_sources: Arc<PinSources>,
    /// Where each set of the last listing is.
    places: HashMap<EntryName, (SlotId, EntryName)>,
    pin: Option<Pin>,
    /// Media that this login did not open.
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

    /// The file with the PIN of the token in this slot; `None` also for a medium of files.
    fn pin_source(&self, slot: &Slot) -> Option<PathBuf> {
        let seen = self.media.slots();
        let seen: Vec<&Medium> = seen.iter().map(|slot| &*slot.medium).collect();
        self.pin_sources.of(&slot.medium, &seen).map(Path::to_owned)
    }

    /// Does something with a key on the medium that it is on, logged in there.
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
        if self.refused.contains(&slot) || lock(token).is_logged_in() {
            return;
        }
        let Ok(row) = self.media.slot(slot) else { return };
        let answer = if keeps_files(row.medium.kind) {
            lock(token).login(Role::User, &Scope::All, pin)
        } else {
            let Some(source) = self.pin_source(&row) else { return };
            pin_source::login(token, &row.medium.id, &source)
        };
        if answer.is_err() {
            self.refused.insert(slot);
        }
    }

    /// The sets of a medium, each with whether its key can be used, now or after a login.
    fn sets(&mut self, slot: &Slot) -> Result<Vec<(Arc<Entry>, bool)>> {
        let token = self.media.token(slot.id)?;
        if keeps_files(slot.medium.kind) {
            let has_key = |entry: &Arc<Entry>| entry.content.as_ref().is_ok_and(|set| set.sign.key.is_some());
            return Ok(lock(&token).entries()?.iter().map(|entry| (Arc::clone(entry), has_key(entry))).collect());
        }
        // Some tokens show their keys only to who is logged in.
        self.login_late(slot.id, &token);
        let mut token = lock(&token);
        let open = token.is_logged_in();
        let will_open = !open && self.pin.is_none() && self.pin_source(slot).is_some();
        let seen = |entry: &Arc<Entry>| match &entry.content {
            Ok(set) if open => (Arc::clone(entry), set.sign.key.is_some()),
            Ok(_) => (Arc::new(with_keys(entry, will_open)), will_open),
            Err(_) => (Arc::clone(entry), false),
        };
        Ok(token.entries()?.iter().map(seen).collect())
    }

    /// What of a login's scope is on this medium.
    fn scope_on(&self, slot: SlotId, scope: &Scope) -> Option<Scope> {
        match scope {
            Scope::All => Some(Scope::All),
            Scope::Entry(name) => {
                let (on, entry) = self.places.get(name)?;
                (*on == slot).then(|| Scope::Entry(entry.clone()))
            }
        }
    }
}

impl Token for OneToken {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        self.media.refresh();
        self.places.clear();
        let present = self.present();
        // Who comes back may hold something else.
        self.refused.retain(|refused| present.iter().any(|slot| slot.id == *refused));
        let mut found = Vec::new();
        for slot in present {
            // A medium that is ill never makes another one fail.
            let sets = self.sets(&slot).unwrap_or_default();
            found.extend(sets.into_iter().map(|(entry, usable)| (slot.clone(), entry, usable)));
        }
        // The same certificate on several media appears once: from the safest medium on which its key can be used.
        let mut shown: HashMap<[u8; 32], usize> = HashMap::new();
        for (at, (_, entry, usable)) in found.iter().enumerate() {
            let Ok(set) = &entry.content else { continue };
            let best = shown.entry(set.sign.certificate.sha256()).or_insert(at);
            if *usable && !found[*best].2 {
                *best = at;
            }
        }
        let mut joined = Vec::new();
        for (at, (slot, entry, _)) in found.iter().enumerate() {
            if let Ok(set) = &entry.content
                && shown[&set.sign.certificate.sha256()] != at
            {
                continue;
            }
            let name = EntryName::new(&format!("{}/{}", slot.medium.id.serial(), entry.name));
            self.places.insert(name.clone(), (slot.id, entry.name.clone()));
            joined.push(Arc::new(renamed(entry, name)));
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
        let (files, tokens): (Vec<Slot>, Vec<Slot>) =
            self.present().into_iter().partition(|slot| keeps_files(slot.medium.kind));
        for slot in files {
            let Some(scope) = self.scope_on(slot.id, scope) else { continue };
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
        // A wrong password opens nothing. Where no key file can tell, who may read a token's PIN may use the token.
        if opened || !failure.as_ref().is_some_and(is_wrong_pin) {
            for slot in tokens {
                let source = self.scope_on(slot.id, scope).and_then(|_| self.pin_source(&slot));
                let Some(source) = source else { continue };
                let token = self.media.token(slot.id);
                match token.and_then(|token| pin_source::login(&token, &slot.medium.id, &source)) {
                    Ok(()) => opened = true,
                    Err(error) => {
                        self.refused.insert(slot.id);
                        failure = failure.or(Some(error));
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

/// The entry of a token to which nobody is logged in: with the keys that a login should show, so that somebody logs in, or
/// with none, as nobody can use them.
fn with_keys(entry: &Entry, shown: bool) -> Entry {
    let pair = |pair: Pair| {
        let key = shown.then(|| KeyId::new(&entry.name, pair.purpose, &pair.certificate));
        Pair { key, ..pair }
    };
    let content = entry.content.clone().map(|set| Credential { sign: pair(set.sign), km: set.km.map(pair), ..set });
    Entry { content, ..entry.clone() }
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
