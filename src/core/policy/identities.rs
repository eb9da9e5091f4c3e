//! Who built each package, as it was when somebody last looked: what was true and is not any more is
//! refused.
//!
//! The unit is the release line of a package: its major version, or its minor version before 1.0.0. A
//! new line is unknown, not changed.

mod changes;
mod text;

use std::{cmp::Ordering, collections::BTreeMap};

pub use self::changes::{IdentityChanges, LineChange};

use super::{denial::Denial, rule::From};
use crate::core::{
    builder::{Builder, IdentityChange, number, without_ref},
    package::{Origin, PackageId, Purl, digest::Digest, ecosystem::Ecosystem},
    verdict::{Claim, PackageVerdict, ProvenanceFacts, Status},
};

/// Who built each package, by release line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identities {
    lines: BTreeMap<Line, Vec<Identity>>,
}

/// A release line of a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Who built them; `None` where no provenance says.
    pub build: Option<Build>,
    /// The versions that were seen.
    pub versions: BTreeMap<String, Known>,
}

/// Who built a package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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

    fn is_same_package(&self, other: &Self) -> bool {
        let package = |line: &Self| (line.ecosystem, line.name.clone(), line.from.clone());
        package(self) == package(other)
    }
}

impl Build {
    fn of(facts: &ProvenanceFacts) -> Self {
        Self {
            issuer: facts.issuer.clone(),
            repository: facts.source_repository.clone(),
            repository_id: number(facts.repository_id.as_deref()),
            owner: facts.owner.clone(),
            owner_id: number(facts.owner_id.as_deref()),
            workflow: without_ref(&facts.workflow).to_owned(),
            builder: facts.stated_builder.clone(),
        }
    }

    /// What differs first.
    fn difference(&self, other: &Self) -> Option<IdentityChange> {
        self.builder().changes(&other.builder()).into_iter().next()
    }

    /// As builders are compared. What a person cannot see in the file of identities is not compared.
    fn builder(&self) -> Builder<'_> {
        Builder {
            issuer: &self.issuer,
            repository: &self.repository,
            repository_id: self.repository_id,
            owner: self.owner.as_deref(),
            owner_id: self.owner_id,
            workflow: &self.workflow,
            workflow_file: None,
            runner: None,
        }
    }
}

impl Identity {
    /// Takes over what another certificate of the same builder says more: ids, which older ones lack.
    fn learn(&mut self, other: Option<&Build>) {
        if let (Some(own), Some(other)) = (&mut self.build, other) {
            own.repository_id = own.repository_id.or(other.repository_id);
            own.owner_id = own.owner_id.or(other.owner_id);
            own.owner = own.owner.take().or_else(|| other.owner.clone());
        }
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
                Some(identity) => {
                    identity.learn(build.as_ref());
                    identity.versions.insert(version, known);
                }
                None => identities.push(Identity { build, versions: [(version, known)].into() }),
            }
        }
        Self::sorted(lines)
    }

    /// With the identities of each line in one order, whatever order they came in.
    fn sorted(mut lines: BTreeMap<Line, Vec<Identity>>) -> Self {
        lines.values_mut().for_each(|identities| identities.sort());
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

    /// Takes over what was found newly, line by line. A builder that was known before stays only if it
    /// was found again or if nothing that was found says who built it: lost evidence must not make
    /// every later builder acceptable. Versions of builders that stay, and versions without a builder,
    /// stay known.
    #[must_use]
    pub fn updated(mut self, found: Self) -> Self {
        for (line, mut identities) in found.lines {
            let says_who = identities.iter().any(|identity| identity.build.is_some());
            for mut old in self.lines.remove(&line).into_iter().flatten() {
                let again = |version: &String| {
                    identities.iter().any(|identity| identity.versions.contains_key(version))
                };
                old.versions.retain(|version, _| !again(version));
                let build = old.build.as_ref();
                match identities.iter_mut().find(|one| same(one.build.as_ref(), build)) {
                    Some(identity) => {
                        identity.learn(build);
                        identity.versions.append(&mut old.versions);
                    }
                    None if old.versions.is_empty() || (says_who && build.is_some()) => {}
                    None => identities.push(old),
                }
            }
            self.lines.insert(line, identities);
        }
        Self::sorted(self.lines)
    }

    /// Whether a package of this name was seen from another place.
    pub(super) fn knows_from_elsewhere(&self, purl: &Purl) -> bool {
        let own = Line::of(purl);
        self.lines.keys().any(|line| {
            line.ecosystem == own.ecosystem && line.name == own.name && line.from != own.from
        })
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
        let Some(identities) = self.lines.get(&line) else {
            return match self.is_built_as_before(&line, verdict) {
                true => Vec::new(),
                false => vec![Denial::IdentityUnknown],
            };
        };
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

    /// Whether a package of a new release line is built by who built another line of it: then it is
    /// known who that is.
    fn is_built_as_before(&self, line: &Line, verdict: &PackageVerdict) -> bool {
        let Some(build) = verdict.provenance().map(Build::of) else { return false };
        let others = self.lines.range(Line { line: String::new(), ..line.clone() }..);
        let others = others.take_while(|(other, _)| other.is_same_package(line));
        let mut identities = others.flat_map(|(_, identities)| identities);
        identities.any(|identity| same(identity.build.as_ref(), Some(&build)))
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
    nearest(identities, &build).map(Denial::IdentityChanged)
}

/// How a builder differs from the last one that is known; `None` where it is one of them, or where none
/// is known.
fn nearest(known: &[Identity], build: &Build) -> Option<IdentityChange> {
    let known = known.iter().filter_map(|identity| identity.build.as_ref());
    let mut differences: Vec<_> = known.map(|known| known.difference(build)).collect();
    match differences.iter().any(Option::is_none) {
        true => None,
        false => differences.pop().flatten(),
    }
}

#[cfg(test)]
mod tests;
