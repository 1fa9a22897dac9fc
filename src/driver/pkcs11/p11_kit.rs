//! This file reads which modules p11-kit shows to an application, so that none of their tokens is shown a second time by us.
//!
//! p11-kit's `pkcs11.conf` is not read: with `user-config: none` or `only` there, `forward` says what it should be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::refusal::is_ourselves;
use crate::config::{Foreign, ForeignModule, Forward};

/// Bytes of one configuration file at most.
const FILE_LIMIT: u64 = 1 << 16;

/// Where p11-kit looks for a module that is named without a folder: it is built in, different on each system.
const MODULE_FOLDERS: &[&str] = &[
    "/usr/lib/x86_64-linux-gnu/pkcs11",
    "/usr/lib/aarch64-linux-gnu/pkcs11",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/local/lib/pkcs11",
    "/opt/homebrew/lib/pkcs11",
];

/// Leaves out the modules that this application gets from p11-kit beside ours.
pub(super) fn leave_out_shown(modules: &mut Vec<ForeignModule>, foreign: &Foreign, program: &str) {
    if foreign.forward != Forward::Auto || !foreign.under_p11_kit || modules.is_empty() {
        return;
    }
    let shown = shown(&foreign.p11_kit_folders, program);
    // An application that loads us by our path sees those modules through p11-kit only if it asks p11-kit too: it did not.
    if shown.iter().any(|file| is_ourselves(file)) {
        modules.retain(|module| module.path.canonicalize().map_or(true, |file| !shown.contains(&file)));
    }
}

/// The modules that p11-kit shows to this program. A file in a later folder overrides the lines of one that has its name.
fn shown(folders: &[PathBuf], program: &str) -> Vec<PathBuf> {
    let mut files: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for path in entries.flatten().map(|entry| entry.path()) {
            let small = std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() <= FILE_LIMIT);
            let name = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".module"));
            if let (true, Some(name), Ok(text)) = (small, name, std::fs::read_to_string(&path)) {
                files.entry(name.to_owned()).or_default().extend(settings(&text));
            }
        }
    }
    files.values().filter(|file| enabled(file, program)).filter_map(|file| resolved(file.get("module")?)).collect()
}

/// The lines `key: value`; `#` begins a comment.
fn settings(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        Some((key.trim().to_owned(), value.trim().to_owned()))
    })
}

fn enabled(file: &BTreeMap<String, String>, program: &str) -> bool {
    let lists = |key: &str| Some(file.get(key)?.split([',', ' ', '\t']).any(|word| word == program));
    lists("enable-in").unwrap_or(true) && !lists("disable-in").unwrap_or(false)
}

fn resolved(module: &str) -> Option<PathBuf> {
    let module = Path::new(module);
    if module.is_absolute() {
        return module.canonicalize().ok();
    }
    MODULE_FOLDERS.iter().find_map(|folder| Path::new(folder).join(module).canonicalize().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        _folder: tempfile::TempDir,
        foreign: Foreign,
        other: ForeignModule,
    }

    /// A folder of p11-kit that lists a module and, under a name of its own, a copy of ours.
    fn place(more: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().canonicalize().unwrap().join(name);
        std::fs::write(path("other.so"), "another module").unwrap();
        std::fs::write(path("ours.so"), [b"\x7fELF".as_slice(), super::super::refusal::MARK].concat()).unwrap();
        for (name, lines) in [("other", more), ("ours", "")] {
            let file = path(&format!("{name}.module"));
            std::fs::write(file, format!("# a comment\nmodule: {}\n{lines}", path(&format!("{name}.so")).display()))
                .unwrap();
        }
        let foreign =
            Foreign { under_p11_kit: true, p11_kit_folders: vec![folder.path().to_owned()], ..Foreign::default() };
        let other = ForeignModule::new(path("other.so"), None, Vec::new());
        Place { _folder: folder, foreign, other }
    }

    fn left(place: &Place, foreign: &Foreign) -> usize {
        let mut modules = vec![place.other.clone()];
        leave_out_shown(&mut modules, foreign, "curl");
        modules.len()
    }

    #[test]
    fn a_module_that_p11_kit_shows_beside_ours_is_left_out() {
        let place = place("");
        assert_eq!(left(&place, &place.foreign), 0);
        assert_eq!(left(&place, &Foreign { forward: Forward::Always, ..place.foreign.clone() }), 1);
        assert_eq!(left(&place, &Foreign { under_p11_kit: false, ..place.foreign.clone() }), 1);
    }

    #[test]
    fn a_module_that_p11_kit_does_not_show_to_this_program_stays() {
        for (lines, stays) in [
            ("disable-in: curl", 1),
            ("disable-in: wget, curl", 1),
            ("disable-in: wget", 0),
            ("enable-in: wget", 1),
            ("enable-in: curl", 0),
        ] {
            let place = place(lines);
            assert_eq!(left(&place, &place.foreign), stays, "{lines}");
        }
    }

    #[test]
    fn where_p11_kit_does_not_list_us_nothing_is_left_out() {
        let place = place("");
        std::fs::remove_file(place.foreign.p11_kit_folders[0].join("ours.module")).unwrap();
        assert_eq!(left(&place, &place.foreign), 1);
    }

    #[test]
    fn a_later_folder_overrides_the_lines_of_an_earlier_one() {
        let place = place("");
        let later = tempfile::tempdir().unwrap();
        std::fs::write(later.path().join("other.module"), "enable-in: wget\n").unwrap();
        let mut foreign = place.foreign.clone();
        foreign.p11_kit_folders.push(later.path().to_owned());
        assert_eq!(left(&place, &foreign), 1);
    }
}
