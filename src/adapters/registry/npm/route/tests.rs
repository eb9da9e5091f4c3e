//! The table of the routes, line by line, and what several addresses make of it.

use super::*;
use crate::{
    adapters::registry::{CollectableOrigin, Npmrc},
    core::{
        addresses::NPM_REGISTRY,
        package::digest::{Algorithm, Integrity},
    },
};

const NPMRC: &str = "registry=https://mirror.example/npm
@acme:registry=https://npm.acme.example/
                         @open:registry=https://registry.npmjs.org/
";

fn config(npmrc: &str, registry: Option<&str>) -> RegistryConfig {
    RegistryConfig::new(&Npmrc::parse(npmrc, &|_| None), registry).unwrap()
}

/// Expected registry, source and tarball of a package.
fn route(
    config: &RegistryConfig,
    name: &str,
    resolved: Option<&str>,
) -> (String, String, Option<String>) {
    let id = PackageId::npm(name, "1.0.0").unwrap();
    let resolved = resolved.map(|text| Url::parse(text).unwrap());
    let PackageRoute { expected, source, tarball, .. } = config.route(&id, resolved.as_ref());
    (expected.name(), source.name(), tarball.map(String::from))
}

fn is(
    found: (String, String, Option<String>),
    expected: &str,
    source: &str,
    tarball: Option<&str>,
) {
    assert_eq!(found, (expected.into(), source.into(), tarball.map(str::to_owned)));
}

#[test]
fn without_settings_everything_is_public() {
    let config = config("", None);
    is(route(&config, "a", None), NPM_REGISTRY, NPM_REGISTRY, None);
    let tarball = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
    is(route(&config, "a", Some(tarball)), NPM_REGISTRY, NPM_REGISTRY, Some(tarball));
}

/// As npm and yarn have it: one registry, and locks of either name.
#[test]
fn yarns_name_of_the_public_registry_is_public() {
    let tarball = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
    let found = route(&config("", None), "a", Some(&tarball.replace("npmjs.org", "yarnpkg.com")));
    is(found, NPM_REGISTRY, NPM_REGISTRY, Some(tarball));
}

#[test]
fn a_mirror_changes_the_source_only() {
    let mirror = "https://mirror.example/npm";
    let rebased = "https://mirror.example/npm/a/-/a-1.0.0.tgz";
    let by_default = config(NPMRC, None);
    for resolved in ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", rebased] {
        is(route(&by_default, "a", Some(resolved)), NPM_REGISTRY, mirror, Some(rebased));
    }
    let asked = config(NPMRC, Some("http://127.0.0.1:4873"));
    let local = "http://127.0.0.1:4873/a/-/a-1.0.0.tgz";
    for resolved in ["https://registry.npmjs.org/a/-/a-1.0.0.tgz", rebased, local] {
        let found = route(&asked, "a", Some(resolved));
        is(found, NPM_REGISTRY, "http://127.0.0.1:4873", Some(local));
    }
}

#[test]
fn a_scope_keeps_its_registry() {
    let own = "https://npm.acme.example";
    let config = config(NPMRC, Some("http://127.0.0.1:4873"));
    is(route(&config, "@acme/a", None), own, own, None);
    let elsewhere = "https://npm.acme.example/download/@acme/a/1.0.0/0123";
    is(route(&config, "@acme/a", Some(elsewhere)), own, own, Some(elsewhere));
    let public = "https://registry.npmjs.org/@acme/a/-/a-1.0.0.tgz";
    let rebased = "https://npm.acme.example/@acme/a/-/a-1.0.0.tgz";
    is(route(&config, "@acme/a", Some(public)), own, own, Some(rebased));
}

#[test]
fn a_scope_can_be_at_the_public_registry_beside_a_mirror() {
    let found = route(&config(NPMRC, None), "@open/a", None);
    is(found, NPM_REGISTRY, NPM_REGISTRY, None);
    let asked = config(NPMRC, Some("http://127.0.0.1:4873"));
    is(route(&asked, "@open/a", None), NPM_REGISTRY, "http://127.0.0.1:4873", None);
}

