//! This file checks what the security officer does, and the PINs.

use super::softhsm::SO_PIN;
use super::*;
use ingam::config::Foreign;

fn wrong() -> ErrorKind {
    ErrorKind::PinIncorrect { tries_left: None }
}

fn login(token: &SharedToken, digits: &str) -> Result<()> {
    lock(token).login(Role::User, &Scope::All, &pin(digits.as_bytes()))
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_new_token_is_initialised_gets_its_pin_and_keeps_its_slot_number() {
    alone(|hsm| {
        let config = hsm.config();
        let foreign = Foreign { uninitialised: true, ..config.foreign };
        let keystore = Keystore::new(&Config { foreign, ..config });
        let slots = keystore.slots();
        let slot = slots.iter().find(|slot| slot.medium.token.as_ref().is_some_and(|it| !it.initialised)).unwrap().id;
        let token = keystore.token(slot).unwrap();
        let initialise =
            |so_pin: &str, label: &str| lock(&token).officer().unwrap().initialise(&pin(so_pin.as_bytes()), label);
        for label in ["", " ", "a:b", "a\nb", &"가".repeat(11)] {
            assert_eq!(initialise(SO_PIN, label).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(initialise("", "내 토큰").unwrap_err().kind(), ErrorKind::PinRejected);
        assert_eq!(initialise("1", "내 토큰").unwrap_err().kind(), ErrorKind::PinRejected);
        initialise(SO_PIN, "내 토큰").unwrap();
        keystore.refresh();
        let now = keystore.slot(slot).unwrap();
        assert!(now.present && now.medium.token.as_ref().unwrap().initialised);
        assert_eq!(now.medium.label, "내 토큰");
        assert_eq!(login(&token, PIN).unwrap_err().kind(), ErrorKind::NotPermitted, "no PIN is set yet");
        let unlock = |so_pin: &str, new: &str| {
            lock(&token).officer().unwrap().unlock(&pin(so_pin.as_bytes()), &pin(new.as_bytes()))
        };
        assert_eq!(unlock("99999999", PIN).unwrap_err().kind(), wrong());
        assert_eq!(unlock(SO_PIN, "1").unwrap_err().kind(), ErrorKind::PinRejected);
        assert_eq!(unlock(SO_PIN, "").unwrap_err().kind(), ErrorKind::PinRejected);
        unlock(SO_PIN, PIN).unwrap();
        login(&token, PIN).unwrap();
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn initialising_again_needs_the_so_pin_and_takes_everything_away() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        import(&token, disk.export()).unwrap();
        let initialise = |so_pin: &str| lock(&token).officer().unwrap().initialise(&pin(so_pin.as_bytes()), "new");
        assert_eq!(initialise("99999999").unwrap_err().kind(), wrong());
        assert!(!lock(&token).is_logged_in(), "the session was closed for it");
        login(&token, PIN).unwrap();
        assert_eq!(entries(&token).len(), 1, "a wrong SO PIN takes nothing away");
        initialise(SO_PIN).unwrap();
        assert!(entries(&token).is_empty());
        assert_eq!(login(&token, PIN).unwrap_err().kind(), ErrorKind::NotPermitted);
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_forgotten_pin_is_set_anew_and_keys_stay() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        import(&token, disk.export()).unwrap();
        lock(&token).officer().unwrap().unlock(&pin(SO_PIN.as_bytes()), &pin(b"567890")).unwrap();
        assert_eq!(login(&token, PIN).unwrap_err().kind(), wrong());
        login(&token, "567890").unwrap();
        let key = entries(&token)[0].content.as_ref().unwrap().sign.key.clone().unwrap();
        assert!(lock(&token).vid_random(&key).unwrap().is_some());
    });
}

#[test]
#[ignore = "needs softhsm2-util"]
fn both_pins_are_changed_by_who_knows_them() {
    alone(|hsm| {
        hsm.token("seal");
        let token = token(hsm);
        let change = |role, old: &str, new: &str| {
            lock(&token).admin().unwrap().change_pin(role, &Scope::All, &pin(old.as_bytes()), &pin(new.as_bytes()))
        };
        assert_eq!(change(Role::User, "9999", "567890").unwrap_err().kind(), wrong());
        assert_eq!(change(Role::User, PIN, "1").unwrap_err().kind(), ErrorKind::PinRejected);
        assert_eq!(change(Role::User, PIN, "").unwrap_err().kind(), ErrorKind::PinRejected);
        change(Role::User, PIN, "567890").unwrap();
        login(&token, "567890").unwrap();
        assert_eq!(change(Role::SecurityOfficer, "99999999", "87654321").unwrap_err().kind(), wrong());
        change(Role::SecurityOfficer, SO_PIN, "87654321").unwrap();
        let unlock =
            |so_pin: &str| lock(&token).officer().unwrap().unlock(&pin(so_pin.as_bytes()), &pin(PIN.as_bytes()));
        assert_eq!(unlock(SO_PIN).unwrap_err().kind(), wrong());
        unlock("87654321").unwrap();
        login(&token, PIN).unwrap();
    });
}
