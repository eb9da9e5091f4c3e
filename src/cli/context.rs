//! What every command gets.

use std::fmt::Display;

use crate::{
    app::{Clock, report::Report, stored::StoredReport},
    cli::{
        declare::OutputFormat,
        env::Env,
        failure::{Ending, Failure},
        render::{Human, Rendered},
        terminal::Terminal,
    },
};

/// What every command gets.
pub struct Context<'a> {
    /// The environment.
    pub env: &'a Env,
    /// The times of this run.
    pub clock: Clock,
    /// How to print the result.
    pub format: OutputFormat,
    /// Where to print it.
    pub terminal: &'a mut Terminal,
}

impl Context<'_> {
    /// Prints a result in the format that was asked for.
    pub fn print(&mut self, result: &impl Rendered) {
        match self.format {
            OutputFormat::Human => self.text(result),
            OutputFormat::Json => self.terminal.data(&result.json()),
        }
    }

    /// Prints the text, unless it is empty.
    fn text(&mut self, result: &impl Display) {
        let text = result.to_string();
        if !text.is_empty() {
            self.terminal.result(text);
        }
    }

    /// Prints a report in the format that was asked for.
    pub fn report(&mut self, report: &Report) {
        self.rendered(report, Human::new(report));
    }

    /// Prints the report on an archive that was refused, and what was not done because of that.
    pub fn refused<E: Into<Failure>>(
        &mut self,
        report: Box<Report>,
        error: impl FnOnce(Box<Report>) -> E,
    ) -> Failure {
        self.report(&report);
        self.terminal.failure(&error(report).into());
        Failure::reported(Ending::Refused)
    }

    /// Prints the report on an archive that was sealed just now.
    #[cfg(feature = "network")]
    pub fn sealed(&mut self, report: &Report) {
        self.rendered(report, Human::of_seal(report));
    }

    fn rendered(&mut self, report: &Report, human: Human<'_>) {
        match self.format {
            OutputFormat::Human => {
                let text = match (self.terminal.quiet(), self.terminal.verbose()) {
                    (true, _) => human.first_line(),
                    (false, verbose) => human.verbose(verbose).to_string(),
                };
                self.terminal.result(text.trim_end());
            }
            OutputFormat::Json => self.terminal.data(&StoredReport::of(report)),
        }
    }
}
