//! Every refusal of the TUF driver, by its variant, on repositories made for it.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

use std::{cell::RefCell, collections::BTreeMap};

use chrono::Duration;
use sealift::core::{
    limits::{
        DELEGATIONS, METADATA_BYTES, ROOT_BYTES, ROOT_VERSIONS, TARGET_BYTES, TIMESTAMP_BYTES,
    },
    time::{self, Time},
    tuf::{
        self, Entries, Local, MetadataError, Order, PinnedRoots, Session, State, UpdateError,
        Wanted, replay, update,
    },
};
use serde_json::{Value, json};
use testkit::tuf::{Edit, Key, Repository, named};

fn now() -> Time {
    time::parse("2026-11-23T04:00:00Z").unwrap()
}

fn repository() -> Repository {
    Repository::new(now())
}

fn pin(repository: &Repository) -> PinnedRoots {
    PinnedRoots::new(repository.root_bytes(1)).unwrap()
}

type Refused = (MetadataError, Box<Local>);

/// Updates `local` from what is published; after a refusal, `local` with its floor raised.
fn update_at(
    repository: &Repository,
    pinned: &PinnedRoots,
    local: &Local,
    at: Time,
) -> Result<State, Refused> {
    update(
        pinned,
        &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
        local,
        &repository.files,
        at,
    )
    .map_err(|failure| {
        let error = match failure.error {
            UpdateError::Refused(error) => error,
            UpdateError::Absent { file } => MetadataError::Missing { file },
            UpdateError::Unavailable { source, .. } => match source {},
        };
        (error, Box::new(local.clone().with_floor(*failure.floor)))
    })
}

fn first(repository: &Repository) -> (PinnedRoots, Local) {
    let pinned = pin(repository);
    let state = update_at(repository, &pinned, &Local::default(), now()).unwrap();
    (pinned, Local::complete(state))
}

/// What a client without any local state says.
fn fresh(repository: &Repository) -> Result<State, MetadataError> {
    update_at(repository, &pin(repository), &Local::default(), now()).map_err(|(error, _)| error)
}

fn edit(edit: impl Fn(&mut Value) + 'static) -> Option<Edit> {
    Some(Box::new(edit))
}

#[test]
fn a_good_repository_is_accepted_and_costs_no_request_too_many() {
    let mut repository = repository();
    repository.delegate(
        "npm",
        &["registry.npmjs.org/*"],
        &[("registry.npmjs.org/keys.json", b"k")],
    );
    repository.publish();
    let (pinned, local) = first(&repository);
    let state = local.state.unwrap();
    assert_eq!(state.trusted_root(), Some(&b"{}"[..]));
    assert_eq!(state.npm_keys(), Some(&b"k"[..]));
    let names: Vec<&str> = state.roles().iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["root", "timestamp", "snapshot", "targets", "npm"]);
    let again = replay(
        &pinned,
        &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
        state.entries(),
        now(),
    )
    .unwrap();
    assert_eq!(again, state);
    assert_eq!(
        Local::load(
            &pinned,
            &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
            Some(state.entries()),
            &Entries::new()
        )
        .unwrap()
        .state,
        Some(state)
    );
}

#[test]
fn expired_at_the_very_instant() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        let expires = now() + Duration::hours(1);
        repository.role(role).expires = expires;
        if role == "root" {
            repository.publish_root();
        }
        repository.publish();
        let pinned = pin(&repository);
        let at = |at| update_at(&repository, &pinned, &Local::default(), at);
        assert!(at(expires - Duration::seconds(1)).is_ok());
        let refused = at(expires).unwrap_err().0;
        assert!(refused.hint().is_some());
        let role = role.to_owned();
        assert_eq!(refused, MetadataError::Expired { role, expires, at: expires });
    }
}

