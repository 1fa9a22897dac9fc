//! This file names a certificate or a medium as a user types it: part of a name, `serial:HEX`, `sha256:HEX`, a
//! `pkcs11:` URI (RFC 7512); `hdd`, `security-token:LABEL`, `dir:PATH`.

mod medium;
mod uri;

use std::fmt;
use std::str::FromStr;

use crate::credential::{Credential, Pair};
use crate::error::{Error, ErrorKind};
use crate::medium::Medium;

pub use medium::MediumSelector;
pub use uri::{ObjectType, Pkcs11Uri};

/// Names one certificate set, or several that have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateSelector {
    /// A part of the owner's name or of the CN, in any case.
    Name(String),
    /// The whole serial number: lower-case hexadecimal without leading zeros.
    Serial(String),
    /// The beginning of the certificate's SHA-256: lower-case hexadecimal.
    Sha256(String),
    /// A `pkcs11:` URI: token, serial, object, id.
    Uri(Pkcs11Uri),
}

impl CertificateSelector {
    /// The pair that it names of this set of this medium, `None` if it names neither. A name is that of the signing
    /// pair; number, SHA-256 and attributes of a URI may name the encryption pair too. Where both fit, the signing pair.
    #[must_use]
    pub fn pair_of<'a>(&self, medium: &Medium, credential: &'a Credential) -> Option<&'a Pair> {
        let first = |fits: &dyn Fn(&Pair) -> bool| credential.pairs().find(|pair| fits(pair));
        match self {
            Self::Name(part) => {
                let part = part.to_lowercase();
                let named = |name: String| name.to_lowercase().contains(&part);
                let certificate = &credential.sign.certificate;
                (named(certificate.owner()) || named(certificate.common_name())).then_some(&credential.sign)
            }
            Self::Serial(hex) => first(&|pair| pair.certificate.serial_hex().trim_start_matches('0') == hex),
            Self::Sha256(hex) => first(&|pair| to_hex(&pair.certificate.sha256()).starts_with(hex)),
            Self::Uri(uri) if uri.fits_token(medium) => first(&|pair| uri.fits_pair(pair)),
            Self::Uri(_) => None,
        }
    }
}

impl FromStr for CertificateSelector {
    type Err = Error;

    /// # Errors
    /// `InvalidInput` for an empty name, for something else than hexadecimal behind `serial:` or `sha256:`, and for a
    /// `pkcs11:` URI that does not follow RFC 7512.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(digits) = text.strip_prefix("serial:") {
            return Ok(Self::Serial(hexadecimal(digits)?.trim_start_matches('0').to_owned()));
        }
        if let Some(digits) = text.strip_prefix("sha256:") {
            return Ok(Self::Sha256(hexadecimal(digits)?));
        }
        if text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:")) {
            return text.parse().map(Self::Uri);
        }
        if text.trim().is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, "reading the name of a certificate"));
        }
        Ok(Self::Name(text.trim().to_owned()))
    }
}

impl fmt::Display for CertificateSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(part) => f.write_str(part),
            Self::Serial(hex) => write!(f, "serial:{hex}"),
            Self::Sha256(hex) => write!(f, "sha256:{hex}"),
            Self::Uri(uri) => uri.fmt(f),
        }
    }
}

/// Checks hexadecimal digits, with or without `:` between bytes as other tools print them; gives them in lower case.
fn hexadecimal(text: &str) -> Result<String, Error> {
    let digits: String = text.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(Error::new(ErrorKind::InvalidInput, "reading hexadecimal digits"));
    }
    Ok(digits)
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_told_by_its_prefix_and_written_back() {
        for (typed, written) in [
            ("홍길동", "홍길동"),
            (" hong ", "hong"),
            ("serial:00AB:cd", "serial:abcd"),
            ("sha256:A0b1", "sha256:a0b1"),
            ("pkcs11:token=NPKI", "pkcs11:token=NPKI"),
            ("PKCS11:token=NPKI", "pkcs11:token=NPKI"),
        ] {
            assert_eq!(typed.parse::<CertificateSelector>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_selector_is_refused() {
        for typed in ["", "  ", "serial:", "serial:xyz", "sha256:12g4", "pkcs11:token"] {
            let error = typed.parse::<CertificateSelector>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{typed}");
        }
    }
}
