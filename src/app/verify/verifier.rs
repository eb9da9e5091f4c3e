//! Verifies any number of archives by the same demands.

use std::path::Path;

use super::{Bar, Examined, Terms, VerifyError, examine, shared::Shared};
use crate::{
    app::{
        archive,
        clock::Clock,
        inputs::NamedLockfile,
        policy::{Loaded, PolicySource},
        trust,
    },
    core::policy::{Policy, Signer},
};

/// The demands, read once, for any number of archives.
pub struct Verifier {
    policy: Policy,
    sources: Vec<PolicySource>,
    signers: Vec<Signer>,
    trust: trust::Options,
    clock: Clock,
    /// What archives share, where there are several.
    shared: Option<Shared>,
}

impl Verifier {
    /// Reads the demands for several archives. Evidence that they share is judged once.
    ///
    /// # Errors
    /// When the demands cannot be used.
    pub fn new(terms: &Terms, clock: &Clock) -> Result<Self, VerifyError> {
        Self::several(terms, terms.demands.load()?, clock)
    }

    /// As [`Verifier::new`], by policies that were read.
    ///
    /// # Errors
    /// When the demands cannot be used.
    pub(in crate::app) fn several(
        terms: &Terms,
        loaded: Loaded,
        clock: &Clock,
    ) -> Result<Self, VerifyError> {
        Ok(Self { shared: Some(Shared::default()), ..Self::of(terms, loaded, clock)? })
    }

    /// By policies that were read, for one archive.
    pub(super) fn of(terms: &Terms, loaded: Loaded, clock: &Clock) -> Result<Self, VerifyError> {
        let Loaded { mut policy, sources, .. } = loaded;
        for signer in archive::pinned_keys(&terms.keys)? {
            // A key that a signer of the policy has is that signer's, until when the policy says.
            let has = |one: &Signer| signer.keys.iter().any(|key| one.keys.contains(key));
            if !policy.signers.iter().any(has) {
                policy.signers.push(signer);
            }
        }
        if policy.max_trust_age.is_some() && terms.trust.files.is_some() {
            return Err(VerifyError::UnknownTrustAge);
        }
        policy.threshold = policy.threshold.max(terms.threshold);
        let signers = archive::signers(&policy, clock.at)?;
        let (trust, clock) = (terms.trust.clone(), *clock);
        Ok(Self { policy, sources, signers, trust, clock, shared: None })
    }

    /// Verifies one archive, against no lockfile but its own.
    ///
    /// # Errors
    /// When it is not what was sealed, or could not be examined.
    pub fn verify(&self, archive: &Path) -> Result<Examined, VerifyError> {
        self.examine(archive, Vec::new())
    }

    /// Verifies one archive, against a build's lockfiles too.
    pub(super) fn examine(
        &self,
        file: &Path,
        lockfiles: Vec<NamedLockfile>,
    ) -> Result<Examined, VerifyError> {
        let archive = archive::open(file, &self.signers, self.policy.seals())?;
        let basis = trust::for_archive(&self.trust, &archive, self.clock.at)?;
        let bar = Bar {
            clock: &self.clock,
            policy: self.policy.clone(),
            sources: self.sources.clone(),
            basis: &basis,
            lockfiles,
            shared: self.shared.as_ref(),
        };
        examine(archive, file, bar)
    }

    /// What is demanded.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Who may seal; of these, [`Policy::seals`] must have.
    pub(in crate::app) fn signers(&self) -> &[Signer] {
        &self.signers
    }

    /// Whether a file is a recall, with the seals that an archive needs.
    pub(in crate::app) fn is_recall(&self, file: &Path) -> bool {
        archive::is_recall(file, &self.signers, self.policy.seals())
    }

    /// The files that the policy was read from.
    pub fn sources(&self) -> &[PolicySource] {
        &self.sources
    }

    /// The times of this run.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}
