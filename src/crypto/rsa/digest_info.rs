//! This file writes and recognises the DigestInfo inside a PKCS#1 v1.5 signature (RFC 8017 section 9.2).

use crate::mechanism::Hash;

/// DER of the DigestInfo up to the digest, with NULL parameters (RFC 8017 section 9.2, note 1).
const fn prefix(hash: Hash) -> &'static [u8] {
    match hash {
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        Hash::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        Hash::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    }
}

/// The DigestInfo of a digest.
pub(super) fn write(hash: Hash, digest: &[u8]) -> Vec<u8> {
    [prefix(hash), digest].concat()
}

/// The digest in a DigestInfo that has exactly the form of [`write()`].
pub(super) fn parse(content: &[u8]) -> Option<(Hash, &[u8])> {
    Hash::ALL.into_iter().find_map(|hash| {
        let digest = content.strip_prefix(prefix(hash))?;
        (digest.len() == hash.len()).then_some((hash, digest))
    })
}
