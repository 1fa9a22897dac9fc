//! Sessions and logins with another module's token.

use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::softhsm::{self, PIN};
use crate::support::{Session, number};
use crate::{Foreign, RW, bare};

#[test]
#[ignore = "needs softhsm2-util"]
fn a_session_handle_is_ours_and_never_used_again() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let first = Session::open(module.slot(), CKF_SERIAL_SESSION).unwrap();
        assert_eq!(first.state(), CKS_RO_PUBLIC_SESSION);
        let mut info = CK_SESSION_INFO::default();
        c!(C_GetSessionInfo(first.0, &raw mut info)).unwrap();
        assert_eq!({ info.slotID }, module.slot());
        first.close();
        let second = Session::open(module.slot(), CKF_SERIAL_SESSION).unwrap();
        assert_ne!(first, second);
        assert_eq!(c!(C_CloseSession(first.0)), Err(CKR_SESSION_HANDLE_INVALID));
        assert_eq!(c!(C_GetSessionInfo(first.0, &raw mut info)), Err(CKR_SESSION_HANDLE_INVALID));
        assert_eq!(Session::open(module.slot(), 0), Err(CKR_SESSION_PARALLEL_NOT_SUPPORTED));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn closing_all_sessions_of_a_slot_closes_those_of_that_slot_alone() {
    softhsm::alone(|hsm| {
        hsm.token("one");
        hsm.token("two");
        let module = Foreign::start();
        let slots = module.slots();
        assert_eq!(slots.len(), 2);
        let [a, b, c] = [slots[0], slots[0], slots[1]].map(|slot| Session::open(slot, RW).unwrap());
        c.login(PIN).unwrap();
        assert_eq!(c!(C_CloseAllSessions(slots[0])), Ok(()));
        for closed in [a, b] {
            assert_eq!(c!(C_CloseSession(closed.0)), Err(CKR_SESSION_HANDLE_INVALID));
        }
        assert_eq!(c.state(), CKS_RW_USER_FUNCTIONS);
        assert_eq!(c!(C_CloseAllSessions(slots[0])), Ok(()), "none are left, and that is no error");
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn the_last_of_our_sessions_ends_our_login_also_where_the_application_has_sessions_of_its_own() {
    softhsm::alone(|hsm| {
        hsm.token("token");
        let bare = bare();
        // SAFETY: no arguments, and then places for what is asked.
        unsafe { assert_eq!(bare.C_Initialize.unwrap()(null_mut()), CKR_OK) };
        let (mut slots, mut count, mut own) = ([0; 4], 4, 0);
        // SAFETY: as above.
        unsafe {
            assert_eq!(bare.C_GetSlotList.unwrap()(CK_TRUE, slots.as_mut_ptr(), &raw mut count), CKR_OK);
            assert_eq!(bare.C_OpenSession.unwrap()(slots[0], RW, null_mut(), None, &raw mut own), CKR_OK);
        }
        let state = || {
            let mut info = CK_SESSION_INFO::default();
            // SAFETY: as above.
            assert_eq!(unsafe { bare.C_GetSessionInfo.unwrap()(own, &raw mut info) }, CKR_OK);
            info.state
        };
        let module = Foreign::start();
        let sessions = [(); 2].map(|()| Session::open(module.slot(), RW).unwrap());
        sessions[0].login(PIN).unwrap();
        assert_eq!(state(), CKS_RW_USER_FUNCTIONS);
        sessions[0].close();
        assert_eq!(sessions[1].state(), CKS_RW_USER_FUNCTIONS);
        sessions[1].close();
        assert_eq!(state(), CKS_RW_PUBLIC_SESSION, "the login went with our last session");
        let last = Session::open(module.slot(), RW).unwrap();
        last.login(PIN).unwrap();
        drop(module);
        assert_eq!(state(), CKS_RW_PUBLIC_SESSION, "and with C_Finalize");
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn users_of_every_kind_log_in_as_the_module_lets_them() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let session = Session::open(module.slot(), RW).unwrap();
        let login = |user, pin: &str| {
            let mut pin = pin.as_bytes().to_vec();
            c!(C_Login(session.0, user, pin.as_mut_ptr(), number(pin.len())))
        };
        assert_eq!(login(CKU_USER, "not it"), Err(CKR_PIN_INCORRECT));
        assert_eq!(login(99, PIN), Err(CKR_USER_TYPE_INVALID));
        assert_eq!(login(CKU_SO, softhsm::SO_PIN), Ok(()));
        assert_eq!(session.state(), CKS_RW_SO_FUNCTIONS);
        let mut new = *b"another pin";
        assert_eq!(c!(C_InitPIN(session.0, new.as_mut_ptr(), 11)), Ok(()));
        session.logout();
        assert_eq!(login(CKU_USER, PIN), Err(CKR_PIN_INCORRECT));
        assert_eq!(login(CKU_USER, "another pin"), Ok(()));
        let mut last = *b"the last pin";
        assert_eq!(c!(C_SetPIN(session.0, new.as_mut_ptr(), 11, last.as_mut_ptr(), 12)), Ok(()));
        session.logout();
        assert_eq!(login(CKU_USER, "the last pin"), Ok(()));
        // SoftHSM has no keypad, and gets the null that asks for it.
        session.logout();
        assert_eq!(c!(C_Login(session.0, CKU_USER, null_mut(), 0)), Err(CKR_ARGUMENTS_BAD));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn what_came_with_3_0_is_not_there_but_for_a_login_without_a_name() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let session = Session::open(module.slot(), RW).unwrap();
        let (mut pin, mut name) = (PIN.as_bytes().to_vec(), *b"someone");
        let (place, count) = (pin.as_mut_ptr(), number(pin.len()));
        let unsupported = Err(CKR_FUNCTION_NOT_SUPPORTED);
        assert_eq!(c!(C_LoginUser(session.0, CKU_USER, place, count, name.as_mut_ptr(), 7)), unsupported);
        assert_eq!(session.state(), CKS_RW_PUBLIC_SESSION);
        assert_eq!(c!(C_LoginUser(session.0, CKU_USER, place, count, null_mut(), 0)), Ok(()));
        assert_eq!(session.state(), CKS_RW_USER_FUNCTIONS);
        assert_eq!(c!(C_SessionCancel(session.0, CKF_SIGN)), unsupported);
        assert_eq!(c!(C_MessageSignFinal(session.0)), unsupported);
        assert_eq!(c!(C_MessageSignFinal(session.0 + 1)), Err(CKR_SESSION_HANDLE_INVALID));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn sessions_end_with_the_module_that_somebody_else_finalised() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let noticed_by_a_call = Session::open(module.slot(), RW).unwrap();
        let finalise = || {
            // SAFETY: no arguments.
            assert_eq!(unsafe { bare().C_Finalize.unwrap()(null_mut()) }, CKR_OK);
        };
        let state = |session: Session| {
            let mut info = CK_SESSION_INFO::default();
            c!(C_GetSessionInfo(session.0, &raw mut info))
        };
        finalise();
        assert_eq!(state(noticed_by_a_call), Err(CKR_DEVICE_REMOVED));
        let noticed_by_a_scan = Session::open(module.slot(), RW).unwrap();
        assert_eq!(state(noticed_by_a_call), Err(CKR_DEVICE_REMOVED), "the module's number is another session's now");
        finalise();
        assert_eq!(module.slots().len(), 1);
        let last = Session::open(module.slot(), RW).unwrap();
        for gone in [noticed_by_a_call, noticed_by_a_scan] {
            assert_eq!(c!(C_CloseSession(gone.0)), Err(CKR_DEVICE_REMOVED));
        }
        assert_eq!(state(last), Ok(()), "closing what is gone closes nothing else");
    });
}
