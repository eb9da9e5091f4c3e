//! Opens an archive, verifies its signatures, and hands out the signed entries.

use std::{
    io::{ErrorKind, Read},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::{
    adapters::archive::{
        ArchiveError,
        archive_file::{ArchiveFile, Range},
        pass::{CHUNK, Hashing, Pass, pass},
        pieces::Tags,
        zip_index::{self, EntryLocation},
    },
    core::{
        archive::{
            dsse::{Envelope, EnvelopeParser},
            key::PublicKey,
            manifest::{Listing, Manifest, Subject},
        },
        limits,
        package::digest::{Algorithm, Digest, Hasher},
    },
};

/// An archive in the one form, whose signatures are not verified yet.
#[derive(Debug)]
pub struct Archive {
    source: ArchiveFile,
    /// All entries but the envelope, sorted by name.
    entries: Vec<EntryLocation>,
    envelope: Envelope,
}

/// What an archive says of itself. Nothing in it has been verified.
#[derive(Debug)]
pub struct Unverified {
    /// The manifest, which holds together and lists what the archive holds.
    pub manifest: Manifest,
    /// The key ids that the envelope names.
    pub keyids: Vec<String>,
}

/// An archive whose manifest trusted keys signed, and which holds exactly the listed entries. Another
/// kind of signed file in the same container has another [`Listing`] than a [`Manifest`].
///
/// Only `Archive::verify_signatures` makes one. Entries can be read from several threads at
/// once; each read compares the bytes with the manifest before anything is done with them.
#[derive(Debug)]
pub struct SignedArchive<M = Manifest> {
    source: ArchiveFile,
    /// The manifest's subjects, one for one.
    entries: Vec<EntryLocation>,
    /// Which entries have been compared in full with the manifest.
    checked: Vec<AtomicBool>,
    tags: Tags,
    manifest: M,
    envelope: Envelope,
    signers: Vec<String>,
}

impl Archive {
    /// Opens an archive and checks its form: the index, and the envelope's syntax. No entry's
    /// bytes are looked at, and no signature.
    ///
    /// # Errors
    /// When the file cannot be read, or is not in the one form.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        let source = ArchiveFile::open(path)?;
        let (entries, last) = zip_index::read(&source)?;
        if last.size > limits::ENVELOPE_BYTES {
            return Err(ArchiveError::EnvelopeSize(last.size));
        }
        let mut envelope = EnvelopeParser::default();
        let passed = pass(&source, &last, &[], |chunk| envelope.push(chunk))?;
        passed.compare_checksum(&last)?;
        Ok(Self { envelope: envelope.finish()?, source, entries })
    }

    /// Verifies that at least `threshold` of the keys signed, then parses the manifest, then
    /// compares it with the entries that are there.
    ///
    /// # Errors
    /// In this order: too few signers, a malformed manifest (or that of another kind of file), entries
    /// missing, not listed or of another size.
    pub fn verify_signatures<M: Listing>(
        self,
        keys: &[PublicKey],
        threshold: usize,
    ) -> Result<SignedArchive<M>, ArchiveError> {
        let verified = self.envelope.verify(keys, threshold)?;
        let manifest = M::parse(verified.payload())?;
        let signers = verified.into_signers();
        self.compare(&manifest)?;
        let Self { source, entries, envelope } = self;
        let checked = entries.iter().map(|_| AtomicBool::new(false)).collect();
        let tags = Tags::of(entries.len());
        Ok(SignedArchive { source, entries, checked, tags, manifest, envelope, signers })
    }

    /// What the archive says of itself, for inspection. The manifest must hold together and fit the
    /// entries. Nobody vouches for it.
    ///
    /// # Errors
    /// As [`Archive::verify_signatures`], without the signers; and where the manifest is larger
    /// than a stranger's may be.
    pub fn manifest_unverified(&self) -> Result<Unverified, ArchiveError> {
        let payload = self.envelope.payload_unverified();
        if payload.len() > limits::UNVERIFIED_MANIFEST_BYTES {
            return Err(ArchiveError::UnverifiedManifestSize(payload.len()));
        }
        let manifest = Manifest::parse(payload)?;
        self.compare(&manifest)?;
        let keyids = self.envelope.claimed_keyids().map(str::to_owned).collect();
        Ok(Unverified { manifest, keyids })
    }

    /// The envelope, of which no signature is verified.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// Both lists are sorted and without duplicates, so that the first difference tells on which
    /// side an entry is missing.
    fn compare(&self, manifest: &impl Listing) -> Result<(), ArchiveError> {
        let mut entries = self.entries.iter();
        let mut subjects = manifest.subjects().iter();
        loop {
            match (entries.next(), subjects.next()) {
                (None, None) => return Ok(()),
                (Some(entry), None) => return Err(ArchiveError::NotListed(entry.name.clone())),
                (None, Some(subject)) => return Err(ArchiveError::Missing(subject.name.clone())),
                (Some(entry), Some(subject)) if entry.name < subject.name => {
                    return Err(ArchiveError::NotListed(entry.name.clone()));
                }
                (Some(entry), Some(subject)) if entry.name > subject.name => {
                    return Err(ArchiveError::Missing(subject.name.clone()));
                }
                (Some(entry), Some(subject)) if entry.size != subject.size => {
                    return Err(ArchiveError::Size {
                        name: entry.name.clone(),
                        expected: subject.size,
                        found: entry.size,
                    });
                }
                _ => {}
            }
        }
    }
}

