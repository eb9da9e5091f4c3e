//! What becomes of every entry of the lockfiles.

use std::collections::{HashMap, HashSet};

use super::{judge::PackageFinding, lockfiles::relation};
use crate::{
    app::{
        inputs::NamedLockfile,
        report::{CarriedLockfile, Given, JudgedPackage},
    },
    core::{
        lockfile::{
            Foreign, Lockfile,
            coverage::{ArchivedArtifact, ArchivedPackage, Coverage, EntryDenial, EntryOutcome},
        },
        policy::{Denial, Judge},
        verdict::Claim,
    },
};

/// What becomes of every entry: of the archive's lockfiles, and of this build's.
pub(super) fn judge_entries(
    inputs: Vec<NamedLockfile>,
    builds: Vec<NamedLockfile>,
    found: &[PackageFinding],
    judge: &Judge<'_>,
) -> (Vec<CarriedLockfile>, Vec<Given>) {
    let held: Vec<ArchivedPackage<'_>> = found.iter().map(held).collect();
    let coverage = Coverage::new(&held);
    let judge = |lockfile: &Lockfile| by_policy(lockfile, coverage.judge(lockfile), found, judge);
    let given: Vec<_> = builds
        .into_iter()
        .map(|lock| {
            let (outcomes, relation) = (judge(&lock.lockfile), relation(&lock, &inputs));
            let NamedLockfile { name, sha256, lockfile } = lock;
            Given { file: name, sha256, lockfile, outcomes, relation }
        })
        .collect();
    let inputs = inputs
        .into_iter()
        .map(|NamedLockfile { name, sha256, lockfile }| {
            let outcomes = judge(&lockfile);
            CarriedLockfile { entry: name, sha256, lockfile, outcomes }
        })
        .collect();
    (inputs, given)
}

/// Denies packages that no entry of the archive's own lockfiles asks for.
pub(super) fn deny_unneeded(found: &mut [PackageFinding], inputs: &[CarriedLockfile]) {
    let outcomes = inputs.iter().flat_map(|input| &input.outcomes);
    let needed: HashSet<usize> = outcomes.filter_map(|outcome| outcome.package).collect();
    for (at, found) in found.iter_mut().enumerate() {
        if let Some(judged) = &mut found.judged
            && !needed.contains(&at)
        {
            judged.judgment.denials.push(Denial::Unneeded);
        }
    }
}

/// A package, as entries are compared with it.
fn held(found: &PackageFinding) -> ArchivedPackage<'_> {
    let signed = |judged: &JudgedPackage| judged.verdict.is_verified(Claim::RegistrySignature);
    ArchivedPackage {
        purl: &found.purl,
        artifact: found.judged.as_ref().map(|judged| ArchivedArtifact {
            digests: &found.digests,
            url: found.url.as_deref(),
            signed: signed(judged),
            contents: found.contents.as_ref(),
        }),
    }
}

/// Denies what the policy denies although nothing is wrong with it, and excuses what it excuses.
fn by_policy(
    lockfile: &Lockfile,
    mut outcomes: Vec<EntryOutcome>,
    found: &[PackageFinding],
    judge: &Judge<'_>,
) -> Vec<EntryOutcome> {
    for outcome in &mut outcomes {
        let package = outcome.package.and_then(|at| found.get(at));
        judge.entry(outcome, package.map(|found| (&found.purl, found.digests.as_slice())));
    }
    excuse_bundled(lockfile, &mut outcomes);
    outcomes
}

/// What a foreign package bundles is excused with it.
fn excuse_bundled(lockfile: &Lockfile, outcomes: &mut [EntryOutcome]) {
    let entries = lockfile.entries.iter().zip(outcomes.iter());
    let excused: HashMap<String, usize> = entries
        .filter_map(|(entry, outcome)| Some((entry.path.clone(), outcome.excused.as_ref()?.0)))
        .collect();
    for outcome in outcomes {
        let Some(EntryDenial::Foreign(foreign)) = &outcome.denial else { continue };
        let Foreign::Within { parent } = &**foreign else { continue };
        let exception = excused.get(parent).copied();
        if exception.is_some() {
            outcome.excused = exception.zip(outcome.denial.take());
        }
    }
}
