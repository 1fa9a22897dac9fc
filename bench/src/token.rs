//! This file measures what a token behind another PKCS#11 module pays for coming through ours: SoftHSM bare against SoftHSM
//! behind our module, in one process, with one key.

use std::path::Path;

use cryptoki_sys::{
    CK_BBOOL, CK_MECHANISM, CK_OBJECT_HANDLE, CK_TRUE, CK_ULONG, CKA_ID, CKA_MODULUS_BITS, CKA_SIGN, CKA_TOKEN,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, CKR_OK,
};

use crate::child;
use crate::folders::{self, Content, Folders, SOFTHSM, SOFTHSM_PIN};
use crate::host::{Host, Session, attribute, mechanism};
use crate::ratio::{Gate, Line, median, time};

/// Signatures of each side, in turn.
const ROUNDS: usize = 2001;

/// RSA-2048 signatures, `C_SignInit` and `C_Sign`: our time to SoftHSM's own.
pub(crate) fn overhead(folders: &Folders) -> Vec<Line> {
    let softhsm = folders.softhsm(0, Content::CertificatesOnly);
    let nowhere = Path::new("/nonexistent");
    let variables =
        [("SOFTHSM2_CONF", &*softhsm), ("INGAM_NPKI_PATH", nowhere), ("INGAM_PKCS11_MODULES", Path::new(SOFTHSM))];
    let figures = child::figures("token", &[], &variables);
    let line = |which: &str, seconds: f64, ratio, gate| {
        let microseconds = seconds * 1e6;
        Line { what: format!("sign on SoftHSM, {which} ({microseconds:.0} us): behind ours / bare"), ratio, gate }
    };
    vec![
        line("shortest", figures[0], figures[1], Gate::AtMost(1.05)),
        line("median", figures[2], figures[3], Gate::Open),
    ]
}

/// In the child: seconds of the shortest bare signature (the shortest of each of its two calls) and ours to it, and the same
/// of the median. A call changes threads
/// twice, so another program's turn on a core costs us more than a module that stays on one; it only ever adds time, so the
/// shortest is gated. Both sides use the one SoftHSM of the process, and so one login.
pub(crate) fn rounds() -> Vec<f64> {
    let bare = Host::load(Path::new(SOFTHSM));
    bare.initialize();
    let ours = Host::load(&folders::module());
    ours.initialize();
    let (bare, ours) = (bare.open_read_write(bare.slots()[0]), ours.open_read_write(ours.slots()[0]));
    assert_eq!(ours.login(SOFTHSM_PIN), CKR_OK);
    let keys = [(bare, key(bare)), (ours, same_key(ours))];
    let mut seconds: [Vec<[f64; 2]>; 2] = Default::default();
    for round in 0..ROUNDS {
        for who in [round % 2, 1 - round % 2] {
            seconds[who].push(sign(keys[who]));
        }
    }
    let shortest = seconds.each_ref().map(|side| {
        side.iter().fold([f64::MAX; 2], |[init, sign], now| [init.min(now[0]), sign.min(now[1])]).iter().sum::<f64>()
    });
    let medians = seconds.map(|side| median(side.iter().map(|calls| calls.iter().sum()).collect()));
    [shortest, medians].into_iter().flat_map(|[bare, ours]| [bare, ours / bare]).collect()
}

const ID: &[u8] = b"the key of the benchmark";

fn key(session: Session) -> CK_OBJECT_HANDLE {
    let (yes, bits): (CK_BBOOL, CK_ULONG) = (CK_TRUE, 2048);
    let public = [attribute(CKA_MODULUS_BITS, &bits)];
    let private = [attribute(CKA_TOKEN, &yes), attribute(CKA_SIGN, &yes), attribute(CKA_ID, ID)];
    let [_, key] = session.generate(&mechanism::<()>(CKM_RSA_PKCS_KEY_PAIR_GEN, None), &public, &private);
    key
}

/// The key as our module names it: a handle of its own.
fn same_key(session: Session) -> CK_OBJECT_HANDLE {
    session.find(&[attribute(CKA_ID, ID), attribute(CKA_SIGN, &CK_TRUE)])[0]
}

/// Seconds of both calls.
fn sign((session, key): (Session, CK_OBJECT_HANDLE)) -> [f64; 2] {
    let mechanism: CK_MECHANISM = mechanism::<()>(CKM_SHA256_RSA_PKCS, None);
    let mut signature = [0; 256];
    let init = time(|| session.sign_init(&mechanism, key));
    let sign = time(|| assert_eq!(session.sign_begun(b"data", &mut signature), 256));
    [init, sign].map(|took| took.as_secs_f64())
}
