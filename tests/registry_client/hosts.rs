//! Hosts that cannot be reached, may not be reached, or have too much to do.

use super::*;

/// The address of a host where nobody listens.
fn dead() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn at(host: &str, name: &str) -> Collectable {
    let url = Url::parse(&format!("{host}{}", tarball_path(name, "1.0.0"))).unwrap();
    Collectable { resolved: vec![url], ..item(name, "1.0.0") }
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}")).collect()
}

#[test]
fn a_host_that_cannot_be_reached_is_given_up_and_said_once() {
    let (dead, registry) = (dead(), Registry::new().start());
    let items: Vec<_> = names(1318)
        .iter()
        .map(|name| Collectable { integrity: Vec::new(), ..at(&dead, name) })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("@s:registry={}", registry.url());
    let began = Instant::now();
    let collection = collect_by(folder.path(), &npmrc, &options(), &items);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let host = dead.strip_prefix("http://").unwrap();
    for (_, result) in &collection.outcomes {
        let error = result.as_ref().unwrap_err();
        assert_eq!(error.unreachable_host(), Some(host));
        let told = format!("{host} cannot be reached: connection refused");
        assert!(error.to_string().ends_with(&told), "{error}");
    }
    let lines: Vec<_> = collection.unreachable.iter().map(ToString::to_string).collect();
    assert_eq!(lines, [format!("{host} cannot be reached (connection refused): 1,318 packages")]);
}

#[test]
fn bytes_that_a_hash_pins_come_from_the_public_registry_where_a_mirror_is_dead() {
    let (dead, names) = (dead(), names(30));
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let public = published(&packages).start();
    let mut items: Vec<_> = names.iter().map(|name| at(&dead, name)).collect();
    let download = Url::parse(&format!("{dead}/p0/download/p0-1.0.0.tgz")).unwrap();
    items[0].resolved = vec![download];
    items[1].integrity.clear();
    items[2].integrity = vec![Integrity::of(Algorithm::Sha1.digest(&tarball("p2", "1.0.0")))];
    items.push(at(&dead, "missing"));
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("registry={}", public.url());
    let collection = collect_by(folder.path(), &npmrc, &options(), &items);
    let host = dead.strip_prefix("http://").unwrap();
    for (at, (id, result)) in collection.outcomes.iter().enumerate() {
        match (at, result) {
            (1 | 2 | 30, Err(error)) => assert_eq!(error.unreachable_host(), Some(host), "{id}"),
            (_, Ok(collected)) if at != 1 && at != 2 && at != 30 => {
                let registry = collected.registry.as_deref();
                assert_eq!(registry, Some("https://registry.npmjs.org"), "{id}");
                let request = collected.artifact_request.as_ref().unwrap();
                assert!(request.url.starts_with(&public.url()), "{id}");
            }
            other => panic!("{id}: {other:?}"),
        }
    }
    let [one] = collection.unreachable.as_slice() else { panic!("{:?}", collection.unreachable) };
    assert_eq!((one.host.as_str(), one.failed, one.replaced), (host, 3, 28));
}

#[test]
fn other_bytes_in_the_public_registry_are_a_mismatch_and_not_an_absence() {
    let public = Registry::new().package("a", "1.0.0", tarball("evil", "1.0.0")).start();
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("registry={}", public.url());
    let collection = collect_by(folder.path(), &npmrc, &options(), &[at(&dead(), "a")]);
    let result = &collection.outcomes[0].1;
    assert!(matches!(result, Err(CollectError::Mismatch { .. })), "{result:?}");
}

#[test]
fn a_registry_that_is_configured_has_no_replacement() {
    let dead = dead();
    let folder = tempfile::tempdir().unwrap();
    let npmrc = format!("registry={dead}\n@s:registry={dead}");
    let items = [item("a", "1.0.0"), item("@s/b", "1.0.0")];
    let collection = collect_by(folder.path(), &npmrc, &options(), &items);
    assert!(collection.outcomes.iter().all(|(_, result)| result.is_err()));
    assert_eq!(collection.unreachable[0].failed, 2);
}

