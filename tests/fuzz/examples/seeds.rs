//! Writes the stored inputs that real data and the test kit give: `cargo run --example seeds`,
//! in `tests/fuzz`. What fuzzing found worth keeping lies beside them under a hash for a name.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use testkit::tuf::Repository;

fn main() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |path: &str| fs::read(tests.join(path)).unwrap();
    let write = |target: &str, name: &str, bytes: &[u8]| {
        let folder = tests.join("fuzz/corpus").join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };

    // Real bundles: one of each kind of key material, log entry and version.
    for bundle in [
        "conformance/happy-path-v0.1",
        "conformance/managed-key-happy-path",
        "conformance/rekor2-dsse-happy-path",
        "conformance/rekor2-timestamp-with-embedded-cert",
        "corpus/gh-internal-provenance-demo-0.0.12",
        "corpus/java-PKIX_ECDSA_P384_SHA_384",
        "corpus/npm-provenance-npm-test-1.0.5-provenance",
        "corpus/npm-sigstore-1.0.0-provenance",
        "corpus/npm-sigstore-1.0.0-publish",
        "corpus/npm-sigstore-2.3.1-provenance",
    ] {
        let name = bundle.rsplit('/').next().unwrap();
        let bytes = read(&format!("data/{bundle}/bundle.sigstore.json"));
        write("bundle", name, &bytes);
        let json: Value = serde_json::from_slice(&bytes).unwrap();
        let decoded = |value: &Value| value.as_str().map(|text| STANDARD.decode(text).unwrap());
        let material = &json["verificationMaterial"];
        for certificate in [
            &material["certificate"]["rawBytes"],
            &material["x509CertificateChain"]["certificates"][0]["rawBytes"],
        ] {
            if let Some(der) = decoded(certificate) {
                write("certificate", name, &der);
            }
        }
        let Some(payload) = decoded(&json["dsseEnvelope"]["payload"]) else { continue };
        write("statement", name, &payload);
        if let Ok(statement) = serde_json::from_slice::<Value>(&payload) {
            let predicate = statement["predicate"].to_string();
            write("statement", &format!("{name}.predicate"), predicate.as_bytes());
        }
    }

    // All evidence of a real package.
    let mut attestations = Vec::new();
    for kind in ["publish", "provenance"] {
        let folder = format!("data/corpus/npm-sigstore-1.0.0-{kind}");
        let case: Value = serde_json::from_slice(&read(&format!("{folder}/case.json"))).unwrap();
        let bundle = read(&format!("{folder}/bundle.sigstore.json"));
        let bundle: Value = serde_json::from_slice(&bundle).unwrap();
        attestations.push(json!({"predicateType": case["predicateType"], "bundle": bundle}));
    }
    let signed: Value =
        serde_json::from_slice(&read("data/corpus/registry-signatures.json")).unwrap();
    let signed = signed.as_array().unwrap().iter().find(|it| it["name"] == "sigstore").unwrap();
    let manifest = json!({"name": "sigstore", "version": "1.0.0", "dist": {
        "integrity": signed["integrity"], "tarball": "https://registry.example/sigstore-1.0.0.tgz",
        "signatures": [{"keyid": signed["keyid"], "sig": signed["sig"]}],
        "attestations": {"url": "https://registry.example/-/npm/v1/attestations/sigstore@1.0.0"},
    }});
    let published = "2023-03-01T00:00:00.000Z";
    let record = json!({"name": "sigstore", "version": "1.0.0", "time": published, "manifest": manifest});
    let response = json!({ "attestations": attestations });
    write("package", "sigstore", format!("{record}\0{response}").as_bytes());
    let packument = json!({"name": "sigstore", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": manifest},
        "time": {"created": published, "1.0.0": published}, "readme": "\u{1f512} \\ \""});
    write("packument", "sigstore", packument.to_string().as_bytes());
    let old = json!({"versions": {"1.0.0": {"dist": {"shasum": "0".repeat(40)}}, "2.0.0": {}}, "time": {}});
    write("packument", "old", old.to_string().as_bytes());

    for version in ["npm6", "v1", "v2", "v3"] {
        let lockfile = read(&format!("data/lockfiles/{version}/package-lock.json"));
        write("lockfile", version, &lockfile);
    }
    for (name, path) in [
        ("public-good", "../trust/public-good/trusted_root.json"),
        ("staging", "../trust/staging/trusted_root.json"),
    ] {
        write("trusted_root", name, &read(path));
    }
    write("npm_keys", "public-good", &read("../trust/public-good/npm-keys.json"));
    for root in ["public-good/5", "public-good/16", "github/9"] {
        let bytes = read(&format!("../trust/{root}.root.json"));
        let version = root.rsplit('/').next().unwrap();
        let name = format!("{version}.root.json");
        let entries = [bytes.as_slice(), name.as_bytes(), &bytes].join(&0);
        write("tuf", &root.replace('/', "-"), &[&entries, &b"\0"[..]].concat());
    }
    write("tuf", "repository", &repository());

    // Made by hand: nothing real may be kept, or the real ones are as simple.
    let archive = sealift_fuzz::good_archive();
    write("archive", "good", archive);
    write("archive", "empty", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    let start = archive.windows(13).position(|at| at == b"{\"payloadType").unwrap();
    let length = archive[start..].windows(2).position(|at| at == b"]}").unwrap() + 2;
    let envelope = &archive[start..start + length];
    write("envelope", "good", envelope);
    let envelope: Value = serde_json::from_slice(envelope).unwrap();
    let manifest = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    write("manifest", "good", &manifest);
    write("tampered", "file", b"\0\0\x10\0\x01\x01");
    write("tampered", "envelope", b"\x05\x01\0\x01\x01 ");
    write("tampered", "entry", b"\x07\x03\0\0\0\x01\x01");
    write("tarball", "plain", &testkit::registry::tarball("a", "1.0.0"));
    write("npmrc", "all", NPMRC.as_bytes());
    write("advisory", "ranges", ADVISORY.as_bytes());
    write("advisory", "bare", br#"{"id":"MAL-1","withdrawn":"2026-01-02T03:04:05Z","affected":null}"#);
    write("manifest", "recall", RECALL.as_bytes());
    let template = read("../src/app/policy_init/template.toml");
    let all = String::from_utf8(template.clone()).unwrap();
    let all = all.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key,
        _ => line,
    });
    write("policy", "template", &template);
    write("policy", "all", all.collect::<Vec<_>>().join("\n").as_bytes());
    write("policy", "identities", IDENTITIES.as_bytes());
    for name in ["verified", "refused"] {
        // The snapshot has the text for people first.
        let snapshot = String::from_utf8(read(&format!("../snapshots/report-{name}.snap"))).unwrap();
        let (_, report) = snapshot.rsplit_once("\n---\n\n").unwrap();
        write("report", name, report.as_bytes());
    }
    let (keyid, sig) = (format!("SHA256:{}", "A".repeat(43)), STANDARD.encode([0; 64]));
    let payload = STANDARD.encode(read("fuzz/corpus/report/verified"));
    let signed = format!(
        "{{\"payloadType\":\"application/vnd.sealift.report+json\",\"payload\":\"{payload}\",\
         \"signatures\":[{{\"keyid\":\"{keyid}\",\"sig\":\"{sig}\"}}]}}"
    );
    write("report", "signed", signed.as_bytes());
    let spki = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=";
    let public = format!("-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n");
    write("key", "public", public.as_bytes());
    // The key of RFC 8410, section 10.3.
    let pkcs8 = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    let private = format!("-----BEGIN PRIVATE KEY-----\n{pkcs8}\n-----END PRIVATE KEY-----\n");
    write("key", "private", private.as_bytes());
    for (name, text) in [
        ("package", "@sigstore/verify@1.0.0-rc.1+build"),
        ("entry", "npm/%4a%53%4f%4e%53tream/1.3.5/package.tgz"),
        ("integrity", "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk= sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="),
        ("time", "2026-11-23T05:00:00.123+01:00"),
        ("terminal", "a\u{1b}[2J\u{202e}gpj.exe\r\n\u{e0001}"),
    ] {
        write("text", name, text.as_bytes());
    }
}

