//! This file checks that folders that come or go are noticed, and what becomes of a login when its folder does.

#![allow(clippy::unwrap_used, reason = "a test that unwraps what is not there fails")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::Duration;

use ingam::ErrorKind;
use ingam::config::{Config, Slots};
use ingam::keystore::{SharedToken, lock};
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::npki::authority::Authority;
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::NpkiFolder;
use ingam::token::{Scope, Signer};
use ingam::view;
use ingam::watch::{Waker, Watch, Woken};

/// What takes longer does not come.
const PATIENCE: Duration = Duration::from_secs(10);

/// A watch in a thread of its own.
struct Watching {
    woken: Receiver<Woken>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    fn start(folder: &Path) -> Self {
        let waker = Waker::new();
        let mut watch = Watch::new(&[folder.to_owned()], &waker);
        let (tell, woken) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            loop {
                let why = watch.wait();
                if tell.send(why).is_err() || why == Woken::Called {
                    break;
                }
            }
        });
        Self { woken, waker, thread: Some(thread) }
    }

    /// Waits for the next report and takes those that come with it.
    fn notices(&self) -> bool {
        let noticed = self.woken.recv_timeout(PATIENCE) == Ok(Woken::ScanAgain);
        while self.woken.try_recv().is_ok() {}
        noticed
    }

    /// Ends it; whether there was anything left to report.
    fn stop(mut self) -> bool {
        self.waker.wake();
        self.thread.take().unwrap().join().unwrap();
        self.woken.try_iter().any(|why| why == Woken::ScanAgain)
    }
}

fn home() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let (root, away) = (home.path().join("NPKI"), home.path().join("away"));
    (home, root, away)
}

#[test]
fn a_folder_that_comes_and_goes_is_noticed_each_time() {
    let (_home, root, away) = home();
    let watching = Watching::start(&root);
    fs::create_dir(&away).unwrap();
    for _ in 0..50 {
        fs::rename(&away, &root).unwrap();
        assert!(watching.notices());
        fs::rename(&root, &away).unwrap();
        assert!(watching.notices());
    }
    fs::create_dir(&root).unwrap();
    assert!(watching.notices());
    fs::remove_dir(&root).unwrap();
    assert!(watching.notices());
    watching.stop();
}

