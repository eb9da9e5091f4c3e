//! A TUF repository over HTTP.

use url::Url;

use crate::{
    adapters::network::{Network, NetworkError},
    core::tuf::Repository,
};

/// A repository at an address: metadata below it, target files below its `targets/`.
#[derive(Debug)]
pub struct Http<'a> {
    network: &'a Network,
    metadata: Url,
    targets: Url,
}

impl<'a> Http<'a> {
    /// The repository at `base`. `None` if `base` is not an address that paths can be added to.
    pub fn new(network: &'a Network, base: &Url) -> Option<Self> {
        let metadata = below(base, "")?;
        let targets = below(base, "targets/")?;
        Some(Self { network, metadata, targets })
    }

    fn get(&self, url: &Url, max: u64) -> Result<Option<Vec<u8>>, NetworkError> {
        let response = self.network.get(url, max)?;
        // 403 is how object stores say that there is nothing of that name.
        Ok((response.status == 200).then_some(response.body))
    }
}

impl Repository for Http<'_> {
    type Error = NetworkError;

    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, NetworkError> {
        // Published names are percent-encoded already.
        let mut url = self.metadata.clone();
        url.set_path(&format!("{}{name}", self.metadata.path()));
        self.get(&url, max)
    }

    fn target(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, NetworkError> {
        let mut url = self.targets.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        self.get(&url, max)
    }
}

/// `base` with a path below it, ending in a slash; without query and fragment.
fn below(base: &Url, path: &str) -> Option<Url> {
    if base.cannot_be_a_base() {
        return None;
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_below_the_base() {
        let of = |base: &str, path| below(&Url::parse(base).unwrap(), path);
        assert_eq!(of("https://tuf.example.com", "").unwrap().as_str(), "https://tuf.example.com/");
        assert_eq!(
            of("https://tuf.example.com/a/?x#y", "targets/").unwrap().as_str(),
            "https://tuf.example.com/a/targets/"
        );
        assert_eq!(of("mailto:a@example.com", ""), None);
    }
}
