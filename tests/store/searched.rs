//! Who has what from whom.

use serde_json::json;

use super::*;

#[test]
fn a_malicious_version_is_found_in_exactly_the_archives_that_hold_it() {
    let store = Store::new();
    let package = |name, version| store.package(name, version, "acme/a");
    let (bad, good) = (package("left-pad", "1.3.0"), package("left-pad", "1.2.0"));
    let (near, scoped) = (package("left-pad2", "1.3.0"), package("@acme/left-pad", "1.3.0"));
    store.seal("a", [&bad, &near]);
    store.seal("b", [&good, &scoped]);
    store.seal("team/c", [&bad, &scoped]);
    store.index("").done();
    for query in ["pkg:npm/left-pad@1.3.0", "npm:left-pad@1.3.0", "left-pad@1.3.0"] {
        assert_eq!(store.found(query), ["a.sealift", "team/c.sealift"], "{query}");
    }
    for query in ["pkg:npm/left-pad", "npm:left-pad", "left-pad"] {
        assert_eq!(store.found(query), ["a.sealift", "b.sealift", "team/c.sealift"], "{query}");
    }
    for query in ["pkg:npm/%40acme/left-pad@1.3.0", "@acme/left-pad", "npm:@acme/left-pad@1.3.0"] {
        assert_eq!(store.found(query), ["b.sealift", "team/c.sealift"], "{query}");
    }
    let none: [&str; 0] = [];
    for query in
        ["left-pad@1.3.1", "left", "pkg:npm/left-pad@1.3.0?repository_url=https://r.example"]
    {
        assert_eq!(store.found(query), none, "{query}");
    }
    let answer = store.find("left-pad@1.3.0").json();
    assert_eq!(answer["kind"], "package");
    assert_eq!(answer["packages"].as_array().unwrap().len(), 1, "shared by two archives");
    assert_eq!(answer["packages"][0]["purl"], "pkg:npm/left-pad@1.3.0");
    assert_eq!(answer["packages"][0]["sha512"], bad.sha512());
    assert_eq!(answer["archives"][0]["packages"], json!([answer["packages"][0]["package"]]));
    assert_eq!(answer["summary"]["archives"], 3);
}

#[test]
fn a_moved_repository_is_found_in_exactly_the_archives_that_were_built_from_it() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/old")]);
    store.seal("b", [&store.package("b", "1.0.0", "acme/older")]);
    store.seal("c", [&store.package("c", "1.0.0", "acme/new")]);
    store.seal("d", [&store.package("d", "1.0.0", "other/old")]);
    store.index("").done();
    let workflow = "https://github.com/acme/old/.github/workflows/release.yml";
    for query in [
        "https://github.com/acme/old",
        "https://github.com/acme/old/",
        workflow,
        &format!("{workflow}@refs/heads/main"),
    ] {
        assert_eq!(store.found(query), ["a.sealift"], "{query}");
    }
    let of_owner = store.found("https://github.com/acme");
    assert_eq!(of_owner, ["a.sealift", "b.sealift", "c.sealift"]);
    let none: [&str; 0] = [];
    assert_eq!(store.found("https://github.com/acm"), none);
    assert_eq!(store.found(&format!("{workflow}@refs/heads/mai")), none);
    let answer = store.find("https://github.com/acme/old").json();
    let package = &answer["packages"][0];
    assert_eq!(package["sourceRepository"], "https://github.com/acme/old");
    assert_eq!(package["foundIn"], json!(["sourceRepository", "workflow", "workflowFile"]));
}

#[test]
fn a_withdrawn_key_is_found_in_exactly_the_archives_that_rest_on_it() {
    let mut store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    store.seal("b", [&store.signed_by_other("b"), &store.package("a", "1.0.0", "acme/a")]);
    let (key, other) = (store.world.sigstore.npm_key().clone(), store.other.clone());
    store.index("").done();
    assert_eq!(store.found(&other.keyid), ["b.sealift"]);
    assert_eq!(store.found(&key.keyid), ["a.sealift", "b.sealift"]);
    // It is withdrawn: judged anew, just what rests on it is refused.
    store.withdraw_other();
    store.verify("-q").refused();
    let judged = store.verify("--format json").refused().json();
    assert_eq!(judged["archives"][0]["verdict"], "verified");
    assert_eq!(judged["archives"][1]["verdict"], "refused");
    assert_eq!(judged["archives"][1]["denied"][0]["what"], "pkg:npm/b@1.0.0");
    assert_eq!(judged["archives"][1]["denied"][0]["code"], "unknown-key");
    // An index of today does not verify by it any more, and still says where it is.
    store.index("").refused();
    assert_eq!(store.found(&other.keyid), ["b.sealift"]);
    let answer = store.find(&other.keyid).json();
    assert_eq!(answer["packages"][0]["foundIn"], json!(["refused"]));
    assert_eq!(answer["packages"][0]["registrySignature"], "refused");
    assert_eq!(answer["packages"][0]["registryKeyid"], json!(null));
}

