use super::*;
use crate::core::{archive::manifest, package::digest::Algorithm};

fn subject(name: &str) -> Subject {
    Subject { name: name.to_owned(), size: 2, digest: Algorithm::Sha256.digest(b"{}") }
}

fn predicate() -> RecallPredicate {
    RecallPredicate {
        format_version: 1,
        tool: Tool { name: "sealift".to_owned(), version: "0.1.0".to_owned() },
        sealed_at: "2026-11-23T04:00:00Z".to_owned(),
        names: vec!["pkg:npm/b".to_owned(), "pkg:npm/%40acme/a".to_owned()],
        advisories: AdvisoryOrigin { from: "osv".to_owned(), records: 2, unreadable: 0 },
        trust: vec![CarriedTrust {
            instance: "public-good".to_owned(),
            source: manifest::TrustSource::Tuf,
            refreshed_at: Some("2026-11-23T03:59:00Z".to_owned()),
        }],
    }
}

fn subjects() -> Vec<Subject> {
    vec![subject("trust/public-good/1.root.json"), subject(&advisory_entry("MAL-2026-1"))]
}

#[test]
fn builds_one_form_and_reads_it_again() {
    let recall = Recall::build(predicate(), subjects()).unwrap();
    assert_eq!(recall.predicate().names, ["pkg:npm/%40acme/a", "pkg:npm/b"]);
    let asked = |text: &str| recall.asked(&PackageName::parse(text).unwrap());
    assert!(asked("pkg:npm/b") && asked("pkg:npm/%40acme/a") && !asked("pkg:npm/c"));
    let entries: Vec<_> = recall.advisories().map(|subject| subject.name.as_str()).collect();
    assert_eq!(entries, ["advisories/%4d%41%4c-2026-1.json"]);
    let json = recall.to_json();
    assert_eq!(Recall::parse(&json).unwrap(), recall);
    let text = String::from_utf8(json).unwrap();
    assert!(text.contains(r#""predicateType":"urn:sealift:recall:v1""#), "{text}");
}

#[test]
fn recalls_and_archives_reject_the_manifest_of_the_other() {
    let recall = Recall::build(predicate(), subjects()).unwrap().to_json();
    let error = manifest::Manifest::parse(&recall).unwrap_err();
    assert_eq!(error, ManifestError::PredicateType(RECALL_TYPE.to_owned()));
    let archive = String::from_utf8(recall).unwrap().replace("recall:v1", "archive:v1");
    let error = Recall::parse(archive.as_bytes()).unwrap_err();
    assert_eq!(error, ManifestError::PredicateType(manifest::PREDICATE_TYPE.to_owned()));
}

#[test]
fn rejects_a_manifest_that_does_not_hold_together() {
    type Change = fn(&mut RecallPredicate, &mut Vec<Subject>);
    let cases: [(&str, Change); 12] = [
        ("manifest-format-version", |predicate, _| predicate.format_version = 2),
        ("manifest-time", |predicate, _| predicate.sealed_at = "yesterday".to_owned()),
        ("manifest-duplicate", |predicate, _| predicate.names.push("pkg:npm/b".to_owned())),
        ("manifest-purl", |predicate, _| predicate.names.push("pkg:npm/c@1.0.0".to_owned())),
        ("manifest-purl", |predicate, _| predicate.names.push(String::new())),
        ("manifest-unused-entry", |_, subjects| subjects.push(subject("inputs/1/a"))),
        ("manifest-unused-entry", |predicate, _| predicate.trust.clear()),
        ("manifest-trust-not-carried", |_, subjects| {
            subjects.retain(|subject| subject.name.starts_with(ADVISORIES));
        }),
        ("manifest-trust-source", |predicate, _| predicate.trust[0].refreshed_at = None),
        ("manifest-after-seal", |predicate, _| {
            predicate.trust[0].refreshed_at = Some("2026-11-23T04:00:01Z".to_owned());
        }),
        ("manifest-lists-envelope", |_, subjects| subjects.push(subject(entry_name::ENVELOPE))),
        ("manifest-digest-algorithm", |_, subjects| {
            subjects[1].digest = Algorithm::Sha512.digest(b"{}");
        }),
    ];
    for (code, change) in cases {
        let (mut predicate, mut subjects) = (predicate(), subjects());
        change(&mut predicate, &mut subjects);
        let error = Recall::build(predicate, subjects).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
}

#[test]
fn rejects_names_out_of_order() {
    let json = Recall::build(predicate(), subjects()).unwrap().to_json();
    let json = String::from_utf8(json).unwrap();
    let other = json.replace(r#""pkg:npm/%40acme/a","pkg:npm/b""#, r#""pkg:npm/b","pkg:npm/a""#);
    assert_ne!(json, other);
    assert_eq!(Recall::parse(other.as_bytes()).unwrap_err().code(), "manifest-unsorted");
    for (old, new) in [
        (r#""records":2,"#, ""),
        (r#""records":2,"#, r#""records":-1,"#),
        (r#""records":2,"#, r#""records":2,"more":1,"#),
        (r#""names":["#, r#""names":[1,"#),
    ] {
        assert_eq!(
            Recall::parse(json.replace(old, new).as_bytes()).unwrap_err().code(),
            "manifest-json"
        );
    }
}

#[test]
fn names_and_advisories_are_as_many_as_the_limits() {
    let with_names = |number: usize| {
        let names = (0..number).map(|number| format!("pkg:npm/n{number}")).collect();
        Recall::build(RecallPredicate { names, ..predicate() }, subjects())
            .map_err(|error| error.code())
    };
    assert!(with_names(limits::RECALL_NAMES).is_ok());
    assert_eq!(with_names(limits::RECALL_NAMES + 1).unwrap_err(), "manifest-too-many-names");
    let with_advisories = |number: usize| {
        let advisories = (0..number).map(|number| subject(&advisory_entry(&number.to_string())));
        let trust = subjects().into_iter().take(1);
        Recall::build(predicate(), trust.chain(advisories).collect()).map_err(|error| error.code())
    };
    assert!(with_advisories(limits::RECALL_ADVISORIES).is_ok());
    let error = with_advisories(limits::RECALL_ADVISORIES + 1).unwrap_err();
    assert_eq!(error, "manifest-too-many-advisories");
}
