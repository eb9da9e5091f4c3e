//! What the largest and the most twisted of archives, and of a package's evidence, cost whoever looks
//! at them: less than 64 MiB and, where the program is optimized, less than a second. Nobody has
//! signed them whom the verifying side trusts.
#![cfg(target_os = "linux")] // which says what a process took
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]
#![allow(clippy::disallowed_methods)]

mod support;

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sealift::{
    adapters::archive::{Archive, ArchiveError},
    core::{
        addresses::NPM_REGISTRY,
        archive::dsse::Envelope,
        limits, npm,
        package::{
            PackageId,
            digest::{Algorithm, Integrity},
            evidence::{Answer, Evidence},
        },
        time,
        trust::{Trust, instance::Instance},
        verdict::Claim,
    },
};
use serde_json::{Value, json};
use support::{
    contents,
    hostile::{archive, check, good},
    key, manifest, public,
    raw_zip::{End64, Entry, Zip},
};

/// MiB of a whole process that refuses an archive, the test's own included.
const MEMORY: u64 = 64;

/// Without optimization it is ten times as slow.
const TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 10 } else { 1 });

/// Which archive a process of its own looks at, and how: its memory is measured, and what it took
/// to make the archive is not in it.
const LOOK: &str = "SEALIFT_TEST_LOOK";

/// What the other tests run in processes of their own; by itself it is nothing.
#[test]
fn look() {
    let Ok(look) = std::env::var(LOOK) else { return };
    let (how, path) = look.split_once(' ').unwrap();
    let path = Path::new(path);
    let started = Instant::now();
    let code = |outcome: Result<(), ArchiveError>| match outcome {
        Ok(()) => "accepted",
        Err(error) => error.code(),
    };
    let code = match how {
        "verify" => code(check(path, &[public(1)], 1)),
        "inspect" => {
            code(Archive::open(path).and_then(|archive| archive.manifest_unverified().map(drop)))
        }
        _ => judge(&std::fs::read(path).unwrap()),
    };
    let took = started.elapsed();
    let memory = support::hostile::peak_memory().unwrap();
    println!("\nlooked: {code} {memory} {}", took.as_millis());
    assert!(memory < MEMORY, "{code} took {memory} MiB");
    assert!(took < TIME, "{code} took {took:?}");
}

/// Runs [`look`] in a process of its own.
fn looked(file: &Path, what: &str, how: &str, expected: &str) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "look", "--nocapture"]);
    let output = command.env(LOOK, format!("{how} {}", file.display())).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let line = said.lines().find_map(|line| line.strip_prefix("looked: ")).unwrap();
    println!("{what}, {how}: {line}");
    assert_eq!(line.split(' ').next(), Some(expected), "{what}");
    assert!(output.status.success(), "{what}: {said}");
}

