//! Sample sets are NPKI sets in every byte: they open, classify, chain and list like real ones, and say TEST all over.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use ingam::ErrorKind;
use ingam::certificate::{Certificate, KeyUsage, Standing};
use ingam::crypto::{Cipher, Limits, Scheme};
use ingam::mechanism::Hash;
use ingam::npki::authority::Authority;
use ingam::npki::ca_pubs;
use ingam::npki::key_file::SealedKey;
use ingam::npki::policy::{Holder, Kind, Scheme as Pki, Usage};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::npki::vid::IdentifyData;
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::secret::SecretBytes;
use ingam::storage::{NpkiFolder, SetFile, Storage as _};

/// 2026-11-22T03:00:00Z
const NOW: i64 = 1_795_316_400;

/// One CA for all tests: making its keys takes a while.
fn authority() -> &'static TestAuthority {
    static AUTHORITY: OnceLock<TestAuthority> = OnceLock::new();
    AUTHORITY.get_or_init(|| TestAuthority::new(&Authority::YesSign, NOW).unwrap())
}

fn password() -> Pin {
    Pin::copy_of(b"Sample-2026!")
}

fn file(set: &SampleSet, wanted: SetFile) -> Option<&[u8]> {
    set.files.0.iter().find(|(file, _)| *file == wanted).map(|(_, bytes)| bytes.as_slice())
}

fn open(set: &SampleSet, wanted: SetFile) -> PrivateKeyInfo {
    SealedKey::from_der(file(set, wanted).unwrap(), Limits::default()).unwrap().open(&password()).unwrap()
}

#[test]
fn a_sample_set_is_an_npki_set_in_every_file() {
    let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
    request.idn = SecretBytes::copy_of(b"900101-1234567");
    let set = authority().issue(&request, &password()).unwrap();
    assert_eq!(set.files.0.iter().map(|(file, _)| *file).collect::<Vec<_>>(), SetFile::ALL);
    assert_eq!(file(&set, SetFile::SignCert).unwrap(), set.sign.der());
    assert_eq!(file(&set, SetFile::KmCert).unwrap(), set.km.as_ref().unwrap().der());

    let (sign_key, km_key) = (open(&set, SetFile::SignKey), open(&set, SetFile::KmKey));
    assert_eq!(sign_key.rsa_public().unwrap(), set.sign.rsa_public().unwrap());
    assert_eq!(km_key.rsa_public().unwrap(), set.km.as_ref().unwrap().rsa_public().unwrap());
    assert_eq!(sign_key.vid_random().unwrap().expose(), set.random.expose());
    assert!(km_key.vid_random().is_none());

    let identify = IdentifyData::of(&set.sign).unwrap().unwrap();
    assert_eq!(identify.real_name, "홍길동");
    let vid = identify.vid.unwrap();
    assert!(vid.fits(&SecretBytes::copy_of(b"9001011234567"), &sign_key.vid_random().unwrap()).unwrap());
    assert!(!vid.fits(&SecretBytes::copy_of(b"9001011234568"), &set.random).unwrap());
    assert_eq!(IdentifyData::of(set.km.as_ref().unwrap()).unwrap(), None);

    assert_eq!(set.sign.owner(), "홍길동");
    assert!(set.sign.common_name().starts_with("홍길동()009904920261122"), "{}", set.sign.common_name());
    let folder = format!("yessign/USER/cn={},ou=TEST,ou=personal4TEST,o=yessign,c=kr", set.sign.common_name());
    assert_eq!(set.entry.as_str(), folder);
    assert_eq!(set.sign.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION));
    assert_eq!(set.km.unwrap().key_usage(), Some(KeyUsage::KEY_ENCIPHERMENT));
    let cas = [authority().root().clone(), authority().certificate().clone()];
    let ca_pubs = set.files.0.iter().find(|(file, _)| *file == SetFile::CaPubs).unwrap();
    assert_eq!(ca_pubs::from_der(&ca_pubs.1).unwrap(), cas);
}

#[test]
fn every_name_of_the_chain_says_test() {
    let set = authority().issue(&SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW), &password()).unwrap();
    for certificate in [&set.sign, set.km.as_ref().unwrap(), authority().certificate(), authority().root()] {
        assert!(certificate.subject_display().contains("TEST"), "{}", certificate.subject_display());
        assert!(certificate.issuer_common_name().contains("NOT A REAL CERTIFICATE"));
    }
}