impl<M: Listing> SignedArchive<M> {
    /// The manifest that was signed.
    pub fn manifest(&self) -> &M {
        &self.manifest
    }

    /// Fingerprints of the trusted keys that signed.
    pub fn signers(&self) -> &[String] {
        &self.signers
    }

    /// The envelope, to which another signature can be added.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Bytes of the whole file.
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// Reads an entry of at most `max` bytes, compared with the manifest.
    ///
    /// # Errors
    /// When it is larger, not there, cannot be read, or is not what the manifest lists.
    pub fn read(&self, name: &str, max: u64) -> Result<Vec<u8>, ArchiveError> {
        let (at, entry, subject) = self.find(name)?;
        if entry.size > max {
            return Err(ArchiveError::TooLarge { name: name.into(), size: entry.size, max });
        }
        let mut bytes = Vec::new();
        self.check(at, entry, subject, &[], |chunk| bytes.extend_from_slice(chunk))?;
        Ok(bytes)
    }

    /// Digests of an entry, in the order of `algorithms`, in one pass and constant memory. The
    /// bytes are compared with the manifest on the way.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not what the manifest lists.
    pub fn hash(&self, name: &str, algorithms: &[Algorithm]) -> Result<Vec<Digest>, ArchiveError> {
        let (at, entry, subject) = self.find(name)?;
        self.check(at, entry, subject, algorithms, |_| {})
    }

    /// Digests of an entry, in the order of `algorithms`, and what `look` makes of its bytes, in one
    /// pass. Bytes that `look` does not read are still hashed. Its result counts only if the bytes are
    /// those that the manifest lists.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not what the manifest lists.
    pub fn look<T>(
        &self,
        name: &str,
        algorithms: &[Algorithm],
        look: impl FnOnce(&mut dyn Read) -> T,
    ) -> Result<(Vec<Digest>, T), ArchiveError> {
        let (at, entry, subject) = self.find(name)?;
        let mut reader = Hashing::new(&self.source, entry, &wanted(algorithms, subject));
        let seen = look(&mut reader);
        let digests = self.compared(at, entry, subject, algorithms, &reader.finish()?)?;
        Ok((digests, seen))
    }

    /// SHA-256 of the whole file, as it was opened.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn sha256(&self) -> Result<Digest, ArchiveError> {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        let mut range = self.source.range(0, self.source.size());
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = match range.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish()),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.source.error(error).into()),
            };
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
    }

    /// Compares all remaining entries with the manifest: those that [`read`](Self::read) and
    /// [`hash`](Self::hash) have not compared in full. Then every byte of the archive has been compared
    /// once.
    ///
    /// # Errors
    /// For the first entry that cannot be read or is not what the manifest lists.
    pub fn check_rest(&self) -> Result<(), ArchiveError> {
        let subjects = self.manifest.subjects();
        for (at, (entry, subject)) in self.entries.iter().zip(subjects).enumerate() {
            if !self.checked.get(at).is_some_and(|checked| checked.load(Ordering::Acquire)) {
                self.check(at, entry, subject, &[], |_| {})?;
            }
        }
        Ok(())
    }

    /// The bytes of an entry, not yet compared with the manifest: the caller must do that.
    pub(super) fn raw(&self, name: &str) -> Result<Range<'_>, ArchiveError> {
        let (_, entry, _) = self.find(name)?;
        Ok(self.source.range(entry.start, entry.size))
    }

    /// The file's path, for messages.
    pub fn path(&self) -> &Path {
        self.source.path()
    }

    pub(super) fn source(&self) -> &ArchiveFile {
        &self.source
    }

    pub(super) fn tags(&self) -> &Tags {
        &self.tags
    }

    pub(super) fn find(
        &self,
        name: &str,
    ) -> Result<(usize, &EntryLocation, &Subject), ArchiveError> {
        let missing = || ArchiveError::NoSuchEntry(name.to_owned());
        let at = self.entries.binary_search_by(|entry| entry.name.as_str().cmp(name));
        let at = at.map_err(|_| missing())?;
        let entry = self.entries.get(at).ok_or_else(missing)?;
        let subject = self.manifest.subjects().get(at).ok_or_else(missing)?;
        Ok((at, entry, subject))
    }

    fn check(
        &self,
        at: usize,
        entry: &EntryLocation,
        subject: &Subject,
        algorithms: &[Algorithm],
        take: impl FnMut(&[u8]),
    ) -> Result<Vec<Digest>, ArchiveError> {
        let passed = pass(&self.source, entry, &wanted(algorithms, subject), take)?;
        self.compared(at, entry, subject, algorithms, &passed)
    }

    /// Compares a pass with the manifest, and returns the digests that were asked for.
    fn compared(
        &self,
        at: usize,
        entry: &EntryLocation,
        subject: &Subject,
        algorithms: &[Algorithm],
        passed: &Pass,
    ) -> Result<Vec<Digest>, ArchiveError> {
        passed.compare_digest(subject)?;
        passed.compare_checksum(entry)?;
        if let Some(checked) = self.checked.get(at) {
            checked.store(true, Ordering::Release);
        }
        let asked = algorithms.iter().filter_map(|algorithm| {
            passed.digests.iter().find(|digest| digest.algorithm() == *algorithm)
        });
        Ok(asked.cloned().collect())
    }
}

/// The algorithms that were asked for, and the manifest's.
fn wanted(algorithms: &[Algorithm], subject: &Subject) -> Vec<Algorithm> {
    let mut all = algorithms.to_vec();
    all.push(subject.digest.algorithm());
    all.sort_unstable();
    all.dedup();
    all
}
