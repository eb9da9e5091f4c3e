//! `sealift bundle`, declared.

use std::path::PathBuf;

use clap::{
    ArgGroup, Args, Subcommand,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
    value_parser,
};

#[cfg(feature = "serve")]
use super::Serve;
use super::{Index, ReportOptions, TrustOptions, Unpack, Where, examples};
use crate::core::{
    package::digest::{Algorithm, Digest},
    policy::Reaction,
    time::Age,
    verdict::{Claim, Weakness},
};

/// seal, verify and look into archives
#[derive(Debug, Subcommand)]
pub enum BundleCommand {
    /// collect a lockfile's packages with their evidence, and seal them
    ///
    /// Every entry of the lockfiles is accounted for: collected, or listed with the reason why not.
    /// Each tarball is checked against the lockfile before it is kept; registry signatures and
    /// attestations are collected where the registry has them. The archive that was written is opened
    /// again and verified with no network before it gets its name; evidence that does not verify
    /// stops the seal.
    #[cfg(feature = "network")]
    #[command(after_help = examples::FETCH)]
    Fetch(Fetch),
    /// verify an archive, with no network
    ///
    /// In this order: the signatures on the archive against your keys; every byte in it against the
    /// signed manifest; then, for each package, the tarball against the lockfile's hashes, the
    /// registry's signature, the publish attestation and the provenance, from pinned trust roots; last,
    /// all of it against your policy. Evidence that is there and does not verify is refused, whatever
    /// the policy says. There is no default: say with --policy whom you expect, or with --require which
    /// claims every package must have.
    ///
    /// Of a folder, all archives in it and below it are verified so, by today's trust and policy. Evidence
    /// that several share is judged once; every byte of each is compared with its manifest. Symbolic links
    /// are not followed. The exit status is 1 if any archive is refused, else 2 if one could not be checked.
    #[command(after_help = examples::VERIFY)]
    Verify(Verify),
    /// keep an index of the archives in a folder: who has what from whom
    ///
    /// Verifies every archive in the folder and below it as `bundle verify` does, under the same demands, and
    /// writes what was verified of each package into DIR/sealift-index.ndjson: its repository, workflow,
    /// keys and digest. Every archive is judged anew on each run. Refused archives are in the index, as
    /// refused. Stored reports in the folder are read as well, and not judged: what they say of archives that are
    /// not there is in the index too, with the key that signed the report, or that nobody has. `bundle where`
    /// answers from the index, and so does any tool that reads NDJSON; sealift-index(5) has the columns.
    #[command(after_help = examples::INDEX)]
    Index(Index),
    /// find the archives that hold a package, or evidence by a repository, a workflow or a key
    ///
    /// Answers from the index that `bundle index` wrote, and opens no archive: what it prints was verified
    /// when the index was written, or a stored report says it, which the answer names. An address finds itself and
    /// what is below it. The names, sizes and times of archives and reports are compared with the index. Where
    /// they differ, or it is not known what one holds, the answer says so, and the exit status is 2. Otherwise it
    /// is 0, whether something was found or not.
    #[command(after_help = examples::WHERE)]
    Where(Where),
    /// explain what became of one package, step by step
    ///
    /// Verifies the archive as `bundle verify` does, under the same demands, and explains the package:
    /// who needs it, what was compared with what, which key or certificate signed and by which clock,
    /// and which rule or exception decided. Of what is refused it says what to do, and on which side of
    /// the gap. It names the archive's entries, so that other tools can look at the same evidence.
    #[command(after_help = examples::WHY)]
    Why(Why),
    /// write a folder that a package manager installs from, out of a verified archive
    ///
    /// Verifies the archive as `bundle verify` does with --deep, under the same demands. Then it writes
    /// the tarballs in the layout that --for names, and prints what to run. Tarballs are not unpacked. A
    /// refused archive is not written, and a failure or an interruption leaves nothing behind.
    #[command(after_help = examples::UNPACK)]
    Unpack(Unpack),
    /// show what an archive says of itself, without verifying it
    ///
    /// Nothing that this prints is verified: an archive can say anything of itself.
    #[command(after_help = examples::INSPECT)]
    Inspect(Inspect),
    /// show what changes from one archive to another
    ///
    /// Packages that are added, removed or updated; other bytes for the same version; evidence that
    /// is lost, gained or refused; who built each package, and from which registry it is; scripts that
    /// run at installation and did not; and the trust that the two are judged by. Both archives are
    /// examined as `bundle verify` does with --require integrity, so that nothing is compared that was
    /// not verified. The exit status is 0 whether they differ or not, since a change is not a fault:
    /// the JSON says what differs. It is 1 where evidence in one of the two does not verify.
    #[command(after_help = examples::BUNDLE_DIFF)]
    Diff(Diff),
    /// serve archives to package managers, as a registry that is read-only
    ///
    /// Verifies every archive as `bundle verify` does, under the same demands and with --deep. If one is
    /// refused, none is served. Several archives are one registry; two contents for one name and version
    /// are refused. The document of a version comes from its tarball's own package.json; only its
    /// signatures and times come from the registry's record. A package that is not sealed is not found:
    /// sealift asks no other registry. Bytes are compared with the signed manifest again each time they
    /// are sent. If they differ, the archive changed, and the exit status is 1. The page at / shows a person what is
    /// served and how it verified. With --exec a command is run with the environment in which npm, pnpm, Yarn and
    /// bun ask this registry alone, and its exit status is returned.
    ///
    /// npm takes the addresses of a lockfile as paths on this registry, under --exec and with
    /// --replace-registry-host=always. It clones git dependencies, and npm 12 refuses packages that
    /// package.json asks for by an address. --rewrite-lockfile is for both: in the copy they are packages
    /// of this registry, and package.json must ask for their versions. Yarn 1 asks the hosts that yarn.lock
    /// names, whatever is set: install from `bundle unpack --for yarn`, or by a copy of yarn.lock in
    /// which `sed -E 's#^(  resolved ")https?://[^/]+/#\1http://127.0.0.1:4873/#'` has put this
    /// registry in their place. pnpm 12 asks the registry that .npmrc gives a scope, whatever the
    /// environment says, unless it is run with --config.@SCOPE:registry.
    #[cfg(feature = "serve")]
    #[command(after_help = examples::SERVE)]
    Serve(Serve),
    /// add a signature to an archive
    ///
    /// For archives that several people vouch for. The archive is examined first as `bundle verify`
    /// does, under the same demands; then your signature is added to those that it has.
    #[command(after_help = examples::SIGN)]
    Sign(Sign),
}

