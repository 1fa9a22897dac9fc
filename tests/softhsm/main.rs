//! Tokens behind another PKCS#11 module, shown on SoftHSM.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "../support/softhsm.rs"]
mod softhsm;

mod acting;
mod reading;
mod scan;
mod views;
