//! in-toto statements, in the forms that npm signs.

use super::build::{Build, Forge};
use serde_json::{Value, json};

/// `_type` of the older statements.
pub const STATEMENT_V01: &str = "https://in-toto.io/Statement/v0.1";
/// `_type` of a statement.
pub const STATEMENT_V1: &str = "https://in-toto.io/Statement/v1";
/// SLSA provenance of 2023, and of GitLab.
pub const PROVENANCE_V02: &str = "https://slsa.dev/provenance/v0.2";
/// SLSA provenance.
pub const PROVENANCE_V1: &str = "https://slsa.dev/provenance/v1";
/// npm's publish attestation.
pub const PUBLISH_V01: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

/// What a statement is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The package and its version.
    pub purl: String,
    /// In hex.
    pub sha512: String,
}

impl Subject {
    /// A version of an npm package; the `@` of a scope is encoded, as npm does.
    pub fn npm(name: &str, version: &str, sha512: &str) -> Self {
        let name = name.replacen('@', "%40", 1);
        Self { purl: format!("pkg:npm/{name}@{version}"), sha512: sha512.into() }
    }

    fn json(&self) -> Value {
        json!([{"name": self.purl, "digest": {"sha512": self.sha512}}])
    }
}

/// npm's publish attestation.
pub fn publish(name: &str, version: &str, sha512: &str, registry: &str) -> Value {
    json!({
        "_type": STATEMENT_V01,
        "subject": Subject::npm(name, version, sha512).json(),
        "predicateType": PUBLISH_V01,
        "predicate": {"name": name, "version": version, "registry": registry},
    })
}

/// The provenance that npm writes today: SLSA v1 on GitHub, v0.2 on GitLab.
pub fn provenance(build: &Build, subject: &Subject) -> Value {
    match build.forge {
        Forge::GitHub => provenance_v1(build, subject),
        Forge::GitLab => provenance_gitlab(build, subject),
    }
}

/// SLSA v1 of a GitHub workflow.
pub fn provenance_v1(build: &Build, subject: &Subject) -> Value {
    json!({
        "_type": STATEMENT_V1,
        "subject": subject.json(),
        "predicateType": PROVENANCE_V1,
        "predicate": {
            "buildDefinition": {
                "buildType": "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
                "externalParameters": {"workflow": {
                    "ref": build.ref_,
                    "repository": build.repository_uri(),
                    "path": build.workflow,
                }},
                "internalParameters": {"github": {
                    "event_name": build.event,
                    "repository_id": build.repository_id,
                    "repository_owner_id": build.owner_id,
                }},
                "resolvedDependencies": [{
                    "uri": source(build),
                    "digest": {"gitCommit": build.commit},
                }],
            },
            "runDetails": {
                "builder": {"id": format!("https://github.com/actions/runner/{}", build.runner)},
                "metadata": {"invocationId": build.invocation_uri()},
            },
        },
    })
}

/// SLSA v0.2 of a GitHub workflow, as npm wrote it in 2023.
pub fn provenance_v02(build: &Build, subject: &Subject) -> Value {
    let workflow = format!("{}/{}@{}", build.repository, build.workflow, build.ref_);
    json!({
        "_type": STATEMENT_V01,
        "subject": subject.json(),
        "predicateType": PROVENANCE_V02,
        "predicate": {
            "buildType": "https://github.com/npm/cli/gha/v2",
            "builder": {"id": "https://github.com/actions/runner"},
            "invocation": {
                "configSource": {
                    "uri": source(build),
                    "digest": {"sha1": build.commit},
                    "entryPoint": build.workflow,
                },
                "parameters": {},
                "environment": {
                    "GITHUB_EVENT_NAME": build.event,
                    "GITHUB_REF": build.ref_,
                    "GITHUB_REPOSITORY": build.repository,
                    "GITHUB_REPOSITORY_ID": build.repository_id,
                    "GITHUB_REPOSITORY_OWNER_ID": build.owner_id,
                    "GITHUB_RUN_ATTEMPT": build.attempt.to_string(),
                    "GITHUB_RUN_ID": build.run_id,
                    "GITHUB_SHA": build.commit,
                    "GITHUB_WORKFLOW_REF": workflow,
                    "GITHUB_WORKFLOW_SHA": build.commit,
                },
            },
            "metadata": {
                "buildInvocationId": format!("{}-{}", build.run_id, build.attempt),
                "completeness": {"parameters": false, "environment": false, "materials": false},
                "reproducible": false,
            },
            "materials": [{"uri": source(build), "digest": {"sha1": build.commit}}],
        },
    })
}