/// Options of `bundle fetch`.
#[derive(Debug, Args)]
pub struct Fetch {
    /// a lockfile of npm, under any name; where package-lock.json and npm-shrinkwrap.json are in one
    /// folder, both are read
    #[arg(required = true, value_name = "LOCKFILE")]
    pub lockfiles: Vec<PathBuf>,
    /// where to write the archive; - is standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// a tarball that you packed for a git dependency, after its address as the lockfile has it and
    /// =; repeat for several. `bundle verify` denies it, unless the policy has the exception that is
    /// printed
    #[arg(long = "supply", value_name = "ADDRESS=FILE", value_parser = supply)]
    pub supplies: Vec<(String, PathBuf)>,
    /// the private key that signs (PKCS#8 PEM); without it, one is made once and kept in the
    /// configuration folder
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// a mirror of the public registry to download from, such as a proxy that the lockfile's
    /// addresses lead to: changes where bytes come from, not whose keys are expected
    #[arg(long, value_name = "URL")]
    pub registry: Option<url::Url>,
    /// take credentials, proxies, certificates and ${VARIABLES} from the .npmrc beside the lockfile
    /// too, and not only where registries are: for a project that is your own
    #[arg(long)]
    pub trust_project_npmrc: bool,
    /// requests in flight for each host, at most; fewer where a host says that it is too much
    #[arg(long, value_name = "N", value_parser = concurrency)]
    pub concurrency: Option<usize>,
    /// seal with the trust at hand, without asking the TUF repository for newer
    #[arg(long)]
    pub no_refresh: bool,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// Options of `bundle verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// the archive, or a folder of archives
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
    /// Which reports to write.
    #[command(flatten)]
    pub reports: ReportOptions,
    /// What to state.
    #[command(flatten)]
    pub statements: Statements,
}

/// What to state of what was found.
#[derive(Debug, Args)]
#[command(next_help_heading = "Statements")]
#[group(skip)]
#[command(group(ArgGroup::new("statements").multiple(true).args(["attest", "attest_packages"])))]
pub struct Statements {
    /// write a SLSA verification summary (VSA) about the archive, whatever the verdict: PASSED only
    /// where it is verified. The file must not be there yet; sealift-statement(5) has its form
    #[arg(long, value_name = "FILE")]
    pub attest: Option<PathBuf>,
    /// write such a statement about each package, one a line
    #[arg(long, value_name = "FILE")]
    pub attest_packages: Option<PathBuf>,
    /// the private key (PKCS#8 PEM) that signs the statements, each in a DSSE envelope; without it
    /// they are bare
    #[arg(long, value_name = "FILE", requires = "statements")]
    pub attest_key: Option<PathBuf>,
}

/// Options of `bundle why`.
#[derive(Debug, Args)]
pub struct Why {
    /// the archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// the package: left-pad, left-pad@1.3.0 or its purl
    #[arg(value_name = "PACKAGE")]
    pub package: String,
    /// How to verify.
    #[command(flatten)]
    pub verify: VerifyOptions,
}

