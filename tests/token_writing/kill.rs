//! This file checks what stays on a token when an import is killed: at each system call that changes something, once.
//!
//! SoftHSM writes an object's file anew for each of its attributes, so a kill inside it leaves objects of which half is
//! missing, and sometimes files that it cannot read again. What counts here is that none of that is ever shown as a set, that
//! what has a name is named, and that the next import takes it away. A plain import with `pkcs11-tool` is killed in the same way, to show
//! what the token's own storage costs.

#![allow(clippy::disallowed_methods, reason = "a program that is to be killed is told where to work")]
#![allow(clippy::print_stdout, reason = "the numbers are the proof")]

use std::process::{Command, Stdio};

use ingam::config::Foreign;
use ingam::credential::{Credential, KeyId, Purpose};
use ingam::crypto::rsa::PublicKey;
use ingam::mechanism::{DecryptMechanism, Hash, SignInput, SignMechanism, SignRequest};

use super::softhsm::MODULE;
use super::*;

/// What changes something on a disk. A kill between two of them leaves what a kill at the second one leaves.
const WRITING: [&str; 5] = ["write", "ftruncate", "unlink", "rename", "mkdir"];

/// The owner of the set, and the folder that it lies in.
const OWNER: &str = "홍길동";

/// The set that the parent put there; made here if the test runs for itself.
fn prepared(hsm: &SoftHsm) -> SharedToken {
    let root = hsm.folder().join(OWNER).join("NPKI");
    if !root.exists() {
        hsm.token("seal");
        Disk::with(hsm, OWNER);
    }
    let keystore = Keystore::new(&Config { npki_roots: vec![root], ..Config::default() });
    let disk = keystore.token(keystore.slots()[0].id).unwrap();
    lock(&disk).login(Role::User, &Scope::All, &pin(PASSWORD)).unwrap();
    disk
}

fn prepared_set(disk: &SharedToken) -> NewSet {
    let name = entries(disk).remove(0).name;
    lock(disk).exporter().unwrap().export(&name).unwrap()
}

/// The token, called in line: strace counts the calls of each thread apart.
fn token_in_line(hsm: &SoftHsm) -> Option<Result<SharedToken>> {
    let config = hsm.config();
    let foreign = Foreign { own_threads: false, ..config.foreign };
    let keystore = Keystore::new(&Config { foreign, npki_roots: Vec::new(), ..config });
    let slots = keystore.slots();
    let slot = slots.iter().find(|slot| slot.medium.token.as_ref().is_some_and(|token| token.initialised))?;
    let token = keystore.token(slot.id);
    Some(token.and_then(|token| {
        lock(&token).login(Role::User, &Scope::All, &pin(PIN.as_bytes()))?;
        Ok(token)
    }))
}

#[test]
#[ignore = "needs softhsm2-util"]
fn a_set_is_imported() {
    alone(|hsm| {
        let set = prepared_set(&prepared(hsm));
        let token = token_in_line(hsm).unwrap().unwrap();
        import(&token, set).unwrap();
    });
}

/// What is on a token, in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Whether the module reads its own folder.
    pub(super) readable: bool,
    pub(super) sets: usize,
    /// Sets that are listed and have a key that does not work, or none.
    pub(super) dead_sets: usize,
    /// Keys without certificate, each named by its CKA_ID.
    pub(super) named: usize,
    /// Objects of which not even the CKA_ID was written.
    nameless: usize,
}

impl Left {
    fn on(token: &SharedToken) -> Self {
        let Ok(listed) = lock(token).entries() else { return Self::default() };
        let mut left = Self { readable: true, ..Self::default() };
        for entry in listed.iter() {
            match &entry.content {
                Ok(set) => {
                    left.sets += 1;
                    left.dead_sets += usize::from(!works(token, set));
                }
                Err(_) if entry.name.as_str().len() > "key-".len() && entry.name.as_str().starts_with("key-") => {
                    left.named += 1;
                }
                Err(_) => left.nameless += 1,
            }
        }
        left
    }

