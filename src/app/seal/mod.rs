//! Collects what lockfiles ask for, and seals it into an archive, which is opened again and verified
//! before it gets its name.

mod assembly;
mod error;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use self::assembly::Assembly;
pub use self::error::SealError;
use crate::{
    adapters::{
        archive,
        files::{self, FileError},
        network::Network,
        registry::{Cache, RegistryConfig},
    },
    app::{
        archive::open,
        clock::Clock,
        collect::{CollectedPackage, Collector, collect},
        inputs::{self, Input},
        keys::{self, KeyAlgorithm, KeyError},
        news::{Listener, News},
        report::Report,
        supply::{self, Supply},
        trust,
        verify::{self, Bar},
    },
    core::{
        archive::{
            key::{PublicKey, SigningKey},
            manifest::Manifest,
        },
        limits,
        policy::{Policy, Signer},
        time::Time,
        verdict::Claim,
    },
};

/// What to seal, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The lockfiles.
    pub lockfiles: Vec<PathBuf>,
    /// Tarballs for their git dependencies.
    pub supplies: Vec<Supply>,
    /// Where the archive goes.
    pub output: Output,
    /// The private key that signs.
    pub key: SealKey,
    /// When it is sealed, in place of the reference time (`SOURCE_DATE_EPOCH`). No answer may be later.
    pub source_date: Option<Time>,
    /// Requests in flight for each host, at most.
    pub concurrency: Option<usize>,
    /// Whether the trust store is used as it is, without a refresh.
    pub no_refresh: bool,
    /// Where trust comes from.
    pub trust: trust::Options,
    /// Where downloads are kept.
    pub cache: PathBuf,
}

/// Where an archive goes.
#[derive(Debug, Clone)]
pub enum Output {
    /// A file.
    File(PathBuf),
    /// A pipe, by way of a temporary file in this folder: nothing is written before it is verified.
    Pipe(PathBuf),
}

/// The private key that signs.
#[derive(Debug, Clone)]
pub enum SealKey {
    /// One that somebody named.
    Named(PathBuf),
    /// This user's, which is made where it is not there yet.
    Own(PathBuf),
}

impl SealKey {
    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Own(path) => path,
        }
    }

    /// Reads it. `None` where the user's own is not there yet.
    pub(super) fn load(&self, listener: &mut dyn Listener) -> Result<Option<SigningKey>, KeyError> {
        match (keys::signing(self.path(), listener), self) {
            (Err(KeyError::File(error)), Self::Own(_)) if error.is_not_found() => Ok(None),
            (found, _) => Ok(Some(found?)),
        }
    }

    /// Makes it.
    pub(super) fn make(&self, listener: &mut dyn Listener) -> Result<SigningKey, KeyError> {
        if let Some(folder) = self.path().parent() {
            files::create_folder(folder)?;
        }
        let fingerprint = keys::generate(self.path(), KeyAlgorithm::Ed25519)?.fingerprint();
        let public = keys::public_path(self.path());
        listener.hear(News::MadeKey { fingerprint, public: &public });
        keys::signing(self.path(), listener)
    }
}

/// A seal that is ready for the network: all checks that need no network have passed.
pub struct Sealing<'a> {
    options: &'a Options,
    clock: &'a Clock,
    inputs: Vec<Input>,
    supplied: Vec<CollectedPackage>,
    /// Where the archive is written: links are resolved.
    output: PathBuf,
    sealed_at: Time,
    key: Option<SigningKey>,
}

impl Options {
    /// Reads the lockfiles, what was supplied and the key, and finds out whether the archive can be written.
    ///
    /// # Errors
    /// When one of them cannot be, or the archive would replace what it is made from.
    pub fn prepare<'a>(
        &'a self,
        clock: &'a Clock,
        listener: &mut dyn Listener,
    ) -> Result<Sealing<'a>, SealError> {
        let inputs = inputs::read(&self.lockfiles)?;
        for Input { path, stripped: addresses, .. } in &inputs {
            if *addresses > 0 {
                listener.hear(News::Stripped { path, addresses: *addresses });
            }
        }
        let supplied = supply::read(&self.supplies, &inputs)?;
        if supplied.is_empty() && !inputs.iter().any(|input| input.asks_for_a_package(false)) {
            return Err(SealError::NothingToCarry);
        }
        let output = match &self.output {
            Output::File(path) => files::writable(path)?,
            Output::Pipe(folder) => folder.join("archive"),
        };
        self.require_no_input()?;
        let sealed_at = sealing_time(self.source_date, clock)?;
        let key = self.key.load(listener)?;
        drop(files::temporary(&output)?);
        Ok(Sealing { options: self, clock, inputs, supplied, output, sealed_at, key })
    }

    /// The archive replaces no file that it is made from, and no key.
    fn require_no_input(&self) -> Result<(), SealError> {
        let Output::File(output) = &self.output else { return Ok(()) };
        let public = keys::public_path(self.key.path());
        let pinned = self.trust.files.iter();
        let pinned = pinned.flat_map(|files| [Some(&files.trusted_root), files.npm_keys.as_ref()]);
        let read = self.lockfiles.iter().map(PathBuf::as_path);
        let read = read.chain(self.supplies.iter().map(|supply| supply.file.as_path()));
        let read = read.chain([self.key.path(), &public]);
        let mut read = read.chain(pinned.flatten().map(PathBuf::as_path));
        match read.find(|path| files::is_same(path, output)) {
            None => Ok(()),
            Some(path) => Err(SealError::ReplacesInput(path.to_owned())),
        }
    }
}

