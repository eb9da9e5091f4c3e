//! `sealift bundle sign`.

use super::Context;
use crate::{
    adapters::{
        archive::{self, WriteError},
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
/// first, and every entry on the way.
///
/// # Errors
/// Exit 1, when the archive is refused or signed by this key already; exit 2, when a file cannot
/// be read or written.
pub fn run(options: &Sign, context: &mut Context<'_>) -> Outcome {
    let key = keys::load_private(&options.key)?.key;
    let sealer = keys::load_public(&options.signed_by)?;
    let both = [sealer.clone(), PublicKey::from(&key)];
    let archive = verification::open(&options.archive, &[sealer], 1)?;
    let mut envelope = archive.envelope().clone();
    envelope.add_signature(&key).map_err(Failure::refused)?;
    let file = archive::reseal(&options.archive, &archive, &envelope)?;
    let signed = verification::open(file.path(), &both, 2)?;
    signed.check_rest().map_err(|error| verification::failure(&options.archive, &error))?;
    files::persist(file, &options.archive)?;
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
