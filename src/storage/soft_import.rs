//! This file keeps a whole set that comes from another medium, and takes one off with its keys, on any [`Storage`].

use std::sync::Arc;

use super::soft_token::SoftToken;
use super::soft_writer::{exists, new_key_file, purpose};
use super::{FileSet, SetFile, Storage};
use crate::certificate::Certificate;
use crate::credential::{Credential, Entry, EntryName, KeyId, Pair, Purpose};
use crate::error::{Error, ErrorKind, Result};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::npki::{ca_pubs, folder_name};
use crate::pin::Pin;
use crate::secret::SecretBytes;
use crate::token::{Exporter, NewPair, NewSet, Token as _};

impl<S: Storage> SoftToken<S> {
    /// Publishes the set in one step, its keys sealed under `password` and opened again before.
    pub(super) fn import_set(&mut self, set: &NewSet, password: Option<&Pin>) -> Result<EntryName> {
        const DOING: &str = "sealing the keys of a set under a password";
        let password = password.filter(|password| !password.is_empty());
        let password = password.ok_or(Error::new(ErrorKind::PinRejected, DOING))?;
        // Not what was there at the last listing: another program may have stored the set already.
        self.entries()?;
        let there = |entry: &&Arc<Entry>| {
            let same = |known: &Credential| known.sign.certificate.der() == set.sign.certificate.der();
            entry.content.as_ref().is_ok_and(same)
        };
        if let Some(entry) = self.entries.iter().find(there) {
            return Err(exists(&entry.name));
        }
        let mut files = self.pair_files(Purpose::Sign, &set.sign, password)?;
        if let Some(km) = &set.km {
            files.extend(self.pair_files(Purpose::KeyManagement, km, password)?);
        }
        if !set.sign.ca_certificates.is_empty() {
            files.push((SetFile::CaPubs, ca_pubs::to_der(&set.sign.ca_certificates)?));
        }
        let files = FileSet(files);
        let certificate = &set.sign.certificate;
        let (name, beside) = (folder_name::entry_name(certificate), folder_name::entry_name_beside(certificate));
        match self.put(&name, &files, None) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.put(&beside, &files, None).map(|()| beside),
            done => done.map(|()| name),
        }
    }

    fn pair_files(&self, expected: Purpose, pair: &NewPair, password: &Pin) -> Result<Vec<(SetFile, Vec<u8>)>> {
        if purpose(&pair.certificate)? != expected {
            return Err(Error::new(ErrorKind::InvalidInput, "storing a certificate in the place of another use"));
        }
        let key = PrivateKeyInfo::from_der(SecretBytes::copy_of(pair.private_key_info.expose()))
            .map_err(|error| Error::new(Error::from(error).kind(), "reading the key of a new pair").caused_by(error))?;
        let (sealed, _) = new_key_file(&pair.certificate, &key, password, self.limits)?;
        Ok(vec![(SetFile::certificate(expected), pair.certificate.der().to_vec()), (SetFile::key(expected), sealed)])
    }
}

impl<S: Storage> Exporter for SoftToken<S> {
    fn export(&mut self, entry: &EntryName) -> Result<NewSet> {
        let entries = self.entries()?;
        let found = entries.iter().find(|known| known.name == *entry);
        let found = found.ok_or_else(|| Error::new(ErrorKind::NotFound, "looking for a set").about(entry.as_str()))?;
        let set = found.content.as_ref().map_err(Clone::clone)?;
        Ok(NewSet {
            sign: self.export_pair(&set.sign, &set.ca_certificates)?,
            km: set.km.as_ref().map(|km| self.export_pair(km, &[])).transpose()?,
        })
    }
}

impl<S: Storage> SoftToken<S> {
    fn export_pair(&mut self, pair: &Pair, authorities: &[Arc<Certificate>]) -> Result<NewPair> {
        let without = || Error::new(ErrorKind::NotFound, "looking for the key file of a certificate");
        let id: &KeyId = pair.key.as_ref().ok_or_else(without)?;
        Ok(NewPair {
            certificate: Certificate::from_der(pair.certificate.der())?,
            private_key_info: self.key(id)?.info()?,
            ca_certificates: authorities
                .iter()
                .map(|authority| Certificate::from_der(authority.der()))
                .collect::<Result<_>>()?,
        })
    }
}
