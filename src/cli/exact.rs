//! This file finds exactly the copy of a certificate that a user means, where it matters which one it is.

use ingam::selector::CertificateSelector;

use crate::cli::failure::Failure;
use crate::cli::inventory::{Inventory, Set};
use crate::cli::refusal::Refusal;
use crate::cli::session::Session;

/// The only copy that fits: what is to be deleted or moved is never chosen from several. A copy's folder, as other messages
/// show it, names it alone.
pub(crate) fn only_copy<'a>(inventory: &'a Inventory, session: &Session, selector: &str) -> Result<&'a Set, Failure> {
    let copies = copies(inventory, session, selector)?;
    match copies.as_slice() {
        [only] => Ok(only),
        several => Err(Refusal::CopyAmbiguous {
            selector: selector.to_owned(),
            folders: several.iter().map(|set| set.folder()).collect(),
        }
        .into()),
    }
}

/// A copy whose keys may leave its medium rather than one on a token, which mostly keeps them.
pub(crate) fn best_to_copy<'a>(
    inventory: &'a Inventory,
    session: &Session,
    selector: &str,
) -> Result<&'a Set, Failure> {
    let copies = copies(inventory, session, selector)?;
    let leaves = |set: &&&Set| set.medium.token.is_none() && set.credential.sign.key.is_some();
    match copies.iter().find(leaves).or(copies.first()) {
        Some(set) => Ok(set),
        None => inventory.find_signing(session, selector),
    }
}

/// Every copy of the one certificate that the selector names.
fn copies<'a>(inventory: &'a Inventory, session: &Session, selector: &str) -> Result<Vec<&'a Set>, Failure> {
    let in_folder: Vec<&Set> = inventory.sets.iter().filter(|set| set.folder() == selector).collect();
    if !in_folder.is_empty() {
        return Ok(in_folder);
    }
    let found = inventory.find_signing(session, selector)?;
    let uri = match selector.parse() {
        Ok(CertificateSelector::Uri(uri)) => Some(uri),
        _ => None,
    };
    let fits = |set: &&Set| set.row == found.row && uri.as_ref().is_none_or(|uri| uri.fits_token(&set.medium));
    Ok(inventory.sets.iter().filter(fits).collect())
}
