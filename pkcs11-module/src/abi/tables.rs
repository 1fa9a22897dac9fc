//! This file hands out the function tables and interfaces (PKCS#11 3.0 section 5.2).

use std::ffi::CStr;

use cryptoki_sys::*;

use super::buffer::{Buffer, Out};
use super::entries::{table_2_40, table_3_0};
use crate::rv::Answer;
use crate::state::Process;

/// The version of the newest table that is really there.
pub(crate) const NEWEST: CK_VERSION = CK_VERSION { major: 3, minor: 0 };

/// A legacy list that says more than 2.40 sends its clients behind its end.
const LEGACY: CK_VERSION = CK_VERSION { major: 2, minor: 40 };

/// The one interface name of the standard.
const NAME: &CStr = c"PKCS 11";

static TABLE_2_40: CK_FUNCTION_LIST = table_2_40(LEGACY);
static TABLE_3_0: CK_FUNCTION_LIST_3_0 = table_3_0(NEWEST);

/// Tables that hosts may hold on to: C has no read-only pointers here, and nobody writes through these.
#[repr(transparent)]
struct Shared([CK_INTERFACE; 2]);

// SAFETY: the pointers lead to constants.
unsafe impl Sync for Shared {}

/// The default comes first.
static INTERFACES: Shared =
    Shared([interface_of((&raw const TABLE_3_0).cast()), interface_of((&raw const TABLE_2_40).cast())]);

const fn interface_of(table: *const std::ffi::c_void) -> CK_INTERFACE {
    // No CKF_INTERFACE_FORK_SAFE: a child has to initialise again.
    CK_INTERFACE { pInterfaceName: NAME.as_ptr().cast_mut().cast(), pFunctionList: table.cast_mut(), flags: 0 }
}

/// C_GetFunctionList.
pub(super) fn function_list(_: &Process, mut list: Out<'_, *mut CK_FUNCTION_LIST>) -> Answer {
    list.set((&raw const TABLE_2_40).cast_mut());
    Ok(())
}

/// C_GetInterfaceList.
pub(super) fn interface_list(_: &Process, mut list: Buffer<'_, CK_INTERFACE>) -> Answer {
    list.answer(&INTERFACES.0)
}

/// C_GetInterface: the first interface of this name and version, where those are given, that has these flags.
pub(super) fn interface(
    _: &Process,
    name: Option<&CStr>,
    version: Option<CK_VERSION>,
    mut interface: Out<'_, *mut CK_INTERFACE>,
    flags: CK_FLAGS,
) -> Answer {
    let named = name.is_none_or(|name| name == NAME);
    let versions = [NEWEST, LEGACY];
    let found = INTERFACES.0.iter().zip(versions).find(|(known, at)| {
        let wanted = version.is_none_or(|version| (version.major, version.minor) == (at.major, at.minor));
        named && wanted && known.flags & flags == flags
    });
    let (found, _) = found.ok_or(CKR_FUNCTION_FAILED)?;
    interface.set(std::ptr::from_ref(found).cast_mut());
    Ok(())
}
