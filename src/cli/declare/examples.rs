//! The examples of the help texts and man pages. As data, so that a test can run each of them.

/// Every command with its examples: what it is called, and the text of its help.
#[cfg(feature = "internals")]
pub const EXAMPLES: &[(&str, &str)] = &[
    ("key generate", GENERATE),
    ("key show", SHOW),
    #[cfg(feature = "network")]
    ("bundle fetch", FETCH),
    ("bundle inspect", INSPECT),
    ("bundle diff", BUNDLE_DIFF),
    ("bundle sign", SIGN),
    ("bundle unpack", UNPACK),
    ("bundle verify", VERIFY),
    ("bundle why", WHY),
    ("bundle index", INDEX),
    ("bundle where", WHERE),
    ("report", REPORT),
    ("policy lock", POLICY_LOCK),
    ("policy init", POLICY_INIT),
    ("policy check", POLICY_CHECK),
    #[cfg(feature = "serve")]
    ("bundle serve", SERVE),
    #[cfg(feature = "network")]
    ("recall fetch", RECALL_FETCH),
    ("recall apply", RECALL_APPLY),
    #[cfg(feature = "network")]
    ("trust refresh", REFRESH),
    ("trust import", IMPORT),
    ("trust show", TRUST_SHOW),
    ("trust diff", DIFF),
    ("trust export", EXPORT),
    ("trust pin", PIN),
];

pub(super) const GENERATE: &str = "\
Examples:
  sealift key generate -o release.key";

pub(super) const SHOW: &str = "\
Examples:
  sealift key show release.key.pub";

#[cfg(feature = "network")]
pub(super) const FETCH: &str = "\
Examples:
  Collect and seal, with a key made on first use:
    sealift bundle fetch package-lock.json -o app.sealift

  With your own key, and the trust at hand:
    sealift bundle fetch package-lock.json -o app.sealift \\
      --key release.key --no-refresh

  With what you packed for a git dependency:
    sealift bundle fetch tools/package-lock.json -o tools.sealift \\
      --supply git+ssh://git@git.example/acme/tool.git#v1=tool.tgz";

pub(super) const VERIFY: &str = "\
Examples:
  Every tarball is the one that the lockfile names:
    sealift bundle verify app.sealift --key release.key.pub \\
      --require integrity

  Every package was signed by the registry, for this build's lockfile:
    sealift bundle verify app.sealift --key release.key.pub \\
      --require registry-signature --lockfile package-lock.json

  Two people must have sealed it:
    sealift bundle verify app.sealift --key release.key.pub \\
      --key second.key.pub --threshold 2 --require provenance

  With a page for people, and a signed report for the files:
    sealift bundle verify app.sealift --key release.key.pub \\
      --require registry-signature --report html=app.html \\
      --report json=app.report --report-key second.key

  State what was found, signed with your own key:
    sealift bundle verify app.sealift --key release.key.pub \\
      --require integrity --attest vsa.json --attest-key second.key

  All archives of a folder, by today's trust:
    sealift bundle verify archives --key release.key.pub \\
      --require registry-signature";

pub(super) const INDEX: &str = "\
Examples:
  sealift bundle index archives --key release.key.pub \\
    --require registry-signature";

pub(super) const WHERE: &str = "\
Examples:
  Which archives hold a version?
    sealift bundle where pkg:npm/a@1.0.0 archives

  Which hold what was built from a repository, or by one owner?
    sealift bundle where https://github.com/acme/a archives
    sealift bundle where https://github.com/acme archives

  Which rest on a key?
    sealift bundle where \\
      SHA256:DhQ8wR5APBvFHLF/+Tc+AYvPOdTpcIDqOhxsBHRwC7U archives";

pub(super) const REPORT: &str = "\
Examples:
  A page of a report that was signed:
    sealift report app.report --to html -o report.html \\
      --key second.key.pub

  A comment on a merge request:
    sealift report app.report --to markdown";

