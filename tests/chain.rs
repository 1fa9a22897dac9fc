//! Every item has a verdict of its own; what is wrong with a chain is named.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::OnceLock;

use ingam::certificate::Certificate;
use ingam::credential::Purpose;
use ingam::crypto::rsa::{PrivateKey, generate};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::authority::Authority;
use ingam::npki::ca_pubs;
use ingam::npki::chain::{KISA_ROOT_CA_4, Question, Reason, Verdict, Verdicts};
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};

/// 2026-11-22T03:00:00Z
const NOW: i64 = 1_795_316_400;
const DAY: i64 = 24 * 60 * 60;

struct World {
    ca: TestAuthority,
    set: SampleSet,
}

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let ca = TestAuthority::new(&Authority::YesSign, NOW).unwrap();
        let request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", NOW);
        let set = ca.issue(&request, &Pin::copy_of(b"Sample-2026!")).unwrap();
        World { ca, set }
    })
}

impl World {
    fn question(&self) -> Question<'_> {
        Question {
            certificate: &self.set.sign,
            candidates: vec![self.ca.root(), self.ca.certificate()],
            trusted: vec![self.ca.root()],
            now: NOW,
            purpose: Purpose::Sign,
        }
    }
}

#[test]
fn a_good_certificate_is_in_order_item_by_item_and_revocation_is_not_checked() {
    let world = world();
    let verdicts = world.question().answer();
    assert_eq!(
        [verdicts.signature, verdicts.chain, verdicts.period, verdicts.usage, verdicts.revocation],
        [Verdict::Ok, Verdict::Ok, Verdict::Ok, Verdict::Ok, Verdict::NotChecked]
    );
    assert_eq!(verdicts.path, [world.ca.certificate(), world.ca.root()]);
}

#[test]
fn a_root_that_nobody_trusts_fails_the_chain_alone() {
    let question = Question { trusted: Vec::new(), ..world().question() };
    let verdicts = question.answer();
    assert_eq!((verdicts.signature, verdicts.period), (Verdict::Ok, Verdict::Ok));
    assert_eq!(verdicts.chain, Verdict::Failed(Reason::UntrustedRoot));
    assert!(verdicts.path.is_empty());
}

#[test]
fn without_the_issuer_the_signature_is_not_checked_rather_than_wrong() {
    let world = world();
    let question = Question { candidates: vec![world.ca.root()], ..world.question() };
    let verdicts = question.answer();
    assert_eq!(verdicts.signature, Verdict::NotChecked);
    assert_eq!(verdicts.chain, Verdict::Failed(Reason::IssuerMissing));
}

#[test]
fn a_ca_given_as_trusted_ends_the_chain() {
    let world = world();
    let question = Question { candidates: Vec::new(), trusted: vec![world.ca.certificate()], ..world.question() };
    let verdicts = question.answer();
    assert_eq!((verdicts.signature, verdicts.chain), (Verdict::Ok, Verdict::Ok));
    assert_eq!(verdicts.path, [world.ca.certificate()]);
}

#[test]
fn another_ca_of_the_same_name_does_not_vouch_and_does_not_hinder() {
    let world = world();
    let namesake = world.ca.sibling(&Authority::YesSign).unwrap();
    let question = Question { candidates: vec![namesake.certificate(), world.ca.root()], ..world.question() };
    let verdicts = question.answer();
    assert_eq!(verdicts.signature, Verdict::Failed(Reason::SignatureMismatch));
    assert_eq!(verdicts.chain, Verdict::Failed(Reason::SignatureMismatch));
    let candidates = vec![namesake.certificate(), world.ca.certificate(), world.ca.root()];
    let verdicts = Question { candidates, ..world.question() }.answer();
    assert_eq!((verdicts.signature, verdicts.chain), (Verdict::Ok, Verdict::Ok));
}

