//! Slots of another module: what they say of themselves, and that their numbers stay.

use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::Foreign;
use crate::softhsm::{self, PIN, SO_PIN};
use crate::support::{Session, number};

fn label(slot: CK_SLOT_ID) -> String {
    let mut info = CK_TOKEN_INFO::default();
    c!(C_GetTokenInfo(slot, &raw mut info)).unwrap();
    String::from_utf8_lossy(&info.label).trim_end().to_owned()
}

fn init(slot: CK_SLOT_ID, so_pin: &str, label: &str) -> Result<(), CK_RV> {
    let (mut pin, mut field) = (so_pin.as_bytes().to_vec(), [b' '; 32]);
    field[..label.len()].copy_from_slice(label.as_bytes());
    c!(C_InitToken(slot, pin.as_mut_ptr(), number(pin.len()), field.as_mut_ptr()))
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_speaks_for_itself() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "회사 토큰");
        let mut info = CK_TOKEN_INFO::default();
        c!(C_GetTokenInfo(module.slot(), &raw mut info)).unwrap();
        let (label, manufacturer) = (info.label, info.manufacturerID);
        assert_eq!(String::from_utf8_lossy(&label).trim_end(), "회사 토큰");
        assert!(manufacturer.starts_with(b"SoftHSM project"));
        assert_eq!(info.flags & CKF_TOKEN_INITIALIZED, CKF_TOKEN_INITIALIZED);
        let mut slot = CK_SLOT_INFO::default();
        c!(C_GetSlotInfo(module.slot(), &raw mut slot)).unwrap();
        assert!({ slot.slotDescription }.starts_with(b"SoftHSM slot"));
        let mut mechanism = CK_MECHANISM_INFO::default();
        c!(C_GetMechanismInfo(module.slot(), CKM_AES_KEY_WRAP, &raw mut mechanism)).unwrap();
        assert_eq!(mechanism.flags & CKF_WRAP, CKF_WRAP);
        assert_eq!(
            c!(C_GetMechanismInfo(module.slot(), CK_ULONG::MAX, &raw mut mechanism)),
            Err(CKR_MECHANISM_INVALID)
        );
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_slot_keeps_its_number_when_its_token_is_initialised_again_and_when_the_module_is() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "before");
        let slot = module.slot();
        let session = Session::open(slot, crate::RW).unwrap();
        assert_eq!(init(slot, SO_PIN, "after"), Err(CKR_SESSION_EXISTS));
        session.close();
        assert_eq!(init(slot, "wrong one", "after"), Err(CKR_PIN_INCORRECT));
        assert_eq!(label(slot), "before");
        assert_eq!(init(slot, SO_PIN, "after"), Ok(()));
        assert_eq!((module.slots(), label(slot)), (vec![slot], "after".into()));
        drop(module);
        let again = Foreign::start();
        assert_eq!((again.slots(), label(slot)), (vec![slot], "after".into()));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_that_is_not_initialised_is_shown_on_request_and_keeps_its_slot_when_it_is() {
    softhsm::alone(|_| {
        let module = Foreign::start();
        assert_eq!(module.slots(), [], "applications choke on it");
        drop(module);
        // SAFETY: only Rust reads the environment here, under the standard library's lock.
        unsafe { std::env::set_var("INGAM_PKCS11_UNINITIALISED", "1") };
        let module = Foreign::start();
        let slot = module.slot();
        let mut info = CK_TOKEN_INFO::default();
        c!(C_GetTokenInfo(slot, &raw mut info)).unwrap();
        assert_eq!(info.flags & CKF_TOKEN_INITIALIZED, 0);
        assert_eq!(init(slot, SO_PIN, "newborn"), Ok(()));
        assert_eq!(label(slot), "newborn");
        assert!(module.slots().contains(&slot));
        let session = Session::open(slot, crate::RW).unwrap();
        let mut pin = SO_PIN.as_bytes().to_vec();
        assert_eq!(c!(C_Login(session.0, CKU_SO, pin.as_mut_ptr(), number(pin.len()))), Ok(()));
        let mut pin = PIN.as_bytes().to_vec();
        assert_eq!(c!(C_InitPIN(session.0, pin.as_mut_ptr(), number(pin.len()))), Ok(()));
        session.logout();
        assert_eq!(session.login(PIN), Ok(()));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_cannot_be_loaded_is_no_slot() {
    softhsm::alone(|hsm| {
        hsm.token("token");
        let broken = hsm.folder().join("broken.so");
        std::fs::write(&broken, "this is no module").unwrap();
        let modules = std::env::join_paths([broken, softhsm::MODULE.into()]).unwrap();
        // SAFETY: only Rust reads the environment here, under the standard library's lock.
        unsafe { std::env::set_var("INGAM_PKCS11_MODULES", modules) };
        let module = Foreign::start();
        let mut count = 0;
        c!(C_GetSlotList(CK_FALSE, null_mut(), &raw mut count)).unwrap();
        assert_eq!(count, 1);
        assert_eq!(label(module.slot()), "token");
    });
}
