//! Records that are garbage, and recalls that somebody changed or sealed carelessly.

use std::collections::BTreeMap;

use sealift::{
    adapters::{
        archive::{self, Archive, Content, SignedArchive},
        files,
    },
    core::{
        archive::{
            key::PublicKey,
            manifest::{Listing as _, Subject},
        },
        package::digest::Algorithm,
        recall::{Recall, RecallPredicate, advisory_entry},
    },
};
use serde_json::{Value, json};

use crate::{
    advisory, apply, fetch, fetch_at, of, publish, seal, sides,
    sides::Sides,
    world::{Package, key},
};

fn prepared(advisories: &[Value]) -> Sides {
    let sides = sides(advisories);
    let package = Package::new("pad", "1.0.0").signed(&sides.world.sigstore);
    seal(&sides, "app.sealift", &[&package]);
    sides
}

#[test]
fn garbage_among_the_records_is_named_and_counted() {
    let sides = prepared(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]);
    let other = Package::new("tool", "1.0.0").signed(&sides.world.sigstore);
    seal(&sides, "other.sealift", &[&other]);
    let deep = format!(r#"{{"id":"MAL-1","affected":[{{"package":{}"#, "[".repeat(100_000));
    let many = format!(r#"{{"id":"MAL-2","x":[{}1]}}"#, "1,".repeat(200_000));
    let large = vec![b' '; 5 << 20];
    for (name, bytes) in [
        ("a-empty", &b""[..]),
        ("b-text", b"no JSON"),
        ("c-deep", deep.as_bytes()),
        ("d-many", many.as_bytes()),
        ("e-large", &large),
        ("f-types", br#"{"id":7}"#),
        ("g-id", br#"{"id":"../../etc/passwd"}"#),
        ("h-bytes", b"\xff\xfe"),
    ] {
        sides.world.write(&format!("osv/garbage/{name}.json"), bytes);
    }
    let run = fetch(&sides, "monday.recall", "app.sealift --format json").done();
    let fetched = run.json();
    assert_eq!(fetched["unreadable"], 8);
    assert_eq!(fetched["advisories"], json!(["MAL-2026-1"]));
    for name in ["a-empty", "b-text", "c-deep", "d-many", "e-large", "f-types", "g-id", "h-bytes"] {
        assert!(run.stderr.contains(&format!("garbage/{name}.json: ")), "{name}: {run}");
    }
    // Whoever applies it learns of them too.
    let applied = apply(&sides, "monday.recall", "app.sealift").refused().json();
    assert_eq!(applied["recall"]["unreadable"], 8);
    assert_eq!(applied["state"], "affected");
    // One of them may have been about a package that no other record names.
    fetch_at(&sides, "2026-02-03T01:00:00Z", "tuesday.recall", "other.sealift").done();
    let applied = apply(&sides, "tuesday.recall", "other.sealift").failed().json();
    assert_eq!(applied["state"], "unchecked");
    assert_eq!(of(&applied, "other.sealift")["state"], "clear");
    let line = format!(
        "recall apply tuesday.recall other.sealift --key release.key.pub --require integrity \
         --instance acme -q --at {}",
        crate::APPLIED
    );
    let line = sides.on("gap", &line).failed().stdout;
    assert_eq!(line, "unchecked: 0 of 1 examined archive affected, 8 records could not be read\n");
}

#[test]
fn two_records_of_one_id_stop_the_fetch() {
    let sides = prepared(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]);
    let copy = sides.world.read("osv/npm/MAL-2026-1.json");
    sides.world.write("osv/copy/MAL-2026-1.json", &copy);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let other = advisory("MAL-2026-1", "pad", &["2.0.0"]).to_string();
    sides.world.write("osv/copy/MAL-2026-1.json", other);
    let twice = fetch(&sides, "other.recall", "app.sealift --format json").failed();
    assert_eq!(twice.json()["code"], "advisory-twice");
    twice.says("MAL-2026-1");
}

#[test]
fn a_recall_that_was_changed_is_refused_wherever_it_was() {
    let sides = prepared(&[advisory("MAL-2026-1", "pad", &["9.0.0"])]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let good = sides.world.read("monday.recall");
    apply(&sides, "monday.recall", "app.sealift").done();
    // Every place in the advisories, the manifest and the end of the file, and some between.
    let step = (good.len() / 60).max(1);
    for at in (0..good.len()).step_by(step).chain([good.len() - 1]) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        sides.world.write("changed.recall", &bytes);
        let run = apply(&sides, "changed.recall", "app.sealift");
        assert_eq!(run.code, 1, "{at}: {run}");
        assert!(run.json()["code"].is_string(), "{at}: {run}");
    }
    for end in [0, 1, good.len() / 2, good.len() - 1] {
        sides.world.write("changed.recall", &good[..end]);
        apply(&sides, "changed.recall", "app.sealift").refused();
    }
    let mut more = good;
    more.push(0);
    sides.world.write("changed.recall", &more);
    apply(&sides, "changed.recall", "app.sealift").refused();
}

/// What a recall is made of.
struct Parts {
    entries: BTreeMap<String, Vec<u8>>,
    predicate: RecallPredicate,
}

impl Parts {
    fn of(sides: &Sides, recall: &str) -> Self {
        let file = Archive::open(&sides.world.path(recall)).unwrap();
        let file: SignedArchive<Recall> =
            file.verify_signatures(&[PublicKey::from(&key(1))], 1).unwrap();
        let entry =
            |subject: &Subject| (subject.name.clone(), file.read(&subject.name, u64::MAX).unwrap());
        Self {
            entries: file.manifest().subjects().iter().map(entry).collect(),
            predicate: file.manifest().predicate().clone(),
        }
    }

    /// Seals it, as a careless sealer does who has the key.
    fn seal(&self, sides: &Sides, recall: &str) {
        let subjects = self.entries.iter().map(|(name, bytes)| Subject {
            name: name.clone(),
            size: bytes.len() as u64,
            digest: Algorithm::Sha256.digest(bytes),
        });
        let manifest = Recall::build(self.predicate.clone(), subjects.collect()).unwrap();
        let path = sides.world.path(recall);
        let contents: BTreeMap<_, _> = self
            .entries
            .iter()
            .map(|(name, bytes)| (name.clone(), Content::Bytes(bytes.clone())))
            .collect();
        let file =
            archive::seal(&path, &manifest, &[key(1)], |subject| contents.get(&subject.name));
        files::persist(file.unwrap(), &path).unwrap();
    }
}

#[test]
fn rejects_a_recall_with_an_advisory_that_it_should_not_carry() {
    let sides = prepared(&[advisory("MAL-2026-1", "pad", &["9.0.0"])]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let mut withdrawn = advisory("MAL-2026-7", "pad", &["1.0.0"]);
    withdrawn["withdrawn"] = json!("2026-01-05T00:00:00Z");
    for (id, record, why) in [
        ("MAL-2026-7", "no JSON".to_owned(), "not an OSV record"),
        ("MAL-2026-7", advisory("MAL-2026-8", "pad", &[]).to_string(), "its id is"),
        ("MAL-2026-7", withdrawn.to_string(), "withdrawn"),
        ("GHSA-a-b-c", advisory("GHSA-a-b-c", "pad", &[]).to_string(), "not about malicious"),
        (
            "MAL-2026-7",
            advisory("MAL-2026-7", "tool", &[]).to_string(),
            "no package that was asked",
        ),
    ] {
        let mut parts = Parts::of(&sides, "monday.recall");
        parts.entries.insert(advisory_entry(id), record.into_bytes());
        parts.seal(&sides, "careless.recall");
        let refused = apply(&sides, "careless.recall", "app.sealift").refused().says(why);
        assert_eq!(refused.json()["code"], "recall-advisory");
    }
    // What was refused is not remembered, and nothing of it was taken over.
    assert!(!sides.world.path("gap/data/trust/acme/recall").exists());
}

#[test]
fn rejects_a_recall_whose_trust_does_not_verify() {
    let sides = prepared(&[]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let mut parts = Parts::of(&sides, "monday.recall");
    let timestamp = parts.entries.get_mut("trust/acme/timestamp.json").unwrap();
    let text = String::from_utf8(timestamp.clone()).unwrap();
    *timestamp =
        text.replacen("\"version\":", "\"version\": ", 1).replace("2026", "2027").into_bytes();
    parts.seal(&sides, "forged.recall");
    let refused = apply(&sides, "forged.recall", "app.sealift").refused();
    assert_eq!(refused.json()["code"], "trust-metadata");
    assert!(!sides.world.path("gap/data/trust/acme/current").exists());
    // Without trust it is still a recall.
    let mut parts = Parts::of(&sides, "monday.recall");
    parts.entries.retain(|name, _| !name.starts_with("trust/"));
    parts.predicate.trust.clear();
    parts.seal(&sides, "bare.recall");
    let applied = apply(&sides, "bare.recall", "app.sealift").done().json();
    assert_eq!(applied["recall"]["broughtTrust"], false);
}

#[test]
fn text_of_an_advisory_does_not_steer_a_terminal() {
    let mut steering = advisory("MAL-2026-1", "pad", &["1.0.0"]);
    steering["summary"] = json!(format!("\u{1b}[2J\u{202e}{}", "x".repeat(100_000)));
    let sides = prepared(&[]);
    publish(&sides, &steering);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let line = format!(
        "recall apply monday.recall app.sealift --key release.key.pub --require integrity \
         --instance acme --at {}",
        crate::APPLIED
    );
    let text = sides.on("gap", &line).refused().stdout;
    assert!(text.contains(r"\u{1b}[2J\u{202e}xxx") && text.len() < 5_000, "{text}");
    let applied = apply(&sides, "monday.recall", "app.sealift").refused();
    assert!(!applied.stdout.contains(['\u{1b}', '\u{202e}']), "{applied}");
    let summary = of(&applied.json(), "app.sealift")["affected"][0]["summary"].to_string();
    assert!(summary.chars().count() < 600, "{summary}");
}
