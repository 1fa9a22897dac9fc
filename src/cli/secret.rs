//! This file gets secrets: passwords, PINs and resident numbers, from a descriptor, a file, systemd, a variable or a
//! person; never from the command line, which every process can read.

use std::ffi::OsString;
use std::fs::File;
use std::io::{IsTerminal as _, Read};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use ingam::pin::Pin;
use ingam::secret::SecretBytes;
use ingam::selector::Pkcs11Uri;
use ingam::{Error, ErrorKind};
use zeroize::Zeroizing;

use crate::cli::descriptor;
use crate::cli::environment;
use crate::cli::failure::{Failure, Secret};
use crate::cli::prompt::{self, NoAnswer};
use crate::cli::session::Session;

/// Defines the options of one secret: what they are called, systemd's credential, and what a person is asked for.
///
/// The first that is given counts, in this order: descriptor, file, systemd's credential, a `pin-source` of a URI, variable.
macro_rules! secret_arguments {
    (
        $(#[$doc:meta])*
        $name:ident($secret:expr, $credential:literal, $refused_options:literal) {
            $(#[$fd_option:meta])* $fd:ident = $fd_name:literal,
            $(#[$file_option:meta])* $file:ident = $file_name:literal,
            $(#[$env_option:meta])* $env:ident = $env_name:literal,
            $(#[$refused_option:meta])* $refused:ident,
        }
    ) => {
        $(#[$doc])*
        #[derive(Args, Debug, Default)]
        pub(crate) struct $name {
            #[arg(long)]
            $(#[$fd_option])*
            $fd: Option<u32>,
            #[arg(long)]
            $(#[$file_option])*
            $file: Option<PathBuf>,
            #[arg(long)]
            $(#[$env_option])*
            $env: Option<OsString>,
            /// Only there to say what to use instead.
            #[arg(long, hide = true, num_args = 0..=1, allow_hyphen_values = true)]
            $(#[$refused_option])*
            $refused: Option<Option<Refused>>,
        }

        impl $name {
            /// Refuses a secret on the command line. Called before anything is done.
            pub(crate) fn check(&self) -> Result<(), Failure> {
                match self.$refused {
                    Some(_) => Err(Failure::SecretOnCommandLine { option: $refused_options }),
                    None => Ok(()),
                }
            }

            /// Whether it is said on the command line where the secret comes from.
            #[allow(dead_code, reason = "not every secret has another one that it excludes")]
            pub(crate) fn is_given(&self) -> bool {
                self.$fd.is_some() || self.$file.is_some() || self.$env.is_some()
            }

            /// The descriptor that the secret is read from, so that nothing else can be.
            pub(crate) fn descriptor(&self) -> Option<u32> {
                self.$fd
            }

            /// The secret from wherever the user said, if the user said anything; `None` if only a person is left to ask.
            pub(crate) fn given(&self, session: &Session, uri: Option<&Pkcs11Uri>) -> Result<Option<Pin>, Failure> {
                self.check()?;
                let secret: Secret = $secret;
                let (origin, bytes) = if let Some(number) = self.$fd {
                    ($fd_name, from_descriptor(session, $fd_name, number, secret)?)
                } else if let Some(path) = &self.$file {
                    ($file_name, from_file($file_name, path, Readers::OwnerOnly)?)
                } else if let Some(path) = environment::systemd_credential($credential) {
                    // systemd itself keeps others out, and shows an access list as group rights.
                    ($credential, from_file($credential, &path, Readers::Any)?)
                } else if let Some(source) = uri.and_then(|uri| uri.pin_source.as_deref()) {
                    ("pin-source", from_pin_source(source)?)
                } else if let Some(name) = &self.$env {
                    let missing = Failure::SecretVariableMissing { option: $env_name };
                    let value = environment::variable(name).ok_or(missing)?;
                    ($env_name, Zeroizing::new(value.into_encoded_bytes()))
                } else {
                    return Ok(None);
                };
                let bytes = not_empty(Some(origin), bytes)?;
                Ok(Some(Pin::copy_of(&bytes).with_last_try(session.last_try())))
            }
        }
    };
}

secret_arguments! {
    /// Where the password of a certificate, or the PIN of the token that it is on, comes from.
    PasswordArguments(Secret::Password, "ingam.pin", "--password, --pin") {
        #[arg(alias = "pin-fd")]
        password_fd = "--password-fd",
        #[arg(alias = "pin-file")]
        password_file = "--password-file",
        #[arg(alias = "pin-env")]
        password_env = "--password-env",
        #[arg(alias = "pin")]
        password,
    }
}

secret_arguments! {
    /// Where the 비밀번호 (PIN) of a token's owner comes from.
    PinArguments(Secret::Pin, "ingam.pin", "--pin") {
        pin_fd = "--pin-fd",
        pin_file = "--pin-file",
        pin_env = "--pin-env",
        pin,
    }
}

secret_arguments! {
    /// Where the 관리자 비밀번호 (SO PIN) of a token comes from.
    SoPinArguments(Secret::SoPin, "ingam.so-pin", "--so-pin") {
        so_pin_fd = "--so-pin-fd",
        so_pin_file = "--so-pin-file",
        so_pin_env = "--so-pin-env",
        so_pin,
    }
}

secret_arguments! {
    /// Where the PIN comes from that a token is to have from now on.
    NewPinArguments(Secret::NewPin, "ingam.new-pin", "--new-pin") {
        new_pin_fd = "--new-pin-fd",
        new_pin_file = "--new-pin-file",
        new_pin_env = "--new-pin-env",
        new_pin,
    }
}

secret_arguments! {
    /// Where the password of a set comes from where a token's PIN is needed beside it.
    SetPasswordArguments(Secret::Password, "ingam.password", "--password") {
        password_fd = "--password-fd",
        password_file = "--password-file",
        password_env = "--password-env",
        password,
    }
}

secret_arguments! {
    /// Where the password comes from that seals key files of keys which had none.
    NewPasswordArguments(Secret::NewPassword, "ingam.new-password", "--new-password") {
        new_password_fd = "--new-password-fd",
        new_password_file = "--new-password-file",
        new_password_env = "--new-password-env",
        new_password,
    }
}

/// A secret from the command line: not even kept.
#[derive(Clone, Debug)]
pub(crate) struct Refused;

impl FromStr for Refused {
    type Err = std::convert::Infallible;

    fn from_str(_: &str) -> Result<Self, Self::Err> {
        Ok(Self)
    }
}

impl PasswordArguments {
    /// The password, at last by asking for it.
    pub(crate) fn get(
        &self,
        session: &Session,
        uri: Option<&Pkcs11Uri>,
        secret: Secret,
        question: &str,
    ) -> Result<Pin, Failure> {
        match self.given(session, uri)? {
            Some(pin) => Ok(pin),
            None => typed(session, secret, question),
        }
    }
}

/// How long a PIN is, in bytes.
pub(crate) fn length(pin: &Pin) -> usize {
    pin.expose().len()
}

/// A secret that is there already, typed once.
pub(crate) fn typed(session: &Session, secret: Secret, question: &str) -> Result<Pin, Failure> {
    let typed = ask(session, question, secret)?;
    if !typed.is_ascii() {
        session.note(&session.words().say("prompt-not-ascii"));
    }
    Ok(Pin::copy_of(&typed).with_last_try(session.last_try()))
}

/// A secret that is to be from now on, typed twice: a slip of the finger would lock its owner out.
pub(crate) fn typed_twice(session: &Session, secret: Secret, question: &str, again: &str) -> Result<Pin, Failure> {
    let typed = ask(session, question, secret)?;
    if !typed.is_ascii() {
        return Err(Failure::SecretNotAscii);
    }
    if *typed != *ask(session, again, secret)? {
        return Err(Failure::SecretsDiffer);
    }
    Ok(Pin::copy_of(&typed))
}

/// Refuses two secrets that would be read from the same descriptor.
pub(crate) fn check_descriptors(descriptors: &[(&'static str, Option<u32>)]) -> Result<(), Failure> {
    for (index, (other, number)) in descriptors.iter().enumerate() {
        let same = descriptors[..index].iter().find(|(_, before)| number.is_some() && before == number);
        if let Some((one, _)) = same {
            return Err(Failure::SameInput { one, other });
        }
    }
    Ok(())
}

/// Where the owner's number (주민등록번호, 사업자등록번호) comes from.
#[derive(Args, Debug)]
pub(crate) struct IdnArguments {
    #[arg(long)]
    idn_fd: Option<u32>,
    #[arg(long)]
    idn_file: Option<PathBuf>,
    /// Only there to say what to use instead.
    #[arg(long, hide = true, num_args = 0..=1, allow_hyphen_values = true)]
    idn: Option<Option<Refused>>,
}

impl IdnArguments {
    /// Refuses a number on the command line.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match self.idn {
            Some(_) => Err(Failure::SecretOnCommandLine { option: "--idn" }),
            None => Ok(()),
        }
    }

    /// The descriptor that the number is read from.
    pub(crate) fn descriptor(&self) -> Option<u32> {
        self.idn_fd
    }

    /// The number, at last by asking for it.
    pub(crate) fn get(&self, session: &Session) -> Result<SecretBytes, Failure> {
        let number = if let Some(number) = self.idn_fd {
            let origin = "--idn-fd";
            not_empty(Some(origin), from_descriptor(session, origin, number, Secret::Idn)?)?
        } else if let Some(path) = &self.idn_file {
            let origin = "--idn-file";
            not_empty(Some(origin), from_file(origin, path, Readers::OwnerOnly)?)?
        } else {
            ask(session, &session.words().say("prompt-idn"), Secret::Idn)?
        };
        Ok(SecretBytes::copy_of(&number))
    }
}

fn ask(session: &Session, question: &str, secret: Secret) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if !session.may_ask() {
        return Err(Failure::SecretNeeded(secret));
    }
    match prompt::hidden(question) {
        Ok(answer) => not_empty(None, answer),
        Err(NoAnswer::NoTerminal) => Err(Failure::SecretNeeded(secret)),
        Err(NoAnswer::Cancelled) => Err(Error::from(ErrorKind::Cancelled).into()),
        Err(NoAnswer::Terminal(error)) => Err(Error::io("asking on the terminal", error).into()),
    }
}

/// Who may read a file of a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    OwnerOnly,
    Any,
}

/// The longest secret, in bytes.
const LONGEST: usize = 4096;

fn from_pin_source(source: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let path = source.strip_prefix("file:").unwrap_or(source);
    let path = path.strip_prefix("//").unwrap_or(path);
    if !Path::new(path).is_absolute() {
        return Err(Failure::SecretSourceUnsupported);
    }
    from_file("pin-source", Path::new(path), Readers::OwnerOnly)
}

/// The path is not repeated in an error: the secret itself may stand where its file belongs.
fn from_file(origin: &'static str, path: &Path, readers: Readers) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let failed = |error| Failure::Library(Error::io("reading a secret", error).about(origin));
    let file = File::open(path).map_err(failed)?;
    if readers == Readers::OwnerOnly && others_may_read(&file).map_err(failed)? {
        return Err(Failure::SecretFileOpen { origin });
    }
    one_line(file).map_err(failed)
}

#[cfg(unix)]
fn others_may_read(file: &File) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok(file.metadata()?.mode() & 0o077 != 0)
}

/// Windows has no such bits; a user's files are the user's by default.
#[cfg(not(unix))]
fn others_may_read(_: &File) -> std::io::Result<bool> {
    Ok(false)
}

fn from_descriptor(
    session: &Session,
    option: &'static str,
    number: u32,
    secret: Secret,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let file = descriptor::reading(number).map_err(|_| Failure::BadDescriptor { option })?;
    if file.is_terminal() {
        let question = match secret {
            Secret::Password => "prompt-password-of-nobody",
            Secret::Pin => "prompt-pin-of-nobody",
            Secret::SoPin => "prompt-so-pin-of-nobody",
            Secret::NewPin => "prompt-new-pin-of-nobody",
            Secret::NewPassword => "prompt-new-password",
            Secret::Idn => "prompt-idn",
        };
        return ask(session, &session.words().say(question), secret);
    }
    one_line(file).map_err(|error| Failure::Library(Error::io("reading a secret", error).about(option)))
}

/// All there is, without the one line break that editors and `echo` put at the end.
fn one_line(source: impl Read) -> std::io::Result<Zeroizing<Vec<u8>>> {
    // Never grows, so leaves no copy behind.
    let mut secret = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut source = source.take(LONGEST as u64 + 1);
    loop {
        let mut piece = Zeroizing::new([0; 256]);
        let length = source.read(&mut piece[..])?;
        if length == 0 {
            break;
        }
        secret.extend_from_slice(&piece[..length]);
    }
    if secret.len() > LONGEST {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    if secret.last() == Some(&b'\n') {
        secret.pop();
        if secret.last() == Some(&b'\r') {
            secret.pop();
        }
    }
    Ok(secret)
}

fn not_empty(origin: Option<&'static str>, secret: Zeroizing<Vec<u8>>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if secret.is_empty() { Err(Failure::SecretEmpty { origin }) } else { Ok(secret) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_secrets_do_not_come_from_one_descriptor() {
        assert!(check_descriptors(&[("--pin-fd", Some(3)), ("--so-pin-fd", Some(4)), ("--new-pin-fd", None)]).is_ok());
        assert!(check_descriptors(&[("--pin-fd", None), ("--so-pin-fd", None)]).is_ok());
        let failure = check_descriptors(&[("--pin-fd", Some(3)), ("--so-pin-fd", None), ("--new-pin-fd", Some(3))]);
        assert!(matches!(failure, Err(Failure::SameInput { one: "--pin-fd", other: "--new-pin-fd" })));
    }

    #[test]
    fn one_line_break_at_the_end_is_not_part_of_the_secret() {
        for (content, secret) in [
            ("pass", "pass"),
            ("pass\n", "pass"),
            ("pass\r\n", "pass"),
            ("pass\n\n", "pass\n"),
            (" p \n", " p "),
            ("\n", ""),
        ] {
            assert_eq!(&one_line(content.as_bytes()).unwrap()[..], secret.as_bytes());
        }
        assert!(one_line(&[b'x'; LONGEST + 1][..]).is_err());
    }
}
