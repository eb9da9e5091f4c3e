//! One rule of a policy: which packages it is about, and what it demands of them.

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{denial::Denial, glob::Glob, list::List, pattern::PackagePattern};
use crate::core::{
    addresses,
    builder::without_ref,
    package::{Origin, PackageId, Purl},
    time::{Age, Time},
    verdict::{Claim, PackageVerdict, ProvenanceFacts, Status, Weakness},
};

/// One rule: which packages it is about, and what it demands of them. A package must meet every rule
/// that selects it; of the values of one key, any is good.
///
/// Serialised, these are the keys of `[[rule]]` (`man/sealift-policy.5`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// The packages that it is about; without it, all.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub packages: List<PackagePattern>,
    /// The packages that it is not about although `packages` selects them.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub except: List<PackagePattern>,
    /// The claims that must be verified. Integrity is among them in any case.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub claims: List<Claim>,
    /// Where they may be from.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub registry: List<From>,
    /// The OIDC issuer of the certificate that signed the provenance.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub issuer: List<Glob>,
    /// The repository that was built, as a URL.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub repository: List<Glob>,
    /// The repository's numeric id.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub repository_id: List<u64>,
    /// The repository's owner, as a URL.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub owner: List<Glob>,
    /// The owner's numeric id.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub owner_id: List<u64>,
    /// The workflow that signed, as a URL, with or without `@` and its ref.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub workflow: List<Glob>,
    /// The branch or tag that was built.
    #[serde(rename = "ref", skip_serializing_if = "List::is_absent")]
    pub git_ref: List<Glob>,
    /// The event that started the build.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub trigger: List<Glob>,
    /// `github-hosted` and the like.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub runner: List<Glob>,
    /// What the provenance calls its builder: the workflow's own word.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub builder: List<Glob>,
    /// What the provenance calls its build type: the workflow's own word.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub build_type: List<Glob>,
    /// How long a package must have been published when it was collected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_age: Option<Age>,
    /// What is denied although it verifies.
    #[serde(skip_serializing_if = "List::is_absent")]
    pub deny: List<Weakness>,
    /// Whether it only adds demands: a package must be selected by another rule too. So are the options
    /// beside a policy, which must not open what the policy leaves out.
    #[serde(skip)]
    pub only_adds: bool,
}

