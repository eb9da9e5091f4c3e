//! The command line: parse, build the environment, call, render, exit.

pub(crate) mod commands;
pub mod declare;
pub(crate) mod env;
pub(crate) mod failure;
mod json;
pub mod render;
mod terminal;

use std::{io::Write as _, process::ExitCode};

use anstream::ColorChoice;
use clap::Parser as _;

use crate::core::text::{Message, misleads};

use self::{
    commands::Context,
    declare::{Cli, Color, Format},
    env::Env,
    failure::{Failure, Kind, Outcome},
    terminal::Terminal,
};

/// Runs the command line and returns the exit code: 0 verified or done, 1 examined and refused,
/// 2 could not check.
pub fn main() -> ExitCode {
    let Cli { global, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let color = match global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut terminal = Terminal::new(color, global.quiet, global.verbose);
    let outcome: Outcome = Env::read().and_then(|mut env| {
        env.now = global.at.unwrap_or(env.now);
        env.at_given = global.at.is_some();
        let mut context = Context { env: &env, format: global.format, terminal: &mut terminal };
        commands::run(command, &mut context)
    });
    let outcome = outcome.and_then(|()| match terminal.lost() {
        None => Ok(()),
        Some(error) => Err(Failure::could_not(format_args!("cannot write the result: {error}"))),
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if global.format == Format::Json && !failure.message.is_empty() {
                terminal.result(format_args!("{:#}", failure.to_json()));
            }
            terminal.failure(&failure);
            match failure.kind {
                Kind::Refused => ExitCode::from(1),
                Kind::CouldNotCheck => ExitCode::from(2),
            }
        }
    }
}

/// Help and version as clap prints them; an error, too, unless it quotes what must not reach a
/// terminal: file names come from whoever made the files.
fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if !error.use_stderr() || !text.lines().any(|line| line.contains(misleads)) {
        error.exit();
    }
    let lines: Vec<_> = text.trim_end().lines().map(|line| Message(line).to_string()).collect();
    let _ = writeln!(std::io::stderr(), "{}", lines.join("\n"));
    ExitCode::from(2)
}
