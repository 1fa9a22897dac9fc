//! This file speaks Korean and English: every word that the command line prints comes from a Fluent catalogue in `i18n/`.

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::cli::printable::printable;

/// The languages of the command line; both are complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Korean,
    English,
}

impl Language {
    /// What `--lang` takes.
    pub(crate) fn from_option(value: &str) -> Option<Self> {
        match value.to_ascii_lowercase().replace('_', "-").split('-').next()? {
            "ko" => Some(Self::Korean),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The language of a locale such as `ko_KR.UTF-8`; whatever is not Korean reads English.
    pub(crate) fn from_locale(locale: &str) -> Self {
        let language = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("ko") { Self::Korean } else { Self::English }
    }

    fn identifier(self) -> LanguageIdentifier {
        // Chooses the plural rules.
        let tag = match self {
            Self::Korean => "ko",
            Self::English => "en-US",
        };
        tag.parse().unwrap_or_default()
    }
}

/// The words of one language.
pub(crate) struct Words {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl Words {
    pub(crate) fn new(language: Language) -> Self {
        let mut bundle = FluentBundle::new(vec![language.identifier()]);
        // The marks would isolate right-to-left values; ours are made printable instead, and the marks show as boxes in
        // terminals that do not know them.
        bundle.set_use_isolating(false);
        for (korean, english) in CATALOGUES {
            let text = match language {
                Language::Korean => korean,
                Language::English => english,
            };
            // A catalogue that does not parse is a failing test, not a case at run time: what can be read is used.
            let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(resource, _)| resource);
            let _ = bundle.add_resource(resource);
        }
        Self { language, bundle }
    }

    /// Whose words these are.
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    /// The text of this key.
    pub(crate) fn say(&self, key: &str) -> String {
        self.tell(key, &[])
    }

    /// The text of this key around these values. Values are made printable here, so that no certificate and no file name
    /// writes to the terminal on its own.
    pub(crate) fn tell(&self, key: &str, values: &[(&'static str, Told<'_>)]) -> String {
        self.look_up(key, values).unwrap_or_else(|| format!("⟨{key}⟩"))
    }

    /// The text of this key, if there is one.
    pub(crate) fn find(&self, key: &str) -> Option<String> {
        self.look_up(key, &[])
    }

    fn look_up(&self, key: &str, values: &[(&'static str, Told<'_>)]) -> Option<String> {
        let pattern = self.bundle.get_message(key)?.value()?;
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            arguments.set(*name, FluentValue::from(value));
        }
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&arguments), &mut errors).into_owned())
    }
}

/// A value within a text.
pub(crate) enum Told<'a> {
    Text(&'a str),
    Number(i64),
}

impl<'a> From<&'a str> for Told<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Told<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Told<'_> {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<usize> for Told<'_> {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<&Told<'_>> for FluentValue<'static> {
    fn from(value: &Told<'_>) -> Self {
        match value {
            Told::Text(text) => FluentValue::from(printable(text).into_owned()),
            Told::Number(number) => FluentValue::from(*number),
        }
    }
}

macro_rules! catalogues {
    ($($name:literal),* $(,)?) => {
        /// Korean and English, file by file.
        pub(crate) static CATALOGUES: &[(&str, &str)] = &[$((
            include_str!(concat!("../../i18n/ko/", $name, ".ftl")),
            include_str!(concat!("../../i18n/en-US/", $name, ".ftl")),
        )),*];
    };
}

catalogues![
    "certificate",
    "csr",
    "delete",
    "error",
    "grammar",
    "list",
    "prompt",
    "sample",
    "show",
    "sign",
    "token",
    "transfer",
    "verify",
    "vid"
];

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use fluent_bundle::FluentResource;

    use super::*;

    #[test]
    fn a_locale_names_its_language() {
        assert_eq!(Language::from_locale("ko_KR.UTF-8"), Language::Korean);
        assert_eq!(Language::from_locale("ko"), Language::Korean);
        assert_eq!(Language::from_locale("kok_IN"), Language::English);
        assert_eq!(Language::from_locale("C.UTF-8"), Language::English);
        assert_eq!(Language::from_option("ko-KR"), Some(Language::Korean));
        assert_eq!(Language::from_option("fr"), None);
    }

    #[test]
    fn both_catalogues_hold_the_same_keys_with_the_same_variables() {
        let (mut korean, mut english) = (BTreeMap::new(), BTreeMap::new());
        for (ko, en) in CATALOGUES {
            read(ko, &mut korean);
            read(en, &mut english);
        }
        assert!(korean.len() > 100, "the catalogues are read");
        assert_eq!(korean, english);
    }

    #[test]
    fn every_key_in_the_code_is_in_the_catalogues_and_every_key_there_is_used() {
        let mut keys = BTreeMap::new();
        for (ko, _) in CATALOGUES {
            read(ko, &mut keys);
        }
        let mut code = String::new();
        gather(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/cli")), &mut code);
        let mut said = BTreeSet::new();
        for call in ["say(\"", "tell(\"", "key: \"", "Key(\""] {
            for (at, _) in code.match_indices(call) {
                let rest = &code[at + call.len()..];
                said.insert(rest[..rest.find('"').unwrap()].to_owned());
            }
        }
        // This very list of calls is among the source.
        said.retain(|key| {
            key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') && !key.is_empty()
        });
        let missing: Vec<_> = said.iter().filter(|key| !keys.contains_key(*key)).collect();
        assert!(missing.is_empty(), "said and not in the catalogues: {missing:?}");
        let unused: Vec<_> =
            keys.keys().filter(|key| !key.starts_with("help-") && !code.contains(&format!("\"{key}\""))).collect();
        assert!(unused.is_empty(), "in the catalogues and nowhere in the code: {unused:?}");
    }

    #[test]
    fn a_value_cannot_write_to_the_terminal() {
        let words = Words::new(Language::Korean);
        let told = words.tell("error-certificate-not-found", &[("certificate", "\u{1b}[31m\u{202e}x".into())]);
        assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told:?}");
        assert!(told.contains('\u{fffd}'));
    }

    #[test]
    fn no_korean_particle_stands_behind_a_variable() {
        for (ko, _) in CATALOGUES {
            for line in ko.lines() {
                for (at, _) in line.match_indices('}') {
                    let next = line[at + 1..].chars().next();
                    assert!(
                        !next.is_some_and(|c| "은는이가을를와과로".contains(c)),
                        "a particle after a variable: {line}"
                    );
                }
            }
        }
    }

    fn gather(folder: &std::path::Path, code: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, code);
            } else {
                code.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    fn read(text: &str, into: &mut BTreeMap<String, BTreeSet<String>>) {
        let parsed = FluentResource::try_new(text.to_owned());
        assert!(parsed.is_ok(), "{:?}", parsed.err().map(|(_, errors)| errors));
        let mut key = String::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if line.starts_with(|c: char| c.is_ascii_lowercase()) {
                key = line.split([' ', '=']).next().unwrap().to_owned();
                assert!(into.insert(key.clone(), BTreeSet::new()).is_none(), "twice: {key}");
            }
            for (at, _) in line.match_indices('$') {
                let rest = &line[at + 1..];
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                into.get_mut(&key).unwrap().insert(rest[..end].to_owned());
            }
        }
    }
}
