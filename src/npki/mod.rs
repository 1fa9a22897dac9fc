//! The NPKI file format, pure: bytes in, bytes out. What each file holds: `docs/media/hard-disk.md`.

pub mod authority;
pub mod ca_pubs;
pub mod chain;
pub mod folder_name;
pub mod key_file;
pub mod policy;
pub mod private_key_info;
pub mod vid;