#[test]
fn every_kind_is_classified_as_what_it_imitates() {
    let expected = [
        (Holder::Individual, Usage::BankCardInsurance),
        (Holder::Individual, Usage::Universal),
        (Holder::Individual, Usage::SecuritiesInsurance),
        (Holder::Individual, Usage::CreditCard),
        (Holder::Corporate, Usage::Universal),
        (Holder::Corporate, Usage::CorporateBanking),
        (Holder::Corporate, Usage::TaxInvoice),
    ];
    for (kind, expected) in SampleKind::ALL.into_iter().zip(expected) {
        let ca = authority().sibling(&kind.authority()).unwrap();
        let mut request = SampleRequest::new(kind, "(주)가나다", NOW);
        request.km = false;
        let set = ca.issue(&request, &password()).unwrap();
        let found = Kind::of(&set.sign);
        assert_eq!((found.scheme, (found.holder, found.usage)), (Pki::Npki, expected), "{kind:?}");
        assert_eq!(Authority::of(&set.sign), kind.authority());
        assert_eq!(set.sign.owner(), "(주)가나다");
        assert!(set.km.is_none() && file(&set, SetFile::KmKey).is_none());
        assert_eq!(SampleKind::from_key(kind.key()), Some(kind));
    }
}

#[test]
fn the_end_of_validity_is_so_many_days_from_today_in_korea() {
    for (expires_in, standing) in [
        (365, Standing::Valid),
        (31, Standing::Valid),
        (30, Standing::RenewalPeriod(30)),
        (18, Standing::RenewalPeriod(18)),
        (0, Standing::RenewalPeriod(0)),
        (-1, Standing::Expired),
        (-400, Standing::Expired),
        (9000, Standing::Valid),
    ] {
        let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
        (request.km, request.expires_in) = (false, expires_in);
        let set = authority().issue(&request, &password()).unwrap();
        assert_eq!(set.sign.days_left(NOW), expires_in);
        assert_eq!(set.sign.standing(NOW), standing, "{expires_in}");
        assert!(set.sign.not_before() < set.sign.not_after());
    }
    let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
    (request.km, request.not_before) = (false, Some(NOW + 1));
    assert_eq!(authority().issue(&request, &password()).unwrap().sign.standing(NOW), Standing::NotYetValid);
}

#[test]
fn key_files_are_sealed_as_asked_with_or_without_r() {
    let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
    (request.km, request.keeps_random) = (false, false);
    for scheme in [Scheme::SeedCbc, Scheme::Pbes2 { cipher: Cipher::Aes256, prf: Hash::Sha256 }] {
        (request.scheme, request.iterations) = (scheme, 1024);
        let set = authority().issue(&request, &password()).unwrap();
        let sealed = SealedKey::from_der(file(&set, SetFile::SignKey).unwrap(), Limits::default()).unwrap();
        assert_eq!((sealed.scheme().scheme(), sealed.scheme().iterations()), (scheme, 1024));
        assert!(open(&set, SetFile::SignKey).vid_random().is_none());
        assert!(IdentifyData::of(&set.sign).unwrap().unwrap().vid.is_some());
    }
}

#[test]
fn what_cannot_be_made_is_refused() {
    let refused = |change: &dyn Fn(&mut SampleRequest)| {
        let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
        change(&mut request);
        authority().issue(&request, &password()).unwrap_err().kind()
    };
    assert_eq!(refused(&|request| request.owner = "  ".to_owned()), ErrorKind::InvalidInput);
    assert_eq!(refused(&|request| request.idn = SecretBytes::copy_of(b"abc")), ErrorKind::InvalidInput);
    assert_eq!(refused(&|request| request.iterations = 0), ErrorKind::InvalidInput);
    assert_eq!(refused(&|request| request.key_bits = 512), ErrorKind::Unsupported);
    assert_eq!(refused(&|request| request.expires_in = i64::MAX), ErrorKind::InvalidInput);
    assert_eq!(refused(&|request| request.not_before = Some(-1)), ErrorKind::InvalidInput);
}