#[test]
fn an_expired_timestamp_raises_the_floor() {
    let mut repository = repository();
    let (pinned, local) = first(&repository);
    let old = repository.files.clone();
    repository.role("timestamp").expires = now();
    repository.publish_role("timestamp");
    let (error, local) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    assert!(matches!(error, MetadataError::Expired { .. }));
    // Persisted, and read back.
    let state = local.state.as_ref().map(State::entries);
    let local = Local::load(
        &pinned,
        &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
        state,
        &local.floor().entries(),
    )
    .unwrap();
    repository.files = old;
    let (error, _) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    let role = "timestamp".to_owned();
    assert_eq!(error, MetadataError::Rollback { role, trusted: 2, offered: 1 });
}

#[test]
fn an_interrupted_update_keeps_the_snapshots_floor() {
    let mut repository = repository();
    repository.publish();
    let (pinned, local) = first(&repository);
    // Interrupted after the timestamp: the next snapshot cannot be had.
    repository.publish();
    let snapshot = repository.files.remove("3.snapshot.json").unwrap();
    let (error, local) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    assert_eq!(error, MetadataError::Missing { file: "3.snapshot.json".to_owned() });
    // Then a snapshot that rolls the targets back.
    repository.files.insert("3.snapshot.json".to_owned(), snapshot);
    repository.role("snapshot").edit =
        edit(|signed| signed["meta"]["targets.json"]["version"] = json!(1));
    repository.publish_role("snapshot");
    repository.publish_role("timestamp");
    let (error, _) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    let role = "targets".to_owned();
    assert_eq!(error, MetadataError::Rollback { role, trusted: 2, offered: 1 });
}

#[test]
fn the_snapshots_version_may_not_fall_in_the_timestamp() {
    let mut repository = repository();
    repository.publish();
    let (pinned, local) = first(&repository);
    repository.role("snapshot").version = 1;
    repository.publish_role("timestamp");
    let (error, _) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    let role = "snapshot".to_owned();
    assert_eq!(error, MetadataError::Rollback { role, trusted: 2, offered: 1 });
}

#[test]
fn a_role_may_not_vanish_from_the_snapshot() {
    let mut repository = repository();
    repository.delegate("other", &["other/*"], &[]);
    repository.publish();
    let (pinned, local) = first(&repository);
    repository.role("snapshot").edit = edit(|signed| {
        signed["meta"].as_object_mut().unwrap().remove("other.json");
    });
    repository.publish_role("snapshot");
    repository.publish_role("timestamp");
    let (error, _) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    assert_eq!(error, MetadataError::Removed { role: "other".to_owned(), trusted: 1 });
}

#[test]
fn rollback_is_refused_after_a_rotation_with_the_first_root_pinned() {
    let mut repository = repository();
    let pinned = pin(&repository);
    repository.rotate("timestamp");
    repository.publish_root();
    repository.publish_role("timestamp");
    let old = repository.files.clone();
    repository.publish_role("timestamp");
    let state = update_at(&repository, &pinned, &Local::default(), now()).unwrap();
    assert_eq!(state.version("timestamp"), 3);
    repository.files = old;
    let (error, _) = update_at(&repository, &pinned, &Local::complete(state), now()).unwrap_err();
    let role = "timestamp".to_owned();
    assert_eq!(error, MetadataError::Rollback { role, trusted: 3, offered: 2 });
}

#[test]
fn a_rotation_lets_a_repository_recover_from_a_version_driven_up() {
    let mut repository = repository();
    repository.role("timestamp").version = 1000;
    repository.publish_role("timestamp");
    let (pinned, local) = first(&repository);
    repository.rotate("timestamp");
    repository.publish_root();
    repository.role("timestamp").version = 4;
    repository.publish_role("timestamp");
    let state = update_at(&repository, &pinned, &local, now()).unwrap();
    assert_eq!(state.version("timestamp"), 5);
}

#[test]
fn a_rotation_in_an_update_that_fails_leaves_a_floor_that_reads_back() {
    let mut repository = repository();
    let (pinned, local) = first(&repository);
    repository.publish();
    repository.role("snapshot").expires = now();
    repository.publish();
    let (_, local) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    // The keys rotate with a root that is expired: nothing below it is even asked for.
    repository.rotate("timestamp");
    repository.rotate("snapshot");
    let expires = repository.role("root").expires;
    repository.role("root").expires = now();
    repository.publish_root();
    let (error, local) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    assert!(matches!(error, MetadataError::Expired { role, .. } if role == "root"));
    let floor = local.floor().entries();
    assert_eq!(floor.keys().collect::<Vec<_>>(), ["2.root.json"]);
    let state = local.state.as_ref().map(State::entries);
    let local = Local::load(
        &pinned,
        &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
        state,
        &floor,
    )
    .unwrap();
    repository.role("root").expires = expires;
    repository.publish_root();
    repository.role("snapshot").expires = expires;
    repository.publish();
    assert!(update_at(&repository, &pinned, &local, now()).is_ok());
}

