//! Addresses of git repositories: which of them npm takes for the same.
//!
//! As npm's `gitValid` (`@npmcli/arborist`, `dep-valid.js`): what npm installs is the lockfile's entry
//! where it is from the repository that was asked for, and of the commit, if one was asked for.

use crate::core::addresses::{self, GIT_HOSTS, GITHUB_HOST};

/// Whether an entry from one address is what a dependency on another gets.
pub(super) fn is_same(entry: &str, asked: &str) -> bool {
    let commit = |text: &str| {
        let (_, fragment) = text.split_once('#')?;
        let full = [40, 64].contains(&fragment.len());
        (full && fragment.bytes().all(|b| b.is_ascii_hexdigit())).then(|| fragment.to_owned())
    };
    let asked_commit = commit(asked);
    repository(entry) == repository(asked)
        && (asked_commit.is_none() || asked_commit == commit(entry))
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
    let text = text.strip_prefix("git+").unwrap_or(text);
    let place = match addresses::split(text) {
        Some((_, authority, tail)) => {
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{host}{tail}")
        }
        None if !text.contains(':') => return hosted(GITHUB_HOST, text),
        // USER@HOST:PATH, as SSH has it.
        None => match text.split_once('@') {
            Some((user, rest)) if !user.contains(['/', ':']) => rest.to_owned(),
            _ => text.to_owned(),
        },
    };
    let known = GIT_HOSTS.iter().find_map(|(_, host)| {
        let path = place.strip_prefix(host)?;
        Some((host, path.strip_prefix(['/', ':'])?))
    });
    match known {
        Some((host, path)) => hosted(host, path),
        None => text.to_owned(),
    }
}

fn hosted(host: &str, path: &str) -> String {
    let path = path.trim_end_matches('/');
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
            "git://github.com/acme/tool",
            "https://github.com/acme/tool",
            &entry,
        ] {
            assert!(is_same(&entry, asked), "{asked}");
        }
        let other = "git+https://git.example/acme/tool.git";
        assert!(is_same(&format!("{other}#{COMMIT}"), other));
        assert!(is_same(&format!("gitlab:acme/tool#{COMMIT}"), "git@gitlab.com:acme/tool.git"));
    }

    #[test]
    fn another_repository_host_or_commit_is_another() {
        let entry = format!("git+ssh://git@github.com/acme/tool.git#{COMMIT}");
        for asked in [
            "acme/other",
            "gitlab:acme/tool",
            "git+ssh://git@github.com.evil.example/acme/tool.git",
            "git+ssh://github.com@evil.example/acme/tool.git",
            "git@evil.example:github.com/acme/tool.git",
            "git@evil.example:x@github.com:acme/tool.git",
            "evil.example:x@github.com:acme/tool.git",
            "https://github.com/acme/tool/archive/main.tar.gz",
            "acme/tool#1123456789abcdef0123456789abcdef01234567",
        ] {
            assert!(!is_same(&entry, asked), "{asked}");
        }
    }
}
