//! `sealift recall`, declared.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[cfg(feature = "network")]
use super::TrustOptions;
use super::{VerifyOptions, examples};

/// find the archives with packages that are malicious, or with keys that were withdrawn
#[derive(Debug, Subcommand)]
pub enum RecallCommand {
    /// seal the newest trust and the advisories for what archives hold
    ///
    /// Reads which packages the archives hold, and searches the advisories for them: OSV records about
    /// malicious packages, which have an id that starts with MAL- or a list of
    /// malicious-packages-origins, and which are not withdrawn. The source is read as a whole: no name
    /// of a package is sent to anybody. Refreshes the trust root as `bundle fetch` does. All of it goes
    /// into one signed file, which `recall apply` takes behind the gap; sealift-recall(5) has its form.
    #[cfg(feature = "network")]
    #[command(after_help = examples::RECALL_FETCH)]
    Fetch(RecallFetch),
    /// judge archives by a recall, with no network
    ///
    /// Verifies the seal of the recall, replays its trust metadata from the pinned root, and takes it
    /// over into the trust store where it is newer. Then verifies every archive anew as `bundle verify`
    /// does, under the same demands, and looks for packages that an advisory is about. A recall that is
    /// older than one that was applied before is refused. The exit status is 1 where an archive is
    /// affected or refused, and 2 where nothing is wrong but something could not be checked: a file
    /// that cannot be read, a package that the recall did not ask about, or records that the fetch
    /// could not read.
    #[command(after_help = examples::RECALL_APPLY)]
    Apply(RecallApply),
}

/// Options of `recall fetch`.
#[cfg(feature = "network")]
#[derive(Debug, Args)]
#[command(override_usage = USAGE)]
pub struct RecallFetch {
    /// archives, and folders whose .sealift files are read, but for recalls
    #[arg(value_name = "PATH")]
    pub archives: Vec<PathBuf>,
    /// a file of package URLs, one a line, with or without versions: for archives that are behind the
    /// gap; repeat for several
    #[arg(long, value_name = "FILE")]
    pub purls: Vec<PathBuf>,
    /// where the advisories are: a folder of OSV records (searched with all folders below it), a ZIP
    /// file of them, or the http or https address of such a file
    #[arg(long, value_name = "SOURCE")]
    pub advisories: String,
    /// where to write the recall; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// the private key that signs (PKCS#8 PEM); without it, the one that `bundle fetch` uses
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// the public key (SPKI PEM) of who sealed the archives; repeat for several. Without it, the public
    /// half of the key that signs
    #[arg(long, value_name = "FILE")]
    pub signed_by: Vec<PathBuf>,
    /// seal with the trust at hand, without asking the TUF repository for newer
    #[arg(long)]
    pub no_refresh: bool,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// As clap makes it, but within 80 columns.
#[cfg(feature = "network")]
const USAGE: &str = "sealift recall fetch [OPTIONS] --advisories <SOURCE> -o <FILE> [PATH]...";

/// Options of `recall apply`.
#[derive(Debug, Args)]
pub struct RecallApply {
    /// the recall
    #[arg(value_name = "RECALL")]
    pub recall: PathBuf,
    /// archives, and folders whose .sealift files are judged, but for recalls
    #[arg(required = true, value_name = "PATH")]
    pub archives: Vec<PathBuf>,
    /// a public key (SPKI PEM) that you trust to seal recalls; repeat for several: one of them must have
    /// sealed it, and no other key counts. Without it, a recall needs as many signers as an archive
    #[arg(long = "recall-key", value_name = "FILE")]
    pub recall_keys: Vec<PathBuf>,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
}
