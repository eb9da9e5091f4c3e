//! Writes the index of a store: what was verified of every archive in it, and what the stored reports say that lie
//! beside them.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::{
    ArchiveStoreError, ArchiveSummary, JudgedArchive, StoreJudgment, Unexamined,
    anew::{self, PerFile},
    each::each,
    find::find,
    reports::FoundReport,
};
use crate::{
    adapters::{
        archives::{FolderFile, FolderFiles},
        files::{self, FileError},
    },
    app::{
        archive::{ArchiveError, OpenError},
        clock::Clock,
        keys,
        report::Report,
        stored,
        verify::{Terms, Verifier, VerifyError},
        worst::Worst,
    },
    core::{
        archive::dsse::EnvelopeError,
        limits,
        package::digest::{Algorithm, Digest},
        store::{
            ArchiveRow, FILE, IndexHead, IndexRow, PackageRow, RecallRow, ReportRow, SCHEMA,
            package_line,
        },
        text::bounded,
        time,
    },
};

/// An index that was written.
#[derive(Debug)]
pub struct Indexed {
    /// The index.
    pub file: PathBuf,
    /// How many rows of packages it has: what several archives share has one.
    pub rows: usize,
    /// What became of the archives.
    pub judgment: StoreJudgment,
    /// The stored reports that lie among them, sorted by name; without the numbers of their packages.
    pub reports: Vec<ReportRow>,
}

impl Indexed {
    /// How many stored reports cannot be used, so that it is not known what they say.
    pub fn unusable(&self) -> usize {
        self.reports.iter().filter(|report| report.message.is_some()).count()
    }

    /// The worst of all archives, files, folders and reports. A report that cannot be used is unchecked: no answer
    /// from the index is clear with it.
    pub fn worst(&self) -> Worst {
        let reports = if self.unusable() > 0 { Worst::Unchecked } else { Worst::Nothing };
        self.judgment.worst().max(reports)
    }
}

/// What to index, and by what.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// The folder.
    pub folder: PathBuf,
    /// What its archives are judged by.
    pub terms: Terms,
    /// The public keys of who may sign stored reports.
    pub report_keys: Vec<PathBuf>,
}

/// Judges all archives of a folder, reads the stored reports in it, and writes its index. What was there before is
/// replaced as a whole, at the end.
///
/// # Errors
/// When the demands or the folder cannot be used, or the index cannot be written. What is wrong with one
/// archive or one report is no error.
pub fn index(options: &IndexOptions, clock: &Clock) -> Result<Indexed, ArchiveStoreError> {
    let IndexOptions { folder, terms, report_keys } = options;
    let file = files::writable(&folder.join(FILE))?;
    let keys = keys::load_all_public(report_keys)?;
    let verifier = anew::verifier(folder, terms, clock)?;
    let found = find(folder, &stored::may_be_report, &|file| verifier.is_recall(file))?;
    let mut rows = Rows::new(&file)?;
    rows.write(&IndexRow::Head(head(&verifier, &found)))?;
    let mut judged = Vec::new();
    let look = |file: &FolderFile, outcome| {
        PerFile::new(file, outcome, &verifier, |outcome| IndexedArchive::new(file, outcome))
    };
    each(&verifier, &found.archives, look, |one| {
        judged.push(rows.add_file(one)?);
        Ok::<_, ArchiveStoreError>(())
    })?;
    let mut reports = Vec::new();
    // One after another: anybody may have put them there, and each may take some hundred megabytes.
    for file in &found.others {
        reports.push(rows.add_report(FoundReport::read(file, &keys))?);
    }
    let rows = rows.finish()?;
    let judgment = StoreJudgment::new(folder, &verifier, found, judged);
    Ok(Indexed { file, rows, judgment, reports })
}

fn head(verifier: &Verifier, found: &FolderFiles) -> IndexHead {
    let unread = found.unread.iter().take(limits::STORE_UNREAD);
    IndexHead {
        schema: SCHEMA.to_owned(),
        tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        at: time::format(verifier.clock().at),
        policy: verifier.policy().digest(),
        files: found.archives.len().saturating_add(found.others.len()),
        unread: unread.map(|(name, _)| bounded(name)).collect(),
    }
}

/// What an index has of one archive.
struct IndexedArchive {
    judged: JudgedArchive,
    row: ArchiveRow,
    /// The text of each package's row, and its digest.
    packages: Vec<(Digest, String)>,
}

impl IndexedArchive {
    fn new(file: &FolderFile, outcome: Result<Report, VerifyError>) -> Self {
        let judged = JudgedArchive::new(file, outcome.as_ref());
        let mut row = match &judged.outcome {
            Ok(summary) => examined(summary),
            Err(unexamined) => not_examined(unexamined),
        };
        row.archive.clone_from(&file.name);
        row.bytes = file.stamp.bytes;
        row.modified.clone_from(&file.stamp.modified);
        row.claimed_keys = outcome.as_ref().err().map(claimed_keys).unwrap_or_default();
        let packages = outcome.as_ref().map(packages).unwrap_or_default();
        Self { judged, row, packages }
    }
}

