//! Which machines a request may reach.
//!
//! Strangers write lockfiles and redirects, and this machine may be in a network that strangers cannot
//! reach. They must not make it talk to itself, to its neighbours or to a cloud's metadata service. A
//! configured host may be anywhere. Any other host must be public. Addresses are checked here; names are
//! checked where they are resolved, so that the checked answer of the name server is the one that is used.
//! Behind a proxy, the proxy resolves names.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::RequestFailure;

/// How a host is connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// This machine: never through a proxy, which would see the request.
    Loopback,
    /// A host that is configured, or a public address.
    Open,
    /// A name that must resolve to public addresses.
    Guarded,
}

/// How the host of an address is connected to.
///
/// # Errors
/// [`RequestFailure::NotPublic`] for a host that is not configured, and is this machine or has a private
/// address for its name.
pub(super) fn way(url: &Url, configured: bool) -> Result<Way, RequestFailure> {
    let refused = || RequestFailure::NotPublic(url.host_str().unwrap_or_default().to_owned());
    let (loopback, public) = match url.host() {
        Some(Host::Domain(name)) if is_loopback_name(name) => (true, false),
        Some(Host::Domain(_)) if configured => (false, true),
        Some(Host::Domain(_)) => return Ok(Way::Guarded),
        Some(Host::Ipv4(address)) => (address.is_loopback(), is_public(address.into())),
        Some(Host::Ipv6(address)) => (address.is_loopback(), is_public(address.into())),
        None => (false, false),
    };
    match (loopback, public || configured) {
        (true, true) => Ok(Way::Loopback),
        (false, true) => Ok(Way::Open),
        (_, false) => Err(refused()),
    }
}

/// Whether a host is this machine, by its name or address.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_loopback_name(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `localhost` and the names below it (RFC 6761, 6.3).
fn is_loopback_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

/// Whether an address is public. The special-purpose registries of IANA (RFC 6890) list the others.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127, ..)           // this network, private, loopback
            | (100, 64..=127, _)     // shared by carriers
            | (169, 254, _)          // link-local
            | (172, 16..=31, _)      // private
            | (192, 0, 0 | 2)        // protocol assignments, documentation
            | (192, 168, _)          // private
            | (198, 18 | 19, _)      // benchmarks
            | (198, 51, 100)         // documentation
            | (203, 0, 113)          // documentation
            | (224..=255, ..) // multicast, reserved, broadcast
    );
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([w, x], [y, z]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(w, x, y, z))
    };
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => embedded(g, h), // mapped, NAT64
        (0x2002, ..) => embedded(b, c),                                         // 6to4
        (0x2001, 0x0000..=0x01ff | 0xdb8, ..) => false, // protocol assignments, documentation
        // Public addresses are all in 2000::/3, global unicast.
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

/// The addresses of a name, once somebody has asked for them.
type Addresses = Arc<OnceCell<Vec<SocketAddr>>>;

/// Resolves names with the system's resolver, and checks that the addresses are allowed.
#[derive(Debug, Clone)]
pub(super) struct Resolver {
    way: Way,
    /// The names from lockfiles and redirects: these are checked. The names of proxies are resolved too, and
    /// may be anywhere.
    guarded: Arc<Mutex<BTreeSet<String>>>,
    /// Every name is asked for once: many connections begin at the same time, each asking costs a
    /// thread, and a name server that gets many questions at once leaves some unanswered.
    known: Arc<Mutex<BTreeMap<String, Addresses>>>,
}

impl Resolver {
    pub(super) fn new(way: Way) -> Self {
        Self { way, guarded: Arc::default(), known: Arc::default() }
    }

    /// Checks the addresses of a name from now on.
    pub(super) fn guard(&self, url: &Url) {
        let mut guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
        guarded.insert(url.host_str().unwrap_or_default().to_owned());
    }

    /// The addresses of a name. A name without an answer is asked for again.
    async fn lookup(&self, name: &str) -> io::Result<Vec<SocketAddr>> {
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(name.to_owned()).or_default())
        };
        let found = cell.get_or_try_init(|| async {
            let found: Vec<_> = tokio::net::lookup_host((name, 0)).await?.collect();
            let none = || io::Error::other("the name has no address");
            if found.is_empty() { Err(none()) } else { Ok(found) }
        });
        found.await.cloned()
    }

    fn may_be(&self, name: &str, address: IpAddr) -> bool {
        match self.way {
            Way::Loopback => address.is_loopback(),
            Way::Open => true,
            Way::Guarded => {
                let guarded = self.guarded.lock().unwrap_or_else(PoisonError::into_inner);
                is_public(address) || !guarded.contains(name)
            }
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let name = name.as_str();
            let found = this.lookup(name).await?;
            let kept: Vec<SocketAddr> =
                found.into_iter().filter(|address| this.may_be(name, address.ip())).collect();
            if kept.is_empty() {
                return Err(NotPublic(name.to_owned()).into());
            }
            Ok(Box::new(kept.into_iter()) as Addrs)
        })
    }
}

