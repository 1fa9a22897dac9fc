//! This file takes a set off a token whose keys may leave it: those that were made so (CKA_EXTRACTABLE, not CKA_SENSITIVE).

use cryptoki::object::{Attribute, AttributeType};
use cryptoki::session::Session;
use zeroize::Zeroize as _;

use super::survey::{Survey, flag};
use super::template::wipe;
use super::token::Pkcs11Token;
use super::writer::WRITING;
use crate::certificate::Certificate;
use crate::credential::{EntryName, Pair, VidRandom};
use crate::crypto::rsa::PrivateNumbers;
use crate::error::{Error, ErrorKind, Result};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::secret::SecretBytes;
use crate::token::{Exporter, NewPair, NewSet, Token as _};

impl Exporter for Pkcs11Token {
    fn export(&mut self, entry: &EntryName) -> Result<NewSet> {
        let set = self.set(entry)?;
        let mut sign = self.export_pair(&set.sign)?;
        sign.ca_certificates = set.ca_certificates.iter().map(|authority| Certificate::clone(authority)).collect();
        Ok(NewSet { sign, km: set.km.as_ref().map(|km| self.export_pair(km)).transpose()? })
    }
}

impl Pkcs11Token {
    fn export_pair(&mut self, pair: &Pair) -> Result<NewPair> {
        let without = || Error::new(ErrorKind::NotFound, "looking for the key of a certificate");
        let id = pair.key.as_ref().ok_or_else(without)?;
        let random = self.vid_random(id)?;
        let (modulus, _) = pair.certificate.rsa_public().ok_or_else(without)?;
        let modulus = modulus.to_vec();
        let key = self.while_logged_in(WRITING, move |session| private_key(session, &modulus))?;
        Ok(NewPair {
            certificate: Certificate::clone(&pair.certificate),
            private_key_info: with_random(&key, random.as_ref())?,
            ca_certificates: Vec::new(),
        })
    }
}

fn with_random(key: &SecretBytes, random: Option<&VidRandom>) -> Result<SecretBytes> {
    let info = PrivateKeyInfo::new_rsa(key.expose(), random)?;
    Ok(SecretBytes::copy_of(info.der()))
}

/// RSAPrivateKey of the private key with this modulus.
fn private_key(session: &Session, modulus: &[u8]) -> Result<SecretBytes> {
    let there = Survey::of(session)?;
    let key = there.private_keys.iter().find(|key| key.content == modulus);
    let key = key.ok_or(Error::new(ErrorKind::NotFound, "looking for a private key"))?.handle;
    let stays = flag(session, key, AttributeType::Sensitive) != Some(false)
        || flag(session, key, AttributeType::Extractable) != Some(true);
    if stays {
        return Err(Error::new(ErrorKind::Unsupported, "taking a key off its token, which it never leaves"));
    }
    let mut numbers = Numbers::default();
    // All in one call: what a growing vector leaves behind nobody wipes.
    let attributes = super::contents::attributes(session, key, &PARTS)?;
    for attribute in attributes {
        numbers.take(attribute);
    }
    numbers.to_der(modulus)
}

const PARTS: [AttributeType; 7] = [
    AttributeType::PublicExponent,
    AttributeType::PrivateExponent,
    AttributeType::Prime1,
    AttributeType::Prime2,
    AttributeType::Exponent1,
    AttributeType::Exponent2,
    AttributeType::Coefficient,
];

/// The numbers of a key as the token gives them; wiped on drop.
#[derive(Default)]
struct Numbers([Vec<u8>; PARTS.len()]);

impl Numbers {
    fn take(&mut self, attribute: Attribute) {
        let place = PARTS.iter().position(|part| *part == attribute.attribute_type());
        match (place, attribute) {
            (
                Some(place),
                Attribute::PublicExponent(bytes)
                | Attribute::PrivateExponent(bytes)
                | Attribute::Prime1(bytes)
                | Attribute::Prime2(bytes)
                | Attribute::Exponent1(bytes)
                | Attribute::Exponent2(bytes)
                | Attribute::Coefficient(bytes),
            ) => self.0[place] = bytes,
            (_, other) => wipe(&mut [other]),
        }
    }

    fn to_der(&self, modulus: &[u8]) -> Result<SecretBytes> {
        let [public_exponent, private_exponent, prime_1, prime_2, exponent_1, exponent_2, coefficient] = &self.0;
        if self.0.iter().any(Vec::is_empty) {
            return Err(Error::new(ErrorKind::Unsupported, "taking a key off a token that does not give all of it"));
        }
        PrivateNumbers {
            modulus,
            public_exponent,
            private_exponent,
            prime_1,
            prime_2,
            exponent_1,
            exponent_2,
            coefficient,
        }
        .to_der()
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        self.0.iter_mut().for_each(Vec::zeroize);
    }
}
