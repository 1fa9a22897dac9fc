//! A host program for one test: the test binary runs itself again and is somebody else before libtest begins, so that what
//! goes to standard output and error is the host's and the module's alone.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cryptoki_sys::*;

use crate::support::{self, Mechanism, Npki, PASSWORD, Session};

/// What a host does: it panics if the module disappoints it.
pub type Scenario = (&'static str, fn());

/// Names the scenario to the process that is to be a host.
const ROLE: &str = "TEST_HOST_SCENARIO";
/// Names the module to it.
const MODULE: &str = "TEST_HOST_MODULE";
/// Names the file for figures.
const REPORT: &str = "TEST_HOST_REPORT";

/// Set by whoever runs the tests: a program with its options under which every host is run, such as valgrind.
const UNDER: &str = "TEST_HOST_UNDER";

/// Runs before `main`, as the C library does with every function of this section.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    let Some(role) = std::env::var_os(ROLE) else { return };
    let play = crate::SCENARIOS.iter().find(|(name, _)| *name == role);
    // Nothing of this host's own is to look like a leak of the module's.
    drop(role);
    let outcome = std::panic::catch_unwind(|| play.expect("the scenario exists").1());
    // SAFETY: a host's normal end: handlers run, buffers are written.
    unsafe { libc::exit(if outcome.is_ok() { 0 } else { 101 }) }
}

pub fn shipped_module() -> PathBuf {
    std::env::var_os("INGAM_MODULE").expect("INGAM_MODULE names the built module").into()
}

/// A host that is yet to be started, with an NPKI folder to use.
pub struct Host {
    pub command: Command,
    /// The file for its figures.
    pub report: PathBuf,
    /// How long it may take.
    pub limit: Duration,
}

impl Host {
    pub fn new(scenario: fn(), npki: &Npki) -> Self {
        Self::at(&std::env::current_exe().unwrap(), scenario, npki)
    }

    /// A host whose program is this copy of the binary.
    pub fn at(program: &Path, scenario: fn(), npki: &Npki) -> Self {
        let (name, _) = crate::SCENARIOS.iter().find(|(_, play)| std::ptr::fn_addr_eq(*play, scenario)).unwrap();
        static REPORTS: AtomicUsize = AtomicUsize::new(0);
        let report = npki.home.path().join(format!("report-{}", REPORTS.fetch_add(1, Ordering::Relaxed)));
        let under = std::env::var(UNDER).unwrap_or_default();
        let mut words = under.split_whitespace().chain([program.to_str().unwrap()]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words);
        command.env_clear().env(ROLE, name).env(MODULE, shipped_module()).env(REPORT, &report);
        command.env("INGAM_NPKI_PATH", npki.root()).env("HOME", npki.home.path()).env("INGAM_PKCS11_MODULES", "none");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let limit = Duration::from_secs(if under.is_empty() { 60 } else { 600 });
        Self { command, report, limit }
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs it to its end, which must be a good one, without a byte to standard output and error. What it reported.
    pub fn run(self) -> String {
        let report = self.report.clone();
        let end = self.end();
        assert!(end.status.success(), "{end:?}");
        assert_eq!((end.out.as_str(), end.err.as_str()), ("", ""));
        std::fs::read_to_string(report).unwrap_or_default()
    }

    /// Runs it to its end, which must come in time.
    pub fn end(mut self) -> End {
        let mut running = self.command.spawn().unwrap();
        let deadline = Instant::now() + self.limit;
        let status = loop {
            if let Some(status) = running.try_wait().unwrap() {
                break Some(status);
            }
            if Instant::now() > deadline {
                running.kill().unwrap();
                running.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        running.stdout.take().unwrap().read_to_end(&mut out).unwrap();
        running.stderr.take().unwrap().read_to_end(&mut err).unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&out), text(&err));
        End { status: status.unwrap_or_else(|| panic!("hangs: {out} {err}")), out, err }
    }
}

/// How a host ended, and what was said meanwhile.
#[derive(Debug)]
pub struct End {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

/// In a host: writes figures for the test.
pub fn report(text: &str) {
    std::fs::write(std::env::var_os(REPORT).unwrap(), text).unwrap();
}

/// In a host: loads the shipped module.
pub fn load() -> &'static CK_FUNCTION_LIST_3_0 {
    support::load(Path::new(&std::env::var_os(MODULE).unwrap()))
}

/// In a host: the module's path.
pub fn module() -> PathBuf {
    std::env::var_os(MODULE).unwrap().into()
}

/// In a host: loads and initialises the module.
pub fn start() {
    load();
    c!(C_Initialize(std::ptr::null_mut())).unwrap();
}

pub fn slots() -> Vec<CK_SLOT_ID> {
    let mut count = 0;
    c!(C_GetSlotList(CK_TRUE, std::ptr::null_mut(), &raw mut count)).unwrap();
    let mut slots = vec![0; usize::try_from(count).unwrap()];
    c!(C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count)).unwrap();
    slots
}

/// A logged-in session with the first slot.
pub fn login() -> Session {
    let session = Session::open(slots()[0], CKF_SERIAL_SESSION).unwrap();
    session.login(PASSWORD).unwrap();
    session
}

/// A private key that signs.
pub fn signing_key(session: Session) -> CK_OBJECT_HANDLE {
    let class: [u8; size_of::<CK_ULONG>()] = CKO_PRIVATE_KEY.to_ne_bytes();
    session.find(&[(CKA_CLASS, &class), (CKA_SIGN, &[CK_TRUE])]).unwrap()[0]
}

/// Signs once; what came of it.
pub fn sign(session: Session, key: CK_OBJECT_HANDLE) -> Result<Vec<u8>, CK_RV> {
    session.sign(&mut Mechanism::new(CKM_SHA256_RSA_PKCS), key, b"message")
}

/// The whole way: initialise, log in, sign, finalise.
pub fn use_once() {
    start();
    let session = login();
    sign(session, signing_key(session)).unwrap();
    c!(C_Finalize(std::ptr::null_mut())).unwrap();
}
