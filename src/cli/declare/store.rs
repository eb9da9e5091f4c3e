//! The commands of `sealift bundle` that are about a folder of archives, declared.

use std::path::PathBuf;

use clap::Args;

use super::VerifyOptions;

/// Options of `bundle index`.
#[derive(Debug, Args)]
pub struct Index {
    /// the folder; archives are the files below it whose names end in .sealift
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// the public key of who signs stored reports; repeat for several. Without one, it is not known whether a
    /// signature on a report is good, and the index says so
    #[arg(long = "report-signer", value_name = "FILE")]
    pub report_keys: Vec<PathBuf>,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
}

/// Options of `bundle where`.
#[derive(Debug, Args)]
pub struct Where {
    /// a package: its purl with or without the version, npm:left-pad, left-pad@1.3.0; a repository, its
    /// owner or a workflow: the address, with https://; a key: SHA256:…, of a registry or of a signer
    #[arg(value_name = "QUERY")]
    pub query: String,
    /// the folder, with the index that `bundle index` wrote
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}
