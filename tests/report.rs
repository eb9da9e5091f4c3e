//! `bundle verify --report` and `sealift report`: what is written, what is signed, and what is not rendered.
#![cfg(all(feature = "network", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

mod world;

use std::{
    fs::File,
    io::Write as _,
    os::unix::fs::symlink,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use world::{NOW, Package, Run, TRUST, World};

const SIGNED: &str = "--report json=app.report --report-key second.key";

/// A world with an archive of one package that the registry signed.
fn sealed() -> World {
    let world = World::new();
    world.fetched([&Package::new("a", "1.0.0").signed(&world.sigstore)]).done();
    world
}

fn verify(world: &World, more: &str) -> Run {
    world.sealift(&format!(
        "bundle verify app.sealift --key release.key.pub {TRUST} --at {NOW} {more}"
    ))
}

/// A world with a signed report in `app.report`.
fn reported() -> World {
    let world = sealed();
    verify(&world, &format!("--require registry-signature {SIGNED}")).done();
    world
}

fn report(world: &World, more: &str) -> Run {
    world.sealift(&format!("report app.report --to html {more}"))
}

#[test]
fn verify_writes_every_format_and_prints_the_usual_text() {
    let world = sealed();
    let require = "--require registry-signature";
    let all = "--report json=r.json --report html=r.html --report markdown=r.md";
    let plain = verify(&world, require).done().stdout;
    assert_eq!(verify(&world, &format!("{require} {all}")).done().stdout, plain);
    let printed = verify(&world, &format!("{require} --format json")).done().stdout;
    assert_eq!(String::from_utf8(world.read("r.json")).unwrap(), printed);
    let page = String::from_utf8(world.read("r.html")).unwrap();
    assert!(
        page.starts_with("<!DOCTYPE html>")
            && page.contains("Sealift wrote this page when it verified the archive")
    );
    assert!(world.read("r.md").starts_with("### ✅ Verified: `app.sealift`".as_bytes()));
}

#[test]
fn a_refused_archive_leaves_its_report_as_evidence() {
    let world = sealed();
    let run =
        verify(&world, "--require provenance --report html=r.html --report json=r.json").refused();
    assert!(run.stdout.starts_with("refused: "));
    let stored: Value = serde_json::from_slice(&world.read("r.json")).unwrap();
    assert_eq!(stored["verdict"], "refused");
    let page = String::from_utf8(world.read("r.html")).unwrap();
    assert!(page.contains("Do not build from this archive: 1 of 1 package is refused."));
}

#[test]
fn a_verification_that_fails_leaves_no_report() {
    let world = sealed();
    let before = world.files();
    let outputs = "--report html=r.html --report json=r.json";
    verify(&world, outputs).failed().says("nothing says what is demanded");
    verify(&world, &format!("--require integrity --lockfile none {outputs}")).failed();
    let mut bytes = world.read("app.sealift");
    let good = bytes.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    world.write("app.sealift", &bytes);
    verify(&world, &format!("--require integrity {outputs}")).refused();
    world.write("app.sealift", good);
    assert_eq!(world.files(), before);
}

#[test]
fn a_report_never_replaces_a_file_and_follows_no_link() {
    let world = sealed();
    symlink("nowhere", world.path("dangling")).unwrap();
    symlink("app.sealift", world.path("link")).unwrap();
    let before = world.files();
    let archive = world.read("app.sealift");
    for there in ["app.sealift", "package-lock.json", "release.key.pub", "link", "dangling"] {
        let run = verify(
            &world,
            &format!("--require integrity --report html=r.html --report json={there}"),
        );
        run.failed().says("exists already").says("nothing is replaced");
    }
    for (outputs, says) in [
        (
            "--report html=-",
            "standard output has the result, so that nothing else can be written to it",
        ),
        ("--report html=r --report json=./r", "two outputs cannot be written to one file"),
        ("--report html=none/r", "there is no such folder"),
        ("--report html=r --report-key second.key", "--report-key signs the JSON report alone"),
        ("--report pdf=r", "is not a format"),
        ("--report html=", "not a format, = and a file"),
        ("--report-key second.key", "--report <FORMAT=FILE>"),
        (&format!("{SIGNED}.pub"), "a private key is needed"),
    ] {
        verify(&world, &format!("--require integrity {outputs}")).failed().says(says);
    }
    assert_eq!(world.files(), before);
    assert_eq!(world.read("app.sealift"), archive);
    assert!(!world.path("nowhere").exists());
}

#[test]
fn a_signed_report_is_rendered_with_who_signed_it() {
    let world = reported();
    let envelope: Value = serde_json::from_slice(&world.read("app.report")).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.sealift.report+json");
    let second = envelope["signatures"][0]["keyid"].as_str().unwrap().to_owned();
    let page = report(&world, "--key release.key.pub --key second.key.pub").done().stdout;
    assert!(page.contains(&format!("unchanged since, by the key <code>{second}</code>")));
    let page = report(&world, "").done().stdout;
    assert!(page.contains("was not verified,</strong>") && page.contains(&second));
    // The page is what verify itself writes, but for who vouches for it.
    verify(&world, "--require registry-signature --report html=own.html").done();
    let own = String::from_utf8(world.read("own.html")).unwrap();
    // From the packages to the lines for a third party, which a signed report has more of.
    let of = |page: &str| {
        let from = page.split("<section id=\"packages\">").nth(1).unwrap();
        from.split("<section id=\"check\">").next().unwrap().to_owned()
    };
    assert_eq!(of(&page), of(&own));
}

#[test]
fn a_report_that_no_given_key_signed_is_not_rendered() {
    let world = reported();
    let refused = |key: &str, code: &str, says: &str| {
        let run = report(&world, &format!("--key {key} -o page.html --format json")).refused();
        assert_eq!(run.json()["code"], code);
        run.says(says);
        assert!(!world.path("page.html").exists());
    };
    refused("release.key.pub", "report-signature", "no given key has signed the report");
    // Another report under the signature.
    let envelope = String::from_utf8(world.read("app.report")).unwrap();
    let other = envelope.replacen("\"payload\":\"ew", "\"payload\":\"Iw", 1);
    let at = envelope.find("\"payload\":\"").unwrap() + 60;
    let mut changed = envelope.clone().into_bytes();
    changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
    for bytes in [other.into_bytes(), changed] {
        assert_ne!(bytes, envelope.as_bytes());
        world.write("app.report", bytes);
        refused("second.key.pub", "report-signature", "does not verify");
    }
    // An envelope without a signature, and a bare report.
    let (payload, _) = envelope.split_once("\"signatures\"").unwrap();
    world.write("app.report", format!("{payload}\"signatures\":[]}}"));
    report(&world, "--key second.key.pub").failed().says("the envelope has no signature");
    std::fs::remove_file(world.path("app.report")).unwrap();
    verify(&world, "--require registry-signature --report json=app.report").done();
    refused("second.key.pub", "report-unsigned", "nobody has signed the report");
    let page = report(&world, "").done().stdout;
    assert!(page.contains("Nobody has signed the report that this page shows."));
}

/// What starts as a report does, with lists in lists.
fn nested(depth: usize) -> String {
    let lists = "[".repeat(depth) + &"]".repeat(depth);
    format!("{{\"schema\":\"sealift-report/1\",\"policy\":{{\"rules\":{lists}}}}}")
}

#[test]
fn what_is_no_report_is_not_rendered() {
    let world = reported();
    let envelope = String::from_utf8(world.read("app.report")).unwrap();
    let statement = envelope.replace("vnd.sealift.report", "vnd.in-toto");
    let schema = |schema: &str| json!({ "schema": schema }).to_string();
    for (bytes, says) in [
        (String::new(), "is not a report of sealift"),
        ("no JSON".to_owned(), "is not a report of sealift"),
        ("{}".to_owned(), "it has no schema"),
        ("[]".to_owned(), "is not a report of sealift"),
        (schema("sealift-report/2"), "its schema is \"sealift-report/2\""),
        (schema("sealift-failure/1"), "its schema is \"sealift-failure/1\""),
        (schema("sealift-report/1"), "missing field"),
        (statement, "a payload of the type \"application/vnd.in-toto+json\""),
        (envelope.replace("\":\"", "\": \""), "the envelope is malformed"),
        (nested(200_000), "recursion limit exceeded"),
    ] {
        world.write("app.report", bytes);
        let run = report(&world, "--format json").failed();
        assert_eq!(run.json()["code"], "report-file");
        run.says(says);
    }
    // Names are looked for one by one.
    std::fs::remove_file(world.path("app.report")).unwrap();
    verify(&world, "--require registry-signature --report json=app.report").done();
    let mut stored: Value = serde_json::from_slice(&world.read("app.report")).unwrap();
    let counts = stored["summary"]["claims"]["integrity"].clone();
    for number in 0..65 {
        stored["summary"]["claims"][format!("claim-{number}")] = counts.clone();
    }
    world.write("app.report", stored.to_string());
    report(&world, "").failed().says("more than 64 names");
    report(&world, "--key none").failed().says("cannot read none");
    let large = File::create(world.path("app.report")).unwrap();
    large.set_len(1 << 40).unwrap();
    report(&world, "").failed().says("app.report is larger than");
    let _ = Command::new("mkfifo").arg(world.path("pipe")).status().unwrap();
    world.sealift("report pipe --to html").failed().says("it is not a regular file");
}

#[test]
fn a_report_comes_from_standard_input_and_goes_into_a_new_file() {
    let world = reported();
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.args("report - --to markdown --key second.key.pub -o page.md".split_whitespace());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&world.read("app.report")).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout, b"written: page.md\n");
    let comment = world.read("page.md");
    let again = world.sealift("report app.report --to markdown --key second.key.pub").done().stdout;
    assert_eq!(String::from_utf8(comment.clone()).unwrap(), again);
    let dash = world.sealift("report app.report --to markdown --key second.key.pub -o -").done();
    assert_eq!(dash.stdout, again);
    world.sealift("report app.report --to html -o page.md").failed().says("exists already");
    assert_eq!(world.read("page.md"), comment);
    let json = world.sealift("report app.report --to markdown --format json").done().json();
    assert_eq!((&json["schema"], &json["to"]), (&"sealift-rendered/1".into(), &"markdown".into()));
    assert!(json["text"].as_str().unwrap().starts_with("### ✅ Verified"));
}

/// The lines that the page has for a third party accept the report, and refuse a changed one.
#[test]
fn the_lines_of_the_page_verify_a_signed_report_without_sealift() {
    if !testkit::tools::are_here(&["jq", "openssl", "base64", "sha256sum"]) {
        return;
    }
    let world = reported();
    world.write("report.pub", world.read("second.key.pub"));
    let lines = include_str!("../src/cli/render/report/page/lines/report.sh");
    let run = || Run::of(world.command("sh").args(["-c", lines]));
    assert!(run().done().stdout.contains("Signature Verified Successfully"));
    let stored: Value = serde_json::from_slice(&world.read("report.json")).unwrap();
    assert_eq!(stored["schema"], "sealift-report/1");
    // The first line of the page is about this archive.
    let page = report(&world, "--key second.key.pub").done().stdout;
    let line = page.split("<pre>echo ").nth(1).unwrap().split("</pre>").next().unwrap();
    let line = format!("echo {}", line.replace("&quot;", "\""));
    assert_eq!(Run::of(world.command("sh").args(["-c", &line])).done().stdout, "app.sealift: OK\n");
    world.write("report.pub", world.read("release.key.pub"));
    run().refused();
}
