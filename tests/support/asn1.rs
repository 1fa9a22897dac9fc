//! This file builds DER for tests, right or wrong, from parts.
#![allow(dead_code, reason = "each test uses some of it")]

use der::asn1::{Any, ObjectIdentifier, OctetString, OctetStringRef};
use der::referenced::OwnedToRef;
use der::{Encode, Sequence, Tag};
use spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef};

/// Anything that can stand in a SEQUENCE.
pub(crate) trait Part {
    fn der(&self) -> Vec<u8>;
}

impl<T: Encode> Part for T {
    fn der(&self) -> Vec<u8> {
        self.to_der().unwrap()
    }
}

pub(crate) fn sequence(parts: &[&dyn Part]) -> Any {
    Any::new(Tag::Sequence, parts.iter().flat_map(|part| part.der()).collect::<Vec<_>>()).unwrap()
}

pub(crate) fn octets(bytes: &[u8]) -> OctetString {
    OctetString::new(bytes).unwrap()
}

pub(crate) fn oid(oid: &str) -> ObjectIdentifier {
    ObjectIdentifier::new(oid).unwrap()
}

pub(crate) fn algorithm(name: &str, parameters: Any) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid: oid(name), parameters: Some(parameters) }
}

/// An EncryptedPrivateKeyInfo.
pub(crate) fn key_file(algorithm: &AlgorithmIdentifierOwned, ciphertext: &[u8]) -> Vec<u8> {
    #[derive(Sequence)]
    struct EncryptedPrivateKeyInfo<'a> {
        algorithm: AlgorithmIdentifierRef<'a>,
        ciphertext: &'a OctetStringRef,
    }
    let ciphertext = OctetStringRef::new(ciphertext).unwrap();
    EncryptedPrivateKeyInfo { algorithm: algorithm.owned_to_ref(), ciphertext }.der()
}
