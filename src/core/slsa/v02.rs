//! SLSA provenance 0.2: npm's first build types, for GitHub Actions and GitLab, and that of the
//! SLSA generator's delegators.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    BuildSource, Fit, NPM, NoFacts, ProvenanceRefusal, Required, UnrecognizedProvenance, agree,
    agree_where_said, github_builder, is_delegate, require_github, source,
};
use crate::core::{
    json::{distinct, objects_only},
    limits,
    sigstore::certificate::Claims,
};

objects_only!(Kind, Predicate, Builder, Invocation, ConfigSource, Metadata, Material);

pub(super) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v0.2";

/// Up to npm 9.6.1: entry points with the repository in front, and npm itself for a builder.
const NPM_GITHUB_0: &str = "https://github.com/npm/cli/gha@v0";
const NPM_GITHUB_1: &str = "https://github.com/npm/cli/gha@v1";
const NPM_GITHUB_2: &str = "https://github.com/npm/cli/gha/v2";
const NPM_GITLAB: &str = "https://github.com/npm/cli/gitlab/v0alpha1";
const GENERATOR: &str =
    "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0";

pub(super) fn check(predicate: &str, claims: &Claims) -> Result<BuildSource, NoFacts> {
    let malformed = |error: serde_json::Error| ProvenanceRefusal::Malformed(error.to_string());
    let Kind { build_type, builder } = serde_json::from_str(predicate).map_err(malformed)?;
    let is_github = match build_type.as_str() {
        NPM_GITHUB_0 | NPM_GITHUB_1 | NPM_GITHUB_2 | GENERATOR => true,
        NPM_GITLAB => false,
        _ => {
            let builder = builder.map(|builder| builder.id);
            return Err(NoFacts::NotUnderstood(UnrecognizedProvenance::BuildType {
                build_type,
                builder,
            }));
        }
    };
    let predicate: Predicate = serde_json::from_str(predicate).map_err(malformed)?;
    let required = Required::of(claims)?;
    check_materials(&predicate, &required)?;
    let fit = if is_github {
        check_github(&predicate, claims, &required)?
    } else {
        check_gitlab(&predicate, claims, &required)?
    };
    source(build_type, predicate.builder.id, fit, claims, &required)
}

fn check_github(
    predicate: &Predicate,
    claims: &Claims,
    required: &Required<'_>,
) -> Result<Fit, ProvenanceRefusal> {
    require_github(required)?;
    let config = &predicate.invocation.config_source;
    agree("source", &config.uri, &required.source_uri())?;
    agree("commit", config.commit(), required.commit)?;

    // `path`, or `owner/repository/path@ref` in npm's first versions. A workflow's file name has no
    // slash in it, so that it ends where the ref begins.
    let entry = &config.entry_point;
    let build_type = predicate.build_type.as_str();
    let (found, expected) = if matches!(build_type, NPM_GITHUB_0 | NPM_GITHUB_1) {
        (format!("https://github.com/{entry}"), required.workflow)
    } else {
        let workflow = required.workflow.split("@refs/").next().unwrap_or_default();
        (format!("{}/{entry}", required.repository), workflow)
    };
    agree("workflow", &found, expected)?;
    check_github_environment(predicate, claims, required)?;
    let builder = predicate.builder.id.as_str();
    Ok(match build_type {
        NPM_GITHUB_0 | NPM_GITHUB_1 if is_npm(builder, claims) => Fit::Signer,
        GENERATOR => Fit::of(is_delegate(builder, &claims.san), builder),
        _ => github_builder(builder, claims),
    })
}

