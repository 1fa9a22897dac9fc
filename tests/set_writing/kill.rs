//! This file checks what stays when writing fails or is killed: at each system call that changes something, once.

#![allow(clippy::disallowed_methods, reason = "a program that is to be killed is told where to work")]
#![allow(clippy::print_stdout, reason = "the number of points is part of the proof")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

/// What changes something on a disk. A kill between two of them leaves what a kill at the second one leaves.
const WRITING: &str = "mkdir,write,fsync,renameat2,rename,unlinkat,unlink,rmdir";

/// The test harness writes its report from another thread, and strace counts for each thread apart: the thread of the test
/// writes so many times into nothing that the report never comes to the counts that follow.
const REPORTS: usize = 30;

/// Names the folder that the two tests below work on when they are the program to be killed.
const ROOT: &str = "INGAM_TEST_NPKI";

/// The folder that is named, or one of its own, which lasts as long as the medium.
fn folder() -> (Option<Medium>, PathBuf) {
    if let Some(root) = std::env::var_os(ROOT) {
        let mut nowhere = fs::File::create("/dev/null").unwrap();
        (0..REPORTS).for_each(|_| nowhere.write_all(b".").unwrap());
        return (None, root.into());
    }
    let medium = Medium::with(&[issue("홍길동", PASSWORD)]);
    let root = medium.root.clone();
    (Some(medium), root)
}

#[test]
fn a_password_changes_in_a_folder() {
    let (_medium, root) = folder();
    let token = token_of(&root);
    lock(&token).admin().unwrap().change_pin(Role::User, &Scope::All, &pin(PASSWORD), &pin(NEW)).unwrap();
    login(&token, &Scope::All, NEW).unwrap();
}

#[test]
fn a_password_changes_in_a_program_without_streams() {
    let (_medium, root) = folder();
    if std::env::var_os(ROOT).is_some() {
        for stream in 0..3 {
            // SAFETY: nothing in this program, which runs this test alone, uses a stream until it ends.
            unsafe { rustix::io::close(stream) };
        }
    }
    let token = token_of(&root);
    lock(&token).admin().unwrap().change_pin(Role::User, &Scope::All, &pin(PASSWORD), &pin(NEW)).unwrap();
}

#[test]
#[ignore = "needs strace"]
fn what_a_program_without_streams_prints_cannot_end_in_a_key_file() {
    let medium = Medium::with(&[issue("홍길동", PASSWORD)]);
    let log = medium.root.with_file_name("strace.log");
    let program = "kill::a_password_changes_in_a_program_without_streams";
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-y", "-e", "trace=write", "-o"]).arg(&log).arg(std::env::current_exe().unwrap());
    strace.args(["--exact", program, "--test-threads=1"]).env(ROOT, &medium.root);
    strace.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    let log = fs::read_to_string(&log).unwrap();
    let descriptors: Vec<i32> = log
        .lines()
        .filter(|line| line.contains(".ingam-new"))
        .filter_map(|line| line.split_once("write(")?.1.split_once('<')?.0.parse().ok())
        .collect();
    assert!(descriptors.len() > 4, "the files of the set: {log}");
    assert!(descriptors.iter().all(|descriptor| *descriptor > 2), "{descriptors:?}");
}

#[test]
fn a_key_file_written_in_place_opens_if_nothing_happens() {
    let (_medium, root) = folder();
    let mut storage = NpkiFolder::new(root.clone(), 10);
    let entry = storage.list().unwrap().sets.remove(0);
    for file in [SetFile::SignKey, SetFile::KmKey] {
        let bytes = storage.read(&entry, &[file]).unwrap().take(file).unwrap().unwrap();
        let scheme = ingam::crypto::Pbe::korean_default().unwrap();
        let sealed = SealedKey::seal(&opened(&bytes, PASSWORD).unwrap(), &pin(NEW), &scheme).unwrap();
        fs::write(root.join(entry.as_str()).join(file.file_name()), sealed.der()).unwrap();
    }
    login(&token_of(&root), &Scope::All, NEW).unwrap();
}

