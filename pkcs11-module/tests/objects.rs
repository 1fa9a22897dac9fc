//! Objects: what a set of files becomes, what it says of itself, and how it is found.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use std::ptr::null_mut;

use cryptoki_sys::*;
use support::{Module, Npki, PASSWORD, number, until};

const CLASSES: [CK_OBJECT_CLASS; 4] = [CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_DATA];

#[test]
fn a_set_is_two_pairs_their_cas_and_r() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.open();
    let count = |class: CK_OBJECT_CLASS| session.find(&[(CKA_CLASS, &class.to_ne_bytes())]).unwrap().len();
    assert_eq!(CLASSES.map(count), [4, 2, 0, 0], "two certificates, root and CA; two public keys");
    session.login(PASSWORD).unwrap();
    assert_eq!(CLASSES.map(count), [4, 2, 2, 1]);
    let mut all = session.find(&[]).unwrap();
    assert_eq!(all.len(), 9);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 9, "each once");
}

#[test]
fn the_parts_of_a_pair_share_id_and_label_and_differ_from_the_other_pair() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let label = |id: &[u8], class| session.attribute(session.one(class, id), CKA_LABEL).unwrap();
    let keys = [CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY];
    for class in keys {
        assert_eq!(label(&npki.sign_id(), class), "홍길동".as_bytes());
        assert_eq!(label(&npki.km_id(), class), "홍길동 km".as_bytes());
    }
    let mut unique: Vec<_> = session
        .find(&[])
        .unwrap()
        .into_iter()
        .map(|object| session.attribute(object, CKA_UNIQUE_ID).unwrap())
        .collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), 9);
}

#[test]
fn certificates_of_one_name_are_told_apart_by_their_serial_number() {
    let mut npki = Npki::one();
    npki.add("홍길동", PASSWORD);
    let module = Module::start(&npki);
    let session = module.open();
    for set in &npki.sets {
        let certificate = session.one(CKO_CERTIFICATE, &set.sign.key_id());
        let expected = format!("홍길동 {}", set.sign.serial_hex());
        assert_eq!(session.attribute(certificate, CKA_LABEL).unwrap(), expected.as_bytes());
        assert_eq!(session.find(&[(CKA_LABEL, expected.as_bytes())]).unwrap().len(), 2);
    }
    assert_eq!(
        session.find(&[(CKA_CERTIFICATE_CATEGORY, &CK_CERTIFICATE_CATEGORY_AUTHORITY.to_ne_bytes())]).unwrap().len(),
        2
    );
}

#[test]
fn a_certificate_says_what_is_in_it() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.open();
    let object = session.one(CKO_CERTIFICATE, &npki.sign_id());
    let certificate = &npki.sets[0].sign;
    for (kind, value) in [
        (CKA_VALUE, certificate.der()),
        (CKA_SUBJECT, certificate.subject_der()),
        (CKA_ISSUER, certificate.issuer_der()),
        (CKA_SERIAL_NUMBER, certificate.serial_der()),
        (CKA_PUBLIC_KEY_INFO, certificate.public_key_info()),
        (CKA_ID, &certificate.key_id()),
        (CKA_CHECK_VALUE, &certificate.sha1()[..3]),
        (CKA_URL, &[]),
    ] {
        assert_eq!(session.attribute(object, kind).unwrap(), value, "{kind:#x}");
        assert!(session.find(&[(CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes()), (kind, value)]).unwrap().contains(&object));
    }
    assert_eq!(session.number(object, CKA_CERTIFICATE_TYPE), CKC_X_509);
    assert_eq!(session.number(object, CKA_CERTIFICATE_CATEGORY), CK_CERTIFICATE_CATEGORY_TOKEN_USER);
    assert!(session.flag(object, CKA_TOKEN));
    assert!(!session.flag(object, CKA_PRIVATE) && !session.flag(object, CKA_TRUSTED));
    assert!(!session.flag(object, CKA_MODIFIABLE));
    for kind in [CKA_START_DATE, CKA_END_DATE] {
        let date = session.attribute(object, kind).unwrap();
        assert!(date.len() == 8 && date.iter().all(u8::is_ascii_digit));
    }
    let issuer = session.find(&[(CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes()), (CKA_SUBJECT, certificate.issuer_der())]);
    let issuer = issuer.unwrap()[0];
    assert_eq!(session.number(issuer, CKA_CERTIFICATE_CATEGORY), CK_CERTIFICATE_CATEGORY_AUTHORITY);
    let subject = session.attribute(issuer, CKA_ISSUER).unwrap();
    assert_eq!(session.find(&[(CKA_SUBJECT, &subject), (CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes())]).unwrap().len(), 1);
}

