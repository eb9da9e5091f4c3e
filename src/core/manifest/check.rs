//! The rules that a manifest keeps: names, order, and that predicate and entries fit each other.

use std::collections::HashSet;

use crate::core::{
    addresses,
    digest::Algorithm,
    entry_name, limits,
    manifest::{
        FORMAT_VERSION, Input, ManifestError, Package, Predicate, Subject, Trust, TrustSource,
        position,
    },
    package::PackageId,
    time::{self, Time},
};

/// Checks everything, and hands back what was parsed on the way.
pub(super) fn all(
    subjects: &[Subject],
    predicate: &Predicate,
) -> Result<(Vec<PackageId>, Time), ManifestError> {
    if predicate.format_version != FORMAT_VERSION {
        return Err(ManifestError::FormatVersion(predicate.format_version));
    }
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
    let sealed_at = exact_time("sealedAt", &predicate.sealed_at)?;
    let mut uses = Uses { subjects, tarballs: HashSet::new(), used: HashSet::new() };
    inputs(predicate, &mut uses)?;
    trust(predicate, sealed_at, &mut uses)?;
    let ids = packages(predicate, &mut uses)?;
    uses.finish()?;
    out_of_scope(predicate)?;
    for request in &predicate.collection {
        address(&request.url)?;
        let time = some_time("collection", &request.time)?;
        if time > sealed_at {
            return Err(ManifestError::AfterSeal { field: "collection", time });
        }
        if !(100..=599).contains(&request.status) {
            return Err(ManifestError::Status(request.status));
        }
    }
    Ok((ids, sealed_at))
}

/// Which entries are used so far, and which of them as tarballs.
struct Uses<'a> {
    subjects: &'a [Subject],
    tarballs: HashSet<usize>,
    used: HashSet<usize>,
}

impl<'a> Uses<'a> {
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

    /// Claims everything under a folder.
    fn claim_folder(&mut self, instance: &str) -> Result<(), ManifestError> {
        let folder = format!("trust/{instance}/");
        let from = self.subjects.partition_point(|subject| subject.name < folder);
        let claimed = self.subjects.iter().skip(from);
        let claimed = claimed.take_while(|subject| subject.name.starts_with(&folder)).count();
        if claimed == 0 {
            return Err(ManifestError::TrustNotCarried(instance.into()));
        }
        self.used.extend(from..from.saturating_add(claimed));
        Ok(())
    }

