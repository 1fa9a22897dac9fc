//! The PKCS#11 module: every medium of the keystore is a token, for applications that know nothing of Korea.
//!
//! The only way in is the three functions below; what they hand out are the function tables of PKCS#11 2.40 and 3.0.
//! C's pointers end in `abi`, the one place with unsafe code: everything else gets references, slices and typed values.
//!
//! ```text
//! host → abi::entries (one macro: guard, process check, null rules, trace) → functions (a file per chapter) → ingam
//!                                                                      ↘ abi::foreign → another PKCS#11 module
//! ```
#![deny(unsafe_code)]

mod abi;
mod attribute;
mod events;
mod find;
mod foreign;
mod functions;
mod handle;
mod id_index;
mod key;
mod label;
mod library;
mod login;
mod mechanism;
mod message;
mod monitor;
mod object;
mod objects;
mod operation;
mod pending;
mod rv;
mod session;
mod session_key;
mod session_object;
mod session_objects;
mod sessions;
mod slot;
mod state;
mod template_rules;
mod text;
mod trace;
mod user_name;
mod values;

pub use abi::entries::{C_GetFunctionList, C_GetInterface, C_GetInterfaceList};
#[cfg(feature = "fault-injection")]
pub use abi::{entries::ENTRIES, fault::ingam_test_panic_next};
