//! This file checks passwords that are changed.

use ingam::config::Slots;
use ingam::crypto::{Cipher, Scheme};
use ingam::view;

use super::*;

fn key_file(medium: &Medium, set: &SampleSet, name: &str, password: &[u8]) -> Option<Vec<u8>> {
    opened(&fs::read(medium.file(set, name)).unwrap(), password).map(|key| key.der().to_vec())
}

#[test]
fn a_changed_password_opens_every_key_of_the_set_and_the_old_one_none() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    let keys = ["signPri.key", "kmPri.key"];
    let before = keys.map(|name| key_file(&medium, set, name, PASSWORD).unwrap());
    medium.change_pin(PASSWORD, NEW).unwrap();
    for (name, before) in keys.iter().zip(before) {
        assert_eq!(key_file(&medium, set, name, NEW).unwrap(), before, "every byte, R too");
        assert!(key_file(&medium, set, name, PASSWORD).is_none());
    }
    let other = medium.other_process();
    assert_eq!(login(&other, &Scope::All, PASSWORD).unwrap_err().kind(), wrong_pin());
    login(&other, &Scope::All, NEW).unwrap();
    let random = lock(&other).vid_random(&key(set, Purpose::Sign)).unwrap().unwrap();
    assert_eq!(random.expose(), set.random.expose());
}

#[test]
fn a_password_change_touches_the_key_files_of_one_set_alone() {
    let (set, other) = (issue("홍길동", PASSWORD), issue("김철수", OTHER));
    let medium = Medium::with(&[set, other]);
    let before = medium.tree();
    medium.change_pin(PASSWORD, NEW).unwrap();
    let after = medium.tree();
    assert!(before.keys().eq(after.keys()));
    let changed: Vec<_> = before.keys().filter(|path| before[*path] != after[*path]).cloned().collect();
    assert_eq!(changed, [medium.file(set, "kmPri.key"), medium.file(set, "signPri.key")]);
}

#[test]
fn a_login_goes_on_with_the_new_password() {
    let (set, new) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[set]);
    medium.login(PASSWORD);
    let id = key(set, Purpose::Sign);
    let signer = lock(&medium.token).signer(&id).unwrap();
    medium.change_pin(PASSWORD, NEW).unwrap();
    assert!(signs(&*signer, &set.sign), "a signer that was lent out before");
    assert!(medium.signs(&id, &set.sign), "the old name of the key");
    medium.names();
    assert!(signs(&*signer, &set.sign) && medium.signs(&id, &set.sign), "a listing later");
    assert!(lock(&medium.token).decrypter(&key(set, Purpose::KeyManagement)).unwrap().is_some());
    medium.store(pair(new, Purpose::Sign)).unwrap();
    assert!(key_file(&medium, new, "signPri.key", NEW).is_some(), "a new pair is sealed under the new password");
    lock(&medium.token).logout(&Scope::All);
    assert_eq!(sign(&*signer).unwrap_err().kind(), ErrorKind::NotLoggedIn);
}

#[test]
fn a_key_is_sealed_as_it_was_before_with_a_new_salt_and_no_fewer_iterations() {
    let aria = Scheme::Pbes2 { cipher: Cipher::Aria256, prf: Hash::Sha256 };
    for (scheme, iterations, expected) in [
        (aria, 3_000, "PBES2, ARIA-256, HMAC-SHA-256, 3000 iterations"),
        (Scheme::SeedCbc, 1_024, "seedCBC, 2048 iterations"),
        (Scheme::SeedCbcWithSha1, 2_048, "seedCBCWithSHA1, 2048 iterations"),
    ] {
        let set = &issue_as(&SampleRequest { scheme, iterations, ..request("홍길동") }, PASSWORD);
        let medium = Medium::with(&[set]);
        medium.change_pin(PASSWORD, PASSWORD).unwrap();
        let after = fs::read(medium.file(set, "signPri.key")).unwrap();
        assert_ne!(after, content(set, SetFile::SignKey), "the same password has another salt");
        assert_eq!(SealedKey::from_der(&after, Limits::default()).unwrap().scheme().to_string(), expected);
        assert!(opened(&after, PASSWORD).is_some());
    }
}

#[test]
fn a_wrong_old_password_changes_no_byte() {
    let medium = Medium::with(&[issue("홍길동", PASSWORD), issue("김철수", OTHER)]);
    let before = medium.tree();
    assert_eq!(medium.change_pin(b"wrong", NEW).unwrap_err().kind(), wrong_pin());
    assert_eq!(medium.tree(), before);
    medium.login(PASSWORD);
}

#[test]
fn a_password_of_two_sets_is_ambiguous_and_changes_no_byte() {
    let (one, two) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[one, two, issue("이영희", OTHER)]);
    let before = medium.tree();
    let error = medium.change_pin(PASSWORD, NEW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Ambiguous);
    assert!([one, two].iter().all(|set| error.subject().unwrap().contains(set.entry.as_str())), "{error}");
    assert!(!error.to_string().contains("이영희"));
    assert_eq!(medium.tree(), before);
}

