//! Whatever becomes of a certificate's bytes, reading them ends in a value or an error; the cases that came far are
//! counted, so that the mutations are known to reach what is inside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "the counts are the proof")]

use std::sync::OnceLock;

use ingam::certificate::{Certificate, printable};
use ingam::credential::Purpose;
use ingam::npki::authority::Authority;
use ingam::npki::chain::Question;
use ingam::npki::policy::{Kind, Usage};
use ingam::npki::vid::IdentifyData;
use ingam::npki::{ca_pubs, folder_name};
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};

/// 2026-11-22T03:00:00Z
const NOW: i64 = 1_795_316_400;

fn world() -> &'static (TestAuthority, SampleSet) {
    static WORLD: OnceLock<(TestAuthority, SampleSet)> = OnceLock::new();
    WORLD.get_or_init(|| {
        let ca = TestAuthority::new(&Authority::YesSign, NOW).unwrap();
        let request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
        let set = ca.issue(&request, &Pin::copy_of(b"Sample-2026!")).unwrap();
        (ca, set)
    })
}

/// Cut, lengthened, doubled, and every byte changed in eight ways.
fn mutations(valid: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let changed = (0..valid.len()).flat_map(move |at| {
        let change = move |to: u8| {
            let mut bytes = valid.to_vec();
            bytes[at] = to;
            bytes
        };
        let byte = valid[at];
        let flipped = [1, 2, 4, 0x20, 0x80].map(|bit| change(byte ^ bit));
        flipped.into_iter().chain([change(0), change(0xFF), change(0x30)])
    });
    let cut = (0..valid.len()).map(|at| valid[..at].to_vec());
    let shifted = (0..valid.len()).flat_map(move |at| {
        let inserted = [&valid[..at], &[0x00], &valid[at..]].concat();
        let removed = [&valid[..at], &valid[at + 1..]].concat();
        [inserted, removed]
    });
    changed.chain(cut).chain(shifted)
}

/// What of a certificate could still be read.
#[derive(Debug, Default)]
struct Reached {
    tried: usize,
    certificates: usize,
    keys: usize,
    extensions: usize,
    kinds: usize,
    vids: usize,
    chains: usize,
}

impl Reached {
    /// Asks a certificate everything.
    fn ask(&mut self, bytes: &[u8], ca: &TestAuthority) {
        self.tried += 1;
        let Ok(certificate) = Certificate::from_der(bytes) else { return };
        self.certificates += 1;
        assert!(bytes.starts_with(certificate.der()));
        self.keys += usize::from(certificate.rsa_public().is_some());
        let intact = certificate.extensions().filter(|extension| extension.is_ok()).count();
        self.extensions += usize::from(intact == 5);
        self.kinds += usize::from(Kind::of(&certificate).usage != Usage::Unknown);
        let identify = IdentifyData::of(&certificate);
        self.vids += usize::from(identify.is_ok_and(|data| data.is_some_and(|data| data.vid.is_some())));
        let _ = (certificate.key_id(), certificate.key_bits(), certificate.key_algorithm());
        let _ = (certificate.serial_hex(), certificate.standing(NOW), certificate.days_left(NOW));
        let _ = (certificate.subject_display(), certificate.issuer().to_string(), Authority::of(&certificate));
        let _ = (certificate.key_usage(), certificate.basic_constraints(), certificate.authority_key_id());
        let _ = (printable(&certificate.owner()), format!("{certificate:?}"));
        let entry = folder_name::entry_name(&certificate).to_string();
        let parts: Vec<&str> = entry.split('/').collect();
        assert!(parts.len() == 3 && parts.iter().all(|part| !part.is_empty() && part.len() <= folder_name::MAX_LEN));
        let verdicts = Question {
            certificate: &certificate,
            candidates: vec![ca.certificate()],
            trusted: vec![ca.root()],
            now: NOW,
            purpose: Purpose::Sign,
        }
        .answer();
        self.chains += usize::from(!verdicts.chain.is_failed());
    }
}

#[test]
fn no_mutation_of_a_certificate_panics_or_passes_for_signed() {
    let (ca, set) = world();
    let mut reached = Reached::default();
    mutations(set.sign.der()).for_each(|bytes| reached.ask(&bytes, ca));
    println!("{reached:?}");
    // Some changes give the byte that was there, and those are all that the signature accepts.
    let valid = set.sign.der();
    let unchanged = mutations(valid).filter(|bytes| bytes.starts_with(valid)).count();
    assert_eq!(reached.chains, unchanged);
    assert!(reached.tried > 10 * valid.len());
    for count in [reached.certificates, reached.keys, reached.extensions, reached.kinds, reached.vids] {
        assert!(count > reached.tried / 3, "{reached:?}");
    }
}

#[test]
fn no_mutation_of_ca_pubs_panics() {
    let (ca, _) = world();
    let (mut tried, mut read, mut both) = (0, 0, 0);
    for bytes in mutations(ca.ca_pubs()) {
        tried += 1;
        let Ok(certificates) = ca_pubs::from_der(&bytes) else { continue };
        read += 1;
        both += usize::from(certificates.len() == 2);
        for certificate in &certificates {
            let _ = (certificate.common_name(), certificate.is_ca(), IdentifyData::of(certificate));
        }
    }
    println!("{tried} tried, {read} read, {both} with both certificates");
    assert!(read > tried / 3 && both > tried / 3);
}

#[test]
fn ca_pubs_has_its_caps() {
    let (ca, _) = world();
    let many = |count: usize| ca_pubs::to_der(std::iter::repeat_n(ca.root(), count));
    let most = many(ca_pubs::MAX_CERTIFICATES).unwrap();
    assert_eq!(ca_pubs::from_der(&most).unwrap().len(), ca_pubs::MAX_CERTIFICATES);
    assert!(many(ca_pubs::MAX_CERTIFICATES + 1).is_err());
    assert_eq!(ca_pubs::from_der(&[most.clone(), vec![0; 46]].concat()).unwrap().len(), ca_pubs::MAX_CERTIFICATES);
    // One certificate more than is allowed, in a SEQUENCE that holds it.
    let content = ca.root().der().repeat(ca_pubs::MAX_CERTIFICATES + 1);
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    assert!(ca_pubs::from_der(&[&[0x30, 0x83][..], &length[1..], &content].concat()).is_err());
    assert_eq!(ca_pubs::from_der(&[0x30, 0]).unwrap(), []);
}
