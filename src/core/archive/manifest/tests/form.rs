//! The form of fields: what they may say at all.

use super::*;

#[test]
fn lockfiles_are_numbered() {
    for other in [
        "input/1/a.json",
        "inputs/a.json",
        "inputs//a.json",
        "inputs/0/a.json",
        "inputs/01/a.json",
        "inputs/-1/a.json",
        "inputs/x/a.json",
        "inputs/%31/a.json",
        "inputs/1/b/a.json",
        "npm/@a/b/1.0.0/record.json",
    ] {
        let error = with("/predicate/inputs/0", json!(other));
        assert_eq!(error, ManifestError::Input(other.into()));
    }
}

#[test]
fn trust_is_what_its_source_says() {
    let source = |instance: &str| ManifestError::TrustSource(instance.into());
    // Carried, and nobody says when it was checked; not carried, and checked.
    let error = edited(|value| {
        value["predicate"]["trust"][1].as_object_mut().unwrap().remove("refreshedAt");
    });
    assert_eq!(error, source("public-good"));
    let error = edited(|value| {
        value["predicate"]["trust"][0]["refreshedAt"] = json!("2026-11-23T03:00:00Z");
    });
    assert_eq!(error, source("github"));
    for (pointer, value) in [
        ("/predicate/trust/1/source", json!({"tuf": null})),
        ("/predicate/trust/1/source", json!("TUF")),
        ("/predicate/trust/1/source", json!(null)),
    ] {
        let error = with(pointer, value);
        assert!(matches!(error, ManifestError::Json(_)), "{pointer}: {error}");
    }
}

#[test]
fn nothing_is_from_after_the_seal() {
    let good = good();
    let (sealed, later) = (good.sealed_at(), good.sealed_at() + chrono::Duration::seconds(1));
    let written = |time| json!(crate::core::time::format(time));
    for (field, pointer) in [
        ("refreshedAt", "/predicate/trust/1/refreshedAt"),
        ("answeredAt", "/predicate/packages/0/artifact/answeredAt"),
    ] {
        let mut value: Value = serde_json::from_slice(&good.to_json()).unwrap();
        *value.pointer_mut(pointer).unwrap() = written(sealed);
        assert!(Manifest::parse(value.to_string().as_bytes()).is_ok(), "{pointer}");
        let refused = ManifestError::AfterSeal { field, time: later };
        assert_eq!(with(pointer, written(later)), refused);
    }
}

/// The error for a package whose parts are changed.
fn part(edit: impl FnOnce(&mut Value)) -> ManifestError {
    edited(|value| edit(&mut value["predicate"]["packages"][0]))
}

#[test]
fn each_part_has_its_entry_or_an_answer_that_shows_that_there_is_none() {
    let purl = predicate().packages[0].purl.clone();
    let wrong = |part| ManifestError::Part { purl: purl.clone(), part };
    // An absence that an answer of 200 does not show.
    let no_entry = |part: &'static str| {
        move |package: &mut Value| drop(package[part].as_object_mut().unwrap().remove("entry"))
    };
    assert_eq!(part(no_entry("artifact")), wrong("artifact"));
    let error = part(|package| package["attestations"]["status"] = json!(200));
    assert_eq!(error, wrong("attestations"));
    let gone = |part: &'static str| {
        move |package: &mut Value| drop(package.as_object_mut().unwrap().remove(part))
    };
    assert_eq!(part(gone("artifact")), wrong("artifact"));
    assert_eq!(part(gone("record")), wrong("record"));
    for field in ["url", "status", "answeredAt"] {
        let error = part(|package| {
            package["artifact"].as_object_mut().unwrap().remove(field);
        });
        assert_eq!(error, ManifestError::Request(purl.clone()), "{field}");
    }
}

