//! This file checks what an NPKI folder shows and how it is written, on real folders with made-up file contents.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails")]

use std::fs;
use std::path::Path;

use ingam::ErrorKind;
use ingam::credential::EntryName;
use ingam::storage::{FileSet, NpkiFolder, SetFile, Storage as _};

fn set(content: &[u8]) -> FileSet {
    FileSet(vec![(SetFile::SignCert, content.to_vec()), (SetFile::SignKey, content.to_vec())])
}

fn folder(root: &Path) -> NpkiFolder {
    NpkiFolder::new(root.to_owned(), 10_000)
}

fn names(root: &Path) -> Vec<String> {
    folder(root).list().unwrap().sets.iter().map(|name| name.as_str().to_owned()).collect()
}

fn content(root: &Path, entry: &str) -> Vec<u8> {
    let mut view = folder(root).read(&EntryName::new(entry), &[SetFile::SignCert]).unwrap();
    view.take(SetFile::SignCert).unwrap().unwrap()
}

const HONG: &str = "yessign/USER/cn=홍길동()00990492026,ou=TEST,o=yessign,c=kr";

#[test]
fn a_published_set_is_listed_and_private_to_its_owner() {
    let root = tempfile::tempdir().unwrap();
    folder(root.path()).publish(&EntryName::new(HONG), &set(b"one"), None).unwrap();
    assert_eq!(names(root.path()), [HONG]);
    assert_eq!(content(root.path(), HONG), b"one");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| fs::metadata(root.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(HONG), 0o700);
        assert_eq!(mode(&format!("{HONG}/signPri.key")), 0o600);
    }
}

