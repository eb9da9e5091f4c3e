//! The whole way by the library: `app` and `core` suffice, and what they tell are values.
#![cfg(feature = "network")]
// A test fails by panicking; and it looks at files that the program may not.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::disallowed_methods)]

mod world;

use std::path::Path;

use sealift::{
    app::{
        Clock, Listener, News, Progress, Silent,
        archive::OpenError,
        collect::CollectionError,
        connection::{Npmrc, RegistryConfig, connect},
        report::Verdict,
        seal::{self, SealError},
        sign::{self, SignError, sign},
        trust::{self, BasisError},
        verify::{self, Demands, Terms, VerifyError, verify},
    },
    core::{
        policy::Policy,
        time::{self, Time},
        verdict::Claim,
    },
};
use world::{NOW, Package, SEALED, World};

fn at(text: &str) -> Clock {
    Clock::new(time::parse(text).unwrap())
}

fn trust_of(world: &World) -> trust::Options {
    let files = trust::PinnedFiles {
        trusted_root: world.path("trusted_root.json"),
        npm_keys: Some(world.path("keys.json")),
    };
    let store = trust::Store::Own(world.path("trust"));
    trust::Options { files: Some(files), ..trust::Options::of("public-good", store) }
}

fn sealing(world: &World) -> seal::Options {
    seal::Options {
        lockfiles: vec![world.path("package-lock.json")],
        supplies: Vec::new(),
        output: seal::Output::File(world.path("app.sealift")),
        key: seal::SealKey::Named(world.path("release.key")),
        source_date: None,
        concurrency: None,
        no_refresh: true,
        trust: trust_of(world),
        cache: world.path("cache"),
    }
}

fn demands(claims: impl IntoIterator<Item = Claim>) -> Demands {
    let claims: Vec<_> = claims.into_iter().collect();
    match claims.is_empty() {
        true => Demands::default(),
        false => Demands { policy: Policy::requiring(claims, []), ..Demands::default() },
    }
}

fn verifying(world: &World) -> verify::Options {
    by(world, terms(world))
}

fn by(world: &World, terms: Terms) -> verify::Options {
    verify::Options { archive: world.path("app.sealift"), terms }
}

fn terms(world: &World) -> Terms {
    Terms {
        keys: vec![world.path("release.key.pub")],
        threshold: 1,
        demands: demands([Claim::RegistrySignature]),
        trust: trust_of(world),
    }
}

/// Seals what a registry serves.
fn seal<'a>(
    world: &World,
    packages: impl IntoIterator<Item = &'a Package> + Clone,
    listener: &mut dyn Listener,
) -> Result<sealift::app::report::Report, SealError> {
    let _registry = world.serve(packages);
    let no_variables = |_: &str| None;
    let npmrc = Npmrc::load(None, Some(&world.path(".npmrc")), false, &no_variables).unwrap();
    let config = RegistryConfig::new(&npmrc, None).unwrap();
    let network = connect(&npmrc, &no_variables).unwrap();
    let (options, clock) = (sealing(world), at(SEALED));
    let sealed = options.prepare(&clock, listener)?.run(network, &config, listener)?;
    Ok(sealed.keep()?)
}

/// A world with an archive of one package that the registry has signed.
fn sealed() -> World {
    let world = World::new();
    let package = Package::new("left-pad", "1.3.0").signed(&world.sigstore);
    world.lock([&package]);
    seal(&world, [&package], &mut Silent).unwrap();
    world
}

#[test]
fn seals_verifies_and_signs_by_the_library_alone() {
    let world = sealed();
    let verified = verify(&verifying(&world), &at(NOW)).unwrap().admit().unwrap();
    assert_eq!(verified.report().verdict(), Verdict::Verified);
    assert_eq!(verified.report().good(), 1);
    assert!(!verified.report().at_given);

    let options = sign::Options {
        archive: world.path("app.sealift"),
        key: world.path("second.key"),
        signed_by: world.path("release.key.pub"),
        digest: Some(verified.report().archive.sha256.clone()),
        demands: demands([Claim::Integrity]),
        trust: trust_of(&world),
    };
    sign(&options, &at(NOW), &mut Silent).unwrap();
    let both = [world.path("release.key.pub"), world.path("second.key.pub")];
    let options = by(&world, Terms { keys: both.into(), threshold: 2, ..terms(&world) });
    assert!(verify(&options, &at(NOW)).unwrap().admit().is_ok());
}

#[test]
fn refuses_to_sign_what_does_not_meet_the_demands() {
    let world = sealed();
    let options = sign::Options {
        archive: world.path("app.sealift"),
        key: world.path("second.key"),
        signed_by: world.path("release.key.pub"),
        digest: None,
        demands: demands([Claim::Provenance]),
        trust: trust_of(&world),
    };
    let error = sign(&options, &at(NOW), &mut Silent).unwrap_err();
    assert!(error.is_refusal());
    let SignError::Refused(report) = error else { panic!("{error}") };
    assert_eq!(report.verdict(), Verdict::Refused);
}

