//! Measures a row: what sealift says of the lockfile, what npm installs from it, and whether the
//! archive covers that.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs::{self, File},
    io::Read as _,
    path::Path,
};

use serde_json::Value;
use testkit::{
    registry::{Registry, Running, integrity},
    tarball::{manifest, origins},
};

use crate::{
    case::{Case, MIRROR},
    npm::{self, Found, Installed, Npm},
    world::{NOW, Run, SEALED, World},
};

const TRUST: &str = "--trusted-root trusted_root.json --npm-keys keys.json";

/// A line of the table.
pub struct Row {
    /// Of the issue: section and number.
    pub of: &'static str,
    /// What the lockfile does.
    pub name: &'static str,
    pub expect: Expect,
    pub make: fn(&mut Case),
}

/// What must be measured.
pub enum Expect {
    /// sealift denies it, or npm installs nothing that the archive does not cover.
    Hostile {
        /// The npm versions that install the attacker's file. The others install none.
        lands: &'static [u32],
        /// sealift must deny it, whatever npm installs.
        denied: bool,
    },
    /// sealift seals and verifies it, and npm installs just this.
    Good {
        /// Paths and origins.
        installs: &'static [(&'static str, &'static str)],
        /// The npm versions that can install it at all.
        by: &'static [u32],
    },
}

impl Row {
    fn is_hostile(&self) -> bool {
        matches!(self.expect, Expect::Hostile { .. })
    }

    /// A lockfile that puts an attacker's file on disk, with these npm versions.
    pub const fn hostile(
        of: &'static str,
        name: &'static str,
        lands: &'static [u32],
        make: fn(&mut Case),
    ) -> Self {
        Self { of, name, expect: Expect::Hostile { lands, denied: false }, make }
    }

    /// A lockfile that sealift must deny, whatever npm installs.
    pub const fn denied(
        of: &'static str,
        name: &'static str,
        lands: &'static [u32],
        make: fn(&mut Case),
    ) -> Self {
        Self { of, name, expect: Expect::Hostile { lands, denied: true }, make }
    }

    /// An honest lockfile.
    pub const fn good(
        of: &'static str,
        name: &'static str,
        by: &'static [u32],
        installs: &'static [(&'static str, &'static str)],
        make: fn(&mut Case),
    ) -> Self {
        Self { of, name, expect: Expect::Good { installs, by }, make }
    }
}

/// Measures rows, prints what was measured, and fails when a row does not hold.
#[track_caller]
pub fn hold(rows: &[Row]) {
    let npms = npm::programs();
    if npms.is_empty() {
        println!("note: no npm is on the search path, so the table is measured without one");
    }
    let chosen = std::env::var("SEALIFT_NPM_ROWS").unwrap_or_default();
    let (mut failed, mut table) = (0, String::new());
    for row in rows.iter().filter(|row| row.name.contains(&chosen)) {
        let measured = Measured::of(row, &npms);
        let faults = measured.faults(row, &npms);
        failed += usize::from(!faults.is_empty());
        let mark = if faults.is_empty() { "holds" } else { "FAILS" };
        writeln!(table, "{mark}  {} {}", row.of, row.name).unwrap();
        table.push_str(&measured.lines);
        for fault in faults {
            writeln!(table, "         fault: {fault}").unwrap();
        }
    }
    println!("{table}");
    assert_eq!(failed, 0, "{failed} of {} rows do not hold", rows.len());
}

/// What sealift says, and what its archive holds.
struct Said {
    /// The archive's tarballs, where the lockfile was verified against it.
    verified: Option<Carried>,
    words: String,
}

/// By the hash that a lockfile gives a tarball: the origins in it.
type Carried = BTreeMap<String, BTreeSet<String>>;

struct Measured {
    lines: String,
    /// Against the archive that was sealed before the attacker came.
    edited: Option<Said>,
    /// Against its own archive.
    own: Said,
    /// What was sealed before the attacker came.
    sealed: Option<Carried>,
    /// Why the row cannot be measured.
    broken: Option<String>,
    npms: BTreeMap<usize, Installed>,
    lockfile: Value,
}