/// SLSA v0.2 of a GitLab job. Of the job's parameters, those that name the source.
pub fn provenance_gitlab(build: &Build, subject: &Subject) -> Value {
    let repository = build.repository_uri();
    let uri = format!("git+{repository}");
    json!({
        "_type": STATEMENT_V01,
        "subject": subject.json(),
        "predicateType": PROVENANCE_V02,
        "predicate": {
            "buildType": "https://github.com/npm/cli/gitlab/v0alpha1",
            "builder": {"id": format!("{repository}/-/runners/12270807")},
            "invocation": {
                "configSource": {
                    "uri": uri,
                    "digest": {"sha1": build.commit},
                    "entryPoint": build.workflow_name,
                },
                "parameters": {
                    "CI": "true",
                    "CI_COMMIT_REF_NAME": build.ref_.trim_start_matches("refs/heads/"),
                    "CI_COMMIT_SHA": build.commit,
                    "CI_CONFIG_PATH": build.workflow,
                    "CI_JOB_ID": build.run_id,
                    "CI_JOB_NAME": build.workflow_name,
                    "CI_JOB_URL": build.invocation_uri(),
                    "CI_PIPELINE_SOURCE": build.event,
                    "CI_PROJECT_ID": build.repository_id,
                    "CI_PROJECT_NAMESPACE_ID": build.owner_id,
                    "CI_PROJECT_PATH": build.repository,
                    "CI_PROJECT_URL": repository,
                    "CI_SERVER_URL": build.server,
                    "GITLAB_CI": "true",
                },
                "environment": {
                    "name": "shared-runners-manager",
                    "architecture": "linux/amd64",
                    "server": build.server,
                    "project": build.repository,
                    "job": {"id": build.run_id},
                    "pipeline": {"id": "1231231231", "ref": build.workflow},
                },
            },
            "metadata": {
                "buildInvocationId": build.invocation_uri(),
                "completeness": {"parameters": true, "environment": true, "materials": false},
                "reproducible": false,
            },
            "materials": [{"uri": uri, "digest": {"sha1": build.commit}}],
        },
    })
}

fn source(build: &Build) -> String {
    format!("git+{}@{}", build.repository_uri(), build.ref_)
}

/// Held against the payload hashes in the log entries of `sigstore` 2.3.1 on npm.
#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    const SHA512: &str = "f06fbf5c353cc0db093904b9cac0d53b412d83dff6b80e6047d9786708a38e5c\
                          3105cad4e913dfc22dbe8c999b3fe029d47969fe75406843b8163db6fd22f681";

    fn hash(statement: &Value) -> String {
        hex::encode(Sha256::digest(statement.to_string()))
    }

    #[test]
    fn provenance_is_what_npm_writes_byte_for_byte() {
        let build = Build::github("sigstore/sigstore-js");
        let statement = provenance(&build, &Subject::npm("sigstore", "2.3.1", SHA512));
        let logged = "d99524cf50f7ab3f3f9469f3c32f7847fd9256e3a6be80c10c940d6ff3691f87";
        assert_eq!(hash(&statement), logged);
    }

    #[test]
    fn a_publish_attestation_is_what_the_registry_writes_byte_for_byte() {
        let registry = "https://registry.npmjs.org";
        let statement = publish("sigstore", "2.3.1", SHA512, registry);
        let logged = "73efa383672d9139f288cab5041f54f25b10193f2175c5a6992eb1c5a2916ebe";
        assert_eq!(hash(&statement), logged);
    }

    #[test]
    fn the_at_sign_of_a_scope_is_encoded() {
        assert_eq!(
            Subject::npm("@acme/w", "1.0.0-a@b", SHA512).purl,
            "pkg:npm/%40acme/w@1.0.0-a@b"
        );
        assert_eq!(Subject::npm("acme", "1.0.0", SHA512).purl, "pkg:npm/acme@1.0.0");
    }
}
