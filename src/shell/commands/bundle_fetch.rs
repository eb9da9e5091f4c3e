//! `sealift bundle fetch`.

use std::{collections::BTreeMap, path::PathBuf};

use ed25519_dalek::SigningKey;

use super::{
    Context,
    inputs::{self, Input},
    key::signing,
    progress,
};
use crate::{
    adapters::{
        archive::{self, Content},
        files,
        keys::{self, KeyError},
        network::{self, Network, Settings},
        registry::{
            self, Cache, CollectError, Collected, Collection, Conflicts, Npmrc, RegistryConfig,
        },
    },
    core::{
        digest::Algorithm,
        key::PublicKey,
        lockfile::Inventory,
        manifest::{self, Manifest, Predicate, Subject, Tool},
        package::PackageId,
        policy::Policy,
        text::Untrusted,
        time::{self, Time},
    },
    shell::{
        cli::Fetch,
        env::Env,
        failure::{Failure, Kind, Outcome},
        trust::{self, Basis},
        verification::{self, Bar},
    },
};

/// Collects, seals, opens again, verifies; only then the archive gets its name.
///
/// # Errors
/// Exit 2, when something could not be had; exit 1, when something that was had is not what it
/// should be. No archive is left behind then.
pub fn run(options: &Fetch, context: &mut Context<'_>) -> Outcome {
    let (inputs, inventory) = inputs::read(&options.lockfiles)?;
    account(&inventory, context);
    // So that it shows before the work what cannot be written, or must not be.
    let target = files::writable(&options.output)?;
    require_no_input(options, context.env)?;
    #[cfg(unix)]
    leave_nothing_when_interrupted();
    drop(files::temporary(&target)?);
    let project = options.lockfiles.first().and_then(|path| path.parent());
    let npmrc = Npmrc::load(
        context.env.npmrc.as_deref(),
        project.map(|folder| folder.join(".npmrc")).as_deref(),
        options.trust_project_npmrc,
        &Env::variable,
    )?;
    let config = RegistryConfig::new(&npmrc, options.registry.as_ref().map(url::Url::as_str))
        .map_err(|error| Failure::could_not(&error).maybe_hint(error.hint()))?;
    let key = signing_key(options, context)?;
    let now = context.env.source_date.unwrap_or(context.env.now);
    if now > context.env.now || context.env.now > context.env.clock {
        return Err(Failure::could_not("SOURCE_DATE_EPOCH or --at is a time that is yet to come")
            .hint("nobody could verify the archive before it"));
    }

    let network = acquire(&npmrc, context)?;
    let basis = trust::for_seal(&options.trust, options.no_refresh, context.env, &network)?;

    let concurrency = options.concurrency;
    let limits = registry::Options { now, not_after: None, concurrency };
    let collected = collect(context, &network, &config, &inventory, &limits)?;
    let archive = Assembly::new(&inputs, &inventory, &collected, &basis, now);
    let manifest =
        Manifest::build(archive.predicate, archive.subjects).map_err(Failure::could_not)?;
    let file = archive::seal(&target, &manifest, std::slice::from_ref(&key), |subject| {
        archive.contents.get(&subject.name)
    })?;

    let signed = verification::open(file.path(), &[PublicKey::from(&key)], 1)?;
    let basis = trust::for_archive(&options.trust, context.env, &signed)?;
    let policy = Policy::require([]);
    let bar = Bar { at: context.env.now, policy: &policy, basis: &basis, lockfiles: None };
    match verification::examine(signed, &options.output, &bar)?.admit() {
        Ok(verified) => {
            files::persist(file, &target)?;
            context.report(verified.report());
            Ok(())
        }
        Err(report) => {
            context.report(&report);
            let failure = Failure::refused("evidence that came with a package does not verify");
            context.terminal.failure(&failure.hint(
                "no archive was written; find out why the registry serves it before you go on",
            ));
            Err(Failure::reported(Kind::Refused))
        }
    }
}

/// Removes temporary files when the process is asked to end, and then ends as it would have. Where
/// that cannot be set up, they stay.
#[cfg(unix)]
fn leave_nothing_when_interrupted() {
    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        iterator::Signals,
        low_level::emulate_default_handler,
    };
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else { return };
    std::thread::spawn(move || {
        for signal in signals.forever() {
            files::abandon(|| {
                let _ = emulate_default_handler(signal);
            });
        }
    });
}

/// The network, as `.npmrc` configures it.
pub(super) fn acquire(npmrc: &Npmrc, context: &mut Context<'_>) -> Outcome<Network> {
    for warning in &npmrc.warnings {
        context.terminal.warning(Untrusted(warning), None);
    }
    let mut settings = Settings::default();
    npmrc.configure(&mut settings)?;
    if settings.proxy.is_none() {
        require_proxies()?;
    }
    Network::acquire(settings).map_err(Failure::could_not)
}

