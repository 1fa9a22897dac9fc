//! This file arranges the objects of a token as certificate sets: which key belongs to which certificate, and what is left over.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::contents::{CertificateObject, Contents, KeyObject};
use crate::certificate::{Certificate, KeyUsage};
use crate::credential::{Credential, Entry, EntryName, KeyId, Pair, Purpose};
use crate::crypto::rsa::public_key_info;
use crate::error::{Error, ErrorKind};

/// Label of R before the lower-case hexadecimal CKA_ID of its key.
pub(super) const VID_RANDOM: &str = "R4VID=";

/// Label of an import's journal before the lower-case hexadecimal CKA_ID of its signing key. The journal is made first and
/// destroyed last: what it names and has no certificate was cut off.
pub(super) const JOURNAL: &str = "ingam-import=";

/// CA certificates above a certificate at most.
const CHAIN: usize = 16;

/// The sets of a token.
#[derive(Default)]
pub(super) struct Sets {
    pub(super) entries: Arc<[Arc<Entry>]>,
    /// The private keys that are there, those without certificate too.
    pub(super) keys: HashMap<KeyId, KeyObject>,
}

/// A certificate that is the owner's own.
struct Own<'a> {
    object: &'a CertificateObject,
    certificate: &'a Arc<Certificate>,
    key: Option<&'a KeyObject>,
}

/// Arranges what was read. As long as a token hides its keys, every certificate that is not a CA's is taken to have one:
/// only a login can tell.
pub(super) fn arrange(contents: &Contents, keys_hidden: bool) -> Sets {
    let mut authorities = Vec::new();
    let mut sign = Vec::new();
    let mut km = Vec::new();
    let mut unusable: Vec<(&CertificateObject, Error)> = Vec::new();
    let mut seen = HashSet::new();
    let mut used = HashSet::new();
    for object in &contents.certificates {
        let certificate = match &object.certificate {
            Ok(certificate) => certificate,
            Err(error) => {
                unusable.push((object, error.clone()));
                continue;
            }
        };
        if !seen.insert(certificate.sha256()) {
            continue;
        }
        let key = key_of(object, certificate, &contents.keys);
        used.extend(key.map(|key| key.handle.handle()));
        let own = Own { object, certificate, key };
        match purpose(certificate) {
            _ if certificate.is_ca() && key.is_none() => authorities.push(certificate),
            _ if certificate.rsa_public().is_none() => {
                unusable.push((object, Error::new(ErrorKind::Unsupported, "using a certificate whose key is not RSA")));
            }
            Some(Purpose::Sign) => sign.push(own),
            Some(Purpose::KeyManagement) => km.push(own),
            None => {
                let neither = "using a certificate that neither signs nor encrypts";
                unusable.push((object, Error::new(ErrorKind::Unsupported, neither)));
            }
        }
    }
    let mut partners = partners(&sign, km);
    let alone = partners.pop().unwrap_or_default();
    let names =
        Names::of(sign.iter().chain(&alone).map(|own| own.object).chain(unusable.iter().map(|(object, _)| *object)));

    let mut sets = Sets::default();
    let mut entries = Vec::new();
    for (own, km) in sign.iter().zip(partners) {
        let name = names.name(own.object);
        let mut pair = |purpose, own: &Own<'_>| {
            let id = KeyId::new(&name, purpose, own.certificate);
            if let Some(key) = own.key {
                sets.keys.insert(id.clone(), key.clone());
            }
            let key = (own.key.is_some() || keys_hidden).then_some(id);
            let id = match &own.object.id {
                id if id.is_empty() => own.certificate.key_id().to_vec(),
                id => id.clone(),
            };
            Pair { purpose, certificate: Arc::clone(own.certificate), key, id }
        };
        let content = Credential {
            sign: pair(Purpose::Sign, own),
            km: km.first().map(|km| pair(Purpose::KeyManagement, km)),
            ca_certificates: chain(own.certificate, &authorities),
        };
        entries.push(Entry { name: name.clone(), content: Ok(content), problems: Vec::new() });
    }
    let remnants = remnants(contents);
    for own in alone {
        let doing = match remnants.contains(&own.object.id) {
            true => "looking for the signing certificate of an import that was cut off",
            false => "looking for the signing certificate beside one for encryption",
        };
        entries.push(unreadable(names.name(own.object), Error::new(ErrorKind::NotFound, doing)));
    }
    for (object, error) in unusable {
        entries.push(unreadable(names.name(object), error));
    }
    without_certificate(contents, &remnants, &used, &mut sets.keys, &mut entries);
    if contents.cut {
        let error = Error::new(ErrorKind::Unsupported, "listing more objects of a token than limits.folders allows");
        entries.push(unreadable(EntryName::new("limits.folders"), error));
    }
    sets.entries = entries.into_iter().map(Arc::new).collect();
    sets
}

