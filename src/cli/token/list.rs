//! This file is `ingam token list`: every token of every module, and the modules that cannot be used.

use serde_json::{Value, json};

use super::describe;
use super::found::Tokens;
use crate::cli::failure::Failure;
use crate::cli::language::Words;
use crate::cli::output::{View, table};
use crate::cli::report::{Exit, Report, chain, reason};
use crate::cli::session::Session;

pub(super) fn run(session: &Session) -> Result<Exit, Failure> {
    let tokens = Tokens::take()?;
    session.show(&List {
        words: session.words(),
        tokens: &tokens,
        quiet: session.is_quiet(),
        verbose: session.is_verbose(),
    })?;
    Ok(Exit::Done)
}

struct List<'a> {
    words: &'a Words,
    tokens: &'a Tokens,
    quiet: bool,
    verbose: bool,
}

impl View for List<'_> {
    fn json(&self) -> Value {
        let unusable = |(name, place, error): &(String, String, ingam::Error)| {
            let report = Report::of_error(error, self.words);
            json!({
                "name": name,
                "module": place,
                "code": report.code,
                "message": reason(error, place, self.words),
                "hint": report.hint,
                "detail": report.detail,
            })
        };
        json!({
            "tokens": self.tokens.tokens.iter().map(describe::json).collect::<Vec<_>>(),
            "unusable": self.tokens.unusable.iter().map(unusable).collect::<Vec<_>>(),
        })
    }

    fn text(&self, words: &Words) -> String {
        let mut text = if self.tokens.tokens.is_empty() { self.nothing(words) } else { self.rows(words) };
        if !self.tokens.unusable.is_empty() {
            text.push_str(&format!("\n{}\n", words.say("token-list-unusable")));
        }
        for (name, place, error) in &self.tokens.unusable {
            let place = format!("{name} {place}");
            let reason = reason(error, &place, words);
            let line = words.tell("list-unusable-line", &[("place", (&place).into()), ("reason", (&reason).into())]);
            text.push_str(&format!("{line}\n"));
            for hint in Report::of_error(error, words).hint.iter().flat_map(|hint| hint.lines()) {
                text.push_str(&format!("    {hint}\n"));
            }
            if self.verbose {
                text.push_str(&format!("    {}\n", chain(error)));
            }
        }
        text
    }
}

impl List<'_> {
    fn rows(&self, words: &Words) -> String {
        let heading =
            ["token-list-label", "token-list-model", "token-list-serial", "token-list-pin", "token-list-module"]
                .map(|key| words.say(key));
        let rows = self.tokens.tokens.iter().filter_map(|found| {
            let state = found.medium.token.as_ref()?;
            Some(vec![
                found.medium.label.clone(),
                describe::model(state),
                found.medium.serial(),
                describe::pin(words, state),
                found.medium.place.clone(),
            ])
        });
        let mut text = table(&heading, &rows.collect::<Vec<_>>());
        if !self.quiet {
            let counts = [("tokens", self.tokens.tokens.len().into()), ("modules", self.tokens.modules.into())];
            text.push_str(&format!("{}\n", words.tell("token-list-summary", &counts)));
        }
        text
    }

    fn nothing(&self, words: &Words) -> String {
        format!("{}\n{}\n", words.say("token-list-nothing"), words.say("token-list-nothing-hint"))
    }
}
