//! The environment in which package managers ask a registry, and no other.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    process::Command,
};

use crate::{
    adapters::files::{self, FileError},
    core::limits,
};

/// Variables that make npm, pnpm, Yarn and bun ask one registry.
#[derive(Debug, Clone)]
pub struct Environment {
    variables: Vec<(String, OsString)>,
}

impl Environment {
    /// For the registry at `url`. `scopes` have their `@`: what a project or a user says of a scope's
    /// registry would win over the registry for all others. `cache` is a folder of this run alone.
    pub fn new<'a>(url: &str, scopes: impl IntoIterator<Item = &'a str>, cache: &Path) -> Self {
        let mut variables: Vec<(String, OsString)> = Vec::new();
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
            ("npm_config_noproxy", "127.0.0.1,localhost"),
            ("pnpm_config_registry", url),
            ("YARN_NPM_REGISTRY_SERVER", url.trim_end_matches('/')),
            ("YARN_UNSAFE_HTTP_WHITELIST", "127.0.0.1"),
            ("YARN_ENABLE_TELEMETRY", "0"),
            // In the project, and not in a folder that this user's other projects share.
            ("YARN_ENABLE_GLOBAL_CACHE", "false"),
            ("BUN_CONFIG_REGISTRY", url),
            // A proxy would be asked for loopback too.
            ("NO_PROXY", "127.0.0.1,localhost"),
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
    pub fn with_pnpm(mut self, cache: &Path) -> Self {
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

/// The scopes that an `.npmrc` gives a registry, with their `@`; none where there is no such file.
///
/// # Errors
/// When it is there and cannot be read.
pub fn npmrc_scopes(file: &Path) -> Result<Vec<String>, FileError> {
    if !files::is_filled(file) {
        return Ok(Vec::new());
    }
    let bytes = files::read(file, limits::NPMRC_BYTES)?;
    Ok(scopes(&String::from_utf8_lossy(&bytes)).map(str::to_owned).collect())
}

/// The scopes that an `.npmrc` gives a registry, with their `@`. A line in a section counts too: one
/// scope too many does no harm.
fn scopes(npmrc: &str) -> impl Iterator<Item = &str> {
    npmrc.split(['\r', '\n']).filter_map(|line| {
        let key = line.split_once('=').map_or(line, |(key, _)| key).trim();
        let key = key.trim_matches(['"', '\'']);
        key.strip_suffix(":registry").filter(|scope| is_scope(scope))
    })
}

/// The scope that a variable gives a registry.
pub fn scope_of_variable(name: &str) -> Option<&str> {
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
                     @:registry=1\n@d:registry";
        assert_eq!(scopes(npmrc).collect::<Vec<_>>(), ["@a", "@b", "@d"]);
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
