//! This file is a token behind another PKCS#11 module: it lists, logs in and lends out keys.

use std::sync::Arc;
use std::time::Duration;

use cryptoki::mechanism::MechanismType;
use cryptoki::session::Session;

use super::contents::{self, Contents, Handles};
use super::failure::failed;
use super::key::TokenKey;
use super::module::{LIMIT, Slot};
use super::session::TokenSession;
use super::sets::{Sets, VID_RANDOM, arrange, hex};
use crate::credential::{Entry, KeyId, VidRandom};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::MediumId;
use crate::pin::{Pin, Role};
use crate::secret::SecretBytes;
use crate::token::{
    Admin, Decrypter, Exporter, ForeignSlot, Generator, Officer, Relabeler, Scope, Signer, Token, Writer,
};

/// A token of a module. A PIN of its own opens all of it, so that the scope of a login makes no difference.
pub(super) struct Pkcs11Token {
    pub(super) medium: MediumId,
    pub(super) session: Arc<TokenSession>,
    /// Objects at most of each class.
    limit: usize,
    /// What was read last, and the login it was read with.
    handles: Option<(Handles, Option<u64>)>,
    pub(super) contents: Contents,
    pub(super) sets: Sets,
    mechanisms: Option<Arc<[MechanismType]>>,
}

impl Pkcs11Token {
    pub(super) fn new(medium: MediumId, slot: Slot, limit: usize) -> Self {
        Self {
            medium,
            session: Arc::new(TokenSession::new(slot)),
            limit,
            handles: None,
            contents: Contents::default(),
            sets: Sets::default(),
            mechanisms: None,
        }
    }

    /// The number of the login that holds.
    pub(super) fn login_number(&self) -> Result<u64> {
        let none = || Error::new(ErrorKind::NotLoggedIn, "using a token").on(&self.medium);
        self.session.login().ok_or_else(none)
    }

    /// Reads the objects again at the next listing, though they are the same: something of them changed.
    #[allow(dead_code, reason = "writing to a token uses it")]
    pub(super) fn forget(&mut self) {
        self.handles = None;
    }

    /// Reads the objects if others are there than last time, or another login.
    pub(super) fn refresh(&mut self) -> Result<()> {
        let login = self.session.login();
        let handles = contents::handles(&self.session, self.limit)?;
        let now = Some((handles, login));
        if self.handles != now {
            self.handles = None;
            if let Some((handles, _)) = &now {
                self.contents = contents::read(&self.session, handles)?;
            }
            self.sets = arrange(&self.contents, login.is_none() && self.contents.keys.is_empty());
            self.handles = now;
        }
        Ok(())
    }

    /// Runs a job with the session while the login holds.
    pub(super) fn while_logged_in<T: Send + 'static>(
        &self,
        limit: Duration,
        job: impl FnOnce(&Session) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let done = self.session.logged_in(self.login_number()?, limit, |open| job(&open.session));
        done.map_err(|error| error.on(&self.medium))
    }

    fn mechanisms(&mut self) -> Result<Arc<[MechanismType]>> {
        if let Some(known) = &self.mechanisms {
            return Ok(Arc::clone(known));
        }
        let number = self.session.number()?;
        let listed = self.session.slot.module.call(LIMIT, move |_, context| {
            context.get_mechanism_list(number).map_err(failed("asking a token for its mechanisms"))
        })?;
        Ok(Arc::clone(self.mechanisms.insert(listed.into())))
    }

    /// A key that this login may use.
    pub(super) fn key(&mut self, key: &KeyId) -> Result<TokenKey> {
        let login = self.login_number()?;
        if self.handles.as_ref().is_none_or(|(_, read_with)| *read_with != Some(login)) {
            self.refresh()?;
        }
        let mechanisms = self.mechanisms()?;
        let missing = || Error::new(ErrorKind::NotFound, "looking for a private key").about(key.entry.as_str());
        let object = self.sets.keys.get(key).ok_or_else(missing)?;
        let modulus_len = match object.modulus.len() {
            0 => self.certificate_modulus(key).ok_or_else(missing)?,
            known => known,
        };
        Ok(TokenKey {
            session: Arc::clone(&self.session),
            login,
            handle: object.handle,
            modulus_len,
            asks_each_time: object.asks_each_time,
            mechanisms,
        })
    }

    fn certificate_modulus(&self, key: &KeyId) -> Option<usize> {
        let sets = self.sets.entries.iter().filter_map(|entry| entry.content.as_ref().ok());
        let mut pairs = sets.flat_map(|set| set.pairs());
        pairs.find(|pair| pair.key.as_ref() == Some(key))?.certificate.rsa_public().map(|(modulus, _)| modulus.len())
    }
}