/// The password of the set in this folder; `None` if it is not whole: under one password, every other byte as issued.
fn password_of(root: &Path, set: &SampleSet) -> Option<&'static [u8]> {
    let mut storage = NpkiFolder::new(root.to_owned(), 10);
    let listing = storage.list().ok()?;
    if listing.sets != [set.entry.clone()] || !listing.unreadable.is_empty() {
        return None;
    }
    let mut view = storage.read(&set.entry, &SetFile::ALL).ok()?;
    let mut passwords = Vec::new();
    for (file, issued) in &set.files.0 {
        let bytes = view.take(*file).ok()??;
        if !matches!(file, SetFile::SignKey | SetFile::KmKey) {
            (bytes == *issued).then_some(())?;
            continue;
        }
        let sealed = SealedKey::from_der(&bytes, Limits::default()).ok()?;
        let opens = |password: &[u8]| sealed.open(&pin(password)).ok().map(|key| key.der().to_vec());
        let password = [PASSWORD, NEW].into_iter().find(|password| opens(password).is_some())?;
        (opens(password) == opened(issued, PASSWORD).map(|key| key.der().to_vec())).then_some(())?;
        passwords.push(password);
    }
    (passwords[0] == passwords[1]).then_some(passwords[0])
}

/// Runs a test as the program to be disturbed, at each of its writing system calls once; how often it was disturbed, and
/// where the set was not whole afterwards.
fn disturb(program: &str, how: &str, always: &[&str]) -> (usize, Vec<String>) {
    let set = issue("홍길동", PASSWORD);
    let (mut points, mut dirty) = (0, Vec::new());
    for call in WRITING.split(',') {
        for number in if call == "write" { REPORTS + 1.. } else { 1.. } {
            let medium = Medium::with(&[set]);
            let log = medium.root.with_file_name("strace.log");
            let run = Command::new("strace")
                .args(["-f", "-qq", "-o"])
                .arg(&log)
                .args(["-e", &format!("trace={WRITING}")])
                .args(always.iter().flat_map(|rule| ["-e", rule]))
                .args(["-e", &format!("inject={call}:{how}:when={number}")])
                .arg(std::env::current_exe().unwrap())
                .args(["--exact", program, "--test-threads=1"])
                .env(ROOT, &medium.root)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap();
            let log = fs::read_to_string(&log).unwrap();
            let of_this_call = |line: &str| line.contains(&format!(" {call}(")) && line.contains("INJECTED");
            if !log.contains("killed by") && !log.lines().any(of_this_call) {
                assert!(run.success(), "undisturbed it works: {log}");
                break;
            }
            points += 1;
            let place = format!("{call} number {number}");
            let Some(password) = password_of(&medium.root, set) else {
                dirty.push(place);
                continue;
            };
            if how.starts_with("error") {
                assert_eq!(run.success(), password == NEW, "{place}: the answer is what stands there");
            }
            medium.change_pin(password, OTHER).unwrap();
            let left = medium.tree().keys().filter(|path| path.to_string_lossy().contains(".ingam-")).count();
            assert_eq!(left, 0, "{place}: the next writer tidies up");
        }
    }
    println!("{program}, {how}: {points} points, not whole after {dirty:?}");
    (points, dirty)
}

const CHANGE: &str = "kill::a_password_changes_in_a_folder";

#[test]
#[ignore = "needs strace"]
fn a_password_change_that_is_killed_leaves_the_old_set_or_the_new_one() {
    for always in [&[][..], &["inject=renameat2:error=EINVAL"]] {
        let (points, dirty) = disturb(CHANGE, "signal=KILL", always);
        assert!(points > 15 && dirty.is_empty(), "{points} {dirty:?}");
    }
}

#[test]
#[ignore = "needs strace"]
fn a_full_or_failing_disk_leaves_the_old_set_or_the_new_one() {
    for how in ["error=ENOSPC", "error=EROFS"] {
        let (points, dirty) = disturb(CHANGE, how, &[]);
        assert!(points > 15 && dirty.is_empty(), "{points} {dirty:?}");
    }
}

#[test]
#[ignore = "needs strace"]
fn a_writer_in_place_is_found_out() {
    let (_, dirty) = disturb("kill::a_key_file_written_in_place_opens_if_nothing_happens", "signal=KILL", &[]);
    assert!(!dirty.is_empty());
}

#[test]
fn a_medium_that_cannot_be_written_keeps_every_byte_and_the_login() {
    let set = issue("홍길동", PASSWORD);
    let medium = Medium::with(&[set]);
    medium.login(PASSWORD);
    // A file where the writer's folder must be: no new folder can be made, whoever runs the test.
    fs::write(medium.root.join("yessign/USER/.ingam-new"), b"").unwrap();
    let before = medium.tree();
    medium.change_pin(PASSWORD, NEW).unwrap_err();
    medium.remove(&key(set, Purpose::KeyManagement)).unwrap_err();
    medium.store(pair(issue("김철수", PASSWORD), Purpose::Sign)).unwrap_err();
    assert_eq!(medium.tree(), before);
    assert!(medium.signs(&key(set, Purpose::Sign), &set.sign));
}
