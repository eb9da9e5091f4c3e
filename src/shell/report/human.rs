//! The report for people: the verdict, what it rests on, the counts, then whatever deserves a look.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

use chrono::TimeDelta;

use super::{Judged, Report, Trust, TrustSource, Verdict as Whole};
use crate::{
    core::{
        addresses::NPM_REGISTRY,
        policy::Denial,
        text::Untrusted,
        time::Time,
        verdict::{Claim, PackageVerdict},
    },
    shell::terminal::{BAD, DIM, GOOD, STRONG, WARN},
};

/// The report for people, at 80 columns where the facts allow.
pub struct Human<'a> {
    report: &'a Report,
    verbose: bool,
}

/// Lines of a list before it is cut, without `--verbose`.
const LISTED: usize = 20;

impl<'a> Human<'a> {
    /// Renders `report`; `verbose` lists everything.
    pub fn new(report: &'a Report, verbose: bool) -> Self {
        Self { report, verbose }
    }
}

impl Display for Human<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let style = match report.verdict() {
            Whole::Verified => GOOD,
            Whole::Stale => WARN,
            Whole::Refused => BAD,
        };
        writeln!(
            f,
            "{}: {style}{}{style:#}",
            Untrusted(&report.archive.file),
            report.verdict().name()
        )?;
        writeln!(f)?;
        self.basis(f)?;
        writeln!(f)?;
        self.counts(f)?;
        self.refused(f)?;
        self.uncovered(f)?;
        self.provenance(f)?;
        self.weak(f)?;
        self.other_registries(f)?;
        self.absent(f)?;
        self.out_of_scope(f)
    }
}

