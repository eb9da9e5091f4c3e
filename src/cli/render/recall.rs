//! `sealift recall`: what was sealed, and what became of each archive.

#[cfg(feature = "network")]
mod fetch;
mod json;

use std::fmt::{self, Formatter};

use serde::Serialize;

#[cfg(feature = "network")]
pub use self::fetch::FetchedRecall;
use super::{
    Rendered,
    human::{ago, count, day, listed},
};
use crate::{
    app::recall::{Applied, Judged, Outcome, State},
    cli::{
        failure::Failure,
        terminal::{BAD, DIM, GOOD, WARN},
    },
    core::text::{Message, Untrusted},
};

/// What became of all archives.
pub struct AppliedRecall<'a> {
    /// What was found.
    pub applied: &'a Applied,
    /// Whether to say only the first line.
    pub quiet: bool,
    /// Whether to list everything.
    pub verbose: bool,
}

impl Rendered for AppliedRecall<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json::applied(self.applied)
    }
}

impl fmt::Display for AppliedRecall<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.first_line(f)?;
        if self.quiet {
            return Ok(());
        }
        self.basis(f)?;
        self.affected(f)?;
        self.refused(f)?;
        self.unchecked(f)?;
        self.not_asked(f)
    }
}

impl AppliedRecall<'_> {
    /// The whole answer.
    fn first_line(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let applied = self.applied;
        let (word, style) = match applied.state() {
            State::Affected => ("affected", BAD),
            State::Refused => ("refused", BAD),
            State::Unchecked => ("unchecked", WARN),
            State::Clear => ("clear", GOOD),
        };
        let all = applied.archives.len();
        let affected = applied.count(State::Affected);
        write!(f, "{style}{word}{style:#}: {affected} of {} affected", count(all, "archive"))?;
        for (number, what) in [
            (applied.count(State::Refused), "refused"),
            (applied.count(State::Unchecked).saturating_add(applied.unread.len()), "unchecked"),
        ] {
            if number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        match applied.not_asked().len() {
            0 => Ok(()),
            number => write!(f, ", {} not asked about", count(number, "package")),
        }
    }

    fn basis(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Applied { recall, at, .. } = self.applied;
        write!(
            f,
            "\n\n  recall    {}\n  sha256    {}\n  sealed    {}, {}\n  signed by {}",
            Untrusted(&recall.file),
            recall.sha256.to_hex(),
            day(recall.sealed_at),
            ago(*at - recall.sealed_at),
            recall.signers.join(", "),
        )?;
        write!(
            f,
            "\n  carries   {} of {} in {}, for {}",
            count(recall.advisories, "advisory"),
            recall.records,
            Untrusted(&recall.from),
            count(recall.names, "name"),
        )?;
        if recall.unreadable > 0 {
            let files = count(usize::try_from(recall.unreadable).unwrap_or(usize::MAX), "file");
            write!(f, "\n            {WARN}{files} there could not be read{WARN:#}")?;
        }
        let trust = match recall.brought_trust {
            true => "newer than this machine's was; the trust store has it now",
            false => "not newer than this machine's",
        };
        write!(f, "\n  trust     {trust}")
    }

    /// The archives in a state.
    fn of(&self, state: State) -> impl Iterator<Item = &Judged> {
        self.applied.archives.iter().filter(move |archive| archive.state() == state)
    }

    fn affected(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for archive in self.of(State::Affected) {
            let Ok(outcome) = &archive.outcome else { continue };
            write!(f, "\n\n{BAD}affected{BAD:#}: {}", Untrusted(&archive.file))?;
            writeln!(f)?;
            listed(f, self.verbose, &outcome.affected, |f, affected| {
                write!(f, "  {}", Untrusted(&affected.package))?;
                if let Some(entry) = &affected.bundled {
                    write!(f, " {DIM}bundled at {}{DIM:#}", Untrusted(entry))?;
                }
                let (id, summary) = (Untrusted(&affected.advisory), Untrusted(&affected.summary));
                writeln!(f, "\n    {id} {summary}")
            })?;
            if outcome.verdict == crate::app::report::Verdict::Refused {
                writeln!(f, "  refused as well:")?;
                self.why(f, outcome)?;
            }
        }
        Ok(())
    }

    fn refused(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for archive in self.of(State::Refused) {
            write!(f, "\n\n{BAD}refused{BAD:#}: {}", Untrusted(&archive.file))?;
            writeln!(f)?;
            match &archive.outcome {
                Ok(outcome) => self.why(f, outcome)?,
                Err(error) => writeln!(f, "  {}", Message(&error.to_string()))?,
            }
        }
        Ok(())
    }

    /// Why an archive is refused, whatever the advisories say.
    fn why(&self, f: &mut Formatter<'_>, outcome: &Outcome) -> fmt::Result {
        for past in &outcome.past_limits {
            writeln!(f, "  {past} too old")?;
        }
        listed(f, self.verbose, &outcome.denied, |f, denied| {
            let (what, detail) = (Untrusted(&denied.what), Untrusted(&denied.detail));
            writeln!(f, "  {what} {DIM}[{}]{DIM:#}\n    {detail}", denied.code)
        })?;
        if outcome.more_denied > 0 {
            let more = outcome.more_denied;
            writeln!(f, "    {DIM}and {more} more; `sealift bundle verify` lists all{DIM:#}")?;
        }
        Ok(())
    }

    fn unchecked(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for archive in self.of(State::Unchecked) {
            let Err(error) = &archive.outcome else { continue };
            write!(f, "\n\n{WARN}unchecked{WARN:#}: {}", Untrusted(&archive.file))?;
            write!(f, "\n  {}", Message(&error.to_string()))?;
        }
        for (name, why) in &self.applied.unread {
            let (name, why) = (Untrusted(name), Message(why));
            write!(f, "\n\n{WARN}unchecked{WARN:#}: {name}\n  {why}")?;
        }
        for link in &self.applied.links {
            let link = Untrusted(link);
            write!(f, "\n\n{DIM}not followed{DIM:#}: {link}\n  it is a symbolic link")?;
        }
        Ok(())
    }

    fn not_asked(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.applied.not_asked().into_iter().collect();
        if names.is_empty() {
            return Ok(());
        }
        write!(f, "\n\n{WARN}not asked about{WARN:#}: {}", count(names.len(), "package"))?;
        writeln!(
            f,
            "\n  of these the recall says nothing: on the connected side, fetch it with their\n  \
             archives or with --purls"
        )?;
        listed(f, self.verbose, &names, |f, name| writeln!(f, "  {}", Untrusted(&name.to_string())))
    }
}

/// Why an archive was not examined to the end, as a failure of a command.
fn failure(
    error: &crate::app::verify::VerifyError,
) -> (Option<&'static str>, String, Option<String>) {
    let failure = Failure::could_not(error).maybe_hint(error.hint());
    (error.code(), failure.message, failure.hint)
}
