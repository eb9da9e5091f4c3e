//! How many requests a host gets at a time, and when it gets no more.
//!
//! The number grows with each answer, up to a limit. It is halved if the host says that it gets too many
//! (429, 503), or answers much later than before: additive increase, multiplicative decrease, as in TCP.
//! A host to which no connection can be made is given up.
#![allow(clippy::disallowed_methods)] // measures how long answers take

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit},
    time::Instant,
};
use url::Url;

use super::{NetworkError, RequestFailure};
use crate::core::limits;

/// The hosts of one run.
#[derive(Debug)]
pub(crate) struct Hosts {
    most: usize,
    /// Over all hosts: each request may hold a file and a socket.
    all: Semaphore,
    hosts: Mutex<BTreeMap<String, Arc<Host>>>,
}

/// One host.
#[derive(Debug)]
pub(super) struct Host {
    name: String,
    most: usize,
    slots: Arc<Semaphore>,
    state: Mutex<HostState>,
}

/// Permission for one request. When it is dropped, another request may start.
#[derive(Debug)]
pub(super) struct Slot<'a> {
    pub host: Arc<Host>,
    began: Instant,
    slot: Option<OwnedSemaphorePermit>,
    _all: Option<SemaphorePermit<'a>>,
}

impl Hosts {
    /// No host is known yet. Each gets `most` requests at a time, at most.
    pub fn new(most: usize) -> Self {
        let (all, hosts) = (Semaphore::new(limits::IN_FLIGHT_TOTAL), Mutex::default());
        Self { most: most.max(1), all, hosts }
    }

    /// The hosts that were given up, with the reason.
    pub fn given_up(&self) -> Vec<(String, RequestFailure)> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let given_up = |host: &Arc<Host>| Some((host.name.clone(), host.state().given_up.clone()?));
        hosts.values().filter_map(given_up).collect()
    }

    /// Waits until a request to the host of `url` may go.
    ///
    /// # Errors
    /// [`NetworkError::Unreachable`] where the host was given up.
    pub(super) async fn enter(&self, url: &Url) -> Result<Slot<'_>, NetworkError> {
        let host = self.host(url);
        let Ok(slot) = Arc::clone(&host.slots).acquire_owned().await else {
            return Err(host.unreachable());
        };
        // Never closed.
        let all = self.all.acquire().await.ok();
        let until = host.state().paused;
        if let Some(until) = until {
            tokio::time::sleep_until(until).await;
        }
        Ok(Slot { host, began: Instant::now(), slot: Some(slot), _all: all })
    }

    pub(super) fn host(&self, url: &Url) -> Arc<Host> {
        let (name, port) = (url.host_str().unwrap_or_default(), url.port_or_known_default());
        let name = format!("{name}:{}", port.unwrap_or_default());
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let host =
            hosts.entry(name.clone()).or_insert_with(|| Arc::new(Host::new(name, self.most)));
        Arc::clone(host)
    }
}

impl Host {
    fn new(name: String, most: usize) -> Self {
        let limit = most.min(limits::IN_FLIGHT_FIRST);
        let slots = Arc::new(Semaphore::new(limit));
        Self { name, most, slots, state: Mutex::new(HostState::new(limit)) }
    }

    /// Answers so far.
    pub(super) fn answers(&self) -> u64 {
        self.state().answers
    }

    /// Gives this host up: it gets no more requests.
    pub(super) fn give_up(&self, failure: &RequestFailure) -> NetworkError {
        self.state().given_up.get_or_insert_with(|| failure.clone());
        self.slots.close();
        self.unreachable()
    }

    fn unreachable(&self) -> NetworkError {
        let failure = self.state().given_up.clone().unwrap_or(RequestFailure::Refused);
        NetworkError::Unreachable { host: self.name.clone(), failure }
    }