#[test]
fn a_version_may_be_unavailable_or_unlisted() {
    let built = |edit: &dyn Fn(&mut Package), entries: &[&str]| {
        let mut predicate = predicate();
        edit(&mut predicate.packages[0]);
        let listed = subjects()
            .into_iter()
            .filter(|subject| !entries.iter().any(|entry| subject.name == hashed(entry)));
        Manifest::build(predicate, listed.collect())
    };
    let (tarball, record) = ("npm/@a/b/1.0.0/AB/package.tgz", "npm/@a/b/1.0.0/AB/record.json");
    let absent = |part: &mut Option<Part>, status| {
        *part = part.clone().map(|part| Part { entry: None, status: Some(status), ..part });
    };
    // The registry does not list it, and still serves it.
    assert!(built(&|it| absent(&mut it.record, 200), &[record]).is_ok());
    // It lists it, and does not serve it.
    assert!(built(&|it| absent(&mut it.artifact, 404), &[tarball]).is_ok());
    // It has no such package.
    let none = |it: &mut Package| {
        absent(&mut it.record, 410);
        (it.artifact, it.attestations) = (None, None);
    };
    assert!(built(&none, &[tarball, record]).is_ok());
}

#[test]
fn a_tarball_of_no_registry_has_no_record() {
    let id = PackageId::npm("t", "1.0.0").unwrap();
    for origin in [
        Origin::File("t.tgz".into()),
        Origin::Url("https://files.example/t".into()),
        Origin::Supplied("git+ssh://git@git.example/t.git#v1".into()),
    ] {
        let is_file = matches!(origin, Origin::File(_) | Origin::Supplied(_));
        let purl = Purl::new(id.clone(), origin);
        let entry = format!("{}/package.tgz", package_folder(&purl));
        let built = |edit: &dyn Fn(&mut Package)| {
            let mut predicate = predicate();
            let mut package = predicate.packages[0].clone();
            let artifact = package.artifact.take().map(|part| Part {
                entry: Some(entry.clone()),
                ..if is_file { Part::default() } else { part }
            });
            let mut package = Package {
                purl: purl.to_string(),
                registry: None,
                artifact,
                record: None,
                attestations: None,
            };
            edit(&mut package);
            predicate.packages.push(package);
            let mut listed = subjects();
            listed.push(subject(&entry));
            Manifest::build(predicate, listed)
        };
        assert!(built(&|_| {}).is_ok());
        let artifact = predicate().packages[0].artifact.clone();
        let artifact = if is_file { artifact } else { Some(Part::default()) };
        let with_entry = artifact.map(|part| Part { entry: Some(entry.clone()), ..part });
        let error = built(&|package| package.artifact.clone_from(&with_entry)).unwrap_err();
        assert_eq!(error, ManifestError::Request(purl.to_string()));
        let record = predicate().packages[0].record.clone();
        let other = record.clone().map(|part| Part { entry: None, status: Some(404), ..part });
        assert!(built(&|package| package.record.clone_from(&other)).is_err());
        let registry = Some("https://registry.example/npm".to_owned());
        let error = built(&|package| package.registry.clone_from(&registry)).unwrap_err();
        assert_eq!(error, ManifestError::Registry(purl.to_string()));
    }
}

#[test]
fn requests_have_an_address_and_a_status() {
    for status in [0, 99, 201, 304, 500] {
        let error = with("/predicate/packages/0/attestations/status", json!(status));
        assert_eq!(error, ManifestError::Status(status));
    }
    let error = with("/predicate/packages/0/artifact/status", json!(404));
    assert_eq!(error, ManifestError::Status(404), "an entry that was not found");
    for address in [
        r"https:\\r.example\a",
        "https://r.example/a\tb",
        "https://r.example/a b",
        "https://r.example",
        "https://@r.example/",
        "https://:@r.example/",
        "HTTPS://r.example/",
        "https://r.example:443/",
        "https://r.example/a/../b",
        "https://%72.example/",
    ] {
        let error = with("/predicate/packages/0/artifact/url", json!(address));
        assert!(matches!(error, ManifestError::Address(_)), "{address}: {error}");
    }
}

#[test]
fn what_is_an_object_is_not_written_as_a_list() {
    for path in [
        "",
        "/predicate",
        "/predicate/tool",
        "/predicate/trust/0",
        "/predicate/packages/0",
        "/predicate/packages/0/artifact",
        "/subject/0",
        "/subject/0/digest",
        "/subject/0/annotations",
    ] {
        let error = edited(|value| {
            let object = value.pointer_mut(path).unwrap_or_else(|| panic!("{path}"));
            let fields = object.as_object().unwrap_or_else(|| panic!("{path}"));
            *object = fields.values().cloned().collect();
        });
        let ManifestError::Json(said) = error else { panic!("{path}: {error}") };
        assert!(said.contains("invalid type: sequence, expected an object"), "{path}: {said}");
    }
}

