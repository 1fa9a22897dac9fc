//! This file measures many certificates: listing them from a cold start, finding one, logging in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cryptoki_sys::{
    CK_BBOOL, CK_TRUE, CK_ULONG, CKA_CERTIFICATE_TYPE, CKA_CLASS, CKA_ID, CKA_LABEL, CKA_MODULUS_BITS, CKA_SIGN,
    CKA_SUBJECT, CKA_TOKEN, CKA_VALUE, CKC_X_509, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, CKO_CERTIFICATE,
    CKO_PRIVATE_KEY, CKR_OK, CKR_PIN_INCORRECT,
};

use crate::child::figures;
use crate::folders::{self, Content, Folders, PASSWORD, SOFTHSM, SOFTHSM_PIN};
use crate::host::{Host, attribute, mechanism};
use crate::ratio::{Gate, Line, median, time};

/// Rounds of fresh processes.
const ROUNDS: usize = 5;
/// Certificates on the SoftHSM token; at 10,000 it takes minutes to provision and is slower still per certificate.
const PEER: usize = 1_000;

/// `C_Initialize`, slot list, and every certificate's label, id and value, in a fresh process: SoftHSM's time per
/// certificate at 1,000 to ours at 1,000 and at 10,000. Our sets come with their keys, and so do SoftHSM's certificates;
/// the ratio to a SoftHSM that holds nothing but certificates is printed as well.
pub(crate) fn list(folders: &Folders) -> Vec<Line> {
    let [keys, bare] = [Content::WithKeys, Content::CertificatesOnly].map(|content| folders.softhsm(PEER, content));
    let sizes = [1_000, 10_000].map(|sets| (sets, folders.npki(sets)));
    let module = folders::module();
    let once = |module: &Path, variable: (&str, &Path), expected: usize| {
        let [seconds, certificates] = figures("list", &[module.to_str().unwrap()], &[variable])[..] else {
            panic!("two figures")
        };
        assert!(certificates >= figure(expected), "{certificates} certificates of {expected}");
        seconds / certificates
    };
    let rounds: Vec<[f64; 4]> = (0..ROUNDS)
        .map(|_| {
            let softhsm = |configuration: &Path| once(Path::new(SOFTHSM), ("SOFTHSM2_CONF", configuration), PEER);
            let ours = |(sets, npki): &(usize, PathBuf)| once(&module, ("INGAM_NPKI_PATH", npki), *sets);
            [softhsm(&keys), softhsm(&bare), ours(&sizes[0]), ours(&sizes[1])]
        })
        .collect();
    let mut lines = Vec::new();
    for (at, (sets, _)) in sizes.iter().enumerate() {
        let ours = median(rounds.iter().map(|round| round[2 + at]).collect()) * 1e6;
        for (peer, what, gate) in [(0, "with keys", Gate::AtLeast(10.0)), (1, "without keys", Gate::Open)] {
            lines.push(Line {
                what: format!("list {sets} sets ({ours:.1} us a certificate): SoftHSM {what} / ours"),
                ratio: median(rounds.iter().map(|round| round[peer] / round[2 + at]).collect()),
                gate,
            });
        }
    }
    lines
}

/// Finding an object by `CKA_ID` among the objects of 10,000 sets to the same among 10.
pub(crate) fn find(folders: &Folders) -> Vec<Line> {
    let roots = std::env::join_paths([folders.npki(10), folders.npki(10_000)]).unwrap();
    let figures = figures("find", &[], &[("INGAM_NPKI_PATH", Path::new(&roots))]);
    let what = format!("find by CKA_ID ({:.2} us among 10 sets): among 10,000 / among 10", figures[1] * 1e6);
    vec![Line { what, ratio: figures[0], gate: Gate::AtMost(1.5) }]
}

/// Login, right and wrong, at 1, 10 and 10,000 sets: milliseconds, no gate.
pub(crate) fn login(folders: &Folders) -> Vec<Line> {
    let mut lines = Vec::new();
    for sets in [1, 10, 10_000] {
        let npki = folders.npki(sets);
        for (which, pin) in [("right", PASSWORD), ("wrong", "this-is-not-the-password")] {
            let rounds = if sets > 10 && which == "wrong" { 1 } else { ROUNDS };
            let once = || figures("login", &[pin], &[("INGAM_NPKI_PATH", &npki)])[0] * 1e3;
            let milliseconds = median((0..rounds).map(|_| once()).collect());
            lines.push(Line {
                what: format!("login, {which} password, {sets} sets: milliseconds"),
                ratio: milliseconds,
                gate: Gate::Open,
            });
        }
    }
    lines
}

/// In the child: seconds from `C_Initialize` to the last certificate, and how many there were.
pub(crate) fn list_once(module: &Path) -> Vec<f64> {
    let host = Host::load(module);
    let mut certificates = 0;
    let took = time(|| {
        host.initialize();
        // SoftHSM has a second slot, with a token that is not initialised.
        let session = host.open(host.slots()[0]);
        for object in session.find(&[attribute(CKA_CLASS, &CKO_CERTIFICATE)]) {
            let value = session.read(object, &[CKA_LABEL, CKA_ID, CKA_VALUE]).pop();
            certificates += usize::from(value.is_some_and(|value| !value.is_empty()));
        }
    });
    vec![took.as_secs_f64(), figure(certificates)]
}

