//! What a tarball writes stays inside its package's folder.

use std::collections::BTreeSet;

use tar::EntryType;

use super::TarballError;
use crate::core::limits;

/// Refuses what some reader of tar would write outside the package's folder. npm skips such entries, but
/// the tarball may be unpacked by something else.
#[derive(Default)]
pub(super) struct Inside {
    /// The symbolic links so far, in lower case: what is written below one is written elsewhere.
    links: BTreeSet<String>,
    /// The bytes of their paths.
    held: usize,
}

impl Inside {
    /// Refuses an entry whose path or link leads out of the package's folder, one below a link, and
    /// devices.
    ///
    /// # Errors
    /// [`TarballError::Escapes`].
    pub fn require(&mut self, path: &str, kind: EntryType, link: &str) -> Result<(), TarballError> {
        let escapes = |why: &str| Err(TarballError::Escapes(format!("{path:?} {why}")));
        if climbs(path) {
            return escapes("leads out of it");
        }
        if self.is_below_a_link(path) {
            return escapes("is below a link");
        }
        match kind {
            EntryType::Block | EntryType::Char | EntryType::Fifo => {
                escapes("is a device or a pipe")
            }
            // The target of a hard link is a path in the tarball.
            EntryType::Link if climbs(link) => escapes("is a link that leads out of it"),
            // That of a symbolic link starts in the link's own folder.
            EntryType::Symlink if is_absolute(link) || leaves(path, link) => {
                escapes("is a link that leads out of it")
            }
            EntryType::Symlink => self.keep(path),
            _ => Ok(()),
        }
    }

    fn keep(&mut self, path: &str) -> Result<(), TarballError> {
        self.held = self.held.saturating_add(path.len());
        let max = limits::TARBALL_MANIFESTS_BYTES;
        if self.held > max {
            return Err(TarballError::TooLarge(format!("more than {max} bytes of links' paths")));
        }
        self.links.insert(normal(path));
        Ok(())
    }

    fn is_below_a_link(&self, path: &str) -> bool {
        if self.links.is_empty() {
            return false;
        }
        let path = normal(path);
        path.match_indices('/')
            .any(|(at, _)| path.get(..at).is_some_and(|above| self.links.contains(above)))
    }
}

fn normal(path: &str) -> String {
    parts(path).collect::<Vec<_>>().join("/").to_lowercase()
}

fn climbs(path: &str) -> bool {
    is_absolute(path) || parts(path).any(|part| part == "..")
}

/// On Windows, a drive is absolute too, and `\` is `/`.
fn is_absolute(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.as_bytes().get(1) == Some(&b':')
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).filter(|part| !matches!(*part, "" | "."))
}

/// Whether a symbolic link leaves the first folder of its path, or may. A `..` that follows a name may: the
/// name may be of another link, and then `..` is the parent of what that one leads to.
fn leaves(path: &str, link: &str) -> bool {
    let Some(depth) = parts(path).count().checked_sub(2) else { return true };
    let above = parts(link).take_while(|part| *part == "..").count();
    above > depth || parts(link).skip(above).any(|part| part == "..")
}
