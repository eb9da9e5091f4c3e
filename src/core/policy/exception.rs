//! Exceptions: what a policy excuses, why, and until when.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{list::List, pattern};
use crate::core::{
    package::{
        PackageId,
        digest::{Algorithm, Digest},
    },
    text::named,
    time::Time,
};

/// The longest time that an exception may be for.
const MOST_DAYS: u64 = 366;

/// How long before its end an exception is reported.
pub(crate) const ENDS_SOON_DAYS: i64 = 30;

/// What a policy can excuse. What does not verify is not in the list, and neither is a package that is
/// not as a rule says: for that, the rule must be changed.
pub const EXCUSABLE: [&str; 15] = [
    "missing-registry-signature",
    "missing-publish-attestation",
    "missing-provenance",
    "unrecognized",
    "unpinned",
    "foreign",
    "minimum-age",
    "evidence-lost",
    "identity-unknown",
    "retired-key",
    "sha1",
    "pinned-by-signature",
    "promise-only",
    "self-hosted",
    "unavailable",
];

/// What a policy excuses, why, and until when.
///
/// Serialised, these are the keys of `[[exception]]` (`man/sealift-policy.5`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// What it is about.
    #[serde(flatten)]
    pub subject: ExceptionSubject,
    /// What is excused: one of [`EXCUSABLE`].
    pub code: &'static str,
    /// Why.
    pub reason: String,
    /// The day since which it holds.
    pub added: NaiveDate,
    /// The last day on which it holds, in UTC.
    pub expires: NaiveDate,
}

/// What an exception is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExceptionSubject {
    /// Packages of exact versions, perhaps with the bytes of the one that it names.
    Packages {
        /// The packages.
        #[serde(serialize_with = "written")]
        packages: Vec<PackageId>,
        /// The SHA-512 that the package must have.
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_hex")]
        sha512: Option<Digest>,
    },
    /// A lockfile entry that nothing can vouch for, by its full address.
    Entry {
        /// The address.
        entry: String,
        /// The SHA-512 of the bytes that the archive carries for it; without it, the archive carries
        /// nothing for it.
        #[serde(skip_serializing_if = "Option::is_none", serialize_with = "in_hex")]
        sha512: Option<Digest>,
    },
}

impl Exception {
    /// Whether it holds at a time.
    pub fn holds(&self, at: Time) -> bool {
        let today = at.date_naive();
        self.added <= today && today <= self.expires
    }

    /// Whether its last day has passed.
    pub fn is_expired(&self, at: Time) -> bool {
        self.expires < at.date_naive()
    }

    /// How many days it still holds.
    pub fn days_left(&self, at: Time) -> i64 {
        (self.expires - at.date_naive()).num_days()
    }

    /// Whether it names bytes.
    pub fn names_bytes(&self) -> bool {
        match &self.subject {
            ExceptionSubject::Packages { sha512, .. } | ExceptionSubject::Entry { sha512, .. } => {
                sha512.is_some()
            }
        }
    }

    /// Whether it is about this package, and about these bytes where it names bytes.
    pub fn is_about(&self, id: &PackageId, digests: &[Digest]) -> bool {
        match &self.subject {
            ExceptionSubject::Packages { packages, sha512 } => {
                packages.contains(id)
                    && sha512.as_ref().is_none_or(|digest| digests.contains(digest))
            }
            ExceptionSubject::Entry { .. } => false,
        }
    }
}

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    packages: Option<List<Exact>>,
    entry: Option<String>,
    sha512: Option<Sha512>,
    code: Code,
    reason: String,
    added: Date,
    expires: Date,
}

impl TryFrom<Keys> for Exception {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Self, String> {
        let Keys { packages, entry, sha512, code, reason, added, expires } = keys;
        let (code, added, expires) = (code.0, added.0, expires.0);
        let sha512 = sha512.map(|digest| digest.0);
        let subject = match (packages, entry) {
            (Some(_), None) if code == "foreign" => {
                return Err("code \"foreign\" is about an \"entry\", by its full address".into());
            }
            (None, Some(_)) if code != "foreign" => {
                return Err(format!("code \"{code}\" is about \"packages\", not about an entry"));
            }
            (Some(_), None) if code == "unpinned" && sha512.is_none() => {
                return Err("code \"unpinned\" needs the \"sha512\" of the bytes".into());
            }
            (Some(packages), None) if sha512.is_some() && packages.len() > 1 => {
                return Err("\"sha512\" is for one package: write an exception for each".into());
            }
            (Some(packages), None) => {
                let packages = packages.iter().map(|exact| exact.0.clone()).collect();
                ExceptionSubject::Packages { packages, sha512 }
            }
            (None, Some(entry)) => ExceptionSubject::Entry { entry, sha512 },
            _ => return Err("an exception has either \"packages\" or \"entry\"".into()),
        };
        if reason.trim().is_empty() {
            return Err("\"reason\" is empty: say why".into());
        }
        if expires < added {
            return Err(format!("it expires on {expires}, before it was added on {added}"));
        }
        if added.checked_add_days(Days::new(MOST_DAYS)).is_none_or(|last| expires > last) {
            return Err(format!(
                "it expires on {expires}, more than {MOST_DAYS} days after {added}"
            ));
        }
        Ok(Self { subject, code, reason, added, expires })
    }
}

impl<'de> Deserialize<'de> for Exception {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::try_from(Keys::deserialize(value)?).map_err(D::Error::custom)
    }
}

struct Exact(PackageId);

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        pattern::parse_exact(&String::deserialize(value)?).map(Self).map_err(D::Error::custom)
    }
}

struct Code(&'static str);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        named("code that can be excused", &text, &EXCUSABLE, |code| code)
            .map(Self)
            .map_err(D::Error::custom)
    }
}

struct Sha512(Digest);

impl<'de> Deserialize<'de> for Sha512 {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let text = String::deserialize(value)?;
        Digest::from_hex(Algorithm::Sha512, &text.to_ascii_lowercase())
            .map(Self)
            .ok_or_else(|| D::Error::custom("not a SHA-512 in hex (128 digits)"))
    }
}

/// A day, as TOML writes it: without quotes and without a time.
pub(super) struct Date(pub NaiveDate);

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        let wrong = || D::Error::custom("not a day, such as 2026-11-28 without quotes");
        let written = toml::value::Datetime::deserialize(value).map_err(|_| wrong())?;
        let (Some(date), None, None) = (written.date, written.time, written.offset) else {
            return Err(wrong());
        };
        let (year, month, day) = (date.year.into(), date.month.into(), date.day.into());
        NaiveDate::from_ymd_opt(year, month, day).map(Self).ok_or_else(wrong)
    }
}

fn written<S: Serializer>(packages: &[PackageId], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(packages.iter().map(pattern::written))
}

fn in_hex<S: Serializer>(digest: &Option<Digest>, serializer: S) -> Result<S::Ok, S::Error> {
    match digest {
        Some(digest) => serializer.serialize_str(&digest.to_hex()),
        None => serializer.serialize_none(),
    }
}
