//! An optional target that fails leaves the required ones updated, and itself marked with its age.
#![cfg(feature = "network")]
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod repository;

use std::{thread, time::Duration as Wait};

use chrono::Duration;
use repository::{KEYS, delegate_keys, instance, now, store_in};
use sealift::{
    adapters::{
        network::{Network, Settings},
        tuf::{Http, InstanceStore, Refreshed, StoredInstance, TrustStore, import, refresh},
    },
    core::{
        time::Time,
        trust::instance::Instance,
        tuf::{self, MetadataError},
    },
};
use serde_json::{Value, json};
use testkit::tuf::{
    Repository,
    server::{Fault, Server},
};
use url::Url;

/// A machine that has refreshed once: the registry's keys were `old`.
struct Machine {
    repository: Repository,
    instance: Instance,
    server: Server,
    base: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let mut repository = Repository::new(now());
        delegate_keys(&mut repository, b"old");
        repository.publish();
        let instance = instance(&repository);
        let server = Server::start(repository.files.clone());
        let base = tempfile::tempdir().unwrap();
        let machine = Self { repository, instance, server, base };
        machine.refresh(now()).unwrap();
        machine
    }

    fn store(&self) -> InstanceStore {
        store_in(self.base.path())
    }

    fn held(&self) -> StoredInstance {
        self.store().load(&self.instance).unwrap()
    }

    /// Publishes another trusted root, and other keys of the registry.
    fn publish(&mut self) {
        self.repository.targets.insert("trusted_root.json".to_owned(), b"{\"new\":1}".to_vec());
        let delegated = &mut self.repository.delegations[0];
        delegated.targets.insert(KEYS.to_owned(), b"new".to_vec());
        self.repository.publish();
        self.server.site.lock().unwrap().files = self.repository.files.clone();
    }

    fn refresh(&self, at: Time) -> Result<Refreshed, String> {
        let settings = Settings { tries: 1, stall: Wait::from_millis(300), ..Settings::default() };
        let network = Network::acquire(settings).unwrap();
        let repository = Http::new(&network, &Url::parse(&self.server.url()).unwrap()).unwrap();
        refresh(&self.instance, &repository, &self.store(), at).map_err(|error| error.to_string())
    }

    /// The required target is updated; of the optional one the last that verified is kept.
    #[track_caller]
    fn misses(&self) {
        for hours in 1..=2 {
            let at = now() + Duration::hours(hours);
            let after = self.refresh(at).unwrap().after;
            assert_eq!(after.trusted_root(), Some(&b"{\"new\":1}"[..]));
            assert_eq!(after.missed().keys().collect::<Vec<_>>(), [KEYS]);
            let held = self.held();
            assert_eq!(held.checked, Some(at));
            let kept = held.kept.unwrap();
            assert_eq!((kept.state.registry_keys(), kept.checked), (Some(&b"old"[..]), now()));
        }
        // What is carried across says the same on the other side.
        let state = self.held().local.state.unwrap();
        let (pinned, wanted) = (&self.instance.pinned, &self.instance.wanted);
        let at = now() + Duration::hours(2);
        let carried = tuf::replay(pinned, wanted, state.entries(), at).unwrap();
        assert_eq!(carried.missed().keys().collect::<Vec<_>>(), [KEYS]);
        let base = tempfile::tempdir().unwrap();
        let store = TrustStore::new(base.path()).open("acme").unwrap();
        let first = self.held().kept.unwrap();
        import(&self.instance, &first.state, &store, now()).unwrap();
        import(&self.instance, &carried, &store, at).unwrap();
        assert_eq!(store.load(&self.instance).unwrap().kept.unwrap(), first);
    }

    #[track_caller]
    fn recovers(&self) {
        self.server.site.lock().unwrap().faults.clear();
        let after = self.refresh(now() + Duration::hours(3)).unwrap().after;
        assert_eq!((after.registry_keys(), after.missed().len()), (Some(&b"new"[..]), 0));
        assert_eq!(self.held().kept, None);
    }
}