/// Whoever names a proxy does not want to go past it. The address is not repeated, for it may hold
/// a password.
fn require_proxies() -> Outcome {
    for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
    {
        let address = Env::variable(name).unwrap_or_default();
        if !address.is_empty() && !network::is_proxy(&address) {
            let message = format_args!("{name} is not the address of a proxy");
            return Err(Failure::could_not(message).hint("write it as http://HOST:PORT"));
        }
    }
    Ok(())
}

/// Says what became of every entry of the lockfiles.
fn account(inventory: &Inventory, context: &mut Context<'_>) {
    let mut parts = vec![format!("{} to collect", inventory.packages.len())];
    let installs: usize = inventory
        .packages
        .iter()
        .flat_map(|item| &item.needed_by)
        .map(|need| need.paths.len())
        .sum();
    for (number, what) in [
        (installs - inventory.packages.len(), "duplicates"),
        (inventory.bundled.len(), "bundled in others"),
        (inventory.local.len(), "of the project itself"),
        (inventory.out_of_scope.len(), "not from a registry"),
    ] {
        if number > 0 {
            parts.push(format!("{number} {what}"));
        }
    }
    context.terminal.note(format_args!(
        "{} lockfile entries: {}",
        inventory.entries(),
        parts.join(", ")
    ));
}

/// The key that signs; made on first use.
fn signing_key(options: &Fetch, context: &mut Context<'_>) -> Outcome<SigningKey> {
    let own = context.env.config.join("signing.key");
    let path = options.key.as_deref().unwrap_or(&own);
    match signing(path, context) {
        Err(KeyError::File(error)) if options.key.is_none() && error.is_not_found() => {
            files::create_folder(&context.env.config)?;
            let public = keys::generate(&own)?;
            context.terminal.note(format_args!("made a signing key: {}", public.fingerprint()));
            context.terminal.note(format_args!(
                "carry its public half across once: {}",
                keys::public_path(&own).display()
            ));
            Ok(keys::load_private(&own)?.key)
        }
        found => Ok(found?),
    }
}

/// The archive replaces no file that it is made from, and no key.
fn require_no_input(options: &Fetch, env: &Env) -> Outcome {
    let own = env.config.join("signing.key");
    let keys = [options.key.as_deref().unwrap_or(&own)];
    let public = keys.map(keys::public_path);
    let trust = [&options.trust.trusted_root, &options.trust.npm_keys];
    let read = options.lockfiles.iter().map(PathBuf::as_path).chain(keys);
    let read = read.chain(public.iter().map(PathBuf::as_path));
    let read = read.chain(trust.into_iter().flatten().map(PathBuf::as_path));
    match read.into_iter().find(|path| files::is_same(path, &options.output)) {
        None => Ok(()),
        Some(path) => Err(Failure::could_not(format_args!(
            "the archive would replace {}, which it is made from",
            path.display()
        ))
        .hint("name another file with --output")),
    }
}

/// Collects all packages. The failure of one does not stop the others; all are told at the end.
fn collect(
    context: &mut Context<'_>,
    network: &Network,
    config: &RegistryConfig,
    inventory: &Inventory,
    options: &registry::Options,
) -> Outcome<Vec<Collected>> {
    let cache = Cache::open(&context.env.cache)?;
    let items: Vec<_> = inventory
        .packages
        .iter()
        .map(|item| registry::Item {
            id: item.id.clone(),
            origin: registry::Origin::Registry,
            resolved: item.resolved.clone(),
            integrity: item.integrity.clone(),
            optional: false,
        })
        .collect();
    let bar = progress::Bar::new(context.terminal);
    let collection = registry::collect(network, config, &cache, &items, options, &bar);
    bar.finish();
    let Collection { outcomes, unreachable } =
        collection.map_err(|conflicts| report_conflicts(&conflicts, context))?;
    for host in &unreachable {
        let text = host.to_string();
        if host.failed == 0 {
            context.terminal.note(Untrusted(&text));
        } else {
            let failure = Failure::could_not(Untrusted(&text)).maybe_hint(host.hint());
            context.terminal.failure(&failure);
        }
    }

    let total = outcomes.len();
    let mut collected = Vec::with_capacity(total);
    let mut failed = Vec::new();
    for (id, outcome) in outcomes {
        match outcome {
            Ok(package) => collected.push(package),
            Err(error) => failed.push((id, error)),
        }
    }
    if failed.is_empty() { Ok(collected) } else { Err(report_failures(&failed, total, context)) }
}

/// All conflicts, then one summary.
fn report_conflicts(conflicts: &Conflicts, context: &mut Context<'_>) -> Failure {
    for conflict in &conflicts.0 {
        context.terminal.failure(&Failure::could_not(Untrusted(&conflict.to_string())));
    }
    Failure::could_not(conflicts).hint(Conflicts::HINT)
}

