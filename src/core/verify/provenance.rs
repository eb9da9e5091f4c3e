//! SLSA provenance: the predicate, held against the certificate's claims.
//!
//! A predicate is what the build wrote about itself, and a statement that names another
//! repository verifies as well as any. The certificate's claims come from the identity token, so
//! the facts are taken from there, and each thing that the predicate says besides must agree.
//! Build types are npm's own (GitHub Actions, GitLab) and that of the generator that npm also
//! accepts; of any other it is not known what its fields mean, so it is refused.

mod v02;
mod v1;

use super::certificate::{Claims, GITHUB};

/// The predicate types of SLSA provenance that npm publishes.
pub const PREDICATE_TYPES: [&str; 2] = [v1::PREDICATE_TYPE, v02::PREDICATE_TYPE];

/// Why provenance is refused whose signature is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceRefusal {
    /// The predicate cannot be read.
    #[error("malformed provenance: {0}")]
    Malformed(String),
    /// A build type whose fields have no known meaning.
    #[error("unknown build type {0:?}")]
    BuildType(String),
    /// The certificate lacks a claim that provenance rests on.
    #[error("the certificate has no claim of the {0}")]
    NoClaim(&'static str),
    /// The predicate says something else than the certificate.
    #[error("the {field} is {found:?} in the predicate, {expected:?} in the certificate")]
    Disagrees {
        /// What differs.
        field: &'static str,
        /// What the predicate says.
        found: String,
        /// What the certificate says.
        expected: String,
    },
    /// A builder that cannot have signed with that certificate.
    #[error("builder {found:?} cannot have signed as {signer:?}")]
    Builder {
        /// The predicate's builder.
        found: String,
        /// The certificate's identity.
        signer: String,
    },
}

impl ProvenanceRefusal {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed-provenance",
            Self::BuildType(_) => "unknown-build-type",
            Self::NoClaim(_) => "missing-claim",
            Self::Disagrees { .. } => "provenance-disagrees",
            Self::Builder { .. } => "builder-mismatch",
        }
    }
}

/// Where a build came from, as far as certificate and predicate agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The build type.
    pub build_type: String,
    /// The repository, as a URL.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The branch or tag.
    pub git_ref: Option<String>,
    /// The builder.
    pub builder: String,
    /// The OIDC issuer.
    pub issuer: String,
}

/// Holds a predicate against the certificate that signed it.
///
/// # Errors
/// [`ProvenanceRefusal`] says what disagrees, or is not understood.
pub fn check(
    predicate_type: &str,
    predicate: &str,
    claims: &Claims,
) -> Result<Source, ProvenanceRefusal> {
    match predicate_type {
        v1::PREDICATE_TYPE => v1::check(predicate, claims),
        v02::PREDICATE_TYPE => v02::check(predicate, claims),
        other => Err(ProvenanceRefusal::BuildType(other.to_owned())),
    }
}

/// The claims without which there is nothing to hold a predicate against.
struct Required<'a> {
    issuer: &'a str,
    repository: &'a str,
    commit: &'a str,
    git_ref: &'a str,
    /// The workflow that was started. Certificates of early 2023 have no such claim, but then the
    /// identity is that workflow's.
    workflow: &'a str,
}

impl<'a> Required<'a> {
    fn of(claims: &'a Claims) -> Result<Self, ProvenanceRefusal> {
        fn some<'a>(
            claim: &'a Option<String>,
            name: &'static str,
        ) -> Result<&'a str, ProvenanceRefusal> {
            claim.as_deref().ok_or(ProvenanceRefusal::NoClaim(name))
        }
        Ok(Self {
            issuer: some(&claims.issuer, "issuer")?,
            repository: some(&claims.repository, "repository")?,
            commit: some(&claims.commit, "commit")?,
            git_ref: some(&claims.git_ref, "ref")?,
            workflow: claims.build_config.as_deref().unwrap_or(&claims.san),
        })
    }

    /// The source as a dependency's URI: `git+REPOSITORY@REF`.
    fn source_uri(&self) -> String {
        format!("git+{}@{}", self.repository, self.git_ref)
    }
}

