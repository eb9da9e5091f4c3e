//! A recall whose seal and content were checked.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use super::RecallError;
use crate::{
    adapters::archive::SignedArchive,
    app::archive::{self, OpenError},
    core::{
        limits,
        package::PackageId,
        policy::Signer,
        recall::{Advisory, PackageName, Recall, advisory_entry},
    },
};

/// A recall that trusted keys sealed, with its advisories.
#[derive(Debug)]
pub(super) struct OpenedRecall {
    pub file: SignedArchive<Recall>,
    pub path: PathBuf,
    advisories: Vec<Advisory>,
    /// Places among the advisories, by the names that they are about.
    by_name: HashMap<PackageName, Vec<usize>>,
}

impl OpenedRecall {
    /// Opens a recall. At least `threshold` of the signers must have sealed it, and every byte in it is
    /// checked.
    ///
    /// # Errors
    /// When it is refused or cannot be read.
    pub fn open(path: &Path, signers: &[Signer], threshold: usize) -> Result<Self, RecallError> {
        let file: SignedArchive<Recall> = archive::open_as(path, signers, threshold)?;
        let failed = OpenError::of(path);
        let (mut advisories, mut left) = (Vec::new(), limits::RECALL_CONTENT_BYTES);
        let mut by_name: HashMap<PackageName, Vec<usize>> = HashMap::new();
        for subject in file.manifest().advisories() {
            let max = limits::ADVISORY_BYTES.min(left);
            let bytes = file.read(&subject.name, max).map_err(&failed)?;
            left = left.saturating_sub(bytes.len() as u64);
            let advisory = read(&subject.name, &bytes, file.manifest())
                .map_err(|reason| RecallError::Advisory { entry: subject.name.clone(), reason })?;
            for name in advisory.names() {
                let places = by_name.entry(name.clone()).or_default();
                if places.last() != Some(&advisories.len()) {
                    places.push(advisories.len());
                }
            }
            advisories.push(advisory);
        }
        file.check_rest().map_err(&failed)?;
        Ok(Self { file, path: path.to_owned(), advisories, by_name })
    }

    /// How many advisories it carries.
    pub fn len(&self) -> usize {
        self.advisories.len()
    }

    /// The advisories that concern a package.
    pub fn concerning<'a>(&'a self, id: &'a PackageId) -> impl Iterator<Item = &'a Advisory> {
        let places = self.by_name.get(&PackageName::of(id)).into_iter().flatten();
        let named = places.filter_map(|place| self.advisories.get(*place));
        named.filter(|advisory| advisory.concerns(id))
    }
}

/// An advisory must be what `recall fetch` takes: of its id, counting, and about a name that was asked for.
fn read(entry: &str, bytes: &[u8], recall: &Recall) -> Result<Advisory, String> {
    let advisory = Advisory::parse(bytes).map_err(|error| error.to_string())?;
    if advisory_entry(&advisory.id) != entry {
        return Err(format!("its id is {:?}", advisory.id));
    }
    if !advisory.counts() {
        return Err("it is withdrawn, or not about malicious packages".to_owned());
    }
    if !advisory.names().any(|name| recall.asked(name)) {
        return Err("it is about no package that was asked for".to_owned());
    }
    Ok(advisory)
}
