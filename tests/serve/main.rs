//! `bundle serve`: what a package manager may ask, and what it must never get.
#![cfg(all(feature = "network", feature = "serve", unix))]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod answers;
mod changes;
mod exec;
mod pages;
mod record;
#[path = "../world/mod.rs"]
mod world;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::fs::FileExt as _,
    process::{Child, ChildStderr, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::{registry::Registry, sigstore::Build, tarball::Tarball};
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

    /// Asks it to end. Its exit code, and its standard error.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let kill = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(kill.success());
        let mut errors = String::new();
        self.errors.read_to_string(&mut errors).unwrap();
        (self.child.wait().unwrap().code(), errors)
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

/// Where some bytes begin in others.
fn position(haystack: &[u8], needle: &[u8]) -> u64 {
    haystack.windows(needle.len()).position(|window| window == needle).unwrap() as u64
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
            Tarball::of("test", "large", "1.0.0").file("package/noise", noise(2 << 20)).gzip();
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
