//! Errors in two families: the metadata is bad, or it could not be fetched.

use crate::core::{
    limits,
    time::{self, Time},
};

/// Metadata or a target file that was examined and refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not TUF metadata of this role.
    #[error("{role} metadata is malformed: {detail}")]
    Malformed {
        /// The role.
        role: String,
        /// What is wrong with it.
        detail: String,
    },
    /// Written to another major version of the specification (§4.3, `spec_version`).
    #[error("{role} metadata is of specification {found:?}; this client knows version 1")]
    UnsupportedSpec {
        /// The role.
        role: String,
        /// The version that the metadata states.
        found: String,
    },
    /// Too few valid signatures.
    #[error("{role} metadata has {found} valid signatures of {threshold} needed")]
    Threshold {
        /// The role.
        role: String,
        /// Valid signatures by distinct key ids.
        found: usize,
        /// Signatures needed.
        threshold: usize,
    },
    /// Enough signatures, but some by the same key under several ids.
    #[error(
        "{role} metadata is signed by {distinct} distinct keys of {threshold} needed: one key has several ids"
    )]
    OneKeyTwice {
        /// The role.
        role: String,
        /// Distinct keys with a valid signature.
        distinct: usize,
        /// Signatures needed.
        threshold: usize,
    },
    /// A key id signs more than once, which the specification forbids (§4.2.1).
    #[error("{role} metadata has several signatures of key {keyid}")]
    DuplicateSignature {
        /// The role.
        role: String,
        /// The key id.
        keyid: String,
    },
    /// The version is not the one that was announced.
    #[error("{role} metadata has version {found} where {expected} is due")]
    Version {
        /// The role.
        role: String,
        /// The version that the chain of trust asks for.
        expected: u64,
        /// The version that the metadata states.
        found: u64,
    },
    /// Length or hash are not the ones that were announced.
    #[error("{file} does not have the announced length and hashes: {detail}")]
    Mismatch {
        /// The metadata file or target.
        file: String,
        /// What differs.
        detail: String,
    },
    /// Older than what was seen before.
    #[error("{role} was at version {trusted} and is offered as {offered}: a rollback")]
    Rollback {
        /// The role.
        role: String,
        /// The newest authentic version seen.
        trusted: u64,
        /// The version offered.
        offered: u64,
    },
    /// A role that snapshot metadata listed before is gone from it (§5.5.5).
    #[error("{role} is gone from the snapshot, which listed version {trusted}")]
    Removed {
        /// The role.
        role: String,
        /// The version seen before.
        trusted: u64,
    },
    /// The keys that signed are no longer among those that a newer pinned root names for this role.
    #[error("{role} metadata is not signed by the keys that the pinned root {root} names")]
    Outgrown {
        /// The role.
        role: String,
        /// The version of the pinned root.
        root: u64,
    },
    /// Of two states, each is the newer one in something.
    #[error(
        "two states of one repository contradict each other: one has the newer {newer}, the other \
         the newer {older}"
    )]
    Crossed {
        /// The role that is newer in one of them.
        newer: String,
        /// The role that is older in it.
        older: String,
    },
    /// Expired at the reference time.
    #[error("{role} metadata expired at {}, before the reference time {}", time::format(*expires), time::format(*at))]
    Expired {
        /// The role.
        role: String,
        /// When it expired.
        expires: Time,
        /// The reference time of the update.
        at: Time,
    },
    /// A delegation breaks the specification (§4.5).
    #[error("{by} delegates to {role:?} {detail}")]
    Delegation {
        /// Who delegates.
        by: String,
        /// The delegated role.
        role: String,
        /// What is wrong.
        detail: &'static str,
    },
    /// A delegation or pin names a role that is not there.
    #[error("{by} does not name the role {role}")]
    UnknownRole {
        /// The role.
        role: String,
        /// Where it should be named.
        by: String,
    },
    /// More new roots than any repository can have.
    #[error("more than {bound} root versions follow each other")]
    TooManyRoots {
        /// The bound.
        bound: u64,
    },
    /// More delegations to search than the bound allows.
    #[error("the search for {path} visits more than {bound} delegated roles")]
    TooManyDelegations {
        /// The target searched for.
        path: String,
        /// The bound.
        bound: usize,
    },
    /// No role that may list the target lists it.
    #[error("no role that may do so lists the target {path}")]
    TargetNotFound {
        /// The target's path.
        path: String,
    },
    /// A metadata file is larger than anything of its kind.
    #[error("{file} has {size} bytes; at most {max} are accepted")]
    TooLarge {
        /// The published name.
        file: String,
        /// Its size.
        size: u64,
        /// The limit.
        max: u64,
    },
    /// A metadata file has more values than any real one.
    #[error("the metadata of {role} has {values} values; at most {max} are accepted",
        max = limits::METADATA_VALUES)]
    TooManyValues {
        /// The role.
        role: String,
        /// How many.
        values: usize,
    },
    /// The holder of a role's keys signed one version of its metadata with two contents.
    #[error("there are two different versions {version} of {role}")]
    Forked {
        /// The role.
        role: String,
        /// The version.
        version: u64,
    },
    /// The target is larger than anything of its kind.
    #[error("the target {path} has {length} bytes; at most {max} are accepted")]
    TargetTooLarge {
        /// The target's path.
        path: String,
        /// Its announced length.
        length: u64,
        /// The limit.
        max: u64,
    },
    /// No pinned root leads to the carried ones.
    #[error("no pinned root leads to root version {carried}; the oldest pinned one is {oldest}")]
    NoPinnedRoot {
        /// The newest root carried.
        carried: u64,
        /// The oldest root pinned.
        oldest: u64,
    },
    /// The chain of carried roots has a gap.
    #[error("root version {version} is missing between the pinned and the newest carried root")]
    RootMissing {
        /// The version that is missing.
        version: u64,
    },
    /// A carried root has another content than the pinned one of the same version.
    #[error("root version {version} is not the pinned one")]
    RootDiffers {
        /// The version.
        version: u64,
    },
    /// A file that must be there is not.
    #[error("{file} is missing")]
    Missing {
        /// The published name.
        file: String,
    },
    /// A file lies there that the chain of trust does not account for.
    #[error("{file} belongs to no role or target")]
    Unexpected {
        /// The published name.
        file: String,
    },
}