#[test]
fn a_digest_that_is_not_there_is_left_out() {
    let null = edited(|value| value["subject"][0]["digest"]["sha512"] = Value::Null);
    assert!(matches!(&null, ManifestError::Json(said) if said.contains("null")), "{null}");
}

#[test]
fn texts_are_as_long_as_the_limit() {
    let most = limits::MANIFEST_TEXT_BYTES;
    let of = |bytes: usize| {
        let mut predicate = predicate();
        predicate.tool.name = "x".repeat(bytes);
        Manifest::build(predicate, subjects())
    };
    assert_eq!(of(most).unwrap().predicate().tool.name.len(), most);
    assert_eq!(of(most + 1), Err(ManifestError::Text(most + 1)));
}

#[test]
fn addresses_are_ascii_and_as_long_as_the_limit() {
    let most = usize::try_from(limits::URL_BYTES).unwrap();
    let long = |bytes: usize| format!("https://r.example/{}", "a".repeat(bytes - 18));
    let path = "/predicate/packages/0/artifact/url";
    let mut longest = predicate();
    let artifact = longest.packages[0].artifact.as_mut().unwrap();
    artifact.url = Some(long(most));
    assert!(Manifest::build(longest, subjects()).is_ok());
    for text in [long(most + 1), "https://b\u{fc}cher.example/a".to_owned()] {
        assert_eq!(with(path, json!(text)), ManifestError::Address(text));
    }
}

#[test]
fn times_addresses_and_instances_have_their_form() {
    for text in
        ["", "yesterday", "2026-11-23", "2026-11-23T05:00:00+01:00", "2026-11-23T04:00:00.5Z"]
    {
        assert!(matches!(
            with("/predicate/sealedAt", json!(text)),
            ManifestError::Time { field: "sealedAt", .. }
        ));
    }
    for (path, field) in [
        ("/predicate/trust/1/refreshedAt", "refreshedAt"),
        ("/predicate/packages/0/record/answeredAt", "answeredAt"),
    ] {
        for text in ["never", "2026-11-23 03:00:00Z", "2026-11-23T04:00:00+01:00"] {
            let error = with(path, json!(text));
            assert!(matches!(error, ManifestError::Time { field: found, .. } if found == field));
        }
    }
    for url in [
        "registry.example",
        "ftp://registry.example",
        "https://user:secret@registry.example/",
        "https://token@registry.example/",
        "https://registry.example/?token=secret",
        "https://registry.example/#secret",
    ] {
        let error = with("/predicate/packages/0/artifact/url", json!(url));
        assert!(matches!(error, ManifestError::Address(_)), "{url}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let shown =
        with("/predicate/packages/0/artifact/url", json!("https://u:secret@r.example/a?token=b"));
    assert_eq!(shown, ManifestError::Address("…@r.example/a".into()));
    let shown = with("/predicate/packages/0/artifact/url", json!("ftp://r.example/a"));
    assert_eq!(shown, ManifestError::Address("ftp://r.example/a".into()));
    for instance in ["", "..", "a/b", "Public", "con"] {
        assert_eq!(
            with("/predicate/trust/0/instance", json!(instance)),
            ManifestError::Instance(instance.into())
        );
    }
}

#[test]
fn entries_are_as_many_as_the_limit() {
    let built = |entries: usize| {
        let subject = |n: usize| Subject {
            name: format!("trust/public-good/{n:06}"),
            size: 0,
            digest: Algorithm::Sha256.digest(b""),
        };
        let predicate = Predicate { packages: vec![], inputs: vec![], ..predicate() };
        Manifest::build(predicate, (0..entries).map(subject).collect())
    };
    let max = limits::ARCHIVE_ENTRIES;
    assert_eq!(built(max).unwrap().subjects().len(), max);
    let refused = built(max + 1).unwrap_err();
    assert_eq!(refused, ManifestError::TooManyEntries(max + 1));
    assert_eq!(refused.code(), "manifest-too-many-entries");
}
