//! in-toto Statements, versions 0.1 and 1: subjects, and a predicate whose type decides the rest.
//!
//! A statement is parsed before its signature is verified, and handed out only after. Unknown fields are
//! ignored, as the specification says.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::core::{
    json::{distinct, objects_only},
    package::digest::{Algorithm, Digest},
};

objects_only!(AttestedStatement, AttestedSubject);

/// The payload type of DSSE envelopes that hold a statement.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The algorithm of a commit's digest, in in-toto digest sets.
const COMMIT: &str = "gitCommit";

const TYPES: [&str; 2] = ["https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1"];

/// Why a payload is not a statement, or not about the artifact in question.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// A payload of another type.
    #[error("the payload is of type {0:?}, not an in-toto statement")]
    PayloadType(String),
    /// Not a statement's JSON.
    #[error("malformed statement: {0}")]
    Malformed(String),
    /// A statement of another version.
    #[error("unsupported statement type {0:?}")]
    Type(String),
    /// The subjects are commits, not files.
    #[error("the statement is about commit {0}, not about a file")]
    Commit(String),
    /// No subject of that name.
    #[error("no subject is named {expected}; found {found}")]
    NoSuchSubject {
        /// The name that was looked for.
        expected: String,
        /// The names that are there.
        found: String,
    },
    /// The subject of that name has no digest that could be compared.
    #[error("subject {name} has no {algorithm} digest")]
    NoDigest {
        /// The subject's name.
        name: String,
        /// The digest that is needed.
        algorithm: Algorithm,
    },
    /// The subject of that name is another artifact.
    #[error("subject {name} has digest {found}, the artifact has {artifact}")]
    OtherArtifact {
        /// The subject's name.
        name: String,
        /// What the statement says.
        found: String,
        /// The artifact's digest.
        artifact: Digest,
    },
}

impl StatementError {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PayloadType(_) => "unsupported-payload-type",
            Self::Type(_) => "unsupported-statement",
            Self::Malformed(_) => "malformed-statement",
            Self::Commit(_) => "subject-is-commit",
            Self::NoSuchSubject { .. } => "subject-name-mismatch",
            Self::NoDigest { .. } => "subject-without-digest",
            Self::OtherArtifact { .. } => "subject-digest-mismatch",
        }
    }
}

/// A statement.
#[derive(Debug, Clone, Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
pub struct AttestedStatement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<AttestedSubject>,
    predicate_type: String,
    predicate: Option<Box<RawValue>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(remote = "Self")]
struct AttestedSubject {
    #[serde(default)]
    name: String,
    #[serde(default, deserialize_with = "distinct")]
    digest: BTreeMap<String, String>,
}

impl AttestedStatement {
    /// Parses a payload.
    ///
    /// # Errors
    /// [`StatementError`], of its first three kinds.
    pub fn parse(payload_type: &str, payload: &[u8]) -> Result<Self, StatementError> {
        if payload_type != PAYLOAD_TYPE {
            return Err(StatementError::PayloadType(payload_type.to_owned()));
        }
        let statement: Self = serde_json::from_slice(payload)
            .map_err(|error| StatementError::Malformed(error.to_string()))?;
        if !TYPES.contains(&statement.kind.as_str()) {
            return Err(StatementError::Type(statement.kind));
        }
        Ok(statement)
    }

    /// What kind of predicate it has.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// The predicate, not yet parsed; `null` if it has no predicate.
    pub fn predicate(&self) -> &str {
        self.predicate.as_ref().map_or("null", |raw| raw.get())
    }

    /// Requires that one of the subjects can be a file: some statements have only a commit's digest.
    ///
    /// # Errors
    /// [`StatementError::Commit`].
    pub fn require_file(&self) -> Result<(), StatementError> {
        let commit = |subject: &AttestedSubject| {
            let commit = subject.digest.get(COMMIT).filter(|_| subject.digest.len() == 1);
            commit.cloned()
        };
        let commits: Option<Vec<String>> = self.subject.iter().map(commit).collect();
        match commits.unwrap_or_default().into_iter().next() {
            Some(commit) => Err(StatementError::Commit(commit)),
            None => Ok(()),
        }
    }

