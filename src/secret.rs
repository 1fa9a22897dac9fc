//! This file keeps secret bytes: wiped on drop, without `Debug`, and locked in memory where the host can.

use std::sync::OnceLock;

use zeroize::Zeroize;

/// Keeps pages that hold secrets out of swap and core dumps.
///
/// The library forbids `unsafe`, so it cannot do this itself; the PKCS#11 module installs one with [`protect_with`].
pub trait PageProtection: Send + Sync {
    /// Called when `bytes` begin to hold a secret. Failure is ignored: the memory lock limit may be low.
    fn protect(&self, bytes: &[u8]);
    /// Called after `bytes` were wiped.
    fn release(&self, bytes: &[u8]);
}

static PROTECTION: OnceLock<&'static dyn PageProtection> = OnceLock::new();

/// Installs the page protection of this process; the first caller wins.
pub fn protect_with(protection: &'static dyn PageProtection) {
    let _ = PROTECTION.set(protection);
}

/// Secret bytes: a PIN, a PrivateKeyInfo, R. Never reallocated, wiped on drop, never printed.
pub struct SecretBytes(Box<[u8]>);

impl SecretBytes {
    /// Takes a copy; the caller wipes its own.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self::adopt(bytes.into())
    }

    /// Takes ownership without copying.
    #[must_use]
    pub fn adopt(bytes: Box<[u8]>) -> Self {
        if let Some(protection) = PROTECTION.get() {
            protection.protect(&bytes);
        }
        Self(bytes)
    }

    /// The secret itself. The files that may call this are listed in `tests/architecture.rs`.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for SecretBytes {
    /// Wipes the vector's own memory if shrinking it would leave a copy behind.
    fn from(mut bytes: Vec<u8>) -> Self {
        if bytes.capacity() == bytes.len() {
            return Self::adopt(bytes.into_boxed_slice());
        }
        let copy = Self::copy_of(&bytes);
        bytes.zeroize();
        copy
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        self.0.zeroize();
        if let Some(protection) = PROTECTION.get() {
            protection.release(&self.0);
        }
    }
}

impl std::fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} secret bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", SecretBytes::copy_of(b"hunter2")), "<7 secret bytes>");
    }
}
