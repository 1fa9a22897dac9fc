//! Korean joint certificates (공동인증서, NPKI) from every medium, as one library.
//!
//! A [`Keystore`](keystore::Keystore) finds media through [drivers](driver). A medium opens as a [`Token`](token::Token), which
//! lists certificate sets and lends out keys that sign and decrypt. Media that keep files
//! ([`Storage`](storage::Storage)) become tokens through [`SoftToken`](storage::SoftToken).
//!
//! # List what is there
//! ```no_run
//! use ingam::{config::Config, keystore::{self, Keystore}};
//!
//! # fn main() -> ingam::Result<()> {
//! let keystore = Keystore::new(&Config::load()?);
//! for slot in keystore.slots() {
//!     println!("{} at {}", slot.medium.label, slot.medium.place);
//!     let token = keystore.token(slot.id)?;
//!     for entry in keystore::lock(&token).entries()?.iter() {
//!         match &entry.content {
//!             Ok(set) => println!("  {} until {}", set.sign.certificate.owner(), set.sign.certificate.not_after()),
//!             Err(error) => println!("  {} cannot be used: {error}", entry.name),
//!         }
//!     }
//! }
//! # Ok(()) }
//! ```
//!
//! # Sign
//! The signer works outside the token's lock, from any thread, until the token is logged out.
//! ```
//! use ingam::keystore::{self, SharedToken};
//! use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
//! use ingam::pin::{Pin, Role};
//! use ingam::token::Scope;
//! use ingam::{Error, ErrorKind};
//!
//! fn sign(token: &SharedToken, password: &Pin, message: &[u8]) -> ingam::Result<Vec<u8>> {
//!     let signer = {
//!         let mut token = keystore::lock(token);
//!         token.login(Role::User, &Scope::All, password)?;
//!         let entries = token.entries()?;
//!         let set = entries.iter().find_map(|entry| entry.content.as_ref().ok());
//!         let key = set.and_then(|set| set.sign.key.clone());
//!         token.signer(&key.ok_or(Error::new(ErrorKind::NotFound, "looking for a key"))?)?
//!     };
//!     signer.sign(&SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(message) })
//! }
//! ```
//!
//! # Check the owner (본인확인)
//! ```
//! use ingam::certificate::Certificate;
//! use ingam::credential::VidRandom;
//! use ingam::npki::vid::IdentifyData;
//! use ingam::secret::SecretBytes;
//!
//! fn is_owner(certificate: &Certificate, idn: &SecretBytes, random: &VidRandom) -> ingam::Result<bool> {
//!     let Some(vid) = IdentifyData::of(certificate)?.and_then(|data| data.vid) else { return Ok(false) };
//!     vid.fits(idn, random)
//! }
//! ```
//!
//! # Threads
//! A [`Keystore`](keystore::Keystore) is shared between threads as it is; a token sits in a mutex that is held during its
//! I/O. The library prints nothing, asks nothing, and reads the environment only in [`config`].
#![forbid(unsafe_code)]

pub mod certificate;
pub mod config;
pub mod credential;
pub mod crypto;
pub mod csr;
pub mod driver;
pub mod error;
pub mod keystore;
pub mod mechanism;
pub mod medium;
pub mod npki;
pub mod pin;
mod proof;
pub mod sample;
pub mod secret;
pub mod selector;
pub mod storage;
pub mod token;
pub mod transfer;
pub mod view;
pub mod watch;

pub use error::{Error, ErrorKind, Result};
