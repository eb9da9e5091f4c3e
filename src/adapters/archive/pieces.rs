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

use super::{ArchiveError, SignedArchive, archive_file::ArchiveFile};
use crate::core::package::digest::Hasher;

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
        if self.tags_of(at).is_some() {
            for number in 0..entry.size.div_ceil(PIECE as u64) {
                self.piece(name, number)?;
            }
            return Ok(());
        }
        let source = self.source();
        let mut hasher = Hasher::new(subject.digest.algorithm());
        let mut tags = Vec::new();
        for number in 0..entry.size.div_ceil(PIECE as u64) {
            let bytes = read_piece(source, entry.start, entry.size, number)?;
            hasher.update(&bytes);
            tags.push(self.tags().tag(at, number, &bytes).map_err(|error| source.error(error))?);
        }
        if hasher.finish() != subject.digest {
            return Err(self.changed(name));
        }
        if let Some(slot) = self.tags().entries.get(at) {
            let _ = slot.set(tags.into());
        }
        Ok(())
    }

    /// A piece of an entry that was compared before, by its tag.
    ///
    /// # Errors
    /// When it is not there, cannot be read, is not what the manifest lists, or was never compared.
    pub fn piece(&self, name: &str, number: u64) -> Result<Vec<u8>, ArchiveError> {
        let (at, entry, _) = self.find(name)?;
        let place = usize::try_from(number).ok();
        let expected = place.zip(self.tags_of(at)).and_then(|(place, tags)| tags.get(place));
        let bytes = read_piece(self.source(), entry.start, entry.size, number)?;
        let tag =
            self.tags().tag(at, number, &bytes).map_err(|error| self.source().error(error))?;
        match expected {
            Some(expected) if *expected == tag => Ok(bytes),
            _ => Err(self.changed(name)),
        }
    }

    fn tags_of(&self, at: usize) -> Option<&[Tag]> {
        self.tags().entries.get(at)?.get().map(|tags| &**tags)
    }

    fn changed(&self, name: &str) -> ArchiveError {
        match self.find(name) {
            Err(error) => error,
            Ok((_, _, subject)) => {
                ArchiveError::Digest { name: name.to_owned(), expected: subject.digest.clone() }
            }
        }
    }
}

fn read_piece(
    source: &ArchiveFile,
    start: u64,
    size: u64,
    number: u64,
) -> Result<Vec<u8>, ArchiveError> {
    let from = number.saturating_mul(PIECE as u64);
    let left = usize::try_from(size.saturating_sub(from)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; left.min(PIECE)];
    source.read_exact(&mut bytes, start.saturating_add(from))?;
    Ok(bytes)
}
