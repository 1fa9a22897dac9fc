//! This file shows a person how far a long work is: on a terminal, and not before it has lasted half a second.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr as _;

use crate::cli::printable::printable;
use crate::cli::session::Session;

/// Work of several steps. Its line goes away before anything else is printed: [`clear`](Self::clear).
pub(crate) struct Progress {
    started: Instant,
    steps: usize,
    done: usize,
    /// Columns of the line that stands there.
    width: usize,
    seen: bool,
}

const PATIENCE: Duration = Duration::from_millis(500);

impl Progress {
    pub(crate) fn new(session: &Session, steps: usize) -> Self {
        let seen = steps > 1 && !session.is_json() && !session.is_quiet() && std::io::stderr().is_terminal();
        Self { started: Instant::now(), steps, done: 0, width: 0, seen }
    }

    /// The next step begins; `name` says with what.
    pub(crate) fn step(&mut self, name: &str) {
        self.done += 1;
        if self.seen && self.started.elapsed() > PATIENCE {
            self.draw(&format!("{}/{} {}", self.done, self.steps, printable(name)));
        }
    }

    /// Takes the line away.
    pub(crate) fn clear(&mut self) {
        if self.width > 0 {
            self.draw("");
        }
    }

    fn draw(&mut self, line: &str) {
        let blanks = " ".repeat(self.width.saturating_sub(line.width()));
        let back = if line.is_empty() { "\r" } else { "" };
        let _ = write!(std::io::stderr().lock(), "\r{line}{blanks}{back}");
        self.width = line.width();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
