//! This file reads the user name of C_LoginUser, which names one certificate among those of a token.

use cryptoki_sys::CKR_ARGUMENTS_BAD;
use ingam::credential::EntryName;
use ingam::token::Scope;
use ingam::{Error, ErrorKind};

use crate::objects::{Holder, Objects};
use crate::rv::{Answer, Rv};
use crate::text::hex;

/// The set whose certificate has this CKA_ID or serial number in hexadecimal, or this CN, owner's name or label.
///
/// # Errors
/// `CKR_ARGUMENTS_BAD` if there is none or more than one.
pub(crate) fn scope(objects: &Objects, name: &[u8]) -> Answer<Scope> {
    let refused = |kind| Rv::caused(CKR_ARGUMENTS_BAD, Error::new(kind, "looking for the certificate of a user name"));
    let name = std::str::from_utf8(name).map_err(|_| refused(ErrorKind::InvalidInput))?;
    let mut sets = (0..objects.len()).filter(|index| is_named(objects, *index, name)).filter_map(|index| match objects
        .holder(index)
    {
        Holder::Owner { entry, .. } => Some(&entry.name),
        Holder::Authority => None,
    });
    let set: &EntryName = sets.next().ok_or_else(|| refused(ErrorKind::NotFound))?;
    if sets.any(|other| other != set) {
        return Err(refused(ErrorKind::Ambiguous));
    }
    Ok(Scope::Entry(set.clone()))
}

fn is_named(objects: &Objects, index: usize, name: &str) -> bool {
    let certificate = objects.certificate(index);
    hex(objects.id(index)).eq_ignore_ascii_case(name)
        || certificate.serial_hex().eq_ignore_ascii_case(name)
        || certificate.common_name() == name
        || certificate.owner() == name
        || objects.label(index) == name
}
