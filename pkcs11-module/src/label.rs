//! This file names the certificates of one token so that no two have the same name: Java's aliases and NSS's nicknames are
//! made of it.

use std::collections::HashMap;

use ingam::credential::Purpose;

use crate::objects::{Holder, Record};

/// A label for each record: the owner's name, ` km` behind it for the encryption pair; the serial number too where several
/// certificates of one name are there, and a count where even that is the same.
pub(crate) fn labels(records: &[Record]) -> Vec<Box<str>> {
    let names: Vec<String> = records.iter().map(name).collect();
    let mut owners: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    for name in &names {
        *owners.entry(name).or_default() += 1;
    }
    let named = names.iter().zip(records).map(|(name, record)| match owners.get(name.as_str()) {
        Some(2..) => format!("{name} {}", record.certificate.serial_hex()),
        _ => name.clone(),
    });
    let mut taken: HashMap<String, usize> = HashMap::with_capacity(names.len());
    named
        .map(|label| {
            let count = taken.entry(label.clone()).or_default();
            *count += 1;
            if *count == 1 { label.into() } else { format!("{label} ({count})").into() }
        })
        .collect()
}

fn name(record: &Record) -> String {
    let certificate = &record.certificate;
    let name = match &record.holder {
        Holder::Owner { purpose, .. } => match purpose {
            Purpose::Sign => certificate.owner(),
            Purpose::KeyManagement => format!("{} km", certificate.owner()),
        },
        Holder::Authority => certificate.common_name(),
    };
    // NSS takes a colon for the border between token and nickname.
    let clean = |character: char| if character.is_control() || character == ':' { ' ' } else { character };
    let clean: String = name.chars().map(clean).collect();
    match clean.trim() {
        "" => certificate.serial_hex(),
        clean => clean.to_owned(),
    }
}
