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
        let error = with("/predicate/inputs/0/entry", json!(other));
        assert_eq!(error, ManifestError::Input(other.into()));
    }
}

#[test]
fn trust_is_what_its_source_says() {
    let source = |instance: &str| ManifestError::TrustSource(instance.into());
    // Carried, and nobody says when it was checked; not carried, and with roles.
    let error = edited(|value| {
        value["predicate"]["trust"][1].as_object_mut().unwrap().remove("refreshedAt");
    });
    assert_eq!(error, source("public-good"));
    let roles = good().predicate().trust[1].roles.clone();
    let error = edited(|value| value["predicate"]["trust"][0]["roles"] = json!(roles));
    assert_eq!(error, source("github"));
    // One form for "none", and one for a source.
    for (pointer, value) in [
        ("/predicate/trust/1/roles", json!([])),
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
        ("refreshedAt", "/predicate/trust/0/refreshedAt"),
        ("refreshedAt", "/predicate/trust/1/refreshedAt"),
        ("collection", "/predicate/collection/0/time"),
    ] {
        let mut value: Value = serde_json::from_slice(&good.to_json()).unwrap();
        *value.pointer_mut(pointer).unwrap() = written(sealed);
        assert!(Manifest::parse(value.to_string().as_bytes()).is_ok(), "{pointer}");
        let refused = ManifestError::AfterSeal { field, time: later };
        assert_eq!(with(pointer, written(later)), refused);
    }
}

#[test]
fn what_was_asked_has_an_address_and_a_status() {
    for status in [0, 99, 600, 65_535] {
        let error = with("/predicate/collection/0/status", json!(status));
        assert_eq!(error, ManifestError::Status(status));
    }
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
        let error = with("/predicate/collection/0/url", json!(address));
        assert!(matches!(error, ManifestError::Address(_)), "{address}: {error}");
    }
}

#[test]
fn what_is_an_object_is_not_written_as_a_list() {
    for path in [
        "",
        "/predicate",
        "/predicate/tool",
        "/predicate/inputs/0",
        "/predicate/trust/0",
        "/predicate/trust/1/roles/0",
        "/predicate/packages/0",
        "/predicate/packages/0/neededBy/0",
        "/predicate/outOfScope/0",
        "/predicate/collection/0",
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
    let mut longest = predicate();
    longest.packages[0].registry = long(most);
    longest.collection[0].url = long(most);
    assert!(Manifest::build(longest, subjects()).is_ok());
    for path in ["/predicate/packages/0/registry", "/predicate/collection/0/url"] {
        for text in [long(most + 1), "https://b\u{fc}cher.example/a".to_owned()] {
            assert_eq!(with(path, json!(text)), ManifestError::Address(text));
        }
    }
}

/// Before the list is at its end, or empty texts would take ten times the memory of their JSON.
#[test]
fn hashes_and_paths_are_checked_as_they_are_read() {
    let said = |path: &str, text: &str| match with(path, json!([text])) {
        ManifestError::Json(said) => said,
        other => panic!("{other}"),
    };
    for text in ["", "sha1-x", "md5-1B2M2Y8AsgTpgAmY7PhCfg=="] {
        let said = said("/predicate/packages/0/integrity", text);
        assert!(said.starts_with(&format!("{text:?} among the hashes at line 1")), "{said}");
    }
    let path = |length: usize| format!("node_modules/{}", "a".repeat(length - 13));
    let most = limits::INSTALL_PATH_BYTES;
    for text in ["", "a", "node_modules", &path(most + 1)] {
        let said = said("/predicate/packages/0/neededBy/0/paths", text);
        assert!(said.contains("among the install paths at line 1"), "{said}");
        assert!(said.len() < 700);
    }
    let mut longest = predicate();
    longest.packages[0].needed_by[0].paths = vec![path(most)];
    let manifest = Manifest::build(longest, subjects()).unwrap();
    assert_eq!(Manifest::parse(&manifest.to_json()), Ok(manifest));
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
        ("/predicate/trust/1/roles/0/expires", "expires"),
        ("/predicate/trust/0/refreshedAt", "refreshedAt"),
        ("/predicate/collection/0/time", "collection"),
    ] {
        let error = with(path, json!("never"));
        assert!(matches!(error, ManifestError::Time { field: found, .. } if found == field));
    }
    for url in [
        "registry.example",
        "ftp://registry.example",
        "https://user:secret@registry.example/",
        "https://token@registry.example/",
        "https://registry.example/?token=secret",
        "https://registry.example/#secret",
    ] {
        for path in ["/predicate/packages/0/registry", "/predicate/collection/0/url"] {
            let error = with(path, json!(url));
            assert!(matches!(error, ManifestError::Address(_)), "{url}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
    let shown = with("/predicate/collection/0/url", json!("https://u:secret@r.example/a?token=b"));
    assert_eq!(shown, ManifestError::Address("…@r.example/a".into()));
    let shown = with("/predicate/collection/0/url", json!("ftp://r.example/a"));
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
        let predicate =
            Predicate { packages: vec![], inputs: vec![], out_of_scope: vec![], ..predicate() };
        Manifest::build(predicate, (0..entries).map(subject).collect())
    };
    let max = limits::ARCHIVE_ENTRIES;
    assert_eq!(built(max).unwrap().subjects().len(), max);
    let refused = built(max + 1).unwrap_err();
    assert_eq!(refused, ManifestError::TooManyEntries(max + 1));
    assert_eq!(refused.code(), "manifest-too-many-entries");
}