/// The variables of the run, as far as the predicate has them.
fn check_github_environment(
    predicate: &Predicate,
    claims: &Claims,
    required: &Required<'_>,
) -> Result<(), ProvenanceRefusal> {
    let said = |name: &str| said(&predicate.invocation.environment, name);
    let repository = required.repository.strip_prefix("https://github.com/");
    agree_where_said("repository", said("GITHUB_REPOSITORY")?, repository)?;
    agree_where_said("ref", said("GITHUB_REF")?, Some(required.git_ref))?;
    let kind = match required.git_ref {
        tag if tag.starts_with("refs/tags/") => Some("tag"),
        branch if branch.starts_with("refs/heads/") => Some("branch"),
        _ => None,
    };
    agree_where_said("kind of ref", said("GITHUB_REF_TYPE")?, kind)?;
    agree_where_said("commit", said("GITHUB_SHA")?, Some(required.commit))?;
    agree_where_said("event", said("GITHUB_EVENT_NAME")?, claims.trigger.as_deref())?;
    let id = claims.repository_id.as_deref();
    agree_where_said("repository id", said("GITHUB_REPOSITORY_ID")?, id)?;
    let owner = claims.owner_id.as_deref();
    agree_where_said("owner id", said("GITHUB_REPOSITORY_OWNER_ID")?, owner)?;
    let workflow = required.workflow.strip_prefix("https://github.com/");
    agree_where_said("workflow", said("GITHUB_WORKFLOW_REF")?, workflow)?;
    let digest = claims.build_config_digest.as_deref();
    agree_where_said("workflow's commit", said("GITHUB_WORKFLOW_SHA")?, digest)?;

    // `RUN-ATTEMPT`, where the certificate has `…/actions/runs/RUN/attempts/ATTEMPT`.
    let run = |run: &str, attempt: &str| {
        let run = format!("{}/actions/runs/{run}/attempts/{attempt}", required.repository);
        agree_where_said("run", Some(&run), claims.run.as_deref())
    };
    if let Some(invocation) = predicate.run() {
        let (id, attempt) = invocation.split_once('-').unwrap_or((invocation, ""));
        run(id, attempt)?;
    }
    if let (Some(id), Some(attempt)) = (said("GITHUB_RUN_ID")?, said("GITHUB_RUN_ATTEMPT")?) {
        run(id, attempt)?;
    }
    Ok(())
}

/// npm named itself for a builder, which ran where GitHub hosts; at first certificates did not say
/// on what kind of runner.
fn is_npm(builder: &str, claims: &Claims) -> bool {
    let version = builder.strip_prefix(NPM);
    claims.runner.as_deref().is_none_or(|runner| runner == "github-hosted")
        && version.is_some_and(is_version)
}

/// Whether a text has only characters of a version. Text after them is not a part of the builder's name.
fn is_version(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_digit())
        && text.len() <= limits::VERSION_BYTES
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.+".contains(&b))
}

fn check_gitlab(
    predicate: &Predicate,
    claims: &Claims,
    required: &Required<'_>,
) -> Result<Fit, ProvenanceRefusal> {
    // A self-hosted GitLab has its own issuer, and its repositories are under the same address.
    if !required.repository.starts_with(&format!("{}/", required.issuer)) {
        agree("issuer", required.repository, required.issuer)?;
    }
    let config = &predicate.invocation.config_source;
    agree("source", &config.uri, &format!("git+{}", required.repository))?;
    agree("commit", config.commit(), required.commit)?;
    // Up to July 2023 certificates named the pipeline for the run, and the job for the signer.
    let pipelines = format!("{}/-/pipelines/", required.repository);
    let run = claims.run.as_deref();
    let (pipeline, job) = match run.filter(|run| run.starts_with(&pipelines)) {
        Some(pipeline) => (Some(pipeline), claims.build_signer.as_deref()),
        None => (None, run),
    };
    agree_where_said("run", predicate.run(), job)?;
    check_gitlab_parameters(predicate, claims, required, (pipeline, job))?;
    let runners = format!("{}/-/runners/", required.repository);
    let is_runner = predicate.builder.id.strip_prefix(&runners).is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    Ok(Fit::of(is_runner, &predicate.builder.id))
}

