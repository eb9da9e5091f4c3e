//! `bundle serve --record`: what it counts, and where it is written.

use sha2::{Digest as _, Sha256};

use crate::*;

const A: &str = "/@acme/a/-/a-1.0.0.tgz";
const LARGE: &str = "/large/-/large-1.0.0.tgz";

fn record(world: &World) -> Value {
    let text = String::from_utf8(world.read("record.json")).unwrap();
    assert_eq!(text.lines().count(), 1);
    serde_json::from_str(&text).unwrap()
}

/// Each tarball in a record with its count.
fn counts(record: &Value) -> Value {
    let dependencies = record["predicate"]["resolvedDependencies"].as_array().unwrap();
    let count = |one: &Value| json!([one["uri"], one["annotations"]["count"]]);
    dependencies.iter().map(count).collect()
}

fn sha256(world: &World, name: &str) -> String {
    hex::encode(Sha256::digest(world.read(name)))
}

fn exec(world: &World, options: &str, run: &[&str]) -> Run {
    let line = format!("bundle serve app.sealift {options} {} --exec --", demands());
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    Run::of(command.args(line.split_whitespace()).args(run))
}

#[test]
fn a_record_that_cannot_be_written_fails_before_anything_is_verified() {
    let Sealed { world, .. } = Sealed::new();
    world.write("there.json", "mine");
    let before = world.files();
    for (options, says) in [
        ("--record there.json", "there.json exists already"),
        ("--record app.sealift", "app.sealift exists already"),
        ("--record -", "standard output has the result"),
        ("--record nowhere/record.json", "there is no such folder"),
        ("--record record.json --record-key missing.key", "missing.key"),
        ("--record-key release.key", "required arguments were not provided"),
    ] {
        // The key did not seal it, which is found out only by verifying.
        let line = format!("bundle serve app.sealift {options} --key second.key.pub {TRUST}");
        let run = world.sealift(&format!("{line} --at {NOW} --require integrity --exec -- true"));
        run.failed().says(says);
    }
    assert_eq!(world.files(), before);
    assert_eq!(world.read("there.json"), b"mine");
}

#[test]
fn nothing_is_recorded_where_nothing_is_served() {
    let Sealed { world, .. } = Sealed::new();
    let before = world.files();
    let line =
        format!("bundle serve app.sealift --record record.json --key second.key.pub {TRUST}");
    world.sealift(&format!("{line} --at {NOW} --require integrity --exec -- true")).refused();
    exec(&world, "--record record.json", &["/nowhere/to-be-found"]).failed();
    assert_eq!(world.files(), before);
}

#[test]
fn a_record_lists_the_tarballs_that_were_sent_in_full() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift --record record.json");
    for _ in 0..2 {
        assert_eq!(serving.get(A).body, scoped.tarball);
    }
    assert_eq!(serving.get(LARGE).body, large.tarball);
    let tag = serving.get("/b/-/b-1.10.0.tgz").header("etag").unwrap().to_owned();
    // None of these sends all of a tarball.
    for (method, path, headers, status) in [
        ("HEAD", "/b/-/b-2.0.0-rc.1.tgz", String::new(), 200),
        ("GET", "/b/-/b-2.0.0-rc.1.tgz", "range: bytes=0-\r\n".into(), 206),
        ("GET", "/b/-/b-1.10.0.tgz", format!("if-none-match: {tag}\r\n"), 304),
        ("GET", "/-/npm/v1/attestations/@acme%2fa@1.0.0", String::new(), 200),
        ("GET", "/large", String::new(), 200),
        ("GET", "/left-pad/-/left-pad-1.3.0.tgz", String::new(), 404),
    ] {
        assert_eq!(serving.ask(method, path, &headers).status, status, "{method} {path}");
    }
    let policy = world.report("")["policy"]["digest"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(serving.end("-TERM").0, Some(0));
    let mut record = record(&world);
    let expected = json!([
        ["pkg:npm/%40acme/a@1.0.0", 2],
        ["pkg:npm/b@1.10.0", 1],
        ["pkg:npm/large@1.0.0", 1]
    ]);
    assert_eq!(counts(&record), expected);
    let archive = sha256(&world, "app.sealift");
    let dependencies = record["predicate"]["resolvedDependencies"].take();
    let times = |value: &Value| [value["firstAt"].clone(), value["lastAt"].clone()];
    let [first, last] = times(&dependencies[0]["annotations"]);
    assert_eq!(
        dependencies[0],
        json!({
            "uri": "pkg:npm/%40acme/a@1.0.0",
            "digest": {"sha512": scoped.sha512()},
            "annotations": {"archive": archive, "count": 2, "firstAt": first, "lastAt": last},
        })
    );
    let [started, ended] = [&record["predicate"]["startedAt"], &record["predicate"]["endedAt"]];
    let [started, ended] = [started.clone(), ended.clone()];
    let mut order = [&started, &first, &last, &ended].map(|time| time.as_str().unwrap());
    assert!(order.is_sorted(), "{order:?}");
    order.iter_mut().for_each(|time| *time = time.split('T').next().unwrap());
    // The real time, whatever --at says.
    assert!(order[0] > NOW);
    let by = record["predicate"]["archives"][0]["policy"].take();
    // What is served is judged with --deep: its policy is another than the report's without.
    assert_ne!(by["digest"]["sha256"], policy);
    assert_eq!(
        by["uri"],
        format!("urn:sealift:policy:sha256:{}", by["digest"]["sha256"].as_str().unwrap())
    );
    assert_eq!(
        record,
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "app.sealift", "digest": {"sha256": archive}}],
            "predicateType": "urn:sealift:record:v1",
            "predicate": {
                "tool": {"name": "sealift", "version": env!("CARGO_PKG_VERSION")},
                "startedAt": started,
                "endedAt": ended,
                "archives": [{
                    "digest": {"sha256": archive},
                    "verdict": "verified",
                    "at": NOW,
                    "policy": null,
                }],
                "resolvedDependencies": null,
            },
        })
    );
}

