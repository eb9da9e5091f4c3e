//! What a recall finds in archives, and that no older one is applied.

use serde_json::{Value, json};
use testkit::{
    registry::Registry,
    sigstore::{Build, NpmKey, Window, npm_keys},
    tarball::Tarball,
};

use crate::{
    APPLIED, FETCHED, advisory, apply, apply_at, fetch, fetch_at, in_state, of, publish, seal,
    sides,
    sides::{NPM_KEYS, Sides},
    world::{Package, published},
};

fn signed(sides: &Sides, name: &str, version: &str) -> Package {
    Package::new(name, version).signed(&sides.world.sigstore)
}

#[test]
fn a_malicious_version_is_found_in_exactly_the_archives_that_hold_it() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.1"])]);
    let (good, bad) = (signed(&sides, "pad", "1.0.0"), signed(&sides, "pad", "1.0.1"));
    let other = signed(&sides, "other", "2.0.0");
    seal(&sides, "store/a.sealift", &[&good]);
    seal(&sides, "store/deep/b.sealift", &[&bad, &other]);
    seal(&sides, "store/c.sealift", &[&other]);
    let fetched = fetch(&sides, "monday.recall", "store --format json").done().json();
    assert_eq!(
        fetched,
        json!({
            "schema": "sealift-recall-fetch/1",
            "file": "monday.recall",
            "names": 2,
            "advisories": ["MAL-2026-1", "MAL-2026-999"],
            "records": 2,
            "unreadable": 0,
        })
    );

    let applied = apply(&sides, "monday.recall", "store").refused().json();
    assert_eq!(applied["state"], "affected");
    assert_eq!(in_state(&applied, "affected"), ["store/deep/b.sealift"]);
    assert_eq!(in_state(&applied, "clear"), ["store/a.sealift", "store/c.sealift"]);
    let found = &of(&applied, "store/deep/b.sealift")["affected"];
    assert_eq!(
        *found,
        json!([{
            "package": "pkg:npm/pad@1.0.1",
            "advisory": "MAL-2026-1",
            "summary": "Malicious code in pad (npm)",
        }])
    );
    // One of the others alone is clear.
    let applied = apply(&sides, "monday.recall", "store/a.sealift").done().json();
    assert_eq!(applied["state"], "clear");
    assert_eq!(applied["summary"]["notAsked"], 0);
}

#[test]
fn prints_the_affected_refused_and_unchecked_archives_and_the_unasked_packages() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.1"])]);
    seal(&sides, "store/a.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    seal(&sides, "store/b.sealift", &[&signed(&sides, "pad", "1.0.1")]);
    seal(&sides, "store/c.sealift", &[&signed(&sides, "unheard", "1.0.0")]);
    sides.world.write("store/d.sealift", b"no archive");
    let fetched = fetch(&sides, "monday.recall", "store/a.sealift").done();
    assert_eq!(
        fetched.stdout,
        "sealed: 1 advisory for 1 name, out of 2 read, in monday.recall\n  MAL-2026-1\n"
    );
    let human = |more: &str| {
        let line = format!(
            "recall apply monday.recall store --key release.key.pub --require registry-signature \
             --instance acme --at {APPLIED} {more}"
        );
        sides.on("gap", &line).refused()
    };
    let text = human("").stdout;
    let recall = sealift::core::package::digest::Algorithm::Sha256
        .digest(&sides.world.read("monday.recall"))
        .to_hex();
    insta::with_settings!({snapshot_path => "../../snapshots", prepend_module_to_snapshot => false}, {
        insta::assert_snapshot!("recall", text.replace(&recall, "SHA256"));
    });
    let line = "affected: 1 of 3 examined archives affected, 1 refused, 1 unchecked, 1 package not asked about\n";
    assert_eq!(human("-q").stdout, line);
}

/// Publishes the registry's keys, at the address that is pinned.
fn publish_keys(sides: &mut Sides, keys: &[NpmKey]) {
    let keys = npm_keys(keys).to_string().into_bytes();
    sides.repository.targets.insert(NPM_KEYS.to_owned(), keys);
    sides.repository.publish();
    sides.server.site.lock().unwrap().files = sides.repository.files.clone();
}

