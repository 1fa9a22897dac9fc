//! This file encrypts and decrypts under a password: PBES2 (RFC 8018) and the two Korean schemes.

mod cipher;
mod derive;
mod parameters;

use std::fmt;

use der::asn1::ObjectIdentifier;
use sha1::{Digest, Sha1};

use crate::crypto::random;
use crate::error::{Error, ErrorKind, Result};
use crate::mechanism::Hash;
use crate::secret::SecretBytes;

pub use cipher::Cipher;

/// What a PBE may cost before any work is done.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Iterations of the key derivation at most. Above [`CEILING`](Self::CEILING) it counts as the ceiling.
    pub iterations: u32,
}

impl Limits {
    /// The highest limit that has an effect: some seconds of one core.
    pub const CEILING: u32 = 10_000_000;
}

impl Default for Limits {
    fn default() -> Self {
        Self { iterations: 1_000_000 }
    }
}

/// How a password encrypts, without salt and IV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// seedCBCWithSHA1, 1.2.410.200004.1.15: PBKDF1 with SHA-1, SEED-CBC, the IV from the password. Read by everything.
    SeedCbcWithSha1,
    /// seedCBC used as a PBE, 1.2.410.200004.1.4: as above with a fixed IV. Old files only.
    SeedCbc,
    /// PBES2 with PBKDF2 (RFC 8018 section 6.2). Korean software assumes SEED and HMAC-SHA-1.
    Pbes2 {
        /// The cipher, in CBC mode.
        cipher: Cipher,
        /// The hash of PBKDF2's HMAC.
        prf: Hash,
    },
}

/// A password-based encryption with all its parameters, within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pbe {
    scheme: Scheme,
    salt: Box<[u8]>,
    iterations: u32,
    /// As long as the cipher's block for PBES2; empty for the Korean schemes, whose parameters carry no IV.
    iv: Box<[u8]>,
}

/// Why the parameters of a PBE cannot be used. Nothing was derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PbeError {
    /// The parameters do not follow their format.
    Damaged(&'static str),
    /// A scheme, cipher or PRF that this library does not know.
    UnknownAlgorithm(ObjectIdentifier),
    /// More iterations than the limit.
    TooManyIterations(u64),
}

impl Pbe {
    /// Iterations of the Korean software that most key files come from.
    const KOREAN_ITERATIONS: u32 = 2048;
    const SALT_LEN: usize = 8;
    /// No software is known to use more than 64 bytes.
    const MAX_SALT_LEN: usize = 128;

    /// What every known program reads: seedCBCWithSHA1 with 2,048 iterations and a new salt.
    ///
    /// # Errors
    /// `Device` without randomness.
    pub fn korean_default() -> Result<Self> {
        Self::new(Scheme::SeedCbcWithSha1, Self::KOREAN_ITERATIONS)
    }

    /// This scheme with a new salt of 8 bytes and, for PBES2, a new IV.
    ///
    /// # Errors
    /// `InvalidInput` unless there are 1 to [`Limits::CEILING`] iterations; `Device` without randomness.
    pub fn new(scheme: Scheme, iterations: u32) -> Result<Self> {
        if !(1..=Limits::CEILING).contains(&iterations) {
            return Err(Error::new(ErrorKind::InvalidInput, "choosing the iterations of a key derivation"));
        }
        let iv_len = if let Scheme::Pbes2 { cipher, .. } = scheme { cipher.block_len() } else { 0 };
        let mut pbe =
            Self { scheme, salt: [0; Self::SALT_LEN].into(), iterations, iv: vec![0; iv_len].into_boxed_slice() };
        random::fill(&mut pbe.salt)?;
        random::fill(&mut pbe.iv)?;
        Ok(pbe)
    }

    /// How it encrypts.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// Iterations of the key derivation.
    #[must_use]
    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Encrypts under this password.
    #[must_use]
    pub fn encrypt(&self, password: &[u8], plaintext: &[u8]) -> Vec<u8> {
        self.cipher().encrypt(|key, iv| self.derive(password, key, iv), plaintext)
    }

    /// Decrypts under this password; `None` if the padding is wrong, which a wrong password leaves right once in 256 times.
    ///
    /// A ciphertext whose length no password could have made is `None` too: see
    /// [`check_ciphertext`](Self::check_ciphertext).
    #[must_use]
    pub fn decrypt(&self, password: &[u8], ciphertext: &[u8]) -> Option<SecretBytes> {
        self.check_ciphertext(ciphertext).ok()?;
        self.cipher().decrypt(|key, iv| self.derive(password, key, iv), ciphertext)
    }

    /// Tells a ciphertext that no password opens: empty, or not made of whole blocks.
    ///
    /// # Errors
    /// `Damaged`.
    pub fn check_ciphertext(&self, ciphertext: &[u8]) -> Result<(), PbeError> {
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(self.cipher().block_len()) {
            return Err(PbeError::Damaged("length of the ciphertext"));
        }
        Ok(())
    }

    fn cipher(&self) -> Cipher {
        match self.scheme {
            Scheme::SeedCbcWithSha1 | Scheme::SeedCbc => Cipher::Seed,
            Scheme::Pbes2 { cipher, .. } => cipher,
        }
    }

    /// Fills key and IV.
    fn derive(&self, password: &[u8], key: &mut [u8], iv: &mut [u8]) {
        match self.scheme {
            Scheme::SeedCbcWithSha1 => {
                let derived = derive::pbkdf1(password, &self.salt, self.iterations);
                copy(&derived[..16], key);
                copy(&Sha1::digest(&derived[16..]), iv);
            }
            Scheme::SeedCbc => {
                copy(&derive::pbkdf1(password, &self.salt, self.iterations)[..16], key);
                copy(b"0123456789012345", iv);
            }
            Scheme::Pbes2 { prf, .. } => {
                derive::pbkdf2(prf, password, &self.salt, self.iterations, key);
                copy(&self.iv, iv);
            }
        }
    }
}

/// Copies as much as fits.
fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

impl fmt::Display for Pbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scheme {
            Scheme::SeedCbcWithSha1 => f.write_str("seedCBCWithSHA1")?,
            Scheme::SeedCbc => f.write_str("seedCBC")?,
            Scheme::Pbes2 { cipher, prf } => {
                let prf = match prf {
                    Hash::Sha1 => "SHA-1",
                    Hash::Sha256 => "SHA-256",
                    Hash::Sha384 => "SHA-384",
                    Hash::Sha512 => "SHA-512",
                };
                write!(f, "PBES2, {cipher}, HMAC-{prf}")?;
            }
        }
        write!(f, ", {} iterations", self.iterations)
    }
}

impl fmt::Display for PbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(what) => write!(f, "damaged: {what}"),
            Self::UnknownAlgorithm(oid) => write!(f, "unknown algorithm {oid}"),
            Self::TooManyIterations(iterations) => write!(f, "{iterations} iterations are more than the limit"),
        }
    }
}

impl std::error::Error for PbeError {}
