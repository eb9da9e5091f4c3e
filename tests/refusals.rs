//! Every refusal in the chain, by the real binary: what is done to an archive by who has no key,
//! what a careless or malicious sealer puts into one, and evidence that says something else.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files and clocks that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use sealift::core::{archive::manifest::TrustSource, limits};
use serde_json::{Value, json};
use testkit::{
    registry::tarball_path,
    sigstore::{Build, NpmKey, Window},
};
use world::{Package, Parts, SEALED, World, key, lockfile, published, reason, status};

const TRUST: &str = "trust/public-good/metadata/timestamp.json";

/// A good archive of two packages, each with all evidence, that carries trust too.
struct Sealed {
    world: World,
    a: Package,
    b: Package,
    parts: Parts,
}

impl Sealed {
    fn new() -> Self {
        let world = World::new();
        let package = |name: &str| {
            Package::new(name, "1.0.0")
                .signed(&world.sigstore)
                .published(&world.sigstore)
                .built(&world.sigstore, &Build::github(&format!("acme/{name}")))
        };
        let (a, b) = (package("a"), package("b"));
        world.fetched([&a, &b]).done();
        let mut parts = world.parts();
        parts.entries.insert(TRUST.into(), b"{\"signed\": {}}".to_vec());
        let trust = &mut parts.predicate.trust[0];
        trust.source = TrustSource::Tuf;
        trust.refreshed_at = Some(SEALED.into());
        let sealed = Self { world, a, b, parts };
        sealed.seal(&sealed.parts);
        sealed.world.verify("--require provenance").done();
        let parts = sealed.world.parts();
        Self { parts, ..sealed }
    }

    fn seal(&self, parts: &Parts) {
        parts.seal(&self.world.path("app.sealift"), &[key(1)]);
    }

    /// Writes what anyone can write; the code of the refusal, and what it says.
    #[track_caller]
    fn refusal(&self, change: impl FnOnce(&mut Parts)) -> (String, String) {
        let mut parts = self.parts.clone();
        change(&mut parts);
        parts.write(&self.world.path("app.sealift"));
        let human = self.world.verify("--require integrity").refused();
        assert_eq!(human.stdout, "", "there is nothing to report on");
        let report = self.world.report("");
        assert_eq!(report["verdict"], "refused");
        (report["code"].as_str().unwrap().to_owned(), human.stderr)
    }

    /// Seals, with the key that is trusted, what a bad sealer would, and returns the report.
    #[track_caller]
    fn report(&self, change: impl FnOnce(&mut Parts)) -> Value {
        let mut parts = self.parts.clone();
        change(&mut parts);
        self.seal(&parts);
        self.world.verify("--require integrity").refused();
        self.world.report("")
    }
}

#[test]
fn what_anyone_can_write_is_what_was_sealed_as_long_as_nothing_changes() {
    let sealed = Sealed::new();
    sealed.parts.write(&sealed.world.path("app.sealift"));
    sealed.world.verify("--require provenance").done();
}

#[test]
fn one_byte_changed_in_each_kind_of_entry() {
    let sealed = Sealed::new();
    let names = [
        "inputs/1/package-lock.json",
        "npm/a/1.0.0/attestations.json",
        "npm/a/1.0.0/package.tgz",
        "npm/a/1.0.0/registry.json",
        TRUST,
    ];
    assert!(sealed.parts.entries.keys().all(|name| {
        let kind = |name: &str| {
            (name.split('/').next().map(str::to_owned), name.rsplit('/').next().map(str::to_owned))
        };
        names.iter().any(|known| kind(known) == kind(name))
    }));
    for name in names {
        let (code, said) = sealed.refusal(|parts| flip(parts.entries.get_mut(name).unwrap()));
        assert!(
            said.contains(&format!("the bytes of {name:?} are not those that the manifest lists")),
            "{name}: {said}"
        );
        assert_eq!(code, "entry-digest");
    }
}

#[test]
fn one_byte_changed_in_the_envelope() {
    let sealed = Sealed::new();
    for field in ["payload", "sig"] {
        let (code, said) = sealed.refusal(|parts| {
            let text = String::from_utf8(parts.envelope.clone()).unwrap();
            let at = text.find(&format!("\"{field}\":\"")).unwrap() + field.len() + 4 + 20;
            let byte = &mut parts.envelope[at];
            *byte = if *byte == b'A' { b'B' } else { b'A' };
        });
        assert_eq!(code, "envelope-signature", "{field}: {said}");
        assert!(said.contains("it was damaged or changed after it was sealed"), "{said}");
    }
    let (code, said) = sealed.refusal(|parts| parts.envelope[0] ^= 1);
    assert_eq!(code, "envelope-json", "{said}");
}

