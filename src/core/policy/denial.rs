//! Why a package is not good enough, with a stable code for each reason.

use std::fmt;

use crate::core::{
    builder::IdentityChange,
    time::{self, Age, Time},
    verdict::{Claim, Weakness},
};

/// Why a package is not good enough. May quote untrusted text: escape before printing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// Evidence was there and did not verify: refused whatever the policy says.
    Refused(Claim),
    /// A person supplied it for an entry that nothing can vouch for. Only an exception that names its
    /// bytes accepts it; rules are not asked.
    Supplied,
    /// No rule selects the package.
    NoRule,
    /// A claim is demanded, and there is no evidence for it.
    Missing(Claim),
    /// A claim is demanded, and its evidence is of a kind that is not understood.
    Unrecognized(Claim),
    /// It has a weakness that a rule denies.
    Weak(Weakness),
    /// Something is not as a rule says.
    Unexpected {
        /// The rule's number in the policy.
        rule: usize,
        /// The key of the rule.
        key: &'static str,
        /// What was found, where anything was.
        found: Option<String>,
        /// What the rule names.
        expected: Vec<String>,
    },
    /// It had been published too short a time before when it was collected.
    TooYoung {
        /// The rule's number in the policy.
        rule: usize,
        /// When it was published, as far as that is known, and whether a verified time says so.
        published: Option<(Time, bool)>,
        /// When it was collected.
        collected: Time,
        /// How long it must have been published.
        minimum: Age,
    },
    /// Somebody else built it than the identities say.
    IdentityChanged(IdentityChange),
    /// The identities have a claim for an earlier version of the release line, and this version lacks it.
    EvidenceLost {
        /// The claim.
        claim: Claim,
        /// The earlier version.
        since: String,
    },
    /// The identities have the version with other bytes.
    BytesChanged,
    /// The identities do not have its release line.
    IdentityUnknown,
    /// No entry of the archive's lockfiles asks for it.
    Unneeded,
}

impl Denial {
    /// A stable code, for reports and exceptions.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(_) => "refused",
            Self::Supplied => "foreign",
            Self::NoRule => "no-rule",
            Self::Missing(Claim::Integrity) => "unpinned",
            Self::Missing(Claim::RegistrySignature) => "missing-registry-signature",
            Self::Missing(Claim::PublishAttestation) => "missing-publish-attestation",
            Self::Missing(Claim::Provenance) => "missing-provenance",
            Self::Unrecognized(_) => "unrecognized",
            Self::Weak(weakness) => weakness.name(),
            Self::Unexpected { key, .. } => unexpected(key),
            Self::TooYoung { .. } => "minimum-age",
            Self::IdentityChanged(_) => "identity-changed",
            Self::EvidenceLost { .. } => "evidence-lost",
            Self::BytesChanged => "bytes-changed",
            Self::IdentityUnknown => "identity-unknown",
            Self::Unneeded => "unneeded",
        }
    }

    /// The claim that it is about, if it is about one.
    pub fn claim(&self) -> Option<Claim> {
        match self {
            Self::Refused(claim)
            | Self::Missing(claim)
            | Self::Unrecognized(claim)
            | Self::EvidenceLost { claim, .. } => Some(*claim),
            _ => None,
        }
    }
}

/// The code of a key that is not as a rule says.
fn unexpected(key: &str) -> &'static str {
    match key {
        "registry" => "unexpected-registry",
        "issuer" => "unexpected-issuer",
        "repository" => "unexpected-repository",
        "repository-id" => "unexpected-repository-id",
        "owner" => "unexpected-owner",
        "owner-id" => "unexpected-owner-id",
        "workflow" => "unexpected-workflow",
        "ref" => "unexpected-ref",
        "trigger" => "unexpected-trigger",
        "runner" => "unexpected-runner",
        "builder" => "unexpected-builder",
        _ => "unexpected-build-type",
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(claim) => write!(f, "the {claim} does not verify"),
            Self::Supplied => {
                f.write_str("a person supplied it, so that an exception must name its bytes")
            }
            Self::NoRule => f.write_str("no rule of the policy selects it"),
            Self::Missing(Claim::Integrity) => {
                f.write_str("neither a strong hash nor a registry's signature binds its bytes")
            }
            Self::Missing(claim) => write!(f, "{claim} is demanded, and absent"),
            Self::Unrecognized(claim) => {
                write!(
                    f,
                    "{claim} is demanded, and its evidence is of a kind that is not understood"
                )
            }
            Self::Weak(weakness) => write!(f, "the policy denies {}", weakness.name()),
            Self::Unexpected { rule, key, found, expected } => {
                write!(f, "its {key} is {}", found.as_deref().unwrap_or("not stated"))?;
                write!(f, ", and rule {} expects {}", rule.saturating_add(1), expected.join(" or "))
            }
            Self::TooYoung { rule, published, collected, minimum } => {
                match published {
                    Some((time, signed)) => write!(
                        f,
                        "published {} ({}), collected {}",
                        time::format(*time),
                        if *signed { "a verified time" } else { "the registry's unsigned word" },
                        time::format(*collected)
                    )?,
                    None => f.write_str("nobody says when it was published")?,
                }
                write!(f, "; rule {} demands an age of {minimum}", rule.saturating_add(1))
            }
            Self::IdentityChanged(IdentityChange { who, from, to }) => {
                write!(f, "{} was {from} in this release line, and is {to}", who.name())
            }
            Self::EvidenceLost { claim, since } => {
                write!(f, "{since} of this release line has {claim}, and this version lacks it")
            }
            Self::BytesChanged => f.write_str("the identities have this version with other bytes"),
            Self::IdentityUnknown => f.write_str("the identities do not have this release line"),
            Self::Unneeded => f.write_str("no entry of the archive's own lockfiles asks for it"),
        }
    }
}
