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
fn a_recall_among_archives_is_passed_over_and_named() {
    // Every file that a recall is made of; the seal of nobody is enough.
    let store = Store::new();
    store.seal("b", [&store.package("b", "1.0.0", "acme/b")]);
    store.world.write("archives/r.sealift", recall(2));
    for command in ["verify", "index"] {
        let judged = store.judge(command, "--require integrity --format json").done().json();
        assert_eq!(judged["recalls"], json!(["r.sealift"]), "{command}");
        assert_eq!(judged["summary"]["archives"], 1);
        let run = store.judge(command, "--require integrity").done();
        assert!(run.stdout.contains("passed over: r.sealift is a recall, not an archive"), "{run}");
    }
    let answer = store.find("npm:b").done().json();
    assert_eq!(answer["summary"]["archives"], 1);
    // Another one in its place is noticed.
    store.world.write("archives/r.sealift", recall(1));
    let answer = store.find("npm:b").failed().json();
    assert_eq!(answer["outdated"], json!([{"archive": "r.sealift", "change": "changed"}]));
    // One that was changed is refused, as any file that is no archive.
    let mut bytes = recall(1);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    store.world.write("archives/r.sealift", bytes);
    let judged = store.verify("--format json").refused().json();
    assert_eq!(judged["recalls"], json!([]));
    // With nothing else there is no archive.
    store.world.write("archives/r.sealift", recall(1));
    fs::remove_file(store.path("b")).unwrap();
    for command in ["verify", "index"] {
        let run = store.judge(command, "--require integrity --format json").failed();
        assert_eq!(run.json()["code"], "no-archive", "{run}");
    }
}

/// A recall that carries nothing, sealed by a key.
fn recall(seed: u8) -> Vec<u8> {
    let predicate = RecallPredicate {
        format_version: 1,
        tool: Tool { name: "sealift".into(), version: "0.1.0".into() },
        sealed_at: NOW.into(),
        names: vec!["pkg:npm/a".into()],
        advisories: AdvisoryOrigin { from: "osv".into(), records: 1, unreadable: 0 },
        trust: vec![],
    };
    let manifest = Recall::build(predicate, vec![]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.sealift");
    let file = archive::seal(&path, &manifest, &[world::key(seed)], |_| None).unwrap();
    fs::read(file.path()).unwrap()
}
