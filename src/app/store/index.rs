//! Writes the index of a store: what was verified of every archive in it.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
};

use super::{Judged, Judgment, StoreError, Summary, Unexamined, anew::prepare, each};
use crate::{
    adapters::{
        archives::FoundArchive,
        files::{self, FileError},
    },
    app::{
        archive::{ArchiveError, OpenError},
        clock::Clock,
        report::Report,
        verify::{Options, VerifyError},
    },
    core::{
        archive::dsse::EnvelopeError,
        limits,
        package::digest::{Algorithm, Digest},
        store::{ArchiveRow, FILE, Head, PackageRow, Row, SCHEMA, package_line},
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
    pub judgment: Judgment,
}

/// Judges all archives of the folder that `options` names in place of an archive, and writes its index. What
/// was there before is replaced as a whole, at the end.
///
/// # Errors
/// When the demands or the folder cannot be used, or the index cannot be written. What is wrong with one
/// archive is no error.
pub fn index(options: &Options, clock: &Clock) -> Result<Indexed, StoreError> {
    let file = files::writable(&options.archive.join(FILE))?;
    let (verifier, found) = prepare(options, clock)?;
    let unread = found.unread.iter().take(limits::STORE_UNREAD);
    let mut rows = Rows::new(&file)?;
    rows.write(&Row::Head(Head {
        schema: SCHEMA.to_owned(),
        tool: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
        at: time::format(clock.at),
        policy: verifier.policy().digest(),
        archives: found.archives.len(),
        unread: unread.map(|(name, _)| bounded(name)).collect(),
    }))?;
    let mut judged = Vec::new();
    each(&verifier, &found.archives, Seen::new, |seen| {
        rows.add(seen.archive, seen.packages)?;
        judged.push(seen.judged);
        Ok::<_, StoreError>(())
    })?;
    let rows = rows.finish()?;
    let judgment = Judgment::new(&options.archive, &verifier, found, judged);
    Ok(Indexed { file, rows, judgment })
}

/// What an index has of one archive.
struct Seen {
    judged: Judged,
    archive: ArchiveRow,
    /// The text of each package's row, and its digest.
    packages: Vec<(Digest, String)>,
}

impl Seen {
    fn new(found: &FoundArchive, outcome: Result<Report, VerifyError>) -> Self {
        let judged = Judged::new(found, outcome.as_ref());
        let mut archive = match &judged.outcome {
            Ok(summary) => examined(summary),
            Err(unexamined) => not_examined(unexamined),
        };
        archive.archive.clone_from(&found.name);
        archive.bytes = found.stamp.bytes;
        archive.modified.clone_from(&found.stamp.modified);
        archive.claimed_keys = outcome.as_ref().err().map(claimed_keys).unwrap_or_default();
        let packages = outcome.as_ref().map(packages).unwrap_or_default();
        Self { judged, archive, packages }
    }
}

fn examined(summary: &Summary) -> ArchiveRow {
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
}

impl<'a> Rows<'a> {
    fn new(path: &'a Path) -> Result<Self, FileError> {
        let out = BufWriter::new(files::nameless(path)?);
        Ok(Self { path, out, numbers: HashMap::new() })
    }

    /// Writes the packages that no archive before had, and then the archive.
    fn add(
        &mut self,
        mut archive: ArchiveRow,
        packages: Vec<(Digest, String)>,
    ) -> Result<(), FileError> {
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
            archive.packages.push(number);
        }
        self.write(&Row::Archive(archive))
    }

    fn write(&mut self, row: &Row) -> Result<(), FileError> {
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
