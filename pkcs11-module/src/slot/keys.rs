//! This file uses the private keys of a slot's token: which of them the password opens, and what they are lent out for.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::ErrorKind;
use ingam::credential::{KeyId, VidRandom};
use ingam::keystore::{SharedToken, lock};
use ingam::token::{Decrypter, Signer, Token};

use super::{SlotState, noticed};
use crate::library::Library;
use crate::object::{Object, Part};
use crate::objects::Objects;
use crate::rv::{Answer, Rv};

/// Keys that are opened at a time: another thread that signs gets its turn in between, and C_Finalize is heard.
const BATCH: usize = 64;

impl SlotState {
    /// Of these private objects, the handles of those that this login's password opens; keys that were not tried yet are
    /// tried now.
    ///
    /// # Errors
    /// `CKR_USER_NOT_LOGGED_IN`; `CKR_CRYPTOKI_NOT_INITIALIZED` if the library was finalised meanwhile.
    pub(crate) fn visible(
        &self,
        library: &Library,
        objects: &Objects,
        candidates: &[(usize, Part)],
    ) -> Answer<Vec<Option<CK_OBJECT_HANDLE>>> {
        let (login, untried) = {
            let kept = lock(&self.kept);
            let login = kept.login.as_ref().ok_or(CKR_USER_NOT_LOGGED_IN)?;
            // A few are asked of the token each time, which remembers what the password is to blame for; of many, those
            // that it refused are taken as refused until the next listing.
            let many = candidates.len() > BATCH;
            let unknown = |(index, part): &&(usize, Part)| {
                let certificate = objects.handle(*index);
                !(login.knows(certificate, *part) || many && login.refused(certificate))
            };
            (login.number(), candidates.iter().filter(unknown).copied().collect::<Vec<_>>())
        };
        for batch in untried.chunks(BATCH) {
            if library.is_closed() {
                return Err(CKR_CRYPTOKI_NOT_INITIALIZED.into());
            }
            noticed(library, self.try_keys(library, objects, batch, login))?;
        }
        let mut kept = lock(&self.kept);
        let current = kept.login.as_mut().filter(|current| current.number() == login).ok_or(CKR_USER_NOT_LOGGED_IN)?;
        let handles = library.object_handles();
        candidates.iter().map(|(index, part)| current.handle(objects.handle(*index), *part, handles)).collect()
    }

    fn try_keys(&self, library: &Library, objects: &Objects, batch: &[(usize, Part)], login: u64) -> Answer {
        let key_of = |index: usize| objects.private_key(index).map(|key| (index, key.clone()));
        let mut keys: Vec<(usize, KeyId)> = batch.iter().filter_map(|(index, _)| key_of(*index)).collect();
        keys.dedup_by_key(|(index, _)| *index);
        let token = self.token(library.keystore())?;
        let mut tried = Vec::with_capacity(keys.len());
        {
            let mut token = lock(&token);
            let asked: Vec<KeyId> = keys.iter().map(|(_, key)| key.clone()).collect();
            let usable = token.usable(&asked).map_err(|error| self.login_lost(error, login))?;
            for (index, key) in &keys {
                let opens = usable.contains(key);
                let wants_random = batch.contains(&(*index, Part::Random));
                let random =
                    (wants_random && opens).then(|| token.vid_random(key).is_ok_and(|random| random.is_some()));
                tried.push((objects.handle(*index), opens, random.or(wants_random.then_some(false))));
            }
        }
        let mut kept = lock(&self.kept);
        if let Some(current) = kept.login.as_mut().filter(|current| current.number() == login) {
            for (handle, opens, random) in tried {
                current.learn(handle, opens, random);
            }
        }
        Ok(())
    }

    /// A private key that signs, and the number of the login that lends it.
    ///
    /// # Errors
    /// `CKR_KEY_HANDLE_INVALID`, `CKR_USER_NOT_LOGGED_IN`; why the medium cannot be read.
    pub(crate) fn signer(&self, library: &Library, object: &Object) -> Answer<(Arc<dyn Signer>, u64)> {
        self.with_key(library, object, |token, key| token.signer(key))
    }

    /// A private key that decrypts, and the number of the login that lends it.
    ///
    /// # Errors
    /// As [`signer`](Self::signer); `CKR_KEY_FUNCTION_NOT_PERMITTED` if it cannot decrypt.
    pub(crate) fn decrypter(&self, library: &Library, object: &Object) -> Answer<(Arc<dyn Decrypter>, u64)> {
        let (decrypter, login) = self.with_key(library, object, |token, key| token.decrypter(key))?;
        decrypter.map(|decrypter| (decrypter, login)).ok_or_else(|| CKR_KEY_FUNCTION_NOT_PERMITTED.into())
    }

    /// R of a private key.
    ///
    /// # Errors
    /// As [`signer`](Self::signer).
    pub(crate) fn vid_random(&self, library: &Library, object: &Object) -> Answer<Option<VidRandom>> {
        self.with_key(library, object, |token, key| token.vid_random(key)).map(|(random, _)| random)
    }

    fn with_key<T>(
        &self,
        library: &Library,
        object: &Object,
        work: impl FnOnce(&mut dyn Token, &KeyId) -> ingam::Result<T>,
    ) -> Answer<(T, u64)> {
        let key = object.private_key().ok_or(CKR_KEY_HANDLE_INVALID)?;
        let login = self.login_number().ok_or(CKR_USER_NOT_LOGGED_IN)?;
        let with_token = |token: SharedToken| {
            let mut token = lock(&token);
            if self.login_number() != Some(login) {
                // Another thread logged out meanwhile, and perhaps in again: the handle was of the login before.
                return Err(CKR_USER_NOT_LOGGED_IN.into());
            }
            work(&mut **token, key).map(|made| (made, login)).map_err(|error| match error.kind() {
                // The set was changed on the medium since the handle was given out.
                ErrorKind::NotFound | ErrorKind::PinIncorrect { .. } | ErrorKind::Mismatch => {
                    Rv::caused(CKR_KEY_HANDLE_INVALID, error)
                }
                _ => self.login_lost(error, login),
            })
        };
        noticed(library, self.token(library.keystore()).and_then(with_token))
    }
}
