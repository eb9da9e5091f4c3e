//! What exceptions excuse, and when.

use super::found::{
    NOW, at, built, codes, digest, from, judge, policy, refused, retired, signed, unpinned,
    unrecognized, unsigned,
};
use crate::core::{package::Origin, verdict::Claim};

/// An exception that holds on the day of [`NOW`], with other keys.
fn exception(code: &str, keys: &str) -> String {
    format!(
        "[[rule]]\nclaims = [\"provenance\", \"registry-signature\"]\ndeny = [\"retired-key\"]\n\
         minimum-age = \"1d\"\n[[exception]]\n{keys}\ncode = \"{code}\"\nreason = \"r\"\n\
         added = 2026-11-01\nexpires = 2026-12-31\n"
    )
}

#[test]
fn exceptions_excuse_one_code_of_exact_packages() {
    let a = || signed("a", "1.0.0");
    let own = "packages = [\"npm:a@1.0.0\"]";
    let sha512 = digest().to_hex();
    let other = "0".repeat(128);
    for (case, code, keys, found, denied, excused) in [
        ("absent evidence", "missing-provenance", own, a(), vec![], 1),
        (
            "another version",
            "missing-provenance",
            "packages = [\"npm:a@1.0.1\"]",
            a(),
            vec!["missing-provenance"],
            0,
        ),
        ("another code", "missing-registry-signature", own, a(), vec!["missing-provenance"], 0),
        (
            "one code of two",
            "missing-provenance",
            own,
            unsigned(a()),
            vec!["missing-registry-signature"],
            1,
        ),
        (
            "a refused claim",
            "missing-provenance",
            own,
            refused(a(), Claim::Provenance),
            vec!["refused"],
            0,
        ),
        ("unrecognized evidence", "unrecognized", own, unrecognized(a()), vec![], 1),
        ("a retired key", "retired-key", own, retired(built("a", "1.0.0", |_| {})), vec![], 1),
        (
            "a young package",
            "minimum-age",
            own,
            built("a", "1.0.0", |facts| facts.signed_at = at("2026-10-31T12:00:00Z")),
            vec![],
            1,
        ),
    ] {
        let judgment = judge(&policy(&exception(code, keys)), &found);
        assert_eq!((codes(&judgment.denials), judgment.excused.len()), (denied, excused), "{case}");
    }
    for (bytes, denied) in [(&sha512, vec![]), (&other, vec!["unpinned"])] {
        let keys = format!("{own}\nsha512 = \"{bytes}\"");
        let text = exception("unpinned", &keys)
            .replace("\"provenance\", \"registry-signature\"", "\"integrity\"");
        assert_eq!(codes(&judge(&policy(&text), &unpinned(a())).denials), denied);
    }
}

#[test]
fn exceptions_hold_from_the_first_to_the_last_day() {
    let text = |added, expires| {
        format!(
            "[[rule]]\nclaims = [\"provenance\"]\n[[exception]]\npackages = [\"npm:a@1.0.0\"]\n\
             code = \"missing-provenance\"\nreason = \"r\"\nadded = {added}\nexpires = {expires}\n"
        )
    };
    for (added, expires, good) in [
        ("2026-11-28", "2026-11-28", true),
        ("2026-11-01", "2026-11-27", false),
        ("2026-11-29", "2026-12-31", false),
    ] {
        let policy = policy(&text(added, expires));
        let judgment = judge(&policy, &signed("a", "1.0.0"));
        assert_eq!(judgment.denials.is_empty(), good, "{added} {expires}");
        assert_eq!(policy.exceptions[0].is_expired(at(NOW)), expires == "2026-11-27");
    }
}

#[test]
fn an_exception_without_bytes_is_for_packages_of_registries() {
    let elsewhere = |found| from(found, Origin::Url("https://files.example/a.tgz".into()));
    let own = "packages = [\"npm:a@1.0.0\"]";
    let bytes = format!("{own}\nsha512 = \"{}\"", digest().to_hex());
    for (keys, denied) in [(own, vec!["missing-provenance"]), (bytes.as_str(), vec![])] {
        let policy = policy(&exception("missing-provenance", keys));
        assert_eq!(codes(&judge(&policy, &elsewhere(signed("a", "1.0.0"))).denials), denied);
    }
}
