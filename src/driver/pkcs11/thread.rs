//! This file gives each PKCS#11 module one thread of its own, and gives up a thread whose module does not answer.
//!
//! A module is code of somebody else: it may hang in any call. So every call is a job on the module's thread, and who
//! waits for it waits for a bounded time. A thread that is given up is never joined: nobody can stop it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    static ON_MODULE_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is in a job of another PKCS#11 module, so that a call that comes from it is that module calling back.
#[must_use]
pub fn on_module_thread() -> bool {
    ON_MODULE_THREAD.get()
}

static AROUND: OnceLock<fn(&mut dyn FnMut())> = OnceLock::new();

/// Installs what surrounds the start of every module's thread in this process; the first caller wins. The library forbids
/// `unsafe`, so it cannot itself keep a host's signals from a thread; the PKCS#11 module can.
pub fn start_threads_within(around: fn(&mut dyn FnMut())) {
    let _ = AROUND.set(around);
}

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

/// What is called when the thread is given up.
type OnLost = Box<dyn Fn() + Send + Sync>;

/// Runs jobs on a state `S` one after the other: on a thread of its own, or in line where the host forbids threads.
pub(super) struct ModuleThread<S: Send + 'static> {
    shared: Arc<Shared<S>>,
    /// Where jobs run in line.
    in_line: bool,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// A forked child has no thread, whatever its memory says.
    process: u32,
    on_lost: OnLost,
}

struct Shared<S> {
    queue: Mutex<Queue<S>>,
    work: Condvar,
}

struct Queue<S> {
    /// `None` once the thread has it.
    state: Option<S>,
    started: bool,
    waiting: VecDeque<(Running, Job<S>)>,
    running: Option<Running>,
    next: u64,
    lost: bool,
    ended: bool,
}

#[derive(Clone, Copy)]
struct Running {
    number: u64,
    limit: Duration,
    since: Instant,
}

/// A job that was handed over.
pub(super) struct Ticket<T> {
    number: u64,
    answer: Receiver<Result<T>>,
}

fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

const CALLING: &str = "calling a PKCS#11 module";

