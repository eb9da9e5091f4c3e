//! Sigstore instances: where each one's TUF repository is, which roots of it are pinned, and
//! which package registry it speaks for.
//!
//! Pinned roots and built-in trust material are compiled in from `trust/`, whose README says
//! where each file came from. This module reads and fetches nothing.

use chrono::DateTime;

use super::{Trust, TrustError};
use crate::core::{
    addresses::{self, NPM_REGISTRY, TUF_GITHUB, TUF_PUBLIC_GOOD, TUF_STAGING},
    limits::{INSTANCE_NAME_BYTES, URL_BYTES},
    time::Time,
    tuf::{PinnedRoots, State, WantedTargets},
};

/// The names of the instances that are built in, in the order of display.
pub const BUILT_IN: [&str; 3] = ["public-good", "github", "staging"];

/// One Sigstore deployment with its own TUF repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// `public-good`, `github`, `staging`, or a private one's name.
    pub name: String,
    /// The address of its TUF repository.
    pub url: String,
    /// The npm registry that it speaks for, in the form of [`addresses::registry`]: the keys that
    /// it publishes count for that one alone.
    pub registry: Option<String>,
    /// The roots that are trusted without further proof.
    pub pinned: PinnedRoots,
    /// The targets that an update brings.
    pub wanted: WantedTargets,
    /// Built-in trust material, for machines that never reached a TUF repository.
    pub embedded: Option<Embedded>,
}

/// Trust material that was compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embedded {
    /// `trusted_root.json`.
    pub trusted_root: &'static [u8],
    /// The npm registry's keys, where the instance speaks for it.
    pub npm_keys: Option<&'static [u8]>,
    /// The version of the root that came with it.
    pub root: u64,
    /// The material was taken from a package. This is when that package was published: the material is at
    /// least this old. Nobody has compared it with the repository since.
    pub as_of: Time,
}

impl Embedded {
    /// Whether it is newer than a state of the repository that was last checked at `checked`: by the
    /// version of the root, then by the date, for no other role came with it.
    pub fn is_newer_than(&self, state: &State, checked: Time) -> bool {
        (self.root, self.as_of) > (state.version("root"), checked)
    }
}

/// A name that no instance can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// It cannot be a folder's name.
    #[error(
        "{0:?} is not an instance name: lower-case letters, digits, dots and dashes only, at most {INSTANCE_NAME_BYTES}"
    )]
    Name(String),
    /// It is not an address of a registry.
    #[error("{0:?} is not an address of a registry")]
    Registry(String),
    /// An address that is longer than [`URL_BYTES`].
    #[error("an address has {0} bytes, more than {URL_BYTES}")]
    Address(u64),
    /// It is one of [`BUILT_IN`].
    #[error("{0} is a built-in instance")]
    BuiltIn(String),
}

macro_rules! roots {
    ($($file:literal),+) => {
        &[$(($file, include_bytes!(concat!("../../../trust/", $file, ".root.json")))),+]
    };
}

impl Instance {
    /// A built-in instance, by name.
    pub fn built_in(name: &str) -> Option<Self> {
        match name {
            "public-good" => Some(Self::public_good()),
            "github" => Some(Self::github()),
            "staging" => Some(Self::staging()),
            _ => None,
        }
    }

    /// Sigstore's public-good instance. It speaks for the public npm registry.
    pub fn public_good() -> Self {
        Self::known(
            "public-good",
            TUF_PUBLIC_GOOD,
            Some(NPM_REGISTRY),
            roots![
                "public-good/5",
                "public-good/8",
                "public-good/9",
                "public-good/10",
                "public-good/12",
                "public-good/13",
                "public-good/14",
                "public-good/15",
                "public-good/16"
            ],
            Embedded {
                trusted_root: include_bytes!("../../../trust/public-good/trusted_root.json"),
                npm_keys: Some(include_bytes!("../../../trust/public-good/npm-keys.json")),
                root: 16,
                as_of: seconds(1_793_837_952), // 2026-11-05T00:19:12Z
            },
        )
    }

    /// GitHub's instance, for attestations of private repositories.
    pub fn github() -> Self {
        Self::known(
            "github",
            TUF_GITHUB,
            None,
            roots!["github/8", "github/9"],
            Embedded {
                trusted_root: include_bytes!("../../../trust/github/trusted_root.json"),
                npm_keys: None,
                root: 9,
                as_of: seconds(1_792_713_600), // 2026-10-23
            },
        )
    }

    /// Sigstore's staging instance.
    pub fn staging() -> Self {
        Self::known(
            "staging",
            TUF_STAGING,
            None,
            roots!["staging/14", "staging/15"],
            Embedded {
                trusted_root: include_bytes!("../../../trust/staging/trusted_root.json"),
                npm_keys: None,
                root: 15,
                as_of: seconds(1_792_713_600), // 2026-10-23
            },
        )
    }

    /// A private instance, from what its user pinned.
    ///
    /// # Errors
    /// When the name is taken or cannot be a folder's, or an address is none or too long.
    pub fn private(
        name: &str,
        url: &str,
        registry: Option<&str>,
        pinned: PinnedRoots,
    ) -> Result<Self, InstanceError> {
        check_name(name)?;
        if BUILT_IN.contains(&name) {
            return Err(InstanceError::BuiltIn(name.to_owned()));
        }
        check_address(url)?;
        let form = |registry: &str| {
            check_address(registry)?;
            let form = addresses::registry(registry)
                .ok_or_else(|| InstanceError::Registry(registry.to_owned()))?;
            // The parsed address is what is stored. It may be longer than what was typed.
            check_address(&form)?;
            Ok::<_, InstanceError>(form)
        };
        let registry = registry.map(form).transpose()?;
        let wanted = WantedTargets::of(registry.as_deref());
        let (name, url) = (name.to_owned(), url.to_owned());
        Ok(Self { name, url, registry, pinned, wanted, embedded: None })
    }

