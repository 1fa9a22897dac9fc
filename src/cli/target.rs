//! This file finds where certificates go: the one medium that `--to` or `--medium` names, checked before any secret is
//! asked for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ingam::config::Config;
use ingam::keystore::{Keystore, SharedToken, SlotId, lock};
use ingam::medium::{Accessibility, Medium, MediumKind};
use ingam::selector::{MediumSelector, Pkcs11Uri};
use ingam::{Error, ErrorKind};

use crate::cli::failure::Failure;
use crate::cli::inventory::{configuration, place};
use crate::cli::language::Words;
use crate::cli::refusal::Refusal;
use crate::cli::secret::PinArguments;
use crate::cli::session::Session;
use crate::cli::{access, certificate};

/// A medium to write to.
pub(crate) struct Target {
    keystore: Arc<Keystore>,
    slot: SlotId,
    pub(crate) medium: Arc<Medium>,
    /// What named it, if that was a URI, for its `pin-source`.
    uri: Option<Pkcs11Uri>,
    _made: Option<Made>,
}

/// An NPKI folder that was made for this, and that goes again if it stays empty.
struct Made(PathBuf);

impl Target {
    /// The medium that this option's value names. Media that `known` has already are not opened a second time.
    pub(crate) fn find(option: &'static str, value: &str, known: Option<&Arc<Keystore>>) -> Result<Self, Failure> {
        if value.contains("pin-value=") {
            return Err(Failure::SecretOnCommandLine { option: "pin-value" });
        }
        let wanted: MediumSelector =
            value.parse().map_err(|_| Failure::BadValue { option, value: value.to_owned() })?;
        if wanted.may_be_foreign() {
            let keystore = match known {
                Some(keystore) => Arc::clone(keystore),
                None => Arc::new(Keystore::new(&configuration()?)),
            };
            return Self::of(keystore, &wanted, None);
        }
        let mut config = configuration()?;
        // Another module has no part in this, and need not answer.
        config.foreign.modules.clear();
        config.foreign.well_known = false;
        let made = match wanted.folder() {
            Some(folder) => {
                let npki = npki_folder(folder)?;
                let made = make(&npki)?;
                config.npki_roots = vec![npki];
                made
            }
            None => make_first(&config)?,
        };
        Self::of(Arc::new(Keystore::new(&config)), &wanted, made)
    }

    fn of(keystore: Arc<Keystore>, wanted: &MediumSelector, made: Option<Made>) -> Result<Self, Failure> {
        let fitting = keystore.slots().into_iter().filter(|slot| slot.present && wanted.fits(&slot.medium));
        let mut fitting: Vec<_> = fitting.collect();
        let Some(slot) = fitting.pop() else {
            return Err(Error::new(ErrorKind::Removed, "looking for a medium").about(wanted.to_string()).into());
        };
        if !fitting.is_empty() {
            let candidates = fitting.iter().chain([&slot]).map(|slot| selector_of(&slot.medium)).collect();
            return Err(Refusal::MediumAmbiguous { medium: wanted.to_string(), candidates }.into());
        }
        if let Accessibility::Unusable(error) = &slot.medium.accessibility {
            return Err(error.clone().into());
        }
        if slot.medium.write_protected {
            let error = Error::new(ErrorKind::WriteProtected, "looking for a medium to write to");
            return Err(error.about(slot.medium.place.as_str()).into());
        }
        let uri = match wanted {
            MediumSelector::Uri(uri) => Some(uri.clone()),
            _ => None,
        };
        Ok(Self { keystore, slot: slot.id, medium: slot.medium, uri, _made: made })
    }

    /// The medium's token; opened once.
    pub(crate) fn token(&self) -> Result<SharedToken, Failure> {
        Ok(self.keystore.token(self.slot)?)
    }

    /// The same, logged in as its owner by a PIN.
    pub(crate) fn log_in(&self, session: &Session, pin: &PinArguments) -> Result<SharedToken, Failure> {
        access::log_in(session, &self.keystore, self.slot, pin, self.uri.as_ref())
    }

