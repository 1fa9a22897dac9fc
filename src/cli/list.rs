//! This file is `ingam list`: the certificates of all media in one table.

use clap::Args;
use ingam::certificate::Standing;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::inventory::{Inventory, Set};
use crate::cli::language::Words;
use crate::cli::output::{View, table};
use crate::cli::report::{Exit, Report, chain, reason};
use crate::cli::session::Session;
use crate::cli::{certificate, date};

/// Which certificates are listed, and how far they are told apart.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[arg(long)]
    medium: Option<String>,
    #[arg(long)]
    expired: bool,
    #[arg(long, conflicts_with = "expired", value_parser = days)]
    within: Option<i64>,
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(session: &Session, arguments: &Arguments) -> Result<Exit, Failure> {
    let inventory = Inventory::take(arguments.medium.as_deref())?;
    let now = date::now();
    let wanted = |set: &Set| {
        let certificate = &set.credential.sign.certificate;
        let expired = certificate.standing(now) == Standing::Expired;
        match arguments.within {
            Some(days) => !expired && certificate.days_left(now) <= days,
            None => expired || !arguments.expired,
        }
    };
    let sets: Vec<&Set> = inventory.sets.iter().filter(|set| wanted(set)).collect();
    session.show(&List {
        filtered: arguments.expired || arguments.within.is_some(),
        numbered: !arguments.expired && !arguments.all && arguments.within.is_none() && arguments.medium.is_none(),
        verbose: session.is_verbose(),
        every_copy: arguments.all,
        quiet: session.is_quiet(),
        words: session.words(),
        inventory: &inventory,
        sets,
        now,
    })?;
    Ok(Exit::Done)
}

/// `30d`, `30일`, `30`.
fn days(text: &str) -> Result<i64, String> {
    let digits = text.trim_end_matches("일").trim_end_matches(['d', 'D']);
    match digits.parse() {
        Ok(days @ 0..=36_500) => Ok(days),
        _ => Err(String::new()),
    }
}

struct List<'a> {
    words: &'a Words,
    inventory: &'a Inventory,
    /// Those that are shown, copies of one certificate behind each other.
    sets: Vec<&'a Set>,
    filtered: bool,
    /// Whether rows have numbers: those of the plain list only, so that a number never means two certificates.
    numbered: bool,
    verbose: bool,
    every_copy: bool,
    quiet: bool,
    now: i64,
}

impl View for List<'_> {
    fn json(&self) -> Value {
        let unusable = |(place, error): &(String, ingam::Error)| {
            let report = Report::of_error(error, self.words);
            json!({
                "place": place,
                "code": report.code,
                "message": reason(error, place, self.words),
                "detail": report.detail,
            })
        };
        json!({
            "certs": self.sets.iter().map(|set| certificate::set_json(self.words, set, self.now)).collect::<Vec<_>>(),
            "unusable": self.inventory.unusable.iter().chain(&self.inventory.unasked).map(unusable).collect::<Vec<_>>(),
            "searched": self.inventory.searched.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
        })
    }

    fn text(&self, words: &Words) -> String {
        let mut text = String::new();
        if self.sets.is_empty() {
            text.push_str(&self.nothing(words));
        } else {
            text.push_str(&self.rows(words));
        }
        let incomplete = self.inventory.sets.iter().flat_map(|set| {
            let place = set.folder();
            set.entry.problems.iter().map(move |problem| (place.clone(), problem.clone()))
        });
        text.push_str(&self.reasons(words, "list-incomplete", &incomplete.collect::<Vec<_>>()));
        let mut unusable = self.inventory.unusable.clone();
        if self.verbose {
            unusable.extend_from_slice(&self.inventory.unasked);
        }
        text.push_str(&self.reasons(words, "list-unusable", &unusable));
        text
    }
}

