//! This file judges a foreign suite by a list of expected differences, each with its reason. What fails must be in the
//! list, as often as the list says; what no longer fails must leave it; a crash or a hang is never expected.
//!
//! `INGAM_UPDATE_EXPECTED=1` writes the counts anew, drops what no longer differs and adds what is new without a reason: the
//! run fails until somebody wrote one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// How a test of a suite ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// The suite itself calls it a finding or a failure.
    Differs,
    Skipped,
    /// A crash, a hang, or an end without a verdict.
    Died,
}

#[derive(serde::Deserialize)]
struct List {
    #[serde(default)]
    difference: Vec<Difference>,
}

/// Tests that match, written `NAME | CAUSE`; `*` stands for any characters. A test belongs to the first that matches it.
#[derive(serde::Deserialize)]
struct Difference {
    tests: Vec<String>,
    count: usize,
    reason: String,
}

/// Fails unless what differs is what `tests/clients/suites/NAME.expected.toml` says. Prints the figures.
/// The tests are named `NAME | CAUSE`, so that a list can say why rather than which.
pub(crate) fn judge(name: &str, outcomes: &BTreeMap<String, Outcome>) {
    let of = |wanted: Outcome| -> Vec<&str> {
        outcomes.iter().filter(|(_, outcome)| **outcome == wanted).map(|(test, _)| test.as_str()).collect()
    };
    let (differing, died) = (of(Outcome::Differs), of(Outcome::Died));
    println!(
        "{name}: {} passed, {} differ, {} skipped, {} died",
        of(Outcome::Passed).len(),
        differing.len(),
        of(Outcome::Skipped).len(),
        died.len()
    );
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/clients/suites/{name}.expected.toml"));
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    let mut list: List = toml::from_str(&text).unwrap();
    let (counts, new) = sorted(&list.difference, &differing);
    let mut wrong = complaints(&list.difference, &counts, &new);
    if std::env::var_os("INGAM_UPDATE_EXPECTED").is_some_and(|value| !value.is_empty()) {
        for (difference, count) in list.difference.iter_mut().zip(&counts) {
            difference.count = *count;
        }
        list.difference.retain(|difference| difference.count > 0);
        let tests = |test: &&str| Difference { tests: vec![(*test).into()], count: 1, reason: String::new() };
        list.difference.extend(new.iter().map(tests));
        let (counts, new) = sorted(&list.difference, &differing);
        wrong = complaints(&list.difference, &counts, &new);
        std::fs::write(&file, written(&text, &list.difference)).unwrap();
    }
    assert!(died.is_empty(), "a crash or a hang is never expected: {died:#?}");
    assert!(outcomes.values().any(|outcome| *outcome == Outcome::Passed), "{name}: nothing passed");
    assert!(wrong.is_empty(), "{name}:\n{}", wrong.join("\n"));
}

/// How many tests belong to each difference, and those that belong to none.
fn sorted<'a>(list: &[Difference], differing: &[&'a str]) -> (Vec<usize>, Vec<&'a str>) {
    let mut counts = vec![0; list.len()];
    let mut new = Vec::new();
    for test in differing {
        match list.iter().position(|difference| difference.tests.iter().any(|pattern| matches(pattern, test))) {
            Some(index) => counts[index] += 1,
            None => new.push(*test),
        }
    }
    (counts, new)
}

fn complaints(list: &[Difference], counts: &[usize], new: &[&str]) -> Vec<String> {
    let mut wrong: Vec<String> = new.iter().map(|test| format!("differs, and nobody expected it: {test}")).collect();
    for (difference, count) in list.iter().zip(counts) {
        let tests = difference.tests.join(" ");
        if *count != difference.count {
            wrong.push(format!("{count} differ, {} are expected: {tests}", difference.count));
        }
        if difference.reason.trim().is_empty() {
            wrong.push(format!("no reason: {tests}"));
        }
    }
    wrong
}

/// The list as a file, below the comment that the old one began with.
fn written(old: &str, list: &[Difference]) -> String {
    let mut text: String =
        old.lines().take_while(|line| line.starts_with('#')).map(|line| format!("{line}\n")).collect();
    for Difference { tests, count, reason } in list {
        let tests: Vec<String> = tests.iter().map(|test| format!("    {}", toml::Value::from(test.as_str()))).collect();
        let reason = toml::Value::from(reason.as_str());
        let _ = write!(
            text,
            "\n[[difference]]\nreason = {reason}\ncount = {count}\ntests = [\n{},\n]\n",
            tests.join(",\n")
        );
    }
    text
}

/// Whether `*` of the pattern can be filled so that it is this text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    (0..=text.len()).filter(|index| text.is_char_boundary(*index)).any(|index| matches(rest, &text[index..]))
}

#[test]
fn a_list_of_differences_is_wrong_when_one_is_new_gone_or_without_a_reason() {
    let list = |reason: &str| [Difference { tests: vec!["a::*".into(), "b".into()], count: 2, reason: reason.into() }];
    let complain = |reason: &str, differing: &[&str]| {
        let (counts, new) = sorted(&list(reason), differing);
        complaints(&list(reason), &counts, &new).len()
    };
    assert_eq!(complain("why", &["a::x", "b"]), 0);
    assert_eq!(complain("why", &["a::x"]), 1, "one is gone");
    assert_eq!(complain("why", &["a::x", "b", "c"]), 1, "one is new");
    assert_eq!(complain(" ", &["a::x", "b"]), 1, "no reason");
}

#[test]
fn a_written_list_reads_back() {
    let list = [Difference { tests: vec!["a\"[1]*".into()], count: 3, reason: "it's so".into() }];
    let text = written("# why\n# so\n\n[[difference]]\n", &list);
    assert!(text.starts_with("# why\n# so\n\n[["), "{text}");
    let back: List = toml::from_str(&text).unwrap();
    assert_eq!(back.difference[0].tests, list[0].tests);
    assert_eq!((back.difference[0].count, back.difference[0].reason.as_str()), (3, "it's so"));
}

#[test]
fn a_star_matches_any_characters() {
    assert!(matches("a*c*", "abcd") && matches("*", "") && matches("abc", "abc") && matches("*c", "acbc"));
    assert!(!matches("a*d", "abc") && !matches("ab", "abc"));
}
