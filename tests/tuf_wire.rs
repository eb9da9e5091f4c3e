//! Faults on the wire: each ends in a clear error, within the bounds, with the store unchanged.
#![cfg(feature = "network")]
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod repository;

use std::{
    path::Path,
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use repository::{instance_at, now, store_in};
use sealift::{
    adapters::{
        network::{Network, NetworkError, RequestFailure, Settings},
        tuf::{Http, InstanceStore, RefreshError, Refreshed, StoredInstance, refresh},
    },
    core::{
        limits::{METADATA_BYTES, ROOT_BYTES, TARGET_BYTES, TIMESTAMP_BYTES},
        trust::instance::Instance,
        tuf::UpdateError,
    },
};
use testkit::tuf::{
    Repository,
    server::{Fault, Server},
};
use url::Url;

/// One for all tests: to acquire it takes longer than any of them.
fn network() -> &'static Network {
    static NETWORK: LazyLock<Network> = LazyLock::new(|| {
        let settings = Settings {
            connect: Duration::from_secs(2),
            stall: Duration::from_millis(300),
            tries: 1,
            ..Settings::default()
        };
        Network::acquire(settings).unwrap()
    });
    &NETWORK
}

struct Client {
    url: Url,
    instance: Instance,
    store: InstanceStore,
}

type Refused = RefreshError<NetworkError>;

impl Client {
    fn new(repository: &Repository, server: &Server, base: &Path) -> Self {
        let url = server.url();
        Self {
            instance: instance_at(&url, repository),
            url: Url::parse(&url).unwrap(),
            store: store_in(base),
        }
    }

    fn refresh(&self) -> Result<Refreshed, Refused> {
        let repository = Http::new(network(), &self.url).unwrap();
        refresh(&self.instance, &repository, &self.store, now())
    }

    fn held(&self) -> StoredInstance {
        self.store.load(&self.instance).unwrap()
    }
}

/// What a client says to a fault in one file, having refreshed before the next versions came out.
fn refused(file: &str, fault: Fault) -> Refused {
    let mut repository = Repository::new(now());
    let server = Server::start(repository.files.clone());
    let base = tempfile::tempdir().unwrap();
    let client = Client::new(&repository, &server, base.path());
    client.refresh().unwrap();
    let before = client.held();
    repository.files.retain(|name, _| !name.starts_with("targets/"));
    repository.targets.insert("trusted_root.json".to_owned(), b"{\"new\":1}".to_vec());
    repository.publish_root();
    repository.publish();
    server.site.lock().unwrap().files = repository.files.clone();
    let published = |name: &&String| *name == file || name.ends_with(file);
    let name = repository.files.keys().rfind(published).unwrap().clone();
    server.fault(&name, fault);
    let start = Instant::now();
    let refused = client.refresh().unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    let after = client.held();
    assert_eq!((after.local.state, after.checked), (before.local.state, before.checked));
    refused
}

/// A file of each kind: the next root, timestamp, snapshot, targets, and a target file.
const FILES: [&str; 5] =
    ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json", "trusted_root.json"];

#[test]
fn what_cannot_be_had_is_told_with_its_name() {
    thread::scope(|scope| {
        for file in FILES {
            scope.spawn(move || {
                for fault in [
                    Fault::Status(500),
                    Fault::CutOff,
                    Fault::Silence,
                    Fault::Endless(None),
                    Fault::Endless(Some(10_000_000_000)),
                ] {
                    let error = refused(file, fault.clone());
                    told_as(file, &fault, &error);
                }
            });
        }
    });
}

fn told_as(file: &str, fault: &Fault, error: &Refused) {
    let RefreshError::Update(UpdateError::Unavailable { file: named, source }) = error else {
        panic!("{file} {fault:?}: {error}");
    };
    assert!(named.ends_with(file), "{error}");
    let NetworkError::Request { failure, .. } = source else { panic!("{error}") };
    let told = match fault {
        Fault::Status(_) => matches!(failure, RequestFailure::Status(500)),
        Fault::CutOff => matches!(failure, RequestFailure::ClosedEarly { .. }),
        Fault::Silence => matches!(failure, RequestFailure::Stalled(_)),
        _ => matches!(failure, RequestFailure::TooLarge(_)),
    };
    assert!(told, "{file} {fault:?}: {error}");
}