#[test]
fn keys_say_what_they_may_and_keep_their_secrets() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let (modulus, exponent) = npki.sets[0].sign.rsa_public().unwrap();
    let public = session.one(CKO_PUBLIC_KEY, &npki.sign_id());
    let private = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    for key in [public, private] {
        assert_eq!(session.attribute(key, CKA_MODULUS).unwrap(), modulus);
        assert_eq!(session.attribute(key, CKA_PUBLIC_EXPONENT).unwrap(), exponent);
        assert_eq!(session.number(key, CKA_KEY_TYPE), CKK_RSA);
        assert_eq!(session.attribute(key, CKA_PUBLIC_KEY_INFO).unwrap(), npki.sets[0].sign.public_key_info());
        assert_eq!(session.attribute(key, CKA_SUBJECT).unwrap(), npki.sets[0].sign.subject_der());
        assert!(!session.flag(key, CKA_LOCAL));
        assert_eq!(session.number(key, CKA_KEY_GEN_MECHANISM), CK_UNAVAILABLE_INFORMATION);
    }
    assert_eq!(session.number(public, CKA_MODULUS_BITS), 2048);
    assert!(session.flag(public, CKA_VERIFY) && !session.flag(public, CKA_ENCRYPT));
    assert!(session.flag(private, CKA_SIGN) && !session.flag(private, CKA_DECRYPT));
    assert!(session.flag(private, CKA_PRIVATE) && session.flag(private, CKA_SENSITIVE));
    assert!(!session.flag(private, CKA_EXTRACTABLE) && !session.flag(private, CKA_ALWAYS_AUTHENTICATE));
    assert!(!session.flag(private, CKA_NEVER_EXTRACTABLE) && !session.flag(private, CKA_ALWAYS_SENSITIVE));
    for secret in [CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2, CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT] {
        assert_eq!(session.attribute(private, secret), Err(CKR_ATTRIBUTE_SENSITIVE));
        assert_eq!(session.attribute(public, secret), Err(CKR_ATTRIBUTE_TYPE_INVALID));
    }
    assert_eq!(session.attribute(private, CKA_ALLOWED_MECHANISMS), Err(CKR_ATTRIBUTE_TYPE_INVALID));
    let km = session.one(CKO_PRIVATE_KEY, &npki.km_id());
    assert!(session.flag(km, CKA_DECRYPT) && !session.flag(km, CKA_SIGN));
}

#[test]
fn r_is_a_private_data_object_found_by_its_label_or_id() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let hex: String = npki.sign_id().iter().map(|byte| format!("{byte:02x}")).collect();
    let label = format!("R4VID={hex}");
    let random = session.one(CKO_DATA, &npki.sign_id());
    assert_eq!(session.find(&[(CKA_LABEL, label.as_bytes())]).unwrap(), [random]);
    assert_eq!(session.attribute(random, CKA_LABEL).unwrap(), label.as_bytes());
    assert_eq!(session.attribute(random, CKA_ID).unwrap(), npki.sign_id());
    assert_eq!(session.attribute(random, CKA_VALUE).unwrap(), npki.sets[0].random.expose());
    assert_eq!(session.attribute(random, CKA_OBJECT_ID).unwrap(), b"\x06\x0a\x2a\x83\x1a\x8c\x9a\x44\x0a\x01\x01\x03");
    assert!(session.flag(random, CKA_PRIVATE));
    assert_eq!(session.attribute(random, CKA_APPLICATION).unwrap(), b"ingam");
    assert_eq!(
        session.find(&[(CKA_CLASS, &CKO_DATA.to_ne_bytes()), (CKA_ID, &npki.km_id())]),
        Ok(vec![]),
        "R is in one key file"
    );
    let value = (CKA_VALUE, npki.sets[0].random.expose());
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_DATA.to_ne_bytes()), value]), Ok(vec![]), "no search by a secret");
}

