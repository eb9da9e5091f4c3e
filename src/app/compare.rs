//! What changes from one archive to another, as far as it was verified.
//!
//! Each archive is opened and examined as [`verify`](mod@super::verify) does. Nothing is demanded beyond
//! what always holds: whether the changes are acceptable is for the reader to say.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use crate::{
    app::{
        archive::{ArchiveError, OpenError, SignedArchive},
        clock::Clock,
        report::Report,
        trust,
        verify::{self, Demands, Examined, Terms, VerifyError, verify},
    },
    core::{
        builder::Who,
        changes::{Change, ChangeKind, Changes, ComparedPackage, ScriptChange, changed_scripts},
        ecosystems,
        package::{Purl, contents::InstallScript},
        policy::Policy,
        trust::Difference,
        verdict::{Claim, Refusal},
    },
};

/// What to compare.
#[derive(Debug, Clone)]
pub struct Options {
    /// The older archive.
    pub old: PathBuf,
    /// The newer archive.
    pub new: PathBuf,
    /// The public keys of who may seal: one of them must have sealed each.
    pub keys: Vec<PathBuf>,
    /// Where trust comes from.
    pub trust: trust::Options,
}

/// What changes from one archive to another.
#[derive(Debug)]
pub struct Comparison {
    /// What was found of the older.
    pub old: Report,
    /// What was found of the newer.
    pub new: Report,
    /// What changes of the packages: places in the two reports.
    pub changes: Changes,
    /// For each changed package, in their order, what is run at installation and was not.
    pub scripts: Vec<Scripts>,
    /// What is different in the trust material that the two were judged by. It has no roles: the
    /// reports have their versions.
    pub anchors: Difference,
}

/// The install scripts of a package that were not there before, or why they are not known.
pub type Scripts = Result<Vec<ScriptChange>, Refusal>;

impl Comparison {
    /// Whether evidence in one of the two does not verify: no policy excuses that.
    pub fn has_invalid_evidence(&self) -> bool {
        let mut packages = self.old.packages.iter().chain(&self.new.packages);
        packages.any(|package| package.verdict.refusals().next().is_some())
    }

    /// Whether the trust material is different: another root, or other keys, logs and authorities.
    pub fn trust_differs(&self) -> bool {
        let root = |report: &Report| {
            report.trust.iter().map(|it| (it.instance.clone(), it.root)).collect::<Vec<_>>()
        };
        let Difference { added, changed, removed, .. } = &self.anchors;
        let no_anchor = added.is_empty() && changed.is_empty() && removed.is_empty();
        !no_anchor || root(&self.old) != root(&self.new)
    }

    /// Whether any package is different.
    pub fn differs(&self) -> bool {
        !self.changes.changed.is_empty() || !self.changes.removed.is_empty()
    }

    /// Every changed package with its scripts.
    pub fn changed(&self) -> impl Iterator<Item = (&Change, &Scripts)> {
        self.changes.changed.iter().zip(&self.scripts)
    }

    /// How many packages have a change of each kind.
    pub fn counts(&self) -> ComparisonCounts {
        let changed = &self.changes.changed;
        let kind = |kind| changed.iter().filter(|change| change.kind == kind).count();
        let having =
            |is: &dyn Fn(&Change) -> bool| changed.iter().filter(|change| is(change)).count();
        let runs = |scripts: &&Scripts| scripts.as_ref().map_or(true, |all| !all.is_empty());
        let refused = self.new.packages.iter();
        ComparisonCounts {
            added: kind(ChangeKind::Added),
            removed: self.changes.removed.len(),
            updated: kind(ChangeKind::Updated),
            replaced: kind(ChangeKind::Replaced),
            kept: kind(ChangeKind::Kept),
            lost: having(&|change| change.claims.iter().any(|claim| claim.is_lost())),
            gained: having(&|change| change.claims.iter().any(|claim| claim.is_gained())),
            built: having(&|change| change.identity.iter().any(|it| it.who != Who::Registry)),
            moved: having(&|change| change.identity.iter().any(|it| it.who == Who::Registry)),
            scripts: self.scripts.iter().filter(runs).count(),
            refused: refused.filter(|it| it.verdict.refusals().next().is_some()).count(),
        }
    }
}

