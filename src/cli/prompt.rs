//! This file asks a person on the terminal: for a secret, without showing what is typed, or for a word.

use std::io;

use zeroize::Zeroizing;

/// The longest line that a terminal hands over, in bytes.
const LONGEST: usize = 4096;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// There is no terminal to ask on.
    NoTerminal,
    /// The person pressed Ctrl-C or Ctrl-D.
    Cancelled,
    /// The terminal failed.
    Terminal(io::Error),
}

/// Shows the question on the controlling terminal, also when stdin and stdout lead elsewhere, and reads one line.
///
/// The terminal's echo is off meanwhile and on again afterwards, also after Ctrl-C: that key is read as a character
/// rather than taken as a signal, which would end the process with the echo still off.
#[cfg(unix)]
pub(crate) fn hidden(question: &str) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    use std::io::{Read as _, Write as _};

    let terminal =
        std::fs::File::options().read(true).write(true).open("/dev/tty").map_err(|_| NoAnswer::NoTerminal)?;
    let echo_off = EchoOff::new(&terminal).map_err(NoAnswer::Terminal)?;
    (&terminal).write_all(question.as_bytes()).map_err(NoAnswer::Terminal)?;
    let mut line = Zeroizing::new(vec![0; LONGEST]);
    let length = (&terminal).read(&mut line).map_err(NoAnswer::Terminal)?;
    let _ = (&terminal).write_all(b"\n");
    drop(echo_off);
    match line[..length].last() {
        None | Some(&INTERRUPT) => Err(NoAnswer::Cancelled),
        Some(b'\n') => Ok(Zeroizing::new(line[..length - 1].to_vec())),
        // Ctrl-D behind other characters hands them over as they are.
        Some(_) => Ok(Zeroizing::new(line[..length].to_vec())),
    }
}

/// Shows the question on the controlling terminal and reads one line, which shows.
#[cfg(unix)]
pub(crate) fn shown(question: &str) -> Result<String, NoAnswer> {
    use std::io::{Read as _, Write as _};

    let terminal =
        std::fs::File::options().read(true).write(true).open("/dev/tty").map_err(|_| NoAnswer::NoTerminal)?;
    (&terminal).write_all(question.as_bytes()).map_err(NoAnswer::Terminal)?;
    let mut line = vec![0; LONGEST];
    let length = (&terminal).read(&mut line).map_err(NoAnswer::Terminal)?;
    if length == 0 {
        return Err(NoAnswer::Cancelled);
    }
    Ok(String::from_utf8_lossy(&line[..length]).trim().to_owned())
}

/// Ctrl-C as a character.
#[cfg(unix)]
const INTERRUPT: u8 = 3;

/// A terminal that does not echo, until dropped.
#[cfg(unix)]
struct EchoOff<'a> {
    terminal: &'a std::fs::File,
    before: rustix::termios::Termios,
}

#[cfg(unix)]
impl<'a> EchoOff<'a> {
    fn new(terminal: &'a std::fs::File) -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ISIG);
        quiet.local_modes.insert(LocalModes::ICANON);
        // As an end of line Ctrl-C is delivered at once; the kernel still edits the line.
        quiet.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

#[cfg(unix)]
impl Drop for EchoOff<'_> {
    fn drop(&mut self) {
        let _ = rustix::termios::tcsetattr(self.terminal, rustix::termios::OptionalActions::Flush, &self.before);
    }
}

/// Shows the question on the console and reads one line.
#[cfg(not(unix))]
pub(crate) fn hidden(question: &str) -> Result<Zeroizing<Vec<u8>>, NoAnswer> {
    match rpassword::prompt_password(question) {
        Ok(line) if line.len() <= LONGEST => Ok(Zeroizing::new(line.into_bytes())),
        Ok(_) => Err(NoAnswer::Cancelled),
        Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::UnexpectedEof) => {
            Err(NoAnswer::Cancelled)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(NoAnswer::NoTerminal),
        Err(error) => Err(NoAnswer::Terminal(error)),
    }
}

/// Shows the question on the console and reads one line, which shows.
#[cfg(not(unix))]
pub(crate) fn shown(question: &str) -> Result<String, NoAnswer> {
    use std::io::{IsTerminal as _, Write as _};

    if !io::stdin().is_terminal() {
        return Err(NoAnswer::NoTerminal);
    }
    let mut line = String::new();
    io::stderr().write_all(question.as_bytes()).map_err(NoAnswer::Terminal)?;
    match io::stdin().read_line(&mut line) {
        Ok(0) => Err(NoAnswer::Cancelled),
        Ok(_) => Ok(line.trim().to_owned()),
        Err(error) => Err(NoAnswer::Terminal(error)),
    }
}
