//! This file turns any [`Storage`] into a [`Token`]: software crypto, once, for every medium that keeps key files.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use super::soft_key::SoftKey;
use super::spread::{lock, spread};
use super::{SetFile, SetView, Storage};
use crate::certificate::Certificate;
use crate::config::Config;
use crate::credential::{Credential, Entry, EntryName, KeyId, Pair, Purpose, VidRandom};
use crate::crypto::Limits;
use crate::error::{Error, ErrorKind, Result};
use crate::npki::ca_pubs;
use crate::npki::key_file::SealedKey;
use crate::pin::{Pin, Role};
use crate::token::{Admin, Decrypter, Exporter, Scope, Signer, Token, Writer};

/// Key files read at a time before all cores work on them, per thread: 10,000 are not in memory at once, and a login
/// that finds its set early opens few others.
const BATCH_PER_THREAD: usize = 8;

/// A thread is not worth its start for fewer sets than this.
const READ_ALONE: usize = 64;

/// A token made of a [`Storage`].
///
/// Each set has its own password. A login succeeds when the password opens one set, the one that was opened last first;
/// the others are opened when somebody asks for them. What a password opened, and what it did not, is remembered until
/// logout or until the set's files change.
#[allow(missing_debug_implementations, reason = "leads to keys")]
pub struct SoftToken<S> {
    pub(super) storage: S,
    pub(super) limits: Limits,
    pub(super) threads: NonZeroUsize,
    pub(super) entries: Arc<[Arc<Entry>]>,
    pub(super) known: HashMap<EntryName, Known>,
    pub(super) pins: HashMap<Scope, Pin>,
    pub(super) keys: HashMap<KeyId, Result<Arc<SoftKey>>>,
    opened_last: Option<KeyId>,
    /// Sets of one CA have the same CaPubs: it is kept once, not with each of ten thousand.
    ca_pubs_last: Mutex<CaPubs>,
}

/// The bytes of a CaPubs and what they say.
type CaPubs = (Vec<u8>, Vec<Arc<Certificate>>);

/// A set as last read.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) stamp: u64,
    pub(super) entry: Arc<Entry>,
}

impl<S: Storage> SoftToken<S> {
    /// A token over this storage, not logged in. Reads nothing yet.
    pub fn new(storage: S, config: &Config) -> Self {
        Self {
            storage,
            limits: Limits { iterations: config.kdf_iterations },
            threads: config.threads,
            entries: Arc::default(),
            known: HashMap::new(),
            pins: HashMap::new(),
            keys: HashMap::new(),
            opened_last: None,
            ca_pubs_last: Mutex::default(),
        }
    }

    /// These sets, each read again only if a file of it changed; many are read on several threads.
    fn read_all(&self, names: &[EntryName]) -> Vec<Known> {
        let threads =
            if names.len().div_ceil(self.threads.get()) < READ_ALONE { NonZeroUsize::MIN } else { self.threads };
        spread(names.iter().collect(), threads, "ingam-read", |name| self.read_one(name))
    }

    fn read_one(&self, name: &EntryName) -> Known {
        if let Some(known) = self.known.get(name) {
            match self.storage.read(name, &[]) {
                Ok(view) if view.stamp == known.stamp => return known.clone(),
                // The medium fails to answer: that says nothing of the set.
                Err(error) if error.kind() == ErrorKind::Device => return known.clone(),
                _ => {}
            }
        }
        match self.storage.read(name, &[SetFile::SignCert, SetFile::KmCert, SetFile::CaPubs]) {
            Ok(mut view) => Known { stamp: view.stamp, entry: Arc::new(self.read_entry(name.clone(), &mut view)) },
            Err(error) => Known { stamp: 0, entry: Arc::new(unusable(name.clone(), error)) },
        }
    }

