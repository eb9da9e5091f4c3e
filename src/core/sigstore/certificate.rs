//! The claims of a Fulcio certificate: who asked for it, and what was built where.
//!
//! The claims are the extensions under `1.3.6.1.4.1.57264.1` (Fulcio, `oid-info.md`). Only certificates
//! that were verified are read. A claim that cannot be read refuses the certificate: if it counted as
//! absent, no check of it could fail.

use x509_cert::{
    Certificate,
    der::{
        Decode,
        asn1::{ObjectIdentifier, Utf8StringRef},
    },
    ext::pkix::{SubjectAltName, name::GeneralName},
};

use crate::core::{time::Time, trust::Window};

/// The OIDC issuer of GitHub Actions.
pub(crate) const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Why a certificate's claims cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedClaim {
    /// The certificate itself.
    #[error("malformed certificate: {0}")]
    Certificate(String),
    /// An extension that is not the string it must be.
    #[error("claim 1.3.6.1.4.1.57264.1.{0} of the certificate is malformed")]
    Value(u32),
    /// An extension that is there twice.
    #[error("claim 1.3.6.1.4.1.57264.1.{0} of the certificate is repeated")]
    Repeated(u32),
    /// Not exactly one identity, or none of the kinds that Fulcio writes.
    #[error("the certificate has {0} names, not one e-mail address, URI or user name")]
    Identities(usize),
}

impl MalformedClaim {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Certificate(_) => "malformed-certificate",
            Self::Value(_) => "malformed-claim",
            Self::Repeated(_) => "repeated-claim",
            Self::Identities(_) => "ambiguous-identity",
        }
    }
}

/// What a certificate claims. All strings are as Fulcio copied them from the identity token.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// The subject alternative name: the identity that signed.
    pub san: String,
    /// `.8`, or the legacy `.1`: the OIDC issuer.
    pub issuer: Option<String>,
    /// `.9`: the workflow that signed, with its ref.
    pub build_signer: Option<String>,
    /// `.11`: `github-hosted`, `self-hosted`, `gitlab-hosted`.
    pub runner: Option<String>,
    /// `.12`, or made from the legacy `.5`: the repository, as a URL.
    pub repository: Option<String>,
    /// `.13`, or the legacy `.3`: the commit.
    pub commit: Option<String>,
    /// `.14`, or the legacy `.6`: the branch or tag.
    pub git_ref: Option<String>,
    /// `.15`: the repository's numeric id.
    pub repository_id: Option<String>,
    /// `.16`, or made from the legacy `.5`: the repository's owner, as a URL.
    pub owner: Option<String>,
    /// `.17`: the owner's numeric id.
    pub owner_id: Option<String>,
    /// `.18`: the workflow that was started, with its ref. If the signer is a reusable workflow, this one
    /// called it.
    pub build_config: Option<String>,
    /// `.19`: the commit of the workflow that was started.
    pub build_config_digest: Option<String>,
    /// `.20`, or the legacy `.2`: the event.
    pub trigger: Option<String>,
    /// `.21`: the run, as a URL.
    pub run: Option<String>,
}

impl Claims {
    /// Reads the claims of a certificate.
    ///
    /// # Errors
    /// [`MalformedClaim`], for the first claim that cannot be read.
    pub fn of(certificate: &Certificate) -> Result<Self, MalformedClaim> {
        let mut claims = Self { san: identity(certificate)?, ..Self::default() };
        let mut legacy = Legacy::default();
        let mut seen = Vec::new();
        for extension in certificate.tbs_certificate.extensions.iter().flatten() {
            let Some(number) = claim_number(extension.extn_id.as_bytes()) else { continue };
            if seen.contains(&number) {
                return Err(MalformedClaim::Repeated(number));
            }
            seen.push(number);
            let claim = match number {
                1 => &mut legacy.issuer,
                2 => &mut legacy.trigger,
                3 => &mut legacy.commit,
                5 => &mut legacy.repository,
                6 => &mut legacy.git_ref,
                8 => &mut claims.issuer,
                9 => &mut claims.build_signer,
                11 => &mut claims.runner,
                12 => &mut claims.repository,
                13 => &mut claims.commit,
                14 => &mut claims.git_ref,
                15 => &mut claims.repository_id,
                16 => &mut claims.owner,
                17 => &mut claims.owner_id,
                18 => &mut claims.build_config,
                19 => &mut claims.build_config_digest,
                20 => &mut claims.trigger,
                21 => &mut claims.run,
                // Known and unused, but still checked.
                4 | 10 | 22 => &mut None,
                _ => continue,
            };
            let value = extension.extn_value.as_bytes();
            let text = if number <= 6 { bare(value) } else { utf8_string(value) };
            *claim = Some(text.ok_or(MalformedClaim::Value(number))?);
        }
        // Certificates of early 2023 have the legacy claims alone, those since then both.
        if seen.iter().all(|number| *number < 8) {
            legacy.fill(&mut claims);
        }
        Ok(claims)
    }
}

