//! Where advisories come from, and what is asked about.

use sealift::core::limits;
use serde_json::{Value, json};
use testkit::tuf::server::{Fault, Server};

use crate::{
    APPLIED, FETCHED, advisory, apply, fetch, of, publish, seal, sides,
    sides::Sides,
    world::{Package, Run, raw_zip},
};

fn package(sides: &Sides, name: &str) -> Package {
    Package::new(name, "1.0.0").signed(&sides.world.sigstore)
}

/// A ZIP file of records.
fn zip(advisories: &[Value]) -> Vec<u8> {
    let mut zip = raw_zip::Zip::default();
    for advisory in advisories {
        let name = format!("{}.json", advisory["id"].as_str().unwrap());
        zip.entries.push(raw_zip::Entry::new(&name, advisory.to_string().as_bytes()));
    }
    zip.bytes()
}

fn from(sides: &Sides, source: &str, more: &str) -> Run {
    let line = format!(
        "recall fetch app.sealift -o monday.recall --key release.key --advisories {source} \
         --instance acme --format json --at {FETCHED} {more}"
    );
    sides.on("connected", &line)
}

#[test]
fn reads_a_zip_file_and_the_address_of_one() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    let bytes =
        zip(&[advisory("MAL-2026-1", "pad", &["1.0.0"]), advisory("MAL-2026-2", "x", &["1.0.0"])]);
    sides.world.write("all.zip", &bytes);
    let server = Server::start([("npm/all.zip".to_owned(), bytes)].into());
    let address = format!("{}npm/all.zip", server.url());
    for source in ["all.zip", &address] {
        let fetched = from(&sides, source, "").done().json();
        assert_eq!(fetched["advisories"], json!(["MAL-2026-1"]), "{source}");
        assert_eq!(fetched["records"], 2);
        let applied = apply(&sides, "monday.recall", "app.sealift").refused().json();
        assert_eq!(applied["recall"]["from"], source);
        assert_eq!(of(&applied, "app.sealift")["state"], "affected");
    }
    // The whole file was asked for, and no name.
    assert_eq!(server.asked(), ["npm/all.zip"]);
}

#[test]
fn a_source_that_cannot_be_had_leaves_no_file() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    let server = Server::start([("all.zip".to_owned(), zip(&[]))].into());
    for (name, fault, told) in [
        ("gone.zip", None, "answers with status 404"),
        ("forbidden.zip", Some(Fault::Status(403)), "answers with status 403"),
        ("login.zip", Some(Fault::Page), "web page"),
        ("endless.zip", Some(Fault::Endless(Some(1 << 40))), "larger than"),
    ] {
        if let Some(fault) = fault {
            server.fault(name, fault);
        }
        let before = sides.world.files();
        from(&sides, &format!("{}{name}", server.url()), "").failed().says(told);
        assert_eq!(sides.world.files(), before, "{name}");
    }
    sides.world.write("text.zip", "no ZIP file");
    from(&sides, "text.zip", "").failed().says("is not a ZIP file of advisories");
    from(&sides, "gone.zip", "").failed().says("gone.zip");
    from(&sides, "http://", "").failed().says("--advisories is not an address");
    // Nothing to read is not the same as nothing found.
    sides.world.write("empty/README.md", "x");
    from(&sides, "empty", "").failed().says("holds no OSV record");
    assert!(!sides.world.files().contains(&"monday.recall".to_owned()));
}

#[test]
fn keeps_only_advisories_that_count() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    let mut withdrawn = advisory("MAL-2026-2", "pad", &["1.0.0"]);
    withdrawn["withdrawn"] = json!("2026-01-05T00:00:00Z");
    let mut python = advisory("MAL-2026-3", "pad", &["1.0.0"]);
    python["affected"][0]["package"]["ecosystem"] = json!("PyPI");
    let mut origins = advisory("GHSA-aaaa-bbbb-cccc", "pad", &["9.0.0"]);
    origins["database_specific"] = json!({"malicious-packages-origins": [{"source": "x"}]});
    for one in [
        &withdrawn,
        &python,
        &origins,
        &advisory("GHSA-dddd-eeee-ffff", "pad", &["1.0.0"]),
        &advisory("MAL-2026-4", "Pad", &["1.0.0"]),
    ] {
        publish(&sides, one);
    }
    let fetched = from(&sides, "osv", "").done().json();
    assert_eq!(fetched["advisories"], json!(["GHSA-aaaa-bbbb-cccc"]));
    assert_eq!(fetched["records"], 6);
    apply(&sides, "monday.recall", "app.sealift").done();
}

#[test]
fn carries_records_byte_for_byte() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    let record = "{\"id\" : \"MAL-2026-1\",\n\n \"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"pad\"}}],\"x\":[1.0e2]}\r\n";
    sides.world.write("osv/npm/MAL-2026-1.json", record);
    from(&sides, "osv", "").done();
    let bytes = sides.world.read("monday.recall");
    let found = bytes.windows(record.len()).any(|window| window == record.as_bytes());
    assert!(found, "the record was changed");
}

