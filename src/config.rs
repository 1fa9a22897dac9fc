//! This file reads the configuration: `config.toml` and the environment. Nothing else in the library reads either.

mod foreign;

use std::ffi::OsString;
use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use crate::error::{Error, ErrorKind, Result};

pub use foreign::{Foreign, ForeignModule, Forward, PinSource};

/// The effective configuration. Every value has a default that needs no file; the default of where to look is nowhere.
#[derive(Clone, Debug)]
pub struct Config {
    /// NPKI folders to look at, in order. Those that do not exist are no media.
    pub npki_roots: Vec<PathBuf>,
    /// Iterations of a key derivation at most: above it a key file is refused before any work. The default, 1,000,000,
    /// costs about a tenth of a second; field samples use 1,024 and 2,048.
    pub kdf_iterations: u32,
    /// What a slot is.
    pub slots: Slots,
    /// Certificate folders of one medium at most; what is beyond is reported, not read.
    pub folders: usize,
    /// Threads that may open key files at the same time; 1 where the host forbids threads.
    pub threads: NonZeroUsize,
    /// The configuration file that was read.
    pub file: Option<PathBuf>,
    /// Other PKCS#11 modules and their tokens.
    pub foreign: Foreign,
}

/// What a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Slots {
    /// A medium; it may hold many certificates.
    #[default]
    Medium,
    /// One certificate, with its own password.
    Certificate,
    /// Everything: a single slot that is always there, for clients that see one slot only.
    One,
}

impl std::str::FromStr for Slots {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "medium" => Ok(Self::Medium),
            "certificate" => Ok(Self::Certificate),
            "one" => Ok(Self::One),
            _ => Err(Error::new(ErrorKind::Damaged, "reading INGAM_SLOTS (medium, certificate or one)").about(word)),
        }
    }
}

/// The highest `kdf_iterations` that a configuration may ask for.
pub const KDF_ITERATIONS_CEILING: u32 = 10_000_000;

impl Default for Config {
    fn default() -> Self {
        Self {
            npki_roots: Vec::new(),
            kdf_iterations: 1_000_000,
            slots: Slots::Medium,
            folders: 10_000,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            file: None,
            foreign: Foreign::default(),
        }
    }
}

/// What `config.toml` may say. Unknown fields are refused, so that a typing error is not silently without effect.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// NPKI folders beside the platform's own.
    #[serde(default)]
    npki: Vec<PathBuf>,
    slots: Option<Slots>,
    #[serde(default)]
    limits: FileLimits,
    /// Other PKCS#11 modules.
    #[serde(default)]
    pkcs11: Vec<foreign::FileModule>,
    #[serde(rename = "well-known-modules")]
    well_known_modules: Option<bool>,
    forward: Option<Forward>,
    #[serde(rename = "uninitialised-tokens")]
    uninitialised_tokens: Option<bool>,
    /// Their tokens.
    #[serde(default)]
    token: Vec<foreign::FileToken>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLimits {
    kdf_iterations: Option<u32>,
    folders: Option<usize>,
}

impl Config {
    /// The file that `INGAM_CONF` names, else the user's `ingam/config.toml`, else `/etc/ingam/config.toml`; then the
    /// environment: `INGAM_NPKI_PATH` (a list of NPKI folders, separated like `PATH`) replaces every root,
    /// `INGAM_SLOTS` says what a slot is; `INGAM_PKCS11_MODULES` (a list like it, or the word `none`) replaces every other
    /// PKCS#11 module, and `INGAM_PKCS11_UNINITIALISED=1` shows their tokens before they are initialised.
    ///
    /// In a setuid program, and after [`distrust_environment`], the environment counts for nothing: only
    /// `/etc/ingam/config.toml` is read.
    ///
    /// # Errors
    /// `Damaged` for a file that does not parse, has unknown fields or a limit out of range, or is longer than 1 MiB;
    /// `InvalidInput` for what is no file; `NotFound` or `NotPermitted` for a file that `INGAM_CONF` names and that cannot
    /// be read; `Device` for a failure of the moment, as when no descriptor is left.
    pub fn load() -> Result<Self> {
        let home = if privileged() { None } else { etcetera::home_dir().ok() };
        Self::from_sources(&environment, home.as_deref())
    }