#[test]
fn a_withdrawn_key_is_found_in_exactly_the_archives_that_it_signed() {
    let mut sides = sides(&[]);
    let first = sides.world.sigstore.npm_key().clone();
    let second = NpmKey::new(Window::since(published() - chrono::Duration::days(30)));
    publish_keys(&mut sides, &[first.clone(), second.clone()]);
    let by = |key: &NpmKey, name: &str| {
        let mut package = Package::new(name, "1.0.0");
        package.signatures.push(key.registry_signature(name, "1.0.0", &package.integrity()));
        package
    };
    seal(&sides, "store/first.sealift", &[&by(&first, "a"), &by(&first, "b")]);
    seal(&sides, "store/second.sealift", &[&by(&second, "a")]);
    seal(&sides, "store/both.sealift", &[&by(&second, "a"), &by(&first, "c")]);
    // The trust that the archives came with accepts both keys.
    fetch(&sides, "before.recall", "store").done();
    apply(&sides, "before.recall", "store").done();

    // Somebody stole the second key: the next version of keys.json is without it.
    publish_keys(&mut sides, &[first]);
    let later = "2026-02-03T06:00:00Z";
    fetch_at(&sides, later, "after.recall", "store").done();
    let applied = apply(&sides, "after.recall", "store").refused().json();
    assert_eq!(applied["state"], "refused");
    assert_eq!(applied["recall"]["broughtTrust"], true);
    assert_eq!(in_state(&applied, "refused"), ["store/both.sealift", "store/second.sealift"]);
    assert_eq!(in_state(&applied, "clear"), ["store/first.sealift"]);
    let denied = &of(&applied, "store/both.sealift")["denied"];
    assert_eq!(denied.as_array().unwrap().len(), 1, "{denied}");
    assert_eq!(denied[0]["what"], "pkg:npm/a@1.0.0");

    // From now on the machine knows: no build gets it either.
    let report = sides.verify("store/second.sealift", APPLIED).refused().json();
    assert_eq!(report["trust"][0]["source"], "store");
    assert_eq!(report["packages"][0]["claims"]["registry-signature"]["reason"], "unknown-key");
    let again = apply(&sides, "after.recall", "store").refused().json();
    assert_eq!(again["recall"]["broughtTrust"], false);
    // And the recall from before it is not applied any more.
    let older = apply(&sides, "before.recall", "store").refused().json();
    assert_eq!(older["code"], "recall-older");
}

#[test]
fn rejects_a_recall_that_is_older_than_one_that_was_applied() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    for (at, recall) in [(FETCHED, "old.recall"), ("2026-02-03T00:00:01Z", "new.recall")] {
        fetch_at(&sides, at, recall, "app.sealift").done();
    }
    apply(&sides, "old.recall", "app.sealift").done();
    apply(&sides, "new.recall", "app.sealift").done();
    apply(&sides, "new.recall", "app.sealift").done();
    let older = apply(&sides, "old.recall", "app.sealift").refused();
    assert_eq!(older.json()["code"], "recall-older");
    older.says("a recall of 2026-02-03T00:00:01Z was applied here already").says("hint:");
    // A recall that was refused is not remembered.
    let kept = sides.world.path("gap/data/trust/acme/recall");
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "2026-02-03T00:00:01Z");
    // What was remembered and cannot be read is not forgotten.
    std::fs::write(&kept, "yesterday").unwrap();
    apply(&sides, "new.recall", "app.sealift").failed().says("is corrupt");
}

#[test]
fn rejects_a_recall_from_the_future() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let early = apply_at(&sides, "2026-02-02T00:00:00Z", "monday.recall", "app.sealift").failed();
    assert_eq!(early.json()["code"], "sealed-later");
    apply_at(&sides, "2999-01-01T00:00:00Z", "monday.recall", "app.sealift")
        .failed()
        .says("--at is in the future");
    assert!(!sides.world.path("gap/data/trust/acme/recall").exists());
}

#[test]
fn names_the_packages_that_the_recall_did_not_ask_about() {
    let sides = sides(&[advisory("MAL-2026-1", "unheard", &["1.0.0"])]);
    seal(&sides, "asked.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    seal(
        &sides,
        "more.sealift",
        &[&signed(&sides, "pad", "1.0.0"), &signed(&sides, "unheard", "1.0.0")],
    );
    fetch(&sides, "monday.recall", "asked.sealift").done();
    let applied = apply(&sides, "monday.recall", "asked.sealift more.sealift").failed().json();
    assert_eq!(applied["state"], "unchecked");
    assert_eq!(applied["summary"]["notAsked"], 1);
    assert_eq!(of(&applied, "more.sealift")["notAsked"], json!(["pkg:npm/unheard"]));
    assert_eq!(of(&applied, "asked.sealift")["state"], "clear");
}