#[test]
fn an_entry_added_dropped_or_renamed() {
    let sealed = Sealed::new();
    let name = "npm/a/1.0.0/attestations.json";
    let (code, said) = sealed.refusal(|parts| {
        parts.entries.insert("npm/a/1.0.0/more.json".into(), Vec::new());
    });
    assert!(
        said.contains("holds \"npm/a/1.0.0/more.json\", which its manifest does not"),
        "{said}"
    );
    assert_eq!(code, "entry-not-listed");
    let (code, said) = sealed.refusal(|parts| {
        parts.entries.remove(name);
    });
    assert!(said.contains(&format!("lists {name:?}, which the archive does not hold")), "{said}");
    assert_eq!(code, "entry-missing");
    let (code, said) = sealed.refusal(|parts| {
        let bytes = parts.entries.remove(name).unwrap();
        parts.entries.insert("npm/a/1.0.0/b.json".into(), bytes);
    });
    assert!(said.contains(&format!("lists {name:?}, which the archive does not hold")), "{said}");
    assert_eq!(code, "entry-missing");
}

#[test]
fn two_entries_that_change_places() {
    let sealed = Sealed::new();
    let (code, said) = sealed.refusal(|parts| {
        let a = parts.of_package(&sealed.a, "package.tgz").clone();
        let b = std::mem::replace(parts.of_package(&sealed.b, "package.tgz"), a);
        *parts.of_package(&sealed.a, "package.tgz") = b;
    });
    assert!(code == "entry-size" || code == "entry-digest", "{said}");
}

#[test]
fn a_signature_by_another_key() {
    let sealed = Sealed::new();
    sealed.parts.seal(&sealed.world.path("app.sealift"), &[key(2)]);
    sealed
        .world
        .verify("--require integrity")
        .refused()
        .says("0 of 1 required signatures verified with a trusted key");
    // Whatever the envelope says of who signed.
    let other = Parts::of(&sealed.world.path("app.sealift"), &key(2));
    let (code, said) = sealed.refusal(|parts| {
        let [good, mut other] = [&parts.envelope, &other.envelope]
            .map(|envelope| -> Value { serde_json::from_slice(envelope).unwrap() });
        other["signatures"][0]["keyid"] = good["signatures"][0]["keyid"].clone();
        parts.envelope = other.to_string().into_bytes();
    });
    assert_eq!(code, "envelope-signature", "{said}");
}

#[test]
fn one_signer_is_not_two() {
    let sealed = Sealed::new();
    let world = &sealed.world;
    let verify =
        |other: &str| world.verify(&format!("--threshold 2 --require integrity --key {other}"));
    verify("release.key.pub").failed().says("release.key.pub is a key that was named already");
    world.write("copy.pub", world.read("release.key.pub"));
    verify("copy.pub").failed().says("copy.pub is a key that was named already");
    verify("second.key.pub").refused().says("1 of 2 required signatures");
    // The same signature twice, the second under the other's name.
    let said = {
        let mut parts = sealed.parts.clone();
        let mut envelope: Value = serde_json::from_slice(&parts.envelope).unwrap();
        let mut again = envelope["signatures"][0].clone();
        again["keyid"] = json!(sealift::core::archive::key::PublicKey::from(&key(2)).fingerprint());
        envelope["signatures"].as_array_mut().unwrap().push(again);
        parts.envelope = envelope.to_string().into_bytes();
        parts.write(&world.path("app.sealift"));
        verify("second.key.pub").refused().stderr
    };
    assert!(said.contains("names the trusted key SHA256:R96l"), "{said}");
}

#[test]
fn a_lockfile_that_asks_for_another_hash() {
    let sealed = Sealed::new();
    let mut changed = sealed.a.clone();
    changed.tarball = b"other bytes".to_vec();
    sealed.world.lock([&changed, &sealed.b]);
    let run = sealed.world.verify("--require integrity --lockfile package-lock.json").refused();
    assert!(run.stdout.contains("not covered: 1 entry of package-lock.json"), "{run}");
    assert!(run.stdout.contains("node_modules/a [hash-differs]"), "{run}");
}

