//! Which questions are one, and that the bytes of each archive are still compared.

use std::{cell::Cell, convert::Infallible};

use super::*;
use crate::core::{
    archive::manifest::{FORMAT_VERSION, Package, Predicate, Subject, Tool},
    ecosystems::parse_purl,
    package::PackageId,
    time,
};

const ROOT: &[u8] =
    include_bytes!("../../../../tests/data/corpus/trust/public-good.root-signing.json");
const NAMES: [&str; 4] = [
    "npm/a/1.0.0/attestations.json",
    "npm/a/1.0.0/package.tgz",
    "npm/a/1.0.0/registry.json",
    "inputs/1/package-lock.json",
];

fn part(entry: Option<&str>, status: u16) -> Part {
    let at = "2026-11-23T04:00:00Z";
    let url = "https://registry.npmjs.org/a";
    Part {
        entry: entry.map(str::to_owned),
        url: Some(url.into()),
        status: Some(status),
        answered_at: Some(at.into()),
    }
}

/// A manifest of one package, whose entries have these contents.
fn manifest(contents: [&str; 4]) -> Manifest {
    let subjects = NAMES.into_iter().zip(contents).map(|(name, content)| {
        let sha512 = name.ends_with(".tgz");
        let algorithm = if sha512 { Algorithm::Sha512 } else { Algorithm::Sha256 };
        let digest = algorithm.digest(content.as_bytes());
        Subject { name: name.into(), size: content.len() as u64, digest }
    });
    let package = Package {
        purl: "pkg:npm/a@1.0.0".into(),
        registry: Some("https://registry.npmjs.org".into()),
        artifact: Some(part(Some(NAMES[1]), 200)),
        record: Some(part(Some(NAMES[2]), 200)),
        attestations: Some(part(Some(NAMES[0]), 200)),
    };
    let predicate = Predicate {
        format_version: FORMAT_VERSION,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: "2026-11-23T04:00:00Z".into(),
        inputs: vec![NAMES[3].into()],
        trust: vec![],
        packages: vec![package],
    };
    Manifest::build(predicate, subjects.collect()).unwrap()
}

#[test]
fn a_change_of_any_input_makes_another_question() {
    let trust = [Trust::new(ROOT, None), Trust::new(&[ROOT, b" "].concat(), None)];
    let [trust, other_trust] = trust.map(Result::unwrap);
    let purl = |text| parse_purl(text).unwrap();
    let (a, b) = (purl("pkg:npm/a@1.0.0"), purl("pkg:npm/b@1.0.0"));
    let elsewhere = purl("pkg:npm/a@1.0.0?repository_url=https://r.example");
    let at = time::parse("2026-11-23T04:00:00Z").unwrap();
    let later = at + chrono::TimeDelta::nanoseconds(1);
    let expected = [Integrity::of(Algorithm::Sha512.digest(b"t"))];
    let [record, attestations] = [NAMES[2], NAMES[0]].map(|name| part(Some(name), 200));
    let (not_listed, not_found) = (part(None, 200), part(None, 404));
    let first = || Question {
        trust: &trust,
        at,
        purl: &a,
        expected: &[],
        algorithms: &[],
        listed: false,
        artifact: NAMES[1],
        record: Some(&record),
        attestations: Some(&attestations),
    };
    let questions = [
        first(),
        Question { trust: &other_trust, ..first() },
        Question { at: later, ..first() },
        Question { purl: &b, ..first() },
        Question { purl: &elsewhere, ..first() },
        Question { expected: &expected, ..first() },
        Question { algorithms: &[Algorithm::Sha1], ..first() },
        Question { listed: true, ..first() },
        Question { record: None, ..first() },
        Question { record: Some(&not_listed), ..first() },
        Question { record: Some(&not_found), ..first() },
        Question { attestations: None, ..first() },
        Question { attestations: Some(&not_found), ..first() },
    ];
    let same = manifest(["a", "t", "r", "l"]);
    let others = [["x", "t", "r", "l"], ["a", "x", "r", "l"], ["a", "t", "x", "l"]];
    let mut keys: Vec<_> = questions.iter().map(|it| it.key(&same).unwrap()).collect();
    keys.extend(others.map(|contents| first().key(&manifest(contents)).unwrap()));
    let number = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), number);
    // The bytes of the lockfile decide by what they ask for.
    assert_eq!(first().key(&same), first().key(&manifest(["a", "t", "r", "x"])));
    assert_eq!(Question { artifact: "none", ..first() }.key(&same), None);
}

