//! This file is `ingam show`: everything about one certificate, or the certificate itself.

use clap::Args;
use ingam::ErrorKind;
use ingam::certificate::{Certificate, seoul_date};
use ingam::credential::{Pair, Purpose};
use ingam::keystore::lock;
use ingam::npki::policy::Kind;
use ingam::npki::vid::IdentifyData;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::inventory::{CertificateArgument, Chosen, Inventory, Set, pin_source};
use crate::cli::language::Words;
use crate::cli::output::{View, facts, hex, pem};
use crate::cli::report::{Exit, reason};
use crate::cli::secret::PasswordArguments;
use crate::cli::session::Session;
use crate::cli::{certificate, date, stdout};

/// Which certificate, in which form. With a password the key is opened too, to say whether it fits and holds R.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[arg(long, group = "form")]
    pem: bool,
    #[arg(long, group = "form")]
    der: bool,
    #[arg(long, group = "form")]
    text: bool,
    #[command(flatten)]
    password: PasswordArguments,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.password.check()?;
    if session.is_json() && (arguments.pem || arguments.der) {
        return Err(Failure::Usage("error-json-and-form"));
    }
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    let chosen = inventory.find(session, selector)?;
    let certificate = &chosen.pair.certificate;
    if arguments.pem {
        session.write(pem(certificate.der()).as_bytes())?;
        return Ok(Exit::Done);
    }
    if arguments.der {
        if stdout::is_terminal() {
            return Err(Failure::OutputIsTerminal);
        }
        session.write(certificate.der())?;
        return Ok(Exit::Done);
    }
    inventory.check_meant(session, chosen.set, selector)?;
    let opened = match arguments.password.given(session, pin_source(selector).as_ref())? {
        Some(pin) => Some(open(&inventory, chosen, &pin)?),
        None => None,
    };
    let uri = inventory.uri(&chosen.set.medium, chosen.pair).to_string();
    let Chosen { set, pair } = chosen;
    let (words, detailed) = (session.words(), arguments.text);
    session.show(&Show { words, set, pair, uri, opened, detailed, now: date::now() })?;
    Ok(Exit::Done)
}

/// What the opened key says: it fits the certificate, or opening it would have failed.
struct Opened {
    has_vid_random: bool,
}

fn open(inventory: &Inventory, Chosen { set, pair }: Chosen<'_>, pin: &ingam::pin::Pin) -> Result<Opened, Failure> {
    let key = pair.key.as_ref().ok_or_else(|| Failure::NoPrivateKey { folder: set.folder() })?;
    let token = inventory.log_in(set, pin)?;
    let random = lock(&token).vid_random(key)?;
    Ok(Opened { has_vid_random: random.is_some() })
}

struct Show<'a> {
    words: &'a Words,
    set: &'a Set,
    /// The one of the set's pairs that is shown.
    pair: &'a Pair,
    uri: String,
    opened: Option<Opened>,
    detailed: bool,
    now: i64,
}

impl View for Show<'_> {
    fn json(&self) -> Value {
        let mut cert = certificate::set_json(self.words, self.set, self.now);
        let identity = IdentifyData::of(&self.pair.certificate).ok().flatten();
        cert["shown"] = match self.pair.purpose {
            Purpose::Sign => "sign",
            Purpose::KeyManagement => "km",
        }
        .into();
        cert["vid"] = match identity.and_then(|identity| identity.vid) {
            Some(vid) => json!({ "hash": format!("{:?}", vid.hash()).to_lowercase(), "value": hex(vid.value()) }),
            None => Value::Null,
        };
        // Null: not known without the password.
        cert["has_vid_random"] = self.opened.as_ref().map(|opened| opened.has_vid_random).into();
        json!({ "cert": cert })
    }

    fn text(&self, words: &Words) -> String {
        let certificate = &*self.pair.certificate;
        let mut rows = vec![
            ("show-name", certificate::name(certificate)),
            ("show-common-name", certificate.common_name()),
            ("show-issuer", self.issuer(words)),
            ("show-usage", self.usage(words)),
            ("show-validity", self.validity(words, certificate)),
            ("show-key", self.key(words, certificate)),
            ("show-vid", self.vid(words, certificate)),
            ("show-serial", certificate.serial_hex()),
            ("show-sha256", hex(&certificate.sha256())),
            ("show-medium", certificate::medium(words, &self.set.medium, true)),
        ];
        if self.set.medium.token.is_none() {
            rows.push(("show-folder", self.set.folder()));
        }
        rows.push(("show-uri", self.uri.clone()));
        if self.detailed {
            rows.extend(details(words, certificate));
        }
        if certificate.has_damaged_extension() {
            rows.push(("show-problem", words.say("show-extension-damaged")));
        }
        let folder = self.set.folder();
        rows.extend(self.set.entry.problems.iter().map(|problem| ("show-problem", reason(problem, &folder, words))));
        let rows: Vec<_> = rows.into_iter().map(|(key, value)| (words.say(key), value)).collect();
        facts(&rows)
    }
}

