//! This file draws random bytes.

use rsa::rand_core::{TryCryptoRng, TryRng};

use crate::error::{Error, ErrorKind, Result};

/// Fills `bytes` from AWS-LC's generator, which the operating system seeds.
///
/// # Errors
/// `Device` if the operating system has no randomness to give.
pub fn fill(bytes: &mut [u8]) -> Result<()> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| Error::new(ErrorKind::Device, "drawing random bytes"))
}

/// The same generator for the crates that take one.
pub(super) struct Generator;

impl TryRng for Generator {
    type Error = Error;

    fn try_next_u32(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        fill(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        fill(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<()> {
        fill(bytes)
    }
}

impl TryCryptoRng for Generator {}