#[test]
fn a_captive_portal_is_recognised() {
    for file in FILES {
        let error = refused(file, Fault::Page);
        let RefreshError::Update(UpdateError::Unavailable { source, .. }) = &error else {
            panic!("{file}: {error}");
        };
        assert!(
            matches!(source, NetworkError::Request { failure: RequestFailure::Html, .. }),
            "{error}"
        );
    }
}

#[test]
fn what_is_gone_is_absent() {
    for file in FILES.iter().skip(1) {
        let error = refused(file, Fault::Status(404));
        let RefreshError::Update(UpdateError::Absent { file: named }) = &error else {
            panic!("{file}: {error}");
        };
        assert!(named.ends_with(file));
        assert!(error.hint().is_some());
    }
}

#[test]
fn files_are_taken_up_to_their_limits() {
    for (file, max) in [
        ("2.root.json", ROOT_BYTES),
        ("timestamp.json", TIMESTAMP_BYTES),
        ("2.snapshot.json", METADATA_BYTES),
        ("2.targets.json", METADATA_BYTES),
        ("trusted_root.json", TARGET_BYTES),
    ] {
        let mut repository = Repository::new(now());
        repository.files.retain(|name, _| !name.starts_with("targets/"));
        let content = vec![b' '; usize::try_from(TARGET_BYTES).unwrap()];
        repository.targets.insert("trusted_root.json".to_owned(), content);
        repository.publish_root();
        repository.publish();
        let published = |name: &&String| name.ends_with(file);
        let name = repository.files.keys().find(published).unwrap().clone();
        // White space after a value changes nothing.
        let bytes = repository.files.get_mut(&name).unwrap();
        bytes.resize(usize::try_from(max).unwrap(), b' ');
        let server = Server::start(repository.files.clone());
        let base = tempfile::tempdir().unwrap();
        let client = Client::new(&repository, &server, base.path());
        let after = client.refresh().unwrap().after;
        assert_eq!(after.entries()[&name].len() as u64, max, "{file}");

        let base = tempfile::tempdir().unwrap();
        let client = Client::new(&repository, &server, base.path());
        server.site.lock().unwrap().files.get_mut(&name).unwrap().push(b' ');
        let error = client.refresh().unwrap_err();
        let RefreshError::Update(UpdateError::Unavailable { source, .. }) = &error else {
            panic!("{file}: {error}");
        };
        let NetworkError::Request { failure, .. } = source else { panic!("{error}") };
        assert_eq!(*failure, RequestFailure::TooLarge(max), "{file}");
    }
}

#[test]
fn nobody_there() {
    let repository = Repository::new(now());
    let server = Server::start(repository.files.clone());
    let base = tempfile::tempdir().unwrap();
    let mut client = Client::new(&repository, &server, base.path());
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    client.url = Url::parse(&format!("http://{free}/")).unwrap();
    let error = client.refresh().unwrap_err();
    assert!(error.to_string().starts_with("cannot get 2.root.json: "), "{error}");
}

#[test]
fn a_refresh_asks_for_what_the_specification_needs_and_no_more() {
    let mut repository = Repository::new(now());
    let server = Server::start(repository.files.clone());
    let base = tempfile::tempdir().unwrap();
    let client = Client::new(&repository, &server, base.path());
    client.refresh().unwrap();
    let asked = server.asked();
    assert_eq!(asked[..4], ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]);
    assert!(asked[4].starts_with("targets/") && asked.len() == 5, "{asked:?}");
    // Nothing new.
    client.refresh().unwrap();
    assert_eq!(server.asked(), ["2.root.json", "timestamp.json"]);
    // A new timestamp only.
    repository.publish_role("timestamp");
    server.site.lock().unwrap().files = repository.files.clone();
    client.refresh().unwrap();
    assert_eq!(server.asked(), ["2.root.json", "timestamp.json"]);
    // All new but the target file.
    repository.publish();
    server.site.lock().unwrap().files = repository.files.clone();
    client.refresh().unwrap();
    assert_eq!(
        server.asked(),
        ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"]
    );
}
