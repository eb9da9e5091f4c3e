//! The fuzz targets: each takes bytes that anyone could have sent, gives them to one of sealift's
//! parsers, and panics where what must hold of the outcome does not.
//!
//! Used twice: by libFuzzer, through `fuzz_targets/`, and by `tests/fuzz_smoke.rs` on a stable
//! compiler. Targets keep no state, so that an input alone says what happens.

use std::{
    path::Path,
    sync::{LazyLock, OnceLock},
};

use sealift::{
    adapters::{
        archive::{Archive, ArchiveError, SignedArchive},
        keys,
        registry::{Npmrc, RegistryConfig, packument as registry_packument},
    },
    app::stored,
    core::{
        addresses::NPM_REGISTRY,
        archive::{
            dsse::{Envelope, EnvelopeParser},
            entry_name,
            manifest::{Listing as _, Manifest},
        },
        ecosystems::parse_purl,
        lockfile::{
            self as lockfiles, Inventory,
            coverage::{Coverage, Disposition},
        },
        npm::{self, publish, tarball},
        package::{
            Origin, PackageId, Purl,
            digest::{Digest, Integrity},
            evidence::{Answer, Evidence},
        },
        policy::{Identities, PolicyFile, TextError},
        recall::{Advisory, PackageName, Recall, advisory_entry},
        sigstore::{
            self, Artifact, ExpectedSigner,
            bundle::Bundle,
            certificate::{self as certificates, Claims},
            statement::{self as statements, AttestedStatement},
        },
        slsa,
        store::{IndexRow, PackageRow, Query},
        text::{Untrusted, bounded},
        time::{self, Time},
        trust::{NpmKeys, Trust, instance::Instance, json_line},
        tuf::{Entries, PinnedRoots, WantedTargets, replay},
        verdict::{PackageVerdict, ProvenanceFacts},
    },
};
use serde_json::value::RawValue;

#[path = "../../support/mod.rs"]
mod support;

use support::{
    contents, hostile, manifest as good_manifest, public,
    raw_zip::{Entry, Zip},
};

/// A target, by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const ALL: [Target; 21] = [
    ("advisory", advisory),
    ("archive", archive),
    ("bundle", bundle),
    ("certificate", certificate),
    ("envelope", envelope),
    ("key", key),
    ("lockfile", lockfile),
    ("manifest", manifest),
    ("npm_keys", npm_keys),
    ("npmrc", npmrc),
    ("package", package),
    ("packument", packument),
    ("policy", policy),
    ("report", report),
    ("statement", statement),
    ("store", store),
    ("tampered", tampered),
    ("tarball", tarball_contents),
    ("text", text),
    ("trusted_root", trusted_root),
    ("tuf", tuf),
];

/// An advisory in the OSV format: whom it concerns. Its id gives one name of an entry.
pub fn advisory(bytes: &[u8]) {
    let Ok(advisory) = Advisory::parse(bytes) else { return };
    let entry = advisory_entry(&advisory.id);
    assert_eq!(entry_name::parse(entry.as_bytes()), Ok(entry.as_str()));
    let _ = advisory.counts();
    for name in advisory.names() {
        assert_eq!(PackageName::parse(&name.to_string()).as_ref(), Some(name));
        for version in ["0.0.0-0", "1.0.0", "1.0.0+x", "1.2.3-rc.1", "999999.0.0", "1.0"] {
            let _ = advisory.concerns(&name.at(version).unwrap());
        }
    }
    // What it does not name it does not concern.
    assert!(!advisory.concerns(&PackageId::npm("of-no-advisory", "1.0.0").unwrap()));
}

/// The archive's file: ZIP, envelope, manifest, entries.
pub fn archive(bytes: &[u8]) {
    let _ = on_disk(bytes, |path| {
        Archive::open(path)?.manifest_unverified()?;
        verified(path)?.check_rest()
    });
}

