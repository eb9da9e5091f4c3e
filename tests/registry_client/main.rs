//! Drives the network and the registry client against a registry on loopback that breaks on demand.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the product may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod absences;
mod cache;
mod faults;
mod hosts;
mod secrets;

use std::{
    cell::RefCell,
    path::Path,
    sync::LazyLock,
    time::{Duration, Instant},
};

use sealift::{
    adapters::{
        network::{Network, NetworkError, RequestFailure, Settings},
        registry::{
            AnsweredRequest, Cache, CollectError, Collectable, CollectableOrigin, Collected,
            Collection, ExpectedBy, Npmrc, Options, Progress, RecordError, RegistryConfig, collect,
        },
    },
    core::{
        limits,
        package::{
            PackageId,
            digest::{Algorithm, Integrity},
        },
        time::{self, Time},
    },
};
use testkit::registry::{
    Fault, Registry, Running, attestations_path, integrity, packument_path, tarball, tarball_path,
};
use url::Url;

const RESPONSE: &[u8] = b"{\"attestations\": [ ]}\n";
const TOKEN: &str = "npm_hush0123456789";

fn now() -> Time {
    time::parse("2026-11-23T04:00:00Z").unwrap()
}

/// Settings under which nothing takes long but what a busy machine may make long.
fn settings() -> Settings {
    Settings {
        backoff: Duration::from_millis(10),
        longest_wait: Duration::from_millis(300),
        ..Settings::default()
    }
}

/// One for all tests, as for all requests of a run: reading the platform's certificates takes long.
static NETWORK: LazyLock<Network> = LazyLock::new(|| Network::acquire(settings()).unwrap());

struct Quiet;
impl Progress for Quiet {}

fn id(name: &str, version: &str) -> PackageId {
    PackageId::npm(name, version).unwrap()
}

/// An item as a lockfile of the public registry has it.
fn item(name: &str, version: &str) -> Collectable {
    let resolved = format!("https://registry.npmjs.org{}", tarball_path(name, version));
    Collectable {
        id: id(name, version),
        origin: CollectableOrigin::Registry,
        resolved: vec![Url::parse(&resolved).unwrap()],
        optional: false,
        integrity: vec![Integrity::parse(&integrity(&tarball(name, version))).unwrap()],
    }
}

fn published(packages: &[(&str, &str)]) -> Registry {
    packages.iter().fold(Registry::new(), |registry, (name, version)| {
        registry.package(name, version, tarball(name, version))
    })
}

type Outcomes = Vec<(PackageId, Result<Collected, CollectError>)>;

fn options() -> Options {
    Options { now: now(), not_after: None, concurrency: None }
}

/// Collects by an `.npmrc` alone.
fn collect_by(cache: &Path, npmrc: &str, options: &Options, items: &[Collectable]) -> Collection {
    let config = RegistryConfig::new(&Npmrc::parse(npmrc, &|_| None), None).unwrap();
    collect(&NETWORK, &config, &Cache::open(cache).unwrap(), items, options, &Quiet).unwrap()
}

fn collect_into(cache: &Path, registry: &Running, npmrc: &str, items: &[Collectable]) -> Outcomes {
    let npmrc = Npmrc::parse(npmrc, &|_| None);
    let config = RegistryConfig::new(&npmrc, Some(&registry.url())).unwrap();
    let cache = Cache::open(cache).unwrap();
    collect(&NETWORK, &config, &cache, items, &options(), &Quiet).unwrap().outcomes
}

/// Status and path of a request.
fn asked<'a>(request: &'a Option<AnsweredRequest>, registry: &Running) -> Option<(u16, &'a str)> {
    let request = request.as_ref()?;
    Some((request.status, request.url.strip_prefix(&registry.url()).unwrap()))
}

fn collect_from(registry: &Running, items: &[Collectable]) -> Outcomes {
    collect_into(tempfile::tempdir().unwrap().path(), registry, "", items)
}

/// What became of the one package `a@1.0.0`.
fn one(registry: Registry) -> (Result<Collected, CollectError>, Running) {
    let registry = registry.start();
    let mut outcomes = collect_from(&registry, &[item("a", "1.0.0")]);
    assert_eq!(outcomes.len(), 1);
    (outcomes.remove(0).1, registry)
}

fn a() -> Registry {
    published(&[("a", "1.0.0")]).attestations("a", "1.0.0", RESPONSE.to_vec())
}