#[test]
fn another_host_is_its_own_registry() {
    let config = config(NPMRC, Some("http://127.0.0.1:4873"));
    for tarball in [
        "https://other.example/npm/@b/a/-/a-1.0.0.tgz",
        "https://other.example/npm/@b%2fa/-/a-1.0.0.tgz",
        "https://other.example/npm/%40b%2Fa/-/a-1.0.0.tgz",
    ] {
        let base = "https://other.example/npm";
        is(route(&config, "@b/a", Some(tarball)), base, base, Some(tarball));
    }
}

#[test]
fn a_tarball_without_a_registry_is_bound_to_the_public_record() {
    let config = config("", None);
    for tarball in [
        "https://other.example/a.tgz",
        "https://other.example/b/-/a-1.0.0.tgz",
        "https://other.example/ba/-/a-1.0.0.tgz",
    ] {
        is(route(&config, "a", Some(tarball)), NPM_REGISTRY, NPM_REGISTRY, Some(tarball));
    }
}

const PUBLIC: &str = "https://registry.npmjs.org/a/-/a-1.0.0.tgz";
const YARN: &str = "https://registry.yarnpkg.com/a/-/a-1.0.0.tgz";
const OTHER: &str = "https://other.example/a/-/a-1.0.0.tgz";
const DOWNLOAD: &str = "https://other.example/a/download/a-1.0.0.tgz";

fn routes(
    config: &RegistryConfig,
    name: &str,
    resolved: &[&str],
    hashes: &[Algorithm],
) -> Result<Vec<PackageRoute>, Vec<String>> {
    let item = Collectable {
        id: PackageId::npm(name, "1.0.0").unwrap(),
        origin: CollectableOrigin::Registry,
        resolved: resolved.iter().map(|url| Url::parse(url).unwrap()).collect(),
        integrity: hashes.iter().map(|one| Integrity::of(one.digest(b"x"))).collect(),
        optional: false,
    };
    config.routes(&item).map_err(|conflict| conflict.registries)
}

fn expected(
    config: &RegistryConfig,
    resolved: &[&str],
    hashes: &[Algorithm],
) -> Result<String, Vec<String>> {
    routes(config, "a", resolved, hashes).map(|routes| routes[0].expected.name())
}

#[test]
fn one_registry_under_several_names_is_one() {
    let mirrored = config(NPMRC, None);
    let mirror = "https://mirror.example/npm/a/-/a-1.0.0.tgz";
    for addresses in [&[PUBLIC, YARN][..], &[PUBLIC, YARN, mirror], &[mirror, PUBLIC]] {
        assert_eq!(expected(&mirrored, addresses, &[]).as_deref(), Ok(NPM_REGISTRY));
    }
    let replaced = config("replace-registry-host=other.example", None);
    assert_eq!(expected(&replaced, &[PUBLIC, OTHER], &[]).as_deref(), Ok(NPM_REGISTRY));
}

#[test]
fn where_registries_differ_one_strong_hash_lets_the_public_one_count() {
    let config = config("", None);
    for strong in [Algorithm::Sha256, Algorithm::Sha512] {
        let found = expected(&config, &[OTHER, PUBLIC], &[strong]);
        assert_eq!(found.as_deref(), Ok(NPM_REGISTRY));
    }
    let third = "https://third.example/a/-/a-1.0.0.tgz";
    let both = [NPM_REGISTRY, "https://other.example"].map(String::from).to_vec();
    let both: Vec<String> = BTreeSet::from_iter(both).into_iter().collect();
    for weak in [&[][..], &[Algorithm::Sha1], &[Algorithm::Sha1, Algorithm::Sha512]] {
        assert_eq!(expected(&config, &[PUBLIC, OTHER], weak), Err(both.clone()), "{weak:?}");
    }
    let differ = [Algorithm::Sha256, Algorithm::Sha512];
    assert_eq!(expected(&config, &[PUBLIC, OTHER], &differ), Err(both), "two hashes");
    let none = ["https://other.example", "https://third.example"].map(String::from).to_vec();
    assert_eq!(expected(&config, &[third, OTHER], &[Algorithm::Sha512]), Err(none));
}

