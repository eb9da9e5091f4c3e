//! What is answered, and what is refused.

use crate::*;

#[test]
fn every_route_answers() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let address = &serving.address;

    let full = serving.get("/@acme%2fa");
    assert_eq!((full.status, full.header("content-type")), (200, Some("application/json")));
    for path in ["/@acme/a", "/@acme%2Fa"] {
        assert_eq!(serving.get(path).body, full.body, "{path}");
    }
    let document = full.json();
    let published = json!(PUBLISHED);
    assert_eq!(
        (&document["time"]["1.0.0"], &document["dist-tags"]["latest"]),
        (&published, &json!("1.0.0"))
    );
    let dist = &document["versions"]["1.0.0"]["dist"];
    let path = "/@acme/a/-/a-1.0.0.tgz";
    assert_eq!(dist["tarball"], format!("http://{address}{path}"));
    assert!(dist["signatures"][0]["sig"].is_string(), "{dist:#}");
    assert_eq!(
        dist["attestations"]["provenance"]["predicateType"],
        "https://slsa.dev/provenance/v1"
    );

    let short = serving.ask("GET", "/@acme%2fa", ABBREVIATED);
    assert_eq!(short.header("content-type"), Some("application/vnd.npm.install-v1+json"));
    assert_eq!(short.json()["modified"], published);
    assert!(short.json().get("time").is_none());

    let tarball = serving.get(path);
    assert_eq!((tarball.status, &tarball.body), (200, &scoped.tarball));
    assert_eq!(serving.get("/@acme%2fa/-/a-1.0.0.tgz").body, scoped.tarball);
    let tarball = serving.get("/large/-/large-1.0.0.tgz");
    assert!(tarball.is_complete() && tarball.body == large.tarball);

    assert_eq!(serving.get("/b").json()["dist-tags"]["latest"], "1.10.0");
    assert_eq!(serving.get("/b/latest").json()["version"], "1.10.0");
    assert_eq!(serving.get("/b/2.0.0-rc.1").json()["_id"], "b@2.0.0-rc.1");

    let keys = serving.get("/-/npm/v1/keys").json();
    assert_eq!(keys["keys"][0]["keyid"], world.sigstore.npm_key().keyid);
    let attestations = serving.get("/-/npm/v1/attestations/@acme%2fa@1.0.0").json();
    assert_eq!(attestations["attestations"].as_array().unwrap().len(), 2);
    assert_eq!(serving.get("/-/npm/v1/attestations/b@1.10.0").status, 404);
    assert_eq!(serving.get("/-/ping").json(), json!({}));
    assert_eq!(serving.get("/-/whoami").status, 401);
    let body = "content-length: 2\r\n\r\n{}";
    let advisories = serving.ask("POST", "/-/npm/v1/security/advisories/bulk", body);
    assert_eq!((advisories.status, advisories.json()), (200, json!({})));
    let audit = serving.ask("POST", "/-/npm/v1/security/audits/quick", body);
    assert_eq!(audit.json()["advisories"], json!({}));
    let (code, errors) = serving.end("-TERM");
    assert_eq!(code, Some(0), "{errors}");
    assert!(errors.contains("app.sealift: verified"), "{errors}");
}

#[test]
fn what_is_not_sealed_or_not_read_only_is_refused_by_name() {
    let Sealed { world, .. } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    for (path, name) in [
        ("/left-pad", "left-pad is not sealed"),
        ("/@acme%2fnone", "@acme/none is not sealed"),
        ("/b/3.0.0", "b@3.0.0 is not sealed"),
        ("/b/-/b-3.0.0.tgz", "b@3.0.0 is not sealed"),
        ("/-/all", "nothing of that kind"),
        ("/../../etc/passwd", "nothing of that kind"),
        ("/%2e%2e/%2e%2e/etc/passwd", "nothing of that kind"),
        ("/..%2f..%2fetc%2fpasswd", "nothing of that kind"),
        ("/b/-/../../app.sealift", "nothing of that kind"),
        ("//b", "nothing of that kind"),
        ("/sealift.dsse.json", "is not sealed"),
    ] {
        let answer = serving.get(path);
        assert_eq!(answer.status, 404, "{path}");
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(name), "{path}: {error}");
    }
    for method in ["PUT", "DELETE", "POST", "PATCH", "OPTIONS", "TRACE", "BREW"] {
        let answer = serving.ask(method, "/b", "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("get, head")), "{method}");
    }
    let answer = serving.get("/-/npm/v1/security/advisories/bulk");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("post")));
}

