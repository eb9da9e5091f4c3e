//! The addresses in lockfiles: what kind of place they name, and which of them are a registry's.

use url::Url;

use crate::core::{addresses, package::PackageId, percent};

/// What `resolved` names, and in version 1 also `version`: a "spec" in npm's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::core) enum Spec {
    /// A git repository, without credentials, and the full commit where one is named.
    Git { address: String, commit: Option<String> },
    /// A folder of the project.
    Folder(String),
    /// A tarball among the project's files.
    LocalTarball(String),
    /// An address that answers with a tarball.
    Remote(Url),
}

impl Spec {
    /// What `text` names, by the rules of `npm-package-arg`; `None` if it is not an address at all.
    pub(in crate::core) fn of(text: &str) -> Option<Self> {
        const GIT: [&str; 7] =
            ["git+", "git:", "github:", "gitlab:", "bitbucket:", "gist:", "git@"];
        if let Some(path) = text.strip_prefix("file:") {
            return Some(Self::local(path));
        }
        if GIT.iter().any(|prefix| text.starts_with(prefix)) || text.starts_with("ssh:") {
            return Some(Self::git(text));
        }
        if text.starts_with("https:") || text.starts_with("http:") {
            let url = addresses::parse(text)?;
            let git = url.path().ends_with(".git");
            return Some(if git { Self::git(text) } else { Self::Remote(url) });
        }
        // `npm-package-arg`: `~1.2.3` is a range, and `c:` a drive.
        let drive =
            text.get(1..2) == Some(":") && text.starts_with(|c: char| c.is_ascii_alphabetic());
        if text.starts_with(['.', '/']) || text.starts_with("~/") || drive {
            return Some(Self::local(text));
        }
        // `owner/repository`, GitHub's shorthand.
        (text.contains('/') && !text.contains(':')).then(|| Self::git(text))
    }

    fn local(path: &str) -> Self {
        let path = path.strip_prefix("./").unwrap_or(path);
        let path = match path.trim_end_matches('/') {
            // Slashes alone are the root of the file system, and not the project.
            "" if !path.is_empty() => "/".to_owned(),
            path => path.to_owned(),
        };
        let lower = path.to_ascii_lowercase();
        if [".tgz", ".tar.gz", ".tar"].iter().any(|end| lower.ends_with(end)) {
            Self::LocalTarball(path)
        } else {
            Self::Folder(path)
        }
    }

    fn git(text: &str) -> Self {
        let commit = text.split_once('#').map(|(_, fragment)| fragment).filter(|fragment| {
            // SHA-1 and SHA-256 object names; branches and ranges name no commit.
            [40, 64].contains(&fragment.len()) && fragment.bytes().all(|b| b.is_ascii_hexdigit())
        });
        Self::Git { address: addresses::written(text), commit: commit.map(str::to_owned) }
    }
}

/// The package, if `url` is `BASE/NAME/-/FILE` and FILE is `NAME-VERSION.tgz`, as npm's, Verdaccio's, Artifactory's and most other registries' are.
/// Folders may stand between `-` and the file: some registries repeat the scope or the version there.
pub(in crate::core) fn registry_tarball(url: &Url) -> Option<PackageId> {
    let segments = segments(url)?;
    let dash = segments.iter().rposition(|segment| segment == "-")?;
    let (before, after) = (segments.get(..dash)?, segments.get(dash + 1..)?);
    let (basename, folders) = before.split_last()?;
    let name = match folders.last() {
        Some(scope) if scope.starts_with('@') => format!("{scope}/{basename}"),
        _ => basename.clone(),
    };
    let version = file_version(after.last()?, basename)?;
    PackageId::npm(&name, version).ok()
}

/// Whether `url` is an address that a registry gives for this package: npm's pattern
/// ([`registry_tarball`]); or the name as whole path segments, directly followed by `download` and
/// the tarball's file (npmmirror's old form), by the version (GitHub Packages: `download/NAME/VERSION/HASH`),
/// or by the version's file (JSR).
///
/// Anything else is some tarball on some server, such as the archives of code hosts.
pub(in crate::core) fn is_registrys(url: &Url, id: &PackageId) -> bool {
    if let Some(found) = registry_tarball(url) {
        return found == *id;
    }
    let Some(segments) = segments(url) else { return false };
    let name: Vec<&str> = id.name().split('/').collect();
    let basename = name.last().copied().unwrap_or_default();
    let file = format!("{}.tgz", id.version());
    (0..segments.len()).any(|at| {
        let Some(rest) = segments.get(at..).and_then(|rest| strip(rest, &name)) else {
            return false;
        };
        match rest {
            [next, .., last] if next == "download" => {
                file_version(last, basename) == Some(id.version())
            }
            [next, ..] if next == id.version() => true,
            [only] => *only == file,
            _ => false,
        }
    })
}

fn strip<'a>(segments: &'a [String], prefix: &[&str]) -> Option<&'a [String]> {
    let (head, rest) = segments.split_at_checked(prefix.len())?;
    head.iter().eq(prefix.iter()).then_some(rest)
}

/// The version in `BASENAME-VERSION.tgz`.
fn file_version<'a>(file: &'a str, basename: &str) -> Option<&'a str> {
    file.strip_suffix(".tgz")?.strip_prefix(basename)?.strip_prefix('-')
}

/// A name as npm has it in the path of an address: the slash of a scope is escaped, the `@` is not.
pub(crate) fn escape(name: &str) -> String {
    name.replacen('/', "%2f", 1)
}

/// A name as registries write it in the path of an address: a scope's `/` plainly, or escaped.
pub(crate) fn forms(name: &str) -> [String; 3] {
    [name.to_owned(), name.replacen('/', "%2F", 1), escape(name)]
}

