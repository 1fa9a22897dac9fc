//! This file reads what is on a token: certificates, private keys and data objects.

use std::sync::Arc;

use cryptoki::object::{Attribute, AttributeInfo, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::failure::failed;
use super::journal::Journal;
use super::module::LIMIT;
use super::session::TokenSession;
use super::sets::VID_RANDOM;
use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// Bytes of one value at most; what is longer is not asked for.
const VALUE_LIMIT: usize = 1 << 20;

/// Objects that one job reads, so that a slow token keeps the limit of a job.
const BATCH: usize = 16;

/// What a token holds.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    pub(super) certificates: Vec<CertificateObject>,
    /// None unless logged in, but on tokens that show their keys to everybody.
    pub(super) keys: Vec<KeyObject>,
    pub(super) data: Vec<DataObject>,
    /// Whether there is more than the limit allows to list.
    pub(super) cut: bool,
}

/// CKO_CERTIFICATE.
#[derive(Clone, Debug)]
pub(super) struct CertificateObject {
    pub(super) handle: ObjectHandle,
    pub(super) id: Vec<u8>,
    pub(super) label: String,
    pub(super) certificate: Result<Arc<Certificate>>,
}

/// CKO_PRIVATE_KEY.
#[derive(Clone, Debug)]
pub(super) struct KeyObject {
    pub(super) handle: ObjectHandle,
    pub(super) id: Vec<u8>,
    pub(super) label: String,
    pub(super) rsa: bool,
    /// Without leading zeros; empty if the token does not tell.
    pub(super) modulus: Vec<u8>,
    /// Without leading zeros; empty if the token does not tell.
    pub(super) exponent: Vec<u8>,
    /// Whether it wants the PIN with each use.
    pub(super) asks_each_time: bool,
    /// Whether it may decrypt.
    pub(super) decrypts: bool,
}

/// CKO_DATA.
#[derive(Clone, Debug)]
pub(super) struct DataObject {
    pub(super) handle: ObjectHandle,
    pub(super) label: String,
    /// Whether it is read after a login only, so that nobody else wrote it. Asked of what ingam reads alone.
    pub(super) private: bool,
    /// What it names, if it is the journal of an import.
    pub(super) journal: Option<Journal>,
}

/// The objects that are there, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Handles {
    certificates: Vec<ObjectHandle>,
    keys: Vec<ObjectHandle>,
    data: Vec<ObjectHandle>,
    cut: bool,
}

/// Which objects are there; `limit` of each class at most.
pub(super) fn handles(session: &Arc<TokenSession>, limit: usize) -> Result<Handles> {
    session.in_session(LIMIT, move |session| {
        let mut handles = Handles::default();
        for (class, found) in [
            (ObjectClass::CERTIFICATE, &mut handles.certificates),
            (ObjectClass::PRIVATE_KEY, &mut handles.keys),
            (ObjectClass::DATA, &mut handles.data),
        ] {
            let listing = failed("listing the objects of a token");
            for object in session.iter_objects(&[Attribute::Token(true), Attribute::Class(class)]).map_err(&listing)? {
                if found.len() == limit {
                    handles.cut = true;
                    break;
                }
                found.push(object.map_err(&listing)?);
            }
        }
        Ok(handles)
    })
}

/// Reads these objects. One that went meanwhile is left out.
pub(super) fn read(session: &Arc<TokenSession>, handles: &Handles) -> Result<Contents> {
    Ok(Contents {
        certificates: each(session, &handles.certificates, certificate)?,
        keys: each(session, &handles.keys, key)?,
        data: each(session, &handles.data, data)?,
        cut: handles.cut,
    })
}

