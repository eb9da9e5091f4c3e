//! What every command gets.

use std::fmt::Display;

use crate::{
    app::{
        Clock,
        report::{Report, Verdict},
        store,
        stored::StoredReport,
    },
    cli::{
        declare::Format,
        env::Env,
        failure::{Failure, Kind, Outcome},
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
    pub format: Format,
    /// Where to print it.
    pub terminal: &'a mut Terminal,
}

impl Context<'_> {
    /// Prints a result in the format that was asked for.
    pub fn print(&mut self, result: &impl Rendered) {
        match self.format {
            Format::Human => self.text(result),
            Format::Json => self.terminal.data(&result.json()),
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
        Failure::reported(Kind::Refused)
    }

    /// How a command ends that judged a folder of archives, and printed what became of them.
    pub fn of_store(&self, judgment: &store::StoreJudgment) -> Outcome {
        match (judgment.count(Verdict::Refused), judgment.unchecked()) {
            (0, 0) => Ok(()),
            (0, _) => Err(Failure::reported(Kind::CouldNotCheck)),
            _ => Err(Failure::reported(Kind::Refused)),
        }
    }

    /// Prints the report on an archive that was sealed just now.
    #[cfg(feature = "network")]
    pub fn sealed(&mut self, report: &Report) {
        self.rendered(report, Human::of_seal(report));
    }

    fn rendered(&mut self, report: &Report, human: Human<'_>) {
        match self.format {
            Format::Human => {
                let text = match (self.terminal.quiet(), self.terminal.verbose()) {
                    (true, _) => human.first_line(),
                    (false, verbose) => human.verbose(verbose).to_string(),
                };
                self.terminal.result(text.trim_end());
            }
            Format::Json => self.terminal.data(&StoredReport::of(report)),
        }
    }
}
