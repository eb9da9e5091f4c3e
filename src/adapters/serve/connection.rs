//! Connections: so many at once, each with limits on its head and its pace.

use std::{
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{Instant, Sleep},
};

use super::{exchange::Desk, sent::Unwritten};
use crate::core::limits;

/// What a connection is answered that is one too many.
const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 1\r\n\
                      connection: close\r\n\r\n";

/// How long to wait where the system has no more sockets.
const PAUSE: Duration = Duration::from_millis(50);

/// All connections: so many at once.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    /// Dropped when they are to end.
    end: watch::Sender<()>,
}

impl Connections {
    pub fn new() -> Self {
        let places = Arc::new(Semaphore::new(limits::SERVED_CONNECTIONS));
        Self { places, end: watch::Sender::new(()) }
    }

    /// Accepts connections for ever.
    pub fn accepting(
        &self,
        listener: TcpListener,
        desk: Arc<Desk>,
    ) -> impl Future<Output = ()> + use<> {
        accept(listener, desk, Arc::clone(&self.places), self.end.subscribe())
    }

    /// Lets answers that are being sent come to their end, for a moment. Nothing more is asked.
    pub async fn end(self) {
        let Self { places, end } = self;
        drop(end);
        let all = u32::try_from(limits::SERVED_CONNECTIONS).unwrap_or(u32::MAX);
        let _ = tokio::time::timeout(limits::SERVED_END, places.acquire_many(all)).await;
    }
}

async fn accept(
    listener: TcpListener,
    desk: Arc<Desk>,
    places: Arc<Semaphore>,
    ending: watch::Receiver<()>,
) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            let _ = stream.try_write(BUSY);
            continue;
        };
        let (desk, ending) = (Arc::clone(&desk), ending.clone());
        tokio::spawn(async move {
            serve(stream, desk, ending).await;
            drop(place);
        });
    }
}

async fn serve(stream: TcpStream, desk: Arc<Desk>, mut ending: watch::Receiver<()>) {
    let _ = stream.set_nodelay(true);
    let unwritten = Unwritten::default();
    let stream = Paced::new(stream, Arc::clone(&desk), unwritten.clone());
    let service = service_fn(move |request| {
        let (desk, unwritten) = (Arc::clone(&desk), unwritten.clone());
        async move { Ok::<_, std::convert::Infallible>(desk.answer(request, &unwritten).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits::SERVED_HEAD)
        .max_headers(limits::SERVED_HEAD_FIELDS)
        .max_buf_size(limits::SERVED_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A client's errors are answered where possible, and not reported here.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = ending.changed() => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// A stream whose reader must keep up: one that takes nothing for [`limits::STALL`], or for
/// [`limits::GRACE`] less than [`limits::SLOWEST`], loses the connection.
struct Paced {
    stream: TcpStream,
    /// Bytes that were written, and how long that had to wait.
    written: u64,
    waited: Duration,
    /// Since when a write has been waiting, and until when it may.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
    desk: Arc<Desk>,
    unwritten: Unwritten,
}

impl Paced {
    fn new(stream: TcpStream, desk: Arc<Desk>, unwritten: Unwritten) -> Self {
        let (written, waited, waiting) = (0, Duration::ZERO, None);
        Self { stream, written, waited, waiting, desk, unwritten }
    }

    /// Accounts for a write that was tried.
    fn paced(
        &mut self,
        tried: Poll<io::Result<usize>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let Poll::Ready(result) = tried else {
            let (_, limit) = self.waiting.get_or_insert_with(|| {
                (Instant::now(), Box::pin(tokio::time::sleep(limits::STALL)))
            });
            ready!(limit.as_mut().poll(context));
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        };
        if let Some((since, _)) = self.waiting.take() {
            self.waited = self.waited.saturating_add(since.elapsed());
        }
        self.written = self.written.saturating_add(*result.as_ref().unwrap_or(&0) as u64);
        let least = u64::from(limits::SLOWEST).saturating_mul(self.waited.as_secs());
        if self.waited > limits::GRACE && self.written < least {
            return Poll::Ready(Err(ErrorKind::TimedOut.into()));
        }
        Poll::Ready(result)
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write(context, buffer);
        self.paced(tried, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let tried = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.paced(tried, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when it has written all that it has buffered.
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        if flushed.is_ok() {
            self.desk.sent(self.unwritten.take());
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
