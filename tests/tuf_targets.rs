//! Refusals of the TUF driver, by their variants: targets, and the delegations that lead to them.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod repository;

use std::{cell::RefCell, collections::BTreeMap};

use chrono::Duration;
use repository::{edit, fresh, now, pin, refusal, repository, update};
use sealift::core::{
    limits::{DELEGATIONS, METADATA_BYTES, ROOT_BYTES, TARGET_BYTES, TIMESTAMP_BYTES},
    tuf::{self, Entries, LocalState, MetadataError, Session},
};
use serde_json::{Value, json};
use testkit::tuf::{Key, Repository, delegation, named};

#[test]
fn announced_hashes_must_match() {
    let mut repository = repository();
    repository.hashes = true;
    repository.publish();
    assert!(fresh(&repository).is_ok());
    for file in ["2.snapshot.json", "2.targets.json"] {
        let good = repository.files[file].clone();
        repository.files.get_mut(file).unwrap().push(b' ');
        assert!(matches!(
            fresh(&repository).unwrap_err(),
            MetadataError::Mismatch { file: refused, .. } if refused == file
        ));
        repository.files.insert(file.to_owned(), good);
    }
    repository
        .files
        .values_mut()
        .filter(|bytes| *bytes == b"{}")
        .for_each(|it| *it = b"[]".to_vec());
    assert!(matches!(
        fresh(&repository).unwrap_err(),
        MetadataError::Mismatch { file, .. } if file == "trusted_root.json"
    ));
}

#[test]
fn a_target_nobody_lists() {
    let mut repository = repository();
    repository.targets.clear();
    repository.publish();
    let path = "trusted_root.json".to_owned();
    assert_eq!(fresh(&repository).unwrap_err(), MetadataError::TargetNotFound { path });
}

#[test]
fn a_target_larger_than_the_limit() {
    let claiming = |length: u64| {
        let mut repository = repository();
        repository.role("targets").edit =
            edit(move |signed| signed["targets"]["trusted_root.json"]["length"] = json!(length));
        repository.publish();
        fresh(&repository).unwrap_err()
    };
    let max = TARGET_BYTES;
    // The file has two bytes.
    assert!(matches!(claiming(max), MetadataError::Mismatch { .. }), "{}", claiming(max));
    for length in [max + 1, u64::MAX] {
        let path = "trusted_root.json".to_owned();
        assert_eq!(claiming(length), MetadataError::TargetTooLarge { path, length, max });
    }
}

/// Asks as the driver does, and notes how much it was ready to take.
struct Asked<'a>(&'a Entries, RefCell<BTreeMap<String, u64>>);

impl tuf::Repository for Asked<'_> {
    type Error = std::convert::Infallible;

    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, Self::Error> {
        self.1.borrow_mut().insert(name.to_owned(), max);
        self.0.metadata(name, max)
    }

    fn target(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, Self::Error> {
        self.1.borrow_mut().insert(path.to_owned(), max);
        self.0.target(path, max)
    }
}

#[test]
fn every_file_is_asked_for_with_its_limit() {
    let mut repository = repository();
    let pinned = pin(&repository);
    let asked = |repository: &Repository| {
        let asked = Asked(&repository.files, RefCell::default());
        let _ = update(&pinned, &asked);
        asked.1.into_inner()
    };
    let sizes = asked(&repository);
    assert_eq!(sizes["2.root.json"], ROOT_BYTES);
    assert_eq!(sizes["timestamp.json"], TIMESTAMP_BYTES);
    assert_eq!(sizes["1.snapshot.json"], METADATA_BYTES);
    assert_eq!(sizes["1.targets.json"], METADATA_BYTES);
    // A length that is announced is the limit, as far as it is not larger.
    for (length, limit) in
        [(METADATA_BYTES, METADATA_BYTES), (METADATA_BYTES + 1, METADATA_BYTES), (7, 7)]
    {
        repository.role("timestamp").edit =
            edit(move |signed| signed["meta"]["snapshot.json"]["length"] = json!(length));
        repository.publish_role("timestamp");
        let sizes = asked(&repository);
        assert_eq!(sizes["1.snapshot.json"], limit);
    }
}

/// The bytes that a search finds, in a repository with one delegation.
fn search(paths: &[&str], listed: &str, path: &str) -> Result<Vec<u8>, MetadataError> {
    let mut repository = repository();
    repository.delegate("role", paths, &[(listed, b"found")]);
    repository.publish();
    let (pinned, local) = (pin(&repository), LocalState::default());
    let mut session = Session::start(&pinned, &local, &repository.files, now()).unwrap();
    while session.step().unwrap() {}
    session.target(path).map_err(refusal)
}

