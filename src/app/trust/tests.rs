//! Which of three judges: what is carried, what is held, what is built in.

use chrono::Duration;
use testkit::tuf::Repository;

use super::{BasisError, Carried, Material};
use crate::{
    adapters::tuf::{EarlierUpdate, StoredInstance},
    app::report::MaterialSource::{self, Archive, Embedded as BuiltIn, Store},
    core::{
        addresses::NPM_REGISTRY,
        time::{self, Time},
        trust::instance::{Embedded, Instance},
        tuf::{LocalState, PinnedRoots, State, update},
    },
};

const KEYS: &str = "registry.npmjs.org/keys.json";

fn day(day: i64) -> Time {
    time::parse("2026-01-01T00:00:00Z").unwrap() + Duration::days(day)
}

/// A repository whose material says which root and publication it is of.
struct Published {
    repository: Repository,
    number: u64,
}

impl Published {
    fn new() -> Self {
        let mut repository = Repository::new(day(0));
        repository.role("timestamp").expires = day(300);
        Self { repository, number: 0 }
    }

    fn instance(&self) -> Instance {
        let pinned = PinnedRoots::new(self.repository.root_bytes(1)).unwrap();
        let url = "https://tuf.example.com";
        Instance::private("acme", url, Some(NPM_REGISTRY), pinned).unwrap()
    }

    /// The next publication.
    fn next(&mut self) -> State {
        self.number += 1;
        let content = |what: &str| format!("{what} {}", self.number).into_bytes();
        let targets = [("trusted_root.json", content("root")), (KEYS, content("keys"))];
        self.repository.targets = targets.map(|(path, bytes)| (path.to_owned(), bytes)).into();
        self.repository.publish();
        self.state()
    }

    fn next_root(&mut self) -> State {
        self.repository.publish_root();
        self.next()
    }

    fn state(&self) -> State {
        let Instance { pinned, wanted, .. } = self.instance();
        update(
            &pinned,
            &wanted,
            &LocalState::default(),
            &self.repository.files,
            day(0),
            &mut |_| true,
        )
        .unwrap()
    }
}

fn built_in(instance: Instance, root: u64, as_of: Time) -> Instance {
    let embedded =
        Embedded { trusted_root: b"root built in", npm_keys: Some(b"keys built in"), root, as_of };
    Instance { embedded: Some(embedded), ..instance }
}

fn held(state: &State, checked: Time) -> StoredInstance {
    StoredInstance {
        local: LocalState::complete(state.clone()),
        checked: Some(checked),
        kept: None,
    }
}

fn carried(state: &State, checked_at: Time) -> Option<Carried> {
    Some(Carried { state: state.clone(), checked_at })
}

/// Where the newest came from, and what it is.
fn newest(
    instance: &Instance,
    held: StoredInstance,
    carried: Option<Carried>,
) -> Result<(MaterialSource, String), BasisError> {
    let newest = Material::newest(instance, held, carried, day(200))?;
    Ok((newest.source, String::from_utf8(newest.trusted_root).unwrap()))
}

#[test]
fn the_newer_of_archive_and_store_judges() {
    let mut published = Published::new();
    let instance = published.instance();
    let states = [published.next(), published.next(), published.next_root(), published.next_root()];
    for (index, older) in states.iter().enumerate() {
        for (later, newer) in states.iter().enumerate().skip(index + 1) {
            let told = format!("root {}", later + 1);
            // Whichever was checked last.
            for (one, other) in [(1, 2), (2, 1)] {
                let by_store = newest(&instance, held(newer, day(one)), carried(older, day(other)));
                assert_eq!(by_store.unwrap(), (Store, told.clone()));
                let by_archive =
                    newest(&instance, held(older, day(one)), carried(newer, day(other)));
                assert_eq!(by_archive.unwrap(), (Archive, told.clone()));
            }
        }
    }
}

#[test]
fn built_in_material_ends_what_an_older_root_vouched_for() {
    let mut published = Published::new();
    let old = published.next_root();
    let same = published.next_root();
    let new = published.next_root();
    let instance = built_in(published.instance(), 3, day(50));
    let built_in = || (BuiltIn, "root built in".to_owned());
    for (state, checked, expected) in [
        // By the root, however late it was checked, …
        (&old, 100, built_in()),
        // … then by the date, …
        (&same, 49, built_in()),
        (&same, 50, (Store, "root 2".to_owned())),
        (&same, 51, (Store, "root 2".to_owned())),
        // … and a newer root wins, however early it was checked.
        (&new, 1, (Store, "root 3".to_owned())),
    ] {
        assert_eq!(newest(&instance, held(state, day(checked)), None).unwrap(), expected);
        let (source, told) =
            newest(&instance, StoredInstance::default(), carried(state, day(checked))).unwrap();
        let expected_source = if expected.0 == Store { Archive } else { expected.0 };
        assert_eq!((source, told), (expected_source, expected.1));
    }
    assert_eq!(newest(&instance, StoredInstance::default(), None).unwrap(), built_in());
}

