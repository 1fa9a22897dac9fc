//! This file finds tokens behind other PKCS#11 modules: 보안토큰 (security tokens) with their maker's library, and SoftHSM.
//!
//! What a module prints to the process's standard output cannot be kept from it without taking the stream from everybody.

mod contents;
mod exporter;
mod failure;
mod generator;
mod journal;
mod key;
mod known;
mod login;
mod module;
mod officer;
mod p11_kit;
mod pair;
mod refusal;
mod relabel;
mod scan;
mod session;
mod sets;
mod survey;
mod template;
mod thread;
mod token;
mod writer;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Driver;
use crate::config::{Config, Foreign, ForeignModule, Forward};
use crate::error::{Error, ErrorKind, Result};
use crate::medium::{Accessibility, Medium, MediumId, MediumKind, TokenState};
use crate::token::Token;

use module::{LIMIT, Module, Slot};
use scan::Seen;
pub use thread::{on_module_thread, start_threads_within};
use token::Pkcs11Token;

const NAME: &str = "pkcs11";

/// How long a scan waits for a module that is at work before it answers with what it last saw.
const PATIENCE: Duration = Duration::from_millis(200);

/// The driver: the tokens of each configured module are media, recognised by manufacturer, model and serial number.
#[allow(missing_debug_implementations, reason = "leads to sessions")]
pub struct Pkcs11 {
    modules: Vec<Arc<Module>>,
    uninitialised: bool,
    /// Objects of one token at most.
    objects: usize,
    known: Mutex<Known>,
}

/// What earlier scans found.
#[derive(Default)]
struct Known {
    /// By the number of the module: what it had.
    last: HashMap<usize, Vec<Seen>>,
    /// Tokens that were not initialised when first seen, by module and slot: they keep this identity in this process.
    born_here: HashMap<(usize, u64), MediumId>,
    /// Where the medium is now.
    places: HashMap<MediumId, (usize, u64)>,
}

impl Pkcs11 {
    /// With the modules of this configuration. Loads none of them.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let foreign = &config.foreign;
        let module = |module: ForeignModule| Arc::new(Module::new(&module, foreign.own_threads));
        Self {
            modules: modules(foreign).into_iter().map(module).collect(),
            uninitialised: foreign.uninitialised,
            objects: config.folders,
            known: Mutex::default(),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks every module at the same time, so that several that hang take as long as one.
    fn ask(&self) -> Vec<Result<Option<Vec<Seen>>>> {
        let posted: Vec<_> = self
            .modules
            .iter()
            .map(|module| {
                module.check_answering()?;
                let path = module.path().to_owned();
                let thread = module.thread();
                let ticket = thread.post(LIMIT, move |inside| {
                    let context = inside.context(&path)?;
                    let tokens = scan::tokens(&context, inside.initialisations);
                    if tokens.is_err() && inside.was_ended(&context) {
                        let context = inside.context(&path)?;
                        return scan::tokens(&context, inside.initialisations);
                    }
                    tokens
                })?;
                Ok((thread, ticket))
            })
            .collect();
        let answer = |posted: Result<_>| {
            let (thread, ticket): (&thread::ModuleThread<_>, _) = posted?;
            thread.wait_unless_occupied(ticket, PATIENCE)?.transpose()
        };
        posted.into_iter().map(answer).collect()
    }
}

/// The modules to use, each file once.
fn modules(foreign: &Foreign) -> Vec<ForeignModule> {
    if foreign.forward == Forward::Never {
        return Vec::new();
    }
    let mut modules = foreign.modules.clone();
    if foreign.well_known {
        modules.extend(known::well_known());
    }
    let program = std::env::current_exe().unwrap_or_default();
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    p11_kit::leave_out_shown(&mut modules, foreign, &program);
    let mut files: Vec<PathBuf> = Vec::new();
    modules.retain(|module| {
        let file = module.path.canonicalize().unwrap_or_else(|_| module.path.clone());
        let new = !files.contains(&file);
        if new {
            files.push(file);
        }
        new
    });
    modules
}

impl Driver for Pkcs11 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn scan(&self) -> Result<Vec<Medium>> {
        let answers = self.ask();
        let mut known = self.known();
        known.places.clear();
        let mut media = Vec::new();
        for (number, (module, answer)) in self.modules.iter().zip(answers).enumerate() {
            let seen = match answer {
                Ok(Some(seen)) => {
                    known.last.insert(number, seen.clone());
                    seen
                }
                Ok(None) => known.last.get(&number).cloned().unwrap_or_default(),
                Err(error) => {
                    known.last.remove(&number);
                    media.push(ill(module, error));
                    continue;
                }
            };
            for token in seen {
                media.extend(self.medium(&mut known, number, module, token));
            }
        }
        Ok(media)
    }

