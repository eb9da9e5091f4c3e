//! The bodies of answers. No answer is complete whose bytes are not those that the manifest lists.
//!
//! The file may change at any moment. So a small entry is read into memory, compared, and sent from
//! there. A large one is compared in full first; then it is read again, and compared again while it is
//! sent. Its last bytes are held back until that has ended: if the file changed in between, the answer is
//! broken off, and no client takes it for complete.

use std::{
    io::{self, ErrorKind, Read},
    ops::Range,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::{Changed, Entry, Site, problems::Problems, sent::Receipt};
use crate::{adapters::archive::ArchiveError, core::limits};

/// The body of an answer.
pub(super) struct Body {
    content: Content,
    receipt: Receipt,
}

/// What is sent.
pub(super) enum Content {
    /// What is in memory, with the right to be there.
    Whole {
        /// What is still to be sent.
        bytes: Bytes,
        /// Given back when all is sent.
        _room: Option<OwnedSemaphorePermit>,
    },
    /// What comes piece by piece, and how many bytes are still to come.
    Pieces(mpsc::Receiver<Bytes>, u64),
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

impl From<Content> for Body {
    fn from(content: Content) -> Self {
        Self { content, receipt: Receipt::none() }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Self {
        Content::Whole { bytes, _room: None }.into()
    }
}

impl Content {
    /// How many bytes are still to be sent.
    fn left(&self) -> u64 {
        match self {
            Self::Whole { bytes, .. } => bytes.len() as u64,
            Self::Pieces(_, left) => *left,
        }
    }

    /// The next piece.
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        match self {
            Self::Whole { bytes, .. } if bytes.is_empty() => Poll::Ready(None),
            Self::Whole { bytes, .. } => {
                let piece = bytes.split_to(bytes.len().min(limits::SERVED_CHUNK_BYTES));
                Poll::Ready(Some(Ok(piece)))
            }
            Self::Pieces(_, 0) => Poll::Ready(None),
            Self::Pieces(pieces, left) => {
                Poll::Ready(Some(match ready!(pieces.poll_recv(context)) {
                    Some(piece) => {
                        *left = left.saturating_sub(piece.len() as u64);
                        Ok(piece)
                    }
                    // Not complete, and it must not look so.
                    None => Err(ErrorKind::UnexpectedEof.into()),
                }))
            }
        }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Self { content, receipt } = self.get_mut();
        let piece = ready!(content.poll_piece(context));
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

/// The body that sends a part of an entry, all of which was compared with the manifest. Without a part it
/// is only compared.
///
/// # Errors
/// When the entry cannot be read, or is not what the manifest lists any more.
pub(super) fn of_entry(
    site: &Arc<dyn Site>,
    entry: &Entry,
    part: Option<Range<u64>>,
    problems: Problems,
) -> Result<Body, ArchiveError> {
    let missing = || ArchiveError::NoSuchEntry(entry.name.clone());
    let archive = site.archive(entry.archive).ok_or_else(missing)?;
    if entry.size <= limits::SERVED_IN_MEMORY_BYTES {
        let bytes = Bytes::from(archive.read(&entry.name, limits::SERVED_IN_MEMORY_BYTES)?);
        let Some(part) = part else { return Ok(Body::empty()) };
        let [start, end] =
            [part.start, part.end].map(|at| usize::try_from(at).unwrap_or(usize::MAX));
        let inside = start <= end && end <= bytes.len();
        return match inside {
            true => Ok(bytes.slice(start..end).into()),
            false => Err(missing()),
        };
    }
    archive.hash(&entry.name, &[])?;
    let Some(part) = part else { return Ok(Body::empty()) };
    let (pieces, receiver) = mpsc::channel(1);
    let left = part.end.saturating_sub(part.start);
    let (site, entry) = (Arc::clone(site), entry.clone());
    tokio::task::spawn_blocking(move || {
        let Some(archive) = site.archive(entry.archive) else { return };
        let sent = archive.look(&entry.name, &[], |reader| send(reader, part, &pieces));
        match sent {
            Ok((_, Ok(last))) => drop(pieces.blocking_send(last)),
            // The client has gone.
            Ok((_, Err(_))) => {}
            Err(error) => {
                let archive = archive.path().to_owned();
                problems.tell(Changed { archive, error });
            }
        }
    });
    Ok(Content::Pieces(receiver, left).into())
}

/// Sends a part of what is read, but for its last piece, which is returned.
///
/// # Errors
/// When it cannot be read, or nobody receives it.
fn send(
    reader: &mut dyn Read,
    part: Range<u64>,
    pieces: &mpsc::Sender<Bytes>,
) -> io::Result<Bytes> {
    io::copy(&mut reader.take(part.start), &mut io::sink())?;
    let mut left = part.end.saturating_sub(part.start);
    let mut held = Bytes::new();
    while left > 0 {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(limits::SERVED_CHUNK_BYTES);
        let mut piece = vec![0; size];
        reader.read_exact(&mut piece)?;
        left = left.saturating_sub(size as u64);
        let before = std::mem::replace(&mut held, piece.into());
        if !before.is_empty() {
            pieces.blocking_send(before).map_err(|_| ErrorKind::BrokenPipe)?;
        }
    }
    Ok(held)
}