/// All failures, then one summary. A tarball that is not the expected one is a refusal; what
/// could not be had is not.
fn report_failures(
    failed: &[(PackageId, CollectError)],
    total: usize,
    context: &mut Context<'_>,
) -> Failure {
    for (id, error) in failed.iter().filter(|(_, error)| error.unreachable_host().is_none()) {
        let (text, hint) = (error.to_string(), error.hint());
        let failure = Failure::could_not(format_args!("{id}: {}", Untrusted(&text)));
        context.terminal.failure(&failure.maybe_hint(hint));
    }
    let message = format!("{} of {total} packages could not be collected", failed.len());
    let mismatch = failed.iter().any(|(_, error)| matches!(error, CollectError::Mismatch { .. }));
    let failure = if mismatch { Failure::refused(message) } else { Failure::could_not(message) };
    failure.hint("no archive was written; what was downloaded is kept for the next run")
}

/// An archive's manifest and contents, in the making.
struct Assembly {
    sealed_at: Time,
    predicate: Predicate,
    subjects: Vec<Subject>,
    contents: BTreeMap<String, Content>,
}

impl Assembly {
    fn new(
        inputs: &[Input],
        inventory: &Inventory,
        collected: &[Collected],
        basis: &Basis,
        now: Time,
    ) -> Self {
        let mut assembly = Self {
            sealed_at: now,
            predicate: Predicate {
                format_version: manifest::FORMAT_VERSION,
                tool: Tool {
                    name: env!("CARGO_PKG_NAME").into(),
                    version: env!("CARGO_PKG_VERSION").into(),
                },
                sealed_at: time::format(now),
                inputs: Vec::new(),
                trust: Vec::new(),
                packages: Vec::new(),
                out_of_scope: inventory.not_collected(),
                collection: Vec::new(),
            },
            subjects: Vec::new(),
            contents: BTreeMap::new(),
        };
        for input in inputs {
            assembly.input(input);
        }
        assembly.trust(basis);
        for (item, collected) in inventory.packages.iter().zip(collected) {
            assembly.package(item, collected);
        }
        // Versions of one package share a request.
        assembly.predicate.collection.sort_by(|a, b| a.url.cmp(&b.url));
        assembly.predicate.collection.dedup();
        assembly
    }

    fn input(&mut self, input: &Input) {
        self.predicate.inputs.push(manifest::Input {
            entry: input.entry.clone(),
            kind: input.lockfile.kind.name().into(),
            lockfile_version: input.lockfile.version,
        });
        self.add(input.entry.clone(), &input.bytes);
    }

    fn trust(&mut self, basis: &Basis) {
        self.predicate.trust.push(basis.carried(self.sealed_at));
        for (entry, bytes) in basis.entries() {
            self.add(entry, bytes);
        }
    }

    fn package(&mut self, item: &crate::core::lockfile::Item, collected: &Collected) {
        let folder = item.id.folder();
        let [artifact, record, attestations] =
            ["package.tgz", "registry.json", "attestations.json"]
                .map(|name| format!("{folder}/{name}"));
        // By the digest that npm signs, which was computed as it arrived; sealing checks it again.
        let Some(tarball) = &collected.artifact else { return };
        let (size, digest) = (tarball.size, tarball.sha512.clone());
        self.subjects.push(Subject { name: artifact.clone(), size, digest });
        self.contents.insert(artifact.clone(), Content::File(tarball.path.clone()));
        let record = collected.record.as_ref().map(|bytes| {
            self.add(record.clone(), bytes);
            record
        });
        let attestations = collected.attestations.as_ref().map(|bytes| {
            self.add(attestations.clone(), bytes);
            attestations
        });
        self.predicate.packages.push(manifest::Package {
            purl: item.id.purl(),
            name: item.id.name().into(),
            version: item.id.version().into(),
            registry: collected.registry.clone().unwrap_or_default(),
            artifact,
            record,
            attestations,
            integrity: item.expected(),
            needed_by: item.needs(),
        });
        let requests = [
            &collected.record_request,
            &collected.artifact_request,
            &collected.attestations_request,
        ];
        self.predicate.collection.extend(requests.into_iter().flatten().map(|request| {
            manifest::Request {
                url: request.url.clone(),
                status: request.status,
                time: time::format(request.answered_at),
            }
        }));
    }

    /// Lists an entry, by the digest of its bytes.
    fn add(&mut self, name: String, bytes: &[u8]) {
        let digest = Algorithm::Sha256.digest(bytes);
        self.subjects.push(Subject { name: name.clone(), size: bytes.len() as u64, digest });
        self.contents.insert(name, Content::Bytes(bytes.to_vec()));
    }
}