#[test]
fn replace_registry_host_is_npms() {
    let with = |value: &str| {
        let npmrc = format!("registry=https://mirror.example/npm\nreplace-registry-host={value}");
        config(&npmrc, None)
    };
    let mirror = "https://mirror.example/npm";
    let mirrored = "https://mirror.example/npm/a/-/a-1.0.0.tgz";
    let own = "https://other.example";
    for by_default in ["", "npmjs", "registry.npmjs.org"] {
        let config = with(by_default);
        is(route(&config, "a", Some(PUBLIC)), NPM_REGISTRY, mirror, Some(mirrored));
        is(route(&config, "a", Some(YARN)), NPM_REGISTRY, mirror, Some(mirrored));
        is(route(&config, "a", Some(OTHER)), own, own, Some(OTHER));
    }
    let never = with("never");
    is(route(&never, "a", Some(PUBLIC)), NPM_REGISTRY, NPM_REGISTRY, Some(PUBLIC));
    is(route(&never, "a", Some(OTHER)), own, own, Some(OTHER));
    is(route(&never, "a", Some(mirrored)), NPM_REGISTRY, mirror, Some(mirrored));
    for replaced in ["always", "other.example", "OTHER.example"] {
        let config = with(replaced);
        is(route(&config, "a", Some(OTHER)), NPM_REGISTRY, mirror, Some(mirrored));
        is(route(&config, "a", Some(DOWNLOAD)), NPM_REGISTRY, mirror, None);
    }
    is(route(&with("always"), "a", Some(PUBLIC)), NPM_REGISTRY, mirror, Some(mirrored));
    let host = with("other.example");
    is(route(&host, "a", Some(PUBLIC)), NPM_REGISTRY, NPM_REGISTRY, Some(PUBLIC));
    let scoped = config("@b:registry=https://b.example\nreplace-registry-host=always", None);
    let other = "https://other.example/@b/a/-/a-1.0.0.tgz";
    let own = "https://b.example";
    is(route(&scoped, "@b/a", Some(other)), own, own, Some("https://b.example/@b/a/-/a-1.0.0.tgz"));
}

#[test]
fn bytes_that_a_strong_hash_pins_have_a_replacement() {
    let config =
        config("@b:registry=https://b.example\n@c:registry=https://registry.npmjs.org", None);
    let strong = &[Algorithm::Sha512][..];
    let replaced = |name: &str, resolved: &str, hashes: &[Algorithm]| {
        let routes = routes(&config, name, &[resolved], hashes).unwrap();
        let last = routes.last().unwrap();
        assert_eq!(routes.len(), 1 + usize::from(last.is_replacement));
        if last.is_replacement {
            assert_eq!(last.expected.name(), NPM_REGISTRY);
            assert_eq!((last.source.name().as_str(), &last.tarball), (NPM_REGISTRY, &None));
        }
        last.is_replacement
    };
    assert!(replaced("a", OTHER, strong));
    assert!(replaced("a", DOWNLOAD, strong));
    assert!(replaced("@c/a", "https://other.example/@c/a/-/a-1.0.0.tgz", strong));
    assert!(!replaced("a", OTHER, &[Algorithm::Sha1]), "nothing pins the bytes");
    assert!(!replaced("a", OTHER, &[]), "nothing pins the bytes");
    assert!(!replaced("a", PUBLIC, strong), "it is there that it failed");
    assert!(!replaced("@b/a", "https://b.example/@b/a/-/a-1.0.0.tgz", strong), "its scope's");
    assert!(!replaced("@b/a", "https://other.example/@b/a/-/a-1.0.0.tgz", strong), "its scope's");
}
