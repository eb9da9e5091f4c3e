//! Every public address that the product itself must know, and the form of a registry's.

use url::Url;

use crate::core::{limits, percent};

/// The public npm registry.
pub const NPM_REGISTRY: &str = "https://registry.npmjs.org";

/// The public npm registry's host. `resolved` addresses on it mean "whatever registry is
/// configured", and Sigstore's TUF repository names the delegation for npm's keys after it.
pub const NPM_REGISTRY_HOST: &str = "registry.npmjs.org";

/// Another name of the same host, which is in lockfiles that began as yarn's; npm reads it so too.
pub const YARN_REGISTRY_HOST: &str = "registry.yarnpkg.com";

/// The TUF target that holds a Sigstore instance's trust root.
pub const TRUSTED_ROOT_TARGET: &str = "trusted_root.json";

/// The TUF repository of Sigstore's public-good instance.
pub const TUF_PUBLIC_GOOD: &str = "https://tuf-repo-cdn.sigstore.dev";

/// The TUF repository of Sigstore's staging instance.
pub const TUF_STAGING: &str = "https://tuf-repo-cdn.sigstage.dev";

/// The TUF repository of GitHub's instance.
pub const TUF_GITHUB: &str = "https://tuf-repo.github.com";

/// The host of the repositories whose address npm takes without a host: `OWNER/REPOSITORY`.
pub const GITHUB_HOST: &str = "github.com";

/// The hosts of git repositories that npm knows, each with the prefix of its short addresses
/// (`github:OWNER/REPOSITORY`).
pub const GIT_HOSTS: [(&str, &str); 4] = [
    ("github:", GITHUB_HOST),
    ("gitlab:", "gitlab.com"),
    ("bitbucket:", "bitbucket.org"),
    ("gist:", "gist.github.com"),
];

/// The schema of SARIF 2.1.0, as GitHub names it. Nothing fetches it.
pub const SARIF_SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The schema of CycloneDX 1.6. Nothing fetches it.
pub const CYCLONEDX_SCHEMA: &str = "http://cyclonedx.org/schema/bom-1.6.schema.json";

/// Parses an address from outside. It must be ASCII, of bounded length, with its host as it is sent: encoding
/// or decoding a host name takes time that is quadratic in its length.
pub fn parse(address: &str) -> Option<Url> {
    let host = address.split_once("//").map_or(address, |(_, rest)| rest);
    let host = split_authority(host).0;
    let plain =
        address.is_ascii() && address.len() as u64 <= limits::URL_BYTES && !host.contains('%');
    if plain { Url::parse(address).ok() } else { None }
}

/// The one form of a registry's address: `https`, or `http`, the host in lower case, no default
/// port, no credentials, query or fragment, no slash at the end. `None` for anything else.
pub fn registry(address: &str) -> Option<String> {
    let url = Url::parse(address).ok().filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })?;
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether an address is an HTTP address in the one form that an archive has: `http` or `https`, a
/// host, perhaps a port, and a path, of RFC 3986's characters. Parsers differ in what they make of
/// anything else, such as tabs, backslashes and empty user information.
pub fn is_plain(address: &str) -> bool {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    let Some((authority, path)) = rest.and_then(|rest| rest.split_once('/')) else { return false };
    let host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.:[]".contains(&b);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&b);
    let labels = !authority.starts_with('.') && !authority.contains("..");
    authority.bytes().all(host)
        && labels
        && !authority.ends_with(":0")
        && !authority.split(':').next().unwrap_or_default().ends_with('.')
        && path.bytes().all(plain)
        && percent::is_well_formed(path)
        // The parser checks the rest: numbers, IPv6, default ports, IDNA, and dots as segments.
        && parse(address).is_some_and(|url| url.as_str() == address)
}

/// Whether this is the address of a registry as an archive has it: as [`is_plain`], and without the
/// slash at its end.
pub fn is_registry(address: &str) -> bool {
    !address.ends_with('/') && is_plain(&format!("{address}/"))
}

/// An address without credentials, query and fragment.
pub fn anonymous(url: &Url) -> Url {
    let mut url = url.clone();
    drop_credentials(&mut url);
    url.set_query(None);
    url.set_fragment(None);
    url
}

/// Takes the credentials out of an address. Says whether there were any.
pub fn drop_credentials(url: &mut Url) -> bool {
    let had_any = !url.username().is_empty() || url.password().is_some();
    // Both fail only for addresses that can have no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    had_any
}

/// An address as it is written, whatever a parser would make of it: the scheme, the authority, and
/// what follows. What is before an address in an alias (`NAME@https://…`) is part of the scheme.
pub fn split(text: &str) -> Option<(&str, &str, &str)> {
    let (scheme, rest) = text.split_once("//")?;
    let (authority, tail) = split_authority(rest);
    Some((scheme.strip_suffix(':')?, authority, tail))
}

fn split_authority(text: &str) -> (&str, &str) {
    text.split_at(text.find(['/', '?', '#', '\\']).unwrap_or(text.len()))
}

/// The authority of an address without its credentials. Over SSH a user name is not a credential: all
/// users of a code host log in as `git`. A password is always removed.
pub fn without_credentials(scheme: &str, authority: &str) -> String {
    match authority.rsplit_once('@') {
        Some((user, host)) if scheme.ends_with("ssh") => match user.split_once(':') {
            Some((name, _)) => format!("{name}@{host}"),
            None => authority.to_owned(),
        },
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    }
}

/// The address of a repository or a file as it is written, without its credentials.
pub fn written(text: &str) -> String {
    match split(text) {
        Some((scheme, authority, tail)) => {
            format!("{scheme}://{}{tail}", without_credentials(scheme, authority))
        }
        None => text.to_owned(),
    }
}

