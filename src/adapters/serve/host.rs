//! Whether a request means this server. A page in a browser can have its own name lead here (DNS
//! rebinding); its requests then carry that name, and are not answered.

use std::net::{IpAddr, SocketAddr};

use hyper::http::uri::Authority;

/// The authority that a client reaches this server by, in lower case; `None` if it is not this server's.
///
/// A server on loopback accepts `localhost` and every loopback address. A server on all addresses accepts
/// `localhost` and every IP address. Any other server accepts its own address alone.
pub(super) fn own(host: &str, listening: SocketAddr) -> Option<String> {
    let authority: Authority = host.parse().ok()?;
    if authority.as_str().contains('@') {
        return None;
    }
    let anywhere = listening.ip().is_unspecified();
    if !anywhere && authority.port_u16().unwrap_or(80) != listening.port() {
        return None;
    }
    let name = authority.host().to_ascii_lowercase();
    let plain = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(&name);
    let is_own = match plain.parse::<IpAddr>() {
        Ok(address) => {
            anywhere
                || address == listening.ip()
                || (address.is_loopback() && listening.ip().is_loopback())
        }
        Err(_) => name == "localhost" && (anywhere || listening.ip().is_loopback()),
    };
    is_own.then(|| authority.as_str().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_names_are_accepted() {
        let loopback = "127.0.0.1:4873".parse().unwrap();
        for host in ["127.0.0.1:4873", "localhost:4873", "LOCALHOST:4873", "[::1]:4873"] {
            assert_eq!(own(host, loopback), Some(host.to_lowercase()), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "127.0.0.1:80",
            "evil.example:4873",
            "localhost.evil.example:4873",
            "192.0.2.1:4873",
            "user@127.0.0.1:4873",
            "127.0.0.1:4873/",
            "127.0.0.1:x",
            "0.0.0.0:4873",
            "localhost.:4873",
            "[::1",
        ] {
            assert_eq!(own(host, loopback), None, "{host}");
        }
        let one = "192.0.2.1:80".parse().unwrap();
        assert_eq!(own("192.0.2.1", one), Some("192.0.2.1".into()));
        assert_eq!((own("localhost", one), own("127.0.0.1", one)), (None, None));
        let all = "0.0.0.0:4873".parse().unwrap();
        assert_eq!(own("192.0.2.1:8080", all), Some("192.0.2.1:8080".into()));
        assert_eq!(own("evil.example:4873", all), None);
    }
}
