//! Bundles that any client accepts, and bundles that any client refuses.
//!
//! What only a client of npm can tell, such as a predicate that contradicts the certificate, is not
//! here: a test makes that with the steps of [`super::Sigstore`].

use super::statement::{self, Subject};
use super::tamper::{entry, flip, set_statement};
use super::*;
use chrono::{Duration, SubsecRound};

/// A bundle, what to trust, and the verdict that is right.
pub struct Case {
    /// Unique, and fit for a folder's name.
    pub name: String,
    /// The bundle to judge.
    pub bundle: Value,
    /// The trusted root to judge it by.
    pub trusted_root: String,
    /// The registry's keys to judge it by.
    pub npm_keys: String,
    /// The identity and the issuer of the certificate; a registry's key has none.
    pub identity: Option<(String, String)>,
    /// What a refusal must be about; nothing if the bundle must be accepted.
    pub refused: Option<About>,
}

/// What is wrong with a bundle. Which of several checks finds it is up to the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Its chain, its validity or its SCT.
    Certificate,
    /// The certificate is somebody else's.
    Identity,
    /// The registry's key: unknown, expired or for another use.
    Key,
    /// The promise, the proof or the checkpoint.
    Log,
    /// The timestamp, or that there is no time at all.
    Time,
    /// Payload, signature and log entry do not belong together.
    Binding,
}

/// The digest of which all cases speak.
pub fn sha512() -> String {
    "0123456789abcdef".repeat(8)
}

/// All cases, signed in the second of this time, which must be past.
pub fn cases(at: DateTime<Utc>) -> Vec<Case> {
    let mut catalogue = Catalogue::new(at.trunc_subsecs(0));
    catalogue.shapes();
    catalogue.forms();
    catalogue.certificates();
    catalogue.windows();
    catalogue.changed();
    catalogue.logs();
    catalogue.timestamps();
    catalogue.keys();
    catalogue.cases
}

struct Catalogue {
    at: DateTime<Utc>,
    sigstore: Sigstore,
    /// An instance that nobody trusts.
    other: Sigstore,
    build: Build,
    cases: Vec<Case>,
}

impl Catalogue {
    fn new(at: DateTime<Utc>) -> Self {
        let start = at - Duration::days(30);
        let mut sigstore = Sigstore::new(start);
        // The key before the one in use, which a client has to tell apart from it.
        sigstore.npm.insert(0, NpmKey::new(Window::new(start, at - Duration::days(1))));
        Self {
            at,
            sigstore,
            other: Sigstore::new(start),
            build: Build::github("acme/widgets"),
            cases: Vec::new(),
        }
    }

    /// Every combination that the client specification allows.
    fn shapes(&mut self) {
        for options in shapes() {
            let bundle = self.provenance(&options);
            self.accept(&format!("provenance-{}", label(&options)), bundle);
            let bundle = self.publish(&options);
            self.accept(&format!("publish-{}", label(&options)), bundle);
        }
    }

    fn forms(&mut self) {
        let mut leaf = self.leaf();
        leaf.claims = Claims::legacy(&self.build);
        let statement = statement::provenance_v02(&self.build, &subject());
        let bundle = self.attest(&statement, &self.issue(&leaf), &Options::v01());
        self.accept("provenance-of-2023", bundle);

        self.build = Build::gitlab("acme/tools/widgets");
        let bundle = self.provenance(&Options::default());
        self.accept("provenance-of-gitlab", bundle);
        self.build = Build::github("acme/widgets");
    }

