//! This file is the SEED block cipher (RFC 4269): 128-bit blocks, 128-bit keys, 16 rounds.
//!
//! It is here because no crate of the `cipher` 0.5 generation has it. The round keys are wiped on drop.

use cipher::consts::{U1, U16};
use cipher::{
    AlgorithmName, Block, BlockCipherDecBackend, BlockCipherDecClosure, BlockCipherDecrypt, BlockCipherEncBackend,
    BlockCipherEncClosure, BlockCipherEncrypt, BlockSizeUser, InOut, Key, KeyInit, KeySizeUser, ParBlocksSizeUser,
};
use zeroize::{Zeroize, ZeroizeOnDrop};

const ROUNDS: usize = 16;

/// SEED with its round keys (RFC 4269).
#[derive(Clone)]
pub struct Seed {
    round_keys: [(u32, u32); ROUNDS],
}

/// The block as the two halves of a Feistel network, each half as two words.
type Halves = [u32; 4];

impl Seed {
    /// Sixteen Feistel rounds; the last one does not swap the halves.
    fn rounds<'k>(block: &mut Block<Self>, round_keys: impl Iterator<Item = &'k (u32, u32)>) {
        let [mut l0, mut l1, mut r0, mut r1] = halves(block);
        for &(k0, k1) in round_keys {
            let (f0, f1) = round_function(r0 ^ k0, r1 ^ k1);
            (l0, l1, r0, r1) = (r0, r1, l0 ^ f0, l1 ^ f1);
        }
        for (bytes, word) in block.chunks_exact_mut(4).zip([r0, r1, l0, l1]) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
    }
}

/// F (RFC 4269 section 2.2), the round key already added.
#[inline]
const fn round_function(c: u32, d: u32) -> (u32, u32) {
    let d = g(d ^ c);
    let c = g(c.wrapping_add(d));
    let d = g(d.wrapping_add(c));
    (c.wrapping_add(d), d)
}

/// G (RFC 4269 section 2.3): both S-boxes and the mixing of their output bits, as four table look-ups.
#[inline]
const fn g(word: u32) -> u32 {
    let bytes = word.to_le_bytes();
    G_TABLES[0][bytes[0] as usize]
        ^ G_TABLES[1][bytes[1] as usize]
        ^ G_TABLES[2][bytes[2] as usize]
        ^ G_TABLES[3][bytes[3] as usize]
}

fn halves(block: &[u8]) -> Halves {
    let mut words = [0; 4];
    for (word, bytes) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = bytes.iter().fold(0, |word, &byte| word << 8 | u32::from(byte));
    }
    words
}

impl KeySizeUser for Seed {
    type KeySize = U16;
}

impl KeyInit for Seed {
    /// The key schedule (RFC 4269 section 2.4): the halves of the key are rotated by 8 bits in turn.
    fn new(key: &Key<Self>) -> Self {
        let [mut a, mut b, mut c, mut d] = halves(key);
        let mut round_keys = [(0, 0); ROUNDS];
        // The golden ratio's fraction, rotated by one bit a round.
        let mut constant = 0x9e37_79b9_u32;
        for (round, round_key) in round_keys.iter_mut().enumerate() {
            *round_key = (
                g(a.wrapping_add(c).wrapping_sub(constant)), //
                g(b.wrapping_sub(d).wrapping_add(constant)),
            );
            if round % 2 == 0 {
                (a, b) = (a >> 8 | b << 24, b >> 8 | a << 24);
            } else {
                (c, d) = (c << 8 | d >> 24, d << 8 | c >> 24);
            }
            constant = constant.rotate_left(1);
        }
        Self { round_keys }
    }
}

impl BlockSizeUser for Seed {
    type BlockSize = U16;
}

impl ParBlocksSizeUser for Seed {
    type ParBlocksSize = U1;
}

impl BlockCipherEncrypt for Seed {
    fn encrypt_with_backend(&self, f: impl BlockCipherEncClosure<BlockSize = U16>) {
        f.call(self);
    }
}

impl BlockCipherEncBackend for Seed {
    fn encrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let mut bytes = block.clone_in();
        Self::rounds(&mut bytes, self.round_keys.iter());
        *block.get_out() = bytes;
    }
}

