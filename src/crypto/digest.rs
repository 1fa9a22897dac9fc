//! This file hashes in parts.

use crate::mechanism::Hash;

/// A running digest.
#[derive(Clone, Debug)]
pub struct Hasher {}

impl Hasher {
    /// Starts.
    #[must_use]
    pub fn new(_hash: Hash) -> Self {
        todo!()
    }
    /// Adds bytes.
    pub fn update(&mut self, _bytes: &[u8]) {
        todo!()
    }
    /// The digest.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        todo!()
    }
}
