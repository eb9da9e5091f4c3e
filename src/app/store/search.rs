//! Answers from the index of a store. Opens no archive.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use super::{StoreError, anew};
use crate::{
    adapters::{
        archives::Stamp,
        files::{self, FileError},
    },
    core::{
        limits,
        store::{ArchiveRow, FILE, Head, PackageRow, Query, Row, SCHEMA},
    },
};

/// What an index answers.
#[derive(Debug)]
pub struct Answer {
    /// The index.
    pub file: PathBuf,
    /// What was asked, as it was written.
    pub text: String,
    /// What was asked.
    pub query: Query,
    /// What the index is of.
    pub head: Head,
    /// The packages that were asked for, each with its number and the columns in which it is found.
    pub packages: Vec<(u32, PackageRow, Vec<&'static str>)>,
    /// The archives that hold them or have such a key, in the order of the index.
    pub hits: Vec<Hit>,
    /// Archives that were not examined to the end, so that their packages are not known.
    pub unexamined: Vec<ArchiveRow>,
    /// How the archives that are there differ from those that the index is of.
    pub outdated: Vec<Outdated>,
}

impl Answer {
    /// Whether the index is of the archives that are there, and knows the packages of all of them.
    pub fn is_complete(&self) -> bool {
        self.outdated.is_empty() && self.unexamined.is_empty()
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

/// An archive that is not as the index has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outdated {
    /// Its path from the folder.
    pub name: String,
    /// How it differs.
    pub change: Change,
}

/// How an archive differs from what the index has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The index does not have it.
    New,
    /// Its size or its time of change is another.
    Changed,
    /// It is no longer there.
    Gone,
    /// It is in a folder that cannot be read, now or when the index was made.
    Unread,
}

impl Change {
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
pub fn search(text: &str, folder: &Path) -> Result<Answer, StoreError> {
    let query = Query::parse(text)?;
    let found = anew::archives(folder)?;
    let path = folder.join(FILE);
    let file = match files::open_regular(&path, false) {
        Err(error) if error.is_not_found() => return Err(StoreError::NoIndex(folder.to_owned())),
        opened => opened?.0,
    };
    let mut reading = Reading::new(&query, &path);
    reading.all(file)?;
    let Reading { head, packages, hits, unexamined, mut stamps, .. } = reading;
    let head = head.unwrap_or_default();
    let unread = head.unread.iter().cloned().chain(found.unread.into_iter().map(|(name, _)| name));
    let mut outdated: Vec<_> =
        unread.map(|name| Outdated { name, change: Change::Unread }).collect();
    for archive in found.archives {
        let change = match stamps.remove(&archive.name) {
            Some(stamp) if stamp == archive.stamp => continue,
            Some(_) => Change::Changed,
            None => Change::New,
        };
        outdated.push(Outdated { name: archive.name, change });
    }
    let gone = stamps.into_keys().map(|name| Outdated { name, change: Change::Gone });
    outdated.extend(gone);
    outdated.sort_by(|a, b| a.name.cmp(&b.name));
    outdated.dedup();
    let text = text.to_owned();
    Ok(Answer { file: path, text, query, head, packages, hits, unexamined, outdated })
}

/// An index that is being read, from its first line to its last.
struct Reading<'a> {
    query: &'a Query,
    path: &'a Path,
    line: usize,
    head: Option<Head>,
    /// For each package that was read, whether it was asked for.
    asked: Vec<bool>,
    packages: Vec<(u32, PackageRow, Vec<&'static str>)>,
    hits: Vec<Hit>,
    unexamined: Vec<ArchiveRow>,
    /// Every archive's size and time.
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
            unexamined: Vec::new(),
            stamps: BTreeMap::new(),
        }
    }

    fn all(&mut self, file: File) -> Result<(), StoreError> {
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
                return Err(StoreError::Line { path: self.path.to_owned(), line: self.line });
            }
            // A row without the end of its line was cut, even where it can be read.
            let Some(row) = line.strip_suffix(b"\n") else {
                return Err(self.broken("its end is missing"));
            };
            let row = Row::parse(row).map_err(|error| StoreError::Row {
                path: self.path.to_owned(),
                line: self.line,
                error,
            })?;
            self.row(row)?;
        }
    }

    fn row(&mut self, row: Row) -> Result<(), StoreError> {
        match row {
            Row::Head(head) if head.schema != SCHEMA => {
                Err(self.broken(&format!("the schema is {:?}, not {SCHEMA:?}", head.schema)))
            }
            Row::Head(head) if self.line == 1 => {
                self.head = Some(head);
                Ok(())
            }
            Row::Head(_) => Err(self.broken("an index starts within another")),
            _ if self.line == 1 => Err(self.broken("the first row of the index is missing")),
            Row::Package(number, package) => self.package(number, *package),
            Row::Archive(archive) => self.archive(archive),
        }
    }

    fn package(&mut self, number: u32, row: PackageRow) -> Result<(), StoreError> {
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

    fn archive(&mut self, mut row: ArchiveRow) -> Result<(), StoreError> {
        let stamp = Stamp { bytes: row.bytes, modified: row.modified.clone() };
        if self.stamps.insert(row.archive.clone(), stamp).is_some() {
            return Err(self.broken(&format!("archive {:?} is there twice", row.archive)));
        }
        let known = self.asked.len();
        let place = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
        if let Some(number) = row.packages.iter().find(|number| place(number) >= known) {
            return Err(self.broken(&format!("package {number} is missing")));
        }
        row.packages.retain(|number| self.asked.get(place(number)).is_some_and(|asked| *asked));
        let columns = self.query.archive_columns(&row);
        if row.message.is_some() {
            self.unexamined.push(row.clone());
        }
        if !row.packages.is_empty() || !columns.is_empty() {
            self.hits.push(Hit { archive: row, columns });
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), StoreError> {
        match &self.head {
            None => Err(self.broken("the index is empty")),
            Some(head) if head.archives != self.stamps.len() => {
                let why = format!("it has {} of {} archives", self.stamps.len(), head.archives);
                Err(self.broken(&why))
            }
            Some(_) => Ok(()),
        }
    }

    fn broken(&self, why: &str) -> StoreError {
        StoreError::Broken { path: self.path.to_owned(), line: self.line, why: why.to_owned() }
    }
}