    fn certificates(&mut self) {
        let leaf = self.leaf();
        let unknown = self.other.fulcio.issue(&leaf, &self.sigstore.ct);
        self.refuse_signer("unknown-ca", unknown);
        let unknown = self.sigstore.fulcio.issue(&leaf, &self.other.ct);
        self.refuse_signer("unknown-ct-log", unknown);
        let unlogged = self.issue(&Leaf { logged: None, ..leaf.clone() });
        self.refuse_signer("no-sct", unlogged);
        let not_after = self.at - Duration::seconds(1);
        let not_before = not_after - Duration::minutes(10);
        let expired = self.issue(&Leaf { not_before, not_after, ..leaf.clone() });
        self.refuse_signer("certificate-expired", expired);
        let not_before = self.at + Duration::seconds(1);
        let early = self.issue(&Leaf { not_before, ..leaf });
        self.refuse_signer("certificate-not-yet-valid", early);

        let mut bundle = self.provenance(&Options::default());
        let mut identity = self.identity(&bundle);
        self.accept("identity", bundle.clone());
        identity = identity.map(|(_, issuer)| ("https://github.com/mallory".into(), issuer));
        self.refuse("identity-differs", About::Identity, bundle.clone());
        self.cases.last_mut().expect("a case").identity = identity;
        flip(&mut bundle["verificationMaterial"]["certificate"]["rawBytes"]);
        self.refuse("certificate-changed", About::Certificate, bundle);
    }

    /// Trust that ended just before, or began just after.
    fn windows(&mut self) {
        let start = self.at - Duration::days(30);
        let before = Window::new(start, self.at - Duration::seconds(1));
        let after = Window::since(self.at + Duration::seconds(1));
        let edge = Window::new(self.at, self.at);
        let bundle = self.provenance(&Options::default());
        let open = Window::since(start);
        for (name, window) in [("ended", before), ("not-begun", after)] {
            self.sigstore.fulcio.window = window;
            self.refuse(&format!("ca-{name}"), About::Certificate, bundle.clone());
            self.sigstore.fulcio.window = open;
            self.sigstore.rekor.window = window;
            self.refuse(&format!("log-{name}"), About::Log, bundle.clone());
            self.sigstore.rekor.window = open;
            self.sigstore.ct.window = window;
            self.refuse(&format!("ct-log-{name}"), About::Certificate, bundle.clone());
            self.sigstore.ct.window = open;
        }
        self.sigstore.fulcio.window = edge;
        self.sigstore.rekor.window = edge;
        self.sigstore.ct.window = edge;
        self.accept("windows-of-one-second", bundle);
        self.sigstore.fulcio.window = open;
        self.sigstore.rekor.window = open;
        self.sigstore.ct.window = open;

        let bundle = self.provenance(&Options::rekor_v2());
        for (name, window) in [("ended", before), ("not-begun", after)] {
            self.sigstore.tsa.window = window;
            self.refuse(&format!("tsa-{name}"), About::Time, bundle.clone());
            self.sigstore.tsa.window = open;
        }
    }

    /// What was signed, changed afterwards.
    fn changed(&mut self) {
        for options in [Options::v01(), Options::default(), Options::rekor_v2()] {
            let label = label(&options);
            let signed = self.provenance(&options);
            let mut bundle = signed.clone();
            let mut build = self.build.clone();
            build.repository = "mallory/widgets".into();
            set_statement(&mut bundle, &statement::provenance(&build, &subject()));
            self.refuse(&format!("payload-changed-{label}"), About::Binding, bundle);

            let mut bundle = signed.clone();
            flip(&mut bundle["dsseEnvelope"]["signatures"][0]["sig"]);
            // A timestamp is over the signature. Where it is the only time, it is checked first.
            let only_timestamp = options.timestamp && !options.promise;
            let about = if only_timestamp { About::Time } else { About::Binding };
            self.refuse(&format!("signature-changed-{label}"), about, bundle);

            let mut bundle = signed;
            *entry(&mut bundle) = entry(&mut self.provenance(&options)).clone();
            self.refuse(&format!("entry-of-another-{label}"), About::Binding, bundle);
        }
    }

