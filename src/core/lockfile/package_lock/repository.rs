//! Addresses of git repositories: which of them npm takes for the same.
//!
//! As npm does (`@npmcli/arborist`, `dep-valid.js`), and stricter where its versions differ: what is
//! installed is the lockfile's entry where that is from the repository that was asked for, and of the
//! commit, if one was asked for. Otherwise npm gets what was asked for.

use crate::core::addresses::{self, GIT_HOSTS, GITHUB_HOST};

/// Whether an entry from one address is what a dependency on another gets.
pub(super) fn is_same(entry: &str, asked: &str) -> bool {
    let fragment = |text: &str| text.split_once('#').map(|(_, fragment)| fragment.to_owned());
    let asked_fragment = fragment(asked);
    let commit = asked_fragment.as_deref().is_some_and(names_a_commit);
    repository(entry) == repository(asked) && (!commit || asked_fragment == fragment(entry))
}

/// npm takes any 40 to 64 hexadecimal digits for a full commit, beside a range or a path after `::`.
fn names_a_commit(fragment: &str) -> bool {
    fragment
        .split("::")
        .any(|part| (40..=64).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// What names a repository: of a host that npm knows, host and path, whatever the protocol; of any
/// other, the address.
fn repository(address: &str) -> String {
    let text = address.split('#').next().unwrap_or_default();
    let short =
        GIT_HOSTS.iter().find_map(|(prefix, host)| Some((host, text.strip_prefix(prefix)?)));
    if let Some((host, path)) = short {
        return hosted(host, path);
    }
    let place = match addresses::split(text) {
        Some(("git+ssh" | "ssh" | "git+https" | "https", authority, tail)) => {
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{host}{tail}")
        }
        Some(("http", ..)) => return address.to_owned(),
        Some(_) => return text.to_owned(),
        None if !text.contains(':') => return hosted(GITHUB_HOST, text),
        // USER@HOST:PATH, as SSH has it.
        None => match text.split_once('@') {
            Some((user, rest)) if !user.contains(['/', ':']) => rest.to_owned(),
            _ => return text.to_owned(),
        },
    };
    let known = GIT_HOSTS.iter().find_map(|(_, host)| {
        let path = place.strip_prefix(host)?;
        Some((host, path.strip_prefix(['/', ':'])?))
    });
    match known {
        Some((host, path)) => hosted(host, path),
        // As of `http:`, npm takes it for a file's, fragment and all.
        None if text.starts_with("https:") => address.to_owned(),
        None => text.to_owned(),
    }
}

fn hosted(host: &str, path: &str) -> String {
    let path = path.strip_suffix('/').unwrap_or(path);
    format!("{host}/{}", path.strip_suffix(".git").unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn one_repository_has_many_addresses() {
        let entry = format!("git+ssh://git@github.com/acme/tool.git#{COMMIT}");
        for asked in [
            "acme/tool",
            "acme/tool#main",
            "acme/tool#semver:^1.0.0",
            "github:acme/tool",
            "git@github.com:acme/tool.git",
            "git+ssh://git@github.com:acme/tool.git",
            "git+https://github.com/acme/tool.git#v1.0.0",
            "https://github.com/acme/tool",
            "https://github.com/acme/tool/",
            &entry,
        ] {
            assert!(is_same(&entry, asked), "{asked}");
        }
        for other in ["git+https://git.example/acme/tool.git", "git://github.com/acme/tool.git"] {
            assert!(is_same(&format!("{other}#{COMMIT}"), other), "{other}");
        }
        assert!(is_same(&format!("gitlab:acme/tool#{COMMIT}"), "git@gitlab.com:acme/tool.git"));
        let file = "https://git.example/acme/tool.git#v1";
        assert!(is_same(file, file));
    }

    #[test]
    fn another_repository_host_protocol_or_commit_is_another() {
        let entry = format!("git+ssh://git@github.com/acme/tool.git#{COMMIT}");
        let other = "1123456789abcdef0123456789abcdef01234567";
        for asked in [
            "acme/other",
            "gitlab:acme/tool",
            "git+ssh://git@github.com.evil.example/acme/tool.git",
            "git+ssh://github.com@evil.example/acme/tool.git",
            "git@evil.example:github.com/acme/tool.git",
            "git@evil.example:x@github.com:acme/tool.git",
            "evil.example:x@github.com:acme/tool.git",
            "https://github.com/acme/tool/archive/main.tar.gz",
            "git+file://github.com/acme/tool.git",
            "git+http://github.com/acme/tool.git",
            &format!("acme/tool#{other}"),
            &format!("acme/tool#{other}::path:sub"),
            &format!("acme/tool#{}", other.get(..39).map(|rest| format!("{rest}aa")).unwrap()),
        ] {
            assert!(!is_same(&entry, asked), "{asked}");
        }
        let entry = format!("git+https://git.example/acme/tool.git#{COMMIT}");
        for asked in ["https://git.example/acme/tool.git", "git+ssh://git.example/acme/tool.git"] {
            assert!(!is_same(&entry, asked), "{asked}");
        }
        let file = "https://git.example/acme/tool.git";
        assert!(!is_same(&format!("{file}#v1"), file));
    }
}
