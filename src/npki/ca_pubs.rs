//! This file reads and writes `CaPubs`: the CA certificates kept with a set, root first (SEQUENCE OF Certificate).

use der::asn1::AnyRef;
use der::{Decode as _, Encode as _, Header, Length, Reader as _, SliceReader, Tag, Tagged as _};

use crate::certificate::Certificate;
use crate::error::{Error, ErrorKind, Result};

/// The longest file that is read, in bytes.
pub const MAX_LEN: usize = 1 << 20;
/// The most certificates that are read.
pub const MAX_CERTIFICATES: usize = 32;

/// Reads the certificates in their order, root first; bytes behind the SEQUENCE are ignored.
///
/// # Errors
/// `Damaged` if one of them is not a certificate, or there are more than [`MAX_CERTIFICATES`].
pub fn from_der(bytes: &[u8]) -> Result<Vec<Certificate>> {
    let tlvs = split(&bytes[..bytes.len().min(MAX_LEN)])
        .map_err(|error| Error::new(ErrorKind::Damaged, "reading CaPubs").caused_by(error))?;
    if tlvs.len() > MAX_CERTIFICATES {
        return Err(Error::new(ErrorKind::Damaged, "reading CaPubs"));
    }
    tlvs.into_iter().map(Certificate::from_der).collect()
}

/// The TLVs within the SEQUENCE, one more than the limit at most.
fn split(bytes: &[u8]) -> der::Result<Vec<&[u8]>> {
    let sequence = AnyRef::decode(&mut SliceReader::new(bytes)?)?;
    sequence.tag().assert_eq(Tag::Sequence)?;
    let mut list = SliceReader::new(sequence.value())?;
    let mut tlvs = Vec::new();
    while !list.is_finished() && tlvs.len() <= MAX_CERTIFICATES {
        tlvs.push(list.tlv_bytes()?);
    }
    Ok(tlvs)
}

/// Writes the certificates in this order.
///
/// # Errors
/// `InvalidInput` if they are too long for one file or too many.
pub fn to_der<'a>(certificates: impl IntoIterator<Item = &'a Certificate>) -> Result<Vec<u8>> {
    let too_long = || Error::new(ErrorKind::InvalidInput, "writing CaPubs");
    let content: Vec<&[u8]> = certificates.into_iter().map(Certificate::der).collect();
    let content_len = content.iter().map(|der| der.len()).sum::<usize>();
    if content.len() > MAX_CERTIFICATES || content_len > MAX_LEN - 8 {
        return Err(too_long());
    }
    let length = Length::try_from(content_len).map_err(|_| too_long())?;
    let mut file = Header::new(Tag::Sequence, length).to_der().map_err(|_| too_long())?;
    for der in content {
        file.extend_from_slice(der);
    }
    Ok(file)
}
