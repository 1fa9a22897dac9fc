//! This file is `ingam delete`: a set, or what lies on a token without being one, is taken off its medium.

use std::sync::Arc;

use clap::Args;
use ingam::credential::{Entry, EntryName};
use ingam::keystore::{SharedToken, Slot, SlotId, lock};
use ingam::medium::Medium;
use ingam::selector::MediumSelector;
use ingam::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::confirm::confirm;
use crate::cli::copy::last_digits;
use crate::cli::failure::Failure;
use crate::cli::inventory::{CertificateArgument, Inventory, Remnant, Set, pin_source, place};
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::refusal::Refusal;
use crate::cli::report::Exit;
use crate::cli::secret::PinArguments;
use crate::cli::session::Session;
use crate::cli::transferred::{cert_json, folder_json};
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
    let doomed = find(session, &inventory, arguments)?;
    if doomed.medium.write_protected {
        let error = Error::new(ErrorKind::WriteProtected, "deleting a certificate");
        return Err(error.about(doomed.place()).into());
    }
    let digits = last_digits(&doomed.number);
    let question = if doomed.set.is_some() { "delete-confirm" } else { "delete-confirm-key" };
    let question = session.words().tell(question, &[("digits", (&digits).into())]);
    confirm(session, &format!("{}\n{question}", doomed.warning(session.words(), &inventory)), &digits)?;

    let token = match (&doomed.opened, &doomed.medium.token) {
        (Some(token), _) => Arc::clone(token),
        (None, Some(_)) => {
            let uri = pin_source(selector);
            access::log_in(session, &inventory.keystore, doomed.slot, &arguments.pin, uri.as_ref())?
        }
        (None, None) => inventory.keystore.token(doomed.slot)?,
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
    /// Its token, if somebody had to log in to find it.
    opened: Option<SharedToken>,
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
            opened: None,
            set: Some(set),
            name: certificate::name(certificate),
            number: certificate.serial_hex(),
        }
    }

    fn of_remnant(remnant: &Remnant, opened: Option<SharedToken>) -> Self {
        Self {
            slot: remnant.slot,
            medium: Arc::clone(&remnant.medium),
            entry: remnant.entry.name.clone(),
            opened,
            set: None,
            name: label(&remnant.entry).to_owned(),
            number: remnant.entry.name.as_str().to_owned(),
        }
    }

    fn place(&self) -> String {
        place(&self.medium, &self.entry)
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
                0 if inventory.partial => words.say("delete-last-copy-here"),
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

fn find<'a>(session: &Session, inventory: &'a Inventory, arguments: &Arguments) -> Result<Doomed<'a>, Failure> {
    let selector = &arguments.certificate.certificate;
    if let Some(remnant) = only_one(&inventory.remnants, selector)? {
        return Ok(Doomed::of_remnant(remnant, None));
    }
    match exact::only_copy(inventory, session, selector) {
        Ok(set) => Ok(Doomed::of_set(set)),
        Err(failure @ Failure::CertificateNotFound { .. }) => {
            // Tokens show private keys to their owner alone.
            hidden(session, inventory, arguments)?.ok_or(failure)
        }
        Err(failure) => Err(failure),
    }
}

/// What is seen after a login only: on the one token that `--medium` names, or that is there for what is called like a key
/// without certificate.
fn hidden(session: &Session, inventory: &Inventory, arguments: &Arguments) -> Result<Option<Doomed<'static>>, Failure> {
    let selector = &arguments.certificate.certificate;
    let wanted: Option<MediumSelector> = arguments.certificate.medium.as_deref().and_then(|text| text.parse().ok());
    if wanted.is_none() && !selector.starts_with("key-") {
        return Ok(None);
    }
    let slots = inventory.keystore.slots().into_iter().filter(|slot| {
        slot.present
            && slot.medium.is_usable()
            && slot.medium.token.is_some()
            && wanted.as_ref().is_none_or(|wanted| wanted.fits(&slot.medium))
    });
    let Ok([slot]) = <[Slot; 1]>::try_from(slots.collect::<Vec<_>>()) else { return Ok(None) };
    let token = access::log_in(session, &inventory.keystore, slot.id, &arguments.pin, None)?;
    let entries = lock(&token).entries()?;
    let remnant =
        |entry: &Arc<Entry>| Remnant { slot: slot.id, medium: Arc::clone(&slot.medium), entry: Arc::clone(entry) };
    let remnants: Vec<Remnant> = entries.iter().filter(|entry| entry.content.is_err()).map(remnant).collect();
    let found = only_one(&remnants, selector)?;
    Ok(found.map(|remnant| Doomed::of_remnant(remnant, Some(Arc::clone(&token)))))
}

/// What of these is meant by its name, its label or its id.
fn only_one<'a>(remnants: &'a [Remnant], selector: &str) -> Result<Option<&'a Remnant>, Failure> {
    let where_it_is = |remnant: &Remnant| place(&remnant.medium, &remnant.entry.name);
    let fits = |remnant: &&Remnant| {
        let name = remnant.entry.name.as_str();
        let id = name.rsplit('-').next().unwrap_or(name);
        [name, id, label(&remnant.entry)].contains(&selector) || where_it_is(remnant) == selector
    };
    let fitting: Vec<&Remnant> = remnants.iter().filter(fits).collect();
    match fitting.as_slice() {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let folders = several.iter().map(|remnant| where_it_is(remnant)).collect();
            Err(Refusal::CopyAmbiguous { selector: selector.to_owned(), folders }.into())
        }
    }
}

/// What people call a key without certificate.
fn label(entry: &Entry) -> &str {
    let label = entry.content.as_ref().err().and_then(|error| error.subject());
    label.unwrap_or(entry.name.as_str())
}

struct Deleted<'a>(&'a Doomed<'a>);

impl View for Deleted<'_> {
    fn json(&self) -> Value {
        json!({
            "deleted": {
                "medium": certificate::medium_json(&self.0.medium),
                "folder": folder_json(&self.0.medium, &self.0.entry),
                "entry": self.0.entry.as_str(),
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
