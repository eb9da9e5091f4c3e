//! The HTTP clients: how they connect, what they trust, which proxy they use.

use std::sync::OnceLock;

use url::Url;

use super::{
    NetworkError, RequestFailure, Secret, Settings, error,
    reach::{self, Resolver, Way},
};

/// One client for each way of connecting, and for compressed and other transfers. They share no
/// connections: one to a private address that was opened for a configured host is not used for
/// another one.
#[derive(Debug)]
pub(super) struct Clients {
    settings: Settings,
    open: Pair,
    loopback: Pair,
    guarded: Pair,
}

#[derive(Debug)]
struct Pair {
    way: Way,
    resolver: Resolver,
    plain: OnceLock<reqwest::Client>,
    unzipping: OnceLock<reqwest::Client>,
}

impl Clients {
    /// Makes the client that is always needed. This shows whether the settings are valid.
    ///
    /// # Errors
    /// [`NetworkError::Setup`] when they do not.
    pub fn new(settings: &Settings) -> Result<Self, NetworkError> {
        let clients = Self {
            settings: settings.clone(),
            open: Pair::new(Way::Open),
            loopback: Pair::new(Way::Loopback),
            guarded: Pair::new(Way::Guarded),
        };
        clients.open.get(settings, false)?;
        Ok(clients)
    }

    /// The client for an address.
    ///
    /// # Errors
    /// [`RequestFailure::NotPublic`] where the address may not be reached.
    pub fn get(
        &self,
        url: &Url,
        configured: bool,
        gzip: bool,
    ) -> Result<&reqwest::Client, RequestFailure> {
        let pair = match reach::way(url, configured)? {
            Way::Open => &self.open,
            Way::Loopback => &self.loopback,
            Way::Guarded => {
                self.guarded.resolver.guard(url);
                &self.guarded
            }
        };
        pair.get(&self.settings, gzip).map_err(|error| RequestFailure::Connect(error.to_string()))
    }
}

impl Pair {
    fn new(way: Way) -> Self {
        let resolver = Resolver::new(way);
        Self { way, resolver, plain: OnceLock::new(), unzipping: OnceLock::new() }
    }

    fn get(&self, settings: &Settings, gzip: bool) -> Result<&reqwest::Client, NetworkError> {
        let slot = if gzip { &self.unzipping } else { &self.plain };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = client(settings, self.way, self.resolver.clone(), gzip)?;
        Ok(slot.get_or_init(|| client))
    }
}

fn client(
    settings: &Settings,
    way: Way,
    resolver: Resolver,
    gzip: bool,
) -> Result<reqwest::Client, NetworkError> {
    let setup = |error: reqwest::Error| NetworkError::Setup(error::innermost(&error));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("sealift/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .gzip(gzip)
        .dns_resolver(resolver)
        .connect_timeout(settings.connect);
    if let Some(pem) = &settings.certificates {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?;
        if certificates.is_empty() {
            return Err(NetworkError::Setup("ca or cafile holds no PEM certificate".into()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if way == Way::Loopback {
        // Requests to this machine never go through a proxy: it would see the credentials.
        return builder.no_proxy().build().map_err(setup);
    }
    with_proxies(builder, settings)?.build().map_err(setup)
}

fn with_proxies(
    mut builder: reqwest::ClientBuilder,
    settings: &Settings,
) -> Result<reqwest::ClientBuilder, NetworkError> {
    let Some(proxy) = &settings.proxy else { return Ok(builder) };
    let except = proxy.except.as_deref().and_then(reqwest::NoProxy::from_string);
    // The error does not repeat the address: it may hold a password.
    let malformed = || NetworkError::Setup("the address of the proxy is malformed".to_owned());
    let schemes: [(_, fn(_) -> _); 2] =
        [(&proxy.https, reqwest::Proxy::https), (&proxy.http, reqwest::Proxy::http)];
    for (address, proxy) in schemes {
        let Some(address) = address.as_ref().map(Secret::reveal) else { continue };
        let proxy = proxy(address).ok().filter(|_| is_proxy(address)).ok_or_else(malformed)?;
        builder = builder.proxy(proxy.no_proxy(except.clone()));
    }
    Ok(builder)
}

/// Whether this is the address of a proxy, with or without a scheme. The client would ignore anything else
/// without a word, and connect without a proxy.
pub fn is_proxy(address: &str) -> bool {
    const SCHEMES: [&str; 6] = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
    let url = match address.contains("://") {
        true => Url::parse(address),
        false => Url::parse(&format!("http://{address}")),
    };
    url.is_ok_and(|url| SCHEMES.contains(&url.scheme()) && url.has_host())
}
