//! This file holds what a user types to open a medium: a password or PIN, and in which role.

use crate::secret::SecretBytes;

/// A certificate's password (인증서 암호) or a token's PIN (비밀번호). Wipes itself and never prints.
#[derive(Debug)]
pub struct Pin {
    bytes: SecretBytes,
    last_try: LastTry,
}

/// Whether a PIN may be sent to a token that it would lock by being wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LastTry {
    /// It is not sent: `LastTryRefused`.
    #[default]
    Refused,
    /// The user said so for this one PIN.
    Allowed,
}

impl Pin {
    /// Copies the bytes as typed, UTF-8 expected; the caller wipes its own copy.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self { bytes: SecretBytes::copy_of(bytes), last_try: LastTry::Refused }
    }

    /// The bytes as typed. The files that may call this are listed in `tests/architecture.rs`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose()
    }

    /// The same PIN, which may be the last try.
    #[must_use]
    pub fn with_last_try(self, last_try: LastTry) -> Self {
        Self { last_try, ..self }
    }

    /// Whether it may be the last try.
    #[must_use]
    pub const fn last_try(&self) -> LastTry {
        self.last_try
    }

    /// Whether nothing was typed: to a token with a keypad of its own this says that it is typed there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl From<Vec<u8>> for Pin {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), last_try: LastTry::Refused }
    }
}

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The owner, with the password or PIN.
    User,
    /// The security officer, with the 관리자 비밀번호 (SO PIN).
    SecurityOfficer,
}
