//! This file is `ingam module`: where the PKCS#11 module is that belongs to this program.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use ingam::Error;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::language::Words;
use crate::cli::output::View;
use crate::cli::report::Exit;
use crate::cli::session::Session;

/// The verbs of `module`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(alias = "경로")]
    Path,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    let Verb::Path = arguments.verb;
    let program = std::env::current_exe().and_then(|path| path.canonicalize());
    let program = program.map_err(|error| Error::io("looking for this program's own file", error))?;
    let places = places(&program);
    let Some(path) = places.iter().find(|place| place.is_file()) else {
        let searched = places.iter().map(|place| place.to_string_lossy().into_owned()).collect();
        return Err(Failure::ModuleNotFound { searched });
    };
    session.show(&Found(path))?;
    Ok(Exit::Done)
}

/// Where the module may be, best first: where the packager said when building, beside the program (a build tree), in the
/// module folder of the program's own prefix. Never somewhere else: a module of another version is not ours.
fn places(program: &Path) -> Vec<PathBuf> {
    let file = format!("{}ingam_pkcs11{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let mut folders: Vec<PathBuf> = option_env!("INGAM_MODULE_DIR").into_iter().map(PathBuf::from).collect();
    let own = program.parent().unwrap_or(Path::new("/"));
    folders.push(own.to_owned());
    let prefix = own.parent().unwrap_or(own);
    for libraries in ["lib", "lib64"].map(|name| prefix.join(name)) {
        folders.push(libraries.join("pkcs11"));
        // Debian: lib/x86_64-linux-gnu/pkcs11. There is one such folder for each architecture; this program's first.
        folders.push(libraries.join(format!("{}-linux-gnu", std::env::consts::ARCH)).join("pkcs11"));
        folders.push(libraries);
    }
    folders.into_iter().map(|folder| folder.join(&file)).collect()
}

struct Found<'a>(&'a Path);

impl View for Found<'_> {
    fn json(&self) -> Value {
        json!({ "module": { "path": self.0.to_string_lossy() } })
    }

    fn text(&self, _: &Words) -> String {
        format!("{}\n", self.0.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_belongs_to_the_program_beside_it() {
        let places = places(Path::new("/opt/ingam/bin/ingam"));
        let file = format!("{}ingam_pkcs11{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
        assert!(places.contains(&Path::new("/opt/ingam/bin").join(&file)));
        assert!(places.contains(&Path::new("/opt/ingam/lib/pkcs11").join(&file)));
        assert!(places.iter().all(|place| place.starts_with("/opt/ingam")), "{places:?}");
    }
}