    fn finish(self) -> Result<(), ManifestError> {
        for (at, subject) in self.subjects.iter().enumerate() {
            if !self.used.contains(&at) {
                return Err(ManifestError::Unused(subject.name.clone()));
            }
            let tarball = self.tarballs.contains(&at);
            let expected = if tarball { Algorithm::Sha512 } else { Algorithm::Sha256 };
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
    for Input { entry, .. } in &predicate.inputs {
        // A folder each, since the file's name says what it is: `inputs/2/package-lock.json`.
        let number = folder_of(entry).strip_prefix("inputs/").unwrap_or_default();
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        if !digits || number.is_empty() || number.starts_with('0') {
            return Err(ManifestError::Input(entry.clone()));
        }
    }
    sorted("inputs", &predicate.inputs, |input| input.entry.as_str())?;
    for Input { entry, .. } in &predicate.inputs {
        uses.claim("inputs", entry, folder_of(entry))?;
    }
    Ok(())
}

fn folder_of(entry: &str) -> &str {
    entry.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn trust(predicate: &Predicate, sealed_at: Time, uses: &mut Uses<'_>) -> Result<(), ManifestError> {
    sorted("trust", &predicate.trust, |trust| trust.instance.as_str())?;
    for Trust { instance, source, roles, refreshed_at } in &predicate.trust {
        let named = entry_name::parse(instance.as_bytes()).is_ok() && !instance.contains('/');
        if !named {
            return Err(ManifestError::Instance(instance.clone()));
        }
        // What is carried was checked at some time, and what is not has no roles.
        let carried = *source == TrustSource::Tuf;
        if carried {
            uses.claim_folder(instance)?;
        }
        if carried && refreshed_at.is_none() || !carried && !roles.is_empty() {
            return Err(ManifestError::TrustSource(instance.clone()));
        }
        let mut names = HashSet::new();
        for role in roles {
            some_time("expires", &role.expires)?;
            if !names.insert(role.name.as_str()) {
                return Err(ManifestError::Duplicate { list: "roles", item: role.name.clone() });
            }
        }
        if let Some(text) = refreshed_at {
            let time = some_time("refreshedAt", text)?;
            if time > sealed_at {
                return Err(ManifestError::AfterSeal { field: "refreshedAt", time });
            }
        }
    }
    Ok(())
}

fn packages(predicate: &Predicate, uses: &mut Uses<'_>) -> Result<Vec<PackageId>, ManifestError> {
    let list = "packages";
    sorted(list, &predicate.packages, |package| (package.name.as_str(), package.version.as_str()))?;
    predicate.packages.iter().map(|listed| package(predicate, listed, uses)).collect()
}

fn package(
    predicate: &Predicate,
    package: &Package,
    uses: &mut Uses<'_>,
) -> Result<PackageId, ManifestError> {
    let id = PackageId::new(&package.name, &package.version)?;
    if package.purl != id.purl() {
        return Err(ManifestError::Purl { expected: id.purl(), found: package.purl.clone() });
    }
    // One form, or two registries that are the same could be told apart.
    let registry = &package.registry;
    let as_sent = addresses::parse(registry).is_some();
    if !as_sent || addresses::registry(registry).as_ref() != Some(registry) {
        return Err(ManifestError::Address(without_credentials(registry)));
    }
    let folder = id.folder();
    let tarball = uses.claim(&package.purl, &package.artifact, &folder)?;
    uses.tarballs.insert(tarball);
    for entry in [&package.record, &package.attestations].into_iter().flatten() {
        uses.claim(&package.purl, entry, &folder)?;
    }
    sorted("integrity", &package.integrity, |text| text.as_str())?;
    sorted("neededBy", &package.needed_by, |need| need.input.as_str())?;
    for need in &package.needed_by {
        known_input(predicate, &package.purl, &need.input)?;
        if need.paths.is_empty() {
            return Err(ManifestError::NoPath(package.purl.clone()));
        }
        sorted("paths", &need.paths, |path| path.as_str())?;
    }
    Ok(id)
}

fn out_of_scope(predicate: &Predicate) -> Result<(), ManifestError> {
    let list = &predicate.out_of_scope;
    sorted("outOfScope", list, |left| (left.input.as_str(), left.entry.as_str()))?;
    list.iter().try_for_each(|left| known_input(predicate, &left.entry, &left.input))
}

fn known_input(predicate: &Predicate, item: &str, input: &str) -> Result<(), ManifestError> {
    match predicate.inputs.binary_search_by(|known| known.entry.as_str().cmp(input)) {
        Ok(_) => Ok(()),
        Err(_) => Err(ManifestError::NoSuchInput { item: item.into(), input: input.into() }),
    }
}

/// Strictly ascending: sorted, and nothing twice.
fn sorted<'a, T, K: Key>(
    list: &'static str,
    items: &'a [T],
    key: impl Fn(&'a T) -> K,
) -> Result<(), ManifestError> {
    for pair in items.windows(2) {
        if let [before, after] = pair {
            let item = || key(after).show();
            match key(before).cmp(&key(after)) {
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

/// What a list is sorted by.
trait Key: Ord {
    fn show(&self) -> String;
}

impl Key for &str {
    fn show(&self) -> String {
        (*self).to_owned()
    }
}

impl Key for (&str, &str) {
    fn show(&self) -> String {
        format!("{} {}", self.0, self.1)
    }
}

/// RFC 3339 in UTC to the second: one form for one time.
fn exact_time(field: &'static str, text: &str) -> Result<Time, ManifestError> {
    let time = some_time(field, text)?;
    if time::format(time) != text {
        return Err(ManifestError::Time { field, text: text.to_owned() });
    }
    Ok(time)
}

/// RFC 3339.
fn some_time(field: &'static str, text: &str) -> Result<Time, ManifestError> {
    time::parse(text).ok_or_else(|| ManifestError::Time { field, text: text.to_owned() })
}

/// As it is sent: what parsers make of tabs, backslashes and empty user information differs.
fn address(text: &str) -> Result<(), ManifestError> {
    let plain = addresses::parse(text).is_some_and(|url| {
        url.as_str() == text
            && matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    });
    if plain { Ok(()) } else { Err(ManifestError::Address(without_credentials(text))) }
}

/// The text of an address that an error may repeat: nothing before an `@`, nothing after a `?`.
fn without_credentials(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    }
}