    fn open(&self, id: &MediumId) -> Result<Box<dyn Token>> {
        let place = self.known().places.get(id).copied();
        let module = place.and_then(|(module, slot)| Some((self.modules.get(module)?, slot)));
        let Some((module, number)) = module else {
            return Err(Error::new(ErrorKind::Removed, "opening a token").on(id));
        };
        Ok(Box::new(Pkcs11Token::new(id.clone(), Slot { module: Arc::clone(module), number }, self.objects)))
    }
}

impl Pkcs11 {
    /// The medium that a token is, if it is one by this configuration.
    fn medium(&self, known: &mut Known, number: usize, module: &Arc<Module>, token: Seen) -> Option<Medium> {
        let place = (number, token.slot);
        let (state, accessibility) = match token.state {
            Ok(state) => (Some(state), Accessibility::Usable),
            Err(error) => (None, Accessibility::Unusable(error)),
        };
        let nameless = || MediumId::new(NAME, &format!("{}/slot {}", module.path().display(), token.slot));
        let id = match &state {
            Some(state) if !counts(module, state, &token.label) => return None,
            Some(state) if state.initialised => match known.born_here.get(&place) {
                Some(id) => id.clone(),
                None => free_identity(known, state),
            },
            Some(_) if !self.uninitialised => return None,
            Some(_) => known.born_here.entry(place).or_insert_with(nameless).clone(),
            None => nameless(),
        };
        known.places.insert(id.clone(), place);
        let label = match token.label {
            label if label.is_empty() => format!("{} {}", module.name, token.slot),
            label => label,
        };
        Some(Medium {
            id,
            kind: MediumKind::SecurityToken,
            label,
            place: module.path().to_string_lossy().into_owned(),
            incarnation: token.incarnation,
            accessibility,
            write_protected: token.write_protected,
            token: state.map(Arc::new),
        })
    }
}

/// Whether the configuration wants this token.
fn counts(module: &Module, state: &TokenState, label: &str) -> bool {
    module.tokens.is_empty() || module.tokens.iter().any(|name| name == label || *name == state.serial)
}

/// Manufacturer, model and serial number; the same ones again for another token get a number.
fn free_identity(known: &Known, state: &TokenState) -> MediumId {
    let identity = format!("{}/{}/{}", state.manufacturer, state.model, state.serial);
    let twin = |number: usize| MediumId::new(NAME, &format!("{identity}#{number}"));
    let ids = std::iter::once(MediumId::new(NAME, &identity)).chain((2..).map(twin));
    let mut free = ids.skip_while(|id| known.places.contains_key(id));
    free.next().unwrap_or_else(|| MediumId::new(NAME, &identity))
}

/// The row of a module that cannot be used.
fn ill(module: &Module, error: Error) -> Medium {
    let path = module.path().to_string_lossy();
    let id = MediumId::new(NAME, &format!("module/{path}"));
    let error = if error.subject().is_none() { error.about(path.as_ref()) } else { error };
    Medium {
        kind: MediumKind::SecurityToken,
        label: module.name.clone(),
        place: path.into_owned(),
        incarnation: 0,
        accessibility: Accessibility::Unusable(error.on(&id)),
        write_protected: false,
        token: None,
        id,
    }
}