impl BlockCipherDecrypt for Seed {
    fn decrypt_with_backend(&self, f: impl BlockCipherDecClosure<BlockSize = U16>) {
        f.call(self);
    }
}

impl BlockCipherDecBackend for Seed {
    fn decrypt_block(&self, mut block: InOut<'_, '_, Block<Self>>) {
        let mut bytes = block.clone_in();
        Self::rounds(&mut bytes, self.round_keys.iter().rev());
        *block.get_out() = bytes;
    }
}

impl AlgorithmName for Seed {
    fn write_alg_name(f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SEED")
    }
}

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed { .. }")
    }
}

impl Drop for Seed {
    fn drop(&mut self) {
        self.round_keys.zeroize();
    }
}

impl ZeroizeOnDrop for Seed {}

/// What one byte of G's input adds to its output, for each of the four byte positions, lowest first.
static G_TABLES: [[u32; 256]; 4] = g_tables();

const fn g_tables() -> [[u32; 256]; 4] {
    // Which two bits an S-box's output leaves out of a byte of G's output; they move on by one from byte to byte.
    const MASKS: [u32; 4] = [0xfc, 0xf3, 0xcf, 0x3f];
    let mut tables = [[0; 256]; 4];
    let mut position = 0;
    while position < 4 {
        let mut x = u8::MIN;
        loop {
            let s = if position % 2 == 0 { s1(x) } else { s2(x) } as u32;
            let mut byte = 0;
            while byte < 4 {
                tables[position][x as usize] |= (s & MASKS[(position + byte) % 4]) << (8 * byte);
                byte += 1;
            }
            if x == u8::MAX {
                break;
            }
            x += 1;
        }
        position += 1;
    }
    tables
}

/// The first S-box: `A · x^247 ⊕ 169`, the rows of `A` from the highest bit.
const fn s1(x: u8) -> u8 {
    const A: [u8; 8] =
        [0b1000_1010, 0b1111_1110, 0b1000_0101, 0b0100_0010, 0b0100_0101, 0b0010_0001, 0b1000_1000, 0b0001_0100];
    linear(A, power(x, 247)) ^ 169
}

/// The second S-box: `B · x^251 ⊕ 56`, the rows of `B` from the highest bit.
const fn s2(x: u8) -> u8 {
    const B: [u8; 8] =
        [0b0100_0101, 0b1000_0101, 0b1111_1110, 0b0010_0001, 0b1000_1010, 0b1000_1000, 0b0100_0010, 0b0001_0100];
    linear(B, power(x, 251)) ^ 56
}

/// A matrix over GF(2) times a column of bits.
const fn linear(rows: [u8; 8], x: u8) -> u8 {
    let mut out = 0;
    let mut row = 0;
    while row < 8 {
        out = out << 1 | if (rows[row] & x).count_ones().is_multiple_of(2) { 0 } else { 1 };
        row += 1;
    }
    out
}

/// `x^exponent` in GF(2^8) modulo `x^8 + x^6 + x^5 + x + 1`.
const fn power(x: u8, exponent: u8) -> u8 {
    let mut out = 1;
    let mut bit = 8;
    while bit > 0 {
        bit -= 1;
        out = multiply(out, out);
        if exponent >> bit & 1 == 1 {
            out = multiply(out, x);
        }
    }
    out
}

