//! What is served, and what to set so that package managers ask for it.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use url::Url;

use super::{Rendered, human::count};
use crate::{app::serve::Serving, core::text::Untrusted};

/// What is served.
pub struct Served {
    /// How many packages, and where.
    first: String,
    /// Where clients reach it, such as `http://127.0.0.1:4873/`.
    url: String,
    packages: usize,
    archives: Vec<Value>,
    /// For each package manager, what to set.
    settings: [(&'static str, String); 4],
}

impl Served {
    /// What is served at an address.
    pub fn new(serving: &Serving) -> Self {
        let archives = serving.archives().iter().map(|archive| {
            let report = archive.report();
            json!({
                "file": report.archive.file,
                "sha256": report.archive.sha256.to_hex(),
                "verdict": report.verdict().name(),
            })
        });
        Self {
            first: self::serving(serving),
            url: serving.url(),
            packages: serving.packages(),
            archives: archives.collect(),
            settings: settings(&serving.url()),
        }
    }
}

fn settings(url: &str) -> [(&'static str, String); 4] {
    let npm = format!("npm ci --registry={url} --replace-registry-host=always");
    let pnpm = format!("pnpm install --frozen-lockfile --registry={url}");
    let plain = url.trim_end_matches('/');
    let yarn = format!(
        "YARN_NPM_REGISTRY_SERVER={plain} YARN_UNSAFE_HTTP_WHITELIST={} \
         YARN_ENABLE_TELEMETRY=0 yarn install --immutable",
        Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    );
    let bun = format!("BUN_CONFIG_REGISTRY={url} bun install --frozen-lockfile");
    [("npm", npm), ("pnpm", pnpm), ("yarn", yarn), ("bun", bun)]
}

/// A number of a lockfile's entries.
pub fn entries(number: usize) -> String {
    count(number, "entry")
}

/// How many packages are served, and where.
pub fn serving(serving: &Serving) -> String {
    format!("serving {} at {}", count(serving.packages(), "package"), serving.url())
}

impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first, url, .. } = self;
        write!(f, "{first}\n\ninstall from there, and from nowhere else:")?;
        for (name, setting) in &self.settings {
            write!(f, "\n  {name:4}  {}", Untrusted(setting))?;
        }
        write!(
            f,
            "\n\na scope that .npmrc gives a registry of its own needs --@SCOPE:registry={url} too \
             (pnpm: --config.@SCOPE:registry={url})\n\
             with --exec -- COMMAND, sealift sets all of this itself; Ctrl-C ends it"
        )
    }
}

impl Rendered for Served {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-serve/1",
            "url": self.url,
            "packages": self.packages,
            "archives": self.archives,
        })
    }
}
