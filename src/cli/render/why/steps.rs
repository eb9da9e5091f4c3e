//! The steps of an explanation: one claim each, and what to do where something is denied.

use std::fmt::{self, Formatter};

use crate::{
    app::report::JudgedPackage,
    cli::{
        render::human::day,
        terminal::{BAD, DIM, GOOD, STRONG, WARN},
    },
    core::{
        text::Untrusted,
        time::Time,
        verdict::{
            CertificateIdentity, Claim, Facts, IntegrityFacts, Logged, Outcome, ProvenanceFacts,
            Publisher, TimeSource,
        },
    },
};

/// What became of one claim: what was compared with what, who signed, and by which clock.
pub fn claim(
    f: &mut Formatter<'_>,
    name: Claim,
    outcome: &Outcome<Facts>,
    judged: &JudgedPackage,
) -> fmt::Result {
    let style = match outcome {
        Outcome::Verified(_) => GOOD,
        Outcome::Refused(_) => BAD,
        Outcome::Absent(_) | Outcome::Unrecognized(_) => WARN,
    };
    writeln!(f, "\n{STRONG}{name}{STRONG:#}: {style}{}{style:#}", outcome.status().name())?;
    match outcome {
        Outcome::Verified(facts) => verified(f, facts, judged),
        Outcome::Absent(absence) => sentence(f, &absence.to_string()),
        Outcome::Refused(refusal) => {
            sentence(f, &refusal.detail)?;
            writeln!(f, "  code      {}", refusal.code)
        }
        Outcome::Unrecognized(found) => {
            writeln!(f, "  The signature verifies, and what it says is not understood:")?;
            sentence(f, &found.detail)?;
            writeln!(f, "  code      {}", found.code)?;
            writeln!(f, "  signer    {}", Untrusted(&found.signer))?;
            time(f, found.signed_at, found.time_source)
        }
    }
}

fn verified(f: &mut Formatter<'_>, facts: &Facts, judged: &JudgedPackage) -> fmt::Result {
    match facts {
        Facts::Integrity(facts) => integrity(f, facts, judged),
        Facts::RegistrySignature(facts) => {
            writeln!(f, "  The registry signed this name, this version and the hash above.")?;
            writeln!(f, "  key       {}", Untrusted(&facts.keyid))?;
            signature_time(f, facts.time, facts.time_source)?;
            if facts.retired {
                writeln!(
                    f,
                    "  The key's time has ended. Nobody but the registry says that it signed before."
                )?;
            }
            facts.others.iter().try_for_each(|other| {
                writeln!(f, "  not used: {}, {}", Untrusted(&other.keyid), Untrusted(&other.reason))
            })
        }
        Facts::PublishAttestation(facts) => {
            writeln!(
                f,
                "  The registry signed that it published this tarball by this name and version."
            )?;
            match &facts.publisher {
                Publisher::Key { keyid } => writeln!(f, "  key       {}", Untrusted(keyid))?,
                Publisher::Identity(CertificateIdentity { san, issuer }) => {
                    writeln!(f, "  signer    {}", Untrusted(san))?;
                    writeln!(f, "  issuer    {}", Untrusted(issuer))?;
                }
            }
            time(f, facts.signed_at, facts.time_source)?;
            logged(f, facts.logged)
        }
        Facts::Provenance(facts) => provenance(f, facts),
    }
}

fn integrity(f: &mut Formatter<'_>, facts: &IntegrityFacts, judged: &JudgedPackage) -> fmt::Result {
    match facts.lockfile {
        Some(algorithm) => writeln!(
            f,
            "  The {} hash of the tarball is the one in the lockfile, and its hash is the\n  \
             one in the registry's record.",
            algorithm.name()
        )?,
        None => writeln!(
            f,
            "  The lockfile gives no hash that counts. The hash of the tarball is the one in\n  \
             the registry's record."
        )?,
    }
    let hex = judged.digest.to_hex();
    writeln!(f, "  {DIM}{}{DIM:#}", judged.digest.algorithm().name())?;
    let (first, second) = hex.split_at_checked(64).unwrap_or((&hex, ""));
    writeln!(f, "    {first}")?;
    if second.is_empty() { Ok(()) } else { writeln!(f, "    {second}") }
}

