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
use repository::{edit, fresh, now, pin, repository};
use sealift::core::{
    limits::{DELEGATIONS, METADATA_BYTES, ROOT_BYTES, TARGET_BYTES, TIMESTAMP_BYTES},
    tuf::{self, Entries, Local, MetadataError, Session, Wanted, update},
};
use serde_json::json;
use testkit::tuf::{Key, Repository, named};

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
        let _ = update(
            &pinned,
            &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
            &Local::default(),
            &asked,
            now(),
        );
        asked.1.into_inner()
    };
    let sizes = asked(&repository);
    assert_eq!(sizes["2.root.json"], ROOT_BYTES);
    assert_eq!(sizes["timestamp.json"], TIMESTAMP_BYTES);
    assert_eq!(sizes["1.snapshot.json"], METADATA_BYTES);
    assert_eq!(sizes["1.targets.json"], METADATA_BYTES);
    // A length that is announced is the limit, as far as it is no larger.
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
    let (pinned, local) = (pin(&repository), Local::default());
    let mut session = Session::start(&pinned, &local, &repository.files, now()).unwrap();
    session.refresh().unwrap();
    session.target(path).map_err(|error| error.refusal().unwrap().clone())
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
    assert_eq!(fresh(&repository).unwrap().npm_keys(), Some(&b"second"[..]));
    repository.delegations[0].terminating = true;
    repository.publish();
    assert_eq!(fresh(&repository).unwrap().npm_keys(), None);
}

#[test]
fn an_endless_search_is_bounded() {
    let mut repository = repository();
    // With the top-level role, as many as the limit.
    for number in 1..DELEGATIONS {
        repository.delegate(&format!("r{number}"), &["registry.npmjs.org/*"], &[]);
    }
    repository.publish();
    assert_eq!(fresh(&repository).unwrap().npm_keys(), None);
    repository.delegate("one-more", &["registry.npmjs.org/*"], &[]);
    repository.publish();
    let path = "registry.npmjs.org/keys.json".to_owned();
    assert_eq!(
        fresh(&repository).unwrap_err(),
        MetadataError::TooManyDelegations { path, bound: DELEGATIONS }
    );
}

#[test]
fn no_delegation_stands_in_for_a_top_level_role() {
    for name in ["root", "timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        repository.role("targets").edit = edit(move |signed| {
            let role = json!({"name": name, "keyids": [], "threshold": 1, "paths": ["*/*"]});
            signed["delegations"] = json!({"keys": {}, "roles": [role]});
        });
        // Of a role that the snapshot does not list, nothing is read anyway.
        repository.role("snapshot").edit = edit(move |signed| {
            signed["meta"][format!("{name}.json")]["version"] = json!(1);
        });
        repository.publish();
        assert_eq!(fresh(&repository).unwrap().npm_keys(), None, "{name}");
    }
}

#[test]
fn no_target_leads_out_of_the_repository() {
    let path = "../../outside";
    let refused = search(&["../../*"], path, path).unwrap_err();
    assert!(matches!(refused, MetadataError::Mismatch { file, .. } if file == path));
}
