//! Why an archive was not examined to the end.

use std::path::PathBuf;

use crate::{
    app::{archive::OpenError, inputs::InputError, policy::PolicyError, trust::BasisError},
    core::lockfile::LockfileError,
};

/// Why an archive was not examined to the end.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Neither a policy nor an option demands anything.
    #[error("nothing says what is demanded of packages")]
    NoDemands,
    /// The policies have no rule.
    #[error("the policy has no rule, so every package would be denied")]
    NoRule,
    /// The policy demands this build's lockfile.
    #[error("the policy demands this build's lockfile, and none is given")]
    LockfileRequired,
    /// The policy limits the age of trust, and pinned files have no known age.
    #[error("the policy limits the age of trust, and files that you pinned have no known age")]
    UnknownTrustAge,
    /// A policy cannot be used.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The archive was not opened, or an entry is not the one that was sealed.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// This build's lockfiles cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// There is no trust material to judge by.
    #[error(transparent)]
    Basis(#[from] BasisError),
    /// The archive has a lockfile that is not understood.
    #[error("{}: {entry}: {error}", path.display())]
    Lockfile {
        /// The archive.
        path: PathBuf,
        /// The entry that holds the lockfile.
        entry: String,
        /// Why.
        error: LockfileError,
    },
    /// The archive has no lockfile.
    #[error("{}: the archive contains no lockfile", .0.display())]
    NoLockfile(PathBuf),
}

impl VerifyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Open(error) => return error.hint(),
            Self::Input(error) => return error.hint(),
            Self::Basis(error) => return error.hint(),
            Self::NoDemands => {
                "there is no default: use --policy FILE, or --require with integrity, \
                 registry-signature, publish-attestation or provenance"
            }
            Self::NoRule => "add a [[rule]], or use --require",
            Self::LockfileRequired => "name it with --lockfile",
            Self::UnknownTrustAge => "leave --trusted-root out, or the limit",
            Self::Policy(error) => return error.hint(),
            Self::Lockfile { .. } | Self::NoLockfile(_) => {
                "the archive was sealed so; have it sealed anew"
            }
        };
        Some(hint.to_owned())
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Open(error) => error.code(),
            Self::Basis(error) => error.code(),
            Self::Lockfile { .. } => Some("lockfile"),
            Self::NoLockfile(_) => Some("no-lockfile"),
            Self::Policy(error) => error.code(),
            Self::NoDemands
            | Self::NoRule
            | Self::LockfileRequired
            | Self::UnknownTrustAge
            | Self::Input(_) => None,
        }
    }

    /// Whether the archive was examined and refused, or could not be examined at all.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Open(error) => error.is_refusal(),
            Self::Basis(error) => error.is_refusal(),
            Self::Lockfile { .. } | Self::NoLockfile(_) => true,
            Self::NoDemands
            | Self::NoRule
            | Self::LockfileRequired
            | Self::UnknownTrustAge
            | Self::Policy(_)
            | Self::Input(_) => false,
        }
    }
}
