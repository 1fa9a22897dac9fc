//! Slots and tokens: what is there, how it introduces itself, and media that come, go or cannot be read.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;

use cryptoki_sys::*;
use support::{Mechanism, Module, Npki, Session, number, until};

fn token_info(slot: CK_SLOT_ID) -> Result<CK_TOKEN_INFO, CK_RV> {
    let mut info = CK_TOKEN_INFO::default();
    c!(C_GetTokenInfo(slot, &raw mut info)).map(|()| info)
}

fn slot_info(slot: CK_SLOT_ID) -> Result<CK_SLOT_INFO, CK_RV> {
    let mut info = CK_SLOT_INFO::default();
    c!(C_GetSlotInfo(slot, &raw mut info)).map(|()| info)
}

fn count(token_present: CK_BBOOL) -> CK_ULONG {
    let mut count = 0;
    c!(C_GetSlotList(token_present, null_mut(), &raw mut count)).unwrap();
    count
}

#[test]
fn a_token_says_what_it_is_and_what_it_needs() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let info = token_info(module.slot()).unwrap();
    let holder = npki.home.path().file_name().unwrap().to_str().unwrap();
    assert_eq!(std::str::from_utf8(&info.label).unwrap().trim_end(), format!("NPKI {holder}"));
    assert_eq!(&info.model, b"hard-disk       ");
    assert!(info.serialNumber.iter().all(|digit| digit.is_ascii_hexdigit()));
    let needs = CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED | CKF_RNG;
    assert_eq!(info.flags & needs, needs);
    assert_eq!(info.flags & CKF_PROTECTED_AUTHENTICATION_PATH, 0);
    assert_eq!((info.ulSessionCount, info.ulRwSessionCount), (0, 0));
    let _sessions = (module.open(), Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap());
    let info = token_info(module.slot()).unwrap();
    assert_eq!((info.ulSessionCount, info.ulRwSessionCount), (2, 1));
    assert_eq!(slot_info(module.slot()).unwrap().flags, CKF_TOKEN_PRESENT);
}

#[test]
fn a_slot_keeps_its_number_in_every_life_and_is_valid_without_a_list() {
    let npki = Npki::one();
    let slot = Module::start(&npki).slot();
    assert!((1..1 << 31).contains(&slot));
    let module = Module::start(&npki);
    slot_info(slot).unwrap();
    assert_eq!(module.slot(), slot);
}

#[test]
fn a_slot_that_never_was_is_no_slot() {
    let _module = Module::owning(Npki::one());
    for slot in [0, 7, CK_SLOT_ID::MAX] {
        assert_eq!(slot_info(slot).err(), Some(CKR_SLOT_ID_INVALID));
        assert_eq!(token_info(slot).err(), Some(CKR_SLOT_ID_INVALID));
        assert_eq!(Session::open(slot, CKF_SERIAL_SESSION), Err(CKR_SLOT_ID_INVALID));
        assert_eq!(c!(C_CloseAllSessions(slot)), Err(CKR_SLOT_ID_INVALID));
        let mut mechanisms = 0;
        assert_eq!(c!(C_GetMechanismList(slot, null_mut(), &raw mut mechanisms)), Err(CKR_SLOT_ID_INVALID));
    }
}

#[test]
fn the_list_changes_only_when_its_length_is_asked() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let slot = module.slot();
    let session = module.logged_in();
    std::fs::rename(npki.root(), npki.home.path().join("away")).unwrap();
    let mut slots = [0; 1];
    let mut length = 1;
    c!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut length)).unwrap();
    assert_eq!((slots[0], length), (slot, 1), "the call with a buffer does not look again");

    assert_eq!(count(CK_TRUE), 0);
    assert_eq!(count(CK_FALSE), 1, "a slot that was seen stays");
    assert_eq!(slot_info(slot).unwrap().flags & CKF_TOKEN_PRESENT, 0);
    assert_eq!(token_info(slot).err(), Some(CKR_TOKEN_NOT_PRESENT));
    assert_eq!(Session::open(slot, CKF_SERIAL_SESSION), Err(CKR_TOKEN_NOT_PRESENT));
    let mut info = CK_SESSION_INFO::default();
    assert_eq!(c!(C_GetSessionInfo(session.0, &raw mut info)), Err(CKR_DEVICE_REMOVED));

    std::fs::rename(npki.home.path().join("away"), npki.root()).unwrap();
    assert_eq!(count(CK_TRUE), 1);
    let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    assert_eq!(session.state(), CKS_RO_PUBLIC_SESSION, "the login went with the medium");
    module.logged_in();
}

