//! This file is `ingam import`: sets in folders go to a medium, and a certificate goes to the key in the token that it was
//! issued for.

use std::path::PathBuf;

use clap::Args;
use ingam::certificate::Certificate;
use ingam::credential::EntryName;
use ingam::keystore::{SharedToken, lock};
use ingam::pin::{Pin, Role};
use ingam::token::Scope;
use ingam::transfer::{self, Copied};
use ingam::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::certificate;
use crate::cli::copy::is_without_place_for_r;
use crate::cli::failure::{Failure, Secret};
use crate::cli::import_source::{self, Source, SourceSet, is_there, is_there_with_its_key};
use crate::cli::inventory::configuration;
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::progress::Progress;
use crate::cli::refusal::Refusal;
use crate::cli::report::{Exit, Report, reason};
use crate::cli::secret::{PinArguments, SetPasswordArguments, check_descriptors, typed};
use crate::cli::session::Session;
use crate::cli::target::Target;
use crate::cli::transferred::{Transferred, cert_json};

/// What is imported, and where it goes.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[arg(long)]
    to: String,
    #[arg(long)]
    drop_vid: bool,
    #[command(flatten)]
    password: SetPasswordArguments,
    #[command(flatten)]
    pin: PinArguments,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.password.check()?;
    arguments.pin.check()?;
    check_descriptors(&[("--password-fd", arguments.password.descriptor()), ("--pin-fd", arguments.pin.descriptor())])?;
    let sources = import_source::open_all(&arguments.files, &configuration()?)?;
    let target = Target::find("--to", &arguments.to, None)?;
    let token = target.token()?;
    let alone = match sources.as_slice() {
        [Source::Set(set)] => !set.of_many,
        [Source::Certificate { .. }] => true,
        _ => false,
    };
    if alone {
        check_alone(&sources, &target)?;
    }
    let mut import =
        Import { session, target: &target, token, arguments, password: None, typed: false, logged_in: false };
    let mut outcome =
        Outcome { target: &target, done: Vec::new(), present: Vec::new(), failed: Vec::new(), not_tried: 0 };
    let mut progress = Progress::new(session, sources.len());
    for (index, source) in sources.iter().enumerate() {
        progress.step(&source.place());
        match import.take(source, &mut progress) {
            Ok(Taken::New(item)) => outcome.done.push(item),
            Ok(Taken::There(place)) => outcome.present.push(place),
            Err(failure) if alone || is_final(&failure) && outcome.done.is_empty() => return Err(failure),
            Err(failure) => {
                let stops = is_final(&failure);
                outcome.failed.push((source.place(), failure));
                if stops {
                    outcome.not_tried = sources.len() - index - 1;
                    break;
                }
            }
        }
    }
    progress.clear();
    drop(progress);
    finish(session, outcome)
}

/// Refuses at once what would be refused after secrets were typed.
fn check_alone(sources: &[Source], target: &Target) -> Result<(), Failure> {
    for source in sources {
        match source {
            Source::Set(set) => {
                let credential = set.entry.content.as_ref().map_err(Clone::clone)?;
                if credential.sign.key.is_none() {
                    return Err(Failure::NoPrivateKey { folder: set.place.clone() });
                }
                target.check_free(&credential.sign.certificate.sha256())?;
            }
            Source::Certificate { certificate, .. } => target.check_free(&certificate.sha256())?,
        }
    }
    Ok(())
}

/// What stops everything: the person, or the target.
fn is_final(failure: &Failure) -> bool {
    match failure {
        Failure::Library(error) => matches!(
            error.kind(),
            ErrorKind::Cancelled
                | ErrorKind::Removed
                | ErrorKind::NoSpace
                | ErrorKind::TimedOut
                | ErrorKind::WriteProtected
                | ErrorKind::NotLoggedIn
                | ErrorKind::PinLocked
                | ErrorKind::LastTryRefused
        ),
        Failure::Refused(_) | Failure::NoPrivateKey { .. } => false,
        // No secret, nobody to ask: it is the same for the next.
        _ => true,
    }
}

impl Source {
    fn place(&self) -> String {
        match self {
            Self::Set(set) => set.place.clone(),
            Self::Certificate { path, .. } => path.clone(),
        }
    }
}