#[test]
fn the_key_of_a_signer_is_found_whether_its_seal_counts_or_not() {
    let store = Store::new();
    let package = store.package("a", "1.0.0", "acme/a");
    store.seal("a", [&package]);
    store.world.lock([&package]);
    let registry = store.world.serve([&package]);
    let fetch = "bundle fetch package-lock.json -o archives/b.sealift --key second.key";
    store.world.sealift(&format!("{fetch} {TRUST} --at {}", world::SEALED)).done();
    drop(registry);
    let key = |seed| sealift::core::archive::key::PublicKey::from(&world::key(seed)).fingerprint();
    store.index("").refused();
    assert_eq!(names(&store.find(&key(1)).failed().json()["archives"]), ["a.sealift"]);
    let answer = store.find(&key(2)).failed().json();
    assert_eq!(names(&answer["archives"]), ["b.sealift"]);
    assert_eq!(answer["archives"][0]["foundIn"], json!(["claimedKeys"]));
    assert_eq!(names(&answer["unexamined"]), ["b.sealift"], "its packages are not known");
    store.index("--key second.key.pub").done();
    assert_eq!(store.found(&key(2)), ["b.sealift"]);
    assert_eq!(store.find(&key(2)).json()["archives"][0]["foundIn"], json!(["keys"]));
}

#[test]
fn an_answer_from_an_old_index_says_so() {
    let store = Store::new();
    for name in ["a", "b"] {
        store.seal(name, [&store.package(name, "1.0.0", "acme/a")]);
    }
    store.index("").done();
    store.seal("c", [&store.package("c", "1.0.0", "acme/a")]);
    fs::remove_file(store.path("b")).unwrap();
    let mut bytes = fs::read(store.path("a")).unwrap();
    bytes.push(0);
    fs::write(store.path("a"), bytes).unwrap();
    let answer = store.find("a@1.0.0").failed().json();
    assert_eq!(names(&answer["archives"]), ["a.sealift"]);
    let outdated: Vec<_> = answer["outdated"].as_array().unwrap().iter().collect();
    let change = |archive: &str, change: &str| json!({"archive": archive, "change": change});
    let expected =
        [change("a.sealift", "changed"), change("b.sealift", "gone"), change("c.sealift", "new")];
    assert_eq!(outdated, expected.iter().collect::<Vec<_>>());
    let human = store.world.sealift("bundle where c@1.0.0 archives").failed();
    let first = human.stdout.lines().next().unwrap();
    assert_eq!(
        first,
        "not found: package c@1.0.0 in 2 archives; the index is old: 3 changed since"
    );
    assert!(human.stdout.contains("c.sealift: new, not in the index"), "{human}");
    assert!(human.stdout.contains("sealift bundle index archives"), "{human}");
}

#[test]
fn an_archive_that_is_written_anew_with_the_same_size_is_noticed_by_its_time() {
    let store = Store::new();
    store.seal("a", [&store.package("a", "1.0.0", "acme/a")]);
    store.index("").done();
    store.find("a").done();
    let bytes = fs::read(store.path("a")).unwrap();
    fs::write(store.path("a"), bytes).unwrap();
    assert_eq!(store.find("a").failed().json()["outdated"][0]["change"], "changed");
}

#[test]
fn a_query_that_asks_for_nothing_is_refused_before_the_index_is_read() {
    let store = Store::new();
    for query in ["https://", "pkg:npm/", "pkg:pypi/a@1", "a b", "left-pad@latest", "nuget:a"] {
        let words = ["bundle", "where", query, "archives", "--format", "json"];
        let run = Run::of(store.world.command(env!("CARGO_BIN_EXE_sealift")).args(words)).failed();
        assert_eq!(run.json()["code"], "malformed-query", "{query}");
    }
}