/// Why getting `a@1.0.0` failed on the network.
fn failure(result: Result<Collected, CollectError>) -> RequestFailure {
    match result {
        Err(CollectError::Network(NetworkError::Request { failure, .. })) => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_package_is_collected_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let name = "@scope/name";
    let registry = published(&[(name, "1.0.0"), (name, "2.0.0")])
        .signature(name, "1.0.0", "SHA256:key", "c2ln")
        .attestations(name, "1.0.0", RESPONSE.to_vec())
        .gzip()
        .start();
    let outcomes = collect_into(folder.path(), &registry, "", &[item(name, "1.0.0")]);
    let collected = outcomes[0].1.as_ref().unwrap();
    let expected = tarball(name, "1.0.0");
    let artifact = collected.artifact.as_ref().unwrap();
    assert_eq!(std::fs::read(&artifact.path).unwrap(), expected);
    assert_eq!(artifact.digest, Algorithm::Sha512.digest(&expected));
    assert_eq!(artifact.size, expected.len() as u64);
    assert_eq!(collected.registry.as_deref(), Some("https://registry.npmjs.org"));
    assert_eq!(collected.attestations.as_deref(), Some(RESPONSE));
    let record: serde_json::Value =
        serde_json::from_slice(collected.record.as_ref().unwrap()).unwrap();
    assert_eq!(record["name"], name);
    assert_eq!(record["version"], "1.0.0");
    assert_eq!(record["time"], "2026-01-02T03:04:05.678Z");
    assert_eq!(record["manifest"]["dist"]["signatures"][0]["keyid"], "SHA256:key");
    let requests = [
        (&collected.record_request, "/@scope%2fname"),
        (&collected.artifact_request, "/@scope/name/-/name-1.0.0.tgz"),
        (&collected.attestations_request, "/-/npm/v1/attestations/@scope%2fname@1.0.0"),
    ];
    for (request, path) in requests {
        assert_eq!(asked(request, &registry), Some((200, path)));
        assert_eq!(request.as_ref().unwrap().answered_at, now());
    }
    let agent = ("user-agent".to_owned(), format!("sealift/{}", env!("CARGO_PKG_VERSION")));
    assert!(registry.requests().iter().all(|seen| seen.headers.contains(&agent)));
}

#[test]
fn outcomes_are_in_the_items_order_and_a_name_is_asked_for_once() {
    let registry = published(&[("b", "1.0.0"), ("a", "2.0.0"), ("a", "1.0.0")]).start();
    let items = [item("b", "1.0.0"), item("a", "2.0.0"), item("a", "1.0.0")];
    let outcomes = collect_from(&registry, &items);
    let ids: Vec<_> = outcomes.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["b@1.0.0", "a@2.0.0", "a@1.0.0"]);
    assert!(outcomes.iter().all(|(_, result)| result.is_ok()));
    assert_eq!(registry.count(&packument_path("a")), 1);
}

#[test]
fn without_resolved_the_records_tarball_is_asked_for_at_the_configured_registry() {
    let registry = a()
        .edit("a", "1.0.0", |record| {
            record["dist"]["tarball"] = "https://registry.npmjs.org/elsewhere/a.tgz".into();
        })
        .file("/elsewhere/a.tgz", "application/octet-stream", tarball("a", "1.0.0"))
        .start();
    let item = Collectable { resolved: Vec::new(), ..item("a", "1.0.0") };
    assert!(collect_from(&registry, &[item])[0].1.is_ok());
    assert_eq!(registry.count("/elsewhere/a.tgz"), 1);
}

#[test]
fn attestations_are_asked_for_only_where_the_record_names_some() {
    let (result, registry) = one(published(&[("a", "1.0.0")]));
    let collected = result.unwrap();
    assert_eq!((collected.attestations, collected.attestations_request), (None, None));
    assert_eq!(registry.count(&attestations_path("a", "1.0.0")), 0);

    let (result, registry) = one(published(&[("a", "1.0.0")]).names_attestations("a", "1.0.0"));
    let collected = result.unwrap();
    assert_eq!(collected.attestations, None);
    let path = attestations_path("a", "1.0.0");
    assert_eq!(asked(&collected.attestations_request, &registry), Some((404, path.as_str())));
}

#[test]
fn attestations_that_cannot_be_had_fail_the_package() {
    let path = attestations_path("a", "1.0.0");
    let (result, _registry) = one(a().fault(&path, Fault::Status(500)));
    assert_eq!(failure(result), RequestFailure::Status(500));
    let (result, _registry) = one(a().fault(&path, Fault::Status(403)));
    assert!(matches!(result, Err(CollectError::Status { status: 403, .. })), "{result:?}");
    let (result, _registry) = one(a().fault(&path, Fault::Endless));
    assert_eq!(failure(result), RequestFailure::TooLarge(limits::ATTESTATIONS_BYTES));
}

