//! This file says what went wrong: kind of error → message, hint and exit code.

use std::io;

use ingam::config::Config;
use ingam::npki::key_file::KeyFileError;
use ingam::{Error, ErrorKind};
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::language::{Told, Words};
use crate::cli::module_failure;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Other = 1,
    Usage = 2,
    /// Not found, or ambiguous.
    NotFound = 3,
    /// Wrong password or PIN.
    WrongPassword = 4,
    /// Locked, or the last try refused.
    Locked = 5,
    /// The medium is absent or was removed.
    Removed = 6,
    Permission = 7,
    /// Busy, exists, full or timed out.
    Unavailable = 8,
    /// A verification failed, or something is damaged or does not belong together.
    Failed = 9,
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        self as u8
    }
}

/// What is said about a failure.
#[derive(Debug)]
pub(crate) struct Report {
    /// The word for JSON.
    pub(crate) code: &'static str,
    pub(crate) exit: Exit,
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The technical cause, in English, for `--verbose` and JSON.
    pub(crate) detail: Option<String>,
    pub(crate) tries_left: Option<u8>,
}

impl Report {
    /// `None` if there is nothing to say.
    pub(crate) fn of(failure: &Failure, words: &Words) -> Option<Self> {
        match failure {
            Failure::Library(error) => Some(Self::of_error(error, words)),
            Failure::Pin { error, .. } => Some(failure.describe(words).unwrap_or_else(|| Self::of_error(error, words))),
            other => other.describe(words),
        }
    }

    /// About an error of the library.
    pub(crate) fn of_error(error: &Error, words: &Words) -> Self {
        let (code, exit, message, hint) = row(error.kind());
        let message = cause_key(error).unwrap_or(message);
        let hint = match error.doing() {
            "reading a distinguished name" => Some("csr-bad-subject-hint"),
            _ => module_failure::keys(error).map(|(_, hint)| hint).or(hint),
        };
        if let Some(report) = Self::of_limit(error, words) {
            return report;
        }
        let tries_left = match error.kind() {
            ErrorKind::PinIncorrect { tries_left } => tries_left,
            _ => None,
        };
        Self {
            code,
            exit,
            message: about(error, words.say(message), words),
            hint: hint.map(|hint| words.say(hint)),
            detail: Some(chain(error)),
            tries_left,
        }
    }

    /// About a limit of the configuration: by how much it is exceeded, and which setting raises it.
    fn of_limit(error: &Error, words: &Words) -> Option<Self> {
        let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<KeyFileError>());
        let (message, setting) = if let Some(KeyFileError::TooManyIterations(iterations)) = cause {
            let limit = Config::load().unwrap_or_default().kdf_iterations.to_string();
            let values = [("number", Told::Text(&iterations.to_string())), ("limit", Told::Text(&limit))];
            (about(error, words.tell("error-too-many-iterations", &values), words), "limits.kdf_iterations")
        } else {
            let limit = error.subject()?.strip_prefix("limits.folders = ")?;
            (words.tell("error-too-many-folders", &[("limit", limit.into())]), "limits.folders")
        };
        Some(Self {
            code: "limit_exceeded",
            exit: Exit::Other,
            message,
            hint: Some(words.tell("error-limit-hint", &[("setting", setting.into())])),
            detail: Some(chain(error)),
            tries_left: None,
        })
    }

    /// For people: the message, the hint below it and, if `verbose`, the technical cause.
    pub(crate) fn text(&self, verbose: bool) -> String {
        let mut text = format!("✗ {}", self.message);
        let detail = self.detail.as_ref().filter(|_| verbose);
        for line in self.hint.iter().chain(detail).flat_map(|part| part.lines()) {
            text.push_str("\n  ");
            text.push_str(line);
        }
        text
    }

    /// For programs.
    pub(crate) fn json(&self) -> String {
        let mut error = json!({ "code": self.code, "exit": self.exit.code(), "message": self.message });
        if let Some(hint) = &self.hint {
            error["hint"] = hint.as_str().into();
        }
        if let Some(detail) = &self.detail {
            error["detail"] = detail.as_str().into();
        }
        if let Some(tries) = self.tries_left {
            error["tries_left"] = tries.into();
        }
        json!({ "error": error }).to_string()
    }
}

