//! What becomes of every entry of the lockfiles.

use std::collections::HashSet;

use super::{judge::Found, lockfiles::relation};
use crate::{
    app::{
        inputs::Lock,
        report::{Given, Input, Judged},
    },
    core::{
        lockfile::{
            Lockfile,
            coverage::{self, Artifact, Coverage, Disposition, EntryOutcome, Held, Pin},
        },
        policy::{Denial, Policy},
        verdict::{Claim, Weakness},
    },
};

/// What becomes of every entry: of the archive's lockfiles, and of this build's.
pub(super) fn judge_entries(
    inputs: Vec<Lock>,
    builds: Vec<Lock>,
    found: &[Found],
    policy: &Policy,
) -> (Vec<Input>, Vec<Given>) {
    let held: Vec<Held<'_>> = found.iter().map(held).collect();
    let coverage = Coverage::new(&held);
    let judge = |lockfile: &Lockfile| deny(coverage.judge(lockfile), policy);
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
            judged.denials.push(Denial::Unneeded);
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

/// Denies what the policy denies although nothing is wrong with it.
fn deny(mut outcomes: Vec<EntryOutcome>, policy: &Policy) -> Vec<EntryOutcome> {
    for outcome in &mut outcomes {
        let weakness = match (outcome.disposition, outcome.pin) {
            (Disposition::Unavailable, _) if policy.denies(Weakness::Unavailable) => {
                Some(Weakness::Unavailable)
            }
            (_, Some(Pin::Signature { weak: true })) if policy.denies(Weakness::Sha1) => {
                Some(Weakness::Sha1)
            }
            (_, Some(Pin::Signature { .. })) if policy.denies(Weakness::PinnedBySignature) => {
                Some(Weakness::PinnedBySignature)
            }
            _ => None,
        };
        if let Some(weakness) = weakness {
            outcome.denial.get_or_insert(coverage::EntryDenial::Weak(weakness));
        }
    }
    outcomes
}
