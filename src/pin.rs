//! This file holds what a user types to open a medium: a password or PIN, and in which role.

use crate::secret::SecretBytes;

/// A certificate's password (인증서 암호) or a token's PIN (비밀번호). Wipes itself and never prints.
#[derive(Debug)]
pub struct Pin(SecretBytes);

impl Pin {
    /// Copies the bytes as typed, UTF-8 expected; the caller wipes its own copy.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(SecretBytes::copy_of(bytes))
    }

    /// The bytes as typed. The files that may call this are listed in `tests/architecture.rs`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for Pin {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
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
