//! Which package of the old archive each of the new one is compared with.
//!
//! In this order, within the packages of one name:
//!
//! 1. the same version from the same origin;
//! 2. the same version from another origin;
//! 3. the nearest version of the same release line: the newest that is not newer, else the oldest;
//! 4. the newest version of an older release line.
//!
//! A version that has none of these, or whose counterpart by 3 or 4 is in the new archive too, is added.
//! A version of the old archive that is not in the new one, and that no version takes the place of, is
//! removed.

use std::collections::{BTreeMap, BTreeSet};

use crate::core::package::{PackageId, Purl, ecosystem::Ecosystem};

/// How a package stands to the one that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is the same version.
    SameVersion,
    /// It is another version, and takes its place.
    OtherVersion,
    /// It is another version, beside it; or it is compared with nothing.
    Beside,
}

/// A package of the new archive, and the one of the old archive that it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Follower {
    pub new: usize,
    pub old: Option<usize>,
    pub place: Standing,
}

/// All packages of two archives.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pairs {
    /// Every package of the new archive, by name and version.
    pub followers: Vec<Follower>,
    /// The packages of the old archive that are gone, by name and version.
    pub removed: Vec<usize>,
}

type Name<'a> = (Ecosystem, &'a str);

impl Pairs {
    pub fn new(old: &[&Purl], new: &[&Purl]) -> Self {
        let (olds, news) = (by_name(old), by_name(new));
        let mut pairs = Self { followers: Vec::new(), removed: Vec::new() };
        let names: BTreeSet<Name<'_>> = olds.keys().chain(news.keys()).copied().collect();
        for name in names {
            let of = |all: &BTreeMap<Name<'_>, Vec<usize>>| all.get(&name).cloned();
            pairs.pair_name(old, new, of(&olds).unwrap_or_default(), of(&news).unwrap_or_default());
        }
        pairs
    }

    /// Pairs the packages of one name.
    fn pair_name(&mut self, old: &[&Purl], new: &[&Purl], olds: Vec<usize>, news: Vec<usize>) {
        let same = same_versions(old, new, &olds, &news);
        let stays: BTreeSet<usize> = same.values().copied().collect();
        let mut gone: BTreeSet<usize> =
            olds.iter().copied().filter(|at| !stays.contains(at)).collect();
        let mut replaced = BTreeSet::new();
        for at in news {
            let follower = match (same.get(&at), new.get(at)) {
                (Some(other), _) => {
                    Follower { new: at, old: Some(*other), place: Standing::SameVersion }
                }
                (None, None) => continue,
                (None, Some(purl)) => {
                    let old = nearest(old, &olds, &gone, purl);
                    let takes = old.filter(|old| gone.contains(old));
                    replaced.extend(takes);
                    let place =
                        if takes.is_some() { Standing::OtherVersion } else { Standing::Beside };
                    Follower { new: at, old, place }
                }
            };
            self.followers.push(follower);
        }
        gone.retain(|at| !replaced.contains(at));
        let mut gone: Vec<usize> = gone.into_iter().collect();
        sort(old, &mut gone);
        self.removed.extend(gone);
    }
}

fn by_name<'a>(purls: &[&'a Purl]) -> BTreeMap<Name<'a>, Vec<usize>> {
    let mut names: BTreeMap<Name<'a>, Vec<usize>> = BTreeMap::new();
    for (at, purl) in purls.iter().enumerate() {
        names.entry((purl.id().ecosystem(), purl.id().name())).or_default().push(at);
    }
    names.values_mut().for_each(|all| sort(purls, all));
    names
}

/// By version, then by origin.
fn sort(purls: &[&Purl], places: &mut [usize]) {
    places.sort_by(|one, other| match (purls.get(*one), purls.get(*other)) {
        (Some(one), Some(other)) => one.id().version_order(other.id()).then_with(|| one.cmp(other)),
        _ => one.cmp(other),
    });
}

/// Rules 1 and 2: the same versions, from the new to the old.
fn same_versions(
    old: &[&Purl],
    new: &[&Purl],
    olds: &[usize],
    news: &[usize],
) -> BTreeMap<usize, usize> {
    let mut found: BTreeMap<usize, usize> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for is_same in
        [|one: &Purl, other: &Purl| one == other, |one: &Purl, other: &Purl| one.id() == other.id()]
    {
        for at in news {
            let Some(purl) = new.get(*at).filter(|_| !found.contains_key(at)) else { continue };
            let is_counterpart = |other: &&usize| {
                !taken.contains(*other)
                    && old.get(**other).is_some_and(|other| is_same(other, purl))
            };
            if let Some(other) = olds.iter().find(is_counterpart).copied() {
                found.insert(*at, other);
                taken.insert(other);
            }
        }
    }
    found
}

