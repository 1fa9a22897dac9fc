//! This file reads `#[ignore = "needs …"]` in the sources and tells which of those tests cannot run here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use crate::{debian, ecosystems, in_ci};

/// The names of ignored tests to leave out. A test needs what its reason names after "needs": variables (`INGAM_…`) and
/// tools, and "root" where it must be run by the superuser. In CI none of these is left out; a reason that does not begin with "needs" is for `cargo xtask long`.
pub(crate) fn left_out(root: &Path) -> BTreeSet<String> {
    all(root).into_iter().filter(|(_, reason)| !can_run(reason)).map(|(name, _)| name).collect()
}

/// The names of those for the long lane.
pub(crate) fn slow(root: &Path) -> BTreeSet<String> {
    all(root).into_iter().filter(|(_, reason)| !reason.starts_with("needs ")).map(|(name, _)| name).collect()
}

fn all(root: &Path) -> Vec<(String, String)> {
    let mut sources = Vec::new();
    for folder in ["src", "tests", "pkcs11-module", "bench"] {
        collect(&root.join(folder), &mut sources);
    }
    sources.iter().flat_map(|source| ignored_tests(source)).collect()
}

fn can_run(reason: &str) -> bool {
    let Some(needs) = reason.strip_prefix("needs ") else { return false };
    in_ci() || missing(needs).is_empty()
}

/// What of these needs is not here.
fn missing(needs: &str) -> Vec<&str> {
    needs
        .split(|c: char| !c.is_ascii_alphanumeric() && !"_-+".contains(c))
        .filter(|word| {
            let set = || std::env::var_os(word).is_some_and(|value| !value.is_empty());
            match *word {
                // What was built just now: the test command names it to the tests itself.
                "INGAM_MODULE" | "INGAM_CLI" => false,
                "root" => !is_root(),
                word if word.starts_with("INGAM_") => !set(),
                word => debian::has(word).or_else(|| ecosystems::has(word)) == Some(false),
            }
        })
        .collect()
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|answer| answer.stdout.trim_ascii() == b"0")
}

/// Name and reason of each ignored test of a source file.
fn ignored_tests(source: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut reason: Option<String> = None;
    for line in source.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("#[ignore") {
            reason = Some(rest.split('"').nth(1).unwrap_or_default().to_owned());
        } else if let Some(name) = line.strip_prefix("fn ").and_then(|rest| rest.split(['(', '<']).next())
            && let Some(reason) = reason.take()
        {
            found.push((name.to_owned(), reason));
        }
    }
    found
}

fn collect(folder: &Path, sources: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            collect(&path, sources);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            sources.extend(std::fs::read_to_string(&path));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "
        #[test]
        #[ignore = \"needs pkcs11-tool and INGAM_NO_SUCH_VARIABLE\"]
        fn a_client_signs() {}
        #[test]
        fn plain() {}
        #[test]
        #[ignore = \"takes an hour\"]
        fn slow() {}";

    #[test]
    fn ignored_tests_are_found_with_their_reason() {
        let found = ignored_tests(SOURCE);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], ("a_client_signs".into(), "needs pkcs11-tool and INGAM_NO_SUCH_VARIABLE".into()));
        assert_eq!(found[1].0, "slow");
    }

    #[test]
    fn a_missing_variable_and_a_missing_tool_are_named() {
        assert_eq!(missing("INGAM_NO_SUCH_VARIABLE, readelf"), ["INGAM_NO_SUCH_VARIABLE"]);
        assert!(missing("a quiet afternoon").is_empty());
    }

    #[test]
    fn what_the_test_command_builds_is_never_missing() {
        assert!(missing("INGAM_MODULE, INGAM_CLI").is_empty());
    }

    #[test]
    fn a_test_for_the_long_lane_never_runs_here() {
        assert!(!can_run("takes an hour"));
    }
}