#[test]
fn tells_a_refusal_from_what_could_not_be_checked() {
    let world = sealed();
    let error_of = |terms: &Terms, now| verify(&by(&world, terms.clone()), &at(now)).unwrap_err();
    let good = terms(&world);

    let nothing = Terms { demands: demands([]), ..good.clone() };
    let error = error_of(&nothing, NOW);
    assert!(matches!(error, VerifyError::NoDemands) && !error.is_refusal());

    let keyless = Terms { keys: vec![], ..good.clone() };
    let error = error_of(&keyless, NOW);
    assert!(matches!(error, VerifyError::Open(OpenError::NoKey)) && !error.is_refusal());

    let early = error_of(&good, "2026-01-31T00:00:00Z");
    let is_early = matches!(early, VerifyError::Open(OpenError::SealedLater { .. }));
    assert!(is_early && !early.is_refusal());

    let elsewhere = trust::Store::Named(world.path("nowhere"));
    let trust = trust::Options::of("public-good", elsewhere);
    let error = error_of(&Terms { trust, ..good.clone() }, NOW);
    assert!(matches!(error, VerifyError::Basis(BasisError::NoFolder(_))) && !error.is_refusal());

    let stranger = Terms { keys: vec![world.path("second.key.pub")], ..good.clone() };
    let error = error_of(&stranger, NOW);
    assert!(error.is_refusal() && error.code() == Some("too-few-signers"), "{error:?}");

    let mut bytes = world.read("app.sealift");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    world.write("app.sealift", bytes);
    let error = error_of(&good, NOW);
    assert!(error.is_refusal() && error.code().is_some(), "{error:?}");
}

/// Keeps what it hears.
#[derive(Default)]
struct Notes(Vec<String>);

impl Listener for Notes {
    fn hear(&mut self, news: News<'_>) {
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        self.0.push(match news {
            News::Stripped { path, addresses } => format!("{addresses} in {}", name(path)),
            News::ReadableKey(path) => format!("readable {}", name(path)),
            News::MadeKey { public, .. } => format!("made {}", name(public)),
            News::Unreachable(host) => format!("unreachable: {}", host.failed),
            News::UnreadableAdvisory { file, .. } => format!("unreadable {file}"),
        });
    }

    fn progress(&self) -> Box<dyn Progress> {
        Silent.progress()
    }
}

#[test]
fn tells_of_what_deserves_a_look_on_the_way() {
    let world = World::new();
    let package = Package::new("left-pad", "1.3.0").signed(&world.sigstore);
    let (path, mut entry) = package.locked();
    let address = entry["resolved"].as_str().unwrap().to_owned();
    entry["resolved"] = format!("{address}?token=hush").into();
    world.lock_entries([(path, entry)]);
    let mut notes = Notes::default();
    let options =
        seal::Options { key: seal::SealKey::Own(world.path("own/signing.key")), ..sealing(&world) };
    let _registry = world.serve([&package]);
    let no_variables = |_: &str| None;
    let npmrc = Npmrc::load(None, Some(&world.path(".npmrc")), false, &no_variables).unwrap();
    let config = RegistryConfig::new(&npmrc, None).unwrap();
    let network = connect(&npmrc, &no_variables).unwrap();
    let clock = at(SEALED);
    let sealing = options.prepare(&clock, &mut notes).unwrap();
    let sealed = sealing.run(network, &config, &mut notes).unwrap();
    assert!(!world.path("app.sealift").exists(), "it has no name before it is kept");
    sealed.keep().unwrap();
    assert!(world.path("app.sealift").exists());
    assert_eq!(notes.0, ["1 in package-lock.json", "made signing.key.pub"]);
}

#[test]
fn names_each_package_that_could_not_be_collected() {
    let world = World::new();
    let served = Package::new("left-pad", "1.3.0").signed(&world.sigstore);
    let missing = Package::new("gone", "1.0.0");
    world.lock([&served, &missing]);
    let error = seal(&world, [&served], &mut Silent).unwrap_err();
    assert!(!error.is_refusal());
    let SealError::Collection(CollectionError::Packages { failed, total }) = error else {
        panic!("{error}")
    };
    assert_eq!((failed.len(), total), (1, 2));
    assert_eq!(failed[0].0.to_string(), "gone@1.0.0");
}

#[test]
fn does_not_seal_at_a_time_that_is_yet_to_come() {
    let world = World::new();
    let package = Package::new("left-pad", "1.3.0");
    world.lock([&package]);
    let later: Time = time::parse(NOW).unwrap();
    let options = seal::Options { source_date: Some(later), ..sealing(&world) };
    let refused = options.prepare(&at(SEALED), &mut Silent).err().unwrap();
    assert!(matches!(refused, SealError::Future), "{refused}");
}

#[cfg(feature = "serve")]
mod served {
    use std::net::{Ipv4Addr, SocketAddr, TcpListener};

    use sealift::app::serve::{RewriteError, ServeError, Serving};

    use super::*;

    fn serve(world: &World, rewritten: Option<&Path>) -> Result<Serving, ServeError> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Serving::start(&[verifying(world)], rewritten, listen, &at(NOW))
    }

    #[test]
    fn copies_no_lockfile_that_was_not_verified() {
        let world = sealed();
        let (lockfile, copy) = (world.path("package-lock.json"), world.path("copy.json"));
        let refused = |serving: &Serving| {
            let copied = serving.copy_lockfile(&lockfile, &copy);
            assert!(
                matches!(&copied, Err(ServeError::Rewrite(RewriteError::NotGiven(path))) if *path == lockfile),
                "{copied:?}"
            );
            assert!(!copy.exists());
        };
        refused(&serve(&world, None).unwrap());
        let serving = serve(&world, Some(&lockfile)).unwrap();
        let bytes = world.read("package-lock.json");
        world.write("package-lock.json", [bytes.as_slice(), b"\n"].concat());
        refused(&serving);
        world.write("package-lock.json", bytes);
        serving.copy_lockfile(&lockfile, &copy).unwrap();
    }

    #[test]
    fn listens_at_no_address_that_is_taken() {
        let world = sealed();
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = taken.local_addr().unwrap();
        let Err(refused) = Serving::start(&[verifying(&world)], None, address, &at(NOW)) else {
            panic!("two listen at {address}");
        };
        assert!(matches!(refused, ServeError::Listen { address: named, .. } if named == address));
        assert!(refused.to_string().starts_with(&format!("cannot listen on {address}: ")));
    }
}
