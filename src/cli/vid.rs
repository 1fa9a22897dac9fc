//! This file is `ingam vid`: 본인확인. It checks an owner's number against a certificate, and hands R to whom may have it.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ingam::credential::VidRandom;
use ingam::keystore::lock;
use ingam::npki::vid::{IdentifyData, Vid};
use ingam::secret::SecretBytes;
use ingam::{Error, ErrorKind};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::cli::file::{Output, Secrecy};
use crate::cli::inventory::{CertificateArgument, Inventory, Set};
use crate::cli::language::Words;
use crate::cli::output::{View, base64, hex};
use crate::cli::report::Exit;
use crate::cli::secret::{IdnArguments, PasswordArguments};
use crate::cli::session::Session;
use crate::cli::{certificate, descriptor};

/// The two verbs of `vid`.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    #[command(alias = "검증")]
    Verify(VerifyArguments),
    R(RandomArguments),
}

/// Whose number is checked against which certificate.
#[derive(Args, Debug)]
struct VerifyArguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[command(flatten)]
    idn: IdnArguments,
    #[command(flatten)]
    password: PasswordArguments,
}

/// Whose R goes where.
#[derive(Args, Debug)]
struct RandomArguments {
    #[command(flatten)]
    certificate: CertificateArgument,
    #[arg(long = "out", required_unless_present = "out_fd", conflicts_with = "out_fd")]
    output: Option<PathBuf>,
    #[arg(long)]
    out_fd: Option<u32>,
    #[arg(long, value_enum, default_value_t = Form::Base64)]
    form: Form,
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    password: PasswordArguments,
}

/// How R is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Base64,
    Hex,
    Raw,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.verb {
        Verb::Verify(arguments) => verify(session, arguments),
        Verb::R(arguments) => random(session, arguments),
    }
}

fn verify(session: &Session, arguments: &VerifyArguments) -> Result<Exit, Failure> {
    arguments.password.check()?;
    arguments.idn.check()?;
    if let (Some(idn), Some(password)) = (arguments.idn.descriptor(), arguments.password.descriptor())
        && idn == password
    {
        return Err(Failure::SameInput { one: "--idn-fd", other: "--password-fd" });
    }
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    let set = inventory.find_signing(session, selector)?;
    let vid = vid_of(set)?;
    // First the number: a person is asked for what they came to check, then for the password.
    let idn = arguments.idn.get(session)?;
    check_form(&vid, &idn)?;
    let random = open_random(session, &inventory, set, selector, &arguments.password)?;
    let fits = vid.fits(&idn, &random)?;
    session.show(&Checked { set, fits })?;
    Ok(if fits { Exit::Done } else { Exit::Failed })
}

fn random(session: &Session, arguments: &RandomArguments) -> Result<Exit, Failure> {
    arguments.password.check()?;
    let output = arguments.output.as_deref().map(|path| Output::new(path, arguments.force)).transpose()?;
    let to_stdout = output.as_ref().is_some_and(Output::is_stdout) || arguments.out_fd == Some(1);
    if session.is_json() && to_stdout {
        return Err(Failure::Usage("error-json-and-stdout"));
    }
    let selector = &arguments.certificate.certificate;
    let inventory = Inventory::take(arguments.certificate.medium.as_deref())?;
    let set = inventory.find_signing(session, selector)?;
    let random = open_random(session, &inventory, set, selector, &arguments.password)?;
    let written = written(&random, arguments.form);
    match (&output, arguments.out_fd) {
        (Some(output), _) => output.write(session, &written, Secrecy::Secret)?,
        (None, number) => write_to_descriptor(number.unwrap_or_default(), &written)?,
    }
    if !to_stdout && (session.is_json() || !session.is_quiet()) {
        session.show(&Handed { set, form: arguments.form, to: output.as_ref() })?;
    }
    Ok(Exit::Done)
}

/// Refuses a number that is none before a password is asked for: whatever R is, it would be refused.
fn check_form(vid: &Vid, idn: &SecretBytes) -> Result<(), Failure> {
    match vid.fits(idn, &VidRandom::copy_of(&[0; VidRandom::LEN])) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::InvalidInput => Err(Failure::BadIdn),
        Err(error) => Err(error.into()),
    }
}

fn vid_of(set: &Set) -> Result<Vid, Failure> {
    let identity = IdentifyData::of(&set.credential.sign.certificate)?;
    identity.and_then(|identity| identity.vid).ok_or_else(|| Failure::NoVid { folder: set.folder() })
}

fn open_random(
    session: &Session,
    inventory: &Inventory,
    set: &Set,
    selector: &str,
    password: &PasswordArguments,
) -> Result<VidRandom, Failure> {
    let key = set.key()?;
    let token = inventory.open(session, set, selector, password)?;
    let random = lock(&token).vid_random(key)?;
    random.ok_or_else(|| Failure::NoVidRandom { folder: set.folder() })
}

fn written(random: &VidRandom, form: Form) -> Zeroizing<Vec<u8>> {
    let text = match form {
        Form::Raw => return Zeroizing::new(random.expose().to_vec()),
        Form::Hex => Zeroizing::new(hex(random.expose())),
        Form::Base64 => Zeroizing::new(base64(random.expose())),
    };
    let mut line = Zeroizing::new(Vec::with_capacity(text.len() + 1));
    line.extend_from_slice(text.as_bytes());
    line.push(b'\n');
    line
}

fn write_to_descriptor(number: u32, bytes: &[u8]) -> Result<(), Failure> {
    let option = "--out-fd";
    let mut file = descriptor::writing(number).map_err(|_| Failure::BadDescriptor { option })?;
    if file.is_terminal() {
        return Err(Failure::OutputIsTerminal);
    }
    file.write_all(bytes).map_err(|error| Error::io("writing R", error).about(option).into())
}

struct Checked<'a> {
    set: &'a Set,
    fits: bool,
}

impl View for Checked<'_> {
    fn json(&self) -> Value {
        json!({ "vid": { "fits": self.fits }, "cert": { "sha256": hex(&self.set.sha256) } })
    }

    fn text(&self, words: &Words) -> String {
        let key = if self.fits { "vid-fits" } else { "vid-does-not-fit" };
        format!(
            "{}\n",
            words.tell(key, &[("name", (&certificate::name(&self.set.credential.sign.certificate)).into())])
        )
    }
}

struct Handed<'a> {
    set: &'a Set,
    form: Form,
    to: Option<&'a Output>,
}

impl View for Handed<'_> {
    fn json(&self) -> Value {
        let form = match self.form {
            Form::Base64 => "base64",
            Form::Hex => "hex",
            Form::Raw => "raw",
        };
        json!({
            "vid_random": { "form": form, "file": self.to.map(|output| output.path().to_string_lossy()) },
            "cert": { "sha256": hex(&self.set.sha256) },
        })
    }

    fn text(&self, words: &Words) -> String {
        let name = certificate::name(&self.set.credential.sign.certificate);
        let text = match self.to {
            Some(output) if output.is_file() => {
                let path = output.path().to_string_lossy();
                words.tell("vid-random-written", &[("name", (&name).into()), ("file", (&*path).into())])
            }
            _ => words.tell("vid-random-handed", &[("name", (&name).into())]),
        };
        format!("{text}\n")
    }
}
