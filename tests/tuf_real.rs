//! The real Sigstore repository, as it was in August 2026, over HTTP on loopback.
//!
//! Its files are not part of this repository: `SEALIFT_ROOT_SIGNING` names a folder made by
//! `tests/crosscheck/lay_out.py`. Without it, the same chain of checks runs on the pinned roots
//! alone.
#![cfg(feature = "network")]
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod disk;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use disk::files;
use sealift::{
    adapters::{
        network::{Network, NetworkError, Settings},
        tuf::{Http, RefreshError, Refreshed, TrustStore, import, refresh},
    },
    core::{
        time::{self, Time},
        trust::instance::Instance,
        tuf::{MetadataError, PinnedRoots, UpdateError},
    },
};
use testkit::tuf::server::Server;
use url::Url;

fn at(text: &str) -> Time {
    time::parse(text).unwrap()
}

fn august() -> Time {
    at("2026-08-25T00:00:00Z")
}

/// The laid out repository, if there is one.
fn real() -> Option<PathBuf> {
    std::env::var_os("SEALIFT_ROOT_SIGNING").map(PathBuf::from)
}

fn over_http(
    server: &Server,
    instance: &Instance,
    base: &Path,
    at: Time,
) -> Result<Refreshed, RefreshError<NetworkError>> {
    let network = Network::acquire(Settings::default()).unwrap();
    let url = Url::parse(&server.url()).unwrap();
    let repository = Http::new(&network, &url).unwrap();
    let store = TrustStore::new(base).open(&instance.name).unwrap();
    refresh(instance, &repository, &store, at)
}

/// Public good, with nothing pinned but root 5.
fn from_root_5() -> Instance {
    let public_good = Instance::public_good();
    let (_, root) = public_good.pinned.roots().find(|(version, _)| *version == 5).unwrap();
    let root = PinnedRoots::new(root.to_vec()).unwrap();
    Instance { pinned: root, ..public_good }
}

fn expired(error: &RefreshError<NetworkError>) -> (&str, Time) {
    match error {
        RefreshError::Update(UpdateError::Refused(MetadataError::Expired {
            role,
            expires,
            ..
        })) => (role, *expires),
        other => panic!("{other}"),
    }
}

#[test]
fn the_real_repository_refreshes_from_the_pinned_root() {
    let Some(folder) = real() else { return without_it() };
    let server = Server::start(files(&folder));
    let base = tempfile::tempdir().unwrap();
    let instance = Instance::public_good();
    let state = over_http(&server, &instance, base.path(), august()).unwrap().after;
    let versions = ["timestamp", "snapshot", "targets", "registry.npmjs.org"];
    assert_eq!(versions.map(|role| state.version(role)), [762, 165, 14, 8]);
    let embedded = instance.embedded.unwrap();
    assert_eq!(state.trusted_root().unwrap(), embedded.trusted_root);
    assert_eq!(state.registry_keys(), embedded.npm_keys);
    assert_eq!(server.asked().len(), 7);
    // Nothing new: the next root, and the timestamp.
    over_http(&server, &instance, base.path(), august()).unwrap();
    assert_eq!(server.asked(), ["17.root.json", "timestamp.json"]);
}

#[test]
fn the_real_chain_from_root_5_leads_to_15() {
    let Some(folder) = real() else { return without_it() };
    let server = Server::start(files(&folder));
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let state = over_http(&server, &from_root_5(), one.path(), august()).unwrap().after;
    assert_eq!(state.version("root"), 15);
    let roots = state.entries().keys().filter(|name| name.ends_with(".root.json"));
    assert_eq!(roots.count(), 11);
    assert!(state.registry_keys().is_some());
    // What was refreshed and what is imported are equal, byte for byte.
    let store = TrustStore::new(other.path()).open("public-good").unwrap();
    import(&from_root_5(), &state, &store, august()).unwrap();
    assert_eq!(files(one.path()), files(other.path()));

    // An archive from the time of root 15 still verifies where 16 is pinned.
    let third = tempfile::tempdir().unwrap();
    let store = TrustStore::new(third.path()).open("public-good").unwrap();
    let imported = import(&Instance::public_good(), &state, &store, august()).unwrap();
    assert_eq!(imported.after.trusted_root(), state.trusted_root());

    let folder = files(&folder);
    let fourth = tempfile::tempdir().unwrap();
    let store = TrustStore::new(fourth.path()).open("public-good").unwrap();
    assert_eq!(refresh(&from_root_5(), &folder, &store, august()).unwrap().after, state);
}

#[test]
fn the_real_repository_is_expired_by_now() {
    let Some(folder) = real() else { return without_it() };
    let server = Server::start(files(&folder));
    let now = at("2026-11-23T04:00:00Z");
    let base = tempfile::tempdir().unwrap();
    let error = over_http(&server, &Instance::public_good(), base.path(), now).unwrap_err();
    assert_eq!(expired(&error), ("timestamp", at("2026-08-28T19:25:56Z")));
    assert_eq!(
        error.to_string(),
        "timestamp metadata expired at 2026-08-28T19:25:56Z, before the reference time \
         2026-11-23T04:00:00Z"
    );
    assert!(error.hint().unwrap().contains("import an archive sealed since"));
    let base = tempfile::tempdir().unwrap();
    let error = over_http(&server, &from_root_5(), base.path(), now).unwrap_err();
    assert_eq!(expired(&error), ("root", at("2026-11-20T13:58:18Z")));
}

/// What the pinned roots alone can show: each of them starts a chain, and a repository that
/// serves nothing but roots is told so.
fn without_it() {
    for name in ["public-good", "github", "staging"] {
        let instance = Instance::built_in(name).unwrap();
        let server = Server::start(BTreeMap::new());
        let base = tempfile::tempdir().unwrap();
        let error = over_http(&server, &instance, base.path(), at("2026-11-23T04:00:00Z"));
        let error = error.unwrap_err();
        let root = |version: u64| format!("{version}.root.json");
        let newest = root(instance.pinned.newest());
        assert_eq!(error.to_string(), format!("the repository has no {newest}"), "{name}");
        let mut asked: Vec<String> = instance.pinned.roots().map(|(v, _)| root(v)).collect();
        asked.reverse();
        assert_eq!(server.asked(), asked);
    }
}