#[test]
fn what_came_or_went_is_one_event_each_and_what_was_there_is_none() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let next = || {
        let mut slot = 0;
        c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())).map(|()| slot)
    };
    let slot = module.slot();
    assert_eq!(next(), Err(CKR_NO_EVENT));
    std::fs::rename(npki.root(), npki.home.path().join("away")).unwrap();
    count(CK_TRUE);
    assert_eq!(next(), Ok(slot));
    assert_eq!(next(), Err(CKR_NO_EVENT));
    std::fs::rename(npki.home.path().join("away"), npki.root()).unwrap();
    let waited = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut slot = 0;
            c!(C_WaitForSlotEvent(0, &raw mut slot, null_mut())).map(|()| slot)
        });
        count(CK_TRUE);
        waiting.join().unwrap()
    });
    assert_eq!(waited, Ok(slot));
    let mut slot = 0;
    assert_eq!(c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, (&raw mut slot).cast())), Err(CKR_ARGUMENTS_BAD));
}

#[cfg(unix)]
#[test]
fn a_medium_that_cannot_be_read_is_listed_and_harms_no_other() {
    use std::os::unix::fs::symlink;
    let npki = Npki::one();
    let broken = npki.home.path().join("NPKI-broken");
    // A loop of links: found, and unreadable to root as well.
    symlink(&broken, &broken).unwrap();
    let turn = support::turn();
    support::point_at(&npki);
    let both = std::env::join_paths([broken, npki.root()]).unwrap();
    // SAFETY: only Rust reads the environment here.
    unsafe { std::env::set_var("INGAM_NPKI_PATH", both) };
    c!(C_Initialize(null_mut())).unwrap();
    assert_eq!((count(CK_FALSE), count(CK_TRUE)), (2, 1));
    let mut slots = [0; 2];
    let mut length = 2;
    c!(C_GetSlotList(CK_FALSE, slots.as_mut_ptr(), &raw mut length)).unwrap();
    assert_eq!(slot_info(slots[0]).unwrap().flags & CKF_TOKEN_PRESENT, 0);
    assert_eq!(token_info(slots[0]).err(), Some(CKR_TOKEN_NOT_PRESENT), "as the slot's flags say");
    assert_eq!(Session::open(slots[0], CKF_SERIAL_SESSION), Err(CKR_TOKEN_NOT_PRESENT));
    assert_eq!(c!(C_GetMechanismList(slots[0], null_mut(), &raw mut length)), Err(CKR_TOKEN_NOT_PRESENT));
    Session::open(slots[1], CKF_SERIAL_SESSION).unwrap().login(support::PASSWORD).unwrap();
    c!(C_Finalize(null_mut())).unwrap();
    drop(turn);
}

#[test]
fn a_configuration_that_cannot_be_read_leaves_an_empty_library_and_the_trace_says_why() {
    let npki = Npki::one();
    let conf = npki.home.path().join("bad.toml");
    std::fs::write(&conf, "no such field = 1").unwrap();
    let turn = support::turn();
    for (variable, value, reason) in
        [("INGAM_CONF", conf.as_os_str(), "bad.toml"), ("INGAM_SLOTS", "many".as_ref(), "INGAM_SLOTS")]
    {
        let log = npki.home.path().join(variable);
        support::point_at(&npki);
        // SAFETY: only Rust reads the environment here.
        unsafe {
            std::env::set_var(variable, value);
            std::env::set_var("INGAM_PKCS11_LOG", &log);
        }
        c!(C_Initialize(null_mut())).unwrap();
        let slots = count(CK_FALSE);
        c!(C_Finalize(null_mut())).unwrap();
        // SAFETY: as above.
        unsafe {
            std::env::remove_var(variable);
            std::env::remove_var("INGAM_PKCS11_LOG");
        }
        assert_eq!(slots, 0);
        let trace = std::fs::read_to_string(log).unwrap();
        assert!(trace.contains("left out") && trace.contains(reason), "{trace}");
    }
    drop(turn);
}

#[test]
fn a_call_that_finds_the_medium_gone_ends_its_sessions_and_keys() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    session.sign_init(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key).unwrap();
    std::fs::rename(npki.root(), npki.home.path().join("away")).unwrap();
    // The listing may be used for a moment yet, and so may the key.
    let refused = until(|| session.find(&[]).err());
    assert_eq!(refused, CKR_DEVICE_REMOVED);
    let mut signature = [0; 256];
    let mut length = 256;
    let place = signature.as_mut_ptr();
    assert_eq!(c!(C_Sign(session.0, place, 3, place, &raw mut length)), Err(CKR_DEVICE_REMOVED));
    assert_eq!(Session::open(module.slot(), CKF_SERIAL_SESSION), Err(CKR_TOKEN_NOT_PRESENT));
}