#[test]
fn states_are_ordered_by_their_versions() {
    let mut repository = repository();
    let (pinned, local) = first(&repository);
    let old = local.state.unwrap();
    let state =
        |repository: &Repository| update_at(repository, &pinned, &Local::default(), now()).unwrap();
    assert_eq!(old.order(&old), Order::Same);
    repository.publish();
    let new = state(&repository);
    assert_eq!((old.order(&new), new.order(&old)), (Order::Newer, Order::Older));
    let changes = old.changes(&new);
    assert_eq!(changes.len(), 3);
    assert_eq!(
        (&*changes[0].role, changes[0].from, changes[0].to),
        ("timestamp", Some(1), Some(2))
    );

    // The timestamp went on, and the targets went back.
    repository.role("targets").version = 0;
    repository.publish();
    let mixed = Order::Mixed { role: "targets".to_owned(), held: 2, offered: 1 };
    assert_eq!(new.order(&state(&repository)), mixed);

    // A version that exists twice.
    let held = state(&repository);
    repository.role("timestamp").expires += Duration::days(1);
    repository.republish("timestamp");
    let forked = Order::Forked { role: "timestamp".to_owned(), version: 3 };
    assert_eq!(held.order(&state(&repository)), forked);

    // Under a newer root, versions may begin anew.
    repository.rotate("timestamp");
    repository.publish_root();
    repository.role("timestamp").version = 0;
    repository.publish();
    let restarted = state(&repository);
    assert_eq!((held.order(&restarted), restarted.order(&held)), (Order::Newer, Order::Older));
}

#[test]
fn one_key_under_two_ids_counts_once() {
    let double = |repository: &mut Repository, role: &str| {
        let role = repository.role(role);
        let key = role.keys[0].1.clone();
        role.keys.push(("another-id".to_owned(), key));
        role.threshold = 2;
    };
    for role in ["timestamp", "snapshot", "targets", "root"] {
        let mut repository = repository();
        double(&mut repository, role);
        repository.publish_root();
        repository.publish();
        let role = role.to_owned();
        let refused = fresh(&repository).unwrap_err();
        assert_eq!(refused, MetadataError::OneKeyTwice { role, distinct: 1, threshold: 2 });
    }
    let mut repository = repository();
    repository.delegate("npm", &["registry.npmjs.org/*"], &[]);
    double(&mut repository, "npm");
    repository.publish();
    let role = "npm".to_owned();
    let refused = fresh(&repository).unwrap_err();
    assert_eq!(refused, MetadataError::OneKeyTwice { role, distinct: 1, threshold: 2 });
}

#[test]
fn one_key_in_two_forms_counts_once() {
    let mut repository = repository();
    let key = Key::ed25519();
    let pem = key.pem();
    repository.role("timestamp").keys = vec![named(key.clone()), ("other".to_owned(), key)];
    repository.role("timestamp").threshold = 2;
    repository.role("root").edit =
        edit(move |signed| signed["keys"]["other"]["keyval"]["public"] = json!(pem));
    repository.publish_root();
    repository.publish();
    let role = "timestamp".to_owned();
    let refused = fresh(&repository).unwrap_err();
    assert_eq!(refused, MetadataError::OneKeyTwice { role, distinct: 1, threshold: 2 });
}

#[test]
fn one_key_under_two_ids_does_no_harm_where_others_sign() {
    let mut repository = repository();
    let role = repository.role("timestamp");
    role.keys.push(("another-id".to_owned(), role.keys[0].1.clone()));
    role.keys.push(named(Key::ed25519()));
    role.threshold = 2;
    repository.publish_root();
    repository.publish();
    assert!(fresh(&repository).is_ok());
}

