//! All claims of every package in an archive.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use rayon::iter::{IndexedParallelIterator as _, IntoParallelIterator as _, ParallelIterator as _};

use super::{
    Bar,
    shared::{Evident, Question},
};
use crate::{
    adapters::archive::{ArchiveError, SignedArchive},
    app::report::JudgedPackage,
    core::{
        archive::manifest::{self, Part},
        ecosystems, limits,
        lockfile::{self, Ask, Inventory, Requirement, Source, Target},
        package::{
            Origin, PackageId, Purl,
            contents::Contents,
            digest::{Algorithm, Digest, Integrity},
            evidence::{Answer, Evidence},
        },
        policy::{self, Judge},
        time,
        verdict::Refusal,
    },
};

/// What was found of one package.
pub(super) struct PackageFinding {
    pub purl: Purl,
    /// The address that its bytes were collected from.
    pub url: Option<String>,
    pub digests: Vec<Digest>,
    /// What its tarball holds, where it was listed.
    pub contents: Option<Contents>,
    /// `None` where the registry has no bytes.
    pub judged: Option<JudgedPackage>,
}

/// What all packages are examined by.
pub(super) struct Examination<'a> {
    archive: &'a SignedArchive,
    bar: &'a Bar<'a>,
    judge: &'a Judge<'a>,
    /// The hashes that the archive's lockfiles give each version and each tarball.
    expected: LockedHashes,
    /// The algorithms that any lockfile compares by.
    algorithms: [lockfile::Algorithms; 2],
    /// The packages whose tarballs are listed.
    listed: Listed,
}

/// Packages that a thread takes at once. With larger shares, one thread works alone at the end.
const AT_ONCE: usize = 8;

/// The packages whose tarballs decide more than their own content.
#[derive(Default)]
struct Listed {
    versions: HashSet<PackageId>,
    origins: HashSet<Origin>,
}

impl<'a> Examination<'a> {
    pub fn new(
        archive: &'a SignedArchive,
        bar: &'a Bar<'a>,
        judge: &'a Judge<'a>,
        own: &Inventory<'_>,
        given: &Inventory<'_>,
    ) -> Self {
        let mut listed = Listed::default();
        listed.add(own);
        listed.add(given);
        Self {
            archive,
            bar,
            judge,
            expected: LockedHashes::new(own),
            algorithms: [own.algorithms(), given.algorithms()],
            listed,
        }
    }

    /// Judges all packages, in the order of the manifest.
    pub fn packages(&self) -> Result<Vec<PackageFinding>, ArchiveError> {
        let packages: Vec<_> = self.archive.manifest().packages().collect();
        let each = packages.into_par_iter().with_max_len(AT_ONCE);
        each.map(|(purl, package)| self.package(purl, package)).collect()
    }

    /// All claims of one package. The tarball is read once, for all that is asked of it.
    fn package(
        &self,
        purl: &Purl,
        package: &manifest::Package,
    ) -> Result<PackageFinding, ArchiveError> {
        let url = package.artifact.as_ref().and_then(|artifact| artifact.url.clone());
        let entry = package.artifact.as_ref().and_then(|artifact| artifact.entry.as_ref());
        let Some(entry) = entry else {
            let purl = purl.clone();
            return Ok(PackageFinding {
                purl,
                url,
                digests: Vec::new(),
                contents: None,
                judged: None,
            });
        };
        let lockfiles = self.algorithms.iter().flat_map(|all| all.of(purl.id()));
        let question = Question {
            trust: &self.bar.basis.trust,
            at: self.bar.clock.at,
            purl,
            expected: self.expected.of(purl),
            algorithms: &lockfiles.collect::<Vec<_>>(),
            listed: self.bar.policy.deep || self.listed.has(purl),
            artifact: entry,
            record: package.record.as_ref(),
            attestations: package.attestations.as_ref(),
        };
        let Evident { verdict, digests, contents } = self.evident(&question)?;
        let signed = ecosystems::rules(purl.id().ecosystem()).signed;
        // The rules always ask for this digest. The digest of an empty file matches no package.
        let digest = digests.iter().find(|digest| digest.algorithm() == signed).cloned();
        let digest = digest.unwrap_or_else(|| signed.digest(b""));
        let answered = package.artifact.as_ref().and_then(|part| part.answered_at.as_deref());
        let collected = answered.and_then(time::parse);
        let judgment = self.judge.package(policy::PackageToJudge {
            purl,
            verdict: &verdict,
            digest: &digest,
            collected: collected.unwrap_or(self.archive.manifest().sealed_at()),
        });
        let weak = self.judge.weaknesses(purl, &verdict, &digest);
        let judged = Some(JudgedPackage { purl: purl.clone(), verdict, digest, judgment, weak });
        let contents = contents.and_then(Result::ok);
        Ok(PackageFinding { purl: purl.clone(), url, digests, contents, judged })
    }

    /// What the evidence for a package adds up to, as another archive has shown it where one has.
    fn evident(&self, question: &Question<'_>) -> Result<Evident, ArchiveError> {
        let judge = || self.evidence(question);
        let Some(shared) = self.bar.shared else { return judge() };
        let compare = || self.compare(question);
        let evident = shared.answer(question, self.archive.manifest(), compare, judge)?;
        Ok(Arc::unwrap_or_clone(evident))
    }