#[test]
fn built_in_material_is_said_to_be_published_and_not_checked() {
    let mut published = Published::new();
    let old = published.next();
    let instance = built_in(published.instance(), 3, day(50));
    let material = Material::newest(&instance, held(&old, day(60)), None, day(200)).unwrap();
    assert_eq!((material.checked_at, material.state), (day(50), None));
    assert_eq!(material.npm_keys, Some(b"keys built in".to_vec()));
}

#[test]
fn orders_that_cross_are_refused() {
    let mut published = Published::new();
    let instance = published.instance();
    let first = published.next();
    // The timestamp goes up, and targets go back.
    published.repository.role("targets").version -= 2;
    published.repository.role("snapshot").version -= 2;
    let crossed = published.next();
    assert!(crossed.version("timestamp") > first.version("timestamp"));
    // A newer root, and an older timestamp by the same key.
    let mut other = Published { number: 9, ..published };
    other.repository.role("timestamp").version = 0;
    let backwards = other.next_root();
    for (one, two) in [(&first, &crossed), (&first, &backwards), (&crossed, &backwards)] {
        for (one, two) in [(one, two), (two, one)] {
            let refused = newest(&instance, held(one, day(1)), carried(two, day(1))).unwrap_err();
            assert!(matches!(refused, BasisError::Contradicts(_)), "{refused:?}");
            assert!(refused.is_refusal());
            assert_eq!(refused.code(), Some("trust-contradicts"));
        }
    }
}

#[test]
fn what_an_update_saw_that_did_not_end_counts() {
    let mut published = Published::new();
    let instance = published.instance();
    let old = published.next();
    published.next();
    published.repository.files.retain(|name, _| !name.ends_with(".snapshot.json"));
    let files = &published.repository.files;
    let failed = update(
        &instance.pinned,
        &instance.wanted,
        &LocalState::default(),
        files,
        day(0),
        &mut |_| true,
    );
    let floor = *failed.unwrap_err().floor;
    let seen = StoredInstance {
        local: LocalState::default().with_floor(floor),
        ..StoredInstance::default()
    };
    let refused = newest(&instance, seen, carried(&old, day(1))).unwrap_err();
    assert_eq!(refused.code(), Some("trust-older"), "{refused:?}");
}

#[test]
fn the_same_state_is_as_old_as_its_last_check() {
    let mut published = Published::new();
    let instance = published.instance();
    let state = published.next();
    for (here, there) in [(3, 5), (5, 3)] {
        let (held, carried) = (held(&state, day(here)), carried(&state, day(there)));
        let material = Material::newest(&instance, held, carried, day(200)).unwrap();
        assert_eq!(material.checked_at, day(5));
    }
}

#[test]
fn a_check_that_is_yet_to_come_is_an_error() {
    let mut published = Published::new();
    let instance = built_in(published.instance(), 9, day(1));
    let state = published.next();
    let at = |checked| newest(&instance, held(&state, checked), carried(&state, day(1)));
    at(day(200)).unwrap();
    let refused = at(day(200) + Duration::seconds(1)).unwrap_err();
    assert!(matches!(refused, BasisError::CheckedLater { .. }), "{refused:?}");
    assert!(!refused.is_refusal());
    assert!(refused.hint().unwrap().contains("--reset-check"));
}

#[test]
fn keys_that_an_update_missed_come_from_the_newest_that_had_them() {
    let mut published = Published::new();
    published.repository.delegate("npm", &["registry.npmjs.org/*"], &[]);
    let instance = published.instance();
    let had = published.next();
    published.repository.role("npm").expires = day(0);
    published.repository.targets.remove(KEYS);
    published.repository.publish();
    let missed = published.state();
    assert_eq!(missed.missed().len(), 1);

    let keys = |instance: &Instance, held: StoredInstance, carried: Option<Carried>| {
        let material = Material::newest(instance, held, carried, day(200)).unwrap();
        assert_eq!(material.state.unwrap().missed().len(), 1);
        let keys = material.npm_keys.map(|keys| String::from_utf8(keys).unwrap());
        (keys, material.npm_keys_checked_at)
    };
    let kept = Some(EarlierUpdate { state: had.clone(), checked: day(3) });
    let after = |kept| StoredInstance { kept, ..held(&missed, day(9)) };
    let earlier = (Some("keys 1".to_owned()), Some(day(3)));
    // Kept beside the state, or in what the store held before the archive came.
    assert_eq!(keys(&instance, after(kept.clone()), None), earlier);
    assert_eq!(keys(&instance, held(&had, day(3)), carried(&missed, day(9))), earlier);
    assert_eq!(keys(&instance, after(None), None), (None, None));
    // What is built in, where that is newer.
    let built_in = |as_of| built_in(published.instance(), 1, as_of);
    let of_build = (Some("keys built in".to_owned()), Some(day(5)));
    assert_eq!(keys(&built_in(day(5)), after(kept.clone()), None), of_build);
    assert_eq!(keys(&built_in(day(5)), after(None), None), of_build);
    assert_eq!(keys(&built_in(day(2)), after(kept), None), earlier);
}
