//! Judges packages and lockfile entries by a policy. What this gives, with the limits, is the verdict
//! (`app::report`); `man/sealift-policy.5` has it as a table.

use std::collections::HashMap;

use super::{Denial, Exception, ExceptionSubject, Policy, Reaction, Rule, rule::missing};
use crate::core::{
    lockfile::{
        Foreign,
        coverage::{Binding, Disposition, EntryDenial, EntryOutcome},
    },
    package::{Origin, PackageId, Purl, digest::Digest, ecosystem::Ecosystem},
    time::Time,
    verdict::{Claim, Facts, PackageVerdict, Status, Weakness},
};

/// A package, as far as a policy judges it.
#[derive(Debug, Clone, Copy)]
pub struct PackageToJudge<'a> {
    /// Which package.
    pub purl: &'a Purl,
    /// What was found.
    pub verdict: &'a PackageVerdict,
    /// The digest of its bytes that its ecosystem signs.
    pub digest: &'a Digest,
    /// When it was collected.
    pub collected: Time,
}

/// What a policy makes of a package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgment {
    /// The rules that select it, by their numbers.
    pub rules: Vec<usize>,
    /// What is wrong with it; empty is good.
    pub denials: Vec<Denial>,
    /// What would be wrong with it, and is excused.
    pub excused: Vec<Excused>,
    /// What the policy only warns of.
    pub warned: Vec<Denial>,
}

impl Judgment {
    /// Whether a rule is met without an exception.
    pub fn meets(&self, number: usize, rule: &Rule) -> bool {
        let excused = self.excused.iter().map(|excused| &excused.denial);
        !self.denials.iter().chain(excused).any(|denial| match denial {
            Denial::Refused(claim) | Denial::Missing(claim) | Denial::Unrecognized(claim) => {
                rule.demands().any(|demanded| demanded == *claim)
            }
            Denial::Weak(weakness) => rule.deny.contains(weakness),
            Denial::Unexpected { rule, .. } | Denial::TooYoung { rule, .. } => *rule == number,
            _ => false,
        })
    }
}

/// Something that an exception excuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excused {
    /// What.
    pub denial: Denial,
    /// The exception's number in the policy.
    pub exception: usize,
}

/// A policy that is ready to judge many packages.
pub struct Judge<'p> {
    policy: &'p Policy,
    at: Time,
    /// The rules that name packages or scopes, by what they name.
    named: HashMap<(Ecosystem, &'p str), Vec<usize>>,
    /// All other rules.
    others: Vec<usize>,
    /// The exceptions that hold, by the packages that they name.
    excused: HashMap<&'p PackageId, Vec<(usize, &'p Exception)>>,
    /// The exceptions that hold and are about entries.
    entries: Vec<(usize, &'p Exception)>,
}

impl<'p> Judge<'p> {
    /// Over a policy, at a reference time.
    pub fn new(policy: &'p Policy, at: Time) -> Self {
        let mut judge = Self {
            policy,
            at,
            named: HashMap::new(),
            others: Vec::new(),
            excused: HashMap::new(),
            entries: Vec::new(),
        };
        for (number, rule) in policy.rules.iter().enumerate() {
            let names: Option<Vec<_>> =
                rule.packages.iter().map(super::PackagePattern::anchor).collect();
            match names {
                Some(names) if !names.is_empty() => {
                    for name in names {
                        judge.named.entry(name).or_default().push(number);
                    }
                }
                _ => judge.others.push(number),
            }
        }
        let holding = policy.exceptions.iter().enumerate().filter(|(_, one)| one.holds(at));
        for (number, exception) in holding {
            match &exception.subject {
                ExceptionSubject::Packages { packages, .. } => {
                    for package in packages {
                        judge.excused.entry(package).or_default().push((number, exception));
                    }
                }
                ExceptionSubject::Entry { .. } => judge.entries.push((number, exception)),
            }
        }
        judge
    }

    /// The numbers of the rules that select a package, in their order.
    pub fn rules(&self, id: &PackageId) -> Vec<usize> {
        let name = id.name();
        let scope = name.find('/').and_then(|at| name.get(..at.saturating_add(1)));
        let named = [Some(name), scope].into_iter().flatten();
        let named = named.filter_map(|text| self.named.get(&(id.ecosystem(), text))).flatten();
        let selects = |number: &&usize| self.rule(**number).is_some_and(|rule| rule.selects(id));
        let mut rules: Vec<_> = named.chain(&self.others).filter(selects).copied().collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    fn rule(&self, number: usize) -> Option<&'p Rule> {
        self.policy.rules.get(number)
    }