#[test]
fn asks_about_the_packages_of_a_list() {
    let sides = sides(&[advisory("MAL-2026-1", "@acme/pad", &["1.0.0"])]);
    seal(&sides, "app.sealift", &[&package(&sides, "@acme/pad")]);
    let list = "# what the archives hold\n\npkg:npm/%40acme/pad@1.0.0\r\npkg:npm/other\n\
                pkg:npm/mirrored@1.0.0?repository_url=https://registry.acme.example\n";
    sides.world.write("purls.txt", list);
    let fetched = fetch(&sides, "monday.recall", "--purls purls.txt --format json").done().json();
    assert_eq!((&fetched["names"], &fetched["records"]), (&json!(3), &json!(2)));
    let applied = apply(&sides, "monday.recall", "app.sealift").refused().json();
    assert_eq!(of(&applied, "app.sealift")["affected"][0]["package"], "pkg:npm/%40acme/pad@1.0.0");

    for wrong in
        ["left-pad", "pkg:pypi/a", "pkg:npm/@acme/pad", "pkg:npm/a@1.0.0?x=y", "pkg:npm/a@"]
    {
        sides.world.write("purls.txt", format!("pkg:npm/a\n{wrong}\n"));
        let told = "purls.txt: line 2 is not a package URL of a package that is known";
        fetch(&sides, "other.recall", "--purls purls.txt").failed().says(told);
    }
    let many: String =
        (0..=limits::RECALL_NAMES).map(|name| format!("pkg:npm/p{name}\n")).collect();
    sides.world.write("purls.txt", many);
    let told = "100001 names are asked about, more than 100000";
    fetch(&sides, "other.recall", "--purls purls.txt").failed().says(told);
    sides.world.write("purls.txt", "\n# nothing\n");
    fetch(&sides, "other.recall", "--purls purls.txt").failed().says("nothing names a package");
    fetch(&sides, "other.recall", "").failed().says("nothing names a package");
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]);
    seal(&sides, "store/a.sealift", &[&package(&sides, "pad")]);
    seal(&sides, "store/b.sealift", &[&package(&sides, "tool")]);
    fetch(&sides, "one.recall", "store").done();
    fetch(&sides, "two.recall", "store/b.sealift store/a.sealift --no-refresh").done();
    assert_eq!(sides.world.read("one.recall"), sides.world.read("two.recall"));
    // Any `unzip` reads it.
    let unzip = sides.world.command("unzip").args(["-tqq", "one.recall"]).status();
    assert!(unzip.is_ok_and(|status| status.success()), "unzip");
}

#[test]
fn replaces_nothing_that_it_reads() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    sides.world.write("purls.txt", "pkg:npm/a\n");
    sides.world.write("all.zip", zip(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]));
    for output in ["app.sealift", "purls.txt", "release.key", "release.key.pub", "all.zip"] {
        let before = sides.world.read(output);
        let line = format!(
            "recall fetch app.sealift --purls purls.txt -o {output} --key release.key \
             --advisories all.zip --instance acme --at {FETCHED}"
        );
        sides.on("connected", &line).failed().says("which it is made from");
        assert_eq!(sides.world.read(output), before);
    }
}

#[test]
fn does_not_replace_an_advisory_in_the_folder_of_advisories() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    for output in ["osv/npm/MAL-2026-1.json", "store/../osv/npm/MAL-2026-1.json"] {
        std::fs::create_dir_all(sides.world.path("store")).unwrap();
        let before = sides.world.read("osv/npm/MAL-2026-1.json");
        fetch(&sides, output, "app.sealift").failed().says("which it is made from");
        assert_eq!(sides.world.read("osv/npm/MAL-2026-1.json"), before);
    }
    // What is not there yet replaces nothing.
    fetch(&sides, "osv/monday.recall", "app.sealift").done();
}

#[test]
fn does_not_replace_an_archive_in_a_folder_that_it_reads() {
    let sides = sides(&[]);
    seal(&sides, "store/app.sealift", &[&package(&sides, "pad")]);
    let before = sides.world.read("store/app.sealift");
    fetch(&sides, "store/app.sealift", "store").failed().says("which it is made from");
    assert_eq!(sides.world.read("store/app.sealift"), before);
}

