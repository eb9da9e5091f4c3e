//! The environment in which package managers ask a registry, and no other.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use url::Url;

use crate::{
    adapters::files::{self, FileError},
    core::{limits, npm::npmrc},
};

/// A command that is to ask a registry, and no other.
#[derive(Debug)]
pub struct Asking<'a> {
    /// The program.
    pub program: &'a OsStr,
    /// Where the registry is.
    pub url: &'a str,
    /// The scopes of the packages that it serves, with their `@`.
    pub scopes: BTreeSet<String>,
    /// A folder of this run alone.
    pub cache: &'a Path,
    /// The user's own `.npmrc`.
    pub npmrc: Option<&'a Path>,
    /// The names of the variables that the command would get.
    pub inherited: Vec<OsString>,
}

/// What a command may ask in spite of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loophole {
    /// A file gives a scope a registry, by a name that no variable can have.
    Scope {
        /// The file.
        file: PathBuf,
        /// The scope.
        scope: String,
    },
    /// A file gives a scope a registry, and pnpm 12 asks that one whatever the variables say.
    Pnpm {
        /// The file.
        file: PathBuf,
        /// The scope.
        scope: String,
    },
    /// A file of another package manager gives scopes registries, for which it has no variables.
    Scopes(PathBuf),
    /// The program is a shell that may drop variables whose names it could not write.
    Shell(String),
}

impl fmt::Display for Loophole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scope { file, scope } => write!(
                f,
                "{} gives {scope} a registry of its own, which no variable can change",
                file.display()
            ),
            Self::Pnpm { file, scope } => write!(
                f,
                "{} gives {scope} a registry of its own, and pnpm 12 asks that one",
                file.display()
            ),
            Self::Scopes(file) => write!(
                f,
                "{} gives scopes registries of their own, which no variable can change",
                file.display()
            ),
            Self::Shell(shell) => {
                write!(f, "{shell} may drop the variables that set the registries of scopes")
            }
        }
    }
}

impl Loophole {
    /// What to do about it.
    pub fn hint(&self) -> String {
        let hint = match self {
            Self::Scope { .. } | Self::Scopes(_) => {
                "take the line out of the file, or the package manager asks that registry"
            }
            Self::Pnpm { scope, .. } => {
                return format!(
                    "take the line out of the file, or give pnpm the option --config.{scope}:registry \
                     with the address of this server (--listen sets it)"
                );
            }
            Self::Shell(_) => "run the package manager itself, or bash, after --exec --",
        };
        hint.to_owned()
    }
}

impl Asking<'_> {
    /// The environment of the command, and what it may ask in spite of it. Reads the settings of package
    /// managers in the working folder, and the user's `.npmrc`.
    ///
    /// # Errors
    /// When a file of settings is there and cannot be read.
    pub fn environment(self) -> Result<(Environment, Vec<Loophole>), FileError> {
        let mut loopholes = Vec::new();
        let mut scopes = self.scopes;
        let variables = self.inherited.iter().filter_map(|name| scope_of_variable(name.to_str()?));
        scopes.extend(variables.map(str::to_owned));
        let mut has_own = false;
        let program = Path::new(self.program);
        let is = |names: [&str; 2]| {
            program.file_stem().is_some_and(|stem| names.map(OsStr::new).contains(&stem))
        };
        for file in [Some(Path::new(".npmrc")), self.npmrc].into_iter().flatten() {
            for scope in scopes_of(&text(file)?) {
                // npm reads `_` in a variable as `-`, and capitals as small letters.
                if scope.contains('_') || scope.chars().any(char::is_uppercase) {
                    loopholes.push(Loophole::Scope { file: file.into(), scope: scope.clone() });
                }
                if is(["pnpm", "pnpx"]) {
                    loopholes.push(Loophole::Pnpm { file: file.into(), scope: scope.clone() });
                }
                has_own = true;
                scopes.insert(scope);
            }
        }
        for (file, table) in [(".yarnrc.yml", "npmScopes"), ("bunfig.toml", "scopes")] {
            if text(file.as_ref())?.contains(table) {
                loopholes.push(Loophole::Scopes(file.into()));
            }
        }
        if let Some(shell @ ("sh" | "dash")) = program.file_name().and_then(OsStr::to_str)
            && has_own
        {
            loopholes.push(Loophole::Shell(shell.to_owned()));
        }
        let scopes = scopes.iter().map(String::as_str);
        let environment = Environment::new(self.url, scopes, self.cache);
        let environment = match is(["npm", "npx"]) {
            true => environment,
            false => environment.with_pnpm(self.cache),
        };
        Ok((environment, loopholes))
    }
}

