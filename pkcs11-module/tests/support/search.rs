//! A search for secrets in the memory of another process.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};

/// The secrets that are somewhere in the writable memory of a process.
pub fn found_in(process: &str, secrets: &[(&'static str, Vec<u8>)]) -> Vec<&'static str> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = Vec::new();
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"))) {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        // Some mappings of the kernel's cannot be read.
        if memory.read_exact(&mut bytes).is_ok() {
            found.extend(secrets.iter().filter(|(_, secret)| contains(&bytes, secret)).map(|(name, _)| *name));
        }
    }
    found.dedup();
    found
}

fn contains(bytes: &[u8], secret: &[u8]) -> bool {
    let first = secret[0];
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(secret) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
