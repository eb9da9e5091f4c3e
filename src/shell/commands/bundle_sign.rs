//! `sealift bundle sign`.

use super::{Context, key::signing};
use crate::{
    adapters::{
        archive::{self, Archive, WriteError},
        files, keys,
    },
    core::key::PublicKey,
    shell::{
        cli::Sign,
        failure::{Failure, Outcome},
        verification,
    },
};

/// Adds a signature to an archive, which is replaced by the one that has it. The seal is verified
/// first, and every entry.
///
/// # Errors
/// Exit 1, when the archive is refused or signed by this key already; exit 2, when a file cannot
/// be read or written, or the archive was replaced meanwhile.
pub fn run(options: &Sign, context: &mut Context<'_>) -> Outcome {
    let key = signing(&options.key, context)?;
    let sealer = keys::load_public(&options.signed_by)?;
    let both = [sealer.clone(), PublicKey::from(&key)];
    let target = files::writable(&options.archive)?;
    let refused = |error| verification::failure(&options.archive, &error);
    let archive = verification::open(&options.archive, &[sealer], 1)?;
    archive.check_rest().map_err(refused)?;
    let mut envelope = archive.envelope().clone();
    envelope.add_signature(&key).map_err(|error| Failure::refused(&error).code(error.code()))?;
    let file = archive::reseal(&target, &archive, &envelope)?;
    let signed = verification::open(file.path(), &both, 2)?;
    signed.check_rest().map_err(refused)?;
    // Somebody else may have signed meanwhile.
    if Archive::open(&target).map_err(refused)?.envelope() != archive.envelope() {
        return Err(Failure::could_not(format_args!(
            "{} was changed while it was being signed",
            options.archive.display()
        ))
        .hint("sign it again"));
    }
    files::persist(file, &target)?;
    context.terminal.note(format_args!(
        "{} is signed by {} too",
        options.archive.display(),
        PublicKey::from(&key).fingerprint()
    ));
    Ok(())
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let hint = error.hint();
        Self::could_not(error).maybe_hint(hint)
    }
}
