//! The collection of all packages: who is asked in which order, and what becomes of hosts that
//! cannot be reached.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures_util::{
    StreamExt as _,
    stream::{self, FuturesUnordered},
};
use url::Url;

use super::{
    Cache, CollectError, Collectable, CollectableOrigin, Collected, Collection, Conflicts, Options,
    Progress, RegistryConfig, Unreachable, answers::Run, route::PackageRoute,
};
use crate::{
    adapters::network::{Hosts, Network},
    core::{limits, time},
};

/// Collects packages. One package's failure stops no other.
///
/// # Errors
/// [`Conflicts`], before anything is asked for, when entries get a package from registries that
/// differ.
pub fn collect(
    network: &Network,
    config: &RegistryConfig,
    cache: &Cache,
    items: &[Collectable],
    options: &Options,
    progress: &dyn Progress,
) -> Result<Collection, Conflicts> {
    let jobs = jobs(config, items)?;
    progress.total(items.len());
    let hosts = Hosts::new(options.concurrency.unwrap_or(limits::IN_FLIGHT));
    let run = Run {
        network,
        config,
        cache,
        progress,
        hosts: &hosts,
        now: time::to_second(options.now),
        not_after: options.not_after,
    };
    let mut tally = Tally::default();
    let mut done: Vec<_> = network.wait(run.all(jobs, &mut tally));
    done.sort_by_key(|(at, _)| *at);
    let outcomes = done
        .into_iter()
        .filter_map(|(at, result)| Some((items.get(at)?.id.clone(), result)))
        .collect();
    Ok(Collection { outcomes, unreachable: tally.of(&hosts) })
}

/// A package, and the ways to get it that were not tried yet.
struct Job<'a> {
    at: usize,
    item: &'a Collectable,
    route: Option<PackageRoute>,
    next: VecDeque<PackageRoute>,
    /// Why the first way failed.
    lost: Option<CollectError>,
}

impl Job<'_> {
    /// Whether there is another way after this failure.
    fn goes_on_after(&self, error: &CollectError) -> bool {
        error.unreachable_host().is_some() && !self.next.is_empty()
    }
}

fn jobs<'a>(config: &RegistryConfig, items: &'a [Collectable]) -> Result<Vec<Job<'a>>, Conflicts> {
    let mut conflicts = Vec::new();
    let mut jobs = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        let mut next = VecDeque::new();
        if item.origin == CollectableOrigin::Registry {
            match config.routes(item) {
                Ok(routes) => next.extend(routes),
                Err(conflict) => conflicts.push(conflict),
            }
        }
        let route = next.pop_front();
        jobs.push(Job { at, item, route, next, lost: None });
    }
    if conflicts.is_empty() { Ok(jobs) } else { Err(Conflicts(conflicts)) }
}

type Outcome = Result<Collected, CollectError>;

