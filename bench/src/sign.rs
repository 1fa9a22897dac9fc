//! This file measures signing with one key: the module against the bare engine and against SoftHSM, in one process.

use std::path::Path;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, RsaEncoding, RsaKeyPair};
use cryptoki_sys::{
    CK_BBOOL, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RSA_PKCS_PSS_PARAMS, CK_TRUE, CK_ULONG, CKA_CLASS, CKA_MODULUS_BITS,
    CKA_SIGN, CKA_TOKEN, CKG_MGF1_SHA256, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256, CKM_SHA256_RSA_PKCS,
    CKM_SHA256_RSA_PKCS_PSS, CKO_PRIVATE_KEY, CKR_OK,
};

use crate::child;
use crate::folders::{self, Content, Folders, PASSWORD, SOFTHSM, SOFTHSM_PIN};
use crate::host::{Host, Session, attribute, mechanism};
use crate::ratio::{Gate, Line, median, time};

const ROUNDS: usize = 41;
const BATCH: usize = 40;
const DATA: &[u8] = b"an electronic tax invoice's signed attributes, near enough";

/// Both mechanisms of the gate.
const MECHANISMS: [(&str, CK_ULONG); 2] =
    [("SHA256-RSA-PKCS", CKM_SHA256_RSA_PKCS), ("SHA256-RSA-PKCS-PSS", CKM_SHA256_RSA_PKCS_PSS)];

/// RSA-2048 signatures with one key: ours to the bare engine's, ours to SoftHSM's.
pub(crate) fn one_key(folders: &Folders) -> Vec<Line> {
    lines(folders, "", &[], Gate::AtLeast(0.95), Gate::AtLeast(2.0))
}

/// The same as a processor without AVX512-IFMA computes it; both engines obey the variable.
pub(crate) fn without_wide_vectors(folders: &Folders) -> Vec<Line> {
    lines(folders, " (IFMA masked)", &[("OPENSSL_ia32cap", Path::new(":~0x200000"))], Gate::Open, Gate::Open)
}

fn lines(folders: &Folders, note: &str, more: &[(&str, &Path)], to_engine: Gate, to_softhsm: Gate) -> Vec<Line> {
    let (npki, softhsm) = (folders.npki(1), folders.softhsm(0, Content::CertificatesOnly));
    let mut variables = vec![("INGAM_NPKI_PATH", npki.as_path()), ("SOFTHSM2_CONF", softhsm.as_path())];
    variables.extend(more);
    let figures = child::figures("sign", &[], &variables);
    let ratios = figures.chunks(2).zip(MECHANISMS);
    ratios
        .flat_map(|(ratios, (name, _))| {
            let line =
                |peer: &str, ratio, gate| Line { what: format!("RSA-2048 {name}{note}: ours / {peer}"), ratio, gate };
            [line("bare aws-lc-rs", ratios[0], to_engine), line("SoftHSM", ratios[1], to_softhsm)]
        })
        .collect()
}

/// Two threads on one key against one thread.
pub(crate) fn two_threads(folders: &Folders) -> Vec<Line> {
    let figures = child::figures("threads", &[], &[("INGAM_NPKI_PATH", &folders.npki(1))]);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let gate = if cores >= 2 { Gate::AtLeast(1.9) } else { Gate::Open };
    let line =
        |what: &str, ratio, gate| Line { what: format!("{what}: two threads on one key / one thread"), ratio, gate };
    vec![line("ours", figures[0], gate), line("bare aws-lc-rs", figures[1], Gate::Open)]
}

/// In the child: for each mechanism two median ratios.
pub(crate) fn rounds() -> Vec<f64> {
    let engine = Engine::new();
    let (ours, our_key) = our_key();
    let (softhsm, their_key) = softhsm_key();
    let mut figures = Vec::new();
    for (_, kind) in MECHANISMS {
        with_mechanism(kind, |mechanism| {
            let (mut to_engine, mut to_softhsm) = (Vec::new(), Vec::new());
            for round in 0..ROUNDS {
                let mut times = [Duration::ZERO; 3];
                // Each goes first in every third round.
                for turn in 0..3 {
                    let who = (round + turn) % 3;
                    times[who] = match who {
                        0 => engine.batch(kind),
                        1 => batch(ours, mechanism, our_key, BATCH),
                        _ => batch(softhsm, mechanism, their_key, BATCH),
                    };
                }
                let [engine, ours, softhsm] = times.map(|time| time.as_secs_f64());
                to_engine.push(engine / ours);
                to_softhsm.push(softhsm / ours);
            }
            figures.extend([median(to_engine), median(to_softhsm)]);
        });
    }
    figures
}

