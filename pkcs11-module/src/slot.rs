//! This file keeps what the process has of one slot: its token, who is logged in, its objects, its sessions.
//!
//! Lock order: one listing → the token → what is kept here. Nothing here is locked while a medium is read.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use cryptoki_sys::*;
use ingam::credential::{KeyId, VidRandom};
use ingam::keystore::{Keystore, SharedToken, SlotId, lock};
use ingam::medium::MediumKind;
use ingam::pin::{Pin, Role};
use ingam::token::{Decrypter, Scope, Signer, Token};
use ingam::{Error, ErrorKind};

use crate::library::Library;
use crate::login::Login;
use crate::object::{Object, Part};
use crate::objects::Objects;
use crate::rv::{Answer, Rv};
use crate::session::Access;

/// How old a listing may be before a search asks the medium again.
const LISTING_AGE: Duration = Duration::from_secs(1);

/// Keys that are opened at a time: another thread that signs gets its turn in between, and C_Finalize is heard.
const BATCH: usize = 64;

/// One slot, as this process uses it.
pub(crate) struct SlotState {
    id: SlotId,
    /// Counts up when the medium goes, so that nothing of it outlives it. Changes while `kept` is locked.
    presence: AtomicU64,
    /// Held by the one thread that lists the medium.
    listing: Mutex<()>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    token: Option<SharedToken>,
    keeps_files: bool,
    login: Option<Login>,
    logins: u64,
    objects: Arc<Objects>,
    listed: Option<Instant>,
    sessions: usize,
    read_write_sessions: usize,
}

/// How new the objects must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Freshness<'a> {
    /// An older listing will do if it has this CKA_ID: the key is the same for ever. If a private object is looked for, it
    /// must have the key as well: a folder that is being copied has its certificate first.
    Holding { id: &'a [u8], with_key: bool },
    /// What is on the medium now, or was a moment ago.
    Recent,
}

impl SlotState {
    pub(crate) fn new(id: SlotId) -> Self {
        Self { id, presence: AtomicU64::new(0), listing: Mutex::default(), kept: Mutex::default() }
    }

    pub(crate) const fn id(&self) -> SlotId {
        self.id
    }

    /// The number of the medium's presence.
    pub(crate) fn presence(&self) -> u64 {
        self.presence.load(Ordering::Acquire)
    }

    /// The token, opened on first use. After a medium was changed for another state of itself (pulled and put back) it is a
    /// new token, and what was kept of the old one is forgotten.
    pub(crate) fn token(&self, keystore: &Keystore) -> Answer<SharedToken> {
        let token = keystore.token(self.id)?;
        let mut kept = lock(&self.kept);
        if !kept.is_of(Some(&token)) {
            let kind = keystore.slot(self.id)?.medium.kind;
            self.forget(&mut kept);
            kept.token = Some(Arc::clone(&token));
            kept.keeps_files = matches!(kind, MediumKind::HardDisk | MediumKind::RemovableDisk);
        }
        Ok(token)
    }

    /// Counts a session with this token in; the presence of the medium that it is with.
    ///
    /// # Errors
    /// `CKR_SESSION_READ_WRITE_SO_EXISTS` for a read-only session beside the security officer; `CKR_TOKEN_NOT_PRESENT` if the
    /// medium went meanwhile.
    pub(crate) fn enter(&self, access: Access, token: &SharedToken) -> Answer<u64> {
        let mut kept = lock(&self.kept);
        if !kept.is_of(Some(token)) {
            return Err(CKR_TOKEN_NOT_PRESENT.into());
        }
        match access {
            Access::ReadOnly if kept.role() == Some(Role::SecurityOfficer) => {
                return Err(CKR_SESSION_READ_WRITE_SO_EXISTS.into());
            }
            Access::ReadOnly => {}
            Access::ReadWrite => kept.read_write_sessions += 1,
        }
        kept.sessions += 1;
        Ok(self.presence())
    }

    /// Counts a session out; the last one ends the login. One of an earlier presence was counted out with it.
    pub(crate) fn leave(&self, access: Access, presence: u64) {
        let login = {
            let mut kept = lock(&self.kept);
            if self.presence() != presence {
                return;
            }
            kept.sessions = kept.sessions.saturating_sub(1);
            if access == Access::ReadWrite {
                kept.read_write_sessions = kept.read_write_sessions.saturating_sub(1);
            }
            kept.login_number().filter(|_| kept.sessions == 0)
        };
        if let Some(login) = login {
            self.end_login(login, |kept| kept.sessions == 0);
        }
    }

    /// Sessions, and those of them that may write.
    pub(crate) fn sessions(&self) -> (usize, usize) {
        let kept = lock(&self.kept);
        (kept.sessions, kept.read_write_sessions)
    }

    /// Who is logged in.
    pub(crate) fn role(&self) -> Option<Role> {
        lock(&self.kept).role()
    }

    /// The number of the login that there is.
    pub(crate) fn login_number(&self) -> Option<u64> {
        lock(&self.kept).login_number()
    }

