//! `sealift key`, declared.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;
use crate::app::keys::KeyAlgorithm;

/// make and show the keys that sign archives
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// make a key pair
    ///
    /// The key is in the forms that OpenSSL reads: the private key as PKCS#8 PEM with mode 0600, the
    /// public key as SPKI PEM beside it. Existing files are never overwritten.
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
    /// what kind of key to make: ed25519 or ecdsa-p256
    #[arg(long, value_enum, default_value_t, value_name = "NAME", hide_possible_values = true)]
    pub algorithm: AlgorithmName,
}

/// Kinds of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum AlgorithmName {
    /// Ed25519.
    #[default]
    Ed25519,
    /// ECDSA on the curve P-256.
    EcdsaP256,
}

impl From<AlgorithmName> for KeyAlgorithm {
    fn from(algorithm: AlgorithmName) -> Self {
        match algorithm {
            AlgorithmName::Ed25519 => Self::Ed25519,
            AlgorithmName::EcdsaP256 => Self::EcdsaP256,
        }
    }
}

/// Options of `key show`.
#[derive(Debug, Args)]
pub struct Show {
    /// a private or public key
    #[arg(value_name = "FILE")]
    pub key: PathBuf,
}
