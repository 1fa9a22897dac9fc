//! This file finds objects by template. Certificates and public keys are found without opening anything; a private key is
//! tried with the password only if everything else about it fits.

use std::borrow::Cow;
use std::sync::Arc;

use cryptoki_sys::*;

use crate::abi::template::Criterion;
use crate::attribute::{self, RANDOM_LABEL};
use crate::library::Library;
use crate::object::Part;
use crate::objects::Objects;
use crate::rv::Answer;
use crate::session::Session;
use crate::slot::Freshness;

/// Bytes of a CKA_ID, a SHA-1.
const ID_LENGTH: usize = 20;

/// The handles of the objects that have all these attributes. Classes and attributes that no object has find nothing.
///
/// # Errors
/// Why the medium cannot be read.
pub(crate) fn find(library: &Library, session: &Session, template: &[Criterion<'_>]) -> Answer<Vec<CK_OBJECT_HANDLE>> {
    let mut found = on_token(library, session, template)?;
    found.extend(session.slot().session_objects().matching(|object| object.has(template)));
    Ok(found)
}

/// Those of them that are the token's.
fn on_token(library: &Library, session: &Session, template: &[Criterion<'_>]) -> Answer<Vec<CK_OBJECT_HANDLE>> {
    let logged_in = session.slot().role().is_some();
    let can_be = |part: &Part| (logged_in || !part.is_private()) && fits_part(*part, template);
    let parts: Vec<Part> = Part::ALL.into_iter().filter(can_be).collect();
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    if template.iter().any(|criterion| criterion.kind == CKA_ID && criterion.value.len() != ID_LENGTH) {
        // A length that no CKA_ID has may be none that can be read.
        return Ok(Vec::new());
    }
    let id = wanted_id(template);
    let with_key = parts.iter().any(|part| part.is_private());
    let freshness = id.as_deref().map_or(Freshness::Recent, |id| Freshness::Holding { id, with_key });
    let objects = session.slot().objects(library, freshness)?;
    let matching = match &id {
        Some(id) => matching(&objects, objects.with_id(id), &parts, template),
        None => matching(&objects, 0..objects.len(), &parts, template),
    };
    shown(library, session, &objects, &matching)
}

/// Whether objects of this part can match at all.
fn fits_part(part: Part, template: &[Criterion<'_>]) -> bool {
    let fits = |criterion: &Criterion<'_>| {
        attribute::of_part(part, criterion.kind).is_none_or(|value| *value == *criterion.value)
    };
    template.iter().all(fits)
}

/// The CKA_ID that a template fixes, itself or in the label of R, by which Korean applications look for it.
fn wanted_id<'a>(template: &[Criterion<'a>]) -> Option<Cow<'a, [u8]>> {
    template.iter().find_map(|criterion| match criterion.kind {
        CKA_ID => Some(Cow::Borrowed(criterion.value)),
        CKA_LABEL if criterion.value.len() == RANDOM_LABEL.len() + 2 * ID_LENGTH => {
            criterion.value.strip_prefix(RANDOM_LABEL.as_bytes()).and_then(unhex).map(Cow::Owned)
        }
        _ => None,
    })
}

/// The bytes of hexadecimal digits.
pub(crate) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.len().is_multiple_of(2) && text.is_ascii())?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

fn matching(
    objects: &Arc<Objects>,
    candidates: impl Iterator<Item = usize>,
    parts: &[Part],
    template: &[Criterion<'_>],
) -> Vec<(usize, Part)> {
    let fits = |index: usize, part: Part| {
        objects.has(index, part) && template.iter().all(|criterion| has(objects, index, part, criterion))
    };
    candidates
        .flat_map(|index| parts.iter().map(move |part| (index, *part)))
        .filter(|(index, part)| fits(*index, *part))
        .collect()
}

/// Whether an object has this attribute with this value. A secret matches nothing: a search must not be a way to guess it.
fn has(objects: &Objects, index: usize, part: Part, criterion: &Criterion<'_>) -> bool {
    attribute::value(objects.view(index, part), criterion.kind, None).is_ok_and(|value| *value == *criterion.value)
}

/// The handles of these objects, without the private ones that the password does not open.
fn shown(
    library: &Library,
    session: &Session,
    objects: &Objects,
    found: &[(usize, Part)],
) -> Answer<Vec<CK_OBJECT_HANDLE>> {
    let private: Vec<(usize, Part)> = found.iter().filter(|(_, part)| part.is_private()).copied().collect();
    let mut visible = match private.as_slice() {
        [] => Vec::new(),
        private => match session.slot().visible(library, objects, private) {
            // Logged out since this search began: what is private is not there.
            Err(rv) if rv.code() == CKR_USER_NOT_LOGGED_IN => vec![None; private.len()],
            visible => visible?,
        },
    }
    .into_iter();
    let handle = |(index, part): &(usize, Part)| match part.is_private() {
        true => visible.next().flatten(),
        false => Some(objects.public_handle(*index, *part)),
    };
    Ok(found.iter().filter_map(handle).collect())
}
