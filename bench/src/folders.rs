//! This file makes what is measured: NPKI folders of any size, and a SoftHSM token in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child;

/// SoftHSM's module on Debian.
pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// Its PIN, and the password of every set that is made here.
pub(crate) const SOFTHSM_PIN: &str = "12345678";
pub(crate) const PASSWORD: &str = "Test-Only-2026!";

/// Our module as it ships.
pub(crate) fn module() -> PathBuf {
    std::env::var_os("INGAM_MODULE").map(PathBuf::from).expect("INGAM_MODULE names the module; `cargo xtask bench` sets it")
}

/// Folders that last as long as the run.
pub(crate) struct Folders {
    place: tempfile::TempDir,
}

impl Folders {
    pub(crate) fn new() -> Self {
        Self { place: tempfile::tempdir().unwrap() }
    }

    /// The configuration of a SoftHSM whose only token holds that many certificates.
    pub(crate) fn softhsm(&self, certificates: usize) -> PathBuf {
        let folder = self.place.path().join(format!("softhsm-{certificates}"));
        let configuration = folder.join("softhsm2.conf");
        if configuration.exists() {
            return configuration;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../softhsm-config/private-token.sh");
        let made = Command::new(script).arg(&folder).args(["bench", SOFTHSM_PIN]).status().unwrap();
        assert!(made.success(), "{script}: {made}");
        let npki = self.npki(1);
        let count = certificates.to_string();
        child::figures("provision", &[&count], &[("SOFTHSM2_CONF", &configuration), ("INGAM_NPKI_PATH", &npki)]);
        configuration
    }
}
