#![allow(clippy::disallowed_methods)] // tests write files

use std::fs;

use testkit::tarball::Tarball;

use super::*;
use crate::app::inputs;

const TOOL: &str =
    "git+ssh://git@git.example/acme/tool.git#0123456789abcdef0123456789abcdef01234567";

struct Project(tempfile::TempDir);

impl Project {
    fn new(entries: &str) -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        let lock = format!(r#"{{"lockfileVersion": 3, "packages": {{{entries}}}}}"#);
        project.write("package-lock.json", lock.as_bytes());
        project
    }

    /// With one git dependency, `tool` of version 1.0.0.
    fn of_tool() -> Self {
        Self::new(&format!(r#""node_modules/tool": {{"version": "1.0.0", "resolved": "{TOOL}"}}"#))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn supply(&self, supplies: &[(&str, &str)]) -> Result<Vec<CollectedPackage>, SupplyError> {
        let inputs = inputs::read(&[self.path("package-lock.json")]).unwrap();
        let supplies: Vec<_> = supplies
            .iter()
            .map(|(address, file)| Supply { address: (*address).to_owned(), file: self.path(file) })
            .collect();
        read(&supplies, &inputs)
    }

    fn refused(&self, address: &str, bytes: &[u8]) -> SupplyError {
        self.write("tool.tgz", bytes);
        self.supply(&[(address, "tool.tgz")]).unwrap_err()
    }
}

fn tarball(name: &str, version: &str) -> Vec<u8> {
    Tarball::of("a person", name, version).gzip()
}

#[test]
fn a_tarball_becomes_a_package_under_its_address() {
    let project = Project::of_tool();
    let bytes = tarball("tool", "1.0.0");
    project.write("tool.tgz", &bytes);
    let packages = project.supply(&[(TOOL, "tool.tgz")]).unwrap();
    let [package] = packages.as_slice() else { panic!("{packages:?}") };
    assert_eq!(package.purl.origin(), &Origin::Supplied(TOOL.into()));
    assert_eq!(package.purl.id().to_string(), "tool@1.0.0");
    let artifact = package.collected.artifact.as_ref().unwrap();
    let digest = crate::core::package::digest::Algorithm::Sha512.digest(&bytes);
    assert_eq!((&artifact.digest, artifact.size), (&digest, bytes.len() as u64));
}

#[test]
fn an_alias_and_an_entry_without_a_version_are_supplied() {
    for entry in [
        format!(
            r#""node_modules/x": {{"name": "tool", "version": "1.0.0", "resolved": "{TOOL}"}}"#
        ),
        format!(r#""node_modules/x": {{"resolved": "{TOOL}"}}"#),
    ] {
        let project = Project::new(&entry);
        project.write("tool.tgz", &tarball("tool", "1.0.0"));
        assert_eq!(project.supply(&[(TOOL, "tool.tgz")]).unwrap().len(), 1, "{entry}");
    }
}

#[test]
fn rejects_an_address_that_no_entry_has() {
    let project = Project::of_tool();
    let other = TOOL.replace("git@", "git:hush@");
    let error = project.refused(&other, &tarball("tool", "1.0.0"));
    let SupplyError::NoSuchEntry { address, known } = &error else { panic!("{error}") };
    assert_eq!(address, TOOL, "without the password");
    assert_eq!(known.iter().collect::<Vec<_>>(), [TOOL]);
    assert_eq!(error.hint(), Some(format!("the lockfiles have {TOOL}")));
}

#[test]
fn rejects_what_is_foreign_for_another_reason() {
    let entry = |more: &str| {
        format!(r#""node_modules/tool": {{"version": "1.0.0", "resolved": "{TOOL}"{more}}}"#)
    };
    for entries in [
        entry(r#", "patched": {"path": "tool.patch"}"#),
        format!(r#""": {{"dependencies": {{"tool": "evil/tool"}}}}, {}"#, entry("")),
        r#""node_modules/tool": {"version": "1.0.0", "resolved": "file:../tool.tgz"}"#.to_owned(),
        r#""node_modules/tool": {"version": "1.0.0"}"#.to_owned(),
    ] {
        let entries = format!(r#"{entries}, "node_modules/a": {{"version": "1.0.0"}}"#);
        let error = Project::new(&entries).refused(TOOL, &tarball("tool", "1.0.0"));
        let SupplyError::NoSuchEntry { known, .. } = &error else { panic!("{entries}: {error}") };
        assert!(known.is_empty(), "{entries}");
        assert!(error.hint().unwrap().contains("the lockfiles have none"), "{entries}");
    }
}

#[test]
fn rejects_an_address_that_is_supplied_twice() {
    let project = Project::of_tool();
    project.write("tool.tgz", &tarball("tool", "1.0.0"));
    let error = project.supply(&[(TOOL, "tool.tgz"), (TOOL, "tool.tgz")]).unwrap_err();
    assert!(matches!(&error, SupplyError::Twice(address) if address == TOOL), "{error}");
}

#[test]
fn rejects_an_address_that_no_archive_can_have() {
    let address = "git+ssh://git@git.example/tööl.git";
    let project = Project::new(&format!(r#""node_modules/tool": {{"resolved": "{address}"}}"#));
    let error = project.refused(address, &tarball("tool", "1.0.0"));
    assert!(matches!(error, SupplyError::Address(_)), "{error}");
}

#[test]
fn rejects_a_file_that_is_missing_or_no_regular_file() {
    let project = Project::of_tool();
    let missing = project.supply(&[(TOOL, "missing.tgz")]).unwrap_err();
    assert!(matches!(&missing, SupplyError::File(error) if error.is_not_found()), "{missing}");
    fs::create_dir(project.path("folder")).unwrap();
    let folder = project.supply(&[(TOOL, "folder")]).unwrap_err();
    assert!(matches!(folder, SupplyError::File(_)), "{folder}");
}

#[test]
fn rejects_a_file_that_is_no_tarball() {
    let whole = tarball("tool", "1.0.0");
    let without = Tarball::new().file("package/index.js", "").gzip();
    for bytes in [b"", &b"tool"[..], whole.get(..whole.len() / 2).unwrap(), &without] {
        let error = Project::of_tool().refused(TOOL, bytes);
        assert!(matches!(error, SupplyError::Tarball { .. }), "{error}");
    }
}

#[test]
fn rejects_a_tarball_without_name_or_version() {
    for text in ["{}", r#"{"name": "tool"}"#, r#"{"version": "1.0.0"}"#, r#"{"name": 1}"#] {
        let bytes = Tarball::new().file("package/package.json", text).gzip();
        let error = Project::of_tool().refused(TOOL, &bytes);
        assert!(matches!(error, SupplyError::Nameless(_)), "{text}: {error}");
    }
}

#[test]
fn rejects_a_tarball_of_another_package() {
    for (name, version) in [("other", "1.0.0"), ("tool", "1.0.1"), ("Tool", "1.0.0")] {
        let error = Project::of_tool().refused(TOOL, &tarball(name, version));
        let SupplyError::OtherPackage { found, wanted, .. } = &error else { panic!("{error}") };
        assert_eq!((found, wanted), (&format!("{name}@{version}"), &"tool@1.0.0".to_owned()));
    }
}

#[test]
fn rejects_a_tarball_for_entries_that_differ() {
    let entry = |path: &str, version: &str| {
        format!(r#""{path}node_modules/tool": {{"version": "{version}", "resolved": "{TOOL}"}}"#)
    };
    let entries = [entry("", "1.0.0"), entry("node_modules/a/", "2.0.0")].join(", ");
    for version in ["1.0.0", "2.0.0"] {
        let error = Project::new(&entries).refused(TOOL, &tarball("tool", version));
        assert!(matches!(error, SupplyError::OtherPackage { .. }), "{version}: {error}");
    }
}
