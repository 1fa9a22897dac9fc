//! This file opens and seals `signPri.key` and `kmPri.key`: EncryptedPrivateKeyInfo under a password.

use crate::crypto::{Limits, Pbe};
use crate::npki::private_key_info::PrivateKeyInfo;
use crate::pin::Pin;

/// A locked private key: the DER of an EncryptedPrivateKeyInfo, checked and cut to its length.
#[derive(Clone, Debug)]
pub struct SealedKey {}

/// Why a key file does not open (decisions: wrong, damaged and mismatched are told apart).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFileError {
    /// The outer DER, the parameters or the ciphertext length is wrong: no password opens it.
    Damaged(&'static str),
    /// An algorithm that this library does not know.
    UnknownAlgorithm,
    /// More iterations than the limit; nothing was computed.
    TooManyIterations(u64),
    /// Wrong password, or the ciphertext is damaged: the two cannot be told apart.
    WrongPassword,
}

impl SealedKey {
    /// Reads a key file. Bytes behind the outer SEQUENCE are ignored (stale bytes of an in-place rewrite).
    ///
    /// # Errors
    /// `Damaged`, `UnknownAlgorithm`, `TooManyIterations`; no key derivation is done.
    pub fn from_der(_bytes: &[u8], _limits: Limits) -> Result<Self, KeyFileError> {
        todo!()
    }
    /// Opens it. Tries the password as UTF-8, then, if it is not ASCII, as CP949 and as low bytes of UTF-16.
    ///
    /// # Errors
    /// `WrongPassword`.
    pub fn open(&self, _password: &Pin) -> Result<PrivateKeyInfo, KeyFileError> {
        todo!()
    }
    /// Seals a key under this scheme; the PrivateKeyInfo's bytes go in unchanged.
    ///
    /// # Errors
    /// `TooManyIterations`.
    pub fn seal(_key: &PrivateKeyInfo, _password: &Pin, _scheme: &Pbe) -> Result<Self, KeyFileError> {
        todo!()
    }
    /// The file's bytes.
    pub fn der(&self) -> &[u8] {
        todo!()
    }
    /// How it is sealed.
    pub fn scheme(&self) -> &Pbe {
        todo!()
    }
}

impl From<KeyFileError> for crate::Error {
    fn from(_: KeyFileError) -> Self {
        todo!()
    }
}
