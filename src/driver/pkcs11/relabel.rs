//! This file changes what a set is called on its token: the labels of its certificates and keys. R keeps its own, which
//! names its key.

use cryptoki::object::{Attribute, ObjectHandle};
use cryptoki::session::Session;

use super::failure::failed;
use super::survey::Survey;
use super::token::Pkcs11Token;
use super::writer::WRITING;
use crate::credential::{EntryName, Purpose};
use crate::error::{Error, ErrorKind, Result};
use crate::token::{Relabeler, Token as _};

/// The longest label, in bytes: more than any list shows.
const MAX_LEN: usize = 255;

const DOING: &str = "changing the label of a set";

impl Relabeler for Pkcs11Token {
    fn relabel(&mut self, entry: &EntryName, label: &str) -> Result<()> {
        check_label(label)?;
        let set = self.set(entry)?;
        let pairs: Vec<(Vec<u8>, Vec<u8>, String)> = set
            .pairs()
            .map(|pair| {
                let label = match pair.purpose {
                    Purpose::Sign => label.to_owned(),
                    Purpose::KeyManagement => format!("{label} km"),
                };
                let modulus = pair.certificate.rsa_public().map(|(modulus, _)| modulus.to_vec());
                (pair.certificate.der().to_vec(), modulus.unwrap_or_default(), label)
            })
            .collect();
        let changed = self.while_logged_in(WRITING, move |session| relabel(session, &pairs));
        // The objects are the same; what they are called is not.
        self.forget();
        let listed = self.entries().map(drop);
        changed.and(listed)
    }
}

/// Keys first: the certificate's label is the one that is seen, so a change that is cut off can be made again.
fn relabel(session: &Session, pairs: &[(Vec<u8>, Vec<u8>, String)]) -> Result<()> {
    let there = Survey::of(session)?;
    for (der, modulus, label) in pairs {
        let certificate = there.certificate(der).ok_or(Error::new(ErrorKind::NotFound, DOING))?;
        let keys = there.private_keys.iter().chain(&there.public_keys).filter(|key| key.content == *modulus);
        for object in keys.chain([certificate]) {
            set_label(session, object.handle, label)?;
        }
    }
    Ok(())
}

fn set_label(session: &Session, object: ObjectHandle, label: &str) -> Result<()> {
    let changed = session.update_attributes(object, &[Attribute::Label(label.into())]).map_err(failed(DOING));
    changed.map_err(|error| match error.kind() {
        ErrorKind::NotPermitted | ErrorKind::InvalidInput => Error::new(ErrorKind::Unsupported, DOING).caused_by(error),
        _ => error,
    })
}

/// # Errors
/// `InvalidInput` for a label that is empty, longer than any list shows, or has a control character.
pub(super) fn check_label(label: &str) -> Result<()> {
    if label.trim().is_empty() || label.len() > MAX_LEN || label.chars().any(char::is_control) {
        return Err(Error::new(ErrorKind::InvalidInput, "reading the label of a set"));
    }
    Ok(())
}
