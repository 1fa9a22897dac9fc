//! This file builds the benchmarks and what they measure, and runs them.

use crate::{Done, cargo, debian, must, ship};

/// The password of every certificate set that the benchmarks' host opens.
pub(crate) const PASSWORD: &str = "Test-Only-2026!";

/// Runs the named benchmarks, or all; `--gate` fails below the promised ratios.
pub(crate) fn run(options: &[&str]) -> Done {
    debian::install(&["softhsm2"])?;
    ship::build()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--locked", "--quiet", "--package", "ingam-bench", "--"]).args(options);
    must(bench.env("INGAM_MODULE", ship::module()))
}
