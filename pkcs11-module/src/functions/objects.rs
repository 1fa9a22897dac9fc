//! This file answers the object management functions (PKCS#11 3.0 5.7). Nothing can be written yet.

use cryptoki_sys::*;

use crate::abi::buffer::{Buffer, Out};
use crate::abi::template::{Criterion, Wanted};
use crate::attribute;
use crate::find;
use crate::library::Library;
use crate::object::Part;
use crate::rv::{Answer, Rv};
use crate::session::{Access, Session};

/// C_CreateObject.
pub(crate) fn create(
    library: &Library,
    session: CK_SESSION_HANDLE,
    template: Vec<Criterion<'_>>,
    _: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    let session = library.session(session)?;
    refuse_to_make(&session, &template)
}

/// C_CopyObject.
pub(crate) fn copy(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    template: Vec<Criterion<'_>>,
    _: Out<'_, CK_OBJECT_HANDLE>,
) -> Answer {
    let session = library.session(session)?;
    session.slot().object(object)?;
    refuse_to_make(&session, &template)
}

/// Why an object of this template is not made: a token object because the token cannot be written, a session object because
/// there are none.
pub(super) fn refuse_to_make(session: &Session, template: &[Criterion<'_>]) -> Answer {
    let on_token = template.iter().any(|criterion| criterion.kind == CKA_TOKEN && *criterion.value == [CK_TRUE]);
    Err(if on_token { read_only(session) } else { CKR_FUNCTION_NOT_SUPPORTED }.into())
}

/// C_DestroyObject.
pub(crate) fn destroy(library: &Library, session: CK_SESSION_HANDLE, object: CK_OBJECT_HANDLE) -> Answer {
    let session = library.session(session)?;
    session.slot().object(object)?;
    Err(read_only(&session).into())
}

/// C_SetAttributeValue.
pub(crate) fn set_attributes(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    _: Vec<Criterion<'_>>,
) -> Answer {
    let session = library.session(session)?;
    session.slot().object(object)?;
    Err(read_only(&session).into())
}

fn read_only(session: &Session) -> CK_RV {
    match session.access() {
        Access::ReadOnly => CKR_SESSION_READ_ONLY,
        Access::ReadWrite => CKR_TOKEN_WRITE_PROTECTED,
    }
}

/// C_GetObjectSize: bytes on the medium, where that is known without opening anything.
pub(crate) fn size(
    library: &Library,
    session: CK_SESSION_HANDLE,
    object: CK_OBJECT_HANDLE,
    mut size: Out<'_, CK_ULONG>,
) -> Answer {
    let object = library.session(session)?.slot().object(object)?;
    let certificate = object.view().certificate();
    let bytes = match object.part() {
        Part::Certificate => Some(certificate.der().len()),
        Part::PublicKey => Some(certificate.public_key_info().len()),
        Part::PrivateKey | Part::Random => None,
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
    let object = session.slot().object(object)?;
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