impl<S: Send + 'static> ModuleThread<S> {
    /// Starts no thread yet; the first job does.
    pub(super) fn new(state: S, own_thread: bool, on_lost: OnLost) -> Self {
        let queue = Queue {
            state: Some(state),
            started: false,
            waiting: VecDeque::new(),
            running: None,
            next: 0,
            lost: false,
            ended: false,
        };
        Self {
            shared: Arc::new(Shared { queue: Mutex::new(queue), work: Condvar::new() }),
            in_line: !own_thread,
            thread: Mutex::new(None),
            process: std::process::id(),
            on_lost,
        }
    }

    /// Runs a job after those that came before and waits for it. `limit` counts from its start.
    pub(super) fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        job: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<T> {
        self.wait(self.post(limit, job)?)
    }

    /// Hands a job over without waiting for it (in line: runs it).
    pub(super) fn post<T: Send + 'static>(
        &self,
        limit: Duration,
        job: impl FnOnce(&mut S) -> T + Send + 'static,
    ) -> Result<Ticket<T>> {
        if on_module_thread() {
            return Err(Error::new(ErrorKind::Busy, "calling a PKCS#11 module from within one"));
        }
        let (sender, answer) = sync_channel(1);
        let job: Job<S> = Box::new(move |state| answer_to(&sender, || job(state)));
        let mut queue = locked(&self.shared.queue);
        if queue.lost || queue.ended || self.process != std::process::id() {
            return Err(Error::new(ErrorKind::Removed, CALLING));
        }
        queue.next += 1;
        let number = queue.next;
        if self.in_line {
            if let Some(state) = &mut queue.state {
                guarded(|| job(state));
            }
            return Ok(Ticket { number, answer });
        }
        if !queue.started {
            self.start()?;
            queue.started = true;
        }
        queue.waiting.push_back((Running { number, limit, since: Instant::now() }, job));
        drop(queue);
        self.shared.work.notify_one();
        Ok(Ticket { number, answer })
    }

    /// Waits for a job that was handed over.
    ///
    /// # Errors
    /// `TimedOut` if this job took too long, `Removed` if one before it did, `Device` if it panicked.
    pub(super) fn wait<T>(&self, ticket: Ticket<T>) -> Result<T> {
        loop {
            match ticket.answer.recv_timeout(self.patience()) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Disconnected) => return Err(Error::new(ErrorKind::Removed, CALLING)),
                Err(RecvTimeoutError::Timeout) => match self.give_up_if_overdue() {
                    Some(number) if number == ticket.number => return Err(Error::new(ErrorKind::TimedOut, CALLING)),
                    Some(_) => return Err(Error::new(ErrorKind::Removed, CALLING)),
                    None => {}
                },
            }
        }
    }

    /// Waits as [`wait`](Self::wait), but takes the job back if it has not begun after `patience`, since a long one is before it.
    pub(super) fn wait_unless_occupied<T>(&self, ticket: Ticket<T>, patience: Duration) -> Result<Option<T>> {
        if let Ok(answer) = ticket.answer.recv_timeout(patience) {
            return answer.map(Some);
        }
        let withdrawn = {
            let mut queue = locked(&self.shared.queue);
            let place = queue.waiting.iter().position(|(job, _)| job.number == ticket.number);
            place.and_then(|place| queue.waiting.remove(place))
        };
        if withdrawn.is_some() { Ok(None) } else { self.wait(ticket).map(Some) }
    }

    /// Lets the jobs that wait finish, runs a last one and ends the thread. What takes too long is given up.
    pub(super) fn end(&self, limit: Duration, last: impl FnOnce(S) + Send + 'static)
    where
        S: Default,
    {
        if self.process != std::process::id() {
            // What belongs to the parent is forgotten, not closed.
            std::mem::forget(locked(&self.shared.queue).state.take());
            return;
        }
        {
            let mut queue = locked(&self.shared.queue);
            if on_module_thread() || !(queue.started || self.in_line) {
                // Nothing ran yet; or the thread itself is here, which cannot wait for itself.
                queue.ended = true;
                return;
            }
        }
        let last = self.post(limit, |state| last(std::mem::take(state)));
        // All that is still to be done, together: nobody who ends the module waits for a key pair that is being made.
        let done = last.is_ok_and(|ticket| ticket.answer.recv_timeout(limit).is_ok());
        if !done {
            self.give_up();
        }
        locked(&self.shared.queue).ended = true;
        self.shared.work.notify_one();
        let thread = locked(&self.thread).take();
        if done && let Some(thread) = thread {
            // It has nothing left to do but the module's own thread-local destructors, which may hang like anything else.
            let since = Instant::now();
            while !thread.is_finished() && since.elapsed() < limit {
                std::thread::sleep(Duration::from_micros(200));
            }
            if thread.is_finished() {
                drop(thread.join());
            }
        }
    }

    fn start(&self) -> Result<()> {
        static NUMBER: AtomicUsize = AtomicUsize::new(1);
        let name = format!("ingam-pkcs11-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let shared = Arc::clone(&self.shared);
        let mut builder = Some(std::thread::Builder::new().name(name));
        let mut thread = Err(std::io::ErrorKind::Unsupported.into());
        let mut start = || {
            if let Some(builder) = builder.take() {
                let shared = Arc::clone(&shared);
                thread = builder.spawn(move || work(&shared));
            }
        };
        match AROUND.get() {
            Some(around) => around(&mut start),
            None => start(),
        }
        let thread = thread.map_err(|error| Error::io("starting a thread for a PKCS#11 module", error))?;
        *locked(&self.thread) = Some(thread);
        Ok(())
    }

    /// How long the job that runs now may still take.
    fn patience(&self) -> Duration {
        let left = match locked(&self.shared.queue).running {
            Some(job) => job.limit.saturating_sub(job.since.elapsed()),
            None => Duration::from_millis(20),
        };
        left + Duration::from_millis(1)
    }

    /// Leaves the thread to itself, with the jobs that wait for it.
    fn give_up(&self) {
        let mut queue = locked(&self.shared.queue);
        let first = !std::mem::replace(&mut queue.lost, true);
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        drop(waiting);
        if first {
            (self.on_lost)();
        }
    }

    /// Gives the thread up if its job takes too long; the number of that job.
    fn give_up_if_overdue(&self) -> Option<u64> {
        let queue = locked(&self.shared.queue);
        let job = queue.running.filter(|job| job.since.elapsed() >= job.limit)?;
        drop(queue);
        self.give_up();
        Some(job.number)
    }
}

/// The thread's work: one job after the other, until it is ended or given up.
fn work<S>(shared: &Shared<S>) {
    let Some(mut state) = locked(&shared.queue).state.take() else { return };
    loop {
        let mut queue = locked(&shared.queue);
        let job = loop {
            if queue.lost {
                drop(queue);
                // Whoever uses the module again would find it where the thread left it.
                std::mem::forget(state);
                return;
            }
            if let Some((job, work)) = queue.waiting.pop_front() {
                queue.running = Some(Running { since: Instant::now(), ..job });
                break work;
            }
            if queue.ended {
                return;
            }
            queue = shared.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
        };
        drop(queue);
        guarded(|| job(&mut state));
        locked(&shared.queue).running = None;
    }
}

/// Runs something as a job of the module.
fn guarded(job: impl FnOnce()) {
    let before = ON_MODULE_THREAD.replace(true);
    job();
    ON_MODULE_THREAD.set(before);
}

/// Runs a job and sends what comes of it; a panic ends the job, not the thread.
fn answer_to<T>(sender: &SyncSender<Result<T>>, job: impl FnOnce() -> T) {
    let answer = catch_unwind(AssertUnwindSafe(job));
    // Nobody waits any more: the answer has no use.
    drop(sender.send(answer.map_err(|_| Error::new(ErrorKind::Device, CALLING))));
}

#[cfg(test)]
mod tests;
