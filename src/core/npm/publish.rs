//! npm's publish attestation: the registry says that it published this package.
//!
//! Predicate `…/npm/attestation/…/specs/publish/v0.1`: name, version and registry.

use serde::Deserialize;

use crate::core::{json::objects_only, package::PackageId};

objects_only!(Predicate);

/// The predicate type.
pub(crate) const PREDICATE_TYPE: &str =
    "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

/// Why a publish attestation is refused although its signature is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishRefusal {
    /// The predicate cannot be read.
    #[error("malformed publish predicate: {0}")]
    Malformed(String),
    /// It is about another package or registry.
    #[error("the registry attested {field} {found:?}, not {expected:?}")]
    Other {
        /// `name`, `version` or `registry`.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        expected: String,
    },
}

impl PublishRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-publish-predicate",
            Self::Other { .. } => "published-other",
        }
    }
}

/// What is not understood in a publish attestation with a good signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnrecognizedPublish {
    /// A certificate says who signed, not for which registry.
    #[error("signed with a certificate, and no identity is configured for the registry")]
    Keyless,
}

impl UnrecognizedPublish {
    /// A stable code for reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Keyless => "keyless-publish-attestation",
        }
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Predicate {
    name: String,
    version: String,
    registry: String,
}

/// Compares the predicate with the package and its expected registry.
///
/// # Errors
/// [`PublishRefusal`] says what differs.
pub fn check(predicate: &str, package: &PackageId, registry: &str) -> Result<(), PublishRefusal> {
    let said: Predicate = serde_json::from_str(predicate)
        .map_err(|error| PublishRefusal::Malformed(error.to_string()))?;
    for (field, found, expected) in [
        ("name", said.name.as_str(), package.name()),
        ("version", &said.version, package.version()),
        ("registry", said.registry.trim_end_matches('/'), registry.trim_end_matches('/')),
    ] {
        if found != expected {
            return Err(PublishRefusal::Other {
                field,
                found: found.to_owned(),
                expected: expected.to_owned(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_package_or_registry_is_refused() {
        let package = PackageId::npm("@a/b", "1.0.0").unwrap();
        let of = |name: &str, version: &str, registry: &str| {
            let text =
                format!(r#"{{"name":"{name}","version":"{version}","registry":"{registry}"}}"#);
            check(&text, &package, "https://r.example/")
        };
        assert_eq!(of("@a/b", "1.0.0", "https://r.example"), Ok(()));
        let field = |result: Result<(), PublishRefusal>| match result {
            Err(PublishRefusal::Other { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(of("@a/c", "1.0.0", "https://r.example")), "name");
        assert_eq!(field(of("@a/b", "1.0.1", "https://r.example")), "version");
        assert_eq!(field(of("@a/b", "1.0.0", "https://s.example")), "registry");
        for other in ["null", r#"["@a/b","1.0.0","https://r.example"]"#] {
            let refused = check(other, &package, "https://r.example");
            assert!(matches!(refused, Err(PublishRefusal::Malformed(_))), "{other}");
        }
    }
}