/// The text of a file. It is empty where the file is not there.
fn text(file: &Path) -> Result<String, FileError> {
    if !files::is_filled(file) {
        return Ok(String::new());
    }
    let bytes = files::read(file, limits::NPMRC_BYTES)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Variables that make npm, pnpm, Yarn and bun ask one registry.
#[derive(Debug, Clone)]
pub struct Environment {
    variables: Vec<(String, OsString)>,
}

impl Environment {
    /// For the registry at `url`. `scopes` have their `@`: what a project or a user says of a scope's
    /// registry would win over the registry for all others. `cache` is a folder of this run alone.
    fn new<'a>(url: &str, scopes: impl IntoIterator<Item = &'a str>, cache: &Path) -> Self {
        let mut variables: Vec<(String, OsString)> = Vec::new();
        let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let host = host.unwrap_or_default();
        // A proxy would be asked for loopback too.
        let direct = &format!("127.0.0.1,localhost,{host}");
        for (name, value) in [
            ("npm_config_registry", url),
            // The lockfile's addresses name other hosts; the path is what counts.
            ("npm_config_replace_registry_host", "always"),
            ("npm_config_audit", "false"),
            ("npm_config_fund", "false"),
            ("npm_config_update_notifier", "false"),
            ("NO_UPDATE_NOTIFIER", "1"),
            // What this registry does not answer now, it will not answer in a minute.
            ("npm_config_fetch_retry_mintimeout", "100"),
            ("npm_config_fetch_retry_maxtimeout", "1000"),
            ("npm_config_noproxy", direct),
            ("pnpm_config_registry", url),
            ("YARN_NPM_REGISTRY_SERVER", url.trim_end_matches('/')),
            ("YARN_UNSAFE_HTTP_WHITELIST", &host),
            ("YARN_ENABLE_TELEMETRY", "0"),
            // In the project, and not in a folder that this user's other projects share.
            ("YARN_ENABLE_GLOBAL_CACHE", "false"),
            ("BUN_CONFIG_REGISTRY", url),
            ("NO_PROXY", direct),
        ] {
            variables.push((name.to_owned(), value.into()));
        }
        for (name, folder) in [
            ("npm_config_cache", "npm"),
            ("pnpm_config_store_dir", "pnpm-store"),
            ("pnpm_config_cache_dir", "pnpm"),
            // Yarn 4 keeps there what a registry on this host said, on whatever port.
            ("YARN_GLOBAL_FOLDER", "yarn"),
            ("BUN_INSTALL_CACHE_DIR", "bun"),
        ] {
            variables.push((name.to_owned(), cache.join(folder).into_os_string()));
        }
        for scope in scopes {
            variables.push((format!("npm_config_{scope}:registry"), url.into()));
        }
        Self { variables }
    }

    /// Adds what pnpm 10 and older have for their folders, and npm warns of.
    #[must_use]
    fn with_pnpm(mut self, cache: &Path) -> Self {
        for (name, folder) in
            [("npm_config_store_dir", "pnpm-store"), ("npm_config_cache_dir", "pnpm")]
        {
            self.variables.push((name.to_owned(), cache.join(folder).into_os_string()));
        }
        self
    }

    /// Gives a command these variables, in place of those of the same names in any case: package managers
    /// read them in any. `inherited` is what the command would get.
    pub fn apply(&self, command: &mut Command, inherited: impl Iterator<Item = OsString>) {
        for name in inherited.filter(|name| self.has(name)) {
            command.env_remove(name);
        }
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        if let Some((_, value)) = self.variables.iter().find(|(name, _)| name == "NO_PROXY") {
            command.env("no_proxy", value);
        }
    }

    fn has(&self, name: &OsStr) -> bool {
        let Some(name) = name.to_str() else { return false };
        // npm reads `-` and `_` as one.
        let plain = |text: &str| text.to_ascii_lowercase().replace('-', "_");
        self.variables.iter().any(|(own, _)| plain(own) == plain(name))
    }
}

/// The scopes that an `.npmrc` gives a registry, with their `@`.
fn scopes_of(text: &str) -> impl Iterator<Item = String> {
    npmrc::lines(text).filter_map(|(key, _)| {
        let scope = key.strip_suffix(":registry").filter(|scope| is_scope(scope))?;
        Some(scope.to_owned())
    })
}

/// The scope that a variable gives a registry.
fn scope_of_variable(name: &str) -> Option<&str> {
    let start = name.get(..11).filter(|start| start.eq_ignore_ascii_case("npm_config_"))?;
    let end = name.len().checked_sub(9)?;
    let tail = name.get(end..).filter(|tail| tail.eq_ignore_ascii_case(":registry"))?;
    name.strip_prefix(start)?.strip_suffix(tail).filter(|scope| is_scope(scope))
}

fn is_scope(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_graphic() && b != b'=' && b != b'/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_scopes_of_an_npmrc_and_of_variables() {
        let npmrc = "registry=x\n@a:registry=y\r\n \"@b:registry\" = z\n//h/:_authToken=t\n@c=1\n\
                     @:registry=1\n@d:registry\n#@e:registry=1\n[x]\n@f:registry=1";
        assert_eq!(scopes_of(npmrc).collect::<Vec<_>>(), ["@a", "@b", "@d"]);
        for (name, scope) in [
            ("npm_config_@a:registry", Some("@a")),
            ("NPM_CONFIG_@A:REGISTRY", Some("@A")),
            ("npm_config_registry", None),
            ("npm_config_@:registry", None),
            (":registry", None),
            ("", None),
        ] {
            assert_eq!(scope_of_variable(name), scope, "{name}");
        }
    }

    #[test]
    fn variables_in_any_case_are_replaced() {
        let environment = Environment::new("http://127.0.0.1:1/", ["@a"], Path::new("/c"));
        let mut command = Command::new("x");
        let inherited = ["NPM_CONFIG_REGISTRY", "npm_config_replace-registry-host", "PATH"];
        environment.apply(&mut command, inherited.into_iter().map(Into::into));
        let set: std::collections::BTreeMap<_, _> = command
            .get_envs()
            .map(|(name, value)| {
                (name.to_str().unwrap(), value.map(|value| value.to_str().unwrap()))
            })
            .collect();
        assert_eq!(set["NPM_CONFIG_REGISTRY"], None);
        assert_eq!(set["npm_config_replace-registry-host"], None);
        assert!(!set.contains_key("PATH"));
        assert_eq!(set["npm_config_@a:registry"], Some("http://127.0.0.1:1/"));
        assert_eq!(set["npm_config_cache"], Some("/c/npm"));
    }
}