    fn print(&self) {
        println!(
            "LEFT {} {} {} {} {}",
            usize::from(self.readable),
            self.sets,
            self.dead_sets,
            self.named,
            self.nameless
        );
    }

    fn read(line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix("LEFT ")?.split(' ').map(|number| number.parse().ok());
        let mut next = || numbers.next()?;
        Some(Self { readable: next()? == 1, sets: next()?, dead_sets: next()?, named: next()?, nameless: next()? })
    }
}

fn works(token: &SharedToken, set: &Credential) -> bool {
    set.pairs().all(|pair| {
        let (modulus, exponent) = pair.certificate.rsa_public().unwrap();
        let public = PublicKey::new(modulus, exponent).unwrap();
        pair.key.as_ref().is_some_and(|key| key_works(token, key, &public))
    })
}

fn key_works(token: &SharedToken, key: &KeyId, public: &PublicKey) -> bool {
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"x") };
    match key.purpose {
        Purpose::Sign => {
            let signer = lock(token).signer(key);
            signer.and_then(|signer| signer.sign(&request)).is_ok_and(|made| public.verify(&request, &made).is_ok())
        }
        Purpose::KeyManagement => {
            let sealed = public.encrypt(&DecryptMechanism::Pkcs1, b"x").unwrap();
            let opened =
                lock(token).decrypter(key).and_then(|key| key.unwrap().decrypt(&DecryptMechanism::Pkcs1, &sealed));
            opened.is_ok_and(|opened| opened.expose() == b"x")
        }
    }
}

/// Judges what is on the token, in a program of its own; then imports once more and judges again.
#[test]
#[ignore = "needs softhsm2-util"]
fn what_is_left_is_judged_and_imported_anew() {
    alone(|hsm| {
        let set = prepared_set(&prepared(hsm));
        let Some(Ok(token)) = token_in_line(hsm) else { return Left::default().print() };
        Left::on(&token).print();
        match import(&token, set) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => println!("IMPORT exists"),
            Err(error) => println!("IMPORT {error:?}"),
            Ok(_) => println!("IMPORT ok"),
        }
        Left::on(&token).print();
    });
}

/// A SoftHSM with a token and a set in a folder, to be copied for each run.
pub(super) struct Template {
    hsm: SoftHsm,
}

impl Template {
    pub(super) fn new() -> Self {
        let hsm = SoftHsm::new();
        hsm.token("seal");
        Disk::with(&hsm, OWNER);
        Self { hsm }
    }

    pub(super) fn copy(&self) -> SoftHsm {
        let copy = SoftHsm::new();
        for folder in ["tokens", OWNER] {
            let from = self.hsm.folder().join(folder);
            let done = Command::new("cp").arg("-r").arg(from).arg(copy.folder()).status().unwrap();
            assert!(done.success());
        }
        copy
    }
}

/// A program to be disturbed: one of the tests above, or `pkcs11-tool`.
fn command(hsm: &SoftHsm, strace: &[&str], program: &[&str]) -> (Option<i32>, String) {
    let log = hsm.folder().join("strace.log");
    let mut run = Command::new("strace");
    run.args(["-f", "-qq", "-o"]).arg(&log).args(strace).args(program);
    run.envs(hsm.environment()).env("INGAM_TEST_SOFTHSM_FOLDER", hsm.folder());
    let status = run.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    (status.code(), fs::read_to_string(&log).unwrap())
}

pub(super) fn test_program(name: &str) -> Vec<String> {
    let own = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    [own.as_str(), name, "--exact", "--include-ignored", "--test-threads=1"].map(str::to_owned).to_vec()
}

/// How many objects SoftHSM has on its disk.
fn object_files(hsm: &SoftHsm) -> usize {
    let tokens = fs::read_dir(hsm.folder().join("tokens")).unwrap();
    let objects = tokens.flat_map(|token| fs::read_dir(token.unwrap().path()).unwrap());
    objects.filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "object")).count()
}

