//! This file gathers the certificate sets of all media and finds the one that a user means.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use ingam::config::{Config, Slots};
use ingam::credential::{Credential, Entry, EntryName, KeyId, Pair, Purpose};
use ingam::keystore::{Keystore, SharedToken, SlotId, lock};
use ingam::medium::{Accessibility, Medium};
use ingam::pin::{Pin, Role};
use ingam::selector::{CertificateSelector, MediumSelector, Pkcs11Uri};
use ingam::token::Scope;
use ingam::{Error, ErrorKind};

use crate::cli::failure::{Failure, Secret};
use crate::cli::output::hex;
use crate::cli::pin_failure;
use crate::cli::refusal::Refusal;
use crate::cli::secret::PasswordArguments;
use crate::cli::session::Session;
use crate::cli::{certificate, environment, target};

/// Which certificate a verb works with.
#[derive(Args, Debug)]
pub(crate) struct CertificateArgument {
    pub(crate) certificate: String,
    #[arg(long)]
    pub(crate) medium: Option<String>,
}

/// All media as they are now.
pub(crate) struct Inventory {
    pub(crate) keystore: Arc<Keystore>,
    /// How the module makes tokens of media.
    slots: Slots,
    /// Whether it has some media only, so that its rows are numbered otherwise than those of the plain list.
    pub(crate) partial: bool,
    /// Whether other PKCS#11 modules were asked: not where folders alone were wanted.
    modules_asked: bool,
    /// Usable sets, medium by medium; copies of one certificate stay where they were found.
    pub(crate) sets: Vec<Set>,
    /// Media, folders and files that cannot be used: where, and why.
    pub(crate) unusable: Vec<(String, Error)>,
    /// Modules at well-known paths that do not work, and that nobody asked for: a package has put them there.
    pub(crate) unasked: Vec<(String, Error)>,
    /// What a token has besides usable sets: keys without a certificate, what an import that was cut off left.
    pub(crate) remnants: Vec<Remnant>,
    /// How many media there are.
    pub(crate) media: usize,
    /// NPKI folders that were looked for.
    pub(crate) searched: Vec<PathBuf>,
}

/// What a selector named: a set, and the pair of it.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'a> {
    pub(crate) set: &'a Set,
    pub(crate) pair: &'a Pair,
}

/// One certificate set on one medium.
#[derive(Clone)]
pub(crate) struct Set {
    pub(crate) slot: SlotId,
    pub(crate) medium: Arc<Medium>,
    pub(crate) entry: Arc<Entry>,
    pub(crate) credential: Credential,
    /// Its number in a list; copies of one certificate share it.
    pub(crate) row: usize,
    /// The `pkcs11:` URI of its signing certificate and key.
    pub(crate) uri: Pkcs11Uri,
    /// SHA-256 of the signing certificate.
    pub(crate) sha256: [u8; 32],
}

/// Something on a token that is no usable set.
pub(crate) struct Remnant {
    pub(crate) slot: SlotId,
    pub(crate) medium: Arc<Medium>,
    pub(crate) entry: Arc<Entry>,
}

impl Set {
    /// Where the set is, for people: the folder; on a token its label and the name there.
    pub(crate) fn folder(&self) -> String {
        place(&self.medium, &self.entry.name)
    }

    /// Names the signing key.
    pub(crate) fn key(&self) -> Result<&KeyId, Failure> {
        self.credential.sign.key.as_ref().ok_or_else(|| Failure::NoPrivateKey { folder: self.folder() })
    }
}

impl Inventory {
    /// Looks at every medium, or at those that the option `--medium` names.
    pub(crate) fn take(medium: Option<&str>) -> Result<Self, Failure> {
        if medium.is_some_and(|medium| medium.contains("pin-value=")) {
            return Err(Failure::SecretOnCommandLine { option: "pin-value" });
        }
        let bad = |_| Failure::BadValue { option: "--medium", value: medium.unwrap_or_default().to_owned() };
        let wanted = medium.map(str::parse).transpose().map_err(bad)?;
        Self::of(wanted.as_ref())
    }

