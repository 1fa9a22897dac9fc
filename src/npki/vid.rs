//! This file checks a certificate's owner (본인확인) by VID: the certificate's hash over the owner's number and R
//! (as KCAC.TS.SIVID is implemented; RFC 4683 is its international sibling).
//!
//! ```text
//! HashContent ::= SEQUENCE { idn PrintableString, randomNum BIT STRING }
//! VID = h(h(DER(HashContent)))
//! ```

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
use der::asn1::{AnyRef, BitStringRef, ContextSpecific, OctetStringRef, PrintableStringRef};
use der::{Decode as _, Encode as _, Header, Reader as _, SliceReader, Tag, TagNumber};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use crate::certificate::{Certificate, decode_string};
use crate::credential::VidRandom;
use crate::crypto::Hasher;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::Hash;
use crate::secret::SecretBytes;

/// id-kisa-identifyData: the otherName of the subjectAltName.
pub const IDENTIFY_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.410.200004.10.1.1");
/// id-VID: the attribute within it.
pub const VID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.410.200004.10.1.1.1");

/// identifyData: what the certificate says about its owner's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentifyData {
    /// realName, as it stands.
    pub real_name: String,
    /// The VID; `None` if it has none, as CA certificates.
    pub vid: Option<Vid>,
}

/// A VID: public, and of no use for finding the number without R.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vid {
    hash: Hash,
    value: Box<[u8]>,
}

impl IdentifyData {
    /// Reads it from a certificate; `None` if there is none (km certificates have none).
    ///
    /// # Errors
    /// `Damaged`; `Unsupported` for a VID of another hash than SHA-1, SHA-256, SHA-384 or SHA-512 (HAS-160 of old).
    pub fn of(certificate: &Certificate) -> Result<Option<Self>> {
        let Some(names) = certificate.extension(ID_CE_SUBJECT_ALT_NAME) else { return Ok(None) };
        let damaged = |error| Error::new(ErrorKind::Damaged, "reading identifyData").caused_by(error);
        let Some(content) = find_identify_data(names).map_err(damaged)? else { return Ok(None) };
        let (real_name, vid) = read_identify_data(content).map_err(damaged)?;
        let vid = vid.map(Vid::from_parts).transpose()?;
        Ok(Some(Self { real_name, vid }))
    }
}

impl Vid {
    /// Computes the VID of this number (주민등록번호, 사업자등록번호) and R. Hyphens and spaces in the number do not count.
    ///
    /// # Errors
    /// `InvalidInput` if the number is empty, longer than 64 digits, or has anything but digits.
    pub fn compute(hash: Hash, idn: &SecretBytes, random: &VidRandom) -> Result<Self> {
        let digits = digits_of(idn)?;
        let content = hash_content(&digits, random)?;
        let once = Zeroizing::new(Hasher::digest(hash, &content));
        Ok(Self { hash, value: Hasher::digest(hash, &once).into() })
    }

    /// Whether this number and R make this very VID; the same time for every wrong one.
    ///
    /// # Errors
    /// As [`compute`](Self::compute).
    pub fn fits(&self, idn: &SecretBytes, random: &VidRandom) -> Result<bool> {
        let computed = Self::compute(self.hash, idn, random)?;
        Ok(aws_lc_rs::constant_time::verify_slices_are_equal(&self.value, &computed.value).is_ok())
    }

    /// Its hash function.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn from_parts((algorithm, value): (ObjectIdentifier, &[u8])) -> Result<Self> {
        use const_oid::db::rfc5912::{ID_SHA_1, ID_SHA_256, ID_SHA_384, ID_SHA_512};
        let hash = match algorithm {
            ID_SHA_1 => Hash::Sha1,
            ID_SHA_256 => Hash::Sha256,
            ID_SHA_384 => Hash::Sha384,
            ID_SHA_512 => Hash::Sha512,
            other => return Err(Error::new(ErrorKind::Unsupported, "reading a VID").about(other.to_string())),
        };
        if value.len() != hash.len() {
            return Err(Error::new(ErrorKind::Damaged, "reading a VID"));
        }
        Ok(Self { hash, value: value.into() })
    }
}

/// The digits alone.
fn digits_of(idn: &SecretBytes) -> Result<Zeroizing<Vec<u8>>> {
    const MAX_DIGITS: usize = 64;
    let invalid = || Error::new(ErrorKind::InvalidInput, "reading the number for identification");
    if idn.len() > 2 * MAX_DIGITS {
        return Err(invalid());
    }
    // Never grows, so leaves no copy behind.
    let mut digits = Zeroizing::new(Vec::with_capacity(idn.len()));
    for &byte in idn.expose() {
        match byte {
            b'-' | b' ' => {}
            b'0'..=b'9' => digits.push(byte),
            _ => return Err(invalid()),
        }
    }
    if digits.is_empty() || digits.len() > MAX_DIGITS { Err(invalid()) } else { Ok(digits) }
}

#[derive(der::Sequence)]
struct HashContent<'a> {
    idn: PrintableStringRef<'a>,
    random_num: BitStringRef<'a>,
}

