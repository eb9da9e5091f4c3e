//! `sealift bundle verify`.

use std::{collections::BTreeSet, path::PathBuf};

use super::Context;
use crate::app::inputs;
use crate::{
    adapters::keys,
    app::{
        trust,
        verify::{self, Bar, Lock},
    },
    cli::{
        declare::{Demands, Verify},
        failure::{Failure, Kind, Outcome},
    },
    core::{archive::key::PublicKey, policy::Policy},
};

/// Verifies an archive, and reports on every package in it.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
    let policy = policy(&options.demands)?;
    let keys = pinned_keys(&options.keys)?;
    let threshold = options.threshold as usize;
    let lockfiles = given(&options.demands)?;
    let archive = verify::open(&options.archive, &keys, threshold)?;
    let basis = trust::for_archive(&options.trust, context.env, &archive)?;
    let bar = Bar {
        at: context.env.now,
        at_given: context.env.at_given,
        policy: &policy,
        keys: &keys,
        threshold,
        basis: &basis,
        lockfiles,
        deep: options.demands.deep,
    };
    match verify::examine(archive, &options.archive, bar)?.admit() {
        Ok(verified) => {
            context.report(verified.report());
            Ok(())
        }
        Err(report) => {
            context.report(&report);
            Err(Failure::reported(Kind::Refused))
        }
    }
}

/// This build's lockfiles.
///
/// # Errors
/// Exit 2, when one cannot be read or understood.
pub(super) fn given(demands: &Demands) -> Outcome<Vec<Lock>> {
    Ok(inputs::read(&demands.lockfile)?.into_iter().map(inputs::Input::given).collect())
}

/// The policy that options say in short form.
///
/// # Errors
/// Exit 2, when they say none: there is no default.
pub(super) fn policy(demands: &Demands) -> Outcome<Policy> {
    if demands.require.is_empty() {
        return Err(Failure::could_not("nothing says which claims every package must have").hint(
            "there is no default: use --require with integrity, registry-signature, \
             publish-attestation or provenance",
        ));
    }
    Ok(Policy {
        require: demands.require.iter().copied().collect(),
        deny: demands.deny.iter().copied().collect(),
        max_age: demands.max_age,
        max_trust_age: demands.max_trust_age,
        past_limit: demands.past_limit,
    })
}

/// The public keys of who may seal. A key that is named twice is a mistake that would look like
/// two signers.
pub(super) fn pinned_keys(paths: &[PathBuf]) -> Outcome<Vec<PublicKey>> {
    if paths.is_empty() {
        return Err(Failure::could_not("no key says whose seal to accept").hint(
            "use --key with the public key of who sealed the archive, carried by another way; \
             on the sealing machine it is beside the private key, in FILE.pub",
        ));
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for path in paths {
        let key = keys::load_public(path)?;
        if !seen.insert(key.fingerprint()) {
            return Err(Failure::could_not(format_args!(
                "{} is a key that was named already",
                path.display()
            ))
            .hint("each --key must be another signer's"));
        }
        found.push(key);
    }
    Ok(found)
}
