//! A table of policies, evidence, and what follows; and what a policy must not be.

use self::found::{
    Sample, at, changed, codes, from, judge, policy, published, refused, retired, signed, unpinned,
    unrecognized, unsigned, widget,
};
use super::{Denial, Reaction, judge::weaknesses};
use crate::core::{
    package::Origin,
    verdict::{Claim, Logged},
};

mod builds;
mod entries;
mod exceptions;
mod found;
mod mistakes;

/// The case, the rules, what was found, and the codes that deny it.
type Case = (&'static str, &'static str, Sample, &'static [&'static str]);

#[track_caller]
fn hold(cases: Vec<Case>) {
    for (case, text, found, expected) in cases {
        let judgment = judge(&policy(text), &found);
        assert_eq!(codes(&judgment.denials), expected, "{case}");
    }
}

#[test]
fn a_policy_says_which_packages_it_is_about() {
    hold(vec![
        ("a rule without packages is about all", "[[rule]]", widget(), &[]),
        ("a scope", "[[rule]]\npackages = [\"npm:@acme/*\"]", widget(), &[]),
        ("a name", "[[rule]]\npackages = [\"npm:@acme/widget\"]", widget(), &[]),
        ("a version", "[[rule]]\npackages = [\"npm:@acme/widget@2.0.0\"]", widget(), &[]),
        (
            "another version",
            "[[rule]]\npackages = [\"npm:@acme/widget@2.0.1\"]",
            widget(),
            &["no-rule"],
        ),
        ("one segment misses scopes", "[[rule]]\npackages = [\"npm:*\"]", widget(), &["no-rule"]),
        (
            "no prefix of a name",
            "[[rule]]\npackages = [\"npm:left\"]",
            signed("left-pad", "1.3.0"),
            &["no-rule"],
        ),
        (
            "another scope",
            "[[rule]]\npackages = [\"npm:@acme/*\"]",
            signed("@acme2/a", "1.0.0"),
            &["no-rule"],
        ),
        ("except opens nothing", "[[rule]]\nexcept = [\"npm:@acme/*\"]", widget(), &["no-rule"]),
        (
            "a rule that matches nothing",
            "[[rule]]\npackages = [\"npm:@acme/widgets\"]",
            widget(),
            &["no-rule"],
        ),
        (
            "all rules that select count",
            "[[rule]]\n[[rule]]\npackages = [\"npm:left-pad\"]\nclaims = [\"provenance\"]",
            signed("left-pad", "1.3.0"),
            &["missing-provenance"],
        ),
        (
            "an excepted rule does not count",
            "[[rule]]\n[[rule]]\nexcept = [\"npm:left-pad\"]\nclaims = [\"provenance\"]",
            signed("left-pad", "1.3.0"),
            &[],
        ),
    ]);
}

#[test]
fn claims_are_demanded_and_what_is_refused_is_denied_in_any_case() {
    let provenance = "[[rule]]\nclaims = [\"provenance\"]";
    let signature = "[[rule]]\nclaims = [\"registry-signature\"]";
    let publish = "[[rule]]\nclaims = [\"publish-attestation\"]";
    hold(vec![
        ("there", provenance, widget(), &[]),
        ("absent", provenance, signed("a", "1.0.0"), &["missing-provenance"]),
        ("unrecognized", provenance, unrecognized(widget()), &["unrecognized"]),
        ("unrecognized and not demanded", signature, unrecognized(widget()), &[]),
        ("no signature", signature, unsigned(widget()), &["missing-registry-signature"]),
        ("no publish attestation", publish, signed("a", "1.0.0"), &["missing-publish-attestation"]),
        ("unpinned", "[[rule]]", unpinned(widget()), &["unpinned"]),
        (
            "refused though not demanded",
            "[[rule]]",
            refused(widget(), Claim::Provenance),
            &["refused"],
        ),
        (
            "refused and demanded is said once",
            provenance,
            refused(widget(), Claim::Provenance),
            &["refused"],
        ),
        (
            "two refused",
            "[[rule]]",
            refused(refused(widget(), Claim::Provenance), Claim::Integrity),
            &["refused", "refused"],
        ),
    ]);
}

