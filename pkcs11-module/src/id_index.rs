//! This file finds where the records of a CKA_ID begin, in one step that costs the same among ten and among ten thousand.
//!
//! A hash table of the standard library would do, but its keys lie apart from the records, and for a search that takes half
//! a microsecond each further memory that it touches counts. Here the only keys are those in the records. Who writes
//! certificates with made-up key identifiers onto a medium can make searching that medium slow, and nothing else.

/// For each hash of a CKA_ID the first record that has it; the records lead to the next.
#[derive(Default)]
pub(crate) struct IdIndex {
    /// A power of two of them, or none.
    heads: Box<[u32]>,
}

/// No record.
const NONE: u32 = u32::MAX;

impl IdIndex {
    /// An empty index for so many records.
    pub(crate) fn for_records(count: u32) -> Self {
        let places = (count as usize * 2).next_power_of_two();
        Self { heads: vec![NONE; places].into() }
    }

    /// Puts a record first, and returns the one that was first before.
    pub(crate) fn put_first(&mut self, id: &[u8; 20], record: u32) -> Option<u32> {
        let place = self.place(id);
        let before = std::mem::replace(&mut self.heads[place], record);
        (before != NONE).then_some(before)
    }

    /// The first record whose CKA_ID may be this one.
    pub(crate) fn first(&self, id: &[u8; 20]) -> Option<u32> {
        let head = *self.heads.get(self.place(id))?;
        (head != NONE).then_some(head)
    }

    fn place(&self, id: &[u8; 20]) -> usize {
        let word = |at: usize| u32::from_ne_bytes([id[at], id[at + 1], id[at + 2], id[at + 3]]);
        let folded = word(0) ^ word(4).rotate_left(7) ^ word(8).rotate_left(14) ^ word(12).rotate_left(21) ^ word(16);
        // Multiplying by the golden ratio spreads identifiers that only count up.
        let mixed = u64::from(folded).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        (mixed as u32 as usize) & self.heads.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> [u8; 20] {
        let mut id = [7; 20];
        id[16..].copy_from_slice(&number.to_be_bytes());
        id
    }

    #[test]
    fn identifiers_that_count_up_are_spread() {
        let mut index = IdIndex::for_records(10_000);
        let shared = (0..10_000).filter(|number| index.put_first(&id(*number), *number).is_some()).count();
        assert!(shared < 4_000, "{shared} of 10,000 share a place");
    }

    #[test]
    fn the_last_that_was_put_is_first_and_leads_to_the_one_before() {
        let mut index = IdIndex::for_records(2);
        assert_eq!(index.first(&id(1)), None);
        assert_eq!(index.put_first(&id(1), 1), None);
        assert_eq!(index.put_first(&id(1), 0), Some(1));
        assert_eq!(index.first(&id(1)), Some(0));
        assert_eq!(IdIndex::default().first(&id(1)), None);
        assert_eq!(IdIndex::for_records(0).first(&id(1)), None);
    }
}
