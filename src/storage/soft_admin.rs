//! This file changes the password of one set on any [`Storage`]: all of its keys, or none.

use super::soft_token::{SoftToken, is_wrong_pin};
use super::soft_writer::sealed;
use super::spread::spread;
use super::{FileSet, SetFile, Storage};
use crate::credential::EntryName;
use crate::crypto::Pbe;
use crate::error::{Error, ErrorKind, Result};
use crate::npki::key_file::SealedKey;
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::pin::{Pin, Role};
use crate::token::{Admin, Scope, Token as _};

/// A set of which a password opens at least one key.
struct OpenedSet {
    entry: EntryName,
    /// Every key file: how it is sealed and what is in it, or why it does not open.
    keys: Vec<(SetFile, Result<(Pbe, PrivateKeyInfo)>)>,
}

impl<S: Storage> Admin for SoftToken<S> {
    fn change_pin(&mut self, role: Role, scope: &Scope, old: &Pin, new: &Pin) -> Result<()> {
        if role == Role::SecurityOfficer {
            return Err(Error::new(
                ErrorKind::Unsupported,
                "changing the PIN of a security officer on a medium of files",
            ));
        }
        if new.is_empty() {
            return Err(Error::new(ErrorKind::PinRejected, "choosing an empty password"));
        }
        if new.expose().iter().any(u8::is_ascii_control) {
            // A C program counts the zero at the end too easily, and then no window opens the key again.
            return Err(Error::new(ErrorKind::PinRejected, "choosing a password that cannot be typed"));
        }
        self.entries()?;
        let OpenedSet { entry, keys } = self.opened_by(scope, old)?;
        let mut set = self.whole(&entry)?;
        for (file, opened) in keys {
            let sealed = opened.and_then(|(scheme, key)| self.resealed(&scheme, &key, new));
            let sealed = sealed.map_err(|error| error.about(format!("{entry}/{}", file.file_name())))?;
            // This is the file that was opened: had it changed since, `whole` would have refused.
            set.files.iter_mut().filter(|(there, _)| *there == file).for_each(|(_, bytes)| bytes.clone_from(&sealed));
        }
        self.put(&entry, &FileSet(set.files), Some(set.stamp))?;
        self.go_on_with(new, old, scope, &entry);
        Ok(())
    }
}

impl<S: Storage> SoftToken<S> {
    /// The one set of the scope that this password opens. Tries it once on each key file, on all cores.
    fn opened_by(&self, scope: &Scope, pin: &Pin) -> Result<OpenedSet> {
        let usable = self.entries.iter().filter(|entry| entry.content.is_ok());
        let names: Vec<&EntryName> = usable.map(|entry| &entry.name).filter(|name| covers(scope, name)).collect();
        let mut first = None;
        let mut others = Vec::new();
        let mut failure: Option<Error> = None;
        for batch in names.chunks(self.batch()) {
            for opened in spread(batch.to_vec(), self.threads, "ingam-open", |name| self.open_set(name, pin)) {
                match opened {
                    Ok(set) if first.is_none() => first = Some(set),
                    Ok(set) => others.push(set.entry),
                    Err(error) if is_wrong_pin(&error) || failure.is_none() => failure = Some(error),
                    Err(_) => {}
                }
            }
        }
        match first {
            Some(set) if others.is_empty() => all_opened(set),
            Some(set) => {
                let mut names = vec![set.entry.as_str()];
                names.extend(others.iter().take(NAMED - 1).map(EntryName::as_str));
                if others.len() >= NAMED {
                    names.push("…");
                }
                let error = Error::new(ErrorKind::Ambiguous, "changing a password that opens several certificates");
                Err(error.about(names.join("; ")))
            }
            None => Err(failure.unwrap_or(NO_KEY)),
        }
    }

    /// Tries a password on the key files of a set.
    fn open_set(&self, entry: &EntryName, pin: &Pin) -> Result<OpenedSet> {
        let set = self.storage.read(entry, &[SetFile::SignKey, SetFile::KmKey])?;
        let open = |bytes: Vec<u8>| {
            let sealed = SealedKey::from_der(&bytes, self.limits)?;
            Ok((sealed.scheme().clone(), sealed.open(pin)?))
        };
        let keys: Vec<_> = set.contents.into_iter().map(|(file, bytes)| (file, bytes.and_then(open))).collect();
        if keys.iter().any(|(_, opened)| opened.is_ok()) {
            return Ok(OpenedSet { entry: entry.clone(), keys });
        }
        let failures = keys.into_iter().filter_map(|(_, opened)| opened.err());
        Err(failures.max_by_key(is_wrong_pin).unwrap_or(NO_KEY).about(entry.as_str()))
    }

    /// A key under a new password as it was sealed before, with a new salt.
    fn resealed(&self, before: &Pbe, key: &PrivateKeyInfo, pin: &Pin) -> Result<Vec<u8>> {
        let usual = Pbe::korean_default()?;
        let scheme = Pbe::new(before.scheme(), before.iterations().max(usual.iterations()))?;
        Ok(sealed(key, pin, &scheme, self.limits)?.0)
    }

    /// Lets a login go on whose password became another one.
    fn go_on_with(&mut self, new: &Pin, old: &Pin, scope: &Scope, entry: &EntryName) {
        let own = Scope::Entry(entry.clone());
        let had_old = |scope: &Scope| self.pins.get(scope).is_some_and(|pin| pin.expose() == old.expose());
        let (all_had, own_had) = (had_old(&Scope::All), had_old(&own));
        // A change of one certificate's password leaves a login to all others as it is.
        let all_follows = all_had && *scope == Scope::All;
        if all_follows {
            self.pins.insert(Scope::All, Pin::copy_of(new.expose()));
        }
        if own_had || all_had && !all_follows && !self.pins.contains_key(&own) {
            self.pins.insert(own, Pin::copy_of(new.expose()));
        }
        // What did not open may open now.
        self.keys.retain(|_, key| key.is_ok());
    }
}

/// Certificates that an error names at most.
const NAMED: usize = 10;

const NO_KEY: Error = Error::new(ErrorKind::NotFound, "looking for a private key that a password could open");

/// A set of which the password opens every key: changing the others alone would leave two passwords.
fn all_opened(set: OpenedSet) -> Result<OpenedSet> {
    match set.keys.iter().find_map(|(file, opened)| Some((file, opened.as_ref().err()?.clone()))) {
        Some((file, error)) => {
            Err(Error::new(ErrorKind::Unsupported, "changing the password of a set whose keys do not all have it")
                .caused_by(error)
                .about(format!("{}/{}", set.entry, file.file_name())))
        }
        None => Ok(set),
    }
}

fn covers(scope: &Scope, entry: &EntryName) -> bool {
    match scope {
        Scope::All => true,
        Scope::Entry(only) => only == entry,
    }
}
