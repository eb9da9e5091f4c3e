//! All archives of a folder, judged anew.

use serde_json::json;

use super::*;
use crate::world::{Parts, key};

#[test]
fn says_in_the_first_line_how_many_are_verified() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    store.seal("b", [&Package::new("b", "1.0.0")]);
    let run = store.verify("-q").done();
    assert_eq!(run.stdout, "verified: 2 of 2 archives\n");
    let run = store.judge("verify", "--require provenance").refused();
    let expected = "\
refused: 1 of 2 archives, 1 verified

  judged    as of 2026-03-01 00:00 UTC, as --at says

refused   b.sealift: 1 of 1 package refused, sealed 2026-02-01 00:00 UTC
verified  a.sealift: 1 package, sealed 2026-02-01 00:00 UTC
";
    assert_eq!(run.stdout, expected);
    let run = store.judge("verify", "--require provenance -v").refused();
    assert!(run.stdout.contains("    pkg:npm/b@1.0.0 [missing-provenance]\n"), "{run}");
}

#[test]
fn each_archive_gets_the_verdict_that_it_gets_alone() {
    let store = Store::new();
    let (a, b) = (store.package("a", "1.0.0", "acme/a"), store.package("b", "1.0.0", "acme/b"));
    for name in ["1", "2", "3"] {
        store.seal(name, [&a, &b]);
    }
    // The same evidence, and a lockfile that asks for other bytes.
    let mut parts = Parts::of(&store.path("2"), &key(1));
    let input = parts.entries.get_mut("inputs/1/package-lock.json").unwrap();
    let text = String::from_utf8(input.clone()).unwrap();
    *input = text.replace(&a.integrity(), &b.integrity()).into_bytes();
    parts.seal(&store.path("2"), &[key(1)]);
    // The same evidence, signed as it was, and one byte is another.
    let mut parts = Parts::of(&store.path("3"), &key(1));
    parts.of_package(&a, "registry.json")[10] ^= 1;
    parts.write(&store.path("3"));
    store.seal("4", [&a, &b]);

    let judged = store.verify("--format json").refused().json();
    assert_eq!(judged["schema"], "sealift-verify-store/1");
    assert_eq!(judged["verdict"], "refused");
    let summary = json!({"archives": 4, "verified": 2, "stale": 0, "refused": 2, "unchecked": 0, "recalls": 0});
    assert_eq!(judged["summary"], summary);
    assert_eq!(judged["archives"][2]["code"], "entry-digest");
    assert_eq!(judged["archives"][1]["denied"][0]["code"], "lockfile-mismatch");
    for archive in judged["archives"].as_array().unwrap() {
        let name = archive["archive"].as_str().unwrap();
        let options = format!("archives/{name} --key release.key.pub {TRUST} --at {NOW}");
        let alone = format!("bundle verify {options} --require integrity --format json");
        let alone = store.world.sealift(&alone).json();
        assert_eq!(alone["verdict"], archive["verdict"], "{name}");
        assert_eq!(alone["code"], archive["code"], "{name}");
        if archive["code"].is_null() {
            assert_eq!(alone["archive"]["sha256"], archive["sha256"], "{name}");
            assert_eq!(alone["summary"]["refused"], archive["packagesRefused"], "{name}");
        }
    }
}

#[test]
fn an_archive_past_its_limit_is_stale_where_the_policy_only_warns() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    let run = store.verify("--max-age 1d --past-limit warn").done();
    assert!(run.stdout.starts_with("stale: 1 of 1 archive\n"), "{run}");
    assert!(run.stdout.contains("stale     a.sealift: 1 package, archive too old"), "{run}");
    let judged = store.verify("--max-age 1d --format json").refused().json();
    assert_eq!(judged["archives"][0]["pastLimits"][0]["what"], "archive");
}