    fn state(&self) -> MutexGuard<'_, HostState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot<'_> {
    /// The host has answered: the head of the answer is here.
    pub(super) fn answered(&self, status: u16, wait: Option<Duration>) {
        let mut state = self.host.state();
        state.answers += 1;
        if matches!(status, 429 | 503) {
            self.lower(&mut state, 1);
            if let Some(wait) = wait {
                state.paused = state.paused.max(Some(Instant::now() + wait));
            }
        } else if state.is_slow(self.began.elapsed()) {
            self.lower(&mut state, limits::IN_FLIGHT_SLOW);
        } else if state.raise(self.host.most) {
            self.host.slots.add_permits(1);
        }
    }

    /// Lowers the limit; slots that nobody has go at once.
    fn lower(&self, state: &mut HostState, least: usize) {
        state.lower(self.began, least);
        state.excess -= self.host.slots.forget_permits(state.excess);
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut state = self.host.state();
        if state.excess > 0 {
            state.excess -= 1;
            if let Some(slot) = self.slot.take() {
                slot.forget();
            }
        }
    }
}

#[derive(Debug)]
struct HostState {
    /// Requests that may be in flight.
    limit: usize,
    /// Requests that were let go before the limit was lowered: their slots end with them.
    excess: usize,
    /// Until the first decrease the limit grows with each answer, then by one for as many answers
    /// as it allows.
    lowered: Option<Instant>,
    credit: usize,
    answers: u64,
    fastest: Duration,
    usual: Duration,
    paused: Option<Instant>,
    given_up: Option<RequestFailure>,
}

impl HostState {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            excess: 0,
            lowered: None,
            credit: 0,
            answers: 0,
            fastest: Duration::MAX,
            usual: Duration::ZERO,
            paused: None,
            given_up: None,
        }
    }

    /// Halves the limit, unless it was done since the request that asks for it began.
    fn lower(&mut self, began: Instant, least: usize) {
        if self.lowered.is_some_and(|lowered| began < lowered) {
            return;
        }
        let limit = (self.limit / 2).max(least).min(self.limit);
        self.excess += self.limit - limit;
        self.limit = limit;
        self.lowered = Some(Instant::now());
        self.credit = 0;
        // The slow time counts as usual from now on: if fewer requests did not help, even fewer will not.
        self.fastest = self.usual.max(Duration::from_millis(1));
    }

    /// Whether the limit allows one slot more.
    fn raise(&mut self, most: usize) -> bool {
        if self.limit >= most {
            return false;
        }
        self.credit += 1;
        if self.lowered.is_some() && self.credit < self.limit {
            return false;
        }
        self.credit = 0;
        self.limit += 1;
        match self.excess.checked_sub(1) {
            Some(excess) => {
                self.excess = excess;
                false
            }
            None => true,
        }
    }

    /// Records how long an answer took. Returns whether answers take much longer than before.
    fn is_slow(&mut self, took: Duration) -> bool {
        self.fastest = self.fastest.min(took);
        self.usual = match self.usual.is_zero() {
            true => took,
            false => (self.usual * 7 + took) / 8,
        };
        self.usual > self.fastest.saturating_mul(4) + limits::SLOWER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn the_limit_grows_fast_until_it_was_lowered_and_slowly_after() {
        let mut state = HostState::new(16);
        for _ in 0..100 {
            state.raise(48);
        }
        assert_eq!(state.limit, 48);
        state.lower(Instant::now(), 1);
        assert_eq!((state.limit, state.excess), (24, 24));
        let answers = (0..)
            .take_while(|_| {
                state.limit < 25 && {
                    state.raise(48);
                    true
                }
            })
            .count();
        assert_eq!((answers, state.excess), (24, 23), "a slot that is still held is kept");
    }

    #[test]
    fn what_began_before_the_limit_was_lowered_does_not_lower_it_again() {
        let (mut state, began) = (HostState::new(16), Instant::now());
        for _ in 0..10 {
            state.lower(began, 1);
        }
        assert_eq!(state.limit, 8);
        for expected in [4, 2, 1, 1] {
            state.lower(Instant::now(), 1);
            assert_eq!(state.limit, expected);
        }
    }

    #[test]
    fn slow_answers_lower_the_limit_and_slow_ones_alone_not_below_its_floor() {
        let mut state = HostState::new(32);
        assert!((0..50).all(|_| !state.is_slow(ms(20))));
        assert!((0..50).any(|_| state.is_slow(ms(800))));
        state.lower(Instant::now(), limits::IN_FLIGHT_SLOW);
        assert_eq!(state.limit, 16);
        assert!((0..50).all(|_| !state.is_slow(ms(800))), "fewer requests made nothing faster");
        for _ in 0..9 {
            state.lower(Instant::now(), limits::IN_FLIGHT_SLOW);
        }
        assert_eq!(state.limit, limits::IN_FLIGHT_SLOW);
        let mut few = HostState::new(4);
        few.lower(Instant::now(), limits::IN_FLIGHT_SLOW);
        assert_eq!((few.limit, few.excess), (4, 0), "nothing is lowered to more");
    }

    #[test]
    fn a_distant_host_is_not_a_slow_one() {
        let mut state = HostState::new(32);
        assert!((0..50).all(|turn| !state.is_slow(ms(300 + turn % 5 * 200))));
    }
}
