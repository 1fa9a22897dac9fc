//! This file puts pairs on the medium: what an application gives one by one waits in its session until key and certificate
//! are both there.
//!
//! An NPKI medium keeps a private key only with its certificate, and R, the CA certificates and the public key only with
//! both.

use std::sync::Arc;

use cryptoki_sys::*;
use ingam::certificate::Certificate;
use ingam::credential::{KeyId, VidRandom};
use ingam::keystore::lock;
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::secret::SecretBytes;
use ingam::token::NewPair;
use ingam::{Error, ErrorKind};

use crate::attribute::{RANDOM_LABEL, RANDOM_NUM};
use crate::find::unhex;
use crate::library::Library;
use crate::object::Part;
use crate::objects::{Holder, Objects};
use crate::rv::{Answer, Rv};
use crate::session::Session;
use crate::session_object::SessionObject;
use crate::slot::{Freshness, SlotState, noticed};
use crate::template_rules::Class;

/// Takes an object that is to be the token's, and if it completes a pair, puts that on the medium. Its handle stays good
/// when it has become an object of the token. What the medium has already is not made twice.
///
/// # Errors
/// `CKR_TEMPLATE_INCONSISTENT` for what such a medium cannot keep, `CKR_ATTRIBUTE_VALUE_INVALID` for a CKA_ID other than the
/// certificate's, those of writing. The object does not exist then, and what waited before waits on.
pub(crate) fn keep(library: &Library, session: &Session, mut object: SessionObject) -> Answer<CK_OBJECT_HANDLE> {
    let slot = session.slot();
    admit(&mut object)?;
    let _one_at_a_time = slot.storing();
    let listing = slot.objects(library, Freshness::Recent)?;
    if let Some(there) = already_there(library, slot, &listing, &object)? {
        let handle = library.object_handles().take(1)?;
        slot.session_objects().stored(handle, there);
        return Ok(handle);
    }
    if is_late(&listing, &object) {
        return cannot("adding R to a key that is on the medium already");
    }
    let handle = slot.add(library, object)?;
    let stored = match Waiting::on(session).pair() {
        Some(pair) => noticed(library, pair.and_then(|pair| pair.store(library, session, &listing))),
        None => Ok(()),
    };
    if stored.is_err() {
        slot.session_objects().remove(handle);
    }
    stored.map(|()| handle)
}

fn cannot<T>(what: &'static str) -> Answer<T> {
    Err(Rv::caused(CKR_TEMPLATE_INCONSISTENT, Error::new(ErrorKind::Unsupported, what)))
}

/// Whether an NPKI medium can keep such an object at all.
fn admit(object: &mut SessionObject) -> Answer {
    let id = object.values().get(CKA_ID).unwrap_or_default().to_vec();
    let id_fits = |expected: &[u8]| match id.is_empty() || id == expected {
        true => Ok(()),
        false => Err(Rv::from(FOREIGN_ID)),
    };
    match object.class() {
        Class::SecretKey => cannot("keeping a secret key on an NPKI medium"),
        Class::Data => {
            let value = object.secret().map_or(0, |value| value.len());
            let Some(named) = random_of(object) else { return cannot("keeping data on an NPKI medium") };
            if value != VidRandom::LEN || named.as_ref().is_some_and(|id| id.len() != 20) {
                return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
            }
            named.map_or(Ok(()), |named| id_fits(&named))?;
            // Whoever forgets to say so does not mean it to be read without login.
            object.make_private();
            Ok(())
        }
        Class::Certificate => {
            let certificate = object.certificate().ok_or(CKR_ATTRIBUTE_VALUE_INVALID)?;
            if certificate.rsa_public().is_none() {
                return Err(CKR_ATTRIBUTE_VALUE_INVALID.into());
            }
            id_fits(&certificate.key_id())?;
            if object.is_private() { cannot("hiding a certificate on an NPKI medium") } else { Ok(()) }
        }
        Class::PublicKey if object.is_private() => cannot("hiding a public key on an NPKI medium"),
        Class::PrivateKey if !object.is_private() => cannot("showing a private key without login"),
        // Which certificate it belongs to, and so its CKA_ID, is seen when that comes.
        Class::PublicKey | Class::PrivateKey if matches!(id.len(), 0 | 20) => Ok(()),
        Class::PublicKey | Class::PrivateKey => Err(FOREIGN_ID.into()),
    }
}

/// CKA_ID is the certificate's key identifier on such a medium, and no other can be kept.
const FOREIGN_ID: CK_RV = CKR_ATTRIBUTE_VALUE_INVALID;

/// If this is an R: the CKA_ID of its key, if it names one.
fn random_of(object: &SessionObject) -> Option<Option<Vec<u8>>> {
    let value = |kind| object.values().get(kind).unwrap_or_default();
    let in_label = value(CKA_LABEL).strip_prefix(RANDOM_LABEL.as_bytes()).map(|hex| unhex(hex).unwrap_or_default());
    let in_id = Some(value(CKA_ID)).filter(|id| !id.is_empty()).map(<[u8]>::to_vec);
    let is_random = in_label.is_some() || value(CKA_OBJECT_ID) == RANDOM_NUM;
    (object.class() == Class::Data && is_random).then(|| in_label.or(in_id))
}

