//! This file reads the text of a distinguished name (RFC 4514), as a person types it, into an X.501 Name.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc3280::EMAIL_ADDRESS;
use const_oid::db::rfc4519::{C, DC, SERIAL_NUMBER};
use der::asn1::{Any, AnyRef, Ia5StringRef, PrintableStringRef, Utf8StringRef};
use der::{Decode as _, Encode as _};
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use crate::certificate::attribute_type;
use crate::error::{Error, ErrorKind, Result};

/// The longest text, in bytes: far more than any name has.
const MAX_LEN: usize = 4096;

/// The Name of this text. The text begins with the leaf, the Name with the country.
pub(super) fn parse(text: &str) -> Result<Name> {
    if text.len() > MAX_LEN {
        return Err(unreadable(text));
    }
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let (rdn, end) = read_rdn(rest).ok_or_else(|| unreadable(text))?;
        names.push(rdn);
        match rest.get(end..).and_then(|rest| rest.strip_prefix([',', ';'])) {
            Some(behind) => rest = behind,
            None => break,
        }
    }
    names.reverse();
    let mut sequence = RdnSequence::default();
    names.into_iter().for_each(|rdn| sequence.push(rdn));
    sequence.to_der().and_then(|der| Name::from_der(&der)).map_err(|error| unreadable(text).caused_by(error))
}

fn unreadable(text: &str) -> Error {
    let shown: String = text.chars().take(80).collect();
    Error::new(ErrorKind::InvalidInput, "reading a distinguished name").about(shown)
}

/// The attributes up to the next separator, and where that is.
fn read_rdn(text: &str) -> Option<(RelativeDistinguishedName, usize)> {
    let mut rdn = RelativeDistinguishedName::default();
    let mut at = 0;
    loop {
        let (kind, behind) = text[at..].split_once('=')?;
        let start = text.len() - behind.len();
        let oid = type_of(kind.trim_matches(' '))?;
        let len = behind.len() - value_end(behind)?;
        let end = text.len() - len;
        let value = value_of(oid, &text[start..end])?;
        if rdn.iter().any(|other| other.oid == oid) {
            return None;
        }
        rdn.insert(AttributeTypeAndValue { oid, value }).ok()?;
        if !text[end..].starts_with('+') {
            return Some((rdn, end));
        }
        at = end + 1;
    }
}

fn type_of(name: &str) -> Option<ObjectIdentifier> {
    attribute_type(name).or_else(|| ObjectIdentifier::new(name).ok())
}

/// Where the value that `text` begins with ends: at a separator that is not escaped. Quotation marks are not those of the
/// older RFC 2253: they would be part of the name, so they must be escaped.
fn value_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' | ';' | '+' => return Some(at),
            '"' | '<' | '>' | '\0' => return None,
            _ => {}
        }
    }
    (!escaped).then_some(text.len())
}

fn value_of(oid: ObjectIdentifier, text: &str) -> Option<Any> {
    let text = trimmed(text);
    if let Some(hex) = text.strip_prefix('#') {
        let der = bytes_of_hex(hex)?;
        return AnyRef::from_der(&der).ok().map(Any::from);
    }
    let value = unescaped(text)?;
    if value.is_empty() || value.chars().any(char::is_control) {
        return None;
    }
    let der = match oid {
        C | SERIAL_NUMBER => PrintableStringRef::new(&value).ok()?.to_der(),
        DC | EMAIL_ADDRESS => Ia5StringRef::new(&value).ok()?.to_der(),
        _ => Utf8StringRef::new(&value).ok()?.to_der(),
    };
    Any::from_der(&der.ok()?).ok()
}

/// Without the spaces around it; one that is escaped belongs to the value.
fn trimmed(text: &str) -> &str {
    let text = text.trim_start_matches(' ');
    let bare = text.trim_end_matches(' ');
    let backslashes = bare.len() - bare.trim_end_matches('\\').len();
    // Of `a\  ` the first space is escaped, of `a\\ ` none is.
    let kept = if backslashes % 2 == 1 { bare.len() + 1 } else { bare.len() };
    text.get(..kept).unwrap_or(bare)
}

/// The value without its escapes: `\` before a special character, or two hexadecimal digits for a byte of its UTF-8.
fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&special, behind) = rest.split_first()?;
        if b" \"#+,;<=>\\".contains(&special) {
            bytes.push(special);
            rest = behind;
        } else {
            let (pair, behind) = rest.split_at_checked(2)?;
            bytes.extend(bytes_of_hex(str::from_utf8(pair).ok()?)?);
            rest = behind;
        }
    }
    String::from_utf8(bytes).ok()
}

fn bytes_of_hex(hex: &str) -> Option<Vec<u8>> {
    if hex.is_empty() || !hex.len().is_multiple_of(2) || !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The name as a certificate's is shown.
    fn shown(text: &str) -> Option<String> {
        let der = parse(text).ok()?.to_der().unwrap();
        Some(crate::certificate::Name::of_der(&der).to_string())
    }

    #[test]
    fn a_name_is_read_as_it_is_typed() {
        for (text, expected) in [
            ("cn=홍길동,ou=personal,o=yessign,c=kr", "CN=홍길동,OU=personal,O=yessign,C=kr"),
            (" CN = 홍길동 , C = KR ", "CN=홍길동,C=KR"),
            ("cn=홍길동;c=kr", "CN=홍길동,C=kr"),
            ("cn=(주)가나다()0001,2.5.4.11=팀", "CN=(주)가나다()0001,OU=팀"),
            (r"cn=a\,b\+c\\,o=\ x\ ", r"CN=a\,b\+c\\,O=\ x\ "),
            (r"cn=\ed\99\8d길동", "CN=홍길동"),
            ("cn=#0c03616263", "CN=abc"),
            ("cn=a/b=c", "CN=a/b=c"),
            ("emailAddress=a@b.kr,DC=b,dc=kr", "emailAddress=a@b.kr,DC=b,DC=kr"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(shown("cn=a+ou=b,c=kr").unwrap().matches('+').count(), 1);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            " ",
            ",",
            "cn",
            "cn=",
            "cn= ",
            "=x",
            "cn=a,",
            "cn=a,,c=kr",
            "cn=a\\",
            "cn=a\\zz",
            "cn=\\c3",
            "cn=\"a\"",
            "xyz=a",
            "cn=#",
            "cn=#0c",
            "cn=#0c0361626",
            "c=한국",
            "cn=a\nb",
            "cn=a\\0ab",
            "cn=a<b",
            "cn=a+",
            "cn=a+cn=a",
            "1.2.x=a",
        ] {
            assert_eq!(parse(text).unwrap_err().kind(), ErrorKind::InvalidInput, "{text:?}");
        }
        assert!(parse(&format!("cn={}", "a".repeat(MAX_LEN))).is_err());
    }

    proptest! {
        #[test]
        fn any_value_comes_back_if_it_is_escaped(value in "\\PC{1,20}") {
            let escaped: String = value.bytes().map(|byte| format!("\\{byte:02x}")).collect();
            let der = parse(&format!("cn={escaped},c=kr")).unwrap().to_der().unwrap();
            prop_assert_eq!(crate::certificate::Name::of_der(&der).common_name(), Some(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(cn|o|1\\.2)?[ =]{0,2}\\PC{0,30}[,+;\\\\#]{0,2}\\PC{0,9}") {
            let _ = parse(&text);
        }
    }
}