#[test]
fn many_sets_of_one_key_differ_in_all_that_tells_sets_apart() {
    const COUNT: usize = 101;
    let request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
    let sets = authority().issue_many(&request, &password(), COUNT).unwrap();
    let distinct = |texts: Vec<String>| texts.into_iter().collect::<std::collections::BTreeSet<_>>().len();
    assert_eq!(distinct(sets.iter().map(|set| set.entry.to_string()).collect()), COUNT);
    let pairs = || sets.iter().flat_map(|set| [&set.sign, set.km.as_ref().unwrap()]);
    assert_eq!(distinct(pairs().map(Certificate::serial_hex).collect()), 2 * COUNT);
    assert_eq!(distinct(pairs().map(|certificate| format!("{:?}", certificate.key_id())).collect()), 2 * COUNT);
    for set in &sets {
        assert_eq!(set.sign.rsa_public(), sets[0].sign.rsa_public());
        assert_eq!(set.sign.subject_key_id(), Some(&set.sign.key_id()[..]));
    }
    assert_eq!(open(&sets[COUNT - 1], SetFile::SignKey).rsa_public().unwrap(), sets[0].sign.rsa_public().unwrap());
}

#[test]
fn a_published_set_is_found_again_below_its_ca() {
    let root = tempfile::tempdir().unwrap();
    let mut folder = NpkiFolder::new(root.path().join("NPKI"), 10);
    let set = authority().issue(&SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW), &password()).unwrap();
    set.publish(&mut folder).unwrap();
    assert_eq!(folder.list().unwrap().sets, std::slice::from_ref(&set.entry));
    let mut view = folder.read(&set.entry, &SetFile::ALL).unwrap();
    for (file, bytes) in &set.files.0 {
        assert_eq!(&view.take(*file).unwrap().unwrap(), bytes);
    }
}

fn openssl(arguments: &[&str], files: &[&Path]) -> String {
    let output = Command::new("openssl").args(arguments).args(files).output().expect("the openssl program");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "openssl {arguments:?}: {text}");
    text
}

#[test]
#[ignore = "needs the openssl program"]
fn openssl_reads_a_sample_certificate_and_follows_its_chain() {
    let root = tempfile::tempdir().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let ca = TestAuthority::new(&Authority::Kica, now).unwrap();
    let mut request = SampleRequest::new(SampleKind::TaxInvoice, "(주)가나다", now);
    (request.not_before, request.key_bits) = (Some(now - 1), 3072);
    let set = ca.issue(&request, &password()).unwrap();
    let pem = |name: &str, certificate: &Certificate| {
        let (der, pem) = (root.path().join(format!("{name}.der")), root.path().join(format!("{name}.pem")));
        std::fs::write(&der, certificate.der()).unwrap();
        let out = pem.to_str().unwrap();
        openssl(&["x509", "-inform", "der", "-out", out, "-in"], &[&der]);
        pem
    };
    let (root_pem, ca_pem) = (pem("root", ca.root()), pem("ca", ca.certificate()));
    let (sign, km) = (pem("sign", &set.sign), pem("km", set.km.as_ref().unwrap()));
    // The CA demands a policy, so this says that the certificate's own passes.
    let policy = request.kind.policy();
    for certificate in [&sign, &km] {
        let (root_pem, ca_pem) = (root_pem.to_str().unwrap(), ca_pem.to_str().unwrap());
        let verify = ["verify", "-policy", policy, "-CAfile", root_pem, "-untrusted", ca_pem];
        assert!(openssl(&verify, &[certificate]).trim_end().ends_with(": OK"));
    }
    let text = openssl(&["x509", "-noout", "-text", "-nameopt", "utf8,-esc_msb", "-in"], &[&sign]);
    for expected in [
        "Version: 3 (0x2)",
        "Signature Algorithm: sha256WithRSAEncryption",
        "INGAM TEST KICA CA (NOT A REAL CERTIFICATE)",
        "(주)가나다()0099049",
        "Public-Key: (3072 bit)",
        "X509v3 Key Usage: critical",
        "Digital Signature, Non Repudiation",
        "X509v3 Certificate Policies: critical",
        "Policy: 1.2.410.200004.5.2.1.5001",
        "1.2.410.200004.10.1.1",
    ] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
}
