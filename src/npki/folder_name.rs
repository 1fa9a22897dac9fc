//! This file names the folder of a certificate set as Korean software does: the subject, leaf first, attribute names in
//! lower case (`cn=홍길동()0099…,ou=personal4IB,o=yessign,c=kr`).
//!
//! Only for writing. Who reads takes the identity from the certificate, never from the folder.

use sha2::{Digest as _, Sha256};

use crate::certificate::{Certificate, Name, printable};
use crate::credential::EntryName;
use crate::npki::authority::Authority;

/// The longest name that every file system takes, in bytes of UTF-8.
pub const MAX_LEN: usize = 255;

/// Where this certificate's set belongs below `NPKI`: `<CA>/USER/<DN>`.
#[must_use]
pub fn entry_name(certificate: &Certificate) -> EntryName {
    below_authority(certificate, &folder_name(certificate))
}

/// Where it belongs if another certificate of the same subject is in its place: the same name with the serial number as one
/// more part, `cn=…,c=kr,serial=1a2b3c`. Korean software reads every folder of `USER`; what begins with `cn=` still does.
#[must_use]
pub fn entry_name_beside(certificate: &Certificate) -> EntryName {
    let name = format!("{},serial={}", distinguished_name(&certificate.subject()), certificate.serial_hex());
    below_authority(certificate, &safe(&name))
}

fn below_authority(certificate: &Certificate, name: &str) -> EntryName {
    EntryName::new(&format!("{}/USER/{name}", authority_folder(Authority::of(certificate).organization())))
}

fn authority_folder(organization: &str) -> String {
    match organization.trim() {
        "" => "unknown".to_owned(),
        // `NPKI/USER` holds sets itself: what lies one level deeper nobody would find.
        organization if organization.eq_ignore_ascii_case("USER") => "unknown".to_owned(),
        organization => safe(organization),
    }
}

/// The folder's own name. A character that some file system refuses is `_`; what is longer than [`MAX_LEN`] is
/// cut and ends with a hash of the whole.
#[must_use]
pub fn folder_name(certificate: &Certificate) -> String {
    let name = distinguished_name(&certificate.subject());
    if name.is_empty() { format!("serial={}", certificate.serial_hex()) } else { safe(&name) }
}

fn distinguished_name(subject: &Name<'_>) -> String {
    let mut name = String::new();
    for (index, attribute) in subject.attributes().iter().enumerate().rev() {
        match attribute.short_name() {
            Some(short) => name.push_str(&short.to_lowercase()),
            None => name.push_str(&attribute.oid.to_string()),
        }
        name.push('=');
        name.push_str(&attribute.text());
        if index > 0 {
            name.push(if attribute.joined { '+' } else { ',' });
        }
    }
    name
}

/// One component of a path that Windows, macOS, Linux and FAT all take as it is.
fn safe(name: &str) -> String {
    const REFUSED: &[char] = &['\\', '/', ':', '*', '?', '"', '<', '>', '|', char::REPLACEMENT_CHARACTER];
    let mut safe = printable(name).replace(REFUSED, "_");
    if safe.len() > MAX_LEN {
        // Two names that begin alike stay two.
        let digest: String = Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        while safe.len() > MAX_LEN - 1 - digest.len() {
            safe.pop();
        }
        safe.push('~');
        safe.push_str(&digest);
    }
    // Windows drops a trailing dot or space, and a leading dot would hide the folder or lead out of it.
    if safe.ends_with(['.', ' ']) {
        safe.pop();
        safe.push('_');
    }
    if safe.starts_with('.') {
        safe.replace_range(..1, "_");
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_what_file_systems_take_and_nothing_else() {
        assert_eq!(
            safe("cn=홍길동()0099,ou=personal4IB,o=yessign,c=kr"),
            "cn=홍길동()0099,ou=personal4IB,o=yessign,c=kr"
        );
        assert_eq!(safe(r#"cn=a\b/c:d*e?f"g<h>i|j"#), "cn=a_b_c_d_e_f_g_h_i_j");
        assert_eq!(safe("cn=a\u{0}b\nc\u{202E}d"), "cn=a_b_c_d");
        assert_eq!((safe(".."), safe("a. ")), ("__".to_owned(), "a._".to_owned()));
    }

    #[test]
    fn a_set_never_goes_where_nobody_lists_it() {
        let names = ["yessign", " KICA ", "", "user", ".."].map(authority_folder);
        assert_eq!(names, ["yessign", "KICA", "unknown", "unknown", "__"]);
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let long = format!("cn={}", "가".repeat(100));
        assert!(safe(&long).starts_with(&format!("cn={}~", "가".repeat(81))), "{}", safe(&long));
        assert_eq!(safe(&"a".repeat(300)).len(), MAX_LEN);
    }

    #[test]
    fn long_names_that_begin_alike_have_folders_of_their_own() {
        let (one, other) = (format!("{}1", "a".repeat(300)), format!("{}2", "a".repeat(300)));
        assert_ne!(safe(&one), safe(&other));
        assert_eq!(safe(&one), safe(&one));
    }
}
