//! What the published tests of crate cryptoki call `common`, for a token that is used as it is: nothing is initialised.
#![allow(dead_code)]

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::Session;
use cryptoki::slot::Slot;

/// The password of every TEST certificate that the client tests make.
pub static USER_PIN: &str = "Clients-Only-2026!";
/// There is no security officer.
pub static SO_PIN: &str = "no such password";

pub fn is_softhsm() -> bool {
    false
}

pub fn is_kryoptic() -> bool {
    false
}

pub fn is_fips(_: &Session) -> bool {
    false
}

pub fn get_pkcs11() -> Pkcs11 {
    Pkcs11::new(std::env::var("TEST_PKCS11_MODULE").expect("TEST_PKCS11_MODULE names the module")).unwrap()
}

pub fn init_pins() -> (Pkcs11, Slot) {
    let pkcs11 = get_pkcs11();
    match pkcs11.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, Function::Initialize)) => {}
        Err(error) => panic!("{error}"),
    }
    let slot = pkcs11.get_slots_with_token().unwrap().remove(0);
    (pkcs11, slot)
}

pub fn get_firmware_version(pkcs11: &Pkcs11, slot: Slot) -> (u8, u8) {
    let version = pkcs11.get_slot_info(slot).unwrap().firmware_version();
    (version.major(), version.minor())
}
