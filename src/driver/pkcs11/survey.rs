//! This file looks at what is on a token before something is written to it or taken away from it.

use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::contents::attributes;
use super::failure::failed;
use super::journal::Journal;
use super::sets::{VID_RANDOM, hex};
use crate::error::Result;

/// Every object that certificate sets are made of, as this session sees them.
#[derive(Default)]
pub(super) struct Survey {
    pub(super) certificates: Vec<Stored>,
    pub(super) private_keys: Vec<Stored>,
    pub(super) public_keys: Vec<Stored>,
    /// Data objects by their label: R and journals.
    data: Vec<(ObjectHandle, Vec<u8>)>,
    pub(super) journals: Vec<(ObjectHandle, Journal)>,
}

/// An object with a CKA_ID.
pub(super) struct Stored {
    pub(super) handle: ObjectHandle,
    pub(super) id: Vec<u8>,
    pub(super) label: Vec<u8>,
    /// A certificate's DER, a key's modulus without leading zeros.
    pub(super) content: Vec<u8>,
}

impl Survey {
    pub(super) fn of(session: &Session) -> Result<Self> {
        let mut data = Vec::new();
        let mut journals = Vec::new();
        for handle in find(session, ObjectClass::DATA)? {
            let Ok(label) = read(session, handle, AttributeType::Label) else { continue };
            if Journal::is_one(&label) {
                let value = read(session, handle, AttributeType::Value).unwrap_or_default();
                journals.extend(Journal::read(&label, &value).map(|journal| (handle, journal)));
            }
            data.push((handle, label));
        }
        Ok(Self {
            certificates: stored(session, ObjectClass::CERTIFICATE, AttributeType::Value)?,
            private_keys: stored(session, ObjectClass::PRIVATE_KEY, AttributeType::Modulus)?,
            public_keys: stored(session, ObjectClass::PUBLIC_KEY, AttributeType::Modulus)?,
            data,
            journals,
        })
    }

    /// The objects of R for the key with this CKA_ID.
    pub(super) fn vid_randoms(&self, id: &[u8]) -> impl Iterator<Item = ObjectHandle> {
        let label = format!("{VID_RANDOM}{}", hex(id)).into_bytes();
        self.data.iter().filter(move |(_, there)| *there == label).map(|(handle, _)| *handle)
    }

    /// Every object with one of these CKA_IDs in the order in which they are taken away: certificates first, so that no
    /// certificate is ever there without its key; then what is secret.
    pub(super) fn belongings(&self, ids: &[Vec<u8>]) -> Vec<ObjectHandle> {
        let with_id = |stored: &[Stored]| -> Vec<ObjectHandle> {
            ids.iter().flat_map(|id| stored.iter().filter(move |there| there.id == *id)).map(|it| it.handle).collect()
        };
        let mut handles = with_id(&self.certificates);
        handles.extend(with_id(&self.private_keys));
        handles.extend(ids.iter().flat_map(|id| self.vid_randoms(id)));
        handles.extend(with_id(&self.public_keys));
        handles
    }

    pub(super) fn certificate(&self, der: &[u8]) -> Option<&Stored> {
        self.certificates.iter().find(|there| there.content == der)
    }
}

fn stored(session: &Session, class: ObjectClass, content: AttributeType) -> Result<Vec<Stored>> {
    let read_one = |handle| {
        Some(Stored {
            handle,
            id: read(session, handle, AttributeType::Id).unwrap_or_default(),
            label: read(session, handle, AttributeType::Label).unwrap_or_default(),
            content: without_zeros(read(session, handle, content).unwrap_or_default()),
        })
    };
    Ok(find(session, class)?.into_iter().filter_map(read_one).collect())
}

fn find(session: &Session, class: ObjectClass) -> Result<Vec<ObjectHandle>> {
    let template = [Attribute::Class(class), Attribute::Token(true)];
    session.find_objects(&template).map_err(failed("looking for the objects of a token"))
}

/// One attribute of variable length; empty if the object has none.
pub(super) fn read(session: &Session, object: ObjectHandle, kind: AttributeType) -> Result<Vec<u8>> {
    Ok(attributes(session, object, &[kind])?.pop().map(bytes).unwrap_or_default())
}

/// One attribute that is a truth value, if the object has it.
pub(super) fn flag(session: &Session, object: ObjectHandle, kind: AttributeType) -> Option<bool> {
    match session.get_attributes(object, &[kind]).ok()?.pop()? {
        Attribute::Sensitive(flag) | Attribute::Extractable(flag) | Attribute::Modifiable(flag) => Some(flag),
        _ => None,
    }
}

fn bytes(attribute: Attribute) -> Vec<u8> {
    match attribute {
        Attribute::Id(bytes)
        | Attribute::Label(bytes)
        | Attribute::Modulus(bytes)
        | Attribute::PublicExponent(bytes)
        | Attribute::PrivateExponent(bytes)
        | Attribute::Prime1(bytes)
        | Attribute::Prime2(bytes)
        | Attribute::Exponent1(bytes)
        | Attribute::Exponent2(bytes)
        | Attribute::Coefficient(bytes)
        | Attribute::Value(bytes) => bytes,
        _ => Vec::new(),
    }
}

fn without_zeros(bytes: Vec<u8>) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    if zeros == 0 { bytes } else { bytes[zeros..].to_vec() }
}
