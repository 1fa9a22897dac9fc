//! This file stores and removes pairs of certificate and key on any [`Storage`]; a set is always written whole.

use std::sync::Arc;

use super::soft_key::SoftKey;
use super::soft_token::{Known, SoftToken};
use super::{FileSet, SetFile, SetView, Storage};
use crate::certificate::{Certificate, KeyUsage};
use crate::credential::{Credential, EntryName, KeyId, Purpose};
use crate::crypto::{Limits, Pbe};
use crate::error::{Error, ErrorKind, Result};
use crate::npki::key_file::SealedKey;
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::npki::{ca_pubs, folder_name};
use crate::pin::Pin;
use crate::token::{NewPair, NewSet, Scope, Token as _, Writer};

/// A set as it stands on the medium, complete.
pub(super) struct Whole {
    pub(super) stamp: u64,
    pub(super) files: Vec<(SetFile, Vec<u8>)>,
}

impl<S: Storage> Writer for SoftToken<S> {
    fn store(&mut self, pair: NewPair) -> Result<KeyId> {
        if self.pins.is_empty() {
            return Err(NOT_LOGGED_IN);
        }
        let key = PrivateKeyInfo::from_der(pair.private_key_info)
            .map_err(|error| Error::new(Error::from(error).kind(), "reading the key of a new pair").caused_by(error))?;
        // Not what was there at the last listing: another program may have stored the pair already.
        self.entries()?;
        match purpose(&pair.certificate)? {
            Purpose::Sign => self.store_sign(&pair.certificate, &key, &pair.ca_certificates),
            Purpose::KeyManagement => self.store_km(&pair.certificate, &key),
        }
    }

    fn remove(&mut self, key: &KeyId) -> Result<()> {
        // Who cannot use a key must not destroy it.
        self.key(key)?;
        let set = self.whole(&key.entry)?;
        match key.purpose {
            Purpose::KeyManagement => {
                let mut files = set.files;
                files.retain(|(file, _)| !matches!(file, SetFile::KmCert | SetFile::KmKey));
                self.put(&key.entry, &FileSet(files), Some(set.stamp))?;
                self.forget_keys(|known| known == key);
            }
            Purpose::Sign => {
                if has(&set.files, SetFile::KmKey) {
                    return Err(Error::new(
                        ErrorKind::Busy,
                        "removing a signing key before the encryption key of its set",
                    )
                    .about(key.entry.as_str()));
                }
                self.storage.remove(&key.entry, Some(set.stamp))?;
                self.forget_keys(|known| known.entry == key.entry);
                self.known.remove(&key.entry);
                self.entries = self.entries.iter().filter(|entry| entry.name != key.entry).cloned().collect();
            }
        }
        Ok(())
    }

    fn import(&mut self, set: NewSet, password: Option<&Pin>) -> Result<EntryName> {
        self.import_set(&set, password)
    }

    fn remove_set(&mut self, entry: &EntryName) -> Result<()> {
        // What was listed last is what the caller means; a set that changed since is another one.
        let set = self.whole(entry)?;
        self.storage.remove(entry, Some(set.stamp))?;
        self.forget_keys(|known| known.entry == *entry);
        self.known.remove(entry);
        self.entries = self.entries.iter().filter(|known| known.name != *entry).cloned().collect();
        Ok(())
    }
}