impl Measured {
    fn of(row: &Row, npms: &[Npm]) -> Self {
        let mut case = Case::new();
        (row.make)(&mut case);
        let world = World::new();
        let registry = serve(&case, &world);
        lay_out(&case, &registry, &world.path("ws/app"));
        let given = format!("ws/app/{}", case.given);
        let mut lines = String::new();
        let honest = case.sealed_lockfile().filter(|_| row.is_hostile());
        let edited = honest.map(|honest| {
            world.write("honest/package-lock.json", honest);
            world.write("honest/.npmrc", format!("registry={}\n", registry.url()));
            let run = fetch(&world, &case, "honest/package-lock.json", "honest.sealift");
            if run.code != 0 {
                return Err(format!("the honest lockfile is not sealed, {}", first_words(&run)));
            }
            let said = verify(&world, &case, "honest.sealift", &given);
            writeln!(lines, "         edited after sealing: {}", said.words).unwrap();
            Ok((said, carried(&world.path("honest.sealift"))))
        });
        let (edited, broken) = match edited.transpose() {
            Ok(edited) => (edited, None),
            Err(broken) => (None, Some(broken)),
        };
        let (edited, sealed) = edited.unzip();
        let run = fetch(&world, &case, &given, "own.sealift");
        let own = match run.code {
            0 => verify(&world, &case, "own.sealift", &given),
            _ => Said { verified: None, words: format!("not sealed, {}", first_words(&run)) },
        };
        writeln!(lines, "         sealed as it is: {}", own.words).unwrap();
        let lockfile = fs::read(world.path(&given)).unwrap();
        let lockfile = lockfile.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&lockfile);
        let lockfile: Value = serde_json::from_slice(lockfile).unwrap_or_default();
        let npms_run = BTreeMap::new();
        let mut measured = Self { lines, broken, edited, own, sealed, npms: npms_run, lockfile };
        if measured.is_denied() && !npm::are_chosen() {
            measured.lines.push_str("         npm: not run, since nothing was verified\n");
            return measured;
        }
        for (at, npm) in npms.iter().enumerate() {
            // npm 6 reads nothing but `dependencies`, and installs nothing without it.
            if npm.major > 6 || measured.lockfile["dependencies"].is_object() {
                measured.install(at, npm, &case, &registry);
            }
        }
        measured
    }

    fn is_denied(&self) -> bool {
        self.edited.iter().chain([&self.own]).all(|said| said.verified.is_none())
    }

    fn install(&mut self, at: usize, npm: &Npm, case: &Case, registry: &Running) {
        let sandbox = tempfile::tempdir().unwrap();
        fs::create_dir_all(sandbox.path().join("home")).unwrap();
        lay_out(case, registry, &sandbox.path().join("ws/app"));
        let installed = npm.ci(sandbox.path(), &case.hostile.url());
        let disk: Vec<_> = installed.disk.iter().map(|(path, found)| show(path, found)).collect();
        let disk = if disk.is_empty() { "nothing".to_owned() } else { disk.join(", ") };
        let error = if installed.done { "" } else { &installed.error };
        writeln!(self.lines, "         npm {}: {disk} {error}", npm.version).unwrap();
        self.npms.insert(at, installed);
    }

    fn faults(&self, row: &Row, npms: &[Npm]) -> Vec<String> {
        let mut faults: Vec<_> = self.broken.iter().cloned().collect();
        let said = self.edited.iter().chain([&self.own]);
        for carried in said.clone().filter_map(|said| said.verified.as_ref()) {
            for (at, installed) in &self.npms {
                let foreign = self.foreign(installed, carried);
                let version = &npms[*at].version;
                faults.extend(foreign.map(|what| format!("verified, and npm {version}: {what}")));
            }
        }
        match row.expect {
            Expect::Hostile { lands, denied } => {
                if denied && said.clone().any(|said| said.verified.is_some()) {
                    faults.push("verified, which it must not be".to_owned());
                }
                faults.extend(self.misjudged(lands, npms));
            }
            Expect::Good { installs, by } => faults.extend(self.missed(installs, by, npms)),
        }
        faults
    }

    /// What npm installed and no archive covers.
    fn foreign(&self, installed: &Installed, carried: &Carried) -> impl Iterator<Item = String> {
        let foreign = installed.disk.iter().filter(|(path, found)| match found {
            Found::From(origin) => !self.covers(path, origin, carried),
            Found::Inside(_) => false,
            Found::Unknown | Found::Outside(_) => true,
        });
        foreign.map(|(path, found)| show(path, found))
    }

    /// Whether this content may be at this path: the entry's own tarball where it has a hash, or one
    /// that is unpacked above it; any carried one without a hash.
    fn covers(&self, path: &str, origin: &str, carried: &Carried) -> bool {
        let packages = &self.lockfile["packages"];
        let mut path = path.trim_start_matches("app/");
        let mut own = true;
        loop {
            let entry = &packages[path];
            let tarball = entry["integrity"].as_str().and_then(|hash| carried.get(hash));
            if tarball.is_some_and(|origins| origins.contains(origin)) {
                return true;
            }
            if own && tarball.is_some() {
                return false;
            }
            own = false;
            let Some((above, _)) = path.rsplit_once("/node_modules/") else { break };
            path = above;
        }
        carried.values().any(|origins| origins.contains(origin))
    }

    /// The table says which npm an attack works with. Only known versions are held to it.
    fn misjudged(&self, lands: &[u32], npms: &[Npm]) -> Vec<String> {
        let Some(sealed) = self.sealed.as_ref().filter(|_| npm::are_chosen()) else {
            return Vec::new();
        };
        let landed = |at: &usize| self.foreign(&self.npms[at], sealed).next().is_some();
        let wrong = self.npms.keys().filter(|at| landed(at) != lands.contains(&npms[**at].major));
        wrong
            .map(|at| format!("npm {} does what the table does not say", npms[*at].version))
            .collect()
    }

    fn missed(&self, installs: &[(&str, &str)], by: &[u32], npms: &[Npm]) -> Vec<String> {
        let mut faults = Vec::new();
        if self.own.verified.is_none() {
            faults.push("an honest lockfile is denied".to_owned());
        }
        let expected: BTreeSet<_> =
            installs.iter().map(|(path, what)| format!("{path} = {what}")).collect();
        for (at, installed) in &self.npms {
            let found: BTreeSet<_> =
                installed.disk.iter().map(|(path, found)| show(path, found)).collect();
            if by.contains(&npms[*at].major) && !(installed.done && found == expected) {
                faults.push(format!("npm {} does not install {expected:?}", npms[*at].version));
            }
        }
        faults
    }
}