    /// What the evidence for a package adds up to.
    fn evidence(&self, question: &Question<'_>) -> Result<Evident, ArchiveError> {
        let Question { trust, at, purl, expected, .. } = *question;
        let record = self.read(question.record, limits::RECORD_BYTES)?;
        let attestations = self.read(question.attestations, limits::ATTESTATIONS_BYTES)?;
        let rules = ecosystems::rules(purl.id().ecosystem());
        let mut algorithms = (rules.algorithms)(expected, record.as_deref());
        algorithms.extend(question.algorithms);
        algorithms.sort_unstable();
        algorithms.dedup();
        let (digests, contents) = self.artifact(question, &algorithms)?;
        let evidence = Evidence {
            package: purl.id(),
            registry: purl.origin().registry(),
            expected,
            artifact: &digests,
            record: answer(question.record, record.as_deref(), Answer::NotListed),
            attestations: answer(question.attestations, attestations.as_deref(), Answer::NotFound),
        };
        let verdict = rules.examine(trust, purl.origin(), &evidence, contents.as_ref(), at);
        Ok(Evident { verdict, digests, contents })
    }

    /// Compares a package's entries with the manifest, where their content was judged before.
    fn compare(&self, question: &Question<'_>) -> Result<(), ArchiveError> {
        let parts = [question.record, question.attestations].into_iter().flatten();
        let entries = parts.filter_map(|part| part.entry.as_deref()).chain([question.artifact]);
        entries.into_iter().try_for_each(|entry| self.archive.hash(entry, &[]).map(drop))
    }

    #[expect(
        clippy::type_complexity,
        reason = "what was not listed, what could not be, and what was"
    )]
    fn artifact(
        &self,
        question: &Question<'_>,
        algorithms: &[Algorithm],
    ) -> Result<(Vec<Digest>, Option<Result<Contents, Refusal>>), ArchiveError> {
        let entry = question.artifact;
        if question.listed {
            let list = ecosystems::rules(question.purl.id().ecosystem()).list;
            let (digests, contents) =
                self.archive.look(entry, algorithms, |reader| (list)(reader))?;
            return Ok((digests, Some(contents)));
        }
        Ok((self.archive.hash(entry, algorithms)?, None))
    }

    fn read(&self, part: Option<&Part>, max: u64) -> Result<Option<Vec<u8>>, ArchiveError> {
        let entry = part.and_then(|part| part.entry.as_ref());
        entry.map(|entry| self.archive.read(entry, max)).transpose()
    }
}

/// How we know what the registry gave; `unlisted` is what an answer of 200 without an entry means.
fn answer<'b>(part: Option<&Part>, bytes: Option<&'b [u8]>, unlisted: Answer<'b>) -> Answer<'b> {
    match (part, bytes) {
        (_, Some(bytes)) => Answer::Given(bytes),
        (None, None) => Answer::NotAsked,
        (Some(part), None) if part.status == Some(200) => unlisted,
        (Some(_), None) => Answer::NotFound,
    }
}

impl Listed {
    fn add(&mut self, inventory: &Inventory<'_>) {
        for (_, lockfile) in &inventory.lockfiles {
            let bundlers = lockfile.bundlers();
            for entry in &lockfile.entries {
                if !entry.shrinkwrap && !bundlers.contains(entry.path.as_str()) {
                    continue;
                }
                if let Ask::Package(Requirement { source, .. }) = &entry.asks {
                    match source {
                        Source::Version { id, .. } => drop(self.versions.insert(id.clone())),
                        Source::Tarball { place, .. } => {
                            self.origins.insert(place.origin());
                        }
                    }
                }
            }
        }
    }

    fn has(&self, purl: &Purl) -> bool {
        self.versions.contains(purl.id())
            || self.origins.contains(purl.origin())
            // Nothing but its package.json says which package it is.
            || matches!(purl.origin(), Origin::Supplied(_))
    }
}

/// The hashes that lockfiles give, each once: to versions of registries, and to tarballs that no
/// registry gives.
#[derive(Default)]
struct LockedHashes {
    versions: BTreeMap<PackageId, Vec<Integrity>>,
    tarballs: BTreeMap<Origin, Vec<Integrity>>,
}

impl LockedHashes {
    fn new(inventory: &Inventory<'_>) -> Self {
        let mut expected = Self::default();
        for want in inventory.wants(|_, _, _| true) {
            let hashes = match want.target {
                Target::Version(id) => expected.versions.entry(id).or_default(),
                Target::Tarball { place, .. } => {
                    expected.tarballs.entry(place.origin()).or_default()
                }
            };
            hashes.extend(want.integrity);
        }
        expected
    }

    fn of(&self, purl: &Purl) -> &[Integrity] {
        let hashes = match purl.origin().registry() {
            Some(_) => self.versions.get(purl.id()),
            None => self.tarballs.get(purl.origin()),
        };
        hashes.map_or(&[], Vec::as_slice)
    }
}
