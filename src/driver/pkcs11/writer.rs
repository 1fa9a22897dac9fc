//! This file writes certificate sets to a token and takes them away, so that a kill at any moment is found and undone.
//!
//! Order of an import: journal, private keys, R, CA certificates, public keys, certificates (the signing one last); then
//! everything is read back and each key is tried out; then the journal goes. A removal writes the same journal and takes the
//! certificates first. CA certificates stay when a set goes: whether others need them cannot be known.

use std::time::Duration;

use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;

use super::failure::failed;
use super::journal::{Journal, Named, unhex};
use super::pair::{ImportPair, check_set};
use super::sets::hex;
use super::survey::{Stored, Survey, flag};
use super::template::Template;
use super::token::Pkcs11Token;
use crate::certificate::Certificate;
use crate::credential::{Credential, EntryName, KeyId, Pair, Purpose, VidRandom};
use crate::error::{Error, ErrorKind, Result};
use crate::pin::Pin;
use crate::proof::key_works;
use crate::token::{NewPair, NewSet, Token as _, Writer};

/// How long a call may take that changes the token. Cards write slowly, and a call that is given up leaves a token of which
/// nobody knows what is on it.
pub(super) const WRITING: Duration = Duration::from_secs(30);

/// What a token answers that does not take an object of this sort at all.
fn takes_none(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput | ErrorKind::NotPermitted)
}

impl Writer for Pkcs11Token {
    fn store(&mut self, pair: NewPair) -> Result<KeyId> {
        let NewPair { ca_certificates, .. } = &pair;
        let authorities = ca_certificates.clone();
        let pair = ImportPair::new(&pair)?;
        let (purpose, certificate) = (pair.purpose, pair.certificate.clone());
        if purpose == Purpose::KeyManagement {
            self.signing_pair_of(&certificate)?;
        }
        let entry = self.import_pairs(vec![pair], &authorities)?;
        Ok(KeyId::new(&entry, purpose, &certificate))
    }

    fn remove(&mut self, key: &KeyId) -> Result<()> {
        // Who cannot use a key must not destroy it.
        self.signer(key)?;
        let set = self.set(&key.entry)?;
        match (&set.km, key.purpose) {
            (Some(km), Purpose::KeyManagement) if km.key.as_ref() == Some(key) => self.remove_pairs(&[km]),
            (Some(_), Purpose::Sign) => {
                let doing = "removing a signing key before the encryption key of its set";
                Err(Error::new(ErrorKind::Busy, doing).about(key.entry.as_str()))
            }
            (None, Purpose::Sign) if set.sign.key.as_ref() == Some(key) => self.remove_pairs(&[&set.sign]),
            _ => Err(Error::new(ErrorKind::NotFound, "looking for a private key").about(key.entry.as_str())),
        }
    }

    fn import(&mut self, set: NewSet, _password: Option<&Pin>) -> Result<EntryName> {
        let sign = ImportPair::new(&set.sign)?;
        let km = set.km.as_ref().map(ImportPair::new).transpose()?;
        check_set(&sign, km.as_ref())?;
        self.import_pairs(std::iter::once(sign).chain(km).collect(), &set.sign.ca_certificates)
    }

    fn remove_set(&mut self, entry: &EntryName) -> Result<()> {
        if let Some(id) = entry.as_str().strip_prefix(KEY_ENTRY).and_then(|id| unhex(id.as_bytes())) {
            return self.remove_remnant(entry, id);
        }
        let set = self.set(entry)?;
        let pairs: Vec<&Pair> = set.pairs().collect();
        self.remove_pairs(&pairs)
    }
}

/// What the entry of a key without certificate is called, before its hexadecimal CKA_ID.
pub(super) const KEY_ENTRY: &str = "key-";

const STORING: &str = "storing a certificate and its key on a token";

impl Pkcs11Token {
    /// The set of this name as it is now.
    pub(super) fn set(&mut self, entry: &EntryName) -> Result<Credential> {
        let entries = self.entries()?;
        let found = entries.iter().find(|known| known.name == *entry);
        let found = found.ok_or_else(|| Error::new(ErrorKind::NotFound, "looking for a set").about(entry.as_str()))?;
        found.content.clone()
    }

    fn signing_pair_of(&mut self, km: &Certificate) -> Result<()> {
        let same_owner = |set: &Credential| {
            let sign = &set.sign.certificate;
            sign.subject_der() == km.subject_der() && sign.issuer_der() == km.issuer_der()
        };
        let entries = self.entries()?;
        if entries.iter().any(|entry| entry.content.as_ref().is_ok_and(same_owner)) {
            return Ok(());
        }
        let doing = "looking for the signing pair of an encryption pair";
        Err(Error::new(ErrorKind::NotFound, doing).about(km.common_name()))
    }