/// One run of the verb.
struct Import<'a> {
    session: &'a Session,
    target: &'a Target,
    token: SharedToken,
    arguments: &'a Arguments,
    /// The password that opened the last set: a folder of many mostly has one.
    password: Option<Pin>,
    /// Whether a person typed it, who may know another one.
    typed: bool,
    logged_in: bool,
}

/// What became of one source.
enum Taken<'a> {
    New(Item<'a>),
    /// The target had it already.
    There(String),
}

/// What was imported.
enum Item<'a> {
    Set(Transferred<'a>),
    /// A certificate that joined its key.
    Certificate {
        certificate: &'a Certificate,
        entry: EntryName,
    },
}

impl<'a> Import<'a> {
    fn take<'s>(&mut self, source: &'s Source, progress: &mut Progress) -> Result<Taken<'s>, Failure>
    where
        'a: 's,
    {
        match source {
            Source::Set(set) => {
                let credential = set.entry.content.as_ref().map_err(Clone::clone)?;
                let certificate = &*credential.sign.certificate;
                if is_there(&self.token, certificate)? {
                    // Some tokens tell nobody but their owner which certificates have a key.
                    self.log_in(progress)?;
                    let lacks = credential.sign.key.is_some() && !is_there_with_its_key(&self.token, certificate)?;
                    if lacks {
                        let error = Error::new(ErrorKind::AlreadyExists, "storing a key beside its certificate");
                        return Err(error.about(set.place.as_str()).into());
                    }
                    return Ok(Taken::There(set.place.clone()));
                }
                if credential.sign.key.is_none() {
                    return Err(Failure::NoPrivateKey { folder: set.place.clone() });
                }
                let copied = self.set(set, certificate, progress)?;
                Ok(Taken::New(Item::Set(Transferred { certificate, copied, target: self.target })))
            }
            Source::Certificate { certificate, authorities, path } => {
                if is_there(&self.token, certificate)? {
                    return Ok(Taken::There(path.clone()));
                }
                let entry = self.attach(certificate, authorities, progress)?;
                Ok(Taken::New(Item::Certificate { certificate, entry }))
            }
        }
    }

    fn set(&mut self, set: &SourceSet, certificate: &Certificate, progress: &mut Progress) -> Result<Copied, Failure> {
        let scope = Scope::Entry(set.entry.name.clone());
        self.open(set, certificate, &scope, progress)?;
        let copied = self.log_in(progress).and_then(|()| self.copy(set));
        lock(&set.token).logout(&scope);
        copied
    }

    /// Opens the keys of a set. Of many sets, each is tried with the password of the one before it first: files count no
    /// tries.
    fn open(
        &mut self,
        set: &SourceSet,
        certificate: &Certificate,
        scope: &Scope,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let log_in = |password: &Pin| lock(&set.token).login(Role::User, scope, password);
        if self.password.is_none() {
            self.password = self.arguments.password.given(self.session, None)?;
        } else if let Some(password) = &self.password {
            match log_in(password) {
                Err(error) if is_wrong(&error) && self.typed => {}
                done => return Ok(done?),
            }
            self.password = None;
        }
        if self.password.is_none() {
            progress.clear();
            let name = certificate::name(certificate);
            let question = self.session.words().tell("prompt-password", &[("name", (&name).into())]);
            self.password = Some(typed(self.session, Secret::Password, &question)?);
            self.typed = true;
        }
        match &self.password {
            Some(password) => Ok(log_in(password)?),
            None => Err(Error::from(ErrorKind::NotLoggedIn).into()),
        }
    }

    /// Logs in to a token that is written to, once.
    fn log_in(&mut self, progress: &mut Progress) -> Result<(), Failure> {
        if self.target.keeps_files() || self.logged_in {
            return Ok(());
        }
        progress.clear();
        self.target.log_in(self.session, &self.arguments.pin)?;
        self.logged_in = true;
        Ok(())
    }

    fn copy(&self, set: &SourceSet) -> Result<Copied, Failure> {
        let password = self.password.as_ref().filter(|_| self.target.keeps_files());
        match transfer::copy(&set.token, &set.entry.name, &self.token, password) {
            Err(error) if !self.target.keeps_files() && is_without_place_for_r(&error) => {
                if self.arguments.drop_vid {
                    return Ok(transfer::copy_without_vid_random(&set.token, &set.entry.name, &self.token, password)?);
                }
                Err(Refusal::NoPlaceForVidRandom { token: self.target.medium.label.clone() }.into())
            }
            done => Ok(done?),
        }
    }

    /// Adds a certificate to its key; the library tries the key out.
    fn attach(
        &mut self,
        certificate: &Certificate,
        authorities: &[Certificate],
        progress: &mut Progress,
    ) -> Result<EntryName, Failure> {
        let cannot = || Refusal::NoCertificateAdded { medium: self.target.name(self.session.words()) };
        if lock(&self.token).generator().is_none() {
            return Err(cannot().into());
        }
        self.log_in(progress)?;
        let mut token = lock(&self.token);
        let cannot = || Refusal::NoCertificateAdded { medium: self.target.name(self.session.words()) };
        let entry = token.generator().ok_or_else(cannot)?.attach(certificate, authorities)?;
        Ok(entry)
    }
}

