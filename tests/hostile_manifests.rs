//! Archives in good form whose envelope or manifest is not to be trusted, each refused with its
//! own code.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::disallowed_methods)]

mod support;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sealift::core::{archive::dsse::Envelope, limits};
use serde_json::{Value, json};
use support::{
    contents,
    hostile::{archive, check, code, good, with_envelope},
    key, manifest, public,
};

/// The code that a good archive with this manifest, signed by the trusted key, is refused with.
fn manifest_code(change: impl FnOnce(&mut Value)) -> &'static str {
    let mut value: Value = serde_json::from_slice(&manifest().to_json()).unwrap();
    change(&mut value);
    code(&archive(&contents(), &serde_json::to_vec(&value).unwrap()).bytes())
}

#[test]
fn manifests_that_do_not_fit_the_archive() {
    let root = "/predicate";
    let at = |value: &mut Value, path: &str, new: Value| {
        *value.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = new;
    };
    let listed = |name: &str| json!({"name": name, "digest": {"sha256": "0".repeat(64)}, "annotations": {"size": 1}});
    assert_eq!(manifest_code(|_| {}), "accepted");
    assert_eq!(
        manifest_code(|v| v["subject"].as_array_mut().unwrap().push(listed("trust/public-good/z"))),
        "entry-missing"
    );
    assert_eq!(
        manifest_code(|v| drop(v["subject"].as_array_mut().unwrap().pop())),
        "entry-not-listed"
    );
    assert_eq!(
        manifest_code(|v| at(v, "/subject/6/name", json!("trust/public-good/z"))),
        "entry-not-listed"
    );
    assert_eq!(
        manifest_code(|v| at(v, "/subject/6/name", json!("trust/public-good/a"))),
        "manifest-unsorted"
    );
    assert_eq!(
        manifest_code(|v| v["subject"].as_array_mut().unwrap().push(listed("z"))),
        "manifest-unused-entry"
    );
    assert_eq!(
        manifest_code(|v| v["subject"].as_array_mut().unwrap().push(listed("../z"))),
        "manifest-unsorted"
    );
    for (subject, size) in [(0, 22), (1, 13), (2, 0), (6, 1), (5, u64::MAX)] {
        let path = format!("/subject/{subject}/annotations/size");
        assert_eq!(manifest_code(|v| at(v, &path, json!(size))), "entry-size", "{path}");
    }
    for size in [json!(-1), json!(1.5), json!("1"), json!(1e30), Value::Null] {
        let path = "/subject/0/annotations/size";
        assert_eq!(manifest_code(|v| at(v, path, size.clone())), "manifest-json", "{size}");
    }
    // One entry of each kind: lockfile, tarball, attestations, record, TUF metadata.
    for (subject, algorithm, hex) in [
        (0, "sha256", 64),
        (1, "sha512", 128),
        (2, "sha256", 64),
        (4, "sha256", 64),
        (5, "sha256", 64),
    ] {
        let path = format!("/subject/{subject}/digest/{algorithm}");
        let digest = json!("0".repeat(hex));
        assert_eq!(manifest_code(|v| at(v, &path, digest)), "entry-digest", "{path}");
    }
    assert_eq!(
        manifest_code(|v| at(v, "/predicateType", json!("urn:x"))),
        "manifest-predicate-type"
    );
    assert_eq!(
        manifest_code(|v| at(v, &format!("{root}/formatVersion"), json!(2))),
        "manifest-format-version"
    );
}