    /// File that the PKCS#11 module writes its redacted trace to (`INGAM_PKCS11_LOG`); none by default, and none in a setuid
    /// program. It is no part of the rest, so that a configuration that cannot be read can be traced.
    #[must_use]
    pub fn trace_file() -> Option<PathBuf> {
        environment("INGAM_PKCS11_LOG").map(PathBuf::from)
    }

    fn from_sources(environment: &dyn Fn(&str) -> Option<OsString>, home: Option<&Path>) -> Result<Self> {
        let mut config = Self { npki_roots: home.map(platform_roots).unwrap_or_default(), ..Self::default() };
        config.foreign.well_known = true;
        // p11-kit reads the superuser's own no more than we would.
        let user = user_folder(environment, home).filter(|_| !superuser());
        config.foreign.p11_kit_folders.extend(user.map(|folder| folder.join("pkcs11/modules")));
        if let Some((path, text)) = configuration_file(environment, home)? {
            config.apply(&path, &text)?;
            config.file = Some(path);
        }
        if let Some(list) = environment("INGAM_NPKI_PATH") {
            config.npki_roots = std::env::split_paths(&list).filter(|root| !root.as_os_str().is_empty()).collect();
        }
        if let Some(slots) = environment("INGAM_SLOTS") {
            config.slots = slots.to_string_lossy().parse()?;
        }
        config.foreign.apply_environment(environment);
        // A program that changes its working folder, as a daemon does, keeps its media.
        for root in &mut config.npki_roots {
            *root = std::path::absolute(&*root).unwrap_or_else(|_| root.clone());
        }
        Ok(config)
    }

    fn apply(&mut self, path: &Path, text: &str) -> Result<()> {
        let damaged = || Error::new(ErrorKind::Damaged, "reading the configuration").about(path.to_string_lossy());
        let file: File = toml::from_str(text).map_err(|error| damaged().caused_by(NotRead::of(&error, text)))?;
        self.npki_roots.extend(file.npki);
        self.slots = file.slots.unwrap_or(self.slots);
        if let Some(iterations) = file.limits.kdf_iterations {
            if !(1..=KDF_ITERATIONS_CEILING).contains(&iterations) {
                return Err(damaged().caused_by(OutOfRange("limits.kdf_iterations", 1, KDF_ITERATIONS_CEILING)));
            }
            self.kdf_iterations = iterations;
        }
        if let Some(folders) = file.limits.folders {
            self.folders = folders;
        }
        self.foreign.apply(foreign::File {
            modules: file.pkcs11,
            tokens: file.token,
            well_known: file.well_known_modules,
            forward: file.forward,
            uninitialised: file.uninitialised_tokens,
        });
        Ok(())
    }
}

/// Where and why a file does not parse. What stands there is not repeated: it may be a PIN that somebody wrote into it.
#[derive(Debug)]
struct NotRead {
    line: usize,
    why: String,
}

impl NotRead {
    fn of(error: &toml::de::Error, text: &str) -> Self {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        // "invalid type: string "1234", expected a sequence"
        let why = match (error.message().split_once(": "), error.message().rsplit_once(", expected ")) {
            (Some((what @ ("invalid type" | "invalid value"), _)), Some((_, expected))) => {
                format!("{what}, expected {expected}")
            }
            _ => error.message().to_owned(),
        };
        Self { line: before.matches('\n').count() + 1, why }
    }
}

impl std::fmt::Display for NotRead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for NotRead {}

#[derive(Debug)]
struct OutOfRange(&'static str, u32, u32);

impl std::fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} must be {} to {}", self.0, self.1, self.2)
    }
}

impl std::error::Error for OutOfRange {}

/// Where Korean software keeps NPKI folders on the hard disk of this platform.
fn platform_roots(home: &Path) -> Vec<PathBuf> {
    if cfg!(windows) {
        vec![
            home.join("AppData/LocalLow/NPKI"),
            PathBuf::from(r"C:\Program Files\NPKI"),
            PathBuf::from(r"C:\Program Files (x86)\NPKI"),
            home.join("Documents/NPKI"),
        ]
    } else if cfg!(target_os = "macos") {
        vec![home.join("Library/Preferences/NPKI"), home.join("Documents/NPKI"), home.join("NPKI")]
    } else {
        vec![home.join("NPKI")]
    }
}

