//! This file reads PrivateKeyInfo (PKCS#8, RFC 5208) and R in its attributes, and keeps every byte as it was.

use std::fmt;
use std::ops::Range;

use const_oid::db::rfc5912::RSA_ENCRYPTION;
use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef};
use der::{Decode, Encode, Reader, SliceReader, Tag, TagNumber, Tagged};
use rsa::pkcs1::RsaPrivateKeyRef;
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::credential::VidRandom;
use crate::npki::key_file::KeyFileError;
use crate::secret::SecretBytes;

/// A decrypted PrivateKeyInfo: its exact DER, wiped on drop. Conversions carry these bytes, never a re-encoding.
pub struct PrivateKeyInfo {
    der: SecretBytes,
    parts: Parts,
}

/// Where the parts are in the DER.
struct Parts {
    algorithm: ObjectIdentifier,
    key: Range<usize>,
    vid_random: Option<Range<usize>>,
}

/// Version 0 and the AlgorithmIdentifier of RSA with NULL parameters.
const VERSION_AND_RSA: [u8; 18] =
    [0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];

/// The attribute R up to its 20 bytes: SEQUENCE { 1.2.410.200004.10.1.1.3, SET { BIT STRING without unused bits } }.
const VID_RANDOM: [u8; 19] =
    [0x30, 0x25, 0x06, 0x0a, 0x2a, 0x83, 0x1a, 0x8c, 0x9a, 0x44, 0x0a, 0x01, 0x01, 0x03, 0x31, 0x17, 0x03, 0x15, 0x00];

/// The tag of the attributes: `[0] IMPLICIT SET OF Attribute`.
const ATTRIBUTES: Tag = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };

impl PrivateKeyInfo {
    /// Reads it. RSA, with or without NULL parameters; attributes may be missing or of a kind that is not known here.
    ///
    /// # Errors
    /// `Damaged`; `UnknownAlgorithm` if it is no RSA key.
    pub fn from_der(der: SecretBytes) -> Result<Self, KeyFileError> {
        let parts = Parts::read(der.expose()).map_err(|_| KeyFileError::Damaged("PrivateKeyInfo"))?;
        if parts.algorithm != RSA_ENCRYPTION {
            return Err(KeyFileError::UnknownAlgorithm(parts.algorithm));
        }
        Ok(Self { der, parts })
    }

    /// Writes one around a new key, the DER of an RSAPrivateKey (RFC 8017 appendix A.1.2), with R if there is one.
    ///
    /// # Errors
    /// `Damaged` if the key is far longer than any RSA key is.
    pub fn new_rsa(rsa_private_key: &[u8], vid_random: Option<&VidRandom>) -> Result<Self, KeyFileError> {
        let write = || {
            let key = Zeroizing::new(OctetStringRef::new(rsa_private_key)?.to_der()?);
            let attribute = Zeroizing::new(vid_random.map(|random| [&VID_RANDOM, random.expose()].concat()));
            let attributes = match attribute.as_deref() {
                Some(attribute) => Zeroizing::new(AnyRef::new(ATTRIBUTES, attribute)?.to_der()?),
                None => Zeroizing::default(),
            };
            let content = Zeroizing::new([&VERSION_AND_RSA[..], &key, &attributes].concat());
            AnyRef::new(Tag::Sequence, &content)?.to_der()
        };
        let der = write().map_err(|_: der::Error| KeyFileError::Damaged("length of the private key"))?;
        Self::from_der(der.into())
    }

    /// The exact DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        self.der.expose()
    }

    /// DER of the RSAPrivateKey inside.
    #[must_use]
    pub fn rsa_private_key(&self) -> &[u8] {
        &self.der()[self.parts.key.clone()]
    }

    /// Modulus and public exponent of the key, big-endian without leading zeros.
    ///
    /// # Errors
    /// `Damaged` if the key inside is no RSAPrivateKey.
    pub fn rsa_public(&self) -> Result<(&[u8], &[u8]), KeyFileError> {
        let key = RsaPrivateKeyRef::from_der(self.rsa_private_key());
        let key = key.map_err(|_| KeyFileError::Damaged("RSAPrivateKey"))?;
        Ok((key.modulus.as_bytes(), key.public_exponent.as_bytes()))
    }

    /// R; `None` if the key has none.
    #[must_use]
    pub fn vid_random(&self) -> Option<VidRandom> {
        let random = self.der().get(self.parts.vid_random.clone()?)?;
        Some(VidRandom::copy_of(random.try_into().ok()?))
    }
}

impl Parts {
    /// Reads the structure with nothing behind it; version 1 (RFC 5958), which adds a public key, is read as well.
    fn read(der: &[u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let parts = reader.sequence(|reader| {
            let version: u8 = reader.decode()?;
            if version > 1 {
                return Err(reader.error(Tag::Integer.value_error()));
            }
            let algorithm: AlgorithmIdentifierRef<'_> = reader.decode()?;
            let key: &OctetStringRef = reader.decode()?;
            let mut parts =
                Self { algorithm: algorithm.oid, key: ending_here(key.as_bytes(), reader)?, vid_random: None };
            while !reader.is_finished() {
                let part: AnyRef<'_> = reader.decode()?;
                match part.tag() {
                    ATTRIBUTES => {
                        let attributes = ending_here(part.value(), reader)?;
                        let vid_random = find_vid_random(part.value());
                        parts.vid_random = vid_random.map(|at| attributes.start + at.start..attributes.start + at.end);
                    }
                    Tag::ContextSpecific { .. } => {}
                    unknown => return Err(reader.error(unknown.unexpected_error(None))),
                }
            }
            Ok::<_, der::Error>(parts)
        })?;
        reader.finish()?;
        Ok(parts)
    }
}

/// Where the bytes are that the reader has just read.
fn ending_here<'a>(bytes: &[u8], reader: &impl Reader<'a>) -> der::Result<Range<usize>> {
    let end = usize::try_from(reader.position())?;
    Ok(end - bytes.len()..end)
}

/// Where in the SET OF Attribute the 20 bytes of R are. An attribute of any other form is not R, and no error: the key
/// is as good without.
fn find_vid_random(attributes: &[u8]) -> Option<Range<usize>> {
    let mut reader = SliceReader::new(attributes).ok()?;
    while !reader.is_finished() {
        let attribute = reader.tlv_bytes().ok()?;
        if let Some(random) = attribute.strip_prefix(&VID_RANDOM)
            && random.len() == VidRandom::LEN
        {
            return ending_here(random, &reader).ok();
        }
    }
    None
}

impl fmt::Debug for PrivateKeyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.parts.vid_random.is_some() { "with R" } else { "without R" };
        write!(f, "PrivateKeyInfo({} bytes, {kind})", self.der.len())
    }
}
