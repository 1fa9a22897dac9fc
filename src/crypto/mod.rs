//! The only place that computes: ciphers, key derivation, signatures, decryption, digests, random numbers.

mod digest;
mod pbe;
pub mod random;
pub mod rsa;
pub mod seed;

pub use digest::Hasher;
pub use pbe::{Cipher, Limits, Pbe, PbeError, Scheme};
