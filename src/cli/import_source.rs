//! This file finds out what a file or folder is that is to be imported: a certificate set, a folder of many, a certificate
//! for a key that a token has already, or something that is not read yet.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ingam::certificate::Certificate;
use ingam::config::Config;
use ingam::credential::{Credential, Entry};
use ingam::keystore::{SharedToken, lock};
use ingam::storage::{LoneFolder, NpkiFolder, SetFile, SoftToken};
use ingam::token::Token;

use crate::cli::failure::Failure;
use crate::cli::refusal::Refusal;
use crate::cli::{file, target, verify};

/// One thing to be imported.
pub(crate) enum Source {
    /// A set with its keys.
    Set(SourceSet),
    /// A certificate that belongs to a key in the token, and the CA certificates that came with it, root first.
    Certificate { path: String, certificate: Box<Certificate>, authorities: Vec<Certificate> },
}

/// A set in a folder.
pub(crate) struct SourceSet {
    pub(crate) token: SharedToken,
    pub(crate) entry: Arc<Entry>,
    /// Its folder.
    pub(crate) place: String,
    /// Whether it is one of those that a folder of many holds.
    pub(crate) of_many: bool,
}

/// What this path leads to, everything of it.
pub(crate) fn open(path: &Path, config: &Config) -> Result<Vec<Source>, Failure> {
    if path.is_dir() {
        return if is_set(path) { lone(path, config) } else { many(path, config) };
    }
    let named = path.file_name().and_then(|name| name.to_str()).and_then(SetFile::from_file_name);
    if named.is_some_and(|file| file != SetFile::CaPubs) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if has(folder, SetFile::SignCert) && has(folder, SetFile::SignKey) {
            return lone(folder, config);
        }
    }
    certificate(path).map(|source| vec![source])
}

fn is_set(folder: &Path) -> bool {
    has(folder, SetFile::SignCert) || has(folder, SetFile::SignKey)
}

fn has(folder: &Path, wanted: SetFile) -> bool {
    let items = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    items.into_iter().any(|item| item.file_name().to_str().and_then(SetFile::from_file_name) == Some(wanted))
}

fn lone(folder: &Path, config: &Config) -> Result<Vec<Source>, Failure> {
    let storage = LoneFolder::new(folder)?;
    sets(Box::new(SoftToken::new(storage, config)), |_| folder.to_string_lossy().into_owned(), false)
}

fn many(folder: &Path, config: &Config) -> Result<Vec<Source>, Failure> {
    let root = target::npki_below(folder).unwrap_or_else(|| folder.to_owned());
    let storage = NpkiFolder::new(root.clone(), config.folders);
    let place = |entry: &Entry| root.join(entry.name.as_str()).to_string_lossy().into_owned();
    let found = sets(Box::new(SoftToken::new(storage, config)), place, true)?;
    if found.is_empty() {
        return Err(Refusal::NothingThere { path: folder.to_string_lossy().into_owned() }.into());
    }
    Ok(found)
}

fn sets(mut token: Box<dyn Token>, place: impl Fn(&Entry) -> String, of_many: bool) -> Result<Vec<Source>, Failure> {
    let entries = token.entries()?;
    let token: SharedToken = Arc::new(Mutex::new(token));
    let set = |entry: &Arc<Entry>| {
        let (token, entry) = (Arc::clone(&token), Arc::clone(entry));
        Source::Set(SourceSet { token, place: place(&entry), entry, of_many })
    };
    Ok(entries.iter().map(set).collect())
}

fn certificate(path: &Path) -> Result<Source, Failure> {
    let shown = path.to_string_lossy().into_owned();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_key_file = ["p12", "pfx", "key", "p8"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    let found = verify::certificates(path);
    let has_key = |path: &Path| {
        let bytes = file::short(path, Certificate::MAX_LEN as u64).unwrap_or_default();
        bytes.windows(PRIVATE_KEY.len()).any(|window| window == PRIVATE_KEY)
    };
    // Standard input was read already, and cannot be read again.
    if path != Path::new("-") && path.is_file() && (is_key_file && found.is_err() || has_key(path)) {
        return Err(Refusal::NotYet { path: shown }.into());
    }
    let (authorities, mut own): (Vec<_>, Vec<_>) = found?.into_iter().partition(is_authority);
    match own.pop() {
        Some(certificate) if own.is_empty() => Ok(Source::Certificate {
            path: shown,
            certificate: Box::new(certificate),
            authorities: root_first(authorities),
        }),
        _ => Err(Refusal::NotOneCertificate { path: shown }.into()),
    }
}

/// What PEM of a private key has in its first line, whatever stands before it.
const PRIVATE_KEY: &[u8] = b"PRIVATE KEY-----";

fn is_authority(certificate: &Certificate) -> bool {
    certificate.is_ca()
}

/// Files mostly have the root last; a set keeps it first.
fn root_first(mut authorities: Vec<Certificate>) -> Vec<Certificate> {
    let is_root = |certificate: &Certificate| certificate.subject_der() == certificate.issuer_der();
    if authorities.last().is_some_and(is_root) && !authorities.first().is_some_and(is_root) {
        authorities.reverse();
    }
    authorities
}

/// The paths as they were typed.
pub(crate) fn open_all(paths: &[PathBuf], config: &Config) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for path in paths {
        sources.extend(open(path, config)?);
    }
    Ok(sources)
}

/// Whether the target has a certificate already; asked before a password is.
pub(crate) fn is_there(target: &SharedToken, certificate: &Certificate) -> Result<bool, Failure> {
    any_set(target, certificate, |_| true)
}

/// Whether it has the certificate's private key too, as far as it tells.
pub(crate) fn is_there_with_its_key(target: &SharedToken, certificate: &Certificate) -> Result<bool, Failure> {
    any_set(target, certificate, |set| set.pairs().all(|pair| pair.key.is_some()))
}

fn any_set(target: &SharedToken, certificate: &Certificate, fits: fn(&Credential) -> bool) -> Result<bool, Failure> {
    let entries = lock(target).entries()?;
    let mut sets = entries.iter().filter_map(|entry| entry.content.as_ref().ok());
    Ok(sets.any(|set| *set.sign.certificate == *certificate && fits(set)))
}