#[test]
fn a_folder_whose_place_is_yet_to_come_is_noticed_as_is_one_that_goes_with_its_place() {
    let (home, ..) = home();
    let place = home.path().join("a/b/c");
    let root = place.join("NPKI");
    let watching = Watching::start(&root);
    fs::create_dir_all(&root).unwrap();
    assert!(watching.notices());
    fs::rename(home.path().join("a"), home.path().join("z")).unwrap();
    assert!(watching.notices());
    fs::rename(home.path().join("z"), home.path().join("a")).unwrap();
    assert!(watching.notices());
    watching.stop();
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_whose_permissions_change_or_whose_place_is_closed_is_noticed() {
    use std::os::unix::fs::PermissionsExt as _;
    let (home, root, _) = home();
    fs::create_dir(&root).unwrap();
    let watching = Watching::start(&root);
    for (folder, mode) in [(&*root, 0o000), (&root, 0o700), (home.path(), 0o000), (home.path(), 0o700)] {
        fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
        assert!(watching.notices(), "{mode:o} {folder:?}");
    }
    watching.stop();
}

#[cfg(unix)]
#[test]
fn a_folder_behind_a_symbolic_link_is_noticed_by_either_name() {
    let (home, root, away) = home();
    let real = home.path().join("disk/certificates");
    fs::create_dir_all(&real).unwrap();
    std::os::unix::fs::symlink(&real, &root).unwrap();
    let watching = Watching::start(&root);
    fs::rename(home.path().join("disk"), &away).unwrap();
    assert!(watching.notices(), "what the link leads to went");
    fs::rename(&away, home.path().join("disk")).unwrap();
    assert!(watching.notices(), "and came back");
    fs::remove_file(&root).unwrap();
    assert!(watching.notices(), "the link went");
    watching.stop();
}

#[cfg(target_os = "linux")]
#[test]
fn what_happens_beside_a_folder_and_in_it_is_not_reported() {
    let (home, root, away) = home();
    fs::create_dir(&root).unwrap();
    let watching = Watching::start(&root);
    fs::write(home.path().join("file"), "beside").unwrap();
    fs::create_dir(root.join("yessign")).unwrap();
    fs::write(root.join("yessign/file"), "in it").unwrap();
    // Reports come in order: had the above made one, it would be there before this one.
    fs::rename(&root, &away).unwrap();
    assert_eq!(watching.woken.recv_timeout(PATIENCE), Ok(Woken::ScanAgain));
    assert!(!watching.stop(), "one report");
}

#[test]
fn a_call_ends_the_wait_and_one_before_it_too() {
    let (_home, root, _) = home();
    let waker = Waker::new();
    let mut watch = Watch::new(&[root], &waker);
    waker.wake();
    assert_eq!(watch.wait(), Woken::Called);
    watch.scan_failed();
    assert_eq!(watch.wait(), Woken::ScanAgain, "a scan that failed is tried again");
    let waiting = std::thread::spawn(move || watch.wait());
    waker.wake();
    assert_eq!(waiting.join().unwrap(), Woken::Called);
    waker.wake();
}

fn issue(owner: &str) -> SampleSet {
    const NOW: i64 = 1_795_000_000;
    let authority = TestAuthority::new(&Authority::YesSign, NOW).unwrap();
    let request = SampleRequest { iterations: 2, ..SampleRequest::new(SampleKind::PersonalBank, owner, NOW) };
    authority.issue(&request, &Pin::copy_of(b"same")).unwrap()
}

fn log_in(token: &SharedToken) {
    lock(token).login(Role::User, &Scope::All, &Pin::copy_of(b"same")).unwrap();
}

/// The first key of a token.
fn signer(token: &SharedToken) -> std::sync::Arc<dyn Signer> {
    let mut token = lock(token);
    let key = token.entries().unwrap()[0].content.as_ref().unwrap().sign.key.clone().unwrap();
    token.signer(&key).unwrap()
}

fn sign(signer: &dyn Signer) -> Result<usize, ErrorKind> {
    let request = SignRequest { mechanism: SignMechanism::Pkcs1(Hash::Sha256), input: SignInput::Message(b"x") };
    signer.sign(&request).map(|signature| signature.len()).map_err(|error| error.kind())
}

/// Puts another folder with the same content in the place of this one.
fn replace(root: &Path, away: &Path, set: &SampleSet) {
    fs::rename(root, away).unwrap();
    set.publish(&mut NpkiFolder::new(root.to_owned(), 10)).unwrap();
}

#[test]
fn a_folder_that_another_took_the_place_of_between_two_looks_is_logged_out() {
    let set = issue("홍길동");
    for slots in [Slots::Medium, Slots::Certificate] {
        let (_home, root, away) = home();
        set.publish(&mut NpkiFolder::new(root.clone(), 10)).unwrap();
        let keystore = view::keystore(&Config { npki_roots: vec![root.clone()], slots, ..Config::default() });
        let slot = keystore.slots()[0].id;
        let token = keystore.token(slot).unwrap();
        log_in(&token);
        let signer = signer(&token);
        assert_eq!(sign(&*signer), Ok(256));
        assert_eq!(keystore.refresh(), [], "signing changes nothing");
        replace(&root, &away, &set);
        assert_eq!(keystore.refresh(), [slot], "one change, {slots:?}");
        assert!(keystore.slot(slot).unwrap().present);
        assert!(keystore.open_token(slot).is_none());
        assert_eq!(sign(&*signer), Err(ErrorKind::NotLoggedIn));
        assert!(!lock(&token).is_logged_in());
        assert!(!lock(&keystore.token(slot).unwrap()).is_logged_in());
        assert_eq!(keystore.refresh(), []);
    }
}

#[test]
fn in_one_slot_media_join_and_leave_without_an_event_and_their_keys_go_with_them() {
    let (home, root, away) = home();
    let other = home.path().join("other");
    let (hong, kim) = (issue("홍길동"), issue("김철수"));
    hong.publish(&mut NpkiFolder::new(root.clone(), 10)).unwrap();
    let config = Config { npki_roots: vec![root.clone(), other.clone()], slots: Slots::One, ..Config::default() };
    let keystore = view::keystore(&config);
    let token = keystore.token(keystore.slots()[0].id).unwrap();
    log_in(&token);
    let first = signer(&token);
    kim.publish(&mut NpkiFolder::new(other, 10)).unwrap();
    assert_eq!(keystore.refresh(), [], "the slot was always there");
    assert_eq!(lock(&token).entries().unwrap().len(), 2);
    fs::rename(&root, &away).unwrap();
    assert_eq!(keystore.refresh(), []);
    assert_eq!(sign(&*first), Err(ErrorKind::NotLoggedIn), "nobody asked for the objects, and the key is wiped");
    assert_eq!(lock(&token).entries().unwrap().len(), 1);
    assert_eq!(sign(&*signer(&token)), Ok(256), "the other one's signs on");
    fs::rename(&away, &root).unwrap();
    assert_eq!(lock(&token).entries().unwrap().len(), 2);
}