/// Whether this is an R whose key is there already: it would have gone into the key's file.
fn is_late(listing: &Objects, object: &SessionObject) -> bool {
    let named = random_of(object).flatten();
    named.is_some_and(|id| listing.with_id(&id).any(|index| listing.private_key(index).is_some()))
}

/// The handle of what the token has already of this object. A certificate whose key this login does not open is not there:
/// who brings both is to hear that they were not kept.
fn already_there(
    library: &Library,
    slot: &SlotState,
    listing: &Objects,
    object: &SessionObject,
) -> Answer<Option<CK_OBJECT_HANDLE>> {
    let certificate = object.certificate();
    let is_it = |index: &usize| match object.class() {
        Class::Certificate => {
            certificate.as_ref().is_some_and(|certificate| listing.certificate(*index).der() == certificate.der())
        }
        Class::PublicKey => {
            listing.has(*index, Part::PublicKey) && listing.certificate(*index).rsa_public() == object.rsa()
        }
        _ => false,
    };
    let part = if object.class() == Class::PublicKey { Part::PublicKey } else { Part::Certificate };
    for index in (0..listing.len()).filter(is_it) {
        if part == Part::PublicKey
            || matches!(listing.holder(index), Holder::Authority)
            || slot.visible(library, listing, &[(index, Part::PrivateKey)])?.iter().any(Option::is_some)
        {
            return Ok(Some(listing.public_handle(index, part)));
        }
    }
    Ok(None)
}

type Waiter = (CK_OBJECT_HANDLE, Arc<SessionObject>);

/// What waits on a slot to become the token's.
struct Waiting {
    session: CK_SESSION_HANDLE,
    objects: Vec<Waiter>,
}

/// A key, its certificate, and what goes with them.
struct CompletePair {
    key: Waiter,
    holder: (CK_OBJECT_HANDLE, Certificate),
    public: Vec<Waiter>,
    random: Option<Waiter>,
    authorities: Vec<(CK_OBJECT_HANDLE, Certificate)>,
}

impl Waiting {
    fn on(session: &Session) -> Self {
        Self { session: session.handle(), objects: session.slot().session_objects().pending() }
    }

    fn of(&self, class: Class) -> impl Iterator<Item = &Waiter> {
        self.objects.iter().filter(move |(_, object)| object.class() == class)
    }

    fn certificates(&self) -> Vec<(CK_OBJECT_HANDLE, Certificate)> {
        self.of(Class::Certificate).filter_map(|(handle, object)| Some((*handle, object.certificate()?))).collect()
    }

    /// The pair that is complete; an error if its parts name different CKA_IDs, and for the key of a CA.
    fn pair(&self) -> Option<Answer<CompletePair>> {
        let (mut authorities, mut holders) = (Vec::new(), Vec::new());
        for (handle, certificate) in self.certificates() {
            let said = self.objects.iter().find(|(known, _)| *known == handle);
            let category = said.and_then(|(_, object)| object.values().number(CKA_CERTIFICATE_CATEGORY));
            let is_authority = certificate.is_ca() || category == Some(CK_CERTIFICATE_CATEGORY_AUTHORITY);
            if is_authority { &mut authorities } else { &mut holders }.push((handle, certificate));
        }
        let is_cas = |(_, key): &Waiter| authorities.iter().any(|(_, above)| above.rsa_public() == key.rsa());
        if self.of(Class::PrivateKey).any(is_cas) {
            return Some(cannot("keeping the key of a CA on an NPKI medium"));
        }
        let (key, at) = self.of(Class::PrivateKey).find_map(|key| {
            Some((key, holders.iter().position(|(_, certificate)| certificate.rsa_public() == key.1.rsa())?))
        })?;
        let holder = holders.swap_remove(at);
        let id = holder.1.key_id();
        let public: Vec<Waiter> =
            self.of(Class::PublicKey).filter(|(_, object)| object.rsa() == key.1.rsa()).cloned().collect();
        let named = self.objects.iter().filter(|(handle, _)| *handle == holder.0).chain([key]).chain(&public);
        let own = named.map(|(_, object)| object.values().get(CKA_ID).unwrap_or_default());
        if own.into_iter().any(|own| !own.is_empty() && own != id) {
            return Some(Err(FOREIGN_ID.into()));
        }
        let is_its = |(_, object): &&Waiter| match random_of(object) {
            Some(Some(named)) => named == id,
            Some(None) => object.owner() == self.session,
            None => false,
        };
        let random = self.of(Class::Data).find(is_its).cloned();
        Some(Ok(CompletePair { key: key.clone(), holder, public, random, authorities }))
    }
}

