//! This file loads a PKCS#11 module, initialises it and keeps what belongs to it on its thread.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Context};
use cryptoki::error::{Error as Foreign, RvError};

use super::failure::failed;
use super::refusal;
use super::session::Open;
use super::thread::ModuleThread;
use crate::config::ForeignModule;
use crate::error::{Error, ErrorKind, Result};
use crate::token::ForeignSlot;

/// How long a call may take.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// What one module is made of, on its thread. Sessions are closed there and nowhere else.
#[derive(Default)]
pub(super) struct Inside {
    context: Option<Context>,
    /// Whether C_Initialize was ours, so that C_Finalize is too.
    initialised_here: bool,
    initialised: bool,
    /// Our session with each slot, by its number; at most one.
    pub(super) sessions: BTreeMap<u64, Open>,
}

/// A module of the configuration. Nothing of it is loaded before it is first asked.
pub(super) struct Module {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// Labels or serial numbers of the tokens that count; empty for all.
    pub(super) tokens: Vec<String>,
    thread: ModuleThread<Inside>,
}

/// Modules whose thread was given up. They are never called again: who knows in which state that thread holds them.
static LOST: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

impl Module {
    pub(super) fn new(module: &ForeignModule, own_thread: bool) -> Self {
        let path = module.path.clone();
        let on_lost = Box::new(move || LOST.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone()));
        Self {
            name: module.name.clone(),
            path: module.path.clone(),
            tokens: module.tokens.clone(),
            thread: ModuleThread::new(Inside::default(), own_thread, on_lost),
        }
    }

    /// The thread on which the module is called.
    ///
    /// # Errors
    /// `TimedOut` if the module did not answer earlier in this process.
    pub(super) fn thread(&self) -> Result<&ModuleThread<Inside>> {
        if LOST.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.path) {
            let lost = Error::new(ErrorKind::TimedOut, "waiting for a PKCS#11 module that did not answer");
            return Err(lost.about(self.path.to_string_lossy()));
        }
        Ok(&self.thread)
    }

    /// Runs a job with the module loaded and initialised.
    ///
    /// # Errors
    /// Those of loading; `TimedOut`, `Removed`, `Device` as [`ForeignSlot::run`]; the job's own.
    pub(super) fn call<T: Send + 'static>(
        &self,
        limit: Duration,
        job: impl FnOnce(&mut Inside, &Context) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let path = self.path.clone();
        self.thread()?.call(limit, move |inside| {
            let context = inside.context(&path)?;
            job(inside, &context)
        })?
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.thread.end(LIMIT, |mut inside| {
            inside.sessions.clear();
            if let Some(context) = inside.context.take().filter(|_| inside.initialised_here) {
                // It ends either way; a module that refuses has its own reasons.
                drop(context.finalize());
            }
        });
    }
}

impl Inside {
    /// The module, loaded and initialised. One that failed is tried again: a service that it needs may be back.
    pub(super) fn context(&mut self, path: &Path) -> Result<Context> {
        let about = |error: Error| error.about(path.to_string_lossy());
        let context = match &self.context {
            Some(context) => context.clone(),
            None => {
                refusal::check_file(path)?;
                let context = Context::new(path).map_err(failed("loading a PKCS#11 module")).map_err(about)?;
                // Never unloaded: a module may leave threads and exit handlers behind that run its code.
                std::mem::forget(context.clone());
                self.context.insert(context).clone()
            }
        };
        if !self.initialised {
            match context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
                Ok(()) => self.initialised_here = true,
                // The application uses it too; it finalises it.
                Err(Foreign::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => self.initialised_here = false,
                Err(error) => return Err(about(failed("initialising a PKCS#11 module")(error))),
            }
            if let Err(error) = refusal::check_library(&context) {
                if std::mem::take(&mut self.initialised_here) {
                    drop(context.finalize());
                }
                return Err(about(error));
            }
            self.initialised = true;
        }
        Ok(context)
    }

    /// Looks after a failure whether the module is still initialised: an application that uses it too may have ended it.
    pub(super) fn check_initialised(&mut self, context: &Context) {
        if let Err(Foreign::Pkcs11(RvError::CryptokiNotInitialized, _)) = context.get_library_info() {
            self.initialised = false;
            self.initialised_here = false;
            self.sessions.clear();
        }
    }
}

/// A slot of a module, for who speaks PKCS#11 itself.
#[derive(Clone)]
pub(super) struct Slot {
    pub(super) module: Arc<Module>,
    pub(super) number: u64,
}

impl ForeignSlot for Slot {
    fn library(&self) -> &Path {
        &self.module.path
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn run(&self, limit: Duration, job: Box<dyn FnOnce() + Send>) -> Result<()> {
        self.module.call(limit, |_, _| {
            job();
            Ok(())
        })
    }
}
