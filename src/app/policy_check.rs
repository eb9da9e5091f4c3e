//! Reads policies as `verify` does, and tries them on an archive.

use std::path::PathBuf;

use super::{
    clock::Clock,
    policy::{self, Loaded, PolicySource},
    report::Report,
    trust,
    verify::{self, Demands, Terms, VerifyError},
};
use crate::core::{package::Purl, policy::Policy};

/// What to check.
#[derive(Debug, Clone)]
pub struct Options {
    /// The policies.
    pub policies: Vec<PathBuf>,
    /// The archive to try them on.
    pub archive: Option<PathBuf>,
    /// The public keys of who may seal it, beside the policies' signers.
    pub keys: Vec<PathBuf>,
    /// Where trust comes from.
    pub trust: trust::Options,
}

/// Policies that are valid.
#[derive(Debug)]
pub struct Checked {
    /// What they say together.
    pub policy: Policy,
    /// The files.
    pub sources: Vec<PolicySource>,
    /// What was found of the archive.
    pub report: Option<Report>,
}

impl Checked {
    /// The packages that no rule selects.
    pub fn unselected(&self) -> impl Iterator<Item = &Purl> {
        let packages = self.report.iter().flat_map(|report| &report.packages);
        packages.filter(|judged| judged.judgment.rules.is_empty()).map(|judged| &judged.purl)
    }
}

/// Reads policies and, where an archive is given, verifies that by them. This build's lockfile is not
/// asked for, even where a policy demands it.
///
/// # Errors
/// When a policy is not valid, or the archive could not be examined.
pub fn check(options: &Options, clock: &Clock) -> Result<Checked, VerifyError> {
    let Loaded { policy, sources, identities } = policy::load(&options.policies)?;
    let report = match &options.archive {
        None => None,
        Some(archive) => {
            let options = verify::Options {
                archive: archive.clone(),
                terms: Terms {
                    keys: options.keys.clone(),
                    threshold: 1,
                    demands: Demands::default(),
                    trust: options.trust.clone(),
                },
            };
            let (policy, sources) = (policy.clone(), sources.clone());
            let loaded = Loaded { policy, sources, identities };
            Some(verify::verify_by(&options, loaded, clock)?.into_report())
        }
    };
    Ok(Checked { policy, sources, report })
}