/// How to verify an archive.
#[derive(Debug, Args)]
pub struct VerifyOptions {
    /// a public key (SPKI PEM) that you trust to seal; repeat for several
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// how many signers must have sealed
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    pub threshold: u32,
    /// What is demanded.
    #[command(flatten)]
    pub demands: DemandOptions,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// What is demanded of an archive.
#[derive(Debug, Args)]
#[command(next_help_heading = "Demands")]
pub struct DemandOptions {
    /// a policy: whom you expect, and what you excuse; sealift-policy(5) has its form. Repeat for
    /// several: rules add up, and of limits the stricter one counts
    #[arg(long, value_name = "FILE")]
    pub policy: Vec<PathBuf>,
    /// claims that every package must have; integrity is always among them
    #[arg(long, value_name = "CLAIM", value_delimiter = ',', value_parser = names(Claim::ALL.map(Claim::name)).map(claim))]
    pub require: Vec<Claim>,
    /// refuse what verifies but is weak: retired-key, sha1, pinned-by-signature, promise-only,
    /// self-hosted, unavailable
    #[arg(long, value_name = "WEAKNESS", value_delimiter = ',', value_parser = names(Weakness::ALL.map(Weakness::name)).map(weakness), hide_possible_values = true)]
    pub deny: Vec<Weakness>,
    /// this build's lockfile: every entry of it must be covered by the archive
    #[arg(long, value_name = "FILE")]
    pub lockfile: Vec<PathBuf>,
    /// list every tarball, and hold its package.json against its name and version
    #[arg(long)]
    pub deep: bool,
    /// refuse an archive that was sealed longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "AGE")]
    pub max_age: Option<Age>,
    /// refuse trust that was checked longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "AGE", conflicts_with = "trusted_root")]
    pub max_trust_age: Option<Age>,
    /// what follows where an age is past its limit: deny (as without this), or warn (the verdict is then
    /// stale)
    #[arg(long, value_name = "deny|warn", value_parser = names(Reaction::ALL.map(Reaction::name)).map(reaction), hide_possible_values = true)]
    pub past_limit: Option<Reaction>,
}

/// Options of `bundle inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// the archive
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
}

/// Options of `bundle diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// the older archive
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// the newer archive
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// a public key (SPKI PEM) that you trust to seal; repeat for several: one of them must have
    /// sealed each archive
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// Options of `bundle sign`.
#[derive(Debug, Args)]
pub struct Sign {
    /// the archive; it is replaced by the one with your signature
    #[arg(value_name = "ARCHIVE")]
    pub archive: PathBuf,
    /// your private key (PKCS#8 PEM)
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// the public key (SPKI PEM) of who sealed it
    #[arg(long, value_name = "FILE")]
    pub signed_by: PathBuf,
    /// sign only the archive with this SHA-256, such as another host has sealed too
    #[arg(long, value_name = "SHA256", value_parser = sha256)]
    pub digest: Option<Digest>,
    /// What is demanded.
    #[command(flatten)]
    pub demands: DemandOptions,
    /// Where trust comes from.
    #[command(flatten)]
    pub trust: TrustOptions,
}

/// Names, with or without space around them.
pub(super) fn names(
    names: impl IntoIterator<Item = &'static str>,
) -> impl TypedValueParser<Value = String> {
    Trimmed(PossibleValuesParser::new(names))
}

#[derive(Clone)]
struct Trimmed(PossibleValuesParser);

impl TypedValueParser for Trimmed {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<String, clap::Error> {
        let text = value.to_string_lossy();
        self.0.parse_ref(command, argument, text.trim().as_ref())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

fn claim(name: String) -> Claim {
    Claim::ALL.into_iter().find(|claim| claim.name() == name).unwrap_or(Claim::Integrity)
}

fn weakness(name: String) -> Weakness {
    let mut all = Weakness::ALL.into_iter();
    all.find(|weakness| weakness.name() == name).unwrap_or(Weakness::RetiredKey)
}

fn reaction(name: String) -> Reaction {
    Reaction::ALL.into_iter().find(|reaction| reaction.name() == name).unwrap_or_default()
}

/// At the last `=`: an address may have one.
fn supply(text: &str) -> Result<(String, PathBuf), String> {
    match text.rsplit_once('=') {
        Some((address, file)) if !address.is_empty() && !file.is_empty() => {
            Ok((address.to_owned(), file.into()))
        }
        _ => Err("not an address, = and a file".to_owned()),
    }
}

fn sha256(text: &str) -> Result<Digest, String> {
    Digest::from_hex(Algorithm::Sha256, &text.to_ascii_lowercase())
        .ok_or_else(|| "not a SHA-256 in hex (64 digits), as sha256sum prints it".to_owned())
}

fn concurrency(text: &str) -> Result<usize, String> {
    let most = crate::core::limits::IN_FLIGHT_TOTAL;
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("not a number from 1 to {most}"))
}
