//! Stored reports beside the archives: who had what from whom, where the archive is gone.

use serde_json::json;

use super::*;

/// Verifies an archive, and stores the report beside it.
pub(super) fn report(store: &Store, archive: &str, file: &str, more: &str) {
    let options = format!("--key release.key.pub {TRUST} --at {NOW} --require integrity {more}");
    let path = store.world.path(&format!("archives/{file}"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let run = store.world.sealift(&format!(
        "bundle verify archives/{archive}.sealift --report json=archives/{file} {options}"
    ));
    assert!(run.code < 2, "{run}");
}

fn rows(store: &Store) -> Vec<Value> {
    let text = String::from_utf8(store.world.read("archives/sealift-index.ndjson")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn of_kind<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["kind"] == kind).collect()
}

/// An archive of a package with all evidence, of one without any, and of one whose key is withdrawn; and its
/// report, of some name.
pub(super) fn scene() -> Store {
    let mut store = Store::new();
    let plain = Package::new("plain", "2.0.0");
    let withdrawn = store.signed_by_other("withdrawn");
    store.seal("a", [&store.package("a", "1.0.0", "acme/a"), &plain, &withdrawn]);
    store.seal("b", [&store.package("b", "1.0.0", "acme/b")]);
    store.withdraw_other();
    report(&store, "a", "kept.txt", "");
    store
}

#[test]
fn a_report_has_the_rows_that_its_archive_has() {
    let store = scene();
    fs::remove_file(store.world.path("archives/kept.txt")).unwrap();
    store.index("").refused();
    let before = rows(&store);
    let judged: Vec<_> = of_kind(&before, "package").into_iter().cloned().collect();
    report(&store, "a", "kept.txt", "");
    fs::remove_file(store.path("a")).unwrap();
    fs::remove_file(store.path("b")).unwrap();
    store.index("").done();
    let after = rows(&store);
    let said = of_kind(&after, "package");
    assert_eq!(said.len(), 3);
    for (judged, said) in judged.iter().zip(said) {
        let mut expected = judged.clone();
        expected["source"] = json!("unsigned-report");
        assert_eq!(judged["source"], "archive");
        assert_eq!(*said, expected);
    }
    let (archive, report) = (of_kind(&before, "archive")[0], of_kind(&after, "report")[0]);
    for column in
        ["verdict", "sha256", "sealedAt", "signers", "keys", "packagesRefused", "packages"]
    {
        assert_eq!(archive[column], report[column], "{column}");
    }
    assert_eq!(report["file"], "archives/a.sealift");
    assert_eq!(report["report"], "kept.txt");
    assert_eq!(report["at"], NOW);
    assert_eq!(report["archive"], json!(null));
    assert_eq!(after.len(), 5, "{after:#?}");
}

#[test]
fn where_answers_for_an_archive_that_is_gone_and_says_who_says_so() {
    let store = scene();
    fs::remove_file(store.path("a")).unwrap();
    store.index("").done();
    let answer = store.find("plain@2.0.0").done().json();
    assert_eq!(answer["archives"], json!([]));
    assert_eq!(answer["reports"][0]["report"], "kept.txt");
    assert_eq!(answer["reports"][0]["source"], "unsigned-report");
    assert_eq!(answer["packages"][0]["source"], "unsigned-report");
    assert_eq!(answer["summary"]["archives"], 1);
    assert_eq!(answer["summary"]["reports"], 1);
    assert_eq!(answer["summary"]["foundInReports"], 1);
    let human = store.world.sealift("bundle where plain archives").done().stdout;
    let first = human.lines().next().unwrap();
    assert_eq!(
        first,
        "found: package plain in 0 of 1 archive, and in 1 of 1 stored report (unsigned)"
    );
    let line = format!(
        "kept.txt: archives/a.sealift was refused at {NOW} by a stored report, unsigned\n  the report says verified: \
         pkg:npm/plain@2.0.0"
    );
    assert!(human.contains(&line), "{human}");
    let none = store.world.sealift("bundle where other archives").done().stdout;
    let first = none.lines().next().unwrap();
    assert_eq!(first, "not found: package other in 1 archive, and in none of 1 stored report");
    // A key that sealed the archive, and one that signed a package in it.
    let sealer = sealift::core::archive::key::PublicKey::from(&world::key(1)).fingerprint();
    assert_eq!(store.find(&sealer).json()["reports"][0]["foundIn"], json!(["keys"]));
    let withdrawn = store.find(&store.other.keyid).json();
    assert_eq!(withdrawn["packages"][0]["foundIn"], json!(["refused"]));
}

#[test]
fn an_archive_that_is_there_wins_over_its_report() {
    let store = scene();
    // Two archives of the same bytes, and a report that says of them what was so on another day.
    fs::copy(store.path("a"), store.path("c")).unwrap();
    store.index("").refused();
    let rows = rows(&store);
    assert!(of_kind(&rows, "package").iter().all(|row| row["source"] == "archive"));
    let report = of_kind(&rows, "report")[0];
    assert_eq!((&report["archive"], &report["packages"]), (&json!("a.sealift"), &json!([])));
    assert_eq!(report["verdict"], "refused");
    let answer = store.find("plain").done().json();
    assert_eq!(names(&answer["archives"]), ["a.sealift", "c.sealift"]);
    assert_eq!(answer["reports"], json!([]));
    let sealer = sealift::core::archive::key::PublicKey::from(&world::key(1)).fingerprint();
    assert_eq!(store.find(&sealer).json()["reports"], json!([]));
    // One that cannot be examined does not win: it is not known what it holds.
    let package = store.package("a", "1.0.0", "acme/a");
    store.seal("d", [&package]);
    report_of_torn(&store);
    store.index("").refused();
    let answer = store.find("npm:a").failed().json();
    assert_eq!(answer["reports"][0]["report"], "d.json");
    assert_eq!(names(&answer["unexamined"]), ["d.sealift"]);
}

fn report_of_torn(store: &Store) {
    report(store, "d", "d.json", "");
    let bytes = fs::read(store.path("d")).unwrap();
    fs::write(store.path("d"), &bytes[..bytes.len() / 2]).unwrap();
}

#[test]
fn a_signature_counts_with_the_key_that_is_named_alone() {
    let store = scene();
    fs::remove_file(store.world.path("archives/kept.txt")).unwrap();
    report(&store, "a", "signed.json", "--report-key second.key");
    fs::remove_file(store.path("a")).unwrap();
    let source = |more: &str| {
        store.index(more).done();
        let rows = rows(&store);
        let sources = of_kind(&rows, "package").into_iter().map(|row| row["source"].clone());
        let sources: std::collections::BTreeSet<_> =
            sources.map(|source| source.as_str().unwrap().to_owned()).collect();
        let report = of_kind(&rows, "report")[0].clone();
        assert!(sources.contains(report["source"].as_str().unwrap()), "{sources:?}");
        report
    };
    let by = |more| source(more)["reportKeys"].clone();
    assert_eq!(source("")["source"], "unverified-report");
    let human = store.world.sealift("bundle where plain archives").done().stdout;
    assert!(human.contains("by a stored report, whose signature was not verified\n"), "{human}");
    // The key that seals archives does not sign reports.
    assert_eq!(source("--report-signer release.key.pub")["source"], "unverified-report");
    assert_eq!(by("--report-signer release.key.pub"), json!([]));
    let second = sealift::core::archive::key::PublicKey::from(&world::key(2)).fingerprint();
    let both = "--report-signer release.key.pub --report-signer second.key.pub";
    assert_eq!(source(both)["source"], "signed-report");
    assert_eq!(by(both), json!([second]));
    assert_eq!(store.find(&second).json()["reports"][0]["foundIn"], json!(["reportKeys"]));
    let human = store.world.sealift("bundle where plain archives").done().stdout;
    assert!(human.contains(&format!("by a stored report, signed by {second}\n")), "{human}");
    store.index("--report-signer none.pub").failed();
}

#[test]
fn a_file_that_starts_as_a_report_and_is_none_is_named_and_stops_nothing() {
    let store = scene();
    let good = String::from_utf8(store.world.read("archives/kept.txt")).unwrap();
    report(&store, "a", "signed.json", "--report-key second.key");
    let signed = String::from_utf8(store.world.read("archives/signed.json")).unwrap();
    fs::remove_file(store.world.path("archives/signed.json")).unwrap();
    fs::remove_file(store.world.path("archives/kept.txt")).unwrap();
    let sha256 = serde_json::from_str::<Value>(&good).unwrap()["archive"]["sha256"].clone();
    let many = format!(
        "\"denied\":[{}{{\"code\":\"x\"}}],\"rules\"",
        format!("{{\"code\":\"{}\"}},", "x".repeat(500)).repeat(10_000)
    );
    let dense: Value = serde_json::from_str(&good).unwrap();
    let schema = good.find("\"schema\"").unwrap();
    assert!(schema < 10, "the schema comes first");
    let dense = format!(
        "{{\"schema\":\"sealift-report/1\",{}",
        serde_json::to_string(&without_schema(dense)).unwrap().trim_start_matches('{')
    );
    let cases = [
        ("cut.json", good[..good.len() / 2].to_owned(), "EOF"),
        ("envelope.json", signed[..signed.len() / 2].to_owned(), "EOF"),
        ("form.json", signed.replacen("\",\"payload\"", "\", \"payload\"", 1), "envelope"),
        ("version.json", good.replacen("sealift-report/1", "sealift-report/2", 1), "its schema is"),
        (
            "purl.json",
            good.replace("pkg:npm/plain@2.0.0", "plain 2"),
            "\"plain 2\" is not a package URL",
        ),
        (
            "digest.json",
            good.replace(sha256.as_str().unwrap(), "abc"),
            "the SHA-256 of its archive is not one",
        ),
        ("verdict.json", good.replacen("\"refused\"", "\"perfect\"", 1), "unknown variant"),
        (
            "values.json",
            dense.replacen("\"rules\"", &format!("\"x\":[0{}],\"rules\"", ",0".repeat(600_000)), 1),
            "more than 600000 values",
        ),
        ("long.json", dense.replacen("\"rules\"", &many, 1), "than a row of an index has"),
    ];
    for (name, text, _) in &cases {
        store.world.write(&format!("archives/{name}"), text);
    }
    let large = sealift::core::limits::SIGNED_REPORT_BYTES;
    let file = fs::File::create(store.world.path("archives/large.json")).unwrap();
    std::io::Write::write_all(&mut &file, b"{\"schema\":\"sealift-report/1\",").unwrap();
    file.set_len(large + 1).unwrap();
    // What is no report is passed over without a word.
    for (name, text) in [
        ("package.json", "{\"name\":\"a\"}"),
        ("sarif.json", "{\"$schema\":\"x\",\"schema\":\"sealift-report/1\"}"),
        ("vsa.json", "{\"payloadType\":\"application/vnd.in-toto+json\",\"payload\":\"\"}"),
        ("notes.txt", "sealift-report/1"),
        ("empty.json", ""),
    ] {
        store.world.write(&format!("archives/{name}"), text);
    }
    let run = store.index("").refused();
    let rows = rows(&store);
    let reports = of_kind(&rows, "report");
    assert_eq!(reports.len(), cases.len() + 1, "{reports:#?}");
    for (name, _, why) in &cases {
        let row = reports.iter().find(|row| row["report"] == *name).unwrap();
        let message = row["message"].as_str().unwrap_or_default();
        assert!(message.contains(why), "{name}: {row}");
        assert_eq!((&row["code"], &row["source"]), (&json!("report-file"), &json!(null)), "{name}");
        let line = format!("not used  {name}: ");
        assert_eq!(run.stdout.lines().filter(|line_| line_.starts_with(&line)).count(), 1, "{run}");
    }
    let row = reports.iter().find(|row| row["report"] == "large.json").unwrap();
    assert!(row["message"].as_str().unwrap().contains("is larger than"), "{row}");
    let first = run.stdout.lines().next().unwrap();
    assert!(first.contains(" rows, 10 stored reports not used; "), "{first}");
    assert!(!first.contains("and 10 stored"), "none can be used: {first}");
    // It is not known what they say: no answer is clear.
    let answer = store.find("b@1.0.0").failed().json();
    assert_eq!(names(&answer["archives"]), ["b.sealift"]);
    assert_eq!(answer["summary"]["unusable"], 10);
    assert_eq!(answer["outdated"], json!([]));
}

fn without_schema(mut report: Value) -> Value {
    report.as_object_mut().unwrap().remove("schema");
    report
}

#[test]
fn a_report_that_came_went_or_changed_makes_the_index_old() {
    let store = scene();
    store.index("").refused();
    store.find("b").done();
    // What is no report does not.
    store.world.write("archives/package.json", "{}");
    store.find("b").done();
    report(&store, "b", "team/b.json", "");
    let changes = |answer: Value| answer["outdated"].clone();
    assert_eq!(
        changes(store.find("b").failed().json()),
        json!([{"archive": "team/b.json", "change": "new"}])
    );
    store.index("").refused();
    store.find("b").done();
    let bytes = store.world.read("archives/kept.txt");
    store.world.write("archives/kept.txt", [bytes.as_slice(), b"\n"].concat());
    fs::remove_file(store.world.path("archives/team/b.json")).unwrap();
    assert_eq!(
        changes(store.find("b").failed().json()),
        json!([
            {"archive": "kept.txt", "change": "changed"},
            {"archive": "team/b.json", "change": "gone"},
        ])
    );
}

#[test]
fn the_same_reports_give_the_same_index() {
    let store = scene();
    report(&store, "b", "team/b.json", "");
    fs::remove_file(store.path("b")).unwrap();
    store.index("").refused();
    let first = store.world.read("archives/sealift-index.ndjson");
    store.index("").refused();
    assert_eq!(store.world.read("archives/sealift-index.ndjson"), first);
}

#[test]
fn a_folder_of_reports_alone_is_indexed_and_not_verified() {
    let store = scene();
    for name in ["a", "b"] {
        fs::remove_file(store.path(name)).unwrap();
    }
    let run = store.index("").done();
    let first = run.stdout.lines().next().unwrap();
    assert_eq!(first, "indexed: 0 archives with 0 packages, and 1 stored report, in 3 rows");
    let indexed = store.index("--format json").done().json();
    assert_eq!(indexed["verdict"], json!(null));
    assert_eq!(indexed["reports"][0]["report"], "kept.txt");
    assert_eq!(indexed["reports"][0]["source"], "unsigned-report");
    let judged = store.verify("--format json").failed().json();
    assert_eq!(judged["code"], "no-archive");
}

#[cfg(unix)]
#[test]
fn a_report_behind_a_symbolic_link_is_not_read() {
    let store = scene();
    let kept = store.world.path("archives/kept.txt");
    fs::rename(&kept, store.world.path("kept.txt")).unwrap();
    std::os::unix::fs::symlink("../kept.txt", &kept).unwrap();
    let indexed = store.index("--format json").refused().json();
    assert_eq!(indexed["reports"], json!([]));
    assert_eq!(indexed["notFollowed"], json!(["kept.txt"]));
}
