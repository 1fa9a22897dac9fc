//! Slots of another PKCS#11 module (SoftHSM), passed through by ours.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../../tests/support/ill.rs"]
mod ill;
#[path = "../../../tests/support/softhsm.rs"]
mod softhsm;
#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod forks;
mod ills;
mod lengths;
mod parameters;
mod sessions;
mod slots;

use std::ptr::null_mut;

use cryptoki_sys::*;
use softhsm::SoftHsm;

const RW: CK_FLAGS = CKF_SERIAL_SESSION | CKF_RW_SESSION;

/// The initialised module in front of the SoftHSM of this process.
struct Foreign;

impl Foreign {
    /// With a token of this label.
    fn with_token(hsm: &SoftHsm, label: &str) -> Self {
        hsm.token(label);
        Self::start()
    }

    fn start() -> Self {
        c!(C_Initialize(null_mut())).unwrap();
        Self
    }

    fn slots(&self) -> Vec<CK_SLOT_ID> {
        let mut count = 0;
        c!(C_GetSlotList(CK_TRUE, null_mut(), &raw mut count)).unwrap();
        let mut slots = vec![0; usize::try_from(count).unwrap()];
        c!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)).unwrap();
        slots
    }

    fn slot(&self) -> CK_SLOT_ID {
        self.slots()[0]
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = c!(C_Finalize(null_mut()));
    }
}

/// SoftHSM's own functions: the other side of a comparison.
fn bare() -> &'static CK_FUNCTION_LIST {
    // SAFETY: the module's initialisers do nothing that a host must prepare.
    let library = std::mem::ManuallyDrop::new(unsafe { libloading::Library::new(softhsm::MODULE) }.unwrap());
    type Get = unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV;
    // SAFETY: the symbol has this type in every PKCS#11 module.
    let get = unsafe { library.get::<Get>(b"C_GetFunctionList") }.unwrap();
    let mut list = null_mut();
    // SAFETY: a place for the list.
    assert_eq!(unsafe { get(&raw mut list) }, CKR_OK);
    // SAFETY: the module is never unloaded.
    unsafe { &*list }
}

/// Ours, as a table of the same version.
fn ours() -> &'static CK_FUNCTION_LIST {
    let mut list = null_mut();
    // SAFETY: a place for the list.
    assert_eq!(unsafe { ingam_pkcs11::C_GetFunctionList(&raw mut list) }, CKR_OK);
    // SAFETY: a table that is part of this program.
    unsafe { &*list }
}