/// The property that all else is for: an archive that was changed does not verify.
///
/// The first byte says what is changed: the file as it is, the envelope or an entry, where the
/// ZIP around these is made anew with the right sizes and checksums. The other bytes are edits.
/// What verifies nevertheless must say and hold the same, to the byte: whoever likes may add a
/// signature.
pub fn tampered(bytes: &[u8]) {
    let Some((part, edits)) = bytes.split_first() else { return };
    let mut entries = contents();
    let file = match part % 8 {
        0..=4 => edit(good_archive(), edits),
        5 | 6 => hostile::with_envelope(&entries, &edit(good_envelope(), edits)).bytes(),
        _ => {
            let Some((which, edits)) = edits.split_first() else { return };
            let which = usize::from(*which) % entries.len();
            if let Some(entry) = entries.values_mut().nth(which) {
                *entry = edit(entry, edits);
            }
            hostile::with_envelope(&entries, good_envelope()).bytes()
        }
    };
    if file == good_archive() {
        return;
    }
    on_disk(&file, |path| {
        let Ok(archive) = verified(path) else { return };
        if archive.check_rest().is_err() {
            return;
        }
        assert!(part % 8 >= 5, "a changed file verifies");
        assert_eq!(archive.manifest(), &good_manifest());
        for (name, bytes) in contents() {
            assert_eq!(archive.read(&name, 1 << 20).unwrap(), bytes, "{name}");
        }
    });
}

fn verified(path: &Path) -> Result<SignedArchive, ArchiveError> {
    Archive::open(path)?.verify_signatures(&[public(1)], 1)
}

/// The small archive that is tampered with, signed by [`public`]`(1)`.
pub fn good_archive() -> &'static [u8] {
    static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| hostile::good().bytes());
    &GOOD
}

fn good_envelope() -> &'static [u8] {
    static GOOD: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let Zip { entries, .. } = hostile::good();
        entries.into_iter().next_back().map(|Entry { data, .. }| data).unwrap()
    });
    &GOOD
}

/// Applies edits of five bytes each: what, where (two bytes), how many, and with what.
fn edit(good: &[u8], edits: &[u8]) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for edit in edits.chunks_exact(5) {
        let &[what, high, low, count, value] = edit else { break };
        let start = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        let end = bytes.len().min(start + usize::from(count));
        match what % 5 {
            0 => bytes.iter_mut().skip(start).take(1).for_each(|byte| *byte ^= value),
            1 => drop(bytes.splice(start..start, [value].repeat(count.into()))),
            2 => drop(bytes.drain(start..end)),
            3 => {
                let copy: Vec<u8> = bytes.drain(start..end).collect();
                let to = usize::from(value) * bytes.len() / 255;
                bytes.splice(to..to, [copy.as_slice(), copy.as_slice()].concat());
            }
            _ => bytes.truncate(start),
        }
        // Insertions add up; what is large is the other targets' part.
        bytes.truncate(1 << 20);
    }
    bytes
}

/// The DSSE envelope, in pieces of any size. It has one form, to the byte.
pub fn envelope(bytes: &[u8]) {
    let parsed = Envelope::parse(bytes);
    let mut parser = EnvelopeParser::default();
    bytes.chunks(bytes.len() % 7 + 1).for_each(|piece| parser.push(piece));
    assert_eq!(parser.finish().ok().as_ref(), parsed.as_ref().ok());
    let Ok(envelope) = parsed else { return };
    let _ = envelope.verify(&[public(1), public(2)], 2);
    assert_eq!(envelope.to_json(), bytes);
}

