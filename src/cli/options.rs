//! Makes options of the use cases out of the options that several commands have.

use std::path::PathBuf;

use crate::{
    app::{trust, verify},
    cli::{
        declare::{Demands, StoreOptions, TrustOptions},
        env::Env,
    },
    core::{policy::Policy, verdict::Identity},
};

impl From<&Demands> for verify::Demands {
    fn from(demands: &Demands) -> Self {
        Self {
            policy: Policy {
                require: demands.require.iter().copied().collect(),
                deny: demands.deny.iter().copied().collect(),
                max_age: demands.max_age,
                max_trust_age: demands.max_trust_age,
                past_limit: demands.past_limit,
            },
            lockfiles: demands.lockfile.clone(),
            deep: demands.deep,
        }
    }
}

impl TrustOptions {
    /// As the use cases take them.
    pub(super) fn resolve(&self, env: &Env) -> trust::Options {
        let files = self.trusted_root.clone().map(|trusted_root| {
            let npm_keys = self.npm_keys.clone();
            trust::PinnedFiles { trusted_root, npm_keys }
        });
        let publishers = self.publisher.chunks(3).filter_map(|named| match named {
            [registry, issuer, san] => {
                let identity = Identity { san: san.clone(), issuer: issuer.clone() };
                Some((registry.clone(), identity))
            }
            _ => None,
        });
        trust::Options {
            instance: self.instance.clone(),
            store: match &self.trust_dir {
                Some(folder) => trust::Store::Named(folder.clone()),
                None => trust::Store::Own(env.trust_store()),
            },
            files,
            publishers: publishers.collect(),
        }
    }
}

impl StoreOptions {
    /// The folder of the trust store that is asked for, or this user's.
    pub(super) fn folder(&self, env: &Env) -> PathBuf {
        self.trust_dir.clone().unwrap_or_else(|| env.trust_store())
    }
}
