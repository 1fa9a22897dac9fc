//! This file names a medium as a user types it: `hdd`, `security-token:LABEL`, `보안토큰`, `token`, `dir:PATH`, a `pkcs11:` URI.
//! Never by a slot number: that of another program, or of tomorrow, may be another token's.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Pkcs11Uri;
use crate::error::{Error, ErrorKind};
use crate::medium::{Medium, MediumKind};

/// Names one medium, or several that have something in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediumSelector {
    /// Media of this kind: `hdd`, `security-token`, 보안토큰; with `:NAME` the one of that label or serial number.
    Kind(MediumKind, Option<String>),
    /// Whatever has a PIN of its own: `token`, 토큰; with `:NAME` the one of that label or serial number.
    Token(Option<String>),
    /// The NPKI folder at this path, whether or not it is among the configured ones: `dir:PATH`.
    Folder(PathBuf),
    /// What the token attributes of a `pkcs11:` URI (RFC 7512) name.
    Uri(Pkcs11Uri),
}

/// The kinds that there are drivers for, in English and Korean, and whether one is told from another by a name.
const KINDS: &[(&str, &str, MediumKind, Naming)] = &[
    ("hdd", "하드디스크", MediumKind::HardDisk, Naming::KindOnly),
    ("security-token", "보안토큰", MediumKind::SecurityToken, Naming::LabelOrSerial),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    KindOnly,
    LabelOrSerial,
}

impl MediumSelector {
    /// Whether it names this medium. A folder names whatever medium its path was opened as.
    #[must_use]
    pub fn fits(&self, medium: &Medium) -> bool {
        let named = |name: &Option<String>| name.as_ref().is_none_or(|name| is_called(medium, name));
        match self {
            Self::Kind(kind, name) => medium.kind == *kind && named(name),
            Self::Token(name) => is_token(medium.kind) && named(name),
            Self::Folder(_) => true,
            Self::Uri(uri) => uri.fits_token(medium),
        }
    }

    /// The folder that is to be looked at instead of the configured ones.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) => Some(path),
            _ => None,
        }
    }

    /// Whether it may name a medium of another PKCS#11 module; if not, none needs to be asked.
    #[must_use]
    pub fn may_be_foreign(&self) -> bool {
        match self {
            Self::Kind(kind, _) => *kind == MediumKind::SecurityToken,
            Self::Token(_) | Self::Uri(_) => true,
            Self::Folder(_) => false,
        }
    }

    /// Whether it may name a medium of files; if not, no folder needs to be read.
    #[must_use]
    pub fn may_be_folder(&self) -> bool {
        match self {
            Self::Kind(kind, _) => !is_token(*kind),
            Self::Token(_) => false,
            Self::Folder(_) | Self::Uri(_) => true,
        }
    }
}

/// The whole label, or the whole serial number in any case. A label that two tokens have names both.
fn is_called(medium: &Medium, name: &str) -> bool {
    medium.label == name || medium.is_token_called(name) || medium.serial().eq_ignore_ascii_case(name)
}

fn is_token(kind: MediumKind) -> bool {
    match kind {
        MediumKind::SecurityToken | MediumKind::Smartcard | MediumKind::StorageToken => true,
        MediumKind::RemovableDisk | MediumKind::HardDisk => false,
    }
}

impl FromStr for MediumSelector {
    type Err = Error;

    /// # Errors
    /// `InvalidInput` for anything else than the words above.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Some(path) = text.strip_prefix("dir:").filter(|path| !path.is_empty()) {
            return Ok(Self::Folder(path.into()));
        }
        if text.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:")) {
            return text.parse().map(Self::Uri);
        }
        let invalid = Error::new(ErrorKind::InvalidInput, "reading the name of a medium");
        let (word, name) = match text.split_once(':') {
            Some((_, "")) => return Err(invalid),
            Some((word, name)) => (word, Some(name.to_owned())),
            None => (text, None),
        };
        if word == "token" || word == "토큰" {
            return Ok(Self::Token(name));
        }
        let kind = KINDS.iter().find(|(english, korean, ..)| word == *english || word == *korean);
        match kind {
            Some((.., Naming::KindOnly)) if name.is_some() => Err(invalid),
            Some((.., kind, _)) => Ok(Self::Kind(*kind, name)),
            None => Err(invalid),
        }
    }
}

impl fmt::Display for MediumSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, name) = match self {
            Self::Kind(kind, name) => {
                (KINDS.iter().find(|(.., known, _)| known == kind).map_or("", |(english, ..)| english), name)
            }
            Self::Token(name) => ("token", name),
            Self::Folder(path) => return write!(f, "dir:{}", path.display()),
            Self::Uri(uri) => return uri.fmt(f),
        };
        f.write_str(word)?;
        name.as_ref().map_or(Ok(()), |name| write!(f, ":{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::medium::{Accessibility, MediumId};

    fn medium(kind: MediumKind, label: &str) -> Medium {
        Medium {
            id: MediumId::new("fake", label),
            kind,
            label: label.to_owned(),
            place: String::new(),
            incarnation: 0,
            accessibility: Accessibility::Usable,
            write_protected: false,
            token: None,
        }
    }

    fn parse(text: &str) -> MediumSelector {
        text.parse().unwrap()
    }

    #[test]
    fn media_have_english_and_korean_names() {
        assert_eq!(parse("hdd"), parse("하드디스크"));
        assert_eq!(parse("security-token:회사"), parse("보안토큰:회사"));
        assert_eq!(parse("token"), parse("토큰"));
        let folder = parse("dir:/mnt/NPKI");
        assert_eq!(folder.folder(), Some(Path::new("/mnt/NPKI")));
    }

    #[test]
    fn each_form_is_written_back() {
        for text in ["hdd", "security-token", "security-token:a b", "token", "token:x:y", "dir:/a", "pkcs11:token=a"] {
            assert_eq!(parse(text).to_string(), text);
        }
    }

    #[test]
    fn what_names_no_medium_is_refused() {
        for text in ["usb", "dir:", "token:", "security-token:", "hdd:x", "0", "slot:1", "pkcs11:tokn=a", ""] {
            let error = text.parse::<MediumSelector>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}");
        }
    }

    #[test]
    fn a_token_is_named_by_its_whole_label_or_serial_number() {
        let token = medium(MediumKind::SecurityToken, "회사토큰");
        let serial = token.serial();
        for text in ["token", "security-token", "보안토큰:회사토큰", &format!("token:{}", serial.to_lowercase())]
        {
            assert!(parse(text).fits(&token), "{text}");
        }
        for text in ["hdd", "token:회사", &format!("token:{}", &serial[..4])] {
            assert!(!parse(text).fits(&token), "{text}");
        }
        assert!(parse("pkcs11:token=%ED%9A%8C%EC%82%AC%ED%86%A0%ED%81%B0").fits(&token));
        assert!(parse(&format!("pkcs11:serial={serial}")).fits(&token));
        assert!(!parse("pkcs11:token=x").fits(&token));
    }

    #[test]
    fn a_hard_disk_is_no_token() {
        let disk = medium(MediumKind::HardDisk, "NPKI");
        assert!(parse("hdd").fits(&disk) && !parse("token").fits(&disk) && !parse("security-token").fits(&disk));
        assert!(!parse("hdd").may_be_foreign() && !parse("dir:/a").may_be_foreign() && parse("token").may_be_foreign());
        assert!(parse("hdd").may_be_folder() && !parse("token:a").may_be_folder());
    }
}
