//! Refusals of the TUF driver, by their variants: updates, floors, and what is at hand already.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod repository;

use chrono::Duration;
use repository::{delegate_keys, edit, first, now, pin, pins, repository, update_at, wanted};
use sealift::core::tuf::{Entries, LocalState, MetadataError, State, replay};
use serde_json::json;
use testkit::tuf::Repository;

#[test]
fn a_good_repository_is_accepted_and_costs_no_request_too_many() {
    let mut repository = repository();
    delegate_keys(&mut repository, b"k");
    repository.publish();
    let (pinned, local) = first(&repository);
    let state = local.state.unwrap();
    assert_eq!(state.trusted_root(), Some(&b"{}"[..]));
    assert_eq!(state.registry_keys(), Some(&b"k"[..]));
    let names: Vec<&str> = state.roles().iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["root", "timestamp", "snapshot", "targets", "npm"]);
    let again = replay(&pinned, &wanted(), state.entries(), now()).unwrap();
    assert_eq!(again, state);
    assert_eq!(
        LocalState::load(&pinned, &wanted(), Some(state.entries()), &Entries::new()).unwrap().state,
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
        let at = |at| update_at(&repository, &pinned, &LocalState::default(), at);
        assert!(at(expires - Duration::seconds(1)).is_ok());
        let refused = at(expires).unwrap_err().0;
        assert!(refused.hint().is_some());
        let role = role.to_owned();
        assert_eq!(refused, MetadataError::Expired { role, expires, at: expires });
    }
}

