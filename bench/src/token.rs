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

/// Short rounds: what else the machine does hits both sides of a pair alike.
const ROUNDS: usize = 101;
const BATCH: usize = 20;

/// RSA-2048 signatures, `C_SignInit` and `C_Sign`: our time to SoftHSM's own.
pub(crate) fn overhead(folders: &Folders) -> Vec<Line> {
    let softhsm = folders.softhsm(0, Content::CertificatesOnly);
    let nowhere = Path::new("/nonexistent");
    let variables =
        [("SOFTHSM2_CONF", &*softhsm), ("INGAM_NPKI_PATH", nowhere), ("INGAM_PKCS11_MODULES", Path::new(SOFTHSM))];
    let figures = child::figures("token", &[], &variables);
    let microseconds = figures[1] * 1e6;
    let what = format!("SHA256-RSA-PKCS on SoftHSM ({microseconds:.0} us): behind ours / bare");
    vec![Line { what, ratio: figures[0], gate: Gate::AtMost(1.05) }]
}

/// In the child: the median ratio, and the median seconds of a bare signature. Both sides use the one SoftHSM of the process,
/// and so one login.
pub(crate) fn rounds() -> Vec<f64> {
    let bare = Host::load(Path::new(SOFTHSM));
    bare.initialize();
    let ours = Host::load(&folders::module());
    ours.initialize();
    let (bare, ours) = (bare.open_read_write(bare.slots()[0]), ours.open_read_write(ours.slots()[0]));
    assert_eq!(ours.login(SOFTHSM_PIN), CKR_OK);
    let keys = [(bare, key(bare)), (ours, same_key(ours))];
    let pairs: Vec<[f64; 2]> = (0..ROUNDS)
        .map(|round| {
            let mut seconds = [0.0; 2];
            for who in [round % 2, 1 - round % 2] {
                seconds[who] = batch(keys[who]);
            }
            seconds
        })
        .collect();
    let ratio = median(pairs.iter().map(|[bare, ours]| ours / bare).collect());
    vec![ratio, median(pairs.iter().map(|[bare, _]| *bare).collect())]
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

fn batch((session, key): (Session, CK_OBJECT_HANDLE)) -> f64 {
    let mechanism: CK_MECHANISM = mechanism::<()>(CKM_SHA256_RSA_PKCS, None);
    let mut signature = [0; 256];
    let took = time(|| {
        for _ in 0..BATCH {
            assert_eq!(session.sign(&mechanism, key, b"data", &mut signature), 256);
        }
    });
    took.as_secs_f64() / f64::from(u32::try_from(BATCH).unwrap())
}