    /// Looks at every medium, or at those that `wanted` names.
    pub(crate) fn of(wanted: Option<&MediumSelector>) -> Result<Self, Failure> {
        let mut config = configuration()?;
        // Neither folder nor module is asked for nothing: a module may take its time.
        if wanted.is_some_and(|wanted| !wanted.may_be_foreign()) {
            config.foreign.modules.clear();
            config.foreign.well_known = false;
        }
        if wanted.is_some_and(|wanted| !wanted.may_be_folder()) {
            config.npki_roots.clear();
        }
        if let Some(folder) = wanted.and_then(MediumSelector::folder) {
            // The folder that holds the NPKI folder does as well: the root of a drive, the folder of a sample.
            config.npki_roots = vec![target::npki_below(folder).unwrap_or_else(|| folder.to_owned())];
        }
        let mut inventory = Self {
            keystore: Arc::new(Keystore::new(&config)),
            slots: config.slots,
            partial: wanted.is_some(),
            modules_asked: wanted.is_none_or(MediumSelector::may_be_foreign),
            sets: Vec::new(),
            unusable: Vec::new(),
            unasked: Vec::new(),
            remnants: Vec::new(),
            media: 0,
            searched: config.npki_roots,
        };
        let asked = |medium: &Medium| {
            wanted.is_some()
                || environment::variable("SOFTHSM2_CONF".as_ref()).is_some()
                || config.foreign.modules.iter().any(|module| module.path.as_os_str() == medium.place.as_str())
        };
        for slot in inventory.keystore.slots() {
            if !slot.present || wanted.is_some_and(|wanted| !wanted.fits(&slot.medium)) {
                continue;
            }
            if let (Accessibility::Unusable(error), false) = (&slot.medium.accessibility, asked(&slot.medium))
                && slot.medium.id.identity().starts_with("module/")
            {
                inventory.unasked.push((slot.medium.place.clone(), error.clone()));
            } else {
                inventory.media += 1;
                inventory.add(slot.id, &slot.medium);
            }
        }
        let failed = inventory.keystore.driver_errors();
        inventory.unusable.extend(failed.into_iter().map(|(driver, error)| (driver.to_owned(), error)));
        if let Some(folder) = wanted.and_then(MediumSelector::folder)
            && inventory.media == 0
        {
            return Err(Error::new(ErrorKind::Removed, "looking for a medium").about(folder.to_string_lossy()).into());
        }
        inventory.number();
        Ok(inventory)
    }