/// A package in another one's tarball has no evidence of its own, and is installed too.
#[test]
fn finds_a_malicious_package_in_the_tarball_of_another_one() {
    let sides = sides(&[advisory("MAL-2026-1", "inner", &["9.9.9"])]);
    let mut outer = Package::new("outer", "1.0.0");
    outer.tarball =
        Tarball::of("test", "outer", "1.0.0").bundle("inner", "9.9.9", &json!({})).gzip();
    let outer = outer.signed(&sides.world.sigstore);
    let (path, mut entry) = outer.locked();
    entry["bundleDependencies"] = json!(["inner"]);
    let inner = (
        "node_modules/outer/node_modules/inner".to_owned(),
        json!({"version": "9.9.9", "inBundle": true}),
    );
    sides.world.lock_entries([(path, entry), inner]);
    let _registry = sides.world.start(outer.on(Registry::new()));
    let line = format!(
        "bundle fetch package-lock.json -o app.sealift --key release.key --instance acme --at {}",
        crate::world::SEALED
    );
    sides.on("connected", &line).done();
    let fetched = fetch(&sides, "monday.recall", "app.sealift --format json").done().json();
    assert_eq!(fetched["advisories"], json!(["MAL-2026-1"]));
    let applied = apply(&sides, "monday.recall", "app.sealift").refused().json();
    assert_eq!(
        of(&applied, "app.sealift")["affected"],
        json!([{
            "package": "pkg:npm/inner@9.9.9",
            "bundledAt": "node_modules/outer/node_modules/inner",
            "advisory": "MAL-2026-1",
            "summary": "Malicious code in inner (npm)",
        }])
    );
}

#[test]
fn what_is_not_an_archive_is_named_and_the_others_are_judged() {
    let sides = sides(&[]);
    seal(&sides, "store/a.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    fetch(&sides, "monday.recall", "store").done();
    // A recall among the archives.
    std::fs::copy(sides.world.path("monday.recall"), sides.world.path("store/self.sealift"))
        .unwrap();
    for (name, bytes) in [("store/text.sealift", &b"no archive"[..]), ("store/notes.txt", b"x")] {
        sides.world.write(name, bytes);
    }
    let applied = apply(&sides, "monday.recall", "store gone.sealift").refused().json();
    assert_eq!(in_state(&applied, "clear"), ["store/a.sealift"]);
    assert_eq!(in_state(&applied, "refused"), ["store/text.sealift"]);
    assert_eq!(applied["recalls"], json!(["store/self.sealift"]));
    assert_eq!(in_state(&applied, "unchecked"), ["gone.sealift"]);
    assert_eq!(of(&applied, "store/text.sealift")["code"], "zip-truncated");
    // Nor is the recall that is applied. One that is named is judged.
    let itself = apply(&sides, "store/self.sealift", "store").refused().json();
    assert_eq!(itself["summary"]["archives"], 2);
    let named = apply(&sides, "monday.recall", "store/self.sealift").refused().json();
    assert_eq!(of(&named, "store/self.sealift")["code"], "manifest-predicate-type");
    // Nothing to judge is an error, and nothing is remembered of the recall.
    let kept = sides.world.path("gap/data/trust/acme/recall");
    std::fs::remove_file(&kept).unwrap();
    sides.world.write("empty/notes.txt", "x");
    std::fs::create_dir(sides.world.path("recalls")).unwrap();
    std::fs::copy(sides.world.path("monday.recall"), sides.world.path("recalls/a.sealift"))
        .unwrap();
    for folder in ["empty", "recalls"] {
        let run = apply(&sides, "monday.recall", folder).failed();
        assert_eq!(run.json()["code"], "no-archive", "{run}");
        run.says(&format!("{folder}: there is no archive in the folder"));
    }
    assert!(!kept.exists());
}

#[cfg(unix)]
#[test]
fn follows_no_symbolic_link_in_a_folder() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.1"])]);
    seal(&sides, "store/a.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    seal(&sides, "outside.sealift", &[&signed(&sides, "pad", "1.0.1")]);
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, sides.world.path(name)).unwrap();
    };
    fetch(&sides, "monday.recall", "store").done();
    link("..", "store/up");
    let applied = apply(&sides, "monday.recall", "store").done().json();
    assert_eq!(applied["links"], json!(["store/up"]));
    assert_eq!(applied["summary"]["archives"], 1);
    // One with the name of an archive may lead to an archive that builds use.
    link("../outside.sealift", "store/b.sealift");
    let applied = apply(&sides, "monday.recall", "store").failed().json();
    assert_eq!(applied["state"], "unchecked");
    assert_eq!(applied["unread"][0]["file"], "store/b.sealift");
    assert_eq!(applied["summary"]["archives"], 1);
}

