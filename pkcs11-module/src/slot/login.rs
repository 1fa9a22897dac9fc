//! This file is who is logged in to a slot, from C_Login to whatever ends it.

use std::sync::TryLockError;

use cryptoki_sys::*;
use ingam::keystore::{Keystore, SharedToken, lock};
use ingam::pin::{Pin, Role};
use ingam::token::{Scope, Token};
use ingam::{Error, ErrorKind};

use super::{Kept, SlotState, noticed};
use crate::library::Library;
use crate::login::Login;
use crate::rv::{Answer, Rv};

impl SlotState {
    /// Logs in, to everything or to one set.
    ///
    /// # Errors
    /// `CKR_USER_ALREADY_LOGGED_IN` and its like; why the token refuses the PIN; `CKR_SESSION_CLOSED` if the last session of the
    /// slot was closed meanwhile.
    pub(crate) fn login(&self, library: &Library, role: Role, scope: &Scope, pin: &Pin) -> Answer {
        let presence = self.presence();
        let answer = noticed(library, self.try_login(library.keystore(), role, scope, pin));
        if answer.as_ref().is_err_and(|rv| rv.code() == CKR_USER_PIN_NOT_INITIALIZED) {
            // No key was found. Were they taken away while they were looked for?
            library.refresh();
            if self.presence() != presence || self.is_gone(library.keystore()) {
                return Err(CKR_DEVICE_REMOVED.into());
            }
        }
        answer
    }

    pub(super) fn try_login(&self, keystore: &Keystore, role: Role, scope: &Scope, pin: &Pin) -> Answer {
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
        if kept.sessions == 0 {
            // The last one was closed meanwhile: nobody would end this login, and the next session would begin with it.
            token.logout(&Scope::All);
            return Err(CKR_SESSION_CLOSED.into());
        }
        kept.logins += 1;
        kept.login = Some(Login::new(role, kept.logins, scope.clone()));
        Ok(())
    }

    /// Changes the PIN of who is logged in, or the user's; the login goes on.
    ///
    /// # Errors
    /// `CKR_TOKEN_WRITE_PROTECTED` where no PIN can be changed; `CKR_PIN_INCORRECT`; `CKR_FUNCTION_FAILED` if the old PIN
    /// opens several sets (the trace names them) or only one key of a set; those of writing.
    pub(crate) fn set_pin(&self, library: &Library, old: &Pin, new: &Pin) -> Answer {
        let token = self.token(library.keystore())?;
        let changed = {
            let mut token = lock(&token);
            let (role, scope) = lock(&self.kept)
                .login
                .as_ref()
                .map_or((Role::User, Scope::All), |login| (login.role(), login.scope().clone()));
            let admin = token.admin().ok_or(CKR_TOKEN_WRITE_PROTECTED)?;
            admin.change_pin(role, &scope, old, new).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Rv::caused(CKR_USER_PIN_NOT_INITIALIZED, error),
                ErrorKind::Unsupported => Rv::caused(CKR_FUNCTION_FAILED, error),
                _ => error.into(),
            })
        };
        self.outdate();
        noticed(library, changed)
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
    pub(super) fn end_login(&self, login: u64, still: impl FnOnce(&Kept) -> bool) -> bool {
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
        self.session_objects.remove_private();
        true
    }

    /// Logs out unless another thread is using the token; then the keys go with that thread's call.
    pub(crate) fn try_logout(&self) {
        let token = lock(&self.kept).token.clone();
        if let Some(token) = token {
            try_with(&token, |token| token.logout(&Scope::All));
        }
        lock(&self.kept).login = None;
        self.session_objects.clear();
    }

    /// In a forked child: wipes the keys of file media and waits for nobody.
    pub(crate) fn wipe_in_child(&self) {
        if let Ok(kept) = self.kept.try_lock()
            && let Some(token) = kept.token.as_ref().filter(|_| kept.keeps_files)
        {
            try_with(token, |token| token.logout(&Scope::All));
        }
        self.session_objects.try_wipe();
    }

    /// Notes that a token has lost its login without our doing.
    pub(super) fn login_lost(&self, error: Error, login: u64) -> Rv {
        if error.kind() == ErrorKind::NotLoggedIn
            && lock(&self.kept).login.take_if(|current| current.number() == login).is_some()
        {
            self.session_objects.remove_private();
        }
        error.into()
    }
}

/// Does this with a token that nobody else is using.
fn try_with(token: &SharedToken, work: impl FnOnce(&mut dyn Token)) {
    match token.try_lock() {
        Ok(mut token) => work(&mut **token),
        Err(TryLockError::Poisoned(token)) => work(&mut **token.into_inner()),
        Err(TryLockError::WouldBlock) => {}
    }
}
