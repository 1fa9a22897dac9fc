//! This file is EMSA-PSS (RFC 8017 section 9.1) with a hash for MGF1 of its own, which no engine offers.

use crate::crypto::{Hasher, random};
use crate::error::Result;
use crate::mechanism::Hash;

/// The last byte of every encoded message.
const TRAILER: u8 = 0xbc;

/// The longest salt that fits a modulus of this many bits; `None` if not even an empty one does.
pub(super) fn longest_salt(modulus_bits: usize, hash: Hash) -> Option<usize> {
    encoded_len(modulus_bits).checked_sub(hash.len() + 2)
}

/// The encoded message has one bit less than the modulus, so that it is the smaller number.
const fn encoded_len(modulus_bits: usize) -> usize {
    (modulus_bits - 1).div_ceil(8)
}

/// Encodes a digest under a new salt, which must not be longer than [`longest_salt`].
///
/// # Errors
/// `Device` without randomness.
pub(super) fn encode(modulus_bits: usize, hash: Hash, mgf: Hash, salt_len: usize, digest: &[u8]) -> Result<Vec<u8>> {
    let mut salt = vec![0; salt_len];
    random::fill(&mut salt)?;
    let salted = salted_digest(hash, digest, &salt);

    let mut data = vec![0; encoded_len(modulus_bits) - hash.len() - 2 - salt_len];
    data.push(1);
    data.extend_from_slice(&salt);
    mask(mgf, &salted, &mut data);
    clear_excess_bits(modulus_bits, &mut data);
    data.extend_from_slice(&salted);
    data.push(TRAILER);
    Ok(data)
}

/// Whether this encoded message, as long as the modulus, belongs to the digest and has a salt of exactly this length.
pub(super) fn fits(modulus_bits: usize, hash: Hash, mgf: Hash, salt_len: usize, digest: &[u8], encoded: &[u8]) -> bool {
    let split = || {
        longest_salt(modulus_bits, hash).filter(|&longest| salt_len <= longest)?;
        let (high, encoded) = encoded.split_at_checked(encoded.len().checked_sub(encoded_len(modulus_bits))?)?;
        let (&trailer, encoded) = encoded.split_last()?;
        let (masked, salted) = encoded.split_at_checked(encoded.len().checked_sub(hash.len())?)?;
        (high.iter().all(|&zero| zero == 0) && trailer == TRAILER).then_some((masked, salted))
    };
    let Some((masked, salted)) = split() else { return false };
    let mut data = masked.to_vec();
    clear_excess_bits(modulus_bits, &mut data);
    if data != masked {
        return false;
    }
    mask(mgf, salted, &mut data);
    clear_excess_bits(modulus_bits, &mut data);
    let (padding, salt) = data.split_at(data.len() - salt_len);
    let Some((1, zeros)) = padding.split_last() else { return false };
    zeros.iter().all(|&zero| zero == 0) && salted == salted_digest(hash, digest, salt)
}

fn salted_digest(hash: Hash, digest: &[u8], salt: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::new(hash);
    hasher.update(&[0; 8]);
    hasher.update(digest);
    hasher.update(salt);
    hasher.finish()
}

/// MGF1 (RFC 8017 appendix B.2.1), XORed onto `data`.
fn mask(mgf: Hash, seed: &[u8], data: &mut [u8]) {
    for (counter, chunk) in (0_u32..).zip(data.chunks_mut(mgf.len())) {
        let mut hasher = Hasher::new(mgf);
        hasher.update(seed);
        hasher.update(&counter.to_be_bytes());
        for (byte, mask) in chunk.iter_mut().zip(hasher.finish()) {
            *byte ^= mask;
        }
    }
}

/// Clears the bits of the first byte that are above the encoded message's length in bits.
fn clear_excess_bits(modulus_bits: usize, data: &mut [u8]) {
    if let Some(first) = data.first_mut() {
        *first &= 0xff >> (8 * encoded_len(modulus_bits) - (modulus_bits - 1));
    }
}