#[test]
fn too_few_signatures() {
    let mut repository = repository();
    repository.role("snapshot").keys.push(named(Key::p256()));
    repository.role("snapshot").threshold = 2;
    repository.publish_root();
    repository.role("snapshot").keys.pop();
    repository.publish();
    let role = "snapshot".to_owned();
    assert_eq!(
        fresh(&repository).unwrap_err(),
        MetadataError::Threshold { role, found: 1, threshold: 2 }
    );
}

#[test]
fn a_key_may_not_sign_twice() {
    let mut repository = repository();
    let keys = &mut repository.role("timestamp").keys;
    keys.push(keys[0].clone());
    repository.publish_role("timestamp");
    assert!(matches!(
        fresh(&repository).unwrap_err(),
        MetadataError::DuplicateSignature { role, .. } if role == "timestamp"
    ));
}

#[test]
fn a_root_must_be_signed_by_its_predecessor() {
    let mut repository = repository();
    repository.rotate("root");
    repository.role("root").former.clear();
    repository.publish_root();
    let role = "root".to_owned();
    assert_eq!(
        fresh(&repository).unwrap_err(),
        MetadataError::Threshold { role, found: 0, threshold: 1 }
    );
}

#[test]
fn a_roots_version_follows_its_predecessors() {
    let mut repository = repository();
    repository.publish_root();
    let skipped = repository.files["2.root.json"].clone();
    repository.publish_root();
    let later = repository.files["3.root.json"].clone();
    repository.files.insert("2.root.json".to_owned(), later);
    let role = "root".to_owned();
    assert_eq!(
        fresh(&repository).unwrap_err(),
        MetadataError::Version { role, expected: 2, found: 3 }
    );
    repository.files.insert("2.root.json".to_owned(), skipped);
    assert!(fresh(&repository).is_ok());
}

#[test]
fn more_than_32_rotations_are_followed() {
    let mut repository = repository();
    for _ in 0..40 {
        repository.publish_root();
    }
    assert_eq!(fresh(&repository).unwrap().version("root"), 41);
}

#[test]
fn an_endless_chain_of_roots_is_bounded() {
    let mut repository = repository();
    for _ in 0..ROOT_VERSIONS {
        repository.publish_root();
    }
    assert_eq!(fresh(&repository).unwrap().version("root"), 1 + ROOT_VERSIONS);
    repository.publish_root();
    let refused = MetadataError::TooManyRoots { bound: ROOT_VERSIONS };
    assert_eq!(fresh(&repository).unwrap_err(), refused);
}

#[test]
fn the_roots_before_a_first_one_of_version_0_come_to_an_end() {
    let mut repository = repository();
    repository.role("root").edit = edit(|signed| signed["version"] = json!(0));
    repository.publish_root();
    let pinned = PinnedRoots::new(repository.root_bytes(2)).unwrap();
    repository.files.retain(|name, _| !name.ends_with(".root.json"));
    let state = update_at(&repository, &pinned, &Local::default(), now()).unwrap();
    assert_eq!(state.version("root"), 0);
}

#[test]
fn another_major_version_of_the_specification() {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        repository.role(role).edit = edit(|signed| signed["spec_version"] = json!("2.0.0"));
        if role == "root" {
            repository.publish_root();
        }
        repository.publish();
        let (role, found) = (role.to_owned(), "2.0.0".to_owned());
        assert_eq!(fresh(&repository).unwrap_err(), MetadataError::UnsupportedSpec { role, found });
    }
}

