//! Programs that run with more rights than their caller: what the caller says in the environment counts for nothing.

use std::ffi::CString;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use cryptoki_sys::*;

use crate::circumstances::bad_configuration;
use crate::host::{self, Host, report, slots, start};
use crate::support::Npki;

/// The numbers of the user and group without rights.
const NOBODY: u32 = 65534;

/// Everything below belongs to nobody, who can read it.
fn hand_over(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        std::fs::read_dir(path).unwrap().for_each(|entry| hand_over(&entry.unwrap().path()));
    }
}

/// A copy of the host program and of the module that nobody can run.
struct Program {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl Program {
    fn copy() -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let path = folder.path().join("host");
        std::fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
        std::fs::copy(host::shipped_module(), folder.path().join("module.so")).unwrap();
        let program = Self { folder, path };
        program.mode(0o755);
        program
    }

    fn mode(&self, mode: u32) {
        std::fs::set_permissions(&self.path, PermissionsExt::from_mode(mode)).unwrap();
    }

    /// Gives the program a capability as `setcap cap_net_bind_service+ep` does.
    fn may_bind_low_ports(&self) {
        const REVISION_2_EFFECTIVE: u32 = 0x0200_0001;
        const NET_BIND_SERVICE: u32 = 1 << 10;
        let value: Vec<u8> =
            [REVISION_2_EFFECTIVE, NET_BIND_SERVICE, 0, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
        let path = CString::new(self.path.as_os_str().as_bytes()).unwrap();
        let name = c"security.capability";
        // SAFETY: two texts that end in zero, and as many bytes as said.
        let set = unsafe { libc::setxattr(path.as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) };
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    }

    /// Run by nobody, with an environment that points at a folder.
    fn run_by_nobody(&self, scenario: fn(), npki: &Npki) -> Host {
        let mut host = Host::at(&self.path, scenario, npki);
        host.command.uid(NOBODY).gid(NOBODY).env("TEST_HOST_MODULE", self.folder.path().join("module.so"));
        host
    }
}

#[test]
#[ignore = "needs INGAM_MODULE and root"]
fn with_borrowed_rights_the_callers_environment_counts_for_nothing() {
    let npki = Npki::one();
    hand_over(npki.home.path());
    let program = Program::copy();
    let log = npki.home.path().join("trace.log");
    let run = || program.run_by_nobody(privileged, &npki).env("INGAM_PKCS11_LOG", &log).run();

    assert_eq!(run(), "secure 0, 1 slots", "no rights are borrowed");
    assert!(log.exists());
    std::fs::remove_file(&log).unwrap();
    for (kind, lend) in [
        ("setuid", &(|| program.mode(0o4755)) as &dyn Fn()),
        ("setgid", &|| program.mode(0o2755)),
        ("capability", &|| {
            program.mode(0o755);
            program.may_bind_low_ports();
        }),
    ] {
        lend();
        assert_eq!(run(), "secure 1, 0 slots", "{kind}");
        assert!(!log.exists(), "{kind}");
    }
}

pub fn privileged() {
    // SAFETY: asks for a number.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) };
    start();
    report(&format!("secure {secure}, {} slots", slots().len()));
    c!(C_Finalize(std::ptr::null_mut())).unwrap();
}

#[test]
#[ignore = "needs INGAM_MODULE and root"]
fn a_configuration_that_its_reader_may_not_read_leaves_the_media_out() {
    let npki = Npki::one();
    hand_over(npki.home.path());
    let program = Program::copy();
    let file = npki.home.path().join("c.toml");
    std::fs::write(&file, "").unwrap();
    program.run_by_nobody(host::use_once, &npki).env("INGAM_CONF", &file).run();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o000)).unwrap();
    program.run_by_nobody(bad_configuration, &npki).env("INGAM_CONF", &file).run();
    std::fs::set_permissions(npki.root(), PermissionsExt::from_mode(0o000)).unwrap();
    let mut host = program.run_by_nobody(unreadable_folder, &npki);
    host.command.env_remove("INGAM_CONF");
    host.run();
}

/// An NPKI folder that may not be read has a slot and no token.
pub fn unreadable_folder() {
    start();
    assert_eq!(slots(), []);
    let mut count = 0;
    c!(C_GetSlotList(CK_FALSE, std::ptr::null_mut(), &raw mut count)).unwrap();
    assert_eq!(count, 1);
    c!(C_Finalize(std::ptr::null_mut())).unwrap();
}
