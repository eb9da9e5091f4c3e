//! What becomes of every entry of the lockfiles.

use std::collections::{HashMap, HashSet};

use super::{judge::Found, lockfiles::relation};
use crate::{
    app::{
        inputs::Lock,
        report::{Given, Input, Judged},
    },
    core::{
        lockfile::{
            Foreign, Lockfile,
            coverage::{Artifact, Coverage, EntryDenial, EntryOutcome, Held},
        },
        policy::{Denial, Judge},
        verdict::Claim,
    },
};

/// What becomes of every entry: of the archive's lockfiles, and of this build's.
pub(super) fn judge_entries(
    inputs: Vec<Lock>,
    builds: Vec<Lock>,
    found: &[Found],
    judge: &Judge<'_>,
) -> (Vec<Input>, Vec<Given>) {
    let held: Vec<Held<'_>> = found.iter().map(held).collect();
    let coverage = Coverage::new(&held);
    let judge = |lockfile: &Lockfile| by_policy(lockfile, coverage.judge(lockfile), found, judge);
    let given: Vec<_> = builds
        .into_iter()
        .map(|lock| {
            let (outcomes, relation) = (judge(&lock.lockfile), relation(&lock, &inputs));
            let Lock { name, sha256, lockfile } = lock;
            Given { file: name, sha256, lockfile, outcomes, relation }
        })
        .collect();
    let inputs = inputs
        .into_iter()
        .map(|Lock { name, sha256, lockfile }| {
            let outcomes = judge(&lockfile);
            Input { entry: name, sha256, lockfile, outcomes }
        })
        .collect();
    (inputs, given)
}

/// Denies packages that no entry of the archive's own lockfiles asks for.
pub(super) fn deny_unneeded(found: &mut [Found], inputs: &[Input]) {
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
fn held(found: &Found) -> Held<'_> {
    let signed = |judged: &Judged| judged.verdict.is_verified(Claim::RegistrySignature);
    Held {
        purl: &found.purl,
        artifact: found.judged.as_ref().map(|judged| Artifact {
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
    found: &[Found],
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
