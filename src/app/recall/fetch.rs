//! Seals a recall on the connected side: the newest trust, and the advisories of malicious packages for
//! the names that archives hold.
//!
//! The names are not sent to anybody: the source is read as a whole, and searched here.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{
    RecallFetchError, held,
    opened::OpenedRecall,
    sought::{IsRecall, SoughtArchives},
};
use crate::{
    adapters::{
        advisories::{AdvisoryFile, AdvisorySource},
        archive::{Content, seal},
        files::{self, FileError},
        network::Network,
    },
    app::{
        archive,
        clock::Clock,
        keys,
        news::{Listener, News},
        seal::{Output, SealError, SealKey, sealing_time},
        store::is_folder,
        trust, verify,
    },
    core::{
        addresses,
        archive::{
            key::{PublicKey, SigningKey},
            manifest::{FORMAT_VERSION, Subject, Tool},
        },
        ecosystems, limits,
        package::digest::Algorithm,
        policy::Signer,
        recall::{Advisory, AdvisoryOrigin, PackageName, Recall, RecallPredicate, advisory_entry},
        time::{self, Time},
    },
};

/// What to ask about, and where.
#[derive(Debug, Clone)]
pub struct FetchRecall {
    /// Archives, and folders of archives, whose packages are asked about.
    pub archives: Vec<PathBuf>,
    /// Files of package URLs, one a line, that are asked about as well.
    pub purls: Vec<PathBuf>,
    /// Where the advisories are.
    pub source: AdvisorySource,
    /// Where the recall goes.
    pub output: Output,
    /// The private key that signs.
    pub key: SealKey,
    /// The public keys of who may have sealed the archives; without any, the public half of `key`.
    pub signed_by: Vec<PathBuf>,
    /// When it is sealed, in place of the reference time (`SOURCE_DATE_EPOCH`).
    pub source_date: Option<Time>,
    /// Whether the trust store is used as it is, without a refresh.
    pub no_refresh: bool,
    /// Where trust comes from.
    pub trust: trust::Options,
}

/// The source of advisories that a text names: an address, a folder, or else a ZIP file.
///
/// # Errors
/// When the text starts like an address, and is not a valid one.
pub fn source(text: &str) -> Result<AdvisorySource, RecallFetchError> {
    if text.starts_with("https://") || text.starts_with("http://") {
        let url = addresses::parse(text).ok_or(RecallFetchError::NotAnAddress)?;
        return Ok(AdvisorySource::Address(url));
    }
    let path = PathBuf::from(text);
    Ok(if is_folder(&path) { AdvisorySource::Folder(path) } else { AdvisorySource::Zip(path) })
}

/// A fetch that is ready for the network: all checks that need no network have passed.
pub struct Fetching<'a> {
    options: &'a FetchRecall,
    clock: &'a Clock,
    names: BTreeSet<PackageName>,
    output: PathBuf,
    sealed_at: Time,
    key: Option<SigningKey>,
}

/// A recall that was sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// How many names were asked about.
    pub names: usize,
    /// The ids of the advisories in it.
    pub advisories: Vec<String>,
    /// How many records were read.
    pub records: u64,
    /// How many files could not be read as records.
    pub unreadable: u64,
}

/// A recall that has no name yet. If it is dropped, the file is removed.
#[derive(Debug)]
pub struct SealedRecall {
    fetched: Fetched,
    file: NamedTempFile,
    output: PathBuf,
}

impl SealedRecall {
    /// Gives the recall its name.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn keep(self) -> Result<Fetched, FileError> {
        files::persist(self.file, &self.output)?;
        Ok(self.fetched)
    }

    /// Writes the recall to `out`, and keeps no file.
    ///
    /// # Errors
    /// When the recall cannot be read, or nobody reads the output.
    pub fn copy_to(self, out: &mut dyn Write) -> Result<Fetched, FileError> {
        files::copy(&self.file, out)?;
        Ok(self.fetched)
    }
}