    /// Logs in, to everything or to one set.
    ///
    /// # Errors
    /// `CKR_USER_ALREADY_LOGGED_IN` and its like; why the token refuses the PIN.
    pub(crate) fn login(&self, library: &Library, role: Role, scope: &Scope, pin: &Pin) -> Answer {
        let presence = self.presence();
        let answer = noticed(library, self.try_login(library.keystore(), role, scope, pin));
        if answer.as_ref().is_err_and(|rv| rv.code() == CKR_USER_PIN_NOT_INITIALIZED) {
            // No key was found. Were they taken away while they were looked for?
            library.refresh();
            if self.presence() != presence {
                return Err(CKR_DEVICE_REMOVED.into());
            }
        }
        answer
    }

    fn try_login(&self, keystore: &Keystore, role: Role, scope: &Scope, pin: &Pin) -> Answer {
        let shared = self.token(keystore)?;
        let mut token = lock(&shared);
        {
            let kept = lock(&self.kept);
            match kept.role() {
                Some(already) if already == role => return Err(CKR_USER_ALREADY_LOGGED_IN.into()),
                Some(_) => return Err(CKR_USER_ANOTHER_ALREADY_LOGGED_IN.into()),
                None => {}
            }
            if role == Role::SecurityOfficer && kept.sessions > kept.read_write_sessions {
                return Err(CKR_SESSION_READ_ONLY_EXISTS.into());
            }
        }
        token.login(role, scope, pin).map_err(|error| match (error.kind(), role) {
            // No token of files has a security officer.
            (ErrorKind::Unsupported, Role::SecurityOfficer) => Rv::caused(CKR_USER_TYPE_INVALID, error),
            (ErrorKind::NotFound, Role::User) => Rv::caused(CKR_USER_PIN_NOT_INITIALIZED, error),
            _ => error.into(),
        })?;
        let mut kept = lock(&self.kept);
        if !kept.is_of(Some(&shared)) {
            token.logout(&Scope::All);
            return Err(CKR_DEVICE_REMOVED.into());
        }
        kept.logins += 1;
        kept.login = Some(Login::new(role, kept.logins));
        Ok(())
    }

    /// Logs out; the number of the login that ended.
    ///
    /// # Errors
    /// `CKR_USER_NOT_LOGGED_IN`, also if another thread was faster.
    pub(crate) fn logout(&self) -> Answer<u64> {
        let login = self.login_number().ok_or(CKR_USER_NOT_LOGGED_IN)?;
        if self.end_login(login, |_| true) { Ok(login) } else { Err(CKR_USER_NOT_LOGGED_IN.into()) }
    }

    /// Ends this login, if it is still there and `still` holds once nobody else uses the token; whether it did. While this
    /// waited another thread may have logged out and in again.
    fn end_login(&self, login: u64, still: impl FnOnce(&Kept) -> bool) -> bool {
        let Some(token) = lock(&self.kept).token.clone() else { return false };
        let mut token = lock(&token);
        {
            let mut kept = lock(&self.kept);
            if kept.login_number() != Some(login) || !still(&kept) {
                return false;
            }
            kept.login = None;
        }
        token.logout(&Scope::All);
        true
    }

    /// Forgets a medium that went, if it did; the keystore has logged its token out.
    pub(crate) fn forget_gone(&self, keystore: &Keystore) {
        let token = {
            let mut kept = lock(&self.kept);
            if kept.is_of(keystore.open_token(self.id).as_ref()) {
                // Another thread was faster, and this is the token of the medium that is there now.
                return;
            }
            let token = kept.token.take();
            self.forget(&mut kept);
            token
        };
        if let Some(token) = token {
            // A login that was under way when the keystore did the same.
            lock(&token).logout(&Scope::All);
        }
    }

    /// Whether the medium went that this slot last had a token of.
    pub(crate) fn is_gone(&self, keystore: &Keystore) -> bool {
        let open = keystore.open_token(self.id);
        !lock(&self.kept).is_of(open.as_ref())
    }

    fn forget(&self, kept: &mut Kept) {
        *kept = Kept { logins: kept.logins, ..Kept::default() };
        self.presence.fetch_add(1, Ordering::Release);
    }

    /// Lets the next search ask the medium: what is on it may have changed.
    pub(crate) fn list_again(&self) {
        lock(&self.kept).listed = None;
    }

    /// Logs out unless another thread is using the token; then the keys go with that thread's call.
    pub(crate) fn try_logout(&self) {
        let token = lock(&self.kept).token.clone();
        if let Some(token) = token {
            try_with(&token, |token| token.logout(&Scope::All));
        }
        lock(&self.kept).login = None;
    }

    /// In a forked child: wipes the keys of file media and waits for nobody.
    pub(crate) fn wipe_in_child(&self) {
        if let Ok(kept) = self.kept.try_lock()
            && let Some(token) = kept.token.as_ref().filter(|_| kept.keeps_files)
        {
            try_with(token, |token| token.logout(&Scope::All));
        }
    }