#[test]
fn every_mechanism_of_the_list_has_its_info_and_no_other() {
    let module = Module::owning(Npki::one());
    let slot = module.slot();
    let mut length = 0;
    c!(C_GetMechanismList(slot, null_mut(), &raw mut length)).unwrap();
    let mut list = vec![0; usize::try_from(length).unwrap()];
    c!(C_GetMechanismList(slot, list.as_mut_ptr(), &raw mut length)).unwrap();
    for needed in [
        CKM_RSA_PKCS,
        CKM_SHA1_RSA_PKCS,
        CKM_SHA256_RSA_PKCS,
        CKM_SHA384_RSA_PKCS,
        CKM_SHA512_RSA_PKCS,
        CKM_RSA_PKCS_PSS,
        CKM_SHA256_RSA_PKCS_PSS,
        CKM_RSA_PKCS_OAEP,
    ] {
        assert!(list.contains(&needed), "{needed:#x}");
    }
    let info = |mechanism| {
        let mut info = CK_MECHANISM_INFO::default();
        c!(C_GetMechanismInfo(slot, mechanism, &raw mut info)).map(|()| info)
    };
    for mechanism in list {
        let info = info(mechanism).unwrap();
        assert!(info.flags != 0 && info.ulMinKeySize <= info.ulMaxKeySize);
    }
    assert_eq!(info(CKM_AES_CBC).err(), Some(CKR_MECHANISM_INVALID));
}

#[test]
fn a_token_that_cannot_be_initialised_says_so() {
    let module = Module::owning(Npki::one());
    let slot = module.slot();
    let mut label = [b' '; 32];
    let mut pin = *b"12345678";
    let mut init = || c!(C_InitToken(slot, pin.as_mut_ptr(), 8, label.as_mut_ptr()));
    assert_eq!(init(), Err(CKR_FUNCTION_NOT_SUPPORTED));
    let session = module.open();
    assert_eq!(init(), Err(CKR_SESSION_EXISTS));
    let mut pin = *b"12345678";
    assert_eq!(c!(C_InitPIN(session.0, pin.as_mut_ptr(), 8)), Err(CKR_USER_NOT_LOGGED_IN));
}

#[test]
fn a_tokens_flags_are_true() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let always = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_TOKEN_INITIALIZED;
    assert_eq!(token_info(module.slot()).unwrap().flags, always | CKF_USER_PIN_INITIALIZED);
    drop(module);
    let npki = Npki::empty();
    let module = Module::start(&npki);
    let slot = module.slot();
    assert_eq!(token_info(slot).unwrap().flags, always, "no key, no password");
    let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
    assert_eq!(session.login("12345678"), Err(CKR_USER_PIN_NOT_INITIALIZED));
}

#[test]
fn a_slot_that_cannot_be_written_says_so_in_its_flags_and_answers() {
    for view in ["one", "certificate"] {
        let npki = Npki::one();
        let turn = support::turn();
        // SAFETY: only Rust reads the environment here, under the standard library's lock.
        unsafe { std::env::set_var("INGAM_SLOTS", view) };
        drop(turn);
        let module = Module::start(&npki);
        // SAFETY: as above; the module has read it.
        unsafe { std::env::remove_var("INGAM_SLOTS") };
        let slot = module.slot();
        assert_ne!(token_info(slot).unwrap().flags & CKF_WRITE_PROTECTED, 0, "{view}");
        let session = Session::open(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
        let on_token: &[(_, &[u8])] = &[(CKA_TOKEN, &[CK_TRUE])];
        assert_eq!(session.create(on_token), Err(CKR_TOKEN_WRITE_PROTECTED));
        session.login(support::PASSWORD).unwrap();
        assert_eq!(session.create(on_token), Err(CKR_TOKEN_WRITE_PROTECTED));
        let object = session.one(CKO_PRIVATE_KEY, &npki.km_id());
        assert_eq!(session.destroy(object), Err(CKR_TOKEN_WRITE_PROTECTED));
        let (mut pin, length) = (support::PASSWORD.as_bytes().to_vec(), number(support::PASSWORD.len()));
        let place = pin.as_mut_ptr();
        let changed = c!(C_SetPIN(session.0, place, length, place, length));
        assert_eq!(changed, if view == "one" { Err(CKR_TOKEN_WRITE_PROTECTED) } else { Ok(()) });
    }
}
