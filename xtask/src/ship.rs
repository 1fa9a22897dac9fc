//! This file builds what ships, as it ships, and lays it in `target/ship`.

use std::path::PathBuf;

use crate::{Done, cargo, must, root};

/// The module's file.
pub(crate) fn module() -> PathBuf {
    root().join("target/ship/libingam_pkcs11.so")
}

/// The command line.
pub(crate) fn ingam() -> PathBuf {
    root().join("target/ship/ingam")
}

/// Builds both, each alone: a build of the whole workspace would hand the module features that only the command line
/// asks for. The copies stay what they are when the tests build the workspace.
pub(crate) fn build() -> Done {
    let ship = root().join("target/ship");
    std::fs::create_dir_all(&ship).map_err(|error| format!("{}: {error}", ship.display()))?;
    for (package, made, shipped) in
        [("ingam-pkcs11", "target/release/libingam_pkcs11.so", module()), ("ingam", "target/release/ingam", ingam())]
    {
        must(cargo().args(["build", "--release", "--locked", "--package", package]))?;
        // A new file, not new bytes in the old one: a program that has the old module mapped must not see it change.
        let fresh = ship.join("fresh");
        std::fs::copy(root().join(made), &fresh)
            .and_then(|_| std::fs::rename(&fresh, &shipped))
            .map_err(|error| format!("{made}: {error}"))?;
    }
    Ok(())
}
