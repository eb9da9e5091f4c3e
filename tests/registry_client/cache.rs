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

/// Another day.
fn later() -> Options {
    Options { now: time::parse("2026-12-24T04:00:00.5Z").unwrap(), ..options() }
}

fn times(outcomes: &Outcomes) -> Vec<Option<String>> {
    let (_, result) = &outcomes[0];
    let collected = result.as_ref().unwrap();
    let requests =
        [&collected.record_request, &collected.artifact_request, &collected.attestations_request];
    requests.map(|request| request.as_ref().map(|one| time::format(one.answered_at))).to_vec()
}

/// Collects `a@1.0.0`, or what stands in for it, now and another day.
fn twice(
    registry: &Running,
    npmrc: &str,
    item: Collectable,
    between: impl FnOnce(&Running),
) -> [Outcomes; 2] {
    let folder = tempfile::tempdir().unwrap();
    let items = [item];
    let first = collect_by(folder.path(), npmrc, &options(), &items).outcomes;
    between(registry);
    [first, collect_by(folder.path(), npmrc, &later(), &items).outcomes]
}

#[test]
fn what_is_confirmed_keeps_the_time_of_its_first_answer() {
    let registry = a().start();
    let npmrc = format!("registry={}", registry.url());
    let [first, second] = twice(&registry, &npmrc, item("a", "1.0.0"), |_| {});
    assert_eq!(times(&first), vec![Some("2026-11-23T04:00:00Z".to_owned()); 3]);
    assert_eq!(first[0].1.as_ref().unwrap(), second[0].1.as_ref().unwrap());
}

#[test]
fn what_is_answered_whole_again_keeps_its_time() {
    // The same bodies, whole: no tag confirms them.
    let packument = serde_json::json!({"versions": {"1.0.0": {"dist": {
        "integrity": integrity(&tarball("a", "1.0.0")), "attestations": {}}}}});
    let whole = |body: &serde_json::Value| Some(Fault::Body(body.to_string().into_bytes()));
    let registry = a().start();
    registry.set_fault("/a", whole(&packument));
    let npmrc = format!("registry={}", registry.url());
    let [first, second] = twice(&registry, &npmrc, item("a", "1.0.0"), |registry| {
        // Another version was published since.
        let mut newer = packument.clone();
        newer["versions"]["2.0.0"] = serde_json::json!({});
        registry.set_fault("/a", whole(&newer));
        registry.set_fault(&attestations_path("a", "1.0.0"), Some(Fault::Body(RESPONSE.to_vec())));
    });
    assert_eq!(first[0].1.as_ref().unwrap(), second[0].1.as_ref().unwrap());

    // A record that has changed is of the day on which it was seen.
    let [_, second] = twice(&registry, &npmrc, item("a", "1.0.0"), |registry| {
        let mut changed = packument.clone();
        changed["versions"]["1.0.0"]["deprecated"] = "yes".into();
        registry.set_fault("/a", whole(&changed));
        let other = Fault::Body(b"{\"attestations\":[]}".to_vec());
        registry.set_fault(&attestations_path("a", "1.0.0"), Some(other));
    });
    let (old, new) = ("2026-11-23T04:00:00Z", "2026-12-24T04:00:00Z");
    assert_eq!(times(&second), [new, old, new].map(|time| Some(time.to_owned())).to_vec());
}

#[test]
fn an_absence_keeps_the_time_of_its_first_answer() {
    let registry = published(&[("@s/b", "2.0.0")]).start();
    let npmrc = format!("@s:registry={}", registry.url());
    for name in ["@s/a", "@s/b"] {
        let optional = Collectable { optional: true, ..item(name, "1.0.0") };
        let [first, second] = twice(&registry, &npmrc, optional, |_| {});
        assert_eq!(first[0].1.as_ref().unwrap(), second[0].1.as_ref().unwrap());
        let time = Some("2026-11-23T04:00:00Z".to_owned());
        assert_eq!(times(&second), vec![time.clone(), time, None]);
    }
}

#[test]
fn an_answer_that_came_too_late_is_an_error_and_one_of_before_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let registry = a().start();
    let npmrc = format!("registry={}", registry.url());
    let items = [item("a", "1.0.0")];
    let before = Options { not_after: Some(now() - chrono::TimeDelta::seconds(1)), ..options() };
    let collection = collect_by(folder.path(), &npmrc, &before, &items);
    let Err(error @ CollectError::TooLate { .. }) = &collection.outcomes[0].1 else {
        panic!("{collection:?}")
    };
    assert!(
        error.to_string().contains("of 2026-11-23T04:00:00Z, which is after 2026-11-23T03:59:59Z")
    );
    assert!(error.hint().unwrap().contains("SOURCE_DATE_EPOCH"));
    // The same second is not a later one, and on another day the cache has the answers of this one.
    for day in [options(), later()] {
        let until = Options { not_after: Some(now()), ..day };
        let collection = collect_by(folder.path(), &npmrc, &until, &items);
        assert!(collection.outcomes[0].1.is_ok(), "{collection:?}");
    }
}

#[test]
fn the_bytes_of_another_address_are_asked_for_at_this_one() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (a().start(), a().start());
    for registry in [&one, &two] {
        let outcomes = collect_into(folder.path(), registry, "", &[item("a", "1.0.0")]);
        let path = tarball_path("a", "1.0.0");
        let request = &outcomes[0].1.as_ref().unwrap().artifact_request;
        assert_eq!(asked(request, registry), Some((200, path.as_str())));
        assert_eq!(registry.count(&path), 1, "its word is recorded, so it must be its own");
    }
}
