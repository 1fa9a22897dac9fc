//! This file gives a verdict per item on a certificate (서명, 체인, 기간, 용도, 폐기) and never one as a whole.
//!
//! What is checked of RFC 5280 section 6: the signature of every link (RSASSA-PKCS1-v1_5 with SHA-1 or SHA-2), names,
//! basicConstraints with path length, keyCertSign, the validity of every CA, critical extensions that are not known, and
//! requireExplicitPolicy, which Korean CA certificates carry: one policy of the certificate must be allowed by every CA
//! of the chain, by itself or as anyPolicy. It counts from the first CA on, whatever number it gives, and policy mappings
//! are not followed; both can only refuse more than the standard does.
//!
//! What is not: revocation (the verdict says so), and name constraints, which no Korean CA is known to use; where they
//! are critical, the chain fails. How strong a hash is (SHA-1) is for the reader to judge.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ANY_POLICY, ID_CE_BASIC_CONSTRAINTS, ID_CE_CERTIFICATE_POLICIES, ID_CE_KEY_USAGE, ID_CE_POLICY_CONSTRAINTS,
    ID_CE_SUBJECT_ALT_NAME,
};
use der::Decode as _;
use x509_cert::ext::pkix::PolicyConstraints;

use crate::certificate::{Certificate, KeyUsage, Standing};
use crate::credential::Purpose;
use crate::crypto::rsa::PublicKey;
use crate::mechanism::{Hash, SignInput, SignMechanism, SignRequest};

/// SHA-256 of KISA RootCA 4, the root of NPKI.
pub const KISA_ROOT_CA_4: [u8; 32] = [
    0xA0, 0x02, 0xFF, 0x55, 0x6C, 0x60, 0x18, 0x63, 0xB0, 0x8B, 0x9A, 0xA3, 0x3A, 0x8E, 0x66, 0x66, 0xE9, 0x7E, 0x72,
    0xBB, 0xE5, 0x52, 0xF6, 0x6E, 0xB9, 0xF2, 0x39, 0x5C, 0x68, 0xC7, 0xBC, 0x98,
];

/// What is asked about a certificate.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The certificate.
    pub certificate: &'a Certificate,
    /// CA certificates that may be in its chain, in any order: those of `CaPubs`. They are not trusted.
    pub candidates: Vec<&'a Certificate>,
    /// Certificates that the user trusts besides KISA RootCA 4.
    pub trusted: Vec<&'a Certificate>,
    /// The moment that counts, seconds since 1970.
    pub now: i64,
    /// What the certificate is used for.
    pub purpose: Purpose,
}

/// The answer, item by item.
#[derive(Clone, Debug)]
pub struct Verdicts<'a> {
    /// 서명: the issuer's signature on the certificate. `NotChecked` if no certificate of the issuer was at hand.
    pub signature: Verdict,
    /// 체인: it leads to a trusted root, through CAs that may issue it.
    pub chain: Verdict,
    /// 기간: the moment lies within the certificate's validity.
    pub period: Verdict,
    /// 용도: its key usage allows the purpose.
    pub usage: Verdict,
    /// 폐기: always `NotChecked`.
    pub revocation: Verdict,
    /// The CAs of the chain that was found, issuer first, root last; empty if none was.
    pub path: Vec<&'a Certificate>,
}

/// One item's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Checked and in order.
    Ok,
    /// Checked and not in order.
    Failed(Reason),
    /// Not checked; it says nothing either way.
    NotChecked,
}

/// Why an item is not in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The certificate's validity has not begun.
    NotYetValid,
    /// The certificate's validity is over.
    Expired,
    /// Its key usage does not allow the purpose.
    KeyUsage,
    /// The signature was not made by the issuer's key, or not over this certificate.
    SignatureMismatch,
    /// A signature algorithm or key that is not known here.
    UnsupportedAlgorithm,
    /// No certificate of an issuer in the chain was at hand.
    IssuerMissing,
    /// The chain ends in a root that is not trusted.
    UntrustedRoot,
    /// An issuer's certificate is not a CA's.
    IssuerNotCa,
    /// An issuer's key usage does not allow signing certificates.
    IssuerKeyUsage,
    /// There are more CAs in the chain than one of them allows.
    PathTooLong,
    /// A CA's certificate was outside its validity at that moment.
    CaOutsideValidity,
    /// A CA demands a policy, and none of the certificate's is allowed by all of them.
    PolicyNotAllowed,
    /// A critical extension is not known here.
    UnknownCriticalExtension,
    /// An extension cannot be read, or stands twice.
    DamagedExtension,
}

impl Verdict {
    /// The word for JSON: `ok`, `failed`, `not-checked`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed(_) => "failed",
            Self::NotChecked => "not-checked",
        }
    }

    /// Whether it was checked and is not in order.
    #[must_use]
    pub const fn is_failed(self) -> bool {
        matches!(self, Self::Failed(_))
    }
}

