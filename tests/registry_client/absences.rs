//! What a registry does not list, or does not have.

use super::*;

/// A registry of one scope, which is itself the expected one.
fn scoped(registry: &Running) -> String {
    format!("@s:registry={}\n", registry.url())
}

fn optional(name: &str) -> Collectable {
    Collectable { optional: true, ..item(name, "1.0.0") }
}

/// What becomes of one package of the scope.
fn own(registry: &Running, item: Collectable) -> Result<Collected, CollectError> {
    let folder = tempfile::tempdir().unwrap();
    collect_by(folder.path(), &scoped(registry), &options(), &[item]).outcomes.remove(0).1
}

#[test]
fn a_package_that_is_nowhere_is_an_error() {
    let (result, registry) = one(Registry::new());
    assert!(matches!(result, Err(CollectError::NotInRegistry { .. })), "{result:?}");
    assert_eq!(registry.requests().len(), 2, "the packument and the tarball that a hash pins");

    let (result, _registry) = one(published(&[("a", "2.0.0")]));
    let not_listed = matches!(&result, Err(CollectError::NotListed { pinned: true, .. }));
    assert!(not_listed, "{result:?}");

    for status in [404, 410] {
        let (result, _registry) =
            one(a().fault(&tarball_path("a", "1.0.0"), Fault::Status(status)));
        let absent = |error: &CollectError| matches!(error, CollectError::Status { status: found, .. } if *found == status);
        assert!(result.as_ref().is_err_and(absent), "{result:?}");
    }
}

#[test]
fn a_version_that_is_served_and_not_listed_is_collected_without_a_record() {
    let path = tarball_path("a", "1.0.0");
    let served = |packument: Registry| {
        packument.file(&path, "application/octet-stream", tarball("a", "1.0.0"))
    };
    let listed = published(&[("a", "2.0.0")]);
    for (registry, status) in [(served(listed), 200), (served(Registry::new()), 404)] {
        let (result, registry) = one(registry);
        let collected = result.unwrap();
        assert_eq!((collected.record, collected.attestations), (None, None));
        assert!(collected.artifact.is_some());
        assert_eq!(asked(&collected.record_request, &registry), Some((status, "/a")));
        assert_eq!(asked(&collected.artifact_request, &registry), Some((200, path.as_str())));
        let attestations = attestations_path("a", "1.0.0");
        let request = asked(&collected.attestations_request, &registry);
        assert_eq!(
            request,
            Some((404, attestations.as_str())),
            "no record says that there is none"
        );
    }
    let response = served(published(&[("a", "2.0.0")])).file(
        &attestations_path("a", "1.0.0"),
        "application/json",
        RESPONSE.to_vec(),
    );
    assert_eq!(one(response).0.unwrap().attestations.as_deref(), Some(RESPONSE));
}

#[test]
fn a_version_that_is_not_listed_needs_a_strong_hash() {
    let path = tarball_path("a", "1.0.0");
    let weak = Integrity::of(Algorithm::Sha1.digest(&tarball("a", "1.0.0")));
    for integrity in [vec![], vec![weak]] {
        let registry = published(&[("a", "2.0.0")])
            .file(&path, "application/octet-stream", tarball("a", "1.0.0"))
            .start();
        let outcomes = collect_from(&registry, &[Collectable { integrity, ..item("a", "1.0.0") }]);
        let Err(error @ CollectError::NotListed { pinned: false, .. }) = &outcomes[0].1 else {
            panic!("{outcomes:?}")
        };
        assert!(error.hint().unwrap().contains("without a hash of SHA-256 or stronger"));
        assert_eq!(registry.count(&path), 0);
    }
}

