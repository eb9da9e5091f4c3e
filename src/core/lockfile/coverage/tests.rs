use super::*;
use crate::core::{
    ecosystems::parse_purl,
    lockfile::parse,
    package::{contents::NameAndVersion, digest::Algorithm},
};

/// A package of an archive, with what entries are compared by.
struct Package {
    purl: Purl,
    digests: Vec<Digest>,
    url: Option<&'static str>,
    signed: bool,
    contents: Option<Contents>,
    available: bool,
}

const A: &str = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";

impl Package {
    fn of(purl: &str, bytes: &[u8]) -> Self {
        Self {
            purl: parse_purl(purl).unwrap(),
            digests: [Algorithm::Sha1, Algorithm::Sha256, Algorithm::Sha512]
                .map(|algorithm| algorithm.digest(bytes))
                .to_vec(),
            url: None,
            signed: false,
            contents: None,
            available: true,
        }
    }

    fn a() -> Self {
        Self { url: Some(A), ..Self::of("pkg:npm/a@1.0.0", b"a") }
    }

    fn signed(self) -> Self {
        Self { signed: true, ..self }
    }

    fn bundling(self, path: &str, name: &str, version: &str) -> Self {
        let mut contents = self.contents.unwrap_or_default();
        let named = NameAndVersion { name: Some(name.into()), version: Some(version.into()) };
        contents.bundled.insert(path.into(), named);
        Self { contents: Some(contents), ..self }
    }
}

fn sri(bytes: &[u8]) -> String {
    Algorithm::Sha512.digest(bytes).to_sri()
}

fn outcomes(packages: &[Package], entries: &str) -> Vec<EntryOutcome> {
    let text = format!(r#"{{"lockfileVersion": 3, "packages": {{{entries}}}}}"#);
    let lockfile = parse(text.as_bytes()).unwrap();
    let held: Vec<_> = packages
        .iter()
        .map(|package| ArchivedPackage {
            purl: &package.purl,
            artifact: package.available.then_some(ArchivedArtifact {
                digests: &package.digests,
                url: package.url,
                signed: package.signed,
                contents: package.contents.as_ref(),
            }),
        })
        .collect();
    Coverage::new(&held).judge(&lockfile)
}

fn last(packages: &[Package], entries: &str) -> EntryOutcome {
    outcomes(packages, entries).pop().unwrap()
}

#[track_caller]
fn code(packages: &[Package], entries: &str) -> &'static str {
    last(packages, entries).denial.map_or("covered", |denial| denial.code())
}

