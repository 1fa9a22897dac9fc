//! This file checks what is taken away from a token: a whole set, what an import left that was cut off, and nothing else.

use ingam::credential::Purpose;
use sha2::{Digest as _, Sha256};

use super::*;

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_set_that_is_removed_leaves_only_ca_certificates_and_other_sets() {
    alone(|hsm| {
        hsm.token("seal");
        let (first, second) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        let token = token(hsm);
        let name = import(&token, first.export()).unwrap();
        import(&token, second.export()).unwrap();
        let remove = || lock(&token).writer().unwrap().remove_set(&name);
        remove().unwrap();
        let left = entries(&token);
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(*left[0].content.as_ref().unwrap().sign.certificate, second.set.sign);
        let of_first = [first.set.sign.key_id(), first.set.km.as_ref().unwrap().key_id()];
        assert!(objects(hsm).iter().all(|block| of_first.iter().all(|id| !block.contains(&hex(id)))));
        assert_eq!(remove().unwrap_err().kind(), ErrorKind::NotFound);
        import(&token, first.export()).unwrap();
    });
}

/// How a journal names a key: CKA_ID, SHA-256 of the modulus.
fn journal_line(id: &[u8], certificate: &Certificate) -> String {
    let (modulus, _) = certificate.rsa_public().unwrap();
    format!("{} {}\n", hex(id), hex(&Sha256::digest(modulus)))
}

