//! This file is `ingam sign`: a raw RSA signature over a file with a certificate's key.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ingam::certificate::Standing;
use ingam::crypto::Hasher;
use ingam::keystore::lock;
use ingam::mechanism::{Hash, SignInput, SignMechanism, SignRequest};
use ingam::{Error, ErrorKind};
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::file::{self, Output, Secrecy};
use crate::cli::inventory::{CertificateArgument, Inventory, Set};
use crate::cli::language::Words;
use crate::cli::output::{View, hex};
use crate::cli::report::Exit;
use crate::cli::secret::PasswordArguments;
use crate::cli::session::Session;
use crate::cli::{certificate, date};

/// With which certificate what is signed, and how.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[arg(long = "in")]
    input: PathBuf,
    #[arg(long = "out")]
    output: PathBuf,
    /// The bare signature: the one form there is, and the default.
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    scheme: SchemeArguments,
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    password: PasswordArguments,
}

/// How a signature is made or checked.
#[derive(Args, Debug)]
pub(crate) struct SchemeArguments {
    #[arg(long, value_enum, default_value_t = HashName::Sha256)]
    hash: HashName,
    #[arg(long)]
    pss: bool,
}

/// A hash by the name that users type.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum HashName {
    Sha256,
    Sha384,
    Sha512,
    Sha1,
}

impl SchemeArguments {
    /// RSASSA-PKCS1-v1_5, or RSASSA-PSS with MGF1 of the same hash and a salt as long as the hash.
    pub(crate) fn mechanism(&self) -> SignMechanism {
        let hash = self.hash();
        if self.pss { SignMechanism::Pss { hash, mgf: hash, salt_len: hash.len() } } else { SignMechanism::Pkcs1(hash) }
    }

    pub(crate) fn hash(&self) -> Hash {
        match self.hash {
            HashName::Sha256 => Hash::Sha256,
            HashName::Sha384 => Hash::Sha384,
            HashName::Sha512 => Hash::Sha512,
            HashName::Sha1 => Hash::Sha1,
        }
    }

    /// `SHA256-RSA-PKCS`, as PKCS#11 tools call it.
    pub(crate) fn name(&self) -> String {
        let hash = match self.hash {
            HashName::Sha256 => "SHA256",
            HashName::Sha384 => "SHA384",
            HashName::Sha512 => "SHA512",
            HashName::Sha1 => "SHA1",
        };
        format!("{hash}-RSA-PKCS{}", if self.pss { "-PSS" } else { "" })
    }
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.password.check()?;
    let output = Output::new(&arguments.output, arguments.force)?;
    if session.is_json() && output.is_stdout() {
        return Err(Failure::Usage("error-json-and-stdout"));
    }
    if arguments.input.as_os_str() == "-" && arguments.password.descriptor() == Some(0) {
        return Err(Failure::SameInput { one: "--in", other: "--password-fd" });
    }
    if output.is_input(&arguments.input) {
        return Err(Failure::Usage("error-output-is-input"));
    }
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    let set = inventory.find_signing(session, selector)?;
    let key = set.key()?;
    let input = file::input(&arguments.input)?;
    let certificate = &set.credential.sign.certificate;
    let standing = certificate.standing(date::now());
    match standing {
        Standing::Expired => session.note(&session.words().say("sign-expired")),
        Standing::NotYetValid => session.note(&session.words().say("sign-not-yet-valid")),
        Standing::Valid | Standing::RenewalPeriod(_) => {}
    }

    let token = inventory.open(session, set, selector, &arguments.password)?;
    let signer = lock(&token).signer(key)?;
    let content = content(input, arguments, set.medium.token.is_some())?;
    let request = SignRequest { mechanism: arguments.scheme.mechanism(), input: content.as_input() };
    let signature = signer.sign(&request)?;
    output.write(session, &signature, Secrecy::Public)?;
    if !output.is_stdout() && (session.is_json() || !session.is_quiet()) {
        session.show(&Signed {
            set,
            output: &output,
            algorithm: arguments.scheme.name(),
            length: signature.len(),
            standing,
        })?;
    }
    Ok(Exit::Done)
}

/// What is signed.
enum Content {
    Message(Vec<u8>),
    Digest(Vec<u8>),
}

impl Content {
    fn as_input(&self) -> SignInput<'_> {
        match self {
            Self::Message(message) => SignInput::Message(message),
            Self::Digest(digest) => SignInput::Digest(digest),
        }
    }
}

/// A token is given the message as long as it is no large one: with a key that asks for the PIN each time, some can sign
/// nothing else.
fn content(mut input: Box<dyn Read>, arguments: &Arguments, is_on_token: bool) -> Result<Content, Failure> {
    const LARGE: u64 = 16 << 20;
    let failed = |error| Failure::file("reading the input", &arguments.input, error);
    let mut message = Vec::new();
    if is_on_token {
        input.by_ref().take(LARGE).read_to_end(&mut message).map_err(failed)?;
        if (message.len() as u64) < LARGE {
            return Ok(Content::Message(message));
        }
    }
    hash_all(message.as_slice().chain(input), arguments.scheme.hash()).map(Content::Digest).map_err(failed)
}

/// The digest of everything that there is to read, a piece at a time.
pub(crate) fn hash_all(mut input: impl Read, hash: Hash) -> std::io::Result<Vec<u8>> {
    let mut hasher = Hasher::new(hash);
    let mut piece = vec![0; 64 * 1024];
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok(hasher.finish()),
            Ok(length) => hasher.update(&piece[..length]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

struct Signed<'a> {
    set: &'a Set,
    output: &'a Output,
    algorithm: String,
    length: usize,
    standing: Standing,
}

impl View for Signed<'_> {
    fn json(&self) -> Value {
        let certificate = &self.set.credential.sign.certificate;
        json!({
            "signature": {
                "file": self.output.path().to_string_lossy(),
                "bytes": self.length,
                "algorithm": self.algorithm,
            },
            "cert": {
                "sha256": hex(&self.set.sha256),
                "key_id": hex(&certificate.key_id()),
                "standing": self.standing.key(),
                "expired": self.standing == Standing::Expired,
            },
        })
    }

    fn text(&self, words: &Words) -> String {
        let certificate = &self.set.credential.sign.certificate;
        let file = self.output.path().to_string_lossy();
        let text = words.tell(
            "sign-done",
            &[
                ("name", (&certificate::name(certificate)).into()),
                ("file", (&*file).into()),
                ("algorithm", (&self.algorithm).into()),
                ("bytes", self.length.into()),
            ],
        );
        format!("{text}\n")
    }
}

/// Whether a signature over this digest fits the certificate; a signature of the wrong length does not.
pub(crate) fn fits(set: &Set, mechanism: SignMechanism, digest: &[u8], signature: &[u8]) -> Result<bool, Failure> {
    let certificate = &set.credential.sign.certificate;
    let (modulus, exponent) =
        certificate.rsa_public().ok_or(Error::new(ErrorKind::Unsupported, "reading the public key"))?;
    let key = ingam::crypto::rsa::PublicKey::new(modulus, exponent)?;
    let request = SignRequest { mechanism, input: SignInput::Digest(digest) };
    match key.verify(&request, signature) {
        Ok(()) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::Mismatch | ErrorKind::InvalidInput) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
