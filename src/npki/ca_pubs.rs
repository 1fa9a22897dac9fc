//! This file …
use crate::{certificate::Certificate, error::Result};
/// Reads CaPubs.
pub fn from_der(_bytes: &[u8]) -> Result<Vec<Certificate>> {
    todo!()
}