impl CompletePair {
    /// Puts the pair on the medium; the handles of its parts lead to the token's objects from now on.
    fn store(self, library: &Library, session: &Session, listing: &Objects) -> Answer {
        let slot = session.slot();
        let (chain, certificate) = (self.chain(listing), self.holder.1.der().to_vec());
        let random = match self.random.as_ref().and_then(|(_, object)| object.secret()) {
            Some(value) => {
                let bytes = value.expose().try_into().map_err(|_| CKR_ATTRIBUTE_VALUE_INVALID)?;
                Some(VidRandom::copy_of(bytes))
            }
            None => None,
        };
        let key = self.key.1.key().ok_or(CKR_GENERAL_ERROR)?.key()?;
        let info = PrivateKeyInfo::new_rsa(key.der().expose(), random.as_ref()).map_err(Error::from)?;
        let pair = NewPair {
            certificate: Certificate::from_der(&certificate)?,
            private_key_info: SecretBytes::copy_of(info.der()),
            ca_certificates: chain.iter().map(|(_, der)| Certificate::from_der(der)).collect::<ingam::Result<_>>()?,
        };
        let token = slot.token(library.keystore())?;
        let stored = match lock(&token).writer() {
            Some(writer) => writer.store(pair).map_err(refused),
            None => Err(CKR_TOKEN_WRITE_PROTECTED.into()),
        };
        slot.outdate();
        let stored = stored?;
        // It is on the medium. What fails from here on makes handles invalid and nothing else.
        let there = There::find(library, session, &stored, &certificate).unwrap_or_default();
        let mut leads = vec![(self.holder.0, there.certificate), (self.key.0, there.key)];
        leads.extend(self.public.iter().map(|(handle, _)| (*handle, there.public)));
        leads.extend(self.random.iter().map(|(handle, _)| (*handle, there.random)));
        leads.extend(chain.iter().filter_map(|(handle, der)| Some(((*handle)?, there.authority(der)))));
        for (handle, target) in leads {
            match target {
                Some(target) => slot.session_objects().stored(handle, target),
                None => drop(slot.session_objects().remove(handle)),
            }
        }
        Ok(())
    }

    /// The CA certificates above the holder's, root first: those that wait, else those that the medium has.
    fn chain(&self, listing: &Objects) -> Vec<(Option<CK_OBJECT_HANDLE>, Vec<u8>)> {
        let mut chain: Vec<(Option<CK_OBJECT_HANDLE>, Vec<u8>)> = Vec::new();
        let on_medium = (0..listing.len())
            .filter(|index| matches!(listing.holder(*index), Holder::Authority))
            .map(|index| (None, listing.certificate(index)));
        let known: Vec<(Option<CK_OBJECT_HANDLE>, &Certificate)> = self
            .authorities
            .iter()
            .map(|(handle, certificate)| (Some(*handle), certificate))
            .chain(on_medium)
            .collect();
        let mut issuer = self.holder.1.issuer_der();
        while let Some((handle, authority)) = known.iter().find(|(_, authority)| {
            authority.subject_der() == issuer && chain.iter().all(|(_, above)| above != authority.der())
        }) {
            chain.push((*handle, authority.der().to_vec()));
            issuer = authority.issuer_der();
        }
        chain.reverse();
        chain
    }
}

/// The handles of a pair's objects on the token.
#[derive(Default)]
struct There {
    objects: Arc<Objects>,
    certificate: Option<CK_OBJECT_HANDLE>,
    public: Option<CK_OBJECT_HANDLE>,
    key: Option<CK_OBJECT_HANDLE>,
    random: Option<CK_OBJECT_HANDLE>,
}

impl There {
    fn find(library: &Library, session: &Session, stored: &KeyId, certificate: &[u8]) -> Answer<Self> {
        let objects = session.slot().objects(library, Freshness::Recent)?;
        let is_it = |index: &usize| {
            objects.certificate(*index).der() == certificate && objects.private_key(*index) == Some(stored)
        };
        let index = (0..objects.len()).find(is_it).ok_or(CKR_OBJECT_HANDLE_INVALID)?;
        let private = [(index, Part::PrivateKey), (index, Part::Random)];
        let mut visible = session.slot().visible(library, &objects, &private).unwrap_or_default().into_iter();
        Ok(Self {
            certificate: Some(objects.public_handle(index, Part::Certificate)),
            public: Some(objects.public_handle(index, Part::PublicKey)),
            key: visible.next().flatten(),
            random: visible.next().flatten(),
            objects,
        })
    }

    fn authority(&self, certificate: &[u8]) -> Option<CK_OBJECT_HANDLE> {
        let index = (0..self.objects.len()).find(|index| self.objects.certificate(*index).der() == certificate)?;
        Some(self.objects.public_handle(index, Part::Certificate))
    }
}

/// Why the medium does not take a pair.
fn refused(error: Error) -> Rv {
    match error.kind() {
        // An encryption pair without its signing pair, or numbers that only look like the certificate's.
        ErrorKind::NotFound | ErrorKind::Mismatch => Rv::caused(CKR_TEMPLATE_INCONSISTENT, error),
        // A certificate that neither signs nor encrypts.
        ErrorKind::InvalidInput => Rv::caused(CKR_ATTRIBUTE_VALUE_INVALID, error),
        _ => error.into(),
    }
}