#[test]
fn any_changed_byte_of_the_signed_part_breaks_the_signature_verdict() {
    let world = world();
    let mut der = world.set.sign.der().to_vec();
    let name = der.windows(3).position(|window| window == "홍".as_bytes()).unwrap();
    der[name + 2] ^= 1;
    let forged = Certificate::from_der(&der).unwrap();
    assert_ne!(forged.owner(), "홍길동");
    let verdicts = Question { certificate: &forged, ..world.question() }.answer();
    assert_eq!(verdicts.signature, Verdict::Failed(Reason::SignatureMismatch));
    assert_eq!(verdicts.chain, Verdict::Failed(Reason::SignatureMismatch));
}

#[test]
fn the_period_is_the_certificates_own_and_each_ca_must_be_valid_too() {
    let at = |now| Question { now, ..world().question() }.answer();
    let late = at(NOW + 366 * DAY);
    assert_eq!((late.period, late.chain), (Verdict::Failed(Reason::Expired), Verdict::Ok));
    let early = at(NOW - 2 * DAY);
    assert_eq!((early.period, early.chain), (Verdict::Failed(Reason::NotYetValid), Verdict::Ok));
    let after_all = at(NOW + 10_000 * DAY);
    assert_eq!(after_all.chain, Verdict::Failed(Reason::CaOutsideValidity));
}

#[test]
fn the_key_usage_must_allow_the_purpose() {
    let world = world();
    let usage = |certificate, purpose| Question { certificate, purpose, ..world.question() }.answer().usage;
    let (sign, km) = (&world.set.sign, world.set.km.as_ref().unwrap());
    assert_eq!(usage(sign, Purpose::Sign), Verdict::Ok);
    assert_eq!(usage(km, Purpose::KeyManagement), Verdict::Ok);
    assert_eq!(usage(sign, Purpose::KeyManagement), Verdict::Failed(Reason::KeyUsage));
    assert_eq!(usage(km, Purpose::Sign), Verdict::Failed(Reason::KeyUsage));
}

/// Certificates that no decent CA issues, written byte by byte. All have the same key.
mod odd {
    use super::*;

    fn key() -> &'static PrivateKey {
        static KEY: OnceLock<PrivateKey> = OnceLock::new();
        KEY.get_or_init(|| PrivateKey::from_pkcs1_der(generate(2048).unwrap().expose()).unwrap())
    }

    pub(super) fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        let header = match content.len() {
            0..128 => vec![tag, len[1]],
            128..256 => vec![tag, 0x81, len[1]],
            _ => vec![tag, 0x82, len[0], len[1]],
        };
        [header, content].concat()
    }

    fn name(common_name: &str, string: u8) -> Vec<u8> {
        let attribute = tlv(0x30, &[&[6, 3, 0x55, 4, 3], &tlv(string, &[common_name.as_bytes()])]);
        tlv(0x30, &[&tlv(0x31, &[&attribute])])
    }

    pub(super) fn extension(id: u8, critical: bool, value: &[u8]) -> Vec<u8> {
        let critical: &[u8] = if critical { &[1, 1, 0xFF] } else { &[] };
        tlv(0x30, &[&[6, 3, 0x55, 0x1D, id], critical, &tlv(4, &[value])])
    }

    pub(super) fn ca(path_len: Option<u8>) -> Vec<u8> {
        let path_len = path_len.map_or_else(Vec::new, |most| vec![2, 1, most]);
        extension(19, true, &tlv(0x30, &[&[1, 1, 0xFF], &path_len]))
    }

    pub(super) const CERT_SIGN: &[u8] = &[3, 2, 2, 4];
    pub(super) const CRL_SIGN: &[u8] = &[3, 2, 1, 2];

    pub(super) fn policies(last_arcs: &[u8]) -> Vec<u8> {
        let each = last_arcs.iter().map(|arc| tlv(0x30, &[&[6, 3, 0x2A, 3, *arc]]));
        extension(32, true, &tlv(0x30, &[&each.collect::<Vec<_>>().concat()]))
    }

    pub(super) fn any_policy() -> Vec<u8> {
        extension(32, true, &tlv(0x30, &[&tlv(0x30, &[&[6, 4, 0x55, 0x1D, 0x20, 0]])]))
    }

    pub(super) fn explicit_policy() -> Vec<u8> {
        extension(36, true, &[0x30, 3, 0x80, 1, 0])
    }

    pub(super) fn issue(issuer: &str, subject: &str, extensions: &[Vec<u8>]) -> Certificate {
        issue_with(Hash::Sha256, (issuer, 0x0C), subject, extensions)
    }

    pub(super) fn issue_with(
        hash: Hash,
        (issuer, string): (&str, u8),
        subject: &str,
        extensions: &[Vec<u8>],
    ) -> Certificate {
        let last_arc = match hash {
            Hash::Sha1 => 5,
            Hash::Sha256 => 11,
            Hash::Sha384 => 12,
            Hash::Sha512 => 13,
        };
        let algorithm = |arc| tlv(0x30, &[&[6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, arc], &[5, 0]]);
        let time = |text: &str| tlv(0x17, &[text.as_bytes()]);
        let (modulus, exponent) = key().public();
        let public = tlv(0x30, &[&tlv(2, &[&[0], modulus]), &tlv(2, &[exponent])]);
        let extensions: Vec<_> = extensions.concat();
        let tbs = tlv(
            0x30,
            &[
                &[0xA0, 3, 2, 1, 2, 2, 1, 7],
                &algorithm(last_arc),
                &name(issuer, string),
                &tlv(0x30, &[&time("200101000000Z"), &time("400101000000Z")]),
                &name(subject, 0x0C),
                &tlv(0x30, &[&algorithm(1), &tlv(3, &[&[0], &public])]),
                &tlv(0xA3, &[&tlv(0x30, &[&extensions])]),
            ],
        );
        let request = SignRequest { mechanism: SignMechanism::Pkcs1(hash), input: SignInput::Message(&tbs) };
        let signature = tlv(3, &[&[0], &key().sign(&request).unwrap()]);
        Certificate::from_der(&tlv(0x30, &[&tbs, &algorithm(last_arc), &signature])).unwrap()
    }
}

