//! This file says why a set does not go where it should: what is refused before or instead of copying, importing, deleting.

use std::sync::Arc;

use ingam::credential::EntryName;
use ingam::medium::Medium;

use crate::cli::failure::without_query;
use crate::cli::language::Words;
use crate::cli::report::{Exit, Report};
use crate::cli::target::selector_of;

/// Why nothing was written or deleted.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// More than one medium fits: these.
    MediumAmbiguous { medium: String, candidates: Vec<String> },
    /// Several copies of one certificate fit, and which of them goes makes a difference.
    CopyAmbiguous { selector: String, folders: Vec<String> },
    /// The private key does not leave its token.
    KeyStays { token: String },
    /// From one token to another.
    TokenToToken,
    /// The token cannot keep R, and leaving it behind was not asked for.
    NoPlaceForVidRandom { token: String },
    /// A file with a key, of a sort that is not read yet.
    NotYet { path: String },
    /// A file without an owner's certificate, or with several.
    NotOneCertificate { path: String },
    /// A folder without certificate sets.
    NothingThere { path: String },
    /// A new password that is guessed too easily.
    WeakPassword,
    /// A medium in which no key is made.
    NoKeysMade { medium: String },
    /// A medium that no certificate can be added to.
    NoCertificateAdded { medium: String },
    /// The key was made and stays in its token; what came after it failed.
    RequestFailed { medium: Arc<Medium>, label: String, key: EntryName, because: Box<Report> },
}

impl Refusal {
    /// What to tell.
    pub(crate) fn describe(&self, words: &Words) -> Report {
        let (code, exit, message, hint) = match self {
            Self::MediumAmbiguous { medium, candidates } => (
                "medium_ambiguous",
                Exit::NotFound,
                words.tell("transfer-medium-ambiguous", &[("medium", without_query(medium).into())]),
                Some(format!("{}\n{}", words.say("error-certificate-ambiguous-hint"), candidates.join("\n"))),
            ),
            Self::CopyAmbiguous { selector, folders } => (
                "certificate_ambiguous",
                Exit::NotFound,
                words.tell("transfer-copy-ambiguous", &[("certificate", without_query(selector).into())]),
                Some(format!("{}\n{}", words.say("transfer-copy-ambiguous-hint"), folders.join("\n"))),
            ),
            Self::KeyStays { token } => (
                "key_not_extractable",
                Exit::Other,
                words.tell("transfer-key-stays", &[("token", token.into())]),
                Some(words.say("transfer-key-stays-hint")),
            ),
            Self::TokenToToken => (
                "unsupported",
                Exit::Other,
                words.say("transfer-token-to-token"),
                Some(words.say("transfer-token-to-token-hint")),
            ),
            Self::NoPlaceForVidRandom { token } => (
                "vid_random_not_kept",
                Exit::Other,
                words.tell("transfer-no-place-for-r", &[("token", token.into())]),
                Some(words.say("transfer-no-place-for-r-hint")),
            ),
            Self::NotYet { path } => (
                "unsupported",
                Exit::Other,
                words.tell("transfer-not-yet", &[("path", path.into())]),
                Some(words.say("transfer-not-yet-hint")),
            ),
            Self::NotOneCertificate { path } => (
                "invalid_input",
                Exit::Usage,
                words.tell("transfer-not-one-certificate", &[("path", path.into())]),
                None,
            ),
            Self::NothingThere { path } => (
                "not_found",
                Exit::NotFound,
                words.tell("transfer-nothing-there", &[("path", path.into())]),
                Some(words.say("transfer-nothing-there-hint")),
            ),
            Self::WeakPassword => (
                "pin_rejected",
                Exit::WrongPassword,
                words.say("transfer-weak-password"),
                Some(words.say("transfer-password-rules")),
            ),
            Self::NoKeysMade { medium } => (
                "unsupported",
                Exit::Other,
                words.tell("csr-no-keys-made", &[("medium", medium.into())]),
                Some(words.say("csr-no-keys-made-hint")),
            ),
            Self::NoCertificateAdded { medium } => (
                "unsupported",
                Exit::Other,
                words.tell("transfer-no-certificate-added", &[("medium", medium.into())]),
                Some(words.say("transfer-no-certificate-added-hint")),
            ),
            Self::RequestFailed { medium, label, key, because } => {
                // Labels are whatever somebody called it, and may be more to a shell than a word.
                let selector = selector_of(medium);
                let left = words.tell(
                    "csr-key-stays",
                    &[
                        ("token", (&medium.label).into()),
                        ("label", label.into()),
                        ("key", key.as_str().into()),
                        ("medium", (&selector).into()),
                    ],
                );
                return Report {
                    code: because.code,
                    exit: because.exit,
                    message: because.message.clone(),
                    hint: Some(because.hint.iter().cloned().chain([left]).collect::<Vec<_>>().join("\n")),
                    detail: because.detail.clone(),
                    tries_left: because.tries_left,
                };
            }
        };
        Report { code, exit, message, hint, detail: None, tries_left: None }
    }
}