    /// Refuses a certificate that the medium has already.
    pub(crate) fn check_free(&self, sha256: &[u8; 32]) -> Result<(), Failure> {
        let token = self.token()?;
        let entries = lock(&token).entries()?;
        let same = entries
            .iter()
            .find(|entry| entry.content.as_ref().is_ok_and(|set| set.sign.certificate.sha256() == *sha256));
        match same {
            Some(entry) => {
                let there = place(&self.medium, &entry.name);
                Err(Error::new(ErrorKind::AlreadyExists, "copying a certificate").about(there).into())
            }
            None => Ok(()),
        }
    }

    /// Whether keys are sealed under a password there, and not kept behind a PIN.
    pub(crate) fn keeps_files(&self) -> bool {
        self.medium.token.is_none()
    }

    /// Says what threatens a copy on this medium.
    pub(crate) fn warn(&self, session: &Session) {
        let words = session.words();
        match self.medium.kind {
            MediumKind::HardDisk => session.note(&words.say("transfer-notice-hdd")),
            MediumKind::RemovableDisk => session.note(&words.say("transfer-notice-usb")),
            MediumKind::SecurityToken | MediumKind::Smartcard | MediumKind::StorageToken => {}
        }
    }

    /// The medium's name for people.
    pub(crate) fn name(&self, words: &Words) -> String {
        certificate::medium(words, &self.medium, true)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // Fails, as it must, when something was put there.
        let _ = std::fs::remove_dir(&self.0);
    }
}

/// What names this medium alone.
pub(crate) fn selector_of(medium: &Medium) -> String {
    match &medium.token {
        Some(_) => format!("token:{}", medium.serial()),
        None => format!("dir:{}", medium.place),
    }
}

/// The NPKI folder that is meant by this one: itself, or the one in it, which need not be there yet. Korean software looks
/// for certificates in a folder of this name alone.
fn npki_folder(folder: &Path) -> Result<PathBuf, Failure> {
    if !folder.is_dir() {
        return Err(Error::new(ErrorKind::Removed, "looking for a medium").about(folder.to_string_lossy()).into());
    }
    if let Some(below) = npki_below(folder) {
        return Ok(below);
    }
    let is_one = folder.canonicalize().is_ok_and(|folder| is_called(&folder, "NPKI")) || holds_sets(folder);
    Ok(if is_one { folder.to_owned() } else { folder.join("NPKI") })
}

/// The folder called NPKI, in any case, in this one.
pub(crate) fn npki_below(folder: &Path) -> Option<PathBuf> {
    let exact = folder.join("NPKI");
    if exact.is_dir() { Some(exact) } else { folders_of(folder).find(|path| is_called(path, "NPKI")) }
}

/// Whether sets lie below this folder as they do below one called NPKI.
fn holds_sets(folder: &Path) -> bool {
    let user = |path: &PathBuf| is_called(path, "USER");
    folders_of(folder).any(|path| user(&path) || folders_of(&path).any(|below| user(&below)))
}

fn is_called(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|own| own.eq_ignore_ascii_case(name))
}

fn folders_of(path: &Path) -> impl Iterator<Item = PathBuf> {
    let items = std::fs::read_dir(path).into_iter().flatten();
    items.filter_map(|item| Some(item.ok()?.path())).filter(|path| path.is_dir())
}

/// Of the configured NPKI folders, the first is made if none of them is there.
fn make_first(config: &Config) -> Result<Option<Made>, Failure> {
    match config.npki_roots.first() {
        Some(first) if !config.npki_roots.iter().any(|root| root.exists()) => make(first),
        _ => Ok(None),
    }
}

/// Makes a folder for its owner alone; tells if it was not there before.
fn make(folder: &Path) -> Result<Option<Made>, Failure> {
    if folder.is_dir() {
        return Ok(None);
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Failure::file("making an NPKI folder", folder, error))?;
    Ok(Some(Made(folder.to_owned())))
}
