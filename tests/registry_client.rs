//! Drives the network and the registry client against a registry on loopback that breaks on demand.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the product may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

use std::{
    cell::RefCell,
    path::Path,
    time::{Duration, Instant},
};

use sealift::{
    adapters::{
        network::{Failure, Network, NetworkError, Settings},
        registry::{
            Cache, CollectError, Collected, Item, Npmrc, Progress, RecordError, RegistryConfig,
            Source, collect,
        },
    },
    core::{
        digest::{Algorithm, Integrity},
        package::PackageId,
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

/// Settings under which nothing takes long.
fn settings() -> Settings {
    Settings {
        connect: Duration::from_secs(5),
        stall: Duration::from_millis(500),
        grace: Duration::from_millis(600),
        backoff: Duration::from_millis(10),
        longest_wait: Duration::from_millis(300),
        ..Settings::default()
    }
}

fn network() -> Network {
    Network::acquire(settings()).unwrap()
}

struct Quiet;
impl Progress for Quiet {}

fn id(name: &str, version: &str) -> PackageId {
    PackageId::new(name, version).unwrap()
}

/// An item as a lockfile of the public registry has it.
fn item(name: &str, version: &str) -> Item {
    let resolved = format!("https://registry.npmjs.org{}", tarball_path(name, version));
    Item {
        id: id(name, version),
        resolved: Some(Url::parse(&resolved).unwrap()),
        integrity: vec![Integrity::parse(&integrity(&tarball(name, version))).unwrap()],
    }
}

fn published(packages: &[(&str, &str)]) -> Registry {
    packages.iter().fold(Registry::new(), |registry, (name, version)| {
        registry.package(name, version, tarball(name, version))
    })
}

type Outcomes = Vec<(PackageId, Result<Collected, CollectError>)>;

fn collect_into(cache: &Path, registry: &Running, npmrc: &str, items: &[Item]) -> Outcomes {
    let npmrc = Npmrc::parse(npmrc, &|_| None);
    let config = RegistryConfig::new(&npmrc, Some(&registry.url())).unwrap();
    let cache = Cache::open(cache).unwrap();
    collect(&network(), &config, &cache, items, now(), &Quiet)
}

fn collect_from(registry: &Running, items: &[Item]) -> Outcomes {
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
fn failure(result: Result<Collected, CollectError>) -> Failure {
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
    assert_eq!(std::fs::read(&collected.tarball).unwrap(), expected);
    assert_eq!(collected.sha512, Algorithm::Sha512.digest(&expected));
    assert_eq!(collected.size, expected.len() as u64);
    assert_eq!(collected.registry, "https://registry.npmjs.org");
    assert_eq!(collected.attestations.as_deref(), Some(RESPONSE));
    let record: serde_json::Value = serde_json::from_slice(&collected.record).unwrap();
    assert_eq!(record["name"], name);
    assert_eq!(record["version"], "1.0.0");
    assert_eq!(record["time"], "2026-01-02T03:04:05.678Z");
    assert_eq!(record["manifest"]["dist"]["signatures"][0]["keyid"], "SHA256:key");
    let requests: Vec<_> =
        collected.requests.iter().map(|one| (one.url.as_str(), one.status)).collect();
    let url = |path| format!("{}{path}", registry.url());
    assert_eq!(
        requests,
        [
            (url("/@scope%2fname").as_str(), 200),
            (url("/@scope/name/-/name-1.0.0.tgz").as_str(), 200),
            (url("/-/npm/v1/attestations/@scope%2fname@1.0.0").as_str(), 200),
        ]
    );
    assert!(collected.requests.iter().all(|one| one.time == "2026-11-23T04:00:00Z"));
    let agent = ("user-agent".to_owned(), format!("sealift/{}", env!("CARGO_PKG_VERSION")));
    assert!(registry.requests().iter().all(|seen| seen.headers.contains(&agent)));
}

#[test]
fn outcomes_are_sorted_and_a_name_is_asked_for_once() {
    let registry = published(&[("b", "1.0.0"), ("a", "2.0.0"), ("a", "1.0.0")]).start();
    let items = [item("b", "1.0.0"), item("a", "2.0.0"), item("a", "1.0.0")];
    let outcomes = collect_from(&registry, &items);
    let ids: Vec<_> = outcomes.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["a@1.0.0", "a@2.0.0", "b@1.0.0"]);
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
    let item = Item { resolved: None, ..item("a", "1.0.0") };
    assert!(collect_from(&registry, &[item])[0].1.is_ok());
    assert_eq!(registry.count("/elsewhere/a.tgz"), 1);
}

#[test]
fn attestations_are_asked_for_only_where_the_record_names_some() {
    let (result, registry) = one(published(&[("a", "1.0.0")]));
    let collected = result.unwrap();
    assert_eq!((collected.attestations, collected.requests.len()), (None, 2));
    assert_eq!(registry.count(&attestations_path("a", "1.0.0")), 0);

    let (result, _registry) = one(published(&[("a", "1.0.0")]).names_attestations("a", "1.0.0"));
    let collected = result.unwrap();
    assert_eq!((collected.attestations, collected.requests[2].status), (None, 404));
}

#[test]
fn attestations_that_cannot_be_had_fail_the_package() {
    let path = attestations_path("a", "1.0.0");
    let (result, _registry) = one(a().fault(&path, Fault::Status(500)));
    assert_eq!(failure(result), Failure::Status(500));
    let (result, _registry) = one(a().fault(&path, Fault::Status(403)));
    assert!(matches!(result, Err(CollectError::Status { status: 403, .. })), "{result:?}");
    let (result, _registry) = one(a().fault(&path, Fault::Endless));
    assert_eq!(failure(result), Failure::TooLarge(sealift::core::limits::ATTESTATIONS_BYTES));
}

#[test]
fn what_the_registry_lacks_is_said() {
    let (result, registry) = one(Registry::new());
    assert!(matches!(result, Err(CollectError::NotInRegistry { .. })), "{result:?}");
    assert_eq!(registry.requests().len(), 1, "404 is final");

    let (result, _registry) = one(published(&[("a", "2.0.0")]));
    let no_such = |error: &CollectError| {
        matches!(error, CollectError::Record { error: RecordError::NoSuchVersion, .. })
    };
    assert!(result.as_ref().is_err_and(no_such), "{result:?}");

    let (result, _registry) = one(a().fault(&tarball_path("a", "1.0.0"), Fault::Status(404)));
    assert!(matches!(result, Err(CollectError::Status { status: 404, .. })), "{result:?}");
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
    let bare = Item { integrity: Vec::new(), ..item("a", "1.0.0") };
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
fn other_bytes_than_expected_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = tarball_path("a", "1.0.0");
    let registry = a().fault(&path, Fault::Body(tarball("evil", "1.0.0"))).start();
    let outcomes = collect_into(folder.path(), &registry, "", &[item("a", "1.0.0")]);
    let Err(CollectError::Mismatch { mismatch, .. }) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    assert_eq!(mismatch.by, Source::Lockfile);
    assert_eq!(registry.count(&path), 1, "another try would bring the same");
    assert_eq!(std::fs::read_dir(folder.path().join("tarballs")).unwrap().count(), 0);
}

#[test]
fn the_record_must_agree_with_the_lockfile() {
    let (result, _registry) = one(a().edit("a", "1.0.0", |record| {
        record["dist"]["integrity"] = integrity(b"other").into();
    }));
    let by_record = |error: &CollectError| matches!(error, CollectError::Mismatch { mismatch, .. } if mismatch.by == Source::Record);
    assert!(result.as_ref().is_err_and(by_record), "{result:?}");
}

#[test]
fn every_hash_of_the_lockfile_must_match() {
    let registry = a().start();
    let both = format!("{} {}", integrity(&tarball("a", "1.0.0")), integrity(b"other"));
    let weak = Algorithm::Sha1.digest(b"other").to_sri();
    for second in [both, weak] {
        let mut item = item("a", "1.0.0");
        item.integrity.push(Integrity::parse(&second).unwrap());
        let outcomes = collect_from(&registry, &[item]);
        assert!(matches!(outcomes[0].1, Err(CollectError::Mismatch { .. })), "{outcomes:?}");
    }
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_not() {
    let path = tarball_path("a", "1.0.0");
    for fault in [
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(429),
        Fault::Close,
        Fault::CutOff(3),
        Fault::Silence(Duration::from_secs(1)),
    ] {
        let text = format!("{fault:?}");
        let (result, registry) = one(a().faults(&path, [fault.clone(), fault.clone()]));
        assert!(result.is_ok(), "{text}: {result:?}");
        assert_eq!(registry.count(&path), 3, "{text}");
        let (result, registry) = one(a().fault(&path, fault));
        assert!(result.is_err(), "{text}");
        assert_eq!(registry.count(&path), 3, "{text}");
    }
    for status in [400, 401, 410, 418] {
        let (result, registry) = one(a().fault(&path, Fault::Status(status)));
        assert_eq!(failure(result), Failure::Status(status));
        assert_eq!(registry.count(&path), 1);
    }
}

#[test]
fn retry_after_is_honoured_up_to_the_longest_wait() {
    let path = tarball_path("a", "1.0.0");
    // The registry's own `Date` is 04:00:00.
    for after in ["1", "Mon, 23 Nov 2026 04:00:01 GMT", "86400"] {
        for status in [429, 503] {
            let began = Instant::now();
            let (result, _) = one(a().faults(&path, [Fault::RetryAfter(status, after.into())]));
            assert!(result.is_ok(), "{result:?}");
            let took = began.elapsed();
            assert!(took >= Duration::from_millis(300), "{after}: {took:?}");
            assert!(took < Duration::from_secs(5), "{after}: {took:?}");
        }
    }
}

#[test]
fn broken_bodies_are_named() {
    let path = tarball_path("a", "1.0.0");
    let expected = Some(tarball("a", "1.0.0").len() as u64);
    let (result, _registry) = one(a().fault(&path, Fault::CutOff(7)));
    assert_eq!(failure(result), Failure::ClosedEarly { got: 7, expected });
    let (result, _registry) = one(a().fault(&path, Fault::Drip(Duration::from_millis(20))));
    assert!(matches!(failure(result), Failure::TooSlow { .. }));
    let (result, _registry) = one(a().fault(&path, Fault::Silence(Duration::from_secs(2))));
    assert_eq!(failure(result), Failure::Stalled(Duration::from_millis(500)));
    let (result, _registry) = one(a().fault(&path, Fault::Length(u64::MAX / 2)));
    assert_eq!(failure(result), Failure::TooLarge(sealift::core::limits::TARBALL_BYTES));
    // Told to be shorter than it is, a tarball arrives short, and its digest says so.
    let (result, _registry) = one(a().fault(&path, Fault::Length(10)));
    assert!(matches!(result, Err(CollectError::Mismatch { .. })), "{result:?}");
}

#[test]
fn a_captive_portal_is_named() {
    for path in [packument_path("a"), tarball_path("a", "1.0.0"), attestations_path("a", "1.0.0")] {
        let (result, registry) = one(a().fault(&path, Fault::Html));
        let error = result.unwrap_err();
        assert!(error.hint().unwrap().contains("captive portal"), "{error}");
        let expected = format!("{}{path}: answered with a web page (HTML)", registry.url());
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn bounded_gets_answer_403_and_404() {
    let registry = Registry::new()
        .file("/file", "application/json", b"12345".to_vec())
        .file("/endless", "application/json", Vec::new())
        .fault("/endless", Fault::Endless)
        .fault("/forbidden", Fault::Status(403))
        .fault("/broken", Fault::Status(500))
        .start();
    let network = network();
    let get = |path: &str, max| {
        network.get(&Url::parse(&format!("{}{path}", registry.url())).unwrap(), max)
    };
    let response = get("/file", 5).unwrap();
    assert_eq!((response.status, response.body), (200, b"12345".to_vec()));
    let failure = |path, max| match get(path, max) {
        Err(NetworkError::Request { failure, .. }) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(failure("/file", 4), Failure::TooLarge(4));
    assert_eq!(failure("/endless", 1 << 20), Failure::TooLarge(1 << 20));
    assert_eq!(failure("/broken", 5), Failure::Status(500));
    for (path, status) in [("/forbidden", 403), ("/missing", 404)] {
        let response = get(path, 5).unwrap();
        assert_eq!((response.status, response.body), (status, Vec::new()));
    }
}

#[test]
fn a_closed_port_refuses() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = Url::parse(&format!("http://me:{TOKEN}@127.0.0.1:{port}/x?t={TOKEN}#{TOKEN}"));
    let error = network().get(&url.unwrap(), 5).unwrap_err();
    assert_eq!(error.to_string(), format!("http://127.0.0.1:{port}/x: connection refused"));
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[test]
fn redirects_are_followed_but_not_forever_and_not_to_other_schemes() {
    let elsewhere = Registry::new().file("/b", "application/json", b"b".to_vec()).start();
    let registry = Registry::new()
        .fault("/a", Fault::Redirect(format!("{}/b", elsewhere.url())))
        .fault("/loop", Fault::Redirect("/loop".into()))
        .fault("/file", Fault::Redirect("file:///etc/passwd".into()))
        .start();
    let network = network();
    let get =
        |path: &str| network.get(&Url::parse(&format!("{}{path}", registry.url())).unwrap(), 9);
    assert_eq!(get("/a").unwrap().body, b"b");
    let failure = |path| match get(path) {
        Err(NetworkError::Request { failure, .. }) => failure,
        other => panic!("{other:?}"),
    };
    assert_eq!(failure("/loop"), Failure::Redirects(5));
    assert_eq!(failure("/file"), Failure::Scheme("file".into()));
}

#[test]
fn sixteen_requests_are_in_flight_and_no_more() {
    let names: Vec<String> = (0..60).map(|number| format!("p{number}")).collect();
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let registry = published(&packages).pause(Duration::from_millis(30)).start();
    let items: Vec<_> = names.iter().map(|name| item(name, "1.0.0")).collect();
    let outcomes = collect_from(&registry, &items);
    assert!(outcomes.iter().all(|(_, result)| result.is_ok()));
    assert_eq!(registry.most_in_flight(), 16);
}

#[test]
fn an_interrupted_run_downloads_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a", "b", "c", "d"];
    let registry = names
        .iter()
        .fold(Registry::new(), |registry, name| {
            registry.package(name, "1.0.0", tarball(name, "1.0.0")).attestations(
                name,
                "1.0.0",
                RESPONSE.to_vec(),
            )
        })
        .fault(&tarball_path("c", "1.0.0"), Fault::CutOff(9))
        .start();
    let items = names.map(|name| item(name, "1.0.0"));
    let first = collect_into(folder.path(), &registry, "", &items);
    assert_eq!(first.iter().filter(|(_, result)| result.is_ok()).count(), 3);

    registry.set_fault(&tarball_path("c", "1.0.0"), None);
    let before = registry.requests().len();
    let second = collect_into(folder.path(), &registry, "", &items);
    assert!(second.iter().all(|(_, result)| result.is_ok()));
    for seen in &registry.requests()[before..] {
        let new = seen.path.contains("/c-1.0.0.tgz") || seen.path.ends_with("/c@1.0.0");
        assert!(new || seen.if_none_match.is_some(), "{seen:?}");
    }

    let third = collect_into(folder.path(), &registry, "", &items);
    let collected = |outcomes: &Outcomes| -> Vec<Collected> {
        outcomes.iter().filter_map(|(_, result)| result.as_ref().ok().cloned()).collect()
    };
    assert_eq!(collected(&second), collected(&third), "and the log is the same");
    for name in names {
        let tried = if name == "c" { 4 } else { 1 };
        assert_eq!(registry.count(&tarball_path(name, "1.0.0")), tried, "{name}");
    }
}

#[test]
fn a_cached_record_gives_way_to_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let registry = published(&[("a", "1.0.0"), ("a", "2.0.0")]).start();
    let first = collect_into(folder.path(), &registry, "", &[item("a", "1.0.0")]);
    assert!(first[0].1.is_ok());
    // Another version is wanted: the cached answer does not have it, and is not asked with.
    let second = collect_into(folder.path(), &registry, "", &[item("a", "2.0.0")]);
    assert!(second[0].1.is_ok());
    let last = registry.requests().into_iter().rfind(|seen| seen.path == "/a");
    assert_eq!(last.unwrap().if_none_match, None);
}

#[test]
fn a_damaged_cache_costs_a_download_only() {
    let folder = tempfile::tempdir().unwrap();
    let registry = a().start();
    let first = collect_into(folder.path(), &registry, "", &[item("a", "1.0.0")]);
    for kind in ["tarballs", "responses"] {
        for file in std::fs::read_dir(folder.path().join(kind)).unwrap() {
            std::fs::write(file.unwrap().path(), b"damaged").unwrap();
        }
    }
    let second = collect_into(folder.path(), &registry, "", &[item("a", "1.0.0")]);
    assert_eq!(first[0].1.as_ref().unwrap(), second[0].1.as_ref().unwrap());
    assert_eq!(registry.count(&tarball_path("a", "1.0.0")), 2);
    assert!(registry.requests().iter().all(|seen| seen.if_none_match.is_none()));
}

#[test]
fn a_token_goes_to_its_registry_and_nowhere_else() {
    let elsewhere = a().start();
    let registry = a()
        .token(TOKEN)
        .fault(
            &tarball_path("a", "1.0.0"),
            Fault::Redirect(format!("{}{}", elsewhere.url(), tarball_path("a", "1.0.0"))),
        )
        .start();
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("//{}/:_authToken={TOKEN}\n", registry.host());
    let other = Item {
        resolved: Some(Url::parse(&format!("{}/b/-/b-1.0.0.tgz", elsewhere.url())).unwrap()),
        ..item("b", "1.0.0")
    };
    let outcomes = collect_into(folder.path(), &registry, &npmrc, &[item("a", "1.0.0"), other]);
    assert!(outcomes[0].1.is_ok(), "{outcomes:?}");
    assert!(outcomes[1].1.is_err());
    assert!(registry.requests().iter().all(|seen| seen.authorization.is_some()));
    assert!(elsewhere.requests().len() >= 2);
    assert!(elsewhere.requests().iter().all(|seen| seen.authorization.is_none()));

    let npmrc = Npmrc::parse(&npmrc, &|_| None);
    let config = RegistryConfig::new(&npmrc, Some(&registry.url())).unwrap();
    assert!(!format!("{outcomes:?} {npmrc:?} {config:?}").contains(TOKEN));
    for (_, result) in &outcomes {
        let Err(error) = result else { continue };
        assert!(!format!("{error} {:?}", error.hint()).contains(TOKEN));
    }
    assert!(!contains(folder.path(), TOKEN), "the cache holds the token");
}

#[test]
fn without_the_token_the_error_says_what_is_wanted() {
    let (result, _registry) = one(a().token(TOKEN));
    let error = result.unwrap_err();
    assert!(error.to_string().ends_with("/a: status 401"), "{error}");
    assert!(error.hint().unwrap().contains(".npmrc"));
}

#[test]
fn userinfo_of_the_registry_is_a_credential_and_is_never_shown() {
    let registry = a().start();
    let folder = tempfile::tempdir().unwrap();
    let address = format!("http://me:{TOKEN}@{}", registry.host());
    let config = RegistryConfig::new(&Npmrc::default(), Some(&address)).unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let items = [item("a", "1.0.0"), item("missing", "1.0.0")];
    let outcomes = collect(&network(), &config, &cache, &items, now(), &Quiet);
    assert!(outcomes[0].1.is_ok());
    let sent = registry.requests();
    assert!(sent.iter().all(|seen| {
        seen.authorization.as_ref().is_some_and(|value| value.starts_with("Basic "))
    }));
    assert!(!format!("{outcomes:?} {config:?}").contains(TOKEN));
    assert!(!contains(folder.path(), TOKEN));
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
    collect(&network(), &config, &cache, &items, now(), &told);
    let (total, bytes, mut done) = told.0.into_inner();
    done.sort();
    assert_eq!((total, bytes), (2, tarball("a", "1.0.0").len() as u64));
    assert_eq!(done, ["a@1.0.0", "missing@1.0.0"]);
}

/// Whether any file below a folder contains a text.
fn contains(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return contains(&path, text);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}
