//! `.npmrc`: which registries to ask, with which credentials, through which proxy.
//!
//! Understands what concerns these, the way npm reads it, and passes over every other setting.
//! Never turns verification off: `strict-ssl=false` is answered with a warning.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::credentials::Credentials;
use crate::{
    adapters::{
        files::{self, FileError},
        network::{Proxy, Secret, Settings},
    },
    core::limits,
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
}

impl Npmrc {
    /// Loads the user's file and the project's, of which the latter has precedence. A file that is
    /// not there is an empty one.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn load(user: Option<&Path>, project: Option<&Path>, env: Env) -> Result<Self, FileError> {
        let mut values = BTreeMap::new();
        for path in [user, project].into_iter().flatten() {
            match files::read(path, limits::NPMRC_BYTES) {
                Ok(bytes) => read(&String::from_utf8_lossy(&bytes), env, &mut values),
                Err(FileError::Io { source, .. })
                    if source.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self::of(values))
    }

    /// Parses one file.
    pub fn parse(text: &str, env: Env) -> Self {
        let mut values = BTreeMap::new();
        read(text, env, &mut values);
        Self::of(values)
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

    fn of(values: BTreeMap<String, String>) -> Self {
        let mut npmrc = Self::default();
        let mut proxy = Proxy::default();
        for (key, value) in values {
            if value.contains("${") {
                npmrc.warnings.push(format!(
                    "{key} in .npmrc names an environment variable that is not set; ignored"
                ));
                continue;
            }
            match key.as_str() {
                "registry" => npmrc.registry = Some(Secret::new(value)),
                "cafile" => npmrc.cafile = Some(PathBuf::from(value)),
                "ca" if value != "null" => npmrc.ca = Some(value.replace("\\n", "\n")),
                "strict-ssl" if value == "false" => npmrc.warnings.push(
                    "strict-ssl=false in .npmrc is ignored: certificates are always verified; \
                     name a private authority with cafile="
                        .into(),
                ),
                "https-proxy" if is_set(&value) => proxy.https = Some(Secret::new(value)),
                "proxy" if is_set(&value) => proxy.http = Some(Secret::new(value)),
                "noproxy" | "no-proxy" => proxy.except = Some(value),
                _ => {
                    if let Some(scope) = key.strip_suffix(":registry") {
                        if scope.starts_with('@') {
                            npmrc.scopes.insert(scope.to_owned(), Secret::new(value));
                        }
                    } else if key.starts_with("//") {
                        npmrc.credentials.set(&key, value);
                    }
                }
            }
        }
        // npm asks `proxy` for both schemes where `https-proxy` is not set.
        if proxy.https.is_none() {
            proxy.https.clone_from(&proxy.http);
        }
        npmrc.proxy = proxy.https.is_some().then_some(proxy);
        npmrc
    }
}

fn is_set(value: &str) -> bool {
    !matches!(value, "" | "null" | "false")
}

/// Reads the lines of a file into `values`, later ones over earlier ones.
fn read(text: &str, env: Env, values: &mut BTreeMap<String, String>) {
    for line in text.split(['\r', '\n']) {
        let line = line.trim();
        if line.starts_with('[') {
            return; // npm knows no sections: what follows is not its own
        }
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, "true"));
        values.insert(expand(&unquote(key), env), expand(&unquote(value), env));
    }
}

/// Takes off quotes, or a comment where there are none, and escapes (as npm's `ini` does).
fn unquote(text: &str) -> String {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return serde_json::from_str(&format!("\"{inner}\"")).unwrap_or_else(|_| inner.into());
        }
    }
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ';' | '#' => break,
            '\\' => match characters.next() {
                Some(next @ ('\\' | ';' | '#')) => out.push(next),
                Some(next) => out.extend(['\\', next]),
                None => out.push('\\'),
            },
            _ => out.push(character),
        }
    }
    out.trim().to_owned()
}

