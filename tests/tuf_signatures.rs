//! Refusals of the TUF driver, by their variants: keys, thresholds, roots, and what is not metadata.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod repository;

use repository::{edit, fresh, now, repository, update_at};
use sealift::core::{
    limits::ROOT_VERSIONS,
    tuf::{LocalState, MetadataError, PinnedRoots, WantedTargets, replay},
};
use serde_json::json;
use testkit::tuf::{Key, Repository, named};

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

/// What verifies counts, not how it is written.
#[test]
fn one_key_in_several_texts_counts_once() {
    let texts: [fn(&str) -> String; 6] = [
        |pem| pem.replace('\n', "\r\n"),
        |pem| format!("\n  {pem}\n\n"),
        |pem| pem.replace("PUBLIC KEY", "EC PUBLIC KEY"),
        |pem| pem.replacen("-----\n", "-----\nComment: another\n\n", 1),
        |pem| pem.replacen("-----\n", "-----\nProc-Type: 4,CLEAR\nX: y\n\n", 1),
        |pem| format!("{pem}{pem}"),
    ];
    for text in texts {
        let mut repository = repository();
        let key = Key::p256();
        let other = text(&key.pem());
        repository.role("timestamp").keys = vec![named(key.clone()), ("other".to_owned(), key)];
        repository.role("timestamp").threshold = 2;
        repository.role("root").edit =
            edit(move |signed| signed["keys"]["other"]["keyval"]["public"] = json!(other));
        repository.publish_root();
        repository.publish();
        let role = "timestamp".to_owned();
        let refused = fresh(&repository).unwrap_err();
        // A text that no key can be read from verifies nothing.
        assert!(
            refused == MetadataError::OneKeyTwice { role: role.clone(), distinct: 1, threshold: 2 }
                || refused == MetadataError::Threshold { role, found: 1, threshold: 2 },
            "{refused}"
        );
    }
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
    let state = fresh(&repository).unwrap();
    assert_eq!(state.version("root"), 1 + ROOT_VERSIONS);
    let wanted = WantedTargets::of(None);
    let pinned = PinnedRoots::new(repository.root_bytes(1)).unwrap();
    let replayed = |entries| replay(&pinned, &wanted, entries, now());
    assert!(replayed(state.entries()).is_ok());
    // Carried, they are as many.
    let mut carried = state.entries().clone();
    let last = format!("{}.root.json", 1 + ROOT_VERSIONS);
    carried.insert(format!("{}.root.json", 2 + ROOT_VERSIONS), carried[&last].clone());
    let refused = MetadataError::TooManyRoots { bound: ROOT_VERSIONS };
    assert_eq!(replayed(&carried).unwrap_err(), refused);
    repository.publish_root();
    assert_eq!(fresh(&repository).unwrap_err(), refused);
}

#[test]
fn the_roots_before_a_first_one_of_version_0_come_to_an_end() {
    let mut repository = repository();
    repository.role("root").edit = edit(|signed| signed["version"] = json!(0));
    repository.publish_root();
    let pinned = PinnedRoots::new(repository.root_bytes(2)).unwrap();
    repository.files.retain(|name, _| !name.ends_with(".root.json"));
    let state = update_at(&repository, &pinned, &LocalState::default(), now()).unwrap();
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
