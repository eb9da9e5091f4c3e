//! Writes what a package manager installs from, out of an archive that was verified.

use std::path::PathBuf;

use super::{
    clock::Clock,
    report::Report,
    verify::{self, VerifiedArchive, VerifyError, verify},
};
use crate::{
    adapters::install::{self, Installable, NewFolder},
    core::{
        lockfile::{Ask, Entry, Place, Source, coverage::Disposition},
        npm::packument,
        package::{Origin, Purl},
    },
};

pub use crate::adapters::install::{InstallError, Stop};

/// For what a folder is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// The cache of npm.
    Npm,
    /// The offline mirror of Yarn 1.
    Yarn,
    /// The cache of Yarn 4.
    Yarn4,
    /// Tarballs, evidence and lockfiles under plain names.
    Files,
}

impl Layout {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Npm, Self::Yarn, Self::Yarn4, Self::Files];

    /// As the command line names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Npm => "npm",
            Self::Yarn => "yarn",
            Self::Yarn4 => "yarn4",
            Self::Files => "files",
        }
    }
}

/// How to unpack an archive.
#[derive(Debug, Clone)]
pub struct Options {
    /// How it must verify.
    pub verify: verify::Options,
    /// The folder to write, which must not be there.
    pub folder: PathBuf,
    /// For what.
    pub layout: Layout,
}

/// Why an archive was not unpacked. Nothing is left.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The archive was not examined to the end.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// It was examined and refused; the report says why.
    #[error("{}: refused", .0.archive.file)]
    Refused(Box<Report>),
    /// The folder was not written.
    #[error(transparent)]
    Install(#[from] InstallError),
}

impl UnpackError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Verify(error) => error.hint(),
            Self::Refused(_) => None,
            Self::Install(error) => error.hint(),
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::Refused(_) => None,
            Self::Install(error) => error.code(),
        }
    }

    /// Whether something was examined and refused, or could not be done.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Verify(error) => error.is_refusal(),
            Self::Refused(_) => true,
            Self::Install(error) => error.is_refusal(),
        }
    }
}

/// A verified archive that is about to be unpacked.
#[derive(Debug)]
pub struct Unpacking {
    verified: VerifiedArchive,
    folder: PathBuf,
    layout: Layout,
}

/// What was written.
#[derive(Debug)]
pub struct Unpacked {
    /// What was found of the archive.
    pub report: Report,
    /// The folder.
    pub folder: PathBuf,
    /// For what.
    pub layout: Layout,
    /// How many packages are in it.
    pub packages: usize,
    /// How many files are in it.
    pub files: usize,
    /// The packages that the package manager will not find in it: it clones what they were supplied for, or
    /// asks for their addresses.
    pub unreachable: Vec<Purl>,
}

/// Verifies an archive, always with the checks of `--deep`.
///
/// # Errors
/// When the folder is there already, or the archive is refused or could not be examined.
pub fn prepare(options: &Options, clock: &Clock) -> Result<Unpacking, UnpackError> {
    install::require_absent(&options.folder)?;
    let mut deep = options.verify.clone();
    deep.terms.demands.policy.deep = true;
    let verified = verify(&deep, clock)?.admit().map_err(UnpackError::Refused)?;
    Ok(Unpacking { verified, folder: options.folder.clone(), layout: options.layout })
}

impl Unpacking {
    /// Writes the folder, unless it is told to stop.
    ///
    /// # Errors
    /// When the folder cannot be written, or the archive has changed since it was verified. Nothing is left
    /// then.
    pub fn run(self, stop: Stop<'_>) -> Result<Unpacked, UnpackError> {
        let Self { verified, folder, layout } = self;
        let new = NewFolder::beside(&folder, stop)?;
        let (archive, items) = (verified.archive(), items(&verified));
        match layout {
            Layout::Npm => {
                install::write_npm(&new, archive, &items, archive.manifest().sealed_at())?;
            }
            Layout::Yarn => install::write_yarn(&new, archive, &items)?,
            Layout::Yarn4 => install::write_yarn4(&new, archive, &items)?,
            Layout::Files => install::write_files(&new, archive, &entries(&verified))?,
        }
        let is_missing = |item: &&Installable<'_>| match layout {
            Layout::Npm | Layout::Yarn => matches!(item.purl.origin(), Origin::Supplied(_)),
            Layout::Yarn4 => !install::has_yarn4(item.purl),
            Layout::Files => false,
        };
        let unreachable = items.iter().filter(is_missing).map(|item| item.purl.clone());
        let unreachable: Vec<_> = unreachable.collect();
        let packages = match layout {
            Layout::Yarn4 => items.len().saturating_sub(unreachable.len()),
            _ => items.len(),
        };
        let files = new.keep()?;
        let report = verified.into_report();
        Ok(Unpacked { report, folder, layout, packages, files, unreachable })
    }
}

