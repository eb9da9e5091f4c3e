//! The network, as `.npmrc` files and the environment configure it. A use case without this value cannot
//! reach the network.

use crate::adapters::{files::FileError, network, registry::Env};

pub use crate::adapters::{
    network::{Address, Network, NetworkError, Proxy, RequestFailure, Response, Secret, Settings},
    registry::{ConfigError, Credentials, Npmrc, RegistryConfig, Replaced},
};

/// Why there is no network.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The certificates cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A variable does not hold the address of a proxy. The message leaves it out: it may hold a password.
    #[error("{0} is not the address of a proxy")]
    Proxy(&'static str),
    /// The settings are refused.
    #[error(transparent)]
    Network(#[from] NetworkError),
}

impl ConnectionError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Proxy(_) => Some("write it as http://HOST:PORT".to_owned()),
            Self::Network(_) => None,
        }
    }
}

/// The network, as `.npmrc` configures it.
///
/// # Errors
/// When certificates cannot be read, or a proxy's address is not one.
pub fn connect(npmrc: &Npmrc, variable: Env<'_>) -> Result<Network, ConnectionError> {
    let mut settings = Settings::default();
    npmrc.configure(&mut settings)?;
    if settings.proxy.is_none() {
        require_proxies(variable)?;
    }
    Ok(Network::acquire(settings)?)
}

/// A proxy with a malformed address is an error: its user wants no direct connection.
fn require_proxies(variable: Env<'_>) -> Result<(), ConnectionError> {
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    {
        let address = variable(name).unwrap_or_default();
        if !address.is_empty() && !network::is_proxy(&address) {
            return Err(ConnectionError::Proxy(name));
        }
    }
    Ok(())
}
