//! Pairs that an application puts on the medium one object at a time, and takes away again.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[macro_use]
mod support;

use cryptoki_sys::*;
use ingam::sample::SampleSet;
use support::template::{DATA, GENERIC, NO, PRIVATE_KEY, Pair, SECRET_KEY, Template, YES, certificate_template, with};
use support::{Mechanism, Module, Npki, PASSWORD, Session, authority, request};

const ON_TOKEN: (CK_ATTRIBUTE_TYPE, &[u8]) = (CKA_TOKEN, YES);
const MESSAGE: &[u8] = b"message";

/// A medium with one set, and another set that an application has in its hands.
struct Fixture {
    npki: Npki,
    module: Module,
    session: Session,
    set: SampleSet,
    sign: Pair,
    km: Pair,
}

impl Fixture {
    fn new() -> Self {
        let set = authority().issue(&request("성춘향"), &ingam::pin::Pin::copy_of(PASSWORD.as_bytes())).unwrap();
        let npki = Npki::one();
        let module = Module::start(&npki);
        let session = Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
        session.login(PASSWORD).unwrap();
        let (sign, km) = (Pair::sign(&set, PASSWORD), Pair::km(&set, PASSWORD));
        Self { npki, module, session, set, sign, km }
    }

    fn store(&self, pair: &Pair) -> [CK_OBJECT_HANDLE; 2] {
        let certificate = self.session.create(&on_token(pair.certificate_template())).unwrap();
        [certificate, self.session.create(&on_token(pair.private_template())).unwrap()]
    }

    /// How many private keys of the token have this CKA_ID in a session of another process' kind: one that came later.
    fn keys(&self, id: &[u8]) -> usize {
        self.session.find(&[(CKA_CLASS, PRIVATE_KEY), (CKA_ID, id)]).unwrap().len()
    }
}