    /// Judges a package.
    pub fn package(&self, package: PackageToJudge<'_>) -> Judgment {
        let PackageToJudge { purl, verdict, digest, collected } = package;
        if let Origin::Supplied(address) = purl.origin() {
            return self.supplied(address, verdict, digest);
        }
        let rules = self.rules(purl.id());
        let selected: Vec<_> =
            rules.iter().filter_map(|number| Some((*number, self.rule(*number)?))).collect();
        let demanded = |claim: Claim| {
            claim == Claim::Integrity
                || selected.iter().any(|(_, rule)| rule.demands().any(|one| one == claim))
        };
        // Evidence that does not verify refuses the package, whatever a policy says.
        let mut denials: Vec<_> = Claim::ALL
            .into_iter()
            .filter_map(|claim| match verdict.status(claim) {
                Some(Status::Refused) => Some(Denial::Refused(claim)),
                _ if demanded(claim) => missing(claim, verdict),
                _ => None,
            })
            .collect();
        if selected.iter().all(|(_, rule)| rule.only_adds) {
            denials.push(Denial::NoRule);
        }
        for (number, rule) in &selected {
            denials.extend(rule.unexpected(*number, purl, verdict, collected));
        }
        let denies =
            |weakness: &Weakness| selected.iter().any(|(_, rule)| rule.deny.contains(weakness));
        let weak = self.weaknesses(purl, verdict, digest);
        denials.extend(weak.into_iter().filter(denies).map(Denial::Weak));
        let (denied, warned) = self.changed(purl, verdict, digest);
        denials.extend(denied);
        self.excuse(purl, digest, Judgment { rules, denials, warned, excused: vec![] })
    }

    /// Judges a package that a person supplied: an exception names its address and its bytes, or it is
    /// denied.
    fn supplied(&self, address: &str, verdict: &PackageVerdict, digest: &Digest) -> Judgment {
        let refused = |claim: &Claim| verdict.status(*claim) == Some(Status::Refused);
        let denials = Claim::ALL.into_iter().filter(refused).map(Denial::Refused).collect();
        let mut judgment = Judgment { denials, ..Judgment::default() };
        match self.carried(address, std::slice::from_ref(digest)) {
            Some(exception) => {
                judgment.excused.push(Excused { denial: Denial::Supplied, exception });
            }
            None => judgment.denials.push(Denial::Supplied),
        }
        judgment
    }

    /// The exception for an address that names these bytes.
    fn carried(&self, address: &str, digests: &[Digest]) -> Option<usize> {
        let names = |exception: &Exception| match &exception.subject {
            ExceptionSubject::Entry { entry, sha512: Some(digest) } => {
                entry == address && digests.contains(digest)
            }
            _ => false,
        };
        let mut entries = self.entries.iter();
        entries.find(|(_, exception)| names(exception)).map(|(number, _)| *number)
    }

    /// What verifies of a package, is weak, and can be denied. The signature of a retired key is not weak
    /// where the identities knew these bytes before.
    pub fn weaknesses(
        &self,
        purl: &Purl,
        verdict: &PackageVerdict,
        digest: &Digest,
    ) -> Vec<Weakness> {
        let mut found = weaknesses(verdict);
        let identities = self.policy.identities.as_ref();
        if identities.is_some_and(|expected| expected.identities.knows(purl, digest)) {
            found.retain(|weakness| *weakness != Weakness::RetiredKey);
        }
        found
    }

    /// What is not as the identities say: denied, and only warned of.
    fn changed(
        &self,
        purl: &Purl,
        verdict: &PackageVerdict,
        digest: &Digest,
    ) -> (Vec<Denial>, Vec<Denial>) {
        let Some(expected) = &self.policy.identities else { return Default::default() };
        let changed = expected.identities.judge(purl, verdict, digest);
        // A known name from another place is not a new package.
        let elsewhere = expected.identities.knows_from_elsewhere(purl);
        let warns = |denial: &Denial| {
            *denial == Denial::IdentityUnknown && expected.unknown == Reaction::Warn && !elsewhere
        };
        let (warned, denied) = changed.into_iter().partition(warns);
        (denied, warned)
    }

    /// Moves what exceptions excuse out of the denials.
    fn excuse(&self, purl: &Purl, digest: &Digest, mut judgment: Judgment) -> Judgment {
        for denial in std::mem::take(&mut judgment.denials) {
            match self.exception(purl, std::slice::from_ref(digest), denial.code()) {
                Some(exception) => judgment.excused.push(Excused { denial, exception }),
                None => judgment.denials.push(denial),
            }
        }
        judgment
    }