/// A name that has no allowed address.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not a public host")]
pub(super) struct NotPublic(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn only_public_addresses_are_public() {
        for public in ["1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for public in ["2606:4700::1", "2a00::1", "64:ff9b::101:101", "2002:101:101::"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.0.1",
            "192.0.0.8",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "203.0.113.9",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for private in [
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
            "64:ff9b:1::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }

    #[test]
    fn a_host_that_is_not_configured_must_be_public() {
        for private in [
            "http://127.0.0.1:80/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://10.1.2.3/",
            "http://169.254.169.254/latest/meta-data",
            "http://[fe80::1]/",
            "http://0/",
        ] {
            let host = url(private).host_str().unwrap().to_owned();
            assert_eq!(
                way(&url(private), false),
                Err(RequestFailure::NotPublic(host)),
                "{private}"
            );
            assert!(way(&url(private), true).is_ok(), "{private}");
        }
        assert_eq!(way(&url("https://a.example/"), false), Ok(Way::Guarded));
        assert_eq!(way(&url("https://a.example/"), true), Ok(Way::Open));
        assert_eq!(way(&url("https://1.1.1.1/"), false), Ok(Way::Open));
        assert_eq!(way(&url("https://10.1.1.1/"), true), Ok(Way::Open));
        for local in ["http://localhost:1/", "http://127.0.0.2/", "http://[::1]/"] {
            assert_eq!(way(&url(local), true), Ok(Way::Loopback), "{local}");
        }
    }

    #[test]
    fn a_name_is_held_against_its_addresses() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let guarded = Resolver::new(Way::Guarded);
        assert!(guarded.may_be("proxy.example", address("10.0.0.1")), "a proxy");
        guarded.guard(&url("https://a.example/x"));
        assert!(!guarded.may_be("a.example", address("10.0.0.1")));
        assert!(!guarded.may_be("a.example", address("::1")));
        assert!(guarded.may_be("a.example", address("1.1.1.1")));
        let open = Resolver::new(Way::Open);
        open.guard(&url("https://a.example/x"));
        assert!(open.may_be("a.example", address("10.0.0.1")));
        let loopback = Resolver::new(Way::Loopback);
        assert!(loopback.may_be("localhost", address("::1")));
        assert!(!loopback.may_be("localhost", address("1.1.1.1")));
    }

    #[test]
    fn a_guarded_name_with_private_addresses_does_not_resolve() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let resolve = |resolver: &Resolver| {
            let resolved = runtime.block_on(resolver.resolve("localhost".parse().unwrap()));
            resolved.map(|addresses| addresses.count() > 0)
        };
        let guarded = Resolver::new(Way::Guarded);
        assert!(resolve(&guarded).unwrap(), "it is known now, and still held against the rules");
        guarded.guard(&url("http://localhost/"));
        let error = resolve(&guarded).unwrap_err();
        assert!(error.downcast_ref::<NotPublic>().is_some(), "{error}");
    }

    #[test]
    fn a_name_is_asked_for_once_and_one_without_an_answer_again() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let resolver = Resolver::new(Way::Open);
        let known = |name: &str, addresses: &[SocketAddr]| {
            let cell = OnceCell::new_with(Some(addresses.to_vec()));
            resolver.known.lock().unwrap().insert(name.to_owned(), Arc::new(cell));
        };
        // No name server gives this address: it can only be the known one.
        known("a.invalid", &["192.0.2.1:0".parse().unwrap()]);
        let lookup = |name: &str| runtime.block_on(resolver.lookup(name));
        assert_eq!(lookup("a.invalid").unwrap().len(), 1);
        let first = lookup("localhost").unwrap();
        known("localhost", &first[..1]);
        assert_eq!(lookup("localhost").unwrap(), first[..1]);
        assert!(lookup("not a name").is_err());
        known("not a name", &first);
        assert_eq!(lookup("not a name").unwrap(), first);
    }
}
