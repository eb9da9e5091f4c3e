//! SLSA provenance 0.2: npm's first build types, for GitHub Actions and GitLab, and that of the
//! SLSA generator's delegators.

use serde::Deserialize;
use std::collections::BTreeMap;

use super::{
    ProvenanceRefusal, Required, Source, agree, agree_where_said, check_github_builder,
    require_github, source,
};
use crate::core::verify::certificate::Claims;

pub(super) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v0.2";

/// npm 9.4: entry points with the repository in front, and npm itself for a builder.
const NPM_GITHUB_0: &str = "https://github.com/npm/cli/gha@v0";
const NPM_GITHUB: [&str; 2] =
    ["https://github.com/npm/cli/gha/v1", "https://github.com/npm/cli/gha/v2"];
const NPM_GITLAB: &str = "https://github.com/npm/cli/gitlab/v0alpha1";
const GENERATOR: &str =
    "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0";

pub(super) fn check(predicate: &str, claims: &Claims) -> Result<Source, ProvenanceRefusal> {
    let predicate: Predicate = serde_json::from_str(predicate)
        .map_err(|error| ProvenanceRefusal::Malformed(error.to_string()))?;
    let required = Required::of(claims)?;
    match predicate.build_type.as_str() {
        NPM_GITHUB_0 | GENERATOR => check_github(&predicate, claims, &required)?,
        other if NPM_GITHUB.contains(&other) => check_github(&predicate, claims, &required)?,
        NPM_GITLAB => check_gitlab(&predicate, claims, &required)?,
        _ => return Err(ProvenanceRefusal::BuildType(predicate.build_type)),
    }
    check_materials(&predicate, &required)?;
    Ok(source(predicate.build_type, predicate.builder.id, &required))
}

fn check_github(
    predicate: &Predicate,
    claims: &Claims,
    required: &Required<'_>,
) -> Result<(), ProvenanceRefusal> {
    require_github(required)?;
    let config = &predicate.invocation.config_source;
    agree("source", &config.uri, &required.source_uri())?;
    agree("commit", config.commit(), required.commit)?;

    // `path`, or `owner/repository/path@ref` in npm's first version.
    let entry = &config.entry_point;
    let (found, expected) = if predicate.build_type == NPM_GITHUB_0 {
        (format!("https://github.com/{entry}"), required.workflow)
    } else {
        let workflow = required.workflow.split('@').next().unwrap_or_default();
        (format!("{}/{entry}", required.repository), workflow)
    };
    agree("workflow", &found, expected)?;

    let said = &predicate.invocation.environment;
    let said = |name: &str| said.get(name).and_then(|value| value.as_str());
    let repository = required.repository.strip_prefix("https://github.com/");
    agree_where_said("repository", said("GITHUB_REPOSITORY"), repository)?;
    agree_where_said("ref", said("GITHUB_REF"), Some(required.git_ref))?;
    agree_where_said("commit", said("GITHUB_SHA"), Some(required.commit))?;
    agree_where_said("event", said("GITHUB_EVENT_NAME"), claims.trigger.as_deref())?;
    let id = claims.repository_id.as_deref();
    agree_where_said("repository id", said("GITHUB_REPOSITORY_ID"), id)?;
    let owner = claims.owner_id.as_deref();
    agree_where_said("owner id", said("GITHUB_REPOSITORY_OWNER_ID"), owner)?;

    // `RUN-ATTEMPT`, where the certificate has `…/actions/runs/RUN/attempts/ATTEMPT`.
    if let Some((run, attempt)) = predicate.run().and_then(|run| run.split_once('-')) {
        let run = format!("{}/actions/runs/{run}/attempts/{attempt}", required.repository);
        agree_where_said("run", Some(&run), claims.run.as_deref())?;
    }
    let builder = &predicate.builder.id;
    if predicate.build_type == NPM_GITHUB_0 && builder.starts_with("https://github.com/npm/cli@") {
        return Ok(());
    }
    check_github_builder(builder, claims)
}

fn check_gitlab(
    predicate: &Predicate,
    claims: &Claims,
    required: &Required<'_>,
) -> Result<(), ProvenanceRefusal> {
    // A GitLab of one's own has an issuer of its own, and repositories under the same address.
    if !required.repository.starts_with(&format!("{}/", required.issuer)) {
        agree("issuer", required.repository, required.issuer)?;
    }
    let config = &predicate.invocation.config_source;
    agree("source", &config.uri, &format!("git+{}", required.repository))?;
    agree("commit", config.commit(), required.commit)?;
    agree_where_said("run", predicate.run(), claims.run.as_deref())?;

    let said = |name: &str| predicate.invocation.parameters.get(name)?.as_str();
    agree_where_said("repository", said("CI_PROJECT_URL"), Some(required.repository))?;
    agree_where_said("commit", said("CI_COMMIT_SHA"), Some(required.commit))?;
    // The certificate has the ref in full, the job its name.
    let of_kind = |kind| required.git_ref.strip_prefix(kind);
    let name = of_kind("refs/heads/").or_else(|| of_kind("refs/tags/"));
    agree_where_said("ref", said("CI_COMMIT_REF_NAME"), name)?;
    // `REPOSITORY//PATH@REF`, of another repository where the configuration is from there.
    let own = required.workflow.strip_prefix(required.repository);
    let path = own.and_then(|own| own.strip_prefix("//")?.split('@').next());
    agree_where_said("workflow", said("CI_CONFIG_PATH"), path)?;
    agree_where_said("event", said("CI_PIPELINE_SOURCE"), claims.trigger.as_deref())?;
    let id = claims.repository_id.as_deref();
    agree_where_said("repository id", said("CI_PROJECT_ID"), id)?;
    let owner = claims.owner_id.as_deref();
    agree_where_said("owner id", said("CI_PROJECT_NAMESPACE_ID"), owner)?;
    let runners = format!("{}/-/runners/", required.repository);
    if !predicate.builder.id.starts_with(&runners) {
        return Err(ProvenanceRefusal::Builder {
            found: predicate.builder.id.clone(),
            signer: claims.san.clone(),
        });
    }
    Ok(())
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
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
struct Builder {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    config_source: ConfigSource,
    #[serde(default)]
    parameters: serde_json::Value,
    #[serde(default)]
    environment: BTreeMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigSource {
    uri: String,
    digest: BTreeMap<String, String>,
    entry_point: String,
}

impl ConfigSource {
    fn commit(&self) -> &str {
        self.digest.get("sha1").map(String::as_str).unwrap_or_default()
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    build_invocation_id: Option<String>,
}

#[derive(Deserialize)]
struct Material {
    uri: String,
    digest: BTreeMap<String, String>,
}

impl Material {
    fn commit(&self) -> &str {
        self.digest.get("sha1").map(String::as_str).unwrap_or_default()
    }
}
