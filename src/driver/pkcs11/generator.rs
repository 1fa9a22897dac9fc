//! This file makes key pairs in a token and adds the certificate that a CA issues for one.

use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, ObjectHandle};
use cryptoki::session::Session;
use sha1::{Digest as _, Sha1};

use super::failure::failed;
use super::session::LONG;
use super::sets::bare_name;
use super::survey::{Survey, read};
use super::template::{Naming, Template};
use super::token::Pkcs11Token;
use super::writer::{WRITING, destroy};
use crate::certificate::Certificate;
use crate::credential::{EntryName, KeyId, Purpose};
use crate::crypto::random;
use crate::crypto::rsa::public_key_info;
use crate::error::{Error, ErrorKind, Result};
use crate::proof::key_works;
use crate::token::{Generated, Generator, Token as _};

/// Lengths of modulus that are worth making, in bits.
const BITS: [u32; 3] = [2048, 3072, 4096];

const MAKING: &str = "making a key pair in a token";

impl Generator for Pkcs11Token {
    fn generate(&mut self, bits: u32, label: &str) -> Result<Generated> {
        if !BITS.contains(&bits) {
            return Err(Error::new(ErrorKind::InvalidInput, MAKING));
        }
        super::relabel::check_label(label)?;
        let mut id = [0; 20];
        random::fill(&mut id)?;
        let label = label.to_owned();
        let (id, public_key_info) = self.while_logged_in(LONG, move |session| generate(session, bits, &label, &id))?;
        let key = self.key_of(&id, &public_key_info)?;
        Ok(Generated { key, public_key_info })
    }

    fn attach(&mut self, certificate: &Certificate, authorities: &[Certificate]) -> Result<EntryName> {
        let (certificate, authorities) = (certificate.clone(), authorities.to_vec());
        let attached = certificate.clone();
        let made = self.while_logged_in(WRITING, move |session| attach(session, &certificate, &authorities))?;
        let entry = self.check_attached(&attached);
        if entry.is_err() {
            // A certificate that is not its key's is worse than none; the key stays.
            drop(self.while_logged_in(WRITING, move |session| destroy(session, made.into_iter().rev())));
            drop(self.entries());
        }
        entry
    }
}

impl Pkcs11Token {
    /// Names a private key that is there without a certificate.
    fn key_of(&mut self, id: &[u8], public_key_info: &[u8]) -> Result<KeyId> {
        use sha2::Sha256;
        self.entries()?;
        Ok(KeyId { entry: bare_name(id), purpose: Purpose::Sign, public_key: Sha256::digest(public_key_info).into() })
    }

    fn check_attached(&mut self, certificate: &Certificate) -> Result<EntryName> {
        let entries = self.entries()?;
        let found = entries.iter().find_map(|entry| {
            let set = entry.content.as_ref().ok()?;
            let pair = set.pairs().find(|pair| *pair.certificate == *certificate)?;
            Some((entry.name.clone(), pair.key.clone()?))
        });
        let (entry, key) = found.ok_or(Error::new(ErrorKind::Mismatch, "reading back what was stored on a token"))?;
        key_works(self, &key, certificate)?;
        Ok(entry)
    }
}

/// Makes a pair and gives it the CKA_ID that a certificate's subjectKeyIdentifier will usually be; if the token does not let
/// it be changed it keeps `id`. That and the SubjectPublicKeyInfo.
fn generate(session: &Session, bits: u32, label: &str, id: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let common = || [Attribute::Token(true), Attribute::Id(id.to_vec()), Attribute::Label(label.into())];
    let public = [Attribute::Private(false), Attribute::ModulusBits(u64::from(bits).into()), Attribute::Verify(true)];
    let public = [&common()[..], &public, &[Attribute::PublicExponent(vec![1, 0, 1])]].concat();
    let private = [
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Decrypt(true),
    ];
    let private = [&common()[..], &private].concat();
    let made = session.generate_key_pair(&Mechanism::RsaPkcsKeyPairGen, &public, &private);
    let (public, private) = made.map_err(failed(MAKING))?;
    let named = name(session, public, private);
    named.map(|(better, info)| (better.unwrap_or_else(|| id.to_vec()), info)).inspect_err(|_| {
        // Nobody would find it.
        drop(destroy(session, [private, public]));
    })
}

fn name(session: &Session, public: ObjectHandle, private: ObjectHandle) -> Result<(Option<Vec<u8>>, Vec<u8>)> {
    let (modulus, exponent) =
        (read(session, public, AttributeType::Modulus)?, read(session, public, AttributeType::PublicExponent)?);
    let info = public_key_info(&modulus, &exponent)?;
    let better = subject_key_id(&info)?;
    let id = [Attribute::Id(better.clone())];
    // The private key first: it is what a certificate is matched with.
    if session.update_attributes(private, &id).is_err() {
        return Ok((None, info));
    }
    drop(session.update_attributes(public, &id));
    Ok((Some(better), info))
}

/// RFC 5280 section 4.2.1.2, method 1.
fn subject_key_id(public_key_info: &[u8]) -> Result<Vec<u8>> {
    use der::Decode as _;
    let info = spki::SubjectPublicKeyInfoRef::from_der(public_key_info);
    let info = info.map_err(|error| Error::new(ErrorKind::Damaged, MAKING).caused_by(error))?;
    Ok(Sha1::digest(info.subject_public_key.raw_bytes()).to_vec())
}

/// Adds a certificate to the private key that is there for it; the objects that were made.
fn attach(session: &Session, certificate: &Certificate, authorities: &[Certificate]) -> Result<Vec<ObjectHandle>> {
    const DOING: &str = "storing a certificate on a token";
    let there = Survey::of(session)?;
    if there.certificate(certificate.der()).is_some() {
        return Err(Error::new(ErrorKind::AlreadyExists, DOING).about(certificate.common_name()));
    }
    let modulus = certificate.rsa_public().map(|(modulus, _)| modulus);
    let key = there.private_keys.iter().find(|key| modulus.is_some_and(|modulus| key.content == modulus));
    let key = key.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "looking for the private key of a certificate").about(certificate.common_name())
    })?;
    let label = super::pair::label(certificate, &there);
    let naming = Naming { id: &key.id, label: &label, certificate };
    let missing = authorities.iter().filter(|authority| there.certificate(authority.der()).is_none());
    let mut templates: Vec<Template> = missing.map(Template::authority).collect();
    templates.push(Template::certificate(&naming));
    let mut made = Vec::new();
    for template in templates {
        match template.create(session, DOING) {
            Ok(handle) => made.push(handle),
            Err(error) => {
                drop(destroy(session, made.into_iter().rev()));
                return Err(error);
            }
        }
    }
    Ok(made)
}