    /// Requires a subject of this name and with these digests, on this one statement.
    ///
    /// Every subject of that name must agree, in the algorithm that `artifact` begins with and in
    /// all others that are known: a name that means two artifacts means none.
    ///
    /// # Errors
    /// [`StatementError`], of its last three kinds.
    pub fn require_subject(&self, name: &str, artifact: &[Digest]) -> Result<(), StatementError> {
        let mut named = self.subject.iter().filter(|subject| subject.name == name).peekable();
        if named.peek().is_none() {
            let names: Vec<_> = self.subject.iter().map(|subject| subject.name.as_str()).collect();
            return Err(StatementError::NoSuchSubject {
                expected: name.to_owned(),
                found: names.join(", "),
            });
        }
        for subject in named {
            for (index, digest) in artifact.iter().enumerate() {
                match subject.digest.get(digest.algorithm().name()) {
                    Some(found) if *found == digest.to_hex() => {}
                    Some(found) => {
                        return Err(StatementError::OtherArtifact {
                            name: name.to_owned(),
                            found: found.clone(),
                            artifact: digest.clone(),
                        });
                    }
                    None if index == 0 => {
                        return Err(StatementError::NoDigest {
                            name: name.to_owned(),
                            algorithm: digest.algorithm(),
                        });
                    }
                    None => {}
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement(subjects: &str) -> AttestedStatement {
        let text = format!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","subject":{subjects},"predicateType":"p"}}"#
        );
        AttestedStatement::parse(PAYLOAD_TYPE, text.as_bytes()).unwrap()
    }

    fn subject(name: &str, algorithm: Algorithm, bytes: &[u8]) -> String {
        let digest = algorithm.digest(bytes).to_hex();
        format!(r#"{{"name":"{name}","digest":{{"{algorithm}":"{digest}"}}}}"#)
    }

    #[test]
    fn only_statements_of_known_versions_are_read() {
        assert_eq!(
            AttestedStatement::parse("text/plain", b"{}").unwrap_err(),
            StatementError::PayloadType("text/plain".into())
        );
        assert!(matches!(
            AttestedStatement::parse(PAYLOAD_TYPE, b"{}"),
            Err(StatementError::Malformed(_))
        ));
        let other =
            br#"{"_type":"https://in-toto.io/Statement/v2","subject":[],"predicateType":"p"}"#;
        assert!(matches!(
            AttestedStatement::parse(PAYLOAD_TYPE, other),
            Err(StatementError::Type(_))
        ));
        let twice = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"subject":[],"predicateType":"p"}"#;
        assert!(matches!(
            AttestedStatement::parse(PAYLOAD_TYPE, twice),
            Err(StatementError::Malformed(_))
        ));
        for payload in [
            r#"["https://in-toto.io/Statement/v1",[],"p",{}]"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[["a",{}]],"predicateType":"p"}"#,
            r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha512":"","sha512":""}}],"predicateType":"p"}"#,
        ] {
            let refused = AttestedStatement::parse(PAYLOAD_TYPE, payload.as_bytes()).unwrap_err();
            assert!(matches!(refused, StatementError::Malformed(_)), "{payload}");
            assert_eq!(refused.code(), "malformed-statement");
        }
    }

    #[test]
    fn a_commit_is_no_file() {
        let commit = r#"{"digest":{"gitCommit":"00ff"}}"#;
        let file = subject("a", Algorithm::Sha512, b"a");
        let refused = statement(&format!("[{commit},{commit}]")).require_file().unwrap_err();
        assert_eq!(refused, StatementError::Commit("00ff".into()));
        assert_eq!(refused.code(), "subject-is-commit");
        assert!(refused.to_string().contains("about commit 00ff, not about a file"));
        let both = r#"{"digest":{"gitCommit":"00ff","sha256":"00"}}"#;
        for subjects in [format!("[{commit},{file}]"), format!("[{both}]"), "[]".into()] {
            assert_eq!(statement(&subjects).require_file(), Ok(()));
        }
    }

    #[test]
    fn name_and_digest_must_be_on_one_subject() {
        let artifact = [Algorithm::Sha512.digest(b"tarball"), Algorithm::Sha1.digest(b"tarball")];
        let good = subject("pkg:npm/a@1.0.0", Algorithm::Sha512, b"tarball");
        let other = subject("pkg:npm/b@1.0.0", Algorithm::Sha512, b"other");
        let both = statement(&format!("[{other},{good}]"));
        assert_eq!(both.require_subject("pkg:npm/a@1.0.0", &artifact), Ok(()));
        assert!(matches!(
            both.require_subject("pkg:npm/b@1.0.0", &artifact),
            Err(StatementError::OtherArtifact { .. })
        ));
        assert!(matches!(
            both.require_subject("pkg:npm/c@1.0.0", &artifact),
            Err(StatementError::NoSuchSubject { .. })
        ));
    }

    #[test]
    fn a_name_that_means_two_artifacts_means_none() {
        let artifact = [Algorithm::Sha512.digest(b"tarball")];
        let good = subject("a", Algorithm::Sha512, b"tarball");
        let evil = subject("a", Algorithm::Sha512, b"other");
        assert!(matches!(
            statement(&format!("[{good},{evil}]")).require_subject("a", &artifact),
            Err(StatementError::OtherArtifact { .. })
        ));
        let weak = subject("a", Algorithm::Sha1, b"tarball");
        let refused = statement(&format!("[{weak}]")).require_subject("a", &artifact).unwrap_err();
        assert_eq!(refused.code(), "subject-without-digest");
    }
}
