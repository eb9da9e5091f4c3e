//! Indexes that are not what was written.

use sealift::core::store::{IndexRow, RecallRow, ReportRow, RowSource};

use super::*;

const INDEX: &str = "archives/sealift-index.ndjson";

/// A store with an index, and its lines: the first, a package, an archive, a package, an archive.
fn indexed() -> (Store, Vec<String>) {
    let store = Store::new();
    for name in ["a", "b"] {
        store.seal(name, [&store.package(name, "1.0.0", "acme/a")]);
    }
    store.index("").done();
    let text = String::from_utf8(store.world.read(INDEX)).unwrap();
    let lines: Vec<_> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 5);
    (store, lines)
}

#[track_caller]
fn refused(store: &Store, lines: &[&str], line: usize, why: &str) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    refused_text(store, &text, line, why);
}

#[track_caller]
fn refused_text(store: &Store, text: &str, line: usize, why: &str) {
    store.world.write(INDEX, text);
    let run = store.find("b@1.0.0").failed();
    let failure = run.json();
    assert_eq!(failure["code"], "malformed-index");
    let message = failure["message"].as_str().unwrap();
    assert!(message.starts_with(&format!("{INDEX}: line {line}: ")) || why.is_empty(), "{message}");
    assert!(message.contains(why), "{message}");
    assert_eq!(failure["hint"], "write it anew with `sealift bundle index archives`");
}

#[test]
fn garbage_is_named_by_its_line() {
    let (store, lines) = indexed();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let with = |at: usize, line: &'static str| {
        let mut lines = lines.clone();
        lines[at] = line;
        lines
    };
    for (at, garbage, why) in [
        (1, "", "it starts otherwise"),
        (2, "garbage", "it starts otherwise"),
        (1, "{\"kind\":\"package\",\"package\":0", "it ends after the number"),
        (1, "{\"kind\":\"package\",\"package\":x,}", "not a number"),
        (3, "{\"kind\":\"package\",\"package\":1,\"purl\":", "EOF"),
        (4, "{\"kind\":\"archive\",\"archive\":\"b.sealift\"}", "missing field"),
        (0, "{\"kind\":\"index\",\"schema\":\"sealift-index/2\"}", "missing field"),
    ] {
        refused(&store, &with(at, garbage), at + 1, why);
    }
    let other = lines[0].replace("sealift-index/1", "sealift-index/2");
    let mut changed = lines.clone();
    changed[0] = &other;
    refused(&store, &changed, 1, "the schema is \"sealift-index/2\"");
}

#[test]
fn missing_and_repeated_rows_are_noticed() {
    let (store, lines) = indexed();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let pick = |places: &[usize]| places.iter().map(|at| lines[*at]).collect::<Vec<_>>();
    for (places, line, why) in [
        (&[1, 2, 3, 4][..], 1, "the first row of the index is missing"),
        (&[0, 0, 1, 2, 3, 4], 2, "an index starts within another"),
        (&[0, 2, 3, 4], 2, "package 0 is missing"),
        (&[0, 1, 2, 4], 4, "package 1 is missing"),
        (&[0, 3, 4], 2, "package 0 is missing"),
        (&[0, 1, 2], 3, "it has 1 of 2 files"),
        (&[0, 1, 2, 2, 3, 4], 4, "\"a.sealift\" is there twice"),
        (&[0, 1, 1, 2, 3, 4], 3, "package 1 is missing"),
    ] {
        refused(&store, &pick(places), line, why);
    }
    refused_text(&store, "", 0, "the index is empty");
    let text = lines.join("\n");
    refused_text(&store, &text, 5, "its end is missing");
    refused_text(&store, &text[..text.len() - 20], 5, "its end is missing");
}

#[test]
fn rows_of_reports_and_recalls_are_held_to_the_same() {
    let (store, lines) = indexed();
    let head = lines[0].replace("\"files\":2", "\"files\":3");
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let report = |path: &str, package: u32| {
        let row = ReportRow {
            report: path.into(),
            source: Some(RowSource::UnsignedReport),
            packages: vec![package],
            ..ReportRow::default()
        };
        IndexRow::Report(row).line()
    };
    let recall = |name: &str| {
        IndexRow::Recall(RecallRow { recall: name.into(), ..RecallRow::default() }).line()
    };
    let with = |row: &str| [&[head.as_str()], &lines[1..], &[row]].concat().join("\n") + "\n";
    for (row, why) in [
        (report("r.json", 2), "package 2 is missing"),
        (report("a.sealift", 0), "\"a.sealift\" is there twice"),
        (recall("a.sealift"), "\"a.sealift\" is there twice"),
        (report("r.json", 0).replace("unsigned-report", "my-report"), "unknown variant"),
        (recall("r.sealift").replace("\"bytes\":0", "\"bytes\":-1"), "invalid value"),
    ] {
        refused_text(&store, &with(&row), 6, why);
    }
    // A row that is well-formed is of a file that is not there.
    for row in [report("r.json", 0), recall("r.sealift")] {
        store.world.write(INDEX, with(&row));
        let outdated = store.find("b@1.0.0").failed().json()["outdated"].clone();
        assert_eq!(outdated.as_array().unwrap().len(), 1, "{outdated}");
        assert_eq!(outdated[0]["change"], "gone");
    }
}

#[test]
fn a_line_is_read_up_to_its_limit() {
    let (store, lines) = indexed();
    let limit = sealift::core::limits::STORE_LINE_BYTES;
    let long = |bytes: usize| format!("{}\n{}", lines[0], "x".repeat(bytes));
    refused_text(&store, &long(limit + 1), 2, "it has more than 4194304 bytes");
    refused_text(&store, &format!("{}\n", long(limit - 1)), 2, "it starts otherwise");
}

#[test]
fn without_an_index_the_hint_is_how_to_make_it() {
    let (store, _) = indexed();
    fs::remove_file(store.world.path(INDEX)).unwrap();
    let failure = store.find("b").failed().json();
    assert_eq!(failure["code"], "no-index");
    assert_eq!(failure["hint"], "make it with `sealift bundle index archives`");
}
