//! This file copies and moves certificate sets between media: nothing is taken away before its copy was tried out.

use std::sync::Arc;

use crate::certificate::Certificate;
use crate::credential::{Credential, Entry, EntryName, KeyId, Pair, VidRandom};
use crate::error::{Error, ErrorKind, Result};
use crate::keystore::{SharedToken, lock};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::pin::{Pin, Role};
use crate::proof::key_works;
use crate::secret::SecretBytes;
use crate::token::{NewPair, NewSet, Scope, Token};

/// What a copy is.
#[derive(Clone, Debug)]
pub struct Copied {
    /// Its name on the medium that it was copied to.
    pub entry: EntryName,
    /// Whether it has an encryption pair.
    pub km: bool,
    /// How many CA certificates it has.
    pub authorities: usize,
    /// Whether it has R, without which no site can check who the owner is.
    pub vid_random: bool,
    /// What of the source could not be read, and so is not in the copy.
    pub problems: Vec<Error>,
}

/// Copies a set: both pairs, their CA certificates, and R.
///
/// Both tokens are logged in already. `password` seals the keys where `to` keeps files, and is `None` for a token with a PIN
/// of its own. Before this returns the copy was read again, each of its keys did its work with its certificate, and R was
/// compared, every byte.
///
/// # Errors
/// Those of [`Exporter::export`](crate::token::Exporter::export) and [`Writer::import`](crate::token::Writer::import);
/// `Unsupported` where no key leaves the one medium or the other takes none, also where it cannot keep R; `Mismatch` if the
/// copy is not what was copied. `from` is unchanged.
pub fn copy(from: &SharedToken, entry: &EntryName, to: &SharedToken, password: Option<&Pin>) -> Result<Copied> {
    let (set, problems) = export(from, entry)?;
    import(set, problems, to, password)
}

/// Copies a set as [`copy`] does, but leaves R behind: for a token that cannot keep it, if the user said so. The copy signs;
/// sites that ask for R (본인확인) refuse it.
///
/// # Errors
/// As [`copy`].
pub fn copy_without_vid_random(
    from: &SharedToken,
    entry: &EntryName,
    to: &SharedToken,
    password: Option<&Pin>,
) -> Result<Copied> {
    let (mut set, problems) = export(from, entry)?;
    for pair in std::iter::once(&mut set.sign).chain(&mut set.km) {
        pair.private_key_info = without_vid_random(&pair.private_key_info)?;
    }
    import(set, problems, to, password)
}

/// Moves a set: [`copy`], and only then is the original taken away.
///
/// # Errors
/// As [`copy`]; `Damaged` for a set of which a part cannot be read, which would be lost; `Busy` if the set changed while it
/// was copied. If the original cannot be taken away the error says so: the set is then in both places.
pub fn move_(from: &SharedToken, entry: &EntryName, to: &SharedToken, password: Option<&Pin>) -> Result<Copied> {
    let (set, problems) = export(from, entry)?;
    if let Some(problem) = problems.into_iter().next() {
        let doing = "moving a set of which a part cannot be read";
        return Err(Error::new(ErrorKind::Damaged, doing).about(entry.as_str()).caused_by(problem));
    }
    let certificates = certificates(&set);
    let copied = import(set, Vec::new(), to, password)?;
    remove(from, entry, &certificates).map_err(|error| {
        let doing = "taking away the original of a set that was copied";
        Error::new(error.kind(), doing).about(entry.as_str()).caused_by(error)
    })?;
    Ok(copied)
}

fn export(from: &SharedToken, entry: &EntryName) -> Result<(NewSet, Vec<Error>)> {
    let mut token = lock(from);
    let exporter = token.exporter().ok_or(Error::new(ErrorKind::Unsupported, "taking a key off its token"))?;
    let set = exporter.export(entry)?;
    let problems = find(&mut **token, entry)?.problems.clone();
    Ok((set, problems))
}

fn import(set: NewSet, problems: Vec<Error>, to: &SharedToken, password: Option<&Pin>) -> Result<Copied> {
    let expected = Expected::of(&set)?;
    let mut token = lock(to);
    let writer =
        token.writer().ok_or(Error::new(ErrorKind::Unsupported, "storing a set on a medium that takes none"))?;
    let entry = writer.import(set, password)?;
    let scope = Scope::Entry(entry.clone());
    if let Some(password) = password {
        token.login(Role::User, &scope, password)?;
    }
    let mut checked = expected.check(&mut **token, &entry);
    if password.is_some() {
        // A token's import has let the keys do their work already: each use may cost a touch or a PIN.
        checked = checked.and_then(|()| expected.keys_work(&mut **token, &entry));
        token.logout(&scope);
    }
    checked.map_err(|error| {
        Error::new(error.kind(), "checking the copy of a set").about(entry.as_str()).caused_by(error)
    })?;
    Ok(Copied {
        entry,
        km: expected.km.is_some(),
        authorities: expected.authorities.len(),
        vid_random: expected.sign.vid_random.is_some(),
        problems,
    })
}

