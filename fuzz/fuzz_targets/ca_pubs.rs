//! This file reads the input as `CaPubs` and writes back what it read.
#![no_main]

use ingam::npki::ca_pubs;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(certificates) = ca_pubs::from_der(data) else { return };
    assert!(certificates.len() <= ca_pubs::MAX_CERTIFICATES);
    let written = ca_pubs::to_der(&certificates).expect("no longer than what was read");
    let again = ca_pubs::from_der(&written).expect("what was written");
    assert!(again.iter().map(|one| one.der()).eq(certificates.iter().map(|one| one.der())));
});