#[test]
fn private_scopes_stay_where_they_are_from() {
    let scope =
        "[[rule]]\npackages = [\"npm:@bank/*\"]\nregistry = [\"https://npm.bank.example/\"]";
    let bank = || signed("@bank/core", "1.0.0");
    let registry = |address: &str| Origin::Registry(address.into());
    let public = "[[rule]]\nregistry = [\"public\"]";
    hold(vec![
        ("from the bank", scope, from(bank(), registry("https://npm.bank.example")), &[]),
        ("from the public registry", scope, bank(), &["unexpected-registry"]),
        (
            "from a host that starts so",
            scope,
            from(bank(), registry("https://npm.bank.example.evil.example")),
            &["unexpected-registry"],
        ),
        (
            "from a path below",
            scope,
            from(bank(), registry("https://npm.bank.example/evil")),
            &["unexpected-registry"],
        ),
        ("the public registry", public, widget(), &[]),
        (
            "another than the public one",
            public,
            from(widget(), registry("https://npm.bank.example")),
            &["unexpected-registry"],
        ),
        (
            "a file",
            "[[rule]]\nregistry = [\"file\"]",
            from(bank(), Origin::File("a.tgz".into())),
            &[],
        ),
        (
            "a file where a registry is expected",
            public,
            from(bank(), Origin::File("a.tgz".into())),
            &["unexpected-registry"],
        ),
        (
            "a tarball's address",
            "[[rule]]\nregistry = [\"https://files.example/acme/**\"]",
            from(bank(), Origin::Url("https://files.example/acme/a.tgz".into())),
            &[],
        ),
        (
            "another tarball's address",
            "[[rule]]\nregistry = [\"https://files.example/acme/**\"]",
            from(bank(), Origin::Url("https://files.example/evil/a.tgz".into())),
            &["unexpected-registry"],
        ),
    ]);
}

#[test]
fn age_is_judged_when_it_was_collected() {
    let rule = "[[rule]]\nminimum-age = \"3d\"";
    let verified = |time: &str| {
        let time = at(time);
        changed(move |facts| facts.signed_at = time)
    };
    let unsigned = |time| published(signed("a", "1.0.0"), time);
    hold(vec![
        ("old enough by a verified time", rule, verified("2026-10-29T00:00:00Z"), &[]),
        ("to the second", rule, verified("2026-10-29T00:00:01Z"), &["minimum-age"]),
        (
            "old by now, young when collected",
            rule,
            verified("2026-10-31T00:00:00Z"),
            &["minimum-age"],
        ),
        (
            "a verified time before the registry's word",
            rule,
            published(verified("2026-10-31T00:00:00Z"), Some("2020-01-01T00:00:00Z")),
            &["minimum-age"],
        ),
        ("old enough by the registry's word", rule, unsigned(Some("2026-01-01T00:00:00Z")), &[]),
        (
            "young by the registry's word",
            rule,
            unsigned(Some("2026-10-31T00:00:00Z")),
            &["minimum-age"],
        ),
        ("nobody says", rule, unsigned(None), &["minimum-age"]),
        (
            "published after it was collected",
            rule,
            unsigned(Some("2026-11-02T00:00:00Z")),
            &["minimum-age"],
        ),
    ]);
    let Denial::TooYoung { published, .. } =
        &judge(&policy(rule), &unsigned(Some("2026-10-31T00:00:00Z"))).denials[0]
    else {
        panic!()
    };
    assert_eq!(*published, Some((at("2026-10-31T00:00:00Z"), false)), "it says whose word that is");
}

#[test]
fn weaknesses_are_denied_where_a_rule_says_so() {
    let promise = || changed(|facts| facts.logged = Logged { promise: true, proof: false });
    let own = || changed(|facts| facts.runner = Some("self-hosted".into()));
    hold(vec![
        (
            "a retired key",
            "[[rule]]\ndeny = [\"retired-key\"]",
            retired(signed("a", "1.0.0")),
            &["retired-key"],
        ),
        ("a retired key that no rule denies", "[[rule]]", retired(signed("a", "1.0.0")), &[]),
        (
            "a promise without a proof",
            "[[rule]]\ndeny = [\"promise-only\"]",
            promise(),
            &["promise-only"],
        ),
        ("a machine of their own", "[[rule]]\ndeny = [\"self-hosted\"]", own(), &["self-hosted"]),
        (
            "another rule's packages",
            "[[rule]]\n[[rule]]\npackages = [\"npm:a\"]\ndeny = [\"self-hosted\"]",
            own(),
            &[],
        ),
    ]);
    assert_eq!(weaknesses(&own().verdict).len(), 1);
}

#[test]
fn policies_add_up_and_the_stricter_limit_counts() {
    let mut one =
        policy("[archive]\nthreshold = 1\nmax-age = \"30d\"\npast-limit = \"warn\"\n[[rule]]");
    one.add(policy("[archive]\nthreshold = 2\nmax-age = \"7d\"\nmax-trust-age = \"9d\"\nlockfile = \"required\"\nours = [\"../b\"]\n[[rule]]\nclaims = [\"provenance\"]"));
    assert_eq!((one.seals(), one.rules.len(), one.lockfile_required), (2, 2, true));
    assert_eq!(one.max_age, Some(chrono::TimeDelta::days(7)));
    assert_eq!(one.max_trust_age, Some(chrono::TimeDelta::days(9)));
    assert_eq!(one.past_limit, Some(Reaction::Deny), "the other one has a limit that denies");
    one.add(policy("[archive]\npast-limit = \"warn\""));
    assert_eq!(one.past_limit, Some(Reaction::Deny));
    assert_eq!(codes(&judge(&one, &signed("a", "1.0.0")).denials), ["missing-provenance"]);
}
