//! This file tells what a copy is: which of its parts arrived, and that it was tried out.

use ingam::certificate::Certificate;
use ingam::credential::EntryName;
use ingam::medium::Medium;
use ingam::transfer::Copied;
use serde_json::{Value, json};

use crate::cli::certificate;
use crate::cli::inventory::place;
use crate::cli::language::Words;
use crate::cli::output::hex;
use crate::cli::report::Report;
use crate::cli::session::Session;
use crate::cli::target::Target;

/// A set that was copied, moved or imported.
pub(crate) struct Transferred<'a> {
    pub(crate) certificate: &'a Certificate,
    pub(crate) copied: Copied,
    pub(crate) target: &'a Target,
}

impl Transferred<'_> {
    /// The members of a JSON document that describe the copy.
    pub(crate) fn json(&self, words: &Words) -> Value {
        let problem = |error| {
            let report = Report::of_error(error, words);
            json!({ "code": report.code, "message": report.message, "detail": report.detail })
        };
        json!({
            "medium": certificate::medium_json(&self.target.medium),
            "folder": folder_json(&self.target.medium, &self.copied.entry),
            "entry": self.copied.entry.as_str(),
            "km": self.copied.km,
            "authorities": self.copied.authorities,
            "vid_random": self.copied.vid_random,
            "cert": cert_json(self.certificate),
            "problems": self.copied.problems.iter().map(problem).collect::<Vec<_>>(),
        })
    }

    /// `✓ 홍길동: key, certificate, chain, VID R`, and what proved it.
    pub(crate) fn text(&self, words: &Words) -> String {
        let mut parts = vec!["transfer-part-key"];
        parts.push("transfer-part-certificate");
        parts.extend(self.copied.km.then_some("transfer-part-km"));
        parts.extend((self.copied.authorities > 0).then_some("transfer-part-chain"));
        parts.extend(self.copied.vid_random.then_some("transfer-part-r"));
        let parts: Vec<String> = parts.into_iter().map(|part| words.say(part)).collect();
        let name = certificate::name(self.certificate);
        let done = words.tell("transfer-done", &[("name", (&name).into()), ("parts", (&parts.join(", ")).into())]);
        format!("{done}\n{}\n", words.say("transfer-proved"))
    }

    /// Says what of the source was not readable, and so is not in the copy; that R is missing; what threatens the copy.
    pub(crate) fn notes(&self, session: &Session) {
        let words = session.words();
        for problem in &self.copied.problems {
            let reason = Report::of_error(problem, words).message;
            session.note(&words.tell("transfer-incomplete", &[("reason", (&reason).into())]));
        }
        if !self.copied.vid_random {
            session.note(&words.say("transfer-without-r"));
        }
    }
}

/// What tells a certificate from every other.
pub(crate) fn cert_json(certificate: &Certificate) -> Value {
    json!({
        "name": certificate.owner(),
        "serial": certificate.serial_hex(),
        "sha256": hex(&certificate.sha256()),
        "key_id": hex(&certificate.key_id()),
    })
}

/// The folder of a set; null on a token, as everywhere.
pub(crate) fn folder_json(medium: &Medium, entry: &EntryName) -> Value {
    if medium.token.is_some() { Value::Null } else { place(medium, entry).into() }
}