/// In the child: how much more two threads sign than one, with the module and with the bare engine. Another program's
/// turn on a core only ever adds time, so the shortest of many short rounds is compared.
pub(crate) fn thread_rounds() -> Vec<f64> {
    let engine = Engine::new();
    let (first, key) = our_key();
    let second = first.another();
    let module = |session| with_mechanism(CKM_SHA256_RSA_PKCS, |mechanism| batch(session, mechanism, key, BATCH));
    let bare = |_| engine.batch(CKM_SHA256_RSA_PKCS);
    vec![scaling(&module, [first, second]), scaling(&bare, [first, second])]
}

fn scaling(work: &(dyn Fn(Session) -> Duration + Sync), [first, second]: [Session; 2]) -> f64 {
    let (mut one, mut two) = (Duration::MAX, Duration::MAX);
    for _ in 0..10 * ROUNDS {
        one = one.min(work(first));
        let start = Barrier::new(2);
        let both = std::thread::scope(|scope| {
            let threads = [first, second].map(|session| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let began = Instant::now();
                    work(session);
                    (began, Instant::now())
                })
            });
            let [a, b] = threads.map(|thread| thread.join().unwrap());
            a.1.max(b.1) - a.0.min(b.0)
        });
        two = two.min(both);
    }
    2.0 * one.as_secs_f64() / two.as_secs_f64()
}

/// The bare engine, with the key of the NPKI folder.
struct Engine {
    key: RsaKeyPair,
    random: SystemRandom,
}

impl Engine {
    fn new() -> Self {
        Self { key: RsaKeyPair::from_der(&folders::private_key()).unwrap(), random: SystemRandom::new() }
    }

    fn batch(&self, kind: CK_ULONG) -> Duration {
        let encoding: &'static dyn RsaEncoding =
            if kind == CKM_SHA256_RSA_PKCS { &signature::RSA_PKCS1_SHA256 } else { &signature::RSA_PSS_SHA256 };
        let mut signature = [0; 256];
        time(|| {
            for _ in 0..BATCH {
                self.key.sign(encoding, &self.random, DATA, &mut signature).unwrap();
            }
        })
    }
}

fn batch(session: Session, mechanism: &CK_MECHANISM, key: CK_OBJECT_HANDLE, count: usize) -> Duration {
    let mut signature = [0; 256];
    time(|| {
        for _ in 0..count {
            assert_eq!(session.sign(mechanism, key, DATA, &mut signature), 256);
        }
    })
}

fn with_mechanism<T>(kind: CK_ULONG, work: impl FnOnce(&CK_MECHANISM) -> T) -> T {
    let pss = CK_RSA_PKCS_PSS_PARAMS { hashAlg: CKM_SHA256, mgf: CKG_MGF1_SHA256, sLen: 32 };
    let parameter = (kind == CKM_SHA256_RSA_PKCS_PSS).then_some(&pss);
    work(&mechanism(kind, parameter))
}

fn our_key() -> (Session, CK_OBJECT_HANDLE) {
    let host = Host::load(&folders::module());
    host.initialize();
    let session = host.open(host.slots()[0]);
    assert_eq!(session.login(PASSWORD), CKR_OK);
    (session, session.find(&[attribute(CKA_CLASS, &CKO_PRIVATE_KEY), attribute(CKA_SIGN, &CK_TRUE)])[0])
}

fn softhsm_key() -> (Session, CK_OBJECT_HANDLE) {
    let host = Host::load(Path::new(SOFTHSM));
    host.initialize();
    let session = host.open_read_write(host.slots()[0]);
    assert_eq!(session.login(SOFTHSM_PIN), CKR_OK);
    let (yes, bits): (CK_BBOOL, CK_ULONG) = (CK_TRUE, 2048);
    let public = [attribute(CKA_MODULUS_BITS, &bits)];
    let private = [attribute(CKA_TOKEN, &yes), attribute(CKA_SIGN, &yes)];
    let [_, key] = session.generate(&mechanism::<()>(CKM_RSA_PKCS_KEY_PAIR_GEN, None), &public, &private);
    (session, key)
}