/// When a file is sealed: not in the future, and not before Sigstore existed.
///
/// # Errors
/// When the time is not so.
pub(super) fn sealing_time(source_date: Option<Time>, clock: &Clock) -> Result<Time, SealError> {
    let sealed_at = source_date.unwrap_or(clock.at);
    if sealed_at > clock.at || clock.at > clock.now {
        return Err(SealError::Future);
    }
    if sealed_at < limits::EARLIEST {
        return Err(SealError::TooEarly);
    }
    Ok(sealed_at)
}

impl Sealing<'_> {
    /// Collects, seals, opens again, verifies. Only [`SealedArchive::keep`] gives the archive its name.
    ///
    /// # Errors
    /// When something could not be fetched, or is not what it should be. No archive
    /// is left behind then.
    pub fn run(
        self,
        network: Network,
        config: &RegistryConfig,
        listener: &mut dyn Listener,
    ) -> Result<SealedArchive, SealError> {
        let Self { options, clock, inputs, supplied, output, sealed_at, key } = self;
        let connected = Connected { options, clock, network: &network, config };
        let Assembly { predicate, subjects, contents } =
            connected.assemble(inputs, supplied, sealed_at, listener)?;
        // The network is no longer needed, and its connections take memory.
        drop(network);
        let manifest = Manifest::build(predicate, subjects)?;
        let key = match key {
            Some(key) => key,
            None => options.key.make(listener)?,
        };
        let file = archive::seal(&output, &manifest, std::slice::from_ref(&key), |subject| {
            contents.get(&subject.name)
        })?;
        // Reading it again takes as much memory.
        drop((contents, manifest));
        let report = examine(options, clock, &file, PublicKey::from(&key))?;
        Ok(SealedArchive { report, file, output })
    }
}

/// The network, and what to fetch by it.
struct Connected<'a> {
    options: &'a Options,
    clock: &'a Clock,
    network: &'a Network,
    config: &'a RegistryConfig,
}

impl Connected<'_> {
    /// Collects what the lockfiles ask for, beside what was supplied, and what the archive carries of
    /// trust.
    fn assemble(
        &self,
        inputs: Vec<Input>,
        supplied: Vec<CollectedPackage>,
        sealed_at: Time,
        listener: &mut dyn Listener,
    ) -> Result<Assembly, SealError> {
        let Self { options, clock, network, config } = *self;
        let carriage = trust::for_seal(&options.trust, options.no_refresh, network, clock.at)?;
        let cache = Cache::open(&options.cache)?;
        let collector = Collector {
            network,
            config,
            cache: &cache,
            inputs: &inputs,
            clock,
            not_after: options.source_date,
            concurrency: options.concurrency,
        };
        let mut collected = collect(&collector, listener)?;
        collected.extend(supplied);
        Ok(Assembly::new(inputs, collected, &carriage, sealed_at))
    }
}

/// Opens the archive again and examines it, as its receiver will.
fn examine(
    options: &Options,
    clock: &Clock,
    file: &NamedTempFile,
    key: PublicKey,
) -> Result<Report, SealError> {
    let policy = Policy {
        signers: vec![Signer::of(key)],
        deep: true,
        ..Policy::requiring([Claim::Integrity], [])
    };
    let signed = open(file.path(), &policy.signers, policy.seals())?;
    let basis = trust::for_archive(&options.trust, &signed, clock.at)?;
    let bar = Bar {
        clock,
        policy,
        sources: Vec::new(),
        basis: &basis,
        lockfiles: Vec::new(),
        shared: None,
    };
    let name = match &options.output {
        Output::File(path) => path,
        Output::Pipe(_) => Path::new("-"),
    };
    let report = verify::examine(signed, name, bar)?.into_report();
    if report.has_invalid_evidence() {
        return Err(SealError::InvalidEvidence(Box::new(report)));
    }
    Ok(report)
}

/// An archive that was sealed and verified, and has no name yet. If it is dropped, the file is removed.
#[derive(Debug)]
pub struct SealedArchive {
    /// What was found.
    pub report: Report,
    file: NamedTempFile,
    output: PathBuf,
}

impl SealedArchive {
    /// Gives the archive its name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn keep(self) -> Result<Report, FileError> {
        files::persist(self.file, &self.output)?;
        Ok(self.report)
    }

    /// Writes the archive to `out`, and keeps no file.
    ///
    /// # Errors
    /// When the archive cannot be read, or nobody reads the output.
    pub fn copy_to(self, out: &mut dyn Write) -> Result<Report, FileError> {
        files::copy(&self.file, out)?;
        Ok(self.report)
    }
}

#[cfg(test)]
mod tests;
