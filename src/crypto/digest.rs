//! This file hashes in parts.

use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384, Sha512};

use crate::mechanism::Hash;

/// A running digest (FIPS 180-4); its state is wiped on drop.
#[derive(Clone, Debug)]
pub struct Hasher(State);

#[derive(Clone, Debug)]
enum State {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hasher {
    /// Starts.
    #[must_use]
    pub fn new(hash: Hash) -> Self {
        Self(match hash {
            Hash::Sha1 => State::Sha1(Sha1::new()),
            Hash::Sha256 => State::Sha256(Sha256::new()),
            Hash::Sha384 => State::Sha384(Sha384::new()),
            Hash::Sha512 => State::Sha512(Sha512::new()),
        })
    }

    /// The digest of one message.
    #[must_use]
    pub fn digest(hash: Hash, message: &[u8]) -> Vec<u8> {
        let mut hasher = Self::new(hash);
        hasher.update(message);
        hasher.finish()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Sha1(state) => state.update(bytes),
            State::Sha256(state) => state.update(bytes),
            State::Sha384(state) => state.update(bytes),
            State::Sha512(state) => state.update(bytes),
        }
    }

    /// The digest.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Sha1(state) => state.finalize().to_vec(),
            State::Sha256(state) => state.finalize().to_vec(),
            State::Sha384(state) => state.finalize().to_vec(),
            State::Sha512(state) => state.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_hash_like_the_whole_and_a_clone_goes_on_alone() {
        for hash in Hash::ALL {
            let mut hasher = Hasher::new(hash);
            hasher.update(b"a");
            let mut other = hasher.clone();
            hasher.update(b"bc");
            other.update(b"d");
            assert_eq!(hasher.finish(), Hasher::digest(hash, b"abc"));
            assert_eq!(other.finish(), Hasher::digest(hash, b"ad"));
            assert_eq!(Hasher::digest(hash, b"").len(), hash.len());
        }
    }

    #[test]
    fn each_hash_is_the_one_of_its_name() {
        // FIPS 180-4's example "abc", first four bytes.
        let firsts =
            [[0xa9, 0x99, 0x3e, 0x36], [0xba, 0x78, 0x16, 0xbf], [0xcb, 0x00, 0x75, 0x3f], [0xdd, 0xaf, 0x35, 0xa1]];
        for (hash, first) in Hash::ALL.into_iter().zip(firsts) {
            assert_eq!(Hasher::digest(hash, b"abc")[..4], first);
        }
    }
}
