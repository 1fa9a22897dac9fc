//! This file reads X.501 Names, whatever string type they are written in, and picks the name for people out of them.

use std::borrow::Cow;
use std::fmt;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{C, CN, DC, L, O, OU, SERIAL_NUMBER, ST, STREET, UID};
use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, SliceReader, Tag};

/// A Name (RFC 5280 section 4.1.2.4), decoded as far as it can be read.
#[derive(Clone, Debug, Default)]
pub struct Name<'a> {
    /// In the order of the certificate: country first.
    attributes: Vec<Attribute<'a>>,
}

/// One attribute of a Name.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    /// Its type.
    pub oid: ObjectIdentifier,
    /// Whether it stands in the same RDN as the attribute before it.
    pub joined: bool,
    value: AnyRef<'a>,
}

impl Attribute<'_> {
    /// The value as it stands; what cannot be read of it is U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        decode_string(self.value)
    }

    /// The type's short name as in RFC 4514, `None` if it has none there.
    #[must_use]
    pub fn short_name(&self) -> Option<&'static str> {
        SHORT_NAMES.iter().find(|(oid, _)| *oid == self.oid).map(|(_, name)| *name)
    }
}

/// The attribute type of a short name as in RFC 4514, in any case: the other direction of [`Attribute::short_name`].
#[must_use]
pub fn attribute_type(short_name: &str) -> Option<ObjectIdentifier> {
    SHORT_NAMES.iter().find(|(_, name)| name.eq_ignore_ascii_case(short_name)).map(|(oid, _)| *oid)
}

const EMAIL_ADDRESS: ObjectIdentifier = const_oid::db::rfc3280::EMAIL_ADDRESS;

const SHORT_NAMES: [(ObjectIdentifier, &str); 11] = [
    (CN, "CN"),
    (OU, "OU"),
    (O, "O"),
    (C, "C"),
    (L, "L"),
    (ST, "ST"),
    (STREET, "STREET"),
    (DC, "DC"),
    (UID, "UID"),
    (SERIAL_NUMBER, "serialNumber"),
    (EMAIL_ADDRESS, "emailAddress"),
];

impl<'a> Name<'a> {
    /// Reads the DER of a Name up to the first part that cannot be read.
    #[must_use]
    pub fn of_der(der: &'a [u8]) -> Self {
        let mut name = Self::default();
        if let Some(content) = super::tlv_value(der) {
            // What was read before a damaged part is kept: a name for people is better than none.
            let _ = name.read(content);
        }
        name
    }

    fn read(&mut self, content: &'a [u8]) -> der::Result<()> {
        let mut rdns = SliceReader::new(content)?;
        while !rdns.is_finished() {
            let rdn = AnyRef::decode(&mut rdns)?;
            rdn.header().tag().assert_eq(Tag::Set)?;
            let mut set = SliceReader::new(rdn.value())?;
            let mut joined = false;
            while !set.is_finished() {
                let (oid, value) =
                    set.sequence(|pair| Ok::<_, der::Error>((ObjectIdentifier::decode(pair)?, AnyRef::decode(pair)?)))?;
                self.attributes.push(Attribute { oid, joined, value });
                joined = true;
            }
        }
        Ok(())
    }

    /// The attributes in the order of the certificate: country first, common name last.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.attributes
    }

    /// The most specific value of this type.
    #[must_use]
    pub fn last(&self, oid: ObjectIdentifier) -> Option<String> {
        self.attributes.iter().rfind(|attribute| attribute.oid == oid).map(Attribute::text)
    }

    /// CN.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.last(CN)
    }

    /// O.
    #[must_use]
    pub fn organization(&self) -> Option<String> {
        self.last(O)
    }

    /// Whether both are the same Name in the sense of RFC 5280 section 7.1: string type, case and repeated spaces do not
    /// count.
    #[must_use]
    pub fn matches(&self, other: &Name<'_>) -> bool {
        let folded = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        self.attributes.len() == other.attributes.len()
            && self.attributes.iter().zip(&other.attributes).all(|(mine, theirs)| {
                mine.oid == theirs.oid && mine.joined == theirs.joined && folded(mine.text()) == folded(theirs.text())
            })
    }
}

impl fmt::Display for Name<'_> {
    /// Like RFC 4514: leaf first, `,` between RDNs and `+` within one; an unknown type by its OID.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, attribute) in self.attributes.iter().enumerate().rev() {
            match attribute.short_name() {
                Some(short) => f.write_str(short)?,
                None => write!(f, "{}", attribute.oid)?,
            }
            write!(f, "={}", Escaped(&attribute.text()))?;
            if index > 0 {
                f.write_str(if attribute.joined { "+" } else { "," })?;
            }
        }
        Ok(())
    }
}

/// A value with the escapes of RFC 4514 section 2.4.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.chars().count().saturating_sub(1);
        for (index, character) in self.0.chars().enumerate() {
            let escape = match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => true,
                '#' => index == 0,
                ' ' => index == 0 || index == last,
                _ => false,
            };
            if escape {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

/// Reads a string of any type that names and notices are written in: UTF8String, PrintableString, IA5String, BMPString,
/// TeletexString and their like. What is not UTF-8 where it could be is taken for CP949, which Korean CAs wrote into
/// TeletexString at the beginning. What cannot be read is U+FFFD.
#[must_use]
pub fn decode_string(value: AnyRef<'_>) -> String {
    let bytes = value.value();
    match value.header().tag() {
        Tag::BmpString => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => match str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            // encoding_rs's EUC-KR is CP949.
            Err(_) => encoding_rs::EUC_KR.decode_without_bom_handling(bytes).0.into_owned(),
        },
    }
}

