//! This file is `ingam verify`: a verdict on each item of a certificate, or on a raw signature that it made.

use std::path::{Path, PathBuf};

use clap::Args;
use const_oid::db::rfc5912::SHA_1_WITH_RSA_ENCRYPTION;
use ingam::certificate::{Certificate, seoul_date};
use ingam::npki::ca_pubs;
use ingam::npki::chain::{KISA_ROOT_CA_4, Question, Reason, Verdict, Verdicts};
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::file;
use crate::cli::inventory::{CertificateArgument, Chosen, Inventory, Set};
use crate::cli::language::Words;
use crate::cli::output::{View, facts, hex};
use crate::cli::report::Exit;
use crate::cli::session::Session;
use crate::cli::sign::{SchemeArguments, fits, hash_all};
use crate::cli::{certificate, date};

/// The certificate and whom to trust; or a signature of it and what was signed.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[arg(long)]
    ca: Vec<PathBuf>,
    #[arg(long = "in", requires = "signature", conflicts_with = "ca")]
    input: Option<PathBuf>,
    #[arg(long, requires = "input")]
    signature: Option<PathBuf>,
    #[command(flatten)]
    scheme: SchemeArguments,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
    if arguments.input.as_ref().is_some_and(is_stdin) && arguments.signature.as_ref().is_some_and(is_stdin) {
        return Err(Failure::SameInput { one: "--in", other: "--signature" });
    }
    if arguments.ca.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Failure::SameInput { one: "--ca", other: "--ca" });
    }
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    match (&arguments.input, &arguments.signature) {
        (Some(input), Some(signature)) => {
            signature_fits(session, inventory.find_signing(session, selector)?, arguments, input, signature)
        }
        _ => of_certificate(session, inventory.find(session, selector)?, arguments),
    }
}

/// No signature file of ours is longer: one RSA signature of 8,192 bits has 1,024 bytes.
const SIGNATURE_LIMIT: u64 = 64 * 1024;

fn signature_fits(
    session: &Session,
    set: &Set,
    arguments: &Arguments,
    input: &Path,
    signature: &Path,
) -> Result<Exit, Failure> {
    let signature = file::short(signature, SIGNATURE_LIMIT)?;
    let digest = hash_all(file::input(input)?, arguments.scheme.hash())
        .map_err(|error| Failure::file("reading the input", input, error))?;
    let fits = fits(set, arguments.scheme.mechanism(), &digest, &signature)?;
    session.show(&Raw { set, algorithm: arguments.scheme.name(), fits })?;
    Ok(if fits { Exit::Done } else { Exit::Failed })
}

struct Raw<'a> {
    set: &'a Set,
    algorithm: String,
    fits: bool,
}

impl View for Raw<'_> {
    fn json(&self) -> Value {
        json!({
            "signature": { "verdict": if self.fits { "ok" } else { "failed" }, "algorithm": self.algorithm },
            "cert": { "sha256": hex(&self.set.sha256) },
        })
    }

    fn text(&self, words: &Words) -> String {
        let key = if self.fits { "verify-signature-fits" } else { "verify-signature-wrong" };
        let name = certificate::name(&self.set.credential.sign.certificate);
        let text = words.tell(key, &[("name", (&name).into()), ("algorithm", (&self.algorithm).into())]);
        // What a signature alone does not say.
        format!("{text}\n  {}\n", words.say("verify-signature-note"))
    }
}

fn of_certificate(session: &Session, chosen: Chosen<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut given = Vec::new();
    for path in &arguments.ca {
        given.extend(certificates(path)?);
    }
    // Only a root is trusted by being named; a CA below one helps to find the way to it.
    let (trusted, below): (Vec<_>, Vec<_>) = given.iter().partition(|certificate| certificate.is_self_issued());
    let Chosen { set, pair } = chosen;
    let certificate = &pair.certificate;
    let now = date::now();
    let by_option = !trusted.is_empty();
    let question = Question {
        certificate,
        candidates: set.credential.ca_certificates.iter().map(AsRef::as_ref).chain(below).collect(),
        trusted,
        now,
        purpose: pair.purpose,
    };
    let verdicts = question.answer();
    let failed = items(&verdicts).iter().any(|(_, verdict)| verdict.is_failed());
    session.show(&Certified { certificate, verdicts, by_option })?;
    Ok(if failed { Exit::Failed } else { Exit::Done })
}

/// The certificates of a file: PEM with one or several, DER, or `CaPubs`.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    const MARK: &[u8] = b"-----BEGIN";
    let none = || Failure::NoCertificates { path: path.to_string_lossy().into_owned() };
    let bytes = file::short(path, Certificate::MAX_LEN as u64)?;
    if bytes.windows(MARK.len()).any(|window| window == MARK) {
        return from_pem(&bytes).ok_or_else(none);
    }
    let one = Certificate::from_der(&bytes).map(|certificate| vec![certificate]);
    one.or_else(|_| ca_pubs::from_der(&bytes)).map_err(|_| none())
}