#[test]
fn a_delegation_reaches_as_far_as_its_patterns() {
    for (pattern, path) in
        [("a/*", "a/b"), ("*.json", "x.json"), ("a/?/c", "a/b/c"), ("a/*/*", "a/b/c")]
    {
        assert_eq!(search(&[pattern], path, path).unwrap(), b"found", "{pattern} {path}");
    }
    for (pattern, path) in
        [("a/*", "a/b/c"), ("*", "a/b"), ("a/**", "a/b/c"), ("A/*", "a/b"), ("a/*", "b/a")]
    {
        let refused = search(&[pattern], path, path).unwrap_err();
        assert_eq!(refused, MetadataError::TargetNotFound { path: path.to_owned() });
    }
}

#[test]
fn a_target_out_of_the_lister_s_scope_is_not_found() {
    let path = "registry.npmjs.org/keys.json";
    let refused = search(&["elsewhere/*"], path, path).unwrap_err();
    assert_eq!(refused, MetadataError::TargetNotFound { path: path.to_owned() });
}

#[test]
fn a_bad_delegation_matters_on_the_way_only() {
    let spoil = |repository: &mut Repository, role: &str, how: &str| {
        let key = named(Key::ed25519());
        match how {
            "expired" => repository.role(role).expires = now() - Duration::days(1),
            _ => repository.role(role).edit = edit(|signed| signed["version"] = json!(1)),
        }
        repository.publish();
        if how == "unsigned" {
            repository.role(role).edit = None;
            repository.role(role).keys = vec![key];
            repository.republish(role);
        }
    };
    for how in ["expired", "unsigned"] {
        let mut repository = repository();
        repository.delegate("off", &["other/*"], &[]);
        spoil(&mut repository, "off", how);
        assert!(fresh(&repository).is_ok(), "{how}");

        let mut repository = self::repository();
        repository.delegate("on", &["registry.npmjs.org/*"], &[]);
        spoil(&mut repository, "on", how);
        match fresh(&repository).unwrap_err() {
            MetadataError::Expired { role, .. } => assert_eq!((&*role, how), ("on", "expired")),
            MetadataError::Threshold { role, .. } => assert_eq!((&*role, how), ("on", "unsigned")),
            other => panic!("{how}: {other}"),
        }
    }
}

#[test]
fn a_terminating_delegation_ends_the_search() {
    let path = "registry.npmjs.org/keys.json";
    let mut repository = repository();
    repository.delegate("first", &["registry.npmjs.org/*"], &[]);
    repository.delegate("second", &["registry.npmjs.org/*"], &[(path, b"second")]);
    repository.publish();
    assert_eq!(fresh(&repository).unwrap().registry_keys(), Some(&b"second"[..]));
    repository.delegations[0].terminating = true;
    repository.publish();
    assert_eq!(fresh(&repository).unwrap().registry_keys(), None);
}

#[test]
fn an_endless_search_is_bounded() {
    let mut repository = repository();
    // With the top-level role, as many as the limit.
    for number in 1..DELEGATIONS {
        repository.delegate(&format!("r{number}"), &["registry.npmjs.org/*"], &[]);
    }
    repository.publish();
    assert_eq!(fresh(&repository).unwrap().registry_keys(), None);
    repository.delegate("one-more", &["registry.npmjs.org/*"], &[]);
    repository.publish();
    let path = "registry.npmjs.org/keys.json".to_owned();
    assert_eq!(
        fresh(&repository).unwrap_err(),
        MetadataError::TooManyDelegations { path, bound: DELEGATIONS }
    );
}

#[test]
fn no_delegated_role_has_an_empty_name_or_that_of_a_top_level_role() {
    for name in ["", "root", "timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        repository.role("targets").edit = edit(move |signed| {
            let role = json!({"name": name, "keyids": [], "threshold": 1, "paths": ["*/*"]});
            signed["delegations"] = json!({"keys": {}, "roles": [role]});
        });
        repository.publish();
        assert!(matches!(
            fresh(&repository).unwrap_err(),
            MetadataError::Delegation { role, detail: "which is not a name for a delegated role", .. }
                if role == name
        ));
    }
}

/// Publishes npm's keys by a delegated role, with a change to how it is delegated.
fn delegated(change: impl Fn(&mut Value) + 'static) -> Repository {
    let mut repository = repository();
    let path = "registry.npmjs.org/keys.json";
    repository.delegate("npm", &["registry.npmjs.org/*"], &[(path, b"k")]);
    repository.delegate("other", &["registry.npmjs.org/*"], &[(path, b"other")]);
    repository.role("targets").edit =
        edit(move |signed| change(&mut signed["delegations"]["roles"]));
    repository.publish();
    repository
}

#[test]
fn refuses_a_delegated_role_that_the_snapshot_does_not_list() {
    let mut repository = delegated(|_| ());
    assert_eq!(fresh(&repository).unwrap().registry_keys(), Some(&b"k"[..]));
    repository.role("snapshot").edit = edit(|signed| {
        signed["meta"].as_object_mut().unwrap().remove("npm.json");
    });
    repository.publish();
    // The role that is next in line does not answer in its place.
    let (role, by) = ("npm".to_owned(), "snapshot".to_owned());
    assert_eq!(fresh(&repository).unwrap_err(), MetadataError::UnknownRole { role, by });
}

