//! This file encrypts and decrypts under a password: PBES2 (RFC 8018) and the two Korean schemes.

/// What a PBE may cost before any work is done.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Iterations of the key derivation at most.
    pub iterations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { iterations: 1_000_000 }
    }
}

/// A block cipher in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// SEED-128.
    Seed,
}

/// PBKDF2's pseudo-random function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prf {
    /// HMAC-SHA-1.
    Sha1,
}

/// A password-based encryption scheme with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pbe {}
