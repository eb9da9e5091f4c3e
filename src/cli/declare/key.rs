//! `sealift key`, declared.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::examples;

/// make and show the keys that sign archives
#[derive(Debug, Subcommand)]
pub enum Key {
    /// make a key pair
    ///
    /// An Ed25519 key, in the forms that OpenSSL reads: the private key as PKCS#8 PEM with mode 0600,
    /// the public key as SPKI PEM beside it. Existing files are never overwritten.
    #[command(after_help = examples::GENERATE)]
    Generate(Generate),
    /// show a key's fingerprint and its public half
    ///
    /// The fingerprint is the SHA-256 digest of the public key's SPKI DER, in base64.
    #[command(after_help = examples::SHOW)]
    Show(Show),
}

/// Options of `key generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// where to write the private key; the public key goes to FILE.pub
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
}

/// Options of `key show`.
#[derive(Debug, Args)]
pub struct Show {
    /// a private or public key
    #[arg(value_name = "FILE")]
    pub key: PathBuf,
}