fn from_pem(bytes: &[u8]) -> Option<Vec<Certificate>> {
    use der::Encode as _;
    let chain = x509_cert::Certificate::load_pem_chain(bytes).ok()?;
    chain.iter().map(|certificate| Certificate::from_der(&certificate.to_der().ok()?).ok()).collect()
}

struct Certified<'a> {
    certificate: &'a Certificate,
    verdicts: Verdicts<'a>,
    by_option: bool,
}

/// The items in their order, with their word for JSON.
fn items(verdicts: &Verdicts<'_>) -> [(&'static str, Verdict); 5] {
    [
        ("signature", verdicts.signature),
        ("chain", verdicts.chain),
        ("period", verdicts.period),
        ("usage", verdicts.usage),
        ("revocation", verdicts.revocation),
    ]
}

impl View for Certified<'_> {
    fn json(&self) -> Value {
        let mut document = json!({
            "cert": { "sha256": hex(&self.certificate.sha256()) },
            "path": self.verdicts.path.iter().map(|ca| json!({
                "common_name": ca.common_name(),
                "sha256": hex(&ca.sha256()),
            })).collect::<Vec<_>>(),
        });
        for (item, verdict) in items(&self.verdicts) {
            document["items"][item]["verdict"] = verdict.key().into();
            if let Verdict::Failed(reason) = verdict {
                document["items"][item]["reason"] = reason.key().into();
            }
        }
        document
    }

    fn text(&self, words: &Words) -> String {
        let rows: Vec<(String, String)> = items(&self.verdicts)
            .into_iter()
            .map(|(item, verdict)| {
                let name = match item {
                    "signature" => "verify-signature",
                    "chain" => "verify-chain",
                    "period" => "verify-period",
                    "usage" => "verify-usage",
                    _ => "verify-revocation",
                };
                (words.say(name), self.verdict(words, item, verdict))
            })
            .collect();
        let title = words.tell("verify-title", &[("name", (&certificate::name(self.certificate)).into())]);
        format!("{title}\n{}", facts(&rows))
    }
}

impl Certified<'_> {
    fn verdict(&self, words: &Words, item: &str, verdict: Verdict) -> String {
        match verdict {
            Verdict::NotChecked if item == "revocation" => format!("- {}", words.say("verify-revocation-not-checked")),
            Verdict::NotChecked => format!("- {}", words.say("verify-not-checked")),
            Verdict::Failed(reason) => format!("✗ {}", self.reason(words, reason)),
            Verdict::Ok => match item {
                "chain" => format!("✓ {}", self.root(words)),
                "period" => format!("✓ {}", self.period(words)),
                // Made with a hash that is no longer safe; how much that counts is the reader's to judge.
                "signature" if self.certificate.signature_algorithm() == Some(SHA_1_WITH_RSA_ENCRYPTION) => {
                    "✓ (SHA-1)".to_owned()
                }
                _ => "✓".to_owned(),
            },
        }
    }

    /// The path to the root, and why that one is trusted.
    fn root(&self, words: &Words) -> String {
        let names: Vec<String> = self.verdicts.path.iter().map(|ca| ca.common_name()).collect();
        let names = names.join(" → ");
        let pinned = self.verdicts.path.last().is_some_and(|root| root.sha256() == KISA_ROOT_CA_4);
        let key = if self.by_option && !pinned { "verify-root-by-option" } else { "verify-root-pinned" };
        words.tell(key, &[("path", (&names).into())])
    }

    fn period(&self, words: &Words) -> String {
        let (from, to) = (seoul_date(self.certificate.not_before()), seoul_date(self.certificate.not_after()));
        words.tell("verify-period-value", &[("from", (&from).into()), ("to", (&to).into())])
    }

    fn reason(&self, words: &Words, reason: Reason) -> String {
        match reason {
            Reason::NotYetValid => words.tell("verify-not-yet-valid", &[("period", (&self.period(words)).into())]),
            Reason::Expired => words.tell("verify-expired", &[("period", (&self.period(words)).into())]),
            Reason::KeyUsage => words.say("verify-key-usage"),
            Reason::SignatureMismatch => words.say("verify-signature-mismatch"),
            Reason::UnsupportedAlgorithm => words.say("verify-unsupported-algorithm"),
            Reason::IssuerMissing => words.say("verify-issuer-missing"),
            Reason::UntrustedRoot => words.say("verify-untrusted-root"),
            Reason::IssuerNotCa => words.say("verify-issuer-not-ca"),
            Reason::IssuerKeyUsage => words.say("verify-issuer-key-usage"),
            Reason::PathTooLong => words.say("verify-path-too-long"),
            Reason::CaOutsideValidity => words.say("verify-ca-outside-validity"),
            Reason::PolicyNotAllowed => words.say("verify-policy-not-allowed"),
            Reason::UnknownCriticalExtension => words.say("verify-unknown-critical-extension"),
            Reason::DamagedExtension => words.say("verify-damaged-extension"),
        }
    }
}
