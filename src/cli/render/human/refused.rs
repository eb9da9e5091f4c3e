//! What was refused, and why.

use std::{
    collections::BTreeMap,
    fmt::{self, Formatter},
};

use super::{Human, count};
use crate::{
    app::report::{CarriedLockfile, JudgedPackage},
    cli::terminal::{BAD, DIM},
    core::{
        lockfile::{Lockfile, coverage::EntryOutcome},
        policy::Denial,
        text::Untrusted,
        verdict::{Claim, PackageVerdict},
    },
};

impl Human<'_> {
    /// Evidence that does not verify, a reason once with the packages that it explains.
    pub(super) fn invalid(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, &str), Vec<(&JudgedPackage, &str)>> = BTreeMap::new();
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
    pub(super) fn missing(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut reasons: BTreeMap<(Claim, String), Vec<&JudgedPackage>> = BTreeMap::new();
        let mut others: BTreeMap<&str, Vec<(&JudgedPackage, &Denial)>> = BTreeMap::new();
        for judged in &self.report.packages {
            for denial in &judged.judgment.denials {
                match denial {
                    Denial::Refused(_) => {}
                    Denial::Missing(claim) | Denial::Unrecognized(claim) => {
                        let why = why_missing(*claim, &judged.verdict);
                        reasons.entry((*claim, why)).or_default().push(judged);
                    }
                    other => others.entry(other.code()).or_default().push((judged, other)),
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
        for (code, packages) in others {
            let number = count(packages.len(), "package");
            writeln!(f, "  {number} {DIM}[{code}]{DIM:#}")?;
            self.denied_for(f, &packages)?;
        }
        Ok(())
    }

    /// Packages that are denied for one reason: what is the same of all is said once.
    fn denied_for(
        &self,
        f: &mut Formatter<'_>,
        packages: &[(&JudgedPackage, &Denial)],
    ) -> fmt::Result {
        let Some((_, first)) = packages.first() else { return Ok(()) };
        if packages.iter().all(|(_, denial)| denial == first) {
            writeln!(f, "    {}", Untrusted(&first.to_string()))?;
            let packages: Vec<_> = packages.iter().map(|(judged, _)| *judged).collect();
            return self.named(f, &packages);
        }
        self.listed(f, packages, |f, (judged, denial)| {
            writeln!(f, "    {}", judged.verdict.package)?;
            writeln!(f, "      {}", Untrusted(&denial.to_string()))
        })
    }

    fn named(&self, f: &mut Formatter<'_>, packages: &[&JudgedPackage]) -> fmt::Result {
        self.listed(f, packages, |f, judged| writeln!(f, "      {}", judged.verdict.package))
    }

    /// Entries of lockfiles that are not covered.
    pub(super) fn denied(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let inputs = self.report.inputs.iter().map(|input| {
            let CarriedLockfile { entry, lockfile, outcomes, .. } = input;
            (entry.as_str(), lockfile, outcomes.as_slice())
        });
        // If the build's lockfile equals one of the archive, its entries are not listed twice.
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
}

fn why_missing(claim: Claim, verdict: &PackageVerdict) -> String {
    match verdict.absences().find(|(absent, _)| *absent == claim) {
        Some((_, absence)) => absence.to_string(),
        None => "the evidence is of a kind that is not understood".to_owned(),
    }
}
