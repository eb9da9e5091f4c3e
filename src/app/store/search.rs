//! Answers from the index of a store. Opens no archive.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use super::{ArchiveStoreError, find::list};
use crate::{
    adapters::{
        archives::{FolderFiles, Stamp},
        files::{self, FileError},
    },
    app::{stored, worst::Worst},
    core::{
        limits,
        store::{ArchiveRow, FILE, IndexHead, IndexRow, PackageRow, Query, ReportRow, SCHEMA},
    },
};

/// What an index answers.
#[derive(Debug)]
pub struct IndexAnswer {
    /// The index.
    pub file: PathBuf,
    /// What was asked, as it was written.
    pub text: String,
    /// What was asked.
    pub query: Query,
    /// What the index is of.
    pub head: IndexHead,
    /// How many archives it has.
    pub archives: usize,
    /// How many stored reports it has.
    pub reports: usize,
    /// The packages that were asked for, each with its number and the columns in which it is found.
    pub packages: Vec<(u32, PackageRow, Vec<&'static str>)>,
    /// The archives that hold them or have such a key, in the order of the index.
    pub hits: Vec<Hit>,
    /// The stored reports that say so of archives that are not in the folder, or that such a key has signed.
    pub report_hits: Vec<ReportHit>,
    /// Archives that were not examined to the end, so that their packages are not known.
    pub unexamined: Vec<ArchiveRow>,
    /// Stored reports that cannot be used, so that it is not known what they say.
    pub unusable: Vec<ReportRow>,
    /// How the files that are there differ from those that the index is of.
    pub outdated: Vec<OutdatedFile>,
}

impl IndexAnswer {
    /// Unchecked, where the index has not all files as they are, or it is not known what one of them holds.
    pub fn worst(&self) -> Worst {
        match self.outdated.is_empty() && self.unexamined.is_empty() && self.unusable.is_empty() {
            true => Worst::Nothing,
            false => Worst::Unchecked,
        }
    }
}

/// An archive that holds what was asked for.
#[derive(Debug)]
pub struct Hit {
    /// The archive; of its packages only those that were asked for.
    pub archive: ArchiveRow,
    /// The columns in which the archive itself is found: of keys alone.
    pub columns: Vec<&'static str>,
}

/// A stored report that says of its archive that it holds what was asked for.
#[derive(Debug)]
pub struct ReportHit {
    /// The report; of its packages only those that were asked for.
    pub report: ReportRow,
    /// The columns in which the report itself is found: of keys alone.
    pub columns: Vec<&'static str>,
}

/// An archive or a stored report that is not as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutdatedFile {
    /// Its path from the folder.
    pub name: String,
    /// How it differs.
    pub change: FileChange,
}

/// How a file differs from what the index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileChange {
    /// The index does not have it.
    New,
    /// Its size or its time of change is another.
    Changed,
    /// It is no longer there.
    Gone,
    /// It is in a folder that cannot be read, now or when the index was made.
    Unread,
}

impl FileChange {
    /// As results name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone",
            Self::Unread => "unread",
        }
    }
}

/// Answers a query from the index of a folder alone. What is there now is compared with the index by names,
/// sizes and times.
///
/// # Errors
/// When the query asks for nothing, there is no index, or a line of it is not a row.
pub fn search(text: &str, folder: &Path) -> Result<IndexAnswer, ArchiveStoreError> {
    let query = Query::parse(text)?;
    let found = list(folder, &stored::may_be_report)?;
    let path = folder.join(FILE);
    let file = match files::open_regular(&path, false) {
        Err(error) if error.is_not_found() => {
            return Err(ArchiveStoreError::NoIndex(folder.to_owned()));
        }
        opened => opened?.0,
    };
    let mut reading = Reading::new(&query, &path);
    reading.all(file)?;
    let outdated = reading.outdated(found);
    let Reading {
        head, packages, hits, report_hits, unexamined, unusable, archives, reports, ..
    } = reading;
    Ok(IndexAnswer {
        file: path.clone(),
        text: text.to_owned(),
        query: query.clone(),
        head: head.unwrap_or_default(),
        archives,
        reports,
        packages,
        hits,
        report_hits,
        unexamined,
        unusable,
        outdated,
    })
}

/// An index that is being read, from its first line to its last.
struct Reading<'a> {
    query: &'a Query,
    path: &'a Path,
    line: usize,
    head: Option<IndexHead>,
    /// For each package that was read, whether it was asked for.
    asked: Vec<bool>,
    packages: Vec<(u32, PackageRow, Vec<&'static str>)>,
    hits: Vec<Hit>,
    report_hits: Vec<ReportHit>,
    unexamined: Vec<ArchiveRow>,
    unusable: Vec<ReportRow>,
    archives: usize,
    reports: usize,
    /// The size and the time of every file that has a row.
    stamps: BTreeMap<String, Stamp>,
}

impl<'a> Reading<'a> {
    fn new(query: &'a Query, path: &'a Path) -> Self {
        Self {
            query,
            path,
            line: 0,
            head: None,
            asked: Vec::new(),
            packages: Vec::new(),
            hits: Vec::new(),
            report_hits: Vec::new(),
            unexamined: Vec::new(),
            unusable: Vec::new(),
            archives: 0,
            reports: 0,
            stamps: BTreeMap::new(),
        }
    }

