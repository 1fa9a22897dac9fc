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
use ingam::keystore::{Keystore, lock};
use ingam::pin::{Pin, Role};
use ingam::sample::{SampleKind, SampleRequest, SampleSet, TestAuthority};
use ingam::storage::NpkiFolder;
use ingam::token::{NewSet, Scope};
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

    /// A TEST set as an import gets it, and the same set in a folder.
    pub(crate) fn sample(&self, owner: &str) -> (SampleSet, NewSet) {
        let now = 1_750_000_000;
        let mut request = SampleRequest::new(SampleKind::PersonalBank, owner, now);
        request.iterations = 1;
        let authority = TestAuthority::new(&SampleKind::PersonalBank.authority(), now).unwrap();
        let password = Pin::copy_of(b"password");
        let set = authority.issue(&request, &password).unwrap();
        let root = self.folder.join(owner).join("NPKI");
        std::fs::create_dir_all(&root).unwrap();
        set.publish(&mut NpkiFolder::new(root.clone(), 10)).unwrap();
        let keystore = Keystore::new(&Config { npki_roots: vec![root], ..Config::default() });
        let token = keystore.token(keystore.slots()[0].id).unwrap();
        let mut token = lock(&token);
        token.entries().unwrap();
        token.login(Role::User, &Scope::All, &password).unwrap();
        let new = token.exporter().unwrap().export(&set.entry).unwrap();
        (set, new)
    }

    /// Puts a TEST set on a token as another program would: both pairs, the CA certificates and R.
    pub(crate) fn put_sample(&self, token: &str, owner: &str) -> SampleSet {
        self.put_sample_with(token, owner, &[])
    }

    /// The same with these options of `pkcs11-tool` for the private keys.
    pub(crate) fn put_sample_with(&self, token: &str, owner: &str, keys: &[&str]) -> SampleSet {
        let (set, new) = self.sample(owner);
        let file = self.folder.join("object");
        let write = |kind: &str, id: &str, label: &str, bytes: &[u8], more: &[&str]| {
            std::fs::write(&file, bytes).unwrap();
            let file = file.to_str().unwrap();
            self.tool(token, &[&["--write-object", file, "--type", kind, "--id", id, "--label", label], more].concat());
        };
        for (pair, label) in [(Some(&new.sign), owner.to_owned()), (new.km.as_ref(), format!("{owner} km"))] {
            let Some(pair) = pair else { continue };
            let id: String = pair.certificate.key_id().iter().map(|byte| format!("{byte:02x}")).collect();
            write("privkey", &id, &label, pair.private_key_info.expose(), keys);
            write("cert", &id, &label, pair.certificate.der(), &[]);
            for authority in &pair.ca_certificates {
                write("cert", "ca", "CA", authority.der(), &[]);
            }
            if pair.certificate == set.sign {
                let r = ["--private", "--application-label", "npki"];
                std::fs::write(&file, set.random.expose()).unwrap();
                let (label, file) = (format!("R4VID={id}"), file.to_str().unwrap());
                self.tool(token, &[&["--write-object", file, "--type", "data", "--label", &label], &r[..]].concat());
            }
        }
        set
    }
}