/// The one table from the library's errors to words and exit codes: the word for JSON, the exit code, the message's key,
/// the hint's key.
fn row(kind: ErrorKind) -> (&'static str, Exit, &'static str, Option<&'static str>) {
    match kind {
        ErrorKind::AlreadyExists => ("already_exists", Exit::Unavailable, "error-already-exists", None),
        ErrorKind::Ambiguous => ("ambiguous", Exit::NotFound, "error-ambiguous", None),
        ErrorKind::Busy => ("busy", Exit::Unavailable, "error-busy", Some("error-busy-hint")),
        ErrorKind::Cancelled => ("cancelled", Exit::Interrupted, "error-cancelled", None),
        ErrorKind::CertificateExpired => {
            ("certificate_expired", Exit::Failed, "error-certificate-expired", Some("error-certificate-expired-hint"))
        }
        ErrorKind::Damaged => ("damaged", Exit::Failed, "error-damaged", Some("error-damaged-hint")),
        ErrorKind::Device => ("device", Exit::Other, "error-device", None),
        ErrorKind::InvalidInput => ("invalid_input", Exit::Usage, "error-invalid-input", None),
        ErrorKind::LastTryRefused => ("last_try_refused", Exit::Locked, "error-last-try-refused", None),
        ErrorKind::Mismatch => ("mismatch", Exit::Failed, "error-mismatch", Some("error-mismatch-hint")),
        ErrorKind::NoSpace => ("no_space", Exit::Unavailable, "error-no-space", None),
        ErrorKind::NotFound => ("not_found", Exit::NotFound, "error-not-found", None),
        ErrorKind::NotLoggedIn => ("not_logged_in", Exit::WrongPassword, "error-not-logged-in", None),
        ErrorKind::NotPermitted => {
            ("not_permitted", Exit::Permission, "error-not-permitted", Some("error-not-permitted-hint"))
        }
        ErrorKind::PinIncorrect { .. } => {
            ("pin_incorrect", Exit::WrongPassword, "error-pin-incorrect", Some("error-pin-incorrect-hint"))
        }
        ErrorKind::PinLocked => ("pin_locked", Exit::Locked, "error-pin-locked", None),
        ErrorKind::PinRejected => ("pin_rejected", Exit::WrongPassword, "error-pin-rejected", None),
        ErrorKind::Removed => ("removed", Exit::Removed, "error-removed", Some("error-removed-hint")),
        ErrorKind::ServiceMissing => ("service_missing", Exit::Removed, "error-service-missing", None),
        ErrorKind::TimedOut => ("timed_out", Exit::Unavailable, "error-timed-out", None),
        ErrorKind::Unsupported => ("unsupported", Exit::Other, "error-unsupported", None),
        ErrorKind::WriteProtected => ("write_protected", Exit::Permission, "error-write-protected", None),
    }
}

/// What is wrong at `place`, for a line that names the place already.
pub(crate) fn reason(error: &Error, place: &str, words: &Words) -> String {
    if error.subject().is_some_and(|subject| place.ends_with(subject)) {
        return words.say(cause_key(error).unwrap_or(row(error.kind()).2));
    }
    Report::of_error(error, words).message
}

/// The message of a cause that says more than the kind of the error.
fn cause_key(error: &Error) -> Option<&'static str> {
    if let Some((message, _)) = module_failure::keys(error) {
        return Some(message);
    }
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<io::Error>());
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::IsADirectory) => return Some("error-cause-is-folder"),
        Some(io::ErrorKind::NotADirectory) => return Some("error-cause-not-a-folder"),
        Some(io::ErrorKind::InvalidFilename) => return Some("error-cause-name"),
        Some(io::ErrorKind::FileTooLarge) => return Some("error-cause-too-large"),
        _ => {}
    }
    match error.doing() {
        "looking for signCert.der" => Some("error-cause-no-certificate"),
        "reading what is not a regular file" => Some("error-cause-not-a-file"),
        "reading a file of more than 1 MiB" => Some("error-cause-too-large"),
        "taking away the original of a set that was copied" => Some("transfer-original-stays"),
        "reading a distinguished name" => Some("csr-bad-subject"),
        "reading a certificate" => Some("error-cause-not-a-certificate"),
        _ => None,
    }
}

pub(crate) fn about(error: &Error, message: String, words: &Words) -> String {
    match error.subject() {
        Some(subject) => words.tell("error-about", &[("message", (&message).into()), ("subject", subject.into())]),
        None => message,
    }
}

/// The causes of an error alone, as they are written, line by line; of one without a cause what was being done.
pub(crate) fn causes(error: &Error) -> String {
    let Some(mut cause) = std::error::Error::source(error) else { return error.doing().to_owned() };
    let mut text = cause.to_string();
    while let Some(next) = cause.source() {
        text.push_str(&format!(": {next}"));
        cause = next;
    }
    text.lines().map(crate::cli::printable::printable).collect::<Vec<_>>().join("\n")
}

/// The error and its causes.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    crate::cli::printable::printable(&text.replace('\n', " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::language::Language;

    #[test]
    fn a_wrong_password_says_so_and_what_it_means() {
        let error = Error::new(ErrorKind::PinIncorrect { tries_left: None }, "opening a private key");
        let korean = Report::of_error(&error, &Words::new(Language::Korean));
        assert_eq!(korean.exit.code(), 4);
        assert_eq!(korean.text(false).lines().next(), Some("✗ 인증서 암호가 맞지 않습니다."));
        let json: serde_json::Value = serde_json::from_str(&korean.json()).unwrap();
        assert_eq!(json["error"]["code"], "pin_incorrect");
        assert_eq!(json["error"]["exit"], 4);
        assert!(json["error"].get("tries_left").is_none());
    }

    #[test]
    fn the_subject_of_an_error_is_told_and_cannot_write_to_the_terminal() {
        let error = Error::new(ErrorKind::Damaged, "reading a certificate").about("a\u{1b}[1m/signCert.der");
        let report = Report::of_error(&error, &Words::new(Language::English));
        assert!(report.message.contains("a\u{fffd}[1m/signCert.der"), "{}", report.message);
        assert!(!report.text(true).contains('\u{1b}'));
    }
}