impl<S: Storage> SoftToken<S> {
    /// Makes a set of a signing pair. A set of the same name with another certificate (the one that this one renews) stays
    /// where it is, and the new set stands beside it.
    fn store_sign(&mut self, certificate: &Certificate, key: &PrivateKeyInfo, cas: &[Certificate]) -> Result<KeyId> {
        let there = self
            .entries
            .iter()
            .find(|entry| entry.content.as_ref().is_ok_and(|set| set.sign.certificate.der() == certificate.der()));
        if let Some(entry) = there {
            return Err(exists(&entry.name));
        }
        let pin = self.pins.get(&Scope::All).ok_or(NOT_LOGGED_IN)?;
        let (sealed, key) = new_key_file(certificate, key, pin, self.limits)?;
        let mut files = vec![(SetFile::SignCert, certificate.der().to_vec()), (SetFile::SignKey, sealed)];
        if !cas.is_empty() {
            files.push((SetFile::CaPubs, ca_pubs::to_der(cas)?));
        }
        let set = FileSet(files);
        let (name, beside) = (folder_name::entry_name(certificate), folder_name::entry_name_beside(certificate));
        let name = match self.put(&name, &set, None) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.put(&beside, &set, None).map(|()| beside),
            done => done.map(|()| name),
        }?;
        Ok(self.keep(KeyId::new(&name, Purpose::Sign, certificate), key))
    }

    /// Puts an encryption pair into the set that it was issued with.
    fn store_km(&mut self, certificate: &Certificate, key: &PrivateKeyInfo) -> Result<KeyId> {
        let same_owner = |set: &Credential| {
            let sign = &set.sign.certificate;
            sign.subject_der() == certificate.subject_der() && sign.issuer_der() == certificate.issuer_der()
        };
        let sets = self.entries.iter().filter_map(|entry| entry.content.as_ref().ok()).filter(|set| same_owner(set));
        let mut homes: Vec<((u64, bool), KeyId)> = Vec::new();
        for set in sets {
            let Some(sign) = set.sign.key.clone() else { continue };
            if set.km.as_ref().is_some_and(|km| km.certificate.der() == certificate.der()) {
                return Err(exists(&sign.entry));
            }
            // After a renewal there are two sets of this owner: the pairs of one were issued together.
            let apart = set.sign.certificate.not_before().abs_diff(certificate.not_before());
            homes.push(((apart, set.km.is_some()), sign));
        }
        homes.sort_by_key(|(distance, _)| *distance);
        let home = homes.into_iter().map(|(_, sign)| sign).find(|sign| self.key(sign).is_ok());
        let entry = home.map(|sign| sign.entry).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "looking for the signing pair of an encryption pair")
                .about(certificate.common_name())
        })?;
        let mut set = self.whole(&entry)?;
        if has(&set.files, SetFile::KmCert) || has(&set.files, SetFile::KmKey) {
            return Err(exists(&entry));
        }
        let pin = self.pin_for(&entry).ok_or(NOT_LOGGED_IN)?;
        let (sealed, key) = new_key_file(certificate, key, pin, self.limits)?;
        set.files.push((SetFile::KmCert, certificate.der().to_vec()));
        set.files.push((SetFile::KmKey, sealed));
        self.put(&entry, &FileSet(set.files), Some(set.stamp))?;
        Ok(self.keep(KeyId::new(&entry, Purpose::KeyManagement, certificate), key))
    }

    /// Reads every file of a set that must be as it was last listed.
    pub(super) fn whole(&self, entry: &EntryName) -> Result<Whole> {
        let view = self.storage.read(entry, &SetFile::ALL)?;
        if self.known.get(entry).is_none_or(|known| known.stamp != view.stamp) {
            return Err(changed_meanwhile(entry));
        }
        // A file that cannot be read would be lost.
        let files = view.contents.into_iter().map(|(file, bytes)| Ok((file, bytes?))).collect::<Result<_>>()?;
        Ok(Whole { stamp: view.stamp, files })
    }

    /// Publishes a set, reads it back, and takes it in as the one that is there now. Its open keys stay open: who writes
    /// keeps them or forgets them.
    pub(super) fn put(&mut self, name: &EntryName, set: &FileSet, replaces: Option<u64>) -> Result<()> {
        let published = self.storage.publish(name, set, replaces);
        let mut view = match (published, self.storage.read(name, &SetFile::ALL)) {
            // A medium that failed after the last step took nothing back: the answer is what stands there.
            (_, Ok(view)) if holds(&view, set) => view,
            (Err(error), _) => return Err(error),
            // What is there now somebody else wrote, so it is not ours to remove.
            (Ok(()), Ok(_)) => return Err(changed_meanwhile(name)),
            (Ok(()), Err(error)) => {
                if replaces.is_none() {
                    // Best effort: nobody was told yet that it is there.
                    let _ = self.storage.remove(name, None);
                }
                return Err(error);
            }
        };
        let known = Known { stamp: view.stamp, entry: Arc::new(self.read_entry(name.clone(), &mut view)) };
        let mut entries = self.entries.to_vec();
        match entries.iter_mut().find(|entry| entry.name == *name) {
            Some(entry) => *entry = Arc::clone(&known.entry),
            None => entries.push(Arc::clone(&known.entry)),
        }
        self.entries = entries.into();
        self.known.insert(name.clone(), known);
        Ok(())
    }

    /// Keeps a key that was opened to check it, until logout.
    fn keep(&mut self, id: KeyId, key: SoftKey) -> KeyId {
        self.keys.insert(id.clone(), Ok(Arc::new(key)));
        id
    }
}