/// The verdict on the last certificate's chain, of which the first is the trusted root.
fn chain(certificates: &[Certificate]) -> Verdict {
    let [trusted, candidates @ .., certificate] = certificates else { panic!("a chain of two at least") };
    let verdicts: Verdicts<'_> = Question {
        certificate,
        candidates: candidates.iter().collect(),
        trusted: vec![trusted],
        now: NOW,
        purpose: Purpose::Sign,
    }
    .answer();
    verdicts.chain
}

fn root() -> Certificate {
    odd::issue("root", "root", &[odd::ca(None)])
}

#[test]
fn only_a_ca_that_may_sign_certificates_vouches() {
    let usage = |value| odd::extension(15, true, value);
    for (extensions, expected) in [
        (vec![odd::ca(None)], Verdict::Ok),
        (vec![odd::ca(None), usage(odd::CERT_SIGN)], Verdict::Ok),
        (vec![odd::ca(None), usage(odd::CRL_SIGN)], Verdict::Failed(Reason::IssuerKeyUsage)),
        (vec![odd::ca(None), usage(b"\x04\x00")], Verdict::Failed(Reason::IssuerKeyUsage)),
        (vec![usage(odd::CERT_SIGN)], Verdict::Failed(Reason::IssuerNotCa)),
        (vec![odd::extension(19, true, b"\x30\x00")], Verdict::Failed(Reason::IssuerNotCa)),
        (vec![odd::extension(19, true, b"\x30\x05")], Verdict::Failed(Reason::IssuerNotCa)),
        (vec![], Verdict::Failed(Reason::IssuerNotCa)),
    ] {
        let certificates = [root(), odd::issue("root", "ca", &extensions), odd::issue("ca", "person", &[])];
        assert_eq!(chain(&certificates), expected, "{extensions:02X?}");
    }
}