#[test]
fn a_transfer_that_is_broken_off_is_not_recorded() {
    let world = World::new();
    let mut huge = Package::new("huge", "1.0.0");
    // More than the buffers of the system hold.
    huge.tarball =
        Tarball::of("test", "huge", "1.0.0").file("package/noise", noise(12 << 20)).gzip();
    world.fetched([&huge]).done();
    let serving = Serving::start(&world, "app.sealift --record record.json");
    let request =
        format!("GET /huge/-/huge-1.0.0.tgz HTTP/1.1\r\nhost: {}\r\n\r\n", serving.address);
    for _ in 0..3 {
        let mut stream = serving.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 4096];
        stream.read_exact(&mut start).unwrap();
    }
    // One client is still reading when the server ends.
    let mut slow = serving.connect();
    slow.write_all(request.as_bytes()).unwrap();
    let mut start = [0; 4096];
    slow.read_exact(&mut start).unwrap();
    let before = Instant::now();
    assert_eq!(serving.end("-TERM").0, Some(0));
    assert!(before.elapsed() < Duration::from_secs(10));
    assert_eq!(counts(&record(&world)), json!([]));
}

#[test]
fn exec_records_what_the_command_got_however_it_ends() {
    let Sealed { world, .. } = Sealed::new();
    let script =
        |end: &str| format!("curl -sf \"${{npm_config_registry}}{}\" >/dev/null; {end}", &A[1..]);
    for (end, code) in [("exit 0", 0), ("exit 7", 7), ("kill -KILL $$", 128 + 9)] {
        let run = exec(&world, "--record record.json", &["sh", "-c", &script(end)]);
        assert_eq!(run.code, code, "{run}");
        let record = record(&world);
        assert_eq!(record["predicate"]["exitCode"], code);
        assert_eq!(counts(&record), json!([["pkg:npm/%40acme/a@1.0.0", 1]]));
        std::fs::remove_file(world.path("record.json")).unwrap();
    }
    // The command takes the place of the record.
    let run = exec(&world, "--record record.json", &["sh", "-c", "echo mine > record.json"]);
    run.failed().says("record.json exists already");
    assert_eq!(world.read("record.json"), b"mine\n");
}

/// The command ends as soon as it has the last byte.
#[test]
fn a_client_that_ends_at_once_is_counted() {
    let Sealed { world, .. } = Sealed::new();
    for path in [A, LARGE] {
        for _ in 0..5 {
            let get =
                format!("exec curl -sf -o /dev/null \"${{npm_config_registry}}{}\"", &path[1..]);
            exec(&world, "--record record.json", &["bash", "-c", &get]).done();
            let counts = counts(&record(&world));
            assert_eq!((counts.as_array().unwrap().len(), &counts[0][1]), (1, &json!(1)));
            std::fs::remove_file(world.path("record.json")).unwrap();
        }
    }
}