/// The facts, once everything agreed.
fn source(build_type: String, builder: String, claims: &Required<'_>) -> Source {
    Source {
        build_type,
        builder,
        repository: claims.repository.to_owned(),
        commit: claims.commit.to_owned(),
        git_ref: Some(claims.git_ref.to_owned()),
        issuer: claims.issuer.to_owned(),
    }
}

fn agree(field: &'static str, found: &str, expected: &str) -> Result<(), ProvenanceRefusal> {
    if is_written(found, expected) {
        return Ok(());
    }
    Err(ProvenanceRefusal::Disagrees {
        field,
        found: found.to_owned(),
        expected: expected.to_owned(),
    })
}

/// Where both say something, they must say the same.
fn agree_where_said(
    field: &'static str,
    found: Option<&str>,
    expected: Option<&str>,
) -> Result<(), ProvenanceRefusal> {
    match (found, expected) {
        (Some(found), Some(expected)) => agree(field, found, expected),
        _ => Ok(()),
    }
}

/// Whether Fulcio would have written in a certificate what a predicate says. Up to April 2025 it
/// escaped refs and names of files there, first as it does in an address, then for HTML; in the
/// identity, an address, it still does.
fn is_written(said: &str, claim: &str) -> bool {
    said == claim || in_address(said) == claim || in_html(said) == claim
}

/// As Go writes a path.
fn in_address(text: &str) -> String {
    let kept = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte);
    text.bytes()
        .map(|byte| if kept(byte) { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

/// As Go's templates write text in HTML.
fn in_html(text: &str) -> String {
    let mut escaped = text.replace('&', "&amp;");
    for (from, to) in
        [('<', "&lt;"), ('>', "&gt;"), ('"', "&#34;"), ('\'', "&#39;"), ('+', "&#43;")]
    {
        escaped = escaped.replace(from, to);
    }
    escaped
}

fn require_github(claims: &Required<'_>) -> Result<(), ProvenanceRefusal> {
    agree("issuer", GITHUB, claims.issuer)
}

/// The builder that a GitHub Actions run may name: the runner (npm), the workflow that signed
/// (`actions/attest`), or the builder behind a delegator of the SLSA generator.
fn check_github_builder(builder: &str, claims: &Claims) -> Result<(), ProvenanceRefusal> {
    const RUNNER: &str = "https://github.com/actions/runner";
    let is_runner = match builder.strip_prefix(RUNNER) {
        // npm named the kind of runner only later.
        Some("") => true,
        Some(kind) => {
            claims.runner.as_deref().is_some_and(|runner| kind.strip_prefix('/') == Some(runner))
        }
        None => false,
    };
    if is_runner || is_written(builder, &claims.san) {
        return Ok(());
    }
    check_delegate(builder, claims)
}

/// A builder of the SLSA generator, for which only its delegator signs.
fn check_delegate(builder: &str, claims: &Claims) -> Result<(), ProvenanceRefusal> {
    if is_delegate(builder, &claims.san) { Ok(()) } else { Err(other_builder(builder, claims)) }
}

fn other_builder(found: &str, claims: &Claims) -> ProvenanceRefusal {
    ProvenanceRefusal::Builder { found: found.to_owned(), signer: claims.san.clone() }
}

/// The SLSA generator's builders for ecosystems are signed for by a delegator of the same
/// repository, at the same tag.
fn is_delegate(builder: &str, signer: &str) -> bool {
    const WORKFLOWS: &str =
        "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/";
    let tag = |workflow: &str, kind: &str| {
        let (file, tag) = workflow.strip_prefix(WORKFLOWS)?.split_once('@')?;
        (file.starts_with(kind) && tag.starts_with("refs/tags/v")).then(|| tag.to_owned())
    };
    let signed = tag(signer, "delegator_");
    signed.is_some() && signed == tag(builder, "builder_")
}

#[cfg(test)]
mod tests;