/// Puts a private key on the token and, as an import does before, a journal that names it.
fn cut_off(hsm: &SoftHsm, disk: &Disk, journal: bool) {
    let set = disk.export();
    let id = hex(&disk.set.sign.key_id());
    if journal {
        let value = hsm.folder().join("journal");
        let km = disk.set.km.as_ref().unwrap();
        let lines = [&disk.set.sign, km].map(|certificate| journal_line(&certificate.key_id(), certificate));
        fs::write(&value, lines.concat()).unwrap();
        let label = format!("ingam-import={id}");
        let object = ["--write-object", value.to_str().unwrap(), "--type", "data", "--private", "--label", &label];
        hsm.tool("seal", &object);
    }
    for pair in [&set.sign, set.km.as_ref().unwrap()] {
        let key = hsm.folder().join("key.der");
        fs::write(&key, pair.private_key_info.expose()).unwrap();
        let id = hex(&pair.certificate.key_id());
        hsm.tool("seal", &["--write-object", key.to_str().unwrap(), "--type", "privkey", "--id", &id, "--label", "x"]);
    }
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn what_an_import_left_that_was_cut_off_is_named_and_the_next_import_takes_it_away() {
    alone(|hsm| {
        hsm.token("seal");
        let (cut, other) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        cut_off(hsm, &cut, true);
        let token = token(hsm);
        let listed = entries(&token);
        let name = format!("key-{}", hex(&cut.set.sign.key_id()));
        let remnant = listed.iter().find(|entry| entry.name.as_str() == name).unwrap();
        assert!(remnant.content.as_ref().unwrap_err().doing().contains("cut off"), "{remnant:?}");
        assert!(listed.iter().all(|entry| entry.content.is_err()), "none is a set: {listed:?}");
        import(&token, other.export()).unwrap();
        assert_eq!(entries(&token).len(), 1, "{:?}", entries(&token));
        import(&token, cut.export()).unwrap();
        assert_eq!(entries(&token).len(), 2);
        assert!(objects(hsm).iter().all(|block| !block.contains("ingam-import")));
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_remnant_is_removed_when_it_is_named() {
    alone(|hsm| {
        hsm.token("seal");
        let cut = Disk::with(hsm, "홍길동");
        cut_off(hsm, &cut, true);
        let token = token(hsm);
        let name = EntryName::new(&format!("key-{}", hex(&cut.set.sign.key_id())));
        lock(&token).writer().unwrap().remove_set(&name).unwrap();
        assert!(entries(&token).is_empty(), "with the other key of the same import: {:?}", entries(&token));
        assert!(objects(hsm).is_empty());
        let again = lock(&token).writer().unwrap().remove_set(&name).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::NotFound);
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_key_that_no_journal_names_is_nobodys_remnant() {
    alone(|hsm| {
        hsm.token("seal");
        let (key, other) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        cut_off(hsm, &key, false);
        let token = token(hsm);
        import(&token, other.export()).unwrap();
        let bare = entries(&token).iter().filter(|entry| entry.name.as_str().starts_with("key-")).count();
        assert_eq!(bare, 2, "an import touches nothing that it did not make");
        assert_eq!(import(&token, key.export()).unwrap_err().kind(), ErrorKind::AlreadyExists);
        for pair in [key.set.sign.key_id(), key.set.km.as_ref().unwrap().key_id()] {
            let name = EntryName::new(&format!("key-{}", hex(&pair)));
            lock(&token).writer().unwrap().remove_set(&name).unwrap();
        }
        import(&token, key.export()).unwrap();
        assert_eq!(entries(&token).len(), 2);
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_finished_import_whose_journal_stayed_is_whole() {
    alone(|hsm| {
        hsm.token("seal");
        let (disk, other) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        let token = token(hsm);
        import(&token, disk.export()).unwrap();
        let value = hsm.folder().join("journal");
        fs::write(&value, b"").unwrap();
        let label = format!("ingam-import={}", hex(&disk.set.sign.key_id()));
        let object = ["--write-object", value.to_str().unwrap(), "--type", "data", "--private", "--label", &label];
        hsm.tool("seal", &object);
        assert!(entries(&token)[0].content.is_ok());
        import(&token, other.export()).unwrap();
        let listed = entries(&token);
        assert!(listed.len() == 2 && listed.iter().all(|entry| entry.content.is_ok()), "{listed:?}");
        assert!(objects(hsm).iter().all(|block| !block.contains("ingam-import")));
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_set_is_called_anew_and_keeps_belonging_together() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        let name = import(&token, disk.export()).unwrap();
        let relabel = |name: &EntryName, label: &str| lock(&token).relabeler().unwrap().relabel(name, label);
        for wrong in ["", " ", "a\nb", &"x".repeat(300)] {
            assert_eq!(relabel(&name, wrong).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        assert_eq!(relabel(&EntryName::new("nobody"), "x").unwrap_err().kind(), ErrorKind::NotFound);
        relabel(&name, "회사 도장").unwrap();
        let listed = entries(&token);
        assert_eq!(listed[0].name.as_str(), "회사 도장");
        let set = listed[0].content.as_ref().unwrap();
        let key = set.sign.key.as_ref().unwrap();
        assert_eq!(key.purpose, Purpose::Sign);
        assert_eq!(lock(&token).vid_random(key).unwrap().unwrap().expose(), disk.set.random.expose());
        assert!(object(hsm, "Private Key Object", &disk.set.sign.key_id()).contains("회사 도장"));
        let km = disk.set.km.as_ref().unwrap().key_id();
        assert!(object(hsm, "Certificate Object", &km).contains("회사 도장 km"));
    });
}

/// Puts the signing key of a set on the token as other programs do, under a CKA_ID that says nothing.
fn key_01(hsm: &SoftHsm, disk: &Disk) {
    let key = hsm.folder().join("key.der");
    fs::write(&key, disk.export().sign.private_key_info.expose()).unwrap();
    hsm.tool("seal", &["--write-object", key.to_str().unwrap(), "--type", "privkey", "--id", "01", "--label", "x"]);
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_key_is_not_taken_away_with_another_of_the_same_cka_id() {
    alone(|hsm| {
        hsm.token("seal");
        let (doomed, used) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        key_01(hsm, &doomed);
        key_01(hsm, &used);
        let token = token(hsm);
        let name = EntryName::new("key-01");
        let remove = || lock(&token).writer().unwrap().remove_set(&name);
        assert_eq!(remove().unwrap_err().kind(), ErrorKind::Ambiguous, "which of the two is meant nobody can tell");
        assert_eq!(objects(hsm).iter().filter(|block| block.starts_with("Private Key")).count(), 2);
        lock(&token).generator().unwrap().attach(&used.set.sign, &[]).unwrap();
        remove().unwrap();
        let left = entries(&token);
        assert_eq!(left.len(), 1, "{left:?}");
        let pair = &left[0].content.as_ref().unwrap().sign;
        assert!(*pair.certificate == used.set.sign && pair.key.is_some(), "{left:?}");
        assert_eq!(remove().unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_journal_takes_no_key_away_that_it_does_not_name() {
    alone(|hsm| {
        hsm.token("seal");
        let (cut, own, other) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"), Disk::with(hsm, "이영희"));
        let value = hsm.folder().join("journal");
        for (id, line) in [("01", journal_line(&[1], &cut.set.sign)), ("02", "02\n".to_owned())] {
            fs::write(&value, line).unwrap();
            let label = format!("ingam-import={id}");
            let object = ["--write-object", value.to_str().unwrap(), "--type", "data", "--private", "--label", &label];
            hsm.tool("seal", &object);
        }
        key_01(hsm, &cut);
        key_01(hsm, &own);
        hsm.tool("seal", &["--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label", "curve"]);
        let token = token(hsm);
        import(&token, other.export()).unwrap();
        let private = objects(hsm).into_iter().filter(|block| block.starts_with("Private Key")).count();
        assert_eq!(private, 4, "the two of the import and the two of somebody else: {:?}", objects(hsm));
        assert!(objects(hsm).iter().all(|block| !block.contains("ingam-import")));
        lock(&token).generator().unwrap().attach(&own.set.sign, &[]).unwrap();
        lock(&token).writer().unwrap().remove_set(&EntryName::new("key-01")).unwrap();
        let left = entries(&token);
        assert!(left.len() == 2 && left.iter().all(|entry| entry.content.is_ok()), "the curve alone is gone: {left:?}");
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_journal_that_anybody_could_have_written_counts_for_nothing() {
    alone(|hsm| {
        hsm.token("seal");
        let (key, other) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        key_01(hsm, &key);
        let value = hsm.folder().join("journal");
        fs::write(&value, journal_line(&[1], &key.set.sign)).unwrap();
        // Without a login, as whoever holds the token can.
        let without_pin =
            ["--module", softhsm::MODULE, "--token-label", "seal", "--write-object", value.to_str().unwrap()];
        hsm.run("pkcs11-tool", &[&without_pin[..], &["--type", "data", "--label", "ingam-import=01"]].concat());
        let token = token(hsm);
        let bare = |entry: &Entry| entry.name.as_str() == "key-01";
        let listed = entries(&token);
        let listed = listed.iter().find(|entry| bare(entry)).unwrap();
        assert!(!listed.content.as_ref().unwrap_err().doing().contains("cut off"), "{listed:?}");
        import(&token, other.export()).unwrap();
        assert!(entries(&token).iter().any(bare), "the key stays: {:?}", entries(&token));
    });
}