fn on_token(template: Template<'_>) -> Template<'_> {
    with(&template, &[ON_TOKEN])
}

fn signs(session: Session, private: CK_OBJECT_HANDLE, public: CK_OBJECT_HANDLE) {
    let mut mechanism = Mechanism::new(CKM_SHA256_RSA_PKCS);
    let signature = session.sign(&mut mechanism, private, MESSAGE).unwrap();
    assert_eq!(session.verify(&mut mechanism, public, MESSAGE, &signature), Ok(()));
}

#[test]
fn a_certificate_and_its_key_become_a_set_in_either_order() {
    for key_first in [false, true] {
        let fixture = Fixture::new();
        let session = fixture.session;
        let mut templates = [fixture.sign.certificate_template(), fixture.sign.private_template()].map(on_token);
        if key_first {
            templates.reverse();
        }
        let before = std::fs::read_dir(fixture.npki.root().join("yessign/USER")).unwrap().count();
        let first = session.create(&templates[0]).unwrap();
        assert!(session.flag(first, CKA_TOKEN));
        assert_eq!(
            session.find(&[(CKA_TOKEN, YES), (CKA_MODULUS, fixture.sign.numbers().modulus)]).unwrap().len(),
            usize::from(key_first)
        );
        assert_eq!(std::fs::read_dir(fixture.npki.root().join("yessign/USER")).unwrap().count(), before, "it waits");
        let second = session.create(&templates[1]).unwrap();
        assert_eq!(std::fs::read_dir(fixture.npki.root().join("yessign/USER")).unwrap().count(), before + 1);

        let id = fixture.sign.certificate.key_id();
        let [certificate, private] = if key_first { [second, first] } else { [first, second] };
        let public = session.one(CKO_PUBLIC_KEY, &id);
        signs(session, private, public);
        signs(session, session.one(CKO_PRIVATE_KEY, &id), public);
        assert_eq!(session.attribute(certificate, CKA_ID).unwrap(), id, "its handle leads to the token's object");
        assert_eq!(session.attribute(certificate, CKA_LABEL).unwrap(), "성춘향".as_bytes());
        assert_eq!(session.attribute(private, CKA_PRIVATE_EXPONENT), Err(CKR_ATTRIBUTE_SENSITIVE));
        assert_eq!(session.find(&[(CKA_CLASS, DATA), (CKA_ID, &id)]), Ok(vec![]), "no R was given");
        session.logout();
        assert_eq!(session.attribute(private, CKA_CLASS), Err(CKR_OBJECT_HANDLE_INVALID));
        session.login(PASSWORD).unwrap();
        signs(session, session.one(CKO_PRIVATE_KEY, &id), public);
    }
}

#[test]
fn everything_that_goes_with_a_pair_is_kept_with_it() {
    let fixture = Fixture::new();
    let session = fixture.session;
    let id = fixture.sign.certificate.key_id();
    let label = format!("R4VID={}", id.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let random = session
        .create(&[
            (CKA_CLASS, DATA),
            ON_TOKEN,
            (CKA_PRIVATE, YES),
            (CKA_LABEL, label.as_bytes()),
            (CKA_VALUE, fixture.set.random.expose()),
        ])
        .unwrap();
    let public = session.create(&with(&on_token(fixture.sign.public_template()), &[(CKA_ID, &id)])).unwrap();
    let [certificate, private] = fixture.store(&fixture.sign);
    assert_eq!(session.attribute(random, CKA_VALUE).unwrap(), fixture.set.random.expose());
    assert_eq!(session.find(&[(CKA_CLASS, DATA), (CKA_ID, &id)]).unwrap().len(), 1);
    assert_eq!(session.attribute(public, CKA_SUBJECT).unwrap(), fixture.sign.certificate.subject_der());
    signs(session, private, public);
    let late = session.create(&[(CKA_CLASS, DATA), ON_TOKEN, (CKA_LABEL, label.as_bytes()), (CKA_VALUE, &[7; 20])]);
    assert_eq!(late, Err(CKR_TEMPLATE_INCONSISTENT), "its key has an R");
    let again = session.create(&on_token(fixture.sign.public_template())).unwrap();
    signs(session, private, again);
    let again = session.create(&on_token(fixture.sign.certificate_template())).unwrap();
    assert_eq!(session.attribute(again, CKA_UNIQUE_ID), session.attribute(certificate, CKA_UNIQUE_ID));
    assert_eq!(session.find(&[(CKA_ID, &id)]).unwrap().len(), 4, "each is there once");

    // The encryption pair goes into the set of its owner.
    let folders = || std::fs::read_dir(fixture.npki.root().join("yessign/USER")).unwrap().count();
    let before = folders();
    let [_, km] = fixture.store(&fixture.km);
    assert_eq!(folders(), before);
    let mut raw = Mechanism::new(CKM_RSA_PKCS);
    let encrypted = session.encrypt(&mut raw, session.one(CKO_PUBLIC_KEY, &fixture.km.certificate.key_id()), b"secret");
    assert_eq!(session.decrypt(&mut raw, km, &encrypted.unwrap()).unwrap(), b"secret");
}

#[test]
fn the_ca_certificates_that_wait_are_kept_with_the_pair() {
    let npki = Npki::empty();
    let mut npki = npki;
    // A set without CA certificates, so that there is a password to log in with.
    npki.add("홍길동", PASSWORD);
    std::fs::remove_file(npki.root().join(npki.sets[0].entry.as_str()).join("CaPubs")).unwrap();
    let set = authority().issue(&request("성춘향"), &ingam::pin::Pin::copy_of(PASSWORD.as_bytes())).unwrap();
    let module = Module::start(&npki);
    let session = Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
    session.login(PASSWORD).unwrap();
    let cas = [authority().certificate(), authority().root()];
    let handles = cas.map(|ca| session.create(&on_token(certificate_template(ca))).unwrap());
    let sign = Pair::sign(&set, PASSWORD);
    session.create(&on_token(sign.private_template())).unwrap();
    session.create(&on_token(sign.certificate_template())).unwrap();
    for (handle, ca) in handles.into_iter().zip(cas) {
        assert_eq!(session.attribute(handle, CKA_VALUE).unwrap(), ca.der());
        assert_eq!(session.number(handle, CKA_CERTIFICATE_CATEGORY), CK_CERTIFICATE_CATEGORY_AUTHORITY);
    }
    let capubs: Vec<_> = walk(&npki.root()).into_iter().filter(|path| path.ends_with("CaPubs")).collect();
    assert_eq!(std::fs::read(&capubs[0]).unwrap(), authority().ca_pubs(), "root first, as CAs write it");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn a_half_that_waits_goes_with_its_session() {
    let fixture = Fixture::new();
    let other = Session::open(fixture.module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
    let certificate = other.create(&on_token(fixture.sign.certificate_template())).unwrap();
    other.close();
    assert_eq!(fixture.session.attribute(certificate, CKA_CLASS), Err(CKR_OBJECT_HANDLE_INVALID));
    let id = fixture.sign.certificate.key_id();
    fixture.session.create(&on_token(fixture.sign.private_template())).unwrap();
    assert_eq!(fixture.session.find(&[(CKA_ID, &id)]), Ok(vec![]), "its certificate is gone");
    fixture.session.create(&on_token(fixture.sign.certificate_template())).unwrap();
    assert_eq!(fixture.keys(&id), 1);
}

#[test]
fn a_pair_that_the_medium_refuses_leaves_what_waited() {
    let fixture = Fixture::new();
    let session = fixture.session;
    // Its certificate came alone, by another program.
    let folder = fixture.npki.root().join(fixture.set.entry.as_str());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("signCert.der"), fixture.sign.certificate.der()).unwrap();
    let certificate = on_token(fixture.sign.certificate_template());
    let id = fixture.sign.certificate.key_id();
    support::until(|| Some(session.find(&[(CKA_ID, &id)]).unwrap()).filter(|found| found.len() == 2));
    let waits = session.create(&certificate).unwrap();
    for _ in 0..2 {
        assert_eq!(session.create(&on_token(fixture.sign.private_template())), Err(CKR_FUNCTION_FAILED), "it is there");
        assert_eq!(session.attribute(waits, CKA_VALUE).unwrap(), fixture.sign.certificate.der());
        assert_eq!(fixture.keys(&id), 0);
    }
    std::fs::remove_dir_all(&folder).unwrap();
    session.create(&on_token(fixture.sign.private_template())).unwrap();
    assert_eq!(fixture.keys(&id), 1);
}

#[test]
fn a_pair_that_the_medium_has_under_another_password_is_refused_and_not_taken_for_kept() {
    for key_first in [false, true] {
        let mut npki = Npki::one();
        let pair = Pair::sign(npki.add("성춘향", "another password"), "another password");
        let module = Module::start(&npki);
        let session = Session::open(module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
        session.login(PASSWORD).unwrap();
        let mut templates = [pair.certificate_template(), pair.private_template()].map(on_token);
        if key_first {
            templates.reverse();
        }
        assert!(session.create(&templates[0]).is_ok());
        assert_eq!(session.create(&templates[1]), Err(CKR_FUNCTION_FAILED));
    }
}

#[test]
fn the_key_of_a_ca_does_not_wait_for_what_never_comes() {
    let fixture = Fixture::new();
    let category = CK_CERTIFICATE_CATEGORY_AUTHORITY.to_ne_bytes();
    let mut templates = [
        with(&on_token(fixture.sign.certificate_template()), &[(CKA_CERTIFICATE_CATEGORY, &category)]),
        on_token(fixture.sign.private_template()),
    ];
    for _ in 0..2 {
        let first = fixture.session.create(&templates[0]).unwrap();
        assert_eq!(fixture.session.create(&templates[1]), Err(CKR_TEMPLATE_INCONSISTENT));
        fixture.session.destroy(first).unwrap();
        templates.reverse();
    }
}

#[test]
fn halves_in_two_sessions_of_an_application_find_each_other() {
    let fixture = Fixture::new();
    let other = Session::open(fixture.module.slot(), CKF_SERIAL_SESSION | CKF_RW_SESSION).unwrap();
    let private = fixture.session.create(&on_token(fixture.sign.private_template())).unwrap();
    let certificate = other.create(&on_token(fixture.sign.certificate_template())).unwrap();
    assert_eq!(fixture.keys(&fixture.sign.certificate.key_id()), 1);
    other.close();
    for object in [private, certificate] {
        assert!(fixture.session.flag(object, CKA_TOKEN), "what is on the medium does not go with a session");
    }
}

#[test]
fn a_key_that_was_made_here_is_kept_by_a_copy_beside_its_certificate() {
    let fixture = Fixture::new();
    let session = fixture.session;
    let brought = session.create(&fixture.sign.private_template()).unwrap();
    session.create(&on_token(fixture.sign.certificate_template())).unwrap();
    let kept = session.copy(brought, &[ON_TOKEN]).unwrap();
    assert_eq!(fixture.keys(&fixture.sign.certificate.key_id()), 1);
    signs(session, kept, session.one(CKO_PUBLIC_KEY, &fixture.sign.certificate.key_id()));
    session.destroy(brought).unwrap();
    signs(session, kept, session.one(CKO_PUBLIC_KEY, &fixture.sign.certificate.key_id()));
}

#[test]
fn what_such_a_medium_cannot_keep_is_refused_by_name() {
    let fixture = Fixture::new();
    let session = fixture.session;
    let secret: Template<'_> = vec![(CKA_CLASS, SECRET_KEY), (CKA_KEY_TYPE, GENERIC), (CKA_VALUE, b"x"), ON_TOKEN];
    assert_eq!(session.create(&secret), Err(CKR_TEMPLATE_INCONSISTENT));
    let data: Template<'_> = vec![(CKA_CLASS, DATA), ON_TOKEN, (CKA_VALUE, &[7; 20])];
    assert_eq!(session.create(&data), Err(CKR_TEMPLATE_INCONSISTENT));
    let random_num: &[u8] = b"\x06\x0a\x2a\x83\x1a\x8c\x9a\x44\x0a\x01\x01\x03";
    let random: Template<'_> = vec![(CKA_CLASS, DATA), ON_TOKEN, (CKA_VALUE, &[7; 19]), (CKA_OBJECT_ID, random_num)];
    assert_eq!(session.create(&random), Err(CKR_ATTRIBUTE_VALUE_INVALID), "19 bytes are no R");
    let certificate = on_token(fixture.sign.certificate_template());
    assert_eq!(session.create(&with(&certificate, &[(CKA_ID, &[7; 20])])), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(session.create(&with(&certificate, &[(CKA_PRIVATE, YES)])), Err(CKR_TEMPLATE_INCONSISTENT));
    let private = on_token(fixture.sign.private_template());
    assert_eq!(session.create(&with(&private, &[(CKA_PRIVATE, NO)])), Err(CKR_TEMPLATE_INCONSISTENT));
    assert_eq!(session.create(&with(&private, &[(CKA_ID, b"alias")])), Err(CKR_ATTRIBUTE_VALUE_INVALID));
    assert_eq!(session.find(&[(CKA_ID, &[7; 20])]), Ok(vec![]));

    session.create(&with(&private, &[(CKA_ID, &[7; 20])])).unwrap();
    assert_eq!(session.create(&certificate), Err(CKR_ATTRIBUTE_VALUE_INVALID), "the key's CKA_ID is another");
    let [waits] = session.find(&[(CKA_ID, &[7; 20])]).unwrap()[..] else { panic!("it does not wait on") };
    session.set(waits, &[(CKA_ID, &fixture.sign.certificate.key_id())]).unwrap();
    session.create(&certificate).unwrap();
    assert_eq!(fixture.keys(&fixture.sign.certificate.key_id()), 1);
    let object = session.one(CKO_CERTIFICATE, &fixture.npki.sign_id());
    assert_eq!(session.copy(object, &[]), Err(CKR_TEMPLATE_INCONSISTENT), "a second one on the same medium");
    drop(fixture);
    let fixture = Fixture::new();
    fixture.session.create(&on_token(fixture.km.certificate_template())).unwrap();
    let refused = fixture.session.create(&on_token(fixture.km.private_template()));
    assert_eq!(refused, Err(CKR_TEMPLATE_INCONSISTENT), "an encryption pair without its signing pair");
}

#[test]
fn writing_needs_a_login_a_session_that_may_write_and_a_medium_that_can() {
    let fixture = Fixture::new();
    let session = fixture.session;
    let template = on_token(fixture.sign.certificate_template());
    let reader = fixture.module.open();
    let own = reader.one(CKO_CERTIFICATE, &fixture.npki.sign_id());
    assert_eq!(reader.create(&template), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(reader.copy(own, &[]), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(reader.set(own, &[(CKA_LABEL, b"x")]), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(reader.destroy(own), Err(CKR_SESSION_READ_ONLY));
    let waits = session.create(&template).unwrap();
    assert_eq!(reader.destroy(waits), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(reader.set(waits, &[(CKA_LABEL, b"x")]), Err(CKR_SESSION_READ_ONLY));
    assert_eq!(session.set(own, &[(CKA_LABEL, b"x")]), Err(CKR_ACTION_PROHIBITED));
    session.destroy(waits).unwrap();
    session.logout();
    assert_eq!(session.create(&template), Err(CKR_USER_NOT_LOGGED_IN));
    assert_eq!(session.destroy(0), Err(CKR_OBJECT_HANDLE_INVALID));
}

#[test]
fn destroying_a_private_key_takes_its_pair_from_the_medium() {
    let fixture = Fixture::new();
    let session = fixture.session;
    let [certificate, sign] = fixture.store(&fixture.sign);
    let [_, km] = fixture.store(&fixture.km);
    let id = fixture.sign.certificate.key_id();
    let public = session.one(CKO_PUBLIC_KEY, &id);
    for part in [certificate, public] {
        assert_eq!(session.destroy(part), Err(CKR_ACTION_PROHIBITED), "half a pair is none");
        assert!(!session.flag(part, CKA_DESTROYABLE));
    }
    assert!(!session.flag(sign, CKA_DESTROYABLE) && session.flag(km, CKA_DESTROYABLE));
    assert_eq!(session.destroy(sign), Err(CKR_ACTION_PROHIBITED), "the encryption pair goes first");
    let mut mechanism = Mechanism::new(CKM_RSA_PKCS);
    session.destroy(km).unwrap();
    assert_eq!(session.destroy(km), Err(CKR_OBJECT_HANDLE_INVALID));
    assert_eq!(session.find(&[(CKA_ID, &fixture.km.certificate.key_id())]), Ok(vec![]));
    assert!(session.sign(&mut mechanism, sign, MESSAGE).is_ok());
    assert!(session.flag(sign, CKA_DESTROYABLE));
    session.destroy(sign).unwrap();
    assert_eq!(session.find(&[(CKA_ID, &id)]), Ok(vec![]));
    for gone in [certificate, public, sign] {
        assert_eq!(session.attribute(gone, CKA_CLASS), Err(CKR_OBJECT_HANDLE_INVALID));
    }
    let own = session.one(CKO_PRIVATE_KEY, &fixture.npki.sign_id());
    assert!(session.sign(&mut mechanism, own, MESSAGE).is_ok(), "the other set is as it was");
}
