//! This file holds what `C_WaitForSlotEvent` waits for: the slots whose medium came or went and nobody was told yet.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use ingam::keystore::{SlotId, lock};

/// Slot events of one initialised library.
#[derive(Debug, Default)]
pub(crate) struct Events {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    slots: VecDeque<SlotId>,
    closed: bool,
}

impl Events {
    /// Tells of slots that changed. One that is told of already is not told of twice: the standard keeps one flag a slot.
    pub(crate) fn post(&self, slots: &[SlotId]) {
        let mut queue = lock(&self.queue);
        for slot in slots {
            if !queue.slots.contains(slot) {
                queue.slots.push_back(*slot);
            }
        }
        self.changed.notify_all();
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

    /// Ends every wait.
    pub(crate) fn close(&self) {
        lock(&self.queue).closed = true;
        self.changed.notify_all();
    }
}