#[test]
fn a_package_swapped_for_another_that_is_validly_attested() {
    let sealed = Sealed::new();
    let (a, b) = (&sealed.a, &sealed.b);
    let swap = |parts: &mut Parts, files: &[&str]| {
        for file in files {
            *parts.of_package(a, file) = parts.of_package(b, file).clone();
        }
    };
    let report = sealed.report(|parts| swap(parts, &["package.tgz"]));
    assert_eq!(reason(&report, a, "integrity"), "lockfile-mismatch");
    let report =
        sealed.report(|parts| swap(parts, &["package.tgz", "registry.json", "attestations.json"]));
    assert_eq!(reason(&report, a, "integrity"), "lockfile-mismatch");
    // With a lockfile in the archive that asks for just that.
    let bad_sealer = |parts: &mut Parts| {
        swap(parts, &["package.tgz", "registry.json", "attestations.json"]);
        let input = parts.entries.get_mut("inputs/1/package-lock.json").unwrap();
        let text = String::from_utf8(input.clone()).unwrap();
        *input = text.replace(&a.integrity(), &b.integrity()).into_bytes();
    };
    let report = sealed.report(bad_sealer);
    assert_eq!(reason(&report, a, "integrity"), "record-of-other-package");
    assert_eq!(reason(&report, a, "publish-attestation"), "subject-name-mismatch");
    assert_eq!(reason(&report, a, "provenance"), "subject-name-mismatch");
    // And a record that is made to fit: the registry has not signed that.
    let report = sealed.report(|parts| {
        bad_sealer(parts);
        let record = parts.of_package(a, "registry.json");
        let text = String::from_utf8(record.clone()).unwrap();
        *record = text.replace(r#""name":"b""#, r#""name":"a""#).into_bytes();
    });
    assert_eq!(status(&report, a, "integrity"), "verified", "the bytes are those asked for");
    assert_eq!(reason(&report, a, "registry-signature"), "invalid-signature");
    let run = sealed.world.verify("--require integrity --lockfile package-lock.json");
    assert!(run.refused().stdout.contains("not covered: 1 entry of package-lock.json"));
}

#[test]
fn an_attestation_moved_to_another_package() {
    let sealed = Sealed::new();
    let report = sealed.report(|parts| {
        *parts.of_package(&sealed.a, "attestations.json") = sealed.b.response();
    });
    for claim in ["publish-attestation", "provenance"] {
        assert_eq!(reason(&report, &sealed.a, claim), "artifact-mismatch");
    }
    assert_eq!(status(&report, &sealed.b, "provenance"), "verified");
}

#[test]
fn an_archive_that_does_not_hold_what_its_lockfile_asks_for() {
    let sealed = Sealed::new();
    let mut parts = sealed.parts.clone();
    parts.predicate.packages.retain(|package| package.purl != "pkg:npm/a@1.0.0");
    parts.entries.retain(|name, _| !name.starts_with("npm/a/"));
    sealed.seal(&parts);
    let run = sealed.world.verify("--require integrity").refused();
    assert!(run.stdout.contains("a@1.0.0 is not in the archive"), "{run}");
    // And one that holds what its lockfile does not ask for.
    let mut parts = sealed.parts.clone();
    let lockfile = lockfile([sealed.a.locked()]);
    parts.entries.insert("inputs/1/package-lock.json".into(), lockfile.into_bytes());
    sealed.seal(&parts);
    let run = sealed.world.verify("--require integrity").refused();
    assert!(run.stdout.contains("no entry of the archive's own lockfiles asks for it"), "{run}");
}

#[test]
fn a_registry_that_serves_other_bytes_than_the_lockfile_asks_for() {
    let world = World::new();
    let (a, b) = (Package::new("a", "1.0.0"), Package::new("b", "1.0.0"));
    let mut other = a.clone();
    other.tarball = b"other bytes".to_vec();
    world.lock([&a, &b]);
    let registry = world.serve([&other, &b]);
    let run = world.fetch("").refused();
    let address = format!("{}{}", registry.url(), tarball_path("a", "1.0.0"));
    assert!(run.stderr.contains(&format!("a@1.0.0: {address}: ")), "{run}");
    assert!(!world.files().iter().any(|name| name.contains("sealift")), "{:?}", world.files());
}

#[test]
fn a_forged_registry_signature_stops_the_seal() {
    let world = World::new();
    let mut forged = Package::new("a", "1.0.0");
    let mut impostor = NpmKey::new(Window::since(published()));
    impostor.keyid = world.sigstore.npm_key().keyid.clone();
    forged.signatures.push(impostor.registry_signature("a", "1.0.0", &forged.integrity()));
    let stranger = NpmKey::new(Window::since(published()));
    let mut unknown = Package::new("b", "1.0.0");
    unknown.signatures.push(stranger.registry_signature("b", "1.0.0", &unknown.integrity()));
    let good = Package::new("c", "1.0.0").signed(&world.sigstore);
    let mut moved = Package::new("d", "1.0.0");
    moved.signatures = good.signatures.clone();

    let all = [&forged, &unknown, &good, &moved];
    world.lock(all);
    let _registry = world.serve(all);
    let run = world.fetch("--format json").refused();
    assert!(!world.files().contains(&"app.sealift".to_owned()));
    let report = run.json();
    for (package, code) in
        [(&forged, "invalid-signature"), (&unknown, "unknown-key"), (&moved, "invalid-signature")]
    {
        assert_eq!(reason(&report, package, "registry-signature"), code);
    }
    assert_eq!(status(&report, &good, "registry-signature"), "verified");
    let human = world.fetch("").refused().says("no archive was written");
    assert!(human.stdout.contains("[unknown-key]"), "{human}");
    human.says("evidence that came with a package does not verify");
}

#[test]
fn evidence_is_as_large_as_its_limit() {
    let sealed = Sealed::new();
    let limits = [
        ("registry.json", limits::RECORD_BYTES),
        ("attestations.json", limits::ATTESTATIONS_BYTES),
    ];
    for (file, max) in limits {
        let max = usize::try_from(max).unwrap();
        let mut parts = sealed.parts.clone();
        // White space after a value changes nothing.
        parts.of_package(&sealed.a, file).resize(max, b' ');
        sealed.seal(&parts);
        sealed.world.verify("--require provenance").done();
        parts.of_package(&sealed.a, file).push(b' ');
        sealed.seal(&parts);
        let run = sealed.world.verify("--require provenance").refused();
        assert!(run.stderr.contains(&format!("at most {max} are accepted")), "{}", run.stderr);
    }
}

#[test]
fn a_sealed_lockfile_is_as_large_as_its_limit() {
    let Sealed { world, mut parts, .. } = Sealed::new();
    let path = world.path("app.sealift");
    let (name, max) = (parts.predicate.inputs[0].clone(), limits::LOCKFILE_BYTES);
    let mut seal_with = |size: u64| {
        let lockfile = parts.entries.get_mut(&name).unwrap();
        lockfile.resize(usize::try_from(size).unwrap(), b' ');
        parts.seal(&path, &[key(1)]);
        world.verify("--require provenance")
    };
    seal_with(max).done();
    seal_with(max + 1).refused().says(&format!("at most {max} are accepted"));
}

/// As many as are sealed: they count together.
#[test]
fn sealed_lockfiles_are_together_as_large_as_the_limit() {
    let Sealed { world, mut parts, .. } = Sealed::new();
    let path = world.path("app.sealift");
    let empty = br#"{"lockfileVersion":3,"packages":{}}"#.to_vec();
    let second = "inputs/2/package-lock.json".to_owned();
    parts.predicate.inputs.push(second.clone());
    let first = parts.entries["inputs/1/package-lock.json"].len();
    let mut seal_with = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = empty.clone();
        change(&mut bytes);
        parts.entries.insert(second.clone(), bytes);
        parts.seal(&path, &[key(1)]);
        world.verify("--require provenance")
    };
    let left = usize::try_from(limits::LOCKFILE_BYTES).unwrap() - first;
    seal_with(&|bytes| bytes.resize(left, b' ')).done();
    let told = format!("at most {left} are accepted");
    seal_with(&|bytes| bytes.resize(left + 1, b' ')).refused().says(&told);
    let used = parts_objects(&world, &empty);
    let left = limits::LOCKFILE_OBJECTS - used;
    let with = |objects: usize| {
        move |bytes: &mut Vec<u8>| {
            bytes.pop();
            bytes.extend(format!(r#","more":"{}"}}"#, "{".repeat(objects)).into_bytes());
        }
    };
    seal_with(&with(left)).done();
    let told = format!("{} objects", limits::LOCKFILE_OBJECTS + 1);
    seal_with(&with(left + 1)).refused().says(&told);
}

/// As many as are fetched: they count together.
#[test]
fn fetched_lockfiles_are_together_as_large_as_the_limit() {
    let world = World::new();
    world.lock([&Package::new("a", "1.0.0")]);
    let first = world.read("package-lock.json").len();
    let fetch = |second: String| {
        world.write("two/package-lock.json", second);
        let lockfiles = "package-lock.json two/package-lock.json";
        world.sealift(&format!("bundle fetch {lockfiles} -o two.sealift --key release.key"))
    };
    let (max, empty) = (usize::try_from(limits::LOCKFILE_BYTES).unwrap(), lockfile([]));
    let padded = empty.clone() + &" ".repeat(max - empty.len());
    let told = format!("the lockfiles have {} bytes together, more than {max}", first + max);
    fetch(padded).failed().says(&told);
    let objects = "{".repeat(limits::LOCKFILE_OBJECTS - 4);
    let many = format!(r#"{},"more":"{objects}"}}"#, empty.trim_end().strip_suffix('}').unwrap());
    fetch(many).failed().says("the lockfiles together: ");
}

/// The braces in the first lockfile and in an empty one.
fn parts_objects(world: &World, empty: &[u8]) -> usize {
    let first = world.read("package-lock.json");
    first.iter().chain(empty).filter(|byte| **byte == b'{').count()
}

fn flip(bytes: &mut [u8]) {
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
}
