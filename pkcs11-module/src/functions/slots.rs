//! This file answers the slot and token management functions (PKCS#11 3.0 5.5).

use cryptoki_sys::*;
use ingam::medium::{Medium, MediumKind};
use ingam::pin::Pin;

use crate::abi::argument::Presence;
use crate::abi::buffer::{Buffer, Out};
use crate::functions::general::{MANUFACTURER, version};
use crate::library::Library;
use crate::mechanism;
use crate::monitor;
use crate::rv::Answer;
use crate::session::Access;
use crate::state::Process;
use crate::text::padded;

/// Length of a PIN in bytes: none is empty, and none that people type is longer.
const PIN_LENGTH: (usize, usize) = (1, 255);

/// C_GetSlotList. A call that asks for the number looks for media; the list that follows is the same one.
pub(crate) fn list(library: &Library, token_present: CK_BBOOL, mut slots: Buffer<'_, CK_SLOT_ID>) -> Answer {
    let known = if slots.room().is_none() { library.count_slots() } else { library.counted_slots() };
    let wanted = known.iter().filter(|slot| token_present == CK_FALSE || slot.present && slot.medium.is_usable());
    let ids: Vec<CK_SLOT_ID> = wanted.map(|slot| slot.id.number().into()).collect();
    slots.answer(&ids)
}

/// C_GetSlotInfo. Never touches a medium.
pub(crate) fn slot_info(library: &Library, slot: CK_SLOT_ID, mut info: Out<'_, CK_SLOT_INFO>) -> Answer {
    let slot = library.slot(slot)?;
    let mut flags = match slot.medium.kind {
        MediumKind::HardDisk => 0,
        MediumKind::RemovableDisk | MediumKind::StorageToken => CKF_REMOVABLE_DEVICE,
        MediumKind::SecurityToken | MediumKind::Smartcard => CKF_REMOVABLE_DEVICE | CKF_HW_SLOT,
    };
    if slot.present && slot.medium.is_usable() {
        flags |= CKF_TOKEN_PRESENT;
    }
    info.set(CK_SLOT_INFO {
        // The slot of all media has no place of its own; NSS cannot name a slot without a description.
        slotDescription: padded(if slot.medium.place.is_empty() { &slot.medium.label } else { &slot.medium.place }),
        manufacturerID: padded(MANUFACTURER),
        flags,
        hardwareVersion: CK_VERSION { major: 0, minor: 0 },
        firmwareVersion: CK_VERSION { major: 0, minor: 0 },
    });
    Ok(())
}

/// C_GetTokenInfo. Touches a medium only as long as no key is known on it.
pub(crate) fn token_info(library: &Library, slot: CK_SLOT_ID, mut info: Out<'_, CK_TOKEN_INFO>) -> Answer {
    let slot = library.token_slot(slot)?;
    let (sessions, read_write) = library.state(slot.id).sessions();
    let number = |count: usize| CK_ULONG::try_from(count).unwrap_or(CK_ULONG::MAX);
    let mut flags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED;
    if library.state(slot.id).has_key(library) {
        flags |= CKF_USER_PIN_INITIALIZED;
    }
    if slot.medium.write_protected {
        flags |= CKF_WRITE_PROTECTED;
    }
    info.set(CK_TOKEN_INFO {
        label: padded(&slot.medium.label),
        manufacturerID: padded(MANUFACTURER),
        model: padded(model(&slot.medium)),
        serialNumber: padded(&slot.medium.serial()),
        flags,
        ulMaxSessionCount: CK_EFFECTIVELY_INFINITE,
        ulSessionCount: number(sessions),
        ulMaxRwSessionCount: CK_EFFECTIVELY_INFINITE,
        ulRwSessionCount: number(read_write),
        ulMaxPinLen: number(PIN_LENGTH.1),
        ulMinPinLen: number(PIN_LENGTH.0),
        ulTotalPublicMemory: CK_UNAVAILABLE_INFORMATION,
        ulFreePublicMemory: CK_UNAVAILABLE_INFORMATION,
        ulTotalPrivateMemory: CK_UNAVAILABLE_INFORMATION,
        ulFreePrivateMemory: CK_UNAVAILABLE_INFORMATION,
        hardwareVersion: CK_VERSION { major: 0, minor: 0 },
        firmwareVersion: version(),
        utcTime: padded(""),
    });
    Ok(())
}

