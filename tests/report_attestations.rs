//! The lines of the page that verify attestations with cosign, run as the page prints them. `SEALIFT_COSIGN` is
//! the path of cosign 3; `.ci/run` gets one.
#![cfg(all(feature = "network", unix))]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::disallowed_methods)]

mod disk;
mod sides;
mod world;

use std::{ffi::OsString, path::PathBuf};

use serde_json::Value;
use sides::Sides;
use testkit::{
    sigstore::{Build, Sigstore},
    tools,
};
use world::{Package, Run, World};

const AT: &str = "2026-02-01T00:00:00Z";
const PROVENANCE: &str = "https://slsa.dev/provenance/v1";
const PUBLISH: &str = "https://github.com/npm/attestation/tree/main/specs/publish/v0.1";

/// cosign, where the other programs that the lines need are here too.
fn cosign() -> Option<OsString> {
    let programs = ["unzip", "jq", "openssl", "base64", "sha512sum"];
    tools::cosign().filter(|_| tools::are_here(&programs))
}

/// A third party: the archive, and the lines that the page has for its attestations.
struct Party<'a> {
    world: &'a World,
    cosign: OsString,
    lines: String,
}

impl<'a> Party<'a> {
    /// Seals these packages with the trust material of the sides, and takes the lines from the page.
    fn new(sides: &'a Sides, packages: &[Package], cosign: OsString) -> Self {
        let world = &sides.world;
        world.lock(packages);
        let _registry = world.serve(packages);
        let fetch = "bundle fetch package-lock.json -o app.sealift --key release.key";
        sides.on("connected", &format!("{fetch} --instance acme --at {AT}")).done();
        let verify = "bundle verify app.sealift --key release.key.pub --instance acme";
        let page = format!("{verify} --at {AT} --require integrity --report html=page.html");
        sides.on("gap", &page).done();
        let page = String::from_utf8(world.read("page.html")).unwrap();
        let part = page
            .split("<h3>Did the signers that this page names sign the attestations in it?</h3>")
            .nth(1)
            .unwrap();
        let lines = part.split("<pre>").nth(1).unwrap().split("</pre>").next().unwrap();
        let lines = lines.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        let lines = lines.replace("&#39;", "'").replace("&amp;", "&");
        Self { world, cosign, lines }
    }

    /// Unpacks the archive as the lines before do, changes something, and runs the lines. What cosign asks
    /// of any network fails.
    fn run(&self, change: &str, lines: &str) -> Run {
        let unpacked = "rm -rf x; unzip -q app.sealift -d x";
        let manifest = "jq -r .payload x/sealift.dsse.json | base64 -d > manifest";
        let programs = "sealift() { exit 99; }\ncosign() { \"$COSIGN\" \"$@\"; }";
        let script = format!("set -e\n{unpacked}\n{manifest}\n{change}\n{programs}\n{lines}");
        let mut shell = self.world.command("sh");
        for proxy in ["HTTPS_PROXY", "HTTP_PROXY"] {
            shell.env(proxy, "http://127.0.0.1:9");
        }
        Run::of(shell.env("COSIGN", &self.cosign).args(["-c", &script]))
    }

    /// That the lines verify exactly these.
    fn verifies(&self, attestations: &[(&str, &str)]) {
        let run = self.run("", &self.lines).done();
        let expected: String =
            attestations.iter().map(|(purl, kind)| format!("{purl} {kind} verified\n")).collect();
        assert_eq!(run.stdout, expected);
    }

    /// That the lines stop, and cosign says why.
    fn refuses(&self, change: &str, lines: &str, says: &str) {
        let run = self.run(change, lines);
        assert!(run.code != 0 && run.stdout.contains(says), "{change}: {run}");
    }
}

/// A change of a JSON file.
fn jq(filter: &str, file: &str) -> String {
    format!("jq '{filter}' {file} > changed && cat changed > {file}")
}