/// Numbers of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparisonCounts {
    /// Added.
    pub added: usize,
    /// Removed.
    pub removed: usize,
    /// In another version.
    pub updated: usize,
    /// With other bytes in the same version.
    pub replaced: usize,
    /// With the same bytes, and other evidence.
    pub kept: usize,
    /// Of which a claim is not verified any more.
    pub lost: usize,
    /// Of which a claim is verified that was not.
    pub gained: usize,
    /// Built by somebody else.
    pub built: usize,
    /// From another registry.
    pub moved: usize,
    /// With an install script that was not there, or whose scripts are not known.
    pub scripts: usize,
    /// Of the newer archive, with evidence that does not verify.
    pub refused: usize,
}

/// Compares two archives, with no network.
///
/// # Errors
/// When one of the two is not what was sealed, or could not be examined.
pub fn compare(options: &Options, clock: &Clock) -> Result<Comparison, VerifyError> {
    let examine = |archive: &Path| {
        let options = verify::Options {
            archive: archive.to_owned(),
            terms: Terms {
                keys: options.keys.clone(),
                threshold: 1,
                demands: Demands {
                    // Which is demanded in any case.
                    policy: Policy::requiring([Claim::Integrity], []),
                    ..Demands::default()
                },
                trust: options.trust.clone(),
            },
        };
        verify(&options, clock)
    };
    let (old, new) = (examine(&options.old)?, examine(&options.new)?);
    let changes = Changes::new(&seen(old.report()), &seen(new.report()));
    let scripts = scripts(&old, &new, &changes)?;
    let basis = |one: &Examined| trust::for_archive(&options.trust, one.archive(), clock.at);
    let (before, after) = (basis(&old)?, basis(&new)?);
    let anchors = Difference::new(Vec::new(), before.trust.anchors(), after.trust.anchors());
    Ok(Comparison { old: old.into_report(), new: new.into_report(), changes, scripts, anchors })
}

fn seen(report: &Report) -> Vec<ComparedPackage<'_>> {
    let packages = report.packages.iter();
    packages
        .map(|it| ComparedPackage { purl: &it.purl, verdict: &it.verdict, digest: &it.digest })
        .collect()
}

/// The install scripts of what changed. Only those tarballs are listed: inflating them takes ten times
/// as long as hashing.
fn scripts(old: &Examined, new: &Examined, changes: &Changes) -> Result<Vec<Scripts>, OpenError> {
    let (old, new) = (Tarballs::new(old), Tarballs::new(new));
    let changed: Vec<&Change> = changes.changed.iter().collect();
    let changed = changed.into_par_iter().map(|change| {
        if change.kind == ChangeKind::Kept {
            return Ok(Ok(Vec::new()));
        }
        let after = new.scripts(change.new)?;
        let before = change.old.map(|at| old.scripts(at)).transpose()?;
        // What cannot be listed hides what it runs: all that runs now counts as new.
        let before = before.and_then(Result::ok).unwrap_or_default();
        Ok(after.map(|after| changed_scripts(&before, &after)))
    });
    changed.collect()
}

/// The tarballs of an archive that was examined.
struct Tarballs<'a> {
    archive: &'a SignedArchive,
    report: &'a Report,
    entries: HashMap<&'a Purl, &'a str>,
}

impl<'a> Tarballs<'a> {
    fn new(examined: &'a Examined) -> Self {
        let (archive, report) = (examined.archive(), examined.report());
        let entries = archive.manifest().packages().filter_map(|(purl, package)| {
            Some((purl, package.artifact.as_ref()?.entry.as_deref()?))
        });
        Self { archive, report, entries: entries.collect() }
    }

    /// What is run at the installation of a package, by its place in the report.
    fn scripts(&self, at: usize) -> Result<Result<Vec<InstallScript>, Refusal>, OpenError> {
        let Some(package) = self.report.packages.get(at) else { return Ok(Ok(Vec::new())) };
        let purl = &package.purl;
        // Every package of a report has an entry; where one had none, this would be an error.
        let entry = self.entries.get(purl).copied().unwrap_or_default();
        let rules = ecosystems::rules(purl.id().ecosystem());
        let list = |tarball: &mut dyn std::io::Read| rules.list_package(purl.id(), tarball);
        let listed = self.archive.look(entry, &[], list);
        let failed = |error: ArchiveError| OpenError::of(self.archive.path())(error);
        let (_, contents) = listed.map_err(failed)?;
        Ok(contents.map(|contents| contents.install_scripts))
    }
}
