//! The in-toto statements that sealift itself makes: about an archive, about a package, and about what
//! was served. Their forms are in `man/sealift-statement.5`.
//!
//! Members stand in the order of their specification, so that the same facts give the same bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::core::package::digest::Digest;

/// The type of an in-toto statement, version 1.
const TYPE: &str = "https://in-toto.io/Statement/v1";

/// An in-toto statement, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Statement<P> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: Vec<Resource>,
    predicate_type: &'static str,
    predicate: P,
}

impl<P: Serialize> Statement<P> {
    /// About these files.
    pub fn about(subject: Vec<Resource>, predicate_type: &'static str, predicate: P) -> Self {
        Self { kind: TYPE, subject, predicate_type, predicate }
    }

    /// As JSON, without white space.
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and lists: there is nothing in it that serialising could refuse.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// An in-toto ResourceDescriptor.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Resource {
    /// Its name, where the statement gives it one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its address, such as the purl of a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// Its digests in hex, by algorithm.
    pub digest: BTreeMap<&'static str, String>,
}

impl Resource {
    /// A file of that name.
    pub fn named(name: impl Into<String>, digest: &Digest) -> Self {
        Self { name: Some(name.into()), ..Self::of(digest) }
    }

    /// What is at that address.
    pub fn at(uri: impl Into<String>, digest: &Digest) -> Self {
        Self { uri: Some(uri.into()), ..Self::of(digest) }
    }

    fn of(digest: &Digest) -> Self {
        let digest = BTreeMap::from([(digest.algorithm().name(), digest.to_hex())]);
        Self { digest, ..Self::default() }
    }
}

/// A name for what has no address: by its digest.
pub(crate) fn urn(kind: &str, digest: &Digest) -> String {
    format!("urn:sealift:{kind}:{}:{}", digest.algorithm(), digest.to_hex())
}