impl List<'_> {
    /// Places and what is wrong there, below a heading; nothing if there are none.
    fn reasons(&self, words: &Words, heading: &str, places: &[(String, ingam::Error)]) -> String {
        if places.is_empty() {
            return String::new();
        }
        let mut text = format!("\n{}\n", words.say(heading));
        for (place, error) in places {
            let reason = reason(error, place, words);
            let line = words.tell("list-unusable-line", &[("place", place.into()), ("reason", (&reason).into())]);
            text.push_str(&format!("{line}\n"));
            if self.verbose {
                text.push_str(&format!("    {}\n", chain(error)));
            }
        }
        text
    }

    fn rows(&self, words: &Words) -> String {
        let heading =
            ["list-number", "list-name", "list-issuer", "list-usage", "list-medium", "list-expires", "list-left"]
                .map(|key| words.say(key));
        let first = usize::from(!self.numbered);
        let mut rows = Vec::new();
        for copies in self.sets.chunk_by(|one, other| one.row == other.row) {
            let shown = if self.every_copy { copies } else { &copies[..1] };
            for (index, set) in shown.iter().enumerate() {
                rows.push(self.row(words, set, index, copies.len() - shown.len()).split_off(first));
            }
        }
        let mut text = table(&heading[first..], &rows);
        if !self.quiet {
            text.push_str(&format!("{}\n", self.summary(words)));
        }
        text
    }

    /// One row: the `index`th of the copies that are shown; `hidden` more are not.
    fn row(&self, words: &Words, set: &Set, index: usize, hidden: usize) -> Vec<String> {
        let certificate = &set.credential.sign.certificate;
        let several = self.inventory.media > 1;
        let mut medium = certificate::medium(words, &set.medium, several);
        if hidden > 0 {
            medium = words.tell("list-medium-and-others", &[("medium", (&medium).into()), ("count", hidden.into())]);
        }
        let mut left = certificate::left(words, certificate, self.now);
        if set.credential.sign.key.is_none() {
            left = words.tell("list-without-key", &[("left", (&left).into())]);
        }
        vec![
            if index == 0 { set.row.to_string() } else { String::new() },
            certificate::name(certificate),
            certificate::issuer(words, certificate),
            certificate::usage(words, certificate),
            medium,
            certificate::expires(certificate),
            left,
        ]
    }

    fn summary(&self, words: &Words) -> String {
        let certificates: Vec<&Set> =
            self.sets.chunk_by(|one, other| one.row == other.row).map(|copies| copies[0]).collect();
        let count = |fits: fn(Standing) -> bool| {
            certificates.iter().filter(|set| fits(set.credential.sign.certificate.standing(self.now))).count()
        };
        let mut media: Vec<_> = self.sets.iter().map(|set| &set.medium.id).collect();
        media.sort_unstable();
        media.dedup();
        let mut parts = vec![
            words.tell("list-summary", &[("certificates", certificates.len().into()), ("media", media.len().into())]),
        ];
        let counts = [
            ("list-summary-expired", count(|standing| standing == Standing::Expired)),
            ("list-summary-renewal", count(|standing| matches!(standing, Standing::RenewalPeriod(_)))),
            ("list-summary-copies", self.sets.len() - certificates.len()),
        ];
        for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            parts.push(words.tell(key, &[("count", count.into())]));
        }
        parts.join(" · ")
    }

    fn nothing(&self, words: &Words) -> String {
        if self.filtered && !self.inventory.sets.is_empty() {
            return format!("{}\n", words.say("list-nothing-fits"));
        }
        let unusable = !self.inventory.unusable.is_empty();
        if self.inventory.searched.is_empty() {
            // A token was named; NPKI folders have no part in this.
            let message = if unusable { "list-nothing-usable-there" } else { "list-nothing-there" };
            return format!("{}\n", words.say(message));
        }
        let mut text = format!("{}\n", words.say(if unusable { "list-nothing-usable" } else { "list-nothing" }));
        for folder in &self.inventory.searched {
            let state = match folder.try_exists() {
                Ok(true) => "list-searched",
                Ok(false) => "list-searched-missing",
                Err(_) => "list-searched-closed",
            };
            let folder = folder.to_string_lossy();
            text.push_str(&format!("{}\n", words.tell(state, &[("folder", (&*folder).into())])));
        }
        if !unusable {
            text.push_str(&format!("{}\n", words.say("list-nothing-hint")));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_in_three_ways() {
        for text in ["30d", "30일", "30"] {
            assert_eq!(days(text), Ok(30));
        }
        for text in ["", "d", "-1d", "30w", "99999999999999999999"] {
            assert!(days(text).is_err(), "{text}");
        }
    }
}
