//! Rows of fixed size with a Merkle root that follows their changes.
//!
//! A table is cut into pages of about one KiB. [`Table::root`] hashes only the pages touched since it
//! was last asked, and above them only the nodes on their way to the root, 32 children a node. Two
//! tables with equal rows have equal roots whatever the history that led there.

use bytemuck::Pod;
use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub type Hash = [u8; 32];

/// A fixed-size record without padding, at most one page long.
pub trait Row: Pod {}
impl<R: Pod> Row for R {}

const PAGE_BYTES: usize = 1024;
const CHILDREN: usize = 32;

/// How many addresses there are: a row's address is its number, counted from the first ever, modulo this.
const ADDRESSES: u64 = 1 << 31;

/// An array of rows, hashed by pages. A row is addressed by a `u32` below 2^31 that never changes; the
/// oldest rows can be dropped, so that a table that always grows at its end stays bounded.
#[derive(Clone, Debug)]
pub struct Table<R> {
    rows: Vec<R>,
    /// Rows that were dropped from the front, a whole number of pages.
    dropped: u64,
    /// Pages were dropped since the nodes above them were hashed.
    is_shifted: bool,
    /// `levels[0]` holds a digest a page, each further level a digest for 32 of the one below.
    levels: Vec<Vec<Hash>>,
    dirty: Vec<u32>,
    is_dirty: Vec<bool>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Row> Table<R> {
    const ROWS_A_PAGE: usize = PAGE_BYTES / size_of::<R>();

    /// An empty table.
    pub fn new() -> Self {
        const { assert!(size_of::<R>() > 0 && size_of::<R>() <= PAGE_BYTES) };
        Table {
            rows: Vec::new(),
            dropped: 0,
            is_shifted: false,
            levels: vec![Vec::new()],
            dirty: Vec::new(),
            is_dirty: Vec::new(),
        }
    }

    /// A table with these rows, all of them to be hashed at the next [`root`](Self::root).
    pub fn from_rows(rows: Vec<R>) -> Self {
        Self::after_dropped(0, rows)
    }

    /// The same for a table that had dropped rows from its front before.
    pub fn after_dropped(dropped: u64, rows: Vec<R>) -> Self {
        let mut table = Self { dropped, ..Self::new() };
        for row in rows {
            table.push(row);
        }
        table
    }

    /// How many rows there are.
    pub fn len(&self) -> u32 {
        self.rows.len() as u32
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows were dropped from the front.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The address of the row in this place of [`rows`](Self::rows).
    pub fn address(&self, place: usize) -> u32 {
        ((self.dropped % ADDRESSES + place as u64) % ADDRESSES) as u32
    }

    fn place(&self, at: u32) -> usize {
        ((u64::from(at) + ADDRESSES - self.dropped % ADDRESSES) % ADDRESSES) as usize
    }

    /// How many of the first `rows` rows fill whole pages: these can be dropped.
    pub fn droppable(&self, rows: usize) -> usize {
        rows.min(self.rows.len()) / Self::ROWS_A_PAGE * Self::ROWS_A_PAGE
    }

    /// Drops rows from the front; `rows` is what [`droppable`](Self::droppable) gave.
    pub fn drop_front(&mut self, rows: usize) {
        assert_eq!(self.droppable(rows), rows, "whole pages are dropped");
        if rows == 0 {
            return;
        }
        self.root();
        self.rows.drain(..rows);
        self.levels[0].drain(..rows / Self::ROWS_A_PAGE);
        self.is_dirty.truncate(self.levels[0].len());
        self.dropped += rows as u64;
        self.is_shifted = true;
    }

    /// All rows in order.
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// The rows' bytes in order, as a snapshot keeps them.
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.rows)
    }

    /// One row. Panics when out of range, as a slice does.
    pub fn get(&self, at: u32) -> &R {
        &self.rows[self.place(at)]
    }

    /// One row, to be changed: its page will be hashed again.
    pub fn get_mut(&mut self, at: u32) -> &mut R {
        let place = self.place(at);
        self.touch(place);
        &mut self.rows[place]
    }

    /// Adds a row and returns its address. Panics past 2^31 - 1 rows at a time, which no bounded caller reaches.
    pub fn push(&mut self, row: R) -> u32 {
        let place = self.rows.len();
        assert!((place as u64) < ADDRESSES - 1, "a table holds fewer than 2^31 rows");
        self.rows.push(row);
        self.touch(place);
        self.address(place)
    }

    fn touch(&mut self, place: usize) {
        let page = place / Self::ROWS_A_PAGE;
        if page >= self.is_dirty.len() {
            self.is_dirty.resize(page + 1, false);
        }
        if !self.is_dirty[page] {
            self.is_dirty[page] = true;
            self.dirty.push(page as u32);
        }
    }