#[cfg(unix)]
#[test]
fn an_archive_that_cannot_be_read_is_named_and_stops_no_other() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    store.seal("b/c", [&store.package("c", "1.0.0", "acme/c")]);
    let _socket = std::os::unix::net::UnixListener::bind(store.path("b/b")).unwrap();
    let run = store.verify("").failed();
    assert!(run.stdout.starts_with("unchecked: 1 of 3 archives, 2 verified\n"), "{run}");
    let line = "unchecked b/b.sealift: archives/b/b.sealift is not a regular file [not-a-file]";
    assert!(run.stdout.contains(line), "{run}");
    let judged = store.verify("--format json").failed().json();
    assert_eq!(judged["verdict"], "unchecked");
    assert_eq!(judged["archives"][1]["verdict"], "unchecked");
    // What is refused counts more.
    fs::write(store.path("a"), "no archive").unwrap();
    let run = store.verify("").refused();
    assert!(run.stdout.starts_with("refused: 1 of 3 archives, 1 unchecked, 1 verified\n"), "{run}");
    // And the index has the one that is good.
    store.index("").refused();
    // What is not known of the others is said, and is not a clear answer.
    let answer = store.find("c@1.0.0").failed().json();
    assert_eq!(names(&answer["archives"]), ["b/c.sealift"]);
    assert_eq!(names(&answer["unexamined"]), ["a.sealift", "b/b.sealift"]);
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_counted_and_not_followed() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, store.world.path(&format!("archives/{name}"))).unwrap();
    };
    link("a.sealift", "b.sealift");
    link("..", "up");
    // A link that could be an archive is not passed over.
    let judged = store.verify("--format json").failed().json();
    assert_eq!(names(&judged["archives"]), ["a.sealift"]);
    assert_eq!(judged["unread"][0]["file"], "b.sealift");
    assert_eq!(judged["notFollowed"], json!(["up"]));
    let run = store.verify("").failed();
    assert!(run.stdout.contains("not followed: 1 symbolic link"), "{run}");
    store.index("").failed();
    assert_eq!(store.find("b@1.0.0").failed().json()["archives"], json!([]));
    // Nor is an index written through one.
    fs::remove_file(store.world.path("archives/sealift-index.ndjson")).unwrap();
    link("elsewhere", "sealift-index.ndjson");
    store.index("").failed().says("it is a symbolic link, which is not followed");
    assert!(!store.world.path("archives/elsewhere").exists());
}

#[test]
fn the_lockfile_of_one_build_is_refused_for_many_archives() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    for command in ["verify", "index"] {
        let more = "--require integrity --lockfile package-lock.json --format json";
        let run = store.judge(command, more).failed();
        assert_eq!(run.json()["code"], "lockfile-of-store", "{run}");
    }
    store.world.write("sealift.toml", "[archive]\nlockfile = \"required\"\n[[rule]]\n");
    let run = store.judge("verify", "--policy sealift.toml --format json").failed();
    assert_eq!(run.json()["code"], "lockfile-of-store", "{run}");
    run.says("the policy demands a build's lockfile, and archives is a folder of archives");
}

#[test]
fn a_statement_or_a_report_in_a_file_about_many_archives_is_refused() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    for option in ["--attest file", "--attest-packages file", "--report json=file"] {
        let run = store.verify(&format!("{option} --format json")).failed();
        assert_eq!(run.json()["code"], "one-archive", "{run}");
        assert!(!store.world.path("file").exists());
    }
}

#[test]
fn a_folder_without_archives_is_not_verified() {
    let store = Store::new();
    for command in ["verify", "index"] {
        let run = store.judge(command, "--require integrity --format json").failed();
        assert_eq!(run.json()["code"], "no-archive", "{run}");
    }
    fs::write(store.world.path("file"), "").unwrap();
    let options = format!("--key release.key.pub {TRUST} --require integrity");
    store.world.sealift(&format!("bundle index file {options}")).failed();
}

#[test]
fn nothing_but_the_index_is_left_behind() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    let files = || {
        let entries = fs::read_dir(store.world.path("archives")).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    store.index("").done();
    let first = store.world.read("archives/sealift-index.ndjson");
    store.index("").done();
    assert_eq!(store.world.read("archives/sealift-index.ndjson"), first, "the same again");
    assert_eq!(files(), ["a.sealift", "sealift-index.ndjson"]);
    store.judge("index", "").failed();
    assert_eq!(store.world.read("archives/sealift-index.ndjson"), first, "and a failure keeps it");
    assert_eq!(files(), ["a.sealift", "sealift-index.ndjson"]);
}