    /// This instance's trust material, checked and indexed.
    ///
    /// # Errors
    /// As [`Trust::new`].
    pub fn trust(&self, trusted_root: &[u8], npm_keys: Option<&[u8]>) -> Result<Trust, TrustError> {
        Trust::new(trusted_root, self.registry.as_deref().zip(npm_keys))
    }

    fn known(
        name: &str,
        url: &str,
        registry: Option<&str>,
        roots: &[(&str, &[u8])],
        embedded: Embedded,
    ) -> Self {
        let version = |file: &str| file.rsplit('/').next()?.parse().ok();
        let roots: Vec<(u64, &[u8])> =
            roots.iter().filter_map(|(file, bytes)| Some((version(file)?, *bytes))).collect();
        Self {
            name: name.to_owned(),
            url: url.to_owned(),
            pinned: PinnedRoots::known(&roots),
            wanted: WantedTargets::of(registry),
            registry: registry.map(str::to_owned),
            embedded: Some(embedded),
        }
    }
}

fn check_address(address: &str) -> Result<(), InstanceError> {
    match address.len() as u64 {
        bytes if bytes > URL_BYTES => Err(InstanceError::Address(bytes)),
        _ => Ok(()),
    }
}

/// Whether `name` can name an instance, which is a folder in the trust store and in an archive.
///
/// # Errors
/// When it cannot.
pub(crate) fn check_name(name: &str) -> Result<(), InstanceError> {
    let good = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && name.len() <= INSTANCE_NAME_BYTES
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    if good { Ok(()) } else { Err(InstanceError::Name(name.to_owned())) }
}

fn seconds(since_1970: i64) -> Time {
    DateTime::from_timestamp(since_1970, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time;

    #[test]
    fn every_pinned_root_is_there_with_its_version() {
        let versions = |instance: Instance| -> Vec<u64> {
            instance.pinned.roots().map(|(version, _)| version).collect()
        };
        assert_eq!(versions(Instance::public_good()), [5, 8, 9, 10, 12, 13, 14, 15, 16]);
        assert_eq!(versions(Instance::github()), [8, 9]);
        assert_eq!(versions(Instance::staging()), [14, 15]);
        assert!(BUILT_IN.iter().all(|name| Instance::built_in(name).unwrap().name == **name));
    }

    #[test]
    fn built_in_material_has_its_date() {
        let as_of = |instance: Instance| time::format(instance.embedded.unwrap().as_of);
        assert_eq!(as_of(Instance::public_good()), "2026-11-05T00:19:12Z");
        assert_eq!(as_of(Instance::github()), "2026-10-23T00:00:00Z");
        assert_eq!(as_of(Instance::staging()), "2026-10-23T00:00:00Z");
    }

    #[test]
    fn built_in_material_came_with_the_newest_pinned_root() {
        for instance in BUILT_IN.map(|name| Instance::built_in(name).unwrap()) {
            assert_eq!(instance.embedded.unwrap().root, instance.pinned.newest());
        }
    }

    #[test]
    fn private_names_are_folder_names_of_their_own() {
        let pinned = Instance::staging().pinned;
        let url = "https://tuf.example.com";
        let registry = Some("https://NPM.example.com:443/");
        let private = Instance::private("acme.prod-1", url, registry, pinned.clone()).unwrap();
        assert_eq!(private.registry.as_deref(), Some("https://npm.example.com"));
        assert_eq!(private.wanted.optional, ["npm.example.com/keys.json"]);
        assert_eq!(
            Instance::private("acme", url, Some("npm"), pinned.clone()),
            Err(InstanceError::Registry("npm".to_owned()))
        );
        assert_eq!(
            Instance::private("github", url, None, pinned.clone()),
            Err(InstanceError::BuiltIn("github".to_owned()))
        );
        for name in ["", "..", ".x", "a/b", "A", "a b", "1a", "con:"] {
            let refused = Instance::private(name, url, None, pinned.clone());
            assert_eq!(refused, Err(InstanceError::Name(name.to_owned())));
        }
    }

    #[test]
    fn names_and_addresses_are_as_long_as_their_limits() {
        let longest = "a".repeat(INSTANCE_NAME_BYTES);
        assert_eq!(check_name(&longest), Ok(()));
        let longer = format!("{longest}a");
        assert_eq!(check_name(&longer), Err(InstanceError::Name(longer.clone())));

        let pinned = Instance::staging().pinned;
        let most = usize::try_from(URL_BYTES).unwrap();
        let short = "https://a.example/";
        let long = |bytes| format!("{short}{}", "a".repeat(bytes - short.len()));
        let of = |url: &str, registry: &str| {
            Instance::private("acme", url, Some(registry), pinned.clone()).map(|it| it.url.len())
        };
        assert_eq!(of(&long(most), &long(most)), Ok(most));
        let refused = Err(InstanceError::Address(URL_BYTES + 1));
        assert_eq!(of(&long(most + 1), short), refused);
        assert_eq!(of(short, &long(most + 1)), refused);
        // One character of two bytes, which are six once they are encoded.
        assert_eq!(of(short, &format!("{}\u{e4}", long(most - 5))), refused);
        assert_eq!(of(short, &format!("{}\u{e4}", long(most - 6))), Ok(short.len()));
    }
}