impl Token for Pkcs11Token {
    fn entries(&mut self) -> Result<Arc<[Arc<Entry>]>> {
        self.refresh().map_err(|error| error.on(&self.medium))?;
        Ok(Arc::clone(&self.sets.entries))
    }

    fn login(&mut self, role: Role, _: &Scope, pin: &Pin) -> Result<()> {
        if role == Role::SecurityOfficer {
            let officer = Error::new(ErrorKind::Unsupported, "logging in as security officer for more than one act");
            return Err(officer.on(&self.medium));
        }
        self.session.log_in(pin).map_err(|error| error.on(&self.medium))
    }

    fn logout(&mut self, _: &Scope) {
        self.session.close_now();
    }

    fn is_logged_in(&self) -> bool {
        self.session.login().is_some()
    }

    fn usable(&mut self, keys: &[KeyId]) -> Result<Vec<KeyId>> {
        self.login_number()?;
        self.refresh().map_err(|error| error.on(&self.medium))?;
        Ok(keys.iter().filter(|key| self.sets.keys.contains_key(*key)).cloned().collect())
    }

    fn signer(&mut self, key: &KeyId) -> Result<Arc<dyn Signer>> {
        Ok(Arc::new(self.key(key).map_err(|error| error.on(&self.medium))?))
    }

    fn decrypter(&mut self, key: &KeyId) -> Result<Option<Arc<dyn Decrypter>>> {
        let decrypter = self.key(key).map_err(|error| error.on(&self.medium))?;
        let decrypts = self.sets.keys.get(key).is_some_and(|key| key.decrypts);
        Ok(decrypts.then(|| Arc::new(decrypter) as Arc<dyn Decrypter>))
    }

    fn vid_random(&mut self, key: &KeyId) -> Result<Option<VidRandom>> {
        self.key(key).map_err(|error| error.on(&self.medium))?;
        let Some(object) = self.sets.keys.get(key) else { return Ok(None) };
        let label = format!("{VID_RANDOM}{}", hex(&object.id));
        // What is not private anybody could have put beside it.
        let named = || self.contents.data.iter().filter(|data| data.label == label);
        let Some(data) = named().find(|data| data.private).or_else(|| named().next()) else { return Ok(None) };
        let handle = data.handle;
        let read = move |open: &mut super::session::Open| contents::value(&open.session, handle).map(SecretBytes::from);
        let value = self.session.logged_in(self.login_number()?, LIMIT, read)?;
        let random = value.expose().try_into().map_err(|_| {
            Error::new(ErrorKind::Damaged, "reading R, which is 20 bytes").on(&self.medium).about(label)
        })?;
        Ok(Some(VidRandom::copy_of(random)))
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

    fn generator(&mut self) -> Option<&mut dyn Generator> {
        Some(self)
    }

    fn relabeler(&mut self) -> Option<&mut dyn Relabeler> {
        Some(self)
    }

    fn officer(&mut self) -> Option<&mut dyn Officer> {
        Some(self)
    }

    fn foreign(&mut self) -> Option<Arc<dyn ForeignSlot>> {
        Some(Arc::new(self.session.slot.clone()))
    }
}

impl Drop for Pkcs11Token {
    fn drop(&mut self) {
        self.session.close_later();
    }
}