/// The CKA_IDs of imports that were cut off: where the certificate that is written last is missing.
fn remnants(contents: &Contents) -> BTreeSet<Vec<u8>> {
    let there = |id: &[u8]| contents.certificates.iter().any(|object| object.id == id);
    let journals = contents.data.iter().filter_map(|object| object.journal.as_ref());
    let cut_off = journals.filter(|journal| !journal.last().is_some_and(|named| there(&named.id)));
    cut_off.flat_map(|journal| journal.ids().map(<[u8]>::to_vec)).collect()
}

/// Keys without certificate, and what imports that were cut off left behind.
fn without_certificate(
    contents: &Contents,
    remnants: &BTreeSet<Vec<u8>>,
    used: &HashSet<u64>,
    keys: &mut HashMap<KeyId, KeyObject>,
    entries: &mut Vec<Entry>,
) {
    for key in contents.keys.iter().filter(|key| !used.contains(&key.handle.handle())) {
        let doing = match remnants.contains(&key.id) {
            true => "looking for the certificate of a key whose import was cut off",
            false => "looking for the certificate of a key",
        };
        if let Some(id) = bare_key(key) {
            keys.insert(id, key.clone());
        }
        entries.push(unreadable(bare_name(&key.id), Error::new(ErrorKind::NotFound, doing).about(key.label.as_str())));
    }
    let shown = |id: &[u8]| {
        contents.keys.iter().any(|key| key.id == id) || contents.certificates.iter().any(|object| object.id == id)
    };
    for id in remnants.iter().filter(|id| !shown(id)) {
        let error = Error::new(ErrorKind::NotFound, "looking for the key of an import that was cut off");
        entries.push(unreadable(bare_name(id), error.about(hex(id))));
    }
}

/// The name of a set that is a private key alone.
pub(super) fn bare_name(id: &[u8]) -> EntryName {
    EntryName::new(&format!("key-{}", hex(id)))
}

/// Names a private key without certificate; `None` if the token does not tell its public half.
pub(super) fn bare_key(key: &KeyObject) -> Option<KeyId> {
    let info = public_key_info(&key.modulus, &key.exponent).ok().filter(|_| key.rsa)?;
    Some(KeyId { entry: bare_name(&key.id), purpose: Purpose::Sign, public_key: Sha256::digest(info).into() })
}

/// The private key of a certificate: of the same public key, the one with the same CKA_ID first; by CKA_ID alone where the
/// token does not tell the public key.
pub(super) fn key_of<'a>(
    object: &CertificateObject,
    certificate: &Certificate,
    keys: &'a [KeyObject],
) -> Option<&'a KeyObject> {
    let modulus = certificate.rsa_public()?.0;
    let same_id = |key: &&KeyObject| !object.id.is_empty() && key.id == object.id;
    let same_key = |key: &&KeyObject| key.modulus == modulus;
    let of = |keys: &mut dyn Iterator<Item = &'a KeyObject>| keys.next();
    of(&mut keys.iter().filter(|key| same_id(key) && same_key(key)))
        .or_else(|| of(&mut keys.iter().filter(same_key)))
        .or_else(|| of(&mut keys.iter().filter(|key| same_id(key) && key.rsa && key.modulus.is_empty())))
}

