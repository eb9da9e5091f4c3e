//! `sealift bundle fetch`.

mod assembly;
mod collect;

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;

use self::{assembly::Assembly, collect::Collector};
use super::{
    Context,
    inputs::{self, Input},
    key::signing,
};
use crate::{
    adapters::{
        archive, files,
        keys::{self, KeyError},
        network::{self, Network, Settings},
        registry::{Cache, Npmrc, RegistryConfig},
    },
    core::{
        coverage::Disposition, key::PublicKey, limits, lockfile::Inventory, manifest::Manifest,
        policy::Policy, text::Untrusted, time::Time,
    },
    shell::{
        cli::Fetch,
        env::Env,
        failure::{Failure, Kind, Outcome},
        report::{Report, count, dispositions},
        trust,
        verification::{self, Bar},
    },
};

/// Collects, seals, opens again, verifies; only then the archive gets its name.
///
/// # Errors
/// Exit 2, when something could not be had; exit 1, when something that was had is not what it
/// should be. No archive is left behind then.
pub fn run(options: &Fetch, context: &mut Context<'_>) -> Outcome {
    let inputs = inputs::read(&options.lockfiles)?;
    for input in inputs.iter().filter(|input| input.stripped > 0) {
        context.terminal.warning(
            format_args!(
                "{}: {} with credentials or a query; the archive carries a copy without them",
                input.path.display(),
                count(input.stripped, "address")
            ),
            Some("whoever can read the lockfile can use them: take them out of the file"),
        );
    }
    // So that it shows before the work what cannot be written, or must not be.
    let output = Output::of(&options.output)?;
    require_no_input(options, context.env)?;
    let sealed_at = sealing_time(context.env)?;
    let known = known_key(options, context)?;
    #[cfg(unix)]
    leave_nothing_when_interrupted();
    drop(files::temporary(output.path())?);
    let assembly = assemble(options, context, inputs, sealed_at)?;
    let manifest =
        Manifest::build(assembly.predicate, assembly.subjects).map_err(Failure::could_not)?;
    let key = match known {
        Some(key) => key,
        None => first_key(context)?,
    };
    let contents = assembly.contents;
    let file = archive::seal(output.path(), &manifest, std::slice::from_ref(&key), |subject| {
        contents.get(&subject.name)
    })?;
    drop((contents, manifest));

    let keys = [PublicKey::from(&key)];
    let signed = verification::open(file.path(), &keys, 1)?;
    let basis = trust::for_archive(&options.trust, context.env, &signed)?;
    let bar = Bar {
        at: context.env.now,
        at_given: context.env.at_given,
        policy: &Policy::default(),
        keys: &keys,
        threshold: 1,
        basis: &basis,
        lockfiles: Vec::new(),
        deep: true,
    };
    let examined = verification::examine(signed, &options.output, bar)?;
    let report = examined.report();
    if report.has_invalid_evidence() {
        context.report(report);
        let failure = Failure::refused("evidence that came with a package does not verify");
        context.terminal.failure(
            &failure.hint("no archive was written; find out why the registry serves it first"),
        );
        return Err(Failure::reported(Kind::Refused));
    }
    output.keep(file)?;
    output.report(report, context);
    warn(report, context);
    Ok(())
}

/// Collects what the lockfiles ask for. The network is given back before anything is sealed.
fn assemble(
    options: &Fetch,
    context: &mut Context<'_>,
    inputs: Vec<Input>,
    sealed_at: Time,
) -> Outcome<Assembly> {
    let project = options.lockfiles.first().and_then(|path| path.parent());
    let npmrc = Npmrc::load(
        context.env.npmrc.as_deref(),
        project.map(|folder| folder.join(".npmrc")).as_deref(),
        options.trust_project_npmrc,
        &Env::variable,
    )?;
    let config = RegistryConfig::new(&npmrc, options.registry.as_ref().map(url::Url::as_str))
        .map_err(|error| Failure::could_not(&error).maybe_hint(error.hint()))?;
    let network = acquire(&npmrc, context)?;
    let basis = trust::for_seal(&options.trust, options.no_refresh, context.env, &network)?;

    let cache = Cache::open(&context.env.cache)?;
    let locks = inputs.iter().map(|input| (input.entry.as_str(), &input.lock.lockfile));
    let inventory = Inventory::new(locks.collect());
    let collector = Collector {
        network: &network,
        config: &config,
        cache: &cache,
        inputs: &inputs,
        concurrency: options.concurrency,
    };
    let collected = collector.collect(&inventory, context)?;
    Assembly::new(inputs, collected, &basis, sealed_at)
}