fn is_wrong(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PinIncorrect { .. })
}

/// What became of everything.
struct Outcome<'a> {
    target: &'a Target,
    done: Vec<Item<'a>>,
    present: Vec<String>,
    failed: Vec<(String, Failure)>,
    not_tried: usize,
}

fn finish(session: &Session, mut outcome: Outcome<'_>) -> Result<Exit, Failure> {
    let words = session.words();
    if outcome.done.is_empty() && outcome.present.is_empty() && outcome.failed.len() == 1 && outcome.not_tried == 0 {
        // Then this is all there is to say, with what to do about it.
        return outcome.failed.pop().map_or(Ok(Exit::Done), |(_, failure)| Err(failure));
    }
    let exit = outcome.failed.iter().find_map(|(_, failure)| Some(Report::of(failure, words)?.exit));
    let told = Told { outcome: &outcome, words };
    if session.is_json() || !session.is_quiet() {
        session.show(&told)?;
    }
    for item in &outcome.done {
        if let Item::Set(transferred) = item {
            transferred.notes(session);
        }
    }
    if !outcome.done.is_empty() {
        outcome.target.warn(session);
    }
    Ok(exit.unwrap_or(Exit::Done))
}

struct Told<'a> {
    outcome: &'a Outcome<'a>,
    words: &'a Words,
}

impl View for Told<'_> {
    fn json(&self) -> Value {
        let done = |item: &Item<'_>| match item {
            Item::Set(transferred) => transferred.json(self.words),
            Item::Certificate { certificate, entry } => json!({
                "medium": certificate::medium_json(&self.outcome.target.medium),
                "folder": Value::Null,
                "entry": entry.as_str(),
                "attached": true,
                "cert": cert_json(certificate),
            }),
        };
        let failed = |(place, failure): &(String, Failure)| {
            let report = Report::of(failure, self.words)?;
            Some(json!({
                "place": place, "code": report.code, "message": report.message, "detail": report.detail,
            }))
        };
        json!({
            "imported": self.outcome.done.iter().map(done).collect::<Vec<_>>(),
            "present": self.outcome.present,
            "failed": self.outcome.failed.iter().filter_map(failed).collect::<Vec<_>>(),
            "not_tried": self.outcome.not_tried,
        })
    }

    fn text(&self, words: &Words) -> String {
        let mut text = String::new();
        for item in &self.outcome.done {
            match item {
                Item::Set(transferred) => text.push_str(&transferred.text(words)),
                Item::Certificate { certificate, .. } => {
                    let name = certificate::name(certificate);
                    let done = words.tell("transfer-attached", &[("name", (&name).into())]);
                    text.push_str(&format!("{done}\n{}\n", words.say("transfer-proved")));
                }
            }
        }
        for place in &self.outcome.present {
            text.push_str(&format!("{}\n", words.tell("transfer-present", &[("place", place.into())])));
        }
        for (place, failure) in &self.outcome.failed {
            let because = match failure {
                Failure::Library(error) => Some(reason(error, place, words)),
                other => Report::of(other, words).map(|report| report.message),
            };
            if let Some(because) = because {
                let told = [("place", place.into()), ("reason", (&because).into())];
                text.push_str(&format!("{}\n", words.tell("transfer-failed", &told)));
            }
        }
        if self.outcome.not_tried > 0 {
            let count = [("count", self.outcome.not_tried.into())];
            text.push_str(&format!("{}\n", words.tell("transfer-not-tried", &count)));
        }
        text
    }
}
