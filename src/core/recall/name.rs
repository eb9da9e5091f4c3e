//! The name of a package, whatever its version and registry.

use std::fmt;

use crate::core::{
    ecosystems,
    package::{PackageError, PackageId, ecosystem::Ecosystem},
};

/// The name of a package in its ecosystem. It keeps its case. Its text is a package URL without
/// version and qualifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName {
    ecosystem: Ecosystem,
    name: String,
}

/// A version that every ecosystem has.
const ANY: &str = "0";

impl PackageName {
    /// The name of a package.
    pub fn of(id: &PackageId) -> Self {
        Self { ecosystem: id.ecosystem(), name: id.name().to_owned() }
    }

    /// The name that an advisory gives. `None` for an ecosystem that is not known, or a name that no
    /// package of it can have. OSV writes some ecosystems with upper case.
    pub fn of_advisory(ecosystem: &str, name: &str) -> Option<Self> {
        let ecosystem = ecosystems::named(&ecosystem.to_ascii_lowercase())?;
        PackageId::new(ecosystem, name, ANY).ok().map(|id| Self::of(&id))
    }

    /// Parses the one form that [`PackageName`] displays.
    pub fn parse(text: &str) -> Option<Self> {
        let purl = ecosystems::parse_purl(&format!("{text}@{ANY}"))?;
        Some(Self::of(purl.id())).filter(|name| name.to_string() == text)
    }

    /// The ecosystem.
    pub fn ecosystem(&self) -> Ecosystem {
        self.ecosystem
    }

    /// The package of this name and a version.
    ///
    /// # Errors
    /// When the ecosystem has no such version.
    pub fn at(&self, version: &str) -> Result<PackageId, PackageError> {
        PackageId::new(self.ecosystem, &self.name, version)
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purl = self.at(ANY).map(|id| id.purl()).unwrap_or_default();
        f.write_str(purl.rsplit_once('@').map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_text() {
        let scoped = PackageName::of(&PackageId::npm("@acme/tool", "1.0.0").unwrap());
        assert_eq!(scoped.to_string(), "pkg:npm/%40acme/tool");
        for text in ["pkg:npm/%40acme/tool", "pkg:npm/JSONStream", "pkg:toy/bear"] {
            assert_eq!(PackageName::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "pkg:npm/@acme/tool",
            "pkg:npm/tool@1.0.0",
            "pkg:npm/tool?a=b",
            "pkg:npm/",
            "pkg:npm/..",
            "pkg:pypi/tool",
            "npm/tool",
            "",
        ] {
            assert_eq!(PackageName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_advisory_may_write_the_ecosystem_in_upper_case_and_not_the_name() {
        let of = PackageName::of_advisory;
        assert_eq!(of("npm", "a"), of("NPM", "a"));
        assert_ne!(of("npm", "a"), of("npm", "A"));
        assert_ne!(of("toy", "a"), of("npm", "a"));
        for (ecosystem, name) in [("PyPI", "a"), ("npm:1", "a"), ("npm", ""), ("npm", "a b")] {
            assert_eq!(of(ecosystem, name), None, "{ecosystem} {name}");
        }
    }
}
