//! This file gives out the objects that applications made on a slot, beside those of its token.

use cryptoki_sys::*;
use ingam::keystore::lock;
use ingam::pin::Role;

use super::SlotState;
use crate::library::Library;
use crate::object::{Found, Object, Part};
use crate::rv::Answer;
use crate::session::{Access, Session};
use crate::session_object::SessionObject;
use crate::session_objects::{Held, SessionObjects};

impl SlotState {
    /// The objects that applications made.
    pub(crate) const fn session_objects(&self) -> &SessionObjects {
        &self.session_objects
    }

    /// The object of this handle.
    ///
    /// # Errors
    /// `CKR_OBJECT_HANDLE_INVALID`, also for a private object after logout.
    pub(crate) fn object(&self, handle: CK_OBJECT_HANDLE) -> Answer<Found> {
        match self.session_objects.find(handle) {
            None => self.token_object(handle).map(Found::Token),
            Some(Held::Stored(handle)) => self.token_object(handle).map(Found::Token),
            Some(Held::Object(object)) => Ok(Found::Session(object)),
        }
    }

    /// The key of this handle.
    ///
    /// # Errors
    /// `CKR_KEY_HANDLE_INVALID`, also for an object that is no key.
    pub(crate) fn key(&self, handle: CK_OBJECT_HANDLE) -> Answer<Found> {
        self.object(handle).ok().filter(Found::is_key).ok_or_else(|| CKR_KEY_HANDLE_INVALID.into())
    }

    /// Keeps an object as long as the session that made it, a private one as long as its login; its handle.
    ///
    /// # Errors
    /// `CKR_USER_NOT_LOGGED_IN` for a private object; `CKR_SESSION_HANDLE_INVALID` if the session was closed meanwhile.
    pub(crate) fn add(&self, library: &Library, mut object: SessionObject) -> Answer<CK_OBJECT_HANDLE> {
        let (owner, is_private, login) = (object.owner(), object.is_private(), self.login_number());
        if is_private && self.role() != Some(Role::User) {
            return Err(CKR_USER_NOT_LOGGED_IN.into());
        }
        let handle = library.object_handles().take(1)?;
        object.identify(handle);
        self.session_objects.put(handle, object);
        let still_there = library.session(owner).map(drop).and_then(|()| match is_private {
            true if self.login_number() != login => Err(CKR_USER_NOT_LOGGED_IN.into()),
            _ => Ok(()),
        });
        if still_there.is_err() {
            self.session_objects.remove(handle);
        }
        still_there.map(|()| handle)
    }

    /// Whether objects of the token can be made and destroyed in this session.
    ///
    /// # Errors
    /// `CKR_SESSION_READ_ONLY`; `CKR_TOKEN_WRITE_PROTECTED`, also for a token that has no means to write;
    /// `CKR_USER_NOT_LOGGED_IN`; why the token cannot be opened.
    pub(crate) fn may_write(&self, library: &Library, session: &Session) -> Answer {
        if session.access() == Access::ReadOnly {
            return Err(CKR_SESSION_READ_ONLY.into());
        }
        let token = self.token(library.keystore())?;
        if library.keystore().slot(self.id)?.medium.write_protected || lock(&token).writer().is_none() {
            return Err(CKR_TOKEN_WRITE_PROTECTED.into());
        }
        if self.role() != Some(Role::User) {
            return Err(CKR_USER_NOT_LOGGED_IN.into());
        }
        Ok(())
    }

    /// Takes a private key and its certificate from the medium.
    ///
    /// # Errors
    /// Those of [`may_write`](Self::may_write); `CKR_ACTION_PROHIBITED` for any other part of a pair, and for a signing key
    /// whose set has an encryption pair; those of writing.
    pub(crate) fn remove(&self, library: &Library, session: &Session, object: &Object) -> Answer {
        if session.access() == Access::ReadOnly {
            return Err(CKR_SESSION_READ_ONLY.into());
        }
        let Some(key) = object.private_key().filter(|_| object.part() == Part::PrivateKey) else {
            return Err(CKR_ACTION_PROHIBITED.into());
        };
        self.may_write(library, session)?;
        if !object.view().is_destroyable() {
            return Err(CKR_ACTION_PROHIBITED.into());
        }
        let _one_at_a_time = self.storing();
        let token = self.token(library.keystore())?;
        let removed = match lock(&token).writer() {
            Some(writer) => writer.remove(key),
            None => return Err(CKR_TOKEN_WRITE_PROTECTED.into()),
        };
        self.outdate();
        super::noticed(library, removed.map_err(Into::into))
    }
}