/// CK_TOKEN_INFO.model, part of every `pkcs11:` URI that names the token.
const fn model(medium: &Medium) -> &'static str {
    match medium.kind {
        MediumKind::SecurityToken => "security-token",
        MediumKind::Smartcard => "smartcard",
        MediumKind::StorageToken => "storage-token",
        MediumKind::RemovableDisk => "removable-disk",
        MediumKind::HardDisk => "hard-disk",
    }
}

/// C_GetMechanismList.
pub(crate) fn mechanism_list(library: &Library, slot: CK_SLOT_ID, mut list: Buffer<'_, CK_MECHANISM_TYPE>) -> Answer {
    library.token_slot(slot)?;
    list.answer(&mechanism::LIST)
}

/// C_GetMechanismInfo.
pub(crate) fn mechanism_info(
    library: &Library,
    slot: CK_SLOT_ID,
    kind: CK_MECHANISM_TYPE,
    mut info: Out<'_, CK_MECHANISM_INFO>,
) -> Answer {
    library.token_slot(slot)?;
    info.set(mechanism::info(kind)?);
    Ok(())
}

/// C_WaitForSlotEvent. A call that waits ends with the next event or with C_Finalize.
pub(crate) fn wait_for_event(
    process: &Process,
    flags: CK_FLAGS,
    mut slot: Out<'_, CK_SLOT_ID>,
    reserved: Presence,
) -> Answer {
    let library = process.library()?;
    if reserved == Presence::Something {
        return Err(CKR_ARGUMENTS_BAD.into());
    }
    let event = if flags & CKF_DONT_BLOCK != 0 {
        library.event().ok_or(CKR_NO_EVENT)?
    } else {
        monitor::wait(library).ok_or(CKR_CRYPTOKI_NOT_INITIALIZED)?
    };
    slot.set(event.number().into());
    Ok(())
}

/// C_InitToken. An NPKI medium has nothing to initialise: an empty folder is one.
pub(crate) fn init_token(library: &Library, slot: CK_SLOT_ID, _: Option<&[u8]>, label: Presence) -> Answer {
    let slot = library.token_slot(slot)?;
    if label == Presence::Null {
        return Err(CKR_ARGUMENTS_BAD.into());
    }
    if library.state(slot.id).sessions().0 > 0 {
        return Err(CKR_SESSION_EXISTS.into());
    }
    Err(if slot.medium.write_protected { CKR_TOKEN_WRITE_PROTECTED } else { CKR_FUNCTION_NOT_SUPPORTED }.into())
}

/// C_InitPIN: for the security officer, whom no token has yet.
pub(crate) fn init_pin(library: &Library, session: CK_SESSION_HANDLE, _: Option<&[u8]>) -> Answer {
    match library.session(session)?.state() {
        CKS_RW_SO_FUNCTIONS => Err(CKR_FUNCTION_NOT_SUPPORTED.into()),
        _ => Err(CKR_USER_NOT_LOGGED_IN.into()),
    }
}

/// C_SetPIN: of a medium of files, the password of the one set that the old one opens. Works logged in and not.
pub(crate) fn set_pin(library: &Library, session: CK_SESSION_HANDLE, old: Option<&[u8]>, new: Option<&[u8]>) -> Answer {
    let session = library.session(session)?;
    if session.access() == Access::ReadOnly {
        return Err(CKR_SESSION_READ_ONLY.into());
    }
    let (old, new) = (Pin::copy_of(pin(old)?), Pin::copy_of(pin(new)?));
    session.slot().set_pin(library, &old, &new)
}

/// A PIN as typed, if it can be one.
///
/// # Errors
/// `CKR_ARGUMENTS_BAD` for none (no token has a way of its own to ask for it) and for what is not UTF-8;
/// `CKR_PIN_LEN_RANGE`.
pub(super) fn pin(typed: Option<&[u8]>) -> Answer<&[u8]> {
    let typed = typed.ok_or(CKR_ARGUMENTS_BAD)?;
    if !(PIN_LENGTH.0..=PIN_LENGTH.1).contains(&typed.len()) {
        return Err(CKR_PIN_LEN_RANGE.into());
    }
    if std::str::from_utf8(typed).is_err() {
        return Err(CKR_ARGUMENTS_BAD.into());
    }
    Ok(typed)
}