    /// A set from its files. Only the signing certificate is needed; what else is wrong becomes a problem of the set.
    pub(super) fn read_entry(&self, name: EntryName, view: &mut SetView) -> Entry {
        let mut problems = Vec::new();
        let content = match read_pair(&name, Purpose::Sign, view) {
            Ok(Some(sign)) => {
                let km = read_pair(&name, Purpose::KeyManagement, view).unwrap_or_else(|error| {
                    problems.push(error);
                    None
                });
                let there = |file| view.present.contains(&file);
                if there(SetFile::KmKey) && !there(SetFile::KmCert) {
                    let doing = "looking for the certificate of a key";
                    problems.push(Error::new(ErrorKind::NotFound, doing).about(SetFile::KmKey.file_name()));
                }
                let ca_certificates = self.ca_certificates(view).unwrap_or_else(|error| {
                    problems.push(error);
                    Vec::new()
                });
                Ok(Credential { sign, km, ca_certificates })
            }
            Ok(None) => Err(Error::new(ErrorKind::NotFound, "looking for signCert.der").about(name.as_str())),
            Err(error) => Err(error),
        };
        Entry { name, content, problems }
    }

    fn ca_certificates(&self, view: &mut SetView) -> Result<Vec<Arc<Certificate>>> {
        let Some(bytes) = view.take(SetFile::CaPubs)? else { return Ok(Vec::new()) };
        if let (last, certificates) = &*lock(&self.ca_pubs_last)
            && *last == bytes
        {
            return Ok(certificates.clone());
        }
        let certificates = ca_pubs::from_der(&bytes).map_err(|error| error.about(SetFile::CaPubs.file_name()))?;
        let certificates: Vec<_> = certificates.into_iter().map(Arc::new).collect();
        *lock(&self.ca_pubs_last) = (bytes, certificates.clone());
        Ok(certificates)
    }

    pub(super) fn forget_keys(&mut self, which: impl Fn(&KeyId) -> bool) {
        self.keys.retain(|id, key| {
            let keep = !which(id);
            if let (false, Ok(key)) = (keep, key) {
                key.revoke();
            }
            keep
        });
    }

