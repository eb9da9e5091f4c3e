//! `sealift trust`, declared.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

use super::examples;

/// keep the trust roots current, and carry them across
#[derive(Debug, Subcommand)]
pub enum TrustCommand {
    /// bring the trust store up to date from the TUF repositories
    ///
    /// Walks from the pinned root (TUF specification, section 5), at one fixed time, and advances the
    /// store only if everything verifies. Metadata older than the store's is refused as a rollback. If
    /// only the npm registry's keys cannot be updated, everything else is, and the last verified keys
    /// stay in use; reports show their age.
    #[cfg(feature = "network")]
    #[command(after_help = examples::REFRESH)]
    Refresh(Refresh),
    /// show roles, versions, expiries and keys
    #[command(after_help = examples::TRUST_SHOW)]
    Show(Show),
    /// show what differs between two stores, or a store and an archive
    #[command(after_help = examples::DIFF)]
    Diff(Diff),
    /// bring the trust store up to date from an archive, with no network
    ///
    /// Replays the TUF metadata that the archive carries, from the pinned root, at the time of its last
    /// check before the seal. Then advances the store to it. Metadata older than the store's is refused
    /// as a rollback. If the store holds the same metadata already, it is up to date.
    #[command(after_help = examples::IMPORT)]
    Import(Import),
    /// write out what is trusted, for other tools
    ///
    /// The newer one counts: the store's material or the built-in material. Writes into a folder:
    /// trusted_root.json; npm's keys.json, if the instance has them; and trusted_root.jsonl in the form
    /// that `gh attestation verify --custom-trusted-root` takes.
    #[command(after_help = examples::EXPORT)]
    Export(Export),
    /// trust a private instance, by its root
    ///
    /// Everything of that instance is verified from this root. Compare the fingerprint that is shown
    /// with one that you got another way, then confirm with --yes.
    #[command(after_help = examples::PIN)]
    Pin(Pin),
}

/// Which store.
#[derive(Debug, Args)]
pub struct StoreOptions {
    /// the folder of the trust store
    #[arg(long, value_name = "DIR")]
    pub trust_dir: Option<PathBuf>,
}

/// Options of `trust refresh`.
#[derive(Debug, Args)]
pub struct Refresh {
    /// only this instance; without it, all that are configured
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// a mirror of the TUF repository
    #[arg(long, value_name = "URL", requires = "instance")]
    pub mirror: Option<url::Url>,
    /// start from this root in place of the pinned one
    ///
    /// The instance's own pinned roots must lead to the result as well, for every later command
    /// starts at those. A root of another repository is given a name of its own with `trust pin`.
    #[arg(long, value_name = "FILE", requires = "instance")]
    pub root: Option<PathBuf>,
    /// take back a last check that a wrong clock put in the future
    #[arg(long)]
    pub reset_check: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Options of `trust show`.
#[derive(Debug, Args)]
pub struct Show {
    /// only this instance; without it, all
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Options of `trust diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// the older: the folder of a trust store, or an archive
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// the newer; without it, what this machine trusts: the newest of its trust store and what is
    /// built in
    #[arg(value_name = "NEW")]
    pub new: Option<PathBuf>,
    /// the public key (SPKI PEM) of the sealer, if one of the two is an archive
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// the instance
    #[arg(long, value_name = "NAME", default_value = "public-good")]
    pub instance: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Options of `trust import`.
#[derive(Debug, Args)]
pub struct Import {
    /// the archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// a public key (SPKI PEM) that you trust to seal; repeat for several
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// how many of the keys must have signed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub threshold: u32,
    /// only this instance; without it, all that the archive carries
    #[arg(long, value_name = "NAME")]
    pub instance: Option<String>,
    /// take back a last check that a wrong clock put in the future
    #[arg(long)]
    pub reset_check: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Options of `trust export`.
#[derive(Debug, Args)]
pub struct Export {
    /// the folder to write to; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// the instance
    #[arg(long, value_name = "NAME", default_value = "public-good")]
    pub instance: String,
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}

/// Options of `trust pin`.
#[derive(Debug, Args)]
pub struct Pin {
    /// the instance's TUF root
    #[arg(value_name = "ROOT.json")]
    pub root: PathBuf,
    /// a name for the instance
    #[arg(long, value_name = "NAME")]
    pub instance: String,
    /// the address of its TUF repository
    #[arg(long, value_name = "URL")]
    pub url: url::Url,
    /// the npm registry that it speaks for: the keys that it publishes count for that one alone
    #[arg(long, value_name = "URL")]
    pub registry: Option<String>,
    /// the fingerprint was compared
    #[arg(long)]
    pub yes: bool,
    /// Which store.
    #[command(flatten)]
    pub store: StoreOptions,
}
