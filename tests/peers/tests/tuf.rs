//! TUF repositories, judged by sealift and by `tough`, which shares no code with it.
//!
//! Each accepts what the other's side publishes. Of repositories with faults, the two may differ:
//! then the fault is on a list with the reason. The list is exact: a new difference fails, and so
//! does one that is gone.
#![allow(clippy::disallowed_methods)] // reads files, and the clock that its peer reads

use std::{collections::BTreeMap, fs, num::NonZeroU64, path::Path};

use aws_lc_rs::{rand::SystemRandom, signature::Ed25519KeyPair};
use chrono::{Duration, Utc};
use sealift::core::{
    trust::instance::{BUILT_IN, Instance},
    tuf::{Entries, LocalState, PinnedRoots, State, WantedTargets, update},
};
use serde_json::json;
use tempfile::TempDir;
use testkit::tuf::{Repository, named};
use tough::{
    FilesystemTransport, IntoVec as _, RepositoryLoader, TargetName,
    editor::{
        RepositoryEditor,
        signed::{PathExists, SignedRole},
    },
    key_source::{KeySource, LocalKeySource},
    schema::{KeyHolder, RoleKeys, RoleType, Root, Signed},
};
use url::Url;

/// Who accepts what the other refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    Sealift,
    Peer,
}

/// What is done to a repository between two updates. It is in its second version; the files of
/// the first are there to fall back to.
type Fault = fn(&mut Repository, &Entries);

const FAULTS: &[(&str, Fault, Option<(Only, &str)>)] = &[
    ("nothing", |it, _| it.publish(), None),
    ("nothing-published", |_, _| {}, None),
    ("keys-rotated", rotated, None),
    ("pins-with-hashes", |it, _| publish_with_hashes(it), None),
    ("root-not-signed-by-the-former", root_not_signed_by_the_former, None),
    ("root-skips-a-version", root_skips_a_version, None),
    ("root-expired", |it, _| expired(it, "root"), None),
    ("timestamp-expired", |it, _| expired(it, "timestamp"), None),
    ("snapshot-expired", |it, _| expired(it, "snapshot"), None),
    ("targets-expired", |it, _| expired(it, "targets"), None),
    ("timestamp-falls-back", timestamp_falls_back, None),
    ("snapshot-missing", |it, _| missing(it, "snapshot"), None),
    ("targets-missing", |it, _| missing(it, "targets"), None),
    ("timestamp-signed-by-a-stranger", |it, _| by_a_stranger(it, "timestamp"), None),
    ("snapshot-signed-by-a-stranger", |it, _| by_a_stranger(it, "snapshot"), None),
    ("targets-signed-by-a-stranger", |it, _| by_a_stranger(it, "targets"), None),
    ("threshold-not-met", threshold_not_met, None),
    ("one-key-under-two-ids", one_key_under_two_ids, None),
    (
        "key-id-of-no-meaning",
        key_id_of_no_meaning,
        // Specification 1.0.20 and later: an id need not be the hash of its key, only unique.
        Some((Only::Sealift, "it demands that a key's id is the hash of its own form of the key")),
    ),
    ("snapshot-without-targets", snapshot_without_targets, None),
    ("snapshot-falls-back", snapshot_falls_back, None),
    ("targets-fall-back", targets_fall_back, None),
    ("wrong-hash-of-the-snapshot", |it, _| wrong_hash(it, "timestamp"), None),
    ("wrong-hash-of-the-targets", |it, _| wrong_hash(it, "snapshot"), None),
    ("target-file-changed", target_file_changed, None),
    ("target-file-missing", target_file_missing, None),
    ("version-is-another-than-the-files", version_is_another, None),
    ("unknown-fields", unknown_fields, None),
];