#[test]
fn a_path_is_no_longer_than_its_cas_allow() {
    let person = || odd::issue("ca2", "person", &[]);
    for (first, second, expected) in [
        (Some(1), Some(0), Verdict::Ok),
        (None, Some(0), Verdict::Ok),
        (Some(0), Some(0), Verdict::Failed(Reason::PathTooLong)),
        (Some(0), None, Verdict::Failed(Reason::PathTooLong)),
    ] {
        let cas = [odd::issue("root", "ca1", &[odd::ca(first)]), odd::issue("ca1", "ca2", &[odd::ca(second)])];
        let [ca1, ca2] = cas;
        assert_eq!(chain(&[root(), ca1, ca2, person()]), expected);
    }
}

#[test]
fn a_long_or_circular_chain_ends() {
    let names: Vec<String> = (0..12).map(|index| format!("ca{index}")).collect();
    let mut certificates = vec![root(), odd::issue("root", &names[0], &[odd::ca(None)])];
    certificates.extend(names.windows(2).map(|pair| odd::issue(&pair[0], &pair[1], &[odd::ca(None)])));
    certificates.push(odd::issue("ca11", "person", &[]));
    assert_eq!(chain(&certificates), Verdict::Failed(Reason::PathTooLong));
    let circle = [
        root(),
        odd::issue("b", "a", &[odd::ca(None)]),
        odd::issue("a", "b", &[odd::ca(None)]),
        odd::issue("a", "person", &[]),
    ];
    assert_eq!(chain(&circle), Verdict::Failed(Reason::IssuerMissing));
}

#[test]
fn many_cas_of_one_name_cannot_keep_the_search_busy() {
    let same: Vec<_> = (0..32).map(|index| odd::issue("ca", "ca", &[odd::ca(None), odd::policies(&[index])])).collect();
    let mut certificates = vec![root()];
    certificates.extend(same);
    certificates.push(odd::issue("ca", "person", &[]));
    let started = std::time::Instant::now();
    assert!(chain(&certificates).is_failed());
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn critical_extensions_must_be_known_and_all_must_be_readable_and_single() {
    let unknown = Verdict::Failed(Reason::UnknownCriticalExtension);
    let damaged = Verdict::Failed(Reason::DamagedExtension);
    for (extensions, expected) in [
        (vec![odd::extension(99, false, b"\x05\x00")], Verdict::Ok),
        (vec![odd::extension(99, true, b"\x05\x00")], unknown),
        // nameConstraints and inhibitAnyPolicy are not followed here.
        (vec![odd::extension(30, true, b"\x30\x00")], unknown),
        (vec![odd::extension(54, true, b"\x02\x01\x00")], unknown),
        (vec![odd::policies(&[1]), odd::policies(&[2])], damaged),
        (vec![b"\x30\x02\x05\x00".to_vec()], damaged),
    ] {
        let on_person = [root(), odd::issue("root", "person", &extensions)];
        assert_eq!(chain(&on_person), expected, "{extensions:02X?}");
        let on_ca = [odd::ca(None)].into_iter().chain(extensions).collect::<Vec<_>>();
        let on_ca = [root(), odd::issue("root", "ca", &on_ca), odd::issue("ca", "person", &[])];
        assert_eq!(chain(&on_ca), expected);
    }
}

#[test]
fn a_demanded_policy_must_be_allowed_by_every_ca() {
    let person = |extensions: &[Vec<u8>]| odd::issue("ca", "person", extensions);
    let ca = |policies: Vec<u8>| odd::issue("root", "ca", &[odd::ca(None), policies, odd::explicit_policy()]);
    let none = Verdict::Failed(Reason::PolicyNotAllowed);
    for (ca, person, expected) in [
        (ca(odd::any_policy()), person(&[odd::policies(&[1])]), Verdict::Ok),
        (ca(odd::policies(&[1, 2])), person(&[odd::policies(&[3, 2])]), Verdict::Ok),
        (ca(odd::policies(&[1, 2])), person(&[odd::policies(&[3])]), none),
        (ca(odd::any_policy()), person(&[]), none),
        (ca(Vec::new()), person(&[odd::policies(&[1])]), none),
        (odd::issue("root", "ca", &[odd::ca(None), odd::policies(&[1])]), person(&[odd::policies(&[3])]), Verdict::Ok),
    ] {
        assert_eq!(chain(&[root(), ca, person]), expected);
    }
}

#[test]
fn names_match_across_string_types_and_case_as_rfc_5280_says() {
    let root = odd::issue("Test  Root", "Test  Root", &[odd::ca(None)]);
    assert_eq!(chain(&[root.clone(), odd::issue_with(Hash::Sha256, ("test root", 0x13), "person", &[])]), Verdict::Ok);
    let other = odd::issue_with(Hash::Sha256, ("test root2", 0x13), "person", &[]);
    assert_eq!(chain(&[root, other]), Verdict::Failed(Reason::IssuerMissing));
}

#[test]
fn every_hash_of_pkcs1_signatures_is_checked() {
    for hash in Hash::ALL {
        let person = odd::issue_with(hash, ("root", 0x0C), "person", &[]);
        assert_eq!(chain(&[root(), person]), Verdict::Ok, "{hash:?}");
    }
    let mut der = odd::issue("root", "person", &[]).der().to_vec();
    // RSASSA-PSS instead, in both places.
    let oid = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11];
    while let Some(place) = der.windows(9).position(|window| window == oid) {
        der[place + 8] = 10;
    }
    let unknown = Certificate::from_der(&der).unwrap();
    assert_eq!(chain(&[root(), unknown]), Verdict::Failed(Reason::UnsupportedAlgorithm));
}