/// Takes a set away if it still is the one with these certificates.
fn remove(from: &SharedToken, entry: &EntryName, certificates: &[Vec<u8>]) -> Result<()> {
    let mut token = lock(from);
    let there = find(&mut **token, entry)?;
    let set = there.content.as_ref().map_err(Clone::clone)?;
    let same = set.pairs().map(|pair| pair.certificate.der()).eq(certificates.iter().map(Vec::as_slice));
    if !same || !there.problems.is_empty() {
        return Err(Error::new(ErrorKind::Busy, "removing a set that changed meanwhile").about(entry.as_str()));
    }
    let writer = token.writer().ok_or(Error::new(ErrorKind::WriteProtected, "removing a set"))?;
    writer.remove_set(entry)
}

fn find(token: &mut dyn Token, entry: &EntryName) -> Result<Arc<Entry>> {
    let entries = token.entries()?;
    let found = entries.iter().find(|known| known.name == *entry);
    found.cloned().ok_or_else(|| Error::new(ErrorKind::NotFound, "looking for a set").about(entry.as_str()))
}

fn certificates(set: &NewSet) -> Vec<Vec<u8>> {
    std::iter::once(&set.sign).chain(&set.km).map(|pair| pair.certificate.der().to_vec()).collect()
}

fn read_key(private_key_info: &SecretBytes) -> Result<PrivateKeyInfo> {
    Ok(PrivateKeyInfo::from_der(SecretBytes::copy_of(private_key_info.expose()))?)
}

fn without_vid_random(private_key_info: &SecretBytes) -> Result<SecretBytes> {
    let bare = PrivateKeyInfo::new_rsa(read_key(private_key_info)?.rsa_private_key(), None)?;
    Ok(SecretBytes::copy_of(bare.der()))
}

/// What the copy must be.
struct Expected {
    sign: ExpectedPair,
    km: Option<ExpectedPair>,
    authorities: Vec<Certificate>,
}

struct ExpectedPair {
    certificate: Certificate,
    vid_random: Option<VidRandom>,
}

impl Expected {
    fn of(set: &NewSet) -> Result<Self> {
        Ok(Self {
            sign: ExpectedPair::of(&set.sign)?,
            km: set.km.as_ref().map(ExpectedPair::of).transpose()?,
            authorities: set.sign.ca_certificates.clone(),
        })
    }

    fn check(&self, token: &mut dyn Token, entry: &EntryName) -> Result<()> {
        let there = find(token, entry)?;
        let set: &Credential = there.content.as_ref().map_err(Clone::clone)?;
        let lacks = |authority: &Certificate| !set.ca_certificates.iter().any(|there| **there == *authority);
        if set.km.is_some() != self.km.is_some() || self.authorities.iter().any(lacks) {
            return Err(Error::new(ErrorKind::Mismatch, "comparing a copy with its original"));
        }
        self.sign.check(token, &set.sign)?;
        self.km.as_ref().zip(set.km.as_ref()).map_or(Ok(()), |(expected, km)| expected.check(token, km))
    }

    fn keys_work(&self, token: &mut dyn Token, entry: &EntryName) -> Result<()> {
        let there = find(token, entry)?;
        let set = there.content.as_ref().map_err(Clone::clone)?;
        for pair in set.pairs() {
            key_works(token, key_of(pair)?, &pair.certificate)?;
        }
        Ok(())
    }
}

fn key_of(pair: &Pair) -> Result<&KeyId> {
    pair.key.as_ref().ok_or(Error::new(ErrorKind::NotFound, "looking for the key of a copy"))
}

impl ExpectedPair {
    fn of(pair: &NewPair) -> Result<Self> {
        let vid_random = read_key(&pair.private_key_info)?.vid_random();
        Ok(Self { certificate: pair.certificate.clone(), vid_random })
    }

    fn check(&self, token: &mut dyn Token, pair: &Pair) -> Result<()> {
        if *pair.certificate != self.certificate {
            return Err(Error::new(ErrorKind::Mismatch, "comparing the certificate of a copy"));
        }
        let there = token.vid_random(key_of(pair)?)?;
        let same = there.as_ref().map(VidRandom::expose) == self.vid_random.as_ref().map(VidRandom::expose);
        if same { Ok(()) } else { Err(Error::new(ErrorKind::Mismatch, "comparing R of a copy")) }
    }
}