#[test]
fn a_host_that_answers_now_and_then_is_not_given_up() {
    let names = names(40);
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let registry = names.iter().step_by(2).fold(published(&packages), |registry, name| {
        registry.faults(&tarball_path(name, "1.0.0"), [Fault::Close, Fault::CutOff(3)])
    });
    let registry = registry.start();
    let items: Vec<_> = names.iter().map(|name| item(name, "1.0.0")).collect();
    assert!(collect_from(&registry, &items).iter().all(|(_, result)| result.is_ok()));
}

#[test]
fn a_host_that_says_429_gets_fewer_requests_until_it_answers() {
    let names = names(120);
    let packages: Vec<_> = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let registry = published(&packages).pause(Duration::from_millis(10)).busy_above(4).start();
    let items: Vec<_> = names.iter().map(|name| item(name, "1.0.0")).collect();
    let outcomes = collect_from(&registry, &items);
    let failed: Vec<_> = outcomes.iter().filter(|(_, result)| result.is_err()).collect();
    assert!(failed.is_empty(), "{} failed, as {:?}", failed.len(), failed[0]);
    let asked = registry.requests().len();
    assert!(asked < 2 * 240, "{asked} requests for 240 answers");
}

#[test]
fn lockfiles_and_redirects_do_not_reach_what_is_not_configured() {
    let (registry, inside) = (a(), a().start());
    let local = inside.url().replace("127.0.0.1", "localhost");
    // From a registry at 127.0.0.1 to another host of this machine.
    let registry = registry
        .fault(&tarball_path("a", "1.0.0"), Fault::Redirect(format!("{local}/secret")))
        .fault("/to-metadata", Fault::Redirect("http://169.254.169.254/latest".into()))
        .start();
    let refused = |result: &Result<Collected, CollectError>| match result {
        Err(CollectError::Network(NetworkError::Request { failure, .. })) => {
            assert!(matches!(failure, RequestFailure::NotPublic(_)), "{failure}");
            assert!(result.as_ref().unwrap_err().hint().unwrap().contains("in .npmrc"));
        }
        other => panic!("{other:?}"),
    };
    refused(&collect_from(&registry, &[item("a", "1.0.0")])[0].1);
    let port = inside.host().rsplit(':').next().unwrap().to_owned();
    for host in ["localhost", "a.localhost", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
    {
        let from = |origin: CollectableOrigin, url: &str| Collectable {
            origin,
            resolved: vec![Url::parse(url).unwrap()],
            ..item("a", "1.0.0")
        };
        let url = format!("http://{host}:{port}/a/-/a-1.0.0.tgz");
        let origin = CollectableOrigin::Url(Url::parse(&url).unwrap());
        for item in [from(CollectableOrigin::Registry, &url), from(origin, &url)] {
            refused(&collect_from(&registry, &[item])[0].1);
        }
    }
    let metadata = Url::parse(&format!("{}/to-metadata", registry.url())).unwrap();
    let item = Collectable { origin: CollectableOrigin::Url(metadata), ..item("a", "1.0.0") };
    refused(&collect_from(&registry, &[item])[0].1);
    assert_eq!(inside.requests().len(), 0);
}

#[test]
fn conflicts_are_all_said_before_anything_is_asked() {
    let registry = Registry::new().start();
    let config = RegistryConfig::new(&Npmrc::default(), Some(&registry.url())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    let other = |name: &str| {
        let mut item = Collectable { integrity: Vec::new(), ..item(name, "1.0.0") };
        item.resolved.extend(at("https://other.example", name).resolved);
        item
    };
    let items = [other("a"), item("b", "1.0.0"), other("c")];
    let conflicts = collect(&NETWORK, &config, &cache, &items, &options(), &Quiet).unwrap_err();
    let lines: Vec<_> = conflicts.0.iter().map(ToString::to_string).collect();
    let both = "https://other.example and from https://registry.npmjs.org";
    assert_eq!(lines, [format!("a@1.0.0 comes from {both}"), format!("c@1.0.0 comes from {both}")]);
    assert_eq!(registry.requests().len(), 0);
}
