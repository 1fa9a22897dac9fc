//! This file checks certificate requests with OpenSSL, which reads and verifies them.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use ingam::crypto::rsa::{PrivateKey, generate, public_key_info};
use ingam::mechanism::SignRequest;
use ingam::token::Signer;
use ingam::{ErrorKind, Result, csr};

struct Key(PrivateKey);

impl Key {
    fn new() -> Self {
        Self(PrivateKey::from_pkcs1_der(generate(2048).unwrap().expose()).unwrap())
    }

    fn public_key_info(&self) -> Vec<u8> {
        let (modulus, exponent) = self.0.public();
        public_key_info(modulus, exponent).unwrap()
    }
}

impl Signer for Key {
    fn sign(&self, request: &SignRequest<'_>) -> Result<Vec<u8>> {
        self.0.sign(request)
    }
}

#[test]
#[ignore = "needs openssl"]
fn openssl_verifies_a_request_and_reads_its_korean_subject() {
    let key = Key::new();
    let subject = "cn=홍길동()0099,ou=personal,o=yessign,c=kr";
    let request = csr::request(subject, &key.public_key_info(), &key).unwrap();
    let mut openssl = Command::new("openssl")
        .args(["req", "-inform", "DER", "-verify", "-noout", "-subject", "-text", "-nameopt", "RFC2253,-esc_msb,utf8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    openssl.stdin.take().unwrap().write_all(&request).unwrap();
    let output = openssl.wait_with_output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}");
    assert!(text.contains("verify OK"), "{text}");
    assert!(text.contains("CN=홍길동()0099,OU=personal,O=yessign,C=kr"), "{text}");
    assert!(text.contains("sha256WithRSAEncryption"), "{text}");
}

#[test]
fn a_request_is_not_signed_by_another_key() {
    let (key, other) = (Key::new(), Key::new());
    let refused = csr::request("cn=a", &other.public_key_info(), &key).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Mismatch);
}

#[test]
fn a_request_needs_a_subject_and_an_rsa_key() {
    let key = Key::new();
    let refused = |subject: &str, info: &[u8]| csr::request(subject, info, &key).unwrap_err().kind();
    assert_eq!(refused("", &key.public_key_info()), ErrorKind::InvalidInput);
    assert_eq!(refused("cn=a", b"\x30\x00"), ErrorKind::InvalidInput);
    let mut other_algorithm = key.public_key_info();
    let at = other_algorithm.windows(2).position(|window| window == [0x01, 0x01]).unwrap();
    other_algorithm[at + 2] ^= 2;
    assert_eq!(refused("cn=a", &other_algorithm), ErrorKind::Unsupported);
}