impl From<Result<(), Reason>> for Verdict {
    fn from(result: Result<(), Reason>) -> Self {
        match result {
            Ok(()) => Self::Ok,
            Err(reason) => Self::Failed(reason),
        }
    }
}

impl Reason {
    /// The word for JSON.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::NotYetValid => "not-yet-valid",
            Self::Expired => "expired",
            Self::KeyUsage => "key-usage",
            Self::SignatureMismatch => "signature-mismatch",
            Self::UnsupportedAlgorithm => "unsupported-algorithm",
            Self::IssuerMissing => "issuer-missing",
            Self::UntrustedRoot => "untrusted-root",
            Self::IssuerNotCa => "issuer-not-ca",
            Self::IssuerKeyUsage => "issuer-key-usage",
            Self::PathTooLong => "path-too-long",
            Self::CaOutsideValidity => "ca-outside-validity",
            Self::PolicyNotAllowed => "policy-not-allowed",
            Self::UnknownCriticalExtension => "unknown-critical-extension",
            Self::DamagedExtension => "damaged-extension",
        }
    }
}

impl<'a> Question<'a> {
    /// Checks every item by itself.
    #[must_use]
    pub fn answer(&self) -> Verdicts<'a> {
        let mut search = Search { question: self, path: vec![self.certificate], signatures_left: MAX_SIGNATURES };
        let found = check_extensions(self.certificate)
            .map_err(|reason| Dead { depth: 0, reason })
            .and_then(|()| search.reach_a_root())
            .and_then(|()| check_policies(&search.path).map_err(|reason| Dead { depth: MAX_CAS, reason }));
        let path = if found.is_ok() { search.path.split_off(1) } else { Vec::new() };
        Verdicts {
            signature: self.signature(),
            chain: found.map_err(|dead| dead.reason).into(),
            period: self.period().into(),
            usage: self.usage().into(),
            revocation: Verdict::NotChecked,
            path,
        }
    }

    fn signature(&self) -> Verdict {
        let itself = Some(self.certificate).filter(|certificate| certificate.is_self_issued());
        let mut verdict = Verdict::NotChecked;
        for issuer in self.issuers_of(self.certificate).into_iter().chain(itself).take(MAX_SIGNATURES) {
            match check_signature(self.certificate, issuer) {
                Ok(()) => return Verdict::Ok,
                failed if verdict == Verdict::NotChecked => verdict = failed.into(),
                Err(_) => {}
            }
        }
        verdict
    }

    fn period(&self) -> Result<(), Reason> {
        match self.certificate.standing(self.now) {
            Standing::NotYetValid => Err(Reason::NotYetValid),
            Standing::Expired => Err(Reason::Expired),
            Standing::Valid | Standing::RenewalPeriod(_) => Ok(()),
        }
    }

    fn usage(&self) -> Result<(), Reason> {
        // The restriction may stand behind what cannot be read.
        if self.certificate.has_damaged_extension() {
            return Err(Reason::DamagedExtension);
        }
        let Some(usage) = self.certificate.key_usage() else { return Ok(()) };
        let allowed = match self.purpose {
            Purpose::Sign => usage.allows(KeyUsage::DIGITAL_SIGNATURE) || usage.allows(KeyUsage::NON_REPUDIATION),
            Purpose::KeyManagement => usage.allows(KeyUsage::KEY_ENCIPHERMENT),
        };
        if allowed { Ok(()) } else { Err(Reason::KeyUsage) }
    }

    fn is_trusted(&self, certificate: &Certificate) -> bool {
        self.trusted.contains(&certificate) || certificate.sha256() == KISA_ROOT_CA_4
    }

    /// The certificates that bear the issuer's name; those whose key identifier also fits come first.
    fn issuers_of(&self, certificate: &Certificate) -> Vec<&'a Certificate> {
        let name = certificate.issuer();
        let key_id = certificate.authority_key_id();
        let all = self.trusted.iter().chain(&self.candidates).copied();
        let mut issuers: Vec<_> = all
            .filter(|other| other.subject_der() == certificate.issuer_der() || other.subject().matches(&name))
            .filter(|other| *other != certificate)
            .collect();
        issuers.sort_by_key(|issuer| key_id.is_none() || issuer.subject_key_id() != key_id.as_deref());
        issuers
    }
}

/// The most CAs in a chain; Korean ones have two.
const MAX_CAS: usize = 8;
/// The most signatures checked in one search, so that many certificates of one name cannot keep it busy.
const MAX_SIGNATURES: usize = 64;

/// Walks from a certificate to a trusted root, depth first.
struct Search<'q, 'a> {
    question: &'q Question<'a>,
    /// The certificate, its issuer, and so on.
    path: Vec<&'a Certificate>,
    signatures_left: usize,
}

/// Where a search ended without a root. Of several ends the one that came farthest is told.
#[derive(Clone, Copy)]
struct Dead {
    depth: usize,
    reason: Reason,
}

