//! The report for people: the whole answer in the first line, what it rests on, the counts, then
//! whatever deserves a look.

mod basis;
mod notes;
mod policy;
mod refused;
mod text;

use std::fmt::{self, Display, Formatter};

pub use self::{
    basis::{TrustLine, signed_by},
    text::{ago, count, day, size},
};
use crate::{
    app::report::{JudgedPackage, Report, Verdict as Whole},
    cli::terminal::{BAD, DIM, GOOD, STRONG, WARN},
    core::{
        lockfile::coverage::{Disposition, EntryOutcome},
        policy::{Denial, Rule},
        verdict::Claim,
    },
};

/// The report for people, at 80 columns where the facts allow.
#[derive(Clone, Copy)]
pub struct Human<'a> {
    report: &'a Report,
    verbose: bool,
    /// Whether the archive was sealed just now. Then the report says what `bundle verify` would say.
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
        let (what, has) = self.demanded();
        let mut parts = vec![
            format!("{what} for {has} of {}", count(report.packages.len(), "package")),
            format!(
                "{} of {} seals",
                report.archive.signers.len(),
                report.policy.signers_at(report.at).len().max(report.policy.seals())
            ),
        ];
        let outcomes = || report.outcomes();
        let unavailable = |outcome: &&EntryOutcome| outcome.disposition == Disposition::Unavailable;
        for (number, what) in [
            (outcomes().filter(|outcome| outcome.denial.is_some()).count(), "denied"),
            (outcomes().filter(unavailable).count(), "unavailable"),
            (self.number_excused(), "excused"),
            (outcomes().filter(|outcome| outcome.is_not_carried()).count(), "not carried"),
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

    /// What is demanded, and how many packages have it: claims where every package must have the same
    /// ones and nothing else is demanded, or else all that the policy says.
    fn demanded(&self) -> (String, usize) {
        let report = self.report;
        let mut rules = report.policy.rules.iter();
        let plain = |rule: &Rule| {
            let claims = Rule::for_all(rule.claims.iter().copied(), rule.deny.iter().copied());
            *rule == claims
        };
        if !rules.all(plain) || report.policy.identities.is_some() {
            return ("the policy holds".into(), report.good());
        }
        // Integrity is demanded in any case, and every other claim rests on it.
        let mut claims = report.policy.demanded_of_all();
        claims.retain(|claim| {
            *claim != Claim::Integrity || report.policy.demanded_of_all().len() == 1
        });
        let has = |judged: &&JudgedPackage| {
            claims.iter().all(|claim| judged.verdict.is_verified(*claim))
                && judged.verdict.refusals().next().is_none()
        };
        let number = report.packages.iter().filter(has).count();
        let names: Vec<_> = claims.iter().map(|claim| claim.name()).collect();
        (names.join(" and "), number)
    }

    /// How many packages and carried entries are excused from something.
    fn number_excused(&self) -> usize {
        let packages = self.report.packages.iter();
        // What was supplied is counted by its entries.
        let excused = |judged: &&JudgedPackage| {
            judged.judgment.excused.iter().any(|excused| excused.denial != Denial::Supplied)
        };
        let packages = packages.filter(excused).count();
        let entries = self.report.outcomes();
        let entries = entries.filter(|one| one.excused.is_some() && !one.is_not_carried()).count();
        packages.saturating_add(entries)
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
        self.proposed(f)?;
        self.excused(f)?;
        self.warned(f)?;
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