/// The path's segments, decoded: registries write a scope's `/` as `%2f` or plainly.
fn segments(url: &Url) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    for segment in url.path_segments()? {
        segments.extend(percent::decode(segment)?.split('/').map(str::to_owned));
    }
    Some(segments)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::limits;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn id(name: &str, version: &str) -> PackageId {
        PackageId::npm(name, version).unwrap()
    }

    #[test]
    fn sources_are_told_apart() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for text in [
            "git+ssh://git@git.example/a/b.git#",
            "git+https://git.example/a/b.git#",
            "git://git.example/a/b.git#",
            "git@git.example:a/b.git#",
            "github:a/b#",
            "gitlab:a/b#",
            "bitbucket:a/b#",
            "gist:abc#",
            "https://git.example/a/b.git#",
            "ssh://git@git.example/a/b#",
            "a/b#",
        ] {
            let address = format!("{text}{commit}");
            assert_eq!(
                Spec::of(&address),
                Some(Spec::Git { commit: Some(commit.into()), address }),
                "{text}"
            );
        }
        let address = "github:a/b#semver:^1";
        assert_eq!(Spec::of(address), Some(Spec::Git { commit: None, address: address.into() }));
        let Some(Spec::Git { address, .. }) = Spec::of("git+https://u:secret@git.example/a.git#x")
        else {
            panic!("not git")
        };
        assert_eq!(address, "git+https://git.example/a.git#x");
        assert_eq!(Spec::of("file:./lib/a/"), Some(Spec::Folder("lib/a".into())));
        assert_eq!(Spec::of("../a"), Some(Spec::Folder("../a".into())));
        for (text, folder) in [
            ("/", "/"),
            ("//", "/"),
            ("file:/", "/"),
            ("file:///", "/"),
            ("file:.//", "/"),
            ("./", ""),
            ("file:", ""),
        ] {
            assert_eq!(Spec::of(text), Some(Spec::Folder(folder.into())), "{text}");
        }
        assert_eq!(Spec::of("file:a.TGZ"), Some(Spec::LocalTarball("a.TGZ".into())));
        assert_eq!(Spec::of("file:a.tar.gz"), Some(Spec::LocalTarball("a.tar.gz".into())));
        let remote = "https://files.example/a.tgz";
        assert_eq!(Spec::of(remote), Some(Spec::Remote(url(remote))));
        for text in ["", "1.0.0", "latest", "https://", "HTTPS://x/a/-/a-1.0.0.tgz", "npm:a@1.0.0"]
        {
            assert_eq!(Spec::of(text), None, "{text}");
        }
    }

    #[test]
    fn a_remote_address_is_as_long_as_the_limit() {
        let long = |bytes: u64| {
            let path = "b/".repeat(usize::try_from(bytes).unwrap());
            format!("https://files.example/{path}").chars().take(bytes as usize).collect::<String>()
        };
        let longest = long(limits::URL_BYTES);
        assert_eq!(Spec::of(&longest), Some(Spec::Remote(url(&longest))));
        assert_eq!(Spec::of(&long(limits::URL_BYTES + 1)), None);
        assert_eq!(Spec::of("https://%66iles.example/a.tgz"), None);
    }

    #[test]
    fn npms_pattern_gives_the_package() {
        for (text, package) in [
            ("https://r.example/a/-/a-1.0.0.tgz", id("a", "1.0.0")),
            ("https://r.example/@s/a/-/a-1.0.0-b.1.tgz", id("@s/a", "1.0.0-b.1")),
            ("https://r.example/@s%2fa/-/a-1.0.0.tgz", id("@s/a", "1.0.0")),
            ("https://u:p@r.example/api/npm/all/@s/a/-/@s/a-1.0.0.tgz?x#y", id("@s/a", "1.0.0")),
            ("https://r.example/@s/a/-/1.0.0/a-1.0.0.tgz", id("@s/a", "1.0.0")),
        ] {
            assert_eq!(registry_tarball(&url(text)), Some(package), "{text}");
        }
        for text in [
            "https://r.example/a/-/b-1.0.0.tgz",
            "https://r.example/a/-/a-1.0.0.zip",
            "https://r.example/a/a-1.0.0.tgz",
            "https://r.example/-/a-1.0.0.tgz",
            "https://r.example/a/-/a-latest.tgz",
            "https://r.example/a%zz/-/a-1.0.0.tgz",
        ] {
            assert_eq!(registry_tarball(&url(text)), None, "{text}");
        }
    }

    #[test]
    fn other_registries_addresses_are_known() {
        let a = id("@s/a", "1.0.0");
        for text in [
            "https://npm.example/download/@s/a/1.0.0/0123abcd",
            "https://npm.example/@s/a/download/@s/a-1.0.0.tgz?cache=0",
            "https://cdn.example/packages/@s/a/1.0.0/a-1.0.0.tgz",
            "https://npm.example/~/11/@s/a/1.0.0.tgz",
        ] {
            assert!(is_registrys(&url(text), &a), "{text}");
        }
        for text in [
            "https://files.example/a-1.0.0.tgz",
            "https://code.example/s/a/archive/1.0.0.tgz",
            "https://code.example/@s/a/releases/download/1.0.0/a-1.0.0.tgz",
            "https://code.example/@s/a/tarball/1.0.0",
            "https://npm.example/@s/a/-/a-1.0.1.tgz",
            "https://npm.example/@s/b/-/b-1.0.0.tgz",
            "https://npm.example/download/@s/a/1.0.1/0123abcd",
        ] {
            assert!(!is_registrys(&url(text), &a), "{text}");
        }
    }
}
