//! Objects of a session: what they are made of, how long they live, and what may be done with them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use cryptoki_sys::*;
use support::template::{CERTIFICATE, DATA, GENERIC, NO, PUBLIC_KEY, Pair, RSA, SECRET_KEY, X_509, YES, with, without};
use support::{Mechanism, Module, Npki, PASSWORD, Session};

const NOTE: &[(CK_ATTRIBUTE_TYPE, &[u8])] = &[(CKA_CLASS, DATA), (CKA_LABEL, b"note"), (CKA_VALUE, b"text")];
const SECRET: &[(CK_ATTRIBUTE_TYPE, &[u8])] =
    &[(CKA_CLASS, SECRET_KEY), (CKA_KEY_TYPE, GENERIC), (CKA_VALUE, b"sixteen bytes..."), (CKA_LABEL, b"secret")];

#[test]
fn a_session_object_is_seen_by_all_sessions_of_its_slot_and_goes_with_its_own() {
    let module = Module::owning(Npki::one());
    let (owner, other) = (module.open(), module.open());
    let note = owner.create(NOTE).unwrap();
    assert_eq!(other.find(&[(CKA_LABEL, b"note")]), Ok(vec![note]));
    assert_eq!(other.find(&[(CKA_CLASS, DATA), (CKA_VALUE, b"text")]), Ok(vec![note]));
    assert_eq!(other.find(&[(CKA_TOKEN, NO)]), Ok(vec![note]));
    assert_eq!(other.attribute(note, CKA_VALUE).unwrap(), b"text");
    assert!(!other.flag(note, CKA_TOKEN) && !other.flag(note, CKA_PRIVATE) && other.flag(note, CKA_MODIFIABLE));
    assert_eq!(other.attribute(note, CKA_APPLICATION).unwrap(), b"");
    assert_eq!(other.attribute(note, CKA_MODULUS), Err(CKR_ATTRIBUTE_TYPE_INVALID));
    let all = other.find(&[]).unwrap();
    assert_eq!(all.len(), 7, "beside those of the token");
    owner.close();
    assert_eq!(other.attribute(note, CKA_VALUE), Err(CKR_OBJECT_HANDLE_INVALID));
    assert_eq!(other.find(&[(CKA_LABEL, b"note")]), Ok(vec![]));
}

#[test]
fn a_private_object_needs_a_login_and_ends_with_it() {
    let module = Module::owning(Npki::one());
    let session = module.open();
    let private = with(NOTE, &[(CKA_PRIVATE, YES)]);
    assert_eq!(session.create(&private), Err(CKR_USER_NOT_LOGGED_IN));
    assert_eq!(session.create(SECRET), Err(CKR_USER_NOT_LOGGED_IN), "keys are private unless they say otherwise");
    let open = session.create(&with(SECRET, &[(CKA_PRIVATE, NO)])).unwrap();
    session.login(PASSWORD).unwrap();
    let objects = [session.create(&private).unwrap(), session.create(SECRET).unwrap()];
    assert_eq!(session.find(&[(CKA_TOKEN, NO)]).unwrap().len(), 3);
    assert_eq!(session.find(&[(CKA_VALUE, b"text")]), Ok(vec![]), "no search by a secret");
    session.logout();
    assert_eq!(session.find(&[(CKA_TOKEN, NO)]), Ok(vec![open]));
    session.login(PASSWORD).unwrap();
    for object in objects {
        assert_eq!(session.attribute(object, CKA_CLASS), Err(CKR_OBJECT_HANDLE_INVALID));
    }
}

