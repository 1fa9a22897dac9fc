//! This file answers the object management functions (PKCS#11 3.0 5.7).

use cryptoki_sys::*;
use ingam::{Error, ErrorKind};

use crate::abi::buffer::{Buffer, Out};
use crate::abi::template::{Criterion, Wanted};
use crate::attribute;
use crate::find;
use crate::library::Library;
use crate::object::{Found, Part};
use crate::pending;
use crate::rv::{Answer, Rv};
use crate::session::{Access, Session};
use crate::session_object::SessionObject;
use crate::values::on_token;

/// C_CreateObject.
pub(crate) fn create(
    library: &Library,
    session: CK_SESSION_HANDLE,
    template: Vec<Criterion<'_>>,
    mut object: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    let session = library.session(session)?;
    if on_token(&template)? == Some(true) {
        session.slot().may_write(library, &session)?;
    }
    object.set(add(library, &session, SessionObject::create(session.handle(), &template)?)?);
    Ok(())
}

/// C_CopyObject.
pub(crate) fn copy(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: Vec<Criterion<'_>>,
    mut copy: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    let session = library.session(session)?;
    let original = session.slot().object(object)?;
    let stays_on_token = match &original {
        Found::Token(_) => on_token(&template)?.unwrap_or(true),
        Found::Session(object) => on_token(&template)?.unwrap_or_else(|| object.is_pending()),
    };
    if stays_on_token {
        session.slot().may_write(library, &session)?;
    }
    let made = match &original {
        Found::Token(_) if stays_on_token => {
            let error = Error::new(ErrorKind::Unsupported, "keeping a certificate twice on one medium");
            return Err(Rv::caused(CKR_TEMPLATE_INCONSISTENT, error));
        }
        Found::Token(object) => {
            SessionObject::of_token(session.handle(), object)?.copied(session.handle(), &template)?
        }
        Found::Session(object) => object.copied(session.handle(), &template)?,
    };
    copy.set(add(library, &session, made)?);
    Ok(())
}

/// Keeps an object in its session, or on the token if it is meant for it.
fn add(library: &Library, session: &Session, object: SessionObject) -> Answer<CK_OBJECT_HANDLE> {
    if object.is_pending() { pending::keep(library, session, object) } else { session.slot().add(library, object) }
}

/// C_DestroyObject.
pub(crate) fn destroy(library: &Library, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> Answer {
    let session = library.session(session)?;
    match session.slot().object(object)? {
        Found::Token(found) => session.slot().remove(library, &session, &found),
        Found::Session(found) => {
            access_for(&session, &found)?;
            if !found.values().flag(CKA_DESTROYABLE) {
                return Err(CKR_ACTION_PROHIBITED.into());
            }
            // Another thread may have been faster.
            if session.slot().session_objects().remove(object) { Ok(()) } else { Err(CKR_OBJECT_HANDLE_INVALID.into()) }
        }
    }
}

/// C_SetAttributeValue. What is on the medium says of itself what is in its files, and nothing else can be kept there.
pub(crate) fn set_attributes(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: Vec<Criterion<'_>>,
) -> Answer {
    let session = library.session(session)?;
    match session.slot().object(object)? {
        Found::Token(_) if session.access() == Access::ReadOnly => Err(CKR_SESSION_READ_ONLY.into()),
        Found::Token(_) => Err(CKR_ACTION_PROHIBITED.into()),
        Found::Session(found) => {
            access_for(&session, &found)?;
            session.slot().session_objects().replace(object, |object| object.changed(&template))
        }
    }
}

/// What waits to become the token's is the token's already to a session that may only read.
fn access_for(session: &Session, object: &SessionObject) -> Answer {
    match session.access() {
        Access::ReadOnly if object.is_pending() => Err(CKR_SESSION_READ_ONLY.into()),
        _ => Ok(()),
    }
}

/// C_GetObjectSize: bytes on the medium, where that is known without opening anything, or in memory.
pub(crate) fn size(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    mut size: Out<'_, CK_ULONG>,
) -> Answer {
    let bytes = match library.session(session)?.slot().object(object)? {
        Found::Session(object) => Some(object.len()),
        Found::Token(object) => match object.part() {
            Part::Certificate => Some(object.view().certificate().der().len()),
            Part::PublicKey => Some(object.view().certificate().public_key_info().len()),
            Part::PrivateKey | Part::Random => None,
        },
    };
    size.set(bytes.and_then(|bytes| CK_ULONG::try_from(bytes).ok()).unwrap_or(CK_UNAVAILABLE_INFORMATION));
    Ok(())
}

/// C_GetAttributeValue. Only the value of R opens anything.
pub(crate) fn attributes(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    mut wanted: Wanted<'_>,
) -> Answer {
    let session = library.session(session)?;
    let object = match session.slot().object(object)? {
        Found::Token(object) => object,
        Found::Session(object) => return wanted.answer(|kind| object.value(kind)),
    };
    let random = if object.part() == Part::Random && wanted.kinds().any(|kind| kind == CKA_VALUE) {
        // The set was changed on the medium since the handle was given out; what was asked for is no key here.
        let invalid = |rv: Rv| rv.renamed(CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID);
        session.slot().vid_random(library, &object).map_err(invalid)?
    } else {
        None
    };
    wanted.answer(|kind| attribute::value(object.view(), kind, random.as_ref()))
}

/// C_FindObjectsInit.
pub(crate) fn find_init(library: &Library, session: CK_SESSION_HANDLE, template: Vec<Criterion<'_>>) -> Answer {
    let session = library.session(session)?;
    if session.operations().find.is_some() {
        return Err(CKR_OPERATION_ACTIVE.into());
    }
    // The search may read the medium, so the session is not locked meanwhile.
    let found = find::find(library, &session, &template)?;
    session.operations().find = Some(found.into_iter());
    Ok(())
}

/// C_FindObjects.
pub(crate) fn find(library: &Library, session: CK_SESSION_HANDLE, mut objects: Buffer<'_, CK_OBJECT_HANDLE>) -> Answer {
    let session = library.session(session)?;
    let mut operations = session.operations();
    let found = operations.find.as_mut().ok_or(CKR_OPERATION_NOT_INITIALIZED)?;
    let room = objects.room().unwrap_or(0).min(found.len());
    objects.answer(&found.as_slice()[..room])?;
    found.by_ref().take(room).for_each(drop);
    Ok(())
}

/// C_FindObjectsFinal.
pub(crate) fn find_final(library: &Library, session: CK_SESSION_HANDLE) -> Answer {
    let session = library.session(session)?;
    let ended = session.operations().find.take();
    ended.map(drop).ok_or_else(|| CKR_OPERATION_NOT_INITIALIZED.into())
}