#[test]
fn a_tarball_that_changed_is_not_recorded() {
    let Sealed { world, scoped, .. } = Sealed::new();
    let at = position(&world.read("app.sealift"), &scoped.tarball) + 30;
    let script = format!(
        "curl -sf -o /dev/null \"${{npm_config_registry}}large/-/large-1.0.0.tgz\"; \
         printf X | dd of=app.sealift bs=1 seek={at} conv=notrunc 2>/dev/null; \
         curl -s \"$npm_config_registry@acme/a/-/a-1.0.0.tgz\" || true"
    );
    let before = sha256(&world, "app.sealift");
    exec(&world, "--record record.json", &["sh", "-c", &script]).refused();
    let record = record(&world);
    // It is about the archive that was verified.
    assert_eq!(record["subject"][0]["digest"]["sha256"], before);
    assert_eq!(counts(&record), json!([["pkg:npm/large@1.0.0", 1]]));
}

#[test]
fn a_record_of_two_archives_says_where_each_tarball_came_from() {
    let Sealed { world, .. } = Sealed::new();
    std::fs::rename(world.path("app.sealift"), world.path("one.sealift")).unwrap();
    let other = Package::new("other", "1.0.0");
    world.fetched([&other]).done();
    let serving = Serving::start(&world, "one.sealift app.sealift --record record.json");
    serving.get("/other/-/other-1.0.0.tgz");
    serving.get(A);
    serving.end("-TERM");
    let record = record(&world);
    let digests = [sha256(&world, "one.sealift"), sha256(&world, "app.sealift")];
    for (number, digest) in digests.iter().enumerate() {
        assert_eq!(&record["subject"][number]["digest"]["sha256"], digest);
        assert_eq!(&record["predicate"]["archives"][number]["digest"]["sha256"], digest);
        let dependency = &record["predicate"]["resolvedDependencies"][number];
        assert_eq!(&dependency["annotations"]["archive"], digest);
    }
}

#[test]
fn a_signed_record_is_verified_by_openssl() {
    let Sealed { world, .. } = Sealed::new();
    world.sealift("key generate -o p256.key --algorithm ecdsa-p256").done();
    for key in ["second.key", "p256.key"] {
        let get = format!("curl -sf -o /dev/null \"${{npm_config_registry}}{}\"", &A[1..]);
        let options = format!("--record record.json --record-key {key}");
        exec(&world, &options, &["sh", "-c", &get]).done();
        std::fs::copy(world.path(&format!("{key}.pub")), world.path("key.pub")).unwrap();
        let lines = page_lines("record.json");
        let said = Run::of(world.command("sh").args(["-c", &lines])).done().stdout;
        let pasted = &said[said.find("\n[").unwrap()..];
        let pasted: Value = serde_json::from_str(pasted).unwrap();
        assert_eq!(pasted[0]["uri"], "pkg:npm/%40acme/a@1.0.0");
        std::fs::copy(world.path("release.key.pub"), world.path("key.pub")).unwrap();
        let other = Run::of(world.command("sh").args(["-c", &lines]));
        assert_ne!(other.code, 0, "{other}");
        std::fs::remove_file(world.path("record.json")).unwrap();
    }
}

/// By the lines that the page has for a summary, with the type of a record.
#[test]
fn a_signed_record_is_verified_by_cosign() {
    let Some(cosign) = testkit::tools::cosign() else { return };
    let Sealed { world, .. } = Sealed::new();
    let get = format!("curl -sf -o /dev/null \"${{npm_config_registry}}{}\"", &A[1..]);
    let options = "--record record.json --record-key second.key";
    exec(&world, options, &["sh", "-c", &get]).done();
    let lines = page_lines("cosign").replace("vsa.json", "record.json");
    let lines = lines.replace("https://slsa.dev/verification_summary/v1", "urn:sealift:record:v1");
    let lines = format!("cosign() {{ \"$COSIGN\" \"$@\"; }}\n{lines}");
    let run = |key: &str| {
        std::fs::copy(world.path(key), world.path("key.pub")).unwrap();
        Run::of(world.command("sh").env("COSIGN", &cosign).args(["-c", &lines]))
    };
    run("second.key.pub").done();
    let other = run("release.key.pub");
    assert!(
        other.code != 0 && other.stderr.contains("accepted signatures do not match"),
        "{other}"
    );
}

/// The lines of `man/sealift-statement.5` that name a file.
fn page_lines(file: &str) -> String {
    let page = include_str!("../../man/sealift-statement.5");
    let examples = page.split(".SH EXAMPLES").nth(1).unwrap();
    let all = examples.split(".nf\n").skip(1).map(|part| part.split("\n.fi").next().unwrap());
    let lines = all.into_iter().find(|lines| lines.contains(file)).unwrap();
    lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\")
}
