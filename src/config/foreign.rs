//! This file is the part of the configuration that names other PKCS#11 modules and their tokens.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::Deserialize;

/// What `config.toml` says of them.
pub(super) struct File {
    pub(super) modules: Vec<FileModule>,
    pub(super) tokens: Vec<FileToken>,
    pub(super) well_known: Option<bool>,
    pub(super) forward: Option<Forward>,
    pub(super) uninitialised: Option<bool>,
}

/// `[[pkcs11]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileModule {
    path: PathBuf,
    name: Option<String>,
    #[serde(default)]
    tokens: Vec<String>,
}

/// `[[token]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FileToken {
    token: String,
    pin_source: PathBuf,
}

/// Other PKCS#11 modules, whose tokens are media too.
#[derive(Clone, Debug)]
pub struct Foreign {
    /// The modules that the configuration or `INGAM_PKCS11_MODULES` names.
    pub modules: Vec<ForeignModule>,
    /// Whether modules at the well-known paths of this platform are looked at too. [`Config::load`](super::Config::load)
    /// says yes unless the file says no; a configuration that a program makes itself looks at nothing but what it names.
    pub well_known: bool,
    /// Whether modules are used that an application gets from p11-kit already.
    pub forward: Forward,
    /// Whether tokens that are not initialised are media, as is needed to initialise them. Applications choke on them, so
    /// the default is no.
    pub uninitialised: bool,
    /// PINs of tokens, for the single slot of [`Slots::One`](super::Slots::One) alone.
    pub pin_sources: Vec<PinSource>,
    /// Whether the host allows threads. Without, modules are called in line and nothing bounds a call.
    pub own_threads: bool,
    /// Whether this process has p11-kit loaded, which may show the same modules beside ours.
    pub under_p11_kit: bool,
    /// The folders with p11-kit's `.module` files; a later one overrides an earlier one.
    pub p11_kit_folders: Vec<PathBuf>,
}

/// A PKCS#11 module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignModule {
    /// The shared object, absolute.
    pub path: PathBuf,
    /// What people call it.
    pub name: String,
    /// Labels or serial numbers of the tokens that count; empty for all.
    pub tokens: Vec<String>,
}

/// Which modules are used where an application may get them from p11-kit already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Forward {
    /// Not a module that p11-kit shows beside ours: no token is listed twice.
    #[default]
    Auto,
    /// Every module.
    Always,
    /// No module at all, in no program.
    Never,
}

/// Where the PIN of one token is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinSource {
    /// The token's label or serial number.
    pub token: String,
    /// The file, absolute; others must not be able to read it.
    pub file: PathBuf,
}

impl ForeignModule {
    /// A module; without a name it is called as its file is, without `lib` and ending.
    #[must_use]
    pub fn new(path: PathBuf, name: Option<String>, tokens: Vec<String>) -> Self {
        let stem = || path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let name = name.unwrap_or_else(|| {
            let stem = stem();
            stem.strip_prefix("lib").map_or(stem.clone(), str::to_owned)
        });
        Self { path, name, tokens }
    }
}

impl Foreign {
    /// Takes in what the configuration file says.
    pub(super) fn apply(&mut self, file: File) {
        let module = |module: FileModule| ForeignModule::new(module.path, module.name, module.tokens);
        let pin = |token: FileToken| PinSource { token: token.token, file: token.pin_source };
        self.modules.extend(file.modules.into_iter().map(module));
        self.pin_sources.extend(file.tokens.into_iter().map(pin));
        self.well_known = file.well_known.unwrap_or(self.well_known);
        self.forward = file.forward.unwrap_or(self.forward);
        self.uninitialised = file.uninitialised.unwrap_or(self.uninitialised);
    }

    /// Takes in what the environment says.
    pub(super) fn apply_environment(&mut self, environment: &dyn Fn(&str) -> Option<OsString>) {
        if let Some(list) = environment("INGAM_PKCS11_MODULES") {
            self.well_known = false;
            let paths = std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty() && list != "none");
            self.modules = paths.map(|path| ForeignModule::new(path, None, Vec::new())).collect();
        }
        if let Some(word) = environment("INGAM_PKCS11_UNINITIALISED") {
            self.uninitialised = word != "0";
        }
    }
}

impl Default for Foreign {
    /// No module: who makes a configuration by hand says whose code is loaded.
    /// [`Config::load`](super::Config::load) adds the well-known ones.
    fn default() -> Self {
        Self {
            modules: Vec::new(),
            well_known: false,
            forward: Forward::Auto,
            uninitialised: false,
            pin_sources: Vec::new(),
            own_threads: true,
            under_p11_kit: false,
            p11_kit_folders: vec!["/usr/share/p11-kit/modules".into(), "/etc/pkcs11/modules".into()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(environment: &[(&str, &str)]) -> Foreign {
        let mut foreign = Foreign { well_known: true, ..Foreign::default() };
        foreign.modules.push(ForeignModule::new("/configured.so".into(), None, Vec::new()));
        let lookup =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        foreign.apply_environment(&lookup);
        foreign
    }

    #[test]
    #[cfg(unix)]
    fn the_environment_replaces_every_other_module() {
        let foreign = with(&[("INGAM_PKCS11_MODULES", "/usr/lib/softhsm/libsofthsm2.so::/b/token.so")]);
        let names: Vec<&str> = foreign.modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["softhsm2", "token"]);
        assert!(!foreign.well_known);
    }

    #[test]
    fn the_word_none_is_no_module_at_all() {
        let foreign = with(&[("INGAM_PKCS11_MODULES", "none")]);
        assert!(foreign.modules.is_empty() && !foreign.well_known);
        assert_eq!(with(&[]).modules.len(), 1);
    }

    #[test]
    fn tokens_that_are_not_initialised_are_shown_if_the_environment_says_so() {
        assert!(with(&[("INGAM_PKCS11_UNINITIALISED", "1")]).uninitialised);
        assert!(!with(&[("INGAM_PKCS11_UNINITIALISED", "0")]).uninitialised);
    }
}