/// How often the busiest thread of a program makes each of these calls, and how many objects are there afterwards.
fn counts(template: &Template, program: &[&str]) -> (Vec<(&'static str, usize)>, usize) {
    let hsm = template.copy();
    let (status, log) = command(&hsm, &["-e", &format!("trace={}", WRITING.join(","))], program);
    assert_eq!(status, Some(0), "undisturbed it works: {log}");
    let threads: std::collections::BTreeSet<&str> = log.lines().filter_map(|line| line.split(' ').next()).collect();
    let of = |thread: &str, call: &str| {
        let mine = |line: &&str| line.starts_with(&format!("{thread} ")) && line.contains(&format!(" {call}("));
        log.lines().filter(mine).count()
    };
    let counts = WRITING.map(|call| (call, threads.iter().map(|thread| of(thread, call)).max().unwrap_or_default()));
    (counts.to_vec(), object_files(&hsm))
}

/// The judge's words on a folder.
pub(super) fn judge(hsm: &SoftHsm) -> (Left, String, Left) {
    let program = test_program("kill::what_is_left_is_judged_and_imported_anew");
    let mut run = Command::new(&program[0]);
    run.args(&program[1..]).arg("--nocapture").envs(hsm.environment());
    let output = run.env("INGAM_TEST_SOFTHSM_FOLDER", hsm.folder()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // The test's own name stands in front of its first line.
    let lines: Vec<&str> = text.lines().filter_map(|line| line.find("LEFT ").map(|at| &line[at..])).collect();
    let import = text.lines().find_map(|line| line.strip_prefix("IMPORT ")).unwrap_or("not tried").to_owned();
    let left = |at: usize| lines.get(at).and_then(|line| Left::read(line)).unwrap_or_default();
    (left(0), import, left(1))
}

/// What came of all points.
#[derive(Debug, Default)]
struct Tally {
    points: usize,
    nothing: usize,
    complete: usize,
    named: usize,
    nameless: usize,
    unreadable: usize,
    empty: usize,
    dead_sets: Vec<String>,
    /// Where the next import did not succeed though the token could be read.
    stuck: Vec<String>,
    /// Where something was left over after it.
    dirty: Vec<String>,
}

impl Tally {
    fn add(&mut self, place: &str, (before, import, after): (Left, String, Left)) {
        self.points += 1;
        if !before.readable {
            self.unreadable += 1;
            return;
        }
        if before.dead_sets + after.dead_sets > 0 {
            self.dead_sets.push(format!("{place}: {before:?} {after:?}"));
        }
        match (before.sets, before.named, before.nameless) {
            (1.., ..) => self.complete += 1,
            (0, 0, 0) => self.nothing += 1,
            (0, 0, _) => self.nameless += 1,
            _ => self.named += 1,
        }
        if import != "ok" && !(import == "exists" && before.sets == 1) || after.sets != 1 {
            self.stuck.push(format!("{place}: {before:?} {import} {after:?}"));
        } else if after.named + after.nameless > 0 {
            self.dirty.push(format!("{place}: {before:?} {after:?}"));
        }
    }
}

/// Disturbs a program at `most` of its points, spread evenly (all of them for `None`).
fn disturb(template: &Template, program: &[&str], how: &str, most: Option<usize>) -> Tally {
    let (counts, whole) = counts(template, program);
    let all: Vec<(&str, usize)> =
        counts.iter().flat_map(|(call, count)| (1..=*count).map(move |number| (*call, number))).collect();
    let (many, few): (Vec<_>, Vec<_>) = all.iter().partition(|(call, _)| matches!(*call, "write" | "ftruncate"));
    let step = most.map_or(1, |most| many.len().div_ceil(most));
    let mut tally = Tally::default();
    // Not the first of each step only: another one of it with each step.
    let chosen = many.chunks(step).enumerate().map(|(turn, chunk)| chunk[turn % chunk.len()]);
    for (call, number) in chosen.chain(few) {
        let hsm = template.copy();
        let inject = format!("inject={call}:{how}:when={number}");
        command(&hsm, &["-e", &format!("trace={}", WRITING.join(",")), "-e", &inject], program);
        tally.add(&format!("{call} number {number}"), judge(&hsm));
        // What SoftHSM was making has no label, no CKA_ID and no value: nothing says whose it is, so it stays.
        let is_ours = program[0] != "pkcs11-tool";
        tally.empty += usize::from(is_ours && object_files(&hsm) > whole);
    }
    println!("{how}, {} of {} points ({counts:?}): {tally:#?}", tally.points, all.len());
    tally
}

/// The private key and the certificate of the set in files, and the plain import of each.
fn plain(template: &Template) -> [Vec<String>; 2] {
    let set = prepared_set(&prepared(&template.hsm));
    let id = hex(&set.sign.certificate.key_id());
    let tool = |kind: &str, bytes: &[u8]| {
        let file = template.hsm.folder().join(kind);
        fs::write(&file, bytes).unwrap();
        let file = file.to_str().unwrap();
        let write = ["--write-object", file, "--type", kind, "--id", &id, "--label", OWNER];
        let login = ["pkcs11-tool", "--module", MODULE, "--token-label", "seal", "--login", "--pin", PIN];
        [&login[..], &write].concat().into_iter().map(str::to_owned).collect()
    };
    [tool("privkey", set.sign.private_key_info.expose()), tool("cert", set.sign.certificate.der())]
}

fn strs(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

/// # Panics
/// If a kill ever leaves a set that does not work, or one that the next import does not get over.
fn prove(most: Option<usize>, most_plain: Option<usize>) {
    let template = Template::new();
    let ours = disturb(&template, &strs(&test_program("kill::a_set_is_imported")), "signal=KILL", most);
    assert!(ours.dead_sets.is_empty(), "{:#?}", ours.dead_sets);
    assert!(ours.stuck.is_empty(), "{:#?}", ours.stuck);
    assert!(ours.named > 0 && ours.complete > 0, "the points lie within the import: {ours:?}");

    let [key, certificate] = plain(&template);
    let plain_key = disturb(&template, &strs(&key), "signal=KILL", most_plain);
    let with_key = Template { hsm: template.copy() };
    with_key.hsm.run(&key[0], &strs(&key[1..]));
    let plain_certificate = disturb(&with_key, &strs(&certificate), "signal=KILL", most_plain);
    // The proof bites: it finds out a writer without a journal, and one that writes the certificate before its key.
    assert!(!plain_certificate.stuck.is_empty(), "{plain_certificate:#?}");
    let early = template.copy();
    early.run(&certificate[0], &strs(&certificate[1..]));
    assert_eq!(judge(&early).0.dead_sets, 1);
    let share = |tally: &Tally| tally.unreadable as f64 / tally.points as f64;
    println!(
        "token unreadable afterwards: ours {:.3}, plain key {:.3}, plain certificate {:.3}; an import afterwards fails or \
         leaves something over: ours {} of {}, plain {} of {}",
        share(&ours),
        share(&plain_key),
        share(&plain_certificate),
        ours.stuck.len() + ours.dirty.len(),
        ours.points,
        plain_key.stuck.len() + plain_key.dirty.len() + plain_certificate.stuck.len() + plain_certificate.dirty.len(),
        plain_key.points + plain_certificate.points,
    );
}

#[test]
#[ignore = "needs softhsm2-util, pkcs11-tool, strace"]
fn an_import_that_is_killed_leaves_no_set_without_its_key_and_the_next_one_tidies_up() {
    prove(Some(40), Some(8));
}

#[test]
#[ignore = "takes twenty minutes"]
fn an_import_that_is_killed_anywhere_leaves_no_set_without_its_key() {
    prove(None, None);
}

#[test]
#[ignore = "needs softhsm2-util, strace"]
fn an_import_that_fails_leaves_nothing_or_what_the_next_one_takes_away() {
    let template = Template::new();
    let program = test_program("kill::a_set_is_imported");
    let tally = disturb(&template, &strs(&program), "error=ENOSPC", Some(12));
    assert!(tally.dead_sets.is_empty() && tally.stuck.is_empty(), "{tally:#?}");
}