fn provenance(f: &mut Formatter<'_>, facts: &ProvenanceFacts) -> fmt::Result {
    writeln!(f, "  A build made this tarball. The certificate that Sigstore gave it says:")?;
    let id = |id: &Option<String>| match id {
        Some(id) => format!(", id {id}"),
        None => String::new(),
    };
    let certified = [
        ("source", Some(format!("{}{}", facts.source_repository, id(&facts.repository_id)))),
        ("commit", Some(facts.commit.clone())),
        ("ref", facts.git_ref.clone()),
        ("owner", facts.owner.as_ref().map(|owner| format!("{owner}{}", id(&facts.owner_id)))),
        ("workflow", Some(facts.workflow.clone())),
        ("issuer", Some(facts.issuer.clone())),
        ("trigger", facts.trigger.clone()),
        ("runner", facts.runner.clone()),
        ("run", facts.run.clone()),
    ];
    for (name, value) in certified {
        if let Some(value) = value {
            writeln!(f, "  {name:<8}  {}", Untrusted(&value))?;
        }
    }
    time(f, facts.signed_at, facts.time_source)?;
    logged(f, facts.logged)?;
    writeln!(f, "  Only the workflow says this; the certificate says nothing of it:")?;
    writeln!(f, "  builder   {}", Untrusted(&facts.stated_builder))?;
    writeln!(f, "  type      {}", Untrusted(&facts.stated_build_type))
}

/// When it was signed, and who vouches for that.
fn time(f: &mut Formatter<'_>, time: Time, source: TimeSource) -> fmt::Result {
    let who = match source {
        TimeSource::TransparencyLog => "says the transparency log",
        TimeSource::TimestampAuthority => "says a timestamp authority",
        TimeSource::RegistryUnsigned => "says the registry; this date is not signed",
        TimeSource::ReferenceTime => "taken from --at or the clock; nobody says more",
    };
    writeln!(f, "  signed    {}, {who}", day(time))
}

/// The time that a registry's key is judged by: nothing in the signature says when it was made.
fn signature_time(f: &mut Formatter<'_>, time: Time, source: TimeSource) -> fmt::Result {
    let who = match source {
        TimeSource::TransparencyLog | TimeSource::TimestampAuthority => {
            "the time of the publish attestation"
        }
        TimeSource::RegistryUnsigned => "says the record; this date is not signed",
        TimeSource::ReferenceTime => "taken from --at or the clock; nobody says more",
    };
    writeln!(f, "  published {}, {who}", day(time))
}

fn logged(f: &mut Formatter<'_>, logged: Logged) -> fmt::Result {
    let text = match (logged.promise, logged.proof) {
        (true, true) => "yes; the log's signed promise and its proof of inclusion verify",
        (true, false) => "yes; the log's signed promise verifies, there is no proof",
        (false, true) => "yes; the log's proof of inclusion verifies",
        (false, false) => "no",
    };
    writeln!(f, "  logged    {text}")
}

/// A text as a sentence: a capital letter in front, a full stop at the end.
fn sentence(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    let mut characters = text.trim_end_matches('.').chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    paragraph(f, "  ", &format!("{first}{}.", characters.as_str()))
}

/// A text, broken into lines of at most 80 characters where its words allow.
pub fn paragraph(f: &mut Formatter<'_>, indent: &str, text: &str) -> fmt::Result {
    let text = Untrusted(text).to_string();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = indent.len() + line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length > 80 {
            writeln!(f, "{indent}{line}")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(f, "{indent}{line}")
}

/// What to do about a denial, and on which side of the gap.
pub fn remedy(code: &str) -> &'static str {
    match code {
        "refused" => {
            "Do not install it. The claim above says what does not fit. On the connected side, fetch \
             and seal again. If nothing changes, report it to the registry and to the maintainers."
        }
        "no-rule" => "On this side: add a [[rule]] that selects it, or correct the pattern.",
        "missing-registry-signature" | "missing-publish-attestation" | "missing-provenance" => {
            "On the connected side: fetch from a registry that has the evidence; a mirror may \
             strip it. On this side: except the package from the rule, or excuse it."
        }
        "unpinned" => {
            "In the project: have the lockfile written anew, with hashes. On this side: an \
             exception that names the SHA-512."
        }
        "unrecognized" => "On this side: a newer sealift may understand it; or excuse it.",
        "minimum-age" => "On the connected side: fetch again later. On this side: excuse it.",
        "identity-changed" => {
            "Ask the maintainers whether they moved. If so, on this side: `sealift policy lock \
             --update`."
        }
        "evidence-lost" => {
            "Ask the maintainers why this version lacks it: a stolen token publishes so. On this \
             side: excuse it."
        }
        "bytes-changed" => "Do not install it: a published version must not change.",
        "identity-unknown" => "On this side: look at it, then `sealift policy lock --update`.",
        "foreign" => {
            "On the connected side: carry its bytes with `bundle fetch --supply`. On this side: \
             an exception for the address."
        }
        "unneeded" => "On the connected side: seal again; nothing asks for it.",
        _ if code.starts_with("unexpected-") => {
            "Do not install it until you know who builds it now: ask its maintainers. If the rule is \
             right, leave it refused. If the rule is wrong, correct it on this side. No exception \
             can allow this."
        }
        "retired-key"
        | "sha1"
        | "pinned-by-signature"
        | "promise-only"
        | "self-hosted"
        | "unavailable" => "On this side: excuse it, or do not deny this weakness.",
        _ => "On the connected side: seal again, with the lockfile that the build uses.",
    }
}
