//! This file is `ingam copy` and `ingam move`: a certificate set goes to another medium with its keys, its chain and R.

use clap::Args;
use ingam::ErrorKind;
use ingam::keystore::{SharedToken, lock};
use ingam::pin::Pin;
use ingam::transfer::{self, Copied};
use serde_json::{Value, json};

use crate::cli::confirm::confirm;
use crate::cli::exact;
use crate::cli::failure::{Failure, Secret};
use crate::cli::inventory::{CertificateArgument, Inventory, Set, pin_source};
use crate::cli::language::Words;
use crate::cli::new_password::{self, Weak};
use crate::cli::output::View;
use crate::cli::refusal::Refusal;
use crate::cli::report::Exit;
use crate::cli::secret::{NewPasswordArguments, PinArguments, SetPasswordArguments, check_descriptors, typed};
use crate::cli::session::Session;
use crate::cli::target::Target;
use crate::cli::transferred::{Transferred, cert_json, folder_json};
use crate::cli::{access, certificate};

/// What goes where, and what opens both ends.
#[derive(Args, Debug)]
struct Route {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[arg(long)]
    to: String,
    #[arg(long)]
    allow_weak_password: bool,
    #[command(flatten)]
    password: SetPasswordArguments,
    #[command(flatten)]
    pin: PinArguments,
    #[command(flatten)]
    new_password: NewPasswordArguments,
}

/// `ingam copy`.
#[derive(Args, Debug)]
pub(crate) struct CopyArguments {
    #[command(flatten)]
    route: Route,
    #[arg(long)]
    drop_vid: bool,
}

/// `ingam move`. It has no option to leave R behind: with the original gone, it would be lost.
#[derive(Args, Debug)]
pub(crate) struct MoveArguments {
    #[command(flatten)]
    route: Route,
}

pub(crate) fn copy(session: &Session, arguments: &CopyArguments) -> Result<Exit, Failure> {
    let route = &arguments.route;
    route.check()?;
    let selector = &route.certificate.certificate;
    let inventory = Inventory::take(route.certificate.medium.as_deref())?;
    let set = exact::best_to_copy(&inventory, session, selector)?;
    let (target, ends) = route.open(session, &inventory, set, |_| Ok(()))?;
    let copied = if arguments.drop_vid && !target.keeps_files() {
        // Where R can be kept it is: the option alone loses nothing.
        match ends.run(transfer::copy, set) {
            Err(error) if is_without_place_for_r(&error) => ends.run(transfer::copy_without_vid_random, set),
            done => done,
        }
    } else {
        ends.run(transfer::copy, set)
    };
    let copied = copied.map_err(|error| explain(error, &target))?;
    finish(session, Way::Copied, set, &target, copied)
}

pub(crate) fn move_(session: &Session, arguments: &MoveArguments) -> Result<Exit, Failure> {
    let route = &arguments.route;
    route.check()?;
    let selector = &route.certificate.certificate;
    let inventory = Inventory::take(route.certificate.medium.as_deref())?;
    let set = exact::only_copy(&inventory, session, selector)?;
    let agreed = |target: &Target| confirm_move(session, set, target);
    let (target, ends) = route.open(session, &inventory, set, agreed)?;
    let copied = ends.run(transfer::move_, set).map_err(|error| explain(error, &target))?;
    finish(session, Way::Moved, set, &target, copied)
}

impl Route {
    fn check(&self) -> Result<(), Failure> {
        self.password.check()?;
        self.pin.check()?;
        self.new_password.check()?;
        check_descriptors(&[
            ("--password-fd", self.password.descriptor()),
            ("--pin-fd", self.pin.descriptor()),
            ("--new-password-fd", self.new_password.descriptor()),
        ])
    }

