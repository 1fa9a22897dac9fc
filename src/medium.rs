//! This file names a storage medium (저장매체): what it is, how it is recognised again, and whether it can be used.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::error::Error;

/// The kinds of medium that a bank's certificate window offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MediumKind {
    /// 보안토큰: a token whose keys never leave it, behind a PKCS#11 module of its own.
    SecurityToken,
    /// A smartcard in a PC/SC reader that signs by itself.
    Smartcard,
    /// 저장토큰: a card or stick that keeps key files behind a PIN.
    StorageToken,
    /// 이동식디스크: a USB drive.
    RemovableDisk,
    /// 하드디스크.
    HardDisk,
}

/// What a medium is recognised by: the driver that finds it and an identity that outlives restarts and plug order
/// (a canonical folder, a volume serial, a token serial), never a mount point or a reader's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediumId(Arc<str>);

impl MediumId {
    /// The medium that `driver` recognises by `identity`.
    #[must_use]
    pub fn new(driver: &str, identity: &str) -> Self {
        Self(format!("{driver}:{identity}").into())
    }

    /// The driver's name.
    #[must_use]
    pub fn driver(&self) -> &str {
        self.0.split_once(':').map_or("", |(driver, _)| driver)
    }

    /// The identity within the driver.
    #[must_use]
    pub fn identity(&self) -> &str {
        self.0.split_once(':').map_or("", |(_, identity)| identity)
    }

    /// SHA-256 over the whole identity: slot number, serial number and collision order come from it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// 16 upper-case hexadecimal characters, unique per medium: the token's serial number.
    #[must_use]
    pub fn serial(&self) -> String {
        self.digest()[..8].iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

impl fmt::Display for MediumId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A medium that a driver found.
#[derive(Clone, Debug)]
pub struct Medium {
    /// What it is recognised by.
    pub id: MediumId,
    /// What it is.
    pub kind: MediumKind,
    /// The name for people and for PKCS#11 (`CK_TOKEN_INFO.label`): no `:`, at most 32 bytes, unique in the keystore.
    pub label: String,
    /// Where it is now (a folder, a reader); for display only.
    pub place: String,
    /// Tells this medium from itself before it was taken away: another number is a medium that went and came back. What is
    /// written to the medium does not change it. 0 from a driver whose media cannot come back unnoticed.
    pub incarnation: u64,
    /// Whether it can be used.
    pub accessibility: Accessibility,
    /// Whether writing is impossible (read-only mount or folder).
    pub write_protected: bool,
    /// What a token with a PIN of its own says of itself, as of the last scan; `None` for a medium of files.
    pub token: Option<Arc<TokenState>>,
}

/// What a token says of itself (`CK_TOKEN_INFO`, PKCS#11 3.0 3.2), without padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// Its own serial number; empty before it is initialised.
    pub serial: String,
    /// Firmware version, as the module tells it.
    pub firmware: String,
    /// Whether it is initialised: has a label and a 관리자 비밀번호 (SO PIN).
    pub initialised: bool,
    /// Whether its keys need a login.
    pub login_required: bool,
    /// Whether it asks for PINs itself, on a keypad (CKF_PROTECTED_AUTHENTICATION_PATH).
    pub own_keypad: bool,
    /// How the user's PIN stands.
    pub user_pin: PinState,
    /// How the security officer's PIN stands.
    pub so_pin: PinState,
    /// Whether wrong PINs lock it at all; some software tokens take any number of them.
    pub lockout: bool,
    /// Shortest and longest PIN, in bytes.
    pub pin_bytes: (usize, usize),
    /// Free memory in bytes, public and private, where the token tells.
    pub free_memory: (Option<u64>, Option<u64>),
}

/// How a PIN stands. A token tells steps, not a number of tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinState {
    /// None is set yet.
    NotSet,
    /// No wrong one since the last right one, or the token does not tell.
    Good,
    /// A wrong one was sent since the last right one (CKF_USER_PIN_COUNT_LOW).
    CountLow,
    /// One more wrong one locks it (CKF_USER_PIN_FINAL_TRY).
    FinalTry,
    /// It is locked (CKF_USER_PIN_LOCKED).
    Locked,
    /// It works once more, to be changed (CKF_USER_PIN_TO_BE_CHANGED).
    ToBeChanged,
}

/// Found, and usable or not: nothing is silently absent.
#[derive(Clone, Debug)]
pub enum Accessibility {
    /// It can be opened.
    Usable,
    /// It is there and cannot be used, for this reason.
    Unusable(Error),
}

impl Medium {
    /// The serial number for people and for PKCS#11: a token's own, else 16 hexadecimal characters of the identity.
    #[must_use]
    pub fn serial(&self) -> String {
        let own = self.token.as_ref().map(|token| token.serial.as_str()).filter(|serial| !serial.is_empty());
        own.map_or_else(|| self.id.serial(), str::to_owned)
    }

    /// Whether it is a token with a PIN of its own that this names: its serial number, its label, or the label that it had
    /// before the keystore lengthened it to tell two of the same label apart. The name of several tokens is nobody's: which
    /// of them is the first changes with the ports that they are in.
    #[must_use]
    pub fn is_token_called(&self, name: &str) -> bool {
        // The keystore cuts a long label for its addition.
        let is_label = |label: &str| label == name || label.len() > 20 && name.starts_with(label);
        let suffix = format!(" {}", &self.id.serial()[..4]);
        self.token.is_some()
            && (self.serial().eq_ignore_ascii_case(name)
                || self.label == name
                || self.label.strip_suffix(&suffix).is_some_and(is_label))
    }

    /// Whether it can be opened.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        matches!(self.accessibility, Accessibility::Usable)
    }
}