#[test]
fn a_record_that_is_no_record_is_refused() {
    let path = packument_path("a");
    let (result, _registry) = one(a().fault(&path, Fault::Body(b"[1]".to_vec())));
    let malformed = |error: &CollectError| {
        matches!(error, CollectError::Record { error: RecordError::Malformed(_), .. })
    };
    assert!(result.as_ref().is_err_and(malformed), "{result:?}");

    let no_integrity = a().edit("a", "1.0.0", |record| {
        record["dist"].as_object_mut().unwrap().remove("integrity");
    });
    let registry = no_integrity.start();
    let bare = Collectable { integrity: Vec::new(), ..item("a", "1.0.0") };
    let outcomes = collect_from(&registry, &[bare]);
    assert!(matches!(outcomes[0].1, Err(CollectError::NoDigest)), "{outcomes:?}");
    assert_eq!(registry.requests().len(), 1, "nothing is downloaded that nothing speaks for");
}

#[test]
fn one_failure_stops_no_other() {
    let registry = published(&[("a", "1.0.0"), ("c", "1.0.0")])
        .package("b", "1.0.0", tarball("b", "1.0.0"))
        .fault(&packument_path("b"), Fault::Status(500))
        .start();
    let items = [item("a", "1.0.0"), item("b", "1.0.0"), item("c", "1.0.0"), item("d", "1.0.0")];
    let outcomes = collect_from(&registry, &items);
    let good: Vec<_> = outcomes.iter().map(|(_, result)| result.is_ok()).collect();
    assert_eq!(good, [true, false, true, false]);
}

#[test]
fn as_many_requests_are_in_flight_as_may_be_and_no_more() {
    /// Counts the files that are being written whenever bytes arrive.
    struct Files<'a>(&'a Path, RefCell<usize>);
    impl Progress for Files<'_> {
        fn bytes(&self, _bytes: u64) {
            let files = std::fs::read_dir(self.0.join("tarballs")).unwrap();
            let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
            let open = names.filter(|name| name.starts_with(".sealift-")).count();
            let mut most = self.1.borrow_mut();
            *most = open.max(*most);
        }
    }
    let names: Vec<String> = (0..200).map(|number| format!("p{number}")).collect();
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let items: Vec<_> = names.iter().map(|name| item(name, "1.0.0")).collect();
    for (concurrency, most) in [(Some(5), 5), (None, limits::IN_FLIGHT)] {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::open(folder.path()).unwrap();
        let registry = published(&packages).pause(Duration::from_millis(50)).start();
        let config = RegistryConfig::new(&Npmrc::default(), Some(&registry.url())).unwrap();
        let files = Files(folder.path(), RefCell::default());
        let options = Options { concurrency, ..options() };
        let collection = collect(&NETWORK, &config, &cache, &items, &options, &files).unwrap();
        assert!(collection.outcomes.iter().all(|(_, result)| result.is_ok()));
        let in_flight = registry.most_in_flight();
        assert!((most * 3 / 4..=most).contains(&in_flight), "{in_flight} of {most}");
        assert!((1..=most).contains(&files.1.into_inner()));
    }
}

#[test]
fn progress_is_told() {
    #[derive(Default)]
    struct Told(RefCell<(usize, u64, Vec<String>)>);
    impl Progress for Told {
        fn total(&self, packages: usize) {
            self.0.borrow_mut().0 = packages;
        }
        fn bytes(&self, bytes: u64) {
            self.0.borrow_mut().1 += bytes;
        }
        fn done(&self, id: &PackageId) {
            self.0.borrow_mut().2.push(id.to_string());
        }
    }
    let registry = a().start();
    let folder = tempfile::tempdir().unwrap();
    let config = RegistryConfig::new(&Npmrc::default(), Some(&registry.url())).unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let told = Told::default();
    let items = [item("a", "1.0.0"), item("missing", "1.0.0")];
    collect(&NETWORK, &config, &cache, &items, &options(), &told).unwrap();
    let (total, bytes, mut done) = told.0.into_inner();
    done.sort();
    assert_eq!((total, bytes), (2, tarball("a", "1.0.0").len() as u64));
    assert_eq!(done, ["a@1.0.0", "missing@1.0.0"]);
}