    /// The digest of all rows: SHA-256 over the number of rows, dropped and kept, and the top of the tree.
    pub fn root(&mut self) -> Hash {
        let mut changed = std::mem::take(&mut self.dirty);
        changed.sort_unstable();
        for &page in &changed {
            self.is_dirty[page as usize] = false;
            let from = page as usize * Self::ROWS_A_PAGE;
            let to = (from + Self::ROWS_A_PAGE).min(self.rows.len());
            let digest = digest(b"page", bytemuck::cast_slice(&self.rows[from..to]));
            put(&mut self.levels[0], page as usize, digest);
        }
        if std::mem::take(&mut self.is_shifted) {
            // What is left has other parents than before.
            self.levels.truncate(1);
            changed = (0..self.levels[0].len() as u32).collect();
        }
        let mut level = 0;
        while self.levels[level].len() > 1 {
            if self.levels.len() == level + 1 {
                self.levels.push(Vec::new());
            }
            for at in &mut changed {
                *at /= CHILDREN as u32;
            }
            changed.dedup();
            let (below, above) = self.levels.split_at_mut(level + 1);
            for &node in &changed {
                let from = node as usize * CHILDREN;
                let to = (from + CHILDREN).min(below[level].len());
                let digest = digest(b"node", below[level][from..to].as_flattened());
                put(&mut above[0], node as usize, digest);
            }
            level += 1;
        }
        let top = self.levels[level].first().copied().unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(b"root");
        hasher.update(self.dropped.to_le_bytes());
        hasher.update((self.rows.len() as u64).to_le_bytes());
        hasher.update(top);
        hasher.finalize().into()
    }
}

fn put(level: &mut Vec<Hash>, at: usize, digest: Hash) {
    // Changed pages come in ascending order, so a new one is always the next.
    if at == level.len() {
        level.push(digest);
    } else {
        level[at] = digest;
    }
}

fn digest(label: &[u8; 4], bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(label);
    hasher.update(bytes);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fresh(rows: &[u64]) -> Hash {
        Table::from_rows(rows.to_vec()).root()
    }

    proptest! {
        /// The root after any history equals the root of a table built at once with the same rows.
        #[test]
        fn root_depends_on_rows_only(steps in prop::collection::vec((any::<bool>(), any::<u32>(), any::<u64>(), any::<bool>()), 1..600)) {
            let mut table = Table::new();
            let mut rows = Vec::new();
            for (push, at, value, ask) in steps {
                // Pushing 40 at a time reaches several pages and two levels of nodes.
                if push || rows.is_empty() {
                    for i in 0..40 {
                        table.push(value.wrapping_add(i));
                        rows.push(value.wrapping_add(i));
                    }
                } else {
                    let at = at % rows.len() as u32;
                    *table.get_mut(at) = value;
                    rows[at as usize] = value;
                }
                if ask {
                    table.root();
                }
            }
            prop_assert_eq!(table.root(), fresh(&rows));
        }
    }

    /// Rows dropped from the front leave a table like one that was made from what is left.
    #[test]
    fn dropping_keeps_addresses_and_the_rest() {
        let mut table = Table::from_rows((0..20_000u64).collect());
        table.root();
        *table.get_mut(19_999) = 7;
        assert_eq!(table.droppable(130), 128);
        for rows in [128, 4_096, 0, 8_192] {
            table.drop_front(rows);
            let mut same = Table::after_dropped(table.dropped(), table.rows().to_vec());
            assert_eq!(table.root(), same.root());
        }
        assert_eq!((table.dropped(), table.len()), (12_416, 7_584));
        assert_eq!((*table.get(12_416), *table.get(19_999)), (12_416, 7));
        assert_eq!(table.push(1), 20_000);
        assert_eq!(*table.get(20_000), 1);
        assert_ne!(table.root(), fresh(table.rows()), "how many were dropped counts");

        // Addresses begin again after 2^31 - 1.
        let mut table = Table::after_dropped(ADDRESSES - 128, (0..200u64).collect());
        assert_eq!((*table.get(ADDRESSES as u32 - 128), *table.get(0), *table.get(71)), (0, 128, 199));
        assert_eq!(table.push(9), 72);
    }

    #[test]
    fn every_row_and_the_length_count() {
        let rows: Vec<u64> = (0..10_000).collect();
        let root = fresh(&rows);
        for at in [0, 127, 128, 4_095, 4_096, 9_999] {
            let mut other = rows.clone();
            other[at] += 1;
            assert_ne!(fresh(&other), root, "row {at}");
        }
        assert_ne!(fresh(&rows[..9_999]), root);
        assert_ne!(fresh(&[]), fresh(&[0]));
    }
}
