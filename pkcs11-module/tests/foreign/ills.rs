//! A module that hangs or calls back harms itself alone.

use std::ptr::null_mut;
use std::time::{Duration, Instant};

use cryptoki_sys::*;

use crate::ill::{IllModule, PIN};
use crate::softhsm;
use crate::support::{Npki, Session, number};
use crate::{Foreign, RW};

/// Runs a test in a process of its own, with an ill module and one NPKI folder.
fn alone(test: impl FnOnce(&IllModule)) {
    let (ill, npki) = (IllModule::new(), Npki::one());
    for (name, value) in
        [("SOFTHSM2_CONF", ill.conf()), ("INGAM_PKCS11_MODULES", ill.module()), ("INGAM_NPKI_PATH", npki.root())]
    {
        // SAFETY: only Rust reads the environment here, under the standard library's lock, and no module is loaded yet.
        unsafe { std::env::set_var(name, value) };
    }
    test(&ill);
}

fn manufacturer(slot: CK_SLOT_ID) -> [u8; 32] {
    let mut info = CK_TOKEN_INFO::default();
    c!(C_GetTokenInfo(slot, &raw mut info)).unwrap();
    info.manufacturerID
}

/// The ill module's slot, and the folder's.
fn slots_of(module: &Foreign) -> [CK_SLOT_ID; 2] {
    let slots = module.slots();
    let of = |name: &[u8]| *slots.iter().find(|slot| manufacturer(**slot).starts_with(name)).unwrap();
    [of(b"ill-module"), of(b"ingam ")]
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_hangs_loses_its_slot_and_no_other_slot_notices() {
    softhsm::alone(|_| {
        alone(|ill| {
            let module = Foreign::start();
            let slots = slots_of(&module);
            let sessions = slots.map(|slot| Session::open(slot, RW).unwrap());
            ill.ails("hang C_GenerateRandom");
            let mut random = [0_u8; 16];
            let start = Instant::now();
            let answer = c!(C_GenerateRandom(sessions[0].0, random.as_mut_ptr(), 16));
            assert_eq!(answer, Err(CKR_DEVICE_ERROR));
            assert!(
                (Duration::from_secs(5)..Duration::from_secs(8)).contains(&start.elapsed()),
                "{:?}",
                start.elapsed()
            );
            let start = Instant::now();
            assert_eq!(c!(C_GenerateRandom(sessions[0].0, random.as_mut_ptr(), 16)), Err(CKR_DEVICE_REMOVED));
            assert_eq!(Session::open(slots[0], RW), Err(CKR_TOKEN_NOT_PRESENT));
            assert_eq!(c!(C_CloseSession(sessions[0].0)), Err(CKR_DEVICE_REMOVED));
            assert_eq!(c!(C_CloseSession(sessions[0].0)), Err(CKR_SESSION_HANDLE_INVALID));
            assert_eq!(random, [0; 16]);
            assert_eq!(c!(C_GenerateRandom(sessions[1].0, random.as_mut_ptr(), 16)), Ok(()));
            assert_ne!(random, [0; 16]);
            drop(module);
            assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        })
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_that_is_pulled_ends_its_sessions() {
    softhsm::alone(|_| {
        alone(|ill| {
            let module = Foreign::start();
            let [slot, _] = slots_of(&module);
            let session = Session::open(slot, RW).unwrap();
            ill.ails("pulled");
            let mut random = [0_u8; 16];
            assert_eq!(c!(C_GenerateRandom(session.0, random.as_mut_ptr(), 16)), Err(CKR_DEVICE_REMOVED));
            assert_eq!(Session::open(slot, RW), Err(CKR_TOKEN_NOT_PRESENT));
            assert!(!module.slots().contains(&slot));
            ill.ails("");
            assert!(module.slots().contains(&slot), "the slot keeps its number");
            assert_eq!(c!(C_GenerateRandom(session.0, random.as_mut_ptr(), 16)), Err(CKR_DEVICE_REMOVED));
            let again = Session::open(slot, RW).unwrap();
            assert_eq!(c!(C_GenerateRandom(again.0, random.as_mut_ptr(), 16)), Ok(()));
        })
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_pin_is_typed_on_the_tokens_own_keypad_where_it_has_one() {
    softhsm::alone(|_| {
        alone(|ill| {
            std::fs::write(ill.path("keypad"), PIN).unwrap();
            let module = Foreign::start();
            let session = Session::open(slots_of(&module)[0], RW).unwrap();
            let mut pin = PIN.as_bytes().to_vec();
            let typed = c!(C_Login(session.0, CKU_USER, pin.as_mut_ptr(), number(pin.len())));
            assert!(typed.is_err(), "it takes none by a call");
            assert_eq!(c!(C_Login(session.0, CKU_USER, null_mut(), 0)), Ok(()));
            assert_eq!(session.state(), CKS_RW_USER_FUNCTIONS);
        })
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_that_calls_us_back_is_refused_and_works_on() {
    softhsm::alone(|_| {
        alone(|ill| {
            let ours = std::env::current_exe().unwrap().with_file_name("libingam_pkcs11.so");
            let table = crate::support::load(&ours);
            ill.ails(&format!("load {}", ours.display()));
            let module = Foreign::start();
            let [slot, _] = slots_of(&module);
            let answers = std::fs::read_to_string(ill.path("load-answers")).unwrap();
            let refused = format!("{CKR_FUNCTION_FAILED:#x}");
            assert_eq!(answers, format!("C_Initialize {refused}\nC_GetSlotList {refused}\n"));
            let session = Session::open(slot, RW).unwrap();
            session.login(PIN).unwrap();
            assert!(std::ptr::eq(table, crate::support::functions()));
        });
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_that_cannot_be_asked_any_more_is_one_event_for_the_slot_that_it_had() {
    softhsm::alone(|_| {
        alone(|ill| {
            let module = Foreign::start();
            let [slot, _] = slots_of(&module);
            let event = || {
                let mut slot = 0;
                c!(C_WaitForSlotEvent(CKF_DONT_BLOCK, &raw mut slot, null_mut())).map(|()| slot)
            };
            assert_eq!(event(), Err(CKR_NO_EVENT));
            ill.ails("answer C_GetTokenInfo 0x5");
            assert!(!module.slots().contains(&slot));
            assert_eq!(event(), Ok(slot));
            assert_eq!(event(), Err(CKR_NO_EVENT), "the row that says why has no slot");
        })
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_host_that_forbids_threads_forbids_them_to_other_modules_too() {
    softhsm::alone(|_| {
        alone(|ill| {
            for flags in [CKF_OS_LOCKING_OK, CKF_OS_LOCKING_OK | CKF_LIBRARY_CANT_CREATE_OS_THREADS] {
                let mut arguments = CK_C_INITIALIZE_ARGS { flags, ..Default::default() };
                c!(C_Initialize((&raw mut arguments).cast())).unwrap();
                let module = Foreign;
                assert_eq!(module.slots().len(), 2);
                assert_eq!(std::fs::read_to_string(ill.path("initialised-with")).unwrap(), flags.to_string());
            }
        })
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_module_is_never_looked_for_again_by_a_link_that_may_lead_elsewhere_now() {
    softhsm::alone(|_| {
        alone(|ill| {
            let link = ill.path("link.so");
            std::os::unix::fs::symlink(ill.module(), &link).unwrap();
            // SAFETY: only Rust reads the environment here, under the standard library's lock.
            unsafe { std::env::set_var("INGAM_PKCS11_MODULES", &link) };
            let module = Foreign::start();
            assert_eq!(module.slots().len(), 2);
            std::fs::remove_file(&link).unwrap();
            std::os::unix::fs::symlink(softhsm::MODULE, &link).unwrap();
            // Its functions are asked for with the first call, long after it was loaded.
            slots_of(&module);
        })
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_host_finalises_without_waiting_for_a_key_pair_that_is_being_made() {
    softhsm::alone(|_| {
        alone(|ill| {
            let module = Foreign::start();
            let [slot, _] = slots_of(&module);
            let session = Session::open(slot, RW).unwrap();
            ill.ails("hang C_GenerateKeyPair");
            let making = std::thread::spawn(move || {
                let mut mechanism =
                    CK_MECHANISM { mechanism: CKM_RSA_PKCS_KEY_PAIR_GEN, pParameter: null_mut(), ulParameterLen: 0 };
                let (public, private) = (&mut 0, &mut 0);
                let none = null_mut();
                c!(C_GenerateKeyPair(session.0, &raw mut mechanism, none, 0, none, 0, public, private))
            });
            while ill.calls("C_GenerateKeyPair") == 0 {
                std::thread::yield_now();
            }
            let start = Instant::now();
            drop(module);
            assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
            assert!(!making.is_finished(), "it is left to itself");
        })
    });
}
