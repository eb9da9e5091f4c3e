//! Notes on packages and entries that are not wrong, but that a reader should look at.

use std::{
    collections::BTreeMap,
    fmt::{self, Formatter},
};

use super::{Human, count, day};
use crate::{
    app::report::JudgedPackage,
    cli::terminal::{DIM, STRONG, WARN},
    core::{
        lockfile::coverage::{Binding, Disposition},
        package::Origin,
        text::Untrusted,
        verdict::{Claim, Facts},
    },
};

impl Human<'_> {
    /// Evidence that verifies, and that does not count.
    pub(super) fn unrecognized(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let found: Vec<_> = self
            .report
            .packages
            .iter()
            .flat_map(|JudgedPackage { verdict, .. }| {
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

    pub(super) fn provenance(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let proven: Vec<_> = self
            .report
            .packages
            .iter()
            .filter_map(|JudgedPackage { verdict, .. }| {
                Some((&verdict.package, verdict.provenance()?))
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

    /// Weaknesses: evidence that verifies, and that `--deny` can refuse.
    pub(super) fn weak(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for JudgedPackage { verdict, weak, .. } in &self.report.packages {
            for weakness in weak {
                found.entry(weakness.name()).or_default().push(verdict.package.to_string());
            }
        }
        for input in &self.report.inputs {
            for (entry, outcome) in input.lockfile.entries.iter().zip(&input.outcomes) {
                let name = match outcome.pin {
                    Some(Binding::Signature { weak: true }) => "sha1",
                    Some(Binding::Signature { weak: false }) => "pinned-by-signature",
                    _ if outcome.disposition == Disposition::Unavailable => "unavailable",
                    _ => continue,
                };
                found.entry(name).or_default().push(entry.path.clone());
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        writeln!(f, "\n{WARN}weak{WARN:#}: verified, but --deny can refuse it")?;
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
    pub(super) fn other_origins(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for package in &self.report.packages {
            if package.purl.is_public() {
                continue;
            }
            let origin = match package.purl.origin() {
                Origin::Registry(address)
                | Origin::Url(address)
                | Origin::File(address)
                | Origin::Supplied(address) => address,
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
    pub(super) fn absent(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, String), usize> = BTreeMap::new();
        let demanded = self.report.policy.demanded_of_all();
        for JudgedPackage { verdict, .. } in &self.report.packages {
            // Demanded claims were listed before.
            let absences = verdict.absences().filter(|(claim, _)| !demanded.contains(claim));
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
    pub(super) fn packages(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{STRONG}packages{STRONG:#}")?;
        for JudgedPackage { purl, verdict, judgment, .. } in &self.report.packages {
            let mark = if judgment.denials.is_empty() { "" } else { ": denied" };
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
}
