//! `sealift.toml`, as it is written.

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{
    Exception, ExpectedIdentities, Identities, Policy, Reaction, Rule, Signer,
    exception::Date,
    list::List,
    text::{self, TextError},
};
use crate::core::{limits, time::Age};

/// A policy as it is written: the files that it names are not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyFile {
    /// `[[signer]]`
    #[serde(rename = "signer")]
    pub signers: Vec<SignerTable>,
    /// `[archive]`
    pub archive: ArchiveTable,
    /// `[[rule]]`
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
    /// `[[exception]]`
    #[serde(rename = "exception")]
    pub exceptions: Vec<Exception>,
    /// `[identities]`
    pub identities: Option<IdentitiesTable>,
}

/// `[[signer]]`: somebody whose seal counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerTable {
    /// The name.
    pub name: String,
    /// The files of the public keys, relative to the policy's.
    pub keys: List<String>,
    /// The last day on which they count.
    #[serde(default, deserialize_with = "day")]
    pub until: Option<NaiveDate>,
}

/// `[archive]`: what is demanded of the archive as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArchiveTable {
    /// How many signers must have sealed.
    #[serde(deserialize_with = "threshold")]
    pub threshold: usize,
    /// How long ago it may have been sealed.
    pub max_age: Option<Age>,
    /// How long ago trust may have been checked.
    pub max_trust_age: Option<Age>,
    /// What follows where one of the two is passed.
    pub past_limit: Option<Reaction>,
    /// Whether this build's lockfile must be given: `required`.
    #[serde(deserialize_with = "required")]
    pub lockfile: bool,
    /// Folders outside the project that are ours.
    pub ours: List<String>,
}

/// `[identities]`: who built each package when somebody last looked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentitiesTable {
    /// The file that `policy lock` wrote, relative to the policy's.
    pub file: String,
    /// What follows for a package that it does not have.
    pub unknown: Reaction,
}

impl PolicyFile {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`TextError`], with line and column, for what is not exactly as `sealift-policy(5)` has it.
    pub fn parse(bytes: &[u8]) -> Result<Self, TextError> {
        let file: Self = text::parse(bytes)?;
        if file.rules.len() > limits::POLICY_RULES {
            let number = file.rules.len();
            return Err(TextError::new(format!(
                "{number} rules, more than {}",
                limits::POLICY_RULES
            )));
        }
        if let Some(at) = file.rules.iter().position(Rule::has_bare_ids) {
            return Err(TextError::new(format!(
                "rule {} has numeric ids and no issuer, repository or owner: other issuers give the \
                 same numbers",
                at.saturating_add(1)
            )));
        }
        if let Some(folder) = file.archive.ours.iter().find(|ours| is_everything(ours)) {
            return Err(TextError::new(format!("{folder:?} in \"ours\" would be every folder")));
        }
        Ok(file)
    }

    /// The policy, with what the files that it names hold.
    pub fn resolve(self, signers: Vec<Signer>, identities: Option<Identities>) -> Policy {
        let unknown = self.identities.map_or(Reaction::Deny, |table| table.unknown);
        let archive = self.archive;
        Policy {
            signers,
            threshold: archive.threshold,
            max_age: archive.max_age.map(|age| age.0),
            max_trust_age: archive.max_trust_age.map(|age| age.0),
            // A limit denies, unless the same policy says otherwise: another one cannot loosen it.
            past_limit: archive.past_limit.or_else(|| {
                let limited = archive.max_age.is_some() || archive.max_trust_age.is_some();
                limited.then_some(Reaction::Deny)
            }),
            lockfile_required: archive.lockfile,
            ours: archive.ours.to_vec(),
            deep: false,
            rules: self.rules,
            exceptions: self.exceptions,
            identities: identities
                .map(|identities| ExpectedIdentities { identities: identities.into(), unknown }),
        }
    }
}

/// Whether a folder is the root, or none.
fn is_everything(folder: &str) -> bool {
    folder.trim_matches(['/', '\\']).is_empty()
}

fn day<'de, D: Deserializer<'de>>(value: D) -> Result<Option<NaiveDate>, D::Error> {
    Date::deserialize(value).map(|date| Some(date.0))
}

fn threshold<'de, D: Deserializer<'de>>(value: D) -> Result<usize, D::Error> {
    match usize::deserialize(value)? {
        0 => Err(D::Error::custom("a threshold of 0 would accept archives that nobody sealed")),
        threshold => Ok(threshold),
    }
}

fn required<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    match String::deserialize(value)?.as_str() {
        "required" => Ok(true),
        other => Err(D::Error::custom(format!("{other:?} is not \"required\""))),
    }
}
