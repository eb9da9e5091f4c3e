//! Who built each package, as it was when somebody last looked: what was true and is not any more is
//! refused.
//!
//! The unit is the release line of a package: its major version, or its minor version before 1.0.0. A
//! new line is unknown, not changed.

mod text;

use std::{cmp::Ordering, collections::BTreeMap};

use super::{
    denial::Denial,
    rule::{From, without_ref},
};
use crate::core::{
    package::{Origin, PackageId, Purl, digest::Digest, ecosystem::Ecosystem},
    verdict::{Claim, PackageVerdict, ProvenanceFacts, Status},
};

/// Who built each package, by release line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identities {
    lines: BTreeMap<Line, Vec<Identity>>,
}

/// A release line of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The package's name.
    pub name: String,
    /// Where it is from, where that is not the public registry.
    pub from: Option<String>,
    /// The major version, or `0.` and the minor one.
    pub line: String,
}

/// A builder of versions of one release line; of most lines there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who built them; `None` where no provenance says.
    pub build: Option<Build>,
    /// The versions that were seen.
    pub versions: BTreeMap<String, Known>,
}

/// Who built a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// The OIDC issuer.
    pub issuer: String,
    /// The repository, as a URL.
    pub repository: String,
    /// Its numeric id, where the certificate has one.
    pub repository_id: Option<u64>,
    /// The repository's owner, as a URL, where the certificate says.
    pub owner: Option<String>,
    /// The owner's numeric id, where the certificate has one.
    pub owner_id: Option<u64>,
    /// The workflow that signed, without its ref.
    pub workflow: String,
    /// What the provenance calls its builder. It is for people to read: the workflow's own word, and
    /// another in newer provenance of the same builder, so that it is not compared.
    pub builder: String,
}

/// A version that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The claims that were verified.
    pub claims: Vec<Claim>,
    /// The digest of its bytes that its ecosystem signs.
    pub digest: Digest,
}

impl Line {
    /// The release line of a package.
    pub fn of(purl: &Purl) -> Self {
        let id = purl.id();
        let from = match purl.origin() {
            _ if purl.is_public() => None,
            Origin::Registry(address) | Origin::Url(address) | Origin::Supplied(address) => {
                Some(address.clone())
            }
            Origin::File(_) => Some(From::File.to_string()),
        };
        let line = (id.ecosystem().naming().release_line)(id.version());
        Self { ecosystem: id.ecosystem(), name: id.name().to_owned(), from, line }
    }
}

impl Build {
    fn of(facts: &ProvenanceFacts) -> Self {
        let id = |id: &Option<String>| id.as_deref().and_then(|id| id.parse().ok());
        Self {
            issuer: facts.issuer.clone(),
            repository: facts.source_repository.clone(),
            repository_id: id(&facts.repository_id),
            owner: facts.owner.clone(),
            owner_id: id(&facts.owner_id),
            workflow: without_ref(&facts.workflow).to_owned(),
            builder: facts.stated_builder.clone(),
        }
    }

    /// What differs first, with both values. Where both have an id, the id decides and the name may
    /// change; certificates of early 2023 have names alone.
    fn difference(&self, other: &Self) -> Option<(&'static str, String, Option<String>)> {
        let text = |value: &String| Some(value.clone());
        let number = |id: Option<u64>| id.map(|id| id.to_string());
        let (repository, owner) = (
            match (self.repository_id, other.repository_id) {
                (Some(one), Some(two)) => {
                    ("the repository's id", number(Some(one)), number(Some(two)))
                }
                _ => ("the repository", text(&self.repository), text(&other.repository)),
            },
            match (self.owner_id, other.owner_id) {
                (Some(one), Some(two)) => ("the owner's id", number(Some(one)), number(Some(two))),
                _ => ("the owner", self.owner.clone(), other.owner.clone()),
            },
        );
        let renamed = self.repository_id.is_some()
            && self.repository_id == other.repository_id
            && self.repository != other.repository;
        let workflow = |build: &Self| match renamed {
            // The workflow's address starts with the repository's.
            true => build.workflow.strip_prefix(&build.repository).map(str::to_owned),
            false => text(&build.workflow),
        };
        [
            ("the issuer", text(&self.issuer), text(&other.issuer)),
            repository,
            owner,
            ("the workflow", workflow(self), workflow(other)),
        ]
        .into_iter()
        .find(|(_, one, two)| one != two)
        .map(|(what, one, two)| (what, one.unwrap_or_else(|| "not stated".into()), two))
    }
}

