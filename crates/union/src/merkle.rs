//! Merkle trees as in RFC 6962, section 2.1: SHA-256, leaves and nodes told apart by their first byte, any number of leaves.
//!
//! A tree is given by the hashes of its leaves ([`leaf`]).

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
    fn the_tree_is_that_of_the_rfc() {
        for count in 0..70 {
            let leaves = leaves(count);
            assert_eq!(root(leaves.clone()), by_definition(&leaves), "{count} leaves");
        }
    }
}
