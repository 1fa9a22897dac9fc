//! This file is the grammar of `ingam`: its verbs and global options, and how their help gets its words.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Args, Command, Parser, Subcommand};

use crate::cli::language::{Language, Words};
use crate::cli::{copy, csr, delete, import};
use crate::cli::{list, module, sample, show, sign, token, verify, vid};

/// The whole command line. Help texts are not here: [`localised`] takes them from the catalogues.
#[derive(Debug, Parser)]
#[command(name = "ingam", bin_name = "ingam", version, disable_help_flag = true, disable_version_flag = true)]
#[command(disable_help_subcommand = true, arg_required_else_help = true, color = clap::ColorChoice::Never)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs, by their English names; the Korean ones are aliases.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    #[command(alias = "목록")]
    List(list::Arguments),
    #[command(alias = "보기")]
    Show(show::Arguments),
    #[command(alias = "서명")]
    Sign(sign::Arguments),
    #[command(alias = "검증")]
    Verify(verify::Arguments),
    #[command(alias = "가져오기")]
    Import(import::Arguments),
    #[command(alias = "복사")]
    Copy(copy::CopyArguments),
    #[command(alias = "이동")]
    Move(copy::MoveArguments),
    #[command(alias = "삭제")]
    Delete(delete::Arguments),
    #[command(alias = "발급요청")]
    Csr(csr::Arguments),
    #[command(alias = "본인확인", subcommand_required = true, arg_required_else_help = true)]
    Vid(vid::Arguments),
    #[command(alias = "토큰", subcommand_required = true, arg_required_else_help = true)]
    Token(token::Arguments),
    #[command(alias = "모듈", subcommand_required = true, arg_required_else_help = true)]
    Module(module::Arguments),
    #[command(alias = "시험용")]
    Sample(sample::Arguments),
}

/// What every verb takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    #[arg(long, global = true)]
    pub(crate) no_input: bool,
    #[arg(long, global = true)]
    pub(crate) yes: bool,
    #[arg(long, global = true)]
    pub(crate) allow_last_try: bool,
    /// Read by [`Early::scan`] before anything else, since the help and every error need it.
    #[arg(long, global = true, value_parser = ["ko", "en"])]
    pub(crate) lang: Option<String>,
    #[arg(long, short, global = true, action = ArgAction::Help)]
    pub(crate) help: Option<bool>,
    #[arg(long, short = 'V', action = ArgAction::Version)]
    pub(crate) version: Option<bool>,
}

/// What must be known before the arguments are parsed: how to speak about arguments that do not parse.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Early {
    pub(crate) language: Option<Language>,
    pub(crate) json: bool,
}

impl Early {
    pub(crate) fn scan(arguments: &[OsString]) -> Self {
        let mut early = Self::default();
        let mut words = arguments.iter().skip(1).map(|word| word.to_string_lossy());
        while let Some(word) = words.next() {
            match &*word {
                "--" => break,
                "--json" => early.json = true,
                "--lang" => early.language = words.next().and_then(|value| Language::from_option(&value)),
                _ => {
                    if let Some(value) = word.strip_prefix("--lang=") {
                        early.language = Language::from_option(value);
                    }
                }
            }
        }
        early
    }
}

/// The options that [`Global`] flattens into every verb.
const GLOBAL: &[&str] = &["json", "quiet", "verbose", "no_input", "yes", "allow_last_try", "lang", "help", "version"];

/// The command with every text in one language: the keys are `help-<verb>`, `help-<verb>-usage`, `help-<verb>-examples`
/// and, for an argument, `help-<verb>-<argument>` or, where several verbs share it, `help-arg-<argument>`.
pub(crate) fn localised(command: Command, words: &Words) -> Command {
    dress(command, "ingam", words)
}

fn dress(command: Command, path: &str, words: &Words) -> Command {
    let template = format!(
        "{{about-with-newline}}\n{}\n  {{usage}}\n\n{{all-args}}{{after-help}}",
        words.say("help-heading-usage")
    );
    let text = |part: &str| words.say(&format!("help-{path}{part}"));
    let mut after = format!("{}\n{}", words.say("help-heading-examples"), indented(&text("-examples")));
    let takes = |id: &str| command.get_arguments().any(|argument| argument.get_id() == id);
    let secrets = match (takes("password_file"), takes("pin_file"), takes("so_pin_file")) {
        (true, true, _) => Some("help-secrets-both"),
        (true, false, _) => Some("help-secrets"),
        (false, _, true) => Some("help-secrets-pin"),
        (false, true, false) => Some("help-secrets-one-pin"),
        (false, false, false) => None,
    };
    if let Some(key) = secrets {
        after = format!("{after}\n\n{}", words.say(key));
    }
    command
        .about(text(""))
        .override_usage(text("-usage").replace('\n', "\n  "))
        .after_help(after)
        .help_template(template)
        .subcommand_help_heading(words.say("help-heading-verbs"))
        .mut_args(|argument| dress_argument(argument, path, words))
        .mut_subcommands(|verb| {
            let below =
                if path == "ingam" { verb.get_name().to_owned() } else { format!("{path}-{}", verb.get_name()) };
            dress(verb, &below, words)
        })
}

fn dress_argument(argument: Arg, path: &str, words: &Words) -> Arg {
    let id = argument.get_id().as_str().replace('_', "-");
    let own = format!("help-{path}-{id}");
    let shared = format!("help-arg-{id}");
    let help = words.find(&own).unwrap_or_else(|| words.say(&shared));
    let heading = if GLOBAL.contains(&argument.get_id().as_str()) {
        "help-heading-global"
    } else if argument.is_positional() {
        "help-heading-arguments"
    } else {
        "help-heading-options"
    };
    let value = words.find(&format!("{own}-value")).or_else(|| words.find(&format!("{shared}-value")));
    let argument =
        argument.help(help).help_heading(words.say(heading)).hide_possible_values(true).hide_default_value(true);
    match value {
        Some(value) => argument.value_name(value),
        None => argument,
    }
}

fn indented(text: &str) -> String {
    text.lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("  {line}") })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_grammar_is_sound() {
        localised(Arguments::command(), &Words::new(Language::English)).debug_assert();
    }

    #[test]
    fn every_verb_explains_itself_in_both_languages() {
        for language in [Language::Korean, Language::English] {
            let words = Words::new(language);
            let command = localised(Arguments::command(), &words);
            explain(&words, command);
        }
    }

    fn explain(words: &Words, mut command: Command) {
        let help = command.render_long_help().to_string();
        assert!(!help.contains('⟨'), "{help}");
        for foreign in ["Usage:", "Options:", "Arguments:", "Commands:", "[default", "[possible", "[aliases", "Print "]
        {
            assert!(words.language() == Language::English || !help.contains(foreign), "{foreign} in {help}");
        }
        let verbs: Vec<Command> = command.get_subcommands().cloned().collect();
        for verb in verbs {
            explain(words, verb);
        }
    }

    #[test]
    fn language_and_json_are_known_before_parsing() {
        let scan = |words: &[&str]| Early::scan(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(scan(&["ingam", "list", "--lang", "ko"]).language, Some(Language::Korean));
        assert_eq!(scan(&["ingam", "--lang=en", "--json"]), Early { language: Some(Language::English), json: true });
        assert_eq!(scan(&["ingam", "show", "--", "--json"]), Early::default());
    }
}
