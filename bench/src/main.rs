//! This file chooses the benchmarks, prints their ratios, and with `--gate` fails below what is promised.
//! `docs/performance.md` says what is measured and why.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its user")]
#![allow(clippy::disallowed_methods, reason = "not shipped: it is told by its environment what to measure")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot be made stops")]

mod child;
mod folders;
mod host;
mod many;
mod ratio;
mod sign;
mod token;

use std::process::ExitCode;

use folders::Folders;
use ratio::Line;

type Benchmark = fn(&Folders) -> Vec<Line>;

const BENCHMARKS: &[(&str, Benchmark)] = &[
    ("sign", sign::one_key),
    ("masked", sign::without_wide_vectors),
    ("threads", sign::two_threads),
    ("token", token::overhead),
    ("list", many::list),
    ("find", many::find),
    ("login", many::login),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["child", work, rest @ ..] = arguments.as_slice() {
        child::run(work, rest);
        return ExitCode::SUCCESS;
    }
    let gated = arguments.contains(&"--gate");
    arguments.retain(|argument| *argument != "--gate");
    if let Some(unknown) = arguments.iter().find(|name| !BENCHMARKS.iter().any(|(known, _)| known == *name)) {
        let known: Vec<&str> = BENCHMARKS.iter().map(|(name, _)| *name).collect();
        eprintln!("{unknown}? The benchmarks are: {}", known.join(", "));
        return ExitCode::FAILURE;
    }
    println!("{}", machine());
    let folders = Folders::new();
    let mut all_held = true;
    for (name, benchmark) in BENCHMARKS {
        if arguments.is_empty() || arguments.contains(name) {
            for line in benchmark(&folders) {
                all_held &= line.print();
            }
        }
    }
    if gated && !all_held { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or(": unknown processor");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let ifma = if info.contains("avx512ifma") { "with" } else { "without" };
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    format!("{}, {cores} cores, {ifma} AVX512-IFMA, load {load}", model.trim_start_matches([':', ' ', '\t']))
}
