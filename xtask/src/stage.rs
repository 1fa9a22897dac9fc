//! This file runs one stage after the other, prints how long each took, and adds up what passed, failed and was skipped.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Done;

/// Passed, failed, skipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    const PASS: Self = Self { passed: 1, failed: 0, skipped: 0 };
    const FAIL: Self = Self { passed: 0, failed: 1, skipped: 0 };

    pub(crate) const fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    /// A stage that is one check: it held or it did not.
    pub(crate) fn of(done: &Done) -> Self {
        match done {
            Ok(()) => Self::PASS,
            Err(reason) => {
                println!("{reason}");
                Self::FAIL
            }
        }
    }

    /// What a closing line of libtest says, if this is one. Filtered out counts as skipped: only we filter.
    fn of_libtest_line(line: &str) -> Option<Self> {
        let counts = line.strip_prefix("test result: ")?;
        let count = |word: &str| {
            let before = counts.split(word).next()?;
            before.trim_end().rsplit(' ').next()?.parse::<u64>().ok()
        };
        Some(Self {
            passed: count(" passed")?,
            failed: count(" failed")?,
            skipped: count(" ignored")? + count(" filtered out")?,
        })
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// A named step of a longer run.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) run: fn() -> Tally,
}

/// Runs the stages in order, all of them whatever fails, and closes with the sum.
pub(crate) fn run_all(stages: &[&Stage]) -> Done {
    let began = Instant::now();
    let mut sum = Tally::default();
    let mut lines = Vec::new();
    for stage in stages {
        println!("\n== {}: {}", stage.name, stage.about);
        let stage_began = Instant::now();
        let tally = (stage.run)();
        let line = format!("{:<10} {:>7.1} s   {tally}", stage.name, stage_began.elapsed().as_secs_f64());
        println!("== {line}");
        lines.push(line);
        sum.add(tally);
    }
    println!("\n{}", lines.join("\n"));
    println!("{:<10} {:>7.1} s", "all", began.elapsed().as_secs_f64());
    println!("{sum}");
    if sum.failed == 0 && sum.passed > 0 { Ok(()) } else { Err("failed".into()) }
}

/// Runs a libtest command, shows what it prints, and adds up its closing lines. A command that fails without a failed
/// test (it did not compile, it crashed) counts as one failure, and so does one that ran no test.
pub(crate) fn libtest(command: &mut Command) -> Tally {
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) => return Tally::of(&Err(format!("{command:?}: {error}"))),
    };
    let mut tally = Tally::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(counts) = Tally::of_libtest_line(&line) {
                tally.add(counts);
            }
        }
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    if !succeeded && tally.failed == 0 {
        tally.add(Tally::of(&Err(format!("{command:?} failed"))));
    } else if succeeded && tally.passed == 0 {
        tally.add(Tally::of(&Err(format!("{command:?} ran no test"))));
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_of_libtest_is_understood() {
        let line = "test result: FAILED. 12 passed; 3 failed; 4 ignored; 0 measured; 5 filtered out; finished in 0.01s";
        assert_eq!(Tally::of_libtest_line(line), Some(Tally { passed: 12, failed: 3, skipped: 9 }));
        assert_eq!(Tally::of_libtest_line("test tests::result ... ok"), None);
    }

    #[test]
    fn a_command_that_fails_without_a_failed_test_counts_as_a_failure() {
        let crash = |script: &str| libtest(Command::new("sh").args(["-c", script]));
        assert_eq!(crash("exit 101").failed, 1);
        let lines = "echo 'test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out'";
        assert_eq!(crash(lines), Tally { passed: 2, failed: 0, skipped: 1 });
        assert_eq!(crash(&format!("{lines}; kill -SEGV $$")).failed, 1);
    }

    #[test]
    fn a_run_without_a_test_is_no_pass() {
        assert_eq!(libtest(&mut Command::new("true")).failed, 1);
    }
}
