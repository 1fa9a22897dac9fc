//! This file holds what `C_WaitForSlotEvent` waits for: the slots whose medium came or went and nobody was told yet.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use ingam::keystore::{SlotId, lock};
use ingam::watch::Waker;

/// Slot events of one initialised library.
#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    slots: VecDeque<SlotId>,
    /// Those that wait for media and for events at the same time.
    watching: Vec<(u64, Waker)>,
    watchers: u64,
    closed: bool,
}

impl Events {
    /// Tells of slots that changed. One that is told of already is not told of twice: the standard keeps one flag a slot.
    pub(crate) fn post(&self, slots: &[SlotId]) {
        if slots.is_empty() {
            return;
        }
        let mut queue = lock(&self.queue);
        for slot in slots {
            if !queue.slots.contains(slot) {
                queue.slots.push_back(*slot);
            }
        }
        self.tell(&queue);
    }

    /// The next event, if there is one.
    pub(crate) fn next(&self) -> Option<SlotId> {
        lock(&self.queue).slots.pop_front()
    }

    /// Waits for the next event; `None` once the library is finalised.
    pub(crate) fn wait(&self) -> Option<SlotId> {
        let idle = |queue: &mut Queue| queue.slots.is_empty() && !queue.closed;
        let queue = self.changed.wait_while(lock(&self.queue), idle);
        let mut queue = queue.unwrap_or_else(PoisonError::into_inner);
        if queue.closed { None } else { queue.slots.pop_front() }
    }

    /// Whether the library is finalised.
    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.queue).closed
    }

    /// Calls this waker with every event and at the end, until the returned value is dropped.
    pub(crate) fn call(&self, waker: &Waker) -> Called<'_> {
        let mut queue = lock(&self.queue);
        queue.watchers += 1;
        let number = queue.watchers;
        queue.watching.push((number, waker.clone()));
        Called { events: self, number }
    }

    /// Ends every wait.
    pub(crate) fn close(&self) {
        let mut queue = lock(&self.queue);
        queue.closed = true;
        self.tell(&queue);
    }

    fn tell(&self, queue: &Queue) {
        self.changed.notify_all();
        for (_, waker) in &queue.watching {
            waker.wake();
        }
    }
}

/// A waker that is called.
pub(crate) struct Called<'a> {
    events: &'a Events,
    number: u64,
}

impl Drop for Called<'_> {
    fn drop(&mut self) {
        lock(&self.events.queue).watching.retain(|(number, _)| *number != self.number);
    }
}
