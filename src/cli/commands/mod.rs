//! What the commands do. Each file has one: it makes options of what was declared, calls the use case,
//! and hands the result to be rendered.

#[cfg(feature = "network")]
mod bundle_fetch;
mod bundle_inspect;
mod bundle_sign;
mod bundle_verify;
mod key;
mod trust_diff;
mod trust_export;
mod trust_import;
mod trust_pin;
#[cfg(feature = "network")]
mod trust_refresh;
mod trust_show;

use clap::CommandFactory as _;

use crate::cli::{
    context::Context,
    declare::{Bundle, Cli, Command, Key, Trust},
    failure::Outcome,
};

/// Runs a command.
///
/// # Errors
/// As the command says.
pub fn run(command: Command, context: &mut Context<'_>) -> Outcome {
    match command {
        #[cfg(feature = "network")]
        Command::Bundle(Bundle::Fetch(options)) => bundle_fetch::run(&options, context),
        Command::Bundle(Bundle::Verify(options)) => bundle_verify::run(&options, context),
        Command::Bundle(Bundle::Inspect(options)) => bundle_inspect::run(&options, context),
        Command::Bundle(Bundle::Sign(options)) => bundle_sign::run(&options, context),
        Command::Key(Key::Generate(options)) => key::generate(&options, context),
        Command::Key(Key::Show(options)) => key::show(&options, context),
        #[cfg(feature = "network")]
        Command::Trust(Trust::Refresh(options)) => trust_refresh::run(&options, context),
        Command::Trust(Trust::Import(options)) => trust_import::run(&options, context),
        Command::Trust(Trust::Pin(options)) => trust_pin::run(&options, context),
        Command::Trust(Trust::Show(options)) => trust_show::run(&options, context),
        Command::Trust(Trust::Diff(options)) => trust_diff::run(&options, context),
        Command::Trust(Trust::Export(options)) => trust_export::run(&options, context),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sealift", &mut script);
            context.terminal.result(String::from_utf8_lossy(&script).trim_end());
            Ok(())
        }
    }
}
