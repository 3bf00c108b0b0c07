//! Finding a row by its key without keeping the key twice.

use hashbrown::HashTable;
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

/// A hash table from a 128-bit key to the place of a row that holds the key.
///
/// Eight bytes an entry and a control byte: the key is compared in the row itself. Nothing is ever read
/// in the table's own order, so no result depends on `seed`; a node may choose it at random, so that
/// nobody can prepare keys that collide.
///
/// The table is cut into shards of unequal size, from one to two times the smallest. They grow at
/// different times, each for its own small part, so that no single insertion waits for all of a large
/// table to be moved.
#[derive(Clone, Debug)]
pub struct Index {
    shards: Vec<HashTable<Entry>>,
    seed: u64,
}

/// A place, and the lower half of its key's hash: growing a shard looks at no row.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u32,
    hash: u32,
}

const SHARDS: usize = 64;

/// The number of slots over which keys are spread: shard `n` has `SHARDS + n` of them.
const SLOTS: usize = SHARDS * SHARDS + SHARDS * (SHARDS - 1) / 2;

/// The shard of each slot.
const SHARD_OF: [u8; SLOTS] = {
    let mut shard_of = [0; SLOTS];
    let (mut shard, mut end, mut slot) = (0, SHARDS, 0);
    while slot < SLOTS {
        if slot == end {
            shard += 1;
            end += SHARDS + shard;
        }
        shard_of[slot] = shard as u8;
        slot += 1;
    }
    shard_of
};

impl Entry {
    /// Spreads the 32 bits over 64, as the table takes the place from the lower and a tag from the upper ones.
    fn spread(self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Index {
    /// An empty index. `seed` spreads the keys and changes no result.
    pub fn new(seed: u64) -> Self {
        Index { shards: vec![HashTable::new(); SHARDS], seed }
    }

    /// The shard of a key, and its entry if it were at `at`.
    fn locate(&self, key: u128, at: u32) -> (usize, Entry) {
        let mut hasher = SipHasher13::new_with_keys(self.seed, !self.seed);
        hasher.write_u128(key);
        let hash = hasher.finish();
        let slot = ((hash >> 32) * SLOTS as u64) >> 32;
        (usize::from(SHARD_OF[slot as usize]), Entry { at, hash: hash as u32 })
    }

    /// The place whose row has this key; `key_at` reads the key of a place.
    pub fn find(&self, key: u128, key_at: impl Fn(u32) -> u128) -> Option<u32> {
        let (shard, wanted) = self.locate(key, 0);
        let is_it = |entry: &Entry| entry.hash == wanted.hash && key_at(entry.at) == key;
        self.shards[shard].find(wanted.spread(), is_it).map(|entry| entry.at)
    }

    /// Adds a key that is not yet there.
    pub fn insert(&mut self, key: u128, at: u32, key_at: impl Fn(u32) -> u128) {
        debug_assert!(self.find(key, &key_at).is_none(), "key {key:#x} is there already");
        self.load(key, at);
    }

    /// Adds a key of a row that was read from a file and that nothing vouches for yet. If the key is there
    /// already, which [`insert`](Self::insert) forbids, either place may be found.
    pub fn load(&mut self, key: u128, at: u32) {
        let (shard, entry) = self.locate(key, at);
        self.shards[shard].insert_unique(entry.spread(), entry, |entry| entry.spread());
    }

    /// Points a key that is there at another place.
    pub fn move_to(&mut self, key: u128, at: u32, key_at: impl Fn(u32) -> u128) {
        let (shard, wanted) = self.locate(key, at);
        let is_it = |entry: &Entry| entry.hash == wanted.hash && key_at(entry.at) == key;
        let entry = self.shards[shard].find_mut(wanted.spread(), is_it).expect("the key is in the index");
        entry.at = at;
    }

    /// Takes out a key that is there.
    pub fn remove(&mut self, key: u128, key_at: impl Fn(u32) -> u128) {
        let (shard, wanted) = self.locate(key, 0);
        let is_it = |entry: &Entry| entry.hash == wanted.hash && key_at(entry.at) == key;
        let entry = self.shards[shard].find_entry(wanted.spread(), is_it).expect("the key is in the index");
        entry.remove();
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(HashTable::len).sum()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.shards.iter().all(HashTable::is_empty)
    }

    /// Bytes that the table occupies, about.
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(HashTable::allocation_size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_in_whatever_the_seed() {
        let keys: Vec<u128> = (0..20_000u128).map(|n| ((n * n) << 40) | n).collect();
        for seed in [0, 7] {
            let mut index = Index::new(seed);
            for (at, &key) in keys.iter().enumerate() {
                assert_eq!(index.find(key, |at| keys[at as usize]), None);
                index.insert(key, at as u32, |at| keys[at as usize]);
            }
            assert_eq!(index.len(), keys.len());
            for (at, &key) in keys.iter().enumerate() {
                assert_eq!(index.find(key, |at| keys[at as usize]), Some(at as u32));
            }
            let (first, last) = (index.shards[0].len(), index.shards[SHARDS - 1].len());
            assert!(last > first * 3 / 2, "the last shard is about twice the first: {first}, {last}");
        }
    }

    #[test]
    fn a_key_moves() {
        let mut rows = [5u128, 5];
        let mut index = Index::new(1);
        index.insert(5, 0, |at| rows[at as usize]);
        index.move_to(5, 1, |at| rows[at as usize]);
        rows[0] = 0;
        assert_eq!(index.find(5, |at| rows[at as usize]), Some(1));
        assert_eq!(index.len(), 1);
    }
}
