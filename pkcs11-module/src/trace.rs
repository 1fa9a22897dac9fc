//! This file writes the trace: names, numbers, lengths and results of calls, never their content.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use crate::rv::Answer;

/// An open trace file. Lines of several threads and processes do not mix: each is one append.
#[derive(Debug)]
pub(crate) struct Trace {
    file: File,
}

impl Trace {
    /// Opens or makes the file, for its owner alone; without a file there is no trace, and the host is not disturbed.
    pub(crate) fn open(path: &Path) -> Option<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).ok()?;
        // In a host that has closed its standard streams this would take the place of one, and what the host or a child
        // prints would end here.
        #[cfg(unix)]
        let file = rustix::io::fcntl_dupfd_cloexec(&file, 3).ok()?.into();
        Some(Self { file })
    }

    /// One call.
    pub(crate) fn call(&self, name: &str, arguments: &str, answer: &Answer, took: Duration) {
        let result: &dyn Display = match answer {
            Ok(()) => &"CKR_OK",
            Err(rv) => rv,
        };
        self.line(&format!("{name}({arguments}) = {result}, {} µs", took.as_micros()));
    }

    /// Something that was left out, and why.
    pub(crate) fn note(&self, error: &ingam::Error) {
        self.line(&format!("left out: {error}"));
    }

    fn line(&self, text: &str) {
        let text = text.replace(char::is_control, " ");
        let _ = (&self.file).write_all(format!("ingam[{}] {text}\n", std::process::id()).as_bytes());
    }
}
