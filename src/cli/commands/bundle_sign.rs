//! `sealift bundle sign`.

use super::{
    Context,
    bundle_verify::{given, policy},
    key::signing,
};
use crate::{
    adapters::{
        archive::{self, Archive, WriteError},
        files, keys,
    },
    app::{
        trust,
        verify::{self, Bar},
    },
    cli::{
        declare::Sign,
        failure::{Failure, Kind, Outcome},
    },
    core::archive::key::PublicKey,
};

/// Adds a signature to an archive, which is replaced by the one that has it. The archive is examined
/// first as `bundle verify` does.
///
/// # Errors
/// Exit 1, when the archive is refused, is another one than `--digest` says, or is signed by this key
/// already; exit 2, when a file cannot be read or written, or the archive was replaced meanwhile.
pub fn run(options: &Sign, context: &mut Context<'_>) -> Outcome {
    let policy = policy(&options.demands)?;
    let lockfiles = given(&options.demands)?;
    let key = signing(&options.key, context)?;
    let sealer = [keys::load_public(&options.signed_by)?];
    let target = files::writable(&options.archive)?;
    let archive = verify::open(&options.archive, &sealer, 1)?;
    let basis = trust::for_archive(&options.trust, context.env, &archive)?;
    let bar = Bar {
        at: context.env.now,
        at_given: context.env.at_given,
        policy: &policy,
        keys: &sealer,
        threshold: 1,
        basis: &basis,
        lockfiles,
        deep: true,
    };
    let verified = match verify::examine(archive, &options.archive, bar)?.admit() {
        Ok(verified) => verified,
        Err(report) => {
            context.report(&report);
            let failure = Failure::refused("the archive was not signed");
            context.terminal.failure(&failure);
            return Err(Failure::reported(Kind::Refused));
        }
    };
    let found = &verified.report().archive.sha256;
    if options.digest.as_ref().is_some_and(|expected| expected != found) {
        let file = options.archive.display();
        return Err(Failure::refused(format_args!("{file} is not the archive of --digest"))
            .hint(format!("its SHA-256 is {}", found.to_hex()))
            .code("archive-digest"));
    }
    sign(&verified, &key, &sealer, &target, options)?;
    context.report(verified.report());
    context.terminal.note(format_args!(
        "{} is signed by {} too",
        options.archive.display(),
        PublicKey::from(&key).fingerprint()
    ));
    Ok(())
}

fn sign(
    verified: &verify::VerifiedArchive,
    key: &crate::core::archive::key::SigningKey,
    sealer: &[PublicKey; 1],
    target: &std::path::Path,
    options: &Sign,
) -> Outcome {
    let archive = verified.archive();
    let refused = |error| verify::failure(&options.archive, &error);
    let mut envelope = archive.envelope().clone();
    envelope.add_signature(key).map_err(|error| Failure::refused(&error).code(error.code()))?;
    let file = archive::reseal(target, archive, &envelope)?;
    let [sealer] = sealer;
    let both = [sealer.clone(), PublicKey::from(key)];
    let signed = verify::open(file.path(), &both, 2)?;
    signed.check_rest().map_err(refused)?;
    // Somebody else may have signed meanwhile.
    if Archive::open(target).map_err(refused)?.envelope() != archive.envelope() {
        return Err(Failure::could_not(format_args!(
            "{} was changed while it was being signed",
            options.archive.display()
        ))
        .hint("sign it again"));
    }
    files::persist(file, target)?;
    Ok(())
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let hint = error.hint();
        Self::could_not(error).maybe_hint(hint)
    }
}