/// In the child, with two tokens, the small one first: the median ratio of the time to find an id, and the small time.
pub(crate) fn find_rounds() -> Vec<f64> {
    let host = Host::load(&folders::module());
    host.initialize();
    let mut tokens: Vec<_> =
        host.slots().into_iter().map(|slot| host.open(slot)).map(|session| (session, ids(session))).collect();
    tokens.sort_by_key(|(_, ids)| ids.len());
    assert_eq!(tokens.len(), 2);
    // Ten ids of each, however many there are: what is measured is the search, not the processor's caches.
    let round = |at: usize| {
        let (session, ids): &(_, Vec<Vec<u8>>) = &tokens[at];
        let asked = (0..500).map(|n| &ids[n % 10 * (ids.len() / 10)]);
        time(|| {
            for id in asked {
                assert!(!session.find(&[attribute(CKA_ID, id.as_slice())]).is_empty());
            }
        })
        .as_secs_f64()
            / 500.0
    };
    let rounds: Vec<(f64, f64)> = (0..41).map(|_| (round(0), round(1))).collect();
    let ratio = median(rounds.iter().map(|(few, many)| many / few).collect());
    vec![ratio, median(rounds.iter().map(|(few, _)| *few).collect())]
}

fn ids(session: crate::host::Session) -> Vec<Vec<u8>> {
    let certificates = session.find(&[attribute(CKA_CLASS, &CKO_CERTIFICATE)]);
    let ids: BTreeSet<Vec<u8>> =
        certificates.into_iter().filter_map(|object| session.read(object, &[CKA_ID]).pop()).collect();
    ids.into_iter().collect()
}

/// In the child: seconds of `C_Login`, after the slot list.
pub(crate) fn login_once(pin: &str) -> Vec<f64> {
    let host = Host::load(&folders::module());
    host.initialize();
    let session = host.open(host.slots()[0]);
    let expected = if pin == PASSWORD { CKR_OK } else { CKR_PIN_INCORRECT };
    let took = time(|| assert_eq!(session.login(pin), expected));
    vec![took.as_secs_f64()]
}

/// In the child: everything once, from `C_Initialize` to `C_Finalize`; `cargo xtask long` runs it under valgrind.
pub(crate) fn once() -> Vec<f64> {
    let certificates = list_once(&folders::module()).pop();
    let host = Host::load(&folders::module());
    for slot in host.slots() {
        let session = host.open(slot);
        assert_eq!(session.login("this-is-not-the-password"), CKR_PIN_INCORRECT);
        assert_eq!(session.login(PASSWORD), CKR_OK);
        let mechanism = mechanism::<()>(CKM_SHA256_RSA_PKCS, None);
        for key in session.find(&[attribute(CKA_CLASS, &CKO_PRIVATE_KEY), attribute(CKA_SIGN, &CK_TRUE)]) {
            assert_eq!(session.sign(&mechanism, key, b"data", &mut [0; 512]), 256);
        }
        session.logout();
    }
    host.finalize();
    certificates.into_iter().collect()
}

/// In the child: writes that many certificates to the SoftHSM token, each with a label and id of its own and, where asked
/// for, with its two keys, as each of our sets has them. (The keys are copies of one pair: generating takes hours.)
pub(crate) fn provision(count: usize, with_keys: bool) -> Vec<f64> {
    let host = Host::load(Path::new(SOFTHSM));
    host.initialize();
    let session = host.open_read_write(host.slots()[0]);
    assert_eq!(session.login(SOFTHSM_PIN), CKR_OK);
    let (yes, bits, certificate): (CK_BBOOL, CK_ULONG, Vec<u8>) = (CK_TRUE, 2048, folders::certificate());
    let pair = with_keys.then(|| {
        let mechanism = mechanism::<()>(CKM_RSA_PKCS_KEY_PAIR_GEN, None);
        session.generate(&mechanism, &[attribute(CKA_MODULUS_BITS, &bits)], &[attribute(CKA_SIGN, &yes)])
    });
    for number in 0..count {
        let (id, label) = (format!("{number:020}"), format!("certificate {number}"));
        let named =
            [attribute(CKA_TOKEN, &yes), attribute(CKA_ID, id.as_bytes()), attribute(CKA_LABEL, label.as_bytes())];
        for key in pair.into_iter().flatten() {
            session.copy(key, &named);
        }
        let certificate = [
            attribute(CKA_CLASS, &CKO_CERTIFICATE),
            attribute(CKA_CERTIFICATE_TYPE, &CKC_X_509),
            attribute(CKA_SUBJECT, id.as_bytes()),
            attribute(CKA_VALUE, certificate.as_slice()),
        ];
        session.create(&[&certificate[..], &named].concat());
    }
    Vec::new()
}

#[allow(clippy::cast_precision_loss, reason = "counts of a benchmark")]
fn figure(count: usize) -> f64 {
    count as f64
}
