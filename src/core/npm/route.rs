//! The addresses of an npm registry, read from the path of a request.
//!
//! Of each address there is one form, but for two spellings of a scoped name: `/@scope%2fname`, which
//! npm, pnpm and Yarn ask for, and `/@scope/name`. A path is decoded once, segment by segment. What
//! names no package, or is written in another way, is not a route.

use super::name::without_scope;
use crate::core::{package::PackageId, percent};

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// `/NAME`: all versions of a name.
    Packument(String),
    /// `/NAME/VERSION`, or a tag in place of the version.
    Version(String, String),
    /// `/NAME/-/FILE-VERSION.tgz`.
    Tarball(PackageId),
    /// `/-/npm/v1/keys`.
    Keys,
    /// `/-/npm/v1/attestations/NAME@VERSION`.
    Attestations(PackageId),
    /// `/-/ping`.
    Ping,
    /// `/-/whoami`.
    Whoami,
    /// `/-/npm/v1/security/advisories/bulk`: advisories for many packages.
    Advisories,
    /// `/-/npm/v1/security/audits` and `…/audits/quick`: what came before it.
    Audit,
}

impl Route {
    /// Reads a path as it stands in the request, without its query. `None` if it is not a route.
    pub fn parse(path: &str) -> Option<Self> {
        let mut decoded = Vec::new();
        for segment in path.strip_prefix('/')?.split('/') {
            decoded.push(decode(segment)?);
        }
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["-", rest @ ..] => service(rest),
            [scope, name, rest @ ..] if is_scope(scope) => {
                of_package(&format!("{scope}/{name}"), rest)
            }
            [name, rest @ ..] => of_package(name, rest),
            [] => None,
        }
    }

    /// Whether its answer is made of tarballs, which have to be read for it.
    pub fn is_made(&self) -> bool {
        matches!(self, Self::Packument(_) | Self::Version(..))
    }

    /// The methods that it answers.
    pub fn methods(&self) -> &'static [&'static str] {
        match self {
            Self::Advisories | Self::Audit => &["POST"],
            _ => &["GET", "HEAD"],
        }
    }
}

/// Whether a segment is a scope alone: a name may follow after a slash that is not encoded.
fn is_scope(segment: &str) -> bool {
    segment.starts_with('@') && !segment.contains('/')
}

fn of_package(name: &str, rest: &[&str]) -> Option<Route> {
    // Name and version are checked apart; any version does.
    let name = PackageId::npm(name, "0.0.0").ok()?.name().to_owned();
    match rest {
        [] => Some(Route::Packument(name)),
        ["-", file] => {
            let version = file.strip_prefix(without_scope(&name))?.strip_prefix('-')?;
            let version = version.strip_suffix(".tgz")?;
            PackageId::npm(&name, version).ok().map(Route::Tarball)
        }
        [version] => {
            let is_tag = *version == LATEST;
            let is_version = PackageId::npm(&name, version).is_ok();
            (is_tag || is_version).then(|| Route::Version(name, (*version).to_owned()))
        }
        _ => None,
    }
}

/// The one tag that every name has.
pub const LATEST: &str = "latest";

fn service(rest: &[&str]) -> Option<Route> {
    match rest {
        ["ping"] => Some(Route::Ping),
        ["whoami"] => Some(Route::Whoami),
        ["npm", "v1", "keys"] => Some(Route::Keys),
        ["npm", "v1", "attestations", package] => attested(package),
        ["npm", "v1", "attestations", scope, package] if is_scope(scope) => {
            attested(&format!("{scope}/{package}"))
        }
        ["npm", "v1", "security", "advisories", "bulk"] => Some(Route::Advisories),
        ["npm", "v1", "security", "audits"] | ["npm", "v1", "security", "audits", "quick"] => {
            Some(Route::Audit)
        }
        _ => None,
    }
}

fn attested(package: &str) -> Option<Route> {
    let (name, version) = package.rsplit_once('@')?;
    PackageId::npm(name, version).ok().map(Route::Attestations)
}

