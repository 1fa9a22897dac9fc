//! This file is what every call passes on its way in and out: panic guard, process check, trace, result.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use cryptoki_sys::{CK_RV, CKR_FUNCTION_FAILED, CKR_GENERAL_ERROR, CKR_OK};
use ingam::driver::pkcs11::on_module_thread;

use super::argument::Shape;
use super::per_process::PerProcess;
use crate::library::Library;
use crate::rv::{Answer, Rv};
use crate::state::Process;
use crate::trace::Trace;

static PROCESS: PerProcess<Process> = PerProcess::new();

/// Runs a function that needs no initialised library and only hands out tables.
pub(super) fn table(name: &'static str, body: impl FnOnce(&Call, &'static Process) -> Answer) -> CK_RV {
    guard(|| without_library(name, body))
}

/// Runs a function that needs no initialised library.
pub(super) fn free(name: &'static str, body: impl FnOnce(&Call, &'static Process) -> Answer) -> CK_RV {
    guard(|| {
        refuse_reentry()?;
        without_library(name, body)
    })
}

fn without_library(name: &'static str, body: impl FnOnce(&Call, &'static Process) -> Answer) -> Answer {
    let process = PROCESS.get(Process::abandon);
    // Only the trace is kept: a wait for slot events must not keep the library, and so the keys, alive.
    let trace = || process.library().ok().and_then(|library| library.trace().cloned());
    let before = trace();
    let call = Call::new(name, before.as_ref());
    let answer = body(&call, process);
    if before.is_none() {
        // C_Initialize itself is the first line of a trace.
        call.trace_to(trace().as_ref());
    }
    call.finish(answer)
}

/// Another module that calls this one back would wait for itself: its thread waits for the module already.
fn refuse_reentry() -> Answer {
    if on_module_thread() { Err(CKR_FUNCTION_FAILED.into()) } else { Ok(()) }
}

/// Runs a function of the initialised library; answers `CKR_CRYPTOKI_NOT_INITIALIZED` if there is none in this process.
pub(super) fn initialized(name: &'static str, body: impl FnOnce(&Call, &Library) -> Answer) -> CK_RV {
    guard(|| {
        refuse_reentry()?;
        let library = PROCESS.get(Process::abandon).library()?;
        let call = Call::new(name, library.trace());
        let answer = body(&call, &library);
        call.finish(answer)
    })
}

/// One call: its name and, if there is a trace, the line that it will be there.
pub(crate) struct Call {
    name: &'static str,
    traced: RefCell<Option<(Arc<Trace>, String, Instant)>>,
}

impl Call {
    fn new(name: &'static str, trace: Option<&Arc<Trace>>) -> Self {
        let call = Self { name, traced: RefCell::new(None) };
        call.trace_to(trace);
        call
    }

    fn trace_to(&self, trace: Option<&Arc<Trace>>) {
        if let Some(trace) = trace {
            *self.traced.borrow_mut() = Some((Arc::clone(trace), String::new(), Instant::now()));
        }
    }

    /// Takes an argument in: null rules, then its place in the trace.
    ///
    /// # Safety
    /// As [`Shape::admit`].
    pub(super) unsafe fn admit<S: Shape>(&self, raw: S::Raw) -> Answer<S::Safe<'_>> {
        // SAFETY: the caller's promise.
        let safe = unsafe { S::admit(raw, self) }?;
        if let Some((_, line, _)) = &mut *self.traced.borrow_mut() {
            if !line.is_empty() {
                line.push_str(", ");
            }
            S::describe(&safe, line);
        }
        Ok(safe)
    }

    /// As [`admit`](Self::admit), for an argument that goes elsewhere.
    ///
    /// # Safety
    /// As [`Shape::admit`].
    pub(super) unsafe fn check<S: Shape>(&self, raw: S::Raw) -> Answer {
        // SAFETY: the caller's promise.
        unsafe { self.admit::<S>(raw) }.map(drop)
    }

    fn finish(self, answer: Answer) -> Answer {
        if let Some((trace, line, start)) = self.traced.take() {
            trace.call(self.name, &line, &answer, start.elapsed());
        }
        answer
    }
}

impl Drop for Call {
    /// A call that did not finish panicked.
    fn drop(&mut self) {
        if let Some((trace, line, start)) = self.traced.take() {
            trace.call(self.name, &line, &Err(CKR_GENERAL_ERROR.into()), start.elapsed());
        }
    }
}

/// A panic that left an `extern "C"` function would abort the host: it becomes `CKR_GENERAL_ERROR`.
fn guard(body: impl FnOnce() -> Answer) -> CK_RV {
    silence_panics();
    let outermost = INSIDE.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "fault-injection")]
        super::fault::panic_if_asked();
        body().map_or_else(|rv: Rv| rv.code(), |()| CKR_OK)
    }));
    INSIDE.set(outermost);
    outcome.unwrap_or_else(|payload| {
        // Dropping it could panic once more, outside the guard.
        std::mem::forget(payload);
        CKR_GENERAL_ERROR
    })
}

thread_local! {
    /// Whether this thread is in a call. Has no destructor, so it works in a host's exit handlers.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the text of our own panics from the host's standard error, which may be a protocol's pipe.
///
/// In the shared library the standard library is ours alone and knows no thread by name but our own, `ingam-…`. Another named
/// thread is of a Rust program that has this crate linked in, as a test has, and keeps its voice.
fn silence_panics() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if DONE.load(Ordering::Relaxed) || DONE.swap(true, Ordering::Relaxed) {
        return;
    }
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let thread = std::thread::current();
        if !INSIDE.get() && thread.name().is_some_and(|name| !name.starts_with("ingam-")) {
            previous(info);
        }
    }));
}
