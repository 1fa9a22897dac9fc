//! This part notices that a medium may have come or gone. What it reports carries no facts: it says only "scan again".
//!
//! Folders are watched by inotify where there is one. Where it cannot see (another system, a network's file system, no watch
//! left), they are looked at once a second.

#[cfg(target_os = "linux")]
mod inotify;

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

#[cfg(target_os = "linux")]
use inotify::Inotify;

/// How often folders are looked at that cannot be watched.
const INTERVAL: Duration = Duration::from_secs(1);

/// Waits for folders to come or go. Whoever waits scans once at the beginning and after each [`Woken::ScanAgain`]: what changes
/// after [`Watch::new`] is reported.
#[derive(Debug)]
pub struct Watch {
    folders: Vec<PathBuf>,
    bell: Arc<Bell>,
    #[cfg(target_os = "linux")]
    inotify: Option<Inotify>,
    /// Whether some folder has to be looked at.
    looks: bool,
    /// Whether something changed that was not reported yet.
    heard: bool,
    /// Whether the last scan failed.
    again: bool,
    seen: Vec<Option<Seen>>,
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// A folder may have come or gone.
    ScanAgain,
    /// A [`Waker`] was used.
    Called,
}

/// Ends a wait from another thread, at once; the next wait if there is none.
#[derive(Clone, Debug)]
pub struct Waker(Arc<Bell>);

impl Watch {
    /// Watches these folders, those that are there and those that may come. A folder that is moved with one that holds it, on
    /// a file system that is mounted, or that a symbolic link on its way leads to, is watched as well. `waker` ends its waits.
    #[must_use]
    pub fn new(folders: &[PathBuf], waker: &Waker) -> Self {
        let mut watch = Self {
            folders: folders.to_vec(),
            bell: Arc::clone(&waker.0),
            #[cfg(target_os = "linux")]
            inotify: Inotify::new().ok(),
            looks: true,
            heard: false,
            again: false,
            seen: Vec::new(),
        };
        watch.arm();
        watch
    }

    /// Says that the scan failed: without a report the next one is due in a second.
    pub const fn scan_failed(&mut self) {
        self.again = true;
    }

    /// Waits until a folder may have come or gone, or somebody calls.
    pub fn wait(&mut self) -> Woken {
        loop {
            self.heard = self.heard || self.listen();
            if self.bell.was_rung() {
                return Woken::Called;
            }
            if std::mem::take(&mut self.heard)
                || std::mem::take(&mut self.again)
                || self.looks && self.look() != self.seen
            {
                // Before the caller scans, so that what changes during or after the scan is reported as well.
                self.arm();
                return Woken::ScanAgain;
            }
        }
    }

    /// Waits for the next thing that may matter; whether something is known to have changed.
    fn listen(&mut self) -> bool {
        let timeout = (self.looks || self.again).then_some(INTERVAL);
        #[cfg(target_os = "linux")]
        if let (Some(inotify), Some(call)) = (&mut self.inotify, &self.bell.call) {
            match inotify.listen(call, timeout) {
                Ok(heard) => return heard,
                // Never the same failure again and again without a pause.
                Err(_) => self.inotify = None,
            }
            self.looks = true;
        }
        self.bell.wait(timeout.unwrap_or(INTERVAL));
        false
    }

    /// Watches what there is now on the way to each folder.
    fn arm(&mut self) {
        #[cfg(target_os = "linux")]
        {
            let can_be_called = self.bell.call.is_some();
            let all_watched = self.inotify.as_mut().is_some_and(|inotify| inotify.watch(&self.folders));
            self.looks = !(can_be_called && all_watched);
        }
        self.seen = self.look();
    }

    fn look(&self) -> Vec<Option<Seen>> {
        if !self.looks {
            return Vec::new();
        }
        self.folders.iter().map(|folder| seen(&std::fs::metadata(folder).ok()?)).collect()
    }
}

impl Waker {
    /// A waker for a [`Watch`] that is to be made.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Bell::new()))
    }

    /// Ends the wait.
    pub fn wake(&self) {
        self.0.ring();
    }
}

impl Default for Waker {
    fn default() -> Self {
        Self::new()
    }
}

/// What tells one folder from the next one of its name.
#[cfg(unix)]
type Seen = (u64, u64);

#[cfg(unix)]
fn seen(metadata: &std::fs::Metadata) -> Option<Seen> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
type Seen = std::time::SystemTime;

#[cfg(not(unix))]
fn seen(metadata: &std::fs::Metadata) -> Option<Seen> {
    Some(metadata.created().unwrap_or(std::time::UNIX_EPOCH))
}

/// Calls the one that waits, whichever way it waits.
#[derive(Debug)]
struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
    /// Readable when the bell was rung, for one that waits for several things.
    #[cfg(target_os = "linux")]
    call: Option<rustix::fd::OwnedFd>,
}

impl Bell {
    fn new() -> Self {
        Self {
            rung: Mutex::new(false),
            changed: Condvar::new(),
            #[cfg(target_os = "linux")]
            call: inotify::call().ok(),
        }
    }

    fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
        #[cfg(target_os = "linux")]
        if let Some(call) = &self.call {
            inotify::ring(call);
        }
    }

    fn was_rung(&self) -> bool {
        #[cfg(target_os = "linux")]
        if let Some(call) = &self.call {
            inotify::hush(call);
        }
        std::mem::take(&mut *self.rung.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn wait(&self, timeout: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_timeout_while(rung, timeout, |rung| !*rung));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn where_no_watch_can_be_had_folders_are_looked_at_and_a_call_is_heard_at_once() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("NPKI");
        let waker = Waker::new();
        let mut watch = Watch::new(std::slice::from_ref(&root), &waker);
        assert!(!watch.looks, "it can be watched");
        watch.inotify = None;
        watch.arm();
        assert!(watch.looks);
        std::fs::create_dir(&root).unwrap();
        assert_eq!(watch.wait(), Woken::ScanAgain);
        std::fs::rename(&root, home.path().join("away")).unwrap();
        std::fs::create_dir(&root).unwrap();
        assert_eq!(watch.wait(), Woken::ScanAgain, "another folder of the same name");
        let waiting = std::thread::spawn(move || watch.wait());
        waker.wake();
        assert_eq!(waiting.join().unwrap(), Woken::Called);
    }

    #[test]
    fn a_change_that_comes_with_a_call_is_reported_after_it() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("NPKI");
        let waker = Waker::new();
        let mut watch = Watch::new(std::slice::from_ref(&root), &waker);
        std::fs::create_dir(&root).unwrap();
        waker.wake();
        assert_eq!(watch.wait(), Woken::Called);
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || tell.send(watch.wait()));
        assert_eq!(told.recv_timeout(Duration::from_secs(10)), Ok(Woken::ScanAgain));
    }
}
