//! Where a request may go, and what it may take along.

use url::Url;

use super::{Address, RequestFailure, reach};
use crate::core::addresses;

/// The first address, without its userinfo: the client would send it as credentials.
pub(super) fn first(url: &Url) -> Result<Url, RequestFailure> {
    let mut url = url.clone();
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RequestFailure::Scheme(url.scheme().to_owned()));
    }
    addresses::drop_credentials(&mut url);
    Ok(url)
}

/// Where a redirect leads.
pub(super) fn next(from: &Url, location: Option<&str>) -> Result<Url, RequestFailure> {
    let next =
        location.and_then(|location| from.join(location).ok()).ok_or(RequestFailure::Redirect)?;
    let next = first(&next)?;
    if from.scheme() == "https" && next.scheme() != "https" {
        return Err(RequestFailure::Downgrade(Address::of(&next)));
    }
    Ok(next)
}

/// Whether credentials may go to `url`, on the way from `origin`: not to another host, and only
/// over TLS or without leaving this machine.
pub(super) fn may_carry_credentials(origin: &Url, url: &Url) -> bool {
    origin.origin() == url.origin() && (url.scheme() == "https" || reach::is_loopback(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn redirects_lead_to_http_and_never_down_from_https() {
        let hop = |from, location| next(&url(from), location).map(String::from);
        assert_eq!(hop("https://a.example/b/c", Some("../d")), Ok("https://a.example/d".into()));
        assert_eq!(hop("https://a.example/", Some("//b.example")), Ok("https://b.example/".into()));
        assert_eq!(
            hop("http://a.example/", Some("https://x:y@b.example")),
            Ok("https://b.example/".into())
        );
        assert_eq!(
            hop("https://a.example/", Some("http://x:y@a.example/b?c")),
            Err(RequestFailure::Downgrade(Address::of(&url("http://a.example/b"))))
        );
        assert_eq!(
            hop("http://a.example/", Some("data:,x")),
            Err(RequestFailure::Scheme("data".into()))
        );
        assert_eq!(hop("http://a.example/", Some("http://[")), Err(RequestFailure::Redirect));
        assert_eq!(hop("http://a.example/", None), Err(RequestFailure::Redirect));
    }

    #[test]
    fn credentials_stay_on_their_origin_and_off_the_wire() {
        let may = |origin, to| may_carry_credentials(&url(origin), &url(to));
        assert!(may("https://a.example/b", "https://a.example/c"));
        assert!(!may("https://a.example/", "https://b.example/"));
        assert!(!may("https://a.example/", "https://a.example:8443/"));
        assert!(!may("http://a.example/", "http://a.example/"));
        assert!(!may("http://127.0.0.1.example/", "http://127.0.0.1.example/"));
        for local in ["http://127.0.0.1:4873/", "http://[::1]/", "http://localhost:1/"] {
            assert!(may(local, local), "{local}");
        }
    }
}
