//! The module as it ships, in hosts of every kind: each test starts a process of its own that loads it. None ever sees a
//! byte of ours on its standard output or error.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "figures of a run")]
#![allow(unreachable_pub, reason = "a test has no public")]
#![allow(clippy::disallowed_methods, reason = "the environment names the module")]

#[macro_use]
mod support;
#[path = "hosts/circumstances.rs"]
mod circumstances;
#[path = "hosts/forks.rs"]
mod forks;
#[path = "hosts/host.rs"]
mod host;
#[path = "hosts/limits.rs"]
mod limits;
#[path = "hosts/privileges.rs"]
mod privileges;
#[path = "hosts/watching.rs"]
mod watching;

macro_rules! scenarios {
    ($($file:ident::$name:ident)*) => {
        /// What the processes that tests start do.
        const SCENARIOS: &[host::Scenario] = &[$((stringify!($name), $file::$name)),*];
    };
}

scenarios! {
    host::use_once
    circumstances::closed_streams circumstances::nothing_known circumstances::bad_configuration circumstances::interrupted
    circumstances::two_users circumstances::race circumstances::loaded_twice circumstances::callbacks
    forks::busy_forks forks::harmless_children forks::raw_fork forks::leaves_while_others_sign
    forks::leaves_while_one_waits forks::executes forks::executed
    limits::no_threads_by_request limits::no_threads_by_force limits::no_threads_unasked limits::few_descriptors
    limits::little_memory
    privileges::privileged privileges::unreadable_folder
    watching::awaits_signals watching::mounts
}