impl FetchRecall {
    /// Reads the names and the key, and finds out whether the recall can be written.
    ///
    /// # Errors
    /// When one of them cannot be, or there is no name.
    pub fn prepare<'a>(
        &'a self,
        clock: &'a Clock,
        listener: &mut dyn Listener,
    ) -> Result<Fetching<'a>, RecallFetchError> {
        let output = match &self.output {
            Output::File(path) => files::writable(path)?,
            Output::Pipe(folder) => folder.join("recall"),
        };
        self.require_no_input()?;
        let sealed_at = sealing_time(self.source_date, clock)?;
        let key = self.key.load(listener)?;
        let mut names = BTreeSet::new();
        for path in &self.purls {
            names.extend(read_purls(path)?);
        }
        if !self.archives.is_empty() {
            let signers = self.signers(key.as_ref())?;
            let own = key.as_ref().map(|key| Signer::of(PublicKey::from(key)));
            let recalls: Vec<_> = signers.iter().cloned().chain(own).collect();
            let is_recall = |file: &Path| archive::is_recall(file, &recalls, 1);
            names.extend(self.names_in_archives(&signers, &is_recall)?);
        }
        match names.len() {
            0 => return Err(RecallFetchError::NoNames),
            number if number > limits::RECALL_NAMES => {
                return Err(RecallFetchError::TooManyNames(number));
            }
            _ => {}
        }
        drop(files::temporary(&output)?);
        Ok(Fetching { options: self, clock, names, output, sealed_at, key })
    }

    /// The recall replaces no file that it is made from, and no key.
    fn require_no_input(&self) -> Result<(), RecallFetchError> {
        let Output::File(output) = &self.output else { return Ok(()) };
        let public = keys::public_path(self.key.path());
        let read = self.archives.iter().chain(&self.purls).chain(&self.signed_by);
        let source = match &self.source {
            AdvisorySource::Zip(path) => Some(path.as_path()),
            AdvisorySource::Folder(_) | AdvisorySource::Address(_) => None,
        };
        let read = read.map(PathBuf::as_path).chain([self.key.path(), &public]).chain(source);
        let replaced = read.into_iter().find(|path| files::is_same(path, output));
        let advisory = match &self.source {
            AdvisorySource::Folder(folder) if files::is_within(output, folder) => Some(output),
            _ => None,
        };
        match replaced.or(advisory.map(PathBuf::as_path)) {
            None => Ok(()),
            Some(path) => Err(SealError::ReplacesInput(path.to_owned()).into()),
        }
    }

    fn signers(&self, key: Option<&SigningKey>) -> Result<Vec<Signer>, RecallFetchError> {
        match (self.signed_by.as_slice(), key) {
            ([], None) => Err(RecallFetchError::NoSealer),
            ([], Some(key)) => Ok(vec![Signer::of(PublicKey::from(key))]),
            (paths, _) => Ok(archive::pinned_keys(paths)?),
        }
    }

    /// The names in the archives that were named, and in those in the folders that were named.
    fn names_in_archives(
        &self,
        signers: &[Signer],
        is_recall: IsRecall<'_>,
    ) -> Result<BTreeSet<PackageName>, RecallFetchError> {
        let sought = SoughtArchives::find(&self.archives, is_recall)?;
        if let Some((_, error)) = sought.unread.into_iter().next() {
            return Err(error.into());
        }
        let mut names = BTreeSet::new();
        for archive in sought.archives {
            match names_in(&archive.path, signers) {
                // The recall of last week may lie among them.
                Err(_) if archive.is_recall(is_recall) => continue,
                held => names.extend(held?),
            }
            if matches!(&self.output, Output::File(output) if files::is_same(&archive.path, output))
            {
                return Err(SealError::ReplacesInput(archive.path).into());
            }
        }
        Ok(names)
    }
}

/// The names of the packages that an archive holds. Its seal is verified; its evidence is not.
fn names_in(path: &Path, signers: &[Signer]) -> Result<BTreeSet<PackageName>, RecallFetchError> {
    let archive = archive::open(path, signers, 1)?;
    let lockfiles = verify::carried(&archive, path)?;
    let lockfiles = lockfiles.iter().map(|lock| &lock.lockfile);
    let held = held::packages(archive.manifest().packages().map(|(purl, _)| purl), lockfiles);
    Ok(held.map(|held| PackageName::of(held.id)).collect())
}

