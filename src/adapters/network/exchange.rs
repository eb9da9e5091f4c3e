//! One request and its answer: redirects, tries, and the bounds on a body.
#![allow(clippy::disallowed_methods)] // time-outs and retry delays need the running clock

use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header;
use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    Address, AnswerHead, Network, NetworkError, Request, RequestFailure, Settings, Sink, hop,
    hosts::Slot, retry,
};
use crate::core::limits::{self, REDIRECTS};

/// A try that failed.
struct Failed {
    error: Stop,
    /// How long the server asks to wait.
    wait: Option<Duration>,
    /// Where a redirect led to, if one did.
    at: Option<Url>,
}

enum Stop {
    /// Another try may do better.
    RequestFailure(RequestFailure),
    /// The host was given up.
    Unreachable(NetworkError),
}

impl From<RequestFailure> for Failed {
    fn from(failure: RequestFailure) -> Self {
        Self { error: Stop::RequestFailure(failure), wait: None, at: None }
    }
}

/// An answer whose head has arrived, and the permission that its body needs.
struct Head<'a> {
    response: reqwest::Response,
    _slot: Option<Slot<'a>>,
}

impl Network {
    /// Gets one address into `sink`, trying again where that can help.
    pub(crate) async fn fetch(
        &self,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<AnswerHead, NetworkError> {
        let answers = |url: &Url| request.hosts.map_or(0, |hosts| hosts.host(url).answers());
        let before = answers(request.url);
        let mut tried = 0;
        loop {
            let Failed { error, wait, at } = match self.attempt(request, sink).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let failure = match error {
                Stop::RequestFailure(failure) => failure,
                Stop::Unreachable(error) => return Err(error),
            };
            tried += 1;
            // The host has not answered since this request began; if this was a redirect, it never has.
            let url = at.as_ref().unwrap_or(request.url);
            let silent = answers(url) == if at.is_some() { 0 } else { before };
            if failure.is_connection() && silent && self.is_last(&failure, tried) {
                return Err(match request.hosts {
                    Some(hosts) => hosts.host(url).give_up(&failure),
                    None => NetworkError::Request { address: Address::of(request.url), failure },
                });
            }
            if tried >= self.tries(&failure) || !failure.is_transient() {
                return Err(NetworkError::Request { address: Address::of(request.url), failure });
            }
            tokio::time::sleep(retry::delay(&self.settings, tried, wait)).await;
        }
    }

    fn tries(&self, failure: &RequestFailure) -> u32 {
        match failure {
            RequestFailure::Status(429) => self.settings.tries.max(limits::BUSY_TRIES),
            _ => self.settings.tries,
        }
    }

    /// Whether this was the last try: all tries are used, or connecting timed out.
    fn is_last(&self, failure: &RequestFailure, tried: u32) -> bool {
        tried >= self.settings.tries || matches!(failure, RequestFailure::ConnectTimeout(_))
    }

    async fn attempt(
        &self,
        request: &Request<'_>,
        sink: &mut dyn Sink,
    ) -> Result<AnswerHead, Failed> {
        let Head { response, _slot } = self.follow(request).await?;
        let status = response.status().as_u16();
        let etag = text(&response, &header::ETAG);
        match status {
            200 => {}
            304 if request.etag.is_some() => return Ok(AnswerHead { status, etag }),
            403 | 404 | 410 => {
                sink.start().map_err(RequestFailure::Sink)?;
                return Ok(AnswerHead { status, etag: None });
            }
            _ => {
                let error = Stop::RequestFailure(RequestFailure::Status(status));
                return Err(Failed { error, wait: wait(&response), at: None });
            }
        }
        // No request here is for an HTML page: a portal or a proxy has answered.
        if text(&response, &header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html"))
        {
            return Err(RequestFailure::Html.into());
        }
        self.body(response, request.max, sink).await?;
        Ok(AnswerHead { status, etag })
    }

    /// Follows redirects by hand, so that the rules of each hop are ours.
    async fn follow<'a>(&self, request: &Request<'a>) -> Result<Head<'a>, Failed> {
        let mut url = hop::first(request.url)?;
        for hops in 0..=REDIRECTS {
            let at = (hops > 0).then(|| url.clone());
            let configured = match request.is_configured {
                Some(is_configured) => is_configured(&url),
                None => url.host() == request.url.host(),
            };
            let client = self.clients.get(&url, configured, request.gzip)?;
            let slot = match request.hosts {
                Some(hosts) => Some(hosts.enter(&url).await.map_err(|error| Failed {
                    error: Stop::Unreachable(error),
                    wait: None,
                    at: None,
                })?),
                None => None,
            };
            let response = self.send(client, request, &url).await.map_err(|failure| Failed {
                error: Stop::RequestFailure(failure),
                wait: None,
                at,
            })?;
            let status = response.status().as_u16();
            if let Some(slot) = &slot {
                slot.answered(status, wait(&response).map(|wait| self.at_most(wait)));
            }
            if !matches!(status, 301 | 302 | 303 | 307 | 308) {
                return Ok(Head { response, _slot: slot });
            }
            url = hop::next(&url, text(&response, &header::LOCATION).as_deref())?;
        }
        Err(RequestFailure::Redirects(REDIRECTS).into())
    }

