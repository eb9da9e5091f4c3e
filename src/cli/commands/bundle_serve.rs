//! `sealift bundle serve`.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    app::serve::{
        Asking, ChangedArchive, Copied, Ended, ProjectDependency, Recording, ServeError, Serving,
        Told,
    },
    cli::{
        context::Context,
        declare::Serve,
        env::Env,
        failure::{CommandResult, Ending, Failure},
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
pub fn run(options: &Serve, context: &mut Context<'_>) -> CommandResult {
    let port = if options.exec { 0 } else { PORT };
    let listen = options.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, port).into());
    let resolve = |archive: &PathBuf| options.verify.resolve(archive, context.env);
    let archives: Vec<_> = options.archives.iter().map(resolve).collect();
    let rewritten = options.rewrite_lockfile.as_ref().map(|(lockfile, _)| lockfile.as_path());
    // A record that cannot be written is an error before the work begins.
    let recording = options
        .record
        .as_deref()
        .map(|file| Recording::prepare(file, options.record_key.as_deref(), context.terminal));
    let recording = recording.transpose()?;
    let mut serving = match Serving::start(&archives, rewritten, listen, &context.clock) {
        Err(ServeError::Refused(report)) => {
            return Err(context.refused(report, ServeError::Refused));
        }
        serving => serving?,
    };
    announce(&serving, context);
    if let Some((lockfile, copy)) = &options.rewrite_lockfile {
        let copied = serving.copy_lockfile(lockfile, copy)?;
        tell_of_copy(&copied, copy, context.terminal);
    }
    let pages = render::pages(&serving);
    serving.show(pages);
    serve(options, serving, context, recording)
}

/// Serves until a signal or as long as a command runs, and writes the record.
fn serve(
    options: &Serve,
    serving: Serving,
    context: &mut Context<'_>,
    recording: Option<Recording>,
) -> CommandResult {
    let Ended { code, record, worst } = match options.command.split_first() {
        None => {
            let served = Served::new(&serving);
            serving.run(None, &mut |told| match told {
                Told::Ready => context.print(&served),
                Told::Changed(change) => tell_of_change(&change, context.terminal),
            })?
        }
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments);
            exec(command, serving, context)?
        }
    };
    if let Some(recording) = recording {
        recording.write(record)?;
    }
    match code {
        // The command may have passed over it: npm leaves out an optional package without an error.
        0 => Failure::after(worst),
        code => Err(Failure::reported(Ending::Command(code))),
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

/// Prints what was found changed while it was served.
fn tell_of_change(change: &ChangedArchive, terminal: &mut Terminal) {
    let failure = Failure::could_not(Untrusted(&change.to_string()));
    let hint = "no changed file was served in full; copy the archive again";
    terminal.failure(&failure.hint(hint));
}

/// Says what a copy of the lockfile is good for, and what must be done by hand.
fn tell_of_copy(copied: &Copied, copy: &Path, terminal: &mut Terminal) {
    terminal.note(format_args!(
        "{} points at this registry in {}",
        Untrusted(&copy.display().to_string()),
        render::entries(copied.entries)
    ));
    for ProjectDependency { folder, key: (field, name), version } in &copied.asks {
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

/// Serves as long as a command runs.
fn exec(mut command: Command, serving: Serving, context: &mut Context<'_>) -> CommandResult<Ended> {
    let cache = tempfile::tempdir_in(&context.env.temporary).map_err(|error| {
        Failure::could_not(format_args!("cannot make a folder for the command's cache: {error}"))
    })?;
    let inherited = Env::names();
    let (environment, loopholes) = Asking {
        program: command.get_program(),
        url: &serving.url(),
        scopes: serving.scopes(),
        cache: cache.path(),
        npmrc: context.env.npmrc.as_deref(),
        inherited: inherited.clone(),
    }
    .environment()?;
    for loophole in &loopholes {
        context.terminal.warning(loophole, Some(&loophole.hint()));
    }
    environment.apply(&mut command, inherited.into_iter());
    context.terminal.note(render::serving(&serving));
    Ok(serving.run(Some(command), &mut |told| match told {
        Told::Ready => {}
        Told::Changed(change) => tell_of_change(&change, context.terminal),
    })?)
}
