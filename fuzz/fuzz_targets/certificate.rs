//! This file reads the input as a certificate and asks it everything, its VID included.
#![no_main]

use ingam::certificate::{self, Certificate, KeyUsage};
use ingam::credential::{Purpose, VidRandom};
use ingam::npki::authority::Authority;
use ingam::npki::chain::Question;
use ingam::npki::folder_name;
use ingam::npki::policy::Kind;
use ingam::npki::vid::{IdentifyData, Vid};
use ingam::secret::SecretBytes;
use libfuzzer_sys::fuzz_target;

/// 2026-01-01T00:00:00Z
const NOW: i64 = 1_767_225_600;

fuzz_target!(|data: &[u8]| {
    let Ok(certificate) = Certificate::from_der(data) else { return };
    assert_eq!(certificate.der(), &data[..certificate.der().len()]);
    // Each part lies within the whole, and a second reading finds the same.
    let again = Certificate::from_der(certificate.der()).expect("the same certificate");
    for part in [Certificate::tbs, Certificate::subject_der, Certificate::issuer_der, Certificate::serial_der] {
        assert_eq!(part(&again), part(&certificate));
    }
    identity(&certificate);
    key(&certificate);
    extensions(&certificate);
    let question = Question {
        certificate: &certificate,
        candidates: vec![&again],
        trusted: vec![&again],
        now: NOW,
        purpose: Purpose::Sign,
    };
    let _ = format!("{:?}", question.answer());
});

fn identity(certificate: &Certificate) {
    let _ = (certificate.owner(), certificate.common_name(), certificate.subject_display());
    let _ = (certificate.issuer_common_name(), certificate.issuer_organization(), certificate.serial_hex());
    for name in [certificate.subject(), certificate.issuer()] {
        let _ = (name.common_name(), name.organization(), name.to_string(), name.matches(&name));
        let _: Vec<_> = name.attributes().iter().map(|attribute| (attribute.text(), attribute.short_name())).collect();
    }
    assert!(folder_name::folder_name(certificate).len() <= 255);
    let _ = (folder_name::entry_name(certificate), Authority::of(certificate), Kind::of(certificate));

    let (from, to) = (certificate.not_before(), certificate.not_after());
    let _ = (certificate.days_left(NOW), certificate.standing(NOW), certificate::days_between(from, to));
    let _ = (certificate::seoul_date(from), certificate::seoul_date(to));
    let _ = (certificate.sha256(), certificate.sha1(), certificate.is_self_issued());
}

fn key(certificate: &Certificate) {
    let _ = (certificate.key_id(), certificate.key_algorithm(), certificate.key_bits());
    let _ = (certificate.public_key_info().len(), certificate.public_key_bits());
    let _ = (certificate.signature().len(), certificate.signature_algorithm());
    if let Some((modulus, exponent)) = certificate.rsa_public() {
        assert!(modulus.first() != Some(&0) && exponent.first() != Some(&0));
    }
}

fn extensions(certificate: &Certificate) {
    let _ = certificate.extensions().count();
    let _ = certificate.key_usage().map(|usage| (usage.allows(KeyUsage::DIGITAL_SIGNATURE), usage.names().count()));
    let _ = (certificate.basic_constraints(), certificate.is_ca());
    let _ = (certificate.policies(), certificate.policy_oid());
    let _ = (certificate.subject_key_id(), certificate.authority_key_id());
    let Ok(Some(identify)) = IdentifyData::of(certificate) else { return };
    let (idn, random) = (SecretBytes::copy_of(b"900101-1234567"), VidRandom::copy_of(&[7; 20]));
    if let Some(vid) = &identify.vid {
        assert_eq!(vid.value().len(), vid.hash().len());
        let computed = Vid::compute(vid.hash(), &idn, &random).expect("a number of digits");
        assert_eq!(vid.fits(&idn, &random).expect("a number of digits"), computed == *vid);
    }
}
