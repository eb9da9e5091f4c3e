//! Makes options of the use cases out of the options that several commands have.

use std::path::{Path, PathBuf};

#[cfg(feature = "network")]
use crate::app::seal::{Output, SealKey};
use crate::{
    app::{
        attest, stored, trust,
        verify::{self, Terms},
    },
    cli::{
        declare::{
            DemandOptions, ReportOptions, Statements, StoreOptions, TrustOptions, VerifyOptions,
        },
        env::Env,
    },
    core::{
        policy::{Policy, Rule},
        verdict::CertificateIdentity,
    },
};

/// Where a sealed file goes: `-` is standard output.
#[cfg(feature = "network")]
pub fn output(file: &Path, env: &Env) -> Output {
    match file.as_os_str() == "-" {
        true => Output::Pipe(env.temporary.clone()),
        false => Output::File(file.to_owned()),
    }
}

/// The key that seals: the one that was named, or the one in the configuration folder.
#[cfg(feature = "network")]
pub fn sealing_key(named: Option<&Path>, env: &Env) -> SealKey {
    match named {
        Some(path) => SealKey::Named(path.to_owned()),
        None => SealKey::Own(env.config.join("signing.key")),
    }
}

impl From<&DemandOptions> for verify::Demands {
    fn from(demands: &DemandOptions) -> Self {
        let policy = Policy {
            max_age: demands.max_age.map(|age| age.0),
            max_trust_age: demands.max_trust_age.map(|age| age.0),
            past_limit: demands.past_limit,
            deep: demands.deep,
            ..Policy::default()
        };
        // Beside a policy, the options add a rule; without one, they must require something.
        let says = match demands.policy.is_empty() {
            true => !demands.require.is_empty(),
            false => !demands.require.is_empty() || !demands.deny.is_empty(),
        };
        let rule = Rule::for_all(demands.require.iter().copied(), demands.deny.iter().copied());
        Self {
            policies: demands.policy.clone(),
            policy: Policy { rules: says.then_some(rule).into_iter().collect(), ..policy },
            lockfiles: demands.lockfile.clone(),
        }
    }
}

impl VerifyOptions {
    /// As the use cases take them, for an archive.
    pub(super) fn resolve(&self, archive: &Path, env: &Env) -> verify::Options {
        verify::Options { archive: archive.to_owned(), terms: self.terms(env) }
    }

    /// As the use cases take them, for any number of archives.
    pub(super) fn terms(&self, env: &Env) -> Terms {
        Terms {
            keys: self.keys.clone(),
            threshold: self.threshold as usize,
            demands: (&self.demands).into(),
            trust: self.trust.resolve(env),
        }
    }
}

impl From<&Statements> for attest::Options {
    fn from(statements: &Statements) -> Self {
        Self {
            archive: statements.attest.clone(),
            packages: statements.attest_packages.clone(),
            key: statements.attest_key.clone(),
        }
    }
}

impl From<&ReportOptions> for stored::Outputs {
    fn from(options: &ReportOptions) -> Self {
        let files = options.reports.iter().map(|report| {
            (report.file.clone(), report.rendering.map(|rendering| rendering.render))
        });
        Self { files: files.collect(), key: options.report_key.clone() }
    }
}

impl TrustOptions {
    /// As the use cases take them.
    pub(super) fn resolve(&self, env: &Env) -> trust::Options {
        let files = self.trusted_root.clone().map(|trusted_root| {
            let npm_keys = self.npm_keys.clone();
            trust::PinnedFiles { trusted_root, npm_keys }
        });
        let publishers = self.publisher.chunks(3).filter_map(|named| match named {
            [registry, issuer, san] => {
                let identity = CertificateIdentity { san: san.clone(), issuer: issuer.clone() };
                Some((registry.clone(), identity))
            }
            _ => None,
        });
        trust::Options {
            instance: self.instance.clone(),
            store: match &self.trust_dir {
                Some(folder) => trust::Store::Named(folder.clone()),
                None => trust::Store::Own(env.trust_store()),
            },
            files,
            publishers: publishers.collect(),
        }
    }
}

impl StoreOptions {
    /// The folder of the trust store that is asked for, or this user's.
    pub(super) fn folder(&self, env: &Env) -> PathBuf {
        self.trust_dir.clone().unwrap_or_else(|| env.trust_store())
    }
}
