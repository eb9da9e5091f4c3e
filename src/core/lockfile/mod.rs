//! Lockfiles, and the inventory of what they ask for.
//!
//! Reads `package-lock.json` and `npm-shrinkwrap.json` of `lockfileVersion` 1, 2 and 3. Every entry
//! gets a [`Disposition`]; none is dropped, so that their number can be checked against the
//! [`Inventory`]'s.
//!
//! What npm would download is to be collected, whatever else an entry says of itself: the rules
//! follow Arborist, npm's own reader (`shrinkwrap.js`, `node.js`), and where that leaves a choice,
//! collecting one package too many is preferred to leaving one out.
//!
//! Does not resolve ranges, does not read `package.json`, and of version 2 reads `packages` alone:
//! the `dependencies` beside it are for npm 6 and earlier.

mod address;
mod classify;
mod error;
mod inventory;
mod json;
mod packages;
pub mod secrets;
mod v1;

use std::fmt;

use url::Url;

pub use self::error::LockfileError;
pub use self::inventory::{
    BundledEntry, Inventory, Item, LocalEntry, Need, OutOfScopeEntry, Uncovered, inventory,
    uncovered,
};
use super::digest::Integrity;
use super::limits;
use super::package::PackageId;

/// Which file it is: both have the same format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `package-lock.json`.
    PackageLock,
    /// `npm-shrinkwrap.json`, which npm prefers where both are there.
    NpmShrinkwrap,
}

impl Kind {
    /// As the manifest names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::PackageLock => "package-lock",
            Self::NpmShrinkwrap => "npm-shrinkwrap",
        }
    }

    /// By the name of the file, with or without the folders before it.
    fn of(file_name: &str) -> Result<Self, LockfileError> {
        match file_name.rsplit(['/', '\\']).next().unwrap_or(file_name) {
            "package-lock.json" => Ok(Self::PackageLock),
            "npm-shrinkwrap.json" => Ok(Self::NpmShrinkwrap),
            other => Err(LockfileError::UnknownFormat(other.to_owned())),
        }
    }
}

/// A lockfile, with every entry accounted for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lockfile {
    /// Which file it is.
    pub kind: Kind,
    /// `lockfileVersion`: 1, 2 or 3.
    pub version: u32,
    /// The entries, in the order of the file; no two have the same path.
    pub entries: Vec<Entry>,
}

/// One entry of a lockfile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is installed, `node_modules/a/node_modules/@s/b`; of version 1, made from the
    /// nesting. Empty for the project itself.
    pub path: String,
    /// What becomes of it.
    pub disposition: Disposition,
}

/// What becomes of a lockfile's entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// To be collected from a registry.
    Collect(Wanted),
    /// Comes out of another package's tarball, and is covered by that package's evidence.
    Bundled {
        /// The path of the entry whose tarball holds it.
        parent: String,
    },
    /// Part of the project itself.
    Local(Local),
    /// Not from a registry, so that no evidence can be collected: reported, never passed.
    OutOfScope(Reason),
}

/// How an entry is part of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// The project itself.
    Root,
    /// A folder of the project: a workspace, or what a link points to.
    Folder,
    /// A link to a folder; the folder has an entry of its own.
    Link,
    /// A copy of a folder (`file:`, under `install-links`).
    Copy,
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "the project itself",
            Self::Folder => "a folder of the project",
            Self::Link => "a link to a folder of the project",
            Self::Copy => "a copy of a folder of the project",
        })
    }
}

/// Why an entry is out of scope. `Display` is the text of the manifest's `outOfScope`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Cloned from a git repository.
    Git {
        /// The full commit, where the address names one.
        commit: Option<String>,
    },
    /// A tarball among the project's files.
    LocalTarball {
        /// Its path, as the lockfile has it.
        path: String,
    },
    /// A tarball from an address that no registry gives for this package and version.
    RemoteTarball {
        /// The address, without credentials, query and fragment.
        url: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { commit: Some(commit) } => write!(f, "git dependency, commit {commit}"),
            Self::Git { commit: None } => f.write_str("git dependency, no commit given"),
            Self::LocalTarball { path } => write!(f, "local tarball {path}"),
            Self::RemoteTarball { url } => {
                write!(f, "tarball from {url}, where no registry has this version")
            }
        }
    }
}

