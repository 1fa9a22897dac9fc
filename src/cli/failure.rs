//! This file says what can go wrong in the command line itself, beside the library's errors.

use std::io;
use std::sync::Arc;

use ingam::Error;
use ingam::medium::Medium;
use ingam::pin::Role;

use crate::cli::language::{Told, Words};
use crate::cli::pin_failure;
use crate::cli::refusal::Refusal;
use crate::cli::report::{Exit, Report, about, causes};
use crate::cli::token::TokenFailure;

/// What a person is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Secret {
    /// A certificate's password.
    Password,
    /// A token's PIN.
    Pin,
    /// A token's SO PIN.
    SoPin,
    /// The PIN that a token is to have.
    NewPin,
    /// The password that a set is to have.
    NewPassword,
    /// An owner's number.
    Idn,
}

/// Why a verb did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library said so.
    Library(Error),
    /// A set cannot go where it should.
    Refused(Refusal),
    /// A token said so when it was sent a PIN of this role; how the token is now.
    Pin { error: Error, role: Role, medium: Arc<Medium> },
    /// Something with naming or preparing a token.
    Token(TokenFailure),
    /// An option's value is not of its form.
    BadValue { option: &'static str, value: String },
    /// The number of a descriptor that is not open, or not for this.
    BadDescriptor { option: &'static str },
    /// The configuration cannot be read.
    Configuration(Error),
    /// Two that would read the same descriptor.
    SameInput { one: &'static str, other: &'static str },
    /// Text that cannot name a certificate.
    BadSelector { selector: String },
    /// Two options that do not go together, or one that another one needs.
    Usage(&'static str),
    /// A password, PIN or resident number on the command line.
    SecretOnCommandLine { option: &'static str },
    /// A secret is needed, none was given, and nobody may be asked.
    SecretNeeded(Secret),
    /// Others may read the file of a secret.
    SecretFileOpen { origin: &'static str },
    /// The variable of this option (`--password-env`) is not set.
    SecretVariableMissing { option: &'static str },
    /// A new secret was typed in two ways.
    SecretsDiffer,
    /// A new secret was typed with letters that other programs encode in other ways, or that no keypad has.
    SecretNotAscii,
    /// Something is to be destroyed, `--yes` was not given, and nobody may be asked.
    ConfirmationNeeded,
    /// What was typed is not what had to be typed.
    NotConfirmed,
    /// A source of a secret was empty; `None` is a person.
    SecretEmpty { origin: Option<&'static str> },
    /// An owner's number that is none.
    BadIdn,
    /// A `pin-source` that is no file.
    SecretSourceUnsupported,
    /// A row number without a person who saw the list.
    RowNeedsTerminal,
    /// A row number with a choice of media, which other numbers belong to.
    RowWithMedium,
    /// The encryption certificate where a signing certificate belongs, and how to name that one.
    EncryptionCertificate { sign: String },
    /// No certificate fits the selector; so many media, folders and files could not be looked into.
    CertificateNotFound { selector: String, unusable: usize },
    /// More than one certificate fits it: these.
    CertificateAmbiguous { selector: String, candidates: Vec<String> },
    /// The certificate's private key is not there.
    NoPrivateKey { folder: String },
    /// The private key holds no R.
    NoVidRandom { folder: String },
    /// The certificate holds no VID.
    NoVid { folder: String },
    /// A file of certificates that holds none.
    NoCertificates { path: String },
    /// A folder where a file belongs.
    IsFolder { path: String },
    /// The folder of an output is not there.
    FolderMissing { path: String },
    /// The output file exists.
    OutputExists { path: String },
    /// Bytes that no terminal should get.
    OutputIsTerminal,
    /// The folder for a sample holds one of its files or folders already.
    SampleExists { path: String },
    /// The PKCS#11 module is not where it belongs.
    ModuleNotFound { searched: Vec<String> },
    /// Words that clap did not understand.
    Grammar { message: String, hint: String },
    /// Whoever read stdout has gone. Nothing is said about it.
    StdoutClosed,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Failure {
    /// Writing to stdout failed.
    pub(crate) fn stdout(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            Self::StdoutClosed
        } else {
            Self::Library(Error::io("writing to standard output", error))
        }
    }

    /// Reading or writing a file failed.
    pub(crate) fn file(doing: &'static str, path: &std::path::Path, error: io::Error) -> Self {
        Self::Library(Error::io(doing, error).about(path.to_string_lossy()))
    }

    /// What to tell: code and message, hint, exit code. `None` if there is nothing to say, or the library's error table
    /// says it.
    pub(crate) fn describe(&self, words: &Words) -> Option<Report> {
        let (code, exit, message, hint) = match self {
            Self::Library(_) | Self::StdoutClosed => return None,
            Self::Refused(refusal) => return Some(refusal.describe(words)),
            Self::Pin { error, role, medium } => return pin_failure::describe(error, *role, medium, words),
            Self::Token(failure) => return Some(failure.describe(words)),
            Self::BadValue { option, value } => (
                "usage",
                Exit::Usage,
                words.tell("error-bad-value", &[("option", (*option).into()), ("value", without_query(value).into())]),
                value_hint(option).map(|key| words.say(key)),
            ),
            Self::BadDescriptor { option } => (
                "usage",
                Exit::Usage,
                words.tell("error-bad-value", &[("option", (*option).into()), ("value", "".into())]),
                value_hint(option).map(|key| words.say(key)),
            ),
            Self::Configuration(error) => {
                let message = words.say("error-configuration");
                ("configuration", Exit::Usage, about(error, message, words), Some(causes(error)))
            }
            Self::SameInput { one, other } => (
                "usage",
                Exit::Usage,
                words.tell("error-same-input", &[("one", (*one).into()), ("other", (*other).into())]),
                None,
            ),
            Self::BadSelector { selector } => (
                "usage",
                Exit::Usage,
                words.tell("error-bad-selector", &[("certificate", without_query(selector).into())]),
                Some(words.say("error-bad-selector-hint")),
            ),
            Self::Usage(key) => ("usage", Exit::Usage, words.say(key), None),
            Self::SecretOnCommandLine { option } => (
                "secret_on_command_line",
                Exit::Usage,
                words.tell("error-secret-on-command-line", &[("option", (*option).into())]),
                Some(match *option {
                    "--idn" => words.say("error-idn-hint"),
                    "--pin" | "--so-pin" | "--new-pin" | "--new-password" | "--password" => {
                        words.tell("error-secret-hint", &[("option", (*option).into())])
                    }
                    _ => words.say("error-password-hint"),
                }),
            ),
            Self::SecretNeeded(secret) => {
                let (message, hint) = match secret {
                    Secret::Password => ("error-password-needed", words.say("error-password-needed-hint")),
                    Secret::Pin => ("error-pin-needed", secret_hint(words, "--pin")),
                    Secret::SoPin => ("error-so-pin-needed", secret_hint(words, "--so-pin")),
                    Secret::NewPin => ("error-new-pin-needed", secret_hint(words, "--new-pin")),
                    Secret::NewPassword => ("error-new-password-needed", secret_hint(words, "--new-password")),
                    Secret::Idn => ("error-idn-needed", words.say("error-idn-needed-hint")),
                };
                ("secret_needed", Exit::Usage, words.say(message), Some(hint))
            }
            Self::SecretsDiffer => ("secrets_differ", Exit::Usage, words.say("error-secrets-differ"), None),
            Self::SecretNotAscii => ("secret_not_ascii", Exit::Usage, words.say("error-secret-not-ascii"), None),
            Self::ConfirmationNeeded => (
                "confirmation_needed",
                Exit::Usage,
                words.say("error-confirmation-needed"),
                Some(words.say("error-confirmation-needed-hint")),
            ),
            Self::NotConfirmed => ("not_confirmed", Exit::Interrupted, words.say("error-not-confirmed"), None),
            Self::SecretFileOpen { origin } => (
                "secret_file_open",
                Exit::Permission,
                words.tell("error-secret-file-open", &[("option", (*origin).into())]),
                Some(words.say("error-secret-file-open-hint")),
            ),
            Self::SecretVariableMissing { option } => {
                let message = words.tell("error-secret-variable-missing", &[("option", (*option).into())]);
                ("usage", Exit::Usage, message, None)
            }
            Self::SecretEmpty { origin: None } => ("secret_empty", Exit::Usage, words.say("error-secret-empty"), None),
            Self::SecretEmpty { origin: Some(origin) } => (
                "secret_empty",
                Exit::Usage,
                words.tell("error-secret-empty-from", &[("option", (*origin).into())]),
                None,
            ),
            Self::BadIdn => {
                ("invalid_input", Exit::Usage, words.say("error-bad-idn"), Some(words.say("error-bad-idn-hint")))
            }
            Self::SecretSourceUnsupported => (
                "usage",
                Exit::Usage,
                words.say("error-secret-source-unsupported"),
                Some(words.say("error-secret-source-unsupported-hint")),
            ),
            Self::RowNeedsTerminal => (
                "row_needs_terminal",
                Exit::Usage,
                words.say("error-row-needs-terminal"),
                Some(words.say("error-row-needs-terminal-hint")),
            ),
            Self::RowWithMedium => (
                "usage",
                Exit::Usage,
                words.say("error-row-with-medium"),
                Some(words.say("error-row-needs-terminal-hint")),
            ),
            Self::EncryptionCertificate { sign } => (
                "usage",
                Exit::Usage,
                words.say("error-encryption-certificate"),
                Some(words.tell("error-encryption-certificate-hint", &[("certificate", sign.into())])),
            ),
            Self::CertificateNotFound { selector, unusable } => (
                "certificate_not_found",
                Exit::NotFound,
                words.tell("error-certificate-not-found", &[("certificate", without_query(selector).into())]),
                Some(words.tell("error-certificate-not-found-hint", &[("unusable", (*unusable).into())])),
            ),
            Self::CertificateAmbiguous { selector, candidates } => (
                "certificate_ambiguous",
                Exit::NotFound,
                words.tell("error-certificate-ambiguous", &[("certificate", without_query(selector).into())]),
                Some(format!("{}\n{}", words.say("error-certificate-ambiguous-hint"), candidates.join("\n"))),
            ),
            Self::NoPrivateKey { folder } => (
                "no_private_key",
                Exit::NotFound,
                words.tell("error-no-private-key", &[("folder", folder.into())]),
                Some(words.say("error-no-private-key-hint")),
            ),
            Self::NoVidRandom { folder } => (
                "no_vid_random",
                Exit::NotFound,
                words.tell("error-no-vid-random", &[("folder", folder.into())]),
                Some(words.say("error-no-vid-random-hint")),
            ),
            Self::NoVid { folder } => (
                "no_vid",
                Exit::NotFound,
                words.tell("error-no-vid", &[("folder", folder.into())]),
                Some(words.say("error-no-vid-hint")),
            ),
            Self::NoCertificates { path } => {
                let message = words.tell("error-no-certificates", &[("path", path.into())]);
                ("damaged", Exit::Failed, message, Some(words.say("error-no-certificates-hint")))
            }
            Self::FolderMissing { path } => {
                ("not_found", Exit::NotFound, words.tell("error-folder-missing", &[("path", path.into())]), None)
            }
            Self::IsFolder { path } => {
                ("usage", Exit::Usage, words.tell("error-is-folder", &[("path", path.into())]), None)
            }
            Self::OutputExists { path } => (
                "already_exists",
                Exit::Unavailable,
                words.tell("error-output-exists", &[("path", path.into())]),
                Some(words.say("error-output-exists-hint")),
            ),
            Self::OutputIsTerminal => (
                "output_is_terminal",
                Exit::Usage,
                words.say("error-output-is-terminal"),
                Some(words.say("error-output-is-terminal-hint")),
            ),
            Self::SampleExists { path } => (
                "already_exists",
                Exit::Unavailable,
                words.tell("error-sample-exists", &[("path", path.into())]),
                Some(words.say("error-sample-exists-hint")),
            ),
            Self::ModuleNotFound { searched } => (
                "module_not_found",
                Exit::NotFound,
                words.say("error-module-not-found"),
                Some(words.tell("error-module-not-found-hint", &[("searched", Told::Text(&searched.join(", ")))])),
            ),
            Self::Grammar { message, hint } => ("usage", Exit::Usage, message.clone(), Some(hint.clone())),
        };
        Some(Report { code, exit, message, hint, detail: None, tries_left: None })
    }
}

fn secret_hint(words: &Words, option: &'static str) -> String {
    words.tell("error-secret-needed-hint", &[("option", option.into())])
}

/// A `pkcs11:` URI without what may hold a PIN; any other text as it is.
pub(crate) fn without_query(selector: &str) -> &str {
    let is_uri = selector.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("pkcs11:"));
    if is_uri { selector.split('?').next().unwrap_or_default() } else { selector }
}

/// What the value of an option looks like.
fn value_hint(option: &str) -> Option<&'static str> {
    match option {
        "--medium" | "--to" => Some("error-bad-value-hint-medium"),
        "--label" => Some("error-bad-value-hint-label"),
        "--softhsm" => Some("error-bad-value-hint-softhsm"),
        "--password-fd" => Some("error-bad-value-hint-password-fd"),
        "--pin-fd" | "--so-pin-fd" | "--new-pin-fd" | "--new-password-fd" => Some("error-bad-value-hint-secret-fd"),
        "--idn-fd" => Some("error-bad-value-hint-idn-fd"),
        "--out-fd" => Some("error-bad-value-hint-out-fd"),
        _ => None,
    }
}