#[test]
fn refuses_a_role_that_is_delegated_to_twice() {
    let repository = delegated(|roles| {
        let first = roles[0].clone();
        roles.as_array_mut().unwrap().push(first);
    });
    assert!(matches!(
        fresh(&repository).unwrap_err(),
        MetadataError::Delegation { role, detail: "twice", .. } if role == "npm"
    ));
}

#[test]
fn refuses_a_scope_in_both_forms_or_in_neither() {
    let both = delegated(|roles| roles[0]["path_hash_prefixes"] = json!([""]));
    let neither = delegated(|roles| {
        roles[0].as_object_mut().unwrap().remove("paths");
    });
    for (repository, told) in
        [(both, "by paths and by hashes of paths"), (neither, "without saying which paths")]
    {
        assert!(matches!(
            fresh(&repository).unwrap_err(),
            MetadataError::Delegation { role, detail, .. } if role == "npm" && detail == told
        ));
    }
}

#[test]
fn refuses_succinct_roles() {
    let mut repository = delegated(|_| ());
    repository.role("targets").edit =
        edit(|signed| signed["delegations"]["succinct_roles"] = json!({"bit_length": 8}));
    repository.publish();
    assert!(matches!(fresh(&repository).unwrap_err(), MetadataError::Delegation { .. }));
}

#[test]
fn refuses_a_role_whose_file_would_be_that_of_a_root() {
    let mut repository = repository();
    let path = "registry.npmjs.org/keys.json";
    repository.delegate("1.root", &["registry.npmjs.org/*"], &[(path, b"k")]);
    repository.role("root").edit = edit(|signed| signed["consistent_snapshot"] = json!(false));
    repository.publish_root();
    repository.publish();
    for role in ["snapshot", "targets"] {
        let bytes = repository.files[&format!("2.{role}.json")].clone();
        repository.files.insert(format!("{role}.json"), bytes);
    }
    let target = repository.files.iter().find(|(_, bytes)| *bytes == b"{}").unwrap().1.clone();
    repository.files.insert("targets/trusted_root.json".to_owned(), target);
    assert!(matches!(
        fresh(&repository).unwrap_err(),
        MetadataError::Malformed { role, .. } if role == "1.root"
    ));
}

/// As the conformance suite has it since its pull request 388.
#[test]
fn patterns_match_within_one_segment_and_with_case() {
    for (pattern, path, found) in [
        ("*.md", "README.md", true),
        ("*.md", "releases/README.md", false),
        ("*.md", "README.MD", false),
        ("foo-?.tgz", "foo-1.tgz", true),
        ("foo-?.tgz", "foo-alpha.tgz", false),
        ("releases/*/*", "releases/x/x_v1", true),
        ("releases/*/*", "releases/x", false),
    ] {
        let outcome = search(&[pattern], path, path);
        let expected =
            found.then_some(()).ok_or(MetadataError::TargetNotFound { path: path.into() });
        assert_eq!(outcome.map(drop), expected, "{pattern} {path}");
    }
}

/// As the conformance suite has it since its pull request 405: a role that was accepted by one
/// delegator's keys must be signed by the next one's as well.
#[test]
fn a_role_is_held_against_each_role_that_delegates_to_it() {
    let mut repository = repository();
    for parent in ["parent-a", "parent-b"] {
        repository.delegate(parent, &[&format!("{parent}/*")], &[]);
    }
    repository.delegate("release", &[], &[("parent-a/x", b"a"), ("parent-b/x", b"b")]);
    let stranger = repository::repository().roles.remove("targets").unwrap();
    let by_both = [("parent-a", &repository.roles["release"]), ("parent-b", &stranger)];
    let by_both = by_both.map(|(parent, role)| (parent, delegation("release", role)));
    for (parent, (keys, mut entry)) in by_both {
        entry["paths"] = json!([format!("{parent}/*")]);
        repository.role(parent).edit = edit(move |signed| {
            signed["delegations"] = json!({"keys": keys, "roles": [entry]});
        });
    }
    repository.role("targets").edit = edit(|signed| {
        let roles = signed["delegations"]["roles"].as_array_mut().unwrap();
        roles.retain(|role| role["name"] != "release");
    });
    repository.publish();
    let pinned = pin(&repository);
    let local = LocalState::default();
    let mut session = Session::start(&pinned, &local, &repository.files, now()).unwrap();
    while session.step().unwrap() {}
    assert_eq!(session.target("parent-a/x").unwrap(), b"a");
    let refused = session.target("parent-b/x").unwrap_err();
    assert!(matches!(
        refusal(refused),
        MetadataError::Threshold { role, found: 0, threshold: 1 } if role == "release"
    ));
}

#[test]
fn no_target_leads_out_of_the_repository() {
    let path = "../../outside";
    let refused = search(&["../../*"], path, path).unwrap_err();
    assert!(matches!(refused, MetadataError::Mismatch { file, .. } if file == path));
}
