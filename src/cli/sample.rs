//! This file is `ingam sample`: a TEST CA and NPKI sets, for trying out and for CI.

use std::path::{Path, PathBuf};

use clap::Args;
use ingam::npki::authority::Authority;
use ingam::pin::Pin;
use ingam::sample::{SampleKind, SampleRequest, TestAuthority};
use ingam::secret::SecretBytes;
use ingam::selector::MediumSelector;
use ingam::storage::NpkiFolder;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::file::{Output, Secrecy};
use crate::cli::inventory::{Inventory, configuration};
use crate::cli::language::Words;
use crate::cli::output::{View, pem};
use crate::cli::report::Exit;
use crate::cli::secret::PasswordArguments;
use crate::cli::session::Session;
use crate::cli::{certificate, date};

/// What is made, and where.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[arg(long = "out")]
    output: PathBuf,
    #[arg(long, value_parser = SampleKind::ALL.map(SampleKind::key), default_value = "personal-bank")]
    kind: Vec<String>,
    #[arg(long, value_parser = days, allow_hyphen_values = true, default_value = "365d")]
    expires_in: i64,
    #[arg(long)]
    km: bool,
    #[arg(long)]
    name: Option<String>,
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000), default_value_t = 1)]
    count: u16,
    #[command(flatten)]
    password: PasswordArguments,
}

/// The password of a sample unless another one is given. No secret: it is printed, and it stands in the documentation.
const TEST_PASSWORD: &str = "ingam-TEST-2026!";

/// The owner's number of every sample: none that anybody has.
const TEST_IDN: &str = "0000000000000";

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    // What cannot be read fails before anything is written.
    let config = configuration()?;
    if arguments.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        return Err(Failure::Usage("error-empty-name"));
    }
    let given = arguments.password.given(session, None)?;
    // What is told must hold from any folder.
    let folder = std::path::absolute(&arguments.output)
        .map_err(|error| Failure::file("making a folder", &arguments.output, error))?;
    let npki = folder.join("NPKI");
    if npki.symlink_metadata().is_ok() {
        return Err(Failure::SampleExists { path: npki.to_string_lossy().into_owned() });
    }
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file("making a folder", &folder, error))?;
    let new = |name: &str| {
        Output::new(&folder.join(name), false).map_err(|failure| match failure {
            Failure::OutputExists { path } => Failure::SampleExists { path },
            other => other,
        })
    };
    let (root, ca) = (new("root.pem")?, new("ca.pem")?);
    let built_in = given.is_none();
    let password = given.unwrap_or_else(|| Pin::copy_of(TEST_PASSWORD.as_bytes()));

    // Everything is made before anything is written.
    let authorities = authorities(&arguments.kind)?;
    let mut sets = Vec::new();
    for request in requests(arguments) {
        let issuer = request.kind.authority();
        if let Some(authority) = authorities.iter().find(|authority| *authority.authority() == issuer) {
            sets.push(authority.issue(&request, &password)?);
        }
    }
    std::fs::create_dir(&npki).map_err(|error| Failure::file("making a folder", &npki, error))?;
    let mut storage = NpkiFolder::new(npki.clone(), config.folders);
    for set in &sets {
        set.publish(&mut storage)?;
    }
    let first = authorities.iter().take(1).map(|authority| pem(authority.root().der()));
    root.write(session, first.collect::<String>().as_bytes(), Secrecy::Public)?;
    let issuing = authorities.iter().map(|authority| pem(authority.certificate().der()));
    ca.write(session, issuing.collect::<String>().as_bytes(), Secrecy::Public)?;

    // Read back as any other folder is: what is told below is what is there.
    let inventory = Inventory::of(Some(&MediumSelector::Folder(npki.clone())))?;
    session.show(&Made {
        words: session.words(),
        inventory: &inventory,
        npki: &npki,
        root: &root,
        ca: &ca,
        built_in,
    })?;
    Ok(Exit::Done)
}

/// One TEST CA for each issuer that the kinds need, all below one root.
fn authorities(kinds: &[String]) -> Result<Vec<TestAuthority>, Failure> {
    let mut made: Vec<TestAuthority> = Vec::new();
    for kind in kinds.iter().filter_map(|kind| SampleKind::from_key(kind)) {
        let issuer: Authority = kind.authority();
        if made.iter().any(|authority| *authority.authority() == issuer) {
            continue;
        }
        let authority = match made.first() {
            Some(first) => first.sibling(&issuer)?,
            None => TestAuthority::new(&issuer, date::now())?,
        };
        made.push(authority);
    }
    Ok(made)
}

