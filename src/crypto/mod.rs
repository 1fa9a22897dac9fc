//! The only place that computes: ciphers, key derivation, signatures, decryption, digests.

mod digest;
mod pbe;
pub mod rsa;
pub mod seed;

pub use digest::Hasher;
pub use pbe::{Cipher, Limits, Pbe, Prf};
