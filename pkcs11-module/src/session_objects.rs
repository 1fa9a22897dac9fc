//! This file keeps what applications brought or had made on one slot: each object as long as the session that made it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use cryptoki_sys::*;
use ingam::keystore::lock;

use crate::rv::Answer;
use crate::session_object::SessionObject;

/// The session objects of a slot, seen by all sessions of it.
#[derive(Default)]
pub(crate) struct SessionObjects {
    /// How many there are, so that a search of a token without any pays for none.
    count: AtomicUsize,
    held: Mutex<BTreeMap<CK_OBJECT_HANDLE, Held>>,
}

/// What a handle stands for.
#[derive(Clone)]
pub(crate) enum Held {
    Object(Arc<SessionObject>),
    /// What became an object of the token, under the handle that it has there. Stays when its session ends, as such objects
    /// do.
    Stored(CK_OBJECT_HANDLE),
}

impl SessionObjects {
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// What this handle stands for.
    pub(crate) fn find(&self, handle: CK_OBJECT_HANDLE) -> Option<Held> {
        if self.is_empty() {
            return None;
        }
        lock(&self.held).get(&handle).cloned()
    }

    /// The handles of the objects that fit, in the order in which they were made.
    pub(crate) fn matching(&self, fits: impl Fn(&SessionObject) -> bool) -> Vec<CK_OBJECT_HANDLE> {
        if self.is_empty() {
            return Vec::new();
        }
        let held = lock(&self.held);
        let fitting = held.iter().filter(|(_, held)| held.object().is_some_and(|object| fits(object)));
        fitting.map(|(handle, _)| *handle).collect()
    }

    /// The objects that are to become the token's.
    pub(crate) fn pending(&self) -> Vec<(CK_OBJECT_HANDLE, Arc<SessionObject>)> {
        let held = lock(&self.held);
        let objects = held.iter().filter_map(|(handle, held)| Some((*handle, held.object()?)));
        objects.filter(|(_, object)| object.is_pending()).map(|(handle, object)| (handle, Arc::clone(object))).collect()
    }

    /// Keeps an object.
    pub(crate) fn put(&self, handle: CK_OBJECT_HANDLE, object: SessionObject) {
        self.change(|held| drop(held.insert(handle, Held::Object(Arc::new(object)))));
    }

    /// Puts a changed object in the place of what it was. Meanwhile nobody else changes it: what one thread made stricter
    /// another does not undo.
    ///
    /// # Errors
    /// `CKR_OBJECT_HANDLE_INVALID` if it was destroyed meanwhile; those of the change.
    pub(crate) fn replace(
        &self,
        handle: CK_OBJECT_HANDLE,
        change: impl FnOnce(&SessionObject) -> Answer<SessionObject>,
    ) -> Answer {
        match lock(&self.held).get_mut(&handle) {
            Some(Held::Object(object)) => *object = Arc::new(change(object)?),
            _ => return Err(CKR_OBJECT_HANDLE_INVALID.into()),
        }
        Ok(())
    }

    /// Notes that an object is one of the token from now on.
    pub(crate) fn stored(&self, made: CK_OBJECT_HANDLE, handle: CK_OBJECT_HANDLE) {
        self.change(|held| held.insert(made, Held::Stored(handle))).iter().for_each(Held::wipe);
    }

    /// Ends an object; whether it was there.
    pub(crate) fn remove(&self, handle: CK_OBJECT_HANDLE) -> bool {
        let removed = self.change(|held| held.remove(&handle));
        removed.iter().for_each(Held::wipe);
        removed.is_some()
    }

    /// Ends the objects of a session; how many of them were to become objects of the token.
    pub(crate) fn remove_of(&self, owner: CK_SESSION_HANDLE) -> usize {
        self.remove_where(|held| held.object().is_some_and(|object| object.owner() == owner))
    }

    /// Ends the private objects: their login is over.
    pub(crate) fn remove_private(&self) {
        self.remove_where(|held| held.object().is_some_and(|object| object.is_private()));
    }

    /// Ends all objects.
    pub(crate) fn clear(&self) {
        self.remove_where(|_| true);
    }

    /// In a forked child: wipes what no thread of the parent was using, and waits for nobody.
    pub(crate) fn try_wipe(&self) {
        let Ok(mut held) = self.held.try_lock() else { return };
        for held in std::mem::take(&mut *held).into_values() {
            if let Some(key) = held.object().and_then(|object| object.key()) {
                key.try_wipe();
            }
        }
    }

    fn remove_where(&self, gone: impl Fn(&Held) -> bool) -> usize {
        if self.is_empty() {
            return 0;
        }
        let mut removed = Vec::new();
        self.change(|held| {
            held.retain(|_, held| {
                let gone = gone(held);
                if gone {
                    removed.push(held.clone());
                }
                !gone
            });
        });
        removed.iter().for_each(Held::wipe);
        removed.iter().filter_map(Held::object).filter(|object| object.is_pending()).count()
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<CK_OBJECT_HANDLE, Held>) -> T) -> T {
        let mut held = lock(&self.held);
        let made = change(&mut held);
        self.count.store(held.len(), Ordering::Release);
        made
    }
}

impl Held {
    const fn object(&self) -> Option<&Arc<SessionObject>> {
        match self {
            Self::Object(object) => Some(object),
            Self::Stored(_) => None,
        }
    }

    /// Wipes the key of an object that is no more: an operation in another session must not go on with it.
    fn wipe(&self) {
        if let Some(key) = self.object().and_then(|object| object.key()) {
            key.wipe();
        }
    }
}
