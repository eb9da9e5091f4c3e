//! The ecosystem that a package belongs to: how its packages are named.
//!
//! What speaks for its packages, and how that is judged, is in [`rules`](crate::core::rules).

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
};

/// How an ecosystem names its packages.
#[derive(Debug)]
pub(crate) struct Naming {
    /// The type of its purls (purl-spec).
    pub purl_type: &'static str,
    /// The address of the registry that a purl without qualifier means.
    pub public_registry: &'static str,
    /// Whether a text is the name of a package.
    pub is_name: fn(&str) -> bool,
    /// Whether a text is a version.
    pub is_version: fn(&str) -> bool,
    /// Whether two texts are the same version, written in two ways.
    pub is_same_version: fn(&str, &str) -> bool,
    /// Whether a version has a place in the order of versions.
    pub is_ordered: fn(&str) -> bool,
    /// Which of two versions is the later one.
    pub order: fn(&str, &str) -> Ordering,
    /// The release line of a version: versions of one line are meant to replace each other.
    pub release_line: fn(&str) -> String,
}

/// An ecosystem. Two are equal if their purls have the same type.
#[derive(Clone, Copy)]
pub struct Ecosystem(&'static Naming);

impl Ecosystem {
    /// The ecosystem that names its packages so.
    pub(in crate::core) const fn new(naming: &'static Naming) -> Self {
        Self(naming)
    }

    /// The type of its purls, which is its name as well.
    pub fn purl_type(self) -> &'static str {
        self.0.purl_type
    }

    /// How it names its packages.
    pub(in crate::core) fn naming(self) -> &'static Naming {
        self.0
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.purl_type())
    }
}

impl fmt::Debug for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.purl_type())
    }
}

impl PartialEq for Ecosystem {
    fn eq(&self, other: &Self) -> bool {
        self.purl_type() == other.purl_type()
    }
}

impl Eq for Ecosystem {}

impl PartialOrd for Ecosystem {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ecosystem {
    fn cmp(&self, other: &Self) -> Ordering {
        self.purl_type().cmp(other.purl_type())
    }
}

impl Hash for Ecosystem {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.purl_type().hash(state);
    }
}
