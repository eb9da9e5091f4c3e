//! What an archive carries of the trust that it is sealed with.

use url::Url;

use super::{Basis, BasisError, Material, Options, carried::folder};
use crate::{
    adapters::{
        network::Network,
        tuf::{self as tuf_store, Http, StoredInstance, TrustStore},
    },
    app::report::MaterialSource,
    core::{
        archive::{
            entry_name,
            manifest::{self, TrustSource},
        },
        time::{self, Time},
        tuf::State,
    },
};

/// What an archive carries of the trust that it is sealed with.
pub(in crate::app) struct Carriage {
    instance: String,
    source: MaterialSource,
    /// The TUF repository, and when it was checked. If the built-in material is newer, that one judges.
    state: Option<(State, Time)>,
}

/// Chooses what an archive is sealed with: pinned files if they are given; else the trust store, which is
/// refreshed first unless `no_refresh`; else the built-in material. It must be usable to judge an
/// archive.
///
/// # Errors
/// When the refresh does not succeed, or there is nothing at hand.
pub(in crate::app) fn for_seal(
    options: &Options,
    no_refresh: bool,
    network: &Network,
    at: Time,
) -> Result<Carriage, BasisError> {
    if let Some(pinned) = &options.files {
        let basis = Basis::files(&options.instance, pinned)?.with_publishers(options)?;
        return Ok(Carriage::of(basis, None));
    }
    let store = TrustStore::new(options.store.path());
    let instance = store.instance(&options.instance)?;
    let part = store.open(&instance.name)?;
    if !no_refresh {
        let repository = repository(network, &instance.url)?;
        tuf_store::refresh(&instance, &repository, &part, at)
            .map_err(|error| BasisError::NotFresh(Box::new(error)))?;
    }
    let held = part.load(&instance)?;
    // The repository's state is carried as proof. It is carried even if the built-in material is newer,
    // because the other side may have an older program.
    let StoredInstance { local, checked, .. } = held.clone();
    let basis = Basis::new(&instance, Material::newest(&instance, held, None, at)?)?;
    Ok(Carriage::of(basis.with_publishers(options)?, local.state.zip(checked)))
}

/// The TUF repository at an address.
pub(super) fn repository<'a>(network: &'a Network, url: &str) -> Result<Http<'a>, BasisError> {
    Url::parse(url)
        .ok()
        .and_then(|base| Http::new(network, &base))
        .ok_or_else(|| BasisError::Repository(url.to_owned()))
}

/// Carries nothing, as when only built-in material is known.
#[cfg(test)]
pub(in crate::app) fn nothing(instance: &str) -> Carriage {
    Carriage { instance: instance.to_owned(), source: MaterialSource::Embedded, state: None }
}

impl Carriage {
    fn of(basis: Basis, state: Option<(State, Time)>) -> Self {
        Self { instance: basis.facts.instance, source: basis.facts.source, state }
    }

    /// What the manifest says of it; `sealed_at` bounds what time it can have been checked.
    pub fn manifest(&self, sealed_at: Time) -> manifest::CarriedTrust {
        let source = match (&self.state, self.source) {
            (Some(_), _) => TrustSource::Tuf,
            (None, MaterialSource::Files) => TrustSource::Files,
            (None, _) => TrustSource::Embedded,
        };
        let checked = self.state.as_ref().map(|(_, checked)| *checked);
        manifest::CarriedTrust {
            instance: self.instance.clone(),
            source,
            refreshed_at: checked.map(|checked| time::format(checked.min(sealed_at))),
        }
    }

    /// The TUF repository: entries and their bytes.
    pub fn entries(&self) -> impl Iterator<Item = (String, &[u8])> {
        let folder = folder(&self.instance);
        let entries = self.state.iter().flat_map(|(state, _)| state.entries());
        entries.map(move |(name, bytes)| {
            (format!("{folder}{}", entry_name::encode(name)), bytes.as_slice())
        })
    }
}