/// A repository with a delegation and a rotated root, published within a week of the time that
/// the target judges by.
fn repository() -> Vec<u8> {
    let mut repository = Repository::new(sealift_fuzz::at() - chrono::Duration::days(3));
    repository.delegate("npm", &["registry.npmjs.org/*"], &[("registry.npmjs.org/keys.json", b"{}")]);
    repository.rotate("root");
    repository.publish_root();
    repository.publish();
    let mut bytes = repository.root_bytes(1);
    for (name, file) in &repository.files {
        bytes.push(0);
        bytes.extend_from_slice(name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(file);
    }
    bytes
}

const IDENTITIES: &str = r#"format = 1

[[identity]]
package = "npm:@acme/widgets"
registry = "https://npm.acme.example"
line = "0.3"
issuer = "https://issuer.example"
repository = "https://git.example/acme/widgets"
repository-id = 1001
owner = "https://git.example/acme"
owner-id = 77
workflow = "https://git.example/acme/widgets/.github/workflows/release.yml"
builder = "https://git.example/runner\u202e\"\\"
versions = [
  { version = "0.3.1", claims = ["integrity", "provenance"], sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
  { version = "0.3.2", claims = [], sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
]

[[identity]]
package = "npm:left-pad"
line = "1"
versions = [
  { version = "1.3.0", sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
]
"#;

const ADVISORY: &str = r#"{
  "schema_version": "1.5.0",
  "id": "MAL-2026-1",
  "summary": "Malicious code in @acme/tool (npm)",
  "affected": [
    {
      "package": {"ecosystem": "npm", "name": "@acme/tool", "purl": "pkg:npm/%40acme/tool"},
      "ranges": [
        {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}, {"introduced": "1.2.0-rc.1"}]},
        {"type": "ECOSYSTEM", "events": [{"introduced": "2.0.0"}, {"last_affected": "2.0.0"}, {"limit": "*"}]},
        {"type": "GIT", "repo": "https://git.example/a", "events": [{"introduced": "0"}]}
      ],
      "versions": ["1.0.0", "v9"]
    },
    {"package": {"ecosystem": "PyPI", "name": "tool"}, "versions": null}
  ],
  "database_specific": {"malicious-packages-origins": [{"source": "x"}]}
}
"#;

const RECALL: &str = concat!(
    r#"{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"advisories/%4d%41%4c-2026-1.json","#,
    r#""digest":{"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"#,
    r#""annotations":{"size":0}}],"predicateType":"urn:sealift:recall:v1","predicate":{"formatVersion":1,"#,
    r#""tool":{"name":"sealift","version":"0.1.0"},"sealedAt":"2026-11-23T04:00:00Z","#,
    r#""names":["pkg:npm/%40acme/tool","pkg:npm/b"],"#,
    r#""advisories":{"from":"osv","records":2,"unreadable":0},"#,
    r#""trust":[{"instance":"public-good","source":"embedded"}]}}"#,
);

const NPMRC: &str = "\
; a comment
registry=https://user:password@npm.example.com/npm/
@acme:registry = \"https://npm.acme.example/\"
//npm.acme.example/:_authToken=${NPM_TOKEN}
//npm.example.com/npm/:_auth=dXNlcjpwYXNz
//npm.example.com/npm/:username=user
//npm.example.com/npm/:_password=cGFzcw==
https-proxy=http://proxy.example:3128
noproxy=.example.org,localhost
strict-ssl=false
cafile=/etc/ssl/ca.pem
ca=-----BEGIN CERTIFICATE-----\\nAA==
missing=${NOT_SET}
[section]
registry=https://other.example
";
