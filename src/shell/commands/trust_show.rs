//! `sealift trust show`, `diff` and `export`: what the store trusts, for people and other tools.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{Context, bundle_verify::pinned_keys};
use crate::{
    adapters::{files, tuf::TrustStore},
    core::{
        instance::Instance,
        text::Untrusted,
        time::{self, Time},
        tuf::{Difference, Item, RoleInfo, State, items, json_line},
    },
    shell::{
        cli::{Diff, Export, Format, TrustShow},
        failure::{Failure, Kind, Outcome},
        report::{ago, day},
        terminal::{BAD, DIM, GOOD, STRONG, WARN},
        trust, verification,
    },
};

/// Shows what is trusted: of each instance the store's material, or else what is built in. One
/// that cannot be shown does not hide the others.
///
/// # Errors
/// Exit 2, when there is no such instance, or the store cannot be read.
pub fn show(options: &TrustShow, context: &mut Context<'_>) -> Outcome {
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    let names = match &options.instance {
        Some(name) => vec![name.clone()],
        None => store.instances()?,
    };
    let (mut pages, mut failures) = (Vec::new(), Vec::new());
    for name in &names {
        match Page::of(&store, name, context.env.now) {
            Ok(page) => pages.push(page),
            Err(failure) => failures.push((name, failure)),
        }
    }
    match context.format {
        Format::Human if pages.is_empty() => {}
        Format::Human => {
            let pages: Vec<_> = pages.iter().map(Page::to_string).collect();
            context.terminal.result(pages.join("\n\n"));
        }
        Format::Json => context.json(&json!({
            "schema": "sealift-trust/1",
            "at": time::format(context.env.now),
            "instances": pages.iter().map(Page::to_json).collect::<Vec<_>>(),
            "failures": failures.iter().map(|(name, failure)| json!({
                "instance": name, "failure": failure.to_json(),
            })).collect::<Vec<_>>(),
        })),
    }
    for (_, failure) in &failures {
        context.terminal.failure(failure);
    }
    match failures.is_empty() {
        true => Ok(()),
        false => Err(Failure::reported(Kind::CouldNotCheck)),
    }
}

/// Shows what differs between two stores, or a store and an archive.
///
/// # Errors
/// Exit 2, when one cannot be read or holds nothing of the instance.
pub fn diff(options: &Diff, context: &mut Context<'_>) -> Outcome {
    let own = trust::store(options.store.trust_dir.as_deref(), context.env);
    let instance = own.instance(&options.instance)?;
    let old = state_at(&options.old, &options.keys, &instance)?;
    let new = match &options.new {
        Some(path) => state_at(path, &options.keys, &instance)?,
        None => held(&own, &instance)?,
    };
    let difference = old.difference(&new).map_err(Failure::could_not)?;
    match context.format {
        Format::Human => context.terminal.result(Changes(&difference)),
        Format::Json => context.json(&json!({
            "schema": "sealift-trust-diff/1",
            "instance": instance.name,
            "roles": difference.roles.iter().map(|change| json!({
                "name": change.role, "from": change.from, "to": change.to,
            })).collect::<Vec<_>>(),
            "added": difference.added.iter().map(item_json).collect::<Vec<_>>(),
            "changed": difference.changed.iter().map(item_json).collect::<Vec<_>>(),
            "removed": difference.removed.iter().map(item_json).collect::<Vec<_>>(),
        })),
    }
    Ok(())
}

/// Writes what an instance's material is, in the forms that other tools take.
///
/// # Errors
/// Exit 2, when there is no material, or a file cannot be written.
pub fn export(options: &Export, context: &mut Context<'_>) -> Outcome {
    let store = trust::store(options.store.trust_dir.as_deref(), context.env);
    let page = Page::of(&store, &options.instance, context.env.now)?;
    files::create_folder(&options.output)?;
    let mut written = vec![
        ("trusted_root.json", page.trusted_root.clone()),
        ("trusted_root.jsonl", json_line(&page.trusted_root).map_err(Failure::could_not)?.into()),
    ];
    written.extend(page.npm_keys.clone().map(|keys| ("npm-keys.json", keys)));
    let mut paths = Vec::new();
    for (name, bytes) in written {
        let path = options.output.join(name);
        files::write(&path, &bytes)?;
        paths.push(path.display().to_string());
    }
    match context.format {
        Format::Human => {
            paths.iter().for_each(|path| context.terminal.result(Untrusted(path)));
        }
        Format::Json => context.json(&json!({"schema": "sealift-trust-export/1", "files": paths})),
    }
    Ok(())
}

/// The state in a store's folder, or the one that an archive carries.
fn state_at(path: &Path, keys: &[PathBuf], instance: &Instance) -> Outcome<State> {
    if path.is_dir() {
        return held(&TrustStore::new(path), instance);
    }
    let archive = verification::open(path, &pinned_keys(keys)?, 1)?;
    let carried = trust::carried(instance, &archive)?;
    carried.ok_or_else(|| {
        Failure::could_not(format_args!(
            "{} carries no TUF metadata of {}",
            path.display(),
            instance.name
        ))
    })
}

fn held(store: &TrustStore, instance: &Instance) -> Outcome<State> {
    store.open(&instance.name)?.load(instance)?.local.state.ok_or_else(|| {
        Failure::could_not(format_args!("the trust store holds nothing of {}", instance.name)).hint(
            "on the connected side, sealift trust refresh; behind the gap, sealift trust import",
        )
    })
}

/// What is trusted of one instance.
struct Page {
    at: Time,
    instance: Instance,
    source: &'static str,
    checked_at: Time,
    roles: Vec<RoleInfo>,
    items: Vec<Item>,
    trusted_root: Vec<u8>,
    npm_keys: Option<Vec<u8>>,
}

