//! Judges the archives of a store, several at once.

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use crate::{
    app::{
        report::Report,
        verify::{Examined, Verifier, VerifyError},
    },
    core::limits,
};

/// Judges archives, as many at once as the machine has processors. What `look` makes of each is handed to
/// `take`, in the order of the archives. A report lives no longer than `look`.
///
/// # Errors
/// The first of `take`.
pub fn each<A: AsRef<Path> + Sync, T: Send, E>(
    verifier: &Verifier,
    archives: &[A],
    look: impl Fn(&A, Result<Report, VerifyError>) -> T + Sync,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E> {
    let judge =
        |archive: &A| look(archive, verifier.verify(archive.as_ref()).map(Examined::into_report));
    for batch in archives.chunks(limits::STORE_BATCH) {
        in_parallel(batch, &judge).into_iter().try_for_each(&mut take)?;
    }
    Ok(())
}

/// What `make` makes of each item, in their order. Threads of its own, and not those that judge packages: one of
/// these would begin with the next archive while it waits for a package of the last, and hold both.
fn in_parallel<I: Sync, T: Send>(items: &[I], make: &(impl Fn(&I) -> T + Sync)) -> Vec<T> {
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len());
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::new());
    let work = || {
        while let Some((at, item)) = claim(items, &next) {
            let one = make(item);
            made.lock().unwrap_or_else(PoisonError::into_inner).push((at, one));
        }
    };
    thread::scope(|scope| {
        for _ in 1..workers {
            scope.spawn(work);
        }
        work();
    });
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, one)| one).collect()
}

/// The next item that no thread has taken.
fn claim<'i, I>(items: &'i [I], next: &AtomicUsize) -> Option<(usize, &'i I)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    items.get(at).map(|item| (at, item))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_made_once_in_order() {
        let items: Vec<usize> = (0..100).collect();
        let made = in_parallel(&items, &|item| item * 2);
        assert_eq!(made, (0..100).map(|item| item * 2).collect::<Vec<_>>());
        assert_eq!(in_parallel(&[], &|item: &usize| *item), Vec::<usize>::new());
    }
}