const fn multiply(a: u8, b: u8) -> u8 {
    let mut out = 0;
    let mut bit = 8;
    while bit > 0 {
        bit -= 1;
        out = out << 1 ^ if out & 0x80 == 0 { 0 } else { 0x63 };
        if b >> bit & 1 == 1 {
            out ^= a;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use cbc::cipher::block_padding::NoPadding;
    use cbc::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit};
    use cipher_04::{BlockDecrypt as _, BlockEncrypt as _, KeyInit as _};
    use proptest::prelude::*;

    use super::Seed;

    /// RFC 4269 appendix B: key, plaintext, ciphertext.
    const RFC_4269: [(u128, u128, u128); 4] = [
        (0, 0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F, 0x5EBA_C6E0_054E_1668_19AF_F1CC_6D34_6CDB),
        (0x0001_0203_0405_0607_0809_0A0B_0C0D_0E0F, 0, 0xC11F_22F2_0140_5050_8448_3597_E437_0F43),
        (
            0x4706_4808_51E6_1BE8_5D74_BFB3_FD95_6185,
            0x83A2_F8A2_8864_1FB9_A4E9_A5CC_2F13_1C7D,
            0xEE54_D13E_BCAE_706D_226B_C314_2CD4_0D4A,
        ),
        (
            0x28DB_C3BC_49FF_D87D_CFA5_09B1_1D42_2BE7,
            0xB41E_6BE2_EBA8_4A14_8E2E_ED84_593C_5EC7,
            0x9B9B_7BFC_D181_3CB9_5D0B_3618_F40F_5122,
        ),
    ];

    /// RFC 4196 section 4: key, IV, plaintext, ciphertext.
    const RFC_4196: [(&str, &str, &str, &str); 2] = [
        (
            "ed2401ad22fa255991bafdb01fefd697",
            "93eb149f92c9905bae5cd34da06c3c8e",
            "b40d7003d9b6904b35622750c91a24575bb9a632364aa26e3ac0cf3a9c9d0dcb",
            "f072c5b1a0588c105af8301adcd91dd067f6822155304bf3aad75ceb44341c25",
        ),
        (
            "88e34f8f081779f1e9f394370ad40589",
            "268d66a735a81a816fbad9fa36162501",
            "d76d0d18327ec562b15e6bc365ac0c0f8d41e0bb938568aeebfd92ed1affa096\
             394d20fc5277ddfc4de8b0fce1eb2b93d4ae40ef4768c613b50b8942f7d4b9b3",
            "a293eae9d9aebfac37ba714bd774e427e8b706d7e7d9a097228639e0b62b3b34\
             ced11609cef2abaaec2edf979308f379c31527a8267783e5cba3538982b48d06",
        ),
    ];

    fn encrypt(key: [u8; 16], plain: [u8; 16]) -> [u8; 16] {
        let mut block = plain.into();
        Seed::new(&key.into()).encrypt_block(&mut block);
        block.into()
    }

    fn decrypt(key: [u8; 16], sealed: [u8; 16]) -> [u8; 16] {
        let mut block = sealed.into();
        Seed::new(&key.into()).decrypt_block(&mut block);
        block.into()
    }

    fn bytes(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn cbc_agrees(key: &str, iv: &str, plain: &str, sealed: &str) {
        let (key, iv, plain, sealed) = (bytes(key), bytes(iv), bytes(plain), bytes(sealed));
        let encryptor = cbc::Encryptor::<Seed>::new_from_slices(&key, &iv).unwrap();
        assert_eq!(encryptor.encrypt_padded_vec::<NoPadding>(&plain), sealed);
        let decryptor = cbc::Decryptor::<Seed>::new_from_slices(&key, &iv).unwrap();
        assert_eq!(decryptor.decrypt_padded_vec::<NoPadding>(&sealed).unwrap(), plain);
    }

    #[test]
    fn the_vectors_of_rfc_4269_hold() {
        for (key, plain, sealed) in RFC_4269 {
            assert_eq!(encrypt(key.to_be_bytes(), plain.to_be_bytes()), sealed.to_be_bytes());
            assert_eq!(decrypt(key.to_be_bytes(), sealed.to_be_bytes()), plain.to_be_bytes());
        }
    }

    #[test]
    fn the_cbc_vectors_of_rfc_4196_hold() {
        for (key, iv, plain, sealed) in RFC_4196 {
            cbc_agrees(key, iv, plain, sealed);
        }
    }

    #[test]
    fn the_round_keys_do_not_print_themselves() {
        assert_eq!(format!("{:?}", Seed::new(&[7; 16].into())), "Seed { .. }");
    }

    proptest! {
        #[test]
        fn any_block_comes_back_and_agrees_with_another_implementation(key: [u8; 16], plain: [u8; 16]) {
            let other = kisaseed::SEED::new(&key.into());
            let mut block = plain.into();
            other.encrypt_block(&mut block);
            prop_assert_eq!(encrypt(key, plain), <[u8; 16]>::from(block));
            prop_assert_eq!(decrypt(key, block.into()), plain);
            other.decrypt_block(&mut block);
            prop_assert_eq!(<[u8; 16]>::from(block), plain);
        }
    }
}
