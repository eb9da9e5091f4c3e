//! Writes a policy to start from: a template, or the rules that an archive meets.

mod rules;

use std::path::{Path, PathBuf};

use super::{
    clock::Clock,
    keys::{self, KeyError},
    report::{JudgedPackage, Report, Verdict},
    verify::{self, VerifyError},
};
use crate::{
    adapters::files::{self, FileError},
    core::{package::Origin, policy::quoted},
};

/// Every table and key, each with a line that explains it.
pub const TEMPLATE: &str = include_str!("policy_init/template.toml");

/// What to write.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file; without it, nothing is written.
    pub output: Option<PathBuf>,
    /// The archive that the rules must fit, and what is demanded of it before; without it, the template.
    pub from: Option<verify::Options>,
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The archive was refused, as the report says.
    #[error("no policy was written")]
    Refused(Box<Report>),
    /// A name or an address holds a `*`, which a rule would read as a wildcard.
    #[error("no rule can name {0}: in a rule, * stands for other texts too")]
    Wildcard(String),
    /// The archive could not be examined.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A file cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
}

impl InitError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Refused(_) => Some(
                "the archive must hold with integrity alone; exceptions that it needs go into a \
                 policy of their own, for --policy"
                    .to_owned(),
            ),
            Self::Wildcard(_) => {
                Some("start from the template: `sealift policy init` without --from".to_owned())
            }
            Self::Verify(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::File(FileError::Exists(_)) => Some("a policy is never overwritten".to_owned()),
            Self::File(error) => error.hint(),
        }
    }

    /// A stable code, for programs.
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Verify(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Refused(_) | Self::Wildcard(_) | Self::File(_) => None,
        }
    }

    /// Whether the archive was examined and refused, or no policy could be made at all.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Refused(_) => true,
            Self::Verify(error) => error.is_refusal(),
            Self::Wildcard(_) | Self::Key(_) | Self::File(_) => false,
        }
    }
}

/// Makes the text of a policy, and writes it where a file is named.
///
/// # Errors
/// When the archive is refused or cannot be examined, and when the file is there or cannot be written.
pub fn init(options: &Options, clock: &Clock) -> Result<String, InitError> {
    let text = match &options.from {
        None => TEMPLATE.to_owned(),
        Some(from) => {
            let report = verify::verify(from, clock)?.into_report();
            if report.verdict() == Verdict::Refused {
                return Err(InitError::Refused(Box::new(report)));
            }
            let folder = options.output.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
            let signers = signers(&from.terms.keys, from.terms.threshold, folder)?;
            // What was supplied is for an exception: rules are not asked about it.
            let supplied =
                |judged: &&JudgedPackage| matches!(judged.purl.origin(), Origin::Supplied(_));
            let packages = report.packages.iter().filter(|judged| !supplied(judged));
            let packages = packages.map(|judged| (&judged.purl, &judged.verdict));
            let rules = rules::met_by(&packages.collect::<Vec<_>>());
            format!("{HEAD}\n{signers}{}", rules.map_err(InitError::Wildcard)?)
        }
    };
    if let Some(output) = &options.output {
        files::write(output, text.as_bytes(), false)?;
    }
    Ok(text)
}

const HEAD: &str = "\
# A policy of sealift, with rules that one archive meets. Read each rule: it says what is so
# today, not what you want. `sealift policy init` without --from explains every key, and so
# does sealift-policy(5). Paths are relative to this file.
";

/// A table for each key, each the key of a signer of its own.
fn signers(paths: &[PathBuf], threshold: usize, folder: &Path) -> Result<String, InitError> {
    let mut text = String::new();
    let mut names = Vec::new();
    for path in paths {
        let fingerprint = keys::load_public(path)?.fingerprint();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = file.split('.').next().unwrap_or_default().to_owned();
        let taken = stem.is_empty() || names.contains(&stem);
        let name = if taken { fingerprint.clone() } else { stem };
        let named = files::named_from(path, folder)?;
        let named = quoted(&named.to_string_lossy());
        text.push_str(&format!(
            "# {fingerprint}\n[[signer]]\nname = {}\nkeys = [{named}]\n\n",
            quoted(&name)
        ));
        names.push(name);
    }
    if threshold > 1 {
        text.push_str(&format!("[archive]\nthreshold = {threshold}\n\n"));
    }
    Ok(text)
}
