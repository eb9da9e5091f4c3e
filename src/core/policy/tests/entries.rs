//! What a policy makes of lockfile entries.

use super::found::{NOW, at, digest, policy};
use crate::core::{
    addresses::NPM_REGISTRY,
    lockfile::{
        Foreign,
        coverage::{Binding, Disposition, EntryDenial, EntryOutcome},
    },
    package::{Origin, PackageId, Purl},
    policy::Judge,
    verdict::Weakness,
};

const GIT: &str = "git+ssh://git@g.example/a.git#46e7056ff9912ebfee5298d94024895a9fea76c0";

fn outcome(disposition: Disposition) -> EntryOutcome {
    EntryOutcome {
        disposition,
        package: None,
        pin: None,
        other_address: false,
        denial: None,
        excused: None,
    }
}

fn foreign(foreign: Foreign) -> EntryOutcome {
    let denial = Some(EntryDenial::Foreign(Box::new(foreign)));
    EntryOutcome { denial, ..outcome(Disposition::Foreign) }
}

fn git() -> EntryOutcome {
    foreign(Foreign::Git {
        address: GIT.into(),
        commit: GIT.split_once('#').map(|(_, commit)| commit.into()),
        name: None,
        version: None,
    })
}

fn outside(path: &str) -> EntryOutcome {
    foreign(Foreign::Outside { path: path.into() })
}

/// What becomes of an entry, which names a package where `carried`.
fn judged(text: &str, mut outcome: EntryOutcome, carried: bool) -> EntryOutcome {
    let id = PackageId::npm("a", "1.0.0").unwrap();
    let purl = Purl::new(id, Origin::Registry(NPM_REGISTRY.into()));
    let digests = [digest()];
    outcome.package = carried.then_some(0);
    let policy = policy(text);
    Judge::new(&policy, at(NOW))
        .entry(&mut outcome, carried.then_some((&purl, digests.as_slice())));
    outcome
}

fn exception(entry: &str, sha512: Option<&str>) -> String {
    let sha512 = sha512.map(|digest| format!("sha512 = \"{digest}\"\n")).unwrap_or_default();
    format!(
        "[[rule]]\n[[exception]]\nentry = \"{entry}\"\n{sha512}code = \"foreign\"\nreason = \"r\"\n\
         added = 2026-11-01\nexpires = 2026-12-31\n"
    )
}

#[test]
fn foreign_entries_are_excused_by_their_full_address_and_their_bytes() {
    let bytes = digest().to_hex();
    let other = "0".repeat(128);
    for (case, text, carried, excused) in [
        ("carried, and these bytes", exception(GIT, Some(&bytes)), true, true),
        ("carried, and other bytes", exception(GIT, Some(&other)), true, false),
        ("carried, and no bytes named", exception(GIT, None), true, false),
        ("not carried", exception(GIT, None), false, true),
        ("not carried, and bytes named", exception(GIT, Some(&bytes)), false, false),
        ("another commit", exception(&GIT.replace("46e", "47e"), None), false, false),
        ("a part of the address", exception("git+ssh://git@g.example/a.git", None), false, false),
        ("no exception", "[[rule]]".to_owned(), false, false),
    ] {
        let judged = judged(&text, git(), carried);
        assert_eq!(judged.denial.is_none(), excused, "{case}");
        assert_eq!(judged.excused.is_some(), excused, "{case}");
        assert_eq!(judged.is_not_carried(), excused && !carried, "{case}");
    }
}

#[test]
fn what_a_lockfile_has_from_two_addresses_is_never_excused() {
    let address = "https://r.example/a.tgz";
    let rerouted = foreign(Foreign::Rerouted {
        by: "node_modules/b".into(),
        address: address.into(),
        wanted: None,
    });
    for sha512 in [None, Some(digest().to_hex())] {
        let text = exception(address, sha512.as_deref());
        for carried in [false, true] {
            assert!(judged(&text, rerouted.clone(), carried).denial.is_some());
        }
    }
}

