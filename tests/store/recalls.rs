//! Recalls that lie among the archives.

use sealift::{
    adapters::archive,
    core::{
        archive::manifest::Tool,
        recall::{AdvisoryOrigin, Recall, RecallPredicate},
    },
};
use serde_json::json;

use super::*;

#[test]
fn a_recall_of_a_signer_is_passed_over_and_named() {
    let store = Store::new();
    store.seal("b", [&store.package("b", "1.0.0", "acme/b")]);
    store.world.write("archives/r.sealift", recall(1));
    for command in ["verify", "index"] {
        let judged = store.judge(command, "--require integrity --format json").done().json();
        assert_eq!(judged["recalls"], json!(["r.sealift"]), "{command}");
        assert_eq!(judged["summary"]["archives"], 1);
        assert_eq!(judged["summary"]["recalls"], 1);
        let run = store.judge(command, "--require integrity").done();
        assert!(run.stdout.contains("passed over: r.sealift is a recall, not an archive"), "{run}");
        let first = store.judge(command, "--require integrity -q").done().stdout;
        assert!(first.ends_with("verified: 1 of 1 archive, 1 recall passed over\n"), "{first}");
    }
    let answer = store.find("npm:b").done().json();
    assert_eq!(answer["summary"]["archives"], 1);
    // Another one in its place is noticed.
    store.world.write("archives/r.sealift", recall_of(1, &["pkg:npm/b".into()]));
    let answer = store.find("npm:b").failed().json();
    assert_eq!(answer["outdated"], json!([{"archive": "r.sealift", "change": "changed"}]));
    // With nothing else there is no archive.
    store.world.write("archives/r.sealift", recall(1));
    fs::remove_file(store.path("b")).unwrap();
    for command in ["verify", "index"] {
        let run = store.judge(command, "--require integrity --format json").failed();
        assert_eq!(run.json()["code"], "no-archive", "{run}");
    }
}

#[test]
fn a_recall_of_a_stranger_in_the_place_of_an_archive_is_refused() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    store.seal("b", [&store.package("b", "1.0.0", "acme/b")]);
    // One that was changed after it was sealed is a stranger's too.
    let mut changed = recall(1);
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    for (bytes, code) in [(recall(2), "too-few-signers"), (changed, "")] {
        store.world.write("archives/a.sealift", bytes);
        for command in ["verify", "index"] {
            let run = store.judge(command, "--require integrity --format json").refused();
            let judged = run.json();
            assert_eq!(judged["recalls"], json!([]), "{command}");
            assert_eq!(judged["summary"]["archives"], 2, "{command}");
            assert_eq!(judged["archives"][0]["verdict"], "refused", "{command}");
            let found = judged["archives"][0]["code"].as_str().unwrap();
            assert!(code.is_empty() || found == code, "{command}: {found}");
        }
        // It is not known what the archive holds that was here.
        assert_eq!(names(&store.find("npm:a").failed().json()["unexamined"]), ["a.sealift"]);
    }
}

#[test]
fn a_recall_has_the_seals_that_an_archive_needs() {
    // Otherwise one of two signers could take an archive away.
    let store = Store::new();
    store.seal("b", [&store.package("b", "1.0.0", "acme/b")]);
    store.world.write("archives/r.sealift", recall(1));
    let judged = store.verify("--key second.key.pub --threshold 2 --format json").refused().json();
    assert_eq!(judged["recalls"], json!([]));
    assert_eq!(judged["archives"][1]["code"], "too-few-signers");
}

#[test]
fn a_recall_with_more_than_a_stranger_may_say_is_passed_over() {
    let store = Store::new();
    store.seal("b", [&store.package("b", "1.0.0", "acme/b")]);
    let names = (0..30_000).map(|number| format!("pkg:npm/{}{number:05}", "a".repeat(200)));
    let large = recall_of(1, &names.collect::<Vec<_>>());
    assert!(large.len() > sealift::core::limits::UNVERIFIED_MANIFEST_BYTES);
    store.world.write("archives/r.sealift", large);
    let judged = store.verify("--format json").done().json();
    assert_eq!(judged["recalls"], json!(["r.sealift"]));
}

/// A recall that carries nothing, sealed by a key.
fn recall(seed: u8) -> Vec<u8> {
    recall_of(seed, &["pkg:npm/a".into()])
}

/// One that asked about names.
fn recall_of(seed: u8, names: &[String]) -> Vec<u8> {
    let predicate = RecallPredicate {
        format_version: 1,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: NOW.into(),
        names: names.to_vec(),
        advisories: AdvisoryOrigin { from: "osv".into(), records: 1, unreadable: 0 },
        trust: vec![],
    };
    let manifest = Recall::build(predicate, vec![]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.sealift");
    let file = archive::seal(&path, &manifest, &[world::key(seed)], |_| None).unwrap();
    fs::read(file.path()).unwrap()
}
