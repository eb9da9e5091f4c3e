//! What changes from the packages of one archive to those of another: versions, bytes, evidence, and
//! who built them. Compares what was verified; says nothing of what is acceptable.
//!
//! A package of the new archive is compared with the one of the old archive that it follows (`pairs`).

mod identity;
mod pairs;
mod scripts;

use crate::core::{
    builder::IdentityChange,
    package::{Purl, digest::Digest},
    verdict::{Claim, PackageVerdict, Status},
};

pub use self::scripts::ScriptChange;
pub(crate) use self::scripts::changed_scripts;

/// A package of an archive, as it is compared.
#[derive(Debug, Clone, Copy)]
pub struct ComparedPackage<'a> {
    /// Which package.
    pub purl: &'a Purl,
    /// What its evidence comes to.
    pub verdict: &'a PackageVerdict,
    /// The digest of its bytes that its ecosystem signs.
    pub digest: &'a Digest,
}

/// How a package of the new archive relates to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// The same version has other bytes.
    Replaced,
    /// The same version has the same bytes; what speaks for it is different.
    Kept,
    /// It takes the place of another version.
    Updated,
    /// The old archive has no such package, or has other versions that stay.
    Added,
}

impl ChangeKind {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Kept => "kept",
            Self::Updated => "updated",
            Self::Added => "added",
        }
    }
}

/// A package of the new archive that is not the same as in the old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place among the packages of the new archive.
    pub new: usize,
    /// The package that it is compared with: its place among those of the old archive.
    pub old: Option<usize>,
    /// How it relates to that one.
    pub kind: ChangeKind,
    /// Claims with another outcome.
    pub claims: Vec<ClaimChange>,
    /// What is different of who built it and where it is from.
    pub identity: Vec<IdentityChange>,
}

/// A claim with another outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimChange {
    /// Which claim.
    pub claim: Claim,
    /// What it was.
    pub from: Status,
    /// What it is.
    pub to: Status,
}

impl ClaimChange {
    /// Whether it was verified, and is not.
    pub fn is_lost(self) -> bool {
        self.from == Status::Verified
    }

    /// Whether it is verified, and was not.
    pub fn is_gained(self) -> bool {
        self.to == Status::Verified
    }
}

/// What changes from one archive to another.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// Packages of the new archive that are not the same as in the old one, by their names.
    pub changed: Vec<Change>,
    /// Packages of the old archive that are gone, and that no other version takes the place of: their
    /// places.
    pub removed: Vec<usize>,
}

impl Changes {
    /// Compares the packages of two archives.
    pub fn new(old: &[ComparedPackage<'_>], new: &[ComparedPackage<'_>]) -> Self {
        let (old_purls, new_purls) = (purls(old), purls(new));
        let pairs::Pairs { followers, removed } = pairs::Pairs::new(&old_purls, &new_purls);
        let changed = followers.into_iter().filter_map(|follower| {
            let after = new.get(follower.new)?;
            let before = follower.old.and_then(|at| old.get(at));
            change(follower, before, after)
        });
        Self { changed: changed.collect(), removed }
    }
}

fn purls<'a>(all: &[ComparedPackage<'a>]) -> Vec<&'a Purl> {
    all.iter().map(|one| one.purl).collect()
}

fn change(
    follower: pairs::Follower,
    before: Option<&ComparedPackage<'_>>,
    after: &ComparedPackage<'_>,
) -> Option<Change> {
    let pairs::Follower { new, old, place } = follower;
    let (claims, identity) = match before {
        Some(before) => (claims(before.verdict, after.verdict), identity::changes(before, after)),
        None => (Vec::new(), Vec::new()),
    };
    let is_same = before.is_some_and(|before| before.digest == after.digest);
    let kind = match place {
        pairs::Standing::SameVersion if is_same => ChangeKind::Kept,
        pairs::Standing::SameVersion => ChangeKind::Replaced,
        pairs::Standing::OtherVersion => ChangeKind::Updated,
        pairs::Standing::Beside => ChangeKind::Added,
    };
    let is_unchanged = kind == ChangeKind::Kept && claims.is_empty() && identity.is_empty();
    (!is_unchanged).then_some(Change { new, old, kind, claims, identity })
}

/// What was verified and is not, or the other way round; and what is refused now.
fn claims(before: &PackageVerdict, after: &PackageVerdict) -> Vec<ClaimChange> {
    let changes = Claim::ALL.into_iter().filter_map(|claim| {
        let status = |verdict: &PackageVerdict| verdict.status(claim).unwrap_or(Status::Absent);
        let (from, to) = (status(before), status(after));
        let counts = [from, to].contains(&Status::Verified) || to == Status::Refused;
        (from != to && counts).then_some(ClaimChange { claim, from, to })
    });
    changes.collect()
}

#[cfg(test)]
mod tests;