#[test]
fn heads_tags_and_ranges_are_those_of_http() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    for (path, whole) in [
        ("/@acme/a/-/a-1.0.0.tgz", &scoped.tarball),
        ("/large/-/large-1.0.0.tgz", &large.tarball),
        ("/b", &serving.get("/b").body),
    ] {
        let get = serving.get(path);
        let head = serving.ask("HEAD", path, "");
        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
        for name in ["content-length", "etag", "content-type"] {
            assert!(get.header(name).is_some(), "{path}: {get:?}");
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
        let tag = get.header("etag").unwrap();
        let known = serving.ask("GET", path, &format!("if-none-match: {tag}\r\n"));
        assert_eq!((known.status, known.body.len()), (304, 0), "{path}");
        if path == "/b" {
            continue;
        }
        let size = whole.len();
        for (range, part) in [
            ("0-0".to_owned(), 0..1),
            ("5-".to_owned(), 5..size),
            ("-7".to_owned(), size - 7..size),
            (format!("{}-{}", size / 2, size / 2 + 100), size / 2..(size / 2 + 101).min(size)),
        ] {
            let answer = serving.ask("GET", path, &format!("range: bytes={range}\r\n"));
            let place = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            assert_eq!((answer.status, answer.header("content-range")), (206, Some(&*place)));
            assert_eq!(answer.body, whole[part], "{path} {range}");
        }
        let answer = serving.ask("GET", path, &format!("range: bytes={size}-\r\n"));
        assert_eq!(answer.status, 416, "{path}");
        assert_eq!(answer.header("content-range"), Some(&*format!("bytes */{size}")));
    }
}

#[test]
fn other_names_of_this_machine_are_not_answered() {
    let Sealed { world, .. } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let address = &serving.address;
    let port = address.rsplit(':').next().unwrap();
    let ask = |hosts: &str, target: &str| {
        serving.raw(&format!("GET {target} HTTP/1.1\r\n{hosts}connection: close\r\n\r\n")).status
    };
    assert_eq!(ask(&format!("host: localhost:{port}\r\n"), "/b"), 200);
    assert_eq!(ask(&format!("host: {address}\r\n"), &format!("http://{address}/b")), 200);
    for hosts in [
        format!("host: evil.example:{port}\r\n"),
        format!("host: 192.0.2.1:{port}\r\n"),
        "host: localhost\r\n".to_owned(),
        String::new(),
        format!("host: {address}\r\nhost: evil.example\r\n"),
    ] {
        assert_eq!(ask(&hosts, "/b"), 421, "{hosts}");
    }
    let absolute = ask(&format!("host: {address}\r\n"), "http://evil.example/b");
    assert_eq!(absolute, 421);
}

