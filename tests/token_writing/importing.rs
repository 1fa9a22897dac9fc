//! This file checks the way of a set to a token and, where its keys may leave, back.

use ingam::credential::Purpose;
use ingam::transfer::{copy, copy_without_vid_random, move_};

use super::*;

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool, openssl"]
fn a_set_goes_to_a_token_with_r_and_its_keys_work_there_for_other_programs() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        let copied = copy(&disk.token, &disk.set.entry, &token, None).unwrap();
        assert_eq!((copied.km, copied.authorities, copied.vid_random), (true, 2, true));
        assert_eq!(copied.entry.as_str(), "홍길동");
        let listed = entries(&token);
        assert_eq!(listed.len(), 1, "{listed:?}");
        let set = listed[0].content.as_ref().unwrap();
        assert_eq!(*set.sign.certificate, disk.set.sign);
        assert_eq!(*set.km.as_ref().unwrap().certificate, *disk.set.km.as_ref().unwrap());
        assert_eq!(set.ca_certificates.len(), 2);

        let id = disk.set.sign.key_id();
        let random = hsm.folder().join("random");
        let label = format!("R4VID={}", hex(&id));
        let read = ["--read-object", "--type", "data", "--label", &label, "--output-file", random.to_str().unwrap()];
        hsm.tool("seal", &read);
        assert_eq!(fs::read(&random).unwrap(), disk.set.random.expose(), "R byte for byte");

        let (message, signature) = (hsm.folder().join("message"), hsm.folder().join("signature"));
        fs::write(&message, b"invoice").unwrap();
        let (message, signature) = (message.to_str().unwrap(), signature.to_str().unwrap());
        let files = ["--input-file", message, "--output-file", signature];
        let id = hex(&id);
        hsm.tool("seal", &[&["--sign", "--mechanism", "SHA256-RSA-PKCS", "--id", &id], &files[..]].concat());
        let public = public_key_file(hsm, &disk.set.sign);
        let verify = ["dgst", "-sha256", "-verify", &public, "-keyform", "DER", "-signature", signature, message];
        assert!(hsm.run("openssl", &verify).contains("Verified OK"));
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn an_imported_key_is_sensitive_does_its_work_only_and_is_called_after_its_owner() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        import(&token(hsm), disk.export()).unwrap();
        let sign = object(hsm, "Private Key Object", &disk.set.sign.key_id());
        let km = object(hsm, "Private Key Object", &disk.set.km.as_ref().unwrap().key_id());
        for key in [&sign, &km] {
            assert!(key.contains("sensitive") && !key.contains("extractable"), "{key}");
        }
        let usage = |key: &str| key.lines().find(|line| line.contains("Usage")).unwrap().trim().to_owned();
        assert_eq!(usage(&sign).split_whitespace().collect::<Vec<_>>(), ["Usage:", "sign"]);
        assert_eq!(usage(&km).split_whitespace().collect::<Vec<_>>(), ["Usage:", "decrypt"]);
        let label = |key: &str| key.lines().find(|line| line.contains("label:")).unwrap().trim().to_owned();
        assert!(label(&sign).ends_with("홍길동") && label(&km).ends_with("홍길동 km"), "{sign} {km}");
        // Two certificates of the set, two of CAs; keys of both sorts; R.
        let count = |sort: &str| objects(hsm).iter().filter(|block| block.starts_with(sort)).count();
        let counts = ["Certificate Object", "Private Key Object", "Public Key Object", "Data object"].map(count);
        assert_eq!(counts, [4, 2, 2, 1], "no journal stays: {:?}", objects(hsm));
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn what_is_there_already_is_refused_and_stays() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        import(&token, disk.export()).unwrap();
        let before = objects(hsm);
        assert_eq!(import(&token, disk.export()).unwrap_err().kind(), ErrorKind::AlreadyExists);
        let mut renewed = disk.export();
        let serial = disk.set.sign.serial_der().to_vec();
        let mut der = disk.set.sign.der().to_vec();
        let at = der.windows(serial.len()).position(|window| window == serial).unwrap();
        der[at + serial.len() - 1] ^= 1;
        renewed.sign.certificate = Certificate::from_der(&der).unwrap();
        renewed.km = None;
        let refused = import(&token, renewed).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::AlreadyExists, "its key is there under another certificate");
        assert_eq!(objects(hsm), before);
        let again = copy(&disk.token, &disk.set.entry, &token, None).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn what_cannot_be_used_is_refused_before_anything_is_written() {
    alone(|hsm| {
        hsm.token("seal");
        let (disk, other) = (Disk::with(hsm, "홍길동"), Disk::with(hsm, "김철수"));
        let token = token(hsm);
        let refused = |set: NewSet| import(&token, set).unwrap_err().kind();
        let of = |sign: NewSet, km: NewSet| NewSet { sign: sign.sign, km: km.km };
        assert_eq!(refused(of(disk.export(), other.export())), ErrorKind::Mismatch, "two owners");
        let mut swapped = disk.export();
        swapped.sign.private_key_info = other.export().sign.private_key_info;
        assert_eq!(refused(swapped), ErrorKind::Mismatch);
        let set = disk.export();
        assert_eq!(refused(NewSet { sign: set.km.unwrap(), km: None }), ErrorKind::InvalidInput);
        lock(&token).logout(&Scope::All);
        assert_eq!(refused(disk.export()), ErrorKind::NotLoggedIn);
        assert!(objects(hsm).is_empty());
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_second_set_of_the_same_owner_has_another_label() {
    alone(|hsm| {
        hsm.token("seal");
        let (first, second) = (Disk::with(hsm, "홍길동"), issue("홍길동"));
        let second = Disk::at(hsm.folder().join("second"), second);
        second.set.publish(&mut NpkiFolder::new(second.root.clone(), 10)).unwrap();
        lock(&second.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
        let token = token(hsm);
        import(&token, first.export()).unwrap();
        import(&token, second.export()).unwrap();
        let names: Vec<String> = entries(&token).iter().map(|entry| entry.name.to_string()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
        assert!(names.iter().any(|name| name == "홍길동"), "{names:?}");
        assert!(names.iter().any(|name| name.contains(&second.set.sign.serial_hex())), "{names:?}");
        assert!(entries(&token).iter().all(|entry| entry.content.as_ref().unwrap().km.is_some()));
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_key_that_never_leaves_its_token_is_not_taken_off_and_one_that_may_is() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        let copied = copy(&disk.token, &disk.set.entry, &token, None).unwrap();
        let back = Disk::at(hsm.folder().join("back"), issue("x"));
        for attempt in [copy, move_] {
            let refused = attempt(&token, &copied.entry, &back.token, Some(&pin(PASSWORD))).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unsupported);
        }
        lock(&token).writer().unwrap().remove_set(&copied.entry).unwrap();

        let set = disk.export();
        store_to_leave(hsm, &set);
        store_random(hsm, &disk.set);
        let moved = move_(&token, &copied.entry, &back.token, Some(&pin(PASSWORD))).unwrap();
        assert!(moved.km && moved.vid_random);
        lock(&back.token).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
        let taken = lock(&back.token).exporter().unwrap().export(&moved.entry).unwrap();
        assert_eq!(taken.sign.private_key_info.expose(), set.sign.private_key_info.expose(), "R included");
        assert_eq!(taken.km.unwrap().certificate, *disk.set.km.as_ref().unwrap());
        assert!(entries(&token).is_empty(), "{:?}", entries(&token));
        assert!(objects(hsm).iter().all(|block| !block.starts_with("Private") && !block.starts_with("Data")));
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_move_takes_the_original_away_last() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let locked = locked_token(hsm);
        let refused = move_(&disk.token, &disk.set.entry, &locked, None).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotLoggedIn);
        assert!(disk.has_its_set(), "a target that fails costs nothing");
        drop(locked);
        let moved = move_(&disk.token, &disk.set.entry, &token(hsm), None).unwrap();
        assert!(moved.vid_random && !disk.has_its_set());
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_copy_without_r_says_so() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        let copied = copy_without_vid_random(&disk.token, &disk.set.entry, &token, None).unwrap();
        assert!(!copied.vid_random);
        assert!(objects(hsm).iter().all(|block| !block.starts_with("Data")));
        let key = entries(&token)[0].content.as_ref().unwrap().sign.key.clone().unwrap();
        assert_eq!(key.purpose, Purpose::Sign);
        assert!(lock(&token).vid_random(&key).unwrap().is_none());
    });
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool"]
fn a_pair_is_stored_and_removed_alone() {
    alone(|hsm| {
        hsm.token("seal");
        let disk = Disk::with(hsm, "홍길동");
        let token = token(hsm);
        let set = disk.export();
        let store = |pair| lock(&token).writer().unwrap().store(pair);
        let km = set.km.unwrap();
        assert_eq!(store(disk.export().km.unwrap()).unwrap_err().kind(), ErrorKind::NotFound, "km without its sign");
        let sign = store(set.sign).unwrap();
        let km = store(km).unwrap();
        assert!(entries(&token)[0].content.as_ref().unwrap().km.is_some());
        let remove = |key| lock(&token).writer().unwrap().remove(key);
        assert_eq!(remove(&sign).unwrap_err().kind(), ErrorKind::Busy);
        remove(&km).unwrap();
        assert!(entries(&token)[0].content.as_ref().unwrap().km.is_none());
        remove(&sign).unwrap();
        assert!(entries(&token).is_empty());
        assert_eq!(remove(&sign).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

/// Stores the pairs of a set as a program does that lets keys leave.
fn store_to_leave(hsm: &SoftHsm, set: &NewSet) {
    use cryptoki::context::Pkcs11;
    use cryptoki::object::{Attribute, KeyType, ObjectClass};
    use ingam::crypto::rsa::PrivateNumbers;
    use ingam::npki::private_key_info::PrivateKeyInfo;
    // The library has initialised it in this process, and is logged in.
    let module = Pkcs11::new(softhsm::MODULE).unwrap();
    let slot = module.get_slots_with_initialized_token().unwrap()[0];
    let session = module.open_rw_session(slot).unwrap();
    for (pair, label) in [(&set.sign, "홍길동"), (set.km.as_ref().unwrap(), "홍길동 km")] {
        let bytes = ingam::secret::SecretBytes::copy_of(pair.private_key_info.expose());
        let info = PrivateKeyInfo::from_der(bytes).unwrap();
        let numbers = PrivateNumbers::of_der(info.rsa_private_key()).unwrap();
        let key = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::RSA),
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(false),
            Attribute::Extractable(true),
            Attribute::Sign(true),
            Attribute::Decrypt(true),
            Attribute::Id(pair.certificate.key_id().to_vec()),
            Attribute::Label(label.into()),
            Attribute::Modulus(numbers.modulus.to_vec()),
            Attribute::PublicExponent(numbers.public_exponent.to_vec()),
            Attribute::PrivateExponent(numbers.private_exponent.to_vec()),
            Attribute::Prime1(numbers.prime_1.to_vec()),
            Attribute::Prime2(numbers.prime_2.to_vec()),
            Attribute::Exponent1(numbers.exponent_1.to_vec()),
            Attribute::Exponent2(numbers.exponent_2.to_vec()),
            Attribute::Coefficient(numbers.coefficient.to_vec()),
        ];
        session.create_object(&key).unwrap();
        let (id, certificate) = (hex(&pair.certificate.key_id()), hsm.folder().join("certificate.der"));
        fs::write(&certificate, pair.certificate.der()).unwrap();
        let object = ["--write-object", certificate.to_str().unwrap(), "--type", "cert", "--id", &id, "--label", label];
        hsm.tool("seal", &object);
    }
}

/// Stores R of the signing key beside it.
fn store_random(hsm: &SoftHsm, set: &SampleSet) {
    let random = hsm.folder().join("random");
    fs::write(&random, set.random.expose()).unwrap();
    let label = format!("R4VID={}", hex(&set.sign.key_id()));
    hsm.tool("seal", &["--write-object", random.to_str().unwrap(), "--type", "data", "--private", "--label", &label]);
}
