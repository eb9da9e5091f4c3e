//! The report for people: the whole answer in the first line, what it rests on, the counts, then
//! whatever deserves a look.

mod basis;
mod text;

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

pub use self::text::{ago, count, day, size};
use crate::app::report::{Input, Judged, Report, Verdict as Whole};
use crate::{
    cli::terminal::{BAD, DIM, GOOD, STRONG, WARN},
    core::{
        addresses::NPM_REGISTRY,
        lockfile::{
            Lockfile,
            coverage::{Disposition, EntryOutcome, Pin},
        },
        package::Origin,
        policy::{Denial, weaknesses},
        text::Untrusted,
        verdict::{Claim, Facts, PackageVerdict},
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

    /// Evidence that does not verify, a reason once with the packages that it explains.
    fn invalid(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, &str), Vec<(&Judged, &str)>> = BTreeMap::new();
        for judged in &self.report.packages {
            for (claim, refusal) in judged.verdict.refusals() {
                let reason = reasons.entry((claim, refusal.code)).or_default();
                reason.push((judged, &refusal.detail));
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{BAD}invalid{BAD:#}")?;
        for ((claim, code), packages) in reasons {
            writeln!(f, "  {claim}: {} {DIM}[{code}]{DIM:#}", count(packages.len(), "package"))?;
            self.listed(f, &packages, |f, (judged, detail)| {
                writeln!(f, "    {}\n      {}", judged.verdict.package, Untrusted(detail))
            })?;
            if code == "unknown-key" && packages.len() > 1 {
                writeln!(f, "    if no key is known: does --instance name the right instance?")?;
            }
        }
        Ok(())
    }

    /// Claims that are demanded and not there, a reason once with the packages that it explains.
    fn missing(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, String), Vec<&Judged>> = BTreeMap::new();
        let mut others: BTreeMap<&str, Vec<&Judged>> = BTreeMap::new();
        for judged in &self.report.packages {
            for denial in &judged.denials {
                match denial {
                    Denial::Refused(_) => {}
                    Denial::Missing(claim) => {
                        let why = why_missing(*claim, &judged.verdict);
                        reasons.entry((*claim, why)).or_default().push(judged);
                    }
                    Denial::Weak(weakness) => {
                        others.entry(weakness.name()).or_default().push(judged);
                    }
                    Denial::Unneeded => others
                        .entry("no entry of the archive's own lockfiles asks for it")
                        .or_default()
                        .push(judged),
                }
            }
        }
        if !reasons.is_empty() {
            writeln!(f, "\n{BAD}missing{BAD:#}: demanded, and not there")?;
        }
        for ((claim, why), packages) in reasons {
            let number = count(packages.len(), "package");
            writeln!(f, "  {claim}: {number}\n    {}", Untrusted(&why))?;
            self.named(f, &packages)?;
        }
        if !others.is_empty() {
            writeln!(f, "\n{BAD}denied{BAD:#}")?;
        }
        for (why, packages) in others {
            writeln!(f, "  {why}: {}", count(packages.len(), "package"))?;
            self.named(f, &packages)?;
        }
        Ok(())
    }

    fn named(&self, f: &mut Formatter<'_>, packages: &[&Judged]) -> fmt::Result {
        self.listed(f, packages, |f, judged| writeln!(f, "      {}", judged.verdict.package))
    }

    /// Entries of lockfiles that are not covered.
    fn denied(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inputs = self.report.inputs.iter().map(|input| {
            let Input { entry, lockfile, outcomes, .. } = input;
            (entry.as_str(), lockfile, outcomes.as_slice())
        });
        // What is said of the archive's own lockfile is not said again of the same.
        let given = self.report.lockfiles.iter().filter(|given| given.relation.input().is_none());
        let given =
            given.map(|given| (given.file.as_str(), &given.lockfile, given.outcomes.as_slice()));
        for (name, lockfile, outcomes) in inputs.chain(given) {
            self.denied_of(f, name, lockfile, outcomes)?;
        }
        Ok(())
    }

    fn denied_of(
        &self,
        f: &mut Formatter<'_>,
        name: &str,
        lockfile: &Lockfile,
        outcomes: &[EntryOutcome],
    ) -> fmt::Result {
        let denied: Vec<_> = lockfile
            .entries
            .iter()
            .zip(outcomes)
            .filter_map(|(entry, outcome)| Some((entry, outcome.denial.as_ref()?)))
            .collect();
        if denied.is_empty() {
            return Ok(());
        }
        let number = count(denied.len(), "entry");
        writeln!(f, "\n{BAD}not covered{BAD:#}: {number} of {}", Untrusted(name))?;
        self.listed(f, &denied, |f, (entry, denial)| {
            writeln!(
                f,
                "  {} {DIM}[{}]{DIM:#}\n    {}",
                Untrusted(&entry.path),
                denial.code(),
                Untrusted(&denial.to_string())
            )
        })
    }

    /// Evidence that verifies, and that does not count.
    fn unrecognized(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let found: Vec<_> = self
            .report
            .packages
            .iter()
            .flat_map(|Judged { verdict, .. }| {
                verdict.unrecognized().map(move |(claim, found)| (&verdict.package, claim, found))
            })
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}unrecognized{WARN:#}: verified, and of a kind that does not count")?;
        self.listed(f, &found, |f, (package, claim, found)| {
            writeln!(f, "  {package}")?;
            writeln!(f, "    {claim}: {} {DIM}[{}]{DIM:#}", Untrusted(&found.detail), found.code)
        })
    }

    fn provenance(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let proven: Vec<_> = self
            .report
            .packages
            .iter()
            .filter_map(|Judged { verdict, .. }| Some((&verdict.package, verdict.provenance()?)))
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

    /// What verifies all the same, and can be denied.
    fn weak(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for Judged { verdict, .. } in &self.report.packages {
            for weakness in weaknesses(verdict) {
                found.entry(weakness.name()).or_default().push(verdict.package.to_string());
            }
        }
        for input in &self.report.inputs {
            for (entry, outcome) in input.lockfile.entries.iter().zip(&input.outcomes) {
                let name = match outcome.pin {
                    Some(Pin::Signature { weak: true }) => "sha1",
                    Some(Pin::Signature { weak: false }) => "pinned-by-signature",
                    _ if outcome.disposition == Disposition::Unavailable => "unavailable",
                    _ => continue,
                };
                found.entry(name).or_default().push(entry.path.clone());
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}weak{WARN:#}: verified, and --deny can refuse it")?;
        for (name, all) in found {
            writeln!(f, "  {name}: {}", all.len())?;
            let shown = if self.verbose { all.len() } else { 3 };
            for one in all.iter().take(shown) {
                writeln!(f, "    {DIM}{}{DIM:#}", Untrusted(one))?;
            }
        }
        Ok(())
    }

    /// Packages that are not from the public registry: other keys are expected for them, or none.
    fn other_origins(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for package in &self.report.packages {
            let origin = match package.purl.origin() {
                Origin::Registry(registry) if registry == NPM_REGISTRY => continue,
                Origin::Registry(address) | Origin::Url(address) | Origin::File(address) => address,
            };
            *others.entry(origin).or_default() += 1;
        }
        if others.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}not from the public registry{WARN:#}")?;
        let others: Vec<_> = others.into_iter().collect();
        self.listed(f, &others, |f, (origin, number)| {
            writeln!(f, "  {}: {}", Untrusted(origin), count(*number, "package"))
        })
    }

    /// Why there is no evidence: once for each reason.
    fn absent(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, String), usize> = BTreeMap::new();
        for Judged { verdict, .. } in &self.report.packages {
            // What is demanded was said before.
            let absences = verdict.absences().filter(|(claim, _)| {
                *claim != Claim::Integrity && !self.report.policy.require.contains(claim)
            });
            for (claim, absence) in absences {
                *reasons.entry((claim, absence.to_string())).or_default() += 1;
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}absent{WARN:#}")?;
        for ((claim, reason), number) in reasons {
            writeln!(f, "  {claim}: {}\n    {}", count(number, "package"), Untrusted(&reason))?;
        }
        Ok(())
    }

    /// Every package with its claims and who signed, for `--verbose`.
    fn packages(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{STRONG}packages{STRONG:#}")?;
        for Judged { purl, verdict, denials, .. } in &self.report.packages {
            let mark = if denials.is_empty() { "" } else { ": denied" };
            writeln!(f, "  {}{mark}", Untrusted(&purl.to_string()))?;
            for (claim, outcome) in &verdict.claims {
                let signer = outcome.facts().and_then(Facts::signer);
                let by = signer.map(|signer| format!(", by {}", Untrusted(signer)));
                writeln!(
                    f,
                    "    {DIM}{claim}:{DIM:#} {}{}",
                    outcome.status().name(),
                    by.unwrap_or_default()
                )?;
            }
        }
        Ok(())
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
            more => writeln!(f, "    {DIM}and {more} more; --verbose lists all{DIM:#}"),
        }
    }
}

fn why_missing(claim: Claim, verdict: &PackageVerdict) -> String {
    match verdict.absences().find(|(absent, _)| *absent == claim) {
        Some((_, absence)) => absence.to_string(),
        None => "what there is, is not understood".to_owned(),
    }
}