    /// Imports pairs, the signing one first.
    fn import_pairs(&mut self, mut pairs: Vec<ImportPair>, authorities: &[Certificate]) -> Result<EntryName> {
        let wanted: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = pairs.iter().map(ImportPair::identity).collect();
        let there = self.while_logged_in(WRITING, move |session| {
            clean(session)?;
            let there = Survey::of(session)?;
            let clash = wanted.iter().any(|(der, id, modulus)| {
                there.certificate(der).is_some()
                    || there.private_keys.iter().any(|key| key.id == *id || key.content == *modulus)
            });
            if clash { Err(Error::new(ErrorKind::AlreadyExists, STORING)) } else { Ok(there) }
        });
        let there = there.map_err(|error| match (error.kind(), pairs.first()) {
            (ErrorKind::AlreadyExists, Some(pair)) => error.about(pair.certificate.common_name()),
            _ => error,
        })?;
        pairs.iter_mut().for_each(|pair| pair.choose_label(&there));
        let missing: Vec<&Certificate> =
            authorities.iter().filter(|authority| there.certificate(authority.der()).is_none()).collect();
        let mut import = Import { token: self, made: Vec::new(), journal: None };
        match import.write(&pairs, &missing) {
            Ok(entry) => Ok(entry),
            Err(error) => {
                import.undo();
                Err(error)
            }
        }
    }

    /// Takes pairs away with everything that has their CKA_IDs. A key that another certificate needs stays.
    fn remove_pairs(&mut self, pairs: &[&Pair]) -> Result<()> {
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = pairs
            .iter()
            .map(|pair| {
                let modulus = pair.certificate.rsa_public().map(|(modulus, _)| modulus.to_vec());
                (pair.certificate.der().to_vec(), modulus.unwrap_or_default())
            })
            .collect();
        let removed = self.while_logged_in(WRITING, move |session| remove(session, &pairs));
        // What was listed before is not there any more, whole or in part.
        let listed = self.entries().map(drop);
        removed.and(listed)
    }

    fn remove_remnant(&mut self, entry: &EntryName, id: Vec<u8>) -> Result<()> {
        let missing = Error::new(ErrorKind::NotFound, "looking for a key").about(entry.as_str());
        let removed = self.while_logged_in(WRITING, move |session| {
            let there = Survey::of(session)?;
            let bare = bare_key(&there, &id)?;
            if bare.is_none() && there.certificates.iter().any(|certificate| certificate.id == id) {
                return Err(missing);
            }
            let mut keys: Vec<Named> = bare.iter().map(|key| Named::new(id.clone(), &key.content)).collect();
            // With one key of a cut-off import goes the other.
            let journals = there.journals.iter().filter(|(_, journal)| journal.ids().any(|named| named == id));
            let journals: Vec<_> = journals.filter(|(_, journal)| !is_complete(journal, &there)).collect();
            keys.extend(journals.iter().flat_map(|(_, journal)| journal.keys().to_vec()));
            let mut belongings = there.belongings(&keys);
            // One that is not RSA nothing else names.
            belongings.extend(bare.filter(|key| key.alien).map(|key| key.handle));
            if belongings.is_empty() && journals.is_empty() {
                return Err(missing);
            }
            destroy(session, belongings.into_iter().chain(journals.iter().map(|(handle, _)| *handle)))
        });
        let listed = self.entries().map(drop);
        removed.and(listed)
    }
}

/// An import under way.
struct Import<'a> {
    token: &'a mut Pkcs11Token,
    /// In the order of making.
    made: Vec<ObjectHandle>,
    journal: Option<(ObjectHandle, Journal)>,
}

