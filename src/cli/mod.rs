//! The command line: declare, call, render, exit.

mod commands;
mod context;
#[cfg(not(feature = "internals"))]
mod declare;
#[cfg(feature = "internals")] // for the man pages, which a test writes
pub mod declare;
mod env;
mod failure;
mod listener;
#[cfg(feature = "network")]
mod meter;
#[cfg(feature = "network")]
mod network;
mod options;
mod render;
mod terminal;
mod usage;

use std::process::ExitCode;

use anstream::ColorChoice;
use clap::Parser as _;

use crate::app::Clock;

use self::{
    context::Context,
    declare::{Cli, Color, OutputFormat},
    env::Env,
    failure::{CommandResult, Ending, Failure},
    terminal::Terminal,
};

/// Runs the command line and returns the exit code: 0 verified or done, 1 examined and refused,
/// 2 could not check.
pub fn main() -> ExitCode {
    let Cli { global, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage::end(&error),
    };
    let color = match global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut terminal = Terminal::new(color, global.quiet, global.verbose);
    let outcome: CommandResult = Env::read().and_then(|env| {
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
            if global.format == OutputFormat::Json && !failure.message.is_empty() {
                terminal.result(format_args!("{:#}", failure.to_json()));
            }
            terminal.failure(&failure);
            match failure.ending {
                Ending::Refused => ExitCode::from(1),
                Ending::CouldNotCheck => ExitCode::from(2),
                #[cfg(feature = "serve")]
                Ending::Command(code) => ExitCode::from(code),
            }
        }
    }
}