#[test]
fn only_trusted_keys_seal_a_recall() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    let by_second = "app.sealift --signed-by release.key.pub";
    let line = format!(
        "recall fetch -o monday.recall --key second.key --advisories osv --instance acme --at {FETCHED} {by_second}"
    );
    sides.on("connected", &line).done();
    let refused = apply(&sides, "monday.recall", "app.sealift").refused();
    assert_eq!(refused.json()["code"], "too-few-signers");
    apply(&sides, "monday.recall", "app.sealift --recall-key second.key.pub").done();
    // Then no other key counts for recalls.
    fetch(&sides, "other.recall", "app.sealift").done();
    apply(&sides, "other.recall", "app.sealift --recall-key second.key.pub").refused();
    // And that key seals no archive.
    let line = format!(
        "recall apply monday.recall app.sealift --recall-key second.key.pub --key second.key.pub \
         --require integrity --instance acme --format json --at {APPLIED}"
    );
    let applied = sides.on("gap", &line).refused().json();
    assert_eq!(of(&applied, "app.sealift")["code"], "too-few-signers");
}

#[test]
fn an_archive_is_not_a_recall_and_a_recall_is_not_an_archive() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let refused = apply(&sides, "app.sealift", "app.sealift").refused();
    assert_eq!(refused.json()["code"], "manifest-predicate-type");
    refused.says("it is an archive");
    let refused = sides.verify("monday.recall", APPLIED).refused();
    assert_eq!(refused.json()["code"], "manifest-predicate-type");
    refused.says("sealift recall apply");
}

#[test]
fn the_instance_of_a_recall_must_be_the_one_that_judges() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let line = format!(
        "recall apply monday.recall app.sealift --key release.key.pub --require integrity \
         --format json --at {APPLIED}"
    );
    let other = sides.on("gap", &line).failed().says("--instance");
    assert_eq!(other.json()["code"], "recall-other-instance");
}

#[test]
fn demands_are_those_of_verify_and_have_no_default() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&Package::new("pad", "1.0.0")]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let line = |more: &str| {
        let line = format!(
            "recall apply monday.recall app.sealift --key release.key.pub --instance acme \
             --format json --at {APPLIED} {more}"
        );
        sides.on("gap", &line)
    };
    line("").failed().says("nothing says what is demanded");
    line("--require integrity --lockfile package-lock.json")
        .failed()
        .says("--lockfile belongs to one build, but a recall judges the archives of many builds");
    line("--require integrity").done();
    let refused = line("--require registry-signature").refused().json();
    assert_eq!(of(&refused, "app.sealift")["denied"][0]["code"], "missing-registry-signature");
    let old = line("--require integrity --max-age 1d").refused().json();
    assert_eq!(of(&old, "app.sealift")["pastLimits"], json!(["archive"]));
    // A lockfile that a policy demands is not asked for.
    sides.world.write(
        "sealift.toml",
        "[archive]\nlockfile = \"required\"\n\n[[rule]]\nclaims = [\"integrity\"]\n",
    );
    line("--policy sealift.toml").done();
}

/// A package that is built from another repository than the policy expects.
#[test]
fn a_moved_repository_is_found_in_exactly_the_archives_that_hold_it() {
    let sides = sides(&[]);
    let built = |version: &str, repository: &str| {
        Package::new("pad", version)
            .signed(&sides.world.sigstore)
            .built(&sides.world.sigstore, &Build::github(repository))
    };
    seal(&sides, "store/a.sealift", &[&built("1.0.0", "acme/pad")]);
    seal(&sides, "store/b.sealift", &[&built("1.0.1", "mallory/pad")]);
    fetch(&sides, "monday.recall", "store").done();
    let policy =
        "[[rule]]\nclaims = [\"provenance\"]\nrepository = [\"https://github.com/acme/pad\"]\n";
    sides.world.write("sealift.toml", policy);
    let line = format!(
        "recall apply monday.recall store --key release.key.pub --policy sealift.toml \
         --instance acme --format json --at {APPLIED}"
    );
    let applied = sides.on("gap", &line).refused().json();
    assert_eq!(in_state(&applied, "refused"), ["store/b.sealift"]);
    assert_eq!(in_state(&applied, "clear"), ["store/a.sealift"]);
    assert_eq!(of(&applied, "store/b.sealift")["denied"][0]["code"], "unexpected-repository");
}

#[test]
fn advisories_that_were_published_since_are_found_by_the_next_recall() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&signed(&sides, "pad", "1.0.0")]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    apply(&sides, "monday.recall", "app.sealift").done();
    publish(&sides, &advisory("MAL-2026-1", "pad", &["1.0.0"]));
    fetch_at(&sides, "2026-02-03T12:00:00Z", "tuesday.recall", "app.sealift").done();
    let applied: Value = apply(&sides, "tuesday.recall", "app.sealift").refused().json();
    assert_eq!(in_state(&applied, "affected"), ["app.sealift"]);
}
