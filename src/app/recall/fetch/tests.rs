//! How much is asked about, and how much a recall carries.
#![allow(clippy::disallowed_methods)] // the tests make a file

use std::fmt::Write as _;

use super::*;
use crate::app::{news::Silent, trust::Store};

/// What asks about the names in a file.
fn of_list(folder: &Path) -> FetchRecall {
    keys_of(folder);
    FetchRecall {
        archives: Vec::new(),
        purls: vec![folder.join("purls.txt")],
        source: AdvisorySource::Folder(folder.join("osv")),
        output: Output::File(folder.join("monday.recall")),
        key: SealKey::Named(folder.join("key")),
        signed_by: Vec::new(),
        source_date: None,
        no_refresh: true,
        trust: trust::Options::of("public-good", Store::Own(folder.join("trust"))),
    }
}

fn keys_of(folder: &Path) {
    use crate::adapters::keys::{KeyAlgorithm, generate};
    generate(&folder.join("key"), KeyAlgorithm::Ed25519).unwrap();
}

#[test]
fn rejects_more_names_than_a_recall_asks_about() {
    let folder = tempfile::tempdir().unwrap();
    let fetch = of_list(folder.path());
    let clock = Clock::new(time::parse("2026-11-23T04:00:00Z").unwrap());
    for (number, is_refused) in [(limits::RECALL_NAMES, false), (limits::RECALL_NAMES + 1, true)] {
        let mut list = String::new();
        for name in 0..number {
            writeln!(list, "pkg:npm/n{name}").unwrap();
        }
        std::fs::write(folder.path().join("purls.txt"), list).unwrap();
        match fetch.prepare(&clock, &mut Silent) {
            Ok(fetching) => assert!(!is_refused && fetching.names.len() == number),
            Err(RecallFetchError::TooManyNames(found)) => assert!(is_refused && found == number),
            Err(error) => panic!("{error}"),
        }
    }
}

/// An advisory about `pad`, of some size.
fn advisory(number: usize, size: usize) -> Vec<u8> {
    let affected = r#"[{"package":{"ecosystem":"npm","name":"pad"}}]"#;
    let text = format!(r#"{{"id":"MAL-{number}","affected":{affected}}}"#);
    let mut bytes = text.into_bytes();
    bytes.resize(size.max(bytes.len()), b' ');
    bytes
}

/// How many advisories of a size are taken, and what the next one is refused with.
fn taken(size: usize) -> (usize, RecallFetchError) {
    let names = PackageName::parse("pkg:npm/pad").into_iter().collect();
    let mut search = Search::new(&names, "osv");
    for number in 0.. {
        let file = AdvisoryFile { name: "a.json", bytes: Ok(advisory(number, size)) };
        if let Err(error) = search.take(file, &mut Silent) {
            return (number, error);
        }
    }
    unreachable!()
}

#[test]
fn rejects_more_advisories_than_a_recall_carries() {
    let (number, error) = taken(0);
    assert!(matches!(error, RecallFetchError::TooMuch), "{error}");
    assert_eq!(number, limits::RECALL_ADVISORIES);
    let (number, error) = taken(1 << 20);
    assert!(matches!(error, RecallFetchError::TooMuch), "{error}");
    assert_eq!(number as u64, limits::RECALL_CONTENT_BYTES >> 20);
}
