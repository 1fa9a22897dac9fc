//! This file reads what the command line itself needs of the environment; the library reads its own in `config`.
#![allow(clippy::disallowed_methods, reason = "the one place of the command line that reads the environment")]

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The locale of messages, by the order of POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`; the first that is set and not empty.
pub(crate) fn locale() -> String {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(env::var_os)
        .find(|value| !value.is_empty())
        .and_then(|value| value.into_string().ok())
        .unwrap_or_default()
}

/// The credential of this name that systemd hands to a service (`LoadCredential=ingam.pin:…`), if there is one.
pub(crate) fn systemd_credential(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env::var_os("CREDENTIALS_DIRECTORY")?).join(name);
    // One that cannot be looked at is there: opening it says why.
    path.try_exists().unwrap_or(true).then_some(path)
}

/// The user's folder for data (XDG Base Directory Specification, or the platform's own).
pub(crate) fn data_folder() -> Option<PathBuf> {
    use etcetera::BaseStrategy as _;
    etcetera::choose_base_strategy().ok().map(|strategy| strategy.data_dir())
}

/// A variable that the user named with `--password-env`, or that another program reads.
pub(crate) fn variable(name: &OsStr) -> Option<OsString> {
    env::var_os(name)
}