/// Rules 3 and 4, over the old packages of the name, which are in the order of their versions. Of two
/// that are as near, one that is gone, and then one from the same origin.
fn nearest(old: &[&Purl], olds: &[usize], gone: &BTreeSet<usize>, new: &Purl) -> Option<usize> {
    let all: Vec<(usize, &Purl)> =
        olds.iter().filter_map(|at| Some((*at, *old.get(*at)?))).collect();
    let is_older = |id: &PackageId| id.version_order(new.id()).is_le();
    let line = new.id().release_line();
    let in_line = |purl: &Purl| purl.id().release_line() == line;
    let of_line = || all.iter().filter(|(_, purl)| in_line(purl));
    let (_, nearest) = (of_line().rfind(|(_, purl)| is_older(purl.id())))
        .or_else(|| of_line().next())
        .or_else(|| all.iter().rfind(|(_, purl)| is_older(purl.id())))?;
    let same_version = all.iter().filter(|(_, purl)| purl.id() == nearest.id());
    let rank = |(at, purl): &&(usize, &Purl)| (gone.contains(at), purl.origin() == new.origin());
    same_version.max_by_key(rank).map(|(at, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{addresses::NPM_REGISTRY, package::Origin};

    fn purl(text: &str) -> Purl {
        let (text, registry) = text.split_once(" from ").unwrap_or((text, NPM_REGISTRY));
        let (name, version) = text.rsplit_once('@').unwrap();
        Purl::new(PackageId::npm(name, version).unwrap(), Origin::Registry(registry.into()))
    }

    /// Each package of the new side with its counterpart, and what is removed.
    #[track_caller]
    fn check(old: &[&str], new: &[&str], followers: &[&str], removed: &[&str]) {
        let purls = |all: &[&str]| all.iter().map(|text| purl(text)).collect::<Vec<_>>();
        let (olds, news) = (purls(old), purls(new));
        let pairs = Pairs::new(&Vec::from_iter(&olds), &Vec::from_iter(&news));
        let found: Vec<_> = pairs
            .followers
            .iter()
            .map(|it| {
                let old = it.old.map_or("nothing", |at| old[at]);
                format!("{} {:?} {old}", new[it.new], it.place)
            })
            .collect();
        assert_eq!(found, followers);
        assert_eq!(pairs.removed.iter().map(|at| old[*at]).collect::<Vec<_>>(), removed);
    }

    #[test]
    fn names_are_added_kept_and_removed() {
        check(
            &["b@1.0.0", "c@1.0.0"],
            &["a@1.0.0", "b@1.0.0"],
            &["a@1.0.0 Beside nothing", "b@1.0.0 SameVersion b@1.0.0"],
            &["c@1.0.0"],
        );
    }

    #[test]
    fn a_version_takes_the_place_of_the_nearest_of_its_line() {
        check(
            &["a@1.10.0", "a@1.2.0", "a@2.0.0"],
            &["a@1.9.0", "a@2.1.0"],
            &["a@1.9.0 OtherVersion a@1.2.0", "a@2.1.0 OtherVersion a@2.0.0"],
            &["a@1.10.0"],
        );
        check(&["a@1.2.0"], &["a@1.1.0"], &["a@1.1.0 OtherVersion a@1.2.0"], &[]);
        check(
            &["a@0.2.9", "a@0.3.0"],
            &["a@0.2.10"],
            &["a@0.2.10 OtherVersion a@0.2.9"],
            &["a@0.3.0"],
        );
    }

    #[test]
    fn a_new_line_follows_an_older_one_and_an_old_line_follows_nothing() {
        check(&["a@1.0.0"], &["a@2.0.0"], &["a@2.0.0 OtherVersion a@1.0.0"], &[]);
        check(&["a@2.0.0"], &["a@1.0.0"], &["a@1.0.0 Beside nothing"], &["a@2.0.0"]);
    }

    #[test]
    fn a_version_beside_one_that_stays_is_added() {
        check(
            &["a@1.0.0"],
            &["a@1.0.0", "a@1.1.0", "a@2.0.0"],
            &["a@1.0.0 SameVersion a@1.0.0", "a@1.1.0 Beside a@1.0.0", "a@2.0.0 Beside a@1.0.0"],
            &[],
        );
    }

    #[test]
    fn a_version_from_another_origin_is_the_same_version() {
        let other = "a@1.0.0 from https://npm.acme.example";
        check(&["a@1.0.0"], &[other], &[&format!("{other} SameVersion a@1.0.0")], &[]);
        check(&["a@1.0.0", other], &["a@1.0.0"], &["a@1.0.0 SameVersion a@1.0.0"], &[other]);
        let next = "a@1.0.1 from https://npm.acme.example";
        check(
            &["a@1.0.0", other],
            &[next],
            &[&format!("{next} OtherVersion {other}")],
            &["a@1.0.0"],
        );
    }
}