/// The manifest of an archive, or of a recall. What was read is written and read back the same.
pub fn manifest(bytes: &[u8]) {
    if let Ok(recall) = Recall::parse(bytes) {
        assert_eq!(Recall::parse(&recall.to_json()).unwrap(), recall);
    }
    let Ok(manifest) = Manifest::parse(bytes) else { return };
    assert_eq!(Manifest::parse(&manifest.to_json()).unwrap(), manifest);
    for (purl, package) in manifest.packages() {
        assert_eq!(parse_purl(&package.purl).as_ref(), Some(purl));
        let entry = package.artifact.as_ref().and_then(|artifact| artifact.entry.as_ref());
        assert!(entry.is_none_or(|entry| manifest.subject(entry).is_some()));
    }
}

/// A Sigstore bundle: its shape, and all of its verification.
pub fn bundle(bytes: &[u8]) {
    let parsed = Bundle::parse(bytes);
    let signer = ExpectedSigner::AnyIdentityUnsafe;
    let result = sigstore::bundle(trust(), bytes, Artifact::Digest(tarball()), signer, at());
    assert!(parsed.is_ok() || result.is_err());
}

/// The claims of a certificate.
pub fn certificate(bytes: &[u8]) {
    let _ = certificates::decode(bytes).map(|certificate| Claims::of(&certificate));
}

/// Record and attestation response of a package, with a zero byte between them. Whatever verifies
/// says what the real evidence says.
pub fn package(bytes: &[u8]) {
    let verdict = judge(bytes);
    if let Some(facts) = verdict.registry_signature() {
        assert_eq!(facts.keyid, "SHA256:jl3bwswu80PjjokCgh0o2w5c2U4LhQAE57gj9cz1kzA");
    }
    if let Some(facts) = verdict.provenance() {
        let ProvenanceFacts { source_repository, commit, .. } = facts;
        assert_eq!(source_repository, "https://github.com/sigstore/sigstore-js");
        assert_eq!(commit, "06528997c3c8ab9f864fad9a3658446aca7fd86d");
    }
}

/// The verdict over the evidence in `bytes`.
pub fn judge(bytes: &[u8]) -> PackageVerdict {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let evidence = Evidence {
        package: &PackageId::npm("sigstore", "1.0.0").unwrap(),
        registry: Some(NPM_REGISTRY),
        expected: &[Integrity::of(tarball().clone())],
        artifact: std::slice::from_ref(tarball()),
        record: parts.next().map_or(Answer::NotFound, Answer::Given),
        attestations: parts.next().map_or(Answer::NotFound, Answer::Given),
    };
    npm::package(trust(), &evidence, at())
}

/// The tarball of sigstore@1.0.0.
fn tarball() -> &'static Digest {
    static DIGEST: LazyLock<Digest> = LazyLock::new(|| {
        let sri = "sha512-e+qfbn/zf1+rCza/BhIA//Awmf0v1pa5HQS8Xk8iXrn9bgytytVLqYD0P7NSqZ6IELTgq+tcDvLPkQjNHyWLNg==";
        Integrity::parse(sri).unwrap().strongest().next().unwrap().clone()
    });
    &DIGEST
}

/// An in-toto statement and the predicate in it; and the same bytes as a predicate of each type.
pub fn statement(bytes: &[u8]) {
    let package = PackageId::npm("sigstore", "1.0.0").unwrap();
    let check = |kind: &str, predicate: &str| {
        let _ = publish::check(predicate, &package, NPM_REGISTRY);
        let _ = slsa::check(kind, predicate, claims());
    };
    if let Ok(statement) = AttestedStatement::parse(statements::PAYLOAD_TYPE, bytes) {
        let _ = statement.require_subject(&package.purl(), std::slice::from_ref(tarball()));
        check(statement.predicate_type(), statement.predicate());
    }
    if let Ok(predicate) = str::from_utf8(bytes) {
        slsa::PREDICATE_TYPES.iter().for_each(|kind| check(kind, predicate));
    }
}

