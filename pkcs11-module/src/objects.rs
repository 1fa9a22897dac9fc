//! This file lists the objects of one token: a certificate each, found by CKA_ID or handle, whatever their number.
//!
//! Objects are not copied out of certificates; attributes are answered from them when they are asked for.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

use cryptoki_sys::{CK_OBJECT_HANDLE, CKR_HOST_MEMORY};
use ingam::certificate::Certificate;
use ingam::credential::{Entry, EntryName, KeyId, Pair, Purpose};

use crate::handle::Handles;
use crate::id_index::IdIndex;
use crate::label::labels;
use crate::object::{Part, View};
use crate::rv::Answer;

/// A listing of one token.
#[derive(Default)]
pub(crate) struct Objects {
    entries: Arc<[Arc<Entry>]>,
    /// In the order of the handles.
    records: Vec<Record>,
    by_id: IdIndex,
    /// Made when the first label is asked for: it needs the names of all.
    labels: OnceLock<Vec<Box<str>>>,
}

/// A certificate and what belongs to it. As large as a cache line, and it is one: a search touches nothing else of an object.
#[derive(Clone)]
#[repr(align(64))]
pub(crate) struct Record {
    /// The certificate's; the next one is the public key's.
    handle: CK_OBJECT_HANDLE,
    pub(crate) certificate: Arc<Certificate>,
    id: [u8; 20],
    /// The next record at the same place of the index.
    next: Option<u32>,
    /// Whether it has keys that can be used.
    is_rsa: bool,
    pub(crate) holder: Holder,
}

/// Whose certificate it is.
#[derive(Clone)]
pub(crate) enum Holder {
    /// The owner's, of one pair of one set.
    Owner { entry: Arc<Entry>, purpose: Purpose },
    /// A CA's, once however many sets keep it.
    Authority,
}

impl Objects {
    /// Whether this is the listing of these sets.
    pub(crate) fn is_of(&self, entries: &[Arc<Entry>]) -> bool {
        self.entries.len() == entries.len() && self.entries.iter().zip(entries).all(|(a, b)| Arc::ptr_eq(a, b))
    }

    /// The listing of these sets. What was in this one before keeps its handles; the certificates whose set changed are
    /// named beside.
    ///
    /// # Errors
    /// When handles are used up.
    pub(crate) fn renewed(
        &self,
        entries: Arc<[Arc<Entry>]>,
        handles: &Handles,
    ) -> Answer<(Self, Vec<CK_OBJECT_HANDLE>)> {
        let mut records = read(&entries);
        let before: HashMap<Identity<'_>, &Record> =
            self.records.iter().map(|record| (record.identity(), record)).collect();
        let known: Vec<Option<&Record>> =
            records.iter().map(|record| before.get(&record.identity()).copied()).collect();
        let mut changed = Vec::new();
        for (record, known) in records.iter_mut().zip(known) {
            record.handle = match known {
                Some(known) => known.handle,
                None => handles.take(2)?,
            };
            if known.is_some_and(|known| !known.is_of_same_set(record)) {
                changed.push(record.handle);
            }
        }
        records.sort_by_key(|record| record.handle);
        let mut index = u32::try_from(records.len()).map_err(|_| CKR_HOST_MEMORY)?;
        let mut by_id = IdIndex::for_records(index);
        for record in records.iter_mut().rev() {
            index -= 1;
            record.next = by_id.put_first(&record.id, index);
        }
        Ok((Self { entries, records, by_id, labels: OnceLock::new() }, changed))
    }

    pub(crate) const fn len(&self) -> usize {
        self.records.len()
    }

    /// The records of this CKA_ID.
    pub(crate) fn with_id(&self, id: &[u8]) -> impl Iterator<Item = usize> {
        let id = <&[u8; 20]>::try_from(id).ok();
        let first = id.and_then(|id| self.by_id.first(id));
        std::iter::successors(first, |index| self.records[*index as usize].next)
            .map(|index| index as usize)
            .filter(move |index| Some(&self.records[*index].id) == id)
    }

    /// Whether the owner's certificate of this CKA_ID is there and its private key is not.
    pub(crate) fn lacks_key(&self, id: &[u8]) -> bool {
        let is_owners = |index: usize| matches!(self.holder(index), Holder::Owner { .. });
        let mut owned = self.with_id(id).filter(|index| is_owners(*index)).peekable();
        owned.peek().is_some() && owned.all(|index| self.private_key(index).is_none())
    }