const NOT_LOGGED_IN: Error = Error::new(ErrorKind::NotLoggedIn, "storing a certificate and its key");

pub(super) fn exists(entry: &EntryName) -> Error {
    Error::new(ErrorKind::AlreadyExists, "storing a certificate and its key").about(entry.as_str())
}

fn changed_meanwhile(entry: &EntryName) -> Error {
    Error::new(ErrorKind::Busy, "writing a set that changed meanwhile").about(entry.as_str())
}

/// Whether a set is there with these files, byte by byte, and no other.
fn holds(view: &SetView, set: &FileSet) -> bool {
    let there = |(file, bytes): &(SetFile, Vec<u8>)| {
        view.contents.iter().any(|(read, content)| read == file && content.as_ref().is_ok_and(|read| read == bytes))
    };
    view.present.len() == set.0.len() && set.0.iter().all(there)
}

fn has(files: &[(SetFile, Vec<u8>)], wanted: SetFile) -> bool {
    files.iter().any(|(file, _)| *file == wanted)
}

/// What a certificate's keyUsage makes of its pair. Without one any use is allowed (RFC 5280 section 4.2.1.3).
pub(super) fn purpose(certificate: &Certificate) -> Result<Purpose> {
    let Some(usage) = certificate.key_usage() else { return Ok(Purpose::Sign) };
    if usage.allows(KeyUsage::DIGITAL_SIGNATURE) || usage.allows(KeyUsage::NON_REPUDIATION) {
        Ok(Purpose::Sign)
    } else if usage.allows(KeyUsage::KEY_ENCIPHERMENT) || usage.allows(KeyUsage::DATA_ENCIPHERMENT) {
        Ok(Purpose::KeyManagement)
    } else {
        Err(Error::new(ErrorKind::InvalidInput, "storing a certificate that neither signs nor encrypts"))
    }
}

/// The key file of a new pair as Korean software reads it, and the key, opened from that very file: it fits its
/// certificate and works.
pub(super) fn new_key_file(
    certificate: &Certificate,
    key: &PrivateKeyInfo,
    pin: &Pin,
    limits: Limits,
) -> Result<(Vec<u8>, SoftKey)> {
    let (file, opened) = sealed(key, pin, &Pbe::korean_default()?, limits)?;
    let key = SoftKey::new(opened, certificate)?;
    key.prepare()?;
    Ok((file, key))
}

/// A key file that was opened again and holds the same key, bit by bit: so far nothing is written.
pub(super) fn sealed(
    key: &PrivateKeyInfo,
    pin: &Pin,
    scheme: &Pbe,
    limits: Limits,
) -> Result<(Vec<u8>, PrivateKeyInfo)> {
    let sealed = SealedKey::seal(key, pin, scheme)?;
    let opened = SealedKey::from_der(sealed.der(), limits)?.open(pin)?;
    if opened.der() != key.der() {
        return Err(Error::new(ErrorKind::Device, "checking a key file before it is written"));
    }
    Ok((sealed.der().to_vec(), opened))
}