/// Whether this is the address of a git repository as an archive has it: as it is written in a
/// lockfile, with a slash or a colon, in printable ASCII, and without credentials.
pub fn is_repository(address: &str) -> bool {
    (1..=limits::URL_BYTES).contains(&(address.len() as u64))
        && address.contains(['/', ':'])
        && address.bytes().all(|byte| byte.is_ascii_graphic())
        && written(address) == address
}

/// What an error may repeat of a text that is not a valid address: nothing before an `@`, nothing after
/// a `?`.
pub fn redacted(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match text.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => text.to_owned(),
    }
}

/// Whether an address is on the public npm registry's host, by any of its names.
pub fn is_public(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host == NPM_REGISTRY_HOST || host == YARN_REGISTRY_HOST)
}

/// The TUF target that holds a registry's keys: `HOST/keys.json`.
pub fn keys_target(registry: &str) -> Option<String> {
    Some(format!("{}/keys.json", Url::parse(registry).ok()?.host_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registry_has_one_form() {
        assert_eq!(registry(NPM_REGISTRY).as_deref(), Some(NPM_REGISTRY));
        let same =
            ["https://npm.example/x", "HTTPS://NPM.example:443/x/", "https://npm.example/x//"];
        assert!(same.iter().all(|one| registry(one).as_deref() == Some("https://npm.example/x")));
        for none in
            ["", "npm.example", "ftp://npm.example", "https://u:p@npm.example", "https://a/?q"]
        {
            assert_eq!(registry(none), None, "{none}");
        }
    }

    #[test]
    fn an_address_is_plain_and_as_long_as_the_limit() {
        let long = |bytes: usize| format!("https://r.example/{}", "a".repeat(bytes - 18));
        let most = usize::try_from(limits::URL_BYTES).unwrap();
        assert_eq!(parse(&long(most)).unwrap().as_str(), long(most));
        assert_eq!(parse(&long(most + 1)), None);
        for none in
            ["https://ü.example/", "https://%C3%BC.example/", "https:%61.example", "", "a/b"]
        {
            assert_eq!(parse(none), None, "{none}");
        }
        assert!(parse("https://r.example/%40a%2fb?c=%20").is_some());
    }

    #[test]
    fn an_address_in_an_archive_has_one_form() {
        for good in [
            "https://r.example/",
            "http://r.example:8080/a/-/a-1.0.0.tgz",
            "https://r.example/@s/a/-/%40s/a~b!$&'()*+,;=:@.tgz",
            "https://127.0.0.1:4873/a",
            "https://[::1]:4873/a",
            "https://my_host/a//b/",
            "https://xn--bcher-kva.example/",
        ] {
            assert!(is_plain(good), "{good}");
            assert_eq!(is_registry(good.trim_end_matches('/')), is_plain(good), "{good}");
        }
        for bad in [
            "https://r.example",
            "https:/r.example/",
            "HTTPS://r.example/",
            "ftp://r.example/",
            "https://R.example/",
            "https://u@r.example/",
            "https://@r.example/",
            "https://r.example:443/",
            "http://r.example:80/",
            "https://r.example:/",
            "https://r.example:0/",
            "https://r.example:08080/",
            "https://r.example:65536/",
            "https://r.example./",
            "https://r..example/",
            "https://.example/",
            "https:///a",
            "https://127.1/",
            "https://0x7f000001/",
            "https://1.2.3.256/",
            "https://[0:0::1]/",
            "https://[::1/",
            "https://r.example/a?b",
            "https://r.example/a#b",
            "https://r.example/a/../b",
            "https://r.example/a/%2e%2E/b",
            "https://r.example/./b",
            "https://r.example/a b",
            "https://r.example/a\tb",
            "https://r.example/a\\b",
            "https://r.example/a|b",
            "https://r.example/%zz",
            "https://r.example/%4",
            "https://r.example/ü",
            "https://xn--a.example/",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
        assert!(is_registry("https://r.example") && is_registry("https://r.example/npm"));
        assert!(!is_registry("https://r.example/") && !is_registry("r.example"));
    }

    #[test]
    fn drops_credentials_and_keeps_the_user_of_ssh() {
        for (with, without) in [
            ("https://me:hush@r.example/a?b#c", "https://r.example/a?b#c"),
            ("git+https://git@g.example/a.git", "git+https://g.example/a.git"),
            ("git+ssh://git@g.example/a.git", "git+ssh://git@g.example/a.git"),
            ("ssh://git:hush@g.example/a", "ssh://git@g.example/a"),
            ("https://a@b@r.example", "https://r.example"),
            ("https://r.example/@s/a", "https://r.example/@s/a"),
            ("a@https://t@g.example/a", "a@https://g.example/a"),
            ("^1 || //x@y", "^1 || //x@y"),
        ] {
            assert_eq!(written(with), without);
        }
        let mut url = Url::parse("https://me:hush@r.example/a?b").unwrap();
        assert!(drop_credentials(&mut url) && !drop_credentials(&mut url));
        assert_eq!(url.as_str(), "https://r.example/a?b");
        assert_eq!(redacted("me:hush@r.example/a?token"), "…@r.example/a");
    }

    #[test]
    fn the_public_registrys_keys_are_where_sigstore_has_them() {
        assert_eq!(keys_target(NPM_REGISTRY).as_deref(), Some("registry.npmjs.org/keys.json"));
        assert_eq!(Url::parse(NPM_REGISTRY).unwrap().host_str(), Some(NPM_REGISTRY_HOST));
    }
}