/// A package that an entry asks a registry for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its real name, also where it is installed under an alias, and its version.
    pub id: PackageId,
    /// What its tarball must match; `None` where the lockfile does not say.
    pub integrity: Option<Integrity>,
    /// Where the lockfile's author got it, without credentials, query and fragment; may be missing
    /// altogether. On the public registry's host it means "whatever registry is configured".
    pub resolved: Option<Url>,
}

/// Reads a lockfile. The file's name decides what it is.
///
/// # Errors
/// When the name is none of the two, and when anything in it cannot be understood for certain.
pub fn parse(file_name: &str, bytes: &[u8]) -> Result<Lockfile, LockfileError> {
    let kind = Kind::of(file_name)?;
    // Editors on Windows write a byte order mark, and npm skips it.
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.trim_ascii().is_empty() {
        return Err(LockfileError::Empty);
    }
    // An entry of a few bytes takes some hundred in memory.
    check_objects(objects(bytes))?;
    let head: json::Head<'_> = json::read(bytes)?;
    let version = head.version()?;
    let raw = match version {
        // npm 7 and later would read `packages`, npm 6 `dependencies`: two files in one.
        1 if head.packages.is_some() => return Err(LockfileError::PackagesInVersion1),
        1 => v1::entries(bytes)?,
        _ if head.packages.is_none() => return Err(LockfileError::NoPackages(version)),
        _ => packages::entries(bytes)?,
    };
    Ok(Lockfile { kind, version, entries: classify::classify(raw)? })
}

/// How many objects a lockfile has at most: braces that open one, those in texts too.
pub fn objects(lockfile: &[u8]) -> usize {
    lockfile.iter().filter(|byte| **byte == b'{').count()
}

