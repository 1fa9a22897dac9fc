//! This file does one piece of work for many things, on as many threads as are allowed and useful.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, ScopedJoinHandle};

/// The results in the order of the items. A panic of the work goes on in the caller.
pub(super) fn spread<T: Send, R: Send>(
    items: Vec<T>,
    threads: NonZeroUsize,
    name: &str,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    if items.len() < 2 || threads.get() == 1 {
        return items.into_iter().map(work).collect();
    }
    let share = items.len().div_ceil(threads.get());
    let work = &work;
    std::thread::scope(|scope| {
        let mut items = items.into_iter();
        let mut workers = Vec::new();
        while items.len() > 0 {
            let part = Arc::new(Mutex::new(items.by_ref().take(share).collect::<Vec<_>>()));
            let theirs = Arc::clone(&part);
            let run = move || lock(&theirs).drain(..).map(work).collect::<Vec<_>>();
            workers.push((Builder::new().name(name.to_owned()).spawn_scoped(scope, run), part));
        }
        let join = |(worker, part): (std::io::Result<ScopedJoinHandle<'_, Vec<_>>>, Arc<Mutex<Vec<_>>>)| match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // Where the system refuses a thread, this one does its work.
            Err(_) => lock(&part).drain(..).map(work).collect(),
        };
        workers.into_iter().flat_map(join).collect()
    })
}

/// Locks, also after a panic of an earlier holder.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
