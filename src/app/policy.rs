//! Reads policies, with the keys and the identities that they name.

use std::path::{Path, PathBuf};

use super::keys::{self, KeyError};
use crate::{
    adapters::files::{self, FileError},
    core::{
        limits,
        package::digest::{Algorithm, Digest},
        policy::{Identities, Policy, PolicyFile, Signer, TextError},
        text::Untrusted,
    },
};

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not what it must be.
    #[error("{}: {}", path.display(), Untrusted(&error.to_string()))]
    Text {
        /// The file.
        path: PathBuf,
        /// What is wrong in it, and where.
        error: TextError,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// One key under two names would look like two signers.
    #[error("{} and {} have the same key", Untrusted(one), Untrusted(other))]
    SameKey {
        /// The first signer.
        one: String,
        /// The other one.
        other: String,
    },
    /// Two policies have identities, which may contradict each other.
    #[error("{}: another policy has [identities] already", .0.display())]
    TwoIdentities(PathBuf),
}

impl PolicyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Text { .. } => Some(
                "sealift-policy(5) has every table and key; `sealift policy check` tries a file"
                    .into(),
            ),
            Self::Key(error) => error.hint(),
            Self::SameKey { .. } => Some("list all keys of one signer under one name".into()),
            Self::TwoIdentities(_) => Some("keep one file of identities, in one policy".into()),
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Text { .. } => Some("policy"),
            Self::Key(error) => error.code(),
            Self::SameKey { .. } => Some("policy-same-key"),
            Self::TwoIdentities(_) => Some("policy-two-identities"),
            Self::File(_) => None,
        }
    }
}

/// A policy file that a judgment rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicySource {
    /// The file, as it was named.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// Policies that were read, and what of.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What they demand together.
    pub policy: Policy,
    /// The files, with those that they name.
    pub sources: Vec<PolicySource>,
    /// The files of identities among them.
    pub identities: Vec<PathBuf>,
}

/// Reads policies; what they say adds up.
///
/// # Errors
/// When a file cannot be read, or is not what it must be.
pub fn load(paths: &[PathBuf]) -> Result<Loaded, PolicyError> {
    load_before(paths, None)
}

/// As [`load`], before a file of identities is written: where a policy names it, it need not be there.
pub(super) fn load_before(
    paths: &[PathBuf],
    written: Option<&Path>,
) -> Result<Loaded, PolicyError> {
    let mut loaded = Loaded::default();
    for path in paths {
        loaded.add(path, written)?;
    }
    loaded.require_distinct_keys()?;
    Ok(loaded)
}

/// Reads a file of identities.
///
/// # Errors
/// When it cannot be read, or is not what `policy lock` writes.
pub fn load_identities(path: &Path) -> Result<Identities, PolicyError> {
    let bytes = files::read(path, limits::IDENTITIES_BYTES)?;
    Identities::parse(&bytes).map_err(|error| PolicyError::Text { path: path.to_owned(), error })
}

impl Loaded {
    fn add(&mut self, path: &Path, written: Option<&Path>) -> Result<(), PolicyError> {
        let bytes = files::read(path, limits::POLICY_BYTES)?;
        self.source(path, &bytes);
        let file = PolicyFile::parse(&bytes)
            .map_err(|error| PolicyError::Text { path: path.to_owned(), error })?;
        // What a policy names is beside it, wherever the command runs.
        let beside = |name: &str| path.parent().unwrap_or(Path::new("")).join(name);
        let mut signers = Vec::new();
        for table in &file.signers {
            let mut signer =
                Signer { name: table.name.clone(), keys: Vec::new(), until: table.until };
            for name in table.keys.iter() {
                signer.keys.push(keys::load_public(&beside(name))?);
            }
            signers.push(signer);
        }
        if file.identities.is_some() && self.policy.identities.is_some() {
            return Err(PolicyError::TwoIdentities(path.to_owned()));
        }
        let identities = match &file.identities {
            Some(table) => Some(self.identities(beside(&table.file), written)?),
            None => None,
        };
        self.policy.add(file.resolve(signers, identities));
        Ok(())
    }

    fn identities(
        &mut self,
        path: PathBuf,
        written: Option<&Path>,
    ) -> Result<Identities, PolicyError> {
        let is_written = written.is_some_and(|written| files::is_same_place(written, &path));
        let identities = match files::read(&path, limits::IDENTITIES_BYTES) {
            Err(error) if is_written && error.is_not_found() => Identities::default(),
            read => {
                let bytes = read?;
                self.source(&path, &bytes);
                let wrong = |error| PolicyError::Text { path: path.clone(), error };
                Identities::parse(&bytes).map_err(wrong)?
            }
        };
        self.identities.push(path);
        Ok(identities)
    }

    fn source(&mut self, path: &Path, bytes: &[u8]) {
        let sha256 = Algorithm::Sha256.digest(bytes);
        self.sources.push(PolicySource { file: path.display().to_string(), sha256 });
    }

    /// A key counts for one signer.
    fn require_distinct_keys(&self) -> Result<(), PolicyError> {
        let signers = &self.policy.signers;
        for (at, signer) in signers.iter().enumerate() {
            let before = signers.iter().take(at).filter(|one| one.name != signer.name);
            for other in before {
                if signer.keys.iter().any(|key| other.keys.contains(key)) {
                    let (one, other) = (other.name.clone(), signer.name.clone());
                    return Err(PolicyError::SameKey { one, other });
                }
            }
        }
        Ok(())
    }
}