impl Unpacked {
    /// The command that installs from the folder, if there is one.
    pub fn run(&self) -> Option<Vec<String>> {
        let folder = self.folder.display().to_string();
        let words = match self.layout {
            Layout::Npm => {
                vec!["npm".into(), "ci".into(), "--offline".into(), "--cache".into(), folder]
            }
            Layout::Yarn => vec![
                "env".into(),
                format!("YARN_YARN_OFFLINE_MIRROR={folder}"),
                "yarn".into(),
                "install".into(),
                "--offline".into(),
                "--frozen-lockfile".into(),
            ],
            Layout::Yarn4 => vec![
                "env".into(),
                format!("YARN_GLOBAL_FOLDER={folder}"),
                "YARN_ENABLE_GLOBAL_CACHE=true".into(),
                "YARN_ENABLE_NETWORK=false".into(),
                "YARN_ENABLE_TELEMETRY=false".into(),
                "yarn".into(),
                "install".into(),
                "--immutable".into(),
            ],
            Layout::Files => return None,
        };
        Some(words)
    }
}

/// The packages with bytes.
fn items(verified: &VerifiedArchive) -> Vec<Installable<'_>> {
    let manifest = verified.archive().manifest();
    let mut items = Vec::new();
    // Where each package of the archive is among those with bytes.
    let mut places = Vec::new();
    for (purl, package) in manifest.packages() {
        let entry = package.artifact.as_ref().and_then(|artifact| artifact.entry.as_deref());
        let subject = entry.and_then(|entry| manifest.subject(entry));
        places.push(subject.map(|subject| {
            let item = Installable {
                purl,
                entry: &subject.name,
                digest: &subject.digest,
                size: subject.size,
                addresses: own_address(purl).into_iter().collect(),
                algorithms: [].into(),
            };
            items.push(item);
            items.len() - 1
        }));
    }
    let report = verified.report();
    let carried = report.inputs.iter().map(|input| (&input.lockfile, &input.outcomes));
    let given = report.lockfiles.iter().map(|given| (&given.lockfile, &given.outcomes));
    for (lockfile, outcomes) in carried.chain(given) {
        for (entry, outcome) in lockfile.entries.iter().zip(outcomes) {
            let place = outcome.package.filter(|_| outcome.disposition == Disposition::Collected);
            let item = place.and_then(|place| places.get(place).copied().flatten());
            if let Some(item) = item.and_then(|item| items.get_mut(item)) {
                ask(item, entry);
            }
        }
    }
    items
}

/// The address that a package has without any lockfile.
fn own_address(purl: &Purl) -> Option<String> {
    match purl.origin() {
        Origin::Registry(registry) => {
            Some(format!("{registry}{}", packument::tarball_path(purl.id())))
        }
        Origin::Url(url) => Some(url.clone()),
        _ => None,
    }
}

/// Notes by which address and hash an entry asks for its package.
fn ask(item: &mut Installable<'_>, entry: &Entry) {
    let asks = match &entry.asks {
        Ask::Bundled(bundled) => &*bundled.alone,
        asks => asks,
    };
    let Some(wanted) = asks.wanted() else { return };
    item.algorithms.extend(wanted.integrity.as_ref().map(|integrity| integrity.algorithm()));
    let address = match &wanted.source {
        Source::Version { address, .. } => address.as_ref(),
        Source::Tarball { place: Place::Url(url), .. } => Some(url),
        Source::Tarball { .. } => None,
    };
    item.addresses.extend(address.map(ToString::to_string));
}

/// The entries of tarballs, evidence and lockfiles.
fn entries(verified: &VerifiedArchive) -> Vec<&str> {
    let predicate = verified.archive().manifest().predicate();
    let parts = predicate.packages.iter().flat_map(|package| {
        [&package.artifact, &package.record, &package.attestations].into_iter().flatten()
    });
    let parts = parts.filter_map(|part| part.entry.as_deref());
    predicate.inputs.iter().map(String::as_str).chain(parts).collect()
}