fn hash_content(digits: &[u8], random: &VidRandom) -> Result<Zeroizing<Vec<u8>>> {
    let encode = || {
        let content = HashContent {
            idn: PrintableStringRef::new(digits)?,
            random_num: BitStringRef::from_bytes(random.expose())?,
        };
        let mut der = Zeroizing::new(vec![0; usize::try_from(content.encoded_len()?)?]);
        content.encode_to_slice(&mut der)?;
        Ok::<_, der::Error>(der)
    };
    encode().map_err(|error| Error::new(ErrorKind::InvalidInput, "computing a VID").caused_by(error))
}

/// The identifyData within GeneralNames (RFC 5280 section 4.2.1.6); names of other forms are skipped.
fn find_identify_data(names: &[u8]) -> der::Result<Option<AnyRef<'_>>> {
    let mut found = None;
    SliceReader::new(names)?.sequence(|names| {
        while !names.is_finished() {
            let name = AnyRef::decode(names)?;
            if name.header().tag() != context_specific(0) || found.is_some() {
                continue;
            }
            let mut fields = SliceReader::new(name.value())?;
            if ObjectIdentifier::decode(&mut fields)? == IDENTIFY_DATA {
                found =
                    ContextSpecific::<AnyRef<'_>>::decode_explicit(&mut fields, TagNumber(0))?.map(|field| field.value);
            }
        }
        Ok::<_, der::Error>(())
    })?;
    Ok(found)
}

/// Hash algorithm and value of a VID.
type VidParts<'a> = (ObjectIdentifier, &'a [u8]);

fn read_identify_data(content: AnyRef<'_>) -> der::Result<(String, Option<VidParts<'_>>)> {
    let mut vid = None;
    let real_name = content.sequence(|fields| {
        let real_name = AnyRef::decode(fields)?;
        if !fields.is_finished() {
            fields.sequence(|attributes| {
                while !attributes.is_finished() {
                    let (kind, value) = attributes.sequence(|pair| {
                        Ok::<_, der::Error>((ObjectIdentifier::decode(pair)?, AnyRef::decode(pair)?))
                    })?;
                    if kind == VID && vid.is_none() {
                        vid = Some(read_vid(value)?);
                    }
                }
                Ok::<_, der::Error>(())
            })?;
        }
        Ok::<_, der::Error>(decode_string(real_name))
    })?;
    Ok((real_name, vid))
}

fn read_vid(value: AnyRef<'_>) -> der::Result<VidParts<'_>> {
    value.sequence(|fields| {
        let algorithm = AlgorithmIdentifierRef::decode(fields)?.oid;
        let explicit = Header::decode(fields)?;
        explicit.tag().assert_eq(context_specific(0))?;
        let value = fields.read_nested(explicit.length(), <&OctetStringRef>::decode)?;
        Ok::<_, der::Error>((algorithm, value.as_bytes()))
    })
}

const fn context_specific(number: u32) -> Tag {
    Tag::ContextSpecific { constructed: true, number: TagNumber(number) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: [u8; 20] = [
        0x79, 0xEA, 0x75, 0x68, 0xA2, 0xD3, 0x77, 0x66, 0x04, 0xE1, 0x8B, 0xCD, 0x3A, 0x1B, 0x1B, 0x85, 0xB7, 0xDA,
        0x08, 0x72,
    ];

    fn compute(hash: Hash, idn: &[u8]) -> Result<Vid> {
        Vid::compute(hash, &SecretBytes::copy_of(idn), &VidRandom::copy_of(&RANDOM))
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_published_vector_is_met() {
        let content = hash_content(b"1234561234567", &VidRandom::copy_of(&RANDOM)).unwrap();
        assert_eq!(hex(&content), "3026130d3132333435363132333435363703150079ea7568a2d3776604e18bcd3a1b1b85b7da0872");
        let vid = compute(Hash::Sha256, b"1234561234567").unwrap();
        assert_eq!(hex(vid.value()), "17692c8dd00ead33791de0a64a937c60799634c64ac56fa57570c0e05252ab35");
    }

    #[test]
    fn hyphens_and_spaces_do_not_count_and_leading_zeros_of_r_do() {
        let plain = compute(Hash::Sha256, b"1234561234567").unwrap();
        assert_eq!(compute(Hash::Sha256, b" 123456-1234567 ").unwrap(), plain);
        let idn = SecretBytes::copy_of(b"1234561234567");
        assert!(plain.fits(&idn, &VidRandom::copy_of(&RANDOM)).unwrap());
        let mut zero_led = RANDOM;
        zero_led[0] = 0;
        let zero_led = Vid::compute(Hash::Sha256, &idn, &VidRandom::copy_of(&zero_led)).unwrap();
        assert_ne!(zero_led, plain);
        assert!(!zero_led.fits(&idn, &VidRandom::copy_of(&RANDOM)).unwrap());
    }

    #[test]
    fn every_hash_is_applied_twice_and_has_its_length() {
        for hash in Hash::ALL {
            let content = hash_content(b"9001011234567", &VidRandom::copy_of(&RANDOM)).unwrap();
            let vid = compute(hash, b"9001011234567").unwrap();
            assert_eq!(vid.value(), Hasher::digest(hash, &Hasher::digest(hash, &content)));
            assert_eq!((vid.value().len(), vid.hash()), (hash.len(), hash));
        }
    }

    #[test]
    fn a_number_with_anything_but_digits_is_refused() {
        for idn in [&b""[..], b"-- ", b"12345a", "１２３".as_bytes(), b"123\n", &[b'1'; 65], &[b'-'; 1000]] {
            assert_eq!(compute(Hash::Sha256, idn).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