impl Import<'_> {
    fn write(&mut self, pairs: &[ImportPair], authorities: &[&Certificate]) -> Result<EntryName> {
        self.open_journal(pairs)?;
        for pair in pairs {
            self.make(Template::private_key(&pair.naming(), &pair.numbers()?), "storing a private key on a token")?;
        }
        for pair in pairs {
            if let Some(random) = pair.vid_random() {
                self.store_random(pair, &random)?;
            }
        }
        for authority in authorities {
            self.make(Template::authority(authority), "storing a CA certificate on a token")?;
        }
        for pair in pairs {
            let (modulus, exponent) = pair.info.rsa_public()?;
            let public = Template::public_key(&pair.naming(), modulus, exponent);
            match self.make(public, "storing a public key on a token") {
                // The certificate has it too.
                Err(error) if takes_none(&error) => {}
                made => drop(made?),
            }
        }
        for pair in pairs.iter().rev() {
            self.make(Template::certificate(&pair.naming()), "storing a certificate on a token")?;
        }
        let entry = self.check(pairs)?;
        self.close_journal(pairs)?;
        Ok(entry)
    }

    /// A token that takes no data objects at all gets no journal: what is cut off there is a key without a certificate.
    fn open_journal(&mut self, pairs: &[ImportPair]) -> Result<()> {
        let journal = Journal::new(pairs.iter().map(ImportPair::named).collect());
        let template = journal.template();
        let made = self
            .token
            .while_logged_in(WRITING, move |session| template.create(session, "storing a journal on a token"));
        match made {
            Ok(handle) => self.journal = Some((handle, journal)),
            Err(error) if takes_none(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn store_random(&mut self, pair: &ImportPair, random: &VidRandom) -> Result<()> {
        let stored = self.make(Template::vid_random(&pair.id, random), "storing R on a token");
        let handle = stored.map_err(|error| match takes_none(&error) {
            true => {
                Error::new(ErrorKind::Unsupported, "storing R on a token that takes no data objects").caused_by(error)
            }
            false => error,
        })?;
        // Data objects need not have a CKA_ID. It is not asked for when the object is made: SoftHSM, which refuses it, leaves
        // an empty object behind then.
        let id = [Attribute::Id(pair.id.clone())];
        let named =
            self.token.while_logged_in(WRITING, move |session| Ok(session.update_attributes(handle, &id).is_ok()));
        named.map(drop)
    }

    fn make(&mut self, template: Template, doing: &'static str) -> Result<ObjectHandle> {
        let handle = self.token.while_logged_in(WRITING, move |session| template.create(session, doing))?;
        self.made.push(handle);
        Ok(handle)
    }

    /// Reads everything back as any reader would, and lets each key do its work.
    fn check(&mut self, pairs: &[ImportPair]) -> Result<EntryName> {
        const DOING: &str = "reading back what was stored on a token";
        let keys = self.made.clone();
        self.token.while_logged_in(WRITING, move |session| no_key_leaves(session, &keys))?;
        let entries = self.token.entries()?;
        let mut name = None;
        for pair in pairs {
            let found = entries.iter().find_map(|entry| {
                let set = entry.content.as_ref().ok()?;
                let there = set.pairs().find(|there| *there.certificate == pair.certificate)?;
                Some((entry.name.clone(), there.key.clone()?))
            });
            let (entry, key) = found.ok_or(Error::new(ErrorKind::Mismatch, DOING))?;
            key_works(self.token, &key, &pair.certificate)?;
            let random = self.token.vid_random(&key)?;
            if random.as_ref().map(VidRandom::expose) != pair.vid_random().as_ref().map(VidRandom::expose) {
                return Err(Error::new(ErrorKind::Mismatch, "comparing R with what was stored on a token"));
            }
            name.get_or_insert(entry);
        }
        name.ok_or(Error::new(ErrorKind::NotFound, DOING))
    }

    /// The import counts once its journal is gone. Another import that took this one for cut off has replaced the journal by
    /// its own before it took anything away: then nothing is left to count on. One that stored the same key meanwhile leaves
    /// one key too many: then this one steps back.
    fn close_journal(&mut self, pairs: &[ImportPair]) -> Result<()> {
        let moduli: Vec<Vec<u8>> = pairs.iter().map(|pair| pair.identity().2).collect();
        let journal = self.journal.clone();
        self.token.while_logged_in(WRITING, move |session| {
            let busy = Error::new(ErrorKind::Busy, "storing a set while another program did the same");
            let each_once = |there: &Survey| {
                let count = |modulus: &Vec<u8>| there.private_keys.iter().filter(|key| key.content == *modulus).count();
                moduli.iter().all(|modulus| count(modulus) == 1)
            };
            if !each_once(&Survey::of(session)?) {
                return Err(busy);
            }
            let Some((handle, journal)) = journal else { return Ok(()) };
            if session.destroy_object(handle).is_ok() {
                return Ok(());
            }
            let there = Survey::of(session)?;
            let taken =
                there.journals.iter().any(|(other, theirs)| *other != handle && theirs.last() == journal.last());
            if taken || !each_once(&there) { Err(busy) } else { Ok(()) }
        })
    }

    /// Takes away what this import made, the journal last. What cannot be taken away the journal still names.
    fn undo(self) {
        let handles: Vec<ObjectHandle> =
            self.made.into_iter().rev().chain(self.journal.map(|(handle, _)| handle)).collect();
        let undone = self.token.while_logged_in(WRITING, move |session| destroy(session, handles));
        // The error that led here says more.
        drop(undone);
        drop(self.token.entries());
    }
}

/// Takes away what imports that were cut off left, and the journals of those that were not.
fn clean(session: &Session) -> Result<()> {
    let there = Survey::of(session)?;
    for (handle, journal) in &there.journals {
        if is_complete(journal, &there) {
            // Best effort: it disturbs nobody.
            let _ = session.destroy_object(*handle);
            continue;
        }
        // Ours replaces theirs, so that a kill in here is found too. Who destroys theirs has it: an import that is still
        // under way somewhere else ends by destroying its own.
        let ours = journal.template().create(session, "tidying up after an import that was cut off")?;
        let belongings = match session.destroy_object(*handle) {
            Ok(()) => there.belongings(journal.keys()),
            Err(_) => Vec::new(),
        };
        destroy(session, belongings.into_iter().chain([ours]))?;
    }
    Ok(())
}

/// Whether the certificate that is written last is there. One that was cut off itself has no value yet, or half of it.
fn is_complete(journal: &Journal, there: &Survey) -> bool {
    let Some(last) = journal.last() else { return true };
    there.certified().any(|(id, modulus)| last.is(&modulus).unwrap_or(id == last.id))
}

/// The private key with this CKA_ID that no certificate needs, if there is one.
///
/// # Errors
/// `Ambiguous` if there are several different ones: which is meant nobody can tell.
fn bare_key<'a>(there: &'a Survey, id: &[u8]) -> Result<Option<&'a Stored>> {
    let needed = |key: &Stored| {
        there.certified().any(|(other, modulus)| match key.content.as_slice() {
            [] => other == id && modulus.is_empty() == key.alien,
            known => modulus == known,
        })
    };
    let mut bare = there.private_keys.iter().filter(|key| key.id == id && !needed(key));
    let Some(first) = bare.next() else { return Ok(None) };
    if bare.any(|other| other.content != first.content || other.alien) {
        return Err(
            Error::new(ErrorKind::Ambiguous, "removing one of several keys with the same CKA_ID").about(hex(id))
        );
    }
    Ok(Some(first))
}