#[test]
fn every_fault_of_a_server_leaves_the_required_targets_updated() {
    let faults = [
        Fault::Status(404),
        Fault::Status(500),
        Fault::Page,
        Fault::CutOff,
        Fault::Endless(None),
        Fault::Endless(Some(u64::MAX)),
        Fault::Silence,
    ];
    thread::scope(|scope| {
        for fault in faults {
            for file in ["npm.json", "keys.json"] {
                let fault = fault.clone();
                scope.spawn(move || {
                    let mut machine = Machine::new();
                    machine.publish();
                    let files = &machine.repository.files;
                    let name = files.keys().rfind(|name| match file {
                        "npm.json" => name.ends_with(".npm.json"),
                        _ => name.ends_with("keys.json") && files[*name] == b"new",
                    });
                    let name = name.unwrap().clone();
                    machine.server.site.lock().unwrap().faults.insert(name, fault);
                    machine.misses();
                    machine.recovers();
                });
            }
        }
    });
}

/// A change to what is published, after which the optional target fails.
type Break = fn(&mut Repository);

#[test]
fn every_fault_of_the_delegation_leaves_the_required_targets_updated() {
    fn roles(repository: &mut Repository, change: fn(&mut Value)) {
        repository.role("targets").edit =
            Some(Box::new(move |signed| change(&mut signed["delegations"]["roles"])));
    }
    let breaks: [Break; 7] = [
        |it| it.role("npm").expires = now(),
        |it| it.role("npm").threshold = 2,
        |it| roles(it, |roles| roles[0]["paths"] = json!(["registry.npmjs.org/***"])),
        |it| roles(it, |roles| roles[0]["path_hash_prefixes"] = json!([""])),
        |it| roles(it, |roles| roles[0]["name"] = json!("snapshot")),
        |it| {
            it.role("npm").edit = Some(Box::new(|signed| signed["version"] = json!(1)));
        },
        |it| {
            it.role("snapshot").edit =
                Some(Box::new(|signed| signed["meta"]["npm.json"]["length"] = json!(7)));
        },
    ];
    for change in breaks {
        let mut machine = Machine::new();
        change(&mut machine.repository);
        machine.publish();
        machine.misses();
        for role in ["npm", "targets", "snapshot"] {
            machine.repository.role(role).edit = None;
        }
        machine.repository.role("npm").expires = now() + Duration::days(9);
        machine.repository.role("npm").threshold = 1;
        machine.publish();
        machine.recovers();
    }
}

#[test]
fn a_target_that_is_withdrawn_is_not_kept() {
    let mut machine = Machine::new();
    machine.publish();
    machine.repository.delegations[0].targets.clear();
    machine.repository.publish();
    machine.server.site.lock().unwrap().files = machine.repository.files.clone();
    let after = machine.refresh(now() + Duration::hours(1)).unwrap().after;
    assert_eq!((after.registry_keys(), after.missed().len()), (None, 0));
    assert_eq!(machine.held().kept, None);
}

#[test]
fn a_required_target_that_fails_still_stops_the_update() {
    let mut machine = Machine::new();
    machine.publish();
    let files = machine.repository.files.clone();
    let name = files.keys().find(|name| files[*name] == b"{\"new\":1}").unwrap();
    machine.server.site.lock().unwrap().faults.insert(name.clone(), Fault::Status(404));
    let refused = machine.refresh(now() + Duration::hours(1)).unwrap_err();
    assert!(refused.contains("trusted_root.json"), "{refused}");
    assert_eq!(machine.held().local.state.unwrap().registry_keys(), Some(&b"old"[..]));
}

#[test]
fn an_optional_file_that_was_cut_short_is_refused_where_it_is_carried() {
    let machine = Machine::new();
    let mut carried = machine.held().local.state.unwrap().entries().clone();
    let name = carried.keys().find(|name| name.ends_with("npm.json")).unwrap().clone();
    carried.insert(name, b"{}".to_vec());
    let (pinned, wanted) = (&machine.instance.pinned, &machine.instance.wanted);
    let refused = tuf::replay(pinned, wanted, &carried, now()).unwrap_err();
    assert!(matches!(refused, MetadataError::Malformed { role, .. } if role == "npm"));
}