    fn at_most(&self, wait: Duration) -> Duration {
        wait.min(self.settings.longest_wait)
    }

    async fn send(
        &self,
        client: &reqwest::Client,
        request: &Request<'_>,
        url: &Url,
    ) -> Result<reqwest::Response, RequestFailure> {
        let Settings { connect, stall, .. } = self.settings;
        let mut get = client.get(url.clone()).header(header::ACCEPT, request.accept);
        if let Some(etag) = request.etag {
            get = get.header(header::IF_NONE_MATCH, etag);
        }
        if hop::may_carry_credentials(request.url, url)
            && let Some(secret) = (request.authorize)(url)
        {
            let mut value = header::HeaderValue::from_str(secret.reveal())
                .map_err(|_| RequestFailure::Credentials)?;
            value.set_sensitive(true);
            get = get.header(header::AUTHORIZATION, value);
        }
        match timeout(stall, get.send()).await {
            Ok(response) => response.map_err(|error| RequestFailure::of(&error, connect)),
            Err(_) => Err(RequestFailure::Stalled(stall)),
        }
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
            return Err(RequestFailure::TooLarge(max).into());
        }
        sink.start().map_err(RequestFailure::Sink)?;
        let began = Instant::now();
        let mut got: u64 = 0;
        let mut pieces = response.bytes_stream();
        loop {
            let piece = match timeout(stall, pieces.next()).await {
                Err(_) => return Err(RequestFailure::Stalled(stall).into()),
                Ok(None) => break,
                Ok(Some(Err(error))) => {
                    return Err(RequestFailure::broken(&error, got, expected).into());
                }
                Ok(Some(Ok(piece))) => piece,
            };
            got = got.saturating_add(piece.len() as u64);
            if got > max {
                return Err(RequestFailure::TooLarge(max).into());
            }
            sink.piece(&piece).map_err(RequestFailure::Sink)?;
            let allowed = grace + Duration::from_secs(got / u64::from(slowest.max(1)));
            if began.elapsed() > allowed {
                return Err(RequestFailure::TooSlow { got, after: began.elapsed() }.into());
            }
        }
        if expected.is_some_and(|expected| got < expected) {
            return Err(RequestFailure::ClosedEarly { got, expected }.into());
        }
        Ok(())
    }
}

/// How long a server asks to wait.
fn wait(response: &reqwest::Response) -> Option<Duration> {
    retry::after(
        text(response, &header::RETRY_AFTER).as_deref(),
        text(response, &header::DATE).as_deref(),
    )
}

fn text(response: &reqwest::Response, name: &header::HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}