fn entry(fields: &str) -> String {
    format!(r#""node_modules/a": {{"version": "1.0.0"{fields}}}"#)
}

fn hashed(bytes: &[u8], more: &str) -> String {
    entry(&format!(r#", "integrity": "{}"{more}"#, sri(bytes)))
}

#[test]
fn with_a_hash_the_bytes_decide() {
    let found = last(&[Package::a()], &hashed(b"a", &format!(r#", "resolved": "{A}""#)));
    assert_eq!(found.pin, Some(Binding::Hash(Algorithm::Sha512)));
    assert_eq!((found.package, found.other_address, found.denial), (Some(0), false, None));
    let mirror = r#", "resolved": "https://mirror.example/a/-/a-1.0.0.tgz""#;
    let found = last(&[Package::a()], &hashed(b"a", mirror));
    assert_eq!((found.other_address, found.denial), (true, None));
    assert_eq!(code(&[Package::a()], &hashed(b"b", "")), "hash-differs");
    // All hashes of the strongest algorithm, not one of them.
    let two = entry(&format!(r#", "integrity": "{} {}""#, sri(b"a"), sri(b"b")));
    assert_eq!(code(&[Package::a()], &two), "hash-differs");
}

#[test]
fn another_entry_of_that_name_and_version_covers_nothing() {
    let other = hashed(b"a", "");
    let bare = r#""node_modules/b/node_modules/a": {"version": "1.0.0",
        "resolved": "https://evil.example/a/-/a-1.0.0.tgz"}"#;
    assert_eq!(code(&[Package::a()], &format!("{other}, {bare}")), "address-differs");
    assert_eq!(code(&[Package::a().signed()], &format!("{other}, {bare}")), "address-differs");
}

#[test]
fn the_same_bytes_under_another_name_or_version_are_not_it() {
    let packages = [Package::of("pkg:npm/b@1.0.0", b"a")];
    assert_eq!(code(&packages, &hashed(b"a", "")), "not-in-archive");
    let packages = [Package::of("pkg:npm/a@1.0.1", b"a")];
    assert_eq!(code(&packages, &hashed(b"a", "")), "not-in-archive");
}

#[test]
fn without_a_hash_a_signature_pins_what_has_the_registrys_address() {
    for (fields, expected) in [
        ("", "covered"),
        (r#", "resolved": "https://registry.npmjs.org/a/-/a-1.0.0.tgz""#, "covered"),
        (r#", "resolved": "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz""#, "covered"),
        (r#", "resolved": "http://registry.npmjs.org/a/-/a-1.0.0.tgz""#, "address-differs"),
        (r#", "resolved": "https://registry.npmjs.org/x/a/-/a-1.0.0.tgz""#, "address-differs"),
        (r#", "resolved": "https://registry.npmjs.org:8443/a/-/a-1.0.0.tgz""#, "address-differs"),
        (r#", "resolved": "https://evil.example/a/-/a-1.0.0.tgz""#, "address-differs"),
    ] {
        let found = last(&[Package::a().signed()], &entry(fields));
        let code = found.denial.as_ref().map_or("covered", EntryDenial::code);
        assert_eq!(code, expected, "{fields}");
        assert_eq!(found.pin.is_some(), expected == "covered");
    }
    assert_eq!(code(&[Package::a()], &entry("")), "unpinned");
    let weak = |bytes: &[u8]| {
        entry(&format!(r#", "integrity": "{}""#, Algorithm::Sha1.digest(bytes).to_sri()))
    };
    assert_eq!(code(&[Package::a()], &weak(b"a")), "unpinned");
    assert_eq!(code(&[Package::a().signed()], &weak(b"b")), "hash-differs");
    let found = last(&[Package::a().signed()], &weak(b"a"));
    assert_eq!(found.pin, Some(Binding::Signature { weak: true }));
}

/// npm asks the default registry for what has the public registry's address, whatever registry is
/// configured for its scope.
#[test]
fn the_public_registrys_address_is_no_other_registrys() {
    let purl = "pkg:npm/%40acme/a@1.0.0?repository_url=https://npm.acme.example";
    let entry = |resolved: &str| {
        format!(r#""node_modules/@acme/a": {{"version": "1.0.0", "resolved": "{resolved}"}}"#)
    };
    let packages = || [Package::of(purl, b"a").signed()];
    let path = "/@acme/a/-/a-1.0.0.tgz";
    let public = entry(&format!("https://registry.npmjs.org{path}"));
    assert_eq!(code(&packages(), &public), "address-differs");
    assert_eq!(code(&packages(), &entry(&format!("https://npm.acme.example{path}"))), "covered");
}

#[test]
fn an_entry_that_fits_two_packages_is_ambiguous() {
    let other = "pkg:npm/a@1.0.0?repository_url=https://npm.example";
    let packages = || [Package::a().signed(), Package::of(other, b"a").signed()];
    assert_eq!(code(&packages(), &hashed(b"a", "")), "ambiguous");
    assert_eq!(code(&packages(), &entry("")), "ambiguous");
    // The bytes of one of them.
    let packages = [Package::a(), Package::of(other, b"b")];
    assert_eq!(last(&packages, &hashed(b"b", "")).package, Some(1));
}

#[test]
fn an_entry_that_asks_a_registry_fits_no_tarball_from_elsewhere() {
    for origin in ["download_url=https://files.example/a", "file_name=a.tgz"] {
        let tarball = || Package::of(&format!("pkg:npm/a@1.0.0?{origin}"), b"a");
        let packages = [Package::a(), tarball()];
        assert_eq!(last(&packages, &hashed(b"a", "")).package, Some(0));
        assert_eq!(code(&[tarball()], &hashed(b"a", "")), "not-in-archive");
        assert_eq!(code(&[tarball()], &entry("")), "not-in-archive");
    }
}

#[test]
fn tarballs_that_no_registry_gives_are_compared_by_address_and_bytes() {
    let purl = "pkg:npm/a@1.0.0?download_url=https://files.example/a";
    let from = |address: &str| format!(r#", "resolved": "{address}""#);
    let packages = || [Package::of(purl, b"a")];
    let own = "https://files.example/a";
    assert_eq!(code(&packages(), &hashed(b"a", &from(own))), "covered");
    assert_eq!(code(&packages(), &hashed(b"b", &from(own))), "hash-differs");
    assert_eq!(code(&packages(), &entry(&from(own))), "unpinned");
    let other = hashed(b"a", &from("https://evil.example/a"));
    assert_eq!(code(&packages(), &other), "not-in-archive");
    // The entry says another version than the tarball.
    let other = format!(
        r#""node_modules/a": {{"version": "1.0.1", "integrity": "{}"{}}}"#,
        sri(b"a"),
        from(own)
    );
    assert_eq!(code(&packages(), &other), "not-in-archive");
    let file = [Package::of("pkg:npm/a@1.0.0?file_name=lib/a.tgz", b"a")];
    assert_eq!(code(&file, &hashed(b"a", &from("file:lib/a.tgz"))), "covered");
    assert_eq!(code(&file, &hashed(b"a", &from("file:lib/b.tgz"))), "not-in-archive");
}

#[test]
fn foreign_entries_are_denied_whatever_the_archive_has() {
    for resolved in ["git+ssh://git@git.example/a.git", "file:../a", "file:/a-1.0.0.tgz"] {
        let entry = entry(&format!(r#", "resolved": "{resolved}""#));
        let found = last(&[Package::a()], &entry);
        assert_eq!(found.disposition, Disposition::Foreign);
        assert_eq!(found.denial.map(|denial| denial.code()), Some("foreign"), "{resolved}");
    }
    let patched = hashed(b"a", r#", "patched": {"path": "a.patch"}"#);
    let found = last(&[Package::a()], &patched);
    assert_eq!((found.disposition, found.package), (Disposition::Foreign, Some(0)));
    assert!(found.denial.is_some());
}

#[test]
fn what_asks_for_nothing_is_local_or_a_placeholder() {
    let found: Vec<_> = outcomes(
        &[],
        r#""": {}, "p": {}, "node_modules/p": {"link": true, "resolved": "p"},
           "node_modules/x": {"optional": true}"#,
    )
    .into_iter()
    .map(|outcome| (outcome.disposition, outcome.denial))
    .collect();
    use Disposition::{Local, Placeholder};
    assert_eq!(found, [Local, Local, Local, Placeholder].map(|disposition| (disposition, None)));
}

#[test]
fn only_optional_entries_of_the_registry_that_was_asked_may_be_unavailable() {
    let gone = || [Package { available: false, ..Package::a() }];
    let optional = entry(r#", "optional": true"#);
    assert_eq!(last(&gone(), &optional).disposition, Disposition::Unavailable);
    assert_eq!(code(&gone(), &optional), "covered");
    assert_eq!(code(&gone(), &entry("")), "unavailable-required");
    let elsewhere = r#", "optional": true, "resolved": "https://evil.example/a/-/a-1.0.0.tgz""#;
    assert_eq!(code(&gone(), &entry(elsewhere)), "unavailable-required");
    assert_eq!(code(&[], &optional), "not-in-archive");
}

fn bundle(parent: &str, child: &str) -> String {
    format!(
        r#""node_modules/a": {{"version": "1.0.0", "bundleDependencies": ["b"]{parent}}},
           "node_modules/a/node_modules/b": {{"version": "2.0.0", "inBundle": true{child}}}"#
    )
}

#[test]
fn bundled_entries_are_in_their_parents_tarball() {
    let parent = format!(r#", "integrity": "{}""#, sri(b"a"));
    let with = |path, name, version| [Package::a().bundling(path, name, version)];
    let held = with("node_modules/b", "b", "2.0.0");
    let found = last(&held, &bundle(&parent, ""));
    assert_eq!((found.disposition, found.package), (Disposition::Bundled, Some(0)));
    assert_eq!(found.denial, None);
    for other in [
        with("node_modules/b", "b", "2.0.1"),
        with("node_modules/b", "c", "2.0.0"),
        with("node_modules/c", "b", "2.0.0"),
        with("node_modules/c/node_modules/b", "b", "2.0.0"),
    ] {
        assert_eq!(code(&other, &bundle(&parent, "")), "not-in-archive");
    }
    // Judged by its own address where it has one.
    let address = r#", "resolved": "https://evil.example/b/-/b-2.0.0.tgz""#;
    assert_eq!(code(&held, &bundle(&parent, address)), "not-in-archive");
    // A tarball that could not be listed shows nothing.
    assert_eq!(code(&[Package::a()], &bundle(&parent, "")), "parent-denied");
}

#[test]
fn what_an_unavailable_package_bundles_is_unavailable() {
    let gone = [Package { available: false, ..Package::a() }];
    let found = last(&gone, &bundle(r#", "optional": true"#, r#", "optional": true"#));
    assert_eq!((found.disposition, found.denial), (Disposition::Unavailable, None));
}

#[test]
fn a_shrinkwrap_in_a_tarball_asks_for_nothing_that_the_lockfile_lacks() {
    let with = |shrinkwrap: &str| {
        let contents =
            Contents { shrinkwrap: Some(shrinkwrap.as_bytes().to_vec()), ..Contents::default() };
        let b = Package::of("pkg:npm/b@1.0.0", b"b");
        [Package { contents: Some(contents), ..Package::a() }, b]
    };
    let sri_b = sri(b"b");
    let lock = |children: &str| {
        let own = hashed(b"a", r#", "hasShrinkwrap": true"#);
        format!("{own}{children}")
    };
    let b = format!(
        r#", "node_modules/a/node_modules/b": {{"version": "1.0.0", "integrity": "{sri_b}"}}"#
    );
    let first = |packages: &[Package], entries: &str| {
        outcomes(packages, entries).remove(0).denial.map_or("covered", |denial| denial.code())
    };
    let v1 = |more: &str| {
        format!(
            r#"{{"lockfileVersion": 1, "dependencies": {{"b": {{"version": "1.0.0"{more}}}}}}}"#
        )
    };
    let npm3 = r#"{"dependencies": {"b": {"version": "1.0.0"}}}"#;
    for shrinkwrap in [v1(""), v1(&format!(r#", "integrity": "{sri_b}""#)), npm3.to_owned()] {
        assert_eq!(first(&with(&shrinkwrap), &lock(&b)), "covered", "{shrinkwrap}");
        assert_eq!(first(&with(&shrinkwrap), &lock("")), "shrinkwrap-differs", "{shrinkwrap}");
    }
    let other_version = r#"{"lockfileVersion": 1, "dependencies": {"b": {"version": "1.0.1"}}}"#;
    assert_eq!(first(&with(other_version), &lock(&b)), "shrinkwrap-differs");
    let other_hash = v1(&format!(r#", "integrity": "{}""#, sri(b"evil")));
    assert_eq!(first(&with(&other_hash), &lock(&b)), "shrinkwrap-differs");
    assert_eq!(first(&with("{"), &lock(&b)), "shrinkwrap-differs");
    // Without a strong hash npm installs what is at the shrinkwrap's own address.
    let address = |host: &str| format!(r#", "resolved": "https://{host}/b/-/b-1.0.0.tgz""#);
    let weak = format!(r#", "integrity": "{}""#, Algorithm::Sha1.digest(b"b").to_sri());
    let at = |host: &str| b.replace("}", &format!("{}}}", address(host)));
    for more in [String::new(), weak] {
        let shrinkwrap = v1(&format!("{more}{}", address("r.example")));
        assert_eq!(first(&with(&shrinkwrap), &lock(&b)), "shrinkwrap-differs", "{shrinkwrap}");
        assert_eq!(first(&with(&shrinkwrap), &lock(&at("evil.example"))), "shrinkwrap-differs");
    }
    let same = v1(&address("r.example"));
    assert_eq!(first(&with(&same), &lock(&at("r.example"))), "covered");
    let pinned = v1(&format!(r#", "integrity": "{sri_b}"{}"#, address("evil.example")));
    assert_eq!(first(&with(&pinned), &lock(&at("r.example"))), "covered");
    // Development dependencies of a dependency are not installed.
    let dev = v1(r#", "dev": true"#);
    assert_eq!(first(&with(&dev), &lock("")), "covered");
    // npm reads it only where the entry says that there is one.
    assert_eq!(first(&with(other_version), &hashed(b"a", "")), "covered");
}
