//! SLSA provenance 1, with the build type of GitHub Actions workflows.

use serde::{Deserialize, de::IgnoredAny};
use std::collections::BTreeMap;

use super::{
    BuildSource, NoFacts, ProvenanceRefusal, Required, UnrecognizedProvenance, agree,
    agree_where_said, github_builder, require_github, source,
};
use crate::core::{
    json::{distinct, objects_only},
    sigstore::certificate::Claims,
};

objects_only!(
    Kind,
    BuildType,
    OtherRun,
    Predicate,
    BuildDefinition,
    ExternalParameters,
    Workflow,
    InternalParameters,
    GitHub,
    Dependency,
    RunDetails,
    Builder,
    Metadata
);

pub(super) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";

/// npm's, and the one that `actions/attest` writes; the specification is the same.
const WORKFLOW: [&str; 2] = [
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
    "https://actions.github.io/buildtypes/workflow/v1",
];

pub(super) fn check(predicate: &str, claims: &Claims) -> Result<BuildSource, NoFacts> {
    let malformed = |error: serde_json::Error| ProvenanceRefusal::Malformed(error.to_string());
    let kind: Kind = serde_json::from_str(predicate).map_err(malformed)?;
    let build_type = kind.build_definition.build_type;
    if !WORKFLOW.contains(&build_type.as_str()) {
        let builder = kind.run_details.and_then(|run| run.builder).map(|builder| builder.id);
        return Err(NoFacts::NotUnderstood(UnrecognizedProvenance::BuildType {
            build_type,
            builder,
        }));
    }
    let predicate: Predicate = serde_json::from_str(predicate).map_err(malformed)?;
    let required = Required::of(claims)?;
    require_github(&required)?;
    let Predicate { build_definition: build, run_details: run } = predicate;

    let workflow = build.external_parameters.workflow;
    agree("repository", &workflow.repository, required.repository)?;
    let started = format!("{}/{}@{}", workflow.repository, workflow.path, workflow.r#ref);
    agree("workflow", &started, required.workflow)?;

    // The build type says that the first dependency is the source.
    let Some(dependency) = build.resolved_dependencies.into_iter().next() else {
        return Err(ProvenanceRefusal::Malformed("no resolved dependencies".to_owned()).into());
    };
    agree("source", &dependency.uri, &required.source_uri())?;
    let commit = dependency.digest.get("gitCommit").map(String::as_str).unwrap_or_default();
    agree("commit", commit, required.commit)?;

    let github = build.internal_parameters.github;
    let event = github.event_name.as_deref();
    agree_where_said("event", event, claims.trigger.as_deref())?;
    let repository = github.repository_id.as_deref();
    agree_where_said("repository id", repository, claims.repository_id.as_deref())?;
    let owner = github.repository_owner_id.as_deref();
    agree_where_said("owner id", owner, claims.owner_id.as_deref())?;
    let runner = github.runner_environment.as_deref();
    agree_where_said("runner", runner, claims.runner.as_deref())?;
    agree_where_said("run", run.metadata.invocation_id.as_deref(), claims.run.as_deref())?;

    let fit = github_builder(&run.builder.id, claims);
    source(build_type, run.builder.id, fit, claims, &required)
}

/// What decides how the rest is read.
#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Kind {
    build_definition: BuildType,
    run_details: Option<OtherRun>,
}

/// Reads the provenance of a build type that is not understood.
#[derive(Deserialize)]
#[serde(remote = "Self")]
struct OtherRun {
    builder: Option<Builder>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct BuildType {
    build_type: String,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Predicate {
    build_definition: BuildDefinition,
    run_details: RunDetails,
}

#[derive(Deserialize)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct BuildDefinition {
    external_parameters: ExternalParameters,
    #[serde(default)]
    internal_parameters: InternalParameters,
    resolved_dependencies: Vec<Dependency>,
}

/// The build type's parameters and no others, as SLSA asks of verifiers ("reject unrecognized or
/// unexpected fields"). Inputs and variables may have any value.
#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct ExternalParameters {
    workflow: Workflow,
    #[serde(rename = "inputs")]
    _inputs: Option<IgnoredAny>,
    #[serde(rename = "vars")]
    _vars: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(remote = "Self", deny_unknown_fields)]
struct Workflow {
    r#ref: String,
    repository: String,
    path: String,
}

#[derive(Deserialize, Default)]
#[serde(remote = "Self")]
struct InternalParameters {
    #[serde(default)]
    github: GitHub,
}

#[derive(Deserialize, Default)]
#[serde(remote = "Self")]
struct GitHub {
    event_name: Option<String>,
    repository_id: Option<String>,
    repository_owner_id: Option<String>,
    runner_environment: Option<String>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Dependency {
    uri: String,
    #[serde(deserialize_with = "distinct")]
    digest: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct RunDetails {
    builder: Builder,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
#[serde(remote = "Self")]
struct Builder {
    id: String,
}

#[derive(Deserialize, Default)]
#[serde(remote = "Self", rename_all = "camelCase")]
struct Metadata {
    invocation_id: Option<String>,
}
