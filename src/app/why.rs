//! Explains what became of one package: everything that was found of it, and where in the archive.

use super::{
    clock::Clock,
    report::{JudgedPackage, Report},
    verify::{self, VerifyError, verify},
};
use crate::core::{
    archive::manifest::Package,
    ecosystems,
    lockfile::{Entry, coverage::EntryOutcome},
    package::{PackageId, Purl},
    policy,
};

/// Why a package cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum WhyError {
    /// The archive was not examined to the end.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// It has no such package.
    #[error("the archive has no package {0:?}")]
    NoPackage(String),
}

impl WhyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Verify(error) => error.hint(),
            Self::NoPackage(_) => Some(
                "name it as left-pad, left-pad@1.3.0 or pkg:npm/left-pad@1.3.0; \
                 `sealift bundle inspect -v` lists all"
                    .into(),
            ),
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::NoPackage(_) => Some("no-such-package"),
        }
    }

    /// Whether the archive was examined and refused, or the package could not be explained.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Verify(error) if error.is_refusal())
    }
}

/// What was found of an archive, and the packages that were asked about.
#[derive(Debug)]
pub struct Why {
    /// What was found of all packages.
    pub report: Report,
    /// The packages that were asked about: their places in the list of those that the archive holds,
    /// and what its manifest says of them.
    packages: Vec<(usize, Package)>,
}

/// One package, with all that is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'a> {
    /// Which package.
    pub purl: &'a Purl,
    /// Its entries in the archive, and the requests that brought them.
    pub parts: &'a Package,
    /// What was found of it; `None` where the registry has no bytes of it.
    pub judged: Option<&'a JudgedPackage>,
    place: usize,
    report: &'a Report,
}

/// Verifies an archive, and explains the packages of a name, of a name and version, or of a purl.
///
/// # Errors
/// When the archive could not be examined, or has no such package.
pub fn why(options: &verify::Options, package: &str, clock: &Clock) -> Result<Why, WhyError> {
    let examined = verify(options, clock)?;
    let manifest = examined.archive().manifest();
    let packages = manifest.packages().enumerate();
    let named = packages.filter(|(_, (purl, _))| is_named(purl, package));
    let packages: Vec<_> = named.map(|(place, (_, parts))| (place, parts.clone())).collect();
    if packages.is_empty() {
        return Err(WhyError::NoPackage(package.to_owned()));
    }
    Ok(Why { report: examined.into_report(), packages })
}

fn is_named(purl: &Purl, text: &str) -> bool {
    if text.starts_with("pkg:") {
        return ecosystems::parse_purl(text).is_some_and(|named| named == *purl);
    }
    let id: &PackageId = purl.id();
    let ecosystem = format!("{}:", id.ecosystem());
    let bare = text.strip_prefix(&ecosystem).unwrap_or(text);
    bare == id.name() || bare == id.to_string() || text == policy::written(id)
}

impl Why {
    /// The packages that were asked about.
    pub fn packages(&self) -> impl Iterator<Item = Explained<'_>> {
        let report = &self.report;
        self.packages.iter().filter_map(move |(place, parts)| {
            let purl = report.held.get(*place)?;
            let judged = report.packages.iter().find(|judged| judged.purl == *purl);
            Some(Explained { purl, parts, judged, place: *place, report })
        })
    }

    /// Whether one of them is refused.
    pub fn is_refused(&self) -> bool {
        self.packages().any(|package| !package.is_good())
    }
}

impl<'a> Explained<'a> {
    /// The lockfile entries that it answers, or that it bundles: the lockfile's name, the entry, and what
    /// became of it.
    pub fn needed_by(self) -> impl Iterator<Item = (&'a str, &'a Entry, &'a EntryOutcome)> {
        let inputs = self.report.inputs.iter();
        let inputs = inputs.map(|input| (input.entry.as_str(), &input.lockfile, &input.outcomes));
        let given = self.report.lockfiles.iter().filter(|given| given.relation.input().is_none());
        let given = given.map(|given| (given.file.as_str(), &given.lockfile, &given.outcomes));
        inputs.chain(given).flat_map(move |(name, lockfile, outcomes)| {
            let entries = lockfile.entries.iter().zip(outcomes);
            entries
                .filter(move |(_, outcome)| outcome.package == Some(self.place))
                .map(move |(entry, outcome)| (name, entry, outcome))
        })
    }

    /// Whether nothing of it is denied.
    pub fn is_good(self) -> bool {
        self.judged.is_none_or(JudgedPackage::is_good)
            && self.needed_by().all(|(_, _, outcome)| outcome.denial.is_none())
    }
}
