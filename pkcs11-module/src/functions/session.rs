//! This file answers the session management functions (PKCS#11 3.0 5.6).

use cryptoki_sys::*;
use ingam::pin::{Pin, Role};
use ingam::token::Scope;

use crate::abi::argument::{Input, Presence};
use crate::abi::buffer::{Buffer, Out};
use crate::abi::foreign;
use crate::functions::slots::pin;
use crate::library::Library;
use crate::rv::Answer;
use crate::session::Access;
use crate::slot::Freshness;
use crate::user_name;

/// C_OpenSession. A read-write session opens on a write-protected token too: OpenSSH asks for one and writes nothing. What
/// would write is refused when it is tried.
pub(crate) fn open(
    library: &Library,
    slot: CK_SLOT_ID,
    flags: CK_FLAGS,
    _application: Presence,
    _notify: (),
    mut session: Out<'_, CK_SESSION_HANDLE>,
) -> Answer {
    if let Some(foreign) = library.foreign_slot(slot)? {
        session.set(library.open_foreign_session(foreign, flags)?);
        return Ok(());
    }
    if flags & CKF_SERIAL_SESSION == 0 {
        return Err(CKR_SESSION_PARALLEL_NOT_SUPPORTED.into());
    }
    let slot = library.token_slot(slot)?;
    let access = if flags & CKF_RW_SESSION == 0 { Access::ReadOnly } else { Access::ReadWrite };
    session.set(library.open_session(&slot, access)?);
    Ok(())
}

/// C_CloseSession.
pub(crate) fn close(library: &Library, session: CK_SESSION_HANDLE) -> Answer {
    library.close_session(session)
}

/// C_CloseAllSessions: those with one slot.
pub(crate) fn close_all(library: &Library, slot: CK_SLOT_ID) -> Answer {
    let slot = library.slot(slot)?;
    library.close_sessions(slot.id)
}

/// C_GetSessionInfo. Never touches a medium; another module says itself what it does.
#[allow(clippy::useless_conversion, reason = "CK_ULONG has 32 bits elsewhere")]
pub(crate) fn info(library: &Library, session: CK_SESSION_HANDLE, mut info: Out<'_, CK_SESSION_INFO>) -> Answer {
    if let Some(session) = library.foreign().get(session)? {
        let own = foreign::session_info(library, &session)?;
        info.set(CK_SESSION_INFO { slotID: session.at().id().number().into(), ..own });
        return Ok(());
    }
    let session = library.session(session)?;
    let access = match session.access() {
        Access::ReadOnly => 0,
        Access::ReadWrite => CKF_RW_SESSION,
    };
    info.set(CK_SESSION_INFO {
        slotID: session.slot().id().number().into(),
        state: session.state(),
        flags: CKF_SERIAL_SESSION | access,
        ulDeviceError: 0,
    });
    Ok(())
}

/// C_GetOperationState. No state leaves: that of a signature would hold the means to make it.
pub(crate) fn operation_state(library: &Library, session: CK_SESSION_HANDLE, _: Buffer<'_, u8>) -> Answer {
    let session = library.session(session)?;
    let operations = session.operations();
    let active = operations.digest.is_some()
        || operations.sign.is_some()
        || operations.verify.is_some()
        || operations.encrypt.is_some()
        || operations.decrypt.is_some();
    Err(if active { CKR_STATE_UNSAVEABLE } else { CKR_OPERATION_NOT_INITIALIZED }.into())
}

/// C_SetOperationState: nothing that we saved.
pub(crate) fn set_operation_state(
    library: &Library,
    session: CK_SESSION_HANDLE,
    _: Input<'_>,
    _: CK_OBJECT_HANDLE,
    _: CK_OBJECT_HANDLE,
) -> Answer {
    library.session(session)?;
    Err(CKR_SAVED_STATE_INVALID.into())
}

/// C_Login.
pub(crate) fn login(library: &Library, session: CK_SESSION_HANDLE, user: CK_USER_TYPE, typed: Option<&[u8]>) -> Answer {
    let session = library.session(session)?;
    let role = role(user)?;
    let pin = Pin::copy_of(pin(typed)?);
    session.slot().login(library, role, &Scope::All, &pin)
}

/// C_LoginUser: to the one certificate that the user name names. Its password is tried on no other; with an empty name it is
/// C_Login.
pub(crate) fn login_user(
    library: &Library,
    session: CK_SESSION_HANDLE,
    user: CK_USER_TYPE,
    typed: Option<&[u8]>,
    name: Input<'_>,
) -> Answer {
    if let Some(session) = library.foreign().get(session)? {
        // The modules that we pass on to have no user names.
        return if name.len() == 0 {
            foreign::login(library, &session, user, typed)
        } else {
            Err(CKR_FUNCTION_NOT_SUPPORTED.into())
        };
    }
    let session = library.session(session)?;
    let role = role(user)?;
    let pin = Pin::copy_of(pin(typed)?);
    let scope = name.with(|name| match name {
        [] => Ok(Scope::All),
        name => user_name::scope(&*session.slot().objects(library, Freshness::Recent)?, name),
    })?;
    session.slot().login(library, role, &scope, &pin)
}

fn role(user: CK_USER_TYPE) -> Answer<Role> {
    match user {
        CKU_USER => Ok(Role::User),
        CKU_SO => Ok(Role::SecurityOfficer),
        // No key of ours asks for its PIN each time.
        CKU_CONTEXT_SPECIFIC => Err(CKR_OPERATION_NOT_INITIALIZED.into()),
        _ => Err(CKR_USER_TYPE_INVALID.into()),
    }
}

/// C_Logout. Operations with private keys end, and handles of private objects are invalid from now on.
pub(crate) fn logout(library: &Library, session: CK_SESSION_HANDLE) -> Answer {
    let session = library.session(session)?;
    let ended = session.slot().logout()?;
    library.cancel_private_operations(session.slot().id(), ended);
    Ok(())
}

/// C_SessionCancel: ends the operations that the flags name.
pub(crate) fn cancel(library: &Library, session: CK_SESSION_HANDLE, flags: CK_FLAGS) -> Answer {
    if library.foreign().get(session)?.is_some() {
        return Err(CKR_FUNCTION_NOT_SUPPORTED.into());
    }
    let session = library.session(session)?;
    let mut operations = session.operations();
    let named = |flag: CK_FLAGS| flags & flag != 0;
    operations.find.take_if(|_| named(CKF_FIND_OBJECTS));
    operations.digest.take_if(|_| named(CKF_DIGEST));
    operations.sign.take_if(|_| named(CKF_SIGN));
    operations.verify.take_if(|_| named(CKF_VERIFY));
    operations.encrypt.take_if(|_| named(CKF_ENCRYPT));
    operations.decrypt.take_if(|_| named(CKF_DECRYPT));
    Ok(())
}
