//! The module as it ships, loaded like any host loads it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "the environment names the module")]

#[macro_use]
mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::object::{Attribute, AttributeType, ObjectClass};
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use cryptoki_sys::*;
use support::footprint::Footprint;
use support::{Npki, PASSWORD, point_at, turn};

fn module() -> PathBuf {
    std::env::var_os("INGAM_MODULE").expect("INGAM_MODULE names the built module").into()
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn a_thousand_loads_leave_no_memory_descriptor_or_thread() {
    let _turn = turn();
    let npki = Npki::one();
    point_at(&npki);
    let live = || {
        // SAFETY: the module's initialisers do nothing that a host must prepare.
        let library = unsafe { libloading::Library::new(module()) }.unwrap();
        let mut list: CK_FUNCTION_LIST_PTR = null_mut();
        // SAFETY: the symbol has this type in every PKCS#11 module.
        let get =
            unsafe { library.get::<unsafe extern "C" fn(CK_FUNCTION_LIST_PTR_PTR) -> CK_RV>(b"C_GetFunctionList") };
        // SAFETY: a place for the table.
        assert_eq!(unsafe { get.unwrap()(&raw mut list) }, CKR_OK);
        // SAFETY: the table of the loaded module; the arguments are what the functions ask for.
        unsafe {
            assert_eq!((*list).C_Initialize.unwrap()(null_mut()), CKR_OK);
            let mut slot = 0;
            let mut count = 1;
            assert_eq!((*list).C_GetSlotList.unwrap()(CK_TRUE, &raw mut slot, &raw mut count), CKR_OK);
            let mut session = 0;
            let open = (*list).C_OpenSession.unwrap();
            assert_eq!(open(slot, CKF_SERIAL_SESSION, null_mut(), None, &raw mut session), CKR_OK);
            let mut pin = PASSWORD.as_bytes().to_vec();
            let length = support::number(pin.len());
            assert_eq!((*list).C_Login.unwrap()(session, CKU_USER, pin.as_mut_ptr(), length), CKR_OK);
            assert_eq!((*list).C_Finalize.unwrap()(null_mut()), CKR_OK);
        }
        library.close().unwrap();
    };
    (0..100).for_each(|_| live());
    let before = Footprint::now();
    (0..1000).for_each(|_| live());
    let after = Footprint::now();
    assert!(after.descriptors <= before.descriptors && after.threads <= before.threads, "{before:?} {after:?}");
    assert!(after.pages <= before.pages + 256, "{before:?} {after:?}");
}

#[test]
#[ignore = "needs INGAM_MODULE and gcc"]
fn a_host_that_signs_while_it_exits_is_answered_and_leaves() {
    let npki = Npki::one();
    let host = npki.home.path().join("exit");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hosts/exit.c");
    let built = Command::new("gcc").arg(source).arg("-o").arg(&host).arg("-ldl").status().unwrap();
    assert!(built.success());
    for when in ["before", "after", "destructor", "never"] {
        for finalize in ["finalize", "leave"] {
            let mut command = Command::new(&host);
            command.arg(module()).args([PASSWORD, when, finalize]);
            command
                .env("INGAM_NPKI_PATH", npki.root())
                .env("HOME", npki.home.path())
                .env("INGAM_PKCS11_MODULES", "none");
            let mut running = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let deadline = Instant::now() + Duration::from_secs(10);
            while running.try_wait().unwrap().is_none() {
                if Instant::now() > deadline {
                    running.kill().unwrap();
                    panic!("{when} {finalize}: hangs");
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            let output = running.wait_with_output().unwrap();
            assert!(output.status.success(), "{when} {finalize}: {output:?}");
            assert_eq!(output.stderr, b"");
            let expected = match (when, finalize) {
                ("never", _) => "",
                (_, "finalize") => "sign 0\nfinalize 0\n",
                _ => "sign 0\n",
            };
            assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{when} {finalize}");
        }
    }
}

#[test]
#[ignore = "needs INGAM_MODULE"]
fn crate_cryptoki_signs_verifies_and_decrypts() {
    let _turn = turn();
    let npki = Npki::one();
    point_at(&npki);
    let client = Pkcs11::new(module()).unwrap();
    client.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = client.get_slots_with_token().unwrap()[0];
    let token = client.get_token_info(slot).unwrap();
    assert!(token.login_required() && token.token_initialized() && token.rng());
    assert_eq!((token.manufacturer_id(), token.model()), ("ingam", "hard-disk"));
    let session = client.open_ro_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::from(PASSWORD))).unwrap();
    let one = |class, id: [u8; 20]| {
        let found = session.find_objects(&[Attribute::Class(class), Attribute::Id(id.to_vec())]).unwrap();
        assert_eq!(found.len(), 1);
        found[0]
    };
    let (private, public) = (ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY);
    let pss = PkcsPssParams {
        hash_alg: cryptoki::mechanism::MechanismType::SHA256,
        mgf: PkcsMgfType::MGF1_SHA256,
        s_len: 32.into(),
    };
    for mechanism in [Mechanism::Sha256RsaPkcs, Mechanism::Sha512RsaPkcs, Mechanism::Sha256RsaPkcsPss(pss)] {
        let signature = session.sign(&mechanism, one(private, npki.sign_id()), b"message").unwrap();
        session.verify(&mechanism, one(public, npki.sign_id()), b"message", &signature).unwrap();
        session.verify(&mechanism, one(public, npki.sign_id()), b"other", &signature).unwrap_err();
    }
    let ciphertext = session.encrypt(&Mechanism::RsaPkcs, one(public, npki.km_id()), b"secret").unwrap();
    assert_eq!(session.decrypt(&Mechanism::RsaPkcs, one(private, npki.km_id()), &ciphertext).unwrap(), b"secret");
    let certificate = one(ObjectClass::CERTIFICATE, npki.sign_id());
    let attributes = session.get_attributes(certificate, &[AttributeType::Value, AttributeType::Label]).unwrap();
    let expected = [Attribute::Value(npki.sets[0].sign.der().to_vec()), Attribute::Label("홍길동".into())];
    assert_eq!(attributes, expected);
    assert_eq!(session.generate_random_vec(32).unwrap().len(), 32);
    session.logout().unwrap();
    drop(session);
    client.finalize().unwrap();
}
