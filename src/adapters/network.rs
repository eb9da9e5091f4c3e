//! The network, as a value: who may not use it does not hold one.
//!
//! Bounded `GET`s over HTTP, and nothing else: every body has a limit, every wait an end, every
//! failure an address without secrets. Does not judge what it brings, and keeps nothing on disk.
#![allow(clippy::disallowed_methods)] // time-outs and retry delays need the running clock

mod error;
mod hop;
mod retry;
mod secret;

use std::{future::Future, time::Duration};

use futures_util::StreamExt as _;
use reqwest::header;
use tokio::time::{Instant, timeout};
use url::Url;

pub(crate) use error::TOKEN_HINT;
pub use error::{Address, Failure, NetworkError};
pub use secret::Secret;

use crate::core::limits::{self, REDIRECTS};

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
    plain: reqwest::Client,
    unzipping: reqwest::Client,
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
}

impl<'a> Request<'a> {
    /// An uncompressed, anonymous request.
    pub fn new(url: &'a Url, max: u64) -> Self {
        Self { url, max, accept: "*/*", gzip: false, etag: None, authorize: &|_| None }
    }
}

/// The head of an answer: 200, 304, 403 or 404.
#[derive(Debug)]
pub(crate) struct Answer {
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
        let plain = client(&settings, false)?;
        let unzipping = client(&settings, true)?;
        Ok(Self { settings, plain, unzipping, runtime })
    }

    /// Gets a body of at most `max` bytes, uncompressed and anonymously. 403 and 404 are answers:
    /// TUF repositories say with them that there is no next root.
    ///
    /// # Errors
    /// [`NetworkError::Request`] for any other status, and when the body does not arrive whole.
    pub fn get(&self, url: &Url, max: u64) -> Result<Response, NetworkError> {
        let mut body = Vec::new();
        let answer = self.wait(self.fetch(&Request::new(url, max), &mut body))?;
        Ok(Response { status: answer.status, body })
    }

    /// Runs a future that uses the network to its end.
    pub(crate) fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Gets one address into `sink`, trying again where that can help.
    pub(crate) async fn fetch(
        &self,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<Answer, NetworkError> {
        let mut tried = 0;
        loop {
            let failed = match self.attempt(request, sink).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            tried += 1;
            if tried >= self.settings.tries || !failed.failure.is_transient() {
                return Err(NetworkError::Request {
                    address: Address::of(request.url),
                    failure: failed.failure,
                });
            }
            tokio::time::sleep(retry::delay(&self.settings, tried, failed.wait)).await;
        }
    }

    async fn attempt(&self, request: &Request<'_>, sink: &mut dyn Sink) -> Result<Answer, Failed> {
        let response = self.follow(request).await?;
        let status = response.status().as_u16();
        let etag = text(&response, &header::ETAG);
        match status {
            200 => {}
            304 if request.etag.is_some() => return Ok(Answer { status, etag }),
            403 | 404 => {
                sink.start().map_err(Failure::Sink)?;
                return Ok(Answer { status, etag: None });
            }
            _ => {
                let wait = retry::after(
                    text(&response, &header::RETRY_AFTER).as_deref(),
                    text(&response, &header::DATE).as_deref(),
                );
                return Err(Failed { failure: Failure::Status(status), wait });
            }
        }
        // Nothing that is asked for here is a page: a portal or a proxy has answered instead.
        if text(&response, &header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
        {
            return Err(Failure::Html.into());
        }
        self.body(response, request.max, sink).await?;
        Ok(Answer { status, etag })
    }

    /// Follows redirects by hand, so that the rules of each hop are ours.
    async fn follow(&self, request: &Request<'_>) -> Result<reqwest::Response, Failed> {
        let client = if request.gzip { &self.unzipping } else { &self.plain };
        let Settings { connect, stall, .. } = self.settings;
        let mut url = hop::first(request.url)?;
        for _ in 0..=REDIRECTS {
            let mut get = client.get(url.clone()).header(header::ACCEPT, request.accept);
            if let Some(etag) = request.etag {
                get = get.header(header::IF_NONE_MATCH, etag);
            }
            if hop::may_carry_credentials(request.url, &url)
                && let Some(secret) = (request.authorize)(&url)
            {
                let mut value = header::HeaderValue::from_str(secret.reveal())
                    .map_err(|_| Failure::Credentials)?;
                value.set_sensitive(true);
                get = get.header(header::AUTHORIZATION, value);
            }
            let response = match timeout(stall, get.send()).await {
                Ok(response) => response.map_err(|error| Failure::of(&error, connect))?,
                Err(_) => return Err(Failure::Stalled(stall).into()),
            };
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            url = hop::next(&url, text(&response, &header::LOCATION).as_deref())?;
        }
        Err(Failure::Redirects(REDIRECTS).into())
    }

    async fn body(
        &self,
        response: reqwest::Response,
        max: u64,
        sink: &mut dyn Sink,
    ) -> Result<(), Failed> {
        let Settings { stall, grace, slowest, .. } = self.settings;
        let expected = response.content_length();
        if expected.is_some_and(|expected| expected > max) {
            return Err(Failure::TooLarge(max).into());
        }
        sink.start().map_err(Failure::Sink)?;
        let began = Instant::now();
        let mut got: u64 = 0;
        let mut pieces = response.bytes_stream();
        loop {
            let piece = match timeout(stall, pieces.next()).await {
                Err(_) => return Err(Failure::Stalled(stall).into()),
                Ok(None) => break,
                Ok(Some(Err(error))) => return Err(Failure::broken(&error, got, expected).into()),
                Ok(Some(Ok(piece))) => piece,
            };
            got = got.saturating_add(piece.len() as u64);
            if got > max {
                return Err(Failure::TooLarge(max).into());
            }
            sink.piece(&piece).map_err(Failure::Sink)?;
            let allowed = grace + Duration::from_secs(got / u64::from(slowest.max(1)));
            if began.elapsed() > allowed {
                return Err(Failure::TooSlow { got, after: began.elapsed() }.into());
            }
        }
        if expected.is_some_and(|expected| got < expected) {
            return Err(Failure::ClosedEarly { got, expected }.into());
        }
        Ok(())
    }
}

/// A try that failed, and how long the server asks to wait.
struct Failed {
    failure: Failure,
    wait: Option<Duration>,
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Self {
        Self { failure, wait: None }
    }
}

/// Whether this is the address of a proxy, with or without a scheme. Of anything else the client
/// would say nothing, and connect without a proxy.
pub fn is_proxy(address: &str) -> bool {
    const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
    let url = match address.contains("://") {
        true => Url::parse(address),
        false => Url::parse(&format!("http://{address}")),
    };
    url.is_ok_and(|url| SCHEMES.contains(&url.scheme()) && url.has_host())
}

fn client(settings: &Settings, gzip: bool) -> Result<reqwest::Client, NetworkError> {
    let setup = |error: reqwest::Error| NetworkError::Setup(error::innermost(&error));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("sealift/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(gzip)
        .connect_timeout(settings.connect);
    if let Some(pem) = &settings.certificates {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?;
        if certificates.is_empty() {
            return Err(NetworkError::Setup("ca or cafile holds no PEM certificate".into()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(proxy) = &settings.proxy {
        let except = proxy.except.as_deref().and_then(reqwest::NoProxy::from_string);
        // What is wrong with an address is not repeated: it may hold a password.
        let malformed = || NetworkError::Setup("the address of the proxy is malformed".to_owned());
        let schemes: [(_, fn(_) -> _); 2] =
            [(&proxy.https, reqwest::Proxy::https), (&proxy.http, reqwest::Proxy::http)];
        for (address, proxy) in schemes {
            let Some(address) = address.as_ref().map(Secret::reveal) else { continue };
            let proxy = proxy(address).ok().filter(|_| is_proxy(address)).ok_or_else(malformed)?;
            builder = builder.proxy(proxy.no_proxy(except.clone()));
        }
    }
    builder.build().map_err(setup)
}

fn text(response: &reqwest::Response, name: &header::HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}