#[test]
fn a_template_that_nothing_fits_finds_nothing() {
    let module = Module::owning(Npki::one());
    let session = module.logged_in();
    // NSS asks for its own trust objects everywhere.
    for class in [CKO_SECRET_KEY, CKO_HW_FEATURE, CKO_VENDOR_DEFINED | 0x4e53_4353, CK_OBJECT_CLASS::MAX] {
        assert_eq!(session.find(&[(CKA_CLASS, &class.to_ne_bytes())]), Ok(vec![]));
    }
    assert_eq!(session.find(&[(CKA_VENDOR_DEFINED | 0x1234, &[1])]), Ok(vec![]));
    assert_eq!(session.find(&[(CKA_TOKEN, &[CK_FALSE])]), Ok(vec![]));
    assert_eq!(session.find(&[(CKA_CLASS, &[1])]), Ok(vec![]), "a class of one byte");
    assert_eq!(session.find(&[(CKA_ID, &[7; 20])]), Ok(vec![]));
    assert_eq!(session.find(&[(CKA_ID, &[])]), Ok(vec![]));
    assert_eq!(session.find(&[(CKA_LABEL, b"R4VID=zz")]), Ok(vec![]));
    assert_eq!(session.find(&[(CKA_LABEL, "R4VID=홍홍".as_bytes())]), Ok(vec![]));
}

#[test]
fn a_search_is_begun_continued_and_ended_in_this_order() {
    let module = Module::owning(Npki::one());
    let session = module.open();
    let mut found = [0; 3];
    let mut count = 0;
    let mut next = |room| c!(C_FindObjects(session.0, found.as_mut_ptr(), room, &raw mut count)).map(|()| count);
    assert_eq!(next(3), Err(CKR_OPERATION_NOT_INITIALIZED));
    assert_eq!(c!(C_FindObjectsFinal(session.0)), Err(CKR_OPERATION_NOT_INITIALIZED));
    c!(C_FindObjectsInit(session.0, null_mut(), 0)).unwrap();
    assert_eq!(c!(C_FindObjectsInit(session.0, null_mut(), 0)), Err(CKR_OPERATION_ACTIVE));
    assert_eq!((next(3), next(0), next(2), next(3), next(3)), (Ok(3), Ok(0), Ok(2), Ok(1), Ok(0)));
    assert_eq!(c!(C_FindObjectsFinal(session.0)), Ok(()));
    assert_eq!(c!(C_FindObjectsInit(session.0, null_mut(), 1)), Err(CKR_ARGUMENTS_BAD));
    c!(C_FindObjectsInit(session.0, null_mut(), 0)).unwrap();
    c!(C_SessionCancel(session.0, CKF_FIND_OBJECTS)).unwrap();
    assert_eq!(c!(C_FindObjectsFinal(session.0)), Err(CKR_OPERATION_NOT_INITIALIZED));
}

