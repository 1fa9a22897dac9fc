//! This file gives a test a TEST certificate in an NPKI folder of its own, and runs clients that see nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder with `NPKI`, the certificates in PEM, and the variables that describe the token.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::of("홍길동")
    }

    /// With a certificate in this name.
    pub(crate) fn of(owner: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let setup = bare(folder.path(), "bash")
            .arg(here.join("setup-ingam.sh"))
            .arg(folder.path())
            .env("INGAM_CLI", env!("CARGO_BIN_EXE_ingam"))
            .env("INGAM_MODULE", module())
            .env("OWNER", owner)
            .output();
        succeeded(&setup.unwrap());
        let dump = bare(folder.path(), "bash").arg("-c").arg(". ./env && env -0").output().unwrap();
        let variables = String::from_utf8(succeeded(&dump).stdout.clone()).unwrap();
        let variables = variables.split('\0').filter_map(|pair| pair.split_once('='));
        Self { variables: variables.map(|(name, value)| (name.into(), value.into())).collect(), folder }
    }

    /// A variable that the set-up script wrote.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The sign key's `CKA_ID` as a PKCS#11 URI writes it (RFC 7512).
    pub(crate) fn id_in_uri(&self) -> String {
        let bytes = self.variable("KEY_ID").as_bytes().chunks(2);
        bytes.map(|byte| format!("%{}", str::from_utf8(byte).unwrap())).collect()
    }

    /// A client in this folder, with the token's variables and no configuration of the machine's user.
    pub(crate) fn client(&self, program: &str) -> Command {
        let mut command = bare(self.folder.path(), program);
        command.envs(&self.variables);
        command
    }

    /// The same for a server, which ends when it is told to, or with us.
    pub(crate) fn server(&self, program: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", program]);
        undisturbed(self.folder.path(), &mut command);
        command.envs(&self.variables);
        command
    }

    /// Runs a client that must succeed; its output, both streams.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.client(program).args(arguments).output().unwrap();
        said(succeeded(&output))
    }

    /// Runs a client that must fail without crashing.
    pub(crate) fn refused(&self, program: &str, arguments: &[&str]) -> String {
        failed(&self.client(program).args(arguments).output().unwrap())
    }

    /// OpenSSL agrees that this is the sign certificate's signature on the file.
    pub(crate) fn openssl_verifies(&self, options: &[&str], signature: &str, file: &str) {
        self.run("openssl", &["x509", "-in", self.variable("CERT_PEM"), "-pubkey", "-noout", "-out", "public.pem"]);
        let mut arguments = vec!["dgst", "-verify", "public.pem", "-signature", signature];
        arguments.extend(options);
        arguments.push(file);
        assert!(self.run("openssl", &arguments).contains("Verified OK"));
    }
}

/// The module as it ships.
pub(crate) fn module() -> String {
    let module =
        std::env::var("INGAM_MODULE").expect("INGAM_MODULE names the built module; `cargo xtask test` sets it");
    assert!(Path::new(&module).is_absolute() && Path::new(&module).exists(), "{module}");
    module
}

/// A command that has no terminal to ask at and whose hang ends after five minutes.
fn bare(folder: &Path, program: &str) -> Command {
    let mut command = Command::new("setsid");
    command.args(["timeout", "--kill-after=10", "300", program]);
    undisturbed(folder, &mut command);
    command
}

/// Takes the user's environment from a command, so that no p11-kit, OpenSSL, Java or ingam configuration of the machine
/// takes part.
fn undisturbed(folder: &Path, command: &mut Command) {
    command.current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", folder).env("TMPDIR", folder).env("XDG_CONFIG_HOME", folder.join("config"));
    command.env("LC_ALL", "C.UTF-8").env("INGAM_PKCS11_MODULES", "none");
}

pub(crate) fn succeeded(output: &Output) -> &Output {
    assert!(output.status.success(), "{}\n{}", output.status, said(output));
    output
}

/// What a client said that must fail without crashing.
pub(crate) fn failed(output: &Output) -> String {
    assert!(matches!(output.status.code(), Some(1..=123 | 255)), "{}: {}", output.status, said(output));
    said(output)
}

pub(crate) fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