    fn logs(&mut self) {
        let signed = self.provenance(&Options::default());
        let mut bundle = signed.clone();
        flip(&mut entry(&mut bundle)["inclusionPromise"]["signedEntryTimestamp"]);
        self.refuse("promise-changed", About::Log, bundle);
        let mut bundle = signed.clone();
        let later = (self.at.timestamp() + 1).to_string();
        entry(&mut bundle)["integratedTime"] = later.into();
        self.refuse("integrated-time-changed", About::Log, bundle);
        let mut bundle = signed.clone();
        entry(&mut bundle)["logIndex"] = "1".into();
        self.refuse("log-index-changed", About::Log, bundle);
        let mut bundle = signed.clone();
        flip(&mut entry(&mut bundle)["inclusionProof"]["hashes"][0]);
        self.refuse("path-changed", About::Log, bundle);
        let mut bundle = signed.clone();
        let checkpoint = &mut entry(&mut bundle)["inclusionProof"]["checkpoint"]["envelope"];
        let (note, signature) = checkpoint.as_str().and_then(|text| text.rsplit_once(' ')).unwrap();
        let mut signature = signature.trim_end().into();
        flip(&mut signature);
        *checkpoint = format!("{note} {}\n", signature.as_str().unwrap()).into();
        self.refuse("checkpoint-changed", About::Log, bundle);
        let mut bundle = signed;
        entry(&mut bundle)["inclusionProof"] =
            entry(&mut self.provenance(&Options::default()))["inclusionProof"].clone();
        self.refuse("proof-of-another", About::Log, bundle);

        for options in [Options::v01(), Options::default(), Options::rekor_v2()] {
            std::mem::swap(&mut self.sigstore.rekor, &mut self.other.rekor);
            std::mem::swap(&mut self.sigstore.rekor_v2, &mut self.other.rekor_v2);
            let bundle = self.provenance(&options);
            std::mem::swap(&mut self.sigstore.rekor, &mut self.other.rekor);
            std::mem::swap(&mut self.sigstore.rekor_v2, &mut self.other.rekor_v2);
            self.refuse(&format!("unknown-log-{}", label(&options)), About::Log, bundle);
        }
    }

    fn timestamps(&mut self) {
        let options = Options::rekor_v2();
        let signed = self.provenance(&options);
        let mut bundle = signed.clone();
        flip(timestamp(&mut bundle));
        self.refuse("timestamp-changed", About::Time, bundle);
        let mut bundle = signed;
        *timestamp(&mut bundle) = timestamp(&mut self.provenance(&options)).clone();
        self.refuse("timestamp-of-another", About::Time, bundle);
        std::mem::swap(&mut self.sigstore.tsa, &mut self.other.tsa);
        let bundle = self.provenance(&options);
        std::mem::swap(&mut self.sigstore.tsa, &mut self.other.tsa);
        self.refuse("unknown-tsa", About::Time, bundle);
        let bundle = self.provenance(&Options { timestamp: false, ..options });
        self.refuse("no-time", About::Time, bundle);
    }

    /// A registry's keys: unknown, expired, for another purpose, another than the hint says.
    fn keys(&mut self) {
        let expired = self.sigstore.npm[0].clone();
        self.refuse_key("npm-key-expired", About::Key, expired);
        self.refuse_key("npm-key-unknown", About::Key, NpmKey::new(Window::since(self.at)));
        let window = Window::since(self.at - Duration::days(30));
        let usages = vec![(SIGNATURES.to_string(), window)];
        let signatures_only = NpmKey::with_usages(usages);
        self.sigstore.npm.insert(0, signatures_only.clone());
        self.refuse_key("npm-key-of-other-usage", About::Key, signatures_only);
        let mut impostor = self.sigstore.npm_key().clone();
        impostor.key = Key::p256();
        self.refuse_key("npm-hint-of-another-key", About::Binding, impostor);
    }

    fn refuse_signer(&mut self, name: &str, signer: Certified) {
        let statement = statement::provenance(&self.build, &subject());
        let bundle = self.attest(&statement, &signer, &Options::default());
        self.refuse(name, About::Certificate, bundle);
    }

