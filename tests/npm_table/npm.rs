//! The npm programs, and what they leave on disk.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use testkit::tarball::ORIGIN;

/// Commands, one a line; `tests/npm/run` sets it.
const PROGRAMS: &str = "SEALIFT_NPMS";

/// One npm.
pub struct Npm {
    pub version: String,
    pub major: u32,
    command: Vec<String>,
}

/// A run of npm.
pub struct Installed {
    pub done: bool,
    /// What is new, by path; the project is `app`.
    pub disk: BTreeMap<String, Found>,
    /// The error's first lines.
    pub error: String,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A package that says where it came from.
    From(String),
    /// A package that does not.
    Unknown,
    /// A link to a folder of the project.
    Inside(PathBuf),
    /// A link out of the project.
    Outside(PathBuf),
}

/// The programs to measure with: those of `tests/npm/run`, or the one on the search path.
pub fn programs() -> Vec<Npm> {
    let lines = std::env::var(PROGRAMS).unwrap_or_else(|_| "npm".to_owned());
    let commands = lines.lines().map(|line| line.split(' ').map(str::to_owned).collect());
    commands.filter_map(Npm::of).collect()
}

/// Whether `tests/npm/run` chose the programs, so that their versions are known.
pub fn are_chosen() -> bool {
    std::env::var_os(PROGRAMS).is_some()
}

impl Npm {
    fn of(command: Vec<String>) -> Option<Self> {
        let output = Command::new(&command[0]).args(&command[1..]).arg("--version").output();
        let version = String::from_utf8(output.ok()?.stdout).ok()?.trim().to_owned();
        let major = version.split('.').next()?.parse().ok()?;
        Some(Self { version, major, command })
    }

    /// Installs `sandbox/ws/app` with its lockfile, from loopback alone.
    pub fn ci(&self, sandbox: &Path, elsewhere: &str) -> Installed {
        let all = sandbox.join("ws");
        let before = packages(&all);
        let output = self.run(sandbox, elsewhere);
        let mut disk = packages(&all);
        disk.retain(|path, found| before.get(path) != Some(found));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let of_interest = |line: &&str| line.contains("code E") || line.contains("Invalid");
        let error = text.lines().find(of_interest).or_else(|| text.lines().next());
        let error = error.unwrap_or_default().to_owned();
        Installed { done: output.status.success(), disk, error }
    }

    fn run(&self, sandbox: &Path, elsewhere: &str) -> Output {
        let mut command = Command::new(&self.command[0]);
        command
            .args(&self.command[1..])
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
            .arg("--cache")
            .arg(sandbox.join("cache"))
            .current_dir(sandbox.join("ws/app"))
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
            .env("HOME", sandbox.join("home"))
            .env("npm_config_userconfig", sandbox.join("none"))
            .env("npm_config_globalconfig", sandbox.join("none-either"))
            .env("npm_config_fetch_retries", "0")
            .env("npm_config_update_notifier", "false")
            // Whatever is not on loopback is asked from the attacker, and so leaves no trace outside.
            .env("http_proxy", elsewhere)
            .env("https_proxy", elsewhere)
            .env("no_proxy", "127.0.0.1");
        if self.major >= 12 {
            // What npm 12 refuses by default is allowed here: a project may allow it too.
            for kind in ["remote", "git", "file", "directory"] {
                command.env(format!("npm_config_allow_{kind}"), "all");
            }
        }
        command.output().expect("npm runs")
    }
}

/// All packages and links below a folder.
fn packages(root: &Path) -> BTreeMap<String, Found> {
    let mut found = BTreeMap::new();
    walk(root, root, &mut found).expect("a readable folder");
    found
}

fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, Found>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = path.strip_prefix(root).expect("below it").to_string_lossy().into_owned();
        if entry.file_type()?.is_symlink() {
            let target = fs::read_link(&path)?;
            let inside = fs::canonicalize(folder.join(&target)).is_ok_and(|real| {
                real.starts_with(fs::canonicalize(root.join("app")).expect("the project"))
            });
            found.insert(name, if inside { Found::Inside(target) } else { Found::Outside(target) });
        } else if entry.file_type()?.is_dir() && path.file_name() != Some(OsStr::new(".bin")) {
            if let Ok(text) = fs::read_to_string(path.join(ORIGIN)) {
                found.insert(name, Found::From(text));
            } else if path.join("package.json").exists() {
                found.insert(name, Found::Unknown);
            }
            walk(root, &path, found)?;
        }
    }
    Ok(())
}