impl Rule {
    /// A rule for all packages that demands claims, and denies weaknesses.
    pub fn for_all(
        claims: impl IntoIterator<Item = Claim>,
        deny: impl IntoIterator<Item = Weakness>,
    ) -> Self {
        // Each once, in the order of verification.
        let claims: BTreeSet<_> = claims.into_iter().collect();
        let deny: BTreeSet<_> = deny.into_iter().collect();
        Self {
            claims: claims.into_iter().collect(),
            deny: deny.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Whether it is about a package.
    pub fn selects(&self, id: &PackageId) -> bool {
        let any = |patterns: &[PackagePattern]| patterns.iter().any(|one| one.selects(id));
        (self.packages.is_absent() || any(&self.packages)) && !any(&self.except)
    }

    /// Whether it says who must have built a package: then the package must have provenance.
    pub fn names_a_build(&self) -> bool {
        self.texts(None).iter().any(|(_, expected, _)| !expected.is_absent())
            || !self.repository_id.is_absent()
            || !self.owner_id.is_absent()
    }

    /// Whether it names numeric ids without an issuer or a name: other issuers give the same numbers.
    pub(super) fn has_bare_ids(&self) -> bool {
        let has_ids = !self.repository_id.is_absent() || !self.owner_id.is_absent();
        let names = [&self.issuer, &self.repository, &self.owner];
        has_ids && names.into_iter().all(List::is_absent)
    }

    /// The claims that it demands, beside integrity.
    pub fn demands(&self) -> impl Iterator<Item = Claim> {
        let built = self.names_a_build().then_some(Claim::Provenance);
        self.claims.iter().copied().chain(built)
    }

    /// What of a package is not as the rule says, but for claims that are not there. All that the rule
    /// says of a build holds of one statement. `rule` is its number in the policy.
    pub(super) fn unexpected(
        &self,
        rule: usize,
        purl: &Purl,
        verdict: &PackageVerdict,
        collected: Time,
    ) -> Vec<Denial> {
        let mut denials = Vec::new();
        if !self.registry.is_absent() && !self.registry.iter().any(|from| from.is_of(purl)) {
            let found = match purl.origin() {
                Origin::Registry(address) | Origin::Url(address) | Origin::Supplied(address) => {
                    address.clone()
                }
                Origin::File(_) => From::File.to_string(),
            };
            let expected = self.registry.iter().map(ToString::to_string).collect();
            denials.push(Denial::Unexpected {
                rule,
                key: "registry",
                found: Some(found),
                expected,
            });
        }
        if let Some(facts) = verdict.provenance() {
            denials.extend(self.unexpected_build(rule, facts));
        }
        if let Some(minimum) = self.minimum_age {
            let published = published(verdict);
            let age = published.map(|(time, _)| collected - time);
            if age.is_none_or(|age| age < minimum.0) {
                denials.push(Denial::TooYoung { rule, published, collected, minimum });
            }
        }
        denials
    }

    fn unexpected_build(&self, rule: usize, facts: &ProvenanceFacts) -> Vec<Denial> {
        let denial = |key, found: Option<&str>, expected| Denial::Unexpected {
            rule,
            key,
            found: found.map(str::to_owned),
            expected,
        };
        let texts = self.texts(Some(facts)).into_iter().filter_map(|(key, expected, found)| {
            let bare = (key == "workflow").then(|| found.map(without_ref)).flatten();
            let fits = |glob: &Glob| {
                let found = if glob.as_str().contains('@') { found } else { bare.or(found) };
                found.is_some_and(|found| glob.matches(found))
            };
            if expected.is_absent() || expected.iter().any(fits) {
                return None;
            }
            let expected = expected.iter().map(|glob| glob.as_str().to_owned()).collect();
            Some(denial(key, found, expected))
        });
        // An id outlives a name. Certificates of early 2023 have none: then the name decides, and a
        // rule without a name is not met.
        let named = !self.repository.is_absent();
        let ids = [
            ("repository-id", &self.repository_id, facts.repository_id.as_deref(), named),
            (
                "owner-id",
                &self.owner_id,
                facts.owner_id.as_deref(),
                named || !self.owner.is_absent(),
            ),
        ];
        let ids = ids.into_iter().filter_map(|(key, expected, found, named)| {
            let fits = |id: &u64| found == Some(id.to_string().as_str());
            let by_name = found.is_none() && named;
            if expected.is_absent() || by_name || expected.iter().any(fits) {
                return None;
            }
            Some(denial(key, found, expected.iter().map(ToString::to_string).collect()))
        });
        texts.chain(ids).collect()
    }

    /// What it says of a build in texts, each with what was found.
    fn texts<'a>(
        &self,
        facts: Option<&'a ProvenanceFacts>,
    ) -> [(&'static str, &List<Glob>, Option<&'a str>); 9] {
        let found = |text: fn(&ProvenanceFacts) -> Option<&str>| facts.and_then(text);
        [
            ("issuer", &self.issuer, found(|facts| Some(&facts.issuer))),
            ("repository", &self.repository, found(|facts| Some(&facts.source_repository))),
            ("owner", &self.owner, found(|facts| facts.owner.as_deref())),
            ("workflow", &self.workflow, found(|facts| Some(&facts.workflow))),
            ("ref", &self.git_ref, found(|facts| facts.git_ref.as_deref())),
            ("trigger", &self.trigger, found(|facts| facts.trigger.as_deref())),
            ("runner", &self.runner, found(|facts| facts.runner.as_deref())),
            ("builder", &self.builder, found(|facts| Some(&facts.stated_builder))),
            ("build-type", &self.build_type, found(|facts| Some(&facts.stated_build_type))),
        ]
    }
}

/// When a package was published, and whether somebody signed that: the latest of the verified times of its
/// attestations and of what the registry says, which nobody signs. So the registry's word makes a package
/// younger, and never older.
pub(super) fn published(verdict: &PackageVerdict) -> Option<(Time, bool)> {
    let publish = verdict.publish_attestation().map(|facts| facts.signed_at);
    let built = verdict.provenance().map(|facts| facts.signed_at);
    match (publish.max(built), verdict.published) {
        (Some(signed), Some(said)) if said > signed => Some((said, false)),
        (Some(signed), _) => Some((signed, true)),
        (None, said) => said.map(|time| (time, false)),
    }
}

/// Whether a claim that is demanded is there.
pub(super) fn missing(claim: Claim, verdict: &PackageVerdict) -> Option<Denial> {
    match verdict.status(claim) {
        // What is refused is denied for that.
        Some(Status::Verified | Status::Refused) => None,
        Some(Status::Unrecognized) => Some(Denial::Unrecognized(claim)),
        Some(Status::Absent) | None => Some(Denial::Missing(claim)),
    }
}

/// Where a package may be from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum From {
    /// The registry that a purl without qualifier means.
    Public,
    /// A tarball among the project's files.
    File,
    /// A registry's address, or that of a tarball.
    Address(Glob),
}

impl From {
    fn is_of(&self, purl: &Purl) -> bool {
        match (self, purl.origin()) {
            (Self::Public, _) => purl.is_public(),
            (Self::File, origin) => matches!(origin, Origin::File(_)),
            (Self::Address(glob), Origin::Registry(address) | Origin::Url(address)) => {
                glob.matches(address)
            }
            (Self::Address(_), Origin::File(_) | Origin::Supplied(_)) => false,
        }
    }
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::File => "file",
            Self::Address(glob) => glob.as_str(),
        })
    }
}

impl Serialize for From {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for From {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        match text.as_str() {
            "public" => Ok(Self::Public),
            "file" => Ok(Self::File),
            _ if text.contains('*') && text.contains("://") => Ok(Self::Address(Glob::new(&text))),
            _ => match addresses::registry(&text) {
                // A registry has one form; a tarball's address is kept as it is.
                Some(address) => Ok(Self::Address(Glob::new(&address))),
                None => Err(D::Error::custom(format!(
                    "{text:?} is not \"public\", \"file\" or an address such as \
                     \"https://npm.example/\""
                ))),
            },
        }
    }
}
