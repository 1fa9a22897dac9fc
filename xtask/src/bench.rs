//! This file builds the benchmarks and what they measure, and runs them.

use crate::{Done, cargo, debian, must, ship};

/// Runs the named benchmarks, or all; `--gate` fails below the promised ratios.
pub(crate) fn run(options: &[&str]) -> Done {
    debian::install(&["softhsm2"])?;
    ship::build()?;
    let mut bench = cargo();
    bench.args(["run", "--release", "--locked", "--quiet", "--package", "ingam-bench", "--"]).args(options);
    must(bench.env("INGAM_MODULE", ship::module()))
}
