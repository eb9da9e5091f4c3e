//! The rules of a manifest: its names, its order, and that predicate and entries fit each other.

use std::collections::{HashMap, HashSet};

use crate::core::{
    addresses,
    archive::{
        entry_name,
        manifest::{
            CarriedTrust, FORMAT_VERSION, ManifestError, Package, Part, Predicate, Subject,
            TrustSource, position,
        },
    },
    ecosystems, limits,
    package::{Origin, Purl, digest::Algorithm},
    time::{self, Time},
};

/// Checks everything, and returns what was parsed on the way.
pub(super) fn all(
    subjects: &[Subject],
    predicate: &Predicate,
) -> Result<(Vec<Purl>, Time), ManifestError> {
    check_version(predicate.format_version)?;
    check_subjects(subjects)?;
    let sealed_at = exact_time("sealedAt", &predicate.sealed_at)?;
    let mut uses = Uses::new(subjects);
    inputs(predicate, &mut uses)?;
    let purls = packages(predicate, sealed_at, &mut uses)?;
    check_trust(&predicate.trust, sealed_at, &mut uses)?;
    uses.finish()?;
    Ok((purls, sealed_at))
}

/// Refuses a version of the format that this code does not know.
pub(in crate::core) fn check_version(version: u32) -> Result<(), ManifestError> {
    if version == FORMAT_VERSION { Ok(()) } else { Err(ManifestError::FormatVersion(version)) }
}

/// The entries are not too many, sorted, and named as entries are.
pub(in crate::core) fn check_subjects(subjects: &[Subject]) -> Result<(), ManifestError> {
    if subjects.len() > limits::ARCHIVE_ENTRIES {
        return Err(ManifestError::TooManyEntries(subjects.len()));
    }
    sorted("entries", subjects, |subject| subject.name.as_str())?;
    for subject in subjects {
        entry_name::parse(subject.name.as_bytes())?;
        if subject.name == entry_name::ENVELOPE {
            return Err(ManifestError::ListsEnvelope);
        }
    }
    Ok(())
}

/// Which entries are used so far, and which of them as artifacts.
pub(in crate::core) struct Uses<'a> {
    subjects: &'a [Subject],
    artifacts: HashMap<usize, Algorithm>,
    used: HashSet<usize>,
}

impl<'a> Uses<'a> {
    /// None so far.
    pub(in crate::core) fn new(subjects: &'a [Subject]) -> Self {
        Self { subjects, artifacts: HashMap::new(), used: HashSet::new() }
    }

    fn claim(&mut self, item: &str, entry: &str, folder: &str) -> Result<usize, ManifestError> {
        let file = entry.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
        if !file.is_some_and(|file| !file.is_empty() && !file.contains('/')) {
            return Err(ManifestError::Folder { entry: entry.into(), folder: folder.into() });
        }
        let at = position(self.subjects, entry)
            .ok_or_else(|| ManifestError::NoSuchEntry { item: item.into(), entry: entry.into() })?;
        if !self.used.insert(at) {
            return Err(ManifestError::UsedTwice(entry.into()));
        }
        Ok(at)
    }

    /// Claims everything under a folder, whose name ends in a slash. Returns what there is.
    pub(in crate::core) fn claim_folder(&mut self, folder: &str) -> &'a [Subject] {
        let from = self.subjects.partition_point(|subject| subject.name.as_str() < folder);
        let rest = self.subjects.get(from..).unwrap_or_default();
        let claimed = rest.iter().take_while(|subject| subject.name.starts_with(folder)).count();
        self.used.extend(from..from.saturating_add(claimed));
        rest.get(..claimed).unwrap_or_default()
    }

    /// Every entry must have been claimed, and have a digest of the algorithm of its kind.
    pub(in crate::core) fn finish(self) -> Result<(), ManifestError> {
        for (at, subject) in self.subjects.iter().enumerate() {
            if !self.used.contains(&at) {
                return Err(ManifestError::Unused(subject.name.clone()));
            }
            let signed = self.artifacts.get(&at).copied();
            let expected = signed.unwrap_or(Algorithm::Sha256);
            let found = subject.digest.algorithm();
            if found != expected {
                let name = subject.name.clone();
                return Err(ManifestError::DigestAlgorithm { name, expected, found });
            }
        }
        Ok(())
    }
}

fn inputs(predicate: &Predicate, uses: &mut Uses<'_>) -> Result<(), ManifestError> {
    for entry in &predicate.inputs {
        // A folder for each project: a lockfile and a shrinkwrap beside it are in the same.
        let number = folder_of(entry).strip_prefix("inputs/").unwrap_or_default();
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || number.is_empty() || number.starts_with('0') {
            return Err(ManifestError::Input(entry.clone()));
        }
    }
    sorted("inputs", &predicate.inputs, |input| input.as_str())?;
    for entry in &predicate.inputs {
        uses.claim("inputs", entry, folder_of(entry))?;
    }
    Ok(())
}