impl Human<'_> {
    fn basis(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let archive = &report.archive;
        writeln!(
            f,
            "  sealed    {}, {}",
            day(archive.sealed_at),
            ago(report.at - archive.sealed_at)
        )?;
        for signer in &archive.signers {
            writeln!(f, "  signed by {signer}")?;
        }
        for trust in &report.trust {
            writeln!(f, "  trust     {}", TrustLine(trust, report.at))?;
        }
        writeln!(
            f,
            "  holds     {} in {}, {}",
            count(report.packages.len(), "package"),
            count(archive.inputs, "lockfile"),
            size(archive.bytes),
        )
    }

    fn counts(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  {STRONG}{:<22}{:>10}{:>10}{:>10}{STRONG:#}",
            "claim", "verified", "absent", "refused"
        )?;
        for (claim, counts) in self.report.counts() {
            let style = if counts.refused > 0 { BAD } else { anstyle::Style::new() };
            writeln!(
                f,
                "  {:<22}{:>10}{:>10}{style}{:>10}{style:#}",
                claim.name(),
                counts.verified,
                counts.absent,
                counts.refused
            )?;
        }
        Ok(())
    }

    fn refused(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let refused: Vec<_> =
            self.report.packages.iter().filter(|package| !package.is_good()).collect();
        if let Some(age) = self.report.denied_age {
            writeln!(
                f,
                "\n{BAD}refused{BAD:#}: trust was checked {}, longer than --max-trust-age allows;\n  \
                 a newer archive brings newer trust: sealift trust import",
                ago(age)
            )?;
        }
        if refused.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{BAD}refused{BAD:#}")?;
        self.listed(f, &refused, |f, Judged { verdict, denials, .. }| {
            writeln!(f, "  {}", verdict.package)?;
            denials.iter().try_for_each(|denial| match denial {
                Denial::Missing(claim) => writeln!(f, "    {claim}: required, and there is none"),
                Denial::Refused(claim) => {
                    match verdict.refusals().find(|(refused, _)| refused == claim) {
                        Some((_, refusal)) => writeln!(
                            f,
                            "    {claim}: {} {DIM}[{}]{DIM:#}",
                            Untrusted(&refusal.detail),
                            refusal.code
                        ),
                        None => writeln!(f, "    {claim}: refused"),
                    }
                }
            })
        })
    }

    fn uncovered(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(lockfile) = &self.report.lockfile else { return Ok(()) };
        if lockfile.uncovered.is_empty() {
            write!(
                f,
                "\n{GOOD}covered{GOOD:#}: all {} of {}",
                count(lockfile.packages, "package"),
                Untrusted(&lockfile.files.join(", "))
            )?;
            return match self.report.out_of_scope.len() {
                0 => writeln!(f),
                left => {
                    writeln!(f, ";\n  {WARN}not in the archive{WARN:#}, as listed below: {left}")
                }
            };
        }
        writeln!(
            f,
            "\n{BAD}not covered{BAD:#}: {} of {}",
            count(lockfile.uncovered.len(), "package"),
            lockfile.packages
        )?;
        self.listed(f, &lockfile.uncovered, |f, uncovered| {
            writeln!(f, "  {}", Untrusted(&uncovered.to_string()))
        })
    }

    fn provenance(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let proven: Vec<_> = self
            .report
            .packages
            .iter()
            .filter_map(|Judged { verdict, .. }| {
                Some((&verdict.package, verdict.provenance.facts()?))
            })
            .collect();
        if proven.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{STRONG}built from{STRONG:#}")?;
        self.listed(f, &proven, |f, (package, facts)| {
            writeln!(f, "  {package}")?;
            writeln!(
                f,
                "    {} {DIM}at{DIM:#} {}",
                Untrusted(&facts.source_repository),
                Untrusted(facts.commit.get(..12).unwrap_or(&facts.commit))
            )?;
            if self.verbose {
                writeln!(f, "    {DIM}by{DIM:#} {}", Untrusted(&facts.workflow))?;
            }
            writeln!(
                f,
                "    {DIM}signed{DIM:#} {} {DIM}({}){DIM:#}",
                day(facts.signed_at),
                facts.time_source.name()
            )
        })
    }

    fn weak(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let weak: Vec<_> = self
            .report
            .packages
            .iter()
            .filter(|Judged { verdict, .. }| {
                let algorithm = verdict.integrity.facts().and_then(|facts| facts.lockfile);
                algorithm.is_some_and(|algorithm| algorithm.is_weak())
            })
            .collect();
        if weak.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}weak{WARN:#}: the lockfile gives only SHA-1 for")?;
        self.listed(f, &weak, |f, package| writeln!(f, "  {}", package.verdict.package))
    }

    /// Packages of other registries than the public one: other keys are expected for them, or none.
    fn other_registries(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for package in &self.report.packages {
            if package.registry != NPM_REGISTRY {
                *others.entry(&package.registry).or_default() += 1;
            }
        }
        if others.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}from other registries{WARN:#}")?;
        let others: Vec<_> = others.into_iter().collect();
        self.listed(f, &others, |f, (registry, number)| {
            writeln!(f, "  {}: {}", Untrusted(registry), count(*number, "package"))
        })
    }

    /// Why there is no evidence: once for each reason, and for each package on request.
    fn absent(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, String), Vec<&PackageVerdict>> = BTreeMap::new();
        for Judged { verdict, .. } in &self.report.packages {
            for (claim, absence) in verdict.absences() {
                reasons.entry((claim, absence.to_string())).or_default().push(verdict);
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}absent{WARN:#}")?;
        for ((claim, reason), packages) in reasons {
            let number = count(packages.len(), "package");
            writeln!(f, "  {claim}: {}, {number}", Untrusted(&reason))?;
            if self.verbose {
                for verdict in packages {
                    writeln!(f, "    {DIM}{}{DIM:#}", verdict.package)?;
                }
            }
        }
        Ok(())
    }

    fn out_of_scope(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.report.out_of_scope.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}not in the archive{WARN:#}")?;
        self.listed(f, &self.report.out_of_scope, |f, (entry, reason)| {
            writeln!(f, "  {}: {}", Untrusted(entry), Untrusted(reason))
        })
    }

    fn listed<T>(
        &self,
        f: &mut Formatter<'_>,
        items: &[T],
        mut line: impl FnMut(&mut Formatter<'_>, &T) -> fmt::Result,
    ) -> fmt::Result {
        let shown = if self.verbose { items.len() } else { LISTED };
        for item in items.iter().take(shown) {
            line(f, item)?;
        }
        match items.len().saturating_sub(shown) {
            0 => Ok(()),
            more => writeln!(f, "  {DIM}and {more} more; --verbose lists all{DIM:#}"),
        }
    }
}

/// One line on what trust rests on.
struct TrustLine<'a>(&'a Trust, Time);

impl Display for TrustLine<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(trust, at) = self;
        write!(f, "{}, ", Untrusted(&trust.instance))?;
        match trust.source {
            TrustSource::Archive => f.write_str("carried in the archive")?,
            TrustSource::Store => f.write_str("from the trust store")?,
            TrustSource::Embedded => f.write_str("built in")?,
            TrustSource::Files => f.write_str("from pinned files; TUF was not involved")?,
        }
        if let Some(root) = trust.root {
            write!(f, ", root {root}")?;
        }
        match (trust.source, trust.checked_at) {
            (TrustSource::Embedded, Some(published)) => {
                let age = ago(*at - published);
                write!(f, ", published {}, {age}, and not checked since", day(published))?;
            }
            (_, Some(checked)) => write!(f, ", checked {}", ago(*at - checked))?,
            (_, None) => {}
        }
        if let Some(keys) = trust.keys_checked_at {
            write!(f, "; the npm keys could not be updated, checked {}", ago(*at - keys))?;
        }
        if trust.is_stale(*at) {
            write!(f, "\n            {WARN}stale{WARN:#}")?;
            if let Some(expires) = trust.expires {
                write!(f, ": expired {}, {}", day(expires), ago(*at - expires))?;
            }
        }
        Ok(())
    }
}

/// A day, in UTC.
pub fn day(time: Time) -> impl Display {
    time.format("%Y-%m-%d %H:%M UTC")
}

/// How long ago, in the largest unit that fits.
pub fn ago(age: TimeDelta) -> String {
    let (past, seconds) = (age.num_seconds() >= 0, age.num_seconds().unsigned_abs());
    let (number, unit) = match seconds {
        0..60 => return "just now".into(),
        60..3600 => (seconds / 60, "minute"),
        3600..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let text = count(usize::try_from(number).unwrap_or(usize::MAX), unit);
    if past { format!("{text} ago") } else { format!("in {text}") }
}

/// `1 package`, `2 packages`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Bytes, in the largest binary unit that fits.
pub fn size(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}