fn each<T: Send + 'static>(
    session: &Arc<TokenSession>,
    handles: &[ObjectHandle],
    read: fn(&Session, ObjectHandle) -> Result<T>,
) -> Result<Vec<T>> {
    let mut found = Vec::with_capacity(handles.len());
    for batch in handles.chunks(BATCH) {
        let batch = batch.to_vec();
        let objects = session.in_session(LIMIT, move |session| {
            let mut objects = Vec::with_capacity(batch.len());
            for handle in batch {
                match read(session, handle) {
                    Ok(object) => objects.push(object),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(objects)
        })?;
        found.extend(objects);
    }
    Ok(found)
}

/// The attributes of an object that are there and not too long.
pub(super) fn attributes(session: &Session, handle: ObjectHandle, wanted: &[AttributeType]) -> Result<Vec<Attribute>> {
    let reading = failed("reading an object of a token");
    let variable: Vec<AttributeType> = wanted.iter().copied().filter(|kind| kind.fixed_size().is_none()).collect();
    let told = session.get_attribute_info(handle, &variable).map_err(&reading)?;
    let fits = |told: &AttributeInfo| matches!(told, AttributeInfo::Available(length) if *length <= VALUE_LIMIT);
    let fitting = variable.iter().zip(&told).filter(|(_, told)| fits(told)).map(|(kind, _)| *kind);
    let fixed = wanted.iter().copied().filter(|kind| kind.fixed_size().is_some());
    session.get_attributes(handle, &fixed.chain(fitting).collect::<Vec<_>>()).map_err(reading)
}

fn certificate(session: &Session, handle: ObjectHandle) -> Result<CertificateObject> {
    let (mut id, mut label, mut value) = (Vec::new(), Vec::new(), Vec::new());
    for attribute in attributes(session, handle, &[AttributeType::Id, AttributeType::Label, AttributeType::Value])? {
        match attribute {
            Attribute::Id(bytes) => id = bytes,
            Attribute::Label(bytes) => label = bytes,
            Attribute::Value(bytes) => value = bytes,
            _ => {}
        }
    }
    Ok(CertificateObject { handle, id, label: text(label), certificate: Certificate::from_der(&value).map(Arc::new) })
}

fn key(session: &Session, handle: ObjectHandle) -> Result<KeyObject> {
    let wanted = [
        AttributeType::Id,
        AttributeType::Label,
        AttributeType::KeyType,
        AttributeType::Modulus,
        AttributeType::PublicExponent,
        AttributeType::AlwaysAuthenticate,
        AttributeType::Decrypt,
    ];
    let mut key = KeyObject {
        handle,
        id: Vec::new(),
        label: String::new(),
        rsa: false,
        modulus: Vec::new(),
        exponent: Vec::new(),
        asks_each_time: false,
        decrypts: true,
    };
    for attribute in attributes(session, handle, &wanted)? {
        match attribute {
            Attribute::Id(bytes) => key.id = bytes,
            Attribute::Label(bytes) => key.label = text(bytes),
            Attribute::KeyType(kind) => key.rsa = kind == KeyType::RSA,
            Attribute::Modulus(bytes) => key.modulus = unsigned(&bytes),
            Attribute::PublicExponent(bytes) => key.exponent = unsigned(&bytes),
            Attribute::AlwaysAuthenticate(asks) => key.asks_each_time = asks,
            Attribute::Decrypt(decrypts) => key.decrypts = decrypts,
            _ => {}
        }
    }
    Ok(key)
}

fn data(session: &Session, handle: ObjectHandle) -> Result<DataObject> {
    let label =
        attributes(session, handle, &[AttributeType::Label])?.into_iter().find_map(|attribute| match attribute {
            Attribute::Label(bytes) => Some(bytes),
            _ => None,
        });
    let label = label.unwrap_or_default();
    let is_ours = Journal::is_one(&label) || label.starts_with(VID_RANDOM.as_bytes());
    let private = is_ours && super::survey::flag(session, handle, AttributeType::Private) == Some(true);
    let journal = match private && Journal::is_one(&label) {
        true => Journal::read(&label, &value(session, handle).unwrap_or_default()),
        false => None,
    };
    Ok(DataObject { handle, label: text(label), private, journal })
}

/// The value of a data object, which may be secret.
pub(super) fn value(session: &Session, handle: ObjectHandle) -> Result<Vec<u8>> {
    let found =
        attributes(session, handle, &[AttributeType::Value])?.into_iter().find_map(|attribute| match attribute {
            Attribute::Value(bytes) => Some(bytes),
            _ => None,
        });
    found.ok_or(Error::new(ErrorKind::Damaged, "reading a data object of a token"))
}

/// A label as text. Some modules end it with zeros.
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).trim_end_matches(['\0', ' ']).to_owned()
}

fn unsigned(integer: &[u8]) -> Vec<u8> {
    integer.iter().copied().skip_while(|byte| *byte == 0).collect()
}
