//! The errors of the network. They hold no secrets.

use std::{fmt, io, time::Duration};

use url::Url;

use super::reach::NotPublic;
use crate::core::addresses;

/// An address without userinfo, query and fragment: any of them can hold a token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(String);

impl Address {
    /// The part of `url` that may be shown.
    pub fn of(url: &Url) -> Self {
        Self(addresses::anonymous(url).into())
    }

    /// What was rendered before.
    pub(crate) fn of_text(address: &str) -> Self {
        Self(address.to_owned())
    }

    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The network could not be set up, or a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// Certificates, proxies or threads.
    #[error("cannot set up the network: {0}")]
    Setup(String),
    /// A host that was given up after its connections had failed: it gets no more requests.
    #[error("{host} cannot be reached: {failure}")]
    Unreachable {
        /// `HOST:PORT`.
        host: String,
        /// What happened at the last try.
        failure: RequestFailure,
    },
    /// One address, after all tries.
    #[error("{address}: {failure}")]
    Request {
        /// Which.
        address: Address,
        /// What happened at the last try.
        failure: RequestFailure,
    },
}

/// What happened to a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailure {
    /// Nobody listens there.
    #[error("connection refused")]
    Refused,
    /// No connection within this time.
    #[error("no connection within {}", seconds(.0))]
    ConnectTimeout(Duration),
    /// No connection for another reason: name resolution, TLS, proxy.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// Connected, and then silence for this long.
    #[error("timed out after {} without an answer", seconds(.0))]
    Stalled(Duration),
    /// Bytes came, but hardly any.
    #[error("too slow: {got} bytes in {}", seconds(after))]
    TooSlow {
        /// Bytes received.
        got: u64,
        /// In this time.
        after: Duration,
    },
    /// The connection ended before the body did.
    #[error("connection closed early: got {got} {}", of_bytes(.expected.as_ref()))]
    ClosedEarly {
        /// Bytes received.
        got: u64,
        /// Bytes announced, if they were.
        expected: Option<u64>,
    },
    /// The exchange broke in another way.
    #[error("the exchange failed: {0}")]
    Exchange(String),
    /// More bytes than anything of its kind may have.
    #[error("larger than {0} bytes")]
    TooLarge(u64),
    /// A status that is not an answer.
    #[error("status {0}")]
    Status(u16),
    /// A web page.
    #[error("answered with a web page (HTML)")]
    Html,
    /// A redirect without a usable `Location`.
    #[error("redirected without saying where to")]
    Redirect,
    /// Redirects without an end.
    #[error("redirected more than {0} times")]
    Redirects(usize),
    /// From HTTPS to something less.
    #[error("redirected from https to {0}")]
    Downgrade(Address),
    /// An address from a lockfile or a redirect, on this machine or in a private network.
    #[error("{0} is this machine or a private address, and no registry is configured there")]
    NotPublic(String),
    /// Neither `http` nor `https`.
    #[error("scheme {0:?} is neither http nor https")]
    Scheme(String),
    /// A token with characters that no header can hold.
    #[error("the configured credentials cannot be sent in a header")]
    Credentials,
    /// What was received could not be kept.
    #[error("cannot keep what was received: {0}")]
    Sink(String),
}

impl RequestFailure {
    /// Whether another try may succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Refused
            | Self::ConnectTimeout(_)
            | Self::Connect(_)
            | Self::Stalled(_)
            | Self::ClosedEarly { .. }
            | Self::Exchange(_) => true,
            Self::Status(status) => *status == 429 || *status >= 500,
            _ => false,
        }
    }

    /// Whether there was no connection at all.
    pub(super) fn is_connection(&self) -> bool {
        matches!(self, Self::Refused | Self::ConnectTimeout(_) | Self::Connect(_))
    }

    /// Sorts an error of the HTTP client, and drops the address from its text.
    pub(super) fn of(error: &reqwest::Error, connect: Duration) -> Self {
        if let Some(NotPublic(host)) = sources(error).find_map(|error| error.downcast_ref()) {
            return Self::NotPublic(host.clone());
        }
        match () {
            () if has(error, &[io::ErrorKind::ConnectionRefused]) => Self::Refused,
            () if error.is_connect() && error.is_timeout() => Self::ConnectTimeout(connect),
            () if error.is_connect() => Self::Connect(innermost(error)),
            () => Self::Exchange(innermost(error)),
        }
    }

    /// Sorts an error in the middle of a body: the end of the connection, unless the bytes that
    /// came were wrong in themselves.
    pub(super) fn broken(error: &reqwest::Error, got: u64, expected: Option<u64>) -> Self {
        let wrong = [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput];
        if has(error, &wrong) {
            return Self::Exchange(innermost(error));
        }
        Self::ClosedEarly { got, expected }
    }
}

