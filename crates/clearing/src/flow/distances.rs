//! Distances of all nodes to the nearest deficit, and the potentials that follow from them.

use super::costs::Cost;
use super::residual::Residual;
use std::collections::BTreeMap;

/// Farther than every path.
pub(super) const FAR: i64 = i64::MAX;

/// Buckets of nodes by distance. There are few different distances, as costs are few small integers: a sorted map of
/// lists is all that is needed, and the distances may be as large as they like.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    lists: BTreeMap<i64, Vec<u32>>,
    spare: Vec<Vec<u32>>,
}

impl Buckets {
    pub(super) fn put(&mut self, distance: i64, node: u32) {
        let spare = &mut self.spare;
        self.lists.entry(distance).or_insert_with(|| spare.pop().unwrap_or_default()).push(node);
    }

    /// The nearest bucket.
    pub(super) fn take(&mut self) -> Option<(i64, Vec<u32>)> {
        self.lists.pop_first()
    }

    /// Gives a list's memory back.
    pub(super) fn recycle(&mut self, mut list: Vec<u32>) {
        list.clear();
        self.spare.push(list);
    }

    pub(super) fn clear(&mut self) {
        while let Some((_, list)) = self.take() {
            self.recycle(list);
        }
    }
}

/// Memory of the search over all nodes, kept from one to the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Distances {
    distances: Vec<i64>,
    buckets: Buckets,
}

impl Distances {
    /// Moves potentials so that every node with excess has a path of tight arcs (of reduced cost zero) to a deficit.
    ///
    /// Dijkstra's algorithm in buckets (Dial 1969), backwards from all deficits at once. All reduced costs of halves with
    /// room are at least zero before and after. Returns a node whose excess can reach no deficit, if there is one.
    pub(super) fn make_paths_tight(
        &mut self,
        graph: &Residual,
        cost: impl Cost,
        excess: &[i128],
        potentials: &mut [i64],
    ) -> Option<usize> {
        let distances = &mut self.distances;
        distances.clear();
        distances.resize(graph.nodes(), FAR);
        self.buckets.clear();
        let mut waiting = 0_usize;
        let mut list = Vec::new();
        for (node, &excess) in excess.iter().enumerate() {
            if excess < 0 {
                distances[node] = 0;
                list.push(node as u32);
            } else if excess > 0 {
                waiting += 1;
            }
        }
        let mut next = Some((0, list));
        let mut farthest = 0;
        while waiting > 0 {
            let Some((distance, mut list)) = next else {
                return (0..graph.nodes()).find(|&node| excess[node] > 0 && distances[node] == FAR);
            };
            let mut at = 0;
            while at < list.len() {
                let node = list[at] as usize;
                at += 1;
                if distances[node] != distance {
                    continue; // reached on a shorter way since
                }
                if excess[node] > 0 {
                    waiting -= 1;
                    farthest = distance;
                }
                let potential = potentials[node];
                let at = graph.at(node);
                for (half, &head) in at.clone().zip(&graph.halves.heads[at]) {
                    let other = head.to();
                    // The partner leads here, at the negative of this half's cost.
                    let through = distance + potentials[other] - potential - cost.of(half, head);
                    // One branch that is rarely taken is faster than two.
                    if head.can_pull() & (through < distances[other]) {
                        debug_assert!(through >= distance, "no reduced cost is below zero where there is room");
                        distances[other] = through;
                        if through == distance {
                            list.push(other as u32);
                        } else {
                            self.buckets.put(through, other as u32);
                        }
                    }
                }
            }
            self.buckets.recycle(list);
            next = self.buckets.take();
        }
        for (potential, &distance) in potentials.iter_mut().zip(&*distances) {
            *potential -= distance.min(farthest);
        }
        None
    }
}
