//! The report for people: the whole answer in the first line, what it rests on, the counts, then
//! whatever deserves a look.

mod basis;
mod notes;
mod refused;
mod text;

use std::fmt::{self, Display, Formatter};

pub use self::{
    basis::TrustLine,
    text::{ago, count, day, size},
};
use crate::{
    app::report::{Judged, Report, Verdict as Whole},
    cli::terminal::{BAD, DIM, GOOD, STRONG, WARN},
    core::{
        lockfile::coverage::{Disposition, EntryOutcome},
        policy::Denial,
        verdict::Claim,
    },
};

/// The report for people, at 80 columns where the facts allow.
#[derive(Clone, Copy)]
pub struct Human<'a> {
    report: &'a Report,
    verbose: bool,
    /// Whether the archive was sealed just now: then it says what `bundle verify` would say.
    seal: bool,
}

/// Lines of a list before it is cut, without `--verbose`.
const LISTED: usize = 20;

impl<'a> Human<'a> {
    /// Renders a report.
    pub fn new(report: &'a Report) -> Self {
        Self { report, verbose: false, seal: false }
    }

    /// Renders the report on an archive that was sealed just now.
    #[cfg_attr(not(feature = "network"), allow(dead_code, reason = "only fetching seals"))]
    pub fn of_seal(report: &'a Report) -> Self {
        Self { seal: true, ..Self::new(report) }
    }

    /// Lists everything.
    #[must_use]
    pub fn verbose(mut self, verbose: bool) -> Self {
        self.verbose = verbose;
        self
    }

    /// The whole answer: verdict, which claims for how many packages, how many seals.
    pub fn first_line(&self) -> String {
        let report = self.report;
        let (word, style) = match report.verdict() {
            _ if self.seal => ("sealed", GOOD),
            Whole::Verified => ("verified", GOOD),
            Whole::Stale => ("stale", WARN),
            Whole::Refused => ("refused", BAD),
        };
        // Integrity is demanded in any case, and every other claim rests on it.
        let mut required: Vec<_> = report.policy.require.iter().map(|claim| claim.name()).collect();
        required.retain(|name| *name != Claim::Integrity.name());
        if required.is_empty() {
            required.push(Claim::Integrity.name());
        }
        let has = |judged: &&Judged| {
            let denied =
                |denial: &Denial| matches!(denial, Denial::Refused(_) | Denial::Missing(_));
            !judged.denials.iter().any(denied)
        };
        let mut parts = vec![
            format!(
                "{} for {} of {}",
                required.join(" and "),
                report.packages.iter().filter(has).count(),
                count(report.packages.len(), "package")
            ),
            format!(
                "{} of {} seals",
                report.archive.signers.len(),
                report.keys.len().max(report.threshold)
            ),
        ];
        let outcomes = || report.outcomes();
        let unavailable = |outcome: &&EntryOutcome| outcome.disposition == Disposition::Unavailable;
        for (number, what) in [
            (outcomes().filter(|outcome| outcome.denial.is_some()).count(), "denied"),
            (outcomes().filter(unavailable).count(), "unavailable"),
        ] {
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        for past in &report.past_limits {
            parts.push(format!("{} too old", past.what));
        }
        format!("{style}{word}{style:#}: {}", parts.join(", "))
    }
}

impl Display for Human<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.first_line())?;
        self.basis(f)?;
        self.counts(f)?;
        self.past_limits(f)?;
        self.invalid(f)?;
        self.missing(f)?;
        self.denied(f)?;
        self.unrecognized(f)?;
        self.provenance(f)?;
        self.weak(f)?;
        self.other_origins(f)?;
        self.absent(f)?;
        if self.verbose { self.packages(f) } else { Ok(()) }
    }
}

impl Human<'_> {
    fn counts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let counts = self.report.counts();
        let unrecognized = counts.values().any(|counts| counts.unrecognized > 0);
        write!(
            f,
            "\n  {STRONG}{:<22}{:>10}{:>10}{:>10}",
            "claim", "verified", "absent", "refused"
        )?;
        writeln!(f, "{}{STRONG:#}", if unrecognized { "  unrecognized" } else { "" })?;
        for (claim, counts) in counts {
            let style = if counts.refused > 0 { BAD } else { anstyle::Style::new() };
            write!(
                f,
                "  {:<22}{:>10}{:>10}{style}{:>10}{style:#}",
                claim.name(),
                counts.verified,
                counts.absent,
                counts.refused
            )?;
            match unrecognized {
                true => writeln!(f, "{:>14}", counts.unrecognized)?,
                false => writeln!(f)?,
            }
        }
        Ok(())
    }

    fn past_limits(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for past in &self.report.past_limits {
            let (what, hint) = match past.what {
                "trust" => (
                    "trust was checked",
                    "a newer archive brings newer trust: sealift trust import",
                ),
                _ => ("the archive was sealed", "on the connected side, seal it anew"),
            };
            writeln!(
                f,
                "\n{WARN}past its limit{WARN:#}: {what} {}, the limit is {};\n  {hint}",
                ago(past.age),
                ago(past.max).trim_end_matches(" ago")
            )?;
        }
        Ok(())
    }

    fn listed<T>(
        &self,
        f: &mut Formatter<'_>,
        items: &[T],
        line: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        listed(f, self.verbose, items, line)
    }
}

/// A list, cut unless all of it is asked for.
pub fn listed<T>(
    f: &mut Formatter<'_>,
    all: bool,
    items: &[T],
    mut line: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    let shown = if all { items.len() } else { LISTED };
    for item in items.iter().take(shown) {
        line(f, item)?;
    }
    match items.len().saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(f, "    {DIM}and {more} more; --verbose lists all{DIM:#}"),
    }
}