#[test]
fn a_recall_among_the_archives_is_passed_over_and_may_be_replaced() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]);
    seal(&sides, "store/app.sealift", &[&package(&sides, "pad")]);
    fetch(&sides, "store/r.sealift", "store").done();
    let first = sides.world.read("store/r.sealift");
    publish(&sides, &advisory("MAL-2026-2", "pad", &["1.0.0"]));
    let fetched = fetch(&sides, "store/r.sealift", "store --format json").done().json();
    assert_eq!(fetched["names"], 1);
    assert_eq!(fetched["advisories"], json!(["MAL-2026-1", "MAL-2026-2"]));
    assert_ne!(sides.world.read("store/r.sealift"), first);
    // One of another key is passed over only where that key is named.
    let line = format!(
        "recall fetch store -o store/s.sealift --key second.key --signed-by release.key.pub \
         --advisories osv --instance acme --at {FETCHED}"
    );
    sides.on("connected", &line).done();
    let other = fetch(&sides, "other.recall", "store --format json").refused().json();
    assert_eq!(other["code"], "too-few-signers");
    let both = "store --signed-by release.key.pub --signed-by second.key.pub";
    fetch(&sides, "other.recall", both).done();
    let applied = apply(&sides, "store/r.sealift", "store").refused().json();
    assert_eq!(applied["recalls"], json!(["store/r.sealift"]));
    assert_eq!(applied["summary"]["archives"], 2);
    assert_eq!(applied["summary"]["recalls"], 1);
    assert_eq!(of(&applied, "store/s.sealift")["code"], "too-few-signers");
    assert_eq!(of(&applied, "store/s.sealift")["state"], "refused");
    let keys = "store --recall-key release.key.pub --recall-key second.key.pub";
    let applied = apply(&sides, "store/r.sealift", keys).refused().json();
    assert_eq!(applied["recalls"], json!(["store/r.sealift", "store/s.sealift"]));
    assert_eq!(applied["summary"]["archives"], 1);
    let line = format!(
        "recall apply store/r.sealift {keys} --key release.key.pub --require integrity \
         --instance acme --at {APPLIED} -q"
    );
    let first = sides.on("gap", &line).refused().stdout;
    let expected = "affected: 1 of 1 examined archive affected, 2 recalls passed over\n";
    assert_eq!(first, expected);
    std::fs::remove_file(sides.world.path("store/s.sealift")).unwrap();
    // A file that is named must be an archive. This one is a recall.
    let named = fetch(&sides, "third.recall", "store/r.sealift --format json").refused().json();
    assert_eq!(named["code"], "manifest-predicate-type");
    std::fs::remove_file(sides.world.path("store/app.sealift")).unwrap();
    let none = fetch(&sides, "third.recall", "store --format json").failed().json();
    assert_eq!(none["code"], "no-archive");
}

#[test]
fn archives_must_be_sealed_by_a_key_that_is_named() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    fetch(&sides, "monday.recall", "app.sealift --signed-by second.key.pub").refused();
    // Without a key there is no public half of it.
    let line = format!(
        "recall fetch app.sealift -o monday.recall --advisories osv --instance acme --at {FETCHED}"
    );
    sides.on("connected", &line).failed().says("--signed-by");
    sides.world.write("store/text.sealift", "no archive");
    fetch(&sides, "monday.recall", "store").refused().says("text.sealift");
}

#[test]
fn a_refresh_that_fails_stops_the_fetch_unless_told_otherwise() {
    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    // Two weeks later the timestamp has expired.
    let late = "2026-02-20T00:00:00Z";
    crate::fetch_at(&sides, late, "monday.recall", "app.sealift").failed().says("--no-refresh");
    assert!(!sides.world.path("monday.recall").exists());
    crate::fetch_at(&sides, late, "monday.recall", "app.sealift --no-refresh").done();
}

#[test]
fn writes_the_same_recall_into_a_pipe() {
    let sides = sides(&[advisory("MAL-2026-1", "pad", &["1.0.0"])]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    fetch(&sides, "monday.recall", "app.sealift").done();
    let mut command = sides.world.command(env!("CARGO_BIN_EXE_sealift"));
    let line = format!(
        "recall fetch app.sealift -o - --key release.key --advisories osv --instance acme --at {FETCHED}"
    );
    let home = sides.world.path("connected");
    let output = command.env("SEALIFT_HOME", home).args(line.split(' ')).output().unwrap();
    assert_eq!(output.stdout, sides.world.read("monday.recall"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "sealed: 1 advisory for 1 name, out of 2 read, in standard output\n");
}

/// As with Ctrl-C, in the middle of a download.
#[cfg(unix)]
#[test]
fn an_interrupted_fetch_leaves_no_file() {
    use std::{os::unix::process::ExitStatusExt as _, process::Command, thread, time::Duration};

    let sides = sides(&[]);
    seal(&sides, "app.sealift", &[&package(&sides, "pad")]);
    let server = Server::start([].into());
    server.fault("all.zip", Fault::Silence);
    let before = sides.world.files();
    let mut command = sides.world.command(env!("CARGO_BIN_EXE_sealift"));
    let source = format!("{}all.zip", server.url());
    command.env("SEALIFT_HOME", sides.world.path("connected"));
    command.args(["recall", "fetch", "app.sealift", "-o", "monday.recall", "--key", "release.key"]);
    command.args(["--advisories", &source, "--instance", "acme", "--at", FETCHED]);
    let mut run = command.spawn().unwrap();
    while server.asked().is_empty() {
        assert_eq!(run.try_wait().unwrap(), None);
        thread::sleep(Duration::from_millis(5));
    }
    assert_ne!(sides.world.files(), before, "the download has no file");
    Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
    assert_eq!(run.wait().unwrap().signal(), Some(15));
    assert_eq!(sides.world.files(), before);
}
