//! Packages as people name them: `npm:left-pad`, `npm:@acme/*`, `npm:**`, `npm:left-pad@1.3.0`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::glob::Glob;
use crate::core::{
    ecosystems, limits,
    package::{PackageId, ecosystem::Ecosystem},
    text::bounded,
};

/// Why a text names no packages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// No ecosystem in front, or one that is not known.
    #[error("{0:?} does not start with a known ecosystem, such as \"npm:left-pad\"")]
    Ecosystem(String),
    /// Not a name that a package can have.
    #[error(
        "{0:?} is not a package name; a whole scope is \"npm:@acme/*\", all packages are \"npm:**\""
    )]
    Name(String),
    /// Not a version.
    #[error("{0:?} is not a version: give one version in full")]
    Version(String),
    /// A name without a version where one version must be named.
    #[error(
        "{0:?} names no version: an exception is for exact versions, such as \"npm:left-pad@1.3.0\""
    )]
    NoVersion(String),
}

/// Which packages a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePattern {
    ecosystem: Ecosystem,
    name: Glob,
    version: Option<String>,
}

impl PackagePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`], for what can name no package.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let (ecosystem, name, version) = split(text)?;
        if name.len() > limits::GLOB_BYTES {
            return Err(PatternError::Name(bounded(text)));
        }
        let pattern =
            Self { ecosystem, name: Glob::new(name), version: version.map(str::to_owned) };
        if pattern.name.is_exact() || version.is_some() {
            // A name with wildcards is not held to the rules of names, its version is.
            let name = if pattern.name.is_exact() { name } else { "a" };
            let version = version.unwrap_or("0.0.0");
            exact(ecosystem, name, version, text)?;
        } else if name.is_empty() {
            return Err(PatternError::Name(text.to_owned()));
        }
        Ok(pattern)
    }

    /// Whether it is about a package.
    pub fn selects(&self, id: &PackageId) -> bool {
        self.ecosystem == id.ecosystem()
            && self.version.as_deref().is_none_or(|version| version == id.version())
            && self.name.matches(id.name())
    }

    /// What every name that it stands for is, or starts with up to the first `/`: the name itself, or
    /// its scope. `None` where names of many scopes fit.
    pub(super) fn anchor(&self) -> Option<(Ecosystem, &str)> {
        let text = self.name.as_str();
        if self.name.is_exact() {
            return Some((self.ecosystem, text));
        }
        let start = text.split('*').next().unwrap_or_default();
        let end = start.find('/')?.saturating_add(1);
        Some((self.ecosystem, start.get(..end)?))
    }
}

/// A package of one version, as exceptions name it.
///
/// # Errors
/// [`PatternError`], for anything but a full name and a version.
pub fn parse_exact(text: &str) -> Result<PackageId, PatternError> {
    let (ecosystem, name, version) = split(text)?;
    let version = version.ok_or_else(|| PatternError::NoVersion(text.to_owned()))?;
    if name.contains('*') {
        return Err(PatternError::Name(text.to_owned()));
    }
    exact(ecosystem, name, version, text)
}

/// A package as policies name it.
pub(crate) fn written(id: &PackageId) -> String {
    format!("{}:{id}", id.ecosystem())
}

fn exact(
    ecosystem: Ecosystem,
    name: &str,
    version: &str,
    text: &str,
) -> Result<PackageId, PatternError> {
    use crate::core::package::PackageError;
    PackageId::new(ecosystem, name, version).map_err(|error| match error {
        PackageError::Name(..) => PatternError::Name(text.to_owned()),
        PackageError::Version(version) => PatternError::Version(version),
    })
}

/// The ecosystem, the name, and the version if there is one.
fn split(text: &str) -> Result<(Ecosystem, &str, Option<&str>), PatternError> {
    let unknown = || PatternError::Ecosystem(text.to_owned());
    let (ecosystem, package) = text.split_once(':').ok_or_else(unknown)?;
    let ecosystem = ecosystems::named(ecosystem).ok_or_else(unknown)?;
    // A scope starts with an `@` as well.
    Ok(match package.rsplit_once('@') {
        Some((name, version)) if !name.is_empty() => (ecosystem, name, Some(version)),
        _ => (ecosystem, package, None),
    })
}

impl fmt::Display for PackagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ecosystem, self.name.as_str())?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for PackagePattern {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(value)?).map_err(D::Error::custom)
    }
}

impl Serialize for PackagePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str, version: &str) -> PackageId {
        PackageId::npm(name, version).unwrap()
    }

    #[test]
    fn selects_names_scopes_versions_and_all() {
        let all = [
            id("left-pad", "1.3.0"),
            id("left-pad", "1.3.1"),
            id("left-pad2", "1.3.0"),
            id("@acme/a", "1.0.0"),
            id("@acme2/a", "1.0.0"),
        ];
        for (pattern, selected) in [
            ("npm:left-pad", vec![0, 1]),
            ("npm:left-pad@1.3.0", vec![0]),
            ("npm:@acme/*", vec![3]),
            ("npm:@acme/a@1.0.0", vec![3]),
            ("npm:*", vec![0, 1, 2]),
            ("npm:left-*", vec![0, 1, 2]),
            ("npm:**", vec![0, 1, 2, 3, 4]),
            ("npm:@*/*", vec![3, 4]),
        ] {
            let parsed = PackagePattern::parse(pattern).unwrap();
            let found: Vec<_> = (0..all.len()).filter(|at| parsed.selects(&all[*at])).collect();
            assert_eq!(found, selected, "{pattern}");
            assert_eq!(parsed.to_string(), pattern);
        }
    }

    #[test]
    fn refuses_what_names_no_package() {
        use PatternError::{Ecosystem, Name, NoVersion};
        let text = str::to_owned;
        for (pattern, error) in [
            ("left-pad", Ecosystem(text("left-pad"))),
            ("@acme/*", Ecosystem(text("@acme/*"))),
            ("pypi:flask", Ecosystem(text("pypi:flask"))),
            ("npm:@acme", Name(text("npm:@acme"))),
            ("npm:", Name(text("npm:"))),
            ("npm:a b", Name(text("npm:a b"))),
            ("npm:left-pad@", PatternError::Version(String::new())),
            ("npm:left-pad@^1", PatternError::Version(text("^1"))),
            ("npm:left-pad@*", PatternError::Version(text("*"))),
            ("npm:@acme/*@latest", PatternError::Version(text("latest"))),
        ] {
            assert_eq!(PackagePattern::parse(pattern), Err(error), "{pattern}");
        }
        assert_eq!(parse_exact("npm:a"), Err(NoVersion(text("npm:a"))));
        assert_eq!(parse_exact("npm:@acme/*@1.0.0"), Err(Name(text("npm:@acme/*@1.0.0"))));
        assert_eq!(parse_exact("npm:@acme/a@1.0.0"), Ok(id("@acme/a", "1.0.0")));
        assert_eq!(written(&id("@acme/a", "1.0.0")), "npm:@acme/a@1.0.0");
    }
}