#[allow(clippy::disallowed_methods, reason = "tests find the outside fixtures by this variable")]
fn fixture(path: &str) -> Vec<u8> {
    let root = std::env::var_os("INGAM_FIXTURES").expect("INGAM_FIXTURES names the folder of outside fixtures");
    let path = PathBuf::from(root).join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_real_issuing_ca_leads_to_the_pinned_root_without_being_told() {
    let root = Certificate::from_der(&fixture("ca/KISA_RootCA_4.der")).unwrap();
    assert_eq!(root.sha256(), KISA_ROOT_CA_4);
    let others =
        ["TradeSignCA2", "TradeSignCA3"].map(|name| Certificate::from_der(&fixture(&format!("ca/{name}.der"))));
    let [second, third] = others.map(Result::unwrap);
    let fourth = Certificate::from_der(&fixture("ca/TradeSignCA4.der")).unwrap();
    for candidates in [vec![&root], vec![&second, &third, &root]] {
        let question =
            Question { certificate: &fourth, candidates, trusted: Vec::new(), now: NOW, purpose: Purpose::Sign };
        let verdicts = question.answer();
        assert_eq!((verdicts.signature, verdicts.chain), (Verdict::Ok, Verdict::Ok));
        // A CA's key signs certificates, nothing else.
        assert_eq!(verdicts.usage, Verdict::Failed(Reason::KeyUsage));
        assert_eq!(verdicts.path, [&root]);
    }
}

#[test]
#[ignore = "needs INGAM_FIXTURES"]
fn a_set_of_another_maker_chains_to_its_own_root_only_if_that_is_trusted() {
    const SET: &str =
        "synthetic/NPKI/yessign/USER/cn=홍길동()0099049202601010000001,ou=TEST,ou=personal4IB,o=yessign,c=kr";
    let sign = Certificate::from_der(&fixture(&format!("{SET}/signCert.der"))).unwrap();
    let cas = ca_pubs::from_der(&fixture(&format!("{SET}/CaPubs"))).unwrap();
    let root = Certificate::from_der(&fixture("synthetic/root.der")).unwrap();
    let question = |trusted| Question {
        certificate: &sign,
        candidates: cas.iter().collect(),
        trusted,
        now: NOW,
        purpose: Purpose::Sign,
    };
    assert_eq!(question(vec![&root]).answer().chain, Verdict::Ok);
    assert_eq!(question(Vec::new()).answer().chain, Verdict::Failed(Reason::UntrustedRoot));
}