#[test]
fn templates_are_refused_by_what_is_wrong_with_them() {
    let npki = Npki::one();
    let pair = Pair::sign(&npki.sets[0], PASSWORD);
    let module = Module::start(&npki);
    let session = module.logged_in();
    let (certificate, public, private) = (pair.certificate_template(), pair.public_template(), pair.private_template());
    for (template, needed) in [
        (NOTE, &[CKA_CLASS][..]),
        (SECRET, &[CKA_KEY_TYPE, CKA_VALUE]),
        (&certificate, &[CKA_CERTIFICATE_TYPE, CKA_SUBJECT, CKA_VALUE]),
        (&public, &[CKA_KEY_TYPE, CKA_MODULUS, CKA_PUBLIC_EXPONENT]),
        (&private, &[CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_COEFFICIENT]),
    ] {
        for kind in needed {
            assert_eq!(session.create(&without(template, *kind)), Err(CKR_TEMPLATE_INCOMPLETE), "{kind:#x}");
        }
        assert_eq!(session.create(&with(template, &[(CKA_PRIME_BITS, RSA)])), Err(CKR_ATTRIBUTE_TYPE_INVALID));
        assert_eq!(session.create(&with(template, &[(CKA_VENDOR_DEFINED, b"")])), Err(CKR_ATTRIBUTE_TYPE_INVALID));
        assert_eq!(session.create(&with(template, &[(CKA_UNIQUE_ID, b"1")])), Err(CKR_ATTRIBUTE_READ_ONLY));
        assert_eq!(session.create(&with(template, &[(CKA_TOKEN, &[2])])), Err(CKR_ATTRIBUTE_VALUE_INVALID));
        assert_eq!(session.create(&with(template, &[(CKA_COPYABLE, b"")])), Err(CKR_ATTRIBUTE_VALUE_INVALID));
        assert_eq!(
            session.create(&with(template, &[(CKA_COPYABLE, YES), (CKA_COPYABLE, NO)])),
            Err(CKR_TEMPLATE_INCONSISTENT)
        );
        assert!(session.create(template).is_ok());
    }
    let replaced = |template: &[(CK_ATTRIBUTE_TYPE, &[u8])], kind, value: &[u8]| {
        session.create(&with(&without(template, kind), &[(kind, value)]))
    };
    assert_eq!(replaced(NOTE, CKA_CLASS, &[1]), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(replaced(NOTE, CKA_CLASS, &CKO_HW_FEATURE.to_ne_bytes()), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(replaced(SECRET, CKA_KEY_TYPE, &CKK_DES3.to_ne_bytes()), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(replaced(SECRET, CKA_VALUE, b""), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    let curve = [(CKA_CLASS, PUBLIC_KEY), (CKA_KEY_TYPE, &CKK_EC.to_ne_bytes()[..]), (CKA_EC_PARAMS, b"\x06\0")];
    assert_eq!(session.create(&curve), Err(CKR_ATTRIBUTE_VALUE_INVALID), "the type is what is wrong");
    let kind = CKK_AES.to_ne_bytes();
    let aes = with(&without(SECRET, CKA_KEY_TYPE), &[(CKA_KEY_TYPE, &kind)]);
    assert!(session.create(&aes).is_ok());
    assert_eq!(
        session.create(&with(&without(&aes, CKA_VALUE), &[(CKA_VALUE, b"17")])),
        Err(CKR_ATTRIBUTE_VALUE_INVALID)
    );
    let mut long = support::template::raw(&vec![NOTE[0]; 4097]);
    let mut object = 0;
    let refused = c!(C_CreateObject(session.0, long.as_mut_ptr(), 4097, &raw mut object));
    assert_eq!(refused, Err(CKR_ARGUMENTS_BAD), "no template is that long");
    assert_eq!(session.create(&with(SECRET, &[(CKA_VALUE_LEN, RSA)])), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(session.create(&with(&public, &[(CKA_MODULUS_BITS, RSA)])), Err(CKR_ATTRIBUTE_READ_ONLY));
    for said in [CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE] {
        assert_eq!(session.create(&with(&private, &[(said, NO)])), Err(CKR_ATTRIBUTE_READ_ONLY));
    }
    assert_eq!(session.create(&with(&private, &[(CKA_ALWAYS_AUTHENTICATE, YES)])), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    let dates: [(_, &[u8]); 2] = [(CKA_START_DATE, b"20260102"), (CKA_END_DATE, b"20260101")];
    assert_eq!(session.create(&with(&private, &dates)), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(session.create(&with(&private, &[(CKA_START_DATE, b"20261301")])), Err(CKR_ATTRIBUTE_VALUE_INVALID));
}

#[test]
fn numbers_that_are_no_key_and_bytes_that_are_no_certificate_are_refused() {
    let mut npki = Npki::one();
    npki.add("성춘향", PASSWORD);
    let [pair, other] = [0, 1].map(|set| Pair::sign(&npki.sets[set], PASSWORD));
    let module = Module::start(&npki);
    let session = module.logged_in();
    let put = |template: &[(CK_ATTRIBUTE_TYPE, &[u8])], kind, value: &[u8]| {
        session.create(&with(&without(template, kind), &[(kind, value)]))
    };
    let private = pair.private_template();
    assert_eq!(put(&private, CKA_PRIME_1, other.numbers().prime_1), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(put(&private, CKA_MODULUS, other.numbers().modulus), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(put(&private, CKA_COEFFICIENT, &[]), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(put(&private, CKA_MODULUS, &[7; 64]), Err(CKR_ATTRIBUTE_VALUE_INVALID), "512 bits");
    assert_eq!(put(&pair.public_template(), CKA_MODULUS, &[7; 64]), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(put(&pair.public_template(), CKA_MODULUS, &[0; 256]), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    let certificate = pair.certificate_template();
    let longer = [pair.certificate.der(), b"\0"].concat();
    assert_eq!(put(&certificate, CKA_VALUE, &longer), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(put(&certificate, CKA_VALUE, b"no certificate"), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(put(&certificate, CKA_CERTIFICATE_TYPE, &CKC_WTLS.to_ne_bytes()), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(put(&certificate, CKA_URL, b"http://example.com"), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    for kind in [CKA_SUBJECT, CKA_SERIAL_NUMBER, CKA_CHECK_VALUE] {
        assert_eq!(put(&certificate, kind, b"\x30\0"), Err(CKR_TEMPLATE_INCONSISTENT), "{kind:#x}");
    }
    assert_eq!(session.create(&with(&certificate, &[(CKA_TRUSTED, YES)])), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(session.find(&[(CKA_TOKEN, NO)]), Ok(vec![]), "nothing was made");
}

#[test]
fn a_certificate_says_what_is_in_it_also_where_it_was_not_told() {
    let npki = Npki::one();
    let pair = Pair::sign(&npki.sets[0], PASSWORD);
    let module = Module::start(&npki);
    let session = module.open();
    let object = session
        .create(&[
            (CKA_CLASS, CERTIFICATE),
            (CKA_CERTIFICATE_TYPE, X_509),
            (CKA_SUBJECT, pair.certificate.subject_der()),
            (CKA_VALUE, pair.certificate.der()),
        ])
        .unwrap();
    assert_eq!(session.attribute(object, CKA_ISSUER).unwrap(), pair.certificate.issuer_der());
    assert_eq!(session.attribute(object, CKA_SERIAL_NUMBER).unwrap(), pair.certificate.serial_der());
    assert_eq!(session.attribute(object, CKA_CHECK_VALUE).unwrap(), pair.certificate.sha1()[..3]);
    assert_eq!(session.number(object, CKA_CERTIFICATE_CATEGORY), CK_CERTIFICATE_CATEGORY_UNSPECIFIED);
    assert_eq!(session.attribute(object, CKA_ID).unwrap(), b"");
    let mut size = 0;
    c!(C_GetObjectSize(session.0, object, &raw mut size)).unwrap();
    assert!(size > support::number(pair.certificate.der().len()));
}

#[test]
fn a_key_shows_its_secrets_only_if_it_may() {
    let npki = Npki::one();
    let pair = Pair::sign(&npki.sets[0], PASSWORD);
    let module = Module::start(&npki);
    let session = module.logged_in();
    let private = pair.private_template();
    let closed = session.create(&private).unwrap();
    let open = session.create(&with(&private, &[(CKA_SENSITIVE, NO)])).unwrap();
    let stays = session.create(&with(&private, &[(CKA_SENSITIVE, NO), (CKA_EXTRACTABLE, NO)])).unwrap();
    for (kind, value) in &private[4..] {
        assert_eq!(session.attribute(closed, *kind), Err(CKR_ATTRIBUTE_SENSITIVE));
        assert_eq!(session.attribute(stays, *kind), Err(CKR_ATTRIBUTE_SENSITIVE));
        assert_eq!(session.attribute(open, *kind).unwrap(), *value);
        assert_eq!(session.find(&[(*kind, *value)]), Ok(vec![]), "no search by a secret");
    }
    assert!(session.flag(closed, CKA_SENSITIVE) && !session.flag(closed, CKA_EXTRACTABLE));
    assert!(!session.flag(open, CKA_SENSITIVE) && session.flag(open, CKA_EXTRACTABLE));
    for key in [closed, open] {
        for never in [CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL] {
            assert!(!session.flag(key, never), "it was in the open once");
        }
        assert_eq!(session.attribute(key, CKA_MODULUS).unwrap(), pair.numbers().modulus);
        assert_eq!(session.attribute(key, CKA_PUBLIC_KEY_INFO).unwrap(), pair.certificate.public_key_info());
    }
    let public = session.create(&pair.public_template()).unwrap();
    assert_eq!(session.number(public, CKA_MODULUS_BITS), 2048);
    let secret = session.create(SECRET).unwrap();
    assert_eq!(session.attribute(secret, CKA_VALUE).unwrap(), b"sixteen bytes...");
    assert_eq!(session.number(secret, CKA_VALUE_LEN), 16);
    session.set(secret, &[(CKA_SENSITIVE, YES)]).unwrap();
    assert_eq!(session.attribute(secret, CKA_VALUE), Err(CKR_ATTRIBUTE_SENSITIVE));
    assert_eq!(session.set(secret, &[(CKA_SENSITIVE, NO)]), Err(CKR_ATTRIBUTE_READ_ONLY), "there is no way back");
    assert_eq!(session.set(closed, &[(CKA_EXTRACTABLE, YES)]), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(session.copy(closed, &[(CKA_SENSITIVE, NO)]), Err(CKR_ATTRIBUTE_READ_ONLY));
}

#[test]
fn a_key_that_was_brought_signs_verifies_and_decrypts_as_long_as_it_is_there() {
    let npki = Npki::one();
    let pair = Pair::sign(&npki.sets[0], PASSWORD);
    let module = Module::start(&npki);
    let (session, other) = (module.logged_in(), module.open());
    let public = session.create(&pair.public_template()).unwrap();
    let private = session.create(&pair.private_template()).unwrap();
    let mut mechanism = Mechanism::new(CKM_SHA256_RSA_PKCS);
    let signature = other.sign(&mut mechanism, private, b"message").unwrap();
    assert_eq!(session.verify(&mut mechanism, public, b"message", &signature), Ok(()));
    assert_eq!(session.verify(&mut mechanism, public, b"massage", &signature), Err(CKR_SIGNATURE_INVALID));
    let mut raw = Mechanism::new(CKM_RSA_PKCS);
    let encrypted = session.encrypt(&mut raw, public, b"secret").unwrap();
    assert_eq!(session.decrypt(&mut raw, private, &encrypted).unwrap(), b"secret");
    assert_eq!(session.sign_init(&mut mechanism, public), Err(CKR_KEY_TYPE_INCONSISTENT));
    let note = session.create(NOTE).unwrap();
    assert_eq!(session.sign_init(&mut mechanism, note), Err(CKR_KEY_HANDLE_INVALID));

    let silent = session.copy(private, &[(CKA_SIGN, NO)]).unwrap();
    assert_eq!(session.sign_init(&mut mechanism, silent), Err(CKR_KEY_FUNCTION_NOT_PERMITTED));
    let allowed = CKM_SHA512_RSA_PKCS.to_ne_bytes();
    let narrow = session.create(&with(&pair.private_template(), &[(CKA_ALLOWED_MECHANISMS, &allowed)])).unwrap();
    assert_eq!(session.sign_init(&mut mechanism, narrow), Err(CKR_MECHANISM_INVALID));
    assert!(session.sign(&mut Mechanism::new(CKM_SHA512_RSA_PKCS), narrow, b"message").is_ok());

    other.sign_init(&mut mechanism, private).unwrap();
    let copy = session.copy(private, &[]).unwrap();
    session.destroy(private).unwrap();
    let mut length = 256;
    let refused = c!(C_Sign(other.0, [1].as_mut_ptr(), 1, [0; 256].as_mut_ptr(), &raw mut length));
    assert_eq!(refused, Err(CKR_KEY_HANDLE_INVALID), "an operation does not go on with a key that is no more");
    assert_eq!(session.sign_init(&mut mechanism, private), Err(CKR_KEY_HANDLE_INVALID));
    assert!(session.sign(&mut mechanism, copy, b"message").is_ok(), "a copy is a key of its own");
}

#[test]
fn attributes_are_changed_where_object_and_attribute_allow_it() {
    let npki = Npki::one();
    let pair = Pair::sign(&npki.sets[0], PASSWORD);
    let module = Module::start(&npki);
    let session = module.logged_in();
    let key = session.create(&pair.private_template()).unwrap();
    session.set(key, &[(CKA_LABEL, "서명 키".as_bytes()), (CKA_ID, &[7; 20])]).unwrap();
    assert_eq!(session.find(&[(CKA_ID, &[7; 20])]), Ok(vec![key]));
    assert_eq!(session.attribute(key, CKA_LABEL).unwrap(), "서명 키".as_bytes());
    for fixed in [CKA_CLASS, CKA_KEY_TYPE] {
        assert_eq!(session.set(key, &[(fixed, RSA)]), Err(CKR_ATTRIBUTE_READ_ONLY));
    }
    for fixed in [CKA_TOKEN, CKA_PRIVATE, CKA_MODIFIABLE, CKA_LOCAL] {
        assert_eq!(session.set(key, &[(fixed, YES)]), Err(CKR_ATTRIBUTE_READ_ONLY), "{fixed:#x}");
    }
    assert_eq!(session.set(key, &[(CKA_PRIME_1, b"\x07")]), Err(CKR_ATTRIBUTE_READ_ONLY));
    assert_eq!(session.set(key, &[(CKA_VALUE, b"")]), Err(CKR_ATTRIBUTE_TYPE_INVALID));
    assert_eq!(session.set(key, &[(CKA_SIGN, &[7])]), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(
        session.set(key, &[(CKA_LABEL, b"half"), (CKA_CLASS, RSA)]),
        Err(CKR_ATTRIBUTE_READ_ONLY),
        "all or nothing"
    );
    assert_eq!(session.attribute(key, CKA_LABEL).unwrap(), "서명 키".as_bytes());
    let certificate = session.create(&pair.certificate_template()).unwrap();
    assert_eq!(session.set(certificate, &[(CKA_ISSUER, b"\x30\0")]), Err(CKR_TEMPLATE_INCONSISTENT));
    let note = session.create(NOTE).unwrap();
    session.set(note, &[(CKA_VALUE, b"other")]).unwrap();
    assert_eq!(session.attribute(note, CKA_VALUE).unwrap(), b"other");

    let fixed =
        session.create(&with(NOTE, &[(CKA_MODIFIABLE, NO), (CKA_DESTROYABLE, NO), (CKA_COPYABLE, NO)])).unwrap();
    assert_eq!(session.set(fixed, &[(CKA_LABEL, b"x")]), Err(CKR_ACTION_PROHIBITED));
    assert_eq!(session.destroy(fixed), Err(CKR_ACTION_PROHIBITED));
    assert_eq!(session.copy(fixed, &[]), Err(CKR_ACTION_PROHIBITED));
    session.set(note, &[(CKA_COPYABLE, NO)]).unwrap();
    assert_eq!(session.set(note, &[(CKA_COPYABLE, YES)]), Err(CKR_ATTRIBUTE_READ_ONLY));
}

#[test]
fn copies_are_objects_of_their_own_also_of_what_the_token_shows_to_all() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    let note = session.create(NOTE).unwrap();
    let copy = session.copy(note, &[(CKA_LABEL, b"copy"), (CKA_PRIVATE, YES)]).unwrap();
    session.destroy(note).unwrap();
    assert_eq!(session.destroy(note), Err(CKR_OBJECT_HANDLE_INVALID));
    assert_eq!(session.attribute(copy, CKA_VALUE).unwrap(), b"text");
    let another = session.copy(copy, &[]).unwrap();
    assert_ne!(session.attribute(copy, CKA_UNIQUE_ID).unwrap(), session.attribute(another, CKA_UNIQUE_ID).unwrap());
    assert_eq!(session.copy(copy, &[(CKA_PRIVATE, NO)]), Err(CKR_TEMPLATE_INCONSISTENT));

    let id = npki.sign_id();
    let certificate = session.copy(session.one(CKO_CERTIFICATE, &id), &[(CKA_TOKEN, NO)]).unwrap();
    assert_eq!(session.attribute(certificate, CKA_VALUE).unwrap(), npki.sets[0].sign.der());
    assert_eq!(session.attribute(certificate, CKA_LABEL).unwrap(), "홍길동".as_bytes());
    let signature =
        session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), session.one(CKO_PRIVATE_KEY, &id), b"message").unwrap();
    let public = session.copy(session.one(CKO_PUBLIC_KEY, &id), &[(CKA_TOKEN, NO)]).unwrap();
    assert_eq!(session.verify(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), public, b"message", &signature), Ok(()));
    let private = session.one(CKO_PRIVATE_KEY, &id);
    assert_eq!(session.copy(private, &[(CKA_TOKEN, NO)]), Err(CKR_ACTION_PROHIBITED));
    assert!(!session.flag(private, CKA_COPYABLE));
    assert_eq!(session.find(&[(CKA_CLASS, PUBLIC_KEY), (CKA_TOKEN, NO)]), Ok(vec![public]));
}

#[test]
fn one_slots_objects_are_not_anothers() {
    let first = Npki::one();
    let second = Npki::one();
    let _turn = support::turn();
    support::point_at(&first);
    let roots = std::env::join_paths([first.root(), second.root()]).unwrap();
    // SAFETY: only Rust reads the environment here, under the standard library's lock.
    unsafe { std::env::set_var("INGAM_NPKI_PATH", roots) };
    c!(C_Initialize(std::ptr::null_mut())).unwrap();
    let mut slots = [0; 2];
    let mut count = 2;
    c!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)).unwrap();
    let [here, there] = slots.map(|slot| Session::open(slot, CKF_SERIAL_SESSION).unwrap());
    let note = here.create(NOTE).unwrap();
    assert_eq!(there.attribute(note, CKA_VALUE), Err(CKR_OBJECT_HANDLE_INVALID));
    assert_eq!(there.find(&[(CKA_TOKEN, NO)]), Ok(vec![]));
    c!(C_CloseAllSessions(slots[0])).unwrap();
    let again = Session::open(slots[0], CKF_SERIAL_SESSION).unwrap();
    assert_eq!(again.find(&[(CKA_TOKEN, NO)]), Ok(vec![]));
    c!(C_Finalize(std::ptr::null_mut())).unwrap();
}

#[test]
fn what_one_thread_made_stricter_another_does_not_undo() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.logged_in();
    // Long enough for the other thread to come in between.
    let label = &vec![b'x'; 1 << 18];
    for _ in 0..50 {
        let (key, begin) = (session.create(SECRET).unwrap(), &std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                begin.wait();
                (0..20).for_each(|_| session.set(key, &[(CKA_LABEL, label)]).unwrap());
            });
            begin.wait();
            session.set(key, &[(CKA_SENSITIVE, YES)]).unwrap();
        });
        assert!(session.flag(key, CKA_SENSITIVE));
        session.destroy(key).unwrap();
    }
}

#[test]
fn threads_make_use_and_destroy_objects_at_the_same_time() {
    let npki = Npki::one();
    let pair = Pair::sign(&npki.sets[0], PASSWORD);
    let module = Module::start(&npki);
    let slot = module.slot();
    let main = module.logged_in();
    let shared = main.create(&pair.private_template()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let pair = &pair;
            scope.spawn(move || {
                let session = Session::open(slot, CKF_SERIAL_SESSION).unwrap();
                let label = [thread; 4];
                for turn in 0..25_u8 {
                    let note = session.create(&with(NOTE, &[(CKA_APPLICATION, &label)])).unwrap();
                    let key = session.create(&with(&pair.public_template(), &[(CKA_LABEL, &label)])).unwrap();
                    let mut mechanism = Mechanism::new(CKM_SHA256_RSA_PKCS);
                    let signature = session.sign(&mut mechanism, shared, &[turn]).unwrap();
                    assert_eq!(session.verify(&mut mechanism, key, &[turn], &signature), Ok(()));
                    assert_eq!(session.find(&[(CKA_APPLICATION, &label)]), Ok(vec![note]));
                    session.set(note, &[(CKA_VALUE, &[turn])]).unwrap();
                    assert_eq!(session.attribute(note, CKA_VALUE).unwrap(), [turn]);
                    session.destroy(note).unwrap();
                    if turn % 2 == 0 {
                        session.destroy(key).unwrap();
                    }
                }
                session.close();
            });
        }
    });
    assert_eq!(main.find(&[(CKA_TOKEN, NO)]), Ok(vec![shared]));
}

#[test]
fn objects_do_not_come_back_with_their_medium() {
    let npki = Npki::one();
    let module = Module::start(&npki);
    let session = module.open();
    let note = session.create(NOTE).unwrap();
    let away = npki.home.path().join("away");
    std::fs::rename(npki.root(), &away).unwrap();
    module.slots();
    assert_eq!(session.attribute(note, CKA_VALUE), Err(CKR_DEVICE_REMOVED));
    std::fs::rename(away, npki.root()).unwrap();
    let session = module.open();
    assert_eq!(session.attribute(note, CKA_VALUE), Err(CKR_OBJECT_HANDLE_INVALID));
    assert_eq!(session.find(&[(CKA_TOKEN, NO)]), Ok(vec![]));
}