/// The owner's name within a CN such as `홍길동()0099049202611220000001`: up to the first `(` or ASCII digit. What stands
/// in parentheses at the very beginning, as `(주)`, belongs to the name; a name that the rule would leave empty, as
/// `3S상사(본점)`, goes up to the next `(`.
pub(super) fn owner(common_name: &str) -> &str {
    let common_name = common_name.trim();
    let lead = match common_name.strip_prefix('(').and_then(|rest| rest.find(')')) {
        Some(close) => close + 2,
        None => usize::from(common_name.starts_with('(')),
    };
    let (head, body) = common_name.split_at(lead);
    for stop in [|c: char| c == '(' || c.is_ascii_digit(), |c: char| c == '('] {
        let name = body.split(stop).next().unwrap_or_default();
        // Some CAs join name and number by an underscore or a hyphen.
        let name = name.trim_end_matches(|c: char| c.is_whitespace() || c == '_' || c == '-');
        if !name.is_empty() {
            return &common_name[..head.len() + name.len()];
        }
    }
    common_name
}

/// The text with every character replaced by U+FFFD that could deceive or disturb where it is shown: control characters
/// (so also line ends, tabs and terminal escapes), line and paragraph separators, bidirectional marks, overrides and
/// isolates, invisible characters. Names in certificates are raw; whoever shows one calls this.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(deceives) {
        Cow::Owned(text.chars().map(|c| if deceives(c) { char::REPLACEMENT_CHARACTER } else { c }).collect())
    } else {
        Cow::Borrowed(text)
    }
}

fn deceives(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{2800}' | '\u{FEFF}'
            // Hangul fillers: letters that show nothing.
            | '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}'
            // Variation selectors, with the Mongolian ones.
            | '\u{180B}'..='\u{180F}'
            | '\u{FE00}'..='\u{FE0F}'
            | '\u{E0100}'..='\u{E01EF}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_the_cn_up_to_the_first_parenthesis_or_digit() {
        for (common_name, expected) in [
            ("홍길동()0099049202611220000001", "홍길동"),
            ("HKD(KILDONG.HONG)009104120200225191000030", "HKD"),
            ("홍길동", "홍길동"),
            ("한정인(법인)", "한정인"),
            ("가나다 상사_0000148508", "가나다 상사"),
            ("  홍길동  0099", "홍길동"),
        ] {
            assert_eq!(owner(common_name), expected, "{common_name}");
        }
    }

    #[test]
    fn an_owner_is_never_empty_and_keeps_its_leading_parenthesis() {
        for (common_name, expected) in [
            ("(주)가나다", "(주)가나다"),
            ("(주)가나다(1234)", "(주)가나다"),
            ("(주)가나다0001234", "(주)가나다"),
            ("(주) 가나다 (본점)", "(주) 가나다"),
            ("(주)3S상사(본점)", "(주)3S상사"),
            ("3S상사(본점)0099", "3S상사"),
            ("(주)", "(주)"),
            ("0099049", "0099049"),
            ("(", "("),
            ("(미완", "(미완"),
            ("()", "()"),
            ("()홍길동", "()홍길동"),
            ("", ""),
        ] {
            assert_eq!(owner(common_name), expected, "{common_name}");
        }
    }

    #[test]
    fn strings_of_every_type_are_read() {
        for (tlv, expected) in [
            (&b"\x0C\x06\xED\x99\x8D\xEA\xB8\xB8"[..], "홍길"),
            (b"\x13\x05HELLO", "HELLO"),
            (b"\x1E\x04\xD6\x4D\xAE\x38", "홍길"),
            (b"\x1E\x03\xD6\x4D\xAE", "홍"),
            (b"\x1E\x02\xD8\x00", "\u{FFFD}"),
            (b"\x14\x05HELLO", "HELLO"),
            (b"\x14\x04\xB1\xE6\xB5\xBF", "길동"),
            (b"\x14\x01\xFF", "\u{FFFD}"),
            (b"\x16\x03a@b", "a@b"),
        ] {
            assert_eq!(decode_string(AnyRef::from_der(tlv).unwrap()), expected, "{tlv:02X?}");
        }
    }

    #[test]
    fn nothing_that_moves_the_cursor_or_turns_the_text_is_printable() {
        assert_eq!(printable("홍길동 (주)"), "홍길동 (주)");
        assert!(matches!(printable("홍길동"), Cow::Borrowed(_)));
        assert_eq!(printable("a\u{1B}[31mb"), "a\u{FFFD}[31mb");
        assert_eq!(printable("a\r\nb\u{2028}c\u{9b}"), "a\u{FFFD}\u{FFFD}b\u{FFFD}c\u{FFFD}");
        assert_eq!(printable("\u{202E}fdp.\u{2066}x\u{200B}"), "\u{FFFD}fdp.\u{FFFD}x\u{FFFD}");
        for invisible in "\u{3164}\u{115F}\u{1160}\u{FFA0}\u{034F}\u{2800}\u{FE0F}\u{E0100}\u{180B}".chars() {
            assert_eq!(printable(&invisible.to_string()), "\u{FFFD}", "{invisible:?}");
        }
    }
}