impl Page {
    fn of(store: &TrustStore, name: &str, at: Time) -> Outcome<Self> {
        let instance = store.instance(name)?;
        let held = store.open(name)?.load(&instance)?;
        let (source, checked_at, roles, root, keys) = match held.local.state.zip(held.checked) {
            Some((state, checked)) => {
                let root = state.trusted_root().map(<[u8]>::to_vec);
                let keys = state.npm_keys().map(<[u8]>::to_vec);
                ("store", checked, state.roles().to_vec(), root, keys)
            }
            None => match &instance.embedded {
                Some(built_in) => {
                    let keys = built_in.npm_keys.map(<[u8]>::to_vec);
                    let root = Some(built_in.trusted_root.to_vec());
                    ("embedded", built_in.as_of, Vec::new(), root, keys)
                }
                None => {
                    return Err(Failure::could_not(format_args!(
                        "the trust store holds nothing of {name}"
                    ))
                    .hint("run sealift trust refresh, or sealift trust import behind the gap"));
                }
            },
        };
        let trusted_root = root.unwrap_or_default();
        let items = items(&trusted_root, keys.as_deref()).map_err(Failure::could_not)?;
        Ok(Self { at, instance, source, checked_at, roles, items, trusted_root, npm_keys: keys })
    }

    fn to_json(&self) -> Value {
        json!({
            "instance": self.instance.name,
            "url": self.instance.url,
            "source": self.source,
            "checkedAt": time::format(self.checked_at),
            "pinnedRoots": self.instance.pinned.roots().map(|(version, _)| version).collect::<Vec<_>>(),
            "roles": self.roles.iter().map(|role| json!({
                "name": role.name,
                "version": role.version,
                "threshold": role.threshold,
                "keys": role.keys,
                "expires": time::format(role.expires),
                "expiresInDays": (role.expires - self.at).num_days(),
            })).collect::<Vec<_>>(),
            "items": self.items.iter().map(item_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = if self.source == "store" { "checked" } else { "built in, as of" };
        writeln!(
            f,
            "{STRONG}{}{STRONG:#}: {source} {}, {}",
            self.instance.name,
            day(self.checked_at),
            ago(self.at - self.checked_at)
        )?;
        let pinned: Vec<_> =
            self.instance.pinned.roots().map(|(version, _)| version.to_string()).collect();
        write!(f, "  pinned roots {}", pinned.join(", "))?;
        if !self.roles.is_empty() {
            write!(
                f,
                "\n\n  {STRONG}{:<20}{:>8}{:>10}  expires{STRONG:#}",
                "role", "version", "keys"
            )?;
        }
        for role in &self.roles {
            let expired = role.expires <= self.at;
            let style = if expired { BAD } else { anstyle::Style::new() };
            write!(
                f,
                "\n  {:<20}{:>8}{:>10}  {style}{}, {}{style:#}",
                Untrusted(&role.name).to_string(),
                role.version,
                format!("{} of {}", role.threshold, role.keys),
                role.expires.format("%Y-%m-%d"),
                ago(self.at - role.expires)
            )?;
        }
        write!(f, "\n\n  {STRONG}{:<24}{:<24} name{STRONG:#}", "key or authority", "valid")?;
        for item in &self.items {
            write!(f, "\n  {}", ItemLine(item, self.at))?;
        }
        Ok(())
    }
}

/// One key, log or authority, on a line.
struct ItemLine<'a>(&'a Item, Time);

impl fmt::Display for ItemLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(item, at) = self;
        let date = |time: Option<Time>| {
            time.map(|time| time.format("%Y-%m-%d").to_string()).unwrap_or_else(|| "…".into())
        };
        let style = match item.end {
            Some(end) if end < *at => DIM,
            _ => anstyle::Style::new(),
        };
        let name = Untrusted(&item.name);
        write!(
            f,
            "{:<24}{style}{:<24}{style:#} {name}",
            item.kind.name(),
            format!("{} to {}", date(item.start), date(item.end))
        )
    }
}

fn item_json(item: &Item) -> Value {
    json!({
        "kind": item.kind.name(),
        "name": item.name,
        "id": item.id,
        "start": item.start.map(time::format),
        "end": item.end.map(time::format),
    })
}

/// What differs, for people.
struct Changes<'a>(&'a Difference);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { roles, added, changed, removed } = self.0;
        if roles.is_empty() && added.is_empty() && changed.is_empty() && removed.is_empty() {
            return f.write_str("no difference");
        }
        let version = |version: Option<u64>| version.map_or("none".to_owned(), |v| v.to_string());
        let mut lines: Vec<String> = roles
            .iter()
            .map(|change| {
                let (from, to) = (version(change.from), version(change.to));
                format!("{}: {from} to {to}", Untrusted(&change.role))
            })
            .collect();
        let item = |item: &Item| {
            let end = item.end.map(|end| format!(", ends {}", day(end))).unwrap_or_default();
            let (name, id) = (Untrusted(&item.name), Untrusted(&item.id));
            format!("{} {name} {DIM}{id}{DIM:#}{end}", item.kind.name())
        };
        lines.extend(added.iter().map(|one| format!("{GOOD}added{GOOD:#} {}", item(one))));
        lines.extend(
            changed.iter().map(|one| format!("{WARN}window changed{WARN:#} {}", item(one))),
        );
        lines.extend(removed.iter().map(|one| format!("{BAD}removed{BAD:#} {}", item(one))));
        f.write_str(&lines.join("\n"))
    }
}
