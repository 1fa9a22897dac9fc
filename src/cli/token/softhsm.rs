//! This file makes a private folder for SoftHSM, the software token, and has this program run again with it: SoftHSM reads
//! where its folder is from the environment of its process.

use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::path::Path;

use ingam::Error;
use serde_json::{Value, json};

use super::TokenFailure;
use crate::cli::environment;
use crate::cli::failure::Failure;
#[cfg(unix)]
use crate::cli::stdout;

/// What a process needs in its environment to use the tokens of a folder.
pub(super) struct Environment {
    configuration: String,
    module: String,
}

/// Where packages put SoftHSM.
const MODULES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

impl Environment {
    /// Lines for a shell.
    pub(super) fn shell(&self) -> String {
        let line = |(name, value): (&str, &String)| format!("export {name}={}\n", quoted(value));
        self.variables().map(line).concat()
    }

    pub(super) fn json(&self) -> Value {
        json!(self.variables().into_iter().collect::<std::collections::BTreeMap<_, _>>())
    }

    fn variables(&self) -> [(&'static str, &String); 2] {
        [("SOFTHSM2_CONF", &self.configuration), ("INGAM_PKCS11_MODULES", &self.module)]
    }

    /// Whether this process has it already.
    fn is_set(&self) -> bool {
        let set = |(name, value): (&str, &String)| environment::variable(name.as_ref()) == Some(OsString::from(value));
        self.variables().into_iter().all(set)
    }
}

/// One word of a shell, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Makes the folder with its configuration, where they are not there yet. Returns in a process that has them in its
/// environment; this very command begins anew in one.
pub(super) fn prepare(folder: Option<&Path>) -> Result<Environment, Failure> {
    let module = MODULES.iter().find(|path| Path::new(path).is_file()).ok_or(TokenFailure::SoftHsmMissing)?;
    let folder = match folder {
        Some(folder) => folder.to_owned(),
        None => environment::data_folder().ok_or(TokenFailure::NoDataFolder)?.join("ingam/softhsm"),
    };
    let plain = std::path::absolute(&folder).is_ok_and(|folder| folder.to_str().is_some_and(is_plain));
    if !plain {
        return Err(Failure::BadValue { option: "--softhsm", value: folder.to_string_lossy().into_owned() });
    }
    make_folder(&folder)?;
    let folder = folder.canonicalize().map_err(|error| Failure::file("making a folder for SoftHSM", &folder, error))?;
    let configuration = folder.join("softhsm2.conf");
    let text = |path: &Path| path.to_str().filter(|path| is_plain(path)).map(str::to_owned);
    let (Some(tokens), Some(written)) = (text(&folder.join("tokens")), text(&configuration)) else {
        return Err(Failure::BadValue { option: "--softhsm", value: folder.to_string_lossy().into_owned() });
    };
    make_folder(Path::new(&tokens))?;
    check_private(Path::new(&tokens))?;
    make_configuration(&configuration, &tokens)
        .map_err(|error| Failure::file("writing SoftHSM's configuration", &configuration, error))?;
    let environment = Environment { configuration: written, module: (*module).to_owned() };
    if environment.is_set() { Ok(environment) } else { Err(run_again(&environment)) }
}

/// Whether SoftHSM reads the path as it is: `#` begins a comment there, blanks at the ends are cut off.
fn is_plain(path: &str) -> bool {
    !path.contains(|c: char| c == '#' || c.is_control()) && path.trim() == path
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Failure::file("making a folder for SoftHSM", folder, error))
}

/// Tokens are files: who can read the folder can guess PINs as often as they like.
#[cfg(unix)]
fn check_private(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(folder).map_err(|error| Failure::file("looking at a folder", folder, error))?;
    if metadata.mode() & 0o077 != 0 {
        return Err(TokenFailure::FolderOpen { path: folder.to_string_lossy().into_owned() }.into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// A configuration that is there stays as it is.
fn make_configuration(path: &Path, tokens: &str) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let text = format!("directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n");
    match options.open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The same command in the place of this process, with descriptors and terminal as they are. Returns only if that fails.
#[cfg(unix)]
fn run_again(environment: &Environment) -> Failure {
    use std::os::unix::process::CommandExt as _;
    let program = match std::env::current_exe() {
        Ok(program) => program,
        Err(error) => return Error::io("looking for this program's own file", error).into(),
    };
    let mut command = std::process::Command::new(&program);
    command.args(std::env::args_os().skip(1)).envs(environment.variables());
    let error = stdout::give_back().err().unwrap_or_else(|| command.exec());
    Failure::file("running this program with SoftHSM's folder", &program, error)
}

#[cfg(not(unix))]
fn run_again(_: &Environment) -> Failure {
    Error::new(ingam::ErrorKind::Unsupported, "making a folder for SoftHSM").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_lines_back_as_they_are() {
        let environment = Environment { configuration: "/a b/it's $HOME".into(), module: "/m.so".into() };
        let script = format!("{}printf '%s|%s' \"$SOFTHSM2_CONF\" \"$INGAM_PKCS11_MODULES\"", environment.shell());
        let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "/a b/it's $HOME|/m.so");
    }

    #[test]
    fn a_path_that_softhsm_would_read_otherwise_is_refused() {
        assert!(is_plain("/home/홍길동/a b"));
        for path in ["/a#b", "/a\nb", "/a "] {
            assert!(!is_plain(path), "{path:?}");
        }
    }
}
