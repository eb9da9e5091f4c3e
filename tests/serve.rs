//! `bundle serve`: what a package manager may ask, and what it must never get.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod world;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::FileExt as _,
    process::{Child, ChildStderr, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::{sigstore::Build, tarball::Tarball};
use world::{NOW, PUBLISHED, Package, Run, TRUST, World};

const ABBREVIATED: &str = "accept: application/vnd.npm.install-v1+json; q=1.0, */*\r\n";

/// The options after the archives.
fn demands() -> String {
    format!("--key release.key.pub {TRUST} --at {NOW} --require integrity")
}

/// A server that was started.
struct Serving {
    child: Child,
    address: String,
    errors: BufReader<ChildStderr>,
}

impl Serving {
    fn start(world: &World, archives: &str) -> Self {
        let arguments =
            format!("bundle serve {archives} {} --listen 127.0.0.1:0 --format json", demands());
        let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
        command.args(arguments.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut text = String::new();
        for line in lines.by_ref() {
            let line = line.unwrap();
            text += &line;
            if line == "}" {
                break;
            }
        }
        let told: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(told["schema"], "sealift-serve/1");
        let url = told["url"].as_str().unwrap();
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let errors = BufReader::new(child.stderr.take().unwrap());
        Self { child, address, errors }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        stream
    }

    /// Sends a request as it is, and reads the answer until the connection ends.
    fn raw(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        Answer::of(&bytes)
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let address = &self.address;
        self.raw(&format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n"
        ))
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// Asks it to end. Its exit code, and what it said.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let kill = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(kill.success());
        let mut said = String::new();
        self.errors.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn of(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        let body = bytes.get(end + 4..).unwrap_or_default().to_vec();
        Self { status, head, body }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Whether all of the body came that was announced.
    fn is_complete(&self) -> bool {
        self.header("content-length").and_then(|text| text.parse().ok()) == Some(self.body.len())
    }
}

/// Text that gzip cannot make much smaller.
fn noise(size: usize) -> String {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'0' + (state >> 32) as u8 % 64)
    };
    (0..size).map(next).collect()
}

/// Packages of several kinds, sealed.
struct Sealed {
    world: World,
    scoped: Package,
    large: Package,
}

impl Sealed {
    fn new() -> Self {
        let world = World::new();
        let scoped = Package::new("@acme/a", "1.0.0")
            .signed(&world.sigstore)
            .published(&world.sigstore)
            .built(&world.sigstore, &Build::github("acme/a"));
        let newer = Package::new("b", "2.0.0-rc.1").signed(&world.sigstore);
        let older = Package::new("b", "1.10.0").signed(&world.sigstore);
        let mut large = Package::new("large", "1.0.0");
        large.tarball =
            Tarball::of("test", "large", "1.0.0").file("package/noise", &noise(1 << 20)).gzip();
        let large = large.signed(&world.sigstore);
        let all = [&scoped, &newer, &large];
        let mut entries: Vec<_> = all.iter().map(|package| package.locked()).collect();
        entries.push(older.locked_at("node_modules/large/node_modules/b"));
        world.lock_entries(entries);
        let registry = world.serve([&scoped, &newer, &older, &large]);
        world.fetch("").done();
        drop(registry);
        Self { world, scoped, large }
    }
}

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
    let said = full.json();
    let published = json!(PUBLISHED);
    assert_eq!(
        (&said["time"]["1.0.0"], &said["dist-tags"]["latest"]),
        (&published, &json!("1.0.0"))
    );
    let dist = &said["versions"]["1.0.0"]["dist"];
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
    let (code, said) = serving.end("-TERM");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("app.sealift: verified"), "{said}");
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
        ("/", "nothing of that kind"),
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
    // Whoever does not end its head loses its place.
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

/// Flips a byte of a file in place, there and back.
fn flip(file: &std::fs::File, at: u64) {
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[byte[0] ^ 1], at).unwrap();
}

fn position(haystack: &[u8], needle: &[u8]) -> u64 {
    haystack.windows(needle.len()).position(|window| window == needle).unwrap() as u64
}

#[test]
fn an_archive_that_changes_is_never_served_as_good() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let archive = world.read("app.sealift");
    let file = std::fs::OpenOptions::new().read(true).write(true).open(world.path("app.sealift"));
    let file = file.unwrap();
    let parts = [(&scoped, "/@acme/a/-/a-1.0.0.tgz"), (&large, "/large/-/large-1.0.0.tgz")];
    for (package, path) in parts {
        let at = position(&archive, &package.tarball) + package.tarball.len() as u64 / 2;
        flip(&file, at);
        for (method, headers) in [("GET", ""), ("HEAD", ""), ("GET", "range: bytes=0-3\r\n")] {
            let answer = serving.ask(method, path, headers);
            assert_eq!(answer.status, 500, "{path} {method} {headers}");
            let start = &package.tarball[..20.min(package.tarball.len())];
            assert!(!answer.body.windows(start.len()).any(|window| window == start));
        }
        flip(&file, at);
        assert_eq!(serving.get(path).body, package.tarball);
    }
    let at = position(&archive, &scoped.tarball) + 40;
    flip(&file, at);
    assert_eq!(serving.get("/@acme%2fa").status, 500);
    flip(&file, at);
    let (code, said) = serving.end("-INT");
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("are not those that the manifest lists"), "{said}");
}

