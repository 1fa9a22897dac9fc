//! This file checks pairs that are stored and removed.

use super::*;

#[test]
fn a_stored_signing_pair_is_a_set_that_korean_software_reads() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    let id = medium.store(pair(new, Purpose::Sign)).unwrap();
    assert_eq!(id, key(new, Purpose::Sign));
    assert_eq!(fs::read(medium.file(new, "signCert.der")).unwrap(), new.sign.der());
    assert_eq!(fs::read(medium.file(new, "CaPubs")).unwrap(), content(new, SetFile::CaPubs));
    let file = fs::read(medium.file(new, "signPri.key")).unwrap();
    let sealed = SealedKey::from_der(&file, Limits::default()).unwrap();
    assert_eq!(sealed.scheme().to_string(), "seedCBCWithSHA1, 2048 iterations");
    assert!(opened(&file, OTHER).is_none());
}

#[test]
fn a_stored_key_keeps_every_byte_and_r() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    let brought = pair(new, Purpose::Sign);
    let before = brought.private_key_info.expose().to_vec();
    let id = medium.store(brought).unwrap();
    let file = fs::read(medium.file(new, "signPri.key")).unwrap();
    assert_eq!(opened(&file, PASSWORD).unwrap().der(), before);
    assert_eq!(lock(&medium.token).vid_random(&id).unwrap().unwrap().expose(), new.random.expose());
}

#[test]
fn a_stored_pair_is_listed_and_signs_in_the_same_login_and_in_the_next() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    let id = medium.store(pair(new, Purpose::Sign)).unwrap();
    assert!(medium.signs(&id, &new.sign));
    assert!(medium.names().contains(&new.entry.as_str().to_owned()));
    assert!(medium.signs(&id, &new.sign), "a listing does not drop it");
    assert!(medium.signs(&key(owner, Purpose::Sign), &owner.sign));
    let other = medium.other_process();
    login(&other, &Scope::All, PASSWORD).unwrap();
    assert!(signs(&*lock(&other).signer(&id).unwrap(), &new.sign));
}

#[test]
fn nothing_is_stored_or_removed_without_login() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    let before = medium.tree();
    for purpose in [Purpose::Sign, Purpose::KeyManagement] {
        assert_eq!(medium.store(pair(new, purpose)).unwrap_err().kind(), ErrorKind::NotLoggedIn);
    }
    medium.names();
    assert_eq!(medium.remove(&key(owner, Purpose::KeyManagement)).unwrap_err().kind(), ErrorKind::NotLoggedIn);
    assert_eq!(medium.tree(), before);
}

#[test]
fn a_login_to_one_certificate_stores_no_other() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    login(&medium.token, &Scope::Entry(owner.entry.clone()), PASSWORD).unwrap();
    assert_eq!(medium.store(pair(new, Purpose::Sign)).unwrap_err().kind(), ErrorKind::NotLoggedIn);
}

#[test]
fn a_key_of_another_certificate_is_not_stored() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    let before = medium.tree();
    let crossed = NewPair { certificate: renewed(&owner.sign), ..pair(new, Purpose::Sign) };
    assert_eq!(medium.store(crossed).unwrap_err().kind(), ErrorKind::Mismatch);
    assert_eq!(medium.tree(), before);
}

#[test]
fn what_is_no_key_is_damaged_and_a_ca_certificate_is_no_pair() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    let broken = NewPair { private_key_info: SecretBytes::copy_of(b"0\x03abc"), ..pair(new, Purpose::Sign) };
    assert_eq!(medium.store(broken).unwrap_err().kind(), ErrorKind::Damaged);
    let of_a_ca = pair(new, Purpose::Sign);
    let of_a_ca = NewPair { certificate: of_a_ca.ca_certificates[1].clone(), ..of_a_ca };
    assert_eq!(medium.store(of_a_ca).unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[test]
fn the_same_certificate_is_not_stored_twice() {
    let owner = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    let before = medium.tree();
    for purpose in [Purpose::Sign, Purpose::KeyManagement] {
        assert_eq!(medium.store(pair(owner, purpose)).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
    assert_eq!(medium.tree(), before);
}

#[test]
fn a_renewed_certificate_stands_beside_the_old_one_which_keeps_its_key() {
    let old = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[old]);
    medium.login(PASSWORD);
    let before = medium.tree();
    let certificate = renewed(&old.sign);
    let new = medium.store(NewPair { certificate: certificate.clone(), ..pair(old, Purpose::Sign) }).unwrap();
    let name = format!("{},serial={}", old.entry, certificate.serial_hex());
    assert_eq!(new.entry.as_str(), name);
    assert!(medium.signs(&new, &certificate) && medium.signs(&key(old, Purpose::Sign), &old.sign));
    let after = medium.tree();
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)), "the old set is as it was");
    let again = NewPair { certificate, ..pair(old, Purpose::Sign) };
    assert_eq!(medium.store(again).unwrap_err().kind(), ErrorKind::AlreadyExists);
}

