//! Certificates that others made, read to the byte: needs the folder of outside fixtures.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;

use ingam::certificate::{Certificate, KeyUsage, Standing};
use ingam::credential::VidRandom;
use ingam::mechanism::Hash;
use ingam::npki::authority::Authority;
use ingam::npki::ca_pubs;
use ingam::npki::policy::{Holder, Kind, Scheme, Usage};
use ingam::npki::vid::{IdentifyData, Vid};
use ingam::secret::SecretBytes;

#[allow(clippy::disallowed_methods, reason = "tests find the outside fixtures by this variable")]
fn fixture(path: &str) -> Vec<u8> {
    let root = std::env::var_os("INGAM_FIXTURES").expect("INGAM_FIXTURES names the folder of outside fixtures");
    let path = PathBuf::from(root).join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const SYNTHETIC_SET: &str =
    "synthetic/NPKI/yessign/USER/cn=홍길동()0099049202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr";

fn certificate(path: &str) -> Certificate {
    Certificate::from_der(&fixture(path)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.trim()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_bank_certificate_shows_its_owner_issuer_kind_and_key() {
    let certificate = certificate("pypinksign/signCert.der");
    assert_eq!(certificate.common_name(), "HKD(KILDONG.HONG)009104120200225191000030");
    assert_eq!(certificate.owner(), "HKD");
    assert_eq!(
        certificate.subject_display(),
        "CN=HKD(KILDONG.HONG)009104120200225191000030,OU=INITECH,OU=personal4IB,O=yessign,C=kr"
    );
    assert_eq!(certificate.issuer_common_name(), "yessignCA-Test Class 4");
    assert_eq!(Authority::of(&certificate), Authority::YesSign);
    assert_eq!(certificate.serial_hex(), "459c75");
    let kind = Kind::of(&certificate);
    assert_eq!(kind.oid.as_deref(), Some("1.2.410.200005.1.1.4"));
    assert_eq!((kind.scheme, kind.holder), (Scheme::Npki, Holder::Individual));
    assert_eq!((kind.usage, kind.secure_medium), (Usage::BankCardInsurance, false));
    assert_eq!(hex(&certificate.key_id()), "a9ab98bd24851ecd625f1fdd790b54aa8c817ef6");
    assert_eq!(
        certificate.authority_key_id().map(|id| hex(&id)).as_deref(),
        Some("6635ece8fdfedbb82a62a902b1e6dc875cdcf9c3")
    );
    assert_eq!((certificate.key_bits(), certificate.key_algorithm().as_str()), (Some(2048), "RSA"));
    assert_eq!(certificate.rsa_public().unwrap().1, [1, 0, 1]);
    assert_eq!(certificate.key_usage(), Some(KeyUsage::DIGITAL_SIGNATURE | KeyUsage::NON_REPUDIATION));
    let names: Vec<_> = certificate.key_usage().into_iter().flat_map(KeyUsage::names).collect();
    assert_eq!(names, ["digitalSignature", "nonRepudiation"]);
    assert!(!certificate.is_ca());
    assert_eq!(certificate.signature_algorithm().unwrap().to_string(), "1.2.840.113549.1.1.11");
    assert_eq!(certificate.signature().len(), 256);
    let identify = IdentifyData::of(&certificate).unwrap().unwrap();
    let vid = identify.vid.unwrap();
    assert_eq!(vid.hash(), Hash::Sha256);
    assert!(hex(vid.value()).starts_with("8ad4f673") && hex(vid.value()).ends_with("0de7"));
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_certificate_ends_at_the_end_of_its_last_day_in_korea() {
    let certificate = certificate("pypinksign/signCert.der");
    // 2020-02-24T15:00:00Z and 2020-03-25T14:59:59Z
    assert_eq!((certificate.not_before(), certificate.not_after()), (1_582_556_400, 1_585_148_399));
    assert_eq!(ingam::certificate::seoul_date(certificate.not_after()), "2020-03-25");
    assert_eq!(certificate.days_left(certificate.not_after()), 0);
    assert_eq!(certificate.standing(certificate.not_after()), Standing::RenewalPeriod(0));
    assert_eq!(certificate.standing(certificate.not_after() + 1), Standing::Expired);
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn stale_bytes_behind_a_certificate_are_cut() {
    let exact = fixture("pypinksign/signCert.der");
    let mut longer = exact.clone();
    longer.extend_from_slice(&[0x30; 46]);
    assert_eq!(Certificate::from_der(&longer).unwrap().der(), exact);
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn the_korean_root_and_issuing_cas_are_read() {
    let root = certificate("ca/KISA_RootCA_4.der");
    assert_eq!(hex(&root.sha256()), "a002ff556c601863b08b9aa33a8e6666e97e72bbe552f66eb9f2395c68c7bc98");
    assert_eq!((root.serial_hex().as_str(), root.is_ca(), root.key_usage()), ("01", true, None));
    assert!(root.is_self_issued());
    for name in ["TradeSignCA2", "TradeSignCA3", "TradeSignCA4"] {
        let ca = certificate(&format!("ca/{name}.der"));
        assert_eq!(ca.common_name(), name);
        assert_eq!(ca.subject().organization().as_deref(), Some("TradeSign"));
        assert!(ca.is_ca() && ca.key_usage().unwrap().allows(KeyUsage::KEY_CERT_SIGN));
        assert_eq!(ca.basic_constraints().path_len, Some(0));
        assert_eq!(ca.policy_oid().as_deref(), Some("2.5.29.32.0"));
        assert!(IdentifyData::of(&ca).is_ok());
    }
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_set_of_another_maker_is_read_with_its_cas() {
    let sign = certificate(&format!("{SYNTHETIC_SET}/signCert.der"));
    let km = certificate(&format!("{SYNTHETIC_SET}/kmCert.der"));
    assert_eq!((sign.owner(), km.owner()), ("홍길동".to_owned(), "홍길동".to_owned()));
    assert_eq!(km.key_usage(), Some(KeyUsage::KEY_ENCIPHERMENT));
    assert_eq!(IdentifyData::of(&km).unwrap(), None);
    let cas = ca_pubs::from_der(&fixture(&format!("{SYNTHETIC_SET}/CaPubs"))).unwrap();
    assert_eq!(cas, [certificate("synthetic/root.der"), certificate("synthetic/ca.der")]);
    assert_eq!(ca_pubs::to_der(&cas).unwrap(), fixture(&format!("{SYNTHETIC_SET}/CaPubs")));

    let facts = String::from_utf8(fixture("synthetic/vid.txt")).unwrap();
    let fact = |key: &str| facts.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    let identify = IdentifyData::of(&sign).unwrap().unwrap();
    assert_eq!(identify.real_name, "홍길동");
    let vid = identify.vid.unwrap();
    assert_eq!(hex(vid.value()), fact("VID="));
    let random = VidRandom::copy_of(&unhex(&fact("R=")).try_into().unwrap());
    assert!(vid.fits(&SecretBytes::copy_of(fact("IDN=").as_bytes()), &random).unwrap());
    assert!(!vid.fits(&SecretBytes::copy_of(b"9001011234568"), &random).unwrap());
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn vids_of_other_makers_are_met() {
    let vectors: serde_json::Value = serde_json::from_slice(&fixture("vectors/vid_vectors.json")).unwrap();
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        let random = VidRandom::copy_of(&unhex(text("R")).try_into().unwrap());
        let vid = Vid::compute(Hash::Sha256, &SecretBytes::copy_of(text("idn").as_bytes()), &random).unwrap();
        assert_eq!(hex(vid.value()), text("vid"));
    }
}
