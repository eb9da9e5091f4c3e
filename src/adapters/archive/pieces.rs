//! Reads entries again and again, and compares each time at little cost.
//!
//! SHA-512 would be most of a server's work. So the pass that compares an entry with the manifest makes a
//! tag of each of its pieces as well. From then on a piece is good if its bytes have that tag. Tags are those
//! of AES-256-GCM over bytes that are not encrypted (GMAC). Their key is random and of this process alone,
//! and no tag leaves it: nobody can find other bytes with the same tag.

use std::{io, sync::OnceLock};

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rand,
};

use super::{ArchiveError, SignedArchive, zip_index::EntryLocation};
use crate::core::{archive::manifest::Subject, package::digest::Hasher};

/// Bytes of a piece; the last one of an entry may be shorter.
pub const PIECE: usize = 64 << 10;

type Tag = [u8; 16];

/// The tags of all entries that were read so far.
#[derive(Debug)]
pub(super) struct Tags {
    key: OnceLock<LessSafeKey>,
    /// Of the pieces of each entry.
    entries: Vec<OnceLock<Box<[Tag]>>>,
}

impl Tags {
    pub(super) fn of(entries: usize) -> Self {
        Self { key: OnceLock::new(), entries: (0..entries).map(|_| OnceLock::new()).collect() }
    }

    /// The tag of a piece. Each piece has a nonce of its own.
    fn tag(&self, entry: usize, number: u64, bytes: &[u8]) -> io::Result<Tag> {
        let failed = |_| io::Error::other("the system gives no random key");
        let key = match self.key.get() {
            Some(key) => key,
            None => {
                let mut secret = [0; 32];
                rand::fill(&mut secret).map_err(failed)?;
                let key = UnboundKey::new(&AES_256_GCM, &secret).map_err(failed)?;
                self.key.get_or_init(|| LessSafeKey::new(key))
            }
        };
        let mut nonce = [0; 12];
        let (of_entry, of_piece) = nonce.split_at_mut(6);
        let low = |number: u64| number.to_le_bytes().into_iter();
        of_entry.iter_mut().zip(low(entry as u64)).for_each(|(byte, value)| *byte = value);
        of_piece.iter_mut().zip(low(number)).for_each(|(byte, value)| *byte = value);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(bytes), &mut []);
        let tag = tag.map_err(failed)?;
        tag.as_ref().try_into().map_err(|_| io::Error::other("a tag of another size"))
    }
}

impl SignedArchive {
    /// Whether an entry was compared by [`compare_again`](Self::compare_again) before.
    pub fn is_tagged(&self, name: &str) -> bool {
        self.find(name).is_ok_and(|(at, ..)| self.tags_of(at).is_some())
    }

    /// Compares an entry with the manifest: by its digest the first time, by tags from then on.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is not what the manifest lists.
    pub fn compare_again(&self, name: &str) -> Result<(), ArchiveError> {
        let (at, entry, subject) = self.find(name)?;
        let numbers = 0..entry.size.div_ceil(PIECE as u64);
        if self.tags_of(at).is_some() {
            return numbers.into_iter().try_for_each(|number| self.piece(name, number).map(drop));
        }
        let mut hasher = Hasher::new(subject.digest.algorithm());
        let mut tags = Vec::new();
        for number in numbers {
            let bytes = self.bytes(entry, number.saturating_mul(PIECE as u64), PIECE)?;
            hasher.update(&bytes);
            tags.push(self.tag(at, number, &bytes)?);
        }
        if hasher.finish() != subject.digest {
            return Err(changed(subject));
        }
        if let Some(slot) = self.tags().entries.get(at) {
            let _ = slot.set(tags.into());
        }
        Ok(())
    }

    /// The bytes of an entry that was compared before, by its tags.
    ///
    /// # Errors
    /// When it is not there, cannot be read, is not what the manifest lists, or was never compared.
    pub fn read_again(&self, name: &str) -> Result<Vec<u8>, ArchiveError> {
        let (at, entry, subject) = self.find(name)?;
        let tags = self.tags_of(at).ok_or_else(|| changed(subject))?;
        let bytes = self.bytes(entry, 0, usize::MAX)?;
        for ((number, piece), expected) in (0..).zip(bytes.chunks(PIECE)).zip(tags) {
            if self.tag(at, number, piece)? != *expected {
                return Err(changed(subject));
            }
        }
        Ok(bytes)
    }

    /// A piece of an entry that was compared before, by its tag.
    ///
    /// # Errors
    /// When it is not there, cannot be read, is not what the manifest lists, or was never compared.
    pub fn piece(&self, name: &str, number: u64) -> Result<Vec<u8>, ArchiveError> {
        let (at, entry, subject) = self.find(name)?;
        let place = usize::try_from(number).ok();
        let expected = place.zip(self.tags_of(at)).and_then(|(place, tags)| tags.get(place));
        let bytes = self.bytes(entry, number.saturating_mul(PIECE as u64), PIECE)?;
        match expected {
            Some(expected) if *expected == self.tag(at, number, &bytes)? => Ok(bytes),
            _ => Err(changed(subject)),
        }
    }

    fn tag(&self, at: usize, number: u64, bytes: &[u8]) -> Result<Tag, ArchiveError> {
        Ok(self.tags().tag(at, number, bytes).map_err(|error| self.source().error(error))?)
    }

    /// At most `max` bytes of an entry, from a position on.
    fn bytes(&self, entry: &EntryLocation, from: u64, max: usize) -> Result<Vec<u8>, ArchiveError> {
        let left = usize::try_from(entry.size.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(max)];
        self.source().read_exact(&mut bytes, entry.start.saturating_add(from))?;
        Ok(bytes)
    }

    fn tags_of(&self, at: usize) -> Option<&[Tag]> {
        self.tags().entries.get(at)?.get().map(|tags| &**tags)
    }
}

fn changed(subject: &Subject) -> ArchiveError {
    ArchiveError::Digest { name: subject.name.clone(), expected: subject.digest.clone() }
}
