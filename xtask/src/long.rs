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
    Stage {
        name: "bad-callers",
        about: "every function × every mistake, and bounds of every result, under valgrind",
        run: bad_callers,
    },
    Stage {
        name: "windows",
        about: "the module's sources are right for 64-bit Windows, types and layouts",
        run: windows,
    },
    Stage {
        name: "hosts",
        about: "hosts that fork, execute, leave in the middle, or bring the module in odd circumstances, under valgrind",
        run: hosts,
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
        valgrind.env("INGAM_MODULE", ship::module()).env("INGAM_PKCS11_MODULES", "none");
        must(valgrind.env("INGAM_NPKI_PATH", place.join("NPKI")))
    };
    Tally::of(&host())
}

/// The matrix of the module's tests, whose process has the module linked in. Valgrind sees what a crash need not show: a
/// byte read that nobody wrote, or one beyond an allocation.
fn bad_callers() -> Tally {
    let runner = "target.'cfg(unix)'.runner = ['valgrind', '--quiet', '--error-exitcode=9', '--leak-check=full', \
                  '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite']";
    let mut test = cargo();
    test.args(["test", "--release", "--locked", "--package", "ingam-pkcs11", "--test", "bad_callers"]);
    libtest(test.args(["--config", runner, "--", "--nocapture", "--test-threads=1"]))
}

/// Only the hosts run under valgrind, not the tests that start them. A forked child keeps what its parent had, by decision;
/// so leaks are looked for where nobody forks.
fn hosts() -> Tally {
    let run = |group: &str, leaks: &[&str]| {
        // Its threads take turns, and without fairness one that only asks again and again may never get its own.
        let valgrind =
            ["/usr/bin/valgrind", "--quiet", "--trace-children=yes", "--fair-sched=yes", "--error-exitcode=9"];
        let valgrind = [&valgrind, leaks].concat();
        let mut test = cargo();
        test.args(["test", "--release", "--locked", "--package", "ingam-pkcs11", "--test", "hosts", "--"]);
        test.args(["--include-ignored", "--test-threads=2", group]).env("INGAM_MODULE", ship::module());
        libtest(test.env("TEST_HOST_UNDER", valgrind.join(" ")))
    };
    let full = ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"];
    let mut tally = run("circumstances::", &full);
    tally.add(run("forks::", &[]));
    tally
}

/// The compiler reads everything of ours and makes nothing: the C sources of AWS-LC, for which there is no Windows compiler
/// here, are "compiled" by a program that does nothing.
fn windows() -> Tally {
    const TARGET: &str = "x86_64-pc-windows-gnu";
    let check = || {
        must(Command::new("rustup").args(["target", "add", TARGET]))?;
        let mut check = cargo();
        check.args(["check", "--locked", "--package", "ingam-pkcs11", "--lib", "--target", TARGET]);
        for tool in ["CC", "CXX", "AR"] {
            check.env(format!("{tool}_x86_64_pc_windows_gnu"), "/bin/true");
        }
        // What is made this way must not be taken for the real thing by a later build.
        check.arg("--target-dir").arg(root().join("target/windows-check"));
        must(check.env("AWS_LC_SYS_PREBUILT_NASM", "1").env("RUSTFLAGS", "-D warnings"))
    };
    Tally::of(&check())
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