    fn all(&mut self, file: File) -> Result<(), ArchiveStoreError> {
        let max = limits::STORE_LINE_BYTES;
        let mut reader = BufReader::with_capacity(256 << 10, file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = reader.by_ref().take(max as u64 + 1);
            let read = bounded.read_until(b'\n', &mut line);
            read.map_err(|source| FileError::io("read", self.path, source))?;
            if line.is_empty() {
                return self.end();
            }
            self.line = self.line.saturating_add(1);
            if line.len() > max {
                return Err(ArchiveStoreError::Line {
                    path: self.path.to_owned(),
                    line: self.line,
                });
            }
            // A row without the end of its line was cut, even where it can be read.
            let Some(row) = line.strip_suffix(b"\n") else {
                return Err(self.broken("its end is missing"));
            };
            let row = IndexRow::parse(row).map_err(|error| ArchiveStoreError::Row {
                path: self.path.to_owned(),
                line: self.line,
                error,
            })?;
            self.row(row)?;
        }
    }

    fn row(&mut self, row: IndexRow) -> Result<(), ArchiveStoreError> {
        match row {
            IndexRow::Head(head) if head.schema != SCHEMA => {
                Err(self.broken(&format!("the schema is {:?}, not {SCHEMA:?}", head.schema)))
            }
            IndexRow::Head(head) if self.line == 1 => {
                self.head = Some(head);
                Ok(())
            }
            IndexRow::Head(_) => Err(self.broken("an index starts within another")),
            _ if self.line == 1 => Err(self.broken("the first row of the index is missing")),
            IndexRow::Package(number, package) => self.package(number, *package),
            IndexRow::Archive(archive) => self.archive(archive),
            IndexRow::Recall(recall) => {
                self.file(&recall.recall, Stamp { bytes: recall.bytes, modified: recall.modified })
            }
            IndexRow::Report(report) => self.report(report),
        }
    }

    fn package(&mut self, number: u32, row: PackageRow) -> Result<(), ArchiveStoreError> {
        if usize::try_from(number) != Ok(self.asked.len()) {
            return Err(self.broken(&format!("package {} is missing", self.asked.len())));
        }
        let columns = self.query.columns(&row);
        self.asked.push(!columns.is_empty());
        if !columns.is_empty() {
            self.packages.push((number, row, columns));
        }
        Ok(())
    }

    fn archive(&mut self, mut row: ArchiveRow) -> Result<(), ArchiveStoreError> {
        let stamp = Stamp { bytes: row.bytes, modified: row.modified.clone() };
        self.file(&row.archive, stamp)?;
        self.archives = self.archives.saturating_add(1);
        self.retain_asked(&mut row.packages)?;
        let columns = self.query.archive_columns(&row);
        if row.message.is_some() {
            self.unexamined.push(row.clone());
        }
        if !row.packages.is_empty() || !columns.is_empty() {
            self.hits.push(Hit { archive: row, columns });
        }
        Ok(())
    }

    fn report(&mut self, mut row: ReportRow) -> Result<(), ArchiveStoreError> {
        let stamp = Stamp { bytes: row.bytes, modified: row.modified.clone() };
        self.file(&row.report, stamp)?;
        self.reports = self.reports.saturating_add(1);
        self.retain_asked(&mut row.packages)?;
        let columns = self.query.report_columns(&row);
        if row.message.is_some() {
            self.unusable.push(row.clone());
        }
        if !row.packages.is_empty() || !columns.is_empty() {
            self.report_hits.push(ReportHit { report: row, columns });
        }
        Ok(())
    }

    /// Keeps the size and the time of a file, which has one row.
    fn file(&mut self, name: &str, stamp: Stamp) -> Result<(), ArchiveStoreError> {
        match self.stamps.insert(name.to_owned(), stamp) {
            Some(_) => Err(self.broken(&format!("{name:?} is there twice"))),
            None => Ok(()),
        }
    }

    /// Keeps the packages that were asked for. All must have been read.
    fn retain_asked(&self, packages: &mut Vec<u32>) -> Result<(), ArchiveStoreError> {
        let known = self.asked.len();
        let place = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
        if let Some(number) = packages.iter().find(|number| place(number) >= known) {
            return Err(self.broken(&format!("package {number} is missing")));
        }
        packages.retain(|number| self.asked.get(place(number)).is_some_and(|asked| *asked));
        Ok(())
    }

    fn end(&mut self) -> Result<(), ArchiveStoreError> {
        match &self.head {
            None => Err(self.broken("the index is empty")),
            Some(head) if head.files != self.stamps.len() => {
                let why = format!("it has {} of {} files", self.stamps.len(), head.files);
                Err(self.broken(&why))
            }
            Some(_) => Ok(()),
        }
    }

    /// How the files that are there differ from those that were read.
    fn outdated(&mut self, found: FolderFiles) -> Vec<OutdatedFile> {
        let of = |name, change| OutdatedFile { name, change };
        let unread = self.head.iter().flat_map(|head| head.unread.clone());
        let unread = unread.chain(found.unread.into_iter().map(|(name, _)| name));
        let mut outdated: Vec<_> = unread.map(|name| of(name, FileChange::Unread)).collect();
        for file in found.archives.into_iter().chain(found.others) {
            let change = match self.stamps.remove(&file.name) {
                Some(stamp) if stamp == file.stamp => continue,
                Some(_) => FileChange::Changed,
                None => FileChange::New,
            };
            outdated.push(of(file.name, change));
        }
        let gone = std::mem::take(&mut self.stamps).into_keys();
        outdated.extend(gone.map(|name| of(name, FileChange::Gone)));
        outdated.sort_by(|a, b| a.name.cmp(&b.name));
        outdated.dedup();
        outdated
    }

    fn broken(&self, why: &str) -> ArchiveStoreError {
        ArchiveStoreError::Broken {
            path: self.path.to_owned(),
            line: self.line,
            why: why.to_owned(),
        }
    }
}