/// Expands `${NAME}`, and `${NAME?}` which is empty where it is not set. Other variables that are
/// not set stay as they are.
fn expand(text: &str, env: Env) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            rest = rest.get(before.len()..).unwrap_or_default();
            break;
        };
        let (name, optional) = match name.strip_suffix('?') {
            Some(name) => (name, true),
            None => (name, false),
        };
        match env(name) {
            Some(value) => out.push_str(&value),
            None if optional => {}
            None => out.push_str(&format!("${{{name}}}")),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::*;

    fn env(name: &str) -> Option<String> {
        (name == "NPM_TOKEN").then(|| "from-env".to_owned())
    }

    fn authorization(npmrc: &Npmrc, url: &str) -> Option<String> {
        let url = Url::parse(url).unwrap();
        npmrc.credentials.authorization(&url).map(|secret| secret.reveal().to_owned())
    }

    #[test]
    fn settings_are_read_as_npm_reads_them() {
        let text = "; comment\n# comment\nregistry = https://mirror.example/npm/ # mine\r\n\
                    @acme:registry=\"https://npm.acme.example\"\nsave-exact\nproxy=null\n";
        let npmrc = Npmrc::parse(text, &env);
        assert_eq!(npmrc.registry.unwrap().reveal(), "https://mirror.example/npm/");
        assert_eq!(npmrc.scopes["@acme"].reveal(), "https://npm.acme.example");
        assert!(npmrc.proxy.is_none());
        assert_eq!(npmrc.warnings, Vec::<String>::new());
    }

    #[test]
    fn variables_are_expanded_in_one_pass() {
        for (text, expanded) in [
            ("a${NPM_TOKEN}b", "afrom-envb"),
            ("${NONE?}a${NONE}", "a${NONE}"),
            ("a${NPM_TOKEN", "a${NPM_TOKEN"),
            ("${a${NPM_TOKEN}", "${a${NPM_TOKEN}"),
        ] {
            assert_eq!(expand(text, &env), expanded, "{text}");
        }
        let endless = "${".repeat(500_000);
        assert_eq!(expand(&endless, &env), endless);
    }

    #[test]
    fn the_longest_place_wins_and_no_other_gets_anything() {
        let text = "//npm.acme.example/:_authToken=root\n\
                    //npm.acme.example/team/:_authToken=${NPM_TOKEN}\n\
                    //npm.acme.example:8443/:_authToken=port\n\
                    //basic.example/:_auth=bWU6cGFzcw==\n\
                    //old.example/:username=me\n//old.example/:_password=cGFzcw==\n";
        let npmrc = Npmrc::parse(text, &env);
        let is = |url, expected: Option<&str>| {
            assert_eq!(authorization(&npmrc, url).as_deref(), expected, "{url}");
        };
        is("https://npm.acme.example/team/a/-/a-1.tgz", Some("Bearer from-env"));
        is("https://npm.acme.example/teammate/a", Some("Bearer root"));
        is("https://npm.acme.example/@acme%2fa", Some("Bearer root"));
        is("https://npm.acme.example:8443/a", Some("Bearer port"));
        is("https://npm.acme.example:9/a", None);
        is("https://npm.acme.example.evil.example/a", None);
        is("https://evil.example/npm.acme.example/a", None);
        is("https://basic.example/a", Some("Basic bWU6cGFzcw=="));
        is("https://old.example/a", Some("Basic bWU6cGFzcw=="));
    }

    #[test]
    fn a_variable_that_is_not_set_disables_the_line() {
        let npmrc = Npmrc::parse("//a.example/:_authToken=${MISSING}\nregistry=${NO?}x", &env);
        assert_eq!(authorization(&npmrc, "https://a.example/b"), None);
        assert_eq!(npmrc.registry.unwrap().reveal(), "x");
        assert_eq!(npmrc.warnings.len(), 1);
    }

    #[test]
    fn certificates_stay_verified() {
        let npmrc = Npmrc::parse("strict-ssl=false", &env);
        assert!(npmrc.warnings[0].starts_with("strict-ssl=false in .npmrc is ignored"));
    }

    #[test]
    fn proxies_reach_the_settings() {
        let npmrc =
            Npmrc::parse("proxy=http://me:pass@proxy.example:3128\nnoproxy=a.example", &env);
        let mut settings = Settings::default();
        npmrc.configure(&mut settings).unwrap();
        let proxy = settings.proxy.unwrap();
        assert_eq!(proxy.https.as_ref().unwrap().reveal(), "http://me:pass@proxy.example:3128");
        assert_eq!(proxy.except.as_deref(), Some("a.example"));
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // writes the files to be read
    fn the_project_goes_before_the_user_and_files_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let (user, project) = (folder.path().join("user"), folder.path().join("project"));
        std::fs::write(&user, "registry=https://user.example\n//u.example/:_authToken=t").unwrap();
        std::fs::write(&project, "registry=https://project.example").unwrap();
        let npmrc = Npmrc::load(Some(&user), Some(&project), &env).unwrap();
        assert_eq!(npmrc.registry.as_ref().unwrap().reveal(), "https://project.example");
        assert_eq!(authorization(&npmrc, "https://u.example/a").as_deref(), Some("Bearer t"));
        let missing = folder.path().join("missing");
        assert!(Npmrc::load(Some(&missing), None, &env).unwrap().registry.is_none());
        let size = usize::try_from(limits::NPMRC_BYTES).unwrap();
        std::fs::write(&user, vec![b'\n'; size]).unwrap();
        assert!(Npmrc::load(Some(&user), None, &env).is_ok());
        std::fs::write(&user, vec![b'\n'; size + 1]).unwrap();
        assert!(matches!(
            Npmrc::load(Some(&user), None, &env),
            Err(FileError::TooLarge { max: limits::NPMRC_BYTES, .. })
        ));
        assert!(matches!(Npmrc::load(Some(folder.path()), None, &env), Err(FileError::Io { .. })));
    }

    #[test]
    #[allow(clippy::disallowed_methods)] // writes the file to be read
    fn a_cafile_is_as_large_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let npmrc = Npmrc::parse(&format!("cafile={}", path.display()), &env);
        let size = usize::try_from(limits::NPMRC_BYTES).unwrap();
        std::fs::write(&path, vec![b'\n'; size]).unwrap();
        let mut settings = Settings::default();
        npmrc.configure(&mut settings).unwrap();
        // A line break goes between `ca` and what is in the file.
        assert_eq!(settings.certificates.unwrap().len(), size + 1);
        std::fs::write(&path, vec![b'\n'; size + 1]).unwrap();
        assert!(matches!(
            npmrc.configure(&mut Settings::default()),
            Err(FileError::TooLarge { max: limits::NPMRC_BYTES, .. })
        ));
    }

    #[test]
    fn nothing_shows_a_secret() {
        let npmrc = Npmrc::parse(
            "//a.example/:_authToken=hush\n//a.example/:_auth=hush\n\
             //a.example/:username=hush\n//a.example/:_password=hush\n\
             registry=https://hush:hush@a.example\n@b:registry=https://hush@b.example\n\
             https-proxy=http://hush@proxy.example\n",
            &env,
        );
        assert!(!format!("{npmrc:?} {npmrc:#?}").contains("hush"));
    }
}
