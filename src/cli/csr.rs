//! This file is `ingam csr`: a key pair is made in a token, and a request for its certificate (PKCS#10) written to a file.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use ingam::csr;
use ingam::keystore::{SharedToken, lock};
use ingam::token::Generated;
use serde_json::{Value, json};

use crate::cli::certificate;
use crate::cli::failure::Failure;
use crate::cli::file::{Output, Secrecy};
use crate::cli::language::Words;
use crate::cli::output::{View, pem_of};
use crate::cli::refusal::Refusal;
use crate::cli::report::{Exit, Report};
use crate::cli::secret::PinArguments;
use crate::cli::session::Session;
use crate::cli::target::Target;

/// In which token, for whom, and where the request goes.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[arg(long)]
    medium: String,
    #[arg(long)]
    subject: String,
    #[arg(long = "out")]
    output: PathBuf,
    #[arg(long, default_value_t = 2048, value_parser = PossibleValuesParser::new(["2048", "3072", "4096"]).try_map(|bits| bits.parse::<u32>()))]
    bits: u32,
    #[arg(long)]
    label: Option<String>,
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    pin: PinArguments,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    arguments.pin.check()?;
    let output = Output::new(&arguments.output, arguments.force)?;
    if session.is_json() && output.is_stdout() {
        return Err(Failure::Usage("error-json-and-stdout"));
    }
    // A name that cannot be read must not cost a key.
    let common_name = csr::common_name(&arguments.subject)?;
    let label = arguments.label.clone().or(common_name).unwrap_or_else(|| arguments.subject.clone());
    let target = Target::find("--medium", &arguments.medium, None)?;
    let token = target.token()?;
    if lock(&token).generator().is_none() {
        return Err(Refusal::NoKeysMade { medium: target.name(session.words()) }.into());
    }
    target.log_in(session, &arguments.pin)?;
    let generated = generate(&token, arguments.bits, &label, &target, session)?;
    let written = request(&token, &arguments.subject, &generated)
        .and_then(|request| output.write(session, pem_of("CERTIFICATE REQUEST", &request).as_bytes(), Secrecy::Public));
    // Whatever fails now, the key is there: who is not told of it would make a second one.
    if let Err(failure) = written {
        return Err(match Report::of(&failure, session.words()) {
            Some(report) => {
                let because = Box::new(report);
                Refusal::RequestFailed {
                    medium: Arc::clone(&target.medium),
                    label,
                    key: generated.key.entry.clone(),
                    because,
                }
                .into()
            }
            None => failure,
        });
    }
    if !output.is_stdout() && (session.is_json() || !session.is_quiet()) {
        session.show(&Requested {
            output: &output,
            target: &target,
            label: &label,
            arguments,
            generated: &generated,
        })?;
    }
    Ok(Exit::Done)
}

fn generate(
    token: &SharedToken,
    bits: u32,
    label: &str,
    target: &Target,
    session: &Session,
) -> Result<Generated, Failure> {
    let mut token = lock(token);
    let generator = token.generator();
    let generator = generator.ok_or_else(|| Refusal::NoKeysMade { medium: target.name(session.words()) })?;
    Ok(generator.generate(bits, label)?)
}

fn request(token: &SharedToken, subject: &str, generated: &Generated) -> Result<Vec<u8>, Failure> {
    let signer = lock(token).signer(&generated.key)?;
    Ok(csr::request(subject, &generated.public_key_info, &*signer)?)
}

struct Requested<'a> {
    output: &'a Output,
    target: &'a Target,
    label: &'a str,
    arguments: &'a Arguments,
    generated: &'a Generated,
}

impl View for Requested<'_> {
    fn json(&self) -> Value {
        json!({
            "csr": {
                "file": self.output.path().to_string_lossy(),
                "subject": self.arguments.subject,
                "bits": self.arguments.bits,
                "label": self.label,
                "key": self.generated.key.entry.as_str(),
            },
            "medium": certificate::medium_json(&self.target.medium),
        })
    }

    fn text(&self, words: &Words) -> String {
        let file = self.output.path().to_string_lossy();
        let done = words.tell(
            "csr-done",
            &[("file", (&*file).into()), ("token", (&self.target.medium.label).into()), ("label", self.label.into())],
        );
        format!("{done}\n{}\n", words.say("csr-next"))
    }
}
