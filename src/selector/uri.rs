//! This file reads and writes `pkcs11:` URIs (RFC 7512).

use std::fmt;
use std::str::FromStr;

use crate::credential::{Pair, Purpose};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::Medium;

/// A `pkcs11:` URI, as far as it names tokens and certificates.
///
/// A `pin-value` is dropped unread: it would put a PIN where every process can see it, and nothing here prints one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pkcs11Uri {
    /// The token's label.
    pub token: Option<String>,
    /// The token's serial number.
    pub serial: Option<String>,
    /// The token's manufacturer.
    pub manufacturer: Option<String>,
    /// The token's model.
    pub model: Option<String>,
    /// The object's label (CKA_LABEL).
    pub object: Option<String>,
    /// The object's CKA_ID.
    pub id: Option<Vec<u8>>,
    /// The object's class.
    pub object_type: Option<ObjectType>,
    /// Where the PIN can be had: `file:PATH` or a path.
    pub pin_source: Option<String>,
}

/// The classes of object that RFC 7512 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectType {
    /// `cert`
    Certificate,
    /// `private`
    PrivateKey,
    /// `public`
    PublicKey,
    /// `data`
    Data,
    /// `secret-key`
    SecretKey,
}

const OBJECT_TYPES: [(&str, ObjectType); 5] = [
    ("cert", ObjectType::Certificate),
    ("private", ObjectType::PrivateKey),
    ("public", ObjectType::PublicKey),
    ("data", ObjectType::Data),
    ("secret-key", ObjectType::SecretKey),
];

impl Pkcs11Uri {
    /// The shortest URI that names a pair's certificate and key on this medium. A token with a serial number of its own is named
    /// by that too: two may have the same label.
    #[must_use]
    pub fn naming(medium: &Medium, pair: &Pair) -> Self {
        let serial = medium.token.as_ref().map(|_| medium.serial());
        Self { token: Some(medium.label.clone()), serial, id: Some(pair.id.clone()), ..Self::default() }
    }

    /// Whether its token attributes name this medium. `manufacturer` and `model` tell programs apart, not media.
    #[must_use]
    pub fn fits_token(&self, medium: &Medium) -> bool {
        self.token.as_ref().is_none_or(|token| *token == medium.label || medium.is_token_called(token))
            && self.serial.as_ref().is_none_or(|serial| *serial == medium.serial())
    }

    /// Whether its object attributes name this pair's certificate or a key of it.
    #[must_use]
    pub fn fits_pair(&self, pair: &Pair) -> bool {
        let certificate = &pair.certificate;
        let types = [ObjectType::Certificate, ObjectType::PrivateKey, ObjectType::PublicKey];
        let (owner, serial) = (certificate.owner(), certificate.serial_hex());
        // As the PKCS#11 module labels its objects.
        let labelled = match pair.purpose {
            Purpose::Sign => owner.clone(),
            Purpose::KeyManagement => format!("{owner} km"),
        };
        let names = [certificate.common_name(), labelled, owner];
        let named = |object: &String| names.iter().any(|name| object == name || *object == format!("{name} {serial}"));
        self.id.as_ref().is_none_or(|id| *id == pair.id || *id == certificate.key_id())
            && self.object.as_ref().is_none_or(named)
            && self.object_type.is_none_or(|class| types.contains(&class))
    }
}

impl FromStr for Pkcs11Uri {
    type Err = Error;

    /// Every path attribute of RFC 7512 is known; `library-…`, `slot-…` and query attributes say nothing about a
    /// certificate and are passed over.
    ///
    /// # Errors
    /// `InvalidInput` for a wrong percent-encoding, an attribute without `=`, twice or unknown in the path.
    fn from_str(text: &str) -> Result<Self> {
        let (scheme, rest) = text.split_at_checked(7).ok_or_else(invalid)?;
        if !scheme.eq_ignore_ascii_case("pkcs11:") {
            return Err(invalid());
        }
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut uri = Self::default();
        let mut seen = Vec::new();
        for attribute in path.split(';').filter(|attribute| !attribute.is_empty()) {
            let (name, value) = attribute.split_once('=').ok_or_else(invalid)?;
            if seen.contains(&name) {
                return Err(invalid());
            }
            seen.push(name);
            uri.set_path(name, value)?;
        }
        for attribute in query.split('&').filter(|attribute| !attribute.is_empty()) {
            let (name, value) = attribute.split_once('=').ok_or_else(invalid)?;
            if name == "pin-source" && uri.pin_source.replace(decoded_text(value)?).is_some() {
                return Err(invalid());
            }
        }
        Ok(uri)
    }
}

