//! This file runs a server for one test: what it says, and its end when the test ends.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that is told to end when this is dropped.
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts it; both its streams go to the file.
    pub(crate) fn start(command: &mut Command, log: PathBuf) -> Self {
        let file = File::create(&log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        Self { child: command.spawn().unwrap(), log }
    }

    /// Everything it said so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// What `look` finds in the server's words, as soon as it is there; `None` if the server ended without it.
    pub(crate) fn says<T>(&mut self, look: impl Fn(&str) -> Option<T>) -> Option<T> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let ended = self.child.try_wait().unwrap().is_some();
            if let Some(found) = look(&self.said()) {
                return Some(found);
            }
            if ended {
                return None;
            }
            assert!(Instant::now() < until, "{}", self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Not SIGKILL: a server with workers takes them with it.
        drop(Command::new("sh").args(["-c", &format!("kill {}", self.child.id())]).status());
        let until = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if Instant::now() > until {
                drop(self.child.kill());
                drop(self.child.wait());
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
