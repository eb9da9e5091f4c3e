//! `sealift bundle serve`.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    app::serve::{
        Ask, Changed, Copied, Environment, ServeError, Serving, Told, npmrc_scopes,
        scope_of_variable,
    },
    cli::{
        context::Context,
        declare::Serve,
        env::Env,
        failure::{Failure, Kind, Outcome},
        render::{self, Human, Served},
        terminal::Terminal,
    },
    core::text::Untrusted,
};

/// Where verdaccio, a registry that many know, listens too.
const PORT: u16 = 4873;

/// Verifies archives, and serves them until a signal or as long as a command runs.
///
/// # Errors
/// Exit 1, when an archive is refused, or changes while it is served; exit 2, when one could not be
/// checked, or nothing can be served. With `--exec`, the exit code of the command.
pub fn run(options: &Serve, context: &mut Context<'_>) -> Outcome {
    let port = if options.exec { 0 } else { PORT };
    let listen = options.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, port).into());
    let resolve = |archive: &PathBuf| {
        let mut resolved = options.verify.resolve(archive, context.env);
        let lockfile = options.rewrite_lockfile.as_ref().map(|(lockfile, _)| lockfile.clone());
        resolved.demands.lockfiles.extend(lockfile);
        resolved
    };
    let archives: Vec<_> = options.archives.iter().map(resolve).collect();
    let serving = match Serving::start(&archives, listen, &context.clock) {
        Err(ServeError::Refused(report)) => {
            return Err(context.refused(report, ServeError::Refused));
        }
        serving => serving?,
    };
    announce(&serving, context);
    if let Some((lockfile, copy)) = &options.rewrite_lockfile {
        let copied = serving.copy_lockfile(lockfile, copy, &url(serving.address()))?;
        tell_of_copy(&copied, copy, context.terminal);
    }
    let mut changed = 0_usize;
    let code = match options.exec {
        false => {
            let served = Served::new(&serving, &url(serving.address()));
            serving.until_asked(&mut |told| match told {
                Told::Ready => context.print(&served),
                Told::Changed(problem) => tell(&problem, &mut changed, context.terminal),
            })?;
            0
        }
        true => exec(options, serving, context, &mut changed)?,
    };
    match (code, changed) {
        (0, 0) => Ok(()),
        // The command may have passed over it: npm leaves out an optional package without an error.
        (0, _) => Err(Failure::reported(Kind::Refused)),
        (code, _) => Err(Failure::reported(Kind::Command(code))),
    }
}

/// Says what was verified, and warns of who may ask.
fn announce(serving: &Serving, context: &mut Context<'_>) {
    for archive in serving.archives() {
        let file = archive.archive().path().display().to_string();
        let line = Human::new(archive.report()).first_line().to_string();
        context.terminal.note(format_args!(
            "{}: {}",
            Untrusted(&file),
            anstream::adapter::strip_str(&line)
        ));
    }
    if !serving.address().ip().is_loopback() {
        context.terminal.warning(
            format_args!(
                "{} can be reached from other machines, without encryption",
                serving.address()
            ),
            Some("leave out --listen to serve this machine alone"),
        );
    }
}

/// Says what a copy of the lockfile is good for, and what must be done by hand.
fn tell_of_copy(copied: &Copied, copy: &Path, terminal: &mut Terminal) {
    terminal.note(format_args!(
        "{} points at this registry in {}",
        Untrusted(&copy.display().to_string()),
        render::entries(copied.entries)
    ));
    for Ask { folder, key: (field, name), version } in &copied.asks {
        let file = Path::new(folder).join("package.json").display().to_string();
        terminal.warning(
            format_args!(
                "{} asks for {} by an address, and the copy by its version",
                Untrusted(&file),
                Untrusted(name)
            ),
            Some(&format!(
                "beside the copy, write {:?} for {:?} in the {field} of that package.json",
                Untrusted(version).to_string(),
                Untrusted(name).to_string()
            )),
        );
    }
}

/// Where clients on this machine reach an address.
fn url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://127.0.0.1:{}/", address.port()),
        false => format!("http://{address}/"),
    }
}

fn tell(problem: &Changed, count: &mut usize, terminal: &mut Terminal) {
    *count = count.saturating_add(1);
    let failure = Failure::could_not(Untrusted(&problem.to_string()));
    terminal.failure(&failure.hint("no changed file was served in full; copy the archive again"));
}

fn exec(
    options: &Serve,
    serving: Serving,
    context: &mut Context<'_>,
    changed: &mut usize,
) -> Outcome<u8> {
    let Some((program, arguments)) = options.command.split_first() else { return Ok(0) };
    let cache = tempfile::tempdir_in(&context.env.temporary).map_err(|error| {
        Failure::could_not(format_args!("cannot make a folder for the command's cache: {error}"))
    })?;
    let scopes = scopes(options, &serving, context)?;
    let url = url(serving.address());
    let environment = Environment::new(&url, scopes.iter().map(String::as_str), cache.path());
    let is_npm = Path::new(program).file_stem().is_some_and(|name| name == "npm" || name == "npx");
    let environment = match is_npm {
        true => environment,
        false => environment.with_pnpm(cache.path()),
    };
    let mut command = Command::new(program);
    command.args(arguments);
    environment.apply(&mut command, Env::names().into_iter());
    context.terminal.note(render::serving(serving.packages(), &url));
    Ok(serving.during(command, &mut |told| match told {
        Told::Ready => {}
        Told::Changed(problem) => tell(&problem, changed, context.terminal),
    })?)
}

/// The scopes of the archives, and those that have a registry of their own here.
fn scopes(
    options: &Serve,
    serving: &Serving,
    context: &mut Context<'_>,
) -> Outcome<BTreeSet<String>> {
    let mut own = false;
    let stem = options.command.first().map(Path::new).and_then(Path::file_stem);
    let is_pnpm = stem.is_some_and(|name| name == "pnpm" || name == "pnpx");
    let mut scopes: BTreeSet<String> = serving.scopes().map(str::to_owned).collect();
    for name in Env::names().iter().filter_map(|name| name.to_str()) {
        scopes.extend(scope_of_variable(name).map(str::to_owned));
    }
    for file in [Some(Path::new(".npmrc")), context.env.npmrc.as_deref()].into_iter().flatten() {
        for scope in npmrc_scopes(file)? {
            // npm reads `_` in a variable as `-`, and capitals as small letters.
            if scope.contains('_') || scope.chars().any(char::is_uppercase) {
                context.terminal.warning(
                    format_args!(
                        "{} gives {scope} a registry of its own, which no variable can change",
                        file.display()
                    ),
                    Some("take the line out of the file, or npm asks that registry"),
                );
            }
            if is_pnpm {
                context.terminal.warning(
                    format_args!(
                        "{} gives {scope} a registry of its own, and pnpm 12 asks that one",
                        file.display()
                    ),
                    Some(&format!(
                        "take the line out of the file, or give pnpm the option \
                         --config.{scope}:registry with the address of this server (--listen sets it)"
                    )),
                );
            }
            scopes.insert(scope);
            own = true;
        }
    }
    let program = options.command.first().map(Path::new).and_then(Path::file_name);
    if let Some(shell @ ("sh" | "dash")) = program.and_then(OsStr::to_str).filter(|_| own) {
        context.terminal.warning(
            format_args!("{shell} may drop the variables that set the registries of scopes"),
            Some("run the package manager itself, or bash, after --exec --"),
        );
    }
    Ok(scopes)
}
