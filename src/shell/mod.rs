//! The command line: parse, build the environment, call, render, exit.

pub mod cli;
mod commands;
mod env;
mod failure;
mod json;
pub mod report;
mod terminal;
mod trust;
pub mod verification;

use std::process::ExitCode;

use anstream::ColorChoice;
use clap::Parser as _;

use self::{
    cli::{Cli, Color, Format},
    commands::Context,
    env::Env,
    failure::{Kind, Outcome},
    terminal::Terminal,
};

/// Runs the command line and returns the exit code: 0 verified or done, 1 examined and refused,
/// 2 could not check.
pub fn main() -> ExitCode {
    let Cli { global, command } = Cli::parse();
    let color = match global.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut terminal = Terminal::new(color, global.quiet, global.verbose);
    let outcome: Outcome = Env::read().and_then(|mut env| {
        env.now = global.at.unwrap_or(env.now);
        let mut context = Context { env: &env, format: global.format, terminal: &mut terminal };
        commands::run(command, &mut context)
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