    fn refuse_key(&mut self, name: &str, about: About, key: NpmKey) {
        let statement = statement::publish("@acme/widgets", "1.0.0", &sha512(), REGISTRY);
        let signer = Signer::Npm(key);
        let bundle = self.sigstore.attest(&statement, &signer, self.at, &Options::default());
        self.refuse(name, about, bundle);
    }

    fn accept(&mut self, name: &str, bundle: Value) {
        self.add(name, bundle, None);
    }

    fn refuse(&mut self, name: &str, about: About, bundle: Value) {
        self.add(name, bundle, Some(about));
    }

    fn add(&mut self, name: &str, bundle: Value, refused: Option<About>) {
        self.cases.push(Case {
            name: name.into(),
            trusted_root: self.sigstore.trusted_root_json(),
            npm_keys: self.sigstore.npm_keys_json(),
            identity: self.identity(&bundle),
            bundle,
            refused,
        });
    }

    fn identity(&self, bundle: &Value) -> Option<(String, String)> {
        let keyless = bundle["verificationMaterial"]["publicKey"].is_null();
        keyless.then(|| (self.build.workflow_uri(), self.build.issuer.clone()))
    }

    fn leaf(&self) -> Leaf {
        Leaf::of(&self.build, self.at)
    }

    fn issue(&self, leaf: &Leaf) -> Certified {
        self.sigstore.fulcio.issue(leaf, &self.sigstore.ct)
    }

    fn attest(&self, statement: &Value, signer: &Certified, options: &Options) -> Value {
        self.sigstore.attest(statement, &Signer::Certificate(signer.clone()), self.at, options)
    }

    fn provenance(&self, options: &Options) -> Value {
        self.sigstore.provenance(&self.build, &subject(), self.at, options)
    }

    fn publish(&self, options: &Options) -> Value {
        let (name, sha512) = ("@acme/widgets", sha512());
        self.sigstore.publish_attestation(name, "1.0.0", &sha512, REGISTRY, self.at, options)
    }
}

const REGISTRY: &str = "https://registry.npm.test";

fn subject() -> Subject {
    Subject::npm("@acme/widgets", "1.0.0", &sha512())
}

fn timestamp(bundle: &mut Value) -> &mut Value {
    let data = &mut bundle["verificationMaterial"]["timestampVerificationData"];
    &mut data["rfc3161Timestamps"][0]["signedTimestamp"]
}

/// Every shape that the client specification allows for a short-lived certificate.
fn shapes() -> Vec<Options> {
    let mut shapes = Vec::new();
    for version in [Version::V01, Version::V02, Version::V03] {
        for entry in [Entry::Intoto, Entry::Dsse, Entry::HashedRekord] {
            for (promise, proof) in [(true, true), (true, false), (false, true)] {
                for timestamp in [false, true] {
                    shapes.push(Options { version, entry, promise, proof, timestamp });
                }
            }
        }
    }
    shapes.retain(allowed);
    shapes
}

/// Logged as the version demands, at a time that somebody signed.
fn allowed(options: &Options) -> bool {
    let promises = options.entry != Entry::HashedRekord;
    let logged = match options.version {
        Version::V01 => options.promise,
        Version::V02 | Version::V03 => options.proof,
    };
    logged && (options.promise || options.timestamp) && (promises || !options.promise)
}

fn label(options: &Options) -> String {
    let mut parts = vec![
        match options.version {
            Version::V01 => "v0.1",
            Version::V02 => "v0.2",
            Version::V03 => "v0.3",
        },
        match options.entry {
            Entry::Intoto => "intoto",
            Entry::Dsse => "dsse",
            Entry::HashedRekord => "hashedrekord",
        },
    ];
    parts.extend(options.promise.then_some("promise"));
    parts.extend(options.proof.then_some("proof"));
    parts.extend(options.timestamp.then_some("timestamp"));
    parts.join("-")
}
