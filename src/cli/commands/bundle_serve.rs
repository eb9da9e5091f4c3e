//! `sealift bundle serve`.

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    app::serve::{Ask, Asking, Changed, Copied, Record, Recording, ServeError, Serving, Told},
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
        resolved.terms.demands.lockfiles.extend(lockfile);
        resolved
    };
    let archives: Vec<_> = options.archives.iter().map(resolve).collect();
    // A record that cannot be written is an error before the work begins.
    let recording = options
        .record
        .as_deref()
        .map(|file| Recording::prepare(file, options.record_key.as_deref(), context.terminal));
    let recording = recording.transpose()?;
    let mut serving = match Serving::start(&archives, listen, &context.clock) {
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
) -> Outcome {
    let mut changes = Changes::default();
    let (code, record) = match options.command.split_first() {
        None => {
            let served = Served::new(&serving);
            serving.run(None, &mut |told| match told {
                Told::Ready => context.print(&served),
                Told::Changed(change) => changes.tell(&change, context.terminal),
            })?
        }
        Some((program, arguments)) => {
            let mut command = Command::new(program);
            command.args(arguments);
            exec(command, serving, context, &mut changes)?
        }
    };
    if let Some(recording) = recording {
        recording.write(record)?;
    }
    match (code, changes.0) {
        (0, None) => Ok(()),
        // The command may have passed over it: npm leaves out an optional package without an error.
        (0, Some(kind)) => Err(Failure::reported(kind)),
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

/// What was found changed while it was served: which exit follows, if any does.
#[derive(Default)]
struct Changes(Option<Kind>);

impl Changes {
    fn tell(&mut self, change: &Changed, terminal: &mut Terminal) {
        let kind = match change.error.is_refusal() {
            true => Kind::Refused,
            false => Kind::CouldNotCheck,
        };
        // That something was refused says more.
        self.0 = Some(if self.0 == Some(Kind::Refused) { Kind::Refused } else { kind });
        let failure = Failure::could_not(Untrusted(&change.to_string()));
        let hint = "no changed file was served in full; copy the archive again";
        terminal.failure(&failure.hint(hint));
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

/// Serves as long as a command runs, and returns its exit code.
fn exec(
    mut command: Command,
    serving: Serving,
    context: &mut Context<'_>,
    changes: &mut Changes,
) -> Outcome<(u8, Record)> {
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
        Told::Changed(change) => changes.tell(&change, context.terminal),
    })?)
}