/// The variables of the job, as far as the predicate has them.
fn check_gitlab_parameters(
    predicate: &Predicate,
    claims: &Claims,
    required: &Required<'_>,
    (pipeline, job): (Option<&str>, Option<&str>),
) -> Result<(), ProvenanceRefusal> {
    let said = |name: &str| said(&predicate.invocation.parameters, name);
    agree_where_said("repository", said("CI_PROJECT_URL")?, Some(required.repository))?;
    agree_where_said("server", said("CI_SERVER_URL")?, Some(required.issuer))?;
    let project = required.repository.strip_prefix(required.issuer);
    let project = project.and_then(|project| project.strip_prefix('/'));
    agree_where_said("repository", said("CI_PROJECT_PATH")?, project)?;
    agree_where_said("commit", said("CI_COMMIT_SHA")?, Some(required.commit))?;
    // The certificate has the ref in full, the job its name, and of what kind it is.
    let of_kind = |kind| required.git_ref.strip_prefix(kind);
    let (branch, tag) = (of_kind("refs/heads/"), of_kind("refs/tags/"));
    agree_where_said("ref", said("CI_COMMIT_REF_NAME")?, branch.or(tag))?;
    agree_where_said("branch", said("CI_COMMIT_BRANCH")?, branch.or(Some("")))?;
    agree_where_said("tag", said("CI_COMMIT_TAG")?, tag.or(Some("")))?;
    // `REPOSITORY//PATH@REF`, of another repository where the configuration is from there.
    let own = required.workflow.strip_prefix(required.repository);
    let at_ref = format!("@{}", required.git_ref);
    let path = own.and_then(|own| own.strip_prefix("//")?.strip_suffix(&at_ref));
    agree_where_said("workflow", said("CI_CONFIG_PATH")?, path)?;
    agree_where_said("event", said("CI_PIPELINE_SOURCE")?, claims.trigger.as_deref())?;
    let id = claims.repository_id.as_deref();
    agree_where_said("repository id", said("CI_PROJECT_ID")?, id)?;
    let owner = claims.owner_id.as_deref();
    agree_where_said("owner id", said("CI_PROJECT_NAMESPACE_ID")?, owner)?;
    agree_where_said("pipeline", said("CI_PIPELINE_URL")?, pipeline)?;
    agree_where_said("run", said("CI_JOB_URL")?, job)?;
    let job = job.and_then(|job| job.rsplit('/').next());
    agree_where_said("job", said("CI_JOB_ID")?, job)
}

/// The value of a variable, if the predicate has it. A number or a list cannot be compared.
fn said<'a>(
    variables: &'a BTreeMap<String, Value>,
    name: &str,
) -> Result<Option<&'a str>, ProvenanceRefusal> {
    match variables.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ProvenanceRefusal::Malformed(format!("{name} is not a text"))),
    }
}

/// All build types: the first material is the source, with or without its ref.
fn check_materials(
    predicate: &Predicate,
    required: &Required<'_>,
) -> Result<(), ProvenanceRefusal> {
    let Some(material) = predicate.materials.first() else {
        return Err(ProvenanceRefusal::Malformed("no materials".to_owned()));
    };
    let uri = format!("git+{}", required.repository);
    if material.uri != uri {
        agree("material", &material.uri, &required.source_uri())?;
    }
    agree("commit", material.commit(), required.commit)
}

/// The fields that decide how the rest is read.
#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Kind {
    build_type: String,
    builder: Option<Builder>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Predicate {
    build_type: String,
    builder: Builder,
    invocation: Invocation,
    #[serde(default)]
    metadata: Metadata,
    materials: Vec<Material>,
}

impl Predicate {
    fn run(&self) -> Option<&str> {
        self.metadata.build_invocation_id.as_deref()
    }
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Builder {
    id: String,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Invocation {
    config_source: ConfigSource,
    #[serde(default, deserialize_with = "distinct")]
    parameters: BTreeMap<String, Value>,
    #[serde(default, deserialize_with = "distinct")]
    environment: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct ConfigSource {
    uri: String,
    #[serde(deserialize_with = "distinct")]
    digest: BTreeMap<String, String>,
    entry_point: String,
}

impl ConfigSource {
    fn commit(&self) -> &str {
        self.digest.get("sha1").map(String::as_str).unwrap_or_default()
    }
}

#[derive(Deserialize, Default)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Metadata {
    build_invocation_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Material {
    uri: String,
    #[serde(deserialize_with = "distinct")]
    digest: BTreeMap<String, String>,
}

impl Material {
    fn commit(&self) -> &str {
        self.digest.get("sha1").map(String::as_str).unwrap_or_default()
    }
}