#[test]
fn huge_heads_and_slow_clients_do_not_stop_the_others() {
    let Sealed { world, large, .. } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let huge = format!("x: {}\r\n", "a".repeat(1 << 20));
    let refused = serving.ask("GET", "/b", &huge).status;
    assert!([0, 431].contains(&refused), "{refused}");
    let many: String = (0..200).map(|number| format!("x{number}: a\r\n")).collect();
    assert_eq!(serving.ask("GET", "/b", &many).status, 431);
    assert_eq!(serving.get(&format!("/{}", "a".repeat(10_000))).status, 404);

    // Clients that never end their head, and clients that read nothing of what they asked for.
    let mut slow: Vec<_> = (0..60)
        .map(|number| {
            let mut stream = serving.connect();
            let request = match number % 2 {
                0 => "GET /b HTTP/1.1\r\nhost:".to_owned(),
                _ => format!(
                    "GET /large/-/large-1.0.0.tgz HTTP/1.1\r\nhost: {}\r\n\r\n",
                    serving.address
                ),
            };
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    let start = Instant::now();
    assert_eq!(serving.get("/large/-/large-1.0.0.tgz").body, large.tarball);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    // A client that never ends its head loses its connection.
    let mut rest = Vec::new();
    let _ = slow[0].read_to_end(&mut rest);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

#[test]
fn more_connections_than_the_limit_are_refused_and_the_server_lives() {
    let Sealed { world, .. } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let mut open: Vec<_> = (0..300).map(|_| serving.connect()).collect();
    let mut last = open.pop().unwrap();
    let mut answer = Vec::new();
    let _ = last.read_to_end(&mut answer);
    assert_eq!(Answer::of(&answer).status, 503);
    drop(open);
    let start = Instant::now();
    while serving.get("/b").status != 200 {
        assert!(start.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_refused_archive_is_not_served() {
    let Sealed { world, .. } = Sealed::new();
    let serve = |more: &str| {
        let line = format!("bundle serve app.sealift {} --exec {more} -- touch ran", demands());
        world.sealift(&line)
    };
    assert!(serve("--require provenance").refused().stdout.starts_with("refused: "));
    let lines = format!("bundle serve app.sealift --key second.key.pub {TRUST} --at {NOW}");
    world.sealift(&format!("{lines} --require integrity --exec -- touch ran")).refused();
    world.sealift(&format!("{lines} --exec -- touch ran")).failed().says("there is no default");
    let mut archive = world.read("app.sealift");
    let middle = archive.len() / 2;
    archive[middle] ^= 1;
    world.write("app.sealift", archive);
    serve("").refused();
    assert!(!world.path("ran").exists());
}

#[test]
fn several_archives_are_one_registry_unless_they_contradict() {
    let world = World::new();
    let seal = |name: &str, packages: &[&Package]| {
        world.lock(packages.iter().copied());
        let _registry = world.serve(packages.iter().copied());
        world.fetch("").done();
        std::fs::rename(world.path("app.sealift"), world.path(name)).unwrap();
    };
    let (a, b) = (Package::new("a", "1.0.0"), Package::new("b", "1.0.0"));
    let mut other = Package::new("a", "1.0.0");
    other.tarball = Tarball::of("test", "a", "1.0.0").file("package/x", "x").gzip();
    seal("one.sealift", &[&a]);
    seal("two.sealift", &[&a, &b]);
    seal("three.sealift", &[&other]);
    let serving = Serving::start(&world, "one.sealift two.sealift");
    for path in ["/a", "/b"] {
        assert_eq!(serving.get(path).status, 200, "{path}");
    }
    let line = format!("bundle serve one.sealift three.sealift {} --exec -- touch ran", demands());
    let run = world.sealift(&line).refused().says("there are two contents for a@1.0.0");
    assert!(run.stderr.contains("one.sealift") && run.stderr.contains("three.sealift"), "{run}");
    assert!(!world.path("ran").exists());
    let line = line.replace(" --exec", " --format json --exec");
    assert_eq!(world.sealift(&line).refused().json()["code"], "two-contents");
}

#[test]
fn a_tarball_from_an_address_is_not_a_version_of_the_name_that_it_gives_itself() {
    let world = World::new();
    let real = Package::new("react", "1.0.0").signed(&world.sigstore);
    let other = Package::new("react", "99.0.0");
    let path = "/files/react.tgz";
    let registry = Registry::new().file(path, "application/gzip", other.tarball.clone());
    let registry = world.start(real.on(registry));
    let entry = json!({
        "name": "react",
        "version": "99.0.0",
        "resolved": format!("{}{path}", registry.url().trim_end_matches('/')),
        "integrity": other.integrity(),
    });
    world.lock_entries([real.locked(), ("node_modules/fork".to_owned(), entry)]);
    world.fetch("").done();
    drop(registry);
    let serving = Serving::start(&world, "app.sealift");
    let document = serving.get("/react").json();
    assert_eq!(document["dist-tags"]["latest"], "1.0.0");
    assert_eq!(document["versions"].as_object().unwrap().len(), 1);
    assert_eq!(serving.get("/react/-/react-99.0.0.tgz").status, 404);
    for path in [path, &format!("/-/sealift/{}.tgz", other.sha512())] {
        assert_eq!(serving.get(path).body, other.tarball, "{path}");
    }
    assert_eq!(serving.get("/-/sealift/00.tgz").status, 404);
}

#[test]
fn paths_that_two_packages_have_are_told_apart_by_their_digests() {
    let world = World::new();
    let [one, other] = ["1.0.0", "2.0.0"].map(|version| Package::new("tool", version));
    let path = "/files/tool.tgz";
    let hosts = [&one, &other].map(|package| {
        let file = package.tarball.clone();
        Registry::new().file(path, "application/gzip", file).start()
    });
    let entries =
        [&one, &other].into_iter().zip(&hosts).enumerate().map(|(number, (package, host))| {
            let entry = json!({
                "name": "tool",
                "version": package.version,
                "resolved": format!("{}{path}", host.url().trim_end_matches('/')),
                "integrity": package.integrity(),
            });
            (format!("node_modules/tool{number}"), entry)
        });
    world.lock_entries(entries.collect::<Vec<_>>());
    let [first, second] = hosts.each_ref().map(|host| host.url());
    world.write(".npmrc", format!("@one:registry={first}\n@two:registry={second}\n"));
    world.fetch("").done();
    let serving = Serving::start(&world, "app.sealift");
    let answer = serving.get(path);
    assert_eq!(answer.status, 404);
    assert!(answer.json()["error"].as_str().unwrap().contains("two sealed packages"), "{answer:?}");
    for package in [&one, &other] {
        let path = format!("/-/sealift/{}.tgz", package.sha512());
        assert_eq!(serving.get(&path).body, package.tarball);
    }
}

#[test]
fn a_manifest_that_is_not_utf_8_is_served_as_npm_reads_it() {
    let world = World::new();
    let mut package = Package::new("a", "1.0.0");
    let manifest = b"{\"name\": \"a\", \"version\": \"1.0.0\", \"author\": \"Ren\xE9\"}";
    package.tarball = Tarball::new().file("package/package.json", manifest).gzip();
    world.fetched(&[package]).done();
    let serving = Serving::start(&world, "app.sealift");
    assert_eq!(serving.get("/a/1.0.0").json()["author"], "Ren\u{fffd}");
}
