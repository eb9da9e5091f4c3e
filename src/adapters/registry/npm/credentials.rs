//! Credentials, each for one host and path and never for another.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use url::Url;

use crate::{
    adapters::network::Secret,
    core::{addresses, percent},
};

/// Credentials by the host and path they belong to.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<String, Login>);

#[derive(Debug, Clone, Default)]
struct Login {
    token: Option<Secret>,
    basic: Option<Secret>,
    username: Option<Secret>,
    password: Option<Secret>,
}

impl Credentials {
    /// The value of `Authorization` for an address: of the longest path at its host, cut at
    /// slashes, that has credentials.
    pub fn authorization(&self, url: &Url) -> Option<Secret> {
        let mut place = format!("{}{}", place(url)?, url.path());
        loop {
            if let Some(value) = self.0.get(&place).and_then(Login::authorization) {
                return Some(value);
            }
            // As npm does: cut the slash, or what follows it.
            let cut = match place.strip_suffix('/') {
                Some(rest) => rest.len(),
                None => place.rfind('/')? + 1,
            };
            place.truncate(cut);
            if place.len() <= 2 {
                return None;
            }
        }
    }

    /// Moves the userinfo of an address into the credentials of its place.
    pub(super) fn take(&mut self, url: &mut Url) {
        // What is malformed stays as it is written.
        let decode = |text: &str| percent::decode(text).unwrap_or_else(|| text.to_owned());
        let text =
            format!("{}:{}", decode(url.username()), decode(url.password().unwrap_or_default()));
        if addresses::drop_credentials(url)
            && let Some(place) = place(url)
        {
            let login = self.0.entry(format!("{place}{}", url.path())).or_default();
            login.basic = Some(Secret::new(STANDARD.encode(text)));
        }
    }

    /// Takes a line of `.npmrc` whose key is `//HOST/PATH/:NAME`.
    pub(super) fn set(&mut self, key: &str, value: String) {
        let Some((place, name)) = key.rsplit_once(':') else { return };
        let login = self.0.entry(place.to_owned()).or_default();
        let slot = match name {
            "_authToken" => &mut login.token,
            "_auth" => &mut login.basic,
            "username" => &mut login.username,
            "_password" => &mut login.password,
            _ => return,
        };
        *slot = Some(Secret::new(value));
    }
}

impl Login {
    fn authorization(&self) -> Option<Secret> {
        if let Some(token) = &self.token {
            return Some(Secret::new(format!("Bearer {}", token.reveal())));
        }
        if let Some(basic) = &self.basic {
            return Some(Secret::new(format!("Basic {}", basic.reveal())));
        }
        let (username, password) = (self.username.as_ref()?, self.password.as_ref()?);
        let mut login = format!("{}:", username.reveal()).into_bytes();
        login.extend(STANDARD.decode(password.reveal()).ok()?);
        Some(Secret::new(format!("Basic {}", STANDARD.encode(login))))
    }
}

/// `//host` or `//host:port` of an address.
fn place(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("//{host}:{port}"),
        None => format!("//{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_becomes_credentials() {
        let mut url = Url::parse("https://me:p%40ss+&@a.example/npm/").unwrap();
        let mut credentials = Credentials::default();
        credentials.take(&mut url);
        assert_eq!(url.as_str(), "https://a.example/npm/");
        let value = credentials.authorization(&url.join("b").unwrap()).unwrap();
        assert_eq!(value.reveal(), format!("Basic {}", STANDARD.encode("me:p@ss+&")));
    }

    #[test]
    fn only_credentials_are_taken() {
        let mut credentials = Credentials::default();
        credentials.set("//a.example/:email", "me@a.example".into());
        credentials.set("//a.example/", "x".into());
        credentials.set("//a.example/:_password", "not base64".into());
        credentials.set("//a.example/:username", "me".into());
        let url = Url::parse("https://a.example/b").unwrap();
        assert_eq!(credentials.authorization(&url), None);
    }
}
