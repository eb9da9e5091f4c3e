//! `.npmrc`: which registries to ask, with which credentials, through which proxy.
//!
//! Understands what concerns these, the way npm reads it, and passes over every other setting.
//! Never turns verification off: `strict-ssl=false` is answered with a warning.
//!
//! The user's own file is trusted. The project's came with the lockfile, from a stranger: it says
//! which registries there are, and nothing else. It cannot name a variable of the environment, a
//! credential, a proxy or a certificate.

mod variables;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use url::Url;

use self::variables::expand;
use super::{config::ConfigError, credentials::Credentials};
use crate::{
    adapters::{
        files::{self, FileError},
        network::{Proxy, Secret, Settings},
    },
    core::{addresses, limits, npm::npmrc},
};

/// Gives the value of an environment variable.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the `.npmrc` files say.
#[derive(Debug, Clone, Default)]
pub struct Npmrc {
    /// `registry=`, the default registry.
    pub registry: Option<Secret>,
    /// `@scope:registry=`, by scope with its `@`.
    pub scopes: BTreeMap<String, Secret>,
    /// `replace-registry-host=`.
    pub replaced: Replaced,
    /// What is sent where.
    pub credentials: Credentials,
    /// `cafile=`.
    pub cafile: Option<PathBuf>,
    /// `ca=`, PEM.
    pub ca: Option<String>,
    /// `https-proxy=`, `proxy=`, `noproxy=`.
    pub proxy: Option<Proxy>,
    /// What was not heeded, and why; for the user, without secrets.
    pub warnings: Vec<String>,
    /// The first address of a registry that cannot be used.
    pub(super) refused: Option<ConfigError>,
}

/// Which addresses in a lockfile stand for the registry that is configured
/// (`replace-registry-host=`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Replaced {
    /// Those at the public registry.
    #[default]
    Public,
    /// None.
    Never,
    /// All.
    Always,
    /// Those at this host.
    Host(String),
}

/// Who wrote a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Author {
    User,
    Stranger,
}

/// The lines that count.
#[derive(Default)]
struct Lines {
    values: BTreeMap<String, String>,
    /// Settings of the project's file that are not heeded.
    ignored: Vec<String>,
    refused: Option<ConfigError>,
}

impl Npmrc {
    /// Loads the user's file and the project's, of which the latter has precedence. A file that is
    /// not there is an empty one. Of the project's file only registries are heeded, unless
    /// `trust_project` says that it is as good as the user's.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn load(
        user: Option<&Path>,
        project: Option<&Path>,
        trust_project: bool,
        env: Env,
    ) -> Result<Self, FileError> {
        let stranger = if trust_project { Author::User } else { Author::Stranger };
        let mut lines = Lines::default();
        for (path, author) in [(user, Author::User), (project, stranger)] {
            let Some(path) = path else { continue };
            match files::read_regular(path, limits::NPMRC_BYTES) {
                Ok(bytes) => lines.read(&String::from_utf8_lossy(&bytes), author, env),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::of(lines))
    }

    /// Parses one file of the user's.
    pub fn parse(text: &str, env: Env) -> Self {
        let mut lines = Lines::default();
        lines.read(text, Author::User, env);
        Self::of(lines)
    }

    /// Puts certificates and proxies into the settings of the network.
    ///
    /// # Errors
    /// When the `cafile` cannot be read.
    pub fn configure(&self, settings: &mut Settings) -> Result<(), FileError> {
        let mut pem = self.ca.clone().unwrap_or_default().into_bytes();
        if let Some(path) = &self.cafile {
            pem.push(b'\n');
            pem.extend(files::read(path, limits::NPMRC_BYTES)?);
        }
        if !pem.is_empty() {
            settings.certificates = Some(pem);
        }
        if self.proxy.is_some() {
            settings.proxy.clone_from(&self.proxy);
        }
        Ok(())
    }

    fn of(lines: Lines) -> Self {
        let mut npmrc = Self::default();
        npmrc.warnings.extend(lines.warning());
        npmrc.refused = lines.refused;
        let mut proxy = Proxy::default();
        for (key, value) in lines.values {
            if value.contains("${") && is_registry(&key) {
                let of = format!("{key}= in .npmrc");
                npmrc.refused.get_or_insert(ConfigError::Variable { of });
                continue;
            }
            if value.contains("${") {
                npmrc.warnings.push(format!(
                    "{key} in .npmrc names an environment variable that is not set; ignored"
                ));
                continue;
            }
            match key.as_str() {
                "https-proxy" if is_set(&value) => proxy.https = Some(Secret::new(value)),
                "proxy" if is_set(&value) => proxy.http = Some(Secret::new(value)),
                "noproxy" | "no-proxy" => proxy.except = Some(value),
                _ => npmrc.set(&key, value),
            }
        }
        // npm asks `proxy` for both schemes where `https-proxy` is not set.
        if proxy.https.is_none() {
            proxy.https.clone_from(&proxy.http);
        }
        npmrc.proxy = proxy.https.is_some().then_some(proxy);
        npmrc
    }

    fn set(&mut self, key: &str, value: String) {
        match key {
            "registry" => self.registry = Some(Secret::new(value)),
            "replace-registry-host" => self.replaced = Replaced::of(&value),
            "cafile" => self.cafile = Some(PathBuf::from(value)),
            "ca" if value != "null" => self.ca = Some(value.replace("\\n", "\n")),
            "strict-ssl" if value == "false" => self.warnings.push(
                "strict-ssl=false in .npmrc is ignored: certificates are always verified; name a \
                 private authority with cafile="
                    .into(),
            ),
            _ if key.starts_with("//") => self.credentials.set(key, value),
            _ => {
                if let Some(scope) = scope(key) {
                    self.scopes.insert(scope.to_owned(), Secret::new(value));
                }
            }
        }
    }
}