#[test]
fn manifests_that_contradict_themselves() {
    let hex = |length: usize| "0".repeat(length);
    let tarball = "npm/@acme/tool/2.0.0/package.tgz";
    for (path, new, expected) in [
        ("/_type", json!("https://in-toto.io/Statement/v0.1"), "manifest-statement-type"),
        ("/subject/0/digest", json!({"sha256": hex(64), "sha512": hex(128)}), "manifest-digest"),
        ("/subject/0/digest", json!({"sha256": "A".repeat(64)}), "manifest-digest"),
        ("/subject/0/digest", json!({}), "manifest-digest"),
        ("/subject/0/digest", json!({"sha512": hex(128)}), "manifest-digest-algorithm"),
        ("/subject/1/digest", json!({"sha256": hex(64)}), "manifest-digest-algorithm"),
        ("/subject/0/digest", json!({"sha1": hex(40)}), "manifest-json"),
        ("/subject/0", json!(["inputs/1/package-lock.json", [hex(64)], [1]]), "manifest-json"),
        ("/subject/0/name", json!("/inputs/1/package-lock.json"), "name-absolute"),
        ("/subject/0/name", json!("inputs/../package-lock.json"), "name-segment"),
        ("/subject/0/name", json!("INPUTS/package-lock.json"), "name-character"),
        ("/subject/1/name", json!("npm/%63on/1.0.0/con"), "name-device"),
        ("/subject/3/name", json!("npm/@acme/tool/2.0.0/attestations.json"), "manifest-duplicate"),
        ("/subject/6/name", json!("trust/../timestamp.json"), "manifest-unsorted"),
        ("/predicate/sealedAt", json!("yesterday"), "manifest-time"),
        ("/predicate/sealedAt", json!("2026-11-23T05:00:00+01:00"), "manifest-time"),
        ("/predicate/sealedAt", json!("2026-11-23 04:00:00Z"), "manifest-time"),
        ("/predicate/sealedAt", json!("2026-11-23t04:00:00z"), "manifest-time"),
        ("/predicate/sealedAt", json!("2026-11-23T04:00:00.0Z"), "manifest-time"),
        ("/predicate/sealedAt", json!("2026-11-23T04:00:00+00:00"), "manifest-time"),
        ("/predicate/sealedAt", json!("2026-11-23T23:59:60Z"), "manifest-time"),
        ("/predicate/sealedAt", json!("0000-01-01T00:00:00Z"), "manifest-time"),
        ("/predicate/sealedAt", json!("2021-05-31T23:59:59Z"), "manifest-time"),
        ("/predicate/packages/0/record/answeredAt", json!("2021-05-31T23:59:59Z"), "manifest-time"),
        ("/predicate/trust/0/refreshedAt", json!("2026-11-31T00:00:00Z"), "manifest-time"),
        ("/predicate/trust/0/instance", json!("public/good"), "manifest-instance"),
        ("/predicate/trust/0/instance", json!(".."), "manifest-instance"),
        ("/predicate/trust/0/instance", json!("staging"), "manifest-trust-not-carried"),
        ("/predicate/trust/0/source", json!("embedded"), "manifest-trust-source"),
        ("/predicate/trust/0/refreshedAt", json!("2099-01-01T00:00:00Z"), "manifest-after-seal"),
        (
            "/predicate/trust/0",
            json!({"instance": "x", "source": "files", "roles": []}),
            "manifest-json",
        ),
        ("/predicate/trust/0/source", json!("somewhere"), "manifest-json"),
        ("/predicate/inputs/0", json!("inputs/1/other.json"), "manifest-no-such-entry"),
        ("/predicate/inputs/0", json!(tarball), "manifest-input"),
        ("/predicate/inputs/0", json!("inputs/package-lock.json"), "manifest-input"),
        ("/predicate/packages/0/purl", json!("pkg:npm/%40acme/..@2.0.0"), "manifest-purl"),
        ("/predicate/packages/0/purl", json!("pkg:npm/@acme/tool@2.0.0"), "manifest-purl"),
        ("/predicate/packages/0/registry", json!("https://a:b@r.example"), "manifest-registry"),
        ("/predicate/packages/0/artifact/entry", json!("npm/none.tgz"), "manifest-folder"),
        (
            "/predicate/packages/0/artifact/entry",
            json!("npm/@acme/tool/2.0.0/none.tgz"),
            "manifest-no-such-entry",
        ),
        ("/predicate/packages/1/artifact/entry", json!(tarball), "manifest-folder"),
        ("/predicate/packages/0/record/entry", json!(tarball), "manifest-used-twice"),
        ("/predicate/packages/0/artifact", json!({}), "manifest-request"),
        ("/predicate/packages/1/attestations/status", json!(200), "manifest-part"),
        (
            "/predicate/packages/0/record/url",
            json!("https://r.example/?token=1"),
            "manifest-address",
        ),
        ("/predicate/packages/0/record/url", json!("file:///etc/passwd"), "manifest-address"),
        ("/predicate/packages/0/record/status", json!(0), "manifest-status"),
        (
            "/predicate/packages/0/record/answeredAt",
            json!("2099-01-01T00:00:00Z"),
            "manifest-after-seal",
        ),
        (
            "/predicate/tool/name",
            json!("x".repeat(limits::MANIFEST_TEXT_BYTES + 1)),
            "manifest-text-size",
        ),
    ] {
        let shown = new.to_string();
        let changed = |value: &mut Value| *value.pointer_mut(path).unwrap() = new;
        assert_eq!(manifest_code(changed), expected, "{path} {shown:.60}");
    }
    let itself = |value: &mut Value| {
        let mut listed = value["subject"][0].clone();
        listed["name"] = json!("sealift.dsse.json");
        value["subject"].as_array_mut().unwrap().insert(5, listed);
    };
    assert_eq!(manifest_code(itself), "manifest-lists-envelope");
}

