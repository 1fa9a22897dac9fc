//! This file holds one login: which private objects it has shown, under handles that end with it.

use std::collections::HashMap;

use cryptoki_sys::CK_OBJECT_HANDLE;
use ingam::pin::Role;
use ingam::token::Scope;

use crate::handle::Handles;
use crate::object::Part;
use crate::rv::Answer;

/// A login. Handles of private objects belong to it: they stay invalid after the next login (C_Logout).
pub(crate) struct Login {
    role: Role,
    number: u64,
    scope: Scope,
    /// By the handle of the certificate.
    keys: HashMap<CK_OBJECT_HANDLE, Tried>,
    /// In the order of the handles.
    issued: Vec<Issued>,
}

/// What the password did to a key.
struct Tried {
    opens: bool,
    /// Whether it has an R; unknown until somebody looks for it.
    random: Option<bool>,
    key_handle: Option<CK_OBJECT_HANDLE>,
    random_handle: Option<CK_OBJECT_HANDLE>,
}

struct Issued {
    handle: CK_OBJECT_HANDLE,
    certificate: CK_OBJECT_HANDLE,
    part: Part,
}

impl Login {
    pub(crate) fn new(role: Role, number: u64, scope: Scope) -> Self {
        Self { role, number, scope, keys: HashMap::new(), issued: Vec::new() }
    }

    pub(crate) const fn role(&self) -> Role {
        self.role
    }

    /// Tells this login from every other one of the slot.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// To what.
    pub(crate) const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether this object is known to be there, or known not to be although the password opens its key.
    pub(crate) fn knows(&self, certificate: CK_OBJECT_HANDLE, part: Part) -> bool {
        let opened = self.keys.get(&certificate).filter(|tried| tried.opens);
        opened.is_some_and(|tried| part == Part::PrivateKey || tried.random.is_some())
    }

    /// Whether the password did not open this key when it was last tried.
    pub(crate) fn refused(&self, certificate: CK_OBJECT_HANDLE) -> bool {
        self.keys.get(&certificate).is_some_and(|tried| !tried.opens)
    }

    /// Remembers what the password did to a key, and if it was looked for, whether there is an R.
    pub(crate) fn learn(&mut self, certificate: CK_OBJECT_HANDLE, opens: bool, random: Option<bool>) {
        let fresh = Tried { opens, random, key_handle: None, random_handle: None };
        let tried = self.keys.entry(certificate).or_insert(fresh);
        tried.opens = opens;
        tried.random = random.or(tried.random);
    }

    /// Forgets what was learned of keys whose files changed.
    pub(crate) fn forget_keys(&mut self, certificates: &[CK_OBJECT_HANDLE]) {
        for certificate in certificates {
            self.keys.remove(certificate);
        }
    }

    /// Forgets which keys did not open: what was in the way, such as a medium that failed to answer, may be gone. The
    /// token remembers what the password is to blame for.
    pub(crate) fn forget_refusals(&mut self) {
        self.keys.retain(|_, tried| tried.opens);
    }

    /// The handle of a private object; `None` if the password does not open it or it does not exist.
    ///
    /// # Errors
    /// When handles are used up.
    pub(crate) fn handle(
        &mut self,
        certificate: CK_OBJECT_HANDLE,
        part: Part,
        handles: &Handles,
    ) -> Answer<Option<CK_OBJECT_HANDLE>> {
        let Some(tried) = self.keys.get_mut(&certificate).filter(|tried| tried.opens) else { return Ok(None) };
        let place = match part {
            Part::PrivateKey => &mut tried.key_handle,
            Part::Random if tried.random == Some(true) => &mut tried.random_handle,
            _ => return Ok(None),
        };
        if place.is_none() {
            let handle = handles.take(1)?;
            self.issued.push(Issued { handle, certificate, part });
            *place = Some(handle);
        }
        Ok(*place)
    }

    /// The certificate and part of a handle that this login has given out.
    pub(crate) fn issued(&self, handle: CK_OBJECT_HANDLE) -> Option<(CK_OBJECT_HANDLE, Part)> {
        let index = self.issued.binary_search_by_key(&handle, |issued| issued.handle).ok()?;
        self.issued.get(index).map(|issued| (issued.certificate, issued.part))
    }
}