    /// The record whose certificate has this handle.
    pub(crate) fn position(&self, handle: CK_OBJECT_HANDLE) -> Option<usize> {
        self.records.binary_search_by_key(&handle, |record| record.handle).ok()
    }

    /// The handle of a record's certificate.
    pub(crate) fn handle(&self, index: usize) -> CK_OBJECT_HANDLE {
        self.records[index].handle
    }

    /// The handle of a public object.
    pub(crate) fn public_handle(&self, index: usize, part: Part) -> CK_OBJECT_HANDLE {
        self.handle(index) + CK_OBJECT_HANDLE::from(part == Part::PublicKey)
    }

    pub(crate) fn certificate(&self, index: usize) -> &Certificate {
        &self.records[index].certificate
    }

    pub(crate) fn holder(&self, index: usize) -> &Holder {
        &self.records[index].holder
    }

    /// CKA_ID.
    pub(crate) fn id(&self, index: usize) -> &[u8; 20] {
        &self.records[index].id
    }

    /// CKA_LABEL of certificate and keys.
    pub(crate) fn label(&self, index: usize) -> &str {
        &self.labels.get_or_init(|| labels(&self.records))[index]
    }

    /// Whether a record has this part. R counts as there as long as nobody has opened the key.
    pub(crate) fn has(&self, index: usize, part: Part) -> bool {
        let record = &self.records[index];
        match part {
            Part::Certificate => true,
            Part::PublicKey => record.is_rsa && matches!(record.holder, Holder::Owner { .. }),
            Part::PrivateKey | Part::Random => record.is_rsa && self.private_key(index).is_some(),
        }
    }

    /// The name of the private key that belongs to a certificate.
    pub(crate) fn private_key(&self, index: usize) -> Option<&KeyId> {
        self.records[index].pair()?.key.as_ref()
    }

    /// Whether there is a key that a password could open.
    pub(crate) fn has_key(&self) -> bool {
        (0..self.len()).any(|index| self.private_key(index).is_some())
    }

    pub(crate) const fn view(&self, index: usize, part: Part) -> View<'_> {
        View { objects: self, index, part }
    }
}

/// What makes a certificate on a medium the same one as before.
type Identity<'a> = (Option<(&'a EntryName, Purpose)>, &'a [u8]);

impl Record {
    fn new(certificate: &Arc<Certificate>, holder: Holder) -> Self {
        Self {
            handle: 0,
            certificate: Arc::clone(certificate),
            id: certificate.key_id(),
            is_rsa: certificate.rsa_public().is_some(),
            next: None,
            holder,
        }
    }

    fn identity(&self) -> Identity<'_> {
        let pair = match &self.holder {
            Holder::Owner { entry, purpose } => Some((&entry.name, *purpose)),
            Holder::Authority => None,
        };
        (pair, self.certificate.der())
    }

    /// The pair that the certificate is of.
    fn pair(&self) -> Option<&Pair> {
        let Holder::Owner { entry, purpose } = &self.holder else { return None };
        entry.content.as_ref().ok()?.pairs().find(|pair| pair.purpose == *purpose)
    }

    fn is_of_same_set(&self, other: &Self) -> bool {
        match (&self.holder, &other.holder) {
            (Holder::Owner { entry, .. }, Holder::Owner { entry: other, .. }) => Arc::ptr_eq(entry, other),
            _ => true,
        }
    }
}

/// The certificates of these sets, without handles; each CA's certificate once.
fn read(entries: &[Arc<Entry>]) -> Vec<Record> {
    let mut records = Vec::with_capacity(entries.len() * 2);
    let mut authorities: HashSet<&[u8]> = HashSet::new();
    let mut in_order: Vec<&Arc<Certificate>> = Vec::new();
    for entry in entries {
        let Ok(set) = &entry.content else { continue };
        for pair in set.pairs() {
            let holder = Holder::Owner { entry: Arc::clone(entry), purpose: pair.purpose };
            records.push(Record::new(&pair.certificate, holder));
        }
        for certificate in &set.ca_certificates {
            // Nearly every set keeps the same few, and comparing them is much faster than hashing.
            let familiar = in_order.iter().take(8).any(|known| known.der() == certificate.der());
            if !familiar && authorities.insert(certificate.der()) {
                in_order.push(certificate);
            }
        }
    }
    records.extend(in_order.into_iter().map(|certificate| Record::new(certificate, Holder::Authority)));
    records
}

const _: () = assert!(size_of::<Record>() <= 64, "a record is one cache line");