fn examined(summary: &ArchiveSummary) -> ArchiveRow {
    let keys = summary.signers.iter().flat_map(|signer| &signer.keys);
    ArchiveRow {
        verdict: summary.verdict.name().to_owned(),
        sha256: Some(summary.sha256.to_hex()),
        sealed_at: Some(time::format(summary.sealed_at)),
        keys: keys.cloned().collect(),
        signers: summary.signers.iter().map(|signer| bounded(&signer.name)).collect(),
        packages_refused: summary.packages_refused,
        entries_denied: summary.entries_denied,
        ..ArchiveRow::default()
    }
}

fn not_examined(unexamined: &Unexamined) -> ArchiveRow {
    ArchiveRow {
        verdict: if unexamined.refused { "refused" } else { "unchecked" }.to_owned(),
        code: unexamined.code.map(str::to_owned),
        message: Some(unexamined.message.clone()),
        ..ArchiveRow::default()
    }
}

/// The keys that a seal names which nobody who may seal made.
fn claimed_keys(error: &VerifyError) -> Vec<String> {
    match error {
        VerifyError::Open(OpenError::Archive {
            error: ArchiveError::Envelope(EnvelopeError::TooFewSigners { claimed, .. }),
            ..
        }) => claimed.clone(),
        _ => Vec::new(),
    }
}

fn packages(report: &Report) -> Vec<(Digest, String)> {
    let rows = report.packages.iter().map(|package| {
        let row =
            PackageRow::new(&package.purl, &package.digest, &package.verdict, &package.judgment);
        let text = row.text();
        (Algorithm::Sha256.digest(text.as_bytes()), text)
    });
    rows.collect()
}

/// The rows of an index, on their way to a file that has no name yet.
struct Rows<'a> {
    path: &'a Path,
    out: BufWriter<File>,
    /// The number of each package's row, by the digest of its text.
    numbers: HashMap<Digest, u32>,
    /// The path of each archive that was examined, by its SHA-256.
    archives: HashMap<String, String>,
}

impl<'a> Rows<'a> {
    fn new(path: &'a Path) -> Result<Self, FileError> {
        let out = BufWriter::new(files::nameless(path)?);
        Ok(Self { path, out, numbers: HashMap::new(), archives: HashMap::new() })
    }

    /// Writes the row of a file with the name of an archive; for an archive, those of its packages first.
    fn add_file(
        &mut self,
        file: PerFile<IndexedArchive>,
    ) -> Result<PerFile<JudgedArchive>, FileError> {
        match file {
            PerFile::Recall(file) => {
                let (recall, modified) = (file.name.clone(), file.stamp.modified.clone());
                let row = RecallRow { recall, bytes: file.stamp.bytes, modified };
                self.write(&IndexRow::Recall(row))?;
                Ok(PerFile::Recall(file))
            }
            PerFile::Archive(IndexedArchive { judged, mut row, packages }) => {
                row.packages = self.add_packages(packages)?;
                if let Some(sha256) = &row.sha256 {
                    self.archives.entry(sha256.clone()).or_insert_with(|| row.archive.clone());
                }
                self.write(&IndexRow::Archive(row))?;
                Ok(PerFile::Archive(judged))
            }
        }
    }

    /// Writes the row of a report. It has packages only where no archive that was examined has them.
    fn add_report(&mut self, report: FoundReport) -> Result<ReportRow, FileError> {
        let FoundReport { mut row, packages } = report;
        row.archive = row.sha256.as_ref().and_then(|sha256| self.archives.get(sha256)).cloned();
        if row.archive.is_none() {
            row.packages = self.add_packages(packages)?;
        }
        self.write(&IndexRow::Report(row.clone()))?;
        row.packages = Vec::new();
        Ok(row)
    }

    /// Writes the packages that nothing before had. Returns the numbers of all of them.
    fn add_packages(&mut self, packages: Vec<(Digest, String)>) -> Result<Vec<u32>, FileError> {
        let mut numbers = Vec::with_capacity(packages.len());
        for (digest, text) in packages {
            let number = match self.numbers.get(&digest) {
                Some(number) => *number,
                None => {
                    // A store cannot have as many: limits::STORE_ARCHIVES.
                    let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                    self.line(&package_line(number, &text))?;
                    self.numbers.insert(digest, number);
                    number
                }
            };
            numbers.push(number);
        }
        Ok(numbers)
    }

    fn write(&mut self, row: &IndexRow) -> Result<(), FileError> {
        self.line(&row.line())
    }

    fn line(&mut self, line: &str) -> Result<(), FileError> {
        let written = self.out.write_all(line.as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        written.map_err(|source| FileError::io("write", self.path, source))
    }

    /// Writes the index. Returns how many rows of packages it has.
    fn finish(self) -> Result<usize, FileError> {
        let file = self.out.into_inner();
        let file = file.map_err(|error| FileError::io("write", self.path, error.into_error()))?;
        files::write_copy(self.path, file)?;
        Ok(self.numbers.len())
    }
}
