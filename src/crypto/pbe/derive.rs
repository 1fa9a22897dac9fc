//! This file turns a password into key bytes: PBKDF1 and PBKDF2 (RFC 8018 section 5).

use pbkdf2::pbkdf2_hmac;
use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::{Zeroize, Zeroizing};

use crate::mechanism::Hash;

/// What SHA-1 starts from (FIPS 180-4 section 5.3.1).
const SHA1_START: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];

/// PBKDF1 with SHA-1: all 20 bytes, of which the Korean schemes take 16 as the key and hash 4 for the IV.
pub(super) fn pbkdf1(password: &[u8], salt: &[u8], iterations: u32) -> Zeroizing<[u8; 20]> {
    // From the second round on the message is 20 bytes: one block whose padding (a one bit, then the length of 160 bits)
    // never changes. Filling that block in place costs half of what a new hasher for every round does.
    let mut block = Zeroizing::new([0; 64]);
    // Never moved, for a move would leave a copy of the password on the stack; wiped where it stands when it is dropped.
    let mut hasher = Sha1::new();
    hasher.update(password);
    hasher.update(salt);
    let first = Zeroizing::new(hasher.finalize_reset());
    block[..20].copy_from_slice(&first);
    block[20] = 0x80;
    block[63] = 160;
    let mut state = SHA1_START;
    for _ in 1..iterations {
        state = SHA1_START;
        sha1::block_api::compress(&mut state, std::slice::from_ref(&*block));
        for (bytes, word) in block.chunks_exact_mut(4).zip(state) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
    }
    state.zeroize();
    let mut key = Zeroizing::new([0; 20]);
    key.copy_from_slice(&block[..20]);
    key
}

/// PBKDF2 with HMAC of this hash; fills `key`.
pub(super) fn pbkdf2(prf: Hash, password: &[u8], salt: &[u8], iterations: u32, key: &mut [u8]) {
    match prf {
        Hash::Sha1 => pbkdf2_hmac::<Sha1>(password, salt, iterations, key),
        Hash::Sha256 => pbkdf2_hmac::<Sha256>(password, salt, iterations, key),
        Hash::Sha384 => pbkdf2_hmac::<Sha384>(password, salt, iterations, key),
        Hash::Sha512 => pbkdf2_hmac::<Sha512>(password, salt, iterations, key),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pbkdf1_is_sha1_again_and_again(password: Vec<u8>, salt: Vec<u8>, iterations in 1_u32..20) {
            let mut expected = Sha1::digest([&password[..], &salt[..]].concat());
            for _ in 1..iterations {
                expected = Sha1::digest(expected);
            }
            prop_assert_eq!(&pbkdf1(&password, &salt, iterations)[..], &expected[..]);
        }
    }

    #[test]
    fn pbkdf2_agrees_with_rfc_6070() {
        let mut key = [0; 20];
        pbkdf2(Hash::Sha1, b"password", b"salt", 4096, &mut key);
        assert_eq!(key[..8], [0x4b, 0x00, 0x79, 0x01, 0xb7, 0x65, 0x48, 0x9a]);
    }
}