/// The claims of a real certificate.
fn claims() -> &'static Claims {
    static CLAIMS: OnceLock<Claims> = OnceLock::new();
    CLAIMS.get_or_init(|| {
        let bundle =
            include_bytes!("../../data/corpus/npm-sigstore-1.0.0-provenance/bundle.sigstore.json");
        let artifact = Artifact::Digest(tarball());
        let facts =
            sigstore::bundle(trust(), bundle, artifact, ExpectedSigner::AnyIdentityUnsafe, at());
        facts.unwrap().claims.unwrap()
    })
}

/// A lockfile, the packages that it asks for, and what becomes of its entries in an empty archive:
/// nothing is covered but what asks for nothing.
pub fn lockfile(bytes: &[u8]) {
    let Ok(lockfile) = lockfiles::parse(bytes) else { return };
    let entries = lockfile.entries.len();
    let outcomes = Coverage::new(&[]).judge(&lockfile);
    let inventory = Inventory::new(vec![("inputs/1/package-lock.json", &lockfile)]);
    assert!(inventory.wants(|_, _, _| false).len() <= entries);
    assert_eq!(outcomes.len(), entries);
    for outcome in outcomes {
        let nothing = matches!(outcome.disposition, Disposition::Local | Disposition::Placeholder);
        assert_eq!(outcome.denial.is_none(), nothing);
    }
}

/// A tarball's listing.
pub fn tarball_contents(bytes: &[u8]) {
    let Ok(contents) = tarball::list(bytes) else { return };
    for path in contents.bundled.keys() {
        assert!(path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{path}");
    }
}

/// A packument: the records taken out of it, and what collecting reads of them.
pub fn packument(bytes: &[u8]) {
    let Ok(versions) = registry_packument::read(bytes, &["1.0.0", "2.0.0"]) else { return };
    for (version, found) in versions {
        let id = PackageId::npm("sigstore", &version).unwrap();
        let _ = npm::Dist::read(&found.manifest).and_then(|dist| dist.expected());
        let record = registry_packument::record(&id, &found).unwrap();
        // Not as a value: a record may hold numbers that no type of ours has room for.
        serde_json::from_slice::<&RawValue>(&record).unwrap();
    }
}

/// A policy; and the same bytes as a file of identities. What was read of these is written and read back
/// the same.
pub fn policy(bytes: &[u8]) {
    let place = |error: TextError| {
        let starts = |(line, column): (usize, usize)| line > 0 && column > 0;
        assert!(error.place.is_none_or(starts), "{error}");
    };
    let _ = PolicyFile::parse(bytes).map_err(place);
    match Identities::parse(bytes) {
        Ok(identities) => {
            let written = identities.to_string();
            assert_eq!(Identities::parse(written.as_bytes()).as_ref(), Ok(&identities));
            assert_eq!(identities.clone().updated(identities.clone()), identities);
        }
        Err(error) => place(error),
    }
}

/// A stored report, bare or in an envelope. What was read is written and read back the same.
pub fn report(bytes: &[u8]) {
    let parse = |bytes: &[u8]| stored::parse(bytes, Path::new("app.report"), &[]);
    let Ok(opened) = parse(bytes) else { return };
    let written = serde_json::to_vec(&opened.report).unwrap();
    assert_eq!(parse(&written).unwrap().report, opened.report);
}

/// `.npmrc`, and the registries that follow from it.
pub fn npmrc(bytes: &[u8]) {
    let env = |name: &str| (name == "NPM_TOKEN").then(|| "secret".to_owned());
    let npmrc = Npmrc::parse(&String::from_utf8_lossy(bytes), &env);
    let _ = RegistryConfig::new(&npmrc, None);
    let _ = format!("{npmrc:?}");
}

/// A TUF repository as an archive carries it: the pinned root, then names and files in turn, with
/// a zero byte after each. What was accepted is accepted again.
pub fn tuf(bytes: &[u8]) {
    let mut parts = bytes.split(|byte| *byte == 0);
    let Some(Ok(pinned)) = parts.next().map(|root| PinnedRoots::new(root.to_vec())) else { return };
    let mut entries = Entries::new();
    while let (Some(name), Some(file)) = (parts.next(), parts.next()) {
        entries.insert(String::from_utf8_lossy(name).into_owned(), file.to_vec());
    }
    let wanted = WantedTargets::of(Some(NPM_REGISTRY));
    let Ok(state) = replay(&pinned, &wanted, &entries, at()) else { return };
    assert_eq!(replay(&pinned, &wanted, state.entries(), at()), Ok(state));
}

/// `trusted_root.json`.
pub fn trusted_root(bytes: &[u8]) {
    let _ = Trust::new(bytes, None);
    let _ = json_line(bytes);
}

/// npm's `keys.json`.
pub fn npm_keys(bytes: &[u8]) {
    let _ = NpmKeys::parse(NPM_REGISTRY, bytes);
}

/// A key's file.
pub fn key(bytes: &[u8]) {
    on_disk(bytes, |path| {
        let _ = keys::load_private(path);
        if let Ok(key) = keys::load_public(path) {
            let pem = key.to_pem();
            assert_eq!(on_disk(pem.as_bytes(), |path| keys::load_public(path).unwrap()), key);
        }
    });
}

/// The rows of an index, and a query: the input's first line.
pub fn store(bytes: &[u8]) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let query = lines.next().and_then(|line| str::from_utf8(line).ok());
    let query = query.and_then(|text| Query::parse(text).ok());
    for line in lines {
        let Ok(row) = IndexRow::parse(line) else { continue };
        let written = row.line();
        assert!(!written.contains('\n'));
        assert_eq!(IndexRow::parse(written.as_bytes()).as_ref(), Ok(&row));
        match (&query, row) {
            (Some(query), IndexRow::Package(_, package)) => drop(query.columns(&package)),
            (Some(query), IndexRow::Archive(archive)) => drop(query.archive_columns(&archive)),
            (Some(query), IndexRow::Report(report)) => drop(query.report_columns(&report)),
            _ => {}
        }
    }
    if let Some(query) = query {
        assert!(query.columns(&PackageRow::default()).is_empty());
    }
}