    /// Finds the target, asks for agreement, and only then for secrets; logs in at both ends.
    fn open(
        &self,
        session: &Session,
        inventory: &Inventory,
        set: &Set,
        agree: impl FnOnce(&Target) -> Result<(), Failure>,
    ) -> Result<(Target, Ends), Failure> {
        set.key()?;
        let target = Target::find("--to", &self.to, inventory.keystore_of_all_modules())?;
        let from_token = set.medium.token.is_some();
        if from_token && !target.keeps_files() && target.medium.id != set.medium.id {
            return Err(Refusal::TokenToToken.into());
        }
        if !from_token && self.new_password.is_given() {
            return Err(Failure::Usage("transfer-password-stays"));
        }
        target.check_free(&set.sha256)?;
        agree(&target)?;
        let uri = pin_source(&self.certificate.certificate);
        if from_token {
            let pin = access::pin(session, &set.medium, &self.pin, uri.as_ref())?;
            let from = inventory.log_in(set, &pin)?;
            check_leaves(&from, set)?;
            let weak = if self.allow_weak_password { Weak::Allowed } else { Weak::Refused };
            let password = new_password::get(session, &self.new_password, weak)?;
            let to = target.token()?;
            return Ok((target, Ends { from, to, password: Some(password) }));
        }
        let password = match self.password.given(session, uri.as_ref())? {
            Some(given) => given,
            None => {
                let name = certificate::name(&set.credential.sign.certificate);
                let question = session.words().tell("prompt-password", &[("name", (&name).into())]);
                typed(session, Secret::Password, &question)?
            }
        };
        let from = inventory.log_in(set, &password)?;
        let to = target.token()?;
        if target.keeps_files() {
            return Ok((target, Ends { from, to, password: Some(password) }));
        }
        target.log_in(session, &self.pin)?;
        Ok((target, Ends { from, to, password: None }))
    }
}

/// Both ends, logged in, and what seals the copy where it is a file.
struct Ends {
    from: SharedToken,
    to: SharedToken,
    password: Option<Pin>,
}

type Transfer = fn(&SharedToken, &ingam::credential::EntryName, &SharedToken, Option<&Pin>) -> ingam::Result<Copied>;

impl Ends {
    fn run(&self, transfer: Transfer, set: &Set) -> ingam::Result<Copied> {
        transfer(&self.from, &set.entry.name, &self.to, self.password.as_ref())
    }
}

/// Finds out whether the keys leave their token before a new password is asked for.
fn check_leaves(from: &SharedToken, set: &Set) -> Result<(), Failure> {
    let stays = || Refusal::KeyStays { token: set.medium.label.clone() };
    let mut token = lock(from);
    let exporter = token.exporter().ok_or_else(stays)?;
    match exporter.export(&set.entry.name) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::Unsupported => Err(stays().into()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a token would take everything but R.
pub(crate) fn is_without_place_for_r(error: &ingam::Error) -> bool {
    error.kind() == ErrorKind::Unsupported && error.doing() == "storing R on a token that takes no data objects"
}

fn explain(error: ingam::Error, target: &Target) -> Failure {
    if !target.keeps_files() && is_without_place_for_r(&error) {
        return Refusal::NoPlaceForVidRandom { token: target.medium.label.clone() }.into();
    }
    error.into()
}

fn confirm_move(session: &Session, set: &Set, target: &Target) -> Result<(), Failure> {
    let words = session.words();
    let line = certificate::one_line(words, set);
    let digits = last_digits(&set.credential.sign.certificate.serial_hex());
    let question = words.tell(
        "transfer-confirm-move",
        &[
            ("certificate", (&line).into()),
            ("from", (&set.folder()).into()),
            ("to", (&target.name(words)).into()),
            ("digits", (&digits).into()),
        ],
    );
    confirm(session, &question, &digits)
}

/// The last four characters: enough to have looked, few enough to type.
pub(crate) fn last_digits(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters[characters.len().saturating_sub(4)..].iter().collect()
}

fn finish(session: &Session, way: Way, set: &Set, target: &Target, copied: Copied) -> Result<Exit, Failure> {
    let certificate = &set.credential.sign.certificate;
    let done = Done { way, set, transferred: Transferred { certificate, copied, target }, words: session.words() };
    if session.is_json() || !session.is_quiet() {
        session.show(&done)?;
    }
    done.transferred.notes(session);
    target.warn(session);
    Ok(Exit::Done)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Copied,
    Moved,
}

struct Done<'a> {
    way: Way,
    set: &'a Set,
    transferred: Transferred<'a>,
    words: &'a Words,
}

impl View for Done<'_> {
    fn json(&self) -> Value {
        let from = json!({
            "medium": certificate::medium_json(&self.set.medium),
            "folder": folder_json(&self.set.medium, &self.set.entry.name),
        });
        let key = match self.way {
            Way::Copied => "copied",
            Way::Moved => "moved",
        };
        let mut document = json!({ "from": from, "cert": cert_json(self.transferred.certificate) });
        document[key] = self.transferred.json(self.words);
        document
    }

    fn text(&self, words: &Words) -> String {
        let mut text = self.transferred.text(words);
        if self.way == Way::Moved {
            let from = self.set.folder();
            text.push_str(&format!("{}\n", words.tell("transfer-removed", &[("from", (&from).into())])));
        }
        text
    }
}