impl Pkcs11Uri {
    fn set_path(&mut self, name: &str, value: &str) -> Result<()> {
        let text = match name {
            "token" => &mut self.token,
            "serial" => &mut self.serial,
            "manufacturer" => &mut self.manufacturer,
            "model" => &mut self.model,
            "object" => &mut self.object,
            "id" => {
                self.id = Some(decoded(value)?);
                return Ok(());
            }
            "type" => {
                let known = OBJECT_TYPES.iter().find(|(word, _)| *word == value);
                self.object_type = Some(known.ok_or_else(invalid)?.1);
                return Ok(());
            }
            "slot-id"
            | "slot-description"
            | "slot-manufacturer"
            | "library-description"
            | "library-manufacturer"
            | "library-version" => return Ok(()),
            // RFC 7512 section 2.3: a path attribute that is not understood must not be ignored.
            _ => return Err(invalid()),
        };
        *text = Some(decoded_text(value)?);
        Ok(())
    }
}

impl fmt::Display for Pkcs11Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pkcs11:")?;
        let mut separator = "";
        let texts = [
            ("token", &self.token),
            ("serial", &self.serial),
            ("manufacturer", &self.manufacturer),
            ("model", &self.model),
            ("object", &self.object),
        ];
        for (name, value) in texts {
            if let Some(value) = value {
                write!(f, "{separator}{name}={}", encoded(value.as_bytes()))?;
                separator = ";";
            }
        }
        if let Some(id) = &self.id {
            write!(f, "{separator}id=")?;
            id.iter().try_for_each(|byte| write!(f, "%{byte:02X}"))?;
            separator = ";";
        }
        if let Some(class) = self.object_type {
            let word = OBJECT_TYPES.iter().find(|(_, known)| *known == class).map_or("", |(word, _)| word);
            write!(f, "{separator}type={word}")?;
        }
        if let Some(source) = &self.pin_source {
            write!(f, "?pin-source={}", encoded(source.as_bytes()))?;
        }
        Ok(())
    }
}

/// Everything but RFC 3986's unreserved characters as `%XX`: needs no quotes in any shell but for `;` between attributes.
fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(byte.into());
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

fn decoded(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        if *byte != b'%' {
            bytes.push(*byte);
            rest = after;
            continue;
        }
        let [high, low, after @ ..] = after else { return Err(invalid()) };
        let digit = |byte: u8| char::from(byte).to_digit(16).ok_or_else(invalid);
        bytes.push(u8::try_from(digit(*high)? << 4 | digit(*low)?).map_err(|_| invalid())?);
        rest = after;
    }
    Ok(bytes)
}

fn decoded_text(text: &str) -> Result<String> {
    String::from_utf8(decoded(text)?).map_err(|_| invalid())
}

/// Without the text: it may hold a PIN.
fn invalid() -> Error {
    Error::new(ErrorKind::InvalidInput, "reading a pkcs11: URI")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attributes_are_read_and_written_percent_encoded() {
        let text = "pkcs11:token=NPKI%20hong;object=%ED%99%8D;id=%01%FFa;type=private?pin-source=file:/run/pin";
        let uri: Pkcs11Uri = text.parse().unwrap();
        assert_eq!(uri.token.as_deref(), Some("NPKI hong"));
        assert_eq!(uri.object.as_deref(), Some("홍"));
        assert_eq!(uri.id.as_deref(), Some(&[1, 255, b'a'][..]));
        assert_eq!(uri.object_type, Some(ObjectType::PrivateKey));
        assert_eq!(uri.pin_source.as_deref(), Some("file:/run/pin"));
        assert_eq!(
            uri.to_string(),
            "pkcs11:token=NPKI%20hong;object=%ED%99%8D;id=%01%FF%61;type=private?pin-source=file%3A%2Frun%2Fpin"
        );
    }

    #[test]
    fn a_pin_value_is_neither_kept_nor_printed() {
        let uri: Pkcs11Uri = "pkcs11:token=a?pin-value=hunter2&module-name=x".parse().unwrap();
        assert!(!format!("{uri} {uri:?}").contains("hunter2"));
        let error = "pkcs11:token=%?pin-value=hunter2".parse::<Pkcs11Uri>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }

    #[test]
    fn what_rfc_7512_forbids_is_refused() {
        for text in [
            "token=a",
            "pkcs11:token",
            "pkcs11:token=a;token=b",
            "pkcs11:tokn=a",
            "pkcs11:token=%4",
            "pkcs11:token=%zz",
            "pkcs11:token=%ff",
            "pkcs11:type=key",
            "pkcs11:?pin-source=a&pin-source=b",
        ] {
            assert!(text.parse::<Pkcs11Uri>().is_err(), "{text}");
        }
        assert_eq!("pkcs11:".parse::<Pkcs11Uri>().unwrap(), Pkcs11Uri::default());
    }

    proptest! {
        #[test]
        fn every_uri_survives_being_written_and_read(
            token: Option<String>, object: Option<String>, id: Option<Vec<u8>>, pin_source: Option<String>,
        ) {
            let uri = Pkcs11Uri { token, object, id, pin_source, ..Pkcs11Uri::default() };
            prop_assert_eq!(uri.to_string().parse::<Pkcs11Uri>().unwrap(), uri);
        }

        #[test]
        fn no_text_panics(text: String) {
            let _ = text.parse::<Pkcs11Uri>();
            let _ = format!("pkcs11:{text}").parse::<Pkcs11Uri>();
        }
    }
}
