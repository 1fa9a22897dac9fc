//! This file is the TEST CA: a root, an issuing CA under the name of a real one, and the sets that it issues.

use std::num::NonZero;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use sha1::{Digest as _, Sha1};

use super::key::KeyPair;
use super::profile::{self, Subject};
use super::{SampleRequest, SampleSet};
use crate::certificate::{Certificate, seoul_date, seoul_day_end};
use crate::credential::VidRandom;
use crate::crypto::{Pbe, random};
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::Hash;
use crate::npki::authority::Authority;
use crate::npki::key_file::SealedKey;
use crate::npki::vid::Vid;
use crate::npki::{ca_pubs, folder_name};
use crate::pin::Pin;
use crate::storage::{FileSet, SetFile};

/// A TEST root and an issuing CA below it whose O is that of a real CA.
#[derive(Debug)]
pub struct TestAuthority {
    authority: Authority,
    root_key: KeyPair,
    root: Certificate,
    key: KeyPair,
    certificate: Certificate,
    ca_pubs: Vec<u8>,
    next_serial: AtomicU32,
}

impl TestAuthority {
    /// Makes a root and an issuing CA, valid from ten years before `now` (seconds since 1970) to twenty years after.
    ///
    /// # Errors
    /// `Device` without randomness.
    pub fn new(authority: &Authority, now: i64) -> Result<Self> {
        let root_key = KeyPair::generate(CA_KEY_BITS)?;
        let validity = ca_validity(now);
        let root = profile::certificate(1, &Subject::root(), validity, &root_key, None)?;
        Self::below(root_key, root, authority, validity)
    }

    /// Another issuing CA below the same root.
    ///
    /// # Errors
    /// `Device` without randomness.
    pub fn sibling(&self, authority: &Authority) -> Result<Self> {
        let validity = (self.root.not_before(), self.root.not_after());
        Self::below(self.root_key.clone(), self.root.clone(), authority, validity)
    }

    fn below(root_key: KeyPair, root: Certificate, authority: &Authority, validity: (i64, i64)) -> Result<Self> {
        let mut random = [0; 4];
        random::fill(&mut random)?;
        // Positive and of four bytes, as real serial numbers are; never a second time within one CA.
        let first_serial = u32::from_be_bytes(random) & 0x3FFF_FFFF | 0x1000_0000;
        let key = KeyPair::generate(CA_KEY_BITS)?;
        let issuer = Some((&root, &root_key));
        let certificate = profile::certificate(first_serial, &Subject::ca(authority), validity, &key, issuer)?;
        Ok(Self {
            authority: authority.clone(),
            ca_pubs: ca_pubs::to_der([&root, &certificate])?,
            root_key,
            root,
            key,
            certificate,
            next_serial: AtomicU32::new(first_serial + 1),
        })
    }

    /// The root's certificate: what `--ca` and `openssl verify -CAfile` take.
    #[must_use]
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The issuing CA's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA whose name it bears.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The content of `CaPubs`.
    #[must_use]
    pub fn ca_pubs(&self) -> &[u8] {
        &self.ca_pubs
    }

    /// Makes one set with new keys, sealed under `password`.
    ///
    /// # Errors
    /// `InvalidInput` for an empty owner, a number that is none, a key size, iterations or dates that do not work;
    /// `Device` without randomness.
    pub fn issue(&self, request: &SampleRequest, password: &Pin) -> Result<SampleSet> {
        Material::new(request, password)?.set(self, request, SubjectKeyId::OfKey)
    }

    /// Makes many sets fast, for tests and benchmarks only: all have the same keys, key files and R. Serial number, CN,
    /// folder and subjectKeyIdentifier differ; the latter is not the key's hash.
    ///
    /// # Errors
    /// As [`issue`](Self::issue).
    pub fn issue_many(&self, request: &SampleRequest, password: &Pin, count: usize) -> Result<Vec<SampleSet>> {
        let material = Material::new(request, password)?;
        let make = |count: usize| -> Result<Vec<SampleSet>> {
            (0..count).map(|_| material.set(self, request, SubjectKeyId::OfSerial)).collect()
        };
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = count.div_ceil(threads);
        thread::scope(|scope| {
            let shares = (0..threads).map(|index| share.min(count.saturating_sub(index * share)));
            let running: Vec<_> = shares.map(|count| scope.spawn(move || make(count))).collect();
            let mut sets = Vec::with_capacity(count);
            for thread in running {
                let made = thread.join().map_err(|_| Error::new(ErrorKind::Device, "making test certificates"))?;
                sets.append(&mut made?);
            }
            Ok(sets)
        })
    }
}

