//! This file lists what takes longer than a change should wait for.

use std::process::Command;

use crate::stage::{Stage, Tally, libtest, run_all};
use crate::{Done, bench, cargo, debian, ecosystems, fuzz, ignored, must, root, ship};

const STAGES: &[Stage] = &[
    Stage {
        name: "valgrind",
        about: "a host lists, logs in, signs and leaves: nothing invalid, nothing lost",
        run: valgrind,
    },
    Stage { name: "slow", about: "the tests that are ignored for their length", run: slow },
    Stage { name: "bench", about: "the benchmarks and their gate", run: gate },
    Stage { name: "fuzz", about: "every fuzz target for ten minutes", run: fuzzing },
];

/// Runs them all, or the one that is named.
pub(crate) fn run(only: Option<&str>) -> Done {
    debian::install(&[debian::TESTS, &["valgrind"]].concat())?;
    ecosystems::install()?;
    ship::build()?;
    let stages: Vec<&Stage> = STAGES.iter().filter(|stage| only.is_none_or(|name| name == stage.name)).collect();
    run_all(&stages)
}

/// The host is the benchmarks' own; valgrind knows no AVX-512, so AWS-LC takes its other paths.
fn valgrind() -> Tally {
    let host = || {
        must(cargo().args(["build", "--release", "--locked", "--package", "ingam-bench"]))?;
        let place = root().join("target/valgrind");
        let _ = std::fs::remove_dir_all(&place);
        must(
            Command::new(ship::ingam())
                .args(["sample", "--out"])
                .arg(&place)
                .args(["--password-env", "INGAM_BENCH_PASSWORD"])
                .env("INGAM_BENCH_PASSWORD", bench::PASSWORD),
        )?;
        let mut valgrind = Command::new("valgrind");
        valgrind.args([
            "--quiet",
            "--leak-check=full",
            "--show-leak-kinds=definite",
            "--errors-for-leak-kinds=definite",
            "--error-exitcode=9",
        ]);
        valgrind.arg(root().join("target/release/ingam-bench")).args(["child", "once"]);
        must(valgrind.env("INGAM_MODULE", ship::module()).env("INGAM_NPKI_PATH", place.join("NPKI")))
    };
    Tally::of(&host())
}

fn slow() -> Tally {
    let names = ignored::slow(&root());
    if names.is_empty() {
        return Tally::default();
    }
    let mut test = cargo();
    test.args(["test", "--release", "--locked", "--workspace", "--no-fail-fast", "--", "--ignored"]).args(names);
    libtest(test.env("INGAM_MODULE", ship::module()))
}

fn gate() -> Tally {
    Tally::of(&bench::run(&["--gate"]))
}

fn fuzzing() -> Tally {
    fuzz::all(600)
}
