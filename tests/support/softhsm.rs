//! This file gives a test a SoftHSM of its own: a folder, a `softhsm2.conf` and tokens in it.
//!
//! SoftHSM reads its configuration once per process and races between processes that share a folder, so a test that loads it
//! runs [`alone`]: in a process and a folder of its own. A test that only starts programs makes a [`SoftHsm`] and gives them
//! its [`environment`](SoftHsm::environment).
//!
//! ```ignore
//! #[test]
//! #[ignore = "needs softhsm2-util"]
//! fn a_token_is_a_medium() {
//!     softhsm::alone(|hsm| {
//!         hsm.token("seal");
//!         let keystore = Keystore::new(&hsm.config());
//!     });
//! }
//! ```
#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::disallowed_methods, reason = "the child is told by the environment where its folder is")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ingam::config::{Config, Foreign, ForeignModule};
use tempfile::TempDir;

/// The user's PIN of every token.
pub(crate) const PIN: &str = "1234";
/// The security officer's PIN of every token.
pub(crate) const SO_PIN: &str = "12345678";
/// Where Debian keeps it.
pub(crate) const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

const FOLDER: &str = "INGAM_TEST_SOFTHSM_FOLDER";

/// A folder with a SoftHSM in it; gone with the value.
pub(crate) struct SoftHsm {
    folder: PathBuf,
    _own: Option<TempDir>,
}

/// Runs a test in a process and a SoftHSM folder of its own. Call it first and do everything inside.
pub(crate) fn alone<T: FnOnce(&SoftHsm)>(test: T) {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return test(&SoftHsm { folder: folder.into(), _own: None });
    }
    let hsm = SoftHsm::new();
    // The closure's type says in which test it was written: `crate::module::test::{{closure}}`.
    let name = std::any::type_name::<T>().trim_end_matches("::{{closure}}");
    let name = name.split_once("::").unwrap().1;
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"]);
    let output = child.env(FOLDER, &hsm.folder).envs(hsm.environment()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("test result: ok. 1 passed"),
        "{name}: {}\n{text}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

impl SoftHsm {
    /// A new folder without tokens.
    pub(crate) fn new() -> Self {
        let own = tempfile::tempdir().unwrap();
        let folder = own.path().to_owned();
        std::fs::create_dir(folder.join("tokens")).unwrap();
        let tokens = folder.join("tokens");
        let lines =
            format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
        std::fs::write(folder.join("softhsm2.conf"), lines).unwrap();
        Self { folder, _own: Some(own) }
    }

    /// The folder of everything.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What a program must be given to see this SoftHSM, and through ingam nothing else.
    pub(crate) fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("SOFTHSM2_CONF", self.folder.join("softhsm2.conf")),
            ("INGAM_PKCS11_MODULES", MODULE.into()),
            ("INGAM_NPKI_PATH", self.folder.join("NPKI")),
        ]
    }

    /// A configuration that sees this SoftHSM and nothing else.
    pub(crate) fn config(&self) -> Config {
        let modules = vec![ForeignModule::new(MODULE.into(), Some("SoftHSM".into()), Vec::new())];
        Config { foreign: Foreign { modules, ..Foreign::default() }, ..Config::default() }
    }

    /// Makes a token with [`PIN`] and [`SO_PIN`].
    pub(crate) fn token(&self, label: &str) {
        let token = ["--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", SO_PIN];
        self.run("softhsm2-util", &token);
    }

    /// Runs `pkcs11-tool` on the token of this label, logged in as its user.
    pub(crate) fn tool(&self, label: &str, arguments: &[&str]) -> String {
        let common = ["--module", MODULE, "--token-label", label, "--login", "--pin", PIN];
        self.run("pkcs11-tool", &[&common, arguments].concat())
    }

    /// Runs a program to its success; what it prints.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output: Output = Command::new(program).args(arguments).envs(self.environment()).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}
