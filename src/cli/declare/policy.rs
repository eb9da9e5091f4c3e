//! `sealift policy`, declared.

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};

use super::{TrustOptions, VerifyOptions, examples};

/// write and check policies: whom you expect, and what you excuse
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// write a policy to start from
    ///
    /// Without --from, a template with every table and key, each explained. With it, rules that the
    /// archive meets today: what all packages have in common, where they are from, which of the public
    /// ones the registry has signed, and who built them. The archive is verified first, and every
    /// package must have integrity. Read what was written before you use it.
    #[command(after_help = examples::POLICY_INIT)]
    Init(Init),
    /// check a policy, and try it on an archive
    ///
    /// Says what the policy has: signers, rules, and exceptions with their state. With an archive, it
    /// is verified by the policy as `bundle verify` does, but this build's lockfile is not asked for;
    /// then each rule has the number of packages that it selects. Exit status 1 where the policy
    /// refuses the archive, 2 where the policy is not valid.
    #[command(after_help = examples::POLICY_CHECK)]
    Check(Check),
    /// write down who built each package of an archive
    ///
    /// The archive is verified first as `bundle verify` does, under the same demands. The file that is
    /// written has who built each package, its claims and its bytes, by release line; a policy names it
    /// under `[identities]`, and what differs from it later is refused. With --update, the file takes
    /// over what the archive has, and what changes is shown: another builder, lost evidence and an
    /// unknown release line do not stop an update of the file that the policy names, other bytes of a
    /// known version do.
    #[command(after_help = examples::POLICY_LOCK)]
    Lock(Lock),
}

/// Options of `policy init`.
#[derive(Debug, Args)]
pub struct Init {
    /// where to write the policy; without it, to standard output. A file is never overwritten
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// an archive: write rules that it meets
    #[arg(long, value_name = "ARCHIVE")]
    pub from: Option<PathBuf>,
    /// a public key (SPKI PEM) that you trust to seal; repeat for several
    #[arg(long = "key", value_name = "FILE", requires = "from")]
    pub keys: Vec<PathBuf>,
    /// how many signers must have sealed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub threshold: u32,
    /// a policy with the exceptions that the archive needs; what it has is not repeated
    #[arg(long, value_name = "FILE", requires = "from")]
    pub policy: Vec<PathBuf>,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// Options of `policy check`.
#[derive(Debug, Args)]
pub struct Check {
    /// the policy
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// an archive to try it on
    #[arg(value_name = "ARCHIVE")]
    pub archive: Option<PathBuf>,
    /// another policy that counts beside it; repeat for several
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// a public key (SPKI PEM) that you trust to seal, beside the policy's signers; repeat for several
    #[arg(long = "key", value_name = "FILE", requires = "archive")]
    pub keys: Vec<PathBuf>,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// Options of `policy lock`.
#[derive(Debug, Args)]
pub struct Lock {
    /// the archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// the file of identities
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// change the file that is there, and show what changes
    #[arg(long)]
    pub update: bool,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
}
