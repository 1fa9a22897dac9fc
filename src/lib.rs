//! Korean joint certificates (공동인증서, NPKI) from every medium, as one library.
//!
//! A [`Keystore`](keystore::Keystore) finds media through drivers; a medium opens as a [`Token`](token::Token), which
//! lists certificate sets and lends out keys that sign and decrypt. File media ([`Storage`](storage::Storage)) become
//! tokens through [`SoftToken`](storage::SoftToken).
//!
//! The library prints nothing, asks nothing and reads the environment only in [`config`].
#![forbid(unsafe_code)]

pub mod certificate;
pub mod config;
pub mod credential;
pub mod crypto;
pub mod driver;
pub mod error;
pub mod keystore;
pub mod mechanism;
pub mod medium;
pub mod npki;
pub mod pin;
#[cfg(feature = "sample")]
pub mod sample;
pub mod secret;
pub mod selector;
pub mod storage;
pub mod token;

pub use error::{Error, ErrorKind, Result};