/// Bytes of a configuration file at most.
const FILE_LIMIT: u64 = 1 << 20;

/// The text of a configuration file. What is no regular file might never end, or wait for a writer.
fn read(path: &Path) -> Result<String> {
    let about = |error: Error| error.about(path.to_string_lossy());
    let io = |error| about(Error::io("reading the configuration", error));
    if !std::fs::metadata(path).map_err(io)?.is_file() {
        return Err(about(Error::new(ErrorKind::InvalidInput, "reading the configuration, which is no file")));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)).map_err(io)?;
    let damaged = || about(Error::new(ErrorKind::Damaged, "reading the configuration"));
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(damaged());
    }
    String::from_utf8(bytes).map_err(|error| damaged().caused_by(error))
}

/// The user's configuration folder (XDG Base Directory).
fn user_folder(environment: &dyn Fn(&str) -> Option<OsString>, home: Option<&Path>) -> Option<PathBuf> {
    environment("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| home.map(|home| home.join(".config")))
}

/// The first configuration file that exists, with its text.
fn configuration_file(
    environment: &dyn Fn(&str) -> Option<OsString>,
    home: Option<&Path>,
) -> Result<Option<(PathBuf, String)>> {
    if let Some(named) = environment("INGAM_CONF").map(PathBuf::from) {
        return read(&named).map(|text| Some((named, text)));
    }
    let user = if cfg!(windows) {
        environment("APPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home.map(|home| home.join("Library/Application Support"))
    } else {
        user_folder(environment, home)
    };
    let system = cfg!(unix).then(|| PathBuf::from("/etc"));
    for path in user.into_iter().chain(system).map(|folder| folder.join("ingam/config.toml")) {
        match read(&path) {
            Ok(text) => return Ok(Some((path, text))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// A variable that is set and not empty; none is in a setuid program.
fn environment(name: &str) -> Option<OsString> {
    if privileged() {
        return None;
    }
    #[allow(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

static DISTRUSTED: AtomicBool = AtomicBool::new(false);

/// From now on and for as long as this process lives, the environment counts for nothing, as in a setuid program. For a
/// caller who knows of borrowed rights that user and group numbers do not show, as file capabilities (AT_SECURE).
pub fn distrust_environment() {
    DISTRUSTED.store(true, Ordering::Relaxed);
}

fn superuser() -> bool {
    #[cfg(unix)]
    return rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    return false;
}

/// Whether this process runs with more rights than its caller, so that the caller's environment must not steer it.
fn privileged() -> bool {
    if DISTRUSTED.load(Ordering::Relaxed) {
        return true;
    }
    #[cfg(unix)]
    return rustix::process::geteuid() != rustix::process::getuid()
        || rustix::process::getegid() != rustix::process::getgid();
    #[cfg(not(unix))]
    return false;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(environment: &[(&str, &str)], home: &Path) -> Result<Config> {
        let lookup =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
        Config::from_sources(&lookup, Some(home))
    }

    #[test]
    fn without_any_file_the_platforms_own_folder_is_looked_at() {
        let home = tempfile::tempdir().unwrap();
        assert!(with(&[], home.path()).unwrap().npki_roots.iter().any(|root| root.ends_with("NPKI")));
    }

    #[test]
    fn a_configuration_that_was_not_loaded_looks_nowhere_unasked() {
        let home = tempfile::tempdir().unwrap();
        assert!(with(&[], home.path()).unwrap().foreign.well_known);
        let default = Config::default();
        assert!(!default.foreign.well_known && default.npki_roots.is_empty() && default.foreign.modules.is_empty());
    }

    #[test]
    fn the_file_adds_roots_and_the_environment_replaces_them() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c.toml");
        std::fs::write(&file, "npki = ['/srv/one']\n[limits]\nkdf_iterations = 5000000\n").unwrap();
        let conf = file.to_str().unwrap();
        let added = with(&[("INGAM_CONF", conf)], home.path()).unwrap();
        assert_eq!(added.npki_roots, [home.path().join("NPKI"), "/srv/one".into()]);
        assert_eq!(added.kdf_iterations, 5_000_000);
        let replaced = with(&[("INGAM_CONF", conf), ("INGAM_NPKI_PATH", "/a::/b")], home.path()).unwrap();
        assert_eq!(replaced.npki_roots, [PathBuf::from("/a"), "/b".into()]);
    }

    #[test]
    fn the_file_names_other_modules_and_their_tokens() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c.toml");
        let lines = "well-known-modules = false\nforward = 'always'\nuninitialised-tokens = true\n\
                     [[pkcs11]]\npath = '/usr/lib/libtoken.so'\nname = '보안토큰'\ntokens = ['seal']\n\
                     [[pkcs11]]\npath = 'relative.so'\n\
                     [[token]]\ntoken = 'seal'\npin-source = '/etc/pin'\n";
        std::fs::write(&file, lines).unwrap();
        let foreign = with(&[("INGAM_CONF", file.to_str().unwrap())], home.path()).unwrap().foreign;
        let token = ForeignModule::new("/usr/lib/libtoken.so".into(), Some("보안토큰".into()), vec!["seal".into()]);
        let relative = ForeignModule::new("relative.so".into(), None, Vec::new());
        assert_eq!(foreign.modules, [token, relative], "a wrong path is the driver's to tell, beside the others");
        assert_eq!(foreign.pin_sources, [PinSource { token: "seal".into(), file: "/etc/pin".into() }]);
        assert!(!foreign.well_known && foreign.uninitialised && foreign.forward == Forward::Always);
        assert!(with(&[], home.path()).unwrap().foreign.well_known);
    }

    #[test]
    fn a_relative_root_is_meant_from_the_folder_in_which_the_program_was_then() {
        let home = tempfile::tempdir().unwrap();
        let config = with(&[("INGAM_NPKI_PATH", "NPKI")], home.path()).unwrap();
        assert_eq!(config.npki_roots, [std::env::current_dir().unwrap().join("NPKI")]);
    }

    #[test]
    fn an_unknown_field_or_a_limit_out_of_range_is_refused_with_the_files_name() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("c.toml");
        for text in ["npky = []", "[limits]\nkdf_iterations = 10000001", "[limits]\nkdf_iterations = 0"] {
            std::fs::write(&file, text).unwrap();
            let error = with(&[("INGAM_CONF", file.to_str().unwrap())], home.path()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Damaged);
            assert!(error.to_string().contains("c.toml"), "{error}");
        }
    }

    #[test]
    fn a_pin_that_was_written_into_the_file_is_not_repeated() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("named.toml");
        for line in
            ["pin = \"4821\"", "pin-value = 4821", "pin-source = 4821", "pin-source = \"4821", "token = [\"4821\"]"]
        {
            std::fs::write(&file, format!("# tokens\n[[token]]\n{line}\n")).unwrap();
            let error = with(&[("INGAM_CONF", file.to_str().unwrap())], home.path()).unwrap_err();
            let told = format!("{}", std::error::Error::source(&error).unwrap());
            assert!(told.starts_with("line 3: ") && !told.contains("4821"), "{told}");
        }
    }

    #[test]
    fn what_might_never_end_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let kind = |path: &str| with(&[("INGAM_CONF", path)], home.path()).unwrap_err().kind();
        assert_eq!(kind(home.path().to_str().unwrap()), ErrorKind::InvalidInput);
        #[cfg(unix)]
        assert_eq!(kind("/dev/zero"), ErrorKind::InvalidInput);
        let file = home.path().join("c.toml");
        for (bytes, expected) in [((1 << 20) + 1, Err(ErrorKind::Damaged)), (1 << 20, Ok(()))] {
            std::fs::write(&file, "#".repeat(bytes)).unwrap();
            let read = with(&[("INGAM_CONF", file.to_str().unwrap())], home.path());
            assert_eq!(read.map(drop).map_err(|error| error.kind()), expected, "{bytes} bytes");
        }
        std::fs::write(&file, [0xff]).unwrap();
        assert_eq!(kind(file.to_str().unwrap()), ErrorKind::Damaged);
    }

    #[test]
    fn a_named_file_that_is_missing_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        let error = with(&[("INGAM_CONF", "/nonexistent/c.toml")], home.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}
