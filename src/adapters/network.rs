//! The network, as a value. Code that may not use the network does not hold one.
//!
//! It makes bounded `GET` requests over HTTP and nothing else. Every body has a limit, every wait an end, and
//! every failure an address without secrets. It does not judge what it fetches, and keeps nothing on disk.

mod clients;
mod error;
mod exchange;
mod hop;
mod hosts;
mod reach;
mod retry;
mod secret;

use std::{future::Future, time::Duration};

use clients::Clients;
use url::Url;

pub use clients::is_proxy;
pub(crate) use error::TOKEN_HINT;
pub use error::{Address, NetworkError, RequestFailure};
pub(crate) use hosts::Hosts;
pub use secret::Secret;

use crate::core::limits;

/// How long to wait, how often to try, and which way to go.
#[derive(Debug, Clone)]
pub struct Settings {
    /// To open a connection, TLS included.
    pub connect: Duration,
    /// For the head of an answer, connecting included, and between two pieces of its body.
    pub stall: Duration,
    /// How long a body may be slower than [`Settings::slowest`]. A body that drips one byte
    /// within each `stall` would otherwise never end.
    pub grace: Duration,
    /// Bytes a second that a body must reach on average once `grace` is over.
    pub slowest: u32,
    /// Tries in all.
    pub tries: u32,
    /// Before the second try; doubled for each further one.
    pub backoff: Duration,
    /// The longest wait that a server's `Retry-After` can ask for.
    pub longest_wait: Duration,
    /// PEM certificates to trust beside the platform's, for a registry behind a private authority.
    pub certificates: Option<Vec<u8>>,
    /// Proxies in place of those of the environment.
    pub proxy: Option<Proxy>,
}

/// Proxies by the scheme of the address asked for. Their addresses may hold a password.
#[derive(Debug, Clone, Default)]
pub struct Proxy {
    /// For `https` addresses.
    pub https: Option<Secret>,
    /// For `http` addresses.
    pub http: Option<Secret>,
    /// Hosts to reach directly, separated by commas.
    pub except: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: limits::CONNECT,
            stall: limits::STALL,
            grace: limits::GRACE,
            slowest: limits::SLOWEST,
            tries: limits::TRIES,
            backoff: limits::BACKOFF,
            longest_wait: limits::LONGEST_WAIT,
            certificates: None,
            proxy: None,
        }
    }
}

/// Permission to use the network, and the means.
#[derive(Debug)]
pub struct Network {
    settings: Settings,
    // Declared before the runtime, so that connections close while it still runs.
    clients: Clients,
    runtime: tokio::runtime::Runtime,
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 200, 403 or 404.
    pub status: u16,
    /// Empty unless the status is 200.
    pub body: Vec<u8>,
}

/// One address to get.
pub(crate) struct Request<'a> {
    pub url: &'a Url,
    /// Bytes that the body may have, after decompression.
    pub max: u64,
    /// The `Accept` header.
    pub accept: &'static str,
    /// Whether the transfer may be compressed. Never for what is hashed as received.
    pub gzip: bool,
    /// The entity tag of the copy at hand; 304 is then an answer.
    pub etag: Option<&'a str>,
    /// The value of `Authorization` for an address, asked for each hop on the first one's origin.
    pub authorize: &'a dyn Fn(&Url) -> Option<Secret>,
    /// Whether a host is configured. Such a host may be this machine or have a private address. Without this
    /// function only the host of `url` counts as configured, and no host of a redirect.
    pub is_configured: Option<&'a dyn Fn(&Url) -> bool>,
    /// The hosts of the run, which bound how many requests are made at a time.
    pub hosts: Option<&'a Hosts>,
}

impl<'a> Request<'a> {
    /// An uncompressed, anonymous request.
    pub fn new(url: &'a Url, max: u64) -> Self {
        Self {
            url,
            max,
            accept: "*/*",
            gzip: false,
            etag: None,
            authorize: &|_| None,
            is_configured: None,
            hosts: None,
        }
    }
}

/// The head of an answer: 200, 304, 403, 404 or 410.
#[derive(Debug)]
pub(crate) struct AnswerHead {
    pub status: u16,
    pub etag: Option<String>,
}

/// Where a body goes, piece by piece.
pub(crate) trait Sink {
    /// A body begins; what an earlier try left is void.
    fn start(&mut self) -> Result<(), String>;
    /// The next piece.
    fn piece(&mut self, bytes: &[u8]) -> Result<(), String>;
}

impl Sink for Vec<u8> {
    fn start(&mut self) -> Result<(), String> {
        self.clear();
        Ok(())
    }

    fn piece(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl Network {
    /// Acquires the network. No connection is made yet.
    ///
    /// # Errors
    /// [`NetworkError::Setup`] when the certificates or proxies make no sense, or the system
    /// gives no threads.
    pub fn acquire(settings: Settings) -> Result<Self, NetworkError> {
        let setup = |error: std::io::Error| NetworkError::Setup(error.to_string());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(setup)?;
        let clients = Clients::new(&settings)?;
        Ok(Self { settings, clients, runtime })
    }

    /// Gets a body of at most `max` bytes, uncompressed and anonymously. 403 and 404 are answers:
    /// TUF repositories say with them that there is no next root.
    ///
    /// # Errors
    /// [`NetworkError::Request`] for any other status, and when the body does not arrive whole.
    pub fn get(&self, url: &Url, max: u64) -> Result<Response, NetworkError> {
        let mut body = Vec::new();
        let answer = self.wait(self.fetch(&Request::new(url, max), &mut body))?;
        if answer.status == 410 {
            let (address, failure) = (Address::of(url), RequestFailure::Status(answer.status));
            return Err(NetworkError::Request { address, failure });
        }
        Ok(Response { status: answer.status, body })
    }

    /// Runs a future that uses the network to its end.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }
}
