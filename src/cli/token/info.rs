//! This file is `ingam token info`: everything that a token says of itself, and the certificates on it.

use std::sync::Arc;

use clap::Args;
use ingam::credential::{Credential, Entry};
use ingam::keystore::lock;
use ingam::medium::TokenState;
use serde_json::{Value, json};

use super::describe;
use super::found::{Found, Tokens};
use crate::cli::failure::Failure;
use crate::cli::language::Words;
use crate::cli::output::{View, facts, hex};
use crate::cli::report::{Exit, Report, reason};
use crate::cli::session::Session;
use crate::cli::{certificate, date};

/// Which token.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    token: String,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    let tokens = Tokens::take()?;
    let found = tokens.find(&arguments.token)?;
    let contents = Contents::of(&tokens, &found)?;
    session.show(&Info { words: session.words(), found: &found, contents: &contents, now: date::now() })?;
    Ok(Exit::Done)
}

/// What is on a token, as far as it shows without a login.
pub(super) struct Contents {
    entries: Arc<[Arc<Entry>]>,
}

impl Contents {
    pub(super) fn of(tokens: &Tokens, found: &Found) -> Result<Self, Failure> {
        if !found.is_initialised() {
            return Ok(Self { entries: Arc::new([]) });
        }
        let token = tokens.open(found)?;
        let entries = lock(&token).entries()?;
        Ok(Self { entries })
    }

    /// Certificate sets, which is what people count as certificates.
    fn sets(&self) -> impl Iterator<Item = &Credential> {
        self.entries.iter().filter_map(|entry| entry.content.as_ref().ok())
    }

    /// What is there without being a usable set: keys without a certificate, remnants of an import.
    fn others(&self) -> impl Iterator<Item = (&Entry, &ingam::Error)> {
        self.entries.iter().filter_map(|entry| Some((&**entry, entry.content.as_ref().err()?)))
    }

    /// How many sets, and how many things that are none.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.sets().count(), self.others().count())
    }
}

struct Info<'a> {
    words: &'a Words,
    found: &'a Found,
    contents: &'a Contents,
    now: i64,
}

impl View for Info<'_> {
    fn json(&self) -> Value {
        let certificate = |set: &Credential| {
            let certificate = &set.sign.certificate;
            json!({
                "name": certificate.owner(),
                "sha256": hex(&certificate.sha256()),
                "expires": certificate::expires(certificate),
                "standing": certificate.standing(self.now).key(),
                "has_private_key": set.sign.key.is_some(),
                "has_km": set.km.is_some(),
            })
        };
        let other = |(entry, error): (&Entry, &ingam::Error)| {
            let report = Report::of_error(error, self.words);
            json!({ "name": entry.name.as_str(), "code": report.code, "message": report.message, "detail": report.detail })
        };
        let mut token = describe::json(self.found);
        token["certs"] = self.contents.sets().map(certificate).collect();
        token["unusable"] = self.contents.others().map(other).collect();
        json!({ "token": token })
    }

    fn text(&self, words: &Words) -> String {
        let medium = &self.found.medium;
        let mut rows = vec![("token-label", medium.label.clone())];
        if let Some(state) = &medium.token {
            rows.extend(state_rows(words, state));
        }
        rows.push(("token-serial", medium.serial()));
        if medium.write_protected {
            rows.push(("token-writing", words.say("token-write-protected")));
        }
        for (number, set) in self.contents.sets().enumerate() {
            let heading = if number == 0 { "token-certificates" } else { "token-blank" };
            rows.push((heading, self.certificate(words, set)));
        }
        if self.contents.sets().next().is_none() {
            rows.push(("token-certificates", words.say("token-none")));
        }
        rows.extend(self.contents.others().map(|(entry, error)| {
            ("token-other", format!("{}: {}", entry.name, reason(error, entry.name.as_str(), words)))
        }));
        rows.push(("token-module", medium.place.clone()));
        rows.push(("token-uri", describe::uri(medium).to_string()));
        facts(&rows.into_iter().map(|(key, value)| (words.say(key), value)).collect::<Vec<_>>())
    }
}

impl Info<'_> {
    fn certificate(&self, words: &Words, set: &Credential) -> String {
        let certificate = &*set.sign.certificate;
        let left = certificate::left(words, certificate, self.now);
        let left =
            if set.sign.key.is_some() { left } else { words.tell("list-without-key", &[("left", (&left).into())]) };
        let (name, issuer) = (certificate::name(certificate), certificate::issuer(words, certificate));
        let (usage, expires) = (certificate::usage(words, certificate), certificate::expires(certificate));
        let purposes = words.say(certificate::purposes(set));
        format!("{name} / {issuer} / {usage} / {purposes} / {expires}, {left}")
    }
}

fn state_rows(words: &Words, state: &TokenState) -> Vec<(&'static str, String)> {
    let mut rows = vec![
        ("token-model", describe::model(state)),
        ("token-firmware", state.firmware.clone()),
        ("token-pin", describe::pin(words, state)),
        ("token-so-pin", describe::so_pin(words, state)),
    ];
    let (shortest, longest) = state.pin_bytes;
    if longest > 0 {
        let bytes = [("shortest", shortest.into()), ("longest", longest.into())];
        rows.push(("token-pin-length", words.tell("token-pin-length-value", &bytes)));
    }
    let keypad = if state.own_keypad { "token-entry-keypad" } else { "token-entry-program" };
    rows.push(("token-entry", words.say(keypad)));
    let needed = if state.login_required { "token-login-needed" } else { "token-login-not-needed" };
    rows.push(("token-login", words.say(needed)));
    let memory =
        |bytes: Option<u64>| bytes.map_or_else(|| words.say("token-memory-unknown"), |bytes| format!("{bytes} B"));
    if state.free_memory != (None, None) {
        let (public, private) = (memory(state.free_memory.0), memory(state.free_memory.1));
        let memory = [("public", (&public).into()), ("private", (&private).into())];
        rows.push(("token-memory", words.tell("token-memory-value", &memory)));
    }
    rows
}
