//! This file keeps the journal of an import on the token itself: what it names and has no certificate was cut off.
//!
//! The journal is a data object, made first and destroyed last. Its label names the CKA_ID whose certificate is written
//! last; its value names every CKA_ID that the import makes objects of. It says nothing secret, but it is private: who
//! could write one without the PIN could have keys taken away.

use super::sets::{JOURNAL, hex};
use super::template::Template;

/// No import makes objects of more keys than a set has.
const MOST_IDS: usize = 4;

/// What an import makes, or a removal takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Journal {
    /// The first one's certificate is the last object that is made.
    ids: Vec<Vec<u8>>,
}

impl Journal {
    /// Of an import of keys with these CKA_IDs; the certificate of the first one is written last.
    pub(super) const fn new(ids: Vec<Vec<u8>>) -> Self {
        Self { ids }
    }

    /// Whether a data object of this label is one.
    pub(super) fn is_one(label: &[u8]) -> bool {
        label.starts_with(JOURNAL.as_bytes())
    }

    /// Reads one; without a value that can be read it names what its label does.
    pub(super) fn read(label: &[u8], value: &[u8]) -> Option<Self> {
        let main = unhex(label.strip_prefix(JOURNAL.as_bytes())?)?;
        let named = value.split(|byte| *byte == b'\n').filter_map(unhex).filter(|id| *id != main);
        let mut ids = vec![main.clone()];
        ids.extend(named.take(MOST_IDS - 1));
        Some(Self { ids })
    }

    pub(super) fn ids(&self) -> &[Vec<u8>] {
        &self.ids
    }

    /// The CKA_ID whose certificate is written last: where it is, everything is.
    pub(super) fn last(&self) -> &[u8] {
        self.ids.first().map_or(&[], Vec::as_slice)
    }

    pub(super) fn template(&self) -> Template {
        let label = format!("{JOURNAL}{}", hex(self.last()));
        let value: String = self.ids.iter().map(|id| hex(id) + "\n").collect();
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
        let journal = Journal::read(b"ingam-import=0aff", b"0aff\n01\n").unwrap();
        assert_eq!(journal, Journal::new(vec![vec![0x0a, 0xff], vec![1]]));
        assert_eq!(journal.last(), [0x0a, 0xff]);
        let label_only = Journal::read(b"ingam-import=0aff", b"\xff\nzz\n0").unwrap();
        assert_eq!(label_only.ids(), [vec![0x0a, 0xff]]);
    }

    #[test]
    fn what_is_no_journal_names_nothing() {
        for label in
            [&b""[..], b"R4VID=0a", b"ingam-import=", b"ingam-import=0", b"ingam-import=zz", b"ingam-import=\xff\xff"]
        {
            assert_eq!(Journal::read(label, b"01\n"), None);
        }
        let many = "01\n02\n03\n04\n05\n06\n".repeat(1000);
        assert_eq!(Journal::read(b"ingam-import=00", many.as_bytes()).unwrap().ids().len(), MOST_IDS);
    }
}
