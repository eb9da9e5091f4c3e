//! The record of what was served: an in-toto statement whose `resolvedDependencies` have the form that
//! SLSA's build provenance wants them in. `man/sealift-statement.5` specifies it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use serde::Serialize;

use super::catalog::Catalog;
use crate::{
    adapters::{
        archive::SignedArchive,
        serve::{Asked, ChangedArchive, Reply, ServedEntry, Site},
    },
    app::{
        attest,
        clock::Clock,
        news::Listener,
        outputs,
        report::Report,
        statement::{StatementWriteError, Writer},
        verify::VerifiedArchive,
    },
    core::{
        statement::{Resource, Statement},
        time::{self, Time},
    },
};

const PREDICATE_TYPE: &str = "urn:sealift:record:v1";

/// A record to write later. What can be checked before the work begins was checked.
#[derive(Debug)]
pub struct Recording {
    file: PathBuf,
    writer: Writer,
}

impl Recording {
    /// Reads the key, and finds out whether the file can be written.
    ///
    /// # Errors
    /// When one of them cannot be.
    pub fn prepare(
        file: &Path,
        key: Option<&Path>,
        listener: &mut dyn Listener,
    ) -> Result<Self, StatementWriteError> {
        outputs::check([file])?;
        Ok(Self { file: file.to_owned(), writer: Writer::new(key, listener)? })
    }

    /// Writes what was served.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, record: Record) -> Result<(), StatementWriteError> {
        Ok(outputs::keep(vec![self.writer.fill(&self.file, [record.0])?])?)
    }
}

/// What was really served.
#[derive(Debug)]
pub struct Record(Statement<RecordPredicate>);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordPredicate {
    tool: Tool,
    started_at: String,
    ended_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u8>,
    archives: Vec<JudgedArchive>,
    resolved_dependencies: Vec<Dependency>,
}

#[derive(Debug, Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

/// By what an archive was judged.
#[derive(Debug, Serialize)]
struct JudgedArchive {
    digest: BTreeMap<&'static str, String>,
    verdict: &'static str,
    at: String,
    policy: Resource,
}

/// A tarball that was sent: a ResourceDescriptor with annotations.
#[derive(Debug, Serialize)]
struct Dependency {
    #[serde(flatten)]
    tarball: Resource,
    annotations: Annotations,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Annotations {
    /// SHA-256 of the archive that it came from.
    archive: String,
    /// How often it was sent in full.
    count: u64,
    first_at: String,
    last_at: String,
}

/// How often an entry was sent in full, and when first and last.
#[derive(Debug, Clone, Copy)]
struct Sent {
    count: u64,
    first: Duration,
    last: Duration,
}

/// A catalog that counts what was sent: one counter for each entry that was.
pub(super) struct Counting {
    catalog: Catalog,
    sent: Mutex<BTreeMap<(usize, String), Sent>>,
}

impl Counting {
    pub fn new(catalog: Catalog) -> Self {
        Self { catalog, sent: Mutex::default() }
    }

    /// What was sent until now. `started` and `ended` are counted from the clock's time.
    pub fn record(
        &self,
        clock: &Clock,
        started: Duration,
        ended: Duration,
        exit_code: Option<u8>,
    ) -> Record {
        let archives = self.catalog.archives();
        let predicate = RecordPredicate {
            tool: Tool { name: env!("CARGO_PKG_NAME"), version: env!("CARGO_PKG_VERSION") },
            started_at: after(clock.now, started),
            ended_at: after(clock.now, ended),
            exit_code,
            archives: archives.iter().map(|archive| judged(archive.report())).collect(),
            resolved_dependencies: self.dependencies(clock.now),
        };
        let subjects = archives.iter().map(|archive| attest::about(archive.report())).collect();
        Record(Statement::about(subjects, PREDICATE_TYPE, predicate))
    }

    /// The tarballs that were sent in full, sorted by purl.
    fn dependencies(&self, now: Time) -> Vec<Dependency> {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let tarballs = self.catalog.tarballs().filter_map(|(number, entry, purl, digest)| {
            let sent = sent.get(&(number, entry.to_owned()))?;
            let archive = self.catalog.archives().get(number)?;
            Some(Dependency {
                tarball: Resource::at(purl.to_string(), digest),
                annotations: Annotations {
                    archive: archive.report().archive.sha256.to_hex(),
                    count: sent.count,
                    first_at: after(now, sent.first),
                    last_at: after(now, sent.last),
                },
            })
        });
        let mut tarballs: Vec<_> = tarballs.collect();
        tarballs.sort_by(|one, other| one.tarball.uri.cmp(&other.tarball.uri));
        tarballs
    }
}

fn judged(report: &Report) -> JudgedArchive {
    JudgedArchive {
        digest: attest::about(report).digest,
        verdict: report.verdict().name(),
        at: time::format(report.at),
        policy: attest::policy(report),
    }
}

fn after(now: Time, elapsed: Duration) -> String {
    let elapsed = chrono::TimeDelta::from_std(elapsed).unwrap_or(chrono::TimeDelta::MAX);
    time::format(now.checked_add_signed(elapsed).unwrap_or(now))
}

impl Site for Counting {
    fn answer(&self, asked: &Asked) -> Result<Reply, ChangedArchive> {
        self.catalog.answer(asked)
    }

    fn archive(&self, number: usize) -> Option<&SignedArchive> {
        self.catalog.archives().get(number).map(VerifiedArchive::archive)
    }

    fn sent(&self, entry: &ServedEntry, after: Duration) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Sent { count: 0, first: after, last: after };
        let one = sent.entry((entry.archive, entry.name.clone())).or_insert(new);
        one.count = one.count.saturating_add(1);
        one.last = after;
    }
}
