//! The bodies of answers. No answer is complete whose bytes are not those that the manifest lists.
//!
//! The file may change at any moment. So a small entry is read into memory, compared, and sent from
//! there. A large one, and one that there is no room for, is compared in full first; then it is read again
//! piece by piece, and each piece is compared before it is sent. If the file changed in between, the
//! answer is broken off, and no client takes it for complete.

use std::{
    io::{self, ErrorKind},
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;

use super::{ChangedArchive, ServedEntry, Site, problems::Problems, sent::Receipt};
use crate::{
    adapters::archive::{ArchiveError, PIECE},
    core::limits,
};

/// The body of an answer.
pub(super) struct Body {
    content: BodyContent,
    receipt: Receipt,
}

/// What is sent.
pub(super) enum BodyContent {
    /// What is in memory, with the right to be there.
    Whole {
        /// What is still to be sent.
        bytes: Bytes,
        /// Given back when all is sent.
        _room: Option<OwnedSemaphorePermit>,
    },
    /// What is read piece by piece.
    Pieces(Pieces),
}

/// A part of a large entry that is sent.
pub(super) struct Pieces {
    site: Arc<dyn Site>,
    entry: ServedEntry,
    /// What is still to be sent.
    part: Range<u64>,
    problems: Problems,
}

impl Body {
    pub fn empty() -> Self {
        Self::from(Bytes::new())
    }

    /// With what is told once all of it is sent.
    pub fn with(self, receipt: Receipt) -> Self {
        Self { receipt, ..self }
    }
}

impl From<BodyContent> for Body {
    fn from(content: BodyContent) -> Self {
        Self { content, receipt: Receipt::none() }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        BodyContent::Whole { bytes, _room: None }.into()
    }
}

impl BodyContent {
    /// How many bytes are still to be sent.
    fn left(&self) -> u64 {
        match self {
            Self::Whole { bytes, .. } => bytes.len() as u64,
            Self::Pieces(pieces) => pieces.left(),
        }
    }

    /// The next piece.
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        match self {
            _ if self.left() == 0 => None,
            Self::Whole { bytes, .. } => {
                Some(Ok(bytes.split_to(bytes.len().min(limits::SERVED_CHUNK_BYTES))))
            }
            Self::Pieces(pieces) => Some(pieces.next()),
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self { content, receipt } = self.get_mut();
        let piece = content.next();
        if matches!(piece, Some(Ok(_))) && content.left() == 0 {
            receipt.complete();
        }
        Poll::Ready(piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.content.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.content.left())
    }
}

impl Pieces {
    fn left(&self) -> u64 {
        self.part.end.saturating_sub(self.part.start)
    }

    /// The next bytes, out of one piece. They were read a moment ago, so the system has them at hand.
    fn next(&mut self) -> io::Result<Bytes> {
        let number = self.part.start / PIECE as u64;
        let Some(archive) = self.site.archive(self.entry.archive) else {
            return Err(ErrorKind::UnexpectedEof.into());
        };
        let bytes = archive.piece(&self.entry.name, number).map_err(|error| {
            let archive = archive.path().to_owned();
            self.problems.tell(ChangedArchive { archive, error });
            // The answer is not complete, and must not look so.
            io::Error::from(ErrorKind::UnexpectedEof)
        })?;
        let bytes = part_of(bytes.into(), number.saturating_mul(PIECE as u64), &self.part);
        self.part.start = self.part.start.saturating_add(bytes.len() as u64);
        Ok(bytes)
    }
}

/// What is in a part of an entry, of bytes that begin at a position of it.
fn part_of(bytes: Bytes, position: u64, part: &Range<u64>) -> Bytes {
    let [start, end] = [part.start, part.end].map(|at| {
        usize::try_from(at.saturating_sub(position)).unwrap_or(usize::MAX).min(bytes.len())
    });
    bytes.slice(start.min(end)..end)
}

/// The body that sends a part of an entry, all of which was compared with the manifest. Without a part it
/// is only compared. Where there is `room` for the entry, it is sent from memory.
///
/// # Errors
/// When the entry cannot be read, or is not what the manifest lists any more.
pub(super) fn of_entry(
    site: &Arc<dyn Site>,
    entry: ServedEntry,
    part: Option<Range<u64>>,
    room: Option<OwnedSemaphorePermit>,
    problems: Problems,
) -> Result<Body, ArchiveError> {
    let missing = || ArchiveError::NoSuchEntry(entry.name.clone());
    let archive = site.archive(entry.archive).ok_or_else(missing)?;
    if room.is_none() || !archive.is_tagged(&entry.name) {
        archive.compare_again(&entry.name)?;
    }
    match (part, room) {
        (None, None) => Ok(Body::empty()),
        (Some(part), None) => {
            Ok(BodyContent::Pieces(Pieces { site: Arc::clone(site), entry, part, problems }).into())
        }
        (part, Some(room)) => {
            let bytes = archive.read_again(&entry.name)?;
            let part = part.unwrap_or(0..0);
            Ok(BodyContent::Whole { bytes: part_of(bytes.into(), 0, &part), _room: Some(room) }
                .into())
        }
    }
}