/// Readers differ in which of two fields they take.
#[test]
fn a_field_that_is_there_twice_is_refused() {
    let mut repository = repository();
    let pinned = pin(&repository);
    let timestamp = repository.files.get_mut("timestamp.json").unwrap();
    let twice = String::from_utf8(timestamp.clone()).unwrap().replacen('{', r#"{"signed":{},"#, 1);
    *timestamp = twice.into_bytes();
    let refused = update_at(&repository, &pinned, &LocalState::default(), now()).unwrap_err().0;
    assert!(matches!(&refused, MetadataError::Malformed { role, .. } if role == "timestamp"));
    assert!(!refused.to_string().is_empty());

    let mut repository = self::repository();
    let pinned = pin(&repository);
    let timestamp = repository.files.get_mut("timestamp.json").unwrap();
    let twice = String::from_utf8(timestamp.clone()).unwrap().replacen(
        r#""signed":{"#,
        r#""x":{"a":1,"a":2},"signed":{"#,
        1,
    );
    *timestamp = twice.into_bytes();
    let refused = update_at(&repository, &pinned, &LocalState::default(), now()).unwrap_err().0;
    assert!(refused.to_string().contains("the field \"a\" is there twice"), "{refused}");
}

#[test]
fn an_expiry_has_one_form() {
    for bad in [
        "2027-01-01 00:00:00Z",
        "2027-01-01T00:00:00.5Z",
        "2027-01-01T00:00:00+00:00",
        "2027-01-01T01:00:00+01:00",
        "2027-01-01T23:59:60Z",
        "2027-01-01t00:00:00z",
    ] {
        let mut repository = repository();
        let pinned = pin(&repository);
        repository.role("timestamp").edit = edit(move |signed| signed["expires"] = json!(bad));
        repository.publish_role("timestamp");
        let refused = update_at(&repository, &pinned, &LocalState::default(), now()).unwrap_err().0;
        assert!(matches!(refused, MetadataError::Malformed { .. }), "{bad}: {refused}");
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
    let local = LocalState::load(&pinned, &wanted(), state, &local.floor().entries()).unwrap();
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
    let state = update_at(&repository, &pinned, &LocalState::default(), now()).unwrap();
    assert_eq!(state.version("timestamp"), 3);
    repository.files = old;
    let (error, _) =
        update_at(&repository, &pinned, &LocalState::complete(state), now()).unwrap_err();
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
    let local = LocalState::load(&pinned, &wanted(), state, &floor).unwrap();
    repository.role("root").expires = expires;
    repository.publish_root();
    repository.role("snapshot").expires = expires;
    repository.publish();
    assert!(update_at(&repository, &pinned, &local, now()).is_ok());
}

#[test]
fn a_pinned_root_that_the_repository_has_not_published_is_not_written_down() {
    let mut repository = repository();
    let (_pinned, local) = first(&repository);
    let newer =
        |repository: &Repository| pins([1, 2, 3].map(|version| repository.root_bytes(version)));
    repository.publish_root();
    repository.publish_root();
    let pins = newer(&repository);
    for version in [2, 3] {
        repository.files.remove(&format!("{version}.root.json")).unwrap();
    }
    let asked = repository.files.clone();
    for local in [&local, &LocalState::default()] {
        let state = update_at(&repository, &pins, local, now()).unwrap();
        assert_eq!(state.version("root"), 1);
        assert_eq!(state.entries().keys().filter(|name| name.ends_with(".root.json")).count(), 1);
    }
    assert_eq!(repository.files, asked);
}

#[test]
fn what_a_pinned_root_does_not_vouch_for_any_more_is_refused() {
    for role in ["timestamp", "snapshot", "targets"] {
        let mut repository = repository();
        let (_pinned, local) = first(&repository);
        let old = repository.files.clone();
        repository.rotate(role);
        repository.publish_root();
        let pins = pins([1, 2].map(|version| repository.root_bytes(version)));
        repository.files = old;
        for local in [&local, &LocalState::default()] {
            let (refused, after) = update_at(&repository, &pins, local, now()).unwrap_err();
            assert_eq!(refused, MetadataError::Outgrown { role: role.to_owned(), root: 2 });
            // Nor is the pinned root written down as one that was published.
            assert!(after.newest_root().unwrap_or(1) == 1);
        }
    }
}

#[test]
fn a_repository_without_any_of_the_pinned_roots_is_none() {
    let mut repository = repository();
    let (_pinned, _) = first(&repository);
    repository.publish_root();
    let pins = pins([1, 2].map(|version| repository.root_bytes(version)));
    repository.files.retain(|name, _| !name.ends_with("root.json"));
    let (refused, after) =
        update_at(&repository, &pins, &LocalState::default(), now()).unwrap_err();
    assert_eq!(refused, MetadataError::Missing { file: "2.root.json".to_owned() });
    assert_eq!(*after, LocalState::default());
}

#[test]
fn states_differ_by_their_versions_and_a_version_has_one_content() {
    let mut repository = repository();
    let (pinned, local) = first(&repository);
    let old = local.state.unwrap();
    let state = |repository: &Repository| {
        update_at(repository, &pinned, &LocalState::default(), now()).unwrap()
    };
    assert_eq!((old.changes(&old), old.check_fork(&old)), (vec![], Ok(())));
    repository.publish();
    let new = state(&repository);
    let changes = old.changes(&new);
    assert_eq!(changes.len(), 3);
    assert_eq!(
        (&*changes[0].role, changes[0].from, changes[0].to),
        ("timestamp", Some(1), Some(2))
    );
    assert_eq!((old.check_fork(&new), new.check_fork(&old)), (Ok(()), Ok(())));

    // A version that exists twice.
    repository.role("timestamp").expires += Duration::days(1);
    repository.republish("timestamp");
    let forked = state(&repository);
    assert!(new.changes(&forked).is_empty());
    let refused = MetadataError::Forked { role: "timestamp".to_owned(), version: 2 };
    assert_eq!(new.check_fork(&forked), Err(refused));

    // Under a newer root, versions may begin anew.
    repository.rotate("timestamp");
    repository.publish_root();
    repository.role("timestamp").version = 1;
    repository.publish();
    let restarted = state(&repository);
    assert_eq!(restarted.version("timestamp"), 2);
    assert_eq!(new.check_fork(&restarted), Ok(()));
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
            LocalState::load(&pinned, &wanted(), Some(entries), &Entries::new())
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
        assert!(LocalState::load(&pinned, &wanted(), state, &torn).is_err(), "{name}");
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
        replay(&pinned, &wanted(), &entries, now()),
        Err(MetadataError::Unexpected { file })
    );
}