    fn add(&mut self, slot: SlotId, medium: &Arc<Medium>) {
        if let Accessibility::Unusable(error) = &medium.accessibility {
            self.unusable.push((medium.place.clone(), error.clone()));
            return;
        }
        let entries = self.keystore.token(slot).and_then(|token| lock(&token).entries());
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => return self.unusable.push((medium.place.clone(), error)),
        };
        for entry in entries.iter() {
            let place = place(medium, &entry.name);
            match &entry.content {
                Ok(credential) => {
                    let uri = self.uri(medium, &credential.sign);
                    self.sets.push(Set {
                        uri,
                        slot,
                        medium: Arc::clone(medium),
                        entry: Arc::clone(entry),
                        credential: credential.clone(),
                        row: 0,
                        sha256: credential.sign.certificate.sha256(),
                    });
                }
                Err(error) => {
                    self.unusable.push((place, error.clone()));
                    if medium.token.is_some() {
                        let (medium, entry) = (Arc::clone(medium), Arc::clone(entry));
                        self.remnants.push(Remnant { slot, medium, entry });
                    }
                }
            }
        }
    }

    /// The keystore, if it has the tokens of every module too.
    pub(crate) fn keystore_of_all_modules(&self) -> Option<&Arc<Keystore>> {
        self.modules_asked.then_some(&self.keystore)
    }

    /// Names a pair's certificate and key, to this program and to clients of the module.
    pub(crate) fn uri(&self, medium: &Medium, pair: &Pair) -> Pkcs11Uri {
        let mut uri = Pkcs11Uri::naming(medium, pair);
        let same_as_module = match self.slots {
            Slots::Medium => true,
            Slots::Certificate => medium.token.is_some(),
            Slots::One => false,
        };
        if !same_as_module {
            // Then the module's tokens are no media; the id names the certificate among all of them.
            (uri.token, uri.serial) = (None, None);
        }
        uri
    }

    /// Numbers certificates in the order in which they were found. Of copies, the first with a key on the safest medium
    /// comes first.
    fn number(&mut self) {
        let mut rows = std::collections::HashMap::new();
        for set in &mut self.sets {
            let next = rows.len() + 1;
            set.row = *rows.entry(set.sha256).or_insert(next);
        }
        self.sets.sort_by_key(|set| (set.row, set.credential.sign.key.is_none(), set.medium.kind));
    }

    /// The signing pair that the user means; an encryption certificate is refused.
    pub(crate) fn find_signing(&self, session: &Session, selector: &str) -> Result<&Set, Failure> {
        let Chosen { set, pair } = self.find(session, selector)?;
        match pair.purpose {
            Purpose::Sign => Ok(set),
            Purpose::KeyManagement => {
                Err(Failure::EncryptionCertificate { sign: format!("sha256:{}", hex(&set.sha256[..8])) })
            }
        }
    }

    /// The pair that the user means.
    pub(crate) fn find(&self, session: &Session, selector: &str) -> Result<Chosen<'_>, Failure> {
        if let Some(row) = row_number(selector) {
            if !session.is_interactive() {
                return Err(Failure::RowNeedsTerminal);
            }
            if self.partial {
                return Err(Failure::RowWithMedium);
            }
            return self.one(session, selector, |set| (set.row == row).then_some(&set.credential.sign));
        }
        if selector.contains("pin-value=") {
            return Err(Failure::SecretOnCommandLine { option: "pin-value" });
        }
        let parsed: CertificateSelector =
            selector.parse().map_err(|_| Failure::BadSelector { selector: selector.to_owned() })?;
        self.one(session, selector, |set| parsed.pair_of(&set.medium, &set.credential))
    }

    fn one<'a>(
        &'a self,
        session: &Session,
        selector: &str,
        pair_of: impl Fn(&'a Set) -> Option<&'a Pair>,
    ) -> Result<Chosen<'a>, Failure> {
        let mut fitting = self.sets.iter().filter_map(|set| Some(Chosen { set, pair: pair_of(set)? }));
        let first = fitting.next().ok_or_else(|| Failure::CertificateNotFound {
            selector: selector.to_owned(),
            unusable: self.unusable.len(),
        })?;
        // Copies of one certificate are no question: the first is the safest.
        let mut others = fitting.filter(|other| other.set.row != first.set.row).peekable();
        if others.peek().is_none() {
            return Ok(first);
        }
        let mut candidates: Vec<String> = Vec::new();
        let mut row = 0;
        for Chosen { set, .. } in std::iter::once(first).chain(others) {
            if std::mem::replace(&mut row, set.row) != set.row {
                candidates.push(certificate::one_line(session.words(), set));
            }
        }
        Err(Failure::CertificateAmbiguous { selector: selector.to_owned(), candidates })
    }

    /// The set's token, logged in with the password from wherever it comes.
    pub(crate) fn open(
        &self,
        session: &Session,
        set: &Set,
        selector: &str,
        password: &PasswordArguments,
    ) -> Result<SharedToken, Failure> {
        let name = certificate::name(&set.credential.sign.certificate);
        self.check_meant(session, set, selector)?;
        pin_failure::check(session, &set.medium, Role::User)?;
        let uri = pin_source(selector);
        let words = session.words();
        let (secret, question) = match &set.medium.token {
            Some(_) => (Secret::Pin, words.tell("prompt-pin", &[("token", (&set.medium.label).into())])),
            None => (Secret::Password, words.tell("prompt-password", &[("name", (&name).into())])),
        };
        let pin = password.get(session, uri.as_ref(), secret, &question)?;
        self.log_in(set, &pin)
    }

    /// Refuses to send what was given as a password (인증서 암호) to a token, which would count it as a wrong PIN, while the
    /// same selector names a copy in a file.
    pub(crate) fn check_meant(&self, session: &Session, set: &Set, selector: &str) -> Result<(), Failure> {
        if set.medium.token.is_none() || !session.is_given_a_password() {
            return Ok(());
        }
        let uri = pin_source(selector);
        let named = |copy: &&Set| copy.row == set.row && uri.as_ref().is_none_or(|uri| uri.fits_token(&copy.medium));
        let copies = || self.sets.iter().filter(named);
        if copies().all(|copy| copy.medium.token.is_some()) {
            return Ok(());
        }
        let selector = certificate::name(&set.credential.sign.certificate);
        Err(Refusal::CopyAmbiguous { selector, folders: copies().map(Set::folder).collect() }.into())
    }

    /// The set's token, logged in with this password.
    pub(crate) fn log_in(&self, set: &Set, pin: &Pin) -> Result<SharedToken, Failure> {
        let token = self.keystore.token(set.slot)?;
        let result = lock(&token).login(Role::User, &Scope::Entry(set.entry.name.clone()), pin);
        result.map_err(|error| pin_failure::after(&self.keystore, set.slot, Role::User, error))?;
        Ok(token)
    }
}

/// Where an entry is, for people: its folder; on a token the label and the name there.
pub(crate) fn place(medium: &Medium, entry: &EntryName) -> String {
    let place = if medium.token.is_some() { &medium.label } else { &medium.place };
    format!("{place}/{entry}")
}

/// The configuration; a failure of its own, since whatever else is asked for fails with it.
pub(crate) fn configuration() -> Result<Config, Failure> {
    Config::load().map_err(Failure::Configuration)
}

/// The URI that a selector is, for its `pin-source`.
pub(crate) fn pin_source(selector: &str) -> Option<Pkcs11Uri> {
    match selector.parse() {
        Ok(CertificateSelector::Uri(uri)) => Some(uri),
        _ => None,
    }
}

/// Few digits alone are a row; more are part of a name.
fn row_number(selector: &str) -> Option<usize> {
    let digits = selector.len() <= 5 && selector.bytes().all(|byte| byte.is_ascii_digit());
    if digits { selector.parse().ok() } else { None }
}
