//! SLSA provenance: compares the predicate with the certificate's claims.
//!
//! A predicate is what the build wrote about itself. It may name another repository, and still its signature
//! verifies. The certificate's claims come from the identity token. So the facts are taken from the
//! certificate, and the predicate must agree with it.
//!
//! The known build types are npm's own (GitHub Actions, GitLab) and that of the generator that npm also
//! accepts. The fields of other build types have no known meaning, and it is not known what other builders
//! vouch for. Such provenance is not refused: its outcome is `unrecognized`.

pub mod summary;
mod v02;
mod v1;

use crate::core::{
    percent,
    sigstore::certificate::{Claims, GITHUB},
};

/// The predicate types of SLSA provenance that npm publishes.
pub const PREDICATE_TYPES: [&str; 2] = [v1::PREDICATE_TYPE, v02::PREDICATE_TYPE];

/// Why provenance is refused although its signature is good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvenanceRefusal {
    /// The predicate cannot be read.
    #[error("malformed provenance: {0}")]
    Malformed(String),
    /// The certificate lacks a claim that provenance rests on.
    #[error("the certificate does not name the {0}")]
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
            Self::NoClaim(_) => "missing-claim",
            Self::Disagrees { .. } => "provenance-disagrees",
            Self::Builder { .. } => "builder-mismatch",
        }
    }
}

/// What is not understood in provenance with a good signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnrecognizedProvenance {
    /// A predicate of another type.
    #[error("predicate type {0:?} is not one of SLSA provenance that is known")]
    PredicateType(String),
    /// A build type whose fields have no known meaning.
    #[error("unknown build type {build_type:?}")]
    BuildType {
        /// What the predicate calls its build type.
        build_type: String,
        /// What the predicate calls its builder, if it does.
        builder: Option<String>,
    },
    /// A builder that is of no known form. Everything else agrees with the certificate.
    #[error("unknown builder {builder:?}")]
    Builder {
        /// What the predicate calls its build type.
        build_type: String,
        /// What the predicate calls its builder.
        builder: String,
    },
}

impl UnrecognizedProvenance {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PredicateType(_) => "unknown-predicate-type",
            Self::BuildType { .. } => "unknown-build-type",
            Self::Builder { .. } => "unknown-builder",
        }
    }

    /// What the predicate calls its build type and its builder.
    pub fn stated(self) -> (Option<String>, Option<String>) {
        match self {
            Self::PredicateType(_) => (None, None),
            Self::BuildType { build_type, builder } => (Some(build_type), builder),
            Self::Builder { build_type, builder } => (Some(build_type), Some(builder)),
        }
    }
}

/// Why there are no facts of provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFacts {
    /// It is refused.
    Refused(ProvenanceRefusal),
    /// It is not understood.
    NotUnderstood(UnrecognizedProvenance),
}

impl From<ProvenanceRefusal> for NoFacts {
    fn from(why: ProvenanceRefusal) -> Self {
        Self::Refused(why)
    }
}

/// Where a build came from. Certificate and predicate agree on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildSource {
    /// What the predicate calls its build type.
    pub stated_build_type: String,
    /// The repository, as a URL.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The branch or tag.
    pub git_ref: Option<String>,
    /// What the predicate calls its builder.
    pub stated_builder: String,
    /// The OIDC issuer.
    pub issuer: String,
}

/// Compares a predicate with the certificate that signed it.
///
/// # Errors
/// [`NoFacts`] says what disagrees, or is not understood.
pub fn check(
    predicate_type: &str,
    predicate: &str,
    claims: &Claims,
) -> Result<BuildSource, NoFacts> {
    match predicate_type {
        v1::PREDICATE_TYPE => v1::check(predicate, claims),
        v02::PREDICATE_TYPE => v02::check(predicate, claims),
        other => {
            Err(NoFacts::NotUnderstood(UnrecognizedProvenance::PredicateType(other.to_owned())))
        }
    }
}

/// The claims that a predicate is compared with. A certificate must have them.
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

/// The facts, once everything else agreed.
fn source(
    build_type: String,
    builder: String,
    fit: Fit,
    claims: &Claims,
    required: &Required<'_>,
) -> Result<BuildSource, NoFacts> {
    match fit {
        Fit::Signer => Ok(BuildSource {
            stated_build_type: build_type,
            stated_builder: builder,
            repository: required.repository.to_owned(),
            commit: required.commit.to_owned(),
            git_ref: Some(required.git_ref.to_owned()),
            issuer: required.issuer.to_owned(),
        }),
        Fit::Contradiction => {
            Err(ProvenanceRefusal::Builder { found: builder, signer: claims.san.clone() }.into())
        }
        Fit::Unknown => {
            Err(NoFacts::NotUnderstood(UnrecognizedProvenance::Builder { build_type, builder }))
        }
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

/// If both say something, they must say the same.
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

/// Whether a claim of the certificate is what Fulcio writes for the predicate's text. Up to April 2025
/// Fulcio escaped refs and names of files, at first as in an address, later as in HTML. In the identity,
/// which is an address, it still escapes them.
fn is_written(said: &str, claim: &str) -> bool {
    said == claim || in_address(said) == claim || in_html(said) == claim
}

/// As Go writes a path.
fn in_address(text: &str) -> String {
    percent::encode(text, |byte| byte.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&byte))
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

/// How a builder fits the certificate that signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// It can have signed so.
    Signer,
    /// It is of a known form, and cannot have signed so.
    Contradiction,
    /// It is of no known form.
    Unknown,
}

impl Fit {
    fn of(can_have_signed: bool, builder: &str) -> Self {
        match can_have_signed {
            true => Self::Signer,
            false if is_known_form(builder) => Self::Contradiction,
            false => Self::Unknown,
        }
    }
}

const RUNNER: &str = "https://github.com/actions/runner";
const NPM: &str = "https://github.com/npm/cli@";

/// Whether the builder's name has a known form. A false claim of such a name is a contradiction, not an
/// unknown builder.
fn is_known_form(builder: &str) -> bool {
    let is_runner = builder
        .strip_prefix(RUNNER)
        .is_some_and(|kind| kind.is_empty() || kind.starts_with(['/', '@', '?', '#']));
    is_runner
        || builder.starts_with(NPM)
        || builder.contains("/.github/workflows/")
        || builder.contains("/-/runners/")
}

/// The builder that a GitHub Actions run may name: the runner (npm), the workflow that signed
/// (`actions/attest`), or the builder behind a delegator of the SLSA generator.
fn github_builder(builder: &str, claims: &Claims) -> Fit {
    let runner = claims.runner.as_deref();
    let is_runner = match builder.strip_prefix(RUNNER) {
        // npm named the kind of runner only later; a self-hosted machine is not GitHub's runner.
        Some("") => runner.is_none_or(|runner| runner == "github-hosted"),
        Some(kind) => runner.is_some_and(|runner| kind.strip_prefix('/') == Some(runner)),
        None => false,
    };
    let is_signer = is_runner || is_written(builder, &claims.san);
    Fit::of(is_signer || is_delegate(builder, &claims.san), builder)
}

/// A delegator of the SLSA generator signs for the generator's builders of ecosystems. Both are in one
/// repository, at one tag.
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
