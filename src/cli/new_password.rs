//! This file gets a new password for key files, and holds it to the rules of Korean certificate windows.

use ingam::pin::Pin;

use crate::cli::failure::{Failure, Secret};
use crate::cli::refusal::Refusal;
use crate::cli::secret::{NewPasswordArguments, typed_twice};
use crate::cli::session::Session;

/// Whether a password that breaks the rules is taken all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weak {
    Refused,
    Allowed,
}

/// The new password: given, or typed twice.
pub(crate) fn get(session: &Session, arguments: &NewPasswordArguments, weak: Weak) -> Result<Pin, Failure> {
    let words = session.words();
    let password = match arguments.given(session, None)? {
        Some(given) => given,
        None => {
            if session.may_ask() {
                session.note(&words.say("transfer-password-rules"));
            }
            let (question, again) = (words.say("prompt-new-password"), words.say("prompt-new-password-again"));
            typed_twice(session, Secret::NewPassword, &question, &again)?
        }
    };
    if !password.expose().is_ascii() {
        return Err(Failure::SecretNotAscii);
    }
    if weak == Weak::Refused && !is_strong(password.expose()) {
        return Err(Refusal::WeakPassword.into());
    }
    Ok(password)
}

/// The fewest characters.
const SHORTEST: usize = 10;

/// What certificate windows do not let be typed.
const FORBIDDEN: &[u8] = b"'\"\\|";

/// The rule of the certificate windows: at least ten characters, among them a letter, a digit and a special character, and
/// none of `'`, `"`, `\`, `|`.
fn is_strong(password: &[u8]) -> bool {
    let has = |sort: fn(&u8) -> bool| password.iter().any(sort);
    password.len() >= SHORTEST
        && has(u8::is_ascii_alphabetic)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_punctuation)
        && password.iter().all(|byte| byte.is_ascii_graphic() && !FORBIDDEN.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_follows_the_rules_of_certificate_windows() {
        for password in ["ingam-TEST-2026!", "aaaaaaaa1!"] {
            assert!(is_strong(password.as_bytes()), "{password}");
        }
        for password in ["aaaaaaa1!", "aaaaaaaaaa1", "aaaaaaaaaa!", "1111111111!", "aaaaaaaa1'!", "aaaaaaaa1| ", ""] {
            assert!(!is_strong(password.as_bytes()), "{password}");
        }
    }
}