fn requests(arguments: &Arguments) -> impl Iterator<Item = SampleRequest> {
    let kinds = arguments.kind.iter().filter_map(|kind| SampleKind::from_key(kind));
    let (mut people, mut companies) = (PEOPLE.iter().cycle(), COMPANIES.iter().cycle());
    kinds.flat_map(move |kind| std::iter::repeat_n(kind, arguments.count.into())).map(move |kind| {
        let names = if kind.is_corporate() { &mut companies } else { &mut people };
        let owner = arguments.name.as_deref().or_else(|| names.next().copied()).unwrap_or_default();
        let mut request = SampleRequest::new(kind, owner, date::now());
        request.expires_in = arguments.expires_in;
        request.km = arguments.km;
        request.idn = SecretBytes::copy_of(TEST_IDN.as_bytes());
        request
    })
}

/// Names that every Korean knows for nobody's in particular. The bracket stands in the CN and is not part of the name that
/// is shown.
const PEOPLE: [&str; 8] = [
    "홍길동(TEST)",
    "성춘향(TEST)",
    "이몽룡(TEST)",
    "심청(TEST)",
    "임꺽정(TEST)",
    "전우치(TEST)",
    "장길산(TEST)",
    "박문수(TEST)",
];
const COMPANIES: [&str; 4] = ["(주)가나다(TEST)", "(주)라마바(TEST)", "(주)사아자(TEST)", "(주)차카타(TEST)"];

/// `18d`, `0d`, `-1d` for one that has expired.
fn days(text: &str) -> Result<i64, String> {
    match text.trim_end_matches("일").trim_end_matches(['d', 'D']).parse() {
        Ok(days @ -3_650..=3_650) => Ok(days),
        _ => Err(String::new()),
    }
}

struct Made<'a> {
    words: &'a Words,
    inventory: &'a Inventory,
    npki: &'a Path,
    root: &'a Output,
    ca: &'a Output,
    /// Whether the password is the one that everybody knows.
    built_in: bool,
}

impl View for Made<'_> {
    fn json(&self) -> Value {
        let now = date::now();
        json!({
            "sample": {
                "npki": self.npki.to_string_lossy(),
                "root": self.root.path().to_string_lossy(),
                "ca": self.ca.path().to_string_lossy(),
                "password": self.built_in.then_some(TEST_PASSWORD),
                "password_source": if self.built_in { "built-in" } else { "given" },
                "idn": TEST_IDN,
            },
            "certs": self.inventory.sets.iter()
                .map(|set| certificate::set_json(self.words, set, now))
                .collect::<Vec<_>>(),
        })
    }

    fn text(&self, words: &Words) -> String {
        let npki = self.npki.to_string_lossy();
        let mut text =
            words.tell("sample-made", &[("count", self.inventory.sets.len().into()), ("folder", (&*npki).into())]);
        for set in self.inventory.sets.iter().take(SHOWN) {
            text.push_str(&format!("\n  {}", certificate::one_line(words, set)));
        }
        if let Some(rest) = self.inventory.sets.len().checked_sub(SHOWN).filter(|rest| *rest > 0) {
            text.push_str(&format!("\n{}", words.tell("sample-more", &[("count", rest.into())])));
        }
        let password = if self.built_in {
            words.tell("sample-password-built-in", &[("password", TEST_PASSWORD.into())])
        } else {
            words.say("sample-password-given")
        };
        let root = self.root.path().to_string_lossy();
        let ca = self.ca.path().to_string_lossy();
        let files =
            words.tell("sample-files", &[("root", (&*root).into()), ("ca", (&*ca).into()), ("idn", TEST_IDN.into())]);
        let next = words.tell("sample-next", &[("folder", (&word_of_a_shell(&npki)).into())]);
        format!("{text}\n\n{password}\n{files}\n\n{next}\n")
    }
}

/// Certificates that the text names one by one.
const SHOWN: usize = 10;

/// As one word of a POSIX shell.
fn word_of_a_shell(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_left_of_a_sample_may_be_over() {
        assert_eq!((days("18d"), days("0"), days("-1d")), (Ok(18), Ok(0), Ok(-1)));
        assert!(days("4000d").is_err() && days("x").is_err());
    }

    #[test]
    fn a_folder_is_told_as_one_word_of_a_shell() {
        assert_eq!(word_of_a_shell("/tmp/시험/NPKI"), "/tmp/시험/NPKI");
        assert_eq!(word_of_a_shell("/tmp/a b'c"), r"'/tmp/a b'\''c'");
    }
}