fn folder_of(entry: &str) -> &str {
    entry.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The trust material is sorted, carried where it says so, and not younger than the seal.
pub(in crate::core) fn check_trust(
    trust: &[CarriedTrust],
    sealed_at: Time,
    uses: &mut Uses<'_>,
) -> Result<(), ManifestError> {
    sorted("trust", trust, |trust| trust.instance.as_str())?;
    for CarriedTrust { instance, source, refreshed_at } in trust {
        let named = entry_name::parse(instance.as_bytes()).is_ok() && !instance.contains('/');
        if !named {
            return Err(ManifestError::Instance(instance.clone()));
        }
        let carried = *source == TrustSource::Tuf;
        if carried && uses.claim_folder(&format!("trust/{instance}/")).is_empty() {
            return Err(ManifestError::TrustNotCarried(instance.clone()));
        }
        if carried != refreshed_at.is_some() {
            return Err(ManifestError::TrustSource(instance.clone()));
        }
        if let Some(text) = refreshed_at {
            let time = exact_time("refreshedAt", text)?;
            if time > sealed_at {
                return Err(ManifestError::AfterSeal { field: "refreshedAt", time });
            }
        }
    }
    Ok(())
}

fn packages(
    predicate: &Predicate,
    sealed_at: Time,
    uses: &mut Uses<'_>,
) -> Result<Vec<Purl>, ManifestError> {
    sorted("packages", &predicate.packages, |package| package.purl.as_str())?;
    predicate.packages.iter().map(|listed| package(listed, sealed_at, uses)).collect()
}

fn package(package: &Package, sealed_at: Time, uses: &mut Uses<'_>) -> Result<Purl, ManifestError> {
    // An address in its qualifier may hold credentials.
    let plain = package.purl.split('?').next().unwrap_or_default();
    let malformed = || ManifestError::Purl(plain.to_owned());
    let purl = ecosystems::parse_purl(&package.purl).ok_or_else(malformed)?;
    if package.registry.as_deref() != purl.origin().registry() {
        return Err(ManifestError::Registry(package.purl.clone()));
    }
    let folder = entry_name::package_folder(&purl);
    let Package { artifact, record, attestations, .. } = package;
    let is_file = matches!(purl.origin(), Origin::File(_) | Origin::Supplied(_));
    for (name, part) in [("artifact", artifact), ("record", record), ("attestations", attestations)]
    {
        let Some(part) = part else { continue };
        check_part(&package.purl, part, sealed_at, is_file)?;
        // A registry may answer and not list the version.
        let unlisted = name == "record" && part.status == Some(200);
        if part.entry.is_none() && !is_none_there(part) && !unlisted {
            return Err(wrong(package, name));
        }
        let Some(entry) = &part.entry else { continue };
        let at = uses.claim(&package.purl, entry, &folder)?;
        if name == "artifact" {
            uses.artifacts.insert(at, ecosystems::rules(purl.id().ecosystem()).signed);
        }
    }
    // Without a registry a package has no record. Its bytes may be missing only if an answer shows why.
    let registry = package.registry.is_some();
    if !registry && (record.is_some() || attestations.is_some()) || registry && record.is_none() {
        return Err(wrong(package, "record"));
    }
    let shown = record.as_ref().is_some_and(|record| record.entry.is_none());
    if artifact.is_none() && !shown {
        return Err(wrong(package, "artifact"));
    }
    Ok(purl)
}

fn wrong(package: &Package, part: &'static str) -> ManifestError {
    ManifestError::Part { purl: package.purl.clone(), part }
}

/// Whether the answer was that the registry has none.
fn is_none_there(part: &Part) -> bool {
    matches!(part.status, Some(404 | 410))
}

/// An entry was brought by a request that was answered with 200; what a person had by none.
fn check_part(
    purl: &str,
    part: &Part,
    sealed_at: Time,
    is_file: bool,
) -> Result<(), ManifestError> {
    let Part { entry, url, status, answered_at } = part;
    let (url, status, answered_at) = match (url, status, answered_at) {
        (None, None, None) if is_file && entry.is_some() => return Ok(()),
        (Some(url), Some(status), Some(answered_at)) if !is_file => (url, *status, answered_at),
        _ => return Err(ManifestError::Request(purl.to_owned())),
    };
    if !addresses::is_plain(url) {
        return Err(ManifestError::Address(addresses::redacted(url)));
    }
    if !matches!(status, 200 | 404 | 410) || entry.is_some() && status != 200 {
        return Err(ManifestError::Status(status));
    }
    let time = exact_time("answeredAt", answered_at)?;
    if time > sealed_at {
        return Err(ManifestError::AfterSeal { field: "answeredAt", time });
    }
    Ok(())
}

/// Strictly ascending: sorted, and nothing twice.
pub(in crate::core) fn sorted<T>(
    list: &'static str,
    items: &[T],
    key: impl Fn(&T) -> &str,
) -> Result<(), ManifestError> {
    for pair in items.windows(2) {
        if let [before, after] = pair {
            let item = || key(after).to_owned();
            match key(before).cmp(key(after)) {
                std::cmp::Ordering::Less => {}
                std::cmp::Ordering::Equal => {
                    return Err(ManifestError::Duplicate { list, item: item() });
                }
                std::cmp::Ordering::Greater => {
                    return Err(ManifestError::Unsorted { list, item: item() });
                }
            }
        }
    }
    Ok(())
}

/// RFC 3339 in UTC to the second, without leap seconds: one form for one time. Times before Sigstore's first
/// root are refused.
pub(in crate::core) fn exact_time(field: &'static str, text: &str) -> Result<Time, ManifestError> {
    time::parse(text)
        .filter(|time| time::format(*time) == text && time::to_second(*time) == *time)
        .filter(|time| *time >= limits::EARLIEST)
        .ok_or_else(|| ManifestError::Time { field, text: text.to_owned() })
}
