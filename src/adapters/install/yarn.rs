//! The offline mirror of Yarn 1: one folder of tarballs, named by the addresses that its lockfile has.

use std::collections::BTreeMap;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use url::Url;

use super::{InstallError, Installable, NewFolder};
use crate::{adapters::archive::SignedArchive, core::percent};

/// Writes the mirror.
///
/// # Errors
/// [`InstallError`]; [`InstallError::SameName`] where two packages would have one file.
pub fn write(
    folder: &NewFolder<'_>,
    archive: &SignedArchive,
    items: &[Installable<'_>],
) -> Result<(), InstallError> {
    let mut files: BTreeMap<String, &Installable<'_>> = BTreeMap::new();
    for item in items {
        for name in item.addresses.iter().filter_map(|address| file_name(address)) {
            match files.get(&name) {
                Some(other) if other.digest != item.digest => {
                    let (one, other) = (other.purl.to_string(), item.purl.to_string());
                    return Err(InstallError::SameName { one, other, name });
                }
                _ => drop(files.insert(name, item)),
            }
        }
    }
    let files: Vec<_> = files.into_iter().collect();
    files.par_iter().try_for_each(|(name, item)| folder.copy(name, archive, item.entry))
}

/// The name that Yarn 1 gives the tarball of an address (`getTarballMirrorPath` in
/// `src/fetchers/tarball-fetcher.js`): the last part of the path, after the scope where there is one
/// before `/-/` or `/_attachments/`.
fn file_name(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let parts: Vec<&str> = url.path_segments()?.collect();
    let (file, before) = parts.split_last()?;
    let before = match before.split_last() {
        Some((last, rest)) if last.starts_with('@') => rest,
        _ => before,
    };
    let scope = match before.split_last() {
        Some((&("-" | "_attachments"), before)) => scope(before),
        _ => None,
    };
    let name = scope.map_or_else(|| (*file).to_owned(), |scope| format!("{scope}-{file}"));
    (!file.is_empty()).then_some(name)
}

/// The scope of a package, where its address up to `/-/` has one.
fn scope(before: &[&str]) -> Option<String> {
    let (name, above) = before.split_last()?;
    let scope = match name.split_once("%2f") {
        Some((scope, _)) => scope,
        None => above.last()?,
    };
    let scope = percent::decode(scope)?;
    (scope.starts_with('@') && scope.len() > 1).then_some(scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_as_yarn_1_names_them() {
        for (address, name) in [
            ("https://r.example/a/-/a-1.0.0.tgz", "a-1.0.0.tgz"),
            ("https://r.example/@s/a/-/a-1.0.0.tgz", "@s-a-1.0.0.tgz"),
            ("https://r.example/@s%2fa/-/a-1.0.0.tgz", "@s-a-1.0.0.tgz"),
            ("https://r.example/npm/@s/a/-/@s/a-1.0.0.tgz", "@s-a-1.0.0.tgz"),
            ("https://codeload.example/a/b/tar.gz/0123", "0123"),
        ] {
            assert_eq!(file_name(address).as_deref(), Some(name), "{address}");
        }
        for address in ["https://r.example/", "git", "https://r.example/a/"] {
            assert_eq!(file_name(address), None, "{address}");
        }
    }
}
