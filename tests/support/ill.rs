//! This file gives a test a module of `tests/ill-module` (a FAKE that hands on to SoftHSM) with a token of its own behind it.

#![allow(dead_code, unreachable_pub, reason = "each test uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The user's PIN of the token.
pub const PIN: &str = "user-4821";
/// The security officer's.
pub const SO_PIN: &str = "officer-7395";
/// The token's label.
pub const LABEL: &str = "회사토큰";

/// A copy of the ill module in a folder of its own, whose files steer it, with one SoftHSM token; gone with the value.
pub struct IllModule {
    folder: TempDir,
}

impl IllModule {
    /// With a token that is initialised and empty. Nothing ails it yet.
    pub fn new() -> Self {
        let ill = Self::without_token();
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|root| root.join("softhsm-config/private-token.sh"));
        let mut script = Command::new(script.filter(|script| script.exists()).last().unwrap());
        let output = script.arg(ill.path("softhsm")).args([LABEL, PIN, SO_PIN]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        ill
    }

    /// As [`new`](Self::new), with what is on the token of `template`.
    pub fn like(template: &Self) -> Self {
        let ill = Self::without_token();
        copy_folder(&template.path("softhsm/tokens"), &ill.path("softhsm/tokens"));
        let text = fs::read_to_string(template.path("softhsm/softhsm2.conf")).unwrap();
        let (old, new) = (template.path(""), ill.path(""));
        fs::write(ill.conf(), text.replace(old.to_str().unwrap(), new.to_str().unwrap())).unwrap();
        ill
    }

    /// Has `pkcs11-tool` make a key pair in the token, past the ill module.
    pub fn key(&self) {
        self.make_key(Path::new("/usr/lib/softhsm/libsofthsm2.so"));
    }

    /// Has `pkcs11-tool` make a key pair in the token through the ill module, as it ails now.
    pub fn key_through(&self) {
        self.make_key(&self.module());
    }

    fn make_key(&self, module: &Path) {
        let mut tool = Command::new("pkcs11-tool");
        tool.arg("--module").arg(module).args(["--token-label", LABEL, "--login", "--pin", PIN]);
        tool.args(["--keypairgen", "--key-type", "rsa:2048", "--id", "01", "--label", "key"]);
        let output = tool.env("SOFTHSM2_CONF", self.conf()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    fn without_token() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // Cargo lays the shared object of a dev-dependency beside the test binary.
        let built = std::env::current_exe().unwrap().with_file_name("libill_module.so");
        fs::copy(built, folder.path().join("libill_module.so")).unwrap();
        Self { folder }
    }

    /// A file beside the module.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The module.
    pub fn module(&self) -> PathBuf {
        self.path("libill_module.so")
    }

    /// What `SOFTHSM2_CONF` is to name.
    pub fn conf(&self) -> PathBuf {
        self.path("softhsm/softhsm2.conf")
    }

    /// From now on these lines ail it, and nothing else.
    pub fn ails(&self, lines: &str) {
        // Renamed into place: the module may read it at any moment.
        fs::write(self.path("ills.new"), lines).unwrap();
        fs::rename(self.path("ills.new"), self.path("ills")).unwrap();
    }

    /// Sets the wrong PINs that are left.
    pub fn tries(&self, user: u32) {
        fs::write(self.path("user-tries"), user.to_string()).unwrap();
    }

    /// The wrong PINs that are left.
    pub fn tries_left(&self) -> u32 {
        fs::read_to_string(self.path("user-tries")).unwrap().parse().unwrap()
    }

    /// Forgets what was called.
    pub fn forget_calls(&self) {
        let _ = fs::remove_file(self.path("calls"));
    }

    /// How often a function was called: `C_Sign`, `C_Login`, `C_Login user`.
    pub fn calls(&self, function: &str) -> usize {
        let calls = fs::read_to_string(self.path("calls")).unwrap_or_default();
        calls.lines().filter(|line| *line == function).count()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for item in fs::read_dir(from).unwrap() {
        let (from, to) = (item.as_ref().unwrap().path(), to.join(item.unwrap().file_name()));
        if from.is_dir() {
            copy_folder(&from, &to);
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}
