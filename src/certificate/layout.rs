//! This file finds the parts of a certificate (RFC 5280 section 4.1) in one walk, without copying or decoding them.

use std::ops::Range;

use der::asn1::{GeneralizedTime, UtcTime};
use der::{Decode as _, Header, Reader as _, SliceReader, Tag};

/// Where a part is: offsets into the certificate's DER.
#[derive(Clone, Copy, Default)]
pub(super) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(super) const fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The parts of a certificate. Every span is a whole TLV, unless it says otherwise.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub(super) tbs: Span,
    pub(super) serial: Span,
    pub(super) tbs_signature_algorithm: Span,
    pub(super) issuer: Span,
    pub(super) not_before: i64,
    pub(super) not_after: i64,
    pub(super) subject: Span,
    pub(super) public_key_info: Span,
    /// What is inside the SEQUENCE OF Extension; empty if there is none.
    pub(super) extensions: Span,
    pub(super) signature_algorithm: Span,
    /// The signature's octets.
    pub(super) signature: Span,
}

impl Layout {
    /// Walks the certificate that `bytes` begin with; also returns its length.
    pub(super) fn read(bytes: &[u8]) -> der::Result<(Self, usize)> {
        let mut reader = SliceReader::new(bytes)?;
        let layout = reader.sequence(Self::read_certificate)?;
        Ok((layout, usize::try_from(reader.position())?))
    }

    fn read_certificate(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        let start = offset(reader);
        let mut layout = reader.sequence(Self::read_tbs)?;
        layout.tbs = Span { start, end: offset(reader) };
        layout.signature_algorithm = tlv(reader, Tag::Sequence)?;
        layout.signature = signature_octets(reader)?;
        Ok(layout)
    }

    fn read_tbs(reader: &mut SliceReader<'_>) -> der::Result<Self> {
        if reader.peek_byte() == Some(VERSION) {
            reader.tlv_bytes()?;
        }
        let serial = tlv(reader, Tag::Integer)?;
        let tbs_signature_algorithm = tlv(reader, Tag::Sequence)?;
        let issuer = tlv(reader, Tag::Sequence)?;
        let (not_before, not_after) =
            reader.sequence(|validity| Ok::<_, der::Error>((time(validity)?, time(validity)?)))?;
        let subject = tlv(reader, Tag::Sequence)?;
        let public_key_info = tlv(reader, Tag::Sequence)?;
        // issuerUniqueID [1] and subjectUniqueID [2] are skipped.
        while matches!(reader.peek_byte(), Some(0x81 | 0x82)) {
            reader.tlv_bytes()?;
        }
        let mut extensions = Span::default();
        if !reader.is_finished() {
            if reader.peek_byte() != Some(EXTENSIONS) {
                return Err(reader.error(der::ErrorKind::Failed));
            }
            let explicit = Header::decode(reader)?;
            extensions = reader.read_nested(explicit.length(), |inner| {
                let sequence = Header::decode(inner)?;
                sequence.tag().assert_eq(Tag::Sequence)?;
                let start = offset(inner);
                inner.read_slice(sequence.length())?;
                Ok::<_, der::Error>(Span { start, end: offset(inner) })
            })?;
        }
        Ok(Self {
            tbs: Span::default(),
            serial,
            tbs_signature_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            public_key_info,
            extensions,
            signature_algorithm: Span::default(),
            signature: Span::default(),
        })
    }
}

const VERSION: u8 = 0xA0;
const EXTENSIONS: u8 = 0xA3;

fn offset(reader: &SliceReader<'_>) -> u32 {
    reader.position().into()
}

fn tlv(reader: &mut SliceReader<'_>, tag: Tag) -> der::Result<Span> {
    let start = offset(reader);
    let header = Header::decode(reader)?;
    header.tag().assert_eq(tag)?;
    reader.read_slice(header.length())?;
    Ok(Span { start, end: offset(reader) })
}

fn signature_octets(reader: &mut SliceReader<'_>) -> der::Result<Span> {
    let header = Header::decode(reader)?;
    header.tag().assert_eq(Tag::BitString)?;
    let unused_bits = reader.position();
    let content = reader.read_slice(header.length())?;
    if content.first() != Some(&0) {
        return Err(Tag::BitString.value_error().at(unused_bits));
    }
    Ok(Span { start: u32::from(unused_bits) + 1, end: offset(reader) })
}

fn time(reader: &mut SliceReader<'_>) -> der::Result<i64> {
    let since_1970 = match Tag::peek(reader)? {
        Tag::GeneralizedTime => GeneralizedTime::decode(reader)?.to_unix_duration(),
        _ => UtcTime::decode(reader)?.to_unix_duration(),
    };
    // The year is at most 9999.
    Ok(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
}
