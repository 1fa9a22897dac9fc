//! This file lists the block ciphers of PBES2 and runs them in CBC mode with PKCS#7 padding.

use aes::{Aes128, Aes192, Aes256};
use aria::{Aria128, Aria192, Aria256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{
    BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt, BlockSizeUser, Iv, Key, KeyInit,
    KeyIvInit, KeySizeUser,
};
use cbc::{Decryptor, Encryptor};
use der::asn1::ObjectIdentifier;
use des::TdesEde3;
use zeroize::Zeroizing;

use crate::crypto::seed::Seed;
use crate::secret::SecretBytes;

/// A block cipher in CBC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cipher {
    /// SEED-128 (RFC 4269): what Korean software reads and writes.
    Seed,
    /// ARIA-128 (RFC 5794).
    Aria128,
    /// ARIA-192 (RFC 5794).
    Aria192,
    /// ARIA-256 (RFC 5794).
    Aria256,
    /// AES-128 (FIPS 197).
    Aes128,
    /// AES-192 (FIPS 197).
    Aes192,
    /// AES-256 (FIPS 197).
    Aes256,
    /// Triple DES with three keys (SP 800-67): old files only.
    TripleDes,
}

/// Runs an expression with `$C` standing for the type of a cipher.
macro_rules! with_cipher {
    ($cipher:expr, $C:ident => $body:expr) => {
        match $cipher {
            Cipher::Seed => {
                type $C = Seed;
                $body
            }
            Cipher::Aria128 => {
                type $C = Aria128;
                $body
            }
            Cipher::Aria192 => {
                type $C = Aria192;
                $body
            }
            Cipher::Aria256 => {
                type $C = Aria256;
                $body
            }
            Cipher::Aes128 => {
                type $C = Aes128;
                $body
            }
            Cipher::Aes192 => {
                type $C = Aes192;
                $body
            }
            Cipher::Aes256 => {
                type $C = Aes256;
                $body
            }
            Cipher::TripleDes => {
                type $C = TdesEde3;
                $body
            }
        }
    };
}

impl Cipher {
    /// Every cipher.
    pub const ALL: [Self; 8] = [
        Self::Seed,
        Self::Aria128,
        Self::Aria192,
        Self::Aria256,
        Self::Aes128,
        Self::Aes192,
        Self::Aes256,
        Self::TripleDes,
    ];

    /// The OBJECT IDENTIFIER of the cipher in CBC mode.
    pub(super) const fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::Seed => "1.2.410.200004.1.4",
            Self::Aria128 => "1.2.410.200046.1.1.2",
            Self::Aria192 => "1.2.410.200046.1.1.7",
            Self::Aria256 => "1.2.410.200046.1.1.12",
            Self::Aes128 => "2.16.840.1.101.3.4.1.2",
            Self::Aes192 => "2.16.840.1.101.3.4.1.22",
            Self::Aes256 => "2.16.840.1.101.3.4.1.42",
            Self::TripleDes => "1.2.840.113549.3.7",
        })
    }

    /// Length of the key in bytes.
    pub(super) fn key_len(self) -> usize {
        with_cipher!(self, C => C::key_size())
    }

    /// Length of a block, and so of the IV, in bytes.
    pub(super) fn block_len(self) -> usize {
        with_cipher!(self, C => C::block_size())
    }

    /// Encrypts; `derive` fills key and IV.
    pub(super) fn encrypt(self, derive: impl FnOnce(&mut [u8], &mut [u8]), plaintext: &[u8]) -> Vec<u8> {
        with_cipher!(self, C => encrypt::<C>(derive, plaintext))
    }

    /// Decrypts; `None` if the ciphertext is not made of blocks or the padding is not PKCS#7's.
    pub(super) fn decrypt(self, derive: impl FnOnce(&mut [u8], &mut [u8]), ciphertext: &[u8]) -> Option<SecretBytes> {
        with_cipher!(self, C => decrypt::<C>(derive, ciphertext))
    }
}

impl std::fmt::Display for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Seed => "SEED-128",
            Self::Aria128 => "ARIA-128",
            Self::Aria192 => "ARIA-192",
            Self::Aria256 => "ARIA-256",
            Self::Aes128 => "AES-128",
            Self::Aes192 => "AES-192",
            Self::Aes256 => "AES-256",
            Self::TripleDes => "3DES",
        })
    }
}

fn encrypt<C>(derive: impl FnOnce(&mut [u8], &mut [u8]), plaintext: &[u8]) -> Vec<u8>
where
    C: BlockCipherEncrypt + KeyInit,
{
    let mut key = Zeroizing::new(Key::<C>::default());
    let mut iv = Zeroizing::new(Iv::<Encryptor<C>>::default());
    derive(&mut key, &mut iv);
    Encryptor::<C>::new(&key, &iv).encrypt_padded_vec::<Pkcs7>(plaintext)
}

fn decrypt<C>(derive: impl FnOnce(&mut [u8], &mut [u8]), ciphertext: &[u8]) -> Option<SecretBytes>
where
    C: BlockCipherDecrypt + KeyInit,
{
    let mut key = Zeroizing::new(Key::<C>::default());
    let mut iv = Zeroizing::new(Iv::<Decryptor<C>>::default());
    derive(&mut key, &mut iv);
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let plaintext = Decryptor::<C>::new(&key, &iv).decrypt_padded::<Pkcs7>(&mut buffer).ok()?;
    Some(SecretBytes::copy_of(plaintext))
}
