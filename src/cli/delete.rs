//! This file is `ingam delete`: a set, or what lies on a token without being one, is taken off its medium.

use std::sync::Arc;

use clap::Args;
use ingam::credential::EntryName;
use ingam::keystore::{SlotId, lock};
use ingam::medium::Medium;
use ingam::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::confirm::confirm;
use crate::cli::copy::last_digits;
use crate::cli::failure::Failure;
use crate::cli::inventory::{CertificateArgument, Inventory, Remnant, Set, pin_source};
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::refusal::Refusal;
use crate::cli::report::Exit;
use crate::cli::secret::PinArguments;
use crate::cli::session::Session;
use crate::cli::transferred::cert_json;
use crate::cli::{access, certificate, exact};

/// What is deleted.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[command(flatten)]
    pin: PinArguments,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.pin.check()?;
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    let doomed = match remnant(&inventory, selector)? {
        Some(remnant) => Doomed::of_remnant(remnant),
        None => Doomed::of_set(exact::only_copy(&inventory, session, selector)?),
    };
    if doomed.medium.write_protected {
        let error = Error::new(ErrorKind::WriteProtected, "deleting a certificate");
        return Err(error.about(doomed.place()).into());
    }
    let digits = last_digits(&doomed.number);
    let question = if doomed.set.is_some() { "delete-confirm" } else { "delete-confirm-key" };
    let question = session.words().tell(question, &[("digits", (&digits).into())]);
    confirm(session, &format!("{}\n{question}", doomed.warning(session.words(), &inventory)), &digits)?;

    let token = match &doomed.medium.token {
        Some(_) => {
            let uri = pin_source(selector);
            access::log_in(session, &inventory.keystore, doomed.slot, &arguments.pin, uri.as_ref())?
        }
        None => inventory.keystore.token(doomed.slot)?,
    };
    {
        let mut token = lock(&token);
        let cannot = || Error::new(ErrorKind::WriteProtected, "deleting a certificate").about(doomed.place());
        token.writer().ok_or_else(cannot)?.remove_set(&doomed.entry)?;
    }
    if session.is_json() || !session.is_quiet() {
        session.show(&Deleted(&doomed))?;
    }
    if session.is_agreed() && doomed.set.is_some() {
        session.note(&session.words().say("delete-is-no-revocation"));
    }
    Ok(Exit::Done)
}

/// What is going to be deleted.
struct Doomed<'a> {
    slot: SlotId,
    medium: Arc<Medium>,
    entry: EntryName,
    /// The set, or nothing if it is none.
    set: Option<&'a Set>,
    /// For people.
    name: String,
    /// What its last characters are typed of: the serial number, or the name of what has none.
    number: String,
}

impl<'a> Doomed<'a> {
    fn of_set(set: &'a Set) -> Self {
        let certificate = &set.credential.sign.certificate;
        Self {
            slot: set.slot,
            medium: Arc::clone(&set.medium),
            entry: set.entry.name.clone(),
            set: Some(set),
            name: certificate::name(certificate),
            number: certificate.serial_hex(),
        }
    }

    fn of_remnant(remnant: &Remnant) -> Self {
        let label = remnant.entry.content.as_ref().err().and_then(|error| error.subject());
        Self {
            slot: remnant.slot,
            medium: Arc::clone(&remnant.medium),
            entry: remnant.entry.name.clone(),
            set: None,
            name: label.unwrap_or(remnant.entry.name.as_str()).to_owned(),
            number: remnant.entry.name.as_str().to_owned(),
        }
    }

    fn place(&self) -> String {
        format!("{}/{}", self.medium.place, self.entry)
    }

    /// What goes, from where, and that this is no revocation.
    fn warning(&self, words: &Words, inventory: &Inventory) -> String {
        let what = match self.set {
            Some(set) => certificate::one_line(words, set),
            None => words.tell("delete-key-alone", &[("name", (&self.name).into())]),
        };
        let place = self.place();
        let mut lines = vec![words.tell("delete-what", &[("what", (&what).into()), ("place", (&place).into())])];
        if let Some(set) = self.set {
            let others = inventory.sets.iter().filter(|other| other.row == set.row).count() - 1;
            lines.push(match others {
                0 => words.say("delete-last-copy"),
                others => words.tell("delete-other-copies", &[("count", others.into())]),
            });
            lines.push(words.say("delete-is-no-revocation"));
        } else {
            lines.push(words.say("delete-key-is-lost"));
        }
        lines.join("\n")
    }
}

/// What lies on a token without being a set, by its name there, its label or its id.
fn remnant<'a>(inventory: &'a Inventory, selector: &str) -> Result<Option<&'a Remnant>, Failure> {
    let fits = |remnant: &&Remnant| {
        let name = remnant.entry.name.as_str();
        let label = remnant.entry.content.as_ref().err().and_then(|error| error.subject());
        let id = name.rsplit('-').next().unwrap_or(name);
        let place = format!("{}/{name}", remnant.medium.place);
        [Some(name), label, Some(id), Some(place.as_str())].contains(&Some(selector))
    };
    let mut fitting = inventory.remnants.iter().filter(fits);
    let Some(first) = fitting.next() else { return Ok(None) };
    let others: Vec<&Remnant> = fitting.collect();
    if others.is_empty() {
        return Ok(Some(first));
    }
    let place = |remnant: &Remnant| format!("{}/{}", remnant.medium.place, remnant.entry.name);
    let folders = std::iter::once(first).chain(others).map(place).collect();
    Err(Refusal::CopyAmbiguous { selector: selector.to_owned(), folders }.into())
}

struct Deleted<'a>(&'a Doomed<'a>);

impl View for Deleted<'_> {
    fn json(&self) -> Value {
        json!({
            "deleted": {
                "medium": certificate::medium_json(&self.0.medium),
                "folder": self.0.place(),
                "cert": self.0.set.map(|set| cert_json(&set.credential.sign.certificate)),
            },
        })
    }

    fn text(&self, words: &Words) -> String {
        let place = self.0.place();
        let done = words.tell("delete-done", &[("name", (&self.0.name).into()), ("place", (&place).into())]);
        format!("{done}\n")
    }
}
