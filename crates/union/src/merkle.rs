//! Merkle trees as in RFC 6962, section 2.1: SHA-256, leaves and nodes told apart by their first byte, any number of leaves.
//!
//! A tree is given by the hashes of its leaves ([`leaf`]); how many there are is known to whoever checks a path, so that a path is
//! as long as it must be and there is no second one for the same leaf.

use ledger::Hash;
use sha2::{Digest, Sha256};

/// The hash of a leaf that holds these bytes.
pub(crate) fn leaf(bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(bytes);
    hasher.finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// One level up: neighbours are joined, and a last one without a neighbour is taken as it is. That is the tree of the RFC,
/// which cuts before the greatest power of two instead.
fn above(level: &[Hash]) -> Vec<Hash> {
    let join = |pair: &[Hash]| if let [left, right] = pair { node(left, right) } else { pair[0] };
    level.chunks(2).map(join).collect()
}

/// The root; that of no leaves is the SHA-256 of nothing.
pub(crate) fn root(mut level: Vec<Hash>) -> Hash {
    while level.len() > 1 {
        level = above(&level);
    }
    level.first().copied().unwrap_or_else(|| Sha256::digest([]).into())
}

/// The nodes beside the way from the leaf in place `at` to the root, from the leaf upwards.
pub(crate) fn path(mut level: Vec<Hash>, mut at: usize) -> Vec<Hash> {
    let mut path = Vec::new();
    while level.len() > 1 {
        path.extend(level.get(at ^ 1));
        (level, at) = (above(&level), at / 2);
    }
    path
}

/// Whether the way from each level to the next, from the leaf in place `at` of `count` upwards, has a node beside it.
fn turns(mut at: u64, count: u64) -> impl Iterator<Item = Turn> {
    let mut last = count.saturating_sub(1);
    std::iter::from_fn(move || {
        let turn = match at % 2 {
            _ if last == 0 => return None,
            1 => Turn::FromRight,
            _ if at == last => Turn::Alone,
            _ => Turn::FromLeft,
        };
        (at, last) = (at / 2, last / 2);
        Some(turn)
    })
}

#[derive(PartialEq, Eq)]
enum Turn {
    FromLeft,
    FromRight,
    Alone,
}

/// How many nodes a path has from the leaf in place `at` of `count`: at most 64.
pub(crate) fn path_length(at: u64, count: u64) -> usize {
    turns(at, count).filter(|turn| *turn != Turn::Alone).count()
}

/// The root to which a path leads from a leaf's hash in place `at` of `count`; `None` if the path is not
/// [`path_length`] long or there is no such place.
pub(crate) fn root_of_path(leaf: Hash, at: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    if at >= count || path.len() != path_length(at, count) {
        return None;
    }
    let mut beside = path.iter();
    let mut hash = leaf;
    for turn in turns(at, count) {
        hash = match turn {
            Turn::Alone => hash,
            Turn::FromLeft => node(&hash, beside.next()?),
            Turn::FromRight => node(beside.next()?, &hash),
        };
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|at| leaf(&at.to_le_bytes())).collect()
    }

    /// The tree of the RFC, by its words.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [only] => *only,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    /// The roots that implementations of Certificate Transparency are tested with.
    #[test]
    fn known_answers() {
        let hex = |hash: Hash| hash.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        let inputs: [&[u8]; 8] = [
            &[],
            &[0],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        for (count, expected) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(
                hex(root(inputs[..count].iter().map(|bytes| leaf(bytes)).collect())),
                expected,
                "{count} leaves"
            );
        }
    }

    #[test]
    fn every_leaf_of_every_tree_has_one_path() {
        for count in 0..70 {
            let leaves = leaves(count);
            let top = root(leaves.clone());
            assert_eq!(top, by_definition(&leaves), "{count} leaves");
            for at in 0..count {
                let mut path = path(leaves.clone(), at as usize);
                let lead = |path: &[Hash], at, count| {
                    root_of_path(leaves.get(at as usize).copied().unwrap_or_default(), at, count, path)
                };
                let (at, count) = (u64::from(at), u64::from(count));
                assert_eq!(lead(&path, at, count), Some(top));
                for other in 0..count + 2 {
                    assert!(other == at || lead(&path, other, count) != Some(top), "{at} as {other} of {count}");
                }
                for place in 0..path.len() {
                    path[place][at as usize % 32] ^= 1;
                    assert_ne!(lead(&path, at, count), Some(top));
                    path[place][at as usize % 32] ^= 1;
                }
                path.push([0; 32]);
                assert_eq!(lead(&path, at, count), None, "a path that is too long");
                path.truncate(path.len().saturating_sub(2));
                assert!(count == 1 || lead(&path, at, count).is_none(), "a path that is too short");
            }
        }
        assert_eq!(path_length(0, u64::MAX), 64);
        assert_eq!(path_length(u64::MAX - 1, u64::MAX), 63);
        assert_eq!((path_length(7, 0), path_length(0, 1), path_length(u64::MAX, 2)), (0, 0, 1));
    }
}