#[test]
fn a_set_is_never_overwritten_by_a_new_one() {
    let root = tempfile::tempdir().unwrap();
    let entry = EntryName::new(HONG);
    folder(root.path()).publish(&entry, &set(b"one"), None).unwrap();
    let error = folder(root.path()).publish(&entry, &set(b"two"), None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    assert_eq!(content(root.path(), HONG), b"one");
}

#[test]
fn a_set_is_replaced_only_by_who_saw_its_last_state() {
    let root = tempfile::tempdir().unwrap();
    let entry = EntryName::new(HONG);
    let mut storage = folder(root.path());
    storage.publish(&entry, &set(b"one"), None).unwrap();
    let stamp = storage.read(&entry, &[]).unwrap().stamp;
    storage.publish(&entry, &set(b"two"), Some(stamp)).unwrap();
    assert_eq!(content(root.path(), HONG), b"two");
    let error = storage.publish(&entry, &set(b"three"), Some(stamp)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(content(root.path(), HONG), b"two");
}

#[test]
fn a_removed_set_is_gone_and_the_others_stay() {
    let root = tempfile::tempdir().unwrap();
    let mut storage = folder(root.path());
    storage.publish(&EntryName::new(HONG), &set(b"one"), None).unwrap();
    storage.publish(&EntryName::new("KICA/USER/cn=b"), &set(b"two"), None).unwrap();
    storage.remove(&EntryName::new(HONG), None).unwrap();
    assert_eq!(names(root.path()), ["KICA/USER/cn=b"]);
    assert_eq!(storage.remove(&EntryName::new(HONG), None).unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn what_a_killed_writer_left_is_passed_over_and_tidied_by_the_next_one() {
    let root = tempfile::tempdir().unwrap();
    let mut storage = folder(root.path());
    storage.publish(&EntryName::new(HONG), &set(b"one"), None).unwrap();
    let user = root.path().join("yessign/USER");
    fs::create_dir(user.join(".ingam-new")).unwrap();
    fs::write(user.join(".ingam-new/signCert.der"), b"half").unwrap();
    assert_eq!(names(root.path()), [HONG]);
    storage.publish(&EntryName::new("yessign/USER/cn=b"), &set(b"two"), None).unwrap();
    assert!(!user.join(".ingam-new").exists());
    assert_eq!(names(root.path()).len(), 2);
}

#[test]
fn a_set_that_a_killed_writer_took_aside_is_still_there_and_goes_back() {
    let root = tempfile::tempdir().unwrap();
    let mut storage = folder(root.path());
    storage.publish(&EntryName::new(HONG), &set(b"one"), None).unwrap();
    let user = root.path().join("yessign/USER");
    let place = root.path().join(HONG);
    fs::create_dir(user.join(".ingam-old")).unwrap();
    fs::rename(&place, user.join(".ingam-old").join(place.file_name().unwrap())).unwrap();
    assert_eq!(names(root.path()), [HONG]);
    let mut reader = folder(root.path());
    reader.list().unwrap();
    let mut view = reader.read(&EntryName::new(HONG), &[SetFile::SignCert]).unwrap();
    assert_eq!(view.take(SetFile::SignCert).unwrap().unwrap(), b"one");
    assert!(!place.exists(), "a reader writes nothing");
    storage.publish(&EntryName::new("yessign/USER/cn=b"), &set(b"two"), None).unwrap();
    assert!(place.exists() && !user.join(".ingam-old").exists());
}

#[test]
fn an_old_set_beside_its_successor_is_deleted_not_shown() {
    let root = tempfile::tempdir().unwrap();
    let mut storage = folder(root.path());
    storage.publish(&EntryName::new(HONG), &set(b"new"), None).unwrap();
    let user = root.path().join("yessign/USER");
    let old = user.join(".ingam-old").join(root.path().join(HONG).file_name().unwrap());
    fs::create_dir_all(&old).unwrap();
    fs::write(old.join("signCert.der"), b"old").unwrap();
    assert_eq!(names(root.path()), [HONG]);
    storage.remove(&EntryName::new("yessign/USER/cn=none"), None).unwrap_err();
    assert!(!user.join(".ingam-old").exists());
    assert_eq!(content(root.path(), HONG), b"new");
}

#[test]
fn a_set_that_was_taken_aside_is_replaced_and_removed_in_its_place() {
    let root = tempfile::tempdir().unwrap();
    let (user, place) = (root.path().join("yessign/USER"), root.path().join(HONG));
    let entry = EntryName::new(HONG);
    let set_aside = || {
        fs::create_dir(user.join(".ingam-old")).unwrap();
        fs::rename(&place, user.join(".ingam-old").join(place.file_name().unwrap())).unwrap();
        let mut storage = folder(root.path());
        storage.list().unwrap();
        let stamp = storage.read(&entry, &[]).unwrap().stamp;
        (storage, stamp)
    };
    folder(root.path()).publish(&entry, &set(b"one"), None).unwrap();
    let (mut storage, stamp) = set_aside();
    storage.publish(&entry, &set(b"two"), Some(stamp)).unwrap();
    assert!(place.exists() && !user.join(".ingam-old").exists());
    assert_eq!(content(root.path(), HONG), b"two");
    let (mut storage, stamp) = set_aside();
    storage.remove(&entry, Some(stamp)).unwrap();
    assert_eq!(names(root.path()), [] as [&str; 0]);
}

#[test]
fn a_set_is_removed_only_by_who_saw_its_last_state() {
    let root = tempfile::tempdir().unwrap();
    let entry = EntryName::new(HONG);
    let mut storage = folder(root.path());
    storage.publish(&entry, &set(b"one"), None).unwrap();
    let stamp = storage.read(&entry, &[]).unwrap().stamp;
    fs::write(root.path().join(HONG).join("kmPri.key"), b"another program's").unwrap();
    assert_eq!(storage.remove(&entry, Some(stamp)).unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(content(root.path(), HONG), b"one");
}

#[test]
fn names_match_in_any_case_with_and_without_a_ca_folder() {
    let root = tempfile::tempdir().unwrap();
    for (path, file) in
        [("KICA/User/cn=a", "SignCert.der"), ("user/cn=b", "SIGNCERT.DER"), ("X/USER/cn=c", "signCert.der")]
    {
        fs::create_dir_all(root.path().join(path)).unwrap();
        fs::write(root.path().join(path).join(file), path).unwrap();
    }
    assert_eq!(names(root.path()), ["KICA/User/cn=a", "X/USER/cn=c", "user/cn=b"]);
    for path in names(root.path()) {
        assert_eq!(content(root.path(), &path), path.as_bytes());
    }
}

#[test]
fn a_name_that_would_leave_the_folder_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for name in ["", "../x", "/etc/x", "a/../../x", "."] {
        let error = folder(root.path()).publish(&EntryName::new(name), &set(b""), None).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{name}");
    }
}

#[test]
fn a_file_that_is_too_large_or_no_file_is_refused_without_reading_it() {
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("USER/cn=a");
    fs::create_dir_all(place.join("kmCert.der")).unwrap();
    fs::File::create(place.join("signCert.der")).unwrap().set_len(1 << 40).unwrap();
    let mut view = folder(root.path()).read(&EntryName::new("USER/cn=a"), &SetFile::ALL).unwrap();
    assert_eq!(view.take(SetFile::SignCert).unwrap_err().kind(), ErrorKind::Damaged);
    assert_eq!(view.take(SetFile::KmCert).unwrap_err().kind(), ErrorKind::Damaged);
}

#[test]
fn folders_beyond_the_limit_are_reported_and_not_read() {
    let root = tempfile::tempdir().unwrap();
    for number in 0..5 {
        fs::create_dir_all(root.path().join(format!("USER/cn={number}"))).unwrap();
    }
    let listing = NpkiFolder::new(root.path().to_owned(), 3).list().unwrap();
    assert_eq!((listing.sets.len(), listing.unreadable.len()), (3, 1));
    assert!(listing.unreadable[0].1.to_string().contains("limits.folders = 3"));
}

#[cfg(unix)]
#[test]
fn a_folder_name_that_is_not_utf8_is_shown_escaped_and_read() {
    use std::os::unix::ffi::OsStrExt as _;
    let root = tempfile::tempdir().unwrap();
    let place = root.path().join("USER").join(std::ffi::OsStr::from_bytes(b"cn=\xb1\xe8"));
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("signCert.der"), b"cp949").unwrap();
    let mut storage = folder(root.path());
    let listing = storage.list().unwrap();
    assert_eq!(listing.sets[0].as_str(), r"USER/cn=\xB1\xE8");
    let mut view = storage.read(&listing.sets[0], &[SetFile::SignCert]).unwrap();
    assert_eq!(view.take(SetFile::SignCert).unwrap().unwrap(), b"cp949");
}

#[test]
fn the_stamp_changes_with_any_file_of_the_set() {
    let root = tempfile::tempdir().unwrap();
    let mut storage = folder(root.path());
    let entry = EntryName::new(HONG);
    storage.publish(&entry, &set(b"one"), None).unwrap();
    let stamp = storage.read(&entry, &[]).unwrap().stamp;
    assert_eq!(storage.read(&entry, &SetFile::ALL).unwrap().stamp, stamp);
    fs::write(root.path().join(HONG).join("signPri.key"), b"other").unwrap();
    assert_ne!(storage.read(&entry, &[]).unwrap().stamp, stamp);
}

#[test]
fn a_root_that_is_gone_is_removed_not_empty() {
    assert_eq!(folder(Path::new("/nonexistent/NPKI")).list().unwrap_err().kind(), ErrorKind::Removed);
}