#[test]
fn cosign_accepts_the_carried_attestations_and_refuses_what_was_changed() {
    let Some(cosign) = cosign() else { return };
    let sides = Sides::new().pinned();
    let sigstore = &sides.world.sigstore;
    let build = Build::github("acme/widgets");
    let built = Package::new("@acme/built", "1.0.0").signed(sigstore);
    let built = built.published(sigstore).built(sigstore, &build);
    let bare = Package::new("bare", "2.0.0").signed(sigstore);
    let party = Party::new(&sides, &[built, bare], cosign);
    let purl = "pkg:npm/%40acme/built@1.0.0";
    party.verifies(&[(purl, PUBLISH), (purl, PROVENANCE)]);

    let lines = &party.lines;
    let other = |from: &str, to: &str| {
        assert!(lines.contains(from), "{from}: {lines}");
        lines.replace(from, to)
    };
    let identity = other("release.yml", "other.yml");
    party.refuses("", &identity, "no matching CertificateIdentity found, last error: expected SAN");
    let issuer = other(&build.issuer, "https://issuer.example");
    party.refuses("", &issuer, "expected issuer value \"https://issuer.example\"");
    let folder = "x/npm/@acme/built/1.0.0";
    party.refuses(
        &format!("printf x >> {folder}/package.tgz"),
        lines,
        "provided artifact digest does not match any digest in statement",
    );
    let attestations = format!("{folder}/attestations.json");
    for (which, kind) in [(0, PUBLISH), (1, PROVENANCE)] {
        let of = format!(".attestations[{which}].bundle");
        let payload = format!("{of}.dsseEnvelope.payload");
        let said = format!("{payload} |= (@base64d | sub(\"1.0.0\"; \"1.0.1\") | @base64)");
        party.refuses(&jq(&said, &attestations), lines, "does not match envelope payload hash");
        let logged = format!("{of}.verificationMaterial.tlogEntries = []");
        let says = "not enough verified log entries from transparency log: 0 < 1";
        party.refuses(&jq(&logged, &attestations), lines, says);
        let without = format!("del(.attestations[] | select(.predicateType == \"{kind}\"))");
        party.refuses(&jq(&without, &attestations), lines, "no such attestation");
        // One of two of a type is enough.
        let other = format!("{of}.dsseEnvelope.payload = \"e30=\"");
        let twice = format!(".attestations = (.attestations | map(.)) + .attestations | {other}");
        let found = party.run(&jq(&twice, &attestations), lines).done();
        assert!(found.stdout.contains(&format!("{purl} {kind} verified")), "{found}");
    }
    // Another key of the registry under the same id, and another instance.
    let stranger = Sigstore::new("2025-12-01T00:00:00Z".parse().unwrap());
    let own: Value = serde_json::from_slice(&sides.world.read("keys.json")).unwrap();
    let mut keys: Value = serde_json::from_str(&stranger.npm_keys_json()).unwrap();
    for (key, own) in
        keys["keys"].as_array_mut().unwrap().iter_mut().zip(own["keys"].as_array().unwrap())
    {
        key["keyId"] = own["keyId"].clone();
    }
    sides.world.write("other-keys.json", keys.to_string());
    let change = "cp other-keys.json x/trust/acme/targets/*/*keys.json";
    party.refuses(change, lines, "transparency log certificate does not match");
    sides.world.write("other-root.json", stranger.trusted_root_json());
    let change = "cp other-root.json x/trust/acme/targets/*trusted_root.json";
    party.refuses(change, lines, "not enough verified log entries");
    // One of several instances is enough, wherever it stands.
    let change =
        "mkdir -p x/trust/aaa/targets && cp other-root.json x/trust/aaa/targets/trusted_root.json";
    assert_eq!(party.run(change, lines).done().stdout.lines().count(), 2);
    party.verifies(&[(purl, PUBLISH), (purl, PROVENANCE)]);
}

/// The same with a real package, where `SEALIFT_CORPUS` names the folder of real bundles.
#[test]
fn cosign_accepts_a_real_package() {
    let (Some(cosign), Some(corpus)) = (cosign(), std::env::var_os("SEALIFT_CORPUS")) else {
        return;
    };
    let read = |file: &str| std::fs::read(PathBuf::from(&corpus).join(file)).unwrap();
    let mut sides = Sides::new();
    let root = read("trust/public-good.root-signing.json");
    sides.repository.targets.insert("trusted_root.json".to_owned(), root);
    sides.publish(read("trust/npm-keys.json"));
    let sides = sides.pinned();
    let bundle = |name: &str| {
        let bytes = read(&format!("npm-sigstore-2.3.1-{name}/bundle.sigstore.json"));
        serde_json::from_slice::<Value>(&bytes).unwrap()
    };
    let mut package = Package::new("sigstore", "2.3.1");
    package.tarball = read("npm-sigstore-2.3.1-publish/artifact.tgz");
    let package = package.attested(PUBLISH, bundle("publish"));
    let package = package.attested(PROVENANCE, bundle("provenance"));
    let party = Party::new(&sides, &[package], cosign);
    let purl = "pkg:npm/sigstore@2.3.1";
    party.verifies(&[(purl, PUBLISH), (purl, PROVENANCE)]);
    // The page of archives has this package as its example.
    let page = include_str!("../man/sealift-archive.5");
    let lines = page.split(".nf\n").find(|part| part.contains("signers <<")).unwrap();
    let lines = lines.split(".fi").next().unwrap();
    let lines = lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\");
    let run = party.run("", &lines).done();
    assert_eq!(run.stdout, format!("{purl} {PROVENANCE} verified\n"));
    let other = party.lines.replace("/sigstore-js/", "/other/");
    party.refuses("", &other, "no matching CertificateIdentity found");
}