    /// The certificate of a key.
    fn certificate(&self, key: &KeyId) -> Result<Arc<Certificate>> {
        let credential = self.known.get(&key.entry).and_then(|known| known.entry.content.as_ref().ok());
        let pair = credential.and_then(|set| set.pairs().find(|pair| pair.key.as_ref() == Some(key)));
        pair.map(|pair| Arc::clone(&pair.certificate))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, "looking for a private key").about(key.entry.as_str()))
    }

    /// A key file and its certificate, ready to be opened.
    fn sealed(&mut self, key: &KeyId) -> Result<(SealedKey, Arc<Certificate>)> {
        let certificate = self.certificate(key)?;
        let file = SetFile::key(key.purpose);
        let bytes = self.storage.read(&key.entry, &[file])?.take(file)?;
        let bytes = bytes.ok_or_else(|| Error::new(ErrorKind::NotFound, "reading a key file"))?;
        Ok((SealedKey::from_der(&bytes, self.limits).map_err(Error::from)?, certificate))
    }

    /// Opens those of `keys` that were not tried since login, several at a time.
    fn open(&mut self, keys: &[KeyId]) -> Result<()> {
        if self.pins.is_empty() {
            return Err(Error::new(ErrorKind::NotLoggedIn, "opening a private key"));
        }
        let untried: Vec<&KeyId> = keys.iter().filter(|key| !self.keys.contains_key(*key)).collect();
        for batch in untried.chunks(self.batch()) {
            let sealed: Vec<_> = batch.iter().map(|key| self.sealed(key)).collect();
            let pins = batch.iter().map(|key| self.pin_for(&key.entry));
            let opened = open_all(pins.zip(sealed).collect(), self.threads);
            for (key, opened) in batch.iter().zip(opened) {
                let opened = opened.map(Arc::new).map_err(|error| error.about(key.entry.as_str()));
                self.keys.insert((*key).clone(), opened);
            }
        }
        Ok(())
    }

    pub(super) const fn batch(&self) -> usize {
        BATCH_PER_THREAD.saturating_mul(self.threads.get())
    }

    /// The PIN of the login that this set belongs to.
    pub(super) fn pin_for(&self, entry: &EntryName) -> Option<&Pin> {
        self.pins.get(&Scope::Entry(entry.clone())).or_else(|| self.pins.get(&Scope::All))
    }

    /// One key, opened. What the file or the password is to blame for is remembered; a medium that fails to answer may
    /// answer the next time.
    pub(super) fn key(&mut self, key: &KeyId) -> Result<Arc<SoftKey>> {
        self.open(std::slice::from_ref(key))?;
        let opened = self.keys.get(key).cloned().unwrap_or_else(|| Err(ErrorKind::NotFound.into()));
        if opened.as_ref().is_err_and(|error| !is_lasting(error)) {
            self.keys.remove(key);
        }
        opened
    }

    /// Every key of the medium in the order of a login: the one that was opened last, then signing keys, then the others.
    fn keys_in_login_order(&self) -> Vec<KeyId> {
        let sets = || self.entries.iter().filter_map(|entry| entry.content.as_ref().ok());
        let sign = sets().filter_map(|set| set.sign.key.clone());
        let km = sets().filter_map(|set| set.km.as_ref()?.key.clone());
        let mut keys: Vec<KeyId> = sign.chain(km).collect();
        if let Some(last) = keys.iter().position(|key| Some(key) == self.opened_last.as_ref()) {
            keys[..=last].rotate_right(1);
        }
        keys
    }

    /// Opens a key of the scope among the sets that are known, else, if sets came or changed meanwhile, among those that
    /// are there now.
    fn open_some(&mut self, scope: &Scope) -> Result<KeyId> {
        let known = self.keys_in_login_order();
        let failure = match self.open_one(scope) {
            Ok(key) => return Ok(key),
            Err(failure) => failure,
        };
        self.entries()?;
        if self.keys_in_login_order() == known { Err(failure) } else { self.open_one(scope) }
    }

    /// Tries the keys of a scope until one opens; which one, or why none did.
    fn open_one(&mut self, scope: &Scope) -> Result<KeyId> {
        let mut keys = self.keys_in_login_order();
        keys.retain(|key| covers(scope, key));
        let mut failure = None;
        // Most media hold one set, and the last one that opened usually opens again: it alone first.
        let (first, rest) = keys.split_at(keys.len().min(1));
        for batch in std::iter::once(first).chain(rest.chunks(self.batch())) {
            self.open(batch)?;
            for key in batch {
                match self.key(key).and_then(|opened| opened.prepare()) {
                    Ok(()) => return Ok(key.clone()),
                    Err(error) if is_wrong_pin(&error) => failure = Some(error),
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
        }
        Err(failure.unwrap_or(Error::new(ErrorKind::NotFound, "looking for a private key that a password could open")))
    }
}

impl<S: Storage> Token for SoftToken<S> {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        let listing = self.storage.list()?;
        let mut known = HashMap::with_capacity(listing.sets.len());
        let mut entries = Vec::with_capacity(listing.sets.len() + listing.unreadable.len());
        let sets = self.read_all(&listing.sets);
        for (name, set) in listing.sets.into_iter().zip(sets) {
            let before = self.known.get(&name);
            if before.is_some_and(|before| !Arc::ptr_eq(&before.entry, &set.entry)) {
                self.forget_keys(|key| key.entry == name);
            }
            entries.push(Arc::clone(&set.entry));
            known.insert(name, set);
        }
        entries.extend(listing.unreadable.into_iter().map(|(name, error)| Arc::new(unusable(name, error))));
        self.known = known;
        let gone: Vec<KeyId> = self.keys.keys().filter(|key| !self.known.contains_key(&key.entry)).cloned().collect();
        self.forget_keys(|key| gone.contains(key));
        self.entries = entries.into();
        Ok(Arc::clone(&self.entries))
    }

    fn login(&mut self, role: Role, scope: &Scope, pin: &Pin) -> Result<()> {
        if role == Role::SecurityOfficer {
            return Err(Error::new(ErrorKind::Unsupported, "logging in as security officer to a medium of files"));
        }
        self.logout(scope);
        self.pins.insert(scope.clone(), Pin::copy_of(pin.expose()));
        // After a panic in here somebody catches it and goes on: the PIN must not stay.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| self.open_some(scope)));
        if !matches!(opened, Ok(Ok(_))) {
            self.logout(scope);
        }
        self.opened_last = Some(opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        Ok(())
    }

    fn logout(&mut self, scope: &Scope) {
        self.forget_keys(|key| covers(scope, key));
        match scope {
            Scope::All => self.pins.clear(),
            Scope::Entry(_) => drop(self.pins.remove(scope)),
        }
    }

    fn is_logged_in(&self) -> bool {
        !self.pins.is_empty()
    }

    fn usable(&mut self, keys: &[KeyId]) -> Result<Vec<KeyId>> {
        self.open(keys)?;
        let usable = keys.iter().filter(|key| matches!(self.keys.get(*key), Some(Ok(_)))).cloned().collect();
        self.keys.retain(|_, opened| opened.as_ref().err().is_none_or(is_lasting));
        Ok(usable)
    }

    fn signer(&mut self, key: &KeyId) -> Result<Arc<dyn Signer>> {
        Ok(self.key(key)?)
    }

    fn decrypter(&mut self, key: &KeyId) -> Result<Option<Arc<dyn Decrypter>>> {
        Ok(Some(self.key(key)?))
    }

    fn vid_random(&mut self, key: &KeyId) -> Result<Option<VidRandom>> {
        self.key(key)?.vid_random()
    }

    fn writer(&mut self) -> Option<&mut dyn Writer> {
        Some(self)
    }

    fn admin(&mut self) -> Option<&mut dyn Admin> {
        Some(self)
    }

    fn exporter(&mut self) -> Option<&mut dyn Exporter> {
        Some(self)
    }
}

pub(super) fn covers(scope: &Scope, key: &KeyId) -> bool {
    match scope {
        Scope::All => true,
        Scope::Entry(entry) => key.entry == *entry,
    }
}

/// Whether trying again cannot help until the files or the password change.
fn is_lasting(error: &Error) -> bool {
    use ErrorKind::{Damaged, Mismatch, Unsupported};
    is_wrong_pin(error) || matches!(error.kind(), Damaged | Mismatch | Unsupported)
}

pub(super) fn is_wrong_pin(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PinIncorrect { .. })
}