#[test]
fn an_entry_without_a_hash_is_held_to_the_record() {
    let bare = Collectable { integrity: Vec::new(), ..item("a", "1.0.0") };
    let good = a().start();
    assert!(collect_from(&good, std::slice::from_ref(&bare))[0].1.is_ok());
    let other =
        a().fault(&tarball_path("a", "1.0.0"), Fault::Body(tarball("evil", "1.0.0"))).start();
    let outcomes = collect_from(&other, &[bare]);
    let by_record = |error: &CollectError| matches!(error, CollectError::Mismatch { mismatch, .. } if mismatch.by == ExpectedBy::Record);
    assert!(outcomes[0].1.as_ref().is_err_and(by_record), "{outcomes:?}");
}

#[test]
fn an_optional_package_that_the_expected_registry_has_not_is_unavailable() {
    for status in [404, 410] {
        let registry = Registry::new()
            .fault(&packument_path("@s/a"), Fault::Status(status))
            .fault(&tarball_path("@s/a", "1.0.0"), Fault::Status(status))
            .start();
        let collected = own(&registry, optional("@s/a")).unwrap();
        assert_eq!((&collected.artifact, &collected.record), (&None, &None));
        assert_eq!(collected.registry.as_deref(), Some(registry.url().as_str()));
        assert_eq!(asked(&collected.record_request, &registry), Some((status, "/@s%2fa")));
        let path = tarball_path("@s/a", "1.0.0");
        assert_eq!(asked(&collected.artifact_request, &registry), Some((status, path.as_str())));
        assert_eq!(collected.attestations_request, None);
        assert!(
            own(&registry, item("@s/a", "1.0.0")).is_err(),
            "it is optional or it must be there"
        );
    }
    let registry = Registry::new().start();
    let bare = Collectable { integrity: Vec::new(), ..optional("@s/a") };
    let collected = own(&registry, bare).unwrap();
    assert_eq!((collected.artifact, collected.artifact_request), (None, None));
    assert_eq!(collected.record_request.unwrap().status, 404);
}

#[test]
fn an_optional_package_that_is_there_is_collected() {
    let registry = published(&[("@s/a", "1.0.0")]).start();
    assert!(own(&registry, optional("@s/a")).unwrap().artifact.is_some());
    // Listed, and the tarball is gone.
    let registry = published(&[("@s/a", "1.0.0")])
        .fault(&tarball_path("@s/a", "1.0.0"), Fault::Status(404))
        .start();
    let collected = own(&registry, optional("@s/a")).unwrap();
    assert_eq!(collected.artifact, None);
    assert!(collected.record.is_some());
    assert_eq!(collected.artifact_request.unwrap().status, 404);
    // Unlisted, without a strong hash, and served all the same: npm would install it.
    let registry = published(&[("@s/a", "2.0.0")])
        .file(&tarball_path("@s/a", "1.0.0"), "application/octet-stream", tarball("@s/a", "1.0.0"))
        .start();
    let bare = Collectable { integrity: Vec::new(), ..optional("@s/a") };
    let result = own(&registry, bare);
    assert!(matches!(result, Err(CollectError::NotListed { pinned: false, .. })), "{result:?}");
}

#[test]
fn nothing_but_an_absence_makes_an_optional_package_unavailable() {
    for fault in [Fault::Status(403), Fault::Status(500), Fault::Close, Fault::Html] {
        for path in [packument_path("@s/a"), tarball_path("@s/a", "1.0.0")] {
            let registry = published(&[("@s/a", "1.0.0")]).fault(&path, fault.clone()).start();
            let result = own(&registry, optional("@s/a"));
            assert!(result.is_err(), "{path} {fault:?}: {result:?}");
        }
    }
}

#[test]
fn another_hosts_absence_makes_nothing_unavailable() {
    // The mirror has neither record nor tarball; or it has the record, and another host no tarball.
    let elsewhere = Registry::new().start();
    for (registry, tarball) in [(Registry::new(), None), (a(), Some("/files/a.tgz"))] {
        let registry = registry.start();
        let mut item = optional("a");
        if let Some(path) = tarball {
            item.resolved = vec![Url::parse(&format!("{}{path}", elsewhere.url())).unwrap()];
        }
        let outcomes = collect_from(&registry, &[item]);
        let Err(error @ CollectError::NotInMirror { .. }) = &outcomes[0].1 else {
            panic!("{outcomes:?}")
        };
        let hint = error.hint().unwrap();
        assert!(hint.contains("https://registry.npmjs.org itself can say"), "{hint}");
    }
}