/// What to do if the registry asks for credentials.
pub(crate) const TOKEN_HINT: &str = "the registry may want a token: set one in .npmrc (it is only sent over https, or to this machine)";

impl NetworkError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let (Self::Request { failure, .. } | Self::Unreachable { failure, .. }) = self else {
            return None;
        };
        let hint = match failure {
            RequestFailure::NotPublic(_) => {
                "if it is a registry of yours, name it with registry= or @scope:registry= in .npmrc"
            }
            RequestFailure::Html => {
                "a captive portal or a proxy may stand between; log in to it first"
            }
            RequestFailure::Status(401) => TOKEN_HINT,
            RequestFailure::Status(407) => "the proxy wants a password; set HTTPS_PROXY with it",
            RequestFailure::Connect(text) if text.contains("certificate") => {
                "if the registry's certificate is of a private authority, name it with cafile= in .npmrc"
            }
            RequestFailure::Refused
            | RequestFailure::Connect(_)
            | RequestFailure::ConnectTimeout(_) => {
                "check the address, and HTTPS_PROXY if there is a proxy"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

/// The text of the last error in the chain: the one that says what happened.
pub(super) fn innermost(error: &reqwest::Error) -> String {
    match sources(error).last() {
        Some(source) => source.to_string(),
        None if error.is_builder() => "the request is malformed".into(),
        None => "unknown error".into(),
    }
}

/// Whether an I/O error of one of these kinds is below `error`.
fn has(error: &reqwest::Error, kinds: &[io::ErrorKind]) -> bool {
    sources(error)
        .filter_map(|source| source.downcast_ref::<io::Error>())
        .any(|error| kinds.contains(&error.kind()))
}

/// The errors below `error`. The error itself names the full address, with its secrets.
fn sources<'a>(
    error: &'a reqwest::Error,
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(std::error::Error::source(error), |error| error.source())
}

fn seconds(duration: &Duration) -> String {
    format!("{} s", duration.as_secs_f32())
}

fn of_bytes(expected: Option<&u64>) -> String {
    expected.map_or_else(|| "bytes".into(), |expected| format!("of {expected} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_no_secret() {
        let url = Url::parse("https://me:pass@registry.example/a%2fb?token=1#x").unwrap();
        assert_eq!(Address::of(&url).as_str(), "https://registry.example/a%2fb");
    }

    #[test]
    fn failures_say_what_happened() {
        let text = |failure: RequestFailure| {
            let address = Address::of(&Url::parse("https://registry.example/a").unwrap());
            NetworkError::Request { address, failure }.to_string()
        };
        assert_eq!(text(RequestFailure::Refused), "https://registry.example/a: connection refused");
        assert_eq!(
            text(RequestFailure::ClosedEarly { got: 3, expected: Some(10) }),
            "https://registry.example/a: connection closed early: got 3 of 10 bytes"
        );
        assert_eq!(
            text(RequestFailure::ClosedEarly { got: 3, expected: None }),
            "https://registry.example/a: connection closed early: got 3 bytes"
        );
        assert_eq!(
            text(RequestFailure::Stalled(Duration::from_secs(30))),
            "https://registry.example/a: timed out after 30 s without an answer"
        );
    }

    #[test]
    fn hints_say_what_to_do() {
        let hint = |failure| {
            let address = Address::of(&Url::parse("https://a.example").unwrap());
            NetworkError::Request { address, failure }.hint().unwrap_or_default()
        };
        assert!(hint(RequestFailure::Status(401)).contains(".npmrc"));
        assert!(hint(RequestFailure::Status(407)).contains("HTTPS_PROXY"));
        let untrusted = RequestFailure::Connect("invalid peer certificate: UnknownIssuer".into());
        assert!(hint(untrusted).contains("cafile="));
        assert_eq!(hint(RequestFailure::Status(500)), "");
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        for failure in
            [RequestFailure::Refused, RequestFailure::Status(429), RequestFailure::Status(503)]
        {
            assert!(failure.is_transient(), "{failure}");
        }
        for failure in
            [RequestFailure::Status(400), RequestFailure::Status(401), RequestFailure::Html]
        {
            assert!(!failure.is_transient(), "{failure}");
        }
    }
}
