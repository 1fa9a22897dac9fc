//! This file is `ingam token relabel`: what a certificate is called on its token is changed, and with it the names of its keys.

use clap::Args;
use ingam::keystore::lock;
use serde_json::{Value, json};

use super::found::unsupported;
use crate::cli::failure::Failure;
use crate::cli::inventory::{CertificateArgument, Inventory, Set, pin_source};
use crate::cli::language::Words;
use crate::cli::output::{View, hex};
use crate::cli::report::Exit;
use crate::cli::secret::PinArguments;
use crate::cli::session::Session;
use crate::cli::{access, certificate};

/// Which certificate, and what it is called from now on.
#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[arg(long)]
    label: String,
    #[command(flatten)]
    pin: PinArguments,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.pin.check()?;
    if arguments.label.is_empty() || arguments.label.contains(char::is_control) {
        return Err(Failure::BadValue { option: "--label", value: arguments.label.clone() });
    }
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    let set = inventory.find_signing(session, selector)?;
    let cannot = || Failure::from(unsupported("changing what a certificate is called").about(set.folder()));
    if set.medium.token.is_none() {
        return Err(cannot());
    }
    let token = access::log_in(session, &inventory.keystore, set.slot, &arguments.pin, pin_source(selector).as_ref())?;
    lock(&token).relabeler().ok_or_else(cannot)?.relabel(&set.entry.name, &arguments.label)?;
    session.show(&Relabelled { set, label: &arguments.label })?;
    Ok(Exit::Done)
}

struct Relabelled<'a> {
    set: &'a Set,
    label: &'a str,
}

impl View for Relabelled<'_> {
    fn json(&self) -> Value {
        let (before, medium) = (self.set.entry.name.as_str(), certificate::medium_json(&self.set.medium));
        json!({
            "relabelled": { "before": before, "label": self.label, "medium": medium },
            "cert": { "sha256": hex(&self.set.sha256) },
        })
    }

    fn text(&self, words: &Words) -> String {
        let before = self.set.entry.name.as_str();
        let values =
            [("before", before.into()), ("label", self.label.into()), ("token", (&self.set.medium.label).into())];
        format!("{}\n", words.tell("token-relabelled", &values))
    }
}