    /// The number of the exception that excuses a code for a package of these bytes. One that names no
    /// bytes is for packages of registries: anybody can give a tarball from elsewhere any name.
    fn exception(&self, purl: &Purl, digests: &[Digest], code: &str) -> Option<usize> {
        let id = purl.id();
        let mut about = self.excused.get(id)?.iter();
        let excuses = |exception: &Exception| {
            exception.code == code
                && exception.is_about(id, digests)
                && (exception.names_bytes() || purl.origin().registry().is_some())
        };
        about.find(|(_, exception)| excuses(exception)).map(|(number, _)| *number)
    }

    /// Judges what became of an entry. `package` is the one that its outcome names, if it names one, with
    /// the digests of its bytes.
    pub fn entry(&self, outcome: &mut EntryOutcome, package: Option<(&Purl, &[Digest])>) {
        if self.is_ours(outcome) {
            outcome.disposition = Disposition::Local;
            outcome.denial = None;
        }
        let exception = match (&outcome.denial, package) {
            (None, Some((purl, digests))) => {
                let (denial, exception) = self.weak(outcome, purl, digests);
                outcome.denial = denial;
                exception
            }
            (Some(EntryDenial::Foreign(foreign)), _) => self.foreign(foreign, package),
            (Some(denial), Some((purl, digests))) => self.exception(purl, digests, denial.code()),
            _ => None,
        };
        if exception.is_some() {
            outcome.excused = exception.zip(outcome.denial.take());
        }
    }

    /// The weakness of an entry that a rule denies, and the exception if each that is denied has one.
    fn weak(
        &self,
        outcome: &EntryOutcome,
        purl: &Purl,
        digests: &[Digest],
    ) -> (Option<EntryDenial>, Option<usize>) {
        let rules = self.rules(purl.id());
        let deny: Vec<_> =
            rules.iter().filter_map(|number| Some(&self.rule(*number)?.deny)).collect();
        let weaknesses: &[Weakness] = match (outcome.disposition, outcome.pin) {
            (Disposition::Unavailable, _) => &[Weakness::Unavailable],
            (_, Some(Binding::Signature { weak: true })) => {
                &[Weakness::Sha1, Weakness::PinnedBySignature]
            }
            (_, Some(Binding::Signature { weak: false })) => &[Weakness::PinnedBySignature],
            _ => &[],
        };
        let denied = weaknesses.iter().filter(|one| deny.iter().any(|deny| deny.contains(one)));
        let mut excused = None;
        for weakness in denied {
            match self.exception(purl, digests, weakness.name()) {
                Some(exception) => excused = Some((*weakness, exception)),
                None => return (Some(EntryDenial::Weak(*weakness)), None),
            }
        }
        let (weakness, exception) = excused.unzip();
        (weakness.map(EntryDenial::Weak), exception)
    }

    /// The exception for an entry that nothing can vouch for. Where it names bytes, the archive carries
    /// these; where it names none, the archive carries none.
    fn foreign(&self, foreign: &Foreign, package: Option<(&Purl, &[Digest])>) -> Option<usize> {
        let address = foreign.address()?;
        if let Some((_, digests)) = package {
            return self.carried(address, digests);
        }
        // Of a patched package the archive must carry what is patched.
        if matches!(foreign, Foreign::Patched { .. }) {
            return None;
        }
        let names = |exception: &Exception| matches!(&exception.subject, ExceptionSubject::Entry { entry, sha512: None } if entry == address);
        let mut entries = self.entries.iter();
        entries.find(|(_, exception)| names(exception)).map(|(number, _)| *number)
    }

    /// Whether an entry is a folder outside the project that is ours. The check is of the text.
    fn is_ours(&self, outcome: &EntryOutcome) -> bool {
        let Some(EntryDenial::Foreign(foreign)) = &outcome.denial else { return false };
        let Foreign::Outside { path } = &**foreign else { return false };
        self.policy.ours.iter().any(|folder| {
            let rest = path.strip_prefix(folder.trim_end_matches('/'));
            rest.is_some_and(|rest| {
                (rest.is_empty() || rest.starts_with('/'))
                    && !rest.split(['/', '\\']).any(|part| part == "..")
            })
        })
    }

    /// The reference time.
    pub fn at(&self) -> Time {
        self.at
    }
}

/// What verifies of a package, is weak, and can be denied.
pub(crate) fn weaknesses(verdict: &PackageVerdict) -> Vec<Weakness> {
    let mut logged =
        verdict.claims.values().filter_map(|outcome| outcome.facts()).filter_map(Facts::logged);
    let mut found = Vec::new();
    if verdict.registry_signature().is_some_and(|facts| facts.retired) {
        found.push(Weakness::RetiredKey);
    }
    if logged.any(|logged| logged.promise && !logged.proof) {
        found.push(Weakness::PromiseOnly);
    }
    if verdict.provenance().is_some_and(|facts| facts.runner.as_deref() == Some("self-hosted")) {
        found.push(Weakness::SelfHosted);
    }
    found
}