#[test]
fn where_both_names_of_a_set_are_taken_nothing_is_stored() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    for name in [new.entry.to_string(), format!("{},serial={}", new.entry, new.sign.serial_hex())] {
        fs::create_dir(medium.root.join(&name)).unwrap();
        fs::write(medium.root.join(&name).join("note.txt"), b"somebody's").unwrap();
    }
    let before = medium.tree();
    assert_eq!(medium.store(pair(new, Purpose::Sign)).unwrap_err().kind(), ErrorKind::AlreadyExists);
    assert_eq!(medium.tree(), before);
}

#[test]
fn an_encryption_pair_joins_its_signing_pair_and_changes_no_other_file() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[issue_without_km("김철수", PASSWORD)]);
    medium.publish_without_km(set);
    let before = medium.tree();
    medium.login(PASSWORD);
    let signer = lock(&medium.token).signer(&key(set, Purpose::Sign)).unwrap();
    let id = medium.store(pair(set, Purpose::KeyManagement)).unwrap();
    assert_eq!(id, key(set, Purpose::KeyManagement));
    let after = medium.tree();
    assert!(before.iter().all(|(path, bytes)| after.get(path) == Some(bytes)));
    assert_eq!(after.len(), before.len() + 2);
    let km = opened(&after[&medium.file(set, "kmPri.key")], PASSWORD).unwrap();
    assert_eq!(km.der(), pair(set, Purpose::KeyManagement).private_key_info.expose());
    assert!(lock(&medium.token).decrypter(&id).unwrap().is_some());
    medium.names();
    assert!(signs(&*signer, &set.sign), "a signer that was lent out before signs on");
}

#[test]
fn after_a_renewal_an_encryption_pair_joins_the_signing_pair_that_it_was_issued_with() {
    let old = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[]);
    medium.publish_without_km(old);
    medium.login(PASSWORD);
    let [sign, km] = [Purpose::Sign, Purpose::KeyManagement].map(|purpose| {
        let brought = pair(old, purpose);
        NewPair { certificate: valid_later(&renewed(&brought.certificate)), ..brought }
    });
    let id = medium.store(sign).unwrap();
    assert_ne!(id.entry, old.entry);
    assert_eq!(medium.store(km).unwrap().entry, id.entry);
    assert_eq!(medium.store(pair(old, Purpose::KeyManagement)).unwrap().entry, old.entry);
}