/// Decodes a segment once. `None` if it is empty, or if something is encoded that has no reason to be:
/// one path has one form.
fn decode(segment: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let mut rest = segment;
    while let Some((_, after)) = rest.split_once('%') {
        let (escape, tail) = after.split_at_checked(2)?;
        if percent::decode(&format!("%{escape}"))?.chars().all(is_plain) {
            return None;
        }
        rest = tail;
    }
    percent::decode(segment).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str, version: &str) -> PackageId {
        PackageId::npm(name, version).unwrap()
    }

    #[test]
    fn reads_both_spellings_of_a_scoped_name() {
        for path in ["/@s%2fname", "/@s%2Fname", "/@s/name", "/%40s%2fname", "/%40s/name"] {
            assert_eq!(Route::parse(path), Some(Route::Packument("@s/name".into())), "{path}");
            let version = Route::parse(&format!("{path}/1.0.0"));
            assert_eq!(version, Some(Route::Version("@s/name".into(), "1.0.0".into())), "{path}");
            let tarball = Route::parse(&format!("{path}/-/name-1.0.0.tgz"));
            assert_eq!(tarball, Some(Route::Tarball(id("@s/name", "1.0.0"))), "{path}");
        }
    }

    #[test]
    fn reads_every_route() {
        for (path, route) in [
            ("/JSONStream", Route::Packument("JSONStream".into())),
            ("/a/latest", Route::Version("a".into(), "latest".into())),
            ("/a/-/a-1.0.0-rc.1%2bx.tgz", Route::Tarball(id("a", "1.0.0-rc.1+x"))),
            ("/a/-/a-1.0.0+x.tgz", Route::Tarball(id("a", "1.0.0+x"))),
            ("/-/npm/v1/keys", Route::Keys),
            ("/-/npm/v1/attestations/a@1.0.0", Route::Attestations(id("a", "1.0.0"))),
            ("/-/npm/v1/attestations/@s%2fa@1.0.0", Route::Attestations(id("@s/a", "1.0.0"))),
            ("/-/npm/v1/attestations/@s/a@1.0.0", Route::Attestations(id("@s/a", "1.0.0"))),
            ("/-/ping", Route::Ping),
            ("/-/whoami", Route::Whoami),
            ("/-/npm/v1/security/advisories/bulk", Route::Advisories),
            ("/-/npm/v1/security/audits/quick", Route::Audit),
        ] {
            assert_eq!(Route::parse(path), Some(route), "{path}");
        }
    }

    #[test]
    fn rejects_every_other_form() {
        for path in [
            "",
            "/",
            "a",
            "//a",
            "/a/",
            "/a//1.0.0",
            "/.",
            "/..",
            "/../a",
            "/a/..",
            "/%2e%2e",
            "/%2e%2e%2fa",
            "/a%2f..%2fb",
            "/..%2fa",
            "/%61",
            "/a%2fb",
            "/@s%252fname",
            "/@s",
            "/@s%2f",
            "/@s%2f..",
            "/@s/../a",
            "/@/a",
            "/a\\b",
            "/a%5cb",
            "/a%00",
            "/%",
            "/%2",
            "/%zz",
            "/a%ff",
            "/a/next",
            "/a/-/b-1.0.0.tgz",
            "/a/-/a-1.0.0.zip",
            "/a/-/a-x.tgz",
            "/a/-/../a-1.0.0.tgz",
            "/a/-/a-..%2f1.tgz",
            "/@s/name/-/@s/name-1.0.0.tgz",
            "/-",
            "/-/all",
            "/-/v1/search",
            "/-/npm/v1/attestations/a",
            "/a/1.0.0/x",
            "/a?b",
            "/é",
            "/a/-/a-1.0.0.tgz/",
            "/@s%2fa%2fb",
            "/%C0%AE%C0%AE",
        ] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }

    #[test]
    fn long_paths_are_no_route_and_cost_little() {
        for piece in ["/", "%2f", "%", "a", "@", "/-"] {
            assert_eq!(Route::parse(&format!("/{}", piece.repeat(100_000))), None, "{piece}");
        }
    }
}