impl Identities {
    /// The identities of packages that were verified, each with the digest that its ecosystem signs.
    pub fn of<'a>(
        packages: impl IntoIterator<Item = (&'a Purl, &'a PackageVerdict, &'a Digest)>,
    ) -> Self {
        let mut lines: BTreeMap<Line, Vec<Identity>> = BTreeMap::new();
        for (purl, verdict, digest) in packages {
            let build = verdict.provenance().map(Build::of);
            let claims = verdict.claims.keys().copied();
            let claims = claims.filter(|claim| verdict.is_verified(*claim)).collect();
            let known = Known { claims, digest: digest.clone() };
            let version = purl.id().version().to_owned();
            let identities = lines.entry(Line::of(purl)).or_default();
            match identities.iter_mut().find(|one| same(one.build.as_ref(), build.as_ref())) {
                Some(identity) => drop(identity.versions.insert(version, known)),
                None => identities.push(Identity { build, versions: [(version, known)].into() }),
            }
        }
        Self { lines }
    }

    /// The release lines, each with its identities.
    pub fn lines(&self) -> impl Iterator<Item = (&Line, &[Identity])> {
        self.lines.iter().map(|(line, identities)| (line, identities.as_slice()))
    }

    /// The identities of a release line.
    pub fn line(&self, line: &Line) -> Option<&[Identity]> {
        self.lines.get(line).map(Vec::as_slice)
    }

    /// Takes over what was found newly: the lines that `found` has are as it has them, with the
    /// versions that are known of the same builders; all others stay.
    #[must_use]
    pub fn updated(mut self, found: Self) -> Self {
        for (line, mut identities) in found.lines {
            for old in self.lines.remove(&line).into_iter().flatten() {
                let build = old.build.as_ref();
                let same = identities.iter_mut().find(|one| same(one.build.as_ref(), build));
                if let Some(identity) = same {
                    for (version, known) in old.versions {
                        identity.versions.entry(version).or_insert(known);
                    }
                }
            }
            self.lines.insert(line, identities);
        }
        self
    }

    /// Whether these bytes were seen as this version.
    pub fn knows(&self, purl: &Purl, digest: &Digest) -> bool {
        let known = self.versions(&Line::of(purl), purl.id());
        known
            .into_iter()
            .any(|(version, known)| version == purl.id().version() && known.digest == *digest)
    }

    /// What of a package is not as it was.
    pub(super) fn judge(
        &self,
        purl: &Purl,
        verdict: &PackageVerdict,
        digest: &Digest,
    ) -> Vec<Denial> {
        let line = Line::of(purl);
        let Some(identities) = self.lines.get(&line) else { return vec![Denial::IdentityUnknown] };
        // The same version first, then the next one before it.
        let versions = self.versions(&line, purl.id());
        let mut denials = Vec::new();
        if let Some((version, known)) = versions.first() {
            if *version == purl.id().version() && known.digest != *digest {
                denials.push(Denial::BytesChanged);
            }
            let lost = known.claims.iter().filter(|claim| {
                matches!(
                    verdict.status(**claim),
                    None | Some(Status::Absent | Status::Unrecognized)
                )
            });
            denials.extend(
                lost.map(|claim| Denial::EvidenceLost {
                    claim: *claim,
                    since: (*version).to_owned(),
                }),
            );
        }
        denials.extend(changed(identities, verdict));
        denials
    }

    /// The versions of a line that are not later than a package, the latest first.
    fn versions<'a>(&'a self, line: &Line, id: &PackageId) -> Vec<(&'a str, &'a Known)> {
        let order = id.ecosystem().naming().order;
        let identities = self.lines.get(line).into_iter().flatten();
        let versions = identities.flat_map(|identity| &identity.versions);
        let mut versions: Vec<_> = versions
            .map(|(version, known)| (version.as_str(), known))
            .filter(|(version, _)| order(version, id.version()) != Ordering::Greater)
            .collect();
        versions.sort_by(|(one, _), (other, _)| order(other, one));
        versions
    }
}

/// Whether two are built by the same.
fn same(one: Option<&Build>, other: Option<&Build>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.difference(other).is_none(),
        (None, None) => true,
        _ => false,
    }
}

/// How a package's builder differs from all that are known. Where none was known, there is nothing to
/// differ from.
fn changed(identities: &[Identity], verdict: &PackageVerdict) -> Option<Denial> {
    let build = Build::of(verdict.provenance()?);
    let mut differences = identities
        .iter()
        .filter_map(|identity| identity.build.as_ref())
        .map(|known| known.difference(&build))
        .collect::<Vec<_>>();
    if differences.iter().any(Option::is_none) {
        return None;
    }
    let (what, known, found) = differences.pop().flatten()?;
    Some(Denial::IdentityChanged { what, known, found })
}