#[test]
fn envelopes_in_another_form() {
    let envelope = |payload: &str, signatures: &str| {
        let head = r#"{"payloadType":"application/vnd.in-toto+json","payload":"#;
        let text = format!(r#"{head}"{payload}","signatures":[{signatures}]}}"#);
        code(&with_envelope(&contents(), text.as_bytes()).bytes())
    };
    let signature = |keyid: &str, sig: &[u8]| {
        format!(r#"{{"keyid":"{keyid}","sig":"{}"}}"#, STANDARD.encode(sig))
    };
    let (known, stranger) = (public(1).fingerprint(), public(2).fingerprint());
    let by_stranger = signature(&stranger, &[1; 64]);
    let many = |number: u8| {
        let mut keyids: Vec<_> = (1..=number).map(|seed| public(seed).fingerprint()).collect();
        keyids.sort();
        keyids.iter().map(|keyid| signature(keyid, &[1; 64])).collect::<Vec<_>>().join(",")
    };
    let most = limits::ENVELOPE_SIGNATURES as u8;
    for (payload, signatures, expected) in [
        ("e30=", by_stranger.as_str(), "too-few-signers"),
        ("e30", &by_stranger, "envelope-base64"),
        ("e30-", &by_stranger, "envelope-base64"),
        ("e31=", &by_stranger, "envelope-base64"),
        (r"\u0065\u0033\u0030=", &by_stranger, "envelope-base64"),
        ("e30=", "", "envelope-no-signature"),
        ("e30=", &signature(&known, &[1; 7]), "envelope-signature-size"),
        ("e30=", &signature(&known, &[1; 73]), "envelope-signature-size"),
        ("e30=", &signature(&known, &[1; 63]), "envelope-signature"),
        ("e30=", &signature("", &[1; 64]), "envelope-keyid"),
        ("e30=", &by_stranger.replace(r#","sig""#, r#", "sig""#), "envelope-json"),
        ("e30=", &by_stranger.replace('}', r#","sig":""}"#), "envelope-json"),
        ("e30=", &by_stranger.replace('}', r#","cert":""}"#), "envelope-json"),
        ("e30=", &many(most), "envelope-signature"),
        ("e30=", &many(most + 1), "envelope-too-many-signatures"),
    ] {
        assert_eq!(envelope(payload, signatures), expected, "{payload} {signatures:.200}");
    }
}

#[test]
fn payloads_that_are_no_manifest() {
    let contents = contents();
    for payload in [
        b"".to_vec(),
        b"null".to_vec(),
        b"{}".to_vec(),
        b"[".repeat(500_000),
        b"{\"a\":".repeat(100_000),
        [manifest().to_json(), b"x".to_vec()].concat(),
        manifest().to_json().repeat(2),
        vec![0xff; 1000],
    ] {
        assert_eq!(code(&archive(&contents, &payload).bytes()), "manifest-json");
    }
    for envelope in [b"[".repeat(1_000_000), b"{\"payload\":".repeat(90_000), Vec::new()] {
        assert_eq!(code(&with_envelope(&contents, &envelope).bytes()), "envelope-json");
    }
}

#[test]
fn entries_changed_under_a_good_signature() {
    for (at, name) in contents().keys().enumerate() {
        let mut zip = good();
        let entry = &mut zip.entries[at];
        if entry.data.is_empty() {
            continue;
        }
        entry.data[0] ^= 1;
        assert_eq!(code(&zip.bytes()), "entry-digest", "{name}");
        // Whoever tampers makes the checksum fit.
        let crc32 = crc32fast::hash(&zip.entries[at].data);
        zip.entries[at].both(|header| header.crc32 = crc32);
        assert_eq!(code(&zip.bytes()), "entry-digest", "{name}");
    }
}

#[test]
fn signatures_that_are_not_enough() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let write = |envelope: &[u8]| {
        std::fs::write(file.path(), with_envelope(&contents(), envelope).bytes()).unwrap();
    };
    let refused = |keys: &[u8], threshold| {
        let keys: Vec<_> = keys.iter().map(|seed| public(*seed)).collect();
        check(file.path(), &keys, threshold).map_or_else(|error| error.code(), |()| "accepted")
    };
    let payload = manifest().to_json();
    let good = Envelope::sign(&payload, &[key(1)]).unwrap().to_json();
    write(&good);
    assert_eq!(refused(&[1], 1), "accepted");
    assert_eq!(refused(&[2], 1), "too-few-signers");
    assert_eq!(refused(&[1, 2], 2), "too-few-signers");
    assert_eq!(refused(&[1, 1], 2), "threshold-impossible");
    assert_eq!(refused(&[1], 0), "threshold-impossible");
    assert_eq!(refused(&[], 1), "threshold-impossible");

    let text = String::from_utf8(good).unwrap();
    let write_with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        write(text.replace(from, to).as_bytes());
    };
    // The signature of one key, twice: as it is, and under the name of another key.
    let (_, signature) = text.trim_end_matches("]}").split_once(r#""signatures":["#).unwrap();
    write_with(signature, &format!("{signature},{signature}"));
    assert_eq!(refused(&[1, 2], 2), "envelope-unsorted");
    let renamed = signature.replace(&public(1).fingerprint(), &public(2).fingerprint());
    let mut both = [signature, &renamed];
    both.sort_unstable();
    write_with(signature, &both.join(","));
    assert_eq!(refused(&[1], 1), "accepted");
    assert_eq!(refused(&[1, 2], 1), "accepted");
    assert_eq!(refused(&[1, 2], 2), "envelope-signature");
    write_with(signature, &renamed);
    assert_eq!(refused(&[1], 1), "too-few-signers");
    assert_eq!(refused(&[2], 1), "envelope-signature");

    // The signature over another payload; another type; a key without a fingerprint; no signature.
    let other = String::from_utf8(Envelope::sign(b"{}", &[key(1)]).unwrap().to_json()).unwrap();
    let (_, other) = other.trim_end_matches("]}").split_once(r#""signatures":["#).unwrap();
    write_with(signature, other);
    assert_eq!(refused(&[1], 1), "envelope-signature");
    write_with("application/vnd.in-toto+json", "application/json");
    assert_eq!(refused(&[1], 1), "envelope-json");
    write_with(&public(1).fingerprint(), "release");
    assert_eq!(refused(&[1], 1), "envelope-keyid");
    write_with(signature, "");
    assert_eq!(refused(&[1], 1), "envelope-no-signature");
}

/// Sizes and order stay as they are, so that only the names tell.
#[test]
fn an_entry_renamed_under_a_good_signature() {
    let last = "trust/public-good/metadata/timestamp.js";
    for (end, expected) in [("onz", "entry-missing"), ("o", "entry-not-listed"), ("on", "accepted")]
    {
        let mut zip = good();
        zip.entries[6].both(|header| header.name = [last, end].concat().into_bytes());
        assert_eq!(code(&zip.bytes()), expected, "{end}");
    }
}