impl Search<'_, '_> {
    fn reach_a_root(&mut self) -> Result<(), Dead> {
        let depth = self.path.len();
        let Some(&tip) = self.path.last() else { return Ok(()) };
        if self.question.is_trusted(tip) {
            return Ok(());
        }
        let reason = if tip.is_self_issued() { Reason::UntrustedRoot } else { Reason::IssuerMissing };
        let mut farthest = Dead { depth, reason };
        for issuer in self.question.issuers_of(tip) {
            if self.path.contains(&issuer) {
                continue;
            }
            let end = match self.check_issuer(tip, issuer) {
                Err(reason) => Dead { depth: depth + 1, reason },
                Ok(()) => {
                    self.path.push(issuer);
                    match self.reach_a_root() {
                        Ok(()) => return Ok(()),
                        Err(end) => {
                            self.path.pop();
                            end
                        }
                    }
                }
            };
            if end.depth > farthest.depth {
                farthest = end;
            }
        }
        Err(farthest)
    }

    fn check_issuer(&mut self, subject: &Certificate, issuer: &Certificate) -> Result<(), Reason> {
        let constraints = issuer.basic_constraints();
        if !constraints.ca {
            return Err(Reason::IssuerNotCa);
        }
        if issuer.key_usage().is_some_and(|usage| !usage.allows(KeyUsage::KEY_CERT_SIGN)) {
            return Err(Reason::IssuerKeyUsage);
        }
        let cas_between = self.path.iter().skip(1).filter(|ca| !ca.is_self_issued()).count();
        if self.path.len() > MAX_CAS || constraints.path_len.is_some_and(|most| cas_between > usize::from(most)) {
            return Err(Reason::PathTooLong);
        }
        if !issuer.standing(self.question.now).is_valid() {
            return Err(Reason::CaOutsideValidity);
        }
        check_extensions(issuer)?;
        self.signatures_left = self.signatures_left.checked_sub(1).ok_or(Reason::PathTooLong)?;
        check_signature(subject, issuer)
    }
}

fn check_signature(subject: &Certificate, issuer: &Certificate) -> Result<(), Reason> {
    use const_oid::db::rfc5912;
    let hash = match subject.signature_algorithm() {
        Some(rfc5912::SHA_1_WITH_RSA_ENCRYPTION) => Hash::Sha1,
        Some(rfc5912::SHA_256_WITH_RSA_ENCRYPTION) => Hash::Sha256,
        Some(rfc5912::SHA_384_WITH_RSA_ENCRYPTION) => Hash::Sha384,
        Some(rfc5912::SHA_512_WITH_RSA_ENCRYPTION) => Hash::Sha512,
        _ => return Err(Reason::UnsupportedAlgorithm),
    };
    let (modulus, exponent) = issuer.rsa_public().ok_or(Reason::UnsupportedAlgorithm)?;
    let key = PublicKey::new(modulus, exponent).map_err(|_| Reason::UnsupportedAlgorithm)?;
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(hash), input: SignInput::Message(subject.tbs()) };
    key.verify(&request, subject.signature()).map_err(|_| Reason::SignatureMismatch)
}

/// Whether all extensions can be read, each stands once, and the critical ones are known.
fn check_extensions(certificate: &Certificate) -> Result<(), Reason> {
    const KNOWN: [ObjectIdentifier; 5] = [
        ID_CE_BASIC_CONSTRAINTS,
        ID_CE_CERTIFICATE_POLICIES,
        ID_CE_KEY_USAGE,
        ID_CE_POLICY_CONSTRAINTS,
        ID_CE_SUBJECT_ALT_NAME,
    ];
    let mut seen = Vec::new();
    for extension in certificate.extensions() {
        let extension = extension.map_err(|_| Reason::DamagedExtension)?;
        if seen.contains(&extension.oid) {
            return Err(Reason::DamagedExtension);
        }
        if extension.critical && !KNOWN.contains(&extension.oid) {
            return Err(Reason::UnknownCriticalExtension);
        }
        seen.push(extension.oid);
    }
    Ok(())
}

/// The path begins with the certificate and ends with the root.
fn check_policies(path: &[&Certificate]) -> Result<(), Reason> {
    let [certificate, cas @ ..] = path else { return Ok(()) };
    let mut demanded = false;
    for ca in cas {
        if let Some(value) = ca.extension(ID_CE_POLICY_CONSTRAINTS) {
            let constraints = PolicyConstraints::from_der(value).map_err(|_| Reason::DamagedExtension)?;
            demanded |= constraints.require_explicit_policy.is_some();
        }
    }
    // The root is trusted as it is (RFC 5280 section 6.1): its own policies do not count.
    let below_root = &cas[..cas.len().saturating_sub(1)];
    let allowed = |policy: &ObjectIdentifier| {
        below_root.iter().all(|ca| ca.policies().iter().any(|of_ca| *of_ca == ANY_POLICY || of_ca == policy))
    };
    if demanded && !certificate.policies().iter().any(allowed) { Err(Reason::PolicyNotAllowed) } else { Ok(()) }
}