#[test]
fn every_attribute_of_a_template_is_answered_also_behind_one_that_fails() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let key = session.one(CKO_PRIVATE_KEY, &npki.sign_id());
    let mut id = [0_u8; 20];
    let mut short = [0_u8; 10];
    let mut wide = [0_u8; 300];
    let attribute = |type_, place: &mut [u8]| CK_ATTRIBUTE {
        type_,
        pValue: place.as_mut_ptr().cast(),
        ulValueLen: number(place.len()),
    };
    let mut template = [
        attribute(CKA_PRIVATE_EXPONENT, &mut [0; 256]),
        attribute(CKA_VALUE, &mut [0; 1]),
        attribute(CKA_MODULUS, &mut short),
        attribute(CKA_MODULUS, &mut wide),
        CK_ATTRIBUTE { type_: CKA_MODULUS, pValue: null_mut(), ulValueLen: 1 },
        attribute(CKA_ID, &mut id),
    ];
    let answer = c!(C_GetAttributeValue(session.0, key, template.as_mut_ptr(), 6));
    assert!(matches!(answer, Err(CKR_ATTRIBUTE_SENSITIVE | CKR_ATTRIBUTE_TYPE_INVALID | CKR_BUFFER_TOO_SMALL)));
    let none = CK_UNAVAILABLE_INFORMATION;
    assert_eq!(template.map(|attribute| attribute.ulValueLen), [none, none, none, 256, 256, 20]);
    assert_eq!(id, npki.sign_id());
    assert_eq!(short, [0; 10], "a value that does not fit is not begun");
    assert_eq!(wide[256..], [0; 44]);
    assert_eq!(wide[..256], *npki.sets[0].sign.rsa_public().unwrap().0);
    assert_eq!(c!(C_GetAttributeValue(session.0, key, null_mut(), 1)), Err(CKR_ARGUMENTS_BAD));
    assert_eq!(c!(C_GetAttributeValue(session.0, key, null_mut(), 0)), Ok(()));
    for count in [4097, CK_ULONG::MAX / 64, CK_ULONG::MAX] {
        assert_eq!(c!(C_GetAttributeValue(session.0, key, template.as_mut_ptr(), count)), Err(CKR_ARGUMENTS_BAD));
        assert_eq!(c!(C_FindObjectsInit(session.0, template.as_mut_ptr(), count)), Err(CKR_ARGUMENTS_BAD));
    }
    for object in [0, key + 1000, CK_OBJECT_HANDLE::MAX] {
        assert_eq!(session.attribute(object, CKA_ID), Err(CKR_OBJECT_HANDLE_INVALID));
    }
}

#[test]
fn an_application_with_fixed_buffers_reads_in_one_call() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.open();
    let object = session.one(CKO_CERTIFICATE, &npki.sign_id());
    let (mut value, mut id) = ([0_u8; 3072], [0_u8; 32]);
    let mut template = [
        CK_ATTRIBUTE { type_: CKA_VALUE, pValue: value.as_mut_ptr().cast(), ulValueLen: 3072 },
        CK_ATTRIBUTE { type_: CKA_ID, pValue: id.as_mut_ptr().cast(), ulValueLen: 32 },
    ];
    c!(C_GetAttributeValue(session.0, object, template.as_mut_ptr(), 2)).unwrap();
    let length = usize::try_from(template[0].ulValueLen).unwrap();
    assert_eq!(&value[..length], npki.sets[0].sign.der());
    assert_eq!((template[1].ulValueLen, &id[..20]), (20, &npki.sign_id()[..]));
}

#[test]
fn a_set_that_appears_is_found_and_the_others_keep_their_handles() {
    let mut npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let before = session.find(&[]).unwrap();
    let added = npki.add("성춘향", PASSWORD).sign.key_id();
    // A CKA_ID that is not known yet makes the module look again at once when its listing is a second old.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while session.find(&[(CKA_ID, &added), (CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes())]).unwrap().is_empty() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::yield_now();
    }
    let after = session.find(&[]).unwrap();
    assert_eq!(after.len(), before.len() + 7, "two pairs and R; the CAs are the same");
    assert!(before.iter().all(|handle| after.contains(handle)));
    session.one(CKO_PRIVATE_KEY, &added);
}

#[test]
fn a_key_that_comes_after_its_certificate_is_found() {
    let npki = Npki::one();
    let key = npki.root().join(npki.sets[0].entry.as_str()).join("signPri.key");
    let bytes = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let id = npki.sign_id();
    let find = || session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes()), (CKA_ID, &id)]).unwrap();
    session.one(CKO_CERTIFICATE, &id);
    assert_eq!(find(), []);
    std::fs::write(&key, bytes).unwrap();
    assert_eq!(until(|| Some(find()).filter(|found| !found.is_empty())).len(), 1);
}

