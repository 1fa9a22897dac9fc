//! Which tokens are found, and what is said of them and of modules that cannot be used.

use std::path::PathBuf;

use ingam::config::{Config, Foreign, ForeignModule};
use ingam::keystore::{Keystore, lock};
use ingam::medium::{Accessibility, PinState};
use ingam::{Error, ErrorKind};

use crate::softhsm;

#[test]
#[ignore = "needs softhsm2-util"]
fn each_token_is_a_medium_with_its_own_serial_number() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        hsm.token("인감 토큰");
        let slots = Keystore::new(&hsm.config()).slots();
        let mut labels: Vec<&str> = slots.iter().map(|slot| slot.medium.label.as_str()).collect();
        labels.sort_unstable();
        assert_eq!(labels, ["seal", "인감 토큰"]);
        let token = slots[0].medium.token.as_ref().unwrap();
        assert_eq!((token.manufacturer.as_str(), token.model.as_str()), ("SoftHSM project", "SoftHSM v2"));
        assert_eq!(slots[0].medium.serial(), token.serial);
        assert!(token.initialised && !token.lockout && token.user_pin == PinState::Good);
        assert!(slots[0].medium.id.identity().ends_with(&token.serial));
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_token_that_is_not_initialised_is_shown_on_demand_only() {
    softhsm::alone(|hsm| {
        let config = hsm.config();
        assert!(Keystore::new(&config).slots().is_empty());
        let foreign = Foreign { uninitialised: true, ..config.foreign.clone() };
        let slots = Keystore::new(&Config { foreign, ..config }).slots();
        assert_eq!(slots.len(), 1);
        assert!(!slots[0].medium.token.as_ref().unwrap().initialised);
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_job_for_a_tokens_slot_runs_on_the_modules_thread() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let keystore = Keystore::new(&hsm.config());
        let token = keystore.token(keystore.slots()[0].id).unwrap();
        let slot = lock(&token).foreign().unwrap();
        // The file that was looked at is the one that is loaded, past every link.
        assert_eq!(slot.library(), std::path::Path::new(softhsm::MODULE).canonicalize().unwrap());
        let (sender, name) = std::sync::mpsc::channel();
        let job = move || sender.send(std::thread::current().name().map(str::to_owned)).unwrap();
        slot.run(std::time::Duration::from_secs(5), Box::new(job)).unwrap();
        assert!(name.recv().unwrap().unwrap().starts_with("ingam-pkcs11-"));
    });
}

fn reason(path: PathBuf) -> ErrorKind {
    refusal(path).kind()
}

fn refusal(path: PathBuf) -> Error {
    let modules = vec![ForeignModule::new(path, None, Vec::new())];
    let config = Config { foreign: Foreign { modules, ..Foreign::default() }, ..Config::default() };
    let slots = Keystore::new(&config).slots();
    assert_eq!(slots.len(), 1);
    let Accessibility::Unusable(error) = &slots[0].medium.accessibility else { panic!("it must not be usable") };
    assert!(error.subject().is_some(), "the row must name the path");
    error.clone()
}

#[test]
fn a_module_that_is_not_there_or_is_no_module_is_a_row_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("text.so");
    std::fs::write(&file, "no module").unwrap();
    assert_eq!(reason(file), ErrorKind::Unsupported);
    assert_eq!(reason(folder.path().join("absent.so")), ErrorKind::NotFound);
    assert_eq!(reason(folder.path().to_owned()), ErrorKind::InvalidInput);
    assert_eq!(reason("softhsm.so".into()), ErrorKind::InvalidInput);
}

#[test]
#[cfg(unix)]
fn a_module_that_others_may_change_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("module.so");
    std::fs::write(&file, "no module").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(reason(file.clone()), ErrorKind::NotPermitted);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
    assert_eq!(reason(file), ErrorKind::NotPermitted);
}

#[test]
#[ignore = "needs softhsm2-util"]
fn two_keystores_of_one_process_share_a_module_and_the_first_that_goes_leaves_it_to_the_other() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let (first, second) = (Keystore::new(&hsm.config()), Keystore::new(&hsm.config()));
        assert_eq!((first.slots().len(), second.slots().len()), (1, 1));
        drop(first);
        assert_eq!(second.refresh(), []);
        assert!(second.slots()[0].present && second.slots()[0].medium.is_usable());
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_long_job_does_not_hold_up_a_scan() {
    softhsm::alone(|hsm| {
        hsm.token("seal");
        let keystore = Keystore::new(&hsm.config());
        let id = keystore.slots()[0].id;
        let slot = lock(&keystore.token(id).unwrap()).foreign().unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (started, began) = std::sync::mpsc::channel();
        let job = move || {
            started.send(()).unwrap();
            held.recv().unwrap_or_default();
        };
        let long = std::thread::spawn(move || slot.run(std::time::Duration::from_secs(60), Box::new(job)));
        began.recv().unwrap();
        assert_eq!(keystore.refresh(), [], "it answers with what it last saw");
        assert!(keystore.slot(id).unwrap().present);
        drop(release);
        long.join().unwrap().unwrap();
    });
}

#[test]
fn p11_kits_proxy_and_this_very_module_are_refused_before_they_run() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = folder.path().join("p11-kit-proxy.so");
    std::fs::write(&proxy, "no module").unwrap();
    assert!(refusal(proxy).doing().contains("proxy"));
    // Whatever is linked with the driver carries its mark: the module as this test.
    let copy = folder.path().join("other.so");
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    assert_eq!(refusal(copy).doing(), "loading this very PKCS#11 module as another");
}

#[test]
#[ignore = "needs INGAM_MODULE"]
#[allow(clippy::disallowed_methods, reason = "the environment names the module")]
fn a_copy_of_our_own_module_is_refused_by_whatever_name() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("token.so");
    std::fs::copy(std::env::var("INGAM_MODULE").unwrap(), &copy).unwrap();
    assert_eq!(refusal(copy).doing(), "loading this very PKCS#11 module as another");
}