#[test]
fn hostile_archives_cost_little() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let file = file.path();
    let looked = |what: &str, how: &str, expected: &str| looked(file, what, how, expected);

    std::fs::write(file, good().bytes()).unwrap();
    looked("a good one", "verify", "accepted");
    looked("a good one", "inspect", "accepted");
    for (what, zip) in [
        ("as much as there may be, under a signature that is none", largest(1)),
        ("and with many signatures", largest(64)),
    ] {
        std::fs::write(file, zip.bytes()).unwrap();
        looked(what, "verify", "envelope-signature");
        looked(what, "inspect", "manifest-unverified-size");
    }
    std::fs::write(file, entries(limits::ARCHIVE_ENTRIES + 1, 10, b"").bytes()).unwrap();
    looked("too many entries", "verify", "zip-too-many-entries");
    std::fs::write(file, entries(60_000, 300, b"").bytes()).unwrap();
    looked("too long names", "verify", "zip-directory-too-large");

    for (list, item) in [
        ("/subject", r#"{"name":"a","digest":{"sha256":"a"},"annotations":{"size":0}}"#),
        ("/predicate/inputs", r#""a""#),
        ("/predicate/trust", r#"{"instance":"a","source":"tuf"}"#),
        (
            "/predicate/packages",
            r#"{"purl":"a","artifact":{"entry":"a"},"record":{"url":"a","status":1}}"#,
        ),
    ] {
        let manifest = flooded(list, item, false);
        std::fs::write(file, beside_a_full_directory(&manifest).bytes()).unwrap();
        looked(list, "inspect", "manifest-json");
    }
    let array = r#"["a","a","a","a","a","a","a",[],[]]"#;
    let text = format!(r#""{}""#, "\u{7f}".repeat(16 << 10));
    let longer = format!(r#""{}""#, "\u{7f}".repeat(1 << 20));
    let host: String = (0..999).filter_map(|n| char::from_u32(0x4e00 + n * 7)).collect();
    let address = format!(
        r#"{{"purl":"pkg:npm/a@1.0.0","artifact":{{"entry":"a","url":"http://{host}","status":200,"answeredAt":"2026-01-01T00:00:00Z"}}}}"#
    );
    for (what, list, item, expected) in [
        ("empty inputs", "/predicate/inputs", r#""""#, "manifest-input"),
        ("lists in lists", "/predicate/inputs", "[[[[[[[[[[", "manifest-json"),
        ("objects in objects", "/predicate/packages", r#"{"a":"#, "manifest-json"),
        ("arrays for objects", "/predicate/packages", array, "manifest-json"),
        ("texts to be escaped", "/predicate/inputs", &text, "manifest-input"),
        ("longer texts", "/predicate/inputs", &longer, "manifest-text-size"),
        ("names to be encoded", "/predicate/packages", &address, "manifest-duplicate"),
    ] {
        let manifest = flooded(list, item, true);
        let zip = match expected {
            "manifest-json" | "manifest-text-size" => beside_a_full_directory(&manifest),
            _ => archive(&contents(), &manifest),
        };
        std::fs::write(file, zip.bytes()).unwrap();
        looked(what, "inspect", expected);
    }
}

/// A registry's record or a manifest may be full of hashes, all of them different.
#[test]
fn a_hundred_thousand_hashes_take_no_time_to_speak_of() {
    let many: Vec<_> =
        (0..100_000_u32).map(|n| Algorithm::Sha1.digest(&n.to_le_bytes()).to_sri()).collect();
    let text = many.join(" ");
    let started = Instant::now();
    let parsed = Integrity::parse(&text).unwrap();
    let took = started.elapsed();
    assert_eq!(parsed.strongest().count(), many.len());
    assert!(took < TIME, "took {took:?}");
}

/// What the provenance in a response is refused with.
fn judge(response: &[u8]) -> &'static str {
    let digest = Algorithm::Sha512.digest(b"tarball");
    let evidence = Evidence {
        package: &PackageId::npm("a", "1.0.0").unwrap(),
        registry: Some(NPM_REGISTRY),
        expected: &[],
        artifact: std::slice::from_ref(&digest),
        record: Answer::NotFound,
        attestations: Answer::Given(response),
    };
    let root = Instance::public_good().embedded.unwrap().trusted_root;
    let trust = Trust::new(root, None).unwrap();
    let at = time::parse("2026-11-01T00:00:00Z").unwrap();
    npm::package(&trust, &evidence, at)
        .refusals()
        .find(|(claim, _)| *claim == Claim::Provenance)
        .unwrap()
        .1
        .code
}

/// Nobody's signature is known when evidence is parsed, by the Sigstore crates as well: what a
/// package's whole response may take, in each of the threads.
#[test]
fn hostile_evidence_costs_little() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let real = include_bytes!("data/corpus/npm-sigstore-2.3.1-provenance/bundle.sigstore.json");
    let real: Value = serde_json::from_slice(real).unwrap();
    let looked = |what: &str, expected: &str, change: &dyn Fn(&mut Value)| {
        let mut bundle = real.clone();
        change(&mut bundle);
        let kind = "https://slsa.dev/provenance/v1";
        let response = json!({"attestations": [{"predicateType": kind, "bundle": bundle}]});
        let response = response.to_string();
        assert!(response.len() as u64 <= limits::ATTESTATIONS_BYTES, "{what}");
        std::fs::write(file.path(), response).unwrap();
        looked(file.path(), what, "judge", expected);
    };
    looked("as it is", "artifact-mismatch", &|_| {});
    let room = limits::ATTESTATIONS_BYTES as usize - (64 << 10);
    let entry = "/verificationMaterial/tlogEntries/0";
    let at = |bundle: &mut Value, path: &str, value: Value| {
        *bundle.pointer_mut(&format!("{entry}{path}")).unwrap() = value;
    };
    let values = limits::EVIDENCE_VALUES - 1000;
    looked("empty hashes", "malformed-bundle", &|bundle| {
        at(bundle, "/inclusionProof/hashes", json!(vec![""; values]));
    });
    looked("numbers that are lists", "malformed-bundle", &|bundle| {
        at(bundle, "/logIndex", json!(vec![json!([0]); values / 2]));
    });
    looked("a text for a media type", "unsupported-media-type", &|bundle| {
        bundle["mediaType"] = json!("\u{7f}".repeat(room / 6));
    });
    let statement = |predicate: &str, subject: &str| {
        let head = r#"{"_type":"https://in-toto.io/Statement/v1","subject":["#;
        let kind = r#"],"predicateType":"https://slsa.dev/provenance/v1","predicate":"#;
        json!(STANDARD.encode([head, subject, kind, predicate, "}"].concat()))
    };
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let subject = r#"{"name":"a","digest":{"":""}}"#;
    let one = format!(r#"{{"name":"a","digest":{{"sha512":"{}"}}}}"#, "0".repeat(128));
    let lists = format!("[{}]", vec!["[0]"; values / 2].join(","));
    let nested = format!("[{}]", vec![nested; values / 101].join(","));
    let (subjects, text) = (vec![subject; values / 4].join(","), "a".repeat(room / 4 * 3 - 200));
    for (what, expected, payload) in [
        ("lists in lists", "invalid-signature", statement(&nested, &one)),
        ("lists", "invalid-signature", statement(&lists, &one)),
        ("subjects", "unsupported-bundle", statement("{}", &subjects)),
        ("a text", "invalid-signature", statement(&format!(r#""{text}""#), &one)),
    ] {
        looked(what, expected, &|bundle| bundle["dsseEnvelope"]["payload"] = payload.clone());
    }
    looked("a body of lists", "invalid-inclusion-promise", &|bundle| {
        at(bundle, "/canonicalizedBody", json!(STANDARD.encode(&lists)));
    });
}

/// An archive with as large a directory as there may be, and this manifest.
fn beside_a_full_directory(manifest: &[u8]) -> Zip {
    let name = limits::DIRECTORY_BYTES as usize / limits::ARCHIVE_ENTRIES - 46 - 1;
    let envelope = Envelope::sign(manifest, &[key(1)]).unwrap().to_json();
    entries(limits::ARCHIVE_ENTRIES, name, &envelope)
}

/// As many entries with as long names and as large an envelope as an archive may have, with so many
/// signatures. The first is said to be the trusted key's.
fn largest(signatures: u8) -> Zip {
    let mut keyids: Vec<_> = (1..=signatures).map(|seed| public(seed).fingerprint()).collect();
    keyids.sort();
    let sig = STANDARD.encode([1; 64]);
    let list: Vec<_> =
        keyids.iter().map(|keyid| format!(r#"{{"keyid":"{keyid}","sig":"{sig}"}}"#)).collect();
    let head = r#"{"payloadType":"application/vnd.in-toto+json","payload":""#;
    let tail = format!(r#"","signatures":[{}]}}"#, list.join(","));
    let payload = "ICAg".repeat((limits::ENVELOPE_BYTES as usize - head.len() - tail.len()) / 4);
    let name = limits::DIRECTORY_BYTES as usize / limits::ARCHIVE_ENTRIES - 46 - 1;
    entries(limits::ARCHIVE_ENTRIES, name, &[head, &payload, &tail].concat().into_bytes())
}

/// So many empty entries with names of that length, and an envelope.
fn entries(number: usize, name: usize, envelope: &[u8]) -> Zip {
    let names = (0..number).map(|number| format!("{number:0name$}"));
    let mut entries: Vec<_> = names.map(|name| Entry::new(&name, b"")).collect();
    entries.push(Entry::new("sealift.dsse.json", envelope));
    let mut zip = Zip { entries, ..Zip::default() };
    if number >= usize::from(u16::MAX) {
        zip.end64 = Some(End64::default());
        (zip.end.entries_here, zip.end.entries) = (Some(u16::MAX), Some(u16::MAX));
        zip.end.directory_size = Some(u32::MAX);
    }
    zip
}

/// A manifest as large as one may be that nobody vouches for, full of the same item; it is cut off
/// after the last unless it is to be whole.
fn flooded(list: &str, item: &str, whole: bool) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(&manifest().to_json()).unwrap();
    *value.pointer_mut(list).unwrap() = json!(["?"]);
    let text = value.to_string();
    let (head, tail) = text.split_once(r#""?""#).unwrap();
    let tail = if whole { tail } else { "" };
    let room = limits::UNVERIFIED_MANIFEST_BYTES - head.len() - tail.len();
    let items = vec![item; room / (item.len() + 1)].join(",");
    format!("{head}{items}{tail}").into_bytes()
}