impl Run<'_> {
    /// Runs rounds until each package is collected or has no way left.
    async fn all(&self, mut jobs: Vec<Job<'_>>, tally: &mut Tally) -> Vec<(usize, Outcome)> {
        let mut done = Vec::with_capacity(jobs.len());
        while !jobs.is_empty() {
            let mut again = Vec::new();
            for (mut job, result) in self.round(jobs).await {
                match result {
                    Err(error) if job.goes_on_after(&error) => {
                        job.lost.get_or_insert(error);
                        job.route = job.next.pop_front();
                        again.push(job);
                    }
                    result => done.push((job.at, tally.finish(job.lost, result))),
                }
            }
            jobs = again;
        }
        done
    }

    async fn round<'j>(&self, jobs: Vec<Job<'j>>) -> Vec<(Job<'j>, Outcome)> {
        // Grouped by the packument's address: it is fetched once for all versions of a name.
        let mut names: BTreeMap<Url, Vec<Job<'_>>> = BTreeMap::new();
        let mut others = Vec::new();
        for job in jobs {
            let source = job.route.as_ref().map(|route| &route.source);
            match source.and_then(|source| source.packument(job.item.id.name())) {
                Some(address) => names.entry(address).or_default().push(job),
                None => others.push(job),
            }
        }
        // No more names under way than requests can be: what waits for its turn holds nothing yet. A
        // line for each host, so that one that does not answer holds up no other.
        let mut hosts: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (address, jobs) in names {
            let host = address.host_str().unwrap_or_default().to_owned();
            hosts.entry(host).or_default().push((address, jobs));
        }
        let lines = hosts.into_values().map(|names| {
            let names = names.into_iter().map(|(address, jobs)| self.name(address, jobs));
            stream::iter(names).buffer_unordered(limits::IN_FLIGHT_TOTAL)
        });
        let others: FuturesUnordered<_> = others.into_iter().map(|job| self.other(job)).collect();
        let mut running = stream::select(stream::select_all(lines), others);
        let mut results = Vec::new();
        while let Some(some) = running.next().await {
            results.extend(some);
        }
        results
    }

    /// All wanted versions of one name.
    async fn name<'j>(&self, address: Url, jobs: Vec<Job<'j>>) -> Vec<(Job<'j>, Outcome)> {
        let versions: BTreeSet<_> = jobs.iter().map(|job| job.item.id.version()).collect();
        let listing = self.listing(&address, &versions).await;
        let mut running: FuturesUnordered<_> = jobs
            .into_iter()
            .map(|job| async {
                let result = match (&listing, &job.route) {
                    (Ok(listing), Some(route)) => {
                        self.collect_package(job.item, route, listing).await
                    }
                    (Err(error), _) => Err(error.clone()),
                    (_, None) => Err(CollectError::NoDigest),
                };
                self.tell(&job, &result);
                (job, result)
            })
            .collect();
        let mut results = Vec::new();
        while let Some(result) = running.next().await {
            results.push(result);
        }
        results
    }

    /// A package of no registry, or of one that can have no such name.
    async fn other<'j>(&self, job: Job<'j>) -> Vec<(Job<'j>, Outcome)> {
        let result = match (&job.item.origin, &job.route) {
            (CollectableOrigin::Url(url), _) => self.collect_url(job.item, url).await,
            (CollectableOrigin::File(path), _) => self.collect_file(job.item, path),
            (CollectableOrigin::Registry, route) => Err(CollectError::Address {
                registry: route.as_ref().map(|route| route.source.name()).unwrap_or_default(),
            }),
        };
        self.tell(&job, &result);
        vec![(job, result)]
    }

    fn tell(&self, job: &Job<'_>, result: &Outcome) {
        if !result.as_ref().is_err_and(|error| job.goes_on_after(error)) {
            self.progress.done(&job.item.id);
        }
    }
}

/// For each host that was given up: how many packages it concerns.
#[derive(Default)]
struct Tally {
    failed: BTreeMap<String, usize>,
    replaced: BTreeMap<String, usize>,
}

impl Tally {
    /// The final result of a package. If no other registry has it, the unreachable host is the reason.
    fn finish(&mut self, lost: Option<CollectError>, result: Outcome) -> Outcome {
        let result = match (result, lost) {
            (Ok(collected), lost) => {
                if let Some(host) = lost.as_ref().and_then(CollectError::unreachable_host) {
                    *self.replaced.entry(host.to_owned()).or_default() += 1;
                }
                return Ok(collected);
            }
            (Err(error), Some(lost)) if error.is_absence() => lost,
            (Err(error), _) => error,
        };
        if let Some(host) = result.unreachable_host() {
            *self.failed.entry(host.to_owned()).or_default() += 1;
        }
        Err(result)
    }

    fn of(&self, hosts: &Hosts) -> Vec<Unreachable> {
        hosts
            .given_up()
            .into_iter()
            .map(|(host, failure)| Unreachable {
                failed: self.failed.get(&host).copied().unwrap_or(0),
                replaced: self.replaced.get(&host).copied().unwrap_or(0),
                failure,
                host,
            })
            .filter(|one| one.failed + one.replaced > 0)
            .collect()
    }
}
