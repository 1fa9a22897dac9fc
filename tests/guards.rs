//! Facts about what ships that a change could break in silence: what the module links and exports, and how long files grow.
#![allow(clippy::disallowed_methods, reason = "the environment names the module")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn tool(program: &str, arguments: &[&str]) -> String {
    let module =
        std::env::var("INGAM_MODULE").expect("INGAM_MODULE names the built module; `cargo xtask test` sets it");
    let output = Command::new(program).args(arguments).arg(module).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs INGAM_MODULE and readelf"]
fn the_module_links_nothing_but_the_c_library() {
    let dynamic = tool("readelf", &["--dynamic", "--wide"]);
    let needed = dynamic.lines().filter(|line| line.contains("(NEEDED)"));
    let needed: BTreeSet<&str> = needed.filter_map(|line| line.split(['[', ']']).nth(1)).collect();
    // libgcc_s unwinds: a panic becomes CKR_GENERAL_ERROR. The loader is libc's own.
    let allowed = BTreeSet::from(["libc.so.6", "libgcc_s.so.1", "ld-linux-x86-64.so.2"]);
    assert!(needed.contains("libc.so.6") && needed.is_subset(&allowed), "{needed:?}");
}

#[test]
#[ignore = "needs INGAM_MODULE and readelf"]
fn the_module_is_never_unmapped_under_a_thread_that_runs_in_it() {
    assert!(tool("readelf", &["--dynamic", "--wide"]).contains("NODELETE"));
}

#[test]
#[ignore = "needs INGAM_MODULE and readelf"]
fn the_module_exports_its_three_entry_points_only() {
    let symbols = tool("nm", &["--dynamic", "--defined-only"]);
    let names: BTreeSet<&str> = symbols.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(names, BTreeSet::from(["C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"]));
}

#[test]
fn no_file_grows_past_what_one_idea_needs() {
    let mut files = Vec::new();
    for folder in ["src", "pkcs11-module", "xtask", "bench", "fuzz", "tests", "examples"] {
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    assert!(files.len() > 40, "the sources were found");
    let lines = |path: &PathBuf| std::fs::read_to_string(path).unwrap().lines().count();
    let long: Vec<_> = files.iter().map(|path| (lines(path), path)).filter(|(lines, _)| *lines > 500).collect();
    assert!(long.is_empty(), "split these: {long:?}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && !path.ends_with("target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}
