//! By node, its tight halves: those of reduced cost zero, with room or without.

use super::costs::Cost;
use super::residual::Residual;

/// A half and where it leads.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TightHalf {
    pub to: u32,
    pub half: u32,
}

/// Where a node's list is. One without space is not known yet.
#[derive(Clone, Copy, Debug, Default)]
struct List {
    start: u32,
    len: u32,
    space: u32,
}

/// Lists are made when they are first asked for, and stay valid when potentials move: halves that become tight are
/// added, those that are tight no more stay in the lists of nodes that did not move. So whoever uses one asks whether it
/// still is.
#[derive(Clone, Debug, Default)]
pub(super) struct TightLists {
    lists: Vec<List>,
    halves: Vec<TightHalf>,
}

impl TightLists {
    /// Makes lists unknown: all of them where nothing is right any more, or where too much is kept of nodes that moved.
    pub(super) fn clear(&mut self, nodes: usize) {
        self.halves.clear();
        self.lists.clear();
        self.lists.resize(nodes, List::default());
    }

    /// How many halves are kept, with those of lists that have moved to where there is space.
    pub(super) fn size(&self) -> usize {
        self.halves.len()
    }

    pub(super) fn is_known(&self, node: usize) -> bool {
        self.lists[node].space > 0
    }

    /// Where a known list is.
    #[inline]
    pub(super) fn at(&self, node: usize) -> std::ops::Range<usize> {
        let list = self.lists[node];
        list.start as usize..(list.start + list.len) as usize
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> TightHalf {
        self.halves[at]
    }

    pub(super) fn make(&mut self, graph: &Residual, cost: impl Cost, potentials: &[i64], node: usize) {
        let start = self.halves.len() as u32;
        let potential = potentials[node];
        let at = graph.at(node);
        for (half, &head) in at.clone().zip(&graph.halves.heads[at]) {
            if cost.of(half, head) + potential == potentials[head.to()] {
                self.halves.push(TightHalf { to: head.to() as u32, half: half as u32 });
            }
        }
        let len = self.halves.len() as u32 - start;
        if len == 0 {
            self.halves.push(TightHalf::default()); // a known list has space
        }
        self.lists[node] = List { start, len, space: len.max(1) };
    }

    /// Empties a known list, which stays known.
    pub(super) fn empty(&mut self, node: usize) {
        self.lists[node].len = 0;
    }

    /// Takes a half that is tight no more from a list; the last of the list takes its place.
    pub(super) fn remove(&mut self, node: usize, at: usize) {
        let list = &mut self.lists[node];
        list.len -= 1;
        self.halves[at] = self.halves[(list.start + list.len) as usize];
    }

    /// Adds a half that has become tight to a list, if that is known.
    pub(super) fn add(&mut self, node: usize, half: TightHalf) {
        let list = self.lists[node];
        if list.space == 0 {
            return;
        }
        if list.len == list.space {
            let start = self.halves.len();
            let space = list.space * 2;
            self.halves.extend_from_within(self.at(node));
            self.halves.resize(start + space as usize, half);
            self.lists[node] = List { start: start as u32, len: list.len, space };
        }
        let list = &mut self.lists[node];
        self.halves[(list.start + list.len) as usize] = half;
        list.len += 1;
    }
}