/// Names, versions, hashes, times, and text for the terminal.
pub fn text(bytes: &[u8]) {
    if let Ok(name) = entry_name::parse(bytes) {
        assert!(!name.starts_with('/') && !name.contains("..//") && !name.contains('\\'));
        assert!(name.split('/').all(|part| !matches!(part, "" | "." | "..")));
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    let encoded = entry_name::encode(text);
    assert_eq!(entry_name::decode(&encoded).as_deref(), Some(text));
    if let Some((name, version)) = text.rsplit_once('@')
        && let Ok(id) = PackageId::npm(name, version)
    {
        let purl = Purl::new(id, Origin::File(text.to_owned()));
        entry_name::parse(entry_name::package_folder(&purl).as_bytes()).unwrap();
        assert!(!purl.to_string().contains(char::is_whitespace));
    }
    if let Ok(integrity) = Integrity::parse(text) {
        assert_ne!(integrity.strongest().count(), 0);
    }
    if let Some(time) = time::parse(text) {
        let _ = time::format(time);
    }
    let shown = Untrusted(text).to_string();
    assert!(!shown.contains(char::is_control) && Untrusted(&bounded(text)).to_string() == shown);
}

/// Everything is judged at this time.
pub fn at() -> Time {
    time::parse("2026-11-01T00:00:00Z").unwrap()
}

fn embedded() -> sealift::core::trust::instance::Embedded {
    Instance::public_good().embedded.unwrap()
}

fn trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| {
        Instance::public_good().trust(embedded().trusted_root, embedded().npm_keys).unwrap()
    })
}

/// Calls `then` with a file of these bytes.
fn on_disk<T>(bytes: &[u8], then: impl FnOnce(&Path) -> T) -> T {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    then(file.path())
}
