//! What the commands do. Each file orchestrates one: nothing is declared or rendered here.

#[cfg(feature = "network")]
mod bundle_fetch;
mod bundle_inspect;
mod bundle_sign;
mod bundle_verify;
mod key;
#[cfg(feature = "network")]
pub(crate) mod progress;
mod trust_diff;
mod trust_export;
mod trust_import;
mod trust_pin;
#[cfg(feature = "network")]
mod trust_refresh;
mod trust_show;

use clap::CommandFactory as _;

use crate::cli::render::{Human, to_json};
use crate::{
    app::report::Report,
    cli::{
        declare::{Bundle, Cli, Command, Format, Key, Trust},
        env::Env,
        failure::Outcome,
        terminal::Terminal,
    },
};

/// What every command gets.
pub struct Context<'a> {
    /// The environment.
    pub env: &'a Env,
    /// How to print the result.
    pub format: Format,
    /// Where to print it.
    pub terminal: &'a mut Terminal,
}

impl Context<'_> {
    /// Prints a report in the format that was asked for.
    fn report(&mut self, report: &Report) {
        self.print(report, Human::new(report));
    }

    /// Prints the report on an archive that was sealed just now.
    #[cfg(feature = "network")]
    fn sealed(&mut self, report: &Report) {
        self.print(report, Human::of_seal(report));
    }

    fn print(&mut self, report: &Report, human: Human<'_>) {
        match self.format {
            Format::Human => {
                let text = match (self.terminal.quiet(), self.terminal.verbose()) {
                    (true, _) => human.first_line(),
                    (false, verbose) => human.verbose(verbose).to_string(),
                };
                self.terminal.result(text.trim_end());
            }
            Format::Json => self.json(&to_json(report)),
        }
    }

    fn json(&mut self, value: &impl serde::Serialize) {
        self.terminal.data(value);
    }
}

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
        Command::Trust(Trust::Show(options)) => trust_show::show(&options, context),
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
