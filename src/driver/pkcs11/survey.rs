//! This file looks at what is on a token before something is written to it or taken away from it.

use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::contents::attributes;
use super::failure::failed;
use super::journal::{Journal, Named};
use super::sets::{VID_RANDOM, hex};
use crate::certificate::Certificate;
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
    /// Whether it is a key that is not RSA, of which nothing here is made.
    pub(super) alien: bool,
}

impl Survey {
    pub(super) fn of(session: &Session) -> Result<Self> {
        let mut data = Vec::new();
        let mut journals = Vec::new();
        for handle in find(session, ObjectClass::DATA)? {
            let Ok(label) = read(session, handle, AttributeType::Label) else { continue };
            // Who does not know the PIN can write one that is not private.
            if Journal::is_one(&label) && flag(session, handle, AttributeType::Private) == Some(true) {
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

    /// Every object of these keys in the order in which they are taken away: certificates first, so that no certificate is
    /// ever there without its key; then what is secret. Another key with the same CKA_ID stays, and its R with it.
    pub(super) fn belongings(&self, keys: &[Named]) -> Vec<ObjectHandle> {
        let of_each = |there: fn(&Self) -> &Vec<Stored>, modulus: fn(&Stored) -> Option<Vec<u8>>| {
            // What has no modulus was cut off itself, or its token does not tell.
            let fits = move |named: &Named, it: &Stored| {
                it.id == named.id && !it.alien && modulus(it).is_none_or(|modulus| named.is(&modulus) == Some(true))
            };
            let found = keys.iter().flat_map(|named| there(self).iter().filter(move |it| fits(named, it)));
            found.map(|it| it.handle).collect::<Vec<_>>()
        };
        let mut handles = of_each(|there| &there.certificates, Stored::certified);
        let private = of_each(|there| &there.private_keys, Stored::modulus);
        let stays = |id: &[u8]| self.private_keys.iter().any(|key| key.id == id && !private.contains(&key.handle));
        let without_key = keys.iter().filter(|named| !stays(&named.id));
        let randoms: Vec<ObjectHandle> = without_key.flat_map(|named| self.vid_randoms(&named.id)).collect();
        handles.extend(private);
        handles.extend(randoms);
        handles.extend(of_each(|there| &there.public_keys, Stored::modulus));
        handles
    }

    /// CKA_ID and modulus of each certificate that is whole.
    pub(super) fn certified(&self) -> impl Iterator<Item = (&[u8], Vec<u8>)> {
        self.certificates.iter().filter_map(|there| Some((there.id.as_slice(), there.certified()?)))
    }

    pub(super) fn certificate(&self, der: &[u8]) -> Option<&Stored> {
        self.certificates.iter().find(|there| there.content == der)
    }
}

impl Stored {
    /// A key's modulus.
    fn modulus(&self) -> Option<Vec<u8>> {
        Some(self.content.clone()).filter(|modulus| !modulus.is_empty())
    }

    /// The modulus of a certificate; what is no RSA certificate has an empty one, as no key has.
    fn certified(&self) -> Option<Vec<u8>> {
        let certificate = Certificate::from_der(&self.content).ok()?;
        Some(certificate.rsa_public().map_or_else(Vec::new, |(modulus, _)| modulus.to_vec()))
    }
}

fn stored(session: &Session, class: ObjectClass, content: AttributeType) -> Result<Vec<Stored>> {
    let read_one = |handle| {
        Some(Stored {
            handle,
            id: read(session, handle, AttributeType::Id).unwrap_or_default(),
            label: read(session, handle, AttributeType::Label).unwrap_or_default(),
            content: without_zeros(read(session, handle, content).unwrap_or_default()),
            alien: content == AttributeType::Modulus && is_alien(session, handle),
        })
    };
    Ok(find(session, class)?.into_iter().filter_map(read_one).collect())
}

fn is_alien(session: &Session, key: ObjectHandle) -> bool {
    let kind = session.get_attributes(key, &[AttributeType::KeyType]);
    kind.is_ok_and(|kind| matches!(kind.as_slice(), [Attribute::KeyType(kind)] if *kind != KeyType::RSA))
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
        Attribute::Sensitive(flag) | Attribute::Extractable(flag) | Attribute::Private(flag) => Some(flag),
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