/// The names in a file of package URLs, with or without versions. Empty lines, and those that start with
/// `#`, are passed over.
fn read_purls(path: &Path) -> Result<BTreeSet<PackageName>, RecallFetchError> {
    let bytes = files::read(path, limits::PURLS_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = (1..).zip(text.lines().map(str::trim));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let name = |(line, text): (usize, &str)| {
        let of_version = || ecosystems::parse_purl(text).map(|purl| PackageName::of(purl.id()));
        let name = PackageName::parse(text).or_else(of_version);
        name.ok_or_else(|| RecallFetchError::Purl { path: path.to_owned(), line })
    };
    lines.map(name).collect()
}

impl Fetching<'_> {
    /// Refreshes the trust, reads the source, seals, and opens the recall again as its receiver will.
    /// Only [`SealedRecall::keep`] gives it its name.
    ///
    /// # Errors
    /// When something could not be had, or is not what it should be. No file is left behind then.
    pub fn run(
        self,
        network: &Network,
        listener: &mut dyn Listener,
    ) -> Result<SealedRecall, RecallFetchError> {
        let Self { options, clock, names, output, sealed_at, key } = self;
        let carriage = trust::for_seal(&options.trust, options.no_refresh, network, clock.at)?;
        let from = name_of(&options.source);
        let mut search = Search::new(&names, &from);
        options.source.read(network, &output, &mut |item| search.take(item, listener))?;
        let Search { found, records, unreadable, .. } = search;
        if records == 0 {
            return Err(RecallFetchError::NoRecords(from));
        }
        let advisories: Vec<_> = found.keys().cloned().collect();
        let mut contents: BTreeMap<_, _> =
            found.into_iter().map(|(id, bytes)| (advisory_entry(&id), bytes)).collect();
        contents.extend(carriage.entries().map(|(entry, bytes)| (entry, bytes.to_vec())));
        let predicate = RecallPredicate {
            format_version: FORMAT_VERSION,
            tool: Tool {
                name: env!("CARGO_PKG_NAME").into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            sealed_at: time::format(sealed_at),
            names: names.iter().map(ToString::to_string).collect(),
            advisories: AdvisoryOrigin { from, records, unreadable },
            trust: vec![carriage.manifest(sealed_at)],
        };
        let key = match key {
            Some(key) => key,
            None => options.key.make(listener)?,
        };
        let file = write(&output, predicate, contents, &key)?;
        OpenedRecall::open(file.path(), &[Signer::of(PublicKey::from(&key))], 1)?;
        let names = names.len();
        let fetched = Fetched { names, advisories, records, unreadable };
        Ok(SealedRecall { fetched, file, output })
    }
}

fn write(
    output: &Path,
    predicate: RecallPredicate,
    contents: BTreeMap<String, Vec<u8>>,
    key: &SigningKey,
) -> Result<NamedTempFile, RecallFetchError> {
    let subjects = contents.iter().map(|(name, bytes)| Subject {
        name: name.clone(),
        size: bytes.len() as u64,
        digest: Algorithm::Sha256.digest(bytes),
    });
    let manifest = Recall::build(predicate, subjects.collect())?;
    let contents: BTreeMap<_, _> =
        contents.into_iter().map(|(name, bytes)| (name, Content::Bytes(bytes))).collect();
    let keys = std::slice::from_ref(key);
    Ok(seal(output, &manifest, keys, |subject| contents.get(&subject.name))?)
}

/// How a recall names its source.
fn name_of(source: &AdvisorySource) -> String {
    match source {
        AdvisorySource::Folder(path) | AdvisorySource::Zip(path) => path.display().to_string(),
        AdvisorySource::Address(url) => addresses::anonymous(url).to_string(),
    }
}

/// What was found in a source so far.
struct Search<'a> {
    names: &'a BTreeSet<PackageName>,
    from: &'a str,
    /// The bytes of each advisory, by its id.
    found: BTreeMap<String, Vec<u8>>,
    bytes: u64,
    records: u64,
    unreadable: u64,
}

impl<'a> Search<'a> {
    fn new(names: &'a BTreeSet<PackageName>, from: &'a str) -> Self {
        Self { names, from, found: BTreeMap::new(), bytes: 0, records: 0, unreadable: 0 }
    }

    /// Keeps a record if it is an advisory about one of the names.
    fn take(
        &mut self,
        item: AdvisoryFile<'_>,
        listener: &mut dyn Listener,
    ) -> Result<(), RecallFetchError> {
        let AdvisoryFile { name: file, bytes } = item;
        let read = bytes.and_then(|bytes| {
            let advisory = Advisory::parse(&bytes).map_err(|error| error.to_string())?;
            Ok((advisory, bytes))
        });
        let (advisory, bytes) = match read {
            Ok(read) => read,
            Err(reason) => {
                self.unreadable = self.unreadable.saturating_add(1);
                // Of a source that is something else, not every file is named.
                if self.unreadable <= limits::UNREADABLE_NAMED {
                    listener.hear(News::UnreadableAdvisory { file, reason: &reason });
                }
                return Ok(());
            }
        };
        self.records = self.records.saturating_add(1);
        if !advisory.counts() || !advisory.names().any(|name| self.names.contains(name)) {
            return Ok(());
        }
        match self.found.get(&advisory.id) {
            Some(other) if *other == bytes => return Ok(()),
            Some(_) => {
                let (from, id) = (self.from.to_owned(), advisory.id);
                return Err(RecallFetchError::TwoRecords { from, id });
            }
            None => {}
        }
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.found.insert(advisory.id, bytes);
        if self.found.len() > limits::RECALL_ADVISORIES || self.bytes > limits::RECALL_CONTENT_BYTES
        {
            return Err(RecallFetchError::TooMuch);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