/// The claims `.1` to `.6`, which only GitHub's certificates have.
#[derive(Default)]
struct Legacy {
    issuer: Option<String>,
    trigger: Option<String>,
    commit: Option<String>,
    repository: Option<String>,
    git_ref: Option<String>,
}

impl Legacy {
    fn fill(self, claims: &mut Claims) {
        let github = self.issuer.as_deref() == Some(GITHUB);
        claims.issuer = self.issuer;
        if github {
            claims.trigger = self.trigger;
            claims.commit = self.commit;
            let url = |path: &str| format!("https://github.com/{path}");
            let owner = self.repository.as_deref().and_then(|name| name.split('/').next());
            claims.owner = owner.map(url);
            claims.repository = self.repository.as_deref().map(url);
            claims.git_ref = self.git_ref;
        }
    }
}

/// When a certificate is valid; `None` if that is beyond all times.
pub(super) fn window(certificate: &Certificate) -> Option<Window> {
    let validity = certificate.tbs_certificate.validity;
    let moment = |time: x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
        Time::from_timestamp(seconds, 0)
    };
    Some(Window {
        start: Some(moment(validity.not_before)?),
        end: Some(moment(validity.not_after)?),
    })
}

/// Parses a certificate in DER.
///
/// # Errors
/// When it is not one.
pub fn decode(der: &[u8]) -> Result<Certificate, MalformedClaim> {
    Certificate::from_der(der).map_err(|error| MalformedClaim::Certificate(error.to_string()))
}

fn identity(certificate: &Certificate) -> Result<String, MalformedClaim> {
    let extension: Option<(bool, SubjectAltName)> = certificate
        .tbs_certificate
        .get()
        .map_err(|error| MalformedClaim::Certificate(error.to_string()))?;
    let names = extension.map(|(_, names)| names.0).unwrap_or_default();
    match names.as_slice() {
        [GeneralName::Rfc822Name(name)] => Ok(name.to_string()),
        [GeneralName::UniformResourceIdentifier(name)] => Ok(name.to_string()),
        [GeneralName::OtherName(name)] if name.type_id == USER_NAME => {
            name.value.decode_as::<String>().map_err(|_| MalformedClaim::Value(7))
        }
        _ => Err(MalformedClaim::Identities(names.len())),
    }
}

/// The kind of name that Fulcio gives to users of issuers without e-mail addresses.
const USER_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.57264.1.7");

/// Fulcio's arc, 1.3.6.1.4.1.57264.1, as DER has it.
const ARC: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01];

/// The last number of an object identifier in Fulcio's arc, from its DER (X.690, section 8.19).
fn claim_number(oid: &[u8]) -> Option<u32> {
    let (last, more) = oid.strip_prefix(ARC)?.split_last()?;
    if *last >= 0x80 || more.iter().any(|byte| *byte < 0x80) {
        return None; // more than one number
    }
    more.iter().chain([last]).try_fold(0_u32, |number, byte| {
        number.checked_mul(128)?.checked_add(u32::from(byte & 0x7f))
    })
}

/// `.1` to `.6` hold the text itself.
fn bare(value: &[u8]) -> Option<String> {
    std::str::from_utf8(value).ok().map(str::to_owned)
}

/// `.8` and later hold a DER `UTF8String`.
fn utf8_string(value: &[u8]) -> Option<String> {
    Utf8StringRef::from_der(value).ok().map(|text| text.as_str().to_owned())
}

#[cfg(test)]
mod tests;