    /// The objects of the token.
    ///
    /// # Errors
    /// Why the medium cannot be read.
    pub(crate) fn objects(&self, library: &Library, freshness: Freshness<'_>) -> Answer<Arc<Objects>> {
        noticed(library, self.list(library, freshness))
    }

    fn list(&self, library: &Library, freshness: Freshness<'_>) -> Answer<Arc<Objects>> {
        let token = self.token(library.keystore())?;
        let usable = || {
            let kept = lock(&self.kept);
            let good = match freshness {
                Freshness::Holding { id, with_key }
                    if kept.objects.with_id(id).next().is_some() && (!with_key || !kept.objects.lacks_key(id)) =>
                {
                    kept.listed.is_some()
                }
                _ => kept.listed.is_some_and(|listed| listed.elapsed() < LISTING_AGE),
            };
            good.then(|| Arc::clone(&kept.objects))
        };
        if let Some(objects) = usable() {
            return Ok(objects);
        }
        let _one_at_a_time = lock(&self.listing);
        // Another thread may have listed while this one waited.
        if let Some(objects) = usable() {
            return Ok(objects);
        }
        let entries = lock(&token).entries()?;
        let known = Arc::clone(&lock(&self.kept).objects);
        let (objects, changed) = if known.is_of(&entries) {
            (known, Vec::new())
        } else {
            for problem in
                entries.iter().flat_map(|entry| entry.content.as_ref().err().into_iter().chain(&entry.problems))
            {
                library.note(problem);
            }
            let (objects, changed) = known.renewed(entries, library.object_handles())?;
            (Arc::new(objects), changed)
        };
        let mut kept = lock(&self.kept);
        if !kept.is_of(Some(&token)) {
            return Err(CKR_DEVICE_REMOVED.into());
        }
        kept.objects = Arc::clone(&objects);
        kept.listed = Some(Instant::now());
        if let Some(login) = &mut kept.login {
            login.forget_keys(&changed);
            login.forget_refusals();
        }
        Ok(objects)
    }

    /// The object of this handle.
    ///
    /// # Errors
    /// `CKR_OBJECT_HANDLE_INVALID`, also for a private object after logout.
    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE) -> Answer<Object> {
        let kept = lock(&self.kept);
        let issued = kept.login.as_ref().and_then(|login| login.issued(handle));
        let (public, part) = issued.unwrap_or_else(|| match kept.objects.position(handle) {
            Some(_) => (handle, Part::Certificate),
            None => (handle.wrapping_sub(1), Part::PublicKey),
        });
        let object = kept.objects.position(public).map(|index| Object::new(Arc::clone(&kept.objects), index, part));
        object.filter(Object::exists).ok_or_else(|| CKR_OBJECT_HANDLE_INVALID.into())
    }

    /// The key of this handle.
    ///
    /// # Errors
    /// `CKR_KEY_HANDLE_INVALID`, also for an object that is no key.
    pub(crate) fn key(&self, handle: CK_OBJECT_HANDLE) -> Answer<Object> {
        match self.object(handle) {
            Ok(object) if matches!(object.part(), Part::PublicKey | Part::PrivateKey) => Ok(object),
            _ => Err(CKR_KEY_HANDLE_INVALID.into()),
        }
    }

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

    /// Notes that a token has lost its login without our doing.
    fn login_lost(&self, error: Error, login: u64) -> Rv {
        if error.kind() == ErrorKind::NotLoggedIn {
            let mut kept = lock(&self.kept);
            kept.login.take_if(|current| current.number() == login);
        }
        error.into()
    }
}

impl Kept {
    fn login_number(&self) -> Option<u64> {
        self.login.as_ref().map(Login::number)
    }

    fn role(&self) -> Option<Role> {
        self.login.as_ref().map(Login::role)
    }

    /// Whether this is the token of what is kept.
    fn is_of(&self, token: Option<&SharedToken>) -> bool {
        match (&self.token, token) {
            (Some(kept), Some(token)) => Arc::ptr_eq(kept, token),
            (kept, token) => kept.is_none() && token.is_none(),
        }
    }
}

/// Passes an answer on. If it says that the medium went, this is the moment to log its token out and to close its sessions:
/// keys that it opened before would go on signing. No lock may be held.
fn noticed<T>(library: &Library, answer: Answer<T>) -> Answer<T> {
    if answer.as_ref().is_err_and(|rv| rv.code() == CKR_DEVICE_REMOVED) {
        library.refresh();
    }
    answer
}

/// Does this with a token that nobody else is using.
fn try_with(token: &SharedToken, work: impl FnOnce(&mut dyn Token)) {
    match token.try_lock() {
        Ok(mut token) => work(&mut **token),
        Err(TryLockError::Poisoned(token)) => work(&mut **token.into_inner()),
        Err(TryLockError::WouldBlock) => {}
    }
}

#[cfg(test)]
mod tests;
