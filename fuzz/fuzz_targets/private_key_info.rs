//! This file reads the input as a PrivateKeyInfo and as an RSAPrivateKey, and signs with what an engine takes.
#![no_main]

use ingam::crypto::rsa::{PrivateKey, PublicKey};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::private_key_info::PrivateKeyInfo;
use ingam::secret::SecretBytes;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    use_key(data);
    let Ok(info) = PrivateKeyInfo::from_der(SecretBytes::copy_of(data)) else { return };
    assert_eq!(info.der(), data);
    if let Some(random) = info.vid_random() {
        assert!(data.windows(20).any(|bytes| bytes == random.expose()));
    }
    if let Ok((modulus, exponent)) = info.rsa_public() {
        let _ = PublicKey::new(modulus, exponent);
    }
    use_key(info.rsa_private_key());
});

fn use_key(pkcs1_der: &[u8]) {
    let Ok(key) = PrivateKey::from_pkcs1_der(pkcs1_der) else { return };
    let (modulus, exponent) = key.public();
    let public = PublicKey::new(modulus, exponent).expect("the numbers of a key that was taken");
    for mechanism in [SignMechanism::Pkcs1(Hash::Sha1), SignMechanism::Pkcs1(Hash::Sha256)] {
        let request = SignRequest { mechanism, input: SignInput::Message(b"message") };
        if let Ok(signature) = key.sign(&request) {
            public.verify(&request, &signature).expect("a signature of this key");
        }
    }
}
