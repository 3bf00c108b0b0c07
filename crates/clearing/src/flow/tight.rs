//! The largest flow from excesses to deficits over tight arcs only (those of reduced cost zero).

use super::costs::Cost;
use super::residual::{Halves, Residual};

/// Not reached.
const FAR: u32 = u32::MAX;

/// The tight part of the residual graph, copied out: between a half and a tenth of it, so that what is searched again
/// and again lies together.
#[derive(Clone, Debug, Default)]
pub(super) struct Tight {
    halves: Halves,
    /// By node: where its halves begin.
    starts: Vec<u32>,
    /// By half: its place in the whole graph.
    origins: Vec<u32>,
    /// By half of the whole graph: its place here, where it has one.
    places: Vec<u32>,
    /// Nodes with a deficit.
    sinks: Vec<u32>,
    /// By node: whether it has an excess.
    is_source: Vec<bool>,
    /// By node: how many arcs it is from a deficit.
    levels: Vec<u32>,
    /// By node: the half that was tried last.
    current: Vec<u32>,
    /// Nodes by level; then those of them that have an excess.
    queue: Vec<u32>,
    /// The halves from a node with excess to where the search is.
    path: Vec<u32>,
}

impl Tight {
    /// Pushes as much excess to deficits over tight arcs as they carry.
    ///
    /// Rounds of shortest paths (Dinic 1970), but from every node with excess at its own distance, not only from the
    /// nearest: a round does what many of Dinic's do.
    pub(super) fn push_all(&mut self, graph: &mut Residual, cost: impl Cost, potentials: &[i64], excess: &mut [i128]) {
        self.copy_out(graph, cost, potentials);
        self.sinks.clear();
        self.sinks.extend((0..excess.len() as u32).filter(|&node| excess[node as usize] < 0));
        self.is_source.clear();
        self.is_source.extend(excess.iter().map(|&excess| excess > 0));
        while self.find_levels(excess) {
            self.push_along_levels(excess);
        }
        self.copy_back(graph);
    }

    fn copy_out(&mut self, graph: &Residual, cost: impl Cost, potentials: &[i64]) {
        let Tight { halves, starts, origins, places, .. } = self;
        places.resize(graph.halves.heads.len(), 0);
        for list in [&mut *starts, &mut *origins, &mut halves.partners] {
            list.clear();
        }
        halves.heads.clear();
        halves.room.clear();
        for (node, &potential) in potentials.iter().enumerate() {
            starts.push(origins.len() as u32);
            let at = graph.at(node);
            for (half, &head) in at.clone().zip(&graph.halves.heads[at]) {
                if !head.is_closed() & (cost.of(half, head) + potential == potentials[head.to()]) {
                    places[half] = origins.len() as u32;
                    origins.push(half as u32);
                    halves.heads.push(head);
                    halves.room.push(graph.halves.room[half]);
                }
            }
        }
        starts.push(origins.len() as u32);
        let partners = origins.iter().map(|&half| places[graph.halves.partners[half as usize] as usize]);
        halves.partners.extend(partners);
    }

    fn copy_back(&self, graph: &mut Residual) {
        for (at, &half) in self.origins.iter().enumerate() {
            graph.halves.heads[half as usize] = self.halves.heads[at];
            graph.halves.room[half as usize] = self.halves.room[at];
        }
    }

    /// Finds how many arcs every node is from a deficit; says whether any excess can reach one.
    fn find_levels(&mut self, excess: &[i128]) -> bool {
        let Tight { halves, starts, sinks, is_source, levels, current, queue, .. } = self;
        let nodes = excess.len();
        levels.clear();
        levels.resize(nodes, FAR);
        current.clear();
        current.extend_from_slice(&starts[..nodes]);
        queue.clear();
        queue.resize(nodes + 1, 0);
        sinks.retain(|&node| excess[node as usize] < 0);
        for (&node, place) in sinks.iter().zip(&mut *queue) {
            levels[node as usize] = 0;
            *place = node;
        }
        let (mut at, mut end) = (0, sinks.len());
        while at < end {
            let node = queue[at] as usize;
            at += 1;
            let level = levels[node] + 1;
            for &head in &halves.heads[starts[node] as usize..starts[node + 1] as usize] {
                // Written down in any case, and kept if it is new: faster than a branch that nobody can predict.
                let other = head.to();
                let is_new = head.can_pull() & (levels[other] == FAR);
                levels[other] = if is_new { level } else { levels[other] };
                queue[end] = other as u32;
                end += usize::from(is_new);
            }
        }
        queue.truncate(end);
        queue.retain(|&node| is_source[node as usize]);
        !queue.is_empty()
    }

    /// From every node with excess, the farthest first, pushes along paths on which each node is one level nearer to a
    /// deficit, until none is left.
    fn push_along_levels(&mut self, excess: &mut [i128]) {
        for at in (0..self.queue.len()).rev() {
            let source = self.queue[at] as usize;
            let mut node = source;
            self.path.clear();
            while excess[source] > 0 {
                if self.levels[node] == 0 && excess[node] < 0 {
                    node = self.push_along_path(source, node, excess);
                } else if let Some(half) = self.next_half(node) {
                    self.path.push(half);
                    node = self.halves.heads[half as usize].to();
                } else if let Some(half) = self.path.pop() {
                    node = self.halves.from(half as usize);
                    self.current[node] += 1;
                } else {
                    break;
                }
            }
        }
    }

    /// The next half at a node that leads one level nearer.
    fn next_half(&mut self, node: usize) -> Option<u32> {
        let (from, to) = (self.current[node], self.starts[node + 1]);
        let nearer = self.levels[node].checked_sub(1)?;
        let Tight { halves, levels, .. } = self;
        let heads = &halves.heads[from as usize..to as usize];
        let found = heads.iter().position(|head| head.can_push() && levels[head.to()] == nearer);
        self.current[node] = found.map_or(to, |at| from + at as u32);
        found.map(|at| from + at as u32)
    }

    /// Pushes what the path carries, and returns the node from which to go on: where the path broke.
    fn push_along_path(&mut self, source: usize, sink: usize, excess: &mut [i128]) -> usize {
        let Tight { halves, path, is_source, .. } = self;
        let room = path.iter().map(|&half| halves.room[half as usize]).min().unwrap_or(u64::MAX);
        let amount = i128::from(room).min(excess[source]).min(-excess[sink]);
        excess[source] -= amount;
        excess[sink] += amount;
        is_source[source] = excess[source] > 0;
        let amount = amount as u64; // no more than the room
        let mut broken = None;
        for (at, &half) in path.iter().enumerate() {
            halves.push(half as usize, amount);
            if broken.is_none() && halves.room[half as usize] == 0 {
                broken = Some(at);
            }
        }
        // With room left everywhere it is the deficit that is used up, if not the excess: its last arc leads nowhere now.
        let keep = broken.unwrap_or(path.len() - 1);
        let node = halves.from(path[keep] as usize);
        path.truncate(keep);
        if broken.is_none() && excess[sink] == 0 {
            self.current[node] += 1;
        }
        node
    }
}