/// A question about a tarball without a record.
fn question<'a>(trust: &'a Trust, purl: &'a Purl) -> Question<'a> {
    Question {
        trust,
        at: time::parse("2026-11-23T04:00:00Z").unwrap(),
        purl,
        expected: &[],
        algorithms: &[],
        listed: false,
        artifact: NAMES[1],
        record: None,
        attestations: None,
    }
}

fn evident() -> Evident {
    let verdict = PackageVerdict {
        package: PackageId::npm("a", "1.0.0").unwrap(),
        claims: [].into(),
        published: None,
        unexamined: vec![],
        unrecognized_beside: vec![],
    };
    Evident { verdict, digests: vec![], contents: None }
}

/// How often two same questions are judged, and how often entries are compared.
fn twice(found: &Evident) -> (usize, usize) {
    let trust = Trust::new(ROOT, None).unwrap();
    let purl = parse_purl("pkg:npm/a@1.0.0").unwrap();
    let question = question(&trust, &purl);
    let (shared, manifest) = (Shared::default(), manifest(["a", "t", "r", "l"]));
    let (judged, compared) = (Cell::new(0), Cell::new(0));
    for _ in 0..2 {
        let compare = || {
            compared.set(compared.get() + 1);
            Ok::<_, Infallible>(())
        };
        let judge = || {
            judged.set(judged.get() + 1);
            Ok(found.clone())
        };
        let Ok(answer) = shared.answer(&question, &manifest, compare, judge);
        assert_eq!(answer.verdict, found.verdict);
    }
    (judged.get(), compared.get())
}

#[test]
fn the_same_question_is_judged_once_and_its_bytes_are_compared_each_time() {
    assert_eq!(twice(&evident()), (1, 1));
}

#[test]
fn what_takes_much_memory_is_not_kept() {
    let shrinkwrap = Contents { shrinkwrap: Some(vec![0; 8 << 10]), ..Contents::default() };
    let large = Evident { contents: Some(Ok(shrinkwrap)), ..evident() };
    assert_eq!(twice(&large), (2, 0));
    let mut quoting = evident();
    quoting.verdict.unexamined = vec!["x".repeat(limits::SHARED_VERDICT_BYTES)];
    assert_eq!(twice(&quoting), (2, 0));
    let small = Evident { contents: Some(Ok(Contents::default())), ..evident() };
    assert_eq!(twice(&small), (1, 1));
}

#[test]
fn no_more_verdicts_are_kept_than_the_limit() {
    let trust = Trust::new(ROOT, None).unwrap();
    let shared = Shared { most: 3, ..Shared::default() };
    let manifest = manifest(["a", "t", "r", "l"]);
    for version in 0..10 {
        let purl = parse_purl(&format!("pkg:npm/a@1.0.{version}")).unwrap();
        let question = question(&trust, &purl);
        let Ok(_) =
            shared.answer(&question, &manifest, || Ok::<_, Infallible>(()), || Ok(evident()));
        assert!(shared.lock().len() <= 3);
    }
}

#[test]
fn bytes_that_are_not_the_manifests_are_an_error_though_the_verdict_is_known() {
    let trust = Trust::new(ROOT, None).unwrap();
    let purl = parse_purl("pkg:npm/a@1.0.0").unwrap();
    let question = question(&trust, &purl);
    let (shared, manifest) = (Shared::default(), manifest(["a", "t", "r", "l"]));
    let ask = |compared: Result<(), &'static str>| {
        shared.answer(&question, &manifest, || compared, || Ok(evident())).map(drop)
    };
    assert_eq!(ask(Err("not asked yet")), Ok(()));
    assert_eq!(ask(Err("entry-digest")), Err("entry-digest"));
    assert_eq!(ask(Ok(())), Ok(()));
}