fn unusable(name: EntryName, error: Error) -> Entry {
    Entry { name, content: Err(error), problems: Vec::new() }
}

fn read_pair(name: &EntryName, purpose: Purpose, view: &mut SetView) -> Result<Option<Pair>> {
    let file = SetFile::certificate(purpose);
    let Some(bytes) = view.take(file)? else { return Ok(None) };
    let certificate = Certificate::from_der(&bytes).map_err(|error| error.about(file.file_name()))?;
    let has_key = view.present.contains(&SetFile::key(purpose));
    let key = has_key.then(|| KeyId::new(name, purpose, &certificate));
    let id = certificate.key_id().to_vec();
    Ok(Some(Pair { purpose, certificate: Arc::new(certificate), key, id }))
}

/// A key file with its certificate, and the PIN that may open it.
type Locked<'a> = (Option<&'a Pin>, Result<(SealedKey, Arc<Certificate>)>);

/// Opens key files.
fn open_all(sealed: Vec<Locked<'_>>, threads: NonZeroUsize) -> Vec<Result<SoftKey>> {
    spread(sealed, threads, "ingam-open", |(pin, sealed)| {
        let (sealed, certificate) = sealed?;
        let pin = pin.ok_or(Error::new(ErrorKind::NotLoggedIn, "opening a private key"))?;
        SoftKey::new(sealed.open(pin).map_err(Error::from)?, &certificate)
    })
}
