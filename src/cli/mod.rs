//! The command line: declare, call, render, exit.

mod commands;
mod context;
#[cfg(not(feature = "internals"))]
mod declare;
#[cfg(feature = "internals")] // for the man pages, which a test writes
pub mod declare;
mod env;
mod failure;
mod json;
mod listener;
#[cfg(feature = "network")]
mod meter;
#[cfg(feature = "network")]
mod network;
mod options;
mod render;
mod terminal;

use std::{io::Write as _, process::ExitCode};

use anstream::ColorChoice;
use clap::Parser as _;

use crate::{
    app::Clock,
    core::text::{Message, misleads},
};

use self::{
    context::Context,
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
    let outcome: Outcome = Env::read().and_then(|env| {
        let (at, at_given) = (global.at.unwrap_or(env.now), global.at.is_some());
        let clock = Clock { at, at_given, now: env.now };
        let format = global.format;
        let mut context = Context { env: &env, clock, format, terminal: &mut terminal };
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
                #[cfg(feature = "serve")]
                Kind::Command(code) => ExitCode::from(code),
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