pub(super) const UNPACK: &str = "\
Examples:
  Install with npm, from nothing but the archive:
    sealift bundle unpack app.sealift -o npm-cache --for npm \\
      --key release.key.pub --require integrity
    npm ci --offline --cache npm-cache

  Tarballs, evidence and lockfiles, for other tools:
    sealift bundle unpack app.sealift -o app-files --for files \\
      --key release.key.pub --require integrity";

pub(super) const WHY: &str = "\
Examples:
  sealift bundle why app.sealift a --key release.key.pub \\
    --require provenance";

#[cfg(feature = "serve")]
pub(super) const SERVE: &str = "\
Examples:
  Install from the archive, and from nowhere else:
    sealift bundle serve app.sealift --key release.key.pub \\
      --require registry-signature --lockfile package-lock.json \\
      --exec -- npm ci

  Record what the build got, signed with your own key:
    sealift bundle serve app.sealift --key release.key.pub \\
      --require registry-signature --record served.json \\
      --record-key second.key --exec -- npm ci

  Serve until Ctrl-C:
    sealift bundle serve app.sealift --key release.key.pub \\
      --require registry-signature";

pub(super) const INSPECT: &str = "\
Examples:
  sealift bundle inspect app.sealift";

pub(super) const BUNDLE_DIFF: &str = "\
Examples:
  What does the new archive bring?
    sealift bundle diff released.sealift app.sealift --key release.key.pub";

pub(super) const SIGN: &str = "\
Examples:
  sealift bundle sign app.sealift --key second.key \\
    --signed-by release.key.pub --require registry-signature";

pub(super) const POLICY_LOCK: &str = "\
Examples:
  Write down who built each package:
    sealift policy lock app.sealift -o identities.toml \\
      --key release.key.pub --require integrity

  Take over what a newer archive has, and show what changes:
    sealift policy lock app.sealift -o identities.toml --update \\
      --key release.key.pub --require integrity";

pub(super) const POLICY_INIT: &str = "\
Examples:
  Show every table and key:
    sealift policy init

  Start from the rules that an archive meets:
    sealift policy init --from app.sealift --key release.key.pub \\
      -o sealift.toml";

pub(super) const POLICY_CHECK: &str = "\
Examples:
  sealift policy check sealift.toml
  sealift policy check sealift.toml app.sealift";

#[cfg(feature = "network")]
pub(super) const RECALL_FETCH: &str = "\
Examples:
  Ask about the packages of an archive, in a copy of the public records:
    sealift recall fetch app.sealift -o monday.recall \\
      --key release.key --advisories malicious-packages/osv

  Ask about a list of packages, in the file of all of npm's records:
    sealift recall fetch --purls purls.txt -o tuesday.recall \\
      --key release.key --advisories https://osv.example/npm/all.zip";

pub(super) const RECALL_APPLY: &str = "\
Examples:
  Which of these archives are affected?
    sealift recall apply tuesday.recall archives/ \\
      --key release.key.pub --require registry-signature";

#[cfg(feature = "network")]
pub(super) const REFRESH: &str = "\
Examples:
  sealift trust refresh
  sealift trust refresh --instance public-good --mirror https://tuf.example/";

pub(super) const TRUST_SHOW: &str = "\
Examples:
  sealift trust show --instance public-good";

pub(super) const DIFF: &str = "\
Examples:
  What would this archive bring?
    sealift trust diff ~/.local/share/sealift/trust app.sealift \\
      --key release.key.pub";

pub(super) const IMPORT: &str = "\
Examples:
  sealift trust import app.sealift --key release.key.pub";

pub(super) const EXPORT: &str = "\
Examples:
  sealift trust export --instance public-good -o trust-export";

pub(super) const PIN: &str = "\
Examples:
  sealift trust pin root.json --instance acme \\
    --url https://tuf.acme.example/ --yes";
