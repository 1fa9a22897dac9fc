//! This file builds the fuzz targets with the toolchain that is there, and runs them. `fuzz/README.md` says what each does.

use std::path::Path;
use std::process::Command;

use crate::stage::Tally;
use crate::{Done, cargo, debian, must, root};

/// What a sanitizer build needs; a stable compiler takes these flags when told to by `RUSTC_BOOTSTRAP`.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Zsanitizer=address \
    -Ccodegen-units=1";

/// Runs one target.
pub(crate) fn run(target: &str, seconds: u64) -> Done {
    build()?;
    fuzz(target, seconds)
}

/// Runs every target for some seconds; each counts as one check.
pub(crate) fn all(seconds: u64) -> Tally {
    let mut tally = Tally::default();
    let targets = targets();
    if let Err(reason) = build() {
        return Tally::of(&Err(reason));
    }
    for target in &targets {
        tally.add(Tally::of(&fuzz(target, seconds)));
    }
    if targets.is_empty() {
        tally.add(Tally::of(&Err("fuzz/fuzz_targets holds no target".into())));
    }
    tally
}

fn targets() -> Vec<String> {
    let Ok(files) = std::fs::read_dir(root().join("fuzz/fuzz_targets")) else { return Vec::new() };
    let names = files.flatten().filter_map(|file| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned));
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn build() -> Done {
    debian::install(&["g++"])?;
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", TRIPLE]);
    must(build.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", FLAGS))
}

const TRIPLE: &str = "x86_64-unknown-linux-gnu";

fn fuzz(target: &str, seconds: u64) -> Done {
    let corpus = root().join("fuzz/corpus").join(target);
    let artifacts = root().join("fuzz/artifacts");
    for folder in [&corpus, &artifacts] {
        std::fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let program = root().join("fuzz/target").join(TRIPLE).join("release").join(target);
    let mut fuzz = Command::new(program);
    fuzz.arg(&corpus);
    let seeds = root().join("fuzz/seeds").join(target);
    if Path::new(&seeds).is_dir() {
        fuzz.arg(seeds);
    }
    fuzz.args([format!("-max_total_time={seconds}"), "-timeout=10".into()]);
    fuzz.arg(format!("-artifact_prefix={}/{target}-", artifacts.display()));
    let output = fuzz.output().map_err(|error| format!("{fuzz:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let coverage = said.lines().rfind(|line| line.contains(" cov: "));
    match coverage {
        Some(line) if output.status.success() => {
            println!("{target}: {line}");
            Ok(())
        }
        // Without the flags it runs and finds nothing.
        None if output.status.success() => Err(format!("{target} was built without coverage\n{said}")),
        _ => Err(format!("{target}: {}\n{said}", output.status)),
    }
}