/// Whether so many objects may be read, be they of one lockfile or of all that are read together.
///
/// # Errors
/// [`LockfileError::TooManyObjects`].
pub fn check_objects(objects: usize) -> Result<(), LockfileError> {
    if objects > limits::LOCKFILE_OBJECTS {
        return Err(LockfileError::TooManyObjects(objects));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> LockfileError {
        parse("package-lock.json", text.as_bytes()).unwrap_err()
    }

    #[test]
    fn the_files_name_says_what_it_is() {
        let text = br#"{"lockfileVersion": 3, "packages": {}}"#;
        for (name, kind) in [
            ("package-lock.json", Kind::PackageLock),
            ("app/npm-shrinkwrap.json", Kind::NpmShrinkwrap),
            ("app\\package-lock.json", Kind::PackageLock),
        ] {
            let expected = Lockfile { kind, version: 3, entries: Vec::new() };
            assert_eq!(parse(name, text), Ok(expected), "{name}");
        }
        for name in ["yarn.lock", "pnpm-lock.yaml", "package.json", "Package-Lock.json", ""] {
            let error = parse(name, text).unwrap_err();
            assert_eq!(error, LockfileError::UnknownFormat(name.into()));
            assert!(error.hint().unwrap().contains("pnpm-lock.yaml"));
        }
    }

    #[test]
    fn an_empty_inventory_is_fine() {
        for text in [
            r#"{"lockfileVersion": 1}"#,
            r#"{"lockfileVersion": 2, "packages": {}, "dependencies": {}}"#,
            "\u{feff}{\"lockfileVersion\": 3, \"packages\": {}}\n",
        ] {
            assert_eq!(parse("package-lock.json", text.as_bytes()).unwrap().entries, []);
        }
    }

    #[test]
    fn empty_files_are_refused() {
        for text in ["", " \n", "\u{feff}"] {
            assert_eq!(refused(text), LockfileError::Empty);
        }
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        assert_eq!(
            refused("{\n<<<<<<< HEAD\n  \"lockfileVersion\": 3\n=======\n"),
            LockfileError::NotJson { line: 2, column: 1, detail: "key must be a string".into() }
        );
        assert!(matches!(refused(r#"{"lockfileVersion": 3"#), LockfileError::NotJson { .. }));
        assert!(matches!(refused("\u{0}"), LockfileError::NotJson { .. }));
        let two = r#"{"lockfileVersion": 3, "packages": {}} {}"#;
        assert!(matches!(refused(two), LockfileError::NotJson { .. }));
    }

    #[test]
    fn objects_are_as_many_as_the_limit() {
        let most = limits::LOCKFILE_OBJECTS;
        let text = |objects: usize| {
            let entries = vec!["{}"; objects - 2].join(",");
            format!(r#"{{"lockfileVersion": 3, "packages": {{}}, "more": [{entries}]}}"#)
        };
        assert_eq!(parse("package-lock.json", text(most).as_bytes()).unwrap().entries, []);
        assert_eq!(refused(&text(most + 1)), LockfileError::TooManyObjects(most + 1));
    }

    #[test]
    fn nesting_is_as_deep_as_serde_json_reads() {
        let nested = |levels: usize| {
            // The document and the section are one level each, a package and what is below it two.
            assert_eq!(levels % 2, 1);
            let packages = (levels - 1) / 2;
            let open = r#"{"a": {"version": "1.0.0", "dependencies": "#.repeat(packages);
            let text = format!(
                r#"{{"lockfileVersion": 1, "dependencies": {open}{}{}"#,
                r#"{"b": {"version": "1.0.0"}}"#,
                "}".repeat(2 * packages + 1)
            );
            parse("package-lock.json", text.as_bytes())
        };
        assert_eq!(nested(125).unwrap().entries.len(), 63);
        let too_deep = "recursion limit exceeded";
        assert!(matches!(
            nested(127),
            Err(LockfileError::NotJson { detail, .. }) if detail == too_deep
        ));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let levels = 100_000;
        let text = format!(
            r#"{{"lockfileVersion": 1, "dependencies": {}{{}}{}}}"#,
            r#"{"a": {"dependencies": "#.repeat(levels),
            "}}".repeat(levels)
        );
        assert!(matches!(
            refused(&text),
            LockfileError::NotJson { detail, .. } if detail == "recursion limit exceeded"
        ));
    }

    #[test]
    fn what_is_no_lockfile_is_refused() {
        assert_eq!(refused(r#"{"name": "a", "version": "1.0.0"}"#), LockfileError::NotALockfile);
        assert_eq!(refused(r#"{"lockfileVersion": null}"#), LockfileError::NotALockfile);
        for text in [
            "[]",
            "3",
            "null",
            r#""a""#,
            r#"[3, {}]"#,
            r#"{"lockfileVersion": 3, "packages": []}"#,
            r#"{"lockfileVersion": 3, "packages": {"node_modules/a": []}}"#,
            r#"{"lockfileVersion": 1, "dependencies": {"a": ["1.0.0"]}}"#,
        ] {
            assert!(
                matches!(refused(text), LockfileError::Malformed { detail, .. } if detail.ends_with("expected an object")),
                "{text}"
            );
        }
        assert_eq!(
            refused(
                "{\"lockfileVersion\": 3, \"packages\":\n{\"node_modules/a\": {\"version\": 1}}}"
            ),
            LockfileError::Malformed {
                line: 2,
                column: 32,
                detail: "invalid type: integer `1`, expected a string".into()
            }
        );
    }

    #[test]
    fn other_versions_are_refused() {
        for version in ["4", "0", "-1", "3.0", r#""3""#, "{}", "true"] {
            let error = refused(&format!(r#"{{"lockfileVersion": {version}, "packages": {{}}}}"#));
            assert_eq!(error, LockfileError::UnsupportedVersion(version.into()));
            assert!(error.to_string().ends_with("only 1, 2 and 3 are"));
        }
    }

    #[test]
    fn the_section_must_be_the_versions_own() {
        assert_eq!(
            refused(r#"{"lockfileVersion": 1, "packages": {}, "dependencies": {}}"#),
            LockfileError::PackagesInVersion1
        );
        for version in [2, 3] {
            assert_eq!(
                refused(&format!(r#"{{"lockfileVersion": {version}, "dependencies": {{}}}}"#)),
                LockfileError::NoPackages(version)
            );
        }
    }
}