/// Nobody but the lockfile says that this registry is the one to ask.
#[test]
fn the_absence_in_a_registry_that_only_the_lockfile_names_makes_nothing_unavailable() {
    let mirror = a().start();
    let named = Registry::new().start();
    for integrity in [optional("a").integrity, Vec::new()] {
        let resolved = format!("{}{}", named.url(), tarball_path("a", "1.0.0"));
        let resolved = vec![Url::parse(&resolved).unwrap()];
        let outcomes =
            collect_from(&mirror, &[Collectable { resolved, integrity, ..optional("a") }]);
        let Err(error @ CollectError::NotWhereSaid { .. }) = &outcomes[0].1 else {
            panic!("{outcomes:?}")
        };
        assert!(error.hint().unwrap().contains("only a configured registry can say"), "{error}");
    }
}

#[test]
fn a_tarball_of_no_registry_has_a_hash_and_no_record() {
    let registry = Registry::new()
        .file("/files/a.tgz", "application/octet-stream", tarball("a", "1.0.0"))
        .start();
    let url = Url::parse(&format!("{}/files/a.tgz?token={TOKEN}", registry.url())).unwrap();
    let from = |url: Url| Collectable {
        origin: CollectableOrigin::Url(url),
        resolved: Vec::new(),
        ..item("a", "1.0.0")
    };
    let outcomes = collect_from(&registry, &[from(url.clone())]);
    let collected = outcomes[0].1.as_ref().unwrap();
    assert_eq!((&collected.registry, &collected.record_request), (&None, &None));
    assert_eq!(asked(&collected.artifact_request, &registry), Some((200, "/files/a.tgz")));
    assert!(collected.artifact.is_some() && collected.attestations_request.is_none());

    let bare = Collectable { integrity: Vec::new(), ..from(url.clone()) };
    assert!(matches!(collect_from(&registry, &[bare])[0].1, Err(CollectError::NoDigest)));
    let missing = from(url.join("/missing.tgz").unwrap());
    let missing = Collectable { optional: true, ..missing };
    let outcomes = collect_from(&registry, &[missing]);
    assert!(matches!(outcomes[0].1, Err(CollectError::Status { status: 404, .. })), "{outcomes:?}");
}

#[test]
fn a_tarball_of_the_project_is_held_to_its_hash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tgz");
    std::fs::write(&path, tarball("a", "1.0.0")).unwrap();
    let registry = Registry::new().start();
    let of = |path: &Path| Collectable {
        origin: CollectableOrigin::File(path.to_owned()),
        ..item("a", "1.0.0")
    };
    let outcomes = collect_from(&registry, &[of(&path)]);
    let collected = outcomes[0].1.as_ref().unwrap();
    let artifact = collected.artifact.as_ref().unwrap();
    assert_eq!((&artifact.path, artifact.size), (&path, tarball("a", "1.0.0").len() as u64));
    assert_eq!((&collected.registry, &collected.artifact_request), (&None, &None));
    std::fs::write(&path, tarball("evil", "1.0.0")).unwrap();
    let outcomes = collect_from(&registry, &[of(&path)]);
    assert!(matches!(outcomes[0].1, Err(CollectError::Mismatch { .. })), "{outcomes:?}");
    for none in [folder.path(), Path::new("/dev/zero"), &folder.path().join("missing")] {
        let outcomes = collect_from(&registry, &[of(none)]);
        assert!(matches!(outcomes[0].1, Err(CollectError::File(_))), "{outcomes:?}");
    }
    assert_eq!(registry.requests().len(), 0);
}