#[test]
fn bytes_that_flip_under_load_are_never_served_as_good() {
    let Sealed { world, scoped, large } = Sealed::new();
    let serving = Serving::start(&world, "app.sealift");
    let archive = world.read("app.sealift");
    let file = std::fs::OpenOptions::new().read(true).write(true).open(world.path("app.sealift"));
    let file = file.unwrap();
    let places = [&scoped, &large]
        .map(|package| position(&archive, &package.tarball) + package.tarball.len() as u64 / 2);
    let parts = [(&scoped, "/@acme/a/-/a-1.0.0.tgz"), (&large, "/large/-/large-1.0.0.tgz")];
    let ended = std::sync::atomic::AtomicBool::new(false);
    let counts = std::thread::scope(|scope| {
        let (file, ended) = (&file, &ended);
        let serving = &serving;
        let clients: Vec<_> = (0..4)
            .map(|client: usize| {
                scope.spawn(move || {
                    let (mut good, mut bad) = (0, 0);
                    for number in 0..150 {
                        let (package, path) = parts[(client + number) % 2];
                        let answer = serving.get(path);
                        if answer.status == 200 && answer.is_complete() {
                            assert!(answer.body == package.tarball, "wrong bytes of {path}");
                            good += 1;
                        } else {
                            bad += 1;
                        }
                    }
                    (good, bad)
                })
            })
            .collect();
        let flipping = scope.spawn(move || {
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                for at in places {
                    flip(file, at);
                    std::thread::sleep(Duration::from_micros(500));
                    flip(file, at);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        });
        let counts: Vec<(i32, i32)> =
            clients.into_iter().map(|client| client.join().unwrap()).collect();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        flipping.join().unwrap();
        counts
    });
    let good: i32 = counts.iter().map(|(good, _)| good).sum();
    let bad: i32 = counts.iter().map(|(_, bad)| bad).sum();
    assert!(good > 0 && bad > 0, "{good} good, {bad} bad: the test saw only one side");
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

fn exec(world: &World, script: &str) -> Run {
    exec_of(world, &["sh", "-c", script])
}

fn exec_of(world: &World, run: &[&str]) -> Run {
    let line = format!("bundle serve app.sealift {} --exec --", demands());
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.env("NPM_CONFIG_REGISTRY", "https://evil.example/");
    command.env("npm_config_@env:registry", "https://evil.example/");
    Run::of(command.args(line.split_whitespace()).args(run))
}

#[test]
fn exec_returns_the_exit_code_and_leaves_nothing() {
    let Sealed { world, .. } = Sealed::new();
    for code in [0, 1, 7] {
        assert_eq!(exec(&world, &format!("exit {code}")).code, code);
    }
    assert_eq!(exec(&world, "kill -KILL $$").code, 128 + 9);
    let line = format!("bundle serve app.sealift {} --exec -- /nowhere/to-be-found", demands());
    world.sealift(&line).failed().says("cannot run");

    world.write(".npmrc", "@project:registry=https://evil.example/\n");
    let kept = exec(&world, "mkdir -p \"$npm_config_cache\"; echo \"$npm_config_cache\"").done();
    let kept = kept.says("sh may drop the variables");
    // Not by a shell: some drop variables whose names they could not write.
    let run = exec_of(&world, &["env"]).done();
    let value = |name: &str| {
        let mut lines = run.stdout.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
    };
    let url = value("npm_config_registry");
    assert!(url.starts_with("http://127.0.0.1:"), "{run}");
    for name in
        ["npm_config_@acme:registry", "npm_config_@project:registry", "npm_config_@env:registry"]
    {
        assert_eq!(value(name), url, "{name}");
    }
    assert_eq!(value("BUN_CONFIG_REGISTRY"), url);
    assert!(!run.stdout.contains("evil.example"), "{run}");
    let cache = kept.stdout.trim();
    assert!(cache.ends_with("/npm") && !std::path::Path::new(cache).exists(), "{cache}");
}

#[test]
fn exec_fails_where_an_archive_changed_and_the_command_passed_over_it() {
    let Sealed { world, scoped, .. } = Sealed::new();
    let at = position(&world.read("app.sealift"), &scoped.tarball) + 30;
    let script = format!(
        "printf X | dd of=app.sealift bs=1 seek={at} conv=notrunc 2>/dev/null; \
         curl -s \"$npm_config_registry@acme/a/-/a-1.0.0.tgz\" || true"
    );
    let run = exec(&world, &script).refused();
    assert!(run.stderr.contains("are not those that the manifest lists"), "{run}");
}