/// What keyUsage says; a certificate without it signs.
fn purpose(certificate: &Certificate) -> Option<Purpose> {
    let Some(usage) = certificate.key_usage() else { return Some(Purpose::Sign) };
    if usage.allows(KeyUsage::DIGITAL_SIGNATURE) || usage.allows(KeyUsage::NON_REPUDIATION) {
        Some(Purpose::Sign)
    } else if usage.allows(KeyUsage::KEY_ENCIPHERMENT) || usage.allows(KeyUsage::DATA_ENCIPHERMENT) {
        Some(Purpose::KeyManagement)
    } else {
        None
    }
}

/// For each signing certificate its encryption certificate (one or none), and last those that found no partner. After a
/// renewal there may be two of each: those that were issued closest together belong together.
fn partners<'a>(sign: &[Own<'a>], km: Vec<Own<'a>>) -> Vec<Vec<Own<'a>>> {
    let mut partners: Vec<Vec<Own<'a>>> = sign.iter().map(|_| Vec::new()).collect();
    let mut alone = Vec::new();
    for own in km {
        let same = |sign: &Own<'_>| {
            sign.certificate.subject_der() == own.certificate.subject_der()
                && sign.certificate.issuer_der() == own.certificate.issuer_der()
        };
        let free = sign.iter().enumerate().filter(|(place, sign)| same(sign) && partners[*place].is_empty());
        let distance = |sign: &Own<'_>| sign.certificate.not_before().abs_diff(own.certificate.not_before());
        match free.min_by_key(|(_, sign)| distance(sign)).map(|(place, _)| place) {
            Some(place) => partners[place].push(own),
            None => alone.push(own),
        }
    }
    partners.push(alone);
    partners
}

/// The CA certificates above a certificate that are on the token, root first.
fn chain(certificate: &Certificate, authorities: &[&Arc<Certificate>]) -> Vec<Arc<Certificate>> {
    let mut above: Vec<Arc<Certificate>> = Vec::new();
    let mut below = certificate;
    while above.len() < CHAIN {
        let Some(next) = issuer_of(below, authorities) else { break };
        if above.contains(next) {
            break;
        }
        above.push(Arc::clone(next));
        below = next;
    }
    above.reverse();
    above
}

/// The issuer's certificate: of several with its name, as when a CA changed its key, the one whose key identifier fits.
fn issuer_of<'a>(certificate: &Certificate, authorities: &[&'a Arc<Certificate>]) -> Option<&'a Arc<Certificate>> {
    let key = certificate.authority_key_id();
    let named = authorities.iter().copied().filter(|authority| authority.subject_der() == certificate.issuer_der());
    named.min_by_key(|authority| key.is_none() || authority.subject_key_id() != key.as_deref())
}

/// The names of a token's sets: the certificate's label, where it is the only one of this label.
struct Names(HashMap<String, usize>);

impl Names {
    fn of<'a>(objects: impl Iterator<Item = &'a CertificateObject>) -> Self {
        let mut count = HashMap::new();
        for object in objects {
            *count.entry(label(object)).or_default() += 1;
        }
        Self(count)
    }

    fn name(&self, object: &CertificateObject) -> EntryName {
        let label = label(object);
        if !label.is_empty() && self.0.get(&label) == Some(&1) {
            return EntryName::new(&label);
        }
        let own = match &object.certificate {
            Ok(certificate) => hex(&certificate.sha256()[..4]),
            Err(_) => format!("object {}", object.handle.handle()),
        };
        EntryName::new(format!("{label} {own}").trim())
    }
}

/// A label without control characters, that is not taken for a key without certificate.
fn label(object: &CertificateObject) -> String {
    let label: String = object.label.chars().filter(|character| !character.is_control()).collect();
    if label.starts_with("key-") { String::new() } else { label.trim().to_owned() }
}

const fn unreadable(name: EntryName, error: Error) -> Entry {
    Entry { name, content: Err(error), problems: Vec::new() }
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
