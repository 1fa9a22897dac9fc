//! This file says what can go wrong and what the caller can do about it.

use std::fmt;
use std::sync::Arc;

use crate::medium::MediumId;

/// `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error: its kind (what the caller can do), what was being done, on which medium, and the cause.
///
/// It never carries a password, a key, a resident number or R.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    doing: &'static str,
    medium: Option<MediumId>,
    subject: Option<Arc<str>>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What the caller can do about an [`Error`].
///
/// Two tables map it, both without a wildcard: to `CK_RV` in the PKCS#11 module, to message, hint and exit code in the
/// command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// It exists already and is not overwritten.
    AlreadyExists,
    /// The name fits more than one thing.
    Ambiguous,
    /// Someone else uses it now; try again.
    Busy,
    /// The user stopped it.
    Cancelled,
    /// The certificate is outside its validity.
    CertificateExpired,
    /// The bytes do not follow their format.
    Damaged,
    /// The device or file system failed.
    Device,
    /// The input does not fit the operation: too long, too short or of the wrong form.
    InvalidInput,
    /// One more wrong PIN would lock the token; nothing was sent.
    LastTryRefused,
    /// Key and certificate, or two copies, do not belong together.
    Mismatch,
    /// The medium is full.
    NoSpace,
    /// There is no such thing.
    NotFound,
    /// It needs a login first.
    NotLoggedIn,
    /// The operating system or the token forbids it.
    NotPermitted,
    /// The password or PIN is wrong, or, for a file, the file is damaged: the two cannot be told apart.
    PinIncorrect {
        /// Tries left before the token locks, where the token says so.
        tries_left: Option<u8>,
    },
    /// The PIN is locked.
    PinLocked,
    /// The new PIN does not follow the token's rules.
    PinRejected,
    /// The medium is no longer there.
    Removed,
    /// A system service (such as pcscd) is missing.
    ServiceMissing,
    /// It took too long and was given up.
    TimedOut,
    /// This medium, format or algorithm is not supported.
    Unsupported,
    /// The medium cannot be written.
    WriteProtected,
}

impl Error {
    /// An error of this kind; `doing` finishes the sentence "while …".
    #[must_use]
    pub const fn new(kind: ErrorKind, doing: &'static str) -> Self {
        Self { kind, doing, medium: None, subject: None, source: None }
    }

    /// An error made of an operating system's error, with the kind that fits it.
    #[must_use]
    pub fn io(doing: &'static str, error: std::io::Error) -> Self {
        let kind = match error.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::NotPermitted,
            std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::DirectoryNotEmpty => ErrorKind::AlreadyExists,
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => ErrorKind::NoSpace,
            std::io::ErrorKind::ReadOnlyFilesystem => ErrorKind::WriteProtected,
            std::io::ErrorKind::TimedOut => ErrorKind::TimedOut,
            std::io::ErrorKind::ResourceBusy => ErrorKind::Busy,
            std::io::ErrorKind::IsADirectory
            | std::io::ErrorKind::NotADirectory
            | std::io::ErrorKind::InvalidFilename
            | std::io::ErrorKind::FileTooLarge => ErrorKind::InvalidInput,
            _ => ErrorKind::Device,
        };
        Self::new(kind, doing).caused_by(error)
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// Adds the medium on which it happened.
    #[must_use]
    pub fn on(mut self, medium: &MediumId) -> Self {
        self.medium = Some(medium.clone());
        self
    }

    /// Adds the file, folder or name that it is about.
    #[must_use]
    pub fn about(mut self, subject: impl Into<Arc<str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was being done.
    #[must_use]
    pub const fn doing(&self) -> &'static str {
        self.doing
    }

    /// The medium on which it happened.
    #[must_use]
    pub const fn medium(&self) -> Option<&MediumId> {
        self.medium.as_ref()
    }

    /// The file, folder or name that it is about.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, "")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if !self.doing.is_empty() {
            write!(f, " while {}", self.doing)?;
        }
        if let Some(subject) = &self.subject {
            write!(f, ": {subject}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyExists => "exists already",
            Self::Ambiguous => "more than one fits",
            Self::Busy => "in use by another program",
            Self::Cancelled => "cancelled",
            Self::CertificateExpired => "certificate is outside its validity",
            Self::Damaged => "damaged",
            Self::Device => "device error",
            Self::InvalidInput => "invalid input",
            Self::LastTryRefused => "refused: only one try is left",
            Self::Mismatch => "does not belong together",
            Self::NoSpace => "no space left",
            Self::NotFound => "not found",
            Self::NotLoggedIn => "not logged in",
            Self::NotPermitted => "not permitted",
            Self::PinIncorrect { .. } => "wrong password (or the file is damaged)",
            Self::PinLocked => "PIN locked",
            Self::PinRejected => "new PIN rejected",
            Self::Removed => "medium removed",
            Self::ServiceMissing => "service missing",
            Self::TimedOut => "timed out",
            Self::Unsupported => "unsupported",
            Self::WriteProtected => "write-protected",
        })
    }
}
