//! A forked child has no sessions with other modules' tokens until it opens its own, and the parent's go on.

use std::ptr::null_mut;

use cryptoki_sys::*;

use crate::softhsm::{self, PIN};
use crate::support::Session;
use crate::{Foreign, RW};

/// The exit status of a forked child: 0 if all it expects is so. It lives for 14 seconds at most.
fn fork(child: impl FnOnce() -> bool) -> i32 {
    // SAFETY: the child calls the module, which is what is tested here, and leaves without unwinding or exit handlers.
    match unsafe { libc::fork() } {
        0 => {
            // SAFETY: kills a child that waits for a thread that it does not have.
            unsafe { libc::alarm(14) };
            let status =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(child)).map_or(2, |good| i32::from(!good));
            // SAFETY: ends the child alone.
            unsafe { libc::_exit(status) }
        }
        process => {
            let mut status = 0;
            // SAFETY: waits for the child made above.
            assert_eq!(unsafe { libc::waitpid(process, &raw mut status, 0) }, process);
            status
        }
    }
}

fn random(session: Session) -> Result<(), CK_RV> {
    c!(C_GenerateRandom(session.0, [0_u8; 16].as_mut_ptr(), 16))
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_child_waits_for_no_thread_of_its_parents() {
    softhsm::alone(|hsm| {
        let module = Foreign::with_token(hsm, "token");
        let slot = module.slot();
        let session = Session::open(slot, RW).unwrap();
        session.login(PIN).unwrap();
        let status = fork(|| {
            let before = random(session);
            c!(C_Initialize(null_mut())).unwrap();
            let unknown = random(session);
            let own = Session::open(slot, RW).unwrap();
            let works = random(own);
            c!(C_Finalize(null_mut())).unwrap();
            (before, unknown, works) == (Err(CKR_CRYPTOKI_NOT_INITIALIZED), Err(CKR_SESSION_HANDLE_INVALID), Ok(()))
        });
        assert_eq!(status, 0);
        assert_eq!(random(session), Ok(()));
        assert_eq!(session.state(), CKS_RW_USER_FUNCTIONS, "the parent's login lives on");
    });
}