/// Destroys these in this order; one that cannot be destroyed ends it, so that what names it stays. One that is gone already
/// is one less to destroy.
pub(super) fn destroy(session: &Session, handles: impl IntoIterator<Item = ObjectHandle>) -> Result<()> {
    for handle in handles {
        match session.destroy_object(handle).map_err(failed("removing an object from a token")) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            destroyed => destroyed?,
        }
    }
    Ok(())
}

/// Takes away the pairs of these certificates (DER, modulus).
fn remove(session: &Session, pairs: &[(Vec<u8>, Vec<u8>)]) -> Result<()> {
    let there = Survey::of(session)?;
    let mut certificates = Vec::new();
    let mut keys = Vec::new();
    let mut named = Vec::new();
    for (der, modulus) in pairs {
        let certificate = there.certificate(der).ok_or(Error::new(ErrorKind::NotFound, "looking for a set"))?;
        certificates.push(certificate.handle);
        let of_this_key = |public: &[u8]| public == modulus.as_slice();
        let others = there.certificates.iter().filter(|other| other.handle != certificate.handle);
        let shared = others.filter_map(|other| Certificate::from_der(&other.content).ok());
        let mut shared = shared.filter(|other| other.rsa_public().is_some_and(|(public, _)| of_this_key(public)));
        if modulus.is_empty() || shared.next().is_some() {
            continue;
        }
        let private = there.private_keys.iter().filter(|key| of_this_key(&key.content));
        let public = there.public_keys.iter().filter(|key| of_this_key(&key.content));
        for key in private.clone() {
            keys.push(key.handle);
            let others = there.private_keys.iter().any(|other| other.id == key.id && other.content != *modulus);
            if !others {
                keys.extend(there.vid_randoms(&key.id));
            }
            named.push(Named::new(key.id.clone(), modulus));
        }
        keys.extend(public.map(|key| key.handle));
    }
    if named.is_empty() {
        return destroy(session, certificates);
    }
    // Where there are no data objects a removal that is cut off leaves keys without a certificate.
    let journal = Journal::new(named).template().create(session, "storing a journal on a token").ok();
    certificates.reverse();
    destroy(session, certificates.into_iter().rev().chain(keys).chain(journal))
}

/// # Errors
/// `NotPermitted` if the token made a private key of these that it would give out again.
fn no_key_leaves(session: &Session, made: &[ObjectHandle]) -> Result<()> {
    let leaves = |object: &ObjectHandle| {
        flag(session, *object, AttributeType::Sensitive) == Some(false)
            || flag(session, *object, AttributeType::Extractable) == Some(true)
    };
    if made.iter().any(leaves) {
        return Err(Error::new(ErrorKind::NotPermitted, "storing a key on a token that would give it out again"));
    }
    Ok(())
}