impl Replaced {
    fn of(value: &str) -> Self {
        match value {
            "" | "npmjs" => Self::Public,
            "never" => Self::Never,
            "always" => Self::Always,
            host => Self::Host(host.to_ascii_lowercase()),
        }
    }

    /// Whether an address stands for the registry that is configured. `public` says whether it is
    /// at the public registry, by any of its names.
    pub(super) fn includes(&self, url: &Url, public: bool) -> bool {
        match self {
            Self::Public => public,
            Self::Never => false,
            Self::Always => true,
            Self::Host(host) => {
                url.host_str() == Some(host) || (public && host == addresses::NPM_REGISTRY_HOST)
            }
        }
    }
}

impl Lines {
    fn read(&mut self, text: &str, author: Author, env: Env) {
        for (key, value) in npmrc::lines(text) {
            if author == Author::User {
                self.values.insert(expand(&key, env), expand(&value, env));
            } else {
                self.read_strangers(key, value);
            }
        }
    }

    /// Heeds what is said of registries, without credentials.
    fn read_strangers(&mut self, key: String, mut value: String) {
        if !is_registry(&key) && key != "replace-registry-host" {
            if concerns(&key) {
                self.ignored.push(key);
            }
        } else if key.contains("${") || value.contains("${") {
            let of = format!("{key}= in the project's .npmrc");
            self.refused.get_or_insert(ConfigError::ProjectVariable { of });
        } else {
            if let Some(mut url) = addresses::parse(&value)
                && addresses::drop_credentials(&mut url)
            {
                self.ignored.push(format!("the password in {key}="));
                value = url.into();
            }
            self.values.insert(key, value);
        }
    }

    /// One line for everything that was ignored: a stranger decides how much it is.
    fn warning(&self) -> Option<String> {
        let (first, more) = (self.ignored.first()?, self.ignored.len() - 1);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!(
            "{first}{more} in the project's .npmrc: ignored, since the authors of the project may \
             only say where registries are; what you trust belongs into your own .npmrc, or give \
             --trust-project-npmrc"
        ))
    }
}

/// Whether a setting is the address of a registry.
fn is_registry(key: &str) -> bool {
    key == "registry" || scope(key).is_some()
}

/// Whether a setting would change something if the user had written it.
fn concerns(key: &str) -> bool {
    const KEYS: [&str; 7] =
        ["cafile", "ca", "strict-ssl", "https-proxy", "proxy", "noproxy", "no-proxy"];
    KEYS.contains(&key) || key.starts_with("//") || key.contains("${")
}

/// The scope of `@scope:registry`.
fn scope(key: &str) -> Option<&str> {
    key.strip_suffix(":registry").filter(|scope| scope.starts_with('@'))
}

fn is_set(value: &str) -> bool {
    !matches!(value, "" | "null" | "false")
}

#[cfg(test)]
mod tests;
