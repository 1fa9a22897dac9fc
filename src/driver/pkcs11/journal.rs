//! This file keeps the journal of an import on the token itself: what it names and has no certificate was cut off.
//!
//! The journal is a data object, made first and destroyed last. Its label names the CKA_ID whose certificate is written
//! last; its value names every key that the import makes objects of, by CKA_ID and the SHA-256 of its modulus: other
//! programs give many keys the same CKA_ID. It says nothing secret, but it is private: who could write one without the PIN
//! could have keys taken away.

use sha2::{Digest as _, Sha256};

use super::sets::{JOURNAL, hex};
use super::template::Template;

/// No import makes objects of more keys than a set has.
const MOST_IDS: usize = 4;

/// A key as a journal names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// CKA_ID.
    pub(super) id: Vec<u8>,
    /// SHA-256 of the modulus; without it no key is meant, but what was cut off before it had one.
    modulus: Option<[u8; 32]>,
}

impl Named {
    pub(super) fn new(id: Vec<u8>, modulus: &[u8]) -> Self {
        Self { id, modulus: Some(Sha256::digest(modulus).into()) }
    }

    /// Whether it is the key of this modulus, if it is known which one it is.
    pub(super) fn is(&self, modulus: &[u8]) -> Option<bool> {
        self.modulus.map(|named| named == *Sha256::digest(modulus))
    }

    fn read(line: &[u8]) -> Option<Self> {
        let mut words = line.split(|byte| *byte == b' ');
        let id = unhex(words.next()?)?;
        Some(Self { id, modulus: words.next().and_then(unhex).and_then(|digest| digest.try_into().ok()) })
    }

    fn line(&self) -> String {
        let modulus = self.modulus.map(|digest| format!(" {}", hex(&digest)));
        format!("{}{}\n", hex(&self.id), modulus.unwrap_or_default())
    }
}

/// What an import makes, or a removal takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Journal {
    /// The first one's certificate is the last object that is made.
    keys: Vec<Named>,
}

impl Journal {
    /// Of an import of these keys; the certificate of the first one is written last.
    pub(super) const fn new(keys: Vec<Named>) -> Self {
        Self { keys }
    }

    /// Whether a data object of this label is one.
    pub(super) fn is_one(label: &[u8]) -> bool {
        label.starts_with(JOURNAL.as_bytes())
    }

    /// Reads one; without a value that can be read it names what its label does.
    pub(super) fn read(label: &[u8], value: &[u8]) -> Option<Self> {
        let main = unhex(label.strip_prefix(JOURNAL.as_bytes())?)?;
        let lines = || value.split(|byte| *byte == b'\n').filter_map(Named::read);
        let first = lines().find(|named| named.id == main);
        let others = lines().filter(|named| named.id != main).take(MOST_IDS - 1);
        let keys = std::iter::once(first.unwrap_or_else(|| Named { id: main.clone(), modulus: None })).chain(others);
        Some(Self { keys: keys.collect() })
    }

    pub(super) fn keys(&self) -> &[Named] {
        &self.keys
    }

    /// Every CKA_ID that it names.
    pub(super) fn ids(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(|named| named.id.as_slice())
    }

    /// The key whose certificate is written last: where it is, everything is.
    pub(super) fn last(&self) -> Option<&Named> {
        self.keys.first()
    }

    pub(super) fn template(&self) -> Template {
        let label = format!("{JOURNAL}{}", hex(self.last().map_or(&[], |named| named.id.as_slice())));
        let value: String = self.keys.iter().map(Named::line).collect();
        Template::data(&label, true, value.as_bytes())
    }
}

/// A CKA_ID in hexadecimal, at most 255 bytes.
pub(super) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > 510 || !text.len().is_multiple_of(2) || !text.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let text = str::from_utf8(text).ok()?;
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_is_read_from_its_label_and_value() {
        let written = [Named::new(vec![0x0a, 0xff], b"modulus"), Named::new(vec![1], b"another")];
        let value: String = written.iter().map(Named::line).collect();
        let journal = Journal::read(b"ingam-import=0aff", value.as_bytes()).unwrap();
        assert_eq!(journal, Journal::new(written.to_vec()));
        assert_eq!(journal.last().unwrap().is(b"modulus"), Some(true));
        assert_eq!(journal.last().unwrap().is(b"another"), Some(false));
    }

    #[test]
    fn a_journal_without_a_value_means_no_key() {
        let label_only = Journal::read(b"ingam-import=0aff", b"\xff\nzz\n0").unwrap();
        assert_eq!(label_only.ids().collect::<Vec<_>>(), [[0x0a, 0xff]]);
        assert_eq!(label_only.last().unwrap().is(b"modulus"), None);
    }

    #[test]
    fn what_is_no_journal_names_nothing() {
        for label in
            [&b""[..], b"R4VID=0a", b"ingam-import=", b"ingam-import=0", b"ingam-import=zz", b"ingam-import=\xff\xff"]
        {
            assert_eq!(Journal::read(label, b"01\n"), None);
        }
        let many = "01\n02\n03\n04\n05\n06\n".repeat(1000);
        assert_eq!(Journal::read(b"ingam-import=00", many.as_bytes()).unwrap().keys().len(), MOST_IDS);
    }
}
