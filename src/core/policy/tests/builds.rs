//! Who built a package, against what a rule says.

use super::{
    found::{changed, gitlab, legacy, reusable, signed, unrecognized, widget},
    hold,
};

const REPOSITORY: &str = r#"
[[rule]]
packages = ["npm:@acme/*"]
repository = ["https://github.com/acme/widget"]
"#;

const IDS: &str = r#"
[[rule]]
packages = ["npm:@acme/*"]
repository = ["https://github.com/acme/widget"]
repository-id = [1001]
owner-id = [77]
"#;

#[test]
fn who_built_a_package_is_equal_or_an_explicit_glob() {
    let rule = |text: &'static str| text;
    hold(vec![
        ("the repository", REPOSITORY, widget(), &[]),
        (
            "a fork under the victim's name",
            REPOSITORY,
            changed(|facts| facts.source_repository = "https://github.com/mallory/widget".into()),
            &["unexpected-repository"],
        ),
        (
            "a longer name",
            REPOSITORY,
            changed(|facts| facts.source_repository = "https://github.com/acme/widget-evil".into()),
            &["unexpected-repository"],
        ),
        (
            "another host",
            REPOSITORY,
            changed(|facts| {
                facts.source_repository = "https://github.com.evil.example/acme/widget".into()
            }),
            &["unexpected-repository"],
        ),
        (
            "without provenance nobody built it",
            REPOSITORY,
            signed("@acme/a", "1.0.0"),
            &["missing-provenance"],
        ),
        (
            "unrecognized provenance names nobody",
            REPOSITORY,
            unrecognized(widget()),
            &["unrecognized"],
        ),
        (
            "a glob over repositories",
            rule("[[rule]]\nrepository = [\"https://github.com/acme/*\"]"),
            widget(),
            &[],
        ),
        (
            "one segment is not two",
            rule("[[rule]]\nrepository = [\"https://github.com/*\"]"),
            widget(),
            &["unexpected-repository"],
        ),
        (
            "one of several",
            rule(
                "[[rule]]\nrepository = [\"https://github.com/a/b\", \"https://github.com/acme/widget\"]",
            ),
            widget(),
            &[],
        ),
        ("ids", IDS, widget(), &[]),
        (
            "a repository that was registered again",
            IDS,
            changed(|facts| facts.repository_id = Some("2002".into())),
            &["unexpected-repository-id"],
        ),
        (
            "an owner that was registered again",
            IDS,
            changed(|facts| facts.owner_id = Some("78".into())),
            &["unexpected-owner-id"],
        ),
        ("a certificate of 2023: the name decides", IDS, legacy(|_| {}), &[]),
        (
            "a certificate of 2023 with another name",
            IDS,
            legacy(|facts| facts.source_repository = "https://github.com/mallory/widget".into()),
            &["unexpected-repository"],
        ),
        (
            "a certificate of 2023 and ids alone",
            rule(
                "[[rule]]\nissuer = [\"https://token.actions.githubusercontent.com\"]\nrepository-id = [1001]",
            ),
            legacy(|_| {}),
            &["unexpected-repository-id"],
        ),
        (
            "an owner's id where the owner is named",
            rule("[[rule]]\nowner = [\"https://github.com/acme\"]\nowner-id = [77]"),
            legacy(|_| {}),
            &[],
        ),
        (
            "an id that is not a number",
            rule(
                "[[rule]]\nissuer = [\"https://token.actions.githubusercontent.com\"]\nowner-id = [77]",
            ),
            changed(|facts| facts.owner_id = Some("077".into())),
            &["unexpected-owner-id"],
        ),
        ("the owner", rule("[[rule]]\nowner = [\"https://github.com/acme\"]"), widget(), &[]),
        (
            "another owner",
            rule("[[rule]]\nowner = [\"https://github.com/acm\"]"),
            widget(),
            &["unexpected-owner"],
        ),
        (
            "an owner that no claim names",
            rule("[[rule]]\nowner = [\"https://github.com/acme\"]"),
            changed(|facts| facts.owner = None),
            &["unexpected-owner"],
        ),
        (
            "the workflow without its ref",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml\"]",
            ),
            widget(),
            &[],
        ),
        (
            "the workflow of any tag",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/*\"]",
            ),
            widget(),
            &[],
        ),
        (
            "the workflow of a branch",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/*\"]",
            ),
            widget(),
            &["unexpected-workflow"],
        ),
        (
            "another workflow of the repository",
            rule(
                "[[rule]]\nworkflow = [\"https://github.com/acme/widget/.github/workflows/release.yml\"]",
            ),
            changed(|facts| {
                facts.workflow =
                    "https://github.com/acme/widget/.github/workflows/evil.yml@refs/tags/v2".into()
            }),
            &["unexpected-workflow"],
        ),
        (
            "an e-mail address has no ref",
            rule("[[rule]]\nworkflow = [\"release\"]"),
            changed(|facts| facts.workflow = "release@evil.example".into()),
            &["unexpected-workflow"],
        ),
        (
            "a reusable workflow signs for itself",
            rule(
                "[[rule]]\nrepository = [\"https://github.com/acme/widget\"]\nworkflow = [\"https://github.com/acme/workflows/.github/workflows/npm.yml\"]",
            ),
            reusable(),
            &[],
        ),
        (
            "a reusable workflow is not the repository's own",
            rule("[[rule]]\nworkflow = [\"https://github.com/acme/widget/**\"]"),
            reusable(),
            &["unexpected-workflow"],
        ),
        (
            "GitLab",
            rule(
                "[[rule]]\nissuer = [\"https://gitlab.com\"]\nrepository = [\"https://gitlab.com/acme/widget\"]\nrunner = [\"gitlab-hosted\"]",
            ),
            gitlab(),
            &[],
        ),
        (
            "GitLab's namesake of a GitHub repository",
            REPOSITORY,
            gitlab(),
            &["unexpected-repository"],
        ),
        (
            "another issuer",
            rule("[[rule]]\nissuer = [\"https://token.actions.githubusercontent.com\"]"),
            gitlab(),
            &["unexpected-issuer"],
        ),
        (
            "an issuer that starts so",
            rule("[[rule]]\nissuer = [\"https://gitlab.com\"]"),
            changed(|facts| facts.issuer = "https://gitlab.com.evil.example".into()),
            &["unexpected-issuer"],
        ),
        ("tags", rule("[[rule]]\nref = [\"refs/tags/**\"]"), widget(), &[]),
        (
            "a branch where tags are expected",
            rule("[[rule]]\nref = [\"refs/tags/**\"]"),
            changed(|facts| facts.git_ref = Some("refs/heads/main".into())),
            &["unexpected-ref"],
        ),
        (
            "no ref at all",
            rule("[[rule]]\nref = [\"**\"]"),
            changed(|facts| facts.git_ref = None),
            &["unexpected-ref"],
        ),
        ("the trigger", rule("[[rule]]\ntrigger = [\"release\", \"push\"]"), widget(), &[]),
        (
            "a pull request",
            rule("[[rule]]\ntrigger = [\"release\", \"push\"]"),
            changed(|facts| facts.trigger = Some("pull_request_target".into())),
            &["unexpected-trigger"],
        ),
        (
            "the runner",
            rule("[[rule]]\nrunner = [\"github-hosted\"]"),
            changed(|facts| facts.runner = Some("self-hosted".into())),
            &["unexpected-runner"],
        ),
        (
            "the builder",
            rule("[[rule]]\nbuilder = [\"https://github.com/actions/runner/github-hosted\"]"),
            widget(),
            &[],
        ),
        (
            "another builder",
            rule("[[rule]]\nbuilder = [\"https://github.com/actions/runner\"]"),
            widget(),
            &["unexpected-builder"],
        ),
        (
            "the build type",
            rule("[[rule]]\nbuild-type = [\"https://slsa-framework.github.io/**\"]"),
            widget(),
            &[],
        ),
        (
            "another build type",
            rule("[[rule]]\nbuild-type = [\"https://b.example\"]"),
            widget(),
            &["unexpected-build-type"],
        ),
        (
            "each fault is named",
            IDS,
            changed(|facts| {
                facts.source_repository = "https://github.com/mallory/widget".into();
                facts.repository_id = Some("2002".into());
            }),
            &["unexpected-repository", "unexpected-repository-id"],
        ),
        (
            "two rules must both hold",
            rule(
                "[[rule]]\nrepository = [\"https://github.com/acme/widget\"]\n[[rule]]\nrepository = [\"https://github.com/a/b\"]",
            ),
            widget(),
            &["unexpected-repository"],
        ),
    ]);
}
