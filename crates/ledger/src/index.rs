//! Finding a row by its key without keeping the key twice.

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// A hash table from a 128-bit key to the place of a row that holds the key.
///
/// Four bytes an entry and a control byte: the key is compared in the row itself. Nothing is ever read
/// in the table's own order, so no result depends on `seed`; a node may choose it at random, so that
/// nobody can prepare keys that collide.
#[derive(Clone, Debug)]
pub struct Index {
    table: HashTable<u32>,
    seed: u64,
}

impl Index {
    /// An empty index. `seed` spreads the keys and changes no result.
    pub fn new(seed: u64) -> Self {
        Index { table: HashTable::new(), seed }
    }

    fn hash(&self, key: u128) -> u64 {
        hash(self.seed, key)
    }

    /// The place whose row has this key; `key_at` reads the key of a place.
    pub fn find(&self, key: u128, key_at: impl Fn(u32) -> u128) -> Option<u32> {
        self.table.find(self.hash(key), |&at| key_at(at) == key).copied()
    }

    /// Adds a key that is not yet there.
    pub fn insert(&mut self, key: u128, at: u32, key_at: impl Fn(u32) -> u128) {
        let hash = self.hash(key);
        debug_assert!(self.table.find(hash, |&at| key_at(at) == key).is_none(), "key {key:#x} is there already");
        let seed = self.seed;
        self.table.insert_unique(hash, at, |&at| self::hash(seed, key_at(at)));
    }

    /// Points a key that is there at another place.
    pub fn move_to(&mut self, key: u128, at: u32, key_at: impl Fn(u32) -> u128) {
        let hash = self.hash(key);
        let place = self.table.find_mut(hash, |&at| key_at(at) == key).expect("the key is in the index");
        *place = at;
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Bytes that the table occupies, about.
    pub fn bytes(&self) -> usize {
        self.table.allocation_size()
    }
}

fn hash(seed: u64, key: u128) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(seed, !seed);
    hasher.write_u128(key);
    hasher.finish()
}
