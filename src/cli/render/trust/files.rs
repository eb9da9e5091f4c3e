//! Files: a root to pin, and what was exported.

use std::{fmt, path::PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::{app::trust::Root, cli::render::Rendered, core::text::Untrusted};

/// A root, and whether it is pinned.
pub struct PinnedRoot<'a> {
    /// The root.
    pub root: &'a Root,
    /// The name of its instance.
    pub instance: &'a str,
    /// Whether it is pinned.
    pub pinned: bool,
}

impl fmt::Display for PinnedRoot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root {} sha256:{}", self.root.version, self.root.fingerprint.to_hex())
    }
}

impl Rendered for PinnedRoot<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-trust-pin/1",
            "instance": self.instance,
            "root": self.root.version,
            "sha256": self.root.fingerprint.to_hex(),
            "pinned": self.pinned,
        })
    }
}

/// The files that an export has written.
pub struct ExportedFiles(pub Vec<PathBuf>);

impl ExportedFiles {
    fn names(&self) -> Vec<String> {
        self.0.iter().map(|path| path.display().to_string()).collect()
    }
}

impl fmt::Display for ExportedFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().iter().map(|name| Untrusted(name).to_string()).collect();
        f.write_str(&names.join("\n"))
    }
}

impl Rendered for ExportedFiles {
    fn json(&self) -> impl Serialize + '_ {
        json!({"schema": "sealift-trust-export/1", "files": self.names()})
    }
}
