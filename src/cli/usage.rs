//! Mistaken options: told as clap tells them and, with `--format json`, to programs as well.

use std::{ffi::OsString, io::Write as _, process::ExitCode};

use anstream::ColorChoice;

use crate::{
    cli::{failure::Failure, terminal::Terminal},
    core::text::{Message, misleads},
};

/// Prints help and the version as clap does. It does so with an error, too, unless the error quotes
/// characters that must not reach a terminal. The name of a file can have such characters.
pub fn end(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() && asks_for_json(std::env::args_os()) {
        let mut terminal = Terminal::new(ColorChoice::Never, false, false);
        terminal.data(&failure(&text).to_json());
    }
    if !error.use_stderr() || !text.lines().any(|line| line.contains(misleads)) {
        error.exit();
    }
    let lines: Vec<_> = text.trim_end().lines().map(|line| Message(line).to_string()).collect();
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    ExitCode::from(2)
}

/// Whether `--format json` is among the options. clap has read none of them, since one is mistaken.
fn asks_for_json(arguments: impl Iterator<Item = OsString>) -> bool {
    let options: Vec<_> = arguments.take_while(|argument| argument != "--").collect();
    let is_pair =
        |pair: &[OsString]| matches!(pair, [key, value] if key == "--format" && value == "json");
    options.windows(2).any(is_pair) || options.iter().any(|option| option == "--format=json")
}

/// The same without the usage.
fn failure(text: &str) -> Failure {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines = lines.take_while(|line| {
        !line.starts_with("Usage:") && !line.starts_with("For more information")
    });
    let (tips, fact): (Vec<_>, Vec<_>) = lines.partition(|line| line.starts_with("tip: "));
    let fact = fact.join(" ");
    let hint = tips.first().and_then(|tip| tip.strip_prefix("tip: "));
    Failure::could_not(fact.strip_prefix("error: ").unwrap_or(&fact)).maybe_hint(hint)
}
