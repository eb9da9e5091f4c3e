//! A Merkle tree that only grows (RFC 6962 §2.1), with proofs in logarithmic time.

use sha2::{Digest, Sha256};

/// A node's hash.
pub type Hash = [u8; 32];

/// The tree; `levels[n]` holds the roots of all complete subtrees of 2^n leaves.
#[derive(Default)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Appends a leaf and returns its index.
    pub fn push(&mut self, leaf: &[u8]) -> usize {
        let index = self.size();
        let mut hash = leaf_hash(leaf);
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            if nodes.len() % 2 == 1 {
                break;
            }
            hash = node_hash(&nodes[nodes.len() - 2], &nodes[nodes.len() - 1]);
        }
        index
    }

    /// How many leaves there are.
    pub fn size(&self) -> usize {
        self.levels.first().map_or(0, Vec::len)
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        match self.size() {
            0 => Sha256::digest([]).into(),
            size => self.range(0, size),
        }
    }

    /// The inclusion proof of a leaf in the tree as it is now, from the leaf upwards.
    pub fn proof(&self, index: usize) -> Vec<Hash> {
        let (mut start, mut end) = (0, self.size());
        let mut path = Vec::new();
        while end - start > 1 {
            let middle = start + split(end - start);
            if index < middle {
                path.push(self.range(middle, end));
                end = middle;
            } else {
                path.push(self.range(start, middle));
                start = middle;
            }
        }
        path.reverse();
        path
    }

    /// The root over some leaves, whose first index is a multiple of their number's power of two.
    fn range(&self, start: usize, end: usize) -> Hash {
        let size = end - start;
        if size.is_power_of_two() {
            let level = size.trailing_zeros() as usize;
            return self.levels[level][start >> level];
        }
        let middle = start + split(size);
        node_hash(&self.range(start, middle), &self.range(middle, end))
    }
}

/// The largest power of two below the size.
fn split(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

fn leaf_hash(leaf: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(leaf).finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962 §2.1, word for word.
    fn reference(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => leaf_hash(leaf),
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&reference(left), &reference(right))
            }
        }
    }

    /// RFC 6962 §2.1.1, word for word.
    fn reference_path(index: usize, leaves: &[Vec<u8>]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(split(leaves.len()));
        let (mut path, sibling) = if index < left.len() {
            (reference_path(index, left), reference(right))
        } else {
            (reference_path(index - left.len(), right), reference(left))
        };
        path.push(sibling);
        path
    }

    #[test]
    fn roots_and_proofs_are_those_of_the_specification() {
        let leaves: Vec<Vec<u8>> = (0..70u8).map(|n| vec![n; usize::from(n)]).collect();
        let mut tree = Tree::default();
        assert_eq!(tree.root(), reference(&[]));
        for (index, leaf) in leaves.iter().enumerate() {
            assert_eq!(tree.push(leaf), index);
            let so_far = &leaves[..=index];
            assert_eq!(tree.root(), reference(so_far), "root of {} leaves", index + 1);
            for leaf in 0..=index {
                assert_eq!(tree.proof(leaf), reference_path(leaf, so_far));
            }
        }
    }
}
