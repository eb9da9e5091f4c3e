//! `sealift bundle verify`.

use std::{collections::BTreeSet, path::PathBuf};

use super::{Context, inputs};
use crate::{
    adapters::keys,
    core::{key::PublicKey, policy::Policy},
    shell::{
        cli::Verify,
        failure::{Failure, Kind, Outcome},
        trust,
        verification::{self, Bar},
    },
};

/// Verifies an archive, and reports on every package in it.
///
/// # Errors
/// Exit 1, when something was refused; the report then says what. Exit 2, when it could not be
/// checked.
pub fn run(options: &Verify, context: &mut Context<'_>) -> Outcome {
    let policy = policy(options)?;
    let keys = pinned_keys(&options.keys)?;
    let lockfiles = match options.lockfile.as_slice() {
        [] => None,
        paths => {
            let names: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
            Some((names, inputs::read(paths)?.1))
        }
    };
    let archive = verification::open(&options.archive, &keys, options.threshold as usize)?;
    let basis = trust::for_archive(&options.trust, context.env, &archive)?;
    let bar = Bar {
        at: context.env.now,
        policy: &policy,
        basis: &basis,
        lockfiles: lockfiles.as_ref().map(|(names, inventory)| (names.clone(), inventory)),
    };
    match verification::examine(archive, &options.archive, &bar)?.admit() {
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

fn policy(options: &Verify) -> Outcome<Policy> {
    if options.require.is_empty() {
        return Err(Failure::could_not("nothing says which claims every package must have").hint(
            "there is no default: use --require with integrity, registry-signature, \
             publish-attestation or provenance",
        ));
    }
    Ok(Policy::require(options.require.iter().copied()).max_trust_age(options.max_trust_age))
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