fn show(path: &str, found: &Found) -> String {
    let path = path.trim_start_matches("app/");
    match found {
        Found::From(origin) => format!("{path} = {origin}"),
        Found::Unknown => format!("{path} = unknown"),
        Found::Inside(_) => format!("{path} = link"),
        Found::Outside(target) => {
            format!("{path} = link out of the project to {}", target.display())
        }
    }
}

/// The registry with the case's packages, signed.
fn serve(case: &Case, world: &World) -> Running {
    let mut registry = Registry::new();
    for package in &case.packages {
        let unsigned = case.unsigned.contains(&package.name.as_str());
        let package = package.clone();
        let package = if unsigned { package } else { package.signed(&world.sigstore) };
        registry = package.on(registry);
        // npm asks the record for what a lockfile of version 1 does not say.
        let manifest = manifest(&package.tarball);
        registry = registry.edit(&package.name, &package.version, |record| {
            for (key, value) in manifest.as_object().into_iter().flatten() {
                if key != "name" && key != "version" {
                    record[key] = value.clone();
                }
            }
        });
    }
    (case.change)(registry).names_itself().start()
}

/// Writes the project as the attacker leaves it.
fn lay_out(case: &Case, registry: &Running, folder: &Path) {
    let put = |path: &str, bytes: &[u8]| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    fs::create_dir_all(folder).unwrap();
    put("package.json", case.package_json().as_bytes());
    let lockfile = case.lockfile().replace(MIRROR, &registry.url());
    if lockfile != "\n" {
        put("package-lock.json", lockfile.as_bytes());
    }
    put(".npmrc", format!("registry={}\n{}", registry.url(), case.npmrc).as_bytes());
    for (path, bytes) in &case.files {
        put(path, bytes);
    }
}

fn fetch(world: &World, case: &Case, lockfile: &str, archive: &str) -> Run {
    let fetch = format!("bundle fetch {lockfile} -o {archive} --key release.key");
    sealift(world, case, &format!("{fetch} {TRUST} --at {SEALED}"))
}

fn verify(world: &World, case: &Case, archive: &str, lockfile: &str) -> Said {
    let verify = format!("bundle verify {archive} --key release.key.pub --require integrity");
    let run = sealift(world, case, &format!("{verify} {TRUST} --at {NOW} --lockfile {lockfile}"));
    match run.code {
        0 => Said { verified: Some(carried(&world.path(archive))), words: "VERIFIED".to_owned() },
        _ => Said { verified: None, words: format!("denied, {}", first_words(&run)) },
    }
}

/// Runs sealift so that whatever is not on loopback is asked from the attacker.
fn sealift(world: &World, case: &Case, arguments: &str) -> Run {
    let mut command = world.command(env!("CARGO_BIN_EXE_sealift"));
    command.args(arguments.split_whitespace()).env("no_proxy", "127.0.0.1");
    Run::of(command.env("http_proxy", case.hostile.url()).env("https_proxy", case.hostile.url()))
}

fn first_words(run: &Run) -> String {
    let all = run.stdout.lines().chain(run.stderr.lines());
    let all = all.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("hint"));
    let words: Vec<_> = all.take(6).collect();
    format!("exit {}: {}", run.code, words.join(" | "))
}

/// What an archive carries; read as the ZIP that it is.
fn carried(archive: &Path) -> Carried {
    let mut zip = zip::ZipArchive::new(File::open(archive).unwrap()).unwrap();
    let mut found = Carried::new();
    for at in 0..zip.len() {
        let mut entry = zip.by_index(at).unwrap();
        if entry.name().unwrap().ends_with(".tgz") {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.insert(integrity(&bytes), origins(&bytes));
        }
    }
    found
}
