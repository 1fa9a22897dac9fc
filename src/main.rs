//! The command line `ingam`.
fn main() {}
