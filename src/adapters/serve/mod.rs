//! A read-only HTTP server. It listens and never connects.
//!
//! It knows requests, connections and their limits. What is served, a [`Site`] says. Bytes of an archive
//! leave only after they were compared with its manifest: small entries from memory, large ones while
//! they are compared once more, with the last bytes held back until that has ended (`body`).

mod body;
mod condition;
mod connection;
mod exchange;
mod host;
mod problems;
mod sent;
mod work;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

pub use hyper::body::Bytes;

use self::{connection::Connections, exchange::Desk, problems::Problems};
pub use self::{
    sent::Watch,
    work::{RunError, Work},
};
use crate::{
    adapters::archive::{ArchiveError, SignedArchive},
    core::{limits, npm::route::Route},
};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What, where it is a known address.
    pub route: Option<Route>,
    /// The path of the request.
    pub path: String,
    /// Where the client reaches this server, such as `http://127.0.0.1:4873`.
    pub base: String,
    /// Whether the abbreviated form is asked for.
    pub abbreviated: bool,
}

/// What is answered.
#[derive(Debug)]
pub enum Reply {
    /// A document.
    Document {
        /// Its bytes.
        bytes: Bytes,
        /// Its media type.
        media: &'static str,
    },
    /// An entry of an archive.
    Entry(ServedEntry),
    /// There is nothing of the kind: why.
    NotFound(String),
    /// Nobody is logged in here.
    NoUser,
    /// It cannot be answered: why.
    Failed(String),
}

/// An entry of an archive, to be sent.
#[derive(Debug, Clone)]
pub struct ServedEntry {
    /// Which of the site's archives.
    pub archive: usize,
    /// The name.
    pub name: String,
    /// The digest that the manifest lists, in hex.
    pub digest: String,
    /// Its size.
    pub size: u64,
    /// The media type.
    pub media: &'static str,
}

/// An archive that is not what was verified any more, or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {error}", archive.display())]
pub struct ChangedArchive {
    /// The archive.
    pub archive: PathBuf,
    /// What was found.
    pub error: ArchiveError,
}

/// What is told while a server runs.
#[derive(Debug)]
pub enum Told {
    /// Requests are answered, and signals are heard.
    Ready,
    /// An archive was found changed.
    Changed(ChangedArchive),
}

/// What is served.
pub trait Site: Send + Sync + 'static {
    /// Says what to answer. May read archives, and then takes its time.
    ///
    /// # Errors
    /// When an archive is not what was verified any more.
    fn answer(&self, asked: &Asked) -> Result<Reply, ChangedArchive>;

    /// An archive.
    fn archive(&self, number: usize) -> Option<&SignedArchive>;

    /// Hears that an entry was sent in full, and how long after the start of the watch.
    fn sent(&self, entry: &ServedEntry, after: Duration);
}

/// A server that listens, and serves nothing yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens.
    ///
    /// # Errors
    /// When the system refuses: the address is in use, or not this machine's.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { address: listener.local_addr()?, listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the work has ended, and returns the exit code of its command, or 0. `tell` hears that
    /// it has begun, and of everything that was found changed, once.
    ///
    /// # Errors
    /// When the system refuses threads or signals, or a command cannot be started.
    pub fn run(
        self,
        site: Arc<dyn Site>,
        work: Work,
        watch: Watch,
        tell: &mut dyn FnMut(Told),
    ) -> Result<u8, RunError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            // One for each connection that sends a large entry, and for the documents.
            .max_blocking_threads(limits::SERVED_CONNECTIONS + limits::SERVED_DOCUMENTS)
            .enable_all()
            .build()?;
        let ended = runtime.block_on(async {
            let (problems, mut heard) = tokio::sync::mpsc::unbounded_channel();
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let desk = Desk::new(site, self.address, watch, Problems::new(problems));
            let connections = Connections::new();
            let accepting = tokio::spawn(connections.accepting(listener, Arc::new(desk)));
            let ended = work.run(&mut heard, tell).await;
            accepting.abort();
            connections.end().await;
            while let Ok(problem) = heard.try_recv() {
                tell(Told::Changed(problem));
            }
            ended
        });
        runtime.shutdown_background();
        ended
    }
}
