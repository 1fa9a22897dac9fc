//! Real PKCS#11 clients, end to end, against the module as it ships. Each test makes a TEST certificate of its own; what
//! comes out of the module is judged by OpenSSL or by the client, never by us.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "the environment names the module and the scenarios")]
#![allow(clippy::print_stdout, reason = "what a client said is worth reading when its test fails")]

mod bindings;
mod daemon;
mod expected;
mod gnutls;
mod java;
mod java_token;
mod java_trips;
mod nginx;
mod nss;
mod openssl;
mod osslsigncode;
mod p11_kit;
mod pkcs11_check;
mod pkcs11_tool;
mod place;
mod scenarios;
mod ssh;
mod suites;
mod tls;