#[tokio::test]
async fn faults() {
    let now = Utc::now();
    let mut wrong = Vec::new();
    for (name, fault, listed) in FAULTS {
        let mut repository = Repository::new(now);
        let first = repository.files.clone();
        repository.publish();
        let mut ours = Ours::new(&repository);
        let theirs = Theirs::new(&repository);
        ours.update(&repository).unwrap();
        theirs.update(&repository).await.unwrap();
        fault(&mut repository, &first);
        let (ours, theirs) = (ours.update(&repository), theirs.update(&repository).await);
        let found = match (&ours, &theirs) {
            (Ok(()), Err(_)) => Some(Only::Sealift),
            (Err(_), Ok(())) => Some(Only::Peer),
            _ => None,
        };
        if found != listed.map(|(who, _)| who) {
            wrong.push(format!("{name}: {found:?}; ours {ours:?}, theirs {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ from the list:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn what_tough_publishes_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let (root, entries) = published_by_tough(folder.path()).await;
    let pinned = PinnedRoots::new(root).unwrap();
    let state = update(
        &pinned,
        &WantedTargets::of(Some(sealift::core::addresses::NPM_REGISTRY)),
        &LocalState::default(),
        &entries,
        Utc::now(),
        &mut |_| true,
    );
    let state = state.map_err(|failure| format!("{:?}", failure.error)).unwrap();
    assert_eq!(state.trusted_root(), Some(&b"{}"[..]));
    assert_eq!(state.version("timestamp"), 3);
}

#[test]
fn every_pinned_root_that_tough_can_read_is_good_to_it() {
    let mut refused = Vec::new();
    for name in BUILT_IN {
        for (version, bytes) in Instance::built_in(name).unwrap().pinned.roots() {
            let verdict = serde_json::from_slice::<Signed<Root>>(bytes)
                .map_err(|error| error.to_string())
                .and_then(|root| root.signed.verify_role(&root).map_err(|error| error.to_string()));
            if let Err(error) = verdict {
                refused.push((format!("{name}/{version}"), error));
            }
        }
    }
    let names: Vec<_> = refused.iter().map(|(name, _)| name.as_str()).collect();
    // GitHub's roots are not in a form that it can read.
    assert_eq!(names, ["github/8", "github/9"], "{refused:#?}");
}

/// This crate, as a client that keeps what it has.
struct Ours {
    pinned: PinnedRoots,
    local: LocalState,
}

impl Ours {
    fn new(repository: &Repository) -> Self {
        let pinned = PinnedRoots::new(repository.root_bytes(1)).unwrap();
        Self { pinned, local: LocalState::default() }
    }

    fn update(&mut self, repository: &Repository) -> Result<(), String> {
        let wanted = WantedTargets::of(Some(sealift::core::addresses::NPM_REGISTRY));
        let state: State =
            update(&self.pinned, &wanted, &self.local, &repository.files, Utc::now(), &mut |_| {
                true
            })
            .map_err(|failure| format!("{:?}", failure.error))?;
        let missed = state.missed().values().next().cloned();
        self.local = LocalState::complete(state);
        // The other client knows no optional targets.
        missed.map_or(Ok(()), Err)
    }
}

/// `tough`, as a client that keeps what it has. It reads the clock itself.
struct Theirs {
    root: Vec<u8>,
    folder: TempDir,
}

impl Theirs {
    fn new(repository: &Repository) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("local")).unwrap();
        Self { root: repository.root_bytes(1), folder }
    }

    async fn update(&self, repository: &Repository) -> Result<(), String> {
        let published = self.folder.path().join("published");
        let _ = fs::remove_dir_all(&published);
        for (name, bytes) in &repository.files {
            let path = published.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let url = |path: &Path| Url::from_directory_path(path).unwrap();
        let loaded =
            RepositoryLoader::new(&self.root, url(&published), url(&published.join("targets")))
                .transport(FilesystemTransport)
                .datastore(self.folder.path().join("local"))
                .load()
                .await
                .map_err(|error| error.to_string())?;
        let name = TargetName::new("trusted_root.json").unwrap();
        let target = loaded.read_target(&name).await.map_err(|error| error.to_string())?;
        let target = target.ok_or("no such target")?;
        target.into_vec().await.map(drop).map_err(|error| error.to_string())
    }
}

fn rotated(repository: &mut Repository, _: &Entries) {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        repository.rotate(role);
    }
    repository.publish_root();
    repository.publish();
}

fn publish_with_hashes(repository: &mut Repository) {
    repository.hashes = true;
    repository.publish();
}

fn root_not_signed_by_the_former(repository: &mut Repository, _: &Entries) {
    repository.rotate("root");
    repository.role("root").former.clear();
    repository.publish_root();
}

fn root_skips_a_version(repository: &mut Repository, _: &Entries) {
    repository.role("root").edit = Some(Box::new(|signed| signed["version"] = json!(3)));
    repository.publish_root();
}

fn expired(repository: &mut Repository, role: &str) {
    repository.role(role).expires = Utc::now() - Duration::hours(1);
    if role == "root" {
        repository.publish_root();
    }
    repository.publish();
}

fn timestamp_falls_back(repository: &mut Repository, first: &Entries) {
    repository.files.insert("timestamp.json".into(), first["timestamp.json"].clone());
}

fn missing(repository: &mut Repository, role: &str) {
    repository.publish();
    repository.files.remove(&format!("3.{role}.json")).unwrap();
}

fn by_a_stranger(repository: &mut Repository, role: &str) {
    let other = named(testkit::sigstore::Key::p256());
    repository.role(role).keys = vec![other];
    repository.publish();
}

fn threshold_not_met(repository: &mut Repository, _: &Entries) {
    let role = repository.role("timestamp");
    role.keys.push(named(testkit::sigstore::Key::p256()));
    role.threshold = 2;
    repository.publish_root();
    repository.role("timestamp").keys.pop();
    repository.publish();
}

fn one_key_under_two_ids(repository: &mut Repository, _: &Entries) {
    let role = repository.role("timestamp");
    let (_, key) = role.keys[0].clone();
    role.keys.push(("00".repeat(32), key));
    role.threshold = 2;
    repository.publish_root();
    repository.publish();
}

fn key_id_of_no_meaning(repository: &mut Repository, _: &Entries) {
    repository.role("timestamp").keys[0].0 = "00".repeat(32);
    repository.publish_root();
    repository.publish();
}

fn snapshot_without_targets(repository: &mut Repository, _: &Entries) {
    repository.role("snapshot").edit = Some(Box::new(|signed| signed["meta"] = json!({})));
    repository.publish();
}

/// The timestamp names the snapshot before, which is still there.
fn snapshot_falls_back(repository: &mut Repository, _: &Entries) {
    repository.role("timestamp").edit =
        Some(Box::new(|signed| signed["meta"]["snapshot.json"]["version"] = json!(1)));
    repository.publish();
}

fn targets_fall_back(repository: &mut Repository, _: &Entries) {
    repository.role("snapshot").edit =
        Some(Box::new(|signed| signed["meta"]["targets.json"]["version"] = json!(1)));
    repository.publish();
}

fn wrong_hash(repository: &mut Repository, role: &str) {
    repository.hashes = true;
    repository.role(role).edit = Some(Box::new(|signed| {
        for (_, pin) in signed["meta"].as_object_mut().unwrap() {
            pin["hashes"]["sha256"] = json!("00".repeat(32));
        }
    }));
    repository.publish();
}

/// Another target than the one that clients hold already, and its published name.
fn new_target(repository: &mut Repository) -> String {
    let known = repository.files.clone();
    repository.targets.insert("trusted_root.json".into(), b"[1]".to_vec());
    repository.publish();
    let is_new = |name: &&String| name.starts_with("targets/") && !known.contains_key(*name);
    repository.files.keys().find(is_new).unwrap().clone()
}

fn target_file_changed(repository: &mut Repository, _: &Entries) {
    let name = new_target(repository);
    repository.files.insert(name, b"[2]".to_vec());
}

fn target_file_missing(repository: &mut Repository, _: &Entries) {
    let name = new_target(repository);
    repository.files.remove(&name);
}

fn version_is_another(repository: &mut Repository, _: &Entries) {
    repository.role("targets").edit = Some(Box::new(|signed| signed["version"] = json!(7)));
    repository.publish();
}

fn unknown_fields(repository: &mut Repository, _: &Entries) {
    for role in ["root", "timestamp", "snapshot", "targets"] {
        repository.role(role).edit = Some(Box::new(|signed| signed["x-more"] = json!({"a": [1]})));
    }
    repository.publish_root();
    repository.publish();
}

/// The root, and all that its editor publishes under it.
async fn published_by_tough(folder: &Path) -> (Vec<u8>, Entries) {
    let path = |name: &str| folder.join(name);
    let pair = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    fs::write(path("key"), pair.as_ref()).unwrap();
    let source = LocalKeySource { path: path("key") };
    let key = source.as_sign().await.unwrap().tuf_key();
    let id = key.key_id().unwrap();
    let number = |n| NonZeroU64::new(n).unwrap();
    let role =
        RoleKeys { keyids: vec![id.clone()], threshold: number(1), _extra: Default::default() };
    let roles = [RoleType::Root, RoleType::Timestamp, RoleType::Snapshot, RoleType::Targets];
    // Whole seconds, as the specification writes times (1.0, section 4.2.1) and python-tuf reads them;
    // tough also writes fractions, which are refused.
    let expires = jiff::Timestamp::from_second(jiff::Timestamp::now().as_second()).unwrap()
        + jiff::SignedDuration::from_hours(24);
    let root = Root {
        spec_version: "1.0.0".into(),
        consistent_snapshot: true,
        version: number(1),
        expires,
        keys: [(id, key)].into(),
        roles: roles.map(|kind| (kind, role.clone())).into(),
        _extra: Default::default(),
    };
    let keys: Vec<Box<dyn KeySource>> = vec![Box::new(source)];
    let holder = KeyHolder::Root(root.clone());
    let root = SignedRole::new(root, &holder, &keys, &SystemRandom::new()).await.unwrap();
    fs::write(path("root.json"), root.buffer()).unwrap();

    fs::create_dir(path("in")).unwrap();
    fs::write(path("in/trusted_root.json"), b"{}").unwrap();
    let mut editor = RepositoryEditor::new(path("root.json")).await.unwrap();
    editor.targets_version(number(1)).unwrap().targets_expires(expires).unwrap();
    editor.snapshot_version(number(2)).snapshot_expires(expires);
    editor.timestamp_version(number(3)).timestamp_expires(expires);
    editor.add_target_path(path("in/trusted_root.json")).await.unwrap();
    let signed = editor.sign(&keys).await.unwrap();
    signed.write(path("out")).await.unwrap();
    signed.copy_targets(path("in"), path("out/targets"), PathExists::Fail).await.unwrap();

    let mut entries = BTreeMap::new();
    for (prefix, folder) in [("", "out"), ("targets/", "out/targets")] {
        for file in fs::read_dir(path(folder)).unwrap().map(|file| file.unwrap().path()) {
            if file.is_file() {
                let name = file.file_name().unwrap().to_str().unwrap();
                entries.insert(format!("{prefix}{name}"), fs::read(&file).unwrap());
            }
        }
    }
    (root.buffer().clone(), entries)
}
