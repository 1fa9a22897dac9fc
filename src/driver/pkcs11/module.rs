//! This file loads a PKCS#11 module, initialises it and keeps what belongs to it on its thread.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
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
    /// The host forbids threads, and so to this module too.
    without_threads: bool,
    /// Where the file is that was loaded.
    file: Arc<OnceLock<PathBuf>>,
    /// Whether C_Initialize was ours, so that C_Finalize is too.
    initialised_here: bool,
    initialised: bool,
    /// How often the module was initialised for us: an application may end it at any time.
    pub(super) initialisations: u64,
    /// Our sessions, by the number of the [`TokenSession`](super::session::TokenSession) that they are for.
    pub(super) sessions: BTreeMap<u64, Open>,
}

/// A module of the configuration. Nothing of it is loaded before it is first asked.
pub(super) struct Module {
    pub(super) name: String,
    /// Labels or serial numbers of the tokens that count; empty for all.
    pub(super) tokens: Vec<String>,
    library: Arc<Library>,
}

/// A module's file in this process: loaded, initialised and called by one thread, whoever asks.
struct Library {
    path: PathBuf,
    /// The file that was loaded, past every link.
    file: Arc<OnceLock<PathBuf>>,
    /// A forked child has the parent's memory and not its threads.
    process: u32,
    thread: ModuleThread<Inside>,
}

/// The libraries that are in use. Two keystores of one process share them: the first that goes must not finalise the module
/// of the other.
static IN_USE: Mutex<Vec<Weak<Library>>> = Mutex::new(Vec::new());

/// Modules whose thread was given up. They are never called again: who knows in which state that thread holds them.
static LOST: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Module {
    pub(super) fn new(module: &ForeignModule, own_thread: bool) -> Self {
        Self {
            name: module.name.clone(),
            tokens: module.tokens.clone(),
            library: Library::shared(&module.path, own_thread),
        }
    }

    /// The module's file.
    pub(super) fn path(&self) -> &Path {
        &self.library.path
    }

    /// The thread on which the module is called.
    pub(super) fn thread(&self) -> &ModuleThread<Inside> {
        &self.library.thread
    }

    /// Whether the module may be asked at all.
    ///
    /// # Errors
    /// `TimedOut` if it did not answer earlier in this process.
    pub(super) fn check_answering(&self) -> Result<()> {
        if locked(&LOST).iter().any(|lost| lost == self.path()) {
            return Err(Error::new(ErrorKind::TimedOut, "waiting for a PKCS#11 module that did not answer"));
        }
        Ok(())
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
        let path = self.path().to_owned();
        self.thread().call(limit, move |inside| {
            let context = inside.context(&path)?;
            job(inside, &context)
        })?
    }
}

impl Library {
    fn shared(path: &Path, own_thread: bool) -> Arc<Self> {
        let process = std::process::id();
        let mut in_use = locked(&IN_USE);
        in_use.retain(|library| library.strong_count() > 0);
        let same = |library: &Arc<Self>| library.path == path && library.process == process;
        if let Some(library) = in_use.iter().filter_map(Weak::upgrade).find(same) {
            return library;
        }
        let lost = path.to_owned();
        let on_lost = Box::new(move || locked(&LOST).push(lost.clone()));
        let inside = Inside { without_threads: !own_thread, ..Inside::default() };
        let file = Arc::clone(&inside.file);
        let thread = ModuleThread::new(inside, own_thread, on_lost);
        let library = Arc::new(Self { path: path.to_owned(), file, process, thread });
        in_use.push(Arc::downgrade(&library));
        library
    }
}

impl Drop for Library {
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
                let file = refusal::check_file(path)?;
                let context = Context::new(&file).map_err(failed("loading a PKCS#11 module")).map_err(about)?;
                // Never unloaded: a module may leave threads and exit handlers behind that run its code.
                std::mem::forget(context.clone());
                let _ = self.file.set(file);
                self.context.insert(context).clone()
            }
        };
        if !self.initialised {
            let mut flags = CInitializeFlags::OS_LOCKING_OK;
            flags.set(CInitializeFlags::LIBRARY_CANT_CREATE_OS_THREADS, self.without_threads);
            match context.initialize(CInitializeArgs::new(flags)) {
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
            self.initialisations += 1;
        }
        Ok(context)
    }

    /// Whether an application that uses the module too has ended it. Then nothing of ours is there any more, and the next job
    /// initialises it again.
    pub(super) fn was_ended(&mut self, context: &Context) -> bool {
        let told = context.get_library_info();
        let ended = matches!(told, Err(Foreign::Pkcs11(RvError::CryptokiNotInitialized, _)));
        if ended {
            self.initialised = false;
            self.initialised_here = false;
            self.sessions.clear();
        }
        ended
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
        self.module.library.file.get().map_or_else(|| self.module.path(), PathBuf::as_path)
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

    fn post(&self, limit: Duration, job: Box<dyn FnOnce() + Send>) {
        let path = self.module.path().to_owned();
        let job = move |inside: &mut Inside| {
            if inside.context(&path).is_ok() {
                job();
            }
        };
        drop(self.module.thread().post(limit, job));
    }
}