#[test]
fn an_id_of_a_length_that_none_has_finds_nothing_and_is_not_read() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.open();
    let mut id = npki.sign_id();
    for length in [0, 19, 21, CK_ULONG::MAX / 2] {
        let mut criterion = CK_ATTRIBUTE { type_: CKA_ID, pValue: id.as_mut_ptr().cast(), ulValueLen: length };
        c!(C_FindObjectsInit(session.0, &raw mut criterion, 1)).unwrap();
        let (mut object, mut count) = (0, 1);
        c!(C_FindObjects(session.0, &raw mut object, 1, &raw mut count)).unwrap();
        assert_eq!(count, 0, "{length}");
        c!(C_FindObjectsFinal(session.0)).unwrap();
    }
}

#[test]
fn r_of_a_set_that_changed_meanwhile_is_no_object() {
    let mut npki = Npki::one();
    npki.add("이몽룡", "another password");
    let module = Module::start(&npki);
    let session = module.logged_in();
    let random = session.one(CKO_DATA, &npki.sign_id());
    let [key, strange] = [0, 1].map(|set| npki.root().join(npki.sets[set].entry.as_str()).join("signPri.key"));
    std::fs::copy(strange, key).unwrap();
    // What is known of the folder may be used for a moment yet.
    let refused = until(|| {
        let _ = session.find(&[]);
        session.attribute(random, CKA_VALUE).err()
    });
    assert_eq!(refused, CKR_OBJECT_HANDLE_INVALID);
}

#[test]
fn a_damaged_set_does_not_hide_the_others() {
    let npki = Npki::one();
    let user = npki.root().join("yessign/USER");
    for (name, file, content) in [
        ("empty", None, &b""[..]),
        ("noise", Some("signCert.der"), b"\x30\x82\xff\xff noise"),
        ("key only", Some("signPri.key"), b"\x30\x03"),
    ] {
        std::fs::create_dir_all(user.join(name)).unwrap();
        if let Some(file) = file {
            std::fs::write(user.join(name).join(file), content).unwrap();
        }
    }
    let module = Module::start(&npki);
    assert_eq!(module.logged_in().find(&[]).unwrap().len(), 9);
}

#[test]
fn an_object_tells_how_large_it_is() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let size = |object| {
        let mut size = 0;
        c!(C_GetObjectSize(session.0, object, &raw mut size)).map(|()| size)
    };
    let sign = &npki.sets[0].sign;
    assert_eq!(size(session.one(CKO_CERTIFICATE, &npki.sign_id())), Ok(number(sign.der().len())));
    assert_eq!(size(session.one(CKO_PUBLIC_KEY, &npki.sign_id())), Ok(number(sign.public_key_info().len())));
    assert_eq!(size(session.one(CKO_PRIVATE_KEY, &npki.sign_id())), Ok(CK_UNAVAILABLE_INFORMATION));
    assert_eq!(size(0), Err(CKR_OBJECT_HANDLE_INVALID));
}

#[test]
fn many_sets_are_listed_and_each_key_is_found_by_its_id() {
    let npki = Npki::many(300);
    let module = Module::start(&npki);
    let session = module.logged_in();
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes())]).unwrap().len(), 602);
    for set in npki.sets.iter().step_by(29) {
        session.one(CKO_PRIVATE_KEY, &set.sign.key_id());
    }
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_PRIVATE_KEY.to_ne_bytes())]).unwrap().len(), 600);
    assert_eq!(session.find(&[(CKA_CLASS, &CKO_DATA.to_ne_bytes())]).unwrap().len(), 300);
    let mut labels: Vec<_> = session
        .find(&[(CKA_CLASS, &CKO_CERTIFICATE.to_ne_bytes())])
        .unwrap()
        .into_iter()
        .map(|object| session.attribute(object, CKA_LABEL).unwrap())
        .collect();
    labels.sort();
    labels.dedup();
    assert_eq!(labels.len(), 602);
}
