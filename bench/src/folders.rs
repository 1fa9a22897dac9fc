//! This file makes what is measured: NPKI folders of any size, and a SoftHSM token in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use ingam::crypto::Limits;
use ingam::npki::key_file::SealedKey;
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, TestAuthority};
use ingam::storage::SetFile;

use crate::child;

/// SoftHSM's module on Debian.
pub(crate) const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";
/// Its PIN, and the password of every set that is made here.
pub(crate) const SOFTHSM_PIN: &str = "12345678";
pub(crate) const PASSWORD: &str = "Test-Only-2026!";

/// Our module as it ships.
pub(crate) fn module() -> PathBuf {
    std::env::var_os("INGAM_MODULE")
        .map(PathBuf::from)
        .expect("INGAM_MODULE names the module; `cargo xtask bench` sets it")
}

/// What a SoftHSM token holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    CertificatesOnly,
    WithKeys,
}

/// Folders that last as long as the run, or, where `INGAM_BENCH_FOLDERS` names their place, until they are removed.
pub(crate) struct Folders {
    place: PathBuf,
    _until_dropped: Option<tempfile::TempDir>,
}

impl Folders {
    pub(crate) fn new() -> Self {
        if let Some(place) = std::env::var_os("INGAM_BENCH_FOLDERS") {
            return Self { place: place.into(), _until_dropped: None };
        }
        let temporary = tempfile::tempdir().unwrap();
        Self { place: temporary.path().to_owned(), _until_dropped: Some(temporary) }
    }

    /// The configuration of a SoftHSM whose only token holds that many certificates.
    pub(crate) fn softhsm(&self, certificates: usize, content: Content) -> PathBuf {
        let folder = self.place.join(format!("softhsm-{certificates}-{content:?}"));
        let configuration = folder.join("softhsm2.conf");
        if configuration.exists() {
            return configuration;
        }
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../softhsm-config/private-token.sh");
        let made = Command::new(script).arg(&folder).args(["bench", SOFTHSM_PIN]).output().unwrap();
        assert!(made.status.success(), "{script}: {made:?}");
        let npki = self.npki(1);
        let (count, content) = (certificates.to_string(), format!("{content:?}"));
        child::figures(
            "provision",
            &[&count, &content],
            &[("SOFTHSM2_CONF", &configuration), ("INGAM_NPKI_PATH", &npki)],
        );
        configuration
    }

    /// An NPKI folder with that many sets, each a sign pair and CaPubs. Written without the syncs of a real publish.
    pub(crate) fn npki(&self, sets: usize) -> PathBuf {
        let root = self.place.join(format!("{sets}/NPKI"));
        if root.exists() {
            return root;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut request = SampleRequest::new(SampleKind::PersonalBank, "홍길동", now.try_into().unwrap());
        request.km = false;
        let ca = TestAuthority::new(&request.kind.authority(), request.now).unwrap();
        for set in ca.issue_many(&request, &Pin::copy_of(PASSWORD.as_bytes()), sets).unwrap() {
            let folder = root.join(set.entry.as_str());
            fs::create_dir_all(&folder).unwrap();
            for (file, bytes) in &set.files.0 {
                fs::write(folder.join(name(*file)), bytes).unwrap();
            }
        }
        root
    }
}

fn name(file: SetFile) -> &'static str {
    match file {
        SetFile::SignCert => "signCert.der",
        SetFile::SignKey => "signPri.key",
        SetFile::KmCert => "kmCert.der",
        SetFile::KmKey => "kmPri.key",
        SetFile::CaPubs => "CaPubs",
    }
}

/// In a child with an NPKI folder of one set: its certificate.
pub(crate) fn certificate() -> Vec<u8> {
    fs::read(find(&root_of_child(), name(SetFile::SignCert)).expect("a certificate")).unwrap()
}

/// In a child with an NPKI folder of one set: its opened key, an RSAPrivateKey.
pub(crate) fn private_key() -> Vec<u8> {
    let file = fs::read(find(&root_of_child(), name(SetFile::SignKey)).expect("a key file")).unwrap();
    let sealed = SealedKey::from_der(&file, Limits::default()).unwrap();
    sealed.open(&Pin::copy_of(PASSWORD.as_bytes())).unwrap().rsa_private_key().to_vec()
}

fn root_of_child() -> PathBuf {
    std::env::var_os("INGAM_NPKI_PATH").map(PathBuf::from).unwrap()
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let paths = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    paths.into_iter().find_map(|path| if path.ends_with(name) { Some(path) } else { find(&path, name) })
}
