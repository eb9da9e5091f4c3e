//! The command line, declared. What the commands do is in `crate::cli::commands`.

mod bundle;
mod examples;
mod install;
mod key;
mod policy;
mod recall;
mod report;
mod store;
mod trust;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::core::time::{self, Time};

#[cfg(feature = "internals")] // a test runs each
pub use self::examples::EXAMPLES;
#[cfg(feature = "serve")]
pub use self::install::Serve;
#[cfg(feature = "network")]
pub use self::{bundle::Fetch, recall::RecallFetch, trust::Refresh};
pub use self::{
    bundle::{
        BundleCommand, DemandOptions, Diff as BundleDiff, Inspect, Sign, Statements, Verify,
        VerifyOptions, Why,
    },
    install::Unpack,
    key::{Generate, KeyCommand, Show as KeyShow},
    policy::{Check, Init, Lock, PolicyCommand},
    recall::{RecallApply, RecallCommand},
    report::{Report, ReportOptions},
    store::{Index, Where},
    trust::{Diff, Export, Import, Pin, Show as TrustShow, StoreOptions, TrustCommand},
};

/// carry a project's dependencies, and the evidence for them, across an air gap
///
/// On a connected machine, sealift collects every package of a lockfile with its registry
/// signatures and attestations, and seals all of it into one signed archive. Behind the gap it
/// verifies the archive again, from pinned roots, with no network at all.
#[derive(Debug, Parser)]
#[command(name = "sealift", version, max_term_width = 80, after_help = EXIT_STATUS)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  verified, or done
  1  evidence was examined and refused
  2  could not check: usage, files, network, no trust material";

/// Options of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// how to print the result: for people, or as sealift-report(5) specifies
    #[arg(long, global = true, value_enum, default_value_t, value_name = "human|json")]
    #[arg(hide_possible_values = true, help_heading = "Global options")]
    pub format: OutputFormat,
    /// judge as of this time (RFC 3339) in place of the clock
    #[arg(long, global = true, value_parser = at, value_name = "TIME")]
    #[arg(help_heading = "Global options")]
    pub at: Option<Time>,
    /// say only the result, and what is wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    #[arg(help_heading = "Global options")]
    pub quiet: bool,
    /// say more: every package, not only the remarkable ones
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,
    /// when to use colour; NO_COLOR is respected
    #[arg(long, global = true, value_enum, default_value_t, value_name = "auto|always|never")]
    #[arg(hide_possible_values = true, help_heading = "Global options")]
    pub color: Color,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutputFormat {
    /// For people.
    #[default]
    Human,
    /// For programs, as sealift-report(5) specifies.
    Json,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// seal, verify and look into archives
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// write and check policies: whom you expect, and what you excuse
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// find the archives with packages that are malicious, or with keys that were withdrawn
    #[command(subcommand)]
    Recall(RecallCommand),
    /// keep the trust roots current, and carry them across
    #[command(subcommand)]
    Trust(TrustCommand),
    /// make and show the keys that sign archives
    #[command(subcommand)]
    Key(KeyCommand),
    /// render a stored report: a page for people, a comment on a merge request
    ///
    /// Needs nothing but the report, and verifies nothing anew: it shows what the report says. What it
    /// renders says at the top who has signed the report, or that nobody has. With --key, one of these keys
    /// must have signed it, or nothing is rendered.
    #[command(after_help = examples::REPORT)]
    Report(Report),
    /// print completions for a shell
    Completions {
        /// the shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Where trust comes from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trust options")]
pub struct TrustOptions {
    /// the Sigstore instance that vouches for the registry
    #[arg(long, value_name = "NAME", default_value = "public-good")]
    pub instance: String,
    /// the folder of the trust store
    #[arg(long, value_name = "DIR")]
    pub trust_dir: Option<PathBuf>,
    /// a trusted_root.json that you pin yourself, in place of TUF
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// the registry's keys.json that you pin yourself, in place of TUF
    #[arg(long, value_name = "FILE", requires = "trusted_root")]
    pub npm_keys: Option<PathBuf>,
    /// the identity that must sign this registry's publish attestations, if the registry signs with
    /// certificates and not with a key; may be repeated
    #[arg(long, num_args = 3, value_names = ["REGISTRY", "ISSUER", "IDENTITY"])]
    pub publisher: Vec<String>,
}

fn at(text: &str) -> Result<Time, String> {
    time::parse(text).ok_or_else(|| "not a time in RFC 3339, such as 2026-11-23T04:00:00Z".into())
}
