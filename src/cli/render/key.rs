//! Keys.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::json;

use super::Rendered;
use crate::core::archive::key::PublicKey;

/// A key pair that was made. The text for people is its fingerprint: notes say where it is.
pub struct GeneratedKey<'a> {
    /// Its public half.
    pub key: &'a PublicKey,
    /// The file with the private key.
    pub private: &'a Path,
    /// The file with the public key.
    pub public: PathBuf,
}

impl fmt::Display for GeneratedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key.fingerprint())
    }
}

impl Rendered for GeneratedKey<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-key-generate/1",
            "fingerprint": self.key.fingerprint(),
            "privateKey": self.private.display().to_string(),
            "publicKey": self.public.display().to_string(),
        })
    }
}

/// A key's fingerprint and its public half.
pub struct ShownKey<'a>(pub &'a PublicKey);

impl fmt::Display for ShownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.0.fingerprint(), self.0.to_pem().trim_end())
    }
}

impl Rendered for ShownKey<'_> {
    fn json(&self) -> impl Serialize + '_ {
        json!({
            "schema": "sealift-key-show/1",
            "fingerprint": self.0.fingerprint(),
            "publicKey": self.0.to_pem(),
        })
    }
}
