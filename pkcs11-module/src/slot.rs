//! This file keeps what the process has of one slot: its token, who is logged in, its objects, its sessions.
//!
//! Lock order: one pair being stored → one listing → the token → what is kept here → session objects. Nothing here but the
//! first two is locked while a medium is read or written.

mod keys;
mod login;
mod made;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use cryptoki_sys::*;
use ingam::keystore::{Keystore, SharedToken, SlotId, lock};
use ingam::medium::MediumKind;
use ingam::pin::Role;
use ingam::token::Scope;

use crate::library::Library;
use crate::login::Login;
use crate::object::{Object, Part};
use crate::objects::Objects;
use crate::rv::Answer;
use crate::session::Access;
use crate::session_objects::SessionObjects;

/// Why what was to be kept is not.
const UNPAIRED: ingam::Error =
    ingam::Error::new(ingam::ErrorKind::NotFound, "waiting for the other half of a pair, until its session closed");

/// How old a listing may be before a search asks the medium again.
const LISTING_AGE: Duration = Duration::from_secs(1);

/// One slot, as this process uses it.
pub(crate) struct SlotState {
    id: SlotId,
    /// Counts up when the medium goes, so that nothing of it outlives it. Changes while `kept` is locked.
    presence: AtomicU64,
    /// Held by the one thread that lists the medium.
    listing: Mutex<()>,
    /// Held by the one thread that stores a pair.
    storing: Mutex<()>,
    kept: Mutex<Kept>,
    session_objects: SessionObjects,
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
        Self {
            id,
            presence: AtomicU64::new(0),
            listing: Mutex::default(),
            storing: Mutex::default(),
            kept: Mutex::default(),
            session_objects: SessionObjects::default(),
        }
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

    /// Counts a session out; its objects go with it, and the last one ends the login. One of an earlier presence was counted
    /// out with it.
    pub(crate) fn leave(&self, library: &Library, session: CK_SESSION_HANDLE, access: Access, presence: u64) {
        if self.session_objects.remove_of(session) > 0 {
            library.note(&UNPAIRED);
        }
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
        self.session_objects.clear();
        *kept = Kept { logins: kept.logins, ..Kept::default() };
        self.presence.fetch_add(1, Ordering::Release);
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

    /// Whether the token has a key that a password could open. Only a medium of files is asked, and only as long as no key
    /// of it is known; one that cannot be read may have some.
    pub(crate) fn has_key(&self, library: &Library) -> bool {
        if self.token(library.keystore()).is_err() {
            return true;
        }
        let (keeps_files, known) = {
            let kept = lock(&self.kept);
            (kept.keeps_files, Arc::clone(&kept.objects))
        };
        let now = || self.objects(library, Freshness::Recent).map_or(true, |objects| objects.has_key());
        !keeps_files || known.has_key() || now()
    }

    /// The next search lists again, whatever it looks for: the medium changed.
    pub(crate) fn outdate(&self) {
        lock(&self.kept).listed = None;
    }

    /// Lets one thread at a time store pairs.
    pub(crate) fn storing(&self) -> MutexGuard<'_, ()> {
        lock(&self.storing)
    }

    /// The token's object of this handle.
    ///
    /// # Errors
    /// `CKR_OBJECT_HANDLE_INVALID`, also for a private object after logout.
    fn token_object(&self, handle: CK_OBJECT_HANDLE) -> Answer<Object> {
        let kept = lock(&self.kept);
        let issued = kept.login.as_ref().and_then(|login| login.issued(handle));
        let (public, part) = issued.unwrap_or_else(|| match kept.objects.position(handle) {
            Some(_) => (handle, Part::Certificate),
            None => (handle.wrapping_sub(1), Part::PublicKey),
        });
        let object = kept.objects.position(public).map(|index| Object::new(Arc::clone(&kept.objects), index, part));
        object.filter(Object::exists).ok_or_else(|| CKR_OBJECT_HANDLE_INVALID.into())
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
pub(crate) fn noticed<T>(library: &Library, answer: Answer<T>) -> Answer<T> {
    if answer.as_ref().is_err_and(|rv| rv.code() == CKR_DEVICE_REMOVED) {
        library.refresh();
    }
    answer
}
