//! This file finds NPKI folders on the hard disk (하드디스크).

use std::path::Path;

use super::Driver;
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::medium::{Accessibility, Medium, MediumId, MediumKind};
use crate::storage::{NpkiFolder, SoftToken, escaped, incarnation};
use crate::token::Token;

/// The hard disk driver: each configured NPKI folder that exists is a medium, recognised by its canonical path.
#[derive(Debug)]
pub struct Disk {
    config: Config,
}

impl Disk {
    /// With the roots of this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self { config: config.clone() }
    }
}

impl Driver for Disk {
    fn name(&self) -> &'static str {
        "disk"
    }

    fn scan(&self) -> Result<Vec<Medium>> {
        let mut media: Vec<Medium> = Vec::new();
        for root in &self.config.npki_roots {
            let path = match root.canonicalize() {
                Ok(path) => path,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    media.push(medium(root, Accessibility::Unusable(unreadable(root, error))));
                    continue;
                }
            };
            // The same folder by two names is one medium.
            if media.iter().any(|known| known.id == medium_id(&path)) {
                continue;
            }
            media.push(match std::fs::read_dir(&path).and_then(|_| incarnation(&path)) {
                Ok(incarnation) => Medium { incarnation, ..medium(&path, Accessibility::Usable) },
                // It went a moment ago: gone, not unusable first.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => match unreadable(&path, error) {
                    // Out of descriptors or memory: that says nothing of the medium, which stays as it was.
                    error if error.kind() == ErrorKind::Device => return Err(error),
                    error => medium(&path, Accessibility::Unusable(error)),
                },
            });
        }
        Ok(media)
    }

    fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
        // Not from the id's text: a path need not be UTF-8.
        let mut roots = self.config.npki_roots.iter().filter_map(|root| root.canonicalize().ok());
        let Some(root) = roots.find(|root| medium_id(root) == *id) else {
            return Err(Error::new(ErrorKind::Removed, "opening the NPKI folder").on(id).about(id.identity()));
        };
        Ok(Box::new(SoftToken::new(NpkiFolder::new(root, self.config.folders), &self.config)))
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::io("reading the NPKI folder", error).about(path.to_string_lossy())
}

fn medium_id(path: &Path) -> MediumId {
    MediumId::new("disk", &escaped(path.as_os_str()))
}

fn medium(path: &Path, accessibility: Accessibility) -> Medium {
    Medium {
        // What cannot be used has no login that could outlive it.
        incarnation: 0,
        id: medium_id(path),
        kind: MediumKind::HardDisk,
        label: label(path),
        place: escaped(path.as_os_str()),
        accessibility,
        write_protected: !writable(path),
        token: None,
    }
}

/// `NPKI <folder that holds it>`: several roots of one machine are usually several people's or purposes'.
fn label(path: &Path) -> String {
    let part = |path: Option<&Path>| Some(path?.file_name()?.to_string_lossy().into_owned());
    let own = part(Some(path)).unwrap_or_default();
    match part(path.parent()) {
        Some(holder) => format!("{own} {holder}"),
        None => own,
    }
}

#[cfg(unix)]
fn writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

#[cfg(not(unix))]
fn writable(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| !metadata.permissions().readonly())
}
