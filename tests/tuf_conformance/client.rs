//! The client under test of `theupdateframework/tuf-conformance` (its `CLIENT-CLI.md`): sealift's
//! driver and trust store behind the suite's command line.
//!
//! `run` in this folder starts the suite. Nothing of the suite is part of this repository.
#![allow(clippy::disallowed_methods, clippy::print_stderr, missing_docs)]

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use sealift::{
    adapters::{
        network::{Network, NetworkError, Settings},
        tuf::{Http, StoredInstance, TrustStore},
    },
    core::{
        trust::instance::Instance,
        tuf::{LocalState, Repository, Session, WantedTargets},
    },
};
use url::Url;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The instance's name in the trust store below the metadata folder.
const NAME: &str = "suite";

#[derive(Default)]
struct Arguments {
    metadata: PathBuf,
    metadata_url: String,
    names: Vec<String>,
    targets: PathBuf,
    targets_url: Option<String>,
    command: Vec<String>,
}

fn main() -> ExitCode {
    let done = Arguments::parse().and_then(|arguments| match &*arguments.command() {
        ["init", root] => arguments.init(root),
        ["refresh" | "download"] => arguments.update(),
        _ => Err(format!("unknown command {:?}", arguments.command).into()),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn parse() -> Outcome<Self> {
        let mut parsed = Self::default();
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} has no value"));
            match word.as_str() {
                "--metadata-dir" => parsed.metadata = value()?.into(),
                "--metadata-url" => parsed.metadata_url = value()?,
                "--target-name" => parsed.names.push(value()?),
                "--target-dir" => parsed.targets = value()?.into(),
                "--target-base-url" => parsed.targets_url = Some(value()?),
                _ => parsed.command.push(word),
            }
        }
        Ok(parsed)
    }

    fn command(&self) -> Vec<&str> {
        self.command.iter().map(String::as_str).collect()
    }

    fn store(&self) -> TrustStore {
        TrustStore::new(&self.metadata.join("store"))
    }

    fn init(&self, root: &str) -> Outcome {
        let root = fs::read(root)?;
        self.store().pin(NAME, "http://localhost", None, &root)?;
        Ok(fs::write(self.metadata.join("root.json"), root)?)
    }

    /// Refreshes, then downloads the targets in order. What the suite asks for differs from run to
    /// run, so the paths of the targets held are kept beside the store.
    fn update(&self) -> Outcome {
        let network = Network::acquire(Settings { tries: 1, ..Settings::default() })?;
        let base = Url::parse(&self.metadata_url)?;
        // The suite publishes the targets beside the metadata; below an address, they are in `targets/`.
        let beside = self.targets_url.as_deref().unwrap_or(&self.metadata_url);
        let beside = Url::parse(beside.trim_end_matches('/').trim_end_matches("targets"))?;
        let at = |base| Http::new(&network, base).ok_or("not a base address");
        let repository = Published { metadata: at(&base)?, targets: at(&beside)? };
        let kept = self.metadata.join("store").join("wanted");
        let required = fs::read_to_string(&kept).unwrap_or_default();
        let required = required.lines().map(str::to_owned).collect();
        let wanted = WantedTargets { required, optional: Vec::new() };
        let instance = Instance { wanted, ..self.store().instance(NAME)? };

        let store = self.store().open(NAME)?;
        let locked = store.lock()?;
        let held = store.load(&instance)?;
        let now = chrono::Utc::now();
        let mut session = Session::start(&instance.pinned, &held.local, &repository, now)?;
        let mut complete = None;
        let mut found = Vec::new();
        let outcome: Outcome = (|| {
            while session.step()? {}
            complete = Some(session.finish()?);
            for name in &self.names {
                let bytes = session.target(name)?;
                write_changed(&self.targets.join(name.replace('/', "%2F")), &bytes)?;
                found.push(name.clone());
                complete = Some(session.finish()?);
            }
            Ok(())
        })();
        let held = match complete {
            Some(state) => {
                fs::write(&kept, found.join("\n"))?;
                StoredInstance {
                    local: LocalState::complete(state),
                    checked: Some(now),
                    kept: None,
                }
            }
            None => {
                StoredInstance { local: held.local.clone().with_floor(session.floor()), ..held }
            }
        };
        // Read back with what was found, as the next run will.
        let wanted = match &held.checked {
            Some(checked) if *checked == now => {
                WantedTargets { required: found, optional: Vec::new() }
            }
            _ => instance.wanted.clone(),
        };
        locked.commit(&Instance { wanted, ..instance.clone() }, &held)?;
        for (role, bytes) in session.accepted() {
            let file = role.replace('%', "%25").replace('/', "%2F");
            fs::write(self.metadata.join(format!("{file}.json")), bytes)?;
        }
        outcome
    }
}

/// Metadata at one address, targets at another.
struct Published<'a> {
    metadata: Http<'a>,
    targets: Http<'a>,
}

impl Repository for Published<'_> {
    type Error = NetworkError;

    fn metadata(&self, name: &str, max: u64) -> Result<Option<Vec<u8>>, NetworkError> {
        self.metadata.metadata(name, max)
    }

    fn target(&self, path: &str, max: u64) -> Result<Option<Vec<u8>>, NetworkError> {
        self.targets.target(path, max)
    }
}

/// The suite tells files by the time of their last change.
fn write_changed(path: &Path, bytes: &[u8]) -> Outcome {
    if fs::read(path).is_ok_and(|held| held == bytes) {
        return Ok(());
    }
    Ok(fs::write(path, bytes)?)
}