#[test]
fn folders_of_ours_are_local_by_their_text() {
    let text = "[archive]\nours = [\"../shared\", \"/srv/lib/\"]\n[[rule]]";
    for (path, ours) in [
        ("../shared", true),
        ("../shared/a/b", true),
        ("/srv/lib/a", true),
        ("../shared2", false),
        ("../shared/../evil", false),
        ("../other", false),
        ("shared", false),
    ] {
        let judged = judged(text, outside(path), false);
        assert_eq!(judged.denial.is_none(), ours, "{path}");
        let disposition = if ours { Disposition::Local } else { Disposition::Foreign };
        assert_eq!(judged.disposition, disposition, "{path}");
    }
}

#[test]
fn weak_entries_are_denied_by_the_rules_of_their_package_and_excused() {
    let pinned = |weak| EntryOutcome {
        pin: Some(Binding::Signature { weak }),
        ..outcome(Disposition::Collected)
    };
    let deny = |what: &str| format!("[[rule]]\ndeny = [\"{what}\"]\n");
    let other = "[[rule]]\n[[rule]]\npackages = [\"npm:b\"]\ndeny = [\"sha1\"]".to_owned();
    let excused = |code: &str| {
        format!(
            "{}[[exception]]\npackages = [\"npm:a@1.0.0\"]\ncode = \"{code}\"\nreason = \"r\"\n\
             added = 2026-11-01\nexpires = 2026-12-31\n",
            deny(code)
        )
    };
    let weak = |weakness| Some(EntryDenial::Weak(weakness));
    for (text, outcome, denial) in [
        (deny("sha1"), pinned(true), weak(Weakness::Sha1)),
        (deny("sha1"), pinned(false), None),
        (deny("pinned-by-signature"), pinned(true), weak(Weakness::PinnedBySignature)),
        (deny("pinned-by-signature"), pinned(false), weak(Weakness::PinnedBySignature)),
        (deny("unavailable"), outcome(Disposition::Unavailable), weak(Weakness::Unavailable)),
        (other, pinned(true), None),
        (excused("sha1"), pinned(true), None),
        (excused("unavailable"), outcome(Disposition::Unavailable), None),
    ] {
        assert_eq!(judged(&text, outcome, true).denial, denial, "{text}");
    }
    assert!(judged(&excused("sha1"), pinned(true), true).excused.is_some());
}

#[test]
fn a_branch_and_a_patched_git_dependency_are_never_excused() {
    let branch = "git+ssh://git@g.example/a.git#main";
    let git = Foreign::Git { address: branch.into(), commit: None, name: None, version: None };
    assert!(judged(&exception(branch, None), foreign(git), false).denial.is_some());
    let patched = Foreign::Patched { patch: "patches/a.patch".into(), wanted: None };
    assert!(judged(&exception("patches/a.patch", None), foreign(patched), false).denial.is_some());
}

#[test]
fn each_weakness_that_is_denied_needs_its_own_exception() {
    let pinned = EntryOutcome {
        pin: Some(Binding::Signature { weak: true }),
        ..outcome(Disposition::Collected)
    };
    let both = "[[rule]]\ndeny = [\"sha1\", \"pinned-by-signature\"]\n[[exception]]\n\
                packages = [\"npm:a@1.0.0\"]\ncode = \"sha1\"\nreason = \"r\"\n\
                added = 2026-11-01\nexpires = 2026-12-31\n";
    let denied = judged(both, pinned.clone(), true).denial;
    assert_eq!(denied, Some(EntryDenial::Weak(Weakness::PinnedBySignature)));
    let second = both.split_once("[[exception]]").unwrap().1.replace("sha1", "pinned-by-signature");
    let both = format!("{both}[[exception]]{second}");
    assert_eq!(judged(&both, pinned, true).denial, None);
}

#[test]
fn an_unpinned_entry_is_excused_by_its_bytes_alone() {
    let denial = EntryDenial::Unpinned { wanted: "a@1.0.0".into(), weak: false };
    let unpinned =
        || EntryOutcome { denial: Some(denial.clone()), ..outcome(Disposition::Collected) };
    let text = |bytes: &str| {
        format!(
            "[[rule]]\n[[exception]]\npackages = [\"npm:a@1.0.0\"]\nsha512 = \"{bytes}\"\n\
             code = \"unpinned\"\nreason = \"r\"\nadded = 2026-11-01\nexpires = 2026-12-31\n"
        )
    };
    assert!(judged(&text(&digest().to_hex()), unpinned(), true).denial.is_none());
    assert!(judged(&text(&"0".repeat(128)), unpinned(), true).denial.is_some());
}