const CA_KEY_BITS: usize = 2048;
const DAY: i64 = 24 * 60 * 60;

const fn ca_validity(now: i64) -> (i64, i64) {
    (now.saturating_sub(3650 * DAY), now.saturating_add(7300 * DAY))
}

/// What the subjectKeyIdentifier is made of.
#[derive(Clone, Copy)]
enum SubjectKeyId {
    /// The key, as RFC 5280 section 4.2.1.2 says.
    OfKey,
    /// The key and the serial number, so that certificates of one key differ.
    OfSerial,
}

impl SubjectKeyId {
    fn make(self, key: &KeyPair, serial: u32) -> [u8; 20] {
        let digest = Sha1::new().chain_update(key.public_bits());
        match self {
            Self::OfKey => digest,
            Self::OfSerial => digest.chain_update(serial.to_be_bytes()),
        }
        .finalize()
        .into()
    }
}

/// What a set needs besides its certificates.
struct Material {
    sign: (KeyPair, Vec<u8>),
    km: Option<(KeyPair, Vec<u8>)>,
    random: VidRandom,
    vid: Vid,
}

impl Material {
    fn new(request: &SampleRequest, password: &Pin) -> Result<Self> {
        let random = new_random()?;
        let vid = Vid::compute(Hash::Sha256, &request.idn, &random)?;
        let pair = |random: Option<&VidRandom>| -> Result<_> {
            let key = KeyPair::generate(request.key_bits)?;
            let scheme = Pbe::new(request.scheme, request.iterations)?;
            let sealed = SealedKey::seal(&key.private_key_info(random)?, password, &scheme)?;
            Ok((key, sealed.der().to_vec()))
        };
        Ok(Self {
            sign: pair(Some(&random).filter(|_| request.keeps_random))?,
            km: if request.km { Some(pair(None)?) } else { None },
            random,
            vid,
        })
    }

    fn set(&self, ca: &TestAuthority, request: &SampleRequest, key_id: SubjectKeyId) -> Result<SampleSet> {
        let validity = validity(request);
        // Two numbers a set, whether or not it has the second pair, so that the CN's number tells sets apart.
        let serial = ca.next_serial.fetch_add(2, Ordering::Relaxed);
        let number = format!("0099049{}{:07}", seoul_date(request.now).replace('-', ""), serial / 2 % 10_000_000);
        let issue = |serial: u32, key: &KeyPair, vid: Option<&Vid>| {
            let subject = Subject::person(request, &number, key_id.make(key, serial), vid)?;
            profile::certificate(serial, &subject, validity, key, Some((&ca.certificate, &ca.key)))
        };
        let (sign_key, sign_file) = &self.sign;
        let sign = issue(serial, sign_key, Some(&self.vid))?;
        let mut files = vec![(SetFile::SignCert, sign.der().to_vec()), (SetFile::SignKey, sign_file.clone())];
        let mut km = None;
        if let Some((key, file)) = &self.km {
            let certificate = issue(serial + 1, key, None)?;
            files.push((SetFile::KmCert, certificate.der().to_vec()));
            files.push((SetFile::KmKey, file.clone()));
            km = Some(certificate);
        }
        files.push((SetFile::CaPubs, ca.ca_pubs.clone()));
        Ok(SampleSet {
            entry: folder_name::entry_name(&sign),
            files: FileSet(files),
            sign,
            km,
            random: copy(&self.random),
        })
    }
}

fn validity(request: &SampleRequest) -> (i64, i64) {
    let not_after = seoul_day_end(request.now, request.expires_in);
    let today = seoul_day_end(request.now, -1).saturating_add(1);
    (request.not_before.unwrap_or_else(|| today.min(not_after.saturating_sub(365 * DAY - 1))), not_after)
}

fn new_random() -> Result<VidRandom> {
    let mut bytes = zeroize::Zeroizing::new([0; VidRandom::LEN]);
    random::fill(&mut *bytes)?;
    Ok(VidRandom::copy_of(&bytes))
}

fn copy(random: &VidRandom) -> VidRandom {
    // A VidRandom always has its length.
    random.expose().try_into().map_or_else(|_| VidRandom::copy_of(&[0; VidRandom::LEN]), VidRandom::copy_of)
}