#[test]
fn unknown_key_types_are_tolerated_where_the_threshold_is_met_otherwise() {
    let mut repository = repository();
    let unknown = json!({"keytype": "future", "scheme": "future", "keyval": {"public": "00"}});
    repository.role("root").edit = edit(move |signed| {
        signed["keys"]["unknown"] = unknown.clone();
        let ids = signed["roles"]["timestamp"]["keyids"].as_array_mut().unwrap();
        ids.push(json!("unknown"));
    });
    repository.publish_root();
    assert!(fresh(&repository).is_ok());
    repository.role("root").edit = edit(|signed| {
        let keys: Vec<String> = signed["keys"].as_object().unwrap().keys().cloned().collect();
        let timestamp = signed["roles"]["timestamp"]["keyids"][0].as_str().unwrap().to_owned();
        assert!(keys.contains(&timestamp));
        signed["keys"][timestamp]["scheme"] = json!("future");
    });
    repository.publish_root();
    let role = "timestamp".to_owned();
    assert_eq!(
        fresh(&repository).unwrap_err(),
        MetadataError::Threshold { role, found: 0, threshold: 1 }
    );
}

#[test]
fn what_is_not_metadata_is_malformed() {
    for (bytes, told) in [
        (&b"<html>log in</html>"[..], "JSON"),
        (b"", "JSON"),
        (b"{\"signed\":{\"_type\":\"snapshot\"},\"signatures\":[]}", "_type"),
    ] {
        let mut repository = repository();
        repository.files.insert("timestamp.json".to_owned(), bytes.to_vec());
        let MetadataError::Malformed { role, detail } = fresh(&repository).unwrap_err() else {
            panic!("{told}");
        };
        assert_eq!(role, "timestamp");
        assert!(detail.contains(told), "{detail}");
    }
}

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
    let mut repository = repository();
    repository.role("targets").edit = edit(|signed| {
        let mut delegations = json!({"keys": {}, "roles": []});
        delegations["roles"] =
            json!([{"name": "snapshot", "keyids": [], "threshold": 1, "paths": ["*/*"]}]);
        signed["delegations"] = delegations;
    });
    repository.publish();
    assert_eq!(fresh(&repository).unwrap().npm_keys(), None);
}

#[test]
fn no_target_leads_out_of_the_repository() {
    let path = "../../outside";
    let refused = search(&["../../*"], path, path).unwrap_err();
    assert!(matches!(refused, MetadataError::Mismatch { file, .. } if file == path));
}

#[test]
fn local_files_that_are_torn_or_missing_are_refused() {
    let repository = repository();
    let (pinned, local) = first(&repository);
    let state = local.state.unwrap();
    for name in state.entries().keys() {
        let mut entries = state.entries().clone();
        let bytes = entries.get_mut(name).unwrap();
        bytes.truncate(bytes.len() / 2);
        let load = |entries: &Entries| {
            Local::load(
                &pinned,
                &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
                Some(entries),
                &Entries::new(),
            )
        };
        assert!(load(&entries).is_err(), "torn {name}");
        entries.remove(name);
        // Without its only root the chain falls back to the pinned one, which is the same.
        assert_eq!(load(&entries).is_err(), name != "1.root.json", "missing {name}");
    }
}

#[test]
fn a_torn_floor_is_refused() {
    let mut repository = repository();
    let (pinned, local) = first(&repository);
    repository.publish_root();
    repository.role("snapshot").expires = now();
    repository.publish();
    let (_, local) = update_at(&repository, &pinned, &local, now()).unwrap_err();
    let floor = local.floor().entries();
    assert_eq!(
        floor.keys().map(String::as_str).collect::<Vec<_>>(),
        ["2.root.json", "snapshot.json", "timestamp.json"]
    );
    for name in floor.keys() {
        let mut torn = floor.clone();
        torn.get_mut(name).unwrap().truncate(100);
        let state = local.state.as_ref().map(State::entries);
        assert!(
            Local::load(
                &pinned,
                &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)),
                state,
                &torn
            )
            .is_err(),
            "{name}"
        );
    }
}

#[test]
fn replay_accepts_nothing_that_has_no_place() {
    let repository = repository();
    let (pinned, local) = first(&repository);
    let mut entries = local.state.unwrap().entries().clone();
    entries.insert("targets/extra.json".to_owned(), Vec::new());
    let file = "targets/extra.json".to_owned();
    assert_eq!(
        replay(&pinned, &Wanted::of(Some(sealift::core::addresses::NPM_REGISTRY)), &entries, now()),
        Err(MetadataError::Unexpected { file })
    );
}