impl Show<'_> {
    fn issuer(&self, words: &Words) -> String {
        let certificate = &self.pair.certificate;
        words.tell(
            "show-issuer-value",
            &[
                ("issuer", (&certificate::issuer(words, certificate)).into()),
                ("ca", (&certificate.issuer_common_name()).into()),
            ],
        )
    }

    fn usage(&self, words: &Words) -> String {
        let certificate = &self.pair.certificate;
        let usage = certificate::usage(words, certificate);
        match Kind::of(certificate).oid.filter(|oid| !usage.contains(oid)) {
            Some(oid) => format!("{usage} {oid}"),
            None => usage,
        }
    }

    fn validity(&self, words: &Words, certificate: &Certificate) -> String {
        words.tell(
            "show-validity-value",
            &[
                ("from", (&seoul_date(certificate.not_before())).into()),
                ("to", (&certificate::expires(certificate)).into()),
                ("left", (&certificate::left(words, certificate, self.now)).into()),
            ],
        )
    }

    fn key(&self, words: &Words, certificate: &Certificate) -> String {
        let bits = certificate.key_bits().map(|bits| format!(" {bits}")).unwrap_or_default();
        let pairs = match &self.pair.key {
            None => "show-key-missing",
            Some(_) if self.pair.purpose == Purpose::KeyManagement => "show-key-km",
            Some(_) => certificate::purposes(&self.set.credential),
        };
        format!("{}{bits}, {}", certificate.key_algorithm(), words.say(pairs))
    }

    fn vid(&self, words: &Words, certificate: &Certificate) -> String {
        let vid = match IdentifyData::of(certificate) {
            Ok(Some(IdentifyData { vid: Some(_), .. })) => "show-vid-present",
            Ok(_) => "show-vid-missing",
            Err(error) if error.kind() == ErrorKind::Unsupported => "show-vid-unsupported",
            Err(_) => "show-vid-damaged",
        };
        let random = match &self.opened {
            None if self.set.medium.token.is_some() => "show-random-unknown-token",
            None => "show-random-unknown",
            Some(Opened { has_vid_random: true }) => "show-random-present",
            Some(Opened { has_vid_random: false }) => "show-random-missing",
        };
        format!("{}, {}", words.say(vid), words.say(random))
    }
}

/// What `--text` adds.
fn details(words: &Words, certificate: &Certificate) -> Vec<(&'static str, String)> {
    let none = || words.say("show-none");
    let usage = certificate.key_usage().map(|usage| usage.names().collect::<Vec<_>>().join(", "));
    let policies: Vec<String> = certificate.policies().iter().map(ToString::to_string).collect();
    let extensions = certificate
        .extensions()
        .filter_map(Result::ok)
        .map(|extension| format!("{}{}", extension.oid, if extension.critical { " (critical)" } else { "" }));
    let signature = certificate.signature_algorithm().map(|oid| oid.to_string());
    vec![
        ("show-subject", certificate.subject_display()),
        ("show-issuer-dn", certificate.issuer().to_string()),
        ("show-not-before", date::rfc3339(certificate.not_before())),
        ("show-not-after", date::rfc3339(certificate.not_after())),
        ("show-key-usage", usage.unwrap_or_else(none)),
        ("show-policies", policies.join(", ")),
        ("show-key-id", hex(&certificate.key_id())),
        ("show-signature-algorithm", signature.unwrap_or_else(none)),
        ("show-sha1", hex(&certificate.sha1())),
        ("show-extensions", extensions.collect::<Vec<_>>().join(", ")),
    ]
}