/// Where the archive goes.
enum Output {
    File(PathBuf),
    /// Standard output, by way of a temporary file: nothing is written before it is verified.
    Pipe(PathBuf),
}

impl Output {
    fn of(path: &Path) -> Outcome<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Pipe(std::env::temp_dir().join("archive")));
        }
        Ok(Self::File(files::writable(path)?))
    }

    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Pipe(path) => path,
        }
    }

    fn keep(&self, file: tempfile::NamedTempFile) -> Outcome {
        match self {
            Self::File(path) => files::persist(file, path)?,
            Self::Pipe(_) => files::copy_to_stdout(&file)?,
        }
        Ok(())
    }

    fn report(&self, report: &Report, context: &mut Context<'_>) {
        match self {
            Self::File(_) => context.sealed(report),
            // The archive is on standard output.
            Self::Pipe(_) => context.terminal.note(format_args!(
                "sealed {}; the archive's SHA-256 is {}",
                count(report.packages.len(), "package"),
                report.archive.sha256.to_hex()
            )),
        }
    }
}

/// Says what `bundle verify` will deny, although nothing is wrong with the evidence.
fn warn(report: &Report, context: &mut Context<'_>) {
    for input in &report.inputs {
        let denied = input.outcomes.iter().filter(|outcome| outcome.denial.is_some()).count();
        if denied > 0 {
            context.terminal.warning(
                format_args!(
                    "`bundle verify` denies {} of {}",
                    count(denied, "entry"),
                    Untrusted(&input.entry)
                ),
                Some("the report says which and why"),
            );
        }
        for (disposition, number) in dispositions(&input.outcomes) {
            if disposition == Disposition::Unavailable && number > 0 {
                context.terminal.note(format_args!(
                    "{} optional: the registry does not have it",
                    count(number, "entry")
                ));
            }
        }
    }
}

/// When the archive is sealed, which nobody must find in the future or before there was Sigstore.
fn sealing_time(env: &Env) -> Outcome<Time> {
    let now = env.source_date.unwrap_or(env.now);
    if now > env.now || env.now > env.clock {
        return Err(Failure::could_not("SOURCE_DATE_EPOCH or --at is in the future")
            .hint("nobody could verify the archive before it"));
    }
    if now < limits::EARLIEST {
        return Err(Failure::could_not("SOURCE_DATE_EPOCH or --at is before June 2021")
            .hint("Sigstore's first root is of that time, and no archive can be older"));
    }
    Ok(now)
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

/// The key that signs: the one that is named, or the user's own if there is one.
fn known_key(options: &Fetch, context: &mut Context<'_>) -> Outcome<Option<SigningKey>> {
    let own = context.env.config.join("signing.key");
    match signing(options.key.as_deref().unwrap_or(&own), context) {
        Err(KeyError::File(error)) if options.key.is_none() && error.is_not_found() => Ok(None),
        found => Ok(Some(found?)),
    }
}

/// Makes the user's own key, on first use and once everything is collected.
fn first_key(context: &mut Context<'_>) -> Outcome<SigningKey> {
    let own = context.env.config.join("signing.key");
    files::create_folder(&context.env.config)?;
    let public = keys::generate(&own)?;
    // Whoever asks for less on the screen needs the fingerprint all the same.
    context.terminal.say(format_args!("made a signing key: {}", public.fingerprint()));
    context.terminal.note(format_args!(
        "carry its public half across once: {}",
        keys::public_path(&own).display()
    ));
    Ok(keys::load_private(&own)?.key)
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
