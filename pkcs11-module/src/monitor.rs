//! This file watches for media that come and go: in the library's one thread, or in the thread that waits for a slot event.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use ingam::keystore::{SlotId, lock};
use ingam::watch::{Waker, Watch, Woken};

use crate::abi::signals;
use crate::library::{Library, Threads};

/// What C_Finalize waits for the thread at most. Only a file system that does not answer keeps it longer; then it is left to
/// end on its own, as a host must be able to stop.
const PATIENCE: Duration = Duration::from_millis(800);

/// How long a session is open before media are watched, unless somebody asks for events: a process that signs once and ends
/// must not wait for the kernel to take its watches down, which takes it some 10 ms.
const LULL: Duration = Duration::from_secs(1);

/// Paths, a few system calls and certificates to read need little of it, and a host may have little to give.
const STACK: usize = 512 << 10;

/// The library's one thread of its own, if there is one.
pub(crate) struct Monitor(Mutex<Stage>);

enum Stage {
    /// Nobody needed it yet.
    Idle,
    Running(Thread),
    /// The host does not allow it, the system refused it, or it is over.
    None,
}

struct Thread {
    handle: JoinHandle<()>,
    /// Ends the lull; dropped, it ends the thread.
    begin: Sender<()>,
    waker: Waker,
    /// Ends with the thread.
    ended: Receiver<()>,
}

impl Monitor {
    pub(crate) const fn new(threads: Threads) -> Self {
        Self(Mutex::new(match threads {
            Threads::Allowed => Stage::Idle,
            Threads::Forbidden => Stage::None,
        }))
    }

    /// Starts the thread unless it runs; it will watch soon.
    pub(crate) fn start(&self, library: &Weak<Library>) {
        let mut stage = lock(&self.0);
        if matches!(*stage, Stage::Idle) {
            *stage = spawn(library.clone()).map_or(Stage::None, Stage::Running);
        }
    }

    /// Starts the thread unless it runs, and has it watch now; whether there is one.
    pub(crate) fn start_now(&self, library: &Weak<Library>) -> bool {
        self.start(library);
        let stage = lock(&self.0);
        let Stage::Running(thread) = &*stage else { return false };
        // Fails once it has begun, as it should.
        let _ = thread.begin.send(());
        true
    }

    /// Ends the thread, for ever.
    pub(crate) fn stop(&self) {
        let Stage::Running(thread) = std::mem::replace(&mut *lock(&self.0), Stage::None) else { return };
        let Thread { handle, begin, waker, ended } = thread;
        drop(begin);
        waker.wake();
        if ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected) {
            let _ = handle.join();
        }
    }
}

fn spawn(library: Weak<Library>) -> std::io::Result<Thread> {
    let waker = Waker::new();
    let (ending, ended) = mpsc::channel();
    let (begin, begins) = mpsc::channel();
    let called = waker.clone();
    let watches = move || {
        let begun = begins.recv_timeout(LULL);
        drop(begins);
        if begun != Err(RecvTimeoutError::Disconnected) {
            watch(&library, &called);
        }
        drop(ending);
    };
    // The panic hook keeps silent about threads of this name.
    let builder = Builder::new().name("ingam-watch".to_owned()).stack_size(STACK);
    let handle = signals::without(|| builder.spawn(watches))?;
    Ok(Thread { handle, begin, waker, ended })
}

/// Scans whenever something may have changed, until the waker is used or the library is gone.
fn watch(library: &Weak<Library>, waker: &Waker) {
    let mut watch: Option<Watch> = None;
    loop {
        // Held during a scan only: keys must not live on because of this thread.
        let Some(library) = library.upgrade() else { return };
        let watch = watch.get_or_insert_with(|| Watch::new(library.folders(), waker));
        scan(&library, watch);
        drop(library);
        if watch.wait() == Woken::Called {
            return;
        }
    }
}

fn scan(library: &Library, watch: &mut Watch) {
    // A panic must not be the end of all events.
    if !matches!(catch_unwind(AssertUnwindSafe(|| library.look_again())), Ok(Scan::Complete)) {
        watch.scan_failed();
    }
}

/// Whether every driver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    Complete,
    Incomplete,
}

/// Waits for the next slot event; `None` once the library is finalised. What is there already is none.
pub(crate) fn wait(library: Arc<Library>) -> Option<SlotId> {
    library.slots();
    let events = Arc::clone(library.events());
    if library.watch_now() {
        // The library itself is let go of before the wait.
        drop(library);
        return events.wait();
    }
    let folders: Vec<PathBuf> = library.folders().to_vec();
    let weak = Arc::downgrade(&library);
    drop(library);
    let waker = Waker::new();
    let _called = events.call(&waker);
    let mut watch = Watch::new(&folders, &waker);
    let mut woken = Woken::ScanAgain;
    loop {
        if woken == Woken::ScanAgain {
            scan(&*weak.upgrade()?, &mut watch);
        }
        if events.is_closed() {
            return None;
        }
        if let Some(slot) = events.next() {
            return Some(slot);
        }
        woken = watch.wait();
    }
}
