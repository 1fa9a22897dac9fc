//! This file is the lifecycle: from C_Initialize to C_Finalize, in several threads, and across a fork.

use std::cell::Cell;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};

use cryptoki_sys::*;
use ingam::keystore::lock;

use crate::library::{Library, Threads};
use crate::rv::Answer;

/// What one process has of this module.
#[derive(Default)]
pub(crate) struct Process {
    stage: Mutex<Stage>,
    settled: Condvar,
    /// There when the stage is `Up`; apart from it, so that calls do not wait for an initialisation.
    library: RwLock<Option<Arc<Library>>>,
}

/// Where in its life the library is. No driver runs while this is locked: `Changing` stands for the lock meanwhile.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Down,
    /// This thread is initialising or finalising.
    Changing(ThreadMark),
    Up,
}

impl Process {
    /// The initialised library.
    ///
    /// # Errors
    /// `CKR_CRYPTOKI_NOT_INITIALIZED`.
    pub(crate) fn library(&self) -> Answer<Arc<Library>> {
        let library = self.library.read().unwrap_or_else(PoisonError::into_inner);
        library.clone().ok_or_else(|| CKR_CRYPTOKI_NOT_INITIALIZED.into())
    }

    /// Makes the library. Of several threads one does and the others wait.
    ///
    /// # Errors
    /// `CKR_CRYPTOKI_ALREADY_INITIALIZED`; those of [`Library::new`]; `CKR_FUNCTION_FAILED` to a thread that is in here already, as when the module
    /// is told to load itself as another token's module.
    pub(crate) fn initialize(&self, threads: Threads) -> Answer {
        if self.claim()? == Stage::Up {
            self.settle(Stage::Up);
            return Err(CKR_CRYPTOKI_ALREADY_INITIALIZED.into());
        }
        let claim = Claim { process: self, otherwise: Stage::Down };
        let library = Library::new(threads)?;
        *self.library.write().unwrap_or_else(PoisonError::into_inner) = Some(library);
        claim.settle(Stage::Up);
        Ok(())
    }

    /// Ends the library: waits for slot events end, its thread too, sessions close, keys are wiped. Calls that other threads are still in
    /// finish on their own.
    ///
    /// # Errors
    /// `CKR_CRYPTOKI_NOT_INITIALIZED`.
    pub(crate) fn finalize(&self) -> Answer {
        if self.claim()? == Stage::Down {
            self.settle(Stage::Down);
            return Err(CKR_CRYPTOKI_NOT_INITIALIZED.into());
        }
        let claim = Claim { process: self, otherwise: Stage::Down };
        let library = self.library.write().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(library) = library {
            library.close();
        }
        claim.settle(Stage::Down);
        Ok(())
    }

    /// Waits until no other thread changes the stage, and reserves the change for this thread; what the stage was.
    fn claim(&self) -> Answer<Stage> {
        let own = ThreadMark::current();
        let mut stage = lock(&self.stage);
        loop {
            match *stage {
                Stage::Changing(thread) if thread == own => return Err(CKR_FUNCTION_FAILED.into()),
                Stage::Changing(_) => stage = self.settled.wait(stage).unwrap_or_else(PoisonError::into_inner),
                settled => {
                    *stage = Stage::Changing(own);
                    return Ok(settled);
                }
            }
        }
    }

    fn settle(&self, stage: Stage) {
        *lock(&self.stage) = stage;
        self.settled.notify_all();
    }

    /// Takes leave of the parent's state in a forked child: its keys are wiped here if nothing holds a lock, everything
    /// else is left as it is. A lock that is taken stays taken for ever, and handles to devices are still the parent's.
    pub(crate) fn abandon(&self) {
        let Ok(library) = self.library.try_read() else { return };
        if let Some(library) = &*library
            && Arc::strong_count(library) == 1
        {
            library.wipe_in_child();
        }
    }
}

/// Settles the stage also when the work in between panics; nobody would ever get in again otherwise.
struct Claim<'a> {
    process: &'a Process,
    otherwise: Stage,
}

impl Claim<'_> {
    fn settle(mut self, stage: Stage) {
        self.otherwise = stage;
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.process.settle(self.otherwise);
    }
}

/// Tells threads apart by the address of a thread-local. `std::thread::current` would leave a destructor with each thread
/// of the host.
#[derive(Clone, Copy, PartialEq, Eq)]
struct ThreadMark(usize);

impl ThreadMark {
    fn current() -> Self {
        thread_local! {
            static MARK: Cell<u8> = const { Cell::new(0) };
        }
        Self(MARK.with(|mark| std::ptr::from_ref(mark).addr()))
    }
}