impl MetadataError {
    /// What to do about it, on the side that does the update.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Expired { .. } => {
                "the repository was not re-signed in time, or what it serves is old: try its \
                 original instead of a mirror; behind a gap, import an archive sealed since. If \
                 neither helps, check the clock"
            }
            Self::Rollback { .. } | Self::Removed { .. } | Self::Outgrown { .. } => {
                "the repository, or something between here and there, serves old metadata: try \
                 another mirror, and tell its operator"
            }
            Self::NoPinnedRoot { .. } | Self::RootMissing { .. } => {
                "carry the missing roots, or update sealift"
            }
            Self::RootDiffers { .. } | Self::Crossed { .. } | Self::Forked { .. } => {
                "somebody published two histories of this repository: do not use either before \
                 its origin is cleared up"
            }
            Self::TooManyRoots { .. } => "update sealift: newer versions pin newer roots",
            Self::UnsupportedSpec { .. } => "update sealift",
            _ => return None,
        };
        Some(text.to_owned())
    }
}

/// An update that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError<E> {
    /// What the repository offered was examined and refused.
    #[error(transparent)]
    Refused(#[from] MetadataError),
    /// It could not be had.
    #[error("cannot get {file}: {source}")]
    Unavailable {
        /// The published name.
        file: String,
        /// What the repository said.
        source: E,
    },
    /// The floor could not be persisted on the way.
    #[error("the update was stopped")]
    Stopped,
    /// The repository does not have a file that it must have.
    #[error("the repository has no {file}")]
    Absent {
        /// The published name.
        file: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every command that meets a refusal prints its hint, and no option is one of all of them.
    #[test]
    fn hints_name_no_options() {
        let (role, at) = ("timestamp".to_owned(), limits::EARLIEST);
        let (trusted, offered, version, found) = (2, 1, 3, "2.0".to_owned());
        let refusals = [
            MetadataError::Expired { role: role.clone(), expires: at, at },
            MetadataError::Rollback { role: role.clone(), trusted, offered },
            MetadataError::Removed { role: role.clone(), trusted },
            MetadataError::Outgrown { role: role.clone(), root: 16 },
            MetadataError::NoPinnedRoot { carried: 1, oldest: 5 },
            MetadataError::RootMissing { version },
            MetadataError::RootDiffers { version },
            MetadataError::Crossed { newer: "root".to_owned(), older: role.clone() },
            MetadataError::Forked { role: role.clone(), version },
            MetadataError::TooManyRoots { bound: 7 },
            MetadataError::UnsupportedSpec { role, found },
        ];
        for refusal in refusals {
            let hint = refusal.hint().unwrap();
            assert!(!hint.contains("--"), "{hint}");
        }
    }
}