#[test]
fn an_encryption_pair_without_its_signing_pair_is_not_stored() {
    let (owner, new) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.login(PASSWORD);
    assert_eq!(medium.store(pair(new, Purpose::KeyManagement)).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn an_encryption_pair_does_not_join_a_set_that_the_login_does_not_open() {
    let (owner, new) = (issue("홍길동", OTHER), issue("김철수", PASSWORD));
    let medium = Medium::with(&[owner]);
    medium.publish_without_km(new);
    medium.login(OTHER);
    assert_eq!(medium.store(pair(new, Purpose::KeyManagement)).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_removed_encryption_pair_leaves_the_signing_pair_as_it_was() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    medium.login(PASSWORD);
    let id = key(set, Purpose::KeyManagement);
    let decrypter = lock(&medium.token).decrypter(&id).unwrap().unwrap();
    let signer = lock(&medium.token).signer(&key(set, Purpose::Sign)).unwrap();
    let mut expected = medium.tree();
    expected.retain(|path, _| !path.ends_with("kmCert.der") && !path.ends_with("kmPri.key"));
    medium.remove(&id).unwrap();
    assert_eq!(medium.tree(), expected);
    let refused = decrypter.decrypt(&ingam::mechanism::DecryptMechanism::Pkcs1, &[0; 256]).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::NotLoggedIn, "its key is wiped");
    assert!(signs(&*signer, &set.sign));
    assert_eq!(medium.remove(&id).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn a_signing_pair_goes_with_its_set_and_only_after_the_encryption_pair() {
    let (set, other) = (issue("홍길동", PASSWORD), issue("김철수", PASSWORD));
    let medium = Medium::with(&[set, other]);
    medium.login(PASSWORD);
    let before = medium.tree();
    let id = key(set, Purpose::Sign);
    let signer = lock(&medium.token).signer(&id).unwrap();
    assert_eq!(medium.remove(&id).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(medium.tree(), before);
    medium.remove(&key(set, Purpose::KeyManagement)).unwrap();
    medium.remove(&id).unwrap();
    assert_eq!(medium.names(), [other.entry.as_str()]);
    assert!(!medium.root.join(set.entry.as_str()).exists());
    assert_eq!(sign(&*signer).unwrap_err().kind(), ErrorKind::NotLoggedIn, "its key is wiped");
    assert_eq!(medium.remove(&id).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(medium.signs(&key(other, Purpose::Sign), &other.sign));
}

#[test]
fn a_key_that_the_login_does_not_open_is_not_removed() {
    let (ours, others) = (issue("홍길동", PASSWORD), issue_without_km("김철수", OTHER));
    let medium = Medium::with(&[ours, others]);
    medium.login(PASSWORD);
    let before = medium.tree();
    assert_eq!(medium.remove(&key(others, Purpose::Sign)).unwrap_err().kind(), wrong_pin());
    assert_eq!(medium.tree(), before);
}

#[test]
fn a_set_that_another_program_changed_meanwhile_is_neither_removed_nor_rewritten() {
    let set = issue_without_km("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    medium.login(PASSWORD);
    let file = medium.file(set, "signPri.key");
    let changed = fs::read(&file).unwrap();
    fs::write(&file, [&changed[..], b"stale"].concat()).unwrap();
    let before = medium.tree();
    assert_eq!(medium.remove(&key(set, Purpose::Sign)).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(medium.tree(), before);
    medium.names();
    medium.remove(&key(set, Purpose::Sign)).unwrap();
}

#[test]
fn what_lies_with_a_set_and_is_not_of_it_stays() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    fs::write(medium.file(set, "signPri.key.bak"), b"somebody's only copy").unwrap();
    fs::rename(medium.file(set, "signCert.der"), medium.file(set, "SIGNCERT.DER")).unwrap();
    medium.login(PASSWORD);
    medium.remove(&key(set, Purpose::KeyManagement)).unwrap();
    assert_eq!(fs::read(medium.file(set, "signPri.key.bak")).unwrap(), b"somebody's only copy");
    assert_eq!(fs::read_dir(medium.root.join(set.entry.as_str())).unwrap().count(), 4);
    assert!(medium.signs(&key(set, Purpose::Sign), &set.sign));
    medium.remove(&key(set, Purpose::Sign)).unwrap();
    assert_eq!(fs::read(medium.file(set, "signPri.key.bak")).unwrap(), b"somebody's only copy");
    assert_eq!(fs::read_dir(medium.root.join(set.entry.as_str())).unwrap().count(), 1);
}

#[test]
fn a_set_that_holds_a_folder_is_neither_rewritten_nor_removed() {
    let (set, bare) = (issue("홍길동", PASSWORD), issue_without_km("김철수", PASSWORD));
    let medium = Medium::with(&[set, bare]);
    for set in [set, bare] {
        fs::create_dir(medium.file(set, "backup")).unwrap();
        fs::write(medium.file(set, "backup/signPri.key"), b"somebody's only copy").unwrap();
    }
    medium.login(PASSWORD);
    let before = medium.tree();
    for key in [key(set, Purpose::KeyManagement), key(bare, Purpose::Sign)] {
        assert_eq!(medium.remove(&key).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(medium.tree(), before);
}
