//! All unsafe code: what C calls, the pointers it brings, and the memory that the process shares with its children.

#![allow(unsafe_code, reason = "the one place for it")]

pub(crate) mod argument;
pub(crate) mod boundary;
pub(crate) mod buffer;
mod carry;
mod carry_mechanism;
mod carry_template;
#[cfg(test)]
mod carry_tests;
pub(crate) mod entries;
mod entry;
#[cfg(feature = "fault-injection")]
pub(crate) mod fault;
pub(crate) mod foreign;
mod layout;
pub(crate) mod pages;
pub(crate) mod parameter;
pub(crate) mod per_process;
pub(crate) mod process;
pub(crate) mod signals;
pub(crate) mod tables;
pub(crate) mod template;