#[test]
fn one_of_two_sets_of_the_same_password_changes_by_its_name() {
    let (one, two) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[one, two]);
    medium.login(PASSWORD);
    let scope = Scope::Entry(one.entry.clone());
    lock(&medium.token).admin().unwrap().change_pin(Role::User, &scope, &pin(PASSWORD), &pin(NEW)).unwrap();
    assert!(key_file(&medium, one, "signPri.key", NEW).is_some());
    assert!(key_file(&medium, two, "signPri.key", PASSWORD).is_some());
    for set in [one, two] {
        assert!(medium.signs(&key(set, Purpose::Sign), &set.sign));
        assert!(lock(&medium.token).decrypter(&key(set, Purpose::KeyManagement)).is_ok());
    }
}

#[test]
fn a_set_of_two_passwords_is_refused_and_keeps_both() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    let km = opened(content(set, SetFile::KmKey), PASSWORD).unwrap();
    let other = SealedKey::seal(&km, &pin(OTHER), &ingam::crypto::Pbe::korean_default().unwrap()).unwrap();
    fs::write(medium.file(set, "kmPri.key"), other.der()).unwrap();
    let before = medium.tree();
    for old in [PASSWORD, OTHER] {
        assert_eq!(medium.change_pin(old, NEW).unwrap_err().kind(), ErrorKind::Unsupported);
    }
    assert_eq!(medium.tree(), before);
}

#[test]
fn a_set_with_a_damaged_key_file_is_refused() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    fs::write(medium.file(set, "kmPri.key"), b"0\x82").unwrap();
    let before = medium.tree();
    let error = medium.change_pin(PASSWORD, NEW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.subject().unwrap().ends_with("/kmPri.key"));
    assert_eq!(medium.tree(), before);
}

#[test]
fn a_new_password_that_is_empty_or_that_nobody_can_type_is_rejected() {
    let medium = Medium::with(&[issue("홍길동", PASSWORD)]);
    let before = medium.tree();
    for new in [&b""[..], b"with its zero\0", b"line\n"] {
        assert_eq!(medium.change_pin(PASSWORD, new).unwrap_err().kind(), ErrorKind::PinRejected);
    }
    assert_eq!(medium.tree(), before);
}

#[test]
fn a_security_officer_has_no_pin_to_change() {
    let medium = Medium::with(&[issue("홍길동", PASSWORD)]);
    let mut token = lock(&medium.token);
    let admin = token.admin().unwrap();
    let refused = admin.change_pin(Role::SecurityOfficer, &Scope::All, &pin(PASSWORD), &pin(NEW)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_password_changes_without_login_and_logs_nobody_in() {
    let medium = Medium::with(&[issue("홍길동", PASSWORD)]);
    medium.change_pin(PASSWORD, NEW).unwrap();
    assert!(!lock(&medium.token).is_logged_in());
    medium.login(NEW);
}

#[test]
fn what_did_not_open_under_the_old_password_opens_when_it_becomes_the_logins_own() {
    let (ours, other) = (issue("홍길동", PASSWORD), issue("김철수", OTHER));
    let medium = Medium::with(&[ours, other]);
    medium.login(PASSWORD);
    assert!(!medium.signs(&key(other, Purpose::Sign), &other.sign));
    medium.change_pin(OTHER, PASSWORD).unwrap();
    assert!(medium.signs(&key(other, Purpose::Sign), &other.sign));
    assert!(medium.signs(&key(ours, Purpose::Sign), &ours.sign));
}

#[test]
fn where_a_certificate_is_a_slot_its_own_password_changes_and_nothing_is_stored() {
    let (one, two) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[one, two]);
    let config = |slots| Config { npki_roots: vec![medium.root.clone()], slots, ..Config::default() };
    let keystore = view::keystore(&config(Slots::Certificate));
    for slot in keystore.slots() {
        assert!(slot.medium.write_protected);
        let token = keystore.token(slot.id).unwrap();
        assert!(lock(&token).writer().is_none());
        let shown = lock(&token).entries().unwrap();
        if shown[0].name != one.entry {
            continue;
        }
        login(&token, &Scope::All, PASSWORD).unwrap();
        let change =
            |old: &[u8]| lock(&token).admin().unwrap().change_pin(Role::User, &Scope::All, &pin(old), &pin(NEW));
        change(PASSWORD).unwrap();
        assert_eq!(change(PASSWORD).unwrap_err().kind(), wrong_pin(), "the other set's password is not this one's");
        let signer = lock(&token).signer(&key(one, Purpose::Sign)).unwrap();
        assert!(signs(&*signer, &one.sign));
    }
    assert!(key_file(&medium, one, "signPri.key", NEW).is_some());
    assert!(key_file(&medium, two, "signPri.key", PASSWORD).is_some());
    let one = view::keystore(&config(Slots::One));
    let token = one.token(one.slots()[0].id).unwrap();
    assert!(lock(&token).writer().is_none() && lock(&token).admin().is_none());
}
