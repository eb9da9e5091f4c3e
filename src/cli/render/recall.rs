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
    store::passed_over,
};
use crate::{
    app::{
        recall::{Applied, CheckedArchive, RecallFindings, RecallState},
        report::Verdict,
        verify::VerifyError,
    },
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
        f.write_str(&self.first_line())?;
        match self.quiet {
            true => Ok(()),
            false => write!(f, "\n\n{}", Sections(self).to_string().trim_end()),
        }
    }
}

/// All but the first line. Each section starts with an empty line.
struct Sections<'a>(&'a AppliedRecall<'a>);

impl fmt::Display for Sections<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(applied) = self;
        applied.basis(f)?;
        applied.affected(f)?;
        applied.refused(f)?;
        applied.unchecked(f)?;
        applied.not_asked(f)
    }
}

impl AppliedRecall<'_> {
    /// The whole answer.
    fn first_line(&self) -> String {
        let applied = self.applied;
        let (word, style) = match applied.state() {
            RecallState::Affected => ("affected", BAD),
            RecallState::Refused => ("refused", BAD),
            RecallState::Unchecked => ("unchecked", WARN),
            RecallState::Clear => ("clear", GOOD),
        };
        let all = count(applied.examined(), "examined archive");
        let affected = applied.count(RecallState::Affected);
        let mut line = format!("{style}{word}{style:#}: {affected} of {all} affected");
        for (number, what) in [
            (applied.count(RecallState::Refused), "refused"),
            (
                applied.count(RecallState::Unchecked).saturating_add(applied.unread.len()),
                "unchecked",
            ),
        ] {
            if number > 0 {
                line.push_str(&format!(", {number} {what}"));
            }
        }
        let not_asked = applied.not_asked().len();
        if not_asked > 0 {
            line.push_str(&format!(", {} not asked about", count(not_asked, "package")));
        }
        line.push_str(&passed_over(applied.recalls.len()));
        let unreadable = applied.recall.unreadable;
        if unreadable > 0 {
            line.push_str(&format!(", {} could not be read", unread_records(unreadable)));
        }
        line
    }

    fn basis(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Applied { recall, at, .. } = self.applied;
        writeln!(f, "  recall    {}", Untrusted(&recall.file))?;
        writeln!(f, "  sha256    {}", recall.sha256.to_hex())?;
        writeln!(f, "  sealed    {}, {}", day(recall.sealed_at), ago(*at - recall.sealed_at))?;
        writeln!(f, "  signed by {}", recall.signers.join(", "))?;
        let (advisories, names) =
            (count(recall.advisories, "advisory"), count(recall.names, "name"));
        let (records, from) = (recall.records, Untrusted(&recall.from));
        writeln!(f, "  carries   {advisories} for {names}, out of {records} in {from}")?;
        if recall.unreadable > 0 {
            let records = unread_records(recall.unreadable);
            writeln!(
                f,
                "            {WARN}{records} there could not be read{WARN:#}, and may be about any package"
            )?;
        }
        let trust = match (recall.carries_trust, recall.brought_trust) {
            (_, true) => "newer than this machine's was; the trust store has it now",
            (true, false) => "not newer than this machine's",
            (false, false) => "the recall carries no trust material that this machine uses",
        };
        writeln!(f, "  trust     {trust}")
    }

    /// The archives in a state.
    fn of(&self, state: RecallState) -> impl Iterator<Item = &CheckedArchive> {
        self.applied.archives.iter().filter(move |archive| archive.state() == state)
    }

    fn affected(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for archive in self.of(RecallState::Affected) {
            let Ok(outcome) = &archive.outcome else { continue };
            writeln!(f, "\n{BAD}affected{BAD:#}: {}", Untrusted(&archive.file))?;
            listed(f, self.verbose, &outcome.affected, |f, affected| {
                write!(f, "  {}", Untrusted(&affected.package))?;
                if let Some(entry) = &affected.bundled {
                    write!(f, " {DIM}bundled at {}{DIM:#}", Untrusted(entry))?;
                }
                let (id, summary) = (Untrusted(&affected.advisory), Untrusted(&affected.summary));
                writeln!(f, "\n    {id} {summary}")
            })?;
            if outcome.verdict == Verdict::Refused {
                writeln!(f, "  refused as well:")?;
                self.why(f, outcome)?;
            }
        }
        Ok(())
    }

    fn refused(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for archive in self.of(RecallState::Refused) {
            writeln!(f, "\n{BAD}refused{BAD:#}: {}", Untrusted(&archive.file))?;
            match &archive.outcome {
                Ok(outcome) => self.why(f, outcome)?,
                Err(error) => writeln!(f, "  {}", Message(&error.to_string()))?,
            }
        }
        Ok(())
    }

    /// Why an archive is refused, whatever the advisories say.
    fn why(&self, f: &mut Formatter<'_>, outcome: &RecallFindings) -> fmt::Result {
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
        for archive in self.of(RecallState::Unchecked) {
            let Err(error) = &archive.outcome else { continue };
            writeln!(f, "\n{WARN}unchecked{WARN:#}: {}", Untrusted(&archive.file))?;
            writeln!(f, "  {}", Message(&error.to_string()))?;
        }
        for (name, why) in &self.applied.unread {
            writeln!(f, "\n{WARN}unchecked{WARN:#}: {}\n  {}", Untrusted(name), Message(why))?;
        }
        for recall in &self.applied.recalls {
            writeln!(
                f,
                "\n{WARN}passed over{WARN:#}: {} is a recall, not an archive",
                Untrusted(recall)
            )?;
        }
        if !self.applied.links.is_empty() {
            writeln!(f, "\nsymbolic links, which are not followed")?;
            listed(f, self.verbose, &self.applied.links, |f, link| {
                writeln!(f, "  {}", Untrusted(link))
            })?;
        }
        Ok(())
    }

    fn not_asked(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.applied.not_asked().into_iter().collect();
        if names.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}not asked about{WARN:#}: {}", count(names.len(), "package"))?;
        writeln!(
            f,
            "  the recall did not ask about these packages, so it does not say whether they are malicious:\n  \
             on the connected side, fetch a recall for their archives, or name them with --purls"
        )?;
        listed(f, self.verbose, &names, |f, name| writeln!(f, "  {}", Untrusted(&name.to_string())))
    }
}

fn unread_records(number: u64) -> String {
    count(usize::try_from(number).unwrap_or(usize::MAX), "record")
}

/// Why an archive was not examined to the end, as a failure of a command.
fn failure(error: &VerifyError) -> (Option<&'static str>, String, Option<String>) {
    let failure = Failure::could_not(error).maybe_hint(error.hint());
    (error.code(), failure.message, failure.hint)
}
