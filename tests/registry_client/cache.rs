//! What a second run need not download.

use super::*;

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
